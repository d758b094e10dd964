/* epoch: the bytes of an EPOCH. */
#include "keys/epoch.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "wire/put.h"

#define GEN_MAX         UINT32_MAX
#define SLOTS_MIN       8u
#define SLOTS_POWER_MAX 512u
#define AD_BYTES        (2 * KAI_ID_BYTES + 8)

size_t kai_epoch_padded(size_t n)
{
    size_t slots = SLOTS_MIN;

    while (slots < n && slots < SLOTS_POWER_MAX)
        slots *= 2;
    return slots < n ? KAI_SLOTS_PER_PART_MAX : slots;
}

static size_t read_ids(struct kai_cur *c, uint8_t (*ids)[KAI_ID_BYTES], uint32_t max)
{
    size_t n = kai_cur_array(c, max);

    for (size_t i = 0; i < n; i++)
        kai_cur_copy(c, ids[i], KAI_ID_BYTES);
    return kai_cur_ok(c) ? n : 0;
}

static void put_ids(struct kai_buf *out, const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    kai_put_array(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_put_bin(out, ids[i], KAI_ID_BYTES);
}

enum kai_err kai_epoch_parse(struct kai_epoch_part *p, struct kai_view payload)
{
    struct kai_cur c;

    memset(p, 0, sizeof *p);
    if (payload.n > KAI_PAYLOAD_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, payload.p, payload.n);
    kai_cur_tuple(&c, 12);
    kai_cur_copy(&c, p->aud_id, KAI_ID_BYTES);
    p->gen = kai_cur_uint(&c, GEN_MAX);
    p->n_preds = read_ids(&c, p->preds, KAI_EPOCH_PREDS_MAX);
    kai_cur_copy(&c, p->commit, KAI_ID_BYTES);
    kai_cur_copy(&c, p->members_root, KAI_ID_BYTES);
    kai_cur_copy(&c, p->eph_pk, KAI_KEY_BYTES);
    p->slots = kai_cur_bin(&c, KAI_SLOTS_PER_PART_MAX * KAI_SLOT_BYTES);
    p->relay_slots = kai_cur_bin(&c, KAI_RELAY_SLOTS_MAX * KAI_SLOT_BYTES);
    p->list = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    p->part = kai_cur_uint(&c, KAI_EPOCH_PARTS_MAX - 1);
    p->of = kai_cur_uint(&c, KAI_EPOCH_PARTS_MAX);
    kai_cur_ext(&c, NULL, NULL);
    size_t n = p->slots.n / KAI_SLOT_BYTES;
    bool padded = p->slots.n % KAI_SLOT_BYTES == 0 && n > 0 && kai_epoch_padded(n) == n;
    if (!padded || p->relay_slots.n % KAI_SLOT_BYTES != 0 || p->part >= p->of || p->gen == 0 ||
        (p->n_preds == 0 && p->gen != 1) || (p->n_preds > 0 && p->gen < 2))
        kai_cur_fail(&c, KAI_EMALFORMED);
    for (size_t i = 1; i < p->n_preds; i++) {
        if (memcmp(p->preds[i - 1], p->preds[i], KAI_ID_BYTES) >= 0)
            kai_cur_fail(&c, KAI_EMALFORMED); /* Ascending: one order for one set. */
    }
    return kai_cur_end(&c);
}

void kai_epoch_write(struct kai_buf *out, const struct kai_epoch_part *p)
{
    kai_put_array(out, 12);
    kai_put_bin(out, p->aud_id, KAI_ID_BYTES);
    kai_put_uint(out, p->gen);
    put_ids(out, p->preds, p->n_preds);
    kai_put_bin(out, p->commit, KAI_ID_BYTES);
    kai_put_bin(out, p->members_root, KAI_ID_BYTES);
    kai_put_bin(out, p->eph_pk, KAI_KEY_BYTES);
    kai_put_view(out, p->slots);
    kai_put_view(out, p->relay_slots);
    kai_put_view(out, p->list);
    kai_put_uint(out, p->part);
    kai_put_uint(out, p->of);
    kai_put_no_ext(out);
}

enum kai_err kai_epoch_audience(uint8_t aud_id[static KAI_ID_BYTES], struct kai_view payload)
{
    struct kai_cur c;

    kai_cur_init(&c, payload.p, payload.n);
    kai_cur_tuple(&c, 12);
    kai_cur_copy(&c, aud_id, KAI_ID_BYTES);
    return c.err;
}

/* The list is bound to its entry: lifted into another log or place it does not open. */
static void list_ad(uint8_t ad[static AD_BYTES], const uint8_t *nid, const uint8_t *key_log,
                    uint64_t seq)
{
    memcpy(ad, nid, KAI_ID_BYTES);
    memcpy(ad + KAI_ID_BYTES, key_log, KAI_KEY_BYTES);
    kai_put_u64(ad + 2 * KAI_ID_BYTES, seq);
}

#define X_RELAYS 2u
#define X_ADDS   4u

static bool read_ext(void *ctx, uint64_t key, struct kai_view v)
{
    struct kai_epoch_list *l = ctx;

    if (key == X_ADDS)
        return l->adds = v.n == 0;
    if (key != X_RELAYS)
        return false;
    if (v.n % KAI_ID_BYTES != 0 || v.n > sizeof l->relays)
        return false;
    l->n_relays = v.n / KAI_ID_BYTES;
    if (v.n > 0)
        memcpy(l->relays, v.p, v.n);
    return true;
}

static enum kai_err list_read(struct kai_epoch_list *l, struct kai_view pt)
{
    struct kai_cur c;

    memset(l, 0, sizeof *l);
    kai_cur_init(&c, pt.p, pt.n);
    kai_cur_tuple(&c, 5);
    l->has_minter = !kai_cur_nil(&c);
    if (l->has_minter) {
        kai_cur_copy(&c, l->minter_cert, KAI_ID_BYTES);
        kai_cur_copy(&c, l->sig, KAI_SIG_BYTES);
    } else if (!kai_cur_nil(&c)) {
        kai_cur_fail(&c, KAI_EMALFORMED);
    }
    struct kai_view ids = kai_cur_bin(&c, KAI_SLOTS_PER_PART_MAX * KAI_ID_BYTES);
    l->members = ids.p;
    l->n_members = ids.n / KAI_ID_BYTES;
    if (ids.n == 0 || ids.n % KAI_ID_BYTES != 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    l->n_removals = read_ids(&c, l->removals, KAI_REMOVALS_MAX);
    kai_cur_ext(&c, read_ext, l);
    enum kai_err err = kai_cur_end(&c);
    for (size_t i = 1; err == KAI_OK && i < l->n_members; i++) {
        if (memcmp(ids.p + (i - 1) * KAI_ID_BYTES, ids.p + i * KAI_ID_BYTES, KAI_ID_BYTES) >= 0)
            err = KAI_EMALFORMED;
    }
    return err;
}

enum kai_err kai_epoch_list_open(struct kai_epoch_list *l, struct kai_buf *scratch,
                                 const struct kai_epoch_part *p, const uint8_t *route,
                                 const uint8_t *nid, const uint8_t *key_log, uint64_t seq)
{
    uint8_t ad[AD_BYTES];
    uint8_t key[KAI_KEY_BYTES];
    size_t n = 0;

    memset(l, 0, sizeof *l);
    kai_buf_clear(scratch);
    uint8_t *pt = kai_buf_room(scratch, p->list.n + 1);
    if (pt == NULL)
        return scratch->err;
    list_ad(ad, nid, key_log, seq);
    kai_kdf(key, sizeof key, KAI_D_LIST, route, p->commit, KAI_ID_BYTES);
    enum kai_err err = kai_unbox(pt, &n, key, kai_view_of(ad, sizeof ad), p->list);
    sodium_memzero(key, sizeof key);
    return err != KAI_OK ? err : list_read(l, kai_view_of(pt, n));
}

enum kai_err kai_epoch_list_seal(struct kai_buf *out, const struct kai_epoch_list *l,
                                 const struct kai_epoch_part *p, const uint8_t *route,
                                 const uint8_t *nid, const uint8_t *key_log, uint64_t seq,
                                 const uint8_t nonce[static KAI_NONCE_BYTES])
{
    uint8_t ad[AD_BYTES];
    uint8_t key[KAI_KEY_BYTES];
    struct kai_buf pt;

    kai_buf_init(&pt, KAI_PAYLOAD_BYTES_MAX);
    kai_put_array(&pt, 5);
    if (l->has_minter) {
        kai_put_bin(&pt, l->minter_cert, KAI_ID_BYTES);
        kai_put_bin(&pt, l->sig, KAI_SIG_BYTES);
    } else {
        kai_put_nil(&pt);
        kai_put_nil(&pt);
    }
    kai_put_bin(&pt, l->members, l->n_members * KAI_ID_BYTES);
    put_ids(&pt, l->removals, l->n_removals);
    kai_put_map(&pt, (l->n_relays > 0 ? 1u : 0u) + (l->adds ? 1u : 0u));
    if (l->n_relays > 0) {
        kai_put_uint(&pt, X_RELAYS);
        kai_put_bin(&pt, l->relays, l->n_relays * KAI_ID_BYTES);
    }
    if (l->adds) {
        kai_put_uint(&pt, X_ADDS);
        kai_put_bin(&pt, NULL, 0);
    }
    list_ad(ad, nid, key_log, seq);
    kai_kdf(key, sizeof key, KAI_D_LIST, route, p->commit, KAI_ID_BYTES);
    enum kai_err err = pt.err;
    if (err == KAI_OK)
        err = kai_box(out, key, nonce, kai_view_of(ad, sizeof ad), kai_buf_view(&pt));
    sodium_memzero(key, sizeof key);
    kai_buf_free(&pt);
    return err;
}

void kai_epoch_signed(struct kai_buf *out, const struct kai_epoch_part *p,
                      const struct kai_epoch_list *l, const uint8_t *key_log)
{
    kai_put_array(out, 7);
    kai_put_bin(out, key_log, KAI_KEY_BYTES);
    kai_put_bin(out, p->aud_id, KAI_ID_BYTES);
    kai_put_uint(out, p->gen);
    put_ids(out, p->preds, p->n_preds);
    kai_put_bin(out, p->commit, KAI_ID_BYTES);
    kai_put_bin(out, p->members_root, KAI_ID_BYTES);
    put_ids(out, l->removals, l->n_removals);
}

void kai_epoch_derive(struct kai_epoch *e)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_EK);
    kai_hash_add(&h, e->key, KAI_KEY_BYTES);
    kai_hash_add(&h, e->aud_id, KAI_ID_BYTES);
    kai_hash_u64(&h, e->gen);
    kai_hash_end(&h, e->commit);
    kai_kdf(e->route, sizeof e->route, KAI_D_ROUTE, e->key, e->aud_id, KAI_ID_BYTES);
    kai_epoch_tag(e);
}

void kai_epoch_tag(struct kai_epoch *e)
{
    kai_kdf(e->tag, sizeof e->tag, KAI_D_TAG, e->route, e->aud_id, KAI_ID_BYTES);
}

void kai_epoch_salt(uint8_t salt[static KAI_EPOCH_SALT_BYTES], const uint8_t *route,
                    const uint8_t *node_id)
{
    kai_kdf(salt, KAI_EPOCH_SALT_BYTES, KAI_D_MSALT, route, node_id, KAI_ID_BYTES);
}

void kai_epoch_salted_leaf(uint8_t leaf[static KAI_ID_BYTES],
                           const uint8_t salt[static KAI_EPOCH_SALT_BYTES], const uint8_t *node_id)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_MLEAF);
    kai_hash_add(&h, salt, KAI_EPOCH_SALT_BYTES);
    kai_hash_add(&h, node_id, KAI_ID_BYTES);
    kai_hash_end(&h, leaf);
}

void kai_epoch_leaf(uint8_t leaf[static KAI_ID_BYTES], const uint8_t *route, const uint8_t *node_id)
{
    uint8_t salt[KAI_EPOCH_SALT_BYTES];

    kai_epoch_salt(salt, route, node_id);
    kai_epoch_salted_leaf(leaf, salt, node_id);
}
