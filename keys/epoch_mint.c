/* epoch_mint: makes the EPOCH payloads of a new epoch, or of members added to one. */
#include <stdlib.h>
#include <string.h>

#include "crypto/seal.h"
#include "crypto/sign.h"
#include "keys/keyring_int.h"
#include "log/merkle.h"

struct mint {
    const struct kai_keyring *k;
    const struct kai_aud *a; /* NULL: a mailbox. */
    const struct kai_mint *m;
    const struct kai_node **members; /* By id; behind them who gets a slot and is not listed. */
    size_t unlisted;
    const struct kai_node *relays[KAI_RELAYS_MAX];
    struct kai_epoch *key; /* Guarded. */
    struct kai_epoch_part part;
    struct kai_epoch_list list;
    kai_random_fn *random;
    void *random_ctx;
};

static int node_cmp(const void *x, const void *y)
{
    const struct kai_node *const *a = x;
    const struct kai_node *const *b = y;

    return memcmp((*a)->id, (*b)->id, KAI_ID_BYTES);
}

static int id_cmp(const void *x, const void *y)
{
    return memcmp(x, y, KAI_ID_BYTES);
}

/* The heads of the graph, the highest ones where there are too many to name. */
static void set_preds(struct mint *mt)
{
    const struct kai_aud *a = mt->a;
    uint64_t most = 0;

    mt->part.n_preds = 0;
    for (size_t i = a->n_known; i-- > 0 && mt->part.n_preds < KAI_EPOCH_PREDS_MAX;) {
        const struct kai_known *e = a->known[i];

        if (!e->complete || kai_ring_followed(a, e))
            continue;
        memcpy(mt->part.preds[mt->part.n_preds++], e->commit, KAI_ID_BYTES);
        most = e->gen > most ? e->gen : most;
    }
    if (mt->part.n_preds > 0)
        qsort(mt->part.preds, mt->part.n_preds, KAI_ID_BYTES, id_cmp);
    mt->part.gen = most + 1;
}

static void add_removal(struct kai_epoch_list *l, const uint8_t *hash)
{
    for (size_t i = 0; i < l->n_removals; i++) {
        if (memcmp(l->removals[i], hash, KAI_ID_BYTES) == 0)
            return;
    }
    if (l->n_removals < KAI_REMOVALS_MAX)
        memcpy(l->removals[l->n_removals++], hash, KAI_ID_BYTES);
}

/* The REVOKEs of a node listed before: all where it is out, those for stolen keys where it is in by
 * another certificate. */
static void answer_node(struct mint *mt, const struct kai_node *node)
{
    const uint8_t(*hashes)[KAI_ID_BYTES];
    size_t hits = kai_roster_removals(mt->k->roster, node, &hashes);

    for (size_t h = 0; h < hits; h++) {
        if (!node->active || kai_roster_compromise(mt->k->roster, hashes[h]))
            add_removal(&mt->list, hashes[h]);
    }
}

/* An old epoch, opened to a newcomer: it lists some who are members no more, for whom an answer to
 * the AUDIENCE of now would vouch. */
static bool is_history(const struct mint *mt)
{
    const struct kai_epoch *to = mt->m->add_to;

    return to != NULL &&
           (mt->a->best == NULL || memcmp(mt->a->best->commit, to->commit, KAI_ID_BYTES) != 0);
}

/* What this statement answers: the AUDIENCE, and the REVOKEs of those listed before. */
static void set_removals(struct mint *mt)
{
    const struct kai_aud *a = mt->a;

    if (!is_history(mt))
        add_removal(&mt->list, a->rec->entry);
    for (size_t i = a->n_known; mt->m->add_to == NULL && i-- > 0;) {
        const struct kai_known *e = a->known[i];

        for (size_t s = 0; s < e->n_said; s++) {
            for (size_t p = 0; p < e->said[s].of; p++) {
                for (size_t n = 0; n < e->said[s].part_n[p]; n++) {
                    const struct kai_node *node =
                        kai_roster_node(mt->k->roster, e->said[s].parts[p] + n * KAI_ID_BYTES);

                    if (node != NULL)
                        answer_node(mt, node);
                }
            }
        }
    }
}

static enum kai_err set_root(struct mint *mt)
{
    size_t n = mt->m->n_members;
    uint8_t(*leaves)[KAI_ID_BYTES] = malloc(n * sizeof *leaves);

    if (leaves == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n; i++)
        kai_epoch_leaf(leaves[i], mt->key->route, mt->members[i]->id);
    kai_merkle_root(mt->part.members_root, leaves, n);
    free(leaves);
    return KAI_OK;
}

static enum kai_err set_key(struct mint *mt)
{
    const struct kai_epoch *to = mt->m->add_to;

    if (to == NULL) {
        mt->part.gen = 1;
        if (mt->a != NULL)
            set_preds(mt);
        if (mt->part.gen > UINT32_MAX)
            return KAI_ELIMIT;
        memcpy(mt->key->aud_id, mt->m->aud_id, KAI_ID_BYTES);
        mt->key->gen = mt->part.gen;
        mt->random(mt->random_ctx, mt->key->key, KAI_KEY_BYTES);
        kai_epoch_derive(mt->key);
        if (mt->a == NULL)
            kai_mailbox_route(mt->key->route, mt->key->tag, kai_roster_nid(mt->k->roster),
                              mt->m->aud_id);
    } else {
        const struct kai_known *e = mt->a == NULL ? NULL : kai_ring_known(mt->a, to->commit);
        const struct kai_statement *s = NULL;

        for (size_t i = 0; e != NULL && s == NULL && i < e->n_said; i++)
            s = e->said[i].counts ? &e->said[i] : NULL;
        if (s == NULL || to->route_only)
            return KAI_ENOTFOUND;
        *mt->key = *to;
        mt->list.adds = true;
        mt->part.gen = to->gen;
        mt->part.n_preds = s->n_preds;
        memcpy(mt->part.preds, s->preds, s->n_preds * KAI_ID_BYTES);
    }
    memcpy(mt->part.aud_id, mt->m->aud_id, KAI_ID_BYTES);
    memcpy(mt->part.commit, mt->key->commit, KAI_ID_BYTES);
    return KAI_OK;
}

static enum kai_err sign_statement(struct mint *mt)
{
    struct kai_buf body;

    if (mt->a == NULL)
        return KAI_OK; /* Of a letter BIND names the writer, to those who can open it. */
    mt->list.has_minter = true;
    memcpy(mt->list.minter_cert, mt->k->self->node_cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_PAYLOAD_BYTES_MAX);
    kai_epoch_signed(&body, &mt->part, &mt->list, mt->m->key_log_pk);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        kai_sign(mt->list.sig, mt->k->self->sign_sk, KAI_SIG_EPOCH, kai_roster_nid(mt->k->roster),
                 body.p, body.len);
    kai_buf_free(&body);
    return err;
}

/* Slots for n members, the rest random, so that a reader of sizes learns only a power of two. */
static enum kai_err make_slots(struct mint *mt, uint8_t *slots, const struct kai_node *const *to,
                               size_t n, size_t padded, const struct kai_slot_ctx *ctx,
                               const uint8_t *eph_sk, const uint8_t *secret)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < padded; i++) {
        uint8_t *slot = slots + i * KAI_SLOT_BYTES;

        /* A member with a broken key gets a slot that opens for nobody; the others get theirs. */
        if (i < n)
            err = kai_slot_make(slot, ctx, eph_sk, to[i]->kx_pk, secret);
        if (i >= n || err != KAI_OK)
            mt->random(mt->random_ctx, slot, KAI_SLOT_BYTES);
        if (err != KAI_OK && err != KAI_EAUTH)
            return err;
    }
    kai_slots_sort(slots, padded);
    return KAI_OK;
}

static void set_relays(struct mint *mt)
{
    mt->list.n_relays = kai_ring_relays(mt->k, mt->a, mt->relays);
    for (size_t i = 0; i < mt->list.n_relays; i++)
        memcpy(mt->list.relays[i], mt->relays[i]->id, KAI_ID_BYTES);
}

static enum kai_err write_part(struct mint *mt, size_t at, size_t n, uint8_t *slots,
                               struct kai_buf *list, struct kai_buf *out)
{
    uint8_t eph_sk[KAI_KEY_BYTES];
    uint8_t nonce[KAI_NONCE_BYTES];
    uint8_t ids[KAI_SLOTS_PER_PART_MAX * KAI_ID_BYTES];
    uint8_t relay_slots[KAI_RELAYS_MAX * KAI_SLOT_BYTES];
    struct kai_slot_ctx ctx = {.domain = KAI_D_WRAP,
                               .nid = kai_roster_nid(mt->k->roster),
                               .aud_id = mt->part.aud_id,
                               .commit = mt->part.commit,
                               .eph_pk = mt->part.eph_pk};
    size_t n_to = n + mt->unlisted;
    size_t padded = kai_epoch_padded(n_to);
    size_t n_relays = mt->list.n_relays;

    mt->random(mt->random_ctx, eph_sk, sizeof eph_sk);
    mt->random(mt->random_ctx, nonce, sizeof nonce);
    (void)crypto_scalarmult_base(mt->part.eph_pk, eph_sk);
    enum kai_err err =
        make_slots(mt, slots, mt->members + at, n_to, padded, &ctx, eph_sk, mt->key->key);
    ctx.domain = KAI_D_RWRAP;
    if (err == KAI_OK)
        err = make_slots(mt, relay_slots, mt->relays, n_relays, n_relays, &ctx, eph_sk,
                         mt->key->route);
    sodium_memzero(eph_sk, sizeof eph_sk);
    if (err != KAI_OK)
        return err;
    for (size_t i = 0; i < n; i++)
        memcpy(ids + i * KAI_ID_BYTES, mt->members[at + i]->id, KAI_ID_BYTES);
    mt->list.members = ids;
    mt->list.n_members = n;
    kai_buf_clear(list);
    kai_buf_clear(out);
    err = kai_epoch_list_seal(list, &mt->list, &mt->part, mt->key->route,
                              kai_roster_nid(mt->k->roster), mt->m->key_log_pk,
                              mt->m->first_seq + mt->part.part, nonce);
    if (err != KAI_OK)
        return err;
    mt->part.slots = kai_view_of(slots, padded * KAI_SLOT_BYTES);
    mt->part.relay_slots = kai_view_of(relay_slots, n_relays * KAI_SLOT_BYTES);
    mt->part.list = kai_buf_view(list);
    kai_epoch_write(out, &mt->part);
    return out->err;
}

static enum kai_err write_parts(struct mint *mt, kai_mint_fn *emit, void *emit_ctx)
{
    size_t n = mt->m->n_members;
    struct kai_buf list;
    struct kai_buf out;
    uint8_t *slots = malloc(KAI_SLOTS_PER_PART_MAX * KAI_SLOT_BYTES);
    enum kai_err err = slots == NULL ? KAI_ENOMEM : KAI_OK;

    kai_buf_init(&list, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&out, KAI_PAYLOAD_BYTES_MAX);
    mt->part.of = (n + KAI_SLOTS_PER_PART_MAX - 1) / KAI_SLOTS_PER_PART_MAX;
    for (size_t at = 0; err == KAI_OK && at < n; at += KAI_SLOTS_PER_PART_MAX, mt->part.part++) {
        size_t some = n - at < KAI_SLOTS_PER_PART_MAX ? n - at : KAI_SLOTS_PER_PART_MAX;

        err = write_part(mt, at, some, slots, &list, &out);
        if (err == KAI_OK)
            err = emit(emit_ctx, kai_buf_view(&out), mt->key->commit, mt->key->tag);
    }
    free(slots);
    kai_buf_free(&list);
    kai_buf_free(&out);
    return err;
}

/* Whether we may mint this at all. */
static bool may_mint(const struct mint *mt, const struct kai_node *me)
{
    if (mt->a == NULL)
        return mt->m->own && kai_keyring_author(mt->k, mt->m->aud_id, me);
    if (mt->a->rec == NULL || mt->a->rec->rec.kind == KAI_AUD_PUBLIC)
        return false;
    return mt->m->own ? kai_keyring_eligible(mt->k, mt->a->id, me) &&
                            kai_keyring_author(mt->k, mt->a->id, me)
                      : kai_ring_steward(mt->k, mt->a, me);
}

/* The members by id. Errors: KAI_EMALFORMED (one node twice: our own caller's mistake). */
static enum kai_err set_members(struct mint *mt, const struct kai_node *me)
{
    const struct kai_mint *m = mt->m;

    memcpy(mt->members, m->members, m->n_members * sizeof *mt->members);
    qsort(mt->members, m->n_members, sizeof *mt->members, node_cmp);
    for (size_t i = 1; i < m->n_members; i++) {
        if (node_cmp(&mt->members[i - 1], &mt->members[i]) == 0)
            return KAI_EMALFORMED;
    }
    if (mt->a == NULL) {
        mt->members[m->n_members] = me;
        mt->unlisted = 1;
    }
    return KAI_OK;
}

static enum kai_err mint(struct mint *mt, const struct kai_node *me, kai_mint_fn *emit,
                         void *emit_ctx)
{
    enum kai_err err = set_members(mt, me);

    if (err == KAI_OK)
        err = set_key(mt);
    if (err == KAI_OK)
        err = set_root(mt);
    if (err == KAI_OK && mt->a != NULL) {
        set_removals(mt);
        set_relays(mt);
    }
    if (err == KAI_OK)
        err = sign_statement(mt);
    return err == KAI_OK ? write_parts(mt, emit, emit_ctx) : err;
}

enum kai_err kai_epoch_mint(const struct kai_keyring *k, const struct kai_mint *m,
                            kai_random_fn *random, void *random_ctx, kai_mint_fn *emit,
                            void *emit_ctx)
{
    struct mint mt = {.k = k, .m = m, .random = random, .random_ctx = random_ctx};
    bool box = kai_keyring_mailbox_owner(k, m->aud_id) != NULL;
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);

    mt.a = box ? NULL : kai_ring_aud(k, m->aud_id);
    if (me == NULL || (!box && mt.a == NULL) || !may_mint(&mt, me))
        return KAI_EDENIED;
    if (m->n_members == 0 || m->n_members > (box ? KAI_MAILBOX_READERS_MAX : KAI_MEMBER_NODES_MAX))
        return KAI_ELIMIT;
    mt.members = malloc((m->n_members + 1) * sizeof *mt.members);
    mt.key = sodium_malloc(sizeof *mt.key);
    enum kai_err err = KAI_ENOMEM;
    if (mt.members != NULL && mt.key != NULL) {
        memset(mt.key, 0, sizeof *mt.key);
        err = mint(&mt, me, emit, emit_ctx);
    }
    free(mt.members);
    sodium_free(mt.key);
    return err;
}
