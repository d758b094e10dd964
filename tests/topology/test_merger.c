/* test_merger: organisations take over others' places in groups, under faults; the oracle says by
 * the script who may be told of what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "topology/sim/sim_int.h"

/* 1 to 5 are the founder's, 6 and 7 the contractors of 1; 5 may see GREEN and no more. */
enum { GROUP, FIRMS, N_ORGS = 8 };

static struct kai_sim *start(uint64_t seed, unsigned faults)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {.seed = seed,
                                .plan = &p,
                                .introduced = true,
                                .latency_ms = 40,
                                .loss = faults,
                                .dup = faults,
                                .reorder = faults};

    memset(&p, 0, sizeof p);
    p.n_orgs = N_ORGS;
    p.org[5].label_max = 2;
    for (size_t i = 6; i < N_ORGS; i++) {
        p.org[i].parent = 1;
        p.org[i].caps = KAI_CAP_PUBLISH | KAI_CAP_RELAY | KAI_CAP_PROVIDER;
    }
    p.n_auds = 2;
    p.aud[GROUP] = (struct kai_sim_aud){
        .kind = KAI_AUD_GROUP, .owner = 1, .label_max = 3, .history = KAI_HISTORY_ALL};
    kai_orgs_add(&p.aud[GROUP].members, 1);
    kai_orgs_add(&p.aud[GROUP].members, 2);
    p.aud[FIRMS] = (struct kai_sim_aud){
        .kind = KAI_AUD_PROVIDERS, .owner = 1, .label_max = 3, .history = KAI_HISTORY_ALL};
    kai_orgs_add(&p.aud[FIRMS].members, 6);
    struct kai_sim *s = kai_sim_new(&o);
    kai_sim_run(s, 90000);
    return s;
}

static void write_all(struct kai_sim *s)
{
    for (size_t i = 0; i < N_ORGS; i++)
        for (size_t a = 0; a < 2; a++)
            if (kai_sim_may_publish(s, i, a))
                kai_sim_publish(s, i, a, 100);
}

/* in: one digit for each node, as script and oracle have it. */
static void expect(struct kai_sim *s, size_t aud, const char *in)
{
    for (size_t i = 0; i < N_ORGS; i++)
        if (kai_sim_is_member(s, i, aud) != (in[i] == '1'))
            fail_msg("node %zu of %s", i, in);
}

static void quiet(struct kai_sim *s)
{
    size_t no_key;

    for (size_t i = 0; i < 40 && !(kai_sim_converged(s, NULL) && kai_sim_aud_read(s, GROUP, NULL) &&
                                   kai_sim_aud_read(s, FIRMS, NULL));
         i++)
        kai_sim_run(s, 10000);
    if (!kai_sim_converged(s, NULL))
        kai_sim_explain(s, stderr);
    assert_true(kai_sim_converged(s, NULL));
    assert_true(kai_sim_aud_read(s, GROUP, stderr));
    assert_true(kai_sim_aud_read(s, FIRMS, stderr));
    assert_int_equal(kai_sim_unread(s, NULL, &no_key), 0);
    assert_int_equal(no_key, 0);
    assert_int_equal(kai_sim_violations(s), 0);
    assert_int_equal(kai_sim_leaks(s, NULL), 0);
}

/* What engines think of it is what the oracle thinks. */
static void agree(const struct kai_sim *s)
{
    for (size_t by = 0; by < N_ORGS; by++)
        for (size_t of = 0; of < N_ORGS; of++)
            for (size_t a = 0; a < 2; a++) {
                const struct sim_node *n = &s->node[by];

                if (!kai_sim_is_member(s, by, a))
                    continue;
                const struct kai_node *other =
                    kai_roster_node(kai_net_roster(n->net), s->node[of].node_id);
                assert_int_equal(kai_keyring_eligible(n->keyring, s->aud[a].id, other),
                                 sim_oracle_member(s, n, of, a));
            }
}

static void mergers(void **state)
{
    static const uint64_t seeds[] = {1, 2, 3, 4,
                                     5, 6, 55}; /* 55: a newcomer by a steward's word. */

    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uint64_t seed = seeds[i];
        struct kai_sim *s = start(seed, seed % 2 == 0 ? 0 : 50);

        write_all(s);
        expect(s, GROUP, "01100000");
        expect(s, FIRMS, "01000010");
        if (seed > 3) /* Its sides hear of it late, and of half of it. */
            kai_sim_partition(s, 1u << 3 | 1u << 4 | 1u << 6);
        kai_sim_merge(s, 2, 3);
        kai_sim_merge(s, 3, 4);
        kai_sim_merge(s, 6, 7);
        kai_sim_run(s, 20000);
        write_all(s);
        kai_sim_restart(s, 1 + seed % 4);
        kai_sim_partition(s, 0);
        expect(s, GROUP, "01111000");
        expect(s, FIRMS, "01000011");
        kai_sim_run(s, 60000);
        write_all(s);
        quiet(s);
        agree(s);
        kai_sim_revoke(s, 2); /* The old one goes, and what it gave stays given. */
        kai_sim_run(s, 60000);
        write_all(s);
        expect(s, GROUP, "01011000");
        kai_sim_merge(s, 4, 5); /* It may not see as much as is in there. */
        kai_sim_revoke(s, 3);
        kai_sim_run(s, 60000);
        write_all(s);
        expect(s, GROUP, "01001000");
        quiet(s);
        agree(s);
        kai_sim_free(s);
    }
}

/* Organisations that asked about every group long ago, and were told nothing, come into the places
 * of members. They share but a community with the stewards, and
 * ask again. */
static void heirs_ask_again(void **state)
{
    enum { N = 60, GROUPS = 8, LEFT = 9, OLD = 20, HEIR = 40, OTHERS = 48 };
    static struct kai_sim_plan p;
    struct kai_sim_options o = {.seed = 7, .plan = &p, .introduced = true, .latency_ms = 20};

    (void)state;
    memset(&p, 0, sizeof p);
    p.n_orgs = N;
    p.n_auds = GROUPS + 2;
    p.aud[GROUPS] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    p.aud[LEFT] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP, .owner = 9};
    kai_orgs_add(&p.aud[LEFT].members, 9);
    kai_orgs_add(&p.aud[LEFT].members, OTHERS);
    struct kai_orgs left = p.aud[LEFT].members;
    for (size_t a = 0; a < GROUPS; a++)
        kai_orgs_add(&p.aud[LEFT].members, HEIR + a);
    for (size_t a = 0; a < GROUPS; a++) {
        p.aud[a] = (struct kai_sim_aud){
            .kind = KAI_AUD_GROUP, .owner = 1 + a, .label_max = 3, .history = KAI_HISTORY_ALL};
        kai_orgs_add(&p.aud[a].members, 1 + a);
        kai_orgs_add(&p.aud[a].members, OLD + a);
        for (size_t i = OTHERS; i < N; i++) /* Who has links enough dials no newcomer. */
            kai_orgs_add(&p.aud[a].members, i);
    }
    struct kai_sim *s = kai_sim_new(&o);
    kai_sim_run(s, 20000);
    kai_sim_change(s, LEFT, &left); /* About this one they ask for ever, each 5 minutes. */
    kai_sim_run(s, 240000);
    for (size_t a = 0; a < GROUPS; a++) {
        assert_false(kai_sim_may_publish(s, HEIR + a, a));
        kai_sim_merge(s, OLD + a, HEIR + a);
    }
    kai_sim_run(s, 300); /* The word is there, and nobody has asked yet. */
    kai_sim_restart(s, HEIR);
    kai_sim_run(s, 60000);
    for (size_t a = 0; a < GROUPS; a++)
        if (!kai_sim_may_publish(s, HEIR + a, a))
            fail_msg("%zu has no key of group %zu", HEIR + a, a);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mergers),
                                       cmocka_unit_test(heirs_ask_again)};

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
