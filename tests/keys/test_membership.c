/* Properties of membership over made-up networks: any order and duplication of the same entries and
 * notes gives one state, and a REVOKE by an issuing key only ever takes away. */
#include "keys/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"
#include "keys/roster_int.h"

#define SEEDS        220u
#define SUBJECTS_MAX 64u
#define DEATHS_MAX   8u

struct forest {
    struct world w;
    struct tsub orgs[SUBJECTS_MAX];
    size_t n_orgs;
    struct tsub issuing[SUBJECTS_MAX];
    size_t owner[SUBJECTS_MAX]; /* Organisation of each issuing key. */
    size_t n_issuing;
    struct tsub nodes[SUBJECTS_MAX];
    size_t n_nodes;
    struct tsub persons[SUBJECTS_MAX];
    size_t n_persons;
    struct kai_buf deaths[DEATHS_MAX];
    size_t n_deaths;
};

static struct tsub *any(struct forest *f, struct tsub *of, size_t n)
{
    return &of[world_random(&f->w, n)];
}

static struct kai_admit terms(struct forest *f, uint64_t kind)
{
    struct kai_admit a = world_terms(kind);

    if (world_random(&f->w, 4) == 0)
        a.max_children = world_random(&f->w, 4);
    if (world_random(&f->w, 4) == 0)
        a.depth_left = world_random(&f->w, 3);
    if (world_random(&f->w, 5) == 0)
        a.caps = world_random(&f->w, 64);
    if (world_random(&f->w, 5) == 0)
        a.label_max = 1 + world_random(&f->w, 5);
    return a;
}

static void add_issuing(struct forest *f, size_t org)
{
    struct tsub *s = &f->issuing[f->n_issuing];
    struct kai_admit a = terms(f, KAI_ADMIT_ISSUING);

    world_key(&f->w, s);
    f->owner[f->n_issuing++] = org;
    world_admit(&f->w, &f->orgs[org].log, s, KAI_ADMIT_ISSUING, &a);
}

/* A random cut: some height that some key of the forest had. */
static void random_revoke(struct forest *f, struct kai_revoke *r)
{
    struct world *w = &f->w;

    memset(r, 0, sizeof *r);
    r->of = 1;
    r->reason = 1 + world_random(w, 4);
    uint64_t what = world_random(w, 3);
    const struct tsub *t = what == 0   ? any(f, f->orgs, f->n_orgs)
                           : what == 1 ? any(f, f->issuing, f->n_issuing)
                                       : any(f, f->nodes, f->n_nodes);
    memcpy(r->target, t->cert, KAI_ID_BYTES);
    r->n_cuts = world_random(w, 5);
    for (size_t i = 0; i < r->n_cuts; i++) {
        const struct kai_entry *e = &w->entries[world_random(w, w->n)]->e;

        memcpy(r->cuts[i].log_pk, e->h.log_pk, KAI_KEY_BYTES);
        if (world_random(w, 8) == 0)
            continue;
        r->cuts[i].seq = e->h.seq;
        memcpy(r->cuts[i].head, e->hash, KAI_ID_BYTES);
    }
}

/* Persons, several places for one of them; audiences; a root that speaks of what is below it. */
static void further_step(struct forest *f, struct tsub *by)
{
    struct world *w = &f->w;
    struct kai_admit a = terms(f, KAI_ADMIT_PERSON);
    struct kai_aud_rec rec = {.ver = 1 + world_random(w, 3),
                              .kind = 1 + world_random(w, 6),
                              .rule_open = true,
                              .label_max = 1 + world_random(w, 5),
                              .n_stewards = 1};
    struct kai_revoke r;
    size_t org = world_random(w, f->n_orgs);

    uint64_t what = world_random(w, 4);
    if (what == 0 && f->n_persons < SUBJECTS_MAX)
        world_key(w, &f->persons[f->n_persons++]);
    switch (what) {
    case 0:
    case 1:
        if (f->n_persons > 0) {
            a.not_after = 1 + world_random(w, 1000);
            world_admit(w, &by->log, any(f, f->persons, f->n_persons), KAI_ADMIT_PERSON, &a);
        }
        break;
    case 2:
        rec.nonce[0] = (uint8_t)world_random(w, 3);
        memcpy(rec.stewards[0], f->orgs[org].id, KAI_ID_BYTES);
        world_audience(w, &by->log, &rec);
        break;
    default:
        random_revoke(f, &r);
        if (f->n_persons > 0 && world_random(w, 2) == 0)
            memcpy(r.target, any(f, f->persons, f->n_persons)->cert, KAI_ID_BYTES);
        world_revoke(w, &f->orgs[org].log, &r);
        break;
    }
}

static void step(struct forest *f)
{
    struct world *w = &f->w;
    struct tsub *by = any(f, f->issuing, f->n_issuing);
    uint64_t what = world_random(w, 12);

    if (world_random(w, 4) == 0) {
        further_step(f, by);
        return;
    }
    struct kai_admit a;
    struct kai_revoke r;

    if (what < 3 && f->n_orgs < 12) {
        a = terms(f, KAI_ADMIT_ORG);
        world_key(w, &f->orgs[f->n_orgs]);
        world_admit(w, &by->log, &f->orgs[f->n_orgs], KAI_ADMIT_ORG, &a);
        f->n_orgs++;
        add_issuing(f, f->n_orgs - 1);
    } else if (what < 5) { /* Once more by somebody else: lattices, and circles. */
        a = terms(f, KAI_ADMIT_ORG);
        world_admit(w, &by->log, any(f, f->orgs, f->n_orgs), KAI_ADMIT_ORG, &a);
    } else if (what < 8 && f->n_nodes < SUBJECTS_MAX) {
        a = terms(f, KAI_ADMIT_NODE);
        if (f->n_nodes > 0 && world_random(w, 3) == 0) {
            a.has_replaces = true;
            memcpy(a.replaces, any(f, f->nodes, f->n_nodes)->cert, KAI_ID_BYTES);
        }
        world_key(w, &f->nodes[f->n_nodes]);
        world_admit(w, &by->log, &f->nodes[f->n_nodes++], KAI_ADMIT_NODE, &a);
    } else if (what < 9 && f->n_issuing < 20) {
        add_issuing(f, world_random(w, f->n_orgs));
    } else if (what < 10) { /* A fork: the log goes on from where some entry of it stands. */
        const struct kai_entry *e = &w->entries[world_random(w, w->n)]->e;
        struct tlog other = by->log;

        if (memcmp(e->h.log_pk, other.pk, KAI_KEY_BYTES) == 0) {
            other.seq = e->h.seq;
            memcpy(other.head, e->hash, KAI_ID_BYTES);
        }
        world_admit(w, &other, any(f, f->nodes, f->n_nodes), KAI_ADMIT_NODE, NULL);
    } else {
        random_revoke(f, &r);
        world_revoke(w, &by->log, &r);
    }
}

static void grow(struct forest *f, uint64_t seed, size_t steps)
{
    memset(f, 0, sizeof *f);
    f->n_orgs = 1 + seed % 3;
    world_init(&f->w, seed, f->orgs, f->n_orgs, 1 + seed % f->n_orgs);
    size_t founders = f->n_orgs;
    for (size_t i = 0; i < founders; i++)
        add_issuing(f, i);
    world_key(&f->w, &f->nodes[0]);
    world_admit(&f->w, &f->issuing[0].log, &f->nodes[f->n_nodes++], KAI_ADMIT_NODE, NULL);
    for (size_t i = 0; i < steps; i++)
        step(f);
}

/* The root cuts its issuing key at a height that this had, by REVOKE or KEYDEATH. */
static void cut_issuing(struct forest *f, struct tlog *root, const struct tsub *s,
                        const struct tlog *at)
{
    struct world *w = &f->w;
    const struct tlog *keep[1] = {at};

    if (f->n_deaths == DEATHS_MAX || world_random(w, 2) == 0) {
        world_remove(w, root, s->cert, KAI_REVOKE_COMPROMISE, keep, 1);
        return;
    }
    struct kai_keydeath d = {.has_cut = true, .cut = {.seq = at->seq}};
    struct kai_buf *b = &f->deaths[f->n_deaths++];

    memcpy(d.key, s->log.pk, KAI_KEY_BYTES);
    memcpy(d.signer, root->pk, KAI_KEY_BYTES);
    memcpy(d.cut.head, at->head, KAI_ID_BYTES);
    kai_buf_init(b, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(b, &d, root->sk, w->charter.nid);
    MUST(b->err);
}

/* An issuing key that came later revokes what an earlier one admitted, and goes on after its root
 * cut it, once or more. */
static void theft(struct forest *f)
{
    struct world *w = &f->w;

    for (int times = 0; times < 3; times++) {
        size_t first = world_random(w, f->n_issuing);
        struct tlog *root = &f->orgs[f->owner[first]].log;
        struct tsub *of[3];
        struct tlog was[3];

        add_issuing(f, f->owner[first]);
        struct tsub *thief = &f->issuing[f->n_issuing - 1];
        for (size_t i = 0; i < 3; i++) {
            of[i] = &f->nodes[f->n_nodes];
            world_key(w, of[i]);
            world_admit(w, &f->issuing[first].log, &f->nodes[f->n_nodes++], KAI_ADMIT_NODE, NULL);
        }
        for (size_t i = 0; i < 3; i++) {
            was[i] = thief->log;
            world_remove(w, &thief->log, of[i]->cert, KAI_REVOKE_RULES, NULL, 0);
            if (world_random(w, 2) == 0)
                cut_issuing(f, root, thief, &was[world_random(w, i + 1)]);
        }
    }
}

/* Offer all, in this order, again and again until nothing more is taken. */
static struct kai_ctl *offer(const struct forest *f, const size_t *order, size_t n)
{
    const struct world *w = &f->w;
    struct kai_ctl *ctl;
    size_t before;

    MUST(kai_ctl_new(&ctl, &w->charter));
    do {
        uint8_t fp[2][KAI_ID_BYTES];

        kai_ctl_fingerprint(ctl, fp[0]);
        for (size_t i = 0; i < n; i++) {
            size_t at = order[i];
            enum kai_err err = at < w->n
                                   ? kai_ctl_add(ctl, &w->entries[at]->e)
                                   : kai_ctl_death_add(ctl, kai_buf_view(&f->deaths[at - w->n]));

            assert_true(err == KAI_OK || err == KAI_EEXIST || err == KAI_EAGAIN ||
                        err == KAI_ELIMIT || (at >= w->n && err == KAI_EDENIED));
        }
        kai_ctl_fingerprint(ctl, fp[1]);
        before = memcmp(fp[0], fp[1], KAI_ID_BYTES) != 0;
    } while (before);
    return ctl;
}

/* What the hash does not tell: persons and who stands how to whom. */
static void digest(uint8_t out[static KAI_ID_BYTES], const struct kai_roster *r)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_STATE);
    for (size_t i = 0; i < r->n_persons; i++) {
        struct kai_person p = r->persons[i];

        kai_hash_add(&h, p.org->id, KAI_ID_BYTES);
        kai_hash_add(&h, p.id, KAI_ID_BYTES);
        kai_hash_add(&h, p.cert, KAI_ID_BYTES);
        kai_hash_u64(&h, p.label_max);
        kai_hash_u64(&h, p.not_after);
        kai_hash_u64(&h, (p.attested ? 1u : 0u) | (p.active ? 2u : 0u) | (p.revoked ? 4u : 0u));
    }
    for (size_t i = 0; i < r->n_ties; i++) {
        kai_hash_u64(&h, r->ties[i].org);
        kai_hash_u64(&h, r->ties[i].above);
        kai_hash_u64(&h, r->ties[i].tiers * 2 + (r->ties[i].client ? 1 : 0));
    }
    if (r->n_stewards > 0)
        kai_hash_add(&h, r->stewards, r->n_stewards * sizeof *r->stewards);
    if (r->n_stolen > 0)
        kai_hash_add(&h, r->stolen, r->n_stolen * KAI_ID_BYTES);
    kai_hash_end(&h, out);
}

/* The organisation whose issuing key this is; SUBJECTS_MAX. */
static size_t owner_of(const struct forest *f, const uint8_t *pk)
{
    for (size_t i = 0; i < f->n_issuing; i++)
        if (memcmp(f->issuing[i].log.pk, pk, KAI_KEY_BYTES) == 0)
            return f->owner[i];
    return SUBJECTS_MAX;
}

/* How many are active although somebody below the same root revoked them: from behind a cut. */
static size_t given_back(const struct forest *f, const struct kai_ctl *ctl,
                         const struct kai_roster *r)
{
    size_t n = 0;

    for (size_t i = 0; i < ctl->n; i++) {
        const struct kai_ctl_entry *e = ctl->by_hash[i];
        struct kai_revoke rev;

        if (e->type != KAI_REC_REVOKE || kai_revoke_parse(&rev, e->body) != KAI_OK)
            continue;
        const struct kai_ctl_entry *of = kai_ctl_entry(ctl, rev.target);
        size_t by = owner_of(f, e->log->pk);
        n += of != NULL && of->kind == KAI_ADMIT_NODE && by != SUBJECTS_MAX &&
             by == owner_of(f, of->log->pk) && world_cert_active(r, rev.target);
    }
    return n;
}

static void one_state_for_any_order(void **state)
{
    (void)state;
    static struct forest f;
    size_t persons = 0;
    size_t back = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint8_t want[3][KAI_ID_BYTES];

        grow(&f, seed, 30 + seed % 20);
        theft(&f);
        size_t n = f.w.n + f.n_deaths;
        size_t *order = malloc(2 * n * sizeof *order);
        for (int round = 0; round < 3; round++) {
            struct kai_roster *r;
            uint8_t fp[KAI_ID_BYTES], more[KAI_ID_BYTES];

            for (size_t i = 0; i < n; i++)
                order[i] = order[n + i] = i;
            for (size_t i = 2 * n; round > 0 && i > 1; i--) {
                size_t k = world_random(&f.w, i);
                size_t t = order[i - 1];

                order[i - 1] = order[k];
                order[k] = t;
            }
            struct kai_ctl *ctl = offer(&f, order, round == 0 ? n : 2 * n);
            MUST(kai_roster_build(&r, ctl));
            kai_ctl_fingerprint(ctl, fp);
            digest(more, r);
            persons += r->n_persons;
            back += round == 0 ? given_back(&f, ctl, r) : 0;
            if (round == 0) {
                memcpy(want[2], more, KAI_ID_BYTES);
                memcpy(want[0], kai_roster_hash(r), KAI_ID_BYTES);
                memcpy(want[1], fp, KAI_ID_BYTES);
            }
            if (memcmp(want[1], fp, KAI_ID_BYTES) != 0)
                fail_msg("seed %u round %d: another set", (unsigned)seed, round);
            if (memcmp(want[0], kai_roster_hash(r), KAI_ID_BYTES) != 0)
                fail_msg("seed %u round %d: another roster", (unsigned)seed, round);
            if (memcmp(want[2], more, KAI_ID_BYTES) != 0)
                fail_msg("seed %u round %d: other persons, ties or stewards", (unsigned)seed,
                         round);
            kai_roster_unref(r);
            kai_ctl_free(ctl);
        }
        free(order);
        for (size_t i = 0; i < f.n_deaths; i++)
            kai_buf_free(&f.deaths[i]);
        world_free(&f.w);
    }
    assert_true(persons > 500);
    assert_true(back > 100);
}

static size_t compare(const struct kai_roster *before, const struct kai_roster *after,
                      uint64_t seed)
{
    size_t lost = 0;

    assert_int_equal(before->n_certs, after->n_certs);
    for (size_t i = 0; i < before->n_certs; i++) {
        const struct kai_roster_cert *b = &before->certs[i];
        const struct kai_roster_cert *a = &after->certs[i];

        if ((a->active && !b->active) || (a->attested && !b->attested))
            fail_msg("seed %u: a REVOKE gave life to certificate %zu", (unsigned)seed, i);
        lost += b->active && !a->active;
    }
    for (size_t i = 0; i < before->n_orgs; i++)
        assert_true(before->orgs[i].active || !after->orgs[i].active);
    for (size_t i = 0; i < before->n_nodes; i++)
        assert_true(before->nodes[i].active || !after->nodes[i].active);
    for (size_t i = 0; i < before->n_persons; i++)
        assert_true(before->persons[i].active || !after->persons[i].active);
    return lost;
}

static void revoke_never_activates(void **state)
{
    (void)state;
    static struct forest f;
    size_t lost = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        grow(&f, seed + 10000, 35);
        struct kai_ctl *ctl = world_ctl(&f.w);
        struct kai_roster *r;

        MUST(kai_roster_build(&r, ctl));
        for (int i = 0; i < 10; i++) {
            struct kai_revoke rev;
            struct tsub *by = any(&f, f.issuing, f.n_issuing);
            struct kai_head head;
            struct kai_roster *next;

            random_revoke(&f, &rev);
            size_t parts = 1 + world_random(&f.w, 3);
            if (kai_ctl_head(ctl, by->log.pk, &head) == KAI_OK) {
                by->log.seq = head.seq;
                memcpy(by->log.head, head.hash, KAI_ID_BYTES);
            }
            for (size_t p = 0; p < parts; p++) {
                rev.part = p;
                rev.of = parts;
                if (p > 0)
                    rev.n_cuts = rev.n_cuts > 0 ? rev.n_cuts - 1 : 0;
                world_revoke(&f.w, &by->log, &rev);
                enum kai_err err = kai_ctl_add(ctl, &f.w.entries[f.w.n - 1]->e);
                if (err != KAI_OK)
                    break; /* Its key is not held (a dropped branch admitted it). */
                MUST(kai_roster_build(&next, ctl));
                lost += compare(r, next, seed);
                kai_roster_unref(r);
                r = next;
            }
        }
        kai_roster_unref(r);
        kai_ctl_free(ctl);
        world_free(&f.w);
    }
    assert_true(lost > 200); /* They do take away. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_state_for_any_order),
        cmocka_unit_test(revoke_never_activates),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
