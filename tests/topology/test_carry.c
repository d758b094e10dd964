/* test_carry: relays, which carry what they cannot read, and mailboxes, whose letters nobody but
 * writer and owner hear of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "topology/judge.h"
#include "topology/sim/sim_int.h"

#define CAPS_MEMBER (KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_OWNER)

enum {
    FOUNDER,
    OWNER,
    SECOND,
    THIRD,
    OUT,
    RELAY,
    RELAY2,
    SPARE
};                   /* Nodes; the relays are the founder's, the last one is SECOND's other one. */
enum { GROUP, BOX }; /* Audiences. */

static struct kai_sim *stage(void)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = 5, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};

    p = (struct kai_sim_plan){.n_orgs = 5, .n_further = 3, .n_auds = 2};
    p.further[SPARE - p.n_orgs] = SECOND;
    for (size_t i = 1; i < p.n_orgs; i++)
        p.org[i].caps = CAPS_MEMBER;
    p.aud[GROUP] = (struct kai_sim_aud){
        .kind = KAI_AUD_GROUP, .owner = OWNER, .n_relays = 2, .relays = {RELAY, RELAY2}};
    for (size_t i = OWNER; i <= THIRD; i++)
        kai_orgs_add(&p.aud[GROUP].members, i);
    p.aud[BOX] = (struct kai_sim_aud){.kind = KAI_AUD_MAILBOX, .owner = SECOND};
    return kai_sim_new(&o);
}

static void link_all(struct kai_sim *s, size_t hub, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++)
        if (i != hub)
            kai_sim_connect(s, i, hub);
    kai_sim_run(s, 8000);
}

/* Data entries of an audience that a node holds; *opened of which it has read; *named: of logs
 * whose author stands in their row. */
static size_t data_held(const struct kai_sim *s, size_t node, size_t aud, size_t *opened,
                        size_t *named)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    const struct sim_node *n = &s->node[node];
    size_t k = 0;

    *opened = *named = 0;
    for (size_t i = 0; i < n->n_logs; i++) {
        if (n->log[i].l.kind != 1 || memcmp(n->log[i].l.aud_id, s->aud[aud].id, KAI_ID_BYTES) != 0)
            continue;
        k += n->log[i].n;
        *opened += n->log[i].n_opened;
        *named += memcmp(n->log[i].l.author_node, zeros, KAI_ID_BYTES) != 0 ? n->log[i].n : 0;
    }
    return k;
}

static size_t held(const struct kai_sim *s, size_t node, size_t aud)
{
    size_t opened, named;

    return data_held(s, node, aud, &opened, &named);
}

/* Whether node has the log of author. */
static bool log_of(const struct kai_sim *s, size_t node, size_t author, size_t aud)
{
    return sim_disk_log(&s->node[node], s->node[author].data[aud].key.pk) != NULL;
}

static void say(struct kai_sim *s, size_t node, size_t aud)
{
    assert_true(kai_sim_may_publish(s, node, aud));
    kai_sim_publish(s, node, aud, 300);
}

struct shared {
    const struct sim_node *peer;
    const uint8_t *aud;
    bool yes;
};

static void find_shared(void *ctx, const struct kai_link_info *l)
{
    struct shared *f = ctx;

    for (size_t i = 0; l->peer && i < l->n_auds; i++)
        f->yes = f->yes || (memcmp(l->peer->id, f->peer->node_id, KAI_ID_BYTES) == 0 &&
                            memcmp(l->auds[i], f->aud, KAI_ID_BYTES) == 0);
}

static bool matched(const struct kai_sim *s, size_t from, size_t to, size_t aud)
{
    struct shared f = {.peer = &s->node[to], .aud = s->aud[aud].id};

    kai_net_links(s->node[from].net, find_shared, &f);
    return f.yes;
}

/* Members that are linked to a relay alone read one another; the relay holds all and reads nothing,
 * and its row does not say whose it is. */
static void test_relay(void **state)
{
    struct kai_sim *s = stage();
    size_t opened, named, n;

    (void)state;
    link_all(s, RELAY, OWNER, OUT);
    say(s, SECOND, GROUP);
    say(s, THIRD, GROUP);
    kai_sim_run(s, 3000);
    n = data_held(s, OWNER, GROUP, &opened, &named);
    assert_true(n >= 4); /* The rule's log; and BIND and entry of two. */
    assert_int_equal(opened, n);
    assert_int_equal(named, n);
    assert_int_equal(held(s, THIRD, GROUP), n);
    assert_int_equal(data_held(s, RELAY, GROUP, &opened, &named), n);
    assert_int_equal(opened, 0);
    assert_int_equal(named, 0);
    assert_int_equal(held(s, OUT, GROUP), 0);
    assert_int_equal(kai_sim_counts(s).held, 0); /* No reader holds it by a direct link. */
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* From relay to relay, and both ways after a restart. */
static void test_relays(void **state)
{
    struct kai_sim *s = stage();

    (void)state;
    kai_sim_connect(s, OWNER, RELAY);
    kai_sim_connect(s, RELAY, RELAY2);
    kai_sim_connect(s, SECOND, RELAY2);
    kai_sim_run(s, 12000);
    say(s, SECOND, GROUP);
    kai_sim_run(s, 3000);
    kai_sim_restart(s, RELAY2);
    kai_sim_connect(s, RELAY, RELAY2);
    kai_sim_connect(s, THIRD, RELAY2);
    kai_sim_run(s, 12000);
    say(s, OWNER, GROUP);
    kai_sim_run(s, 3000);
    assert_int_equal(held(s, RELAY, GROUP), held(s, OWNER, GROUP));
    assert_int_equal(held(s, THIRD, GROUP), held(s, OWNER, GROUP));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* A change of members holds new entries at the relay until a steward's epoch answers it; who is out
 * then matches there no more, and what it wrote goes to nobody. */
static void test_hold(void **state)
{
    struct kai_sim *s = stage();
    struct kai_orgs members = {0};
    size_t second, third;

    (void)state;
    link_all(s, RELAY, OWNER, THIRD);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    say(s, SECOND, GROUP);
    say(s, THIRD, GROUP);
    second = held(s, SECOND, GROUP);
    third = held(s, THIRD, GROUP);
    kai_orgs_add(&members, OWNER);
    kai_orgs_add(&members, SECOND);
    kai_sim_change(s, GROUP, &members);
    kai_sim_connect(s, OWNER, FOUNDER); /* No member: it passes on what everybody may hear. */
    kai_sim_connect(s, FOUNDER, RELAY);
    kai_sim_run(s, 3000);
    kai_sim_connect(s, SECOND, RELAY);
    kai_sim_connect(s, THIRD, RELAY);
    kai_sim_run(s, 5000);
    assert_true(matched(s, RELAY, THIRD, GROUP)); /* By the secret of then. */
    assert_int_equal(held(s, SECOND, GROUP), second);
    assert_int_equal(held(s, THIRD, GROUP), third);
    kai_sim_connect(s, OWNER, RELAY);
    kai_sim_run(s, 12000);
    assert_int_equal(held(s, OWNER, GROUP), held(s, SECOND, GROUP));
    assert_true(held(s, SECOND, GROUP) > second);
    assert_int_equal(held(s, THIRD, GROUP), third);
    assert_false(log_of(s, SECOND, THIRD, GROUP));
    /* Its next link shows secrets of the past. */
    kai_sim_restart(s, THIRD);
    kai_sim_connect(s, THIRD, RELAY);
    kai_sim_run(s, 5000);
    assert_false(matched(s, RELAY, THIRD, GROUP));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* ---- Mailboxes. SECOND owns one. */

static void test_letter(void **state)
{
    struct kai_sim *s = stage();
    size_t opened, named;

    (void)state;
    kai_sim_connect(s, THIRD, SECOND);
    kai_sim_connect(s, THIRD, OUT);
    kai_sim_connect(s, OUT, SECOND);
    kai_sim_run(s, 5000);
    say(s, THIRD, BOX);
    say(s, OUT, BOX);
    kai_sim_run(s, 3000);
    assert_int_equal(data_held(s, SECOND, BOX, &opened, &named), 4);
    assert_int_equal(opened, 4);
    assert_int_equal(named, 4);
    assert_int_equal(held(s, THIRD, BOX), 2);
    assert_int_equal(held(s, OUT, BOX), 2);
    assert_true(kai_sim_counts(s).held > 0); /* Its owner has it. */
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* By way of a relay that any node may use. Another relay is shown nothing of it, nor is another
 * writer; the writer wants a link with the owner as long as that has not acknowledged it. */
static void test_carried(void **state)
{
    struct kai_sim *s = stage();
    const struct kai_net *third = kai_sim_net(s, THIRD);
    const struct kai_org *owner;
    size_t opened, named;

    (void)state;
    kai_sim_connect(s, THIRD, RELAY);
    kai_sim_connect(s, OUT, RELAY);
    kai_sim_connect(s, RELAY2, RELAY);
    kai_sim_run(s, 5000);
    owner = kai_roster_org(third->roster, s->org[SECOND].id);
    assert_false(kai_mail_waits(third, owner));
    say(s, THIRD, BOX);
    say(s, OUT, BOX);
    kai_sim_run(s, 5000);
    assert_int_equal(data_held(s, RELAY, BOX, &opened, &named), 4);
    assert_int_equal(opened + named, 0);
    assert_int_equal(held(s, RELAY2, BOX), 0);
    assert_int_equal(held(s, OUT, BOX), 2);
    assert_true(kai_mail_waits(third, owner));
    assert_true(kai_mail_waits(kai_sim_net(s, RELAY), owner));
    assert_int_equal(kai_sim_counts(s).held, 0); /* A relay is no reader. */
    kai_sim_connect(s, SECOND, RELAY);
    kai_sim_run(s, 5000);
    assert_int_equal(data_held(s, SECOND, BOX, &opened, &named), 4);
    assert_int_equal(opened, 4);
    assert_int_equal(named, 4);
    owner = kai_roster_org(kai_sim_net(s, RELAY)->roster, s->org[SECOND].id);
    assert_false(kai_mail_waits(kai_sim_net(s, RELAY), owner));
    kai_sim_connect(s, THIRD, SECOND);
    kai_sim_run(s, 5000);
    assert_false(kai_mail_waits(third, kai_roster_org(third->roster, s->org[SECOND].id)));
    assert_true(kai_sim_counts(s).held > 0);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* A letter that reached its owner by another way is no carrier's any more: it hears so when it
 * shows the owner a copy or word of it, and when it links later. Else it would want that link for
 * ever. */
static void test_delivered_otherwise(void **state)
{
    struct kai_sim *s = stage();
    const struct kai_net *relay = kai_sim_net(s, RELAY), *relay2 = kai_sim_net(s, RELAY2);

    (void)state;
    kai_sim_connect(s, THIRD, SECOND);
    kai_sim_connect(s, THIRD, RELAY);
    kai_sim_connect(s, THIRD, RELAY2);
    kai_sim_connect(s, RELAY, SECOND);
    kai_sim_run(s, 5000);
    for (size_t i = 1; i <= 4; i++) {
        say(s, THIRD, BOX);
        kai_sim_run(s, 3000);
        assert_int_equal(held(s, RELAY, BOX), 1 + i);
        assert_int_equal(held(s, SECOND, BOX), 1 + i);
        assert_false(kai_mail_waits(relay, kai_roster_org(relay->roster, s->org[SECOND].id)));
    }
    assert_int_equal(held(s, RELAY2, BOX), 5);
    assert_true(kai_mail_waits(relay2, kai_roster_org(relay2->roster, s->org[SECOND].id)));
    kai_sim_connect(s, RELAY2, SECOND);
    kai_sim_run(s, 5000);
    assert_false(kai_mail_waits(relay2, kai_roster_org(relay2->roster, s->org[SECOND].id)));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* Who wants nothing of one another but letters links for these, and for as long as they wait. */
static void test_link_for_letters(void **state)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {.seed = 7, .plan = &p, .introduced = true, .latency_ms = 20};
    struct kai_sim *s;
    size_t linked = 0;

    (void)state;
    p = (struct kai_sim_plan){.n_orgs = 24, .n_auds = 1};
    for (size_t i = 1; i < p.n_orgs; i++)
        p.org[i].caps = CAPS_MEMBER;
    p.aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_MAILBOX, .owner = SECOND};
    s = kai_sim_new(&o);
    for (size_t i = 1; i < p.n_orgs; i++)
        kai_sim_connect(s, i, FOUNDER);
    kai_sim_run(s, 120000);
    for (size_t i = THIRD; i < p.n_orgs; i++)
        linked += sim_wire_linked(s, i, SECOND) ? 1u : 0u;
    assert_int_equal(linked, 0);
    for (size_t i = THIRD; i < p.n_orgs; i++)
        say(s, i, 0);
    kai_sim_run(s, 10000);
    assert_int_equal(held(s, SECOND, 0), 2 * (p.n_orgs - THIRD));
    kai_sim_run(s, 120000);
    for (size_t i = THIRD; i < p.n_orgs; i++)
        linked += sim_wire_linked(s, i, SECOND) ? 1u : 0u;
    assert_int_equal(linked, 0);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* What a node that was removed since has read, the owner's other node has not: its writer asks for
 * that one again. */
static void test_lost_reader(void **state)
{
    struct kai_sim *s = stage();
    const struct kai_net *third = kai_sim_net(s, THIRD);
    size_t opened, named;

    (void)state;
    kai_sim_connect(s, THIRD, SPARE);
    kai_sim_run(s, 5000);
    say(s, THIRD, BOX);
    kai_sim_run(s, 3000);
    assert_int_equal(held(s, SPARE, BOX), 2);
    assert_false(kai_mail_waits(third, kai_roster_org(third->roster, s->org[SECOND].id)));
    kai_sim_revoke_node(s, SPARE);
    kai_sim_connect(s, SECOND, FOUNDER); /* It carries no letters, but what everybody may hear. */
    kai_sim_connect(s, FOUNDER, THIRD);
    kai_sim_run(s, 5000);
    assert_int_equal(held(s, SECOND, BOX), 0);
    assert_true(kai_mail_waits(third, kai_roster_org(third->roster, s->org[SECOND].id)));
    kai_sim_connect(s, THIRD, SECOND);
    kai_sim_run(s, 5000);
    assert_int_equal(data_held(s, SECOND, BOX, &opened, &named), 2);
    assert_int_equal(opened, 2);
    assert_false(kai_mail_waits(third, kai_roster_org(third->roster, s->org[SECOND].id)));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* A node that is neither owner nor relay takes nobody's letters. */
static void test_not_a_carrier(void **state)
{
    struct kai_sim *s = stage();

    (void)state;
    kai_sim_connect(s, THIRD, OUT);
    kai_sim_connect(s, OUT, SECOND);
    kai_sim_run(s, 5000);
    say(s, THIRD, BOX);
    say(s, OUT, BOX);
    kai_sim_run(s, 5000);
    assert_int_equal(held(s, OUT, BOX), 2);
    assert_int_equal(held(s, SECOND, BOX), 2);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay),
        cmocka_unit_test(test_relays),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_letter),
        cmocka_unit_test(test_carried),
        cmocka_unit_test(test_not_a_carrier),
        cmocka_unit_test(test_lost_reader),
        cmocka_unit_test(test_delivered_otherwise),
        cmocka_unit_test(test_link_for_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
