/* keyring_epoch: takes EPOCH entries in. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "keys/keyring_int.h"
#include "log/merkle.h"

/* Where a part stands: its own fields, and those of its entry. */
struct seen {
    const struct kai_epoch_part *p;
    const uint8_t *key_log;
    uint64_t seq;
    uint64_t ts;
    bool by_steward; /* Of now, */
    bool stranger;   /* and never was. */
};

#define STRANGERS_MAX 16u

static enum kai_err known_add(struct kai_aud *a, const struct kai_epoch_part *p,
                              struct kai_known **out)
{
    struct kai_known **rows = realloc(a->known, (a->n_known + 1) * sizeof(struct kai_known *));
    if (rows == NULL)
        return KAI_ENOMEM;
    a->known = rows;
    struct kai_known *e = calloc(1, sizeof *e);
    if (e == NULL)
        return KAI_ENOMEM;
    memcpy(e->commit, p->commit, KAI_ID_BYTES);
    e->gen = p->gen;
    e->heard = a->n_heard++;
    size_t at = a->n_known++;
    for (; at > 0 && rows[at - 1]->gen > e->gen; at--)
        rows[at] = rows[at - 1];
    rows[at] = e;
    *out = e;
    return KAI_OK;
}

/* gen is known for sure once the list has opened: put the row where it belongs. */
static void known_prove(struct kai_aud *a, struct kai_known *e, uint64_t gen, bool has_key)
{
    size_t at = 0;

    while (a->known[at] != e)
        at++;
    memmove(a->known + at, a->known + at + 1, (a->n_known - at - 1) * sizeof *a->known);
    e->gen = gen;
    e->open = true;
    e->has_key = has_key;
    for (at = a->n_known - 1; at > 0 && a->known[at - 1]->gen > gen; at--)
        a->known[at] = a->known[at - 1];
    a->known[at] = e;
}

static enum kai_err pend(struct kai_aud *a, const struct seen *s)
{
    for (size_t i = 0; i < a->n_pending; i++) {
        if (a->pending[i].seq == s->seq &&
            memcmp(a->pending[i].key_log, s->key_log, KAI_KEY_BYTES) == 0 &&
            memcmp(a->pending[i].part.commit, s->p->commit, KAI_ID_BYTES) == 0)
            return KAI_ENOTFOUND;
    }
    if (a->n_pending == KAI_PENDING_PARTS_MAX) { /* The oldest goes, until its key comes. */
        a->lost = true;
        free(a->pending[0].list_bytes);
        memmove(a->pending, a->pending + 1, --a->n_pending * sizeof *a->pending);
    }
    struct kai_pending *rows = realloc(a->pending, (a->n_pending + 1) * sizeof *rows);
    if (rows == NULL)
        return KAI_ENOMEM;
    a->pending = rows;
    struct kai_pending *q = &rows[a->n_pending];
    uint8_t *bytes = malloc(s->p->list.n + 1);
    if (bytes == NULL)
        return KAI_ENOMEM;
    if (s->p->list.n > 0)
        memcpy(bytes, s->p->list.p, s->p->list.n);
    q->part = *s->p;
    q->part.list = kai_view_of(bytes, s->p->list.n);
    q->part.slots = (struct kai_view){0};
    q->part.relay_slots = (struct kai_view){0};
    memcpy(q->key_log, s->key_log, KAI_KEY_BYTES);
    q->seq = s->seq;
    q->ts = s->ts;
    q->list_bytes = bytes;
    a->n_pending++;
    return KAI_ENOTFOUND;
}

static bool same_statement(const struct kai_statement *t, const struct seen *s,
                           const struct kai_epoch_list *l)
{
    return t->of == s->p->of && memcmp(t->key_log, s->key_log, KAI_KEY_BYTES) == 0 &&
           memcmp(t->members_root, s->p->members_root, KAI_ID_BYTES) == 0 &&
           memcmp(t->minter_cert, l->minter_cert, KAI_ID_BYTES) == 0 &&
           /* The same members, said again in answer to something new, is news. */
           memcmp(t->sig, l->sig, KAI_SIG_BYTES) == 0 && t->adds == l->adds &&
           t->n_relays == l->n_relays && memcmp(t->relays, l->relays, sizeof t->relays) == 0;
}

static bool copy_ids(uint8_t (**out)[KAI_ID_BYTES], const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    *out = malloc((n + 1) * sizeof **out);
    if (*out != NULL && n > 0)
        memcpy(*out, ids, n * KAI_ID_BYTES);
    return *out != NULL;
}

/* Statements of minters that never were stewards: any member can make them, so few are kept. */
static size_t strangers(const struct kai_known *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n_said; i++)
        n += e->said[i].stranger;
    return n;
}

static struct kai_statement *statement(struct kai_known *e, const struct seen *s,
                                       const struct kai_epoch_list *l, enum kai_err *err)
{
    for (size_t i = 0; i < e->n_said; i++) {
        if (same_statement(&e->said[i], s, l))
            return &e->said[i];
    }
    *err = KAI_ELIMIT;
    if (e->n_said == KAI_EPOCH_STATEMENTS_MAX || (s->stranger && strangers(e) >= STRANGERS_MAX))
        return NULL;
    *err = KAI_ENOMEM;
    struct kai_statement *rows = realloc(e->said, (e->n_said + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    e->said = rows;
    struct kai_statement *t = &rows[e->n_said];
    memset(t, 0, sizeof *t);
    bool ok = copy_ids(&t->preds, (const uint8_t(*)[KAI_ID_BYTES])s->p->preds, s->p->n_preds);
    ok = copy_ids(&t->removals, (const uint8_t(*)[KAI_ID_BYTES])l->removals, l->n_removals) && ok;
    if (!ok) {
        free(t->preds);
        free(t->removals);
        return NULL;
    }
    memcpy(t->key_log, s->key_log, KAI_KEY_BYTES);
    memcpy(t->members_root, s->p->members_root, KAI_ID_BYTES);
    memcpy(t->minter_cert, l->minter_cert, KAI_ID_BYTES);
    memcpy(t->sig, l->sig, KAI_SIG_BYTES);
    t->of = s->p->of;
    t->trusted = s->by_steward;
    t->stranger = s->stranger;
    t->minted_ms = s->ts;
    t->n_preds = s->p->n_preds;
    t->n_removals = l->n_removals;
    t->n_relays = l->n_relays;
    t->adds = l->adds;
    memcpy(t->relays, l->relays, sizeof t->relays);
    e->n_said++;
    return t;
}

/* Whether the parts together are what members_root says, in one ascending order. */
static enum kai_err check_members(struct kai_statement *t, const uint8_t *route)
{
    uint8_t root[KAI_ID_BYTES];
    const uint8_t *last = NULL;
    size_t n = 0;

    uint8_t(*leaves)[KAI_ID_BYTES] = malloc(KAI_MEMBER_NODES_MAX * sizeof *leaves);
    if (leaves == NULL)
        return KAI_ENOMEM;
    bool ok = true;
    for (size_t p = 0; ok && p < t->of; p++) {
        for (size_t i = 0; ok && i < t->part_n[p]; i++) {
            const uint8_t *id = t->parts[p] + i * KAI_ID_BYTES;

            ok = n < KAI_MEMBER_NODES_MAX && (last == NULL || memcmp(last, id, KAI_ID_BYTES) < 0);
            if (ok)
                kai_epoch_leaf(leaves[n++], route, id);
            last = id;
        }
    }
    if (ok)
        kai_merkle_root(root, leaves, n);
    free(leaves);
    t->whole = ok && memcmp(root, t->members_root, KAI_ID_BYTES) == 0;
    return t->whole ? KAI_OK : KAI_EAUTH;
}

static enum kai_err record(struct kai_known *e, const struct seen *s,
                           const struct kai_epoch_list *l, const uint8_t *route)
{
    enum kai_err err = KAI_OK;
    struct kai_statement *t = statement(e, s, l, &err);

    if (t == NULL)
        return err;
    if (t->parts[s->p->part] != NULL)
        return KAI_OK;
    uint8_t *ids = malloc(l->n_members * KAI_ID_BYTES);
    if (ids == NULL)
        return KAI_ENOMEM;
    memcpy(ids, l->members, l->n_members * KAI_ID_BYTES);
    t->parts[s->p->part] = ids;
    t->part_n[s->p->part] = l->n_members;
    t->n_held++;
    return t->n_held == t->of ? check_members(t, route) : KAI_OK;
}

/* What the list says, once its minter's signature stands. *minter is set then. */
static enum kai_err open_list(const struct kai_keyring *k, const struct kai_epoch *key,
                              const struct seen *s, struct kai_epoch_list *l,
                              struct kai_buf *scratch, const struct kai_node **minter)
{
    const uint8_t *nid = kai_roster_nid(k->roster);
    struct kai_buf body;
    enum kai_err err = kai_epoch_list_open(l, scratch, s->p, key->route, nid, s->key_log, s->seq);

    if (err == KAI_OK && !l->has_minter)
        err = KAI_EDENIED; /* Only mailboxes have those. */
    if (err != KAI_OK)
        return err;
    *minter = kai_roster_node_by_cert(k->roster, l->minter_cert);
    if (*minter == NULL)
        return KAI_EAGAIN;
    kai_buf_init(&body, KAI_PAYLOAD_BYTES_MAX);
    kai_epoch_signed(&body, s->p, l, s->key_log);
    err = body.err;
    bool stands = err == KAI_OK && kai_verify(l->sig, (*minter)->sign_pk, KAI_SIG_EPOCH, nid,
                                              body.p, body.len) == KAI_OK;
    kai_buf_free(&body);
    return err != KAI_OK || KAI_CHECK(EPOCH_MINTER, stands) ? err : KAI_EAUTH;
}

/* Take the key or the routing secret into the table: for the first time, or the key where there was
 * a routing secret alone. KAI_ELIMIT: it is there, and there is no room for what is said of it. */
static enum kai_err hold_key(struct kai_keyring *k, struct kai_aud *a, const struct kai_epoch *key,
                             const struct seen *s, struct kai_known **e)
{
    bool room = (*e != NULL && (*e)->open) || !s->by_steward || kai_ring_open_space(k, a, key->gen);

    if (room && *e == NULL) {
        enum kai_err err = known_add(a, s->p, e);

        if (err != KAI_OK)
            return err;
    }
    if (room && ((*e)->has_key || ((*e)->open && key->route_only)))
        return KAI_OK;
    enum kai_err err = KAI_OK;
    if (room || kai_ring_epoch(k, a->id, key->commit) == NULL)
        err = kai_ring_table_add(k, key);
    if (err == KAI_OK && room) {
        known_prove(a, *e, key->gen, !key->route_only);
        (*e)->trusted = (*e)->trusted || s->by_steward; /* Counted, until it is judged. */
    }
    kai_ring_table_trim(k, a);
    return err == KAI_OK && !room ? KAI_ELIMIT : err;
}

/* Open the list with the epoch's routing secret, and judge who says so. */
static enum kai_err learn(struct kai_keyring *k, struct kai_aud *a, const struct kai_epoch *key,
                          struct seen *s)
{
    struct kai_epoch_list l;
    struct kai_buf scratch;
    const struct kai_node *minter = NULL;
    struct kai_known *e = kai_ring_known(a, s->p->commit);

    kai_buf_init(&scratch, KAI_PAYLOAD_BYTES_MAX);
    enum kai_err err = open_list(k, key, s, &l, &scratch, &minter);
    bool welcome = false;
    if (err == KAI_OK) {
        s->by_steward = kai_ring_steward(k, a, minter);
        s->stranger = !s->by_steward && !kai_roster_was_named(k->roster, a->id, minter);
        welcome = s->by_steward || kai_roster_was_steward(k->roster, a->id, minter) ||
                  kai_keyring_author(k, a->id, minter);
        if (!s->by_steward && kai_ring_too_strange(k, a, minter, e == NULL || !e->open))
            err = KAI_ELIMIT;
    }
    if (err == KAI_OK)
        err = hold_key(k, a, key, s, &e);
    if (err == KAI_OK)
        err = record(e, s, &l, key->route);
    /* A member's own is for its own logs; a steward's that no longer is one stays readable. */
    if (err == KAI_OK && !welcome)
        err = KAI_EDENIED;
    if (scratch.p != NULL)
        sodium_memzero(scratch.p, scratch.len);
    kai_buf_free(&scratch);
    return err;
}

/* Parts that came before the key did. */
static void adopt(struct kai_keyring *k, struct kai_aud *a, const struct kai_epoch *key)
{
    for (size_t i = a->n_pending; i-- > 0;) {
        struct kai_pending q = a->pending[i];

        if (memcmp(q.part.commit, key->commit, KAI_ID_BYTES) != 0 || q.part.gen != key->gen)
            continue;
        struct seen s = {.p = &q.part, .key_log = q.key_log, .seq = q.seq, .ts = q.ts};
        enum kai_err err = learn(k, a, key, &s);
        if (err == KAI_EAGAIN || err == KAI_ENOMEM)
            continue;
        free(q.list_bytes);
        memmove(a->pending + i, a->pending + i + 1, (a->n_pending - i - 1) * sizeof *a->pending);
        a->n_pending--;
    }
}

void kai_ring_adopt_all(struct kai_keyring *k, struct kai_aud *a)
{
    struct kai_epoch key;

    for (size_t i = 0; a->n_pending > 0 && a->rec != NULL && i < k->n_table; i++) {
        if (memcmp(k->table[i].aud_id, a->id, KAI_ID_BYTES) != 0)
            continue;
        key = k->table[i];
        adopt(k, a, &key);
    }
    sodium_memzero(&key, sizeof key);
}

static void set_slot_ctx(struct kai_slot_ctx *ctx, const struct kai_keyring *k,
                         const struct kai_epoch_part *p, const char *domain)
{
    *ctx = (struct kai_slot_ctx){
        .domain = domain,
        .nid = kai_roster_nid(k->roster),
        .aud_id = p->aud_id,
        .commit = p->commit,
        .eph_pk = p->eph_pk,
    };
}

static bool find_spare(const struct kai_keyring *k, uint8_t key[static KAI_KEY_BYTES],
                       const uint8_t *commit)
{
    for (size_t i = 0; i < k->n_spare; i++) {
        if (memcmp(k->spare[i].commit, commit, KAI_ID_BYTES) == 0) {
            memcpy(key, k->spare[i].key, KAI_KEY_BYTES);
            return true;
        }
    }
    return false;
}

enum kai_err kai_ring_slot(const struct kai_keyring *k, struct kai_epoch *key,
                           const struct kai_epoch_part *p)
{
    struct kai_slot_ctx ctx;

    memset(key, 0, sizeof *key);
    set_slot_ctx(&ctx, k, p, KAI_D_WRAP);
    enum kai_err err =
        kai_keyring_open_slot(k, key->key, &ctx, p->slots.p, p->slots.n / KAI_SLOT_BYTES);
    if (err == KAI_ENOTFOUND && find_spare(k, key->key, p->commit))
        err = KAI_OK;
    if (err != KAI_OK)
        return err;
    memcpy(key->aud_id, p->aud_id, KAI_ID_BYTES);
    key->gen = p->gen;
    kai_epoch_derive(key);
    /* A steward that hands out different keys reaches nobody with them. */
    bool same = memcmp(key->commit, p->commit, KAI_ID_BYTES) == 0;
    if (!KAI_CHECK(EPOCH_COMMIT, same))
        return KAI_EAUTH;
    memcpy(key->commit, p->commit, KAI_ID_BYTES);
    return KAI_OK;
}

/* Our slot as a relay: the routing secret. That it is the right one the list tells. */
static enum kai_err relay_slot(const struct kai_keyring *k, struct kai_epoch *key,
                               const struct kai_epoch_part *p)
{
    struct kai_slot_ctx ctx;

    memset(key, 0, sizeof *key);
    set_slot_ctx(&ctx, k, p, KAI_D_RWRAP);
    enum kai_err err = kai_keyring_open_slot(k, key->route, &ctx, p->relay_slots.p,
                                             p->relay_slots.n / KAI_SLOT_BYTES);
    if (err != KAI_OK)
        return err;
    memcpy(key->aud_id, p->aud_id, KAI_ID_BYTES);
    memcpy(key->commit, p->commit, KAI_ID_BYTES);
    key->gen = p->gen;
    key->route_only = true;
    kai_epoch_tag(key);
    return KAI_OK;
}

/* What we hold, or a slot gives: rather the key than the routing secret. Errors: KAI_ENOTFOUND,
 * KAI_EAUTH, KAI_EMALFORMED. */
static enum kai_err find_key(const struct kai_keyring *k, struct kai_epoch *key,
                             const struct kai_epoch_part *p)
{
    const struct kai_epoch *have = kai_ring_epoch(k, p->aud_id, p->commit);

    if (have != NULL && have->gen != p->gen)
        return KAI_EMALFORMED;
    if (have == NULL || have->route_only) {
        enum kai_err err = kai_ring_slot(k, key, p);

        if (err != KAI_ENOTFOUND)
            return err;
        if (have == NULL)
            return relay_slot(k, key, p);
    }
    *key = *have;
    key->complete = false;
    return KAI_OK;
}

static enum kai_err hear(struct kai_keyring *k, struct kai_aud *a, const struct kai_entry *e,
                         const struct kai_epoch_part *p)
{
    struct seen s = {.p = p, .key_log = e->h.log_pk, .seq = e->h.seq, .ts = e->h.ts};
    struct kai_known *known = NULL;
    struct kai_epoch key;

    memset(&key, 0, sizeof key);
    bool closed = kai_ring_epoch(k, p->aud_id, p->commit) == NULL;
    enum kai_err err = find_key(k, &key, p);
    if (err == KAI_ENOTFOUND) {
        if (kai_ring_known(a, p->commit) == NULL)
            err = kai_ring_closed_space(a) ? known_add(a, p, &known) : KAI_ELIMIT;
        else
            err = KAI_OK;
        if (err == KAI_OK)
            err = pend(a, &s);
    } else if (err == KAI_OK) {
        bool tag_fits = memcmp(e->h.tag, key.tag, KAI_TAG_BYTES) == 0 &&
                        memcmp(e->h.kid, key.commit, KAI_TAG_BYTES) == 0;
        err = tag_fits ? learn(k, a, &key, &s) : KAI_EAUTH;
        if (err == KAI_OK || err == KAI_EDENIED)
            adopt(k, a, &key);
        a->again = a->again || (a->lost && closed && kai_ring_epoch(k, p->aud_id, p->commit));
    }
    sodium_memzero(&key, sizeof key);
    return err;
}

/* Nothing is learned from an entry that its log's key did not sign. */
static enum kai_err verify(const struct kai_keyring *k, const struct kai_entry *e)
{
    enum kai_err err = kai_key_check(e->h.log_pk);

    if (err == KAI_OK)
        err = kai_entry_verify(e, kai_roster_nid(k->roster));
    return KAI_CHECK(EPOCH_SIGNATURE, err == KAI_OK) ? KAI_OK : err;
}

enum kai_err kai_keyring_epoch(struct kai_keyring *k, const struct kai_entry *e,
                               uint8_t aud_id[static KAI_ID_BYTES])
{
    struct kai_epoch_part p;

    memset(aud_id, 0, KAI_ID_BYTES);
    if (e->h.ptype != KAI_PTYPE_EPOCH || e->payload.p == NULL)
        return KAI_EMALFORMED;
    enum kai_err err = kai_epoch_parse(&p, e->payload);
    if (err != KAI_OK)
        return err;
    memcpy(aud_id, p.aud_id, KAI_ID_BYTES);
    struct kai_aud *a = kai_ring_aud(k, p.aud_id);
    bool box = kai_keyring_mailbox_owner(k, p.aud_id) != NULL;
    if (!box && (a == NULL || a->rec == NULL))
        return KAI_EAGAIN; /* The AUDIENCE has not come, and with it who may mint. */
    if (!box && a->rec->rec.kind == KAI_AUD_PUBLIC)
        return KAI_EDENIED;
    err = verify(k, e);
    if (err != KAI_OK)
        return err;
    if (box)
        return kai_ring_box_epoch(k, e, &p);
    err = hear(k, a, e, &p);
    kai_ring_refresh(k, a);
    kai_ring_changed(k);
    return err;
}
