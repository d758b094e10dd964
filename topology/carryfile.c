/* carryfile: the bytes of a carry file: head, chunks, records. */
#include "topology/carryfile.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "wire/cur.h"
#include "wire/put.h"

#define FROM_BYTES_MAX 512u

static const uint8_t no_audience[KAI_ID_BYTES];

/* ---- Head: magic | eph_pk | commit | slot | sum. */

static void commit_of(uint8_t commit[static KAI_ID_BYTES], const struct kai_carry_key *k)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_CARRY);
    kai_hash_add(&h, k->key, sizeof k->key);
    kai_hash_add(&h, k->eph_pk, sizeof k->eph_pk);
    kai_hash_end(&h, commit);
}

static struct kai_slot_ctx slot_ctx(const struct kai_carry_key *k, const uint8_t *nid)
{
    return (struct kai_slot_ctx){.domain = KAI_D_CWRAP,
                                 .nid = nid,
                                 .aud_id = no_audience,
                                 .commit = k->commit,
                                 .eph_pk = k->eph_pk};
}

/* Tells damage from a file that is for somebody else; it protects nothing. */
static void sum_of(uint8_t sum[static KAI_ID_BYTES], const uint8_t *head)
{
    kai_hash(sum, KAI_D_CARRYSUM, head, KAI_CARRY_HEAD_BYTES - KAI_CARRY_SUM_BYTES);
}

enum kai_err kai_carry_head_make(struct kai_buf *out, struct kai_carry_key *k,
                                 const uint8_t nid[static KAI_ID_BYTES],
                                 const uint8_t kx_pk[static KAI_KEY_BYTES], kai_random_fn *random,
                                 void *random_ctx)
{
    uint8_t eph_sk[KAI_KEY_BYTES], sum[KAI_ID_BYTES], head[KAI_CARRY_HEAD_BYTES];
    uint8_t *at = head + KAI_CARRY_MAGIC_BYTES;
    enum kai_err err = KAI_EAUTH;

    *k = (struct kai_carry_key){0};
    random(random_ctx, k->key, sizeof k->key);
    random(random_ctx, eph_sk, sizeof eph_sk);
    if (crypto_scalarmult_base(k->eph_pk, eph_sk) == 0) {
        struct kai_slot_ctx ctx = slot_ctx(k, nid);
        commit_of(k->commit, k);
        memcpy(head, KAI_CARRY_MAGIC, KAI_CARRY_MAGIC_BYTES);
        memcpy(at, k->eph_pk, KAI_KEY_BYTES);
        memcpy(at + KAI_KEY_BYTES, k->commit, KAI_ID_BYTES);
        err = kai_slot_make(at + KAI_KEY_BYTES + KAI_ID_BYTES, &ctx, eph_sk, kx_pk, k->key);
    }
    sodium_memzero(eph_sk, sizeof eph_sk);
    if (err)
        return err;
    sum_of(sum, head);
    memcpy(head + KAI_CARRY_HEAD_BYTES - KAI_CARRY_SUM_BYTES, sum, KAI_CARRY_SUM_BYTES);
    kai_buf_add(out, head, sizeof head);
    return out->err;
}

enum kai_err kai_carry_head_open(struct kai_carry_key *k, const struct kai_keyring *ring,
                                 const uint8_t nid[static KAI_ID_BYTES], struct kai_view head)
{
    uint8_t sum[KAI_ID_BYTES], commit[KAI_ID_BYTES];
    const uint8_t *at = head.p + KAI_CARRY_MAGIC_BYTES;
    struct kai_slot_ctx ctx;

    *k = (struct kai_carry_key){0};
    if (head.n != KAI_CARRY_HEAD_BYTES ||
        memcmp(head.p, KAI_CARRY_MAGIC, KAI_CARRY_MAGIC_BYTES) != 0)
        return KAI_EMALFORMED;
    sum_of(sum, head.p);
    if (memcmp(sum, head.p + KAI_CARRY_HEAD_BYTES - KAI_CARRY_SUM_BYTES, KAI_CARRY_SUM_BYTES) != 0)
        return KAI_EMALFORMED;
    memcpy(k->eph_pk, at, KAI_KEY_BYTES);
    memcpy(k->commit, at + KAI_KEY_BYTES, KAI_ID_BYTES);
    ctx = slot_ctx(k, nid);
    if (kai_keyring_open_slot(ring, k->key, &ctx, at + KAI_KEY_BYTES + KAI_ID_BYTES, 1) != KAI_OK)
        return KAI_ENOTFOUND;
    commit_of(commit, k);
    return sodium_memcmp(commit, k->commit, sizeof commit) == 0 ? KAI_OK : KAI_EMALFORMED;
}

/* ---- Chunks: n (4 B, big-endian) | box. Its number and whether it is the last are in its key. */

static void chunk_key(uint8_t out[static KAI_KEY_BYTES], const struct kai_carry_key *k, bool last)
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_CHUNK, k->key, KAI_KEY_BYTES);
    kai_hash_u64(&h, k->next);
    kai_hash_u64(&h, last ? 1 : 0);
    kai_hash_end(&h, out);
}

enum kai_err kai_chunk_seal(struct kai_buf *out, struct kai_carry_key *k, struct kai_view plain,
                            bool last, const uint8_t nonce[static KAI_NONCE_BYTES])
{
    uint32_t n = (uint32_t)(plain.n + KAI_BOX_OVERHEAD_BYTES);
    uint8_t key[KAI_KEY_BYTES];
    enum kai_err err;

    for (int shift = 24; shift >= 0; shift -= 8)
        kai_buf_u8(out, (uint8_t)(n >> shift));
    chunk_key(key, k, last);
    err = kai_box(out, key, nonce, kai_view_of(k->commit, sizeof k->commit), plain);
    sodium_memzero(key, sizeof key);
    k->next++;
    k->ended = last;
    return err;
}

enum kai_err kai_chunk_cut(struct kai_view *rest, struct kai_view *box)
{
    size_t n = 0;

    if (rest->n < 4)
        return KAI_EAGAIN;
    for (int i = 0; i < 4; i++)
        n = n << 8 | rest->p[i];
    if (n < KAI_BOX_OVERHEAD_BYTES || n > KAI_CARRY_BOX_BYTES_MAX)
        return KAI_EMALFORMED;
    if (rest->n - 4 < n)
        return KAI_EAGAIN;
    *box = kai_view_of(rest->p + 4, n);
    *rest = kai_view_of(rest->p + 4 + n, rest->n - 4 - n);
    return KAI_OK;
}

enum kai_err kai_chunk_open(struct kai_buf *out, struct kai_carry_key *k, struct kai_view box)
{
    struct kai_view ad = kai_view_of(k->commit, sizeof k->commit);
    uint8_t key[KAI_KEY_BYTES];
    enum kai_err err = KAI_EAUTH;
    uint8_t *at;
    size_t n;

    if (k->ended || box.n < KAI_BOX_OVERHEAD_BYTES || box.n > KAI_CARRY_BOX_BYTES_MAX)
        return KAI_EMALFORMED;
    kai_buf_clear(out);
    at = kai_buf_room(out, box.n - KAI_BOX_OVERHEAD_BYTES);
    for (int last = 0; at && last < 2 && err != KAI_OK; last++) {
        chunk_key(key, k, last == 1);
        err = kai_unbox(at, &n, key, ad, box);
        k->ended = err == KAI_OK && last == 1;
    }
    sodium_memzero(key, sizeof key);
    if (out->err)
        return out->err;
    if (err == KAI_OK)
        k->next++;
    return err;
}

/* ---- Records. */

static void read_from(struct kai_carry_record *r, struct kai_cur *c)
{
    struct kai_cur in;

    r->body = kai_cur_bin(c, FROM_BYTES_MAX);
    r->sig = kai_cur_bin(c, KAI_SIG_BYTES);
    kai_cur_init(&in, r->body.p, r->body.n);
    kai_cur_tuple(&in, 9);
    r->kind = kai_cur_uint(&in, 255);
    kai_cur_copy(&in, r->sender_cert, sizeof r->sender_cert);
    kai_cur_copy(&in, r->sender_pk, sizeof r->sender_pk);
    kai_cur_copy(&in, r->to, sizeof r->to);
    kai_cur_copy(&in, r->eph_pk, sizeof r->eph_pk);
    kai_cur_copy(&in, r->commit, sizeof r->commit);
    r->volume = kai_cur_uint(&in, INT64_MAX);
    r->made_ms = kai_cur_uint(&in, INT64_MAX);
    kai_cur_ext(&in, NULL, NULL);
    if (kai_cur_end(&in) != KAI_OK || r->sig.n != KAI_SIG_BYTES)
        kai_cur_fail(c, KAI_EMALFORMED);
}

static void read_share(struct kai_carry_record *r, struct kai_cur *c)
{
    r->handle = kai_cur_uint(c, KAI_CARRY_SHARES_MAX);
    kai_cur_copy(c, r->aud_id, sizeof r->aud_id);
    r->n_tokens = kai_cur_array(c, KAI_CARRY_TOKENS_MAX);
    for (uint32_t i = 0; i < r->n_tokens; i++)
        kai_cur_copy(c, r->tokens[i], sizeof r->tokens[i]);
}

enum kai_err kai_carry_record(struct kai_carry_record *r, struct kai_view plain)
{
    struct kai_cur c;
    uint32_t arity;

    *r = (struct kai_carry_record){0};
    kai_cur_init(&c, plain.p, plain.n);
    arity = kai_cur_array(&c, 14);
    r->type = kai_cur_uint(&c, 255);
    if (!kai_cur_ok(&c))
        return c.err;
    if (r->type == KAI_CARRY_FROM && arity == 3)
        read_from(r, &c);
    else if (r->type == KAI_CARRY_SHARE && arity == 4)
        read_share(r, &c);
    else if (r->type == KAI_CARRY_END && arity == 2)
        r->more = kai_cur_bool(&c);
    else
        return r->type >= KAI_CARRY_FROM && r->type <= KAI_CARRY_END ? KAI_EMALFORMED : KAI_OK;
    return kai_cur_end(&c);
}

void kai_carry_put_from(struct kai_buf *b, const struct kai_carry_record *r,
                        const uint8_t nid[static KAI_ID_BYTES],
                        const uint8_t sign_sk[static crypto_sign_SECRETKEYBYTES])
{
    uint8_t sig[KAI_SIG_BYTES];
    struct kai_buf body;

    kai_buf_init(&body, FROM_BYTES_MAX);
    kai_put_array(&body, 9);
    kai_put_uint(&body, r->kind);
    kai_put_bin(&body, r->sender_cert, sizeof r->sender_cert);
    kai_put_bin(&body, r->sender_pk, sizeof r->sender_pk);
    kai_put_bin(&body, r->to, sizeof r->to);
    kai_put_bin(&body, r->eph_pk, sizeof r->eph_pk);
    kai_put_bin(&body, r->commit, sizeof r->commit);
    kai_put_uint(&body, r->volume);
    kai_put_uint(&body, r->made_ms);
    kai_put_no_ext(&body);
    kai_sign(sig, sign_sk, KAI_SIG_CARRY, nid, body.p, body.len);
    kai_put_array(b, 3);
    kai_put_uint(b, KAI_CARRY_FROM);
    kai_put_view(b, kai_buf_view(&body));
    kai_put_bin(b, sig, sizeof sig);
    if (body.err && !b->err)
        b->err = body.err;
    kai_buf_free(&body);
}

void kai_carry_put_share(struct kai_buf *b, const struct kai_carry_record *r)
{
    kai_put_array(b, 4);
    kai_put_uint(b, KAI_CARRY_SHARE);
    kai_put_uint(b, r->handle);
    kai_put_bin(b, r->aud_id, sizeof r->aud_id);
    kai_put_array(b, r->n_tokens);
    for (uint32_t i = 0; i < r->n_tokens; i++)
        kai_put_bin(b, r->tokens[i], sizeof r->tokens[i]);
}

void kai_carry_put_end(struct kai_buf *b, bool more)
{
    kai_put_array(b, 2);
    kai_put_uint(b, KAI_CARRY_END);
    kai_put_bool(b, more);
}
