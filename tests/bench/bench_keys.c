/* bench_keys: what membership and epochs cost: a roster of 5,000 certificates, an epoch for 2,000
 * members. */
#include "keys/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ORGS          100u
#define NODES_PER_ORG 48u
#define MEMBERS       2000u

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum kai_err count_bytes(void *ctx, struct kai_view payload,
                                const uint8_t kid[static KAI_TAG_BYTES],
                                const uint8_t tag[static KAI_TAG_BYTES])
{
    (void)kid;
    (void)tag;
    *(size_t *)ctx += payload.n;
    return KAI_OK;
}

int main(void)
{
    struct world w;
    struct tsub f, fi, org, key, node, first;
    struct kai_ctl *ctl;
    struct kai_roster *r;
    struct kai_keyring *k;
    struct kai_self self;
    const struct kai_node *nodes;
    const struct kai_node *members[MEMBERS];
    size_t bytes = 0;

    if (sodium_init() < 0)
        return 1;
    world_init(&w, 1, &f, 1, 1);
    world_key(&w, &fi);
    world_admit(&w, &f.log, &fi, KAI_ADMIT_ISSUING, NULL);
    for (size_t i = 0; i < ORGS; i++) {
        world_key(&w, &org);
        world_key(&w, &key);
        world_admit(&w, &fi.log, &org, KAI_ADMIT_ORG, NULL);
        world_admit(&w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
        for (size_t n = 0; n < NODES_PER_ORG; n++) {
            world_key(&w, &node);
            world_admit(&w, &key.log, &node, KAI_ADMIT_NODE, NULL);
        }
    }
    world_key(&w, &first);
    world_admit(&w, &fi.log, &first, KAI_ADMIT_NODE, NULL);
    struct kai_aud_rec rec = {
        .ver = 1, .kind = KAI_AUD_COMMUNITY, .rule_open = true, .label_max = 2, .n_stewards = 1};
    memcpy(rec.stewards[0], f.id, KAI_ID_BYTES);
    world_audience(&w, &fi.log, &rec);

    double t = now_s();
    ctl = world_ctl(&w);
    double taken = now_s() - t;
    printf("take in     %6zu control entries: %8.1f ms, %.0f a second\n", w.n, taken * 1e3,
           (double)w.n / taken);
    t = now_s();
    MUST(kai_roster_build(&r, ctl));
    printf("roster      %6zu certificates:    %8.1f ms\n", w.n - 1, (now_s() - t) * 1e3);

    memset(&self, 0, sizeof self);
    memcpy(self.node_id, first.id, KAI_ID_BYTES);
    memcpy(self.node_cert, first.cert, KAI_ID_BYTES);
    memcpy(self.sign_sk, first.log.sk, 64);
    memcpy(self.kx_sk, first.kx_sk, KAI_KEY_BYTES);
    memcpy(self.kx_pk, first.kx_pk, KAI_KEY_BYTES);
    MUST(kai_keyring_new(&k, &self));
    t = now_s();
    MUST(kai_keyring_roster(k, r));
    printf("keyring takes the roster:         %8.1f ms\n", (now_s() - t) * 1e3);
    size_t n = kai_roster_nodes(r, &nodes);
    for (size_t i = 0; i < MEMBERS && i < n; i++)
        members[i] = &nodes[i];
    struct kai_mint m = {.members = members, .n_members = MEMBERS, .first_seq = 1};
    kai_aud_id(m.aud_id, f.id, rec.nonce);
    t = now_s();
    MUST(kai_epoch_mint(k, &m, world_fill, &w, count_bytes, &bytes));
    printf("mint        %6u members:         %8.1f ms, %zu bytes\n", MEMBERS, (now_s() - t) * 1e3,
           bytes);
    kai_keyring_free(k);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    world_free(&w);
    return 0;
}
