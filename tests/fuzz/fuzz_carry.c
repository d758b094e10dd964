/* fuzz_carry: carry files that reach a live engine. The first byte: 0, the rest is a file as it
 * stands; else a script of chunks that an admitted node seals for it.
 *
 * Each step is one byte and what it takes: 0 who made it, truly (1: kind), 1 a chunk as it stands
 * (2 bytes of length), 2 the true name of audience 0, 3 a true entry of it with one byte changed, 4
 * let time pass, 5 from the first chunk once more, 6 the end, 7 another file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "topology/carry.h"
#include "topology/sim/sim_int.h"
#include "wire/put.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *p;
    size_t n;
    struct kai_sim *s;
    struct kai_carry *f;
    struct kai_carry_key k;
    struct kai_buf plain, out;
    unsigned files;
};

static uint8_t take(struct script *c)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->p++;
}

static void same(void *ctx, void *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static bool answer(enum kai_err err)
{
    return err == KAI_OK || err == KAI_EMALFORMED || err == KAI_EDENIED || err == KAI_EAGAIN ||
           err == KAI_ENOTFOUND || err == KAI_EBUSY;
}

static void another(struct script *c)
{
    struct kai_why why = {0};

    kai_carry_close(c->f);
    c->f = NULL;
    if (c->files++ > 4)
        return;
    kai_buf_clear(&c->out);
    MUST(kai_carry_head_make(&c->out, &c->k, kai_ctl_charter(c->s->node[0].ctl)->nid,
                             c->s->node[0].kx_pk, same, NULL) == KAI_OK);
    MUST(kai_carry_open(&c->f, kai_sim_net(c->s, 0), kai_buf_view(&c->out), c->s->now,
                        SIM_WALL_MS + c->s->now, &why) == KAI_OK);
}

/* Seal what is in plain, and bring it. */
static void bring(struct script *c, bool last)
{
    static const uint8_t nonce[KAI_NONCE_BYTES];
    struct kai_view rest, box;
    struct kai_why why = {0};

    kai_buf_clear(&c->out);
    if (!c->f || c->plain.err || c->plain.len > KAI_FRAME_BYTES_MAX || c->k.ended)
        return;
    MUST(kai_chunk_seal(&c->out, &c->k, kai_buf_view(&c->plain), last, nonce) == KAI_OK);
    rest = kai_buf_view(&c->out);
    MUST(kai_chunk_cut(&rest, &box) == KAI_OK && rest.n == 0);
    enum kai_err err = kai_carry_feed(c->f, box, c->s->now, SIM_WALL_MS + c->s->now, &why);
    MUST(answer(err));
    if (err)
        another(c);
}

static void put_from(struct script *c)
{
    struct kai_carry_record r = {.kind = take(c), .volume = 1};

    memcpy(r.sender_cert, c->s->node[1].node_cert, KAI_ID_BYTES);
    memcpy(r.sender_pk, c->s->node[1].sign.pk, KAI_KEY_BYTES);
    memcpy(r.to, c->s->node[0].node_id, KAI_ID_BYTES);
    memcpy(r.eph_pk, c->k.eph_pk, KAI_KEY_BYTES);
    memcpy(r.commit, c->k.commit, KAI_ID_BYTES);
    kai_carry_put_from(&c->plain, &r, kai_ctl_charter(c->s->node[0].ctl)->nid,
                       c->s->node[1].sign.sk);
}

static void put_share(struct script *c)
{
    struct kai_carry_record r = {.handle = 1, .n_tokens = 1};
    const struct kai_epoch *e;
    struct kai_hasher h;

    memcpy(r.aud_id, c->s->aud[0].id, KAI_ID_BYTES);
    if (kai_keyring_epochs(c->s->node[1].keyring, r.aud_id, &e) > 0) {
        kai_kdf_begin(&h, KAI_D_CMATCH, e->route, 16);
        kai_hash_add(&h, c->k.commit, KAI_ID_BYTES);
        kai_hash_end(&h, r.tokens[0]);
    }
    kai_carry_put_share(&c->plain, &r);
}

static void put_entry(struct script *c)
{
    struct kai_entry e;
    size_t at = take(c);
    uint8_t with = take(c);

    if (!kai_sim_entry(c->s, 1, 0, 0, 1 + take(c) % 3u, &e))
        return;
    kai_put_frame(&c->plain, KAI_MSG_ENTRIES, 3);
    kai_put_uint(&c->plain, 1);
    kai_put_array(&c->plain, 1);
    kai_put_array(&c->plain, 3);
    kai_put_view(&c->plain, e.hdr);
    kai_put_view(&c->plain, e.sig);
    kai_put_view(&c->plain, e.payload);
    kai_put_bool(&c->plain, false);
    c->plain.p[at * 2 % c->plain.len] ^= with;
}

static void step(struct script *c)
{
    uint8_t op = take(c);
    size_t n;

    kai_buf_clear(&c->plain);
    if (op == 0) {
        put_from(c);
    } else if (op == 1) {
        n = take(c);
        n = n << 8 | take(c);
        n = n < c->n ? n : c->n;
        kai_buf_add(&c->plain, c->p, n);
        c->p += n;
        c->n -= n;
    } else if (op == 2) {
        put_share(c);
    } else if (op == 3) {
        put_entry(c);
    } else if (op == 4) {
        kai_sim_run(c->s, 20u + take(c));
        return;
    } else if (op == 5 && c->f) {
        kai_carry_again(c->f);
        c->k.next = 0;
        c->k.ended = false;
        return;
    } else if (op == 6) {
        kai_carry_put_end(&c->plain, take(c) & 1);
    } else {
        another(c);
        return;
    }
    bring(c, op == 6);
}

static void file_as_it_stands(struct script *c)
{
    struct kai_view head =
        kai_view_of(c->p, c->n < KAI_CARRY_HEAD_BYTES ? c->n : KAI_CARRY_HEAD_BYTES);
    struct kai_view rest = kai_view_of(c->p + head.n, c->n - head.n), box;
    struct kai_why why = {0};
    enum kai_err err =
        kai_carry_open(&c->f, kai_sim_net(c->s, 0), head, c->s->now, SIM_WALL_MS + c->s->now, &why);

    MUST(answer(err));
    while (err == KAI_OK && (err = kai_chunk_cut(&rest, &box)) == KAI_OK)
        err = kai_carry_feed(c->f, box, c->s->now, SIM_WALL_MS + c->s->now, &why);
    MUST(answer(err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_sim_options o = {.seed = 3, .n_nodes = 2, .latency_ms = 10, .no_dials = true};
    struct script c = {.p = data, .n = size, .s = kai_sim_new(&o)};
    struct kai_net_counters count;

    kai_buf_init(&c.plain, KAI_FRAME_BYTES_MAX);
    kai_buf_init(&c.out, 2 * KAI_FRAME_BYTES_MAX);
    kai_sim_connect(c.s, 1, 0); /* Introduces node 1. */
    for (int i = 0; i < 100 && !kai_sim_may_publish(c.s, 1, 0); i++)
        kai_sim_run(c.s, 20); /* Until it has heard of the audience. */
    kai_sim_cut_all(c.s);
    kai_sim_publish(c.s, 1, 0, 50);
    kai_sim_publish(c.s, 1, 0, 60);
    kai_sim_run(c.s, 20);
    if (take(&c) == 0)
        file_as_it_stands(&c);
    else
        another(&c);
    for (int i = 0; i < 200 && c.n > 0 && c.files > 0; i++)
        step(&c);
    kai_sim_run(c.s, 500);
    kai_net_counters(kai_sim_net(c.s, 0), &count);
    MUST(count.memory_bytes < 2 * KAI_PEER_BYTES_MAX);
    MUST(kai_sim_violations(c.s) == 0);
    kai_carry_close(c.f);
    kai_sim_free(c.s);
    kai_buf_free(&c.plain);
    kai_buf_free(&c.out);
    return 0;
}
