/* evil_frame: what an attacker says. */
#include "adversary/evil_frame.h"

#include <string.h>

#include "crypto/hash.h"

/* ---- Logs. */

void evil_make_log(const struct evil_hand *h, struct evil_log *l, size_t author, uint64_t ts)
{
    uint8_t seed[32];

    *l = (struct evil_log){.author = author, .ts = ts};
    h->random(h->ctx, seed, sizeof seed);
    EVIL_MUST(crypto_sign_seed_keypair(l->key.pk, l->key.sk, seed) == 0);
    h->random(h->ctx, l->salt, sizeof l->salt);
}

struct kai_entry evil_make_body(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, struct kai_view body,
                                struct kai_buf *out)
{
    struct kai_log_writer w = {.nid = h->nid,
                               .log_sk = l->key.sk,
                               .epoch_key = epoch->key,
                               .seq = l->key.seq,
                               .ts = l->ts};
    struct kai_entry e;

    memcpy(w.log_pk, l->key.pk, KAI_KEY_BYTES);
    memcpy(w.prev, l->key.prev, KAI_ID_BYTES);
    memcpy(w.kid, epoch->commit, KAI_TAG_BYTES);
    memcpy(w.tag, epoch->tag, KAI_TAG_BYTES);
    kai_buf_clear(out);
    EVIL_MUST(kai_log_append(&w, h->packer, out, &e, body, 0, l->ts, h->random, h->ctx) == KAI_OK);
    l->key.seq = w.seq;
    memcpy(l->key.prev, w.prev, KAI_ID_BYTES);
    return e;
}

struct kai_entry evil_make_one(const struct evil_hand *h, struct evil_log *l,
                               const struct kai_epoch *epoch, struct kai_view item,
                               struct kai_buf *out)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_buf_add(&body, item.p, item.n);
    kai_body_end(&body);
    EVIL_MUST(body.err == KAI_OK);
    struct kai_entry e = evil_make_body(h, l, epoch, kai_buf_view(&body), out);
    kai_buf_free(&body);
    return e;
}

struct kai_entry evil_make_item(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, struct kai_buf *out)
{
    uint8_t fill[40];
    struct kai_buf item;

    h->random(h->ctx, fill, sizeof fill);
    kai_buf_init(&item, 64);
    kai_put_array(&item, 2);
    kai_put_uint(&item, 64);
    kai_put_bin(&item, fill, sizeof fill);
    struct kai_entry e = evil_make_one(h, l, epoch, kai_buf_view(&item), out);
    kai_buf_free(&item);
    return e;
}

struct kai_entry evil_make_bind(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, const struct kai_bind *b,
                                const uint8_t *node_sk, struct kai_buf *out)
{
    struct kai_buf item;

    kai_buf_init(&item, KAI_CERT_BYTES_MAX);
    kai_bind_write(&item, b, node_sk, h->nid);
    EVIL_MUST(item.err == KAI_OK);
    struct kai_entry e = evil_make_one(h, l, epoch, kai_buf_view(&item), out);
    kai_buf_free(&item);
    return e;
}

struct kai_entry evil_make_header(const struct evil_hand *h, const struct evil_log *l,
                                  const struct kai_hdr *hdr, struct kai_view payload,
                                  struct kai_buf *out)
{
    struct kai_hdr mine = *hdr;
    struct kai_entry e;

    kai_buf_clear(out);
    EVIL_MUST(kai_entry_make(&e, out, &mine, l->key.sk, h->nid, payload) == KAI_OK);
    return e;
}

/* ---- Frames. */

void evil_put_push(struct kai_buf *b, uint64_t handle, const struct kai_entry *e)
{
    kai_put_frame(b, KAI_MSG_PUSH, 4);
    kai_put_uint(b, handle);
    kai_put_view(b, e->hdr);
    kai_put_view(b, e->sig);
    kai_put_view(b, e->payload);
}

void evil_put_want(struct kai_buf *b, uint64_t handle, const uint8_t *log_pk, uint64_t to,
                   uint32_t n)
{
    struct kai_want w = {.from = 1, .to = to, .payload = true};

    memcpy(w.log_pk, log_pk, KAI_KEY_BYTES);
    kai_put_frame(b, KAI_MSG_WANT, 2);
    kai_put_uint(b, handle);
    kai_put_array(b, n);
    for (uint32_t i = 0; i < n; i++)
        kai_put_want(b, &w);
}

/* One range, from the first to the last, with rows that nobody has. */
void evil_put_ask(struct kai_buf *b, uint64_t handle)
{
    kai_put_frame(b, KAI_MSG_RB, 5);
    kai_put_uint(b, handle);
    kai_put_uint(b, 0);
    kai_put_bool(b, false);
    kai_put_bin(b, "", 0);
    kai_put_array(b, 1);
    kai_put_array(b, 3);
    kai_put_bin(b, "", 0);
    kai_put_uint(b, KAI_RB_LIST);
    kai_put_array(b, 0);
}

void evil_put_tokens(struct kai_buf *b, const struct evil_hand *h, uint64_t first,
                     const uint8_t *token, uint32_t n)
{
    uint8_t junk[16];

    kai_put_frame(b, KAI_MSG_MATCH, 2);
    kai_put_uint(b, first);
    kai_put_array(b, n);
    for (uint32_t i = 0; i < n; i++) {
        if (token == NULL)
            h->random(h->ctx, junk, sizeof junk);
        kai_put_bin(b, token != NULL ? token : junk, sizeof junk);
    }
}

void evil_put_ihave(struct kai_buf *b, const struct evil_hand *h, uint64_t handle)
{
    uint8_t log[KAI_KEY_BYTES];

    kai_put_frame(b, KAI_MSG_IHAVE, 2);
    kai_put_uint(b, handle);
    kai_put_array(b, KAI_IHAVE_IDS_MAX);
    for (size_t k = 0; k < KAI_IHAVE_IDS_MAX; k++) {
        h->random(h->ctx, log, sizeof log);
        kai_put_array(b, 2);
        kai_put_bin(b, log, sizeof log);
        kai_put_uint(b, 1u << 20);
    }
}

void evil_put_note(struct kai_buf *b, struct kai_view note)
{
    kai_put_frame(b, KAI_MSG_PEERS, 1);
    kai_put_array(b, 1);
    kai_put_view(b, note);
}

void evil_token_of(uint8_t token[static 16], const uint8_t *route, const uint8_t *my_nonce,
                   const uint8_t *its_nonce, const uint8_t *my_curve, const uint8_t *its_curve)
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_MATCH, route, 16);
    kai_hash_add(&h, my_nonce, 32);
    kai_hash_add(&h, its_nonce, 32);
    kai_hash_add(&h, my_curve, KAI_KEY_BYTES);
    kai_hash_add(&h, its_curve, KAI_KEY_BYTES);
    kai_hash_u64(&h, 1);
    kai_hash_end(&h, token);
}

/* ---- What was heard. */

static bool is_log(struct kai_view hdr, const uint8_t *log_pk)
{
    struct kai_hdr h;

    return kai_hdr_parse(&h, hdr) == KAI_OK && memcmp(h.log_pk, log_pk, KAI_KEY_BYTES) == 0;
}

size_t evil_frame_entries(struct kai_frame *f, const uint8_t *log_pk)
{
    struct kai_view hdr, sig, payload;
    size_t n = 0;

    for (uint32_t i = 0; f->type == KAI_MSG_ENTRIES && i < f->n; i++) {
        kai_frame_parts(f, &hdr, &sig, &payload);
        n += sig.n == KAI_SIG_BYTES && is_log(hdr, log_pk);
    }
    return n;
}

bool evil_frame_names(struct kai_frame *f, const uint8_t *log_pk)
{
    struct kai_rb_range r;
    struct kai_rb_row row;
    bool found = false;

    if (f->type == KAI_MSG_PUSH || f->type == KAI_MSG_PROOF)
        return is_log(f->hdr, log_pk);
    if (f->type == KAI_MSG_ENTRIES)
        return evil_frame_entries(f, log_pk) > 0;
    for (uint32_t i = 0; f->type == KAI_MSG_RB && i < f->n; i++) {
        kai_frame_range(f, &r);
        for (uint32_t k = 0; k < r.n_rows; k++) {
            kai_range_row(&r, &row);
            found = found || memcmp(row.log_pk, log_pk, row.log_n) == 0;
        }
    }
    return found;
}
