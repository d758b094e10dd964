/* keyring_box: mailboxes: one for every active organisation, which any other may write to. Each
 * writer mints its own epoch, so that no writer can open what another wrote (docs/protocol.md 6).
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "keys/keyring_int.h"

const struct kai_org *kai_keyring_mailbox_owner(const struct kai_keyring *k,
                                                const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_mailbox *b = k->roster == NULL ? NULL : kai_roster_mailbox(k->roster, aud_id);

    return b == NULL ? NULL : b->org;
}

/* What our own epoch lists, kept to know when it has to be made anew. */
static enum kai_err remember(struct kai_aud *a, const struct kai_epoch *key,
                             const struct kai_entry *e, const struct kai_epoch_list *l)
{
    struct kai_known **rows = realloc(a->known, (a->n_known + 1) * sizeof(struct kai_known *));

    if (rows == NULL)
        return KAI_ENOMEM;
    a->known = rows;
    struct kai_known *x = calloc(1, sizeof *x);
    struct kai_statement *s = calloc(1, sizeof *s);
    uint8_t *ids = malloc(l->n_members * KAI_ID_BYTES);
    if (x == NULL || s == NULL || ids == NULL) {
        free(x);
        free(s);
        free(ids);
        return KAI_ENOMEM;
    }
    memcpy(ids, l->members, l->n_members * KAI_ID_BYTES);
    s->of = 1;
    s->n_held = 1;
    s->parts[0] = ids;
    s->part_n[0] = l->n_members;
    s->minted_ms = e->h.ts;
    s->whole = true;
    memcpy(x->commit, key->commit, KAI_ID_BYTES);
    x->gen = key->gen;
    x->open = true;
    x->has_key = true;
    x->minted_ms = e->h.ts;
    x->said = s;
    x->n_said = 1;
    a->known[a->n_known++] = x;
    return KAI_OK;
}

static size_t rows_of(const struct kai_keyring *k, const uint8_t *aud_id)
{
    const struct kai_epoch *first;

    return kai_keyring_epochs(k, aud_id, &first);
}

/* The key fits: take it into the table, and what it lists where it is our own. */
static enum kai_err take(struct kai_keyring *k, const struct kai_entry *e,
                         const struct kai_epoch_part *p, struct kai_epoch *key, bool reader)
{
    struct kai_epoch_list l;
    struct kai_buf scratch;
    size_t most = reader ? KAI_MAILBOX_EPOCHS_MAX : KAI_EPOCHS_PER_AUDIENCE_MAX;

    kai_buf_init(&scratch, KAI_PAYLOAD_BYTES_MAX);
    enum kai_err err = kai_epoch_list_open(&l, &scratch, p, key->route, kai_roster_nid(k->roster),
                                           e->h.log_pk, e->h.seq);
    if (err == KAI_OK && (l.has_minter || l.n_removals > 0))
        err = KAI_EMALFORMED;
    if (err == KAI_OK && rows_of(k, p->aud_id) >= most)
        err = KAI_ELIMIT;
    struct kai_aud *a = err == KAI_OK ? kai_ring_aud_make(k, p->aud_id) : NULL;
    if (err == KAI_OK && a == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK) {
        a->box = true;
        err = kai_ring_table_add(k, key);
    }
    if (err == KAI_OK && !reader)
        err = remember(a, key, e, &l);
    if (err == KAI_OK)
        k->version++;
    kai_buf_free(&scratch);
    return err;
}

enum kai_err kai_ring_box_epoch(struct kai_keyring *k, const struct kai_entry *e,
                                const struct kai_epoch_part *p)
{
    const struct kai_org *owner = kai_keyring_mailbox_owner(k, p->aud_id);
    bool reader = memcmp(owner->id, k->self->org_id, KAI_ID_BYTES) == 0;
    struct kai_epoch key = {.gen = p->gen, .has_writer = true};

    /* Each is for itself: it follows nothing, and no steward adds to it. */
    if (p->gen != 1 || p->n_preds > 0 || p->of != 1 || p->relay_slots.n > 0)
        return KAI_EMALFORMED;
    kai_mailbox_route(key.route, key.tag, kai_roster_nid(k->roster), p->aud_id);
    if (memcmp(e->h.tag, key.tag, KAI_TAG_BYTES) != 0 ||
        memcmp(e->h.kid, p->commit, KAI_TAG_BYTES) != 0)
        return KAI_EAUTH;
    if (kai_ring_epoch(k, p->aud_id, p->commit) != NULL)
        return KAI_OK;
    enum kai_err err = kai_ring_slot(k, &key, p);
    if (err == KAI_OK) {
        /* What the key says of its routing secret holds for other audiences alone. */
        kai_mailbox_route(key.route, key.tag, kai_roster_nid(k->roster), p->aud_id);
        key.has_writer = true;
        if (!reader) /* It was made for its owner and for the one who wrote it. */
            memcpy(key.writer, k->self->node_id, KAI_ID_BYTES);
        err = take(k, e, p, &key, reader);
    }
    sodium_memzero(&key, sizeof key);
    return err;
}

/* Whether an epoch lists just the nodes that read the mailbox now: a removed one must not go on
 * reading, a new one must be able to. */
static bool fits_now(const struct kai_keyring *k, const uint8_t *aud_id, const struct kai_known *x)
{
    const struct kai_statement *s = &x->said[0];
    const struct kai_org *owner = kai_keyring_mailbox_owner(k, aud_id);
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    size_t listed = 0;

    for (size_t i = 0; i < n; i++) {
        bool reads = nodes[i].active && nodes[i].org == owner;

        if (!reads)
            continue;
        if (kai_ring_has_id(s->parts[0], s->part_n[0], nodes[i].id))
            listed++;
        else if (s->part_n[0] < KAI_MAILBOX_READERS_MAX)
            return false;
    }
    return listed == s->part_n[0];
}

const struct kai_epoch *kai_ring_box_own(const struct kai_keyring *k, const uint8_t *aud_id)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_known *best = NULL;

    if (a == NULL || kai_keyring_mailbox_owner(k, aud_id) == NULL)
        return NULL;
    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *x = a->known[i];

        if (fits_now(k, aud_id, x) && (best == NULL || x->minted_ms > best->minted_ms ||
                                       (x->minted_ms == best->minted_ms &&
                                        memcmp(x->commit, best->commit, KAI_ID_BYTES) > 0)))
            best = x;
    }
    return best == NULL ? NULL : kai_ring_epoch(k, aud_id, best->commit);
}
