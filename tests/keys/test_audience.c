/* Audiences: who is in which, by kind, rule and ceiling. */
#include "keys/net.h"

#include <stdlib.h>
#include <string.h>

static void public_for_all(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch a;
    struct kai_epoch b;

    net_start(&t, 2, KAI_AUD_PUBLIC);
    struct kai_keyring *one = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *two = net_ring(&t, &t.nodes[1]);
    MUST(kai_keyring_write_epoch(one, t.aud, &a));
    MUST(kai_keyring_write_epoch(two, t.aud, &b));
    assert_int_equal(a.gen, 0);
    assert_memory_equal(a.key, b.key, KAI_KEY_BYTES);
    struct kai_duty d;
    uint64_t next;
    assert_int_equal(kai_keyring_duty(one, 1, &d, &next), KAI_ENOTFOUND);
    struct kai_epoch *copy;
    size_t n;
    MUST(kai_keyring_keys(one, &copy, &n));
    assert_int_equal(n, 1);
    assert_memory_equal(copy[0].key, a.key, KAI_KEY_BYTES);
    sodium_free(copy);
    kai_keyring_free(one);
    kai_keyring_free(two);
    net_stop(&t);
}

static void write_rule(struct net *t, struct kai_buf *item, uint64_t ver, const char *name,
                       const uint8_t *ids, size_t n)
{
    struct kai_rule r = {.ver = ver, .id_kind = KAI_ADMIT_ORG, .ids = ids, .n_ids = n, .of = 1};

    memcpy(r.signer_cert, t->fi.cert, KAI_ID_BYTES);
    memcpy(r.aud_id, t->aud, KAI_ID_BYTES);
    memcpy(r.name, name, strlen(name) + 1);
    kai_buf_init(item, 65536);
    kai_rule_write(item, &r, t->fi.log.sk, t->w.charter.nid);
    assert_int_equal(item->err, KAI_OK);
}

static void in_order(uint8_t *ids, const uint8_t *a, const uint8_t *b)
{
    bool swap = memcmp(a, b, KAI_ID_BYTES) > 0;

    memcpy(ids, swap ? b : a, KAI_ID_BYTES);
    memcpy(ids + KAI_ID_BYTES, swap ? a : b, KAI_ID_BYTES);
}

/* A rule that another organisation signs. */
static void rule_of_another(struct net *t, struct kai_keyring *member, const struct tsub *other,
                            const struct tsub *key)
{
    struct kai_rule bad = {
        .ver = 9, .id_kind = KAI_ADMIT_ORG, .ids = other->id, .n_ids = 1, .of = 1, .name = "x"};
    struct kai_buf item;

    memcpy(bad.signer_cert, key->cert, KAI_ID_BYTES);
    memcpy(bad.aud_id, t->aud, KAI_ID_BYTES);
    kai_buf_init(&item, 65536);
    kai_rule_write(&item, &bad, key->log.sk, t->w.charter.nid);
    assert_int_equal(kai_keyring_rule(member, kai_buf_view(&item)), KAI_EDENIED);
    kai_buf_free(&item);
}

/* By its name, and by the beginning of its id. */
static void found_by_name(const struct net *t, const struct kai_keyring *member)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    uint8_t aud[KAI_ID_BYTES];

    MUST(kai_keyring_find(member, "inner circle", aud));
    assert_memory_equal(aud, t->aud, KAI_ID_BYTES);
    kai_hex(hex, t->aud, KAI_ID_BYTES);
    hex[10] = '\0';
    MUST(kai_keyring_find(member, hex, aud));
    assert_int_equal(kai_keyring_find(member, "no such", aud), KAI_ENOTFOUND);
}

static void group_by_rule(void **state)
{
    (void)state;
    static struct net t;
    struct tsub other, other_key, node;
    struct kai_buf item;
    struct kai_view v;
    size_t listed;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch e;

    net_start(&t, 2, KAI_AUD_GROUP);
    world_key(&t.w, &other);
    world_key(&t.w, &other_key);
    world_key(&t.w, &node);
    world_admit(&t.w, &t.fi.log, &other, KAI_ADMIT_ORG, NULL);
    world_admit(&t.w, &other.log, &other_key, KAI_ADMIT_ISSUING, NULL);
    world_admit(&t.w, &other_key.log, &node, KAI_ADMIT_NODE, NULL);
    write_rule(&t, &item, 2, "inner circle", t.f.id, 1);
    v = kai_buf_view(&item);
    t.rec.ver = 2;
    t.rec.rule_open = false;
    MUST(kai_rule_hash(t.rec.rule_hash, &v, 1));
    world_audience(&t.w, &t.fi.log, &t.rec);
    net_refresh(&t);
    struct kai_keyring *owner = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *member = net_ring(&t, &t.nodes[1]);
    /* An unknown rule is nobody, and nobody mints. */
    assert_false(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_false(net_duty(&t, owner, 1000, &listed));
    MUST(kai_keyring_rule(owner, v));
    assert_string_equal(kai_keyring_name(owner, t.aud), "inner circle");
    assert_true(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, t.nodes[1].id)));
    assert_false(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, node.id)));
    assert_true(kai_keyring_org_member(owner, t.aud, kai_roster_org(t.r, t.f.id)));
    assert_false(kai_keyring_org_member(owner, t.aud, kai_roster_org(t.r, other.id)));
    assert_true(net_duty(&t, owner, 2000, &listed));
    assert_int_equal(listed, 2);
    /* A member that lacks the rule goes by the steward's word, until the rule comes. */
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud));
    assert_true(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, node.id)));
    MUST(kai_keyring_write_epoch(member, t.aud, &e));
    MUST(kai_keyring_rule(member, v));
    found_by_name(&t, member);
    kai_buf_free(&item);
    /* The AUDIENCE names another rule: closed at once, the old word counts no more. */
    uint8_t ids[2 * KAI_ID_BYTES];
    in_order(ids, t.f.id, other.id);
    write_rule(&t, &item, 3, "inner circle", ids, 2);
    v = kai_buf_view(&item);
    t.rec.ver = 3;
    MUST(kai_rule_hash(t.rec.rule_hash, &v, 1));
    world_audience(&t.w, &t.fi.log, &t.rec);
    net_refresh(&t);
    MUST(kai_keyring_roster(member, t.r));
    MUST(kai_keyring_roster(owner, t.r));
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_int_equal(kai_keyring_write_epoch(member, t.aud, &e), KAI_EAGAIN);
    MUST(kai_keyring_rule(owner, v));
    assert_true(net_duty(&t, owner, 100000, &listed) || net_duty(&t, owner, 200000, &listed));
    assert_int_equal(listed, 1);
    MUST(kai_keyring_epoch(member, &t.parts[1].e, aud));
    assert_true(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, node.id)));
    MUST(kai_keyring_write_epoch(member, t.aud, &e));
    kai_buf_free(&item);
    rule_of_another(&t, member, &other, &other_key);
    kai_keyring_free(owner);
    kai_keyring_free(member);
    net_stop(&t);
}

static void ceiling(void **state)
{
    (void)state;
    static struct net t;
    struct tsub org, key, node;
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    net_start(&t, 1, KAI_AUD_COMMUNITY);
    world_key(&t.w, &org);
    world_key(&t.w, &key);
    world_key(&t.w, &node);
    terms.label_max = 1; /* The audience's is 2. */
    world_admit(&t.w, &t.fi.log, &org, KAI_ADMIT_ORG, &terms);
    world_admit(&t.w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
    world_admit(&t.w, &key.log, &node, KAI_ADMIT_NODE, NULL);
    net_refresh(&t);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    assert_true(kai_roster_node(t.r, node.id)->active);
    assert_false(kai_keyring_eligible(k, t.aud, kai_roster_node(t.r, node.id)));
    kai_keyring_free(k);
    net_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_for_all),
        cmocka_unit_test(group_by_rule),
        cmocka_unit_test(ceiling),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
