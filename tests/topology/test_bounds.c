/* test_bounds: what authors and peers may fill a store with in a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/judge.h"
#include "topology/sim/sim_int.h"

enum { FOUNDER, OWNER, SECOND, RELAY };
enum { PUBLIC, GROUP, BOX };

static struct kai_sim *stage(void)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = 8, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};

    p = (struct kai_sim_plan){.n_orgs = 3, .n_further = 1, .n_auds = 3};
    for (size_t i = 1; i < p.n_orgs; i++)
        p.org[i].caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_OWNER;
    p.aud[PUBLIC] = (struct kai_sim_aud){.kind = KAI_AUD_PUBLIC, .label_max = 1};
    p.aud[GROUP] = (struct kai_sim_aud){
        .kind = KAI_AUD_GROUP, .owner = OWNER, .n_relays = 1, .relays = {RELAY}};
    kai_orgs_add(&p.aud[GROUP].members, OWNER);
    kai_orgs_add(&p.aud[GROUP].members, SECOND);
    p.aud[BOX] = (struct kai_sim_aud){.kind = KAI_AUD_MAILBOX, .owner = OWNER};
    return kai_sim_new(&o);
}

static void say(struct kai_sim *s, size_t node, size_t aud)
{
    assert_true(kai_sim_may_publish(s, node, aud));
    kai_sim_publish(s, node, aud, 1000);
    kai_sim_run(s, 2000);
}

/* Entries of author's log that node holds. */
static uint64_t held(const struct kai_sim *s, size_t node, size_t author, size_t aud)
{
    const struct sim_log *log = sim_disk_log(&s->node[node], s->node[author].data[aud].key.pk);

    return log ? log->n : 0;
}

static uint64_t over(const struct kai_sim *s, size_t node)
{
    struct kai_net_counters c;

    kai_net_counters(kai_sim_net(s, node), &c);
    return c.entries_over;
}

static struct kai_meter *meter(struct kai_sim *s, size_t node, size_t of)
{
    struct kai_net *n = kai_sim_net(s, node);

    for (size_t i = 0; i < n->n_meters; i++)
        if (memcmp(n->meters[i].node, s->node[of].node_id, KAI_ID_BYTES) == 0)
            return &n->meters[i];
    fail_msg("node %zu counts nothing of %zu", node, of);
    return NULL;
}

/* A member's quota: what is over it is not taken, is left out of what is asked for, and comes the
 * day after. */
static void test_author(void **state)
{
    struct kai_sim *s = stage();
    struct kai_meter *m;

    (void)state;
    kai_sim_connect(s, OWNER, SECOND);
    kai_sim_run(s, 5000);
    say(s, OWNER, PUBLIC);
    assert_int_equal(held(s, SECOND, OWNER, PUBLIC), 2);
    m = meter(s, SECOND, OWNER);
    assert_true(m->written > 1000 && m->written < 4000);
    m->written = KAI_AUTHOR_BYTES_A_DAY - 1500; /* None other in its admission. */
    say(s, OWNER, PUBLIC);
    assert_int_equal(held(s, SECOND, OWNER, PUBLIC), 3);
    say(s, OWNER, PUBLIC);
    assert_int_equal(held(s, SECOND, OWNER, PUBLIC), 3);
    assert_int_equal(over(s, SECOND), 1);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    kai_sim_connect(s, OWNER, SECOND);
    kai_sim_run(s, 30000);
    assert_int_equal(over(s, SECOND), 1); /* It was not asked for. */
    assert_int_equal(held(s, FOUNDER, OWNER, PUBLIC), 0);
    kai_sim_connect(s, OWNER, FOUNDER);
    kai_sim_run(s, 5000);
    assert_int_equal(held(s, FOUNDER, OWNER, PUBLIC), 4); /* A quota is each receiver's own. */
    kai_sim_run(s, KAI_DAY_MS);
    assert_int_equal(held(s, SECOND, OWNER, PUBLIC), 4);
    kai_sim_free(s);
}

static struct kai_nlog *log_at(struct kai_sim *s, size_t node, size_t author, size_t aud)
{
    struct kai_nlog *log = kai_mirror_find(kai_sim_net(s, node), s->node[author].data[aud].key.pk);

    assert_non_null(log);
    return log;
}

/* Of one log a relay takes so many bytes and so many entries. */
static void test_relay_log(void **state)
{
    (void)state;
    for (int by_entries = 0; by_entries < 2; by_entries++) {
        struct kai_sim *s = stage();
        struct kai_nlog *log;

        kai_sim_connect(s, OWNER, RELAY);
        kai_sim_connect(s, SECOND, RELAY);
        kai_sim_run(s, 12000);
        say(s, SECOND, GROUP);
        assert_int_equal(held(s, RELAY, SECOND, GROUP), 2);
        log = log_at(s, RELAY, SECOND, GROUP);
        assert_int_equal(log->day_entries, 2);
        if (by_entries)
            log->day_entries = KAI_RELAY_LOG_ENTRIES_A_DAY - 1;
        else
            log->day_bytes = KAI_RELAY_LOG_BYTES_A_DAY - 1500;
        say(s, SECOND, GROUP);
        assert_int_equal(held(s, RELAY, SECOND, GROUP), 3);
        say(s, SECOND, GROUP);
        assert_int_equal(held(s, RELAY, SECOND, GROUP), 3);
        assert_int_equal(held(s, OWNER, SECOND, GROUP), 3);
        say(s, OWNER, GROUP); /* Another log goes on. */
        assert_int_equal(held(s, SECOND, OWNER, GROUP), held(s, OWNER, OWNER, GROUP));
        kai_sim_run(s, KAI_DAY_MS);
        assert_int_equal(held(s, OWNER, SECOND, GROUP), 4);
        kai_sim_free(s);
    }
}

/* Who brings letters answers for all of them together. */
static void test_relay_peer(void **state)
{
    (void)state;
    for (int by_entries = 0; by_entries < 2; by_entries++) {
        struct kai_sim *s = stage();
        struct kai_meter *m;

        kai_sim_connect(s, SECOND, RELAY);
        kai_sim_run(s, 5000);
        say(s, SECOND, BOX);
        assert_int_equal(held(s, RELAY, SECOND, BOX), 2);
        m = meter(s, RELAY, SECOND);
        if (by_entries)
            m->brought_n = KAI_RELAY_PEER_ENTRIES_A_DAY;
        else
            m->brought = KAI_RELAY_PEER_BYTES_A_DAY - 500;
        say(s, SECOND, BOX);
        assert_int_equal(held(s, RELAY, SECOND, BOX), 2);
        assert_true(over(s, RELAY) > 0);
        m = meter(s, RELAY, SECOND);
        m->brought = m->brought_n = 0;
        kai_sim_cut_all(s);
        kai_sim_run(s, 100);
        kai_sim_connect(s, SECOND, RELAY);
        kai_sim_run(s, 5000);
        assert_int_equal(held(s, RELAY, SECOND, BOX), 3);
        kai_sim_free(s);
    }
}

/* A forged entry costs the author in whose name it came nothing. */
static void test_forged(void **state)
{
    struct kai_sim *s = stage();
    struct kai_net *n = kai_sim_net(s, SECOND);
    struct kai_entry e;
    uint8_t sig[KAI_SIG_BYTES];
    uint64_t before;
    struct kai_link *l;

    (void)state;
    kai_sim_connect(s, OWNER, SECOND);
    kai_sim_run(s, 5000);
    say(s, OWNER, PUBLIC);
    before = meter(s, SECOND, OWNER)->written;
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    kai_sim_publish(s, OWNER, PUBLIC, 1000);
    kai_sim_connect(s, FOUNDER, SECOND);
    kai_sim_run(s, 5000);
    l = n->links[0];
    assert_true(kai_sim_entry(s, OWNER, PUBLIC, 0, 3, &e));
    memcpy(sig, e.sig.p, sizeof sig);
    sig[50] ^= 1;
    e.sig.p = sig;
    kai_step_begin(n, kai_sim_now(s));
    kai_ingest(n, l, kai_share_find(l, s->aud[PUBLIC].id), &e, 0, false);
    kai_step_end(n);
    assert_true(meter(s, SECOND, OWNER)->written > before);
    kai_sim_run(s, 100);
    assert_int_equal(kai_sim_alarms(s, "entry.forged"), 1);
    assert_int_equal(meter(s, SECOND, OWNER)->written, before);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_author),
        cmocka_unit_test(test_relay_log),
        cmocka_unit_test(test_relay_peer),
        cmocka_unit_test(test_forged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
