/* red: the second seal of TLP:RED. */
#include "log/red.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "log/obj_item_priv.h"
#include "log/payload.h"
#include "log/payload_priv.h"
#include "wire/put.h"

#define SEAL_FIELDS    3u
#define CONTENT_FIELDS 3u
#define SLOTS_MIN      8u
#define SLOTS_POWER    64u
#define CONTENT_FRAME  32u  /* Head, kind, head of the bin, salt. */
#define OBJ_FRAME      160u /* Everything of an OBJ but audiences and slots, and the seal's head. */
#define TLP_RED        5u
#define SEALED_MIN     (KAI_BOX_OVERHEAD_BYTES + KAI_PADDED_BYTES_MIN)

/* Everything that names one OBJ to its slots and contents. */
struct context {
    const uint8_t *nid;
    uint8_t hash[KAI_ID_BYTES]; /* H("kairan1.objctx", OBJ with seal nil). */
    uint8_t commit[32];
    uint8_t eph_pk[KAI_KEY_BYTES];
};

size_t kai_red_slots(size_t n_persons)
{
    size_t n = SLOTS_MIN;

    while (n < n_persons && n < SLOTS_POWER)
        n *= 2;
    return n < n_persons ? KAI_RED_PERSONS_MAX : n;
}

size_t kai_red_sealed_size(size_t n)
{
    return KAI_BOX_OVERHEAD_BYTES + kai_padded_size(n + CONTENT_FRAME);
}

size_t kai_red_obj_size(size_t n_persons, size_t n_auds)
{
    return OBJ_FRAME + kai_red_slots(n_persons) * KAI_SLOT_BYTES + n_auds * (KAI_ID_BYTES + 2) +
           2 * (KAI_ID_BYTES + 2);
}

static struct kai_slot_ctx slot_ctx(const struct context *x)
{
    return (struct kai_slot_ctx){.domain = KAI_D_PWRAP,
                                 .nid = x->nid,
                                 .aud_id = x->hash,
                                 .commit = x->commit,
                                 .eph_pk = x->eph_pk};
}

/* What label, audiences, origin, time and root hash to, whoever it is sealed for: of the bytes as
 * they came, nil standing where the seal stands. seal points into obj. */
static void context_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view obj,
                         struct kai_view seal)
{
    static const uint8_t nil = 0xc0;
    size_t head = seal.n <= UINT8_MAX ? 2 : seal.n <= UINT16_MAX ? 3 : 5; /* Of the bin. */
    size_t before = (size_t)(seal.p - obj.p) - head;
    size_t after = before + head + seal.n;
    struct kai_hasher h;

    assert(after <= obj.n);
    kai_hash_begin(&h, KAI_D_OBJCTX);
    kai_hash_add(&h, obj.p, before);
    kai_hash_add(&h, &nil, 1);
    kai_hash_add(&h, obj.p + after, obj.n - after);
    kai_hash_end(&h, hash);
}

static void commitment(uint8_t commit[static 32], const uint8_t key[static KAI_KEY_BYTES],
                       const uint8_t hash[static KAI_ID_BYTES])
{
    kai_kdf(commit, 32, KAI_D_REDCOMMIT, key, hash, KAI_ID_BYTES);
}

static void content_key(uint8_t out[static KAI_KEY_BYTES], const uint8_t key[static KAI_KEY_BYTES],
                        uint64_t index)
{
    uint8_t be[8];

    kai_put_u64(be, index);
    kai_kdf(out, KAI_KEY_BYTES, KAI_D_RED, key, be, sizeof be);
}

static void salt_of(uint8_t salt[static 16], const uint8_t secret[static KAI_KEY_BYTES],
                    const uint8_t key[static KAI_KEY_BYTES], uint64_t index)
{
    uint8_t mine[KAI_KEY_BYTES];
    uint8_t be[8];

    kai_kdf(mine, sizeof mine, KAI_D_REDSALT, secret, key, KAI_KEY_BYTES);
    kai_put_u64(be, index);
    kai_kdf(salt, 16, KAI_D_SALT, mine, be, sizeof be);
    sodium_memzero(mine, sizeof mine);
}

/* The slots of d->persons, padded with random ones, sorted. */
static enum kai_err slots_make(uint8_t *slots, const struct kai_red_draft *d, struct context *x,
                               const uint8_t key[static KAI_KEY_BYTES])
{
    uint8_t eph_sk[KAI_KEY_BYTES];
    size_t n = kai_red_slots(d->n_persons);
    enum kai_err err = KAI_OK;

    d->random(d->random_ctx, eph_sk, sizeof eph_sk);
    (void)crypto_scalarmult_base(x->eph_pk, eph_sk);
    const struct kai_slot_ctx ctx = slot_ctx(x);
    for (size_t i = 0; i < n && err == KAI_OK; i++) {
        if (i < d->n_persons)
            err = kai_slot_make(slots + i * KAI_SLOT_BYTES, &ctx, eph_sk, d->persons[i], key);
        else
            d->random(d->random_ctx, slots + i * KAI_SLOT_BYTES, KAI_SLOT_BYTES);
    }
    sodium_memzero(eph_sk, sizeof eph_sk);
    kai_slots_sort(slots, n);
    return err;
}

static enum kai_err seal_write(struct kai_buf *obj, const struct kai_red_draft *d,
                               struct kai_obj *o, struct context *x,
                               const uint8_t key[static KAI_KEY_BYTES])
{
    uint8_t slots[KAI_RED_PERSONS_MAX * KAI_SLOT_BYTES];
    size_t at = obj->len;
    struct kai_buf seal;

    o->seal = (struct kai_view){0};
    kai_obj_write(obj, o);
    if (obj->err != KAI_OK)
        return obj->err;
    kai_hash(x->hash, KAI_D_OBJCTX, obj->p + at, obj->len - at);
    obj->len = at;
    commitment(x->commit, key, x->hash);
    enum kai_err err = slots_make(slots, d, x, key);
    if (err != KAI_OK)
        return err;
    kai_buf_init(&seal, KAI_PAYLOAD_BYTES_MAX);
    kai_put_array(&seal, SEAL_FIELDS);
    kai_put_bin(&seal, x->eph_pk, sizeof x->eph_pk);
    kai_put_bin(&seal, x->commit, sizeof x->commit);
    kai_put_bin(&seal, slots, kai_red_slots(d->n_persons) * KAI_SLOT_BYTES);
    o->seal = kai_buf_view(&seal);
    kai_obj_write(obj, o);
    err = seal.err != KAI_OK ? seal.err : obj->err;
    kai_buf_free(&seal);
    return err;
}

static enum kai_err content_seal(struct kai_buf *sealed, const struct kai_red_draft *d, size_t i,
                                 const uint8_t salt[static 16], const struct context *x,
                                 const uint8_t key[static KAI_KEY_BYTES])
{
    uint8_t k[KAI_KEY_BYTES];
    uint8_t nonce[KAI_NONCE_BYTES];
    struct kai_buf pt;

    kai_buf_init(&pt, kai_padded_size(KAI_RED_CONTENT_BYTES_MAX + CONTENT_FRAME));
    kai_put_array(&pt, CONTENT_FIELDS);
    kai_put_uint(&pt, d->contents[i].kind);
    kai_put_view(&pt, d->contents[i].content);
    kai_put_bin(&pt, salt, 16);
    kai_pad(&pt, 0);
    content_key(k, key, i);
    d->random(d->random_ctx, nonce, sizeof nonce);
    enum kai_err err = pt.err;
    if (err == KAI_OK)
        err = kai_box(sealed, k, nonce, kai_view_of(x->hash, sizeof x->hash), kai_buf_view(&pt));
    sodium_memzero(k, sizeof k);
    if (pt.p != NULL)
        sodium_memzero(pt.p, pt.cap);
    kai_buf_free(&pt);
    return err;
}

static bool bounded(const struct kai_red_draft *d)
{
    if (d->n_persons > KAI_RED_PERSONS_MAX || d->obj.n > KAI_BATCH_ITEMS_MAX)
        return false;
    for (size_t i = 0; i < d->obj.n; i++) {
        if (d->contents[i].content.n > KAI_RED_CONTENT_BYTES_MAX)
            return false;
    }
    return true;
}

enum kai_err kai_red_seal(struct kai_buf *obj, struct kai_buf *sealed, size_t *ends,
                          const struct kai_red_draft *d)
{
    uint8_t leaves[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    uint8_t salts[KAI_BATCH_ITEMS_MAX][16];
    uint8_t key[KAI_KEY_BYTES];
    struct kai_obj o = d->obj;
    struct context x = {.nid = d->nid};

    if (!bounded(d))
        return KAI_ELIMIT;
    assert(d->n_persons > 0 && o.n > 0); /* Sealed for nobody it could not be read. */
    d->random(d->random_ctx, key, sizeof key);
    for (size_t i = 0; i < o.n; i++) {
        struct kai_content c = {.kind = d->contents[i].kind, .content = d->contents[i].content};

        salt_of(salts[i], d->secret, key, i);
        memcpy(c.salt, salts[i], sizeof c.salt);
        kai_content_leaf(leaves[i], &c);
    }
    o.tlp = TLP_RED;
    kai_merkle_root(o.root, leaves, o.n);
    enum kai_err err = seal_write(obj, d, &o, &x, key);
    for (size_t i = 0; i < o.n && err == KAI_OK; i++) {
        err = content_seal(sealed, d, i, salts[i], &x, key);
        ends[i] = sealed->len;
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(salts, sizeof salts);
    return err;
}

/* The parts of a seal: *x gets ephemeral key and commitment. */
static enum kai_err seal_read(struct context *x, struct kai_view *slots, struct kai_view seal)
{
    struct kai_cur c;

    if (seal.p == NULL)
        return KAI_EMALFORMED;
    kai_cur_init(&c, seal.p, seal.n);
    kai_cur_tuple(&c, SEAL_FIELDS);
    kai_cur_copy(&c, x->eph_pk, sizeof x->eph_pk);
    kai_cur_copy(&c, x->commit, sizeof x->commit);
    *slots = kai_cur_bin(&c, KAI_RED_PERSONS_MAX * KAI_SLOT_BYTES);
    size_t n = slots->n / KAI_SLOT_BYTES;
    if (slots->n % KAI_SLOT_BYTES != 0 || n == 0 || kai_red_slots(n) != n)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

/* The OBJ key from the reader's slot, the one that the seal commits to. */
static enum kai_err key_open(uint8_t key[static KAI_KEY_BYTES], const struct kai_red_reader *who,
                             struct kai_view obj, struct kai_view seal, struct context *x)
{
    uint8_t commit[32];
    struct kai_view slots;
    enum kai_err err = seal_read(x, &slots, seal);

    if (err != KAI_OK)
        return err;
    context_hash(x->hash, obj, seal);
    const struct kai_slot_ctx ctx = slot_ctx(x);
    err = kai_slot_open(key, &ctx, who->kx_sk, who->kx_pk, slots.p, slots.n / KAI_SLOT_BYTES);
    if (err != KAI_OK)
        return err;
    commitment(commit, key, x->hash);
    if (!KAI_CHECK(RED_COMMIT, sodium_memcmp(commit, x->commit, sizeof commit) == 0))
        return KAI_EAUTH;
    return KAI_OK;
}

/* Open one content behind what out holds; its salt makes the leaf. */
static enum kai_err content_open(struct kai_buf *out, struct kai_red_content *rc,
                                 uint8_t leaf[static KAI_ID_BYTES], const struct context *x,
                                 const uint8_t key[static KAI_KEY_BYTES], uint64_t index,
                                 struct kai_view sealed)
{
    uint8_t k[KAI_KEY_BYTES];
    struct kai_content c = {.index = index};
    struct kai_view pt;
    struct kai_cur cur;
    size_t n;

    if (sealed.n < SEALED_MIN || sealed.n > kai_red_sealed_size(KAI_RED_CONTENT_BYTES_MAX))
        return KAI_EMALFORMED;
    uint8_t *room = kai_buf_room(out, sealed.n - KAI_BOX_OVERHEAD_BYTES);
    if (room == NULL)
        return out->err;
    content_key(k, key, index);
    enum kai_err err = kai_unbox(room, &n, k, kai_view_of(x->hash, sizeof x->hash), sealed);
    sodium_memzero(k, sizeof k);
    if (err == KAI_OK)
        err = kai_unpad(&pt, kai_view_of(room, n));
    if (err != KAI_OK)
        return err;
    kai_cur_init(&cur, pt.p, pt.n);
    kai_cur_tuple(&cur, CONTENT_FIELDS);
    c.kind = kai_cur_uint(&cur, INT64_MAX);
    c.content = kai_cur_bin(&cur, KAI_RED_CONTENT_BYTES_MAX);
    kai_cur_copy(&cur, c.salt, sizeof c.salt);
    err = kai_cur_end(&cur);
    if (err != KAI_OK)
        return err;
    kai_content_leaf(leaf, &c);
    *rc = (struct kai_red_content){.kind = c.kind, .content = c.content};
    return KAI_OK;
}

enum kai_err kai_red_open(struct kai_buf *out, struct kai_red_content *contents,
                          const struct kai_red_reader *who, struct kai_view obj,
                          const struct kai_view *sealed, size_t n)
{
    uint8_t leaves[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    uint8_t key[KAI_KEY_BYTES];
    uint8_t root[KAI_ID_BYTES];
    struct context x = {.nid = who->nid};
    struct kai_obj o;
    size_t total = 0;
    enum kai_err err = kai_obj_parse(&o, obj);

    kai_buf_clear(out);
    if (err == KAI_OK && (n != o.n || o.tlp != TLP_RED))
        err = KAI_EMALFORMED;
    if (err != KAI_OK)
        return err;
    for (size_t i = 0; i < n; i++)
        total += sealed[i].n;
    err = key_open(key, who, obj, o.seal, &x);
    if (err == KAI_OK && (kai_buf_room(out, total) == NULL))
        err = out->err;
    out->len = 0; /* All the room there is: the contents do not move while they are added. */
    for (size_t i = 0; i < n && err == KAI_OK; i++)
        err = content_open(out, &contents[i], leaves[i], &x, key, i, sealed[i]);
    sodium_memzero(key, sizeof key);
    if (err == KAI_OK) {
        kai_merkle_root(root, leaves, n);
        if (!KAI_CHECK(RED_ROOT, memcmp(root, o.root, sizeof root) == 0))
            err = KAI_EAUTH;
    }
    if (err != KAI_OK) {
        if (out->p != NULL)
            sodium_memzero(out->p, out->cap);
        kai_buf_clear(out);
        memset(contents, 0, n * sizeof *contents);
    }
    return err;
}

enum kai_err kai_red_item_check(struct kai_view item, const struct kai_obj *o)
{
    static const uint8_t zeros[16];
    struct context x;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_view slots;
    struct kai_cur c;
    struct kai_content content;
    uint32_t n;
    uint64_t next = 0;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &c, &n, item);

    if (err == KAI_OK && o->tlp != TLP_RED)
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = seal_read(&x, &slots, o->seal);
    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        err = kai_content_read(&content, &c);
        if (err == KAI_OK &&
            (content.kind != KAI_CONTENT_SEALED || content.has_path || content.index < next ||
             content.index >= o->n || memcmp(content.salt, zeros, sizeof zeros) != 0 ||
             content.content.n < SEALED_MIN))
            err = KAI_EMALFORMED;
        next = content.index + 1;
    }
    return err;
}
