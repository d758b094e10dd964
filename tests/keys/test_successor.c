/* SUCCESSOR: who may give places and who takes them, who is in an audience by it, and that the
 * state follows from the set of entries alone. */
#include "keys/orgs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"
#include "keys/keyring_int.h"

/* founder 0; prefecture 1 with the towns 2 and 3 and the city 4; 5 is somebody else's, who owns the
 * group; the prefecture's contractors 6 and 7; 8 may see GREEN and no more. */
enum { FOUNDER, PREF, TOWN, TOWN2, CITY, OTHER, CON, CON2, LOW, N_ORGS };

static void build(struct orgs *t, uint64_t seed)
{
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);
    struct kai_admit low = world_terms(KAI_ADMIT_ORG);

    mark.caps |= KAI_CAP_PROVIDER;
    low.label_max = 2;
    orgs_start(t, seed);
    orgs_add(t, FOUNDER, NULL);
    orgs_add(t, PREF, NULL);
    orgs_add(t, PREF, NULL);
    orgs_add(t, PREF, NULL);
    orgs_add(t, FOUNDER, NULL);
    orgs_add(t, PREF, &mark);
    orgs_add(t, PREF, &mark);
    assert_int_equal(orgs_add(t, PREF, &low), LOW);
    orgs_refresh(t);
}

/* The old one's own word, and the new one's after it. */
static void give(struct orgs *t, size_t old, size_t heir)
{
    struct tlog *root = &t->o[old].org.log;

    orgs_say_heir(t, root, old, heir, root->seq);
}

static void take(struct orgs *t, size_t old, size_t heir)
{
    orgs_say_heir(t, &t->o[heir].issuing.log, old, heir, t->o[old].org.log.seq - 1);
}

static void merge(struct orgs *t, size_t old, size_t heir)
{
    give(t, old, heir);
    take(t, old, heir);
    orgs_refresh(t);
}

/* By hand of the parent, what it had signed till now stays. */
static void end(struct orgs *t, size_t old, uint64_t reason)
{
    const struct tlog *keep[2] = {&t->o[old].org.log, &t->o[old].issuing.log};

    world_remove(&t->w, &t->o[PREF].issuing.log, t->o[old].org.cert, reason, keep,
                 reason == KAI_REVOKE_COMPROMISE ? 0 : 2);
}

static bool stands(struct orgs *t, size_t heir, size_t old, uint64_t label)
{
    return kai_roster_stands_for(t->r, orgs_org(t, heir), t->o[old].org.id, label);
}

static void both_sides(void **state)
{
    (void)state;
    static struct orgs t;

    for (size_t order = 0; order < 2; order++) { /* Whoever speaks first. */
        build(&t, 1);
        uint64_t cut = t.o[TOWN].org.log.seq;
        struct tlog *first = order == 0 ? &t.o[TOWN].org.log : &t.o[CITY].issuing.log;
        struct tlog *second = order == 0 ? &t.o[CITY].issuing.log : &t.o[TOWN].org.log;
        orgs_say_heir(&t, first, TOWN, CITY, cut);
        assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
        assert_false(stands(&t, CITY, TOWN, 1));
        orgs_say_heir(&t, second, TOWN, CITY, cut);
        assert_int_equal(orgs_heir(&t, TOWN), CITY);
        assert_true(stands(&t, CITY, TOWN, 5) && stands(&t, TOWN, TOWN, 5));
        assert_false(stands(&t, TOWN, CITY, 1));
        assert_true(orgs_org(&t, TOWN)->active);
        orgs_stop(&t);
    }
}

/* The new one's root consents as well as its issuing key. */
static void root_consents(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 2);
    give(&t, TOWN, CITY);
    orgs_say_heir(&t, &t.o[CITY].org.log, TOWN, CITY, t.o[TOWN].org.log.seq - 1);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
}

/* What a thief can say: with the issuing key of the old one, of its parent, with a node's key, and
 * as somebody who admitted it without being asked. */
static void thieves(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 3);
    uint64_t cut = t.o[TOWN].org.log.seq;
    orgs_say_heir(&t, &t.o[OTHER].issuing.log, TOWN, OTHER, cut);
    orgs_say_heir(&t, &t.o[OTHER].issuing.log, TOWN, OTHER, t.o[TOWN].issuing.log.seq);
    orgs_say_heir(&t, &t.o[TOWN].issuing.log, TOWN, OTHER, cut);
    orgs_say_heir(&t, &t.o[TOWN].issuing.log, TOWN, OTHER, t.o[TOWN].issuing.log.seq);
    orgs_say_heir(&t, &t.o[TOWN].node.log, TOWN, OTHER, cut);
    orgs_say_heir(&t, &t.o[PREF].issuing.log, TOWN, OTHER, cut);
    orgs_say_heir(&t, &t.o[OTHER].org.log, TOWN, OTHER, cut);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    end(&t, TOWN, KAI_REVOKE_LOST); /* Nor once it is no more. */
    orgs_say_heir(&t, &t.o[PREF].issuing.log, TOWN, OTHER, cut);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    orgs_stop(&t);
}

/* Its own word counts in the place that it names, and while its root is not dead. */
static void in_its_place(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_keydeath d = {0};
    struct kai_buf note;
    struct kai_roster *r;

    build(&t, 4);
    uint64_t cut = t.o[TOWN].org.log.seq;
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, cut);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, cut + 1);
    orgs_say_heir(&t, &t.o[TOWN].org.log, TOWN, CITY, cut + 1);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    orgs_say_heir(&t, &t.o[TOWN].org.log, TOWN, CITY, cut);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    give(&t, TOWN, CITY);
    take(&t, TOWN, CITY);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    memcpy(d.key, t.o[TOWN].org.log.pk, KAI_KEY_BYTES);
    memcpy(d.signer, t.o[TOWN].org.log.pk, KAI_KEY_BYTES);
    kai_buf_init(&note, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(&note, &d, t.o[TOWN].org.log.sk, t.w.charter.nid);
    struct kai_ctl *ctl = world_ctl(&t.w);
    MUST(kai_ctl_death_add(ctl, kai_buf_view(&note)));
    MUST(kai_roster_build(&r, ctl));
    assert_null(kai_roster_heir(r, kai_roster_org(r, t.o[TOWN].org.id)));
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    kai_buf_free(&note);
    orgs_stop(&t);
}

/* The parent's root speaks for a child that is no more, and for no other. */
static void by_the_parent(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 5);
    uint64_t cut = t.o[TOWN].org.log.seq;
    orgs_say_heir(&t, &t.o[PREF].org.log, TOWN, CITY, cut);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, cut);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX); /* It lives. */
    end(&t, TOWN, KAI_REVOKE_COMPROMISE);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_say_heir(&t, &t.o[FOUNDER].org.log, TOWN2, CITY, 1); /* The parent's parent, */
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN2, CITY, 1);
    end(&t, TOWN2, KAI_REVOKE_LOST);
    assert_int_equal(orgs_heir(&t, TOWN2), SIZE_MAX);
    orgs_stop(&t);
}

/* Whoever admits an organisation that did not ask has no say, and the parent none any more. */
static void unasked(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t cert[KAI_ID_BYTES], of_thief[KAI_ID_BYTES];

    build(&t, 6);
    memcpy(cert, t.o[TOWN].org.cert, KAI_ID_BYTES);
    world_admit(&t.w, &t.o[OTHER].issuing.log, &t.o[TOWN].org, KAI_ADMIT_ORG, NULL);
    memcpy(of_thief, t.o[TOWN].org.cert, KAI_ID_BYTES);
    orgs_say_heir(&t, &t.o[OTHER].org.log, TOWN, OTHER, 1);
    orgs_say_heir(&t, &t.o[PREF].org.log, TOWN, CITY, 1);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, 1);
    world_remove(&t.w, &t.o[PREF].issuing.log, cert, KAI_REVOKE_LOST, NULL, 0);
    world_remove(&t.w, &t.o[OTHER].issuing.log, of_thief, KAI_REVOKE_LOST, NULL, 0);
    orgs_refresh(&t);
    assert_false(orgs_org(&t, TOWN)->active);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    /* Once the thief's admission counts no more, the parent is the only one again. */
    world_remove(&t.w, &t.o[FOUNDER].issuing.log, t.o[OTHER].org.cert, KAI_REVOKE_COMPROMISE, NULL,
                 0);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
}

/* The first word stays: a root key that nobody minds any more gives nothing twice. The old one's
 * own goes before its parent's; where a REVOKE cut it off, the parent's is there. */
static void two_successors(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 7);
    merge(&t, TOWN, CITY);
    merge(&t, TOWN, TOWN2);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_say_heir(&t, &t.o[PREF].org.log, TOWN, OTHER, 0);
    orgs_say_heir(&t, &t.o[OTHER].issuing.log, TOWN, OTHER, 0);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    end(&t, TOWN, KAI_REVOKE_LEFT); /* As a merger ends: what it signed stays. */
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
    build(&t, 8);
    merge(&t, TOWN, TOWN2); /* By whoever stole its root key. */
    orgs_say_heir(&t, &t.o[PREF].org.log, TOWN, CITY, 1);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, 1);
    assert_int_equal(orgs_heir(&t, TOWN), TOWN2);
    end(&t, TOWN, KAI_REVOKE_COMPROMISE);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
}

static void chains(void **state)
{
    (void)state;
    static struct orgs t;
    const struct kai_forerunner *f;
    size_t line[12];

    orgs_start(&t, 9);
    for (size_t i = 0; i < 12; i++) {
        line[i] = orgs_add(&t, 0, NULL);
        if (i > 0)
            merge(&t, line[i - 1], line[i]);
    }
    orgs_refresh(&t);
    assert_true(stands(&t, line[8], line[0], 5));
    assert_false(stands(&t, line[9], line[0], 1)); /* The ninth step. */
    assert_true(stands(&t, line[9], line[1], 5));
    assert_int_equal(kai_roster_forerunners(t.r, orgs_org(&t, line[11]), &f), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(f[i].steps, i + 1);
        assert_ptr_equal(f[i].org, orgs_org(&t, line[10 - i]));
    }
    orgs_stop(&t);
}

static void cycles(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 10);
    merge(&t, TOWN, TOWN2);
    merge(&t, TOWN2, CITY);
    merge(&t, CITY, TOWN2); /* Two that hand it to and fro, */
    assert_true(stands(&t, CITY, TOWN, 5) && stands(&t, TOWN2, TOWN, 5));
    assert_true(stands(&t, CITY, TOWN2, 5) && stands(&t, TOWN2, CITY, 5));
    assert_false(stands(&t, TOWN, CITY, 1));
    merge(&t, OTHER, LOW); /* and one that comes back to where it began. */
    merge(&t, LOW, OTHER);
    assert_true(stands(&t, LOW, OTHER, 5) && stands(&t, OTHER, LOW, 2));
    orgs_stop(&t);
}

/* Labels and the provider mark: nobody hands on what it could not have. */
static void own_terms(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 11);
    merge(&t, TOWN, LOW);
    merge(&t, LOW, CITY);
    assert_true(stands(&t, CITY, TOWN, 2) && stands(&t, CITY, LOW, 2));
    assert_false(stands(&t, CITY, TOWN, 3)); /* LOW could not be there. */
    assert_false(stands(&t, CITY, LOW, 3));
    merge(&t, TOWN2, CON);
    merge(&t, CON, CON2);
    assert_false(stands(&t, CON, TOWN2, 1) || stands(&t, CON2, TOWN2, 1));
    assert_true(stands(&t, CON2, CON, 5));
    orgs_stop(&t);
}

/* ---- In audiences. */

struct group {
    uint8_t id[KAI_ID_BYTES];
    struct kai_buf rule;
};

static void list(struct orgs *t, struct group *g, size_t owner, uint64_t kind, uint64_t label,
                 uint64_t id_kind, const uint8_t (*ids)[KAI_ID_BYTES], size_t n, size_t steward)
{
    struct kai_aud_rec rec = orgs_rec(t, owner, kind, label);

    memcpy(rec.stewards[rec.n_stewards++], t->o[steward].org.id, KAI_ID_BYTES);
    kai_aud_id(g->id, t->o[owner].org.id, rec.nonce);
    rec.rule_open = false;
    orgs_rule(t, &g->rule, rec.rule_hash, owner, g->id, id_kind, ids, n);
    orgs_audience(t, owner, &rec, g->id);
}

static void expect(const struct orgs *t, const struct kai_keyring *k, const uint8_t *aud,
                   const char *in)
{
    for (size_t i = 0; i < N_ORGS; i++) {
        bool want = in[i] == '1';

        if (kai_keyring_eligible(k, aud, orgs_node(t, i)) != want)
            fail_msg("node %zu of %s", i, in);
        if (kai_keyring_org_member(k, aud, orgs_org(t, i)) != want)
            fail_msg("organisation %zu of %s", i, in);
    }
}

/* A group of the old town: the city is in by the merger alone, reads what is minted then, and is a
 * steward where the town was one. */
static void group(void **state)
{
    (void)state;
    static struct orgs t;
    struct group g;
    uint8_t ids[3][KAI_ID_BYTES];
    struct kai_epoch e;

    build(&t, 12);
    memcpy(ids[0], t.o[OTHER].org.id, KAI_ID_BYTES);
    memcpy(ids[1], t.o[TOWN].org.id, KAI_ID_BYTES);
    memcpy(ids[2], t.o[LOW].org.id, KAI_ID_BYTES);
    list(&t, &g, OTHER, KAI_AUD_GROUP, 3, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids, 3,
         TOWN);
    struct kai_keyring *owner = orgs_ring(&t, OTHER);
    struct kai_keyring *city = orgs_ring(&t, CITY);
    struct kai_keyring *both[2] = {owner, city};
    MUST(kai_keyring_rule(owner, kai_buf_view(&g.rule)));
    expect(&t, owner, g.id, "001001000");
    assert_int_equal(orgs_duties(&t, owner, 1000), 1);
    assert_int_equal(orgs_hear(&t, city, 0), KAI_ENOTFOUND);
    give(&t, TOWN, CITY);
    orgs_news(&t, both, 2);
    expect(&t, owner, g.id, "001001000"); /* One side alone does nothing. */
    take(&t, TOWN, CITY);
    merge(&t, LOW, TOWN2);
    merge(&t, OTHER, CON);
    orgs_news(&t, both, 2);
    expect(&t, owner, g.id, "001011000");
    assert_true(orgs_duties(&t, owner, 70000) > 0);
    (void)orgs_hear(&t, city, 0);
    MUST(kai_keyring_write_epoch(city, g.id, &e)); /* Without the RULE, by a steward's word. */
    MUST(kai_keyring_rule(city, kai_buf_view(&g.rule)));
    expect(&t, city, g.id, "001011000");
    assert_true(kai_keyring_keeps(owner, g.id, orgs_org(&t, CITY)));
    assert_true(kai_roster_was_steward(t.r, g.id, orgs_node(&t, CITY)));
    assert_false(kai_keyring_keeps(owner, g.id, orgs_org(&t, TOWN2)));
    assert_false(kai_roster_was_steward(t.r, g.id, orgs_node(&t, TOWN2)));
    assert_true(kai_keyring_author(owner, g.id, orgs_node(&t, CITY)));
    end(&t, TOWN, KAI_REVOKE_LEFT); /* The merger is done: the town goes, the city stays. */
    orgs_news(&t, both, 2);
    expect(&t, owner, g.id, "000011000");
    end(&t, CITY, KAI_REVOKE_LEFT); /* And what is revoked itself stands for nobody. */
    orgs_news(&t, both, 2);
    expect(&t, owner, g.id, "000001000");
    kai_keyring_free(owner);
    kai_keyring_free(city);
    kai_buf_free(&g.rule);
    orgs_stop(&t);
}

/* Contractors: a listed one's heir has to be answered for itself. */
static void providers(void **state)
{
    (void)state;
    static struct orgs t;
    struct group g;
    uint8_t ids[1][KAI_ID_BYTES];

    build(&t, 13);
    memcpy(ids[0], t.o[CON].org.id, KAI_ID_BYTES);
    list(&t, &g, PREF, KAI_AUD_PROVIDERS, 3, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids, 1,
         PREF);
    struct kai_keyring *k = orgs_ring(&t, PREF);
    MUST(kai_keyring_rule(k, kai_buf_view(&g.rule)));
    expect(&t, k, g.id, "010000100");
    merge(&t, CON, CON2);
    merge(&t, CON2, CITY); /* No provider of anybody. */
    orgs_news(&t, &k, 1);
    expect(&t, k, g.id, "010000110");
    kai_keyring_free(k);
    kai_buf_free(&g.rule);
    orgs_stop(&t);
}

/* A person who is taken over: its place in the city stands where that in the town was listed. */
static void persons(void **state)
{
    (void)state;
    static struct orgs t;
    struct group g;
    struct tsub x, y;
    uint8_t ids[1][KAI_ID_BYTES];
    const struct kai_person **found;
    size_t n;

    build(&t, 14);
    world_key(&t.w, &x);
    world_key(&t.w, &y);
    world_admit(&t.w, &t.o[TOWN].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    world_admit(&t.w, &t.o[CITY].issuing.log, &y, KAI_ADMIT_PERSON, NULL); /* Somebody else. */
    kai_place_id(ids[0], x.id, t.o[TOWN].org.id);
    list(&t, &g, OTHER, KAI_AUD_PERSONS, 5, KAI_ADMIT_PERSON, (const uint8_t(*)[KAI_ID_BYTES])ids,
         1, OTHER);
    struct kai_keyring *k = orgs_ring(&t, OTHER);
    MUST(kai_keyring_rule(k, kai_buf_view(&g.rule)));
    merge(&t, TOWN, CITY);
    orgs_news(&t, &k, 1);
    expect(&t, k, g.id, "001001000"); /* The person is not the city's yet. */
    world_admit(&t.w, &t.o[TOWN2].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    orgs_news(&t, &k, 1);
    expect(&t, k, g.id, "001001000");
    world_admit(&t.w, &t.o[CITY].issuing.log, &x, KAI_ADMIT_PERSON, NULL);
    end(&t, TOWN, KAI_REVOKE_LEFT);
    orgs_news(&t, &k, 1);
    expect(&t, k, g.id, "000011000");
    MUST(kai_keyring_persons(k, g.id, &found, &n));
    assert_int_equal(n, 1);
    assert_memory_equal(found[0]->id, x.id, KAI_ID_BYTES);
    assert_ptr_equal(found[0]->org, orgs_org(&t, CITY));
    free(found);
    kai_keyring_free(k);
    kai_buf_free(&g.rule);
    orgs_stop(&t);
}

/* Of an organisation that takes too many over only the first count: the others do not. */
static void too_many(void **state)
{
    (void)state;
    static struct world w;
    static struct tsub root[80], issuing;
    const struct kai_forerunner *f;

    world_init(&w, 15, root, 1, 1);
    world_key(&w, &issuing);
    world_admit(&w, &root[0].log, &issuing, KAI_ADMIT_ISSUING, NULL);
    for (size_t i = 1; i < 80; i++) {
        world_key(&w, &root[i]);
        world_admit(&w, &issuing.log, &root[i], KAI_ADMIT_ORG, NULL);
    }
    for (size_t i = 1; i < 80; i++) {
        struct kai_successor s = {.cut = 0};
        struct kai_buf body;

        memcpy(s.old_org, root[i].id, KAI_ID_BYTES);
        memcpy(s.new_org, root[0].id, KAI_ID_BYTES);
        kai_buf_init(&body, 4096);
        kai_successor_write(&body, &s);
        world_append(&w, &root[i].log, KAI_REC_SUCCESSOR, &body);
        world_append(&w, &issuing.log, KAI_REC_SUCCESSOR, &body);
        kai_buf_free(&body);
    }
    struct kai_roster *r = world_roster(&w);
    size_t n = kai_roster_forerunners(r, kai_roster_org(r, root[0].id), &f);
    assert_int_equal(n, KAI_FORERUNNERS_MAX);
    for (size_t i = 1; i < n; i++)
        assert_true(memcmp(f[i - 1].org->id, f[i].org->id, KAI_ID_BYTES) < 0);
    kai_roster_unref(r);
    world_free(&w);
}

/* ---- The state follows from the set. */

static void hash_in_order(const struct world *w, const size_t *order, uint8_t *hash)
{
    struct kai_ctl *ctl;
    struct kai_roster *r;
    bool more = true;

    MUST(kai_ctl_new(&ctl, &w->charter));
    while (more) { /* What came before its key or predecessor comes once more. */
        more = false;
        for (size_t i = 0; i < w->n; i++) {
            enum kai_err err = kai_ctl_add(ctl, &w->entries[order[i]]->e);
            assert_true(err == KAI_OK || err == KAI_EEXIST || err == KAI_EAGAIN);
            more = more || err == KAI_OK;
        }
    }
    assert_int_equal(kai_ctl_count(ctl), w->n);
    MUST(kai_roster_build(&r, ctl));
    memcpy(hash, kai_roster_hash(r), KAI_ID_BYTES);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
}

static void any_order(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t without[KAI_ID_BYTES], want[KAI_ID_BYTES], hash[KAI_ID_BYTES];
    size_t order[256];

    build(&t, 16);
    give(&t, TOWN, CITY);
    give(&t, TOWN2, CITY);
    give(&t, TOWN2, OTHER);
    orgs_refresh(&t);
    memcpy(without, kai_roster_hash(t.r), KAI_ID_BYTES);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN, CITY, t.o[TOWN].org.log.seq - 1);
    orgs_say_heir(&t, &t.o[OTHER].issuing.log, TOWN2, OTHER, t.o[TOWN2].org.log.seq - 1);
    orgs_say_heir(&t, &t.o[CITY].issuing.log, TOWN2, CITY, t.o[TOWN2].org.log.seq - 2);
    merge(&t, CITY, TOWN); /* A ring. */
    orgs_say_heir(&t, &t.o[PREF].org.log, TOWN, OTHER, 0);
    orgs_say_heir(&t, &t.o[OTHER].issuing.log, TOWN, OTHER, 0);
    end(&t, TOWN, KAI_REVOKE_LEFT);
    assert_int_equal(orgs_heir(&t, TOWN2), CITY);
    assert_true(t.w.n < sizeof order / sizeof order[0]);
    for (size_t i = 0; i < t.w.n; i++)
        order[i] = i;
    hash_in_order(&t.w, order, want);
    assert_memory_equal(want, kai_roster_hash(t.r), KAI_ID_BYTES);
    assert_memory_not_equal(want, without, KAI_ID_BYTES);
    for (int run = 0; run < 40; run++) {
        for (size_t i = t.w.n; i-- > 1;) {
            size_t k = world_random(&t.w, i + 1);
            size_t x = order[i];
            order[i] = order[k];
            order[k] = x;
        }
        hash_in_order(&t.w, order, hash);
        assert_memory_equal(hash, want, KAI_ID_BYTES);
    }
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides),     cmocka_unit_test(root_consents),
        cmocka_unit_test(thieves),        cmocka_unit_test(in_its_place),
        cmocka_unit_test(by_the_parent),  cmocka_unit_test(unasked),
        cmocka_unit_test(two_successors), cmocka_unit_test(chains),
        cmocka_unit_test(cycles),         cmocka_unit_test(own_terms),
        cmocka_unit_test(group),          cmocka_unit_test(providers),
        cmocka_unit_test(persons),        cmocka_unit_test(too_many),
        cmocka_unit_test(any_order),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
