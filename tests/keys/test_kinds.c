/* Who is in an audience of each kind, as its members, its relays and strangers see it. */
#include "keys/orgs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/keyring_int.h"

/* founder 0; prefecture 1 with towns 2 and 3, its contractor 4, that one's 5, and its 6; 7 is low
 * in ceiling and a client of the prefecture too. */
enum { FOUNDER, PREF, TOWN, TOWN2, CON, SUB, THIRD, LOW, N_ORGS };

static void build(struct orgs *t, uint64_t seed)
{
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);
    struct kai_admit low = world_terms(KAI_ADMIT_ORG);

    mark.caps |= KAI_CAP_PROVIDER;
    low.label_max = 1;
    orgs_start(t, seed);
    assert_int_equal(orgs_add(t, FOUNDER, NULL), PREF);
    assert_int_equal(orgs_add(t, PREF, NULL), TOWN);
    assert_int_equal(orgs_add(t, PREF, NULL), TOWN2);
    assert_int_equal(orgs_add(t, PREF, &mark), CON);
    assert_int_equal(orgs_add(t, CON, NULL), SUB);
    assert_int_equal(orgs_add(t, SUB, NULL), THIRD);
    assert_int_equal(orgs_add(t, PREF, &low), LOW);
    orgs_refresh(t);
}

/* in: one digit for each organisation. */
static void expect(const struct orgs *t, const struct kai_keyring *k, const uint8_t *aud,
                   const char *in)
{
    const struct kai_org **list;
    size_t n, members = 0;

    for (size_t i = 0; i < N_ORGS; i++) {
        bool want = in[i] == '1';

        if (kai_keyring_eligible(k, aud, orgs_node(t, i)) != want)
            fail_msg("node %zu of %s", i, in);
        if (kai_keyring_org_member(k, aud, orgs_org(t, i)) != want)
            fail_msg("organisation %zu of %s", i, in);
        members += want;
    }
    MUST(kai_keyring_org_members(k, aud, &list, &n));
    assert_int_equal(n, members);
    for (size_t i = 1; i < n; i++)
        assert_true(memcmp(list[i - 1]->id, list[i]->id, KAI_ID_BYTES) < 0);
    free(list);
}

static void clients(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES];

    build(&t, 1);
    struct kai_aud_rec rec = orgs_rec(&t, PREF, KAI_AUD_CLIENTS, 3);
    orgs_audience(&t, PREF, &rec, aud);
    struct kai_keyring *k = orgs_ring(&t, FOUNDER);
    expect(&t, k, aud, "01110000");
    assert_true(kai_keyring_members_known(k, aud));
    assert_int_equal(kai_keyring_ceiling(k, aud), 3);
    assert_true(kai_keyring_author(k, aud, orgs_node(&t, TOWN)));
    assert_false(kai_keyring_author(k, aud, orgs_node(&t, CON)));
    kai_keyring_free(k);
    /* The owner is the steward, and its clients open what it minted. */
    k = orgs_ring(&t, PREF);
    assert_int_equal(orgs_duties(&t, k, 1000), 1);
    struct kai_keyring *town = orgs_ring(&t, TOWN);
    struct kai_keyring *con = orgs_ring(&t, CON);
    struct kai_epoch e;
    MUST(orgs_hear(&t, town, 0));
    MUST(kai_keyring_write_epoch(town, aud, &e));
    assert_int_equal(orgs_hear(&t, con, 0), KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_write_epoch(con, aud, &e), KAI_ENOTFOUND);
    kai_keyring_free(town);
    kai_keyring_free(con);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* An audience whose members its owner lists: said, ruled, minted, heard by all. */
struct listed_aud {
    uint8_t id[KAI_ID_BYTES];
    struct kai_buf rule;
};

static void list_it(struct orgs *t, struct listed_aud *a, uint64_t kind, uint64_t label,
                    uint64_t id_kind, const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    struct kai_aud_rec rec = orgs_rec(t, PREF, kind, label);

    kai_aud_id(a->id, t->o[PREF].org.id, rec.nonce);
    rec.rule_open = false;
    orgs_rule(t, &a->rule, rec.rule_hash, PREF, a->id, id_kind, ids, n);
    orgs_audience(t, PREF, &rec, a->id);
}

static void providers(void **state)
{
    (void)state;
    static struct orgs t;
    struct listed_aud a;
    uint8_t ids[4][KAI_ID_BYTES];

    build(&t, 2);
    memcpy(ids[0], t.o[CON].org.id, KAI_ID_BYTES);
    memcpy(ids[1], t.o[SUB].org.id, KAI_ID_BYTES);
    memcpy(ids[2], t.o[THIRD].org.id, KAI_ID_BYTES); /* Listed in vain: the third tier. */
    memcpy(ids[3], t.o[TOWN].org.id, KAI_ID_BYTES);  /* And this one is no provider. */
    list_it(&t, &a, KAI_AUD_PROVIDERS, 3, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids, 4);
    struct kai_keyring *owner = orgs_ring(&t, PREF);
    expect(&t, owner, a.id, "01000000");
    assert_false(kai_keyring_members_known(owner, a.id));
    assert_int_equal(orgs_duties(&t, owner, 1000), 0); /* Whom to list, it does not know yet. */
    MUST(kai_keyring_rule(owner, kai_buf_view(&a.rule)));
    expect(&t, owner, a.id, "01001100");
    assert_int_equal(orgs_duties(&t, owner, 1000), 1);
    /* A contractor that lacks the rule takes the steward's word. */
    struct kai_keyring *con = orgs_ring(&t, CON);
    MUST(orgs_hear(&t, con, 0));
    expect(&t, con, a.id, "01001100");
    assert_int_equal(kai_keyring_inside(con, a.id, a.id), KAI_INSIDE_UNKNOWN);
    MUST(kai_keyring_rule(con, kai_buf_view(&a.rule)));
    expect(&t, con, a.id, "01001100");
    assert_string_equal(kai_keyring_name(con, a.id), "listed");
    kai_keyring_free(con);
    kai_keyring_free(owner);
    kai_buf_free(&a.rule);
    orgs_stop(&t);
}

/* What a RULE names: a person in an organisation. */
static void place_of(uint8_t *id, const struct tsub *x, const struct orgs *t, size_t org)
{
    kai_place_id(id, x->id, t->o[org].org.id);
}

/* The founder gives a listed person's key a place of its own, out of the request that is public:
 * it is no member by that, neither while the person has its place nor after that was revoked. */
static void a_borrowed_person(void **state)
{
    (void)state;
    static struct orgs t;
    struct listed_aud a;
    struct tsub x;
    uint8_t ids[1][KAI_ID_BYTES], in_town[KAI_ID_BYTES];
    const struct kai_person **list;
    size_t n;

    build(&t, 7);
    world_key(&t.w, &x);
    world_admit(&t.w, &t.o[TOWN].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    memcpy(in_town, x.cert, KAI_ID_BYTES);
    world_admit(&t.w, &t.o[FOUNDER].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    place_of(ids[0], &x, &t, TOWN);
    list_it(&t, &a, KAI_AUD_PERSONS, 5, KAI_ADMIT_PERSON, (const uint8_t(*)[KAI_ID_BYTES])ids, 1);
    struct kai_keyring *k = orgs_ring(&t, PREF);
    MUST(kai_keyring_rule(k, kai_buf_view(&a.rule)));
    expect(&t, k, a.id, "01100000");
    assert_false(kai_keyring_author(k, a.id, orgs_node(&t, FOUNDER)));
    MUST(kai_keyring_persons(k, a.id, &list, &n));
    assert_int_equal(n, 1);
    assert_ptr_equal(list[0]->org, orgs_org(&t, TOWN));
    free(list);
    world_remove(&t.w, &t.o[TOWN].issuing.log, in_town, KAI_REVOKE_COMPROMISE, NULL, 0);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    expect(&t, k, a.id, "01000000");
    MUST(kai_keyring_persons(k, a.id, &list, &n));
    assert_int_equal(n, 0);
    free(list);
    kai_keyring_free(k);
    kai_buf_free(&a.rule);
    orgs_stop(&t);
}

static void persons(void **state)
{
    (void)state;
    static struct orgs t;
    struct listed_aud a;
    struct tsub x, y, z;
    uint8_t ids[4][KAI_ID_BYTES];
    const struct kai_person **list;
    size_t n;
    struct kai_admit low = world_terms(KAI_ADMIT_PERSON);

    build(&t, 3);
    world_key(&t.w, &x);
    world_key(&t.w, &y);
    world_key(&t.w, &z);
    low.label_max = 4;
    world_admit(&t.w, &t.o[TOWN].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    uint8_t in_town[KAI_ID_BYTES];
    memcpy(in_town, x.cert, KAI_ID_BYTES);
    world_admit(&t.w, &t.o[CON].issuing.log, &x, KAI_ADMIT_PERSON, NULL);     /* Lent. */
    world_admit(&t.w, &t.o[TOWN2].issuing.log, &y, KAI_ADMIT_PERSON, &low);   /* Not up to RED. */
    world_admit(&t.w, &t.o[FOUNDER].issuing.log, &z, KAI_ADMIT_PERSON, NULL); /* Not listed. */
    place_of(ids[0], &x, &t, TOWN);
    place_of(ids[1], &x, &t, CON);
    place_of(ids[2], &y, &t, TOWN2);
    memcpy(ids[3], z.id, KAI_ID_BYTES); /* Not the id of a place. */
    list_it(&t, &a, KAI_AUD_PERSONS, 5, KAI_ADMIT_PERSON, (const uint8_t(*)[KAI_ID_BYTES])ids, 4);
    struct kai_keyring *k = orgs_ring(&t, PREF);
    assert_int_equal(kai_keyring_persons(k, a.id, &list, &n), KAI_ENOTFOUND);
    MUST(kai_keyring_rule(k, kai_buf_view(&a.rule)));
    expect(&t, k, a.id, "01101000");
    MUST(kai_keyring_persons(k, a.id, &list, &n));
    assert_int_equal(n, 2);
    assert_memory_equal(list[0]->id, x.id, KAI_ID_BYTES);
    assert_memory_equal(list[1]->kx_pk, x.kx_pk, KAI_KEY_BYTES);
    free(list);
    assert_int_equal(orgs_duties(&t, k, 1000), 1);
    struct kai_keyring *town = orgs_ring(&t, TOWN);
    struct kai_epoch e;
    MUST(orgs_hear(&t, town, 0));
    MUST(kai_keyring_rule(town, kai_buf_view(&a.rule)));
    MUST(kai_keyring_write_epoch(town, a.id, &e));
    /* The place goes: its organisation is out, and the key has to change. */
    world_remove(&t.w, &t.o[TOWN].issuing.log, in_town, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    MUST(kai_keyring_roster(town, t.r));
    expect(&t, k, a.id, "01001000");
    assert_int_equal(kai_keyring_write_epoch(k, a.id, &e), KAI_EAGAIN);
    assert_int_equal(orgs_duties(&t, k, 2000), 1);
    MUST(kai_keyring_write_epoch(k, a.id, &e));
    assert_int_equal(orgs_hear(&t, town, 1), KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_write_epoch(town, a.id, &e), KAI_EAGAIN);
    kai_keyring_free(town);
    kai_keyring_free(k);
    kai_buf_free(&a.rule);
    orgs_stop(&t);
}

/* A community by attributes: any of the values of one key, and every key. */
static void a_rule_over_attributes(void **state)
{
    (void)state;
    static struct orgs t;
    static const char *const attrs[][2] = {
        {"sector", "health"}, {"sector", "water"}, {"region", "east"}};
    uint8_t aud[KAI_ID_BYTES];

    orgs_start(&t, 6);
    for (size_t i = 0; i < 8; i++) { /* Each has some of the three: by the bits of i. */
        struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

        for (size_t b = 0; b < 3; b++) {
            if ((i >> b & 1) == 0)
                continue;
            struct kai_attr *a = &terms.attrs[terms.n_attrs++];
            (void)snprintf(a->key, sizeof a->key, "%s", attrs[b][0]);
            (void)snprintf(a->value, sizeof a->value, "%s", attrs[b][1]);
        }
        orgs_add(&t, 0, &terms);
    }
    struct kai_aud_rec rec = orgs_rec(&t, 0, KAI_AUD_COMMUNITY, 2);
    rec.n_rule = 3;
    for (size_t b = 0; b < 3; b++) {
        (void)snprintf(rec.rule[b].key, sizeof rec.rule[b].key, "%s", attrs[b][0]);
        (void)snprintf(rec.rule[b].value, sizeof rec.rule[b].value, "%s", attrs[b][1]);
    }
    orgs_audience(&t, 0, &rec, aud);
    struct kai_keyring *k = orgs_ring(&t, 0);
    for (size_t i = 0; i < 8; i++)
        assert_true(kai_keyring_org_member(k, aud, orgs_org(&t, i + 1)) ==
                    ((i & 3) != 0 && (i & 4) != 0));
    assert_true(
        kai_keyring_org_member(k, aud, orgs_org(&t, 0))); /* Its owner, with no attribute. */
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* A rule over ids of the wrong kind says nothing. */
static void ids_of_the_wrong_kind(void **state)
{
    (void)state;
    static struct orgs t;
    struct listed_aud a;
    uint8_t ids[1][KAI_ID_BYTES];

    build(&t, 4);
    memcpy(ids[0], t.o[TOWN].org.id, KAI_ID_BYTES);
    list_it(&t, &a, KAI_AUD_GROUP, 3, KAI_ADMIT_PERSON, (const uint8_t(*)[KAI_ID_BYTES])ids, 1);
    struct kai_keyring *k = orgs_ring(&t, PREF);
    MUST(kai_keyring_rule(k, kai_buf_view(&a.rule)));
    expect(&t, k, a.id, "00000000");
    kai_keyring_free(k);
    kai_buf_free(&a.rule);
    orgs_stop(&t);
}

static void who_is_inside_whom(void **state)
{
    (void)state;
    static struct orgs t;
    struct listed_aud con, group;
    uint8_t open[KAI_ID_BYTES], everybody[KAI_ID_BYTES], own[KAI_ID_BYTES], unknown[32] = {7};
    uint8_t ids[2][KAI_ID_BYTES], box[2][KAI_ID_BYTES];

    build(&t, 5);
    struct kai_aud_rec rec = orgs_rec(&t, FOUNDER, KAI_AUD_COMMUNITY, 2);
    orgs_audience(&t, FOUNDER, &rec, open);
    rec = orgs_rec(&t, FOUNDER, KAI_AUD_PUBLIC, 1);
    orgs_audience(&t, FOUNDER, &rec, everybody);
    rec = orgs_rec(&t, PREF, KAI_AUD_CLIENTS, 3);
    orgs_audience(&t, PREF, &rec, own);
    memcpy(ids[0], t.o[CON].org.id, KAI_ID_BYTES);
    list_it(&t, &con, KAI_AUD_PROVIDERS, 3, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids, 1);
    memcpy(ids[0], t.o[TOWN].org.id, KAI_ID_BYTES);
    memcpy(ids[1], t.o[FOUNDER].org.id, KAI_ID_BYTES);
    list_it(&t, &group, KAI_AUD_GROUP, 4, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids, 2);
    kai_mailbox_id(box[0], t.o[TOWN].org.id);
    kai_mailbox_id(box[1], t.o[CON].org.id);
    struct kai_keyring *k = orgs_ring(&t, PREF);
    assert_int_equal(kai_keyring_inside(k, group.id, open), KAI_INSIDE_UNKNOWN);
    MUST(kai_keyring_rule(k, kai_buf_view(&con.rule)));
    MUST(kai_keyring_rule(k, kai_buf_view(&group.rule)));
    expect(&t, k, open, "11110000");
    expect(&t, k, everybody, "11111111");
    expect(&t, k, own, "01110000");
    expect(&t, k, group.id, "10100000");
    expect(&t, k, unknown, "00000000");
    const struct {
        const uint8_t *inner, *outer;
        enum kai_inside want;
    } rows[] = {
        {own, open, KAI_INSIDE_YES},         {open, own, KAI_INSIDE_NO},
        {group.id, open, KAI_INSIDE_YES},    {con.id, open, KAI_INSIDE_NO},
        {con.id, con.id, KAI_INSIDE_YES},    {everybody, open, KAI_INSIDE_NO},
        {open, everybody, KAI_INSIDE_YES},   {everybody, everybody, KAI_INSIDE_YES},
        {group.id, own, KAI_INSIDE_NO},      {box[0], open, KAI_INSIDE_YES},
        {box[1], open, KAI_INSIDE_NO},       {open, box[0], KAI_INSIDE_NO},
        {unknown, open, KAI_INSIDE_UNKNOWN}, {open, unknown, KAI_INSIDE_UNKNOWN},
        {everybody, unknown, KAI_INSIDE_NO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (kai_keyring_inside(k, rows[i].inner, rows[i].outer) != rows[i].want)
            fail_msg("row %zu", i);
    }
    kai_keyring_free(k);
    kai_buf_free(&con.rule);
    kai_buf_free(&group.rule);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients),
        cmocka_unit_test(providers),
        cmocka_unit_test(persons),
        cmocka_unit_test(a_borrowed_person),
        cmocka_unit_test(a_rule_over_attributes),
        cmocka_unit_test(ids_of_the_wrong_kind),
        cmocka_unit_test(who_is_inside_whom),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
