/* bench_keys: what membership and epochs cost: a roster of 5,000 certificates; the rotation of an
 * audience of 2,000 members beside the bare cost of 2,000 wraps. */
#include "keys/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/domains.h"
#include "crypto/seal.h"

#define ORGS          100u
#define NODES_PER_ORG 48u
#define MEMBER_ORGS   40u /* Of these: the audience has so many and the steward's node. */
#define ROUNDS        5u

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *x, const void *y)
{
    const double *a = x;
    const double *b = y;

    return *a < *b ? -1 : *a > *b;
}

static double median(double t[static ROUNDS])
{
    qsort(t, ROUNDS, sizeof *t, by_size);
    return t[ROUNDS / 2];
}

struct bench {
    struct world w;
    struct tsub f, fi, first;
    struct kai_ctl *ctl;
    struct kai_roster *r;
    struct kai_keyring *k;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct tlog key_log;
    struct tentry parts[KAI_EPOCH_PARTS_MAX];
    size_t n_parts;
    size_t bytes;
};

static enum kai_err emit(void *ctx, struct kai_view payload,
                         const uint8_t kid[static KAI_TAG_BYTES],
                         const uint8_t tag[static KAI_TAG_BYTES])
{
    struct bench *b = ctx;
    struct tentry *p = &b->parts[b->n_parts++];
    struct kai_hdr h = {.seq = b->key_log.seq + 1, .ts = 1000, .ptype = KAI_PTYPE_EPOCH};

    memcpy(h.log_pk, b->key_log.pk, KAI_KEY_BYTES);
    memcpy(h.prev, b->key_log.head, KAI_ID_BYTES);
    memcpy(h.kid, kid, KAI_TAG_BYTES);
    memcpy(h.tag, tag, KAI_TAG_BYTES);
    kai_buf_init(&p->bytes, 4096);
    kai_buf_init(&p->payload, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_add(&p->payload, payload.p, payload.n);
    MUST(kai_entry_make(&p->e, &p->bytes, &h, b->key_log.sk, b->w.charter.nid,
                        kai_buf_view(&p->payload)));
    b->key_log.seq++;
    memcpy(b->key_log.head, p->e.hash, KAI_ID_BYTES);
    b->bytes += p->e.hdr.n + p->e.sig.n + p->e.payload.n;
    return KAI_OK;
}

static void build(struct bench *b)
{
    struct tsub org, key, node;

    world_init(&b->w, 1, &b->f, 1, 1);
    world_key(&b->w, &b->fi);
    world_admit(&b->w, &b->f.log, &b->fi, KAI_ADMIT_ISSUING, NULL);
    for (size_t i = 0; i < ORGS; i++) {
        struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

        /* 2,000 nodes in the audience, and others beside it. */
        if (i < MEMBER_ORGS) {
            terms.n_attrs = 1;
            terms.attrs[0] = (struct kai_attr){.key = "in", .value = "yes"};
        }
        world_key(&b->w, &org);
        world_key(&b->w, &key);
        world_admit(&b->w, &b->fi.log, &org, KAI_ADMIT_ORG, &terms);
        world_admit(&b->w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
        for (size_t n = 0; n < NODES_PER_ORG + (i < MEMBER_ORGS ? 2 : 0); n++) {
            world_key(&b->w, &node);
            world_admit(&b->w, &key.log, &node, KAI_ADMIT_NODE, NULL);
            /* The steward that waits for nobody. */
            if (i == 0 && (n == 0 || memcmp(node.id, b->first.id, KAI_ID_BYTES) < 0))
                b->first = node;
        }
        if (i == 0) { /* Its node is the steward. */
            b->rec = (struct kai_aud_rec){.ver = 1,
                                          .kind = KAI_AUD_COMMUNITY,
                                          .rule_open = true,
                                          .n_rule = 1,
                                          .rule = {{.key = "in", .value = "yes"}},
                                          .label_max = 2,
                                          .n_stewards = 1};
            memcpy(b->rec.stewards[0], org.id, KAI_ID_BYTES);
        }
    }
    world_audience(&b->w, &b->fi.log, &b->rec);
    kai_aud_id(b->aud, b->f.id, b->rec.nonce);
    world_key(&b->w, &key);
    b->key_log = key.log;
}

static struct kai_keyring *ring(const struct bench *b, const struct tsub *s)
{
    struct kai_self self;
    struct kai_keyring *k;

    memset(&self, 0, sizeof self);
    memcpy(self.node_id, s->id, KAI_ID_BYTES);
    memcpy(self.node_cert, s->cert, KAI_ID_BYTES);
    memcpy(self.sign_sk, s->log.sk, 64);
    memcpy(self.kx_sk, s->kx_sk, KAI_KEY_BYTES);
    memcpy(self.kx_pk, s->kx_pk, KAI_KEY_BYTES);
    MUST(kai_keyring_new(&k, &self));
    MUST(kai_keyring_roster(k, b->r));
    return k;
}

static void control(struct bench *b)
{
    double t = now_s();

    b->ctl = world_ctl(&b->w);
    double taken = now_s() - t;
    printf("take in     %6zu control entries: %8.1f ms, %.0f a second\n", b->w.n, taken * 1e3,
           (double)b->w.n / taken);
    t = now_s();
    MUST(kai_roster_build(&b->r, b->ctl));
    printf("roster      %6zu certificates:    %8.1f ms\n", b->w.n - 1, (now_s() - t) * 1e3);
    t = now_s();
    b->k = ring(b, &b->first);
    printf("keyring takes the roster:         %8.1f ms\n", (now_s() - t) * 1e3);
}

/* As many wraps and nothing else. */
static double wraps(const struct bench *b, size_t n)
{
    uint8_t slot[KAI_SLOT_BYTES], eph_sk[KAI_KEY_BYTES], eph_pk[KAI_KEY_BYTES], secret[32] = {1};
    struct kai_slot_ctx ctx = {.domain = KAI_D_WRAP,
                               .nid = b->w.charter.nid,
                               .aud_id = b->aud,
                               .commit = secret,
                               .eph_pk = eph_pk};
    const struct kai_node *nodes;
    size_t all = kai_roster_nodes(b->r, &nodes);

    randombytes_buf(eph_sk, sizeof eph_sk);
    (void)crypto_scalarmult_base(eph_pk, eph_sk);
    double t = now_s();
    for (size_t i = 0; i < n; i++)
        MUST(kai_slot_make(slot, &ctx, eph_sk, nodes[i % all].kx_pk, secret));
    return now_s() - t;
}

static void rotation(struct bench *b)
{
    double duty[ROUNDS], mint[ROUNDS], own[ROUNDS], other[ROUNDS], bare[ROUNDS];
    uint8_t aud[KAI_ID_BYTES];
    size_t members = 0;

    struct kai_keyring *reader = ring(b, &b->first);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct kai_duty d;
        uint64_t next;
        struct kai_mint m = {.first_seq = b->key_log.seq + 1};

        b->n_parts = 0;
        b->bytes = 0;
        double t = now_s(); /* Each is 31 days older than the one before. */
        MUST(kai_keyring_duty(b->k, 1000 + i * 31 * 86400000ull, &d, &next));
        duty[i] = now_s() - t;
        members = m.n_members = d.n_members;
        m.members = (const struct kai_node *const *)d.members;
        memcpy(m.aud_id, b->aud, KAI_ID_BYTES);
        memcpy(m.key_log_pk, b->key_log.pk, KAI_KEY_BYTES);
        t = now_s();
        MUST(kai_epoch_mint(b->k, &m, world_fill, &b->w, emit, b));
        mint[i] = now_s() - t;
        t = now_s();
        for (size_t p = 0; p < b->n_parts; p++)
            MUST(kai_keyring_epoch(b->k, &b->parts[p].e, aud));
        own[i] = now_s() - t;
        t = now_s();
        for (size_t p = 0; p < b->n_parts; p++)
            MUST(kai_keyring_epoch(reader, &b->parts[p].e, aud));
        other[i] = now_s() - t;
        bare[i] = wraps(b, members);
        for (size_t p = 0; p < b->n_parts; p++) {
            kai_buf_free(&b->parts[p].bytes);
            kai_buf_free(&b->parts[p].payload);
        }
        free(d.members);
    }
    double m = median(mint);
    double w = median(bare);
    printf("rotation for %5zu members:        %8.1f ms to mint, %zu bytes in %zu entries\n",
           members, m * 1e3, b->bytes, b->n_parts);
    printf("  the bare wraps, same run:       %8.1f ms, %zu bytes; the rotation costs %.2f of it\n",
           w * 1e3, members * KAI_SLOT_BYTES, m / w);
    printf("  to see that it is due:          %8.1f ms\n", median(duty) * 1e3);
    printf("  to take it in, the steward:     %8.1f ms; a member: %.1f ms\n", median(own) * 1e3,
           median(other) * 1e3);
    kai_keyring_free(reader);
}

int main(void)
{
    static struct bench b;

    if (sodium_init() < 0)
        return 1;
    build(&b);
    control(&b);
    rotation(&b);
    kai_keyring_free(b.k);
    kai_roster_unref(b.r);
    kai_ctl_free(b.ctl);
    world_free(&b.w);
    return 0;
}
