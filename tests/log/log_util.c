/* log_util: fixed keys, a repeatable "random" source and an own log for tests of lib/log. */
#include "log/log_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"

/* splitmix64: repeatable everywhere. */
uint64_t rng_u64(struct rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    return rng_u64(r) % n;
}

void rng_fill(void *rng, void *out, size_t n)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i += 8) {
        uint8_t be[8];

        kai_put_u64(be, rng_u64(rng));
        memcpy(p + i, be, n - i < 8 ? n - i : 8);
    }
}

void world_init(struct world *wd, uint64_t seed)
{
    uint8_t key_seed[32];

    if (sodium_init() < 0)
        abort();
    *wd = (struct world){.rng = {seed}};
    rng_fill(&wd->rng, wd->nid, 32);
    rng_fill(&wd->rng, wd->epoch_key, 32);
    rng_fill(&wd->rng, wd->aud_id, 32);
    rng_fill(&wd->rng, wd->origin_cert, 32);
    rng_fill(&wd->rng, key_seed, 32);
    (void)crypto_sign_seed_keypair(wd->node_pk, wd->node_sk, key_seed);
    rng_fill(&wd->rng, key_seed, 32);
    (void)crypto_sign_seed_keypair(wd->log_pk, wd->log_sk, key_seed);
    wd->w.nid = wd->nid;
    wd->w.log_sk = wd->log_sk;
    wd->w.epoch_key = wd->epoch_key;
    memcpy(wd->w.log_pk, wd->log_pk, 32);
    rng_fill(&wd->rng, wd->w.tag, 16);
    rng_fill(&wd->rng, wd->w.kid, 16);
}

struct kai_seal_place world_place(const struct world *wd, const struct kai_hdr *h)
{
    return (struct kai_seal_place){.nid = wd->nid,
                                   .log_pk = h->log_pk,
                                   .seq = h->seq,
                                   .prev = h->prev,
                                   .tag = h->tag,
                                   .kid = h->kid,
                                   .ts = h->ts};
}

struct kai_batch_options world_options(struct world *wd, kai_batch_fn *emit, void *ctx)
{
    struct kai_batch_options opt = {
        .obj = {.tlp = 3, .n_auds = 1},
        .node_sk = wd->node_sk,
        .now_ms = 1767225600000u, /* 2026-01-01T00:00:00Z */
        .items_max = KAI_BATCH_ITEMS_MAX,
        .random = rng_fill,
        .random_ctx = &wd->rng,
        .emit = emit,
        .emit_ctx = ctx,
    };

    memcpy(opt.obj.aud[0], wd->aud_id, 32);
    memcpy(opt.obj.origin_cert, wd->origin_cert, 32);
    return opt;
}

size_t stix_make(struct rng *r, char *out, size_t cap)
{
    uint8_t id[16];
    uint8_t who[16];
    unsigned day = (unsigned)rng_below(r, 28) + 1;
    unsigned ms = (unsigned)rng_below(r, 1000000);
    struct rng author = {rng_below(r, 3)}; /* A few identities. */
    char when[40];

    rng_fill(r, id, sizeof id);
    rng_fill(&author, who, sizeof who);
    (void)snprintf(when, sizeof when, "2026-01-%02uT%02u:%02u:%02u.%06uZ", day, ms % 24, ms % 60,
                   ms % 59, ms);
    int n = snprintf(
        out, cap,
        "{\"type\": \"indicator\", \"spec_version\": \"2.1\", \"id\": "
        "\"indicator--%08llx-%04x-4%03x-a%03x-%012llx\", \"created_by_ref\": "
        "\"identity--%08llx-0000-4000-8000-%012llx\", \"created\": \"%s\", \"modified\": \"%s\", "
        "\"name\": \"Address seen in campaign %llu\", \"indicator_types\": "
        "[\"malicious-activity\"], "
        "\"pattern\": \"[ipv4-addr:value = '198.51.100.%u'] OR [domain-name:value = "
        "'h%llx.example.com']\", \"pattern_type\": \"stix\", \"pattern_version\": \"2.1\", "
        "\"valid_from\": \"%s\", \"labels\": [\"c2\"], \"confidence\": %u}",
        (unsigned long long)(kai_get_u64(id) >> 32), id[4] * 256u + id[5], id[6] * 16u, id[7] * 16u,
        (unsigned long long)(kai_get_u64(id + 8) >> 16),
        (unsigned long long)(kai_get_u64(who) >> 32),
        (unsigned long long)(kai_get_u64(who + 8) >> 16), when, when,
        (unsigned long long)rng_below(r, 40), (unsigned)rng_below(r, 256),
        (unsigned long long)rng_below(r, 1u << 30), when, (unsigned)rng_below(r, 100));

    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

void tape_init(struct tape *t)
{
    *t = (struct tape){0};
    kai_buf_init(&t->bytes, (size_t)1 << 30);
}

void tape_free(struct tape *t)
{
    kai_buf_free(&t->bytes);
}

enum kai_err tape_emit(void *tape, const struct kai_entry *e, size_t n_items)
{
    struct tape *t = tape;

    kai_entry_write(&t->bytes, e, true);
    t->n++;
    t->items += n_items;
    t->payload_sum += e->payload.n;
    return t->bytes.err;
}
