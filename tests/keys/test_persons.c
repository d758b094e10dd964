/* Persons, clients, contractors; and what is left when an issuing key was stolen. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "keys/reissue.h"

static void a_place_in_each_organisation(void **state)
{
    (void)state;
    static struct orgs t;
    struct tsub expert, other;
    const struct kai_person *p;
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    orgs_start(&t, 1);
    terms.label_max = 4;
    terms.not_after = 700;
    size_t a = orgs_add(&t, 0, &terms);
    size_t b = orgs_add(&t, 0, NULL);
    world_key(&t.w, &expert);
    world_key(&t.w, &other);
    terms = world_terms(KAI_ADMIT_PERSON);
    terms.not_after = 900;
    world_admit(&t.w, &t.o[a].issuing.log, &expert, KAI_ADMIT_PERSON, &terms);
    uint8_t first[KAI_ID_BYTES];
    memcpy(first, expert.cert, KAI_ID_BYTES);
    terms.not_after = 500;
    terms.label_max = 3;
    world_admit(&t.w, &t.o[b].issuing.log, &expert, KAI_ADMIT_PERSON, &terms);
    world_admit(&t.w, &t.o[b].issuing.log, &other, KAI_ADMIT_PERSON, NULL);
    orgs_refresh(&t);
    assert_int_equal(kai_roster_persons(t.r, &p), 3);
    for (size_t i = 1; i < 3; i++) {
        int cmp = memcmp(p[i - 1].id, p[i].id, KAI_ID_BYTES);
        assert_true(cmp < 0 ||
                    (cmp == 0 && memcmp(p[i - 1].org->id, p[i].org->id, KAI_ID_BYTES) < 0));
    }
    assert_int_equal(kai_roster_person(t.r, expert.id, &p), 2);
    const struct kai_person *in_a = kai_roster_person_by_cert(t.r, first);
    const struct kai_person *in_b = kai_roster_person_by_cert(t.r, expert.cert);
    assert_non_null(in_a);
    assert_non_null(in_b);
    assert_ptr_not_equal(in_a, in_b);
    assert_memory_equal(in_a->org->id, t.o[a].org.id, KAI_ID_BYTES);
    assert_memory_equal(in_a->kx_pk, expert.kx_pk, KAI_KEY_BYTES);
    assert_true(in_a->active && in_b->active);
    assert_int_equal(in_a->label_max, 4); /* No more than its organisation. */
    assert_int_equal(in_a->not_after, 700);
    assert_int_equal(in_b->label_max, 3);
    assert_int_equal(in_b->not_after, 500);
    assert_null(kai_roster_person_by_cert(t.r, t.o[a].node.cert));
    assert_null(kai_roster_node_by_cert(t.r, expert.cert));
    /* One place goes, the other stays. */
    world_remove(&t.w, &t.o[a].issuing.log, first, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_false(kai_roster_person_by_cert(t.r, first)->active);
    assert_true(kai_roster_person_by_cert(t.r, first)->revoked);
    assert_true(kai_roster_person_by_cert(t.r, expert.cert)->active);
    /* A stranger's organisation has no word about it. */
    world_remove(&t.w, &t.o[a].issuing.log, expert.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_true(kai_roster_person_by_cert(t.r, expert.cert)->active);
    /* With its organisation a place goes too. */
    world_remove(&t.w, &t.o[0].issuing.log, t.o[b].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_false(kai_roster_person_by_cert(t.r, expert.cert)->active);
    assert_int_equal(kai_roster_person(t.r, t.o[a].node.id, &p), 0);
    assert_null(p);
    orgs_stop(&t);
}

static void the_last_to_end_is_shown(void **state)
{
    (void)state;
    static struct orgs t;
    struct tsub x;
    const struct kai_person *p;
    struct kai_admit terms = world_terms(KAI_ADMIT_PERSON);

    orgs_start(&t, 2);
    world_key(&t.w, &x);
    terms.not_after = 900;
    world_admit(&t.w, &t.o[0].issuing.log, &x, KAI_ADMIT_PERSON, &terms);
    uint8_t first[KAI_ID_BYTES];
    memcpy(first, x.cert, KAI_ID_BYTES);
    terms.not_after = 800;
    world_admit(&t.w, &t.o[0].issuing.log, &x, KAI_ADMIT_PERSON, &terms);
    orgs_refresh(&t);
    assert_int_equal(kai_roster_person(t.r, x.id, &p), 1);
    assert_memory_equal(p->cert, first, KAI_ID_BYTES);
    assert_ptr_equal(kai_roster_person_by_cert(t.r, x.cert), p);
    world_remove(&t.w, &t.o[0].issuing.log, first, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_int_equal(kai_roster_person(t.r, x.id, &p), 1);
    assert_memory_equal(p->cert, x.cert, KAI_ID_BYTES);
    assert_true(p->active);
    orgs_stop(&t);
}

/* founder 0 - prefecture 1 - town 2; contractor 3 of 1, its contractor 4, and its 5. */
static void clients_and_contractors(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);

    mark.caps |= KAI_CAP_PROVIDER;
    orgs_start(&t, 3);
    size_t pref = orgs_add(&t, 0, NULL);
    size_t town = orgs_add(&t, pref, NULL);
    size_t con = orgs_add(&t, pref, &mark);
    size_t sub = orgs_add(&t, con, NULL); /* The mark is inherited. */
    size_t third = orgs_add(&t, sub, NULL);
    orgs_refresh(&t);
    const struct kai_org *o[6];
    for (size_t i = 0; i < 6; i++)
        o[i] = orgs_org(&t, i);
    assert_true((o[sub]->caps & KAI_CAP_PROVIDER) != 0);
    assert_true((o[third]->caps & KAI_CAP_PROVIDER) != 0);
    assert_true(kai_roster_client(t.r, o[town], o[pref]));
    assert_true(kai_roster_client(t.r, o[pref], o[0]));
    assert_false(kai_roster_client(t.r, o[town], o[0])); /* One step, not two. */
    assert_false(kai_roster_client(t.r, o[pref], o[town]));
    assert_false(kai_roster_client(t.r, o[con], o[pref]));
    assert_false(kai_roster_client(t.r, o[sub], o[con]));
    assert_false(kai_roster_client(t.r, o[pref], o[pref]));
    assert_int_equal(kai_roster_provider_tiers(t.r, o[con], o[pref]), 1);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[con], o[0]), 1);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[sub], o[pref]), 2);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[third], o[pref]), 0);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[third], o[con]), 2);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[town], o[pref]), 0);
    assert_int_equal(kai_roster_provider_tiers(t.r, o[con], o[town]), 0);
    static const char *const over[] = {"000000", "100000", "110000", "110000", "110100", "110110"};
    for (size_t i = 0; i < 36; i++) /* Every organisation that leads up to the founder. */
        assert_int_equal(kai_roster_above(t.r, o[i / 6], o[i % 6]), over[i / 6][i % 6] == '1');
    assert_false(kai_roster_above(t.r, o[town], NULL));
    /* Somebody else admits the town once more, with the mark and a higher ceiling: it stays what it
     * is, for the mark is not for everybody to hand out. */
    world_admit(&t.w, &t.o[0].issuing.log, &t.o[town].org, KAI_ADMIT_ORG, &mark);
    orgs_refresh(&t);
    assert_true((orgs_org(&t, town)->caps & KAI_CAP_PROVIDER) == 0);
    assert_true(kai_roster_client(t.r, orgs_org(&t, town), orgs_org(&t, pref)));
    assert_false(kai_roster_client(t.r, orgs_org(&t, town), orgs_org(&t, 0)));
    assert_int_equal(kai_roster_provider_tiers(t.r, orgs_org(&t, town), orgs_org(&t, 0)), 1);
    /* A client that is out is none. */
    world_remove(&t.w, &t.o[0].issuing.log, t.o[pref].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_false(kai_roster_client(t.r, orgs_org(&t, pref), orgs_org(&t, 0)));
    orgs_stop(&t);
}

static void a_lower_ceiling_stays(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit low = world_terms(KAI_ADMIT_ORG);

    low.label_max = 2;
    orgs_start(&t, 4);
    size_t a = orgs_add(&t, 0, &low);
    size_t b = orgs_add(&t, a, NULL); /* Says 5. */
    orgs_refresh(&t);
    assert_int_equal(orgs_org(&t, a)->label_max, 2);
    assert_int_equal(orgs_org(&t, b)->label_max, 2);
    orgs_stop(&t);
}

struct listed {
    size_t orgs, nodes, persons, audiences;
};

static bool count_listed(void *ctx, uint64_t type, const struct kai_entry *e)
{
    struct listed *l = ctx;
    uint64_t t;
    struct kai_view body;
    struct kai_admit a;

    MUST(kai_rec_parse(&t, &body, e->payload));
    assert_int_equal(t, type);
    if (type == KAI_REC_AUDIENCE) {
        l->audiences++;
        return true;
    }
    MUST(kai_admit_parse(&a, body));
    l->orgs += a.kind == KAI_ADMIT_ORG;
    l->nodes += a.kind == KAI_ADMIT_NODE;
    l->persons += a.kind == KAI_ADMIT_PERSON;
    return true;
}

/* What stood under the cut, by the roster after it. */
static void lists_what_survives(const struct orgs *t, const struct torg *o, struct kai_cut cut)
{
    struct listed l = {0};
    struct kai_ctl *ctl = world_ctl(&t->w);
    MUST(kai_reissue_list(ctl, t->r, o->issuing.cert, &cut, count_listed, &l));
    assert_int_equal(l.orgs, 1);
    assert_int_equal(l.nodes, 1); /* Not the one revoked, not the thief's. */
    assert_int_equal(l.persons, 1);
    assert_int_equal(l.audiences, 1); /* The version that counts. */
    memset(&l, 0, sizeof l);
    MUST(kai_reissue_list(ctl, t->r, o->issuing.cert, NULL, count_listed, &l));
    assert_int_equal(l.orgs + l.nodes + l.persons + l.audiences, 4);
    cut.seq = 0;
    memset(&l, 0, sizeof l);
    MUST(kai_reissue_list(ctl, t->r, o->issuing.cert, &cut, count_listed, &l));
    assert_int_equal(l.orgs + l.nodes + l.persons + l.audiences, 0);
    cut.seq = 1;
    assert_int_equal(kai_reissue_list(ctl, t->r, o->issuing.cert, &cut, count_listed, &l),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_reissue_list(ctl, t->r, o->node.cert, NULL, count_listed, &l),
                     KAI_ENOTFOUND);
    kai_ctl_free(ctl);
}

/* A thief has the issuing key of organisation a. Its root admits a new one and revokes the old with
 * a cut; what the thief said is void, what stood before stands, and can be said again. */
static void a_stolen_issuing_key(void **state)
{
    (void)state;
    static struct orgs t;
    struct tsub person, gone, thief, evil, fresh;
    struct kai_cut cut;
    uint8_t aud[KAI_ID_BYTES];

    orgs_start(&t, 5);
    size_t a = orgs_add(&t, 0, NULL);
    size_t child = orgs_add(&t, a, NULL);
    struct torg *o = &t.o[a];
    world_key(&t.w, &person);
    world_admit(&t.w, &o->issuing.log, &person, KAI_ADMIT_PERSON, NULL);
    world_key(&t.w, &gone);
    world_admit(&t.w, &o->issuing.log, &gone, KAI_ADMIT_NODE, NULL);
    world_remove(&t.w, &o->issuing.log, gone.cert, KAI_REVOKE_LEFT, NULL, 0);
    struct kai_aud_rec rec = orgs_rec(&t, a, KAI_AUD_COMMUNITY, 2);
    orgs_audience(&t, a, &rec, aud);
    rec.ver = 2;
    orgs_audience(&t, a, &rec, aud);
    struct kai_ctl *ctl = world_ctl(&t.w);
    MUST(kai_cut_now(&cut, ctl, o->issuing.log.pk));
    kai_ctl_free(ctl);
    struct tlog good = o->issuing.log;

    world_key(&t.w, &thief);
    world_admit(&t.w, &o->issuing.log, &thief, KAI_ADMIT_NODE, NULL);
    world_key(&t.w, &evil);
    world_admit(&t.w, &o->issuing.log, &evil, KAI_ADMIT_ORG, NULL);
    rec.ver = 3;
    orgs_audience(&t, a, &rec, aud);
    assert_true(world_cert_active(t.r, thief.cert));
    assert_true(world_cert_active(t.r, evil.cert));

    /* Another organisation's root cannot do it, nor can a node's or a stranger's issuing key. */
    const struct tlog *keep[1] = {&good};
    world_remove(&t.w, &t.o[child].org.log, o->issuing.cert, KAI_REVOKE_COMPROMISE, NULL, 0);
    world_remove(&t.w, &t.o[child].issuing.log, o->issuing.cert, KAI_REVOKE_COMPROMISE, NULL, 0);
    /* A root speaks of issuing keys alone. */
    world_remove(&t.w, &o->org.log, o->node.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_true(world_cert_active(t.r, o->issuing.cert));
    assert_true(world_cert_active(t.r, o->node.cert));

    world_key(&t.w, &fresh);
    world_admit(&t.w, &o->org.log, &fresh, KAI_ADMIT_ISSUING, NULL);
    world_remove(&t.w, &o->org.log, o->issuing.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    orgs_refresh(&t);
    assert_false(world_cert_active(t.r, o->issuing.cert));
    assert_true(world_cert_attested(t.r, o->issuing.cert));
    assert_true(world_cert_active(t.r, fresh.cert));
    assert_false(world_cert_attested(t.r, thief.cert));
    assert_false(world_cert_attested(t.r, evil.cert));
    assert_true(world_cert_active(t.r, o->node.cert));
    assert_true(world_cert_active(t.r, t.o[child].org.cert));
    assert_true(world_cert_active(t.r, t.o[child].node.cert));
    assert_true(kai_roster_person_by_cert(t.r, person.cert)->active);
    assert_int_equal(kai_roster_audience(t.r, aud)->rec.ver, 2);

    lists_what_survives(&t, o, cut);
    orgs_stop(&t);
}

static void said_again_under_a_new_key(void **state)
{
    (void)state;
    static struct orgs t;
    struct tsub fresh;
    struct kai_buf body;

    orgs_start(&t, 6);
    size_t a = orgs_add(&t, 0, NULL);
    struct torg *o = &t.o[a];
    world_key(&t.w, &fresh);
    world_admit(&t.w, &o->org.log, &fresh, KAI_ADMIT_ISSUING, NULL);
    struct kai_ctl *ctl = world_ctl(&t.w);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    MUST(kai_reissue_admit(&body, kai_ctl_find(ctl, o->node.cert)));
    uint8_t again[KAI_ID_BYTES];
    memcpy(again, world_append(&t.w, &fresh.log, KAI_REC_ADMIT, &body), KAI_ID_BYTES);
    assert_int_equal(kai_reissue_admit(&body, kai_ctl_find(ctl, o->issuing.cert)), KAI_OK);
    kai_ctl_free(ctl);
    kai_buf_free(&body);
    /* The old key goes, with all it said. */
    world_remove(&t.w, &o->org.log, o->issuing.cert, KAI_REVOKE_COMPROMISE, NULL, 0);
    orgs_refresh(&t);
    assert_false(world_cert_active(t.r, o->node.cert));
    assert_true(world_cert_active(t.r, again));
    assert_true(orgs_node(&t, a)->active); /* The same node, by its new certificate. */
    assert_memory_equal(orgs_node(&t, a)->cert, again, KAI_ID_BYTES);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_in_each_organisation),
        cmocka_unit_test(the_last_to_end_is_shown),
        cmocka_unit_test(clients_and_contractors),
        cmocka_unit_test(a_lower_ceiling_stays),
        cmocka_unit_test(a_stolen_issuing_key),
        cmocka_unit_test(said_again_under_a_new_key),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
