/* test_overlay: whom a node dials, whom it lets stay, and how who is in a closed audience hears of
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim_int.h"
#include "topology/state.h"

/* n organisations of one node each, all known to all; audience 0 is a community of everybody, 1 one
 * of the organisations of water, the first of whom owns it: n_water of them, from 1 up (the founder
 * has no certificate that could say so). */
static void plan_of(struct kai_sim_plan *p, size_t n, size_t n_water)
{
    memset(p, 0, sizeof *p);
    p->n_orgs = n;
    p->n_auds = 2;
    for (size_t i = 1; i <= n_water; i++)
        p->org[i].water = true;
    p->aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    p->aud[1] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY, .water = true, .owner = 1};
}

static struct kai_sim *open_sim(const struct kai_sim_plan *p, bool dials)
{
    struct kai_sim_options o = {
        .seed = 51, .plan = p, .introduced = true, .latency_ms = 20, .no_dials = !dials};
    struct kai_sim *s = kai_sim_new(&o);

    kai_sim_run(s, 2000);
    return s;
}

static struct kai_sim *open_water(size_t n, size_t n_water, bool dials)
{
    struct kai_sim_plan *p = malloc(sizeof *p);
    struct kai_sim *s;

    assert_non_null(p);
    plan_of(p, n, n_water);
    s = open_sim(p, dials);
    free(p);
    return s;
}

/* Whom node `at` would dial now; SIM_NOBODY: nobody. */
static size_t next_dial(struct kai_sim *s, size_t at)
{
    struct kai_dial d;

    if (!kai_net_dial(s->node[at].net, &d, s->now, SIM_WALL_MS + s->now))
        return SIM_NOBODY;
    return sim_map_get(&s->node_by_curve, d.curve_pk);
}

static size_t links_of(struct kai_sim *s, size_t at)
{
    struct kai_overlay_info info;

    kai_net_overlay(s->node[at].net, &info);
    return info.links;
}

static bool linked(struct kai_sim *s, size_t a, size_t b)
{
    return kai_overlay_linked_to(s->node[a].net, s->node[b].node_id);
}

/* ---- Choosing. */

/* Who helps two audiences at once comes before who helps one; a few are dialled at once, and what
 * is on its way counts. */
static void test_who_helps_most_is_first(void **state)
{
    struct kai_sim *s = open_water(40, 5, false);
    size_t of_water = 0, links = 0, most = 0, at_once, to[8];

    (void)state;
    do {
        for (at_once = 0; at_once < 8 && (to[at_once] = next_dial(s, 1)) != SIM_NOBODY; at_once++)
            ;
        most = at_once > most ? at_once : most;
        for (size_t i = 0; i < at_once; i++, links++) {
            assert_true(links > 0 || (to[i] >= 2 && to[i] <= 5));
            of_water += to[i] >= 2 && to[i] <= 5;
            assert_true(kai_sim_connect(s, 1, to[i]));
        }
        kai_sim_run(s, 500);
    } while (at_once > 0);
    assert_in_range(most, 2, 4);
    /* Of 4, 2 are enough for so small an audience; where all serve alike they come first still. */
    assert_in_range(of_water, 2, links);
    assert_in_range(links, 3, 4);
    kai_sim_free(s);
}

static void flood(struct kai_sim *s, size_t at, bool *in, size_t n)
{
    in[at] = true;
    for (size_t i = 0; i < n; i++)
        if (!in[i] && linked(s, at, i))
            flood(s, i, in, n);
}

/* Everybody has a link to somebody who ranks before, and so there is one piece. */
static void test_audience_is_in_one_piece(void **state)
{
    enum { N = 48 };
    struct kai_sim *s = open_water(N, 8, true);
    bool in[N] = {false};
    size_t first = 0, links = 0;

    (void)state;
    kai_sim_run(s, 30000);
    for (size_t i = 0; i < N; i++) {
        uint64_t rank = kai_cover_rank(s->aud[0].id, s->node[i].node_id);
        size_t before = 0, lower = 0;
        for (size_t k = 0; k < N; k++) {
            bool less = k != i && kai_cover_rank(s->aud[0].id, s->node[k].node_id) < rank;
            lower += less;
            before += less && linked(s, i, k);
        }
        first += lower == 0;
        assert_true(lower == 0 || before > 0);
        assert_true(links_of(s, i) >= 3 && links_of(s, i) <= KAI_LINKS_SOFT);
        links += links_of(s, i);
    }
    assert_int_equal(first, 1);
    print_message("%.1f links a node\n", (double)links / N);
    assert_true(links < 10 * N);
    flood(s, 0, in, N);
    for (size_t i = 0; i < N; i++)
        assert_true(in[i]);
    kai_sim_free(s);
}

/* Two halves that heard nothing of each other for 45 minutes: whoever leads its half goes on trying
 * those before it, and with the first that answers all who were gone are tried again. */
static void test_halves_meet(void **state)
{
    struct kai_sim *s = open_water(30, 12, true);
    size_t entries;

    (void)state;
    kai_sim_run(s, 10000);
    kai_sim_partition(s, 0x7fff);
    for (int i = 0; i < 3; i++) {
        kai_sim_run(s, 900000);
        for (size_t k = 0; k < 30; k += 7)
            kai_sim_publish(s, k, 0, 100);
    }
    assert_false(kai_sim_converged(s, &entries));
    kai_sim_partition(s, 0);
    kai_sim_run(s, 60000);
    assert_true(kai_sim_converged(s, &entries));
    kai_sim_free(s);
}

static uint64_t waits(struct kai_sim *s, size_t of)
{
    const struct kai_place *p = kai_book_find(s->node[0].net, s->node[of].node_id);

    assert_non_null(p);
    return p->retry_ms > s->now ? p->retry_ms - s->now : 0;
}

/* Without any link nobody is waited for long; and with the first who is there again all are tried.
 */
static void test_nobody_answers(void **state)
{
    struct kai_sim *s = open_water(12, 0, false);

    (void)state;
    for (size_t i = 1; i < 12; i++)
        for (int k = 0; k < 9; k++)
            kai_net_on_undialled(s->node[0].net, s->node[i].curve_pk, s->now);
    for (size_t i = 1; i < 12; i++)
        assert_in_range(waits(s, i), 1, 22500);
    for (size_t i = 2; i < 12; i++)
        kai_book_find(s->node[0].net, s->node[i].node_id)->retry_ms = s->now + 300000;
    assert_true(kai_sim_connect(s, 0, 1));
    kai_sim_run(s, 1000);
    for (size_t i = 2; i < 12; i++)
        assert_in_range(waits(s, i), 0, 3000);
    kai_sim_free(s);
}

/* ---- Caps. */

/* Beyond the soft cap whom many can replace is a guest; whom few can replace stays. */
static void test_guests(void **state)
{
    enum { N = 48, FROM = 10, VICTIM = 1 };
    struct kai_sim *s = open_water(N, 6, false);
    size_t stay = 0;

    (void)state;
    for (size_t i = FROM; i < N; i++) {
        (void)kai_sim_connect(s, i, VICTIM);
        kai_sim_run(s, 300);
    }
    kai_sim_run(s, 1000);
    assert_int_equal(links_of(s, VICTIM), KAI_LINKS_SOFT);
    assert_true(linked(s, VICTIM, N - 1)); /* It hears what it lacks, */
    kai_sim_run(s, 11000);
    assert_false(linked(s, VICTIM, N - 1)); /* and goes. */
    for (size_t i = FROM; i < N; i++)
        stay += linked(s, VICTIM, i);
    assert_int_equal(stay, KAI_LINKS_SOFT);
    for (size_t i = 2; i <= 6; i++) { /* Water: six of them in all. */
        kai_sim_connect(s, i, VICTIM);
        kai_sim_run(s, 300);
    }
    kai_sim_run(s, 12000);
    for (size_t i = 2; i <= 6; i++)
        assert_true(linked(s, VICTIM, i));
    assert_true(links_of(s, VICTIM) > KAI_LINKS_SOFT && links_of(s, VICTIM) <= KAI_LINKS_MAX);
    kai_sim_free(s);
}

/* ---- Trying again. */

static void say_bye(struct kai_sim *s, enum kai_bye code)
{
    struct kai_hello h;
    struct kai_buf b;
    uint64_t link = kai_sim_raw_link(s, 0, 1, true);

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_sim_hello_as(s, 1, &h);
    kai_ctl_fingerprint(s->node[0].ctl, h.fingerprint);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    kai_buf_clear(&b);
    kai_put_number(&b, KAI_MSG_BYE, code);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    kai_buf_free(&b);
    kai_sim_run(s, 10);
}

static void test_busy_is_left_alone(void **state)
{
    static const struct {
        enum kai_bye code;
        uint64_t least_ms, most_ms;
    } rows[] = {{KAI_BYE_LOST, 450, 3100}, {KAI_BYE_BUSY, 30000, 90000}};

    (void)state;
    for (size_t r = 0; r < 2; r++) {
        struct kai_sim *s = open_water(2, 2, false);
        uint64_t began, waited;
        assert_int_equal(next_dial(s, 0), 1);
        began = s->now;
        if (rows[r].code == KAI_BYE_LOST)
            kai_net_on_undialled(s->node[0].net, s->node[1].curve_pk, s->now);
        else
            say_bye(s, rows[r].code);
        while (next_dial(s, 0) == SIM_NOBODY && s->now < began + 120000)
            kai_sim_run(s, 50);
        waited = s->now - began;
        assert_in_range(waited, rows[r].least_ms, rows[r].most_ms + 100);
        kai_sim_free(s);
    }
}

/* ---- Visits. */

/* Nobody of the group is linked to the newcomer, and it cannot know that it is in. */
static void test_newcomer_of_a_group(void **state)
{
    enum { N = 40 };
    struct kai_sim_plan *p = malloc(sizeof *p);
    struct kai_orgs members = {0};
    size_t newcomer = SIM_NOBODY, before;
    struct kai_sim *s;

    (void)state;
    assert_non_null(p);
    plan_of(p, N, 0);
    p->n_auds = 3;
    p->aud[2] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP, .owner = 1, .label_max = 3};
    kai_orgs_add(&p->aud[2].members, 1);
    kai_orgs_add(&p->aud[2].members, 2);
    s = open_sim(p, true);
    free(p);
    kai_sim_run(s, 120000);
    assert_true(kai_sim_may_publish(s, 2, 2));
    for (size_t i = 3; i < N && newcomer == SIM_NOBODY; i++)
        if (!linked(s, i, 1) && !linked(s, i, 2))
            newcomer = i;
    assert_int_not_equal(newcomer, SIM_NOBODY);
    kai_orgs_add(&members, 1);
    kai_orgs_add(&members, 2);
    kai_orgs_add(&members, newcomer);
    kai_sim_change(s, 2, &members);
    kai_sim_run(s, 20000);
    assert_true(kai_sim_may_publish(s, newcomer, 2));
    before = kai_sim_entries(s, 2, 2);
    kai_sim_publish(s, newcomer, 2, 100);
    kai_sim_run(s, 5000);
    assert_true(kai_sim_entries(s, 2, 2) > before);
    assert_true(kai_sim_aud_read(s, 2, NULL));
    /* All asked, and went; nobody else was told. */
    assert_true(kai_sim_counts(s).drops[KAI_BYE_DONE] > 0);
    for (size_t i = 3; i < N; i++)
        assert_int_equal(kai_sim_may_publish(s, i, 2), i == newcomer);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* Who is taken in waits no longer where there is much else to ask about. */
static void test_news_first(void **state)
{
    enum { N = 40, GROUPS = 36, CHANGED = 8 };
    struct kai_sim_plan *p = malloc(sizeof *p);
    struct kai_sim *s;
    size_t in = 0;

    (void)state;
    assert_non_null(p);
    plan_of(p, N, 0);
    p->n_auds = 2 + GROUPS;
    for (size_t g = 0; g < GROUPS; g++) {
        p->aud[2 + g] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP, .owner = 1 + g, .label_max = 3};
        kai_orgs_add(&p->aud[2 + g].members, 1 + g);
    }
    s = open_sim(p, true);
    free(p);
    kai_sim_run(s, 20000);
    for (size_t g = 0; g < CHANGED; g++) {
        struct kai_orgs members = {0};

        kai_orgs_add(&members, 1 + g);
        kai_orgs_add(&members, N - 1 - g);
        kai_sim_change(s, 2 + g, &members);
    }
    kai_sim_run(s, 15000);
    for (size_t g = 0; g < CHANGED; g++)
        in += kai_sim_may_publish(s, N - 1 - g, 2 + g);
    assert_int_equal(in, CHANGED);
    kai_sim_free(s);
}

static uint64_t visits_of(const struct kai_sim *s, size_t node)
{
    struct kai_net_counters c;

    kai_net_counters(s->node[node].net, &c);
    return c.visits;
}

/* What was asked about is not asked about again after a start. */
static void test_visits_are_remembered(void **state)
{
    enum { N = 24 };
    struct kai_sim_plan *p = malloc(sizeof *p);
    struct kai_orgs members = {0};
    struct kai_sim *s;
    struct kai_view asked;
    uint8_t kept[8];

    (void)state;
    assert_non_null(p);
    plan_of(p, N, 0);
    p->n_auds = 3;
    p->aud[2] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP, .owner = 1, .label_max = 3};
    kai_orgs_add(&p->aud[2].members, 1);
    kai_orgs_add(&members, 1);
    kai_orgs_add(&members, 2);
    s = open_sim(p, true);
    free(p);
    kai_sim_run(s, 240000);
    assert_true(visits_of(s, 5) > 0);
    asked = kai_net_visits(s->node[5].net);
    assert_int_equal(asked.n, sizeof kept);
    memcpy(kept, asked.p, sizeof kept);
    assert_int_equal(kai_net_visits(s->node[1].net).n, 0); /* The owner asks nobody. */
    kai_sim_stop(s, 5);
    kai_sim_start(s, 5);
    kai_net_on_visits(s->node[5].net, kai_view_of(kept, sizeof kept));
    asked = kai_net_visits(s->node[5].net);
    assert_int_equal(asked.n, sizeof kept);
    assert_memory_equal(asked.p, kept, sizeof kept);
    kai_net_on_visits(s->node[5].net, kai_view_of(kept, 7)); /* None. */
    kai_sim_run(s, 240000);
    assert_true(links_of(s, 5) > 0);
    assert_int_equal(visits_of(s, 5), 0);
    /* What is new since is. */
    kai_sim_change(s, 2, &members);
    kai_sim_run(s, 240000);
    assert_true(visits_of(s, 5) > 0);
    kai_sim_free(s);
}

/* ---- By lot, and again. */

/* A node that lacks nothing looks at somebody else about once an hour, and not for long. */
static void test_somebody_by_lot(void **state)
{
    enum { N = 24 };
    struct kai_sim *s = open_water(N, 0, false);
    size_t to, before;

    (void)state;
    while ((to = next_dial(s, 0)) != SIM_NOBODY) {
        assert_true(kai_sim_connect(s, 0, to));
        kai_sim_run(s, 500);
    }
    before = links_of(s, 0);
    assert_true(before >= 3);
    to = SIM_NOBODY;
    while (to == SIM_NOBODY && s->now < 2 * 3600000) {
        kai_sim_run(s, 10000);
        to = next_dial(s, 0);
    }
    assert_int_not_equal(to, SIM_NOBODY);
    assert_true(s->now > 1700000);
    assert_true(kai_sim_connect(s, 0, to));
    kai_sim_run(s, 5000);
    assert_true(linked(s, 0, to));
    kai_sim_run(s, 60000);
    assert_false(linked(s, 0, to));
    assert_int_equal(links_of(s, 0), before);
    kai_sim_free(s);
}

/* Whether the node is among the most that node 0 can get: one that ranks before it in the audience
 * of all is worth more, where there is any. */
static bool among_equals(const struct kai_sim *s, size_t node)
{
    uint64_t own = kai_cover_rank(s->aud[0].id, s->node[0].node_id);
    bool any = false;

    for (size_t i = 1; i < s->n_nodes; i++)
        any = any || kai_cover_rank(s->aud[0].id, s->node[i].node_id) < own;
    return !any || kai_cover_rank(s->aud[0].id, s->node[node].node_id) < own;
}

static void start_anew(struct kai_sim *s)
{
    kai_sim_stop(s, 0);
    kai_sim_start(s, 0);
    kai_sim_run(s, 1100);
}

/* Links that stood long come first after a start. */
static void test_anchors(void **state)
{
    enum { N = 24 };
    struct kai_sim *s = open_water(N, 0, false);
    uint8_t nodes[2][KAI_ID_BYTES];
    size_t to, looked = 0, first = SIM_NOBODY;

    (void)state;
    while ((to = next_dial(s, 0)) != SIM_NOBODY) {
        first = first == SIM_NOBODY ? to : first;
        assert_true(kai_sim_connect(s, 0, to));
        kai_sim_run(s, 500);
    }
    assert_int_equal(kai_net_anchors(s->node[0].net, nodes, 2), 0); /* They are young. */
    kai_sim_run(s, 60000);
    assert_int_equal(kai_net_anchors(s->node[0].net, nodes, 2), 2);
    assert_memory_equal(nodes[0], s->node[first].node_id, KAI_ID_BYTES); /* The longest. */
    for (size_t i = 1; i < N; i++) { /* Another one than taste would have. */
        start_anew(s);
        kai_net_on_anchor(s->node[0].net, s->node[i].node_id);
        if (among_equals(s, i)) {
            assert_int_equal(next_dial(s, 0), i);
            looked++;
        }
    }
    assert_true(looked > 0);
    kai_sim_free(s);
}

/* The longest first; and they are anchors still where nothing else stands. */
static void test_anchors_of_before(void **state)
{
    enum { N = 24, MANY = KAI_ANCHORS_MAX };
    struct kai_sim *s = open_water(N, 0, false);
    uint8_t nodes[MANY][KAI_ID_BYTES];
    size_t anchor[2] = {0}, k = 0, to;

    (void)state;
    for (size_t i = 1; i < N && k < 2; i++)
        if (among_equals(s, i))
            anchor[k++] = i;
    assert_int_equal(k, 2);
    start_anew(s);
    kai_net_on_anchor(s->node[0].net, s->node[anchor[1]].node_id);
    kai_net_on_anchor(s->node[0].net, s->node[anchor[0]].node_id);
    kai_net_on_anchor(s->node[0].net, s->node[anchor[1]].node_id); /* Twice is once. */
    assert_int_equal(next_dial(s, 0), anchor[1]);
    kai_net_on_undialled(s->node[0].net, s->node[anchor[1]].curve_pk, s->now);
    assert_int_equal(next_dial(s, 0), anchor[0]);
    kai_net_on_undialled(s->node[0].net, s->node[anchor[0]].curve_pk, s->now);
    assert_int_equal(kai_net_anchors(s->node[0].net, nodes, MANY), 2);
    assert_memory_equal(nodes[0], s->node[anchor[1]].node_id, KAI_ID_BYTES);
    assert_memory_equal(nodes[1], s->node[anchor[0]].node_id, KAI_ID_BYTES);
    assert_int_equal(kai_net_anchors(s->node[0].net, nodes, 1), 1);
    to = next_dial(s, 0); /* A link of now comes before those of before. */
    assert_int_not_equal(to, SIM_NOBODY);
    assert_true(kai_sim_connect(s, 0, to));
    kai_sim_run(s, 61000);
    assert_true(linked(s, 0, to));
    k = kai_net_anchors(s->node[0].net, nodes, MANY);
    assert_in_range(k, 2, 3);
    assert_memory_equal(nodes[0], s->node[to].node_id, KAI_ID_BYTES);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_helps_most_is_first),
        cmocka_unit_test(test_audience_is_in_one_piece),
        cmocka_unit_test(test_halves_meet),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_busy_is_left_alone),
        cmocka_unit_test(test_newcomer_of_a_group),
        cmocka_unit_test(test_news_first),
        cmocka_unit_test(test_visits_are_remembered),
        cmocka_unit_test(test_somebody_by_lot),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_anchors_of_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
