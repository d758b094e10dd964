/* Later versions of the charter: who must have signed one, that they are a line that nobody of an
 * older version leads elsewhere, and what follows for the roster. */
#include "keys/amend.h"

#include <stdlib.h>
#include <string.h>

#include "keys/vector.h"
#include "keys/world.h"
#include "wire/put.h"

#define PEOPLE 5u /* Three founders, one to become one, and one who never is. */

struct net {
    struct world w;
    struct tsub who[PEOPLE];
};

static void start(struct net *n, uint64_t seed)
{
    world_init(&n->w, seed, n->who, 3, 2);
    world_key(&n->w, &n->who[3]);
    world_key(&n->w, &n->who[4]);
}

/* A draft after prev: founders by mask, this threshold. */
static void draft(struct net *n, struct kai_buf *out, const struct kai_charter *prev,
                  unsigned founders, uint64_t threshold, const char *name)
{
    static struct kai_charter c;

    memset(&c, 0, sizeof c);
    kai_copy_text(c.name, sizeof c.name, name);
    c.threshold = threshold;
    for (unsigned i = 0; i < PEOPLE; i++) {
        if ((founders >> i & 1u) == 0)
            continue;
        memcpy(c.founders[c.n_founders].root_pk, n->who[i].log.pk, KAI_KEY_BYTES);
        kai_copy_text(c.founders[c.n_founders++].name, 8, "org");
    }
    kai_buf_init(out, KAI_CHARTER_BYTES_MAX);
    MUST(kai_amend_write(out, &c, prev));
}

static void sign(struct net *n, struct kai_buf *record, const struct kai_charter *prev,
                 unsigned signers)
{
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct kai_buf more;

        if ((signers >> i & 1u) == 0)
            continue;
        kai_buf_init(&more, KAI_CHARTER_BYTES_MAX);
        MUST(kai_amend_sign(&more, kai_buf_view(record), prev, n->who[i].log.pk, n->who[i].log.sk));
        kai_buf_free(record);
        *record = more;
    }
}

static struct kai_charter made(struct net *n, struct kai_buf *record,
                               const struct kai_charter *prev, unsigned founders,
                               uint64_t threshold, unsigned signers, const char *name)
{
    struct kai_charter c;

    draft(n, record, prev, founders, threshold, name);
    sign(n, record, prev, signers);
    MUST(kai_amend_parse(&c, kai_buf_view(record), prev));
    return c;
}

static unsigned bits(unsigned v)
{
    unsigned n = 0;

    for (; v != 0; v &= v - 1)
        n++;
    return n;
}

/* Every set of signers, for new versions of every kind: enough of the old and enough of the new. */
static void thresholds(void **state)
{
    struct net n;

    (void)state;
    start(&n, 1);
    for (unsigned founders = 1; founders < 16; founders++) {
        for (uint64_t threshold = 1; threshold <= bits(founders); threshold++) {
            for (unsigned signers = 0; signers < 16; signers++) {
                struct kai_buf record;
                struct kai_charter c;
                bool may = (signers & ~(founders | 7u)) == 0; /* Others cannot sign. */
                bool want = bits(signers & 7u) >= 2 && bits(signers & founders) >= threshold;

                if (!may)
                    continue;
                draft(&n, &record, &n.w.charter, founders, threshold, "next");
                sign(&n, &record, &n.w.charter, signers);
                enum kai_err err = kai_amend_parse(&c, kai_buf_view(&record), &n.w.charter);
                assert_int_equal(err, want ? KAI_OK : KAI_EAUTH);
                if (want)
                    assert_memory_equal(c.nid, n.w.charter.nid, KAI_ID_BYTES);
                kai_buf_free(&record);
            }
        }
    }
    world_free(&n.w);
}

static void refused(void **state)
{
    struct net n;
    struct kai_buf record, out, v3;
    struct kai_charter two, c;

    (void)state;
    start(&n, 2);
    draft(&n, &record, &n.w.charter, 7, 2, "next");
    kai_buf_init(&out, KAI_CHARTER_BYTES_MAX);
    assert_int_equal(
        kai_amend_sign(&out, kai_buf_view(&record), &n.w.charter, n.who[4].log.pk, n.who[4].log.sk),
        KAI_EDENIED);
    kai_buf_clear(&out);
    sign(&n, &record, &n.w.charter, 1);
    assert_int_equal(
        kai_amend_sign(&out, kai_buf_view(&record), &n.w.charter, n.who[0].log.pk, n.who[0].log.sk),
        KAI_EEXIST);
    sign(&n, &record, &n.w.charter, 2);
    MUST(kai_amend_parse(&two, kai_buf_view(&record), &n.w.charter));
    /* Each prefix, each flipped bit. */
    for (size_t i = 0; i < record.len; i++) {
        assert_int_not_equal(kai_amend_parse(&c, kai_view_of(record.p, i), &n.w.charter), KAI_OK);
        for (unsigned bit = 0; bit < 8; bit += 3) {
            record.p[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(kai_amend_parse(&c, kai_buf_view(&record), &n.w.charter), KAI_OK);
            record.p[i] ^= (uint8_t)(1u << bit);
        }
    }
    /* It follows the version that it names, and no other. */
    (void)made(&n, &v3, &two, 7, 2, 3, "third");
    assert_int_equal(kai_amend_parse(&c, kai_buf_view(&v3), &n.w.charter), KAI_EMALFORMED);
    assert_int_equal(kai_amend_parse(&c, kai_buf_view(&record), &two), KAI_EMALFORMED);
    assert_int_equal(kai_charter_parse(&c, kai_buf_view(&record)), KAI_EMALFORMED);
    kai_buf_free(&record);
    kai_buf_free(&out);
    kai_buf_free(&v3);
    world_free(&n.w);
}

/* A founder that nobody can sign for is none. */
static void bad_key(void **state)
{
    struct net n;
    struct kai_buf record;
    struct kai_charter c;

    (void)state;
    start(&n, 3);
    memset(n.who[3].log.pk, 0, KAI_KEY_BYTES);
    n.who[3].log.pk[0] = 1;
    draft(&n, &record, &n.w.charter, 15, 2, "next");
    struct kai_amend_votes votes;
    assert_int_equal(kai_amend_check(&c, kai_buf_view(&record), &n.w.charter, &votes), KAI_EAUTH);
    kai_buf_free(&record);
    world_free(&n.w);
}

/* Versions 2, 3 and 4; another 2, and a 3 after it. */
struct chain {
    struct kai_buf record[5];
    struct kai_charter c[5];
};

static void make_chain(struct net *n, struct chain *x)
{
    x->c[0] = made(n, &x->record[0], &n->w.charter, 15, 2, 3, "two");
    x->c[1] = made(n, &x->record[1], &n->w.charter, 7, 1, 3, "two again");
    x->c[2] = made(n, &x->record[2], &x->c[0], 14, 2, 10, "three"); /* Drops the first founder. */
    x->c[3] = made(n, &x->record[3], &x->c[1], 7, 3, 7, "three again");
    x->c[4] = made(n, &x->record[4], &x->c[2], 14, 3, 14, "four");
}

static void free_chain(struct chain *x)
{
    for (size_t i = 0; i < 5; i++)
        kai_buf_free(&x->record[i]);
}

/* Offer all in this order, again and again until nothing more is taken, and the entries between. */
static struct kai_ctl *offered(const struct net *n, const struct chain *x, const size_t order[3],
                               size_t entries_at)
{
    struct kai_ctl *ctl;

    MUST(kai_ctl_new(&ctl, &n->w.charter));
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 3; i++) {
            enum kai_err err;

            for (size_t k = 0; i == entries_at && k < n->w.n; k++) {
                err = kai_ctl_add(ctl, &n->w.entries[k]->e);
                assert_true(err == KAI_OK || err == KAI_EEXIST || err == KAI_EAGAIN);
            }
            err = kai_ctl_charter_add(ctl, kai_buf_view(&x->record[order[i]]));
            assert_true(err == KAI_OK || err == KAI_EEXIST || err == KAI_EAGAIN);
        }
    }
    assert_int_equal(kai_ctl_charters(ctl), 3);
    return ctl;
}

static void any_order(void **state)
{
    struct net n;
    static struct chain x;
    uint8_t want[KAI_ID_BYTES], fp[KAI_ID_BYTES], first[KAI_ID_BYTES];

    (void)state;
    start(&n, 4);
    make_chain(&n, &x);
    for (unsigned i = 0; i < 4; i++) { /* Each founder admits an issuing key and a node. */
        struct tsub issuing, node;

        world_key(&n.w, &issuing);
        world_key(&n.w, &node);
        world_admit(&n.w, &n.who[i].log, &issuing, KAI_ADMIT_ISSUING, NULL);
        world_admit(&n.w, &issuing.log, &node, KAI_ADMIT_NODE, NULL);
    }
    static const size_t orders[6][3] = {{0, 2, 4}, {0, 4, 2}, {2, 0, 4},
                                        {2, 4, 0}, {4, 0, 2}, {4, 2, 0}};
    for (size_t p = 0; p < 18; p++) { /* Each order of a line, entries before each of it. */
        struct kai_roster *r;
        struct kai_ctl *ctl = offered(&n, &x, orders[p / 3], p % 3);
        assert_int_equal(kai_ctl_charter(ctl)->ver, 4);
        assert_string_equal(kai_ctl_charter(ctl)->name, "four");
        assert_memory_equal(kai_ctl_charter(ctl)->nid, n.w.charter.nid, KAI_ID_BYTES);
        MUST(kai_roster_build(&r, ctl));
        kai_ctl_fingerprint(ctl, fp);
        if (p == 0) {
            memcpy(want, kai_roster_hash(r), KAI_ID_BYTES);
            memcpy(first, fp, KAI_ID_BYTES);
        }
        assert_memory_equal(kai_roster_hash(r), want, KAI_ID_BYTES);
        assert_memory_equal(fp, first, KAI_ID_BYTES);
        kai_roster_unref(r);
        kai_ctl_free(ctl);
    }
    free_chain(&x);
    world_free(&n.w);
}

/* Of two that follow one version the first stays, whatever their hashes and numbers. */
static void first_stays(void **state)
{
    struct net n;
    static struct chain x;

    (void)state;
    start(&n, 5);
    make_chain(&n, &x);
    for (size_t turn = 0; turn < 2; turn++) {
        uint8_t fp[KAI_ID_BYTES], now[KAI_ID_BYTES];
        struct kai_ctl *ctl;

        MUST(kai_ctl_new(&ctl, &n.w.charter));
        MUST(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[turn])));
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[turn])), KAI_EEXIST);
        kai_ctl_fingerprint(ctl, fp);
        assert_int_equal(kai_ctl_charter_check(ctl, kai_buf_view(&x.record[1 - turn])),
                         KAI_EDENIED);
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[1 - turn])), KAI_EDENIED);
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[1 - turn])), KAI_EEXIST);
        /* Nor does what follows the rival: its higher number says nothing. */
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[3 - turn])), KAI_EAGAIN);
        assert_memory_equal(kai_ctl_charter(ctl)->hash, x.c[turn].hash, KAI_ID_BYTES);
        kai_ctl_fingerprint(ctl, now); /* One line, one fingerprint, whoever else was heard. */
        assert_memory_equal(fp, now, KAI_ID_BYTES);
        MUST(kai_ctl_charter_add(ctl, kai_buf_view(&x.record[2 + turn])));
        assert_int_equal(kai_ctl_charter(ctl)->ver, 3);
        kai_ctl_free(ctl);
    }
    free_chain(&x);
    world_free(&n.w);
}

/* The founders of version 1, all of whom are out, sign one successor of it after the other: nothing
 * changes, and they do not use up the room of those who follow. */
static void removed_founders(void **state)
{
    struct net n;
    struct kai_buf record;
    struct kai_charter prev;
    struct kai_ctl *ctl;

    (void)state;
    start(&n, 9);
    MUST(kai_ctl_new(&ctl, &n.w.charter));
    prev = made(&n, &record, &n.w.charter, 24, 2, 31, "two"); /* The last two take over. */
    MUST(kai_ctl_charter_add(ctl, kai_buf_view(&record)));
    kai_buf_free(&record);
    for (unsigned i = 0; i < 2 * KAI_CHARTER_VERSIONS_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "back %u", i);
        (void)made(&n, &record, &n.w.charter, 7, 1, 7, name);
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&record)),
                         i < KAI_CHARTER_RIVALS_MAX ? KAI_EDENIED : KAI_ELIMIT);
        assert_memory_equal(kai_ctl_charter(ctl)->hash, prev.hash, KAI_ID_BYTES);
        kai_buf_free(&record);
    }
    for (unsigned i = 1; i < KAI_CHARTER_VERSIONS_MAX; i++) {
        prev = made(&n, &record, &prev, 24, 2, 24, "more");
        MUST(kai_ctl_charter_add(ctl, kai_buf_view(&record)));
        kai_buf_free(&record);
    }
    assert_int_equal(kai_ctl_charters(ctl), KAI_CHARTER_VERSIONS_MAX);
    kai_ctl_free(ctl);
    world_free(&n.w);
}

/* Who is dropped has no word from then on, nor those below; who is added is a root. */
static void roots(void **state)
{
    struct net n;
    struct tsub issuing[4], node[4];
    struct kai_buf record, later;
    struct kai_charter two;
    struct kai_ctl *ctl;
    struct kai_roster *r;

    (void)state;
    start(&n, 6);
    for (unsigned i = 0; i < 4; i++) {
        world_key(&n.w, &issuing[i]);
        world_key(&n.w, &node[i]);
        world_admit(&n.w, &n.who[i].log, &issuing[i], KAI_ADMIT_ISSUING, NULL);
        world_admit(&n.w, &issuing[i].log, &node[i], KAI_ADMIT_NODE, NULL);
    }
    MUST(kai_ctl_new(&ctl, &n.w.charter));
    for (size_t k = 0; k < n.w.n; k++) /* Of a stranger's log nothing is taken yet. */
        assert_int_equal(kai_ctl_add(ctl, &n.w.entries[k]->e), k < 6 ? KAI_OK : KAI_EAGAIN);
    two = made(&n, &record, &n.w.charter, 14, 2, 6, "two");
    MUST(kai_ctl_charter_add(ctl, kai_buf_view(&record)));
    for (size_t k = 0; k < n.w.n; k++)
        assert_int_equal(kai_ctl_add(ctl, &n.w.entries[k]->e), k < 6 ? KAI_EEXIST : KAI_OK);
    MUST(kai_roster_build(&r, ctl));
    for (unsigned i = 0; i < 4; i++) {
        const struct kai_node *x = kai_roster_node(r, node[i].id);

        assert_non_null(x);
        assert_int_equal(x->active, i != 0);
        assert_int_equal(x->attested, i != 0);
        assert_int_equal(x->revoked, i == 0);
        assert_int_equal(x->org->active, i != 0);
        assert_string_equal(x->org->name, i == 3 ? "org" : x->org->name);
        assert_true(x->org->name[0] != '\0');
    }
    kai_roster_unref(r);
    (void)made(&n, &later, &two, 15, 2, 6, "three"); /* And may come back. */
    MUST(kai_ctl_charter_add(ctl, kai_buf_view(&later)));
    MUST(kai_roster_build(&r, ctl));
    assert_true(kai_roster_node(r, node[0].id)->active);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    kai_buf_free(&record);
    kai_buf_free(&later);
    world_free(&n.w);
}

static void bounded(void **state)
{
    struct net n;
    struct kai_charter prev;
    struct kai_ctl *ctl;

    (void)state;
    start(&n, 7);
    prev = n.w.charter;
    MUST(kai_ctl_new(&ctl, &n.w.charter));
    for (unsigned i = 0; i <= KAI_CHARTER_VERSIONS_MAX; i++) {
        struct kai_buf record;

        prev = made(&n, &record, &prev, 7, 2, 3, "more");
        assert_int_equal(kai_ctl_charter_add(ctl, kai_buf_view(&record)),
                         i < KAI_CHARTER_VERSIONS_MAX ? KAI_OK : KAI_ELIMIT);
        kai_buf_free(&record);
    }
    kai_ctl_free(ctl);
    world_free(&n.w);
}

static void golden(void **state)
{
    FILE *f = fopen(KAI_VECTORS, "r");
    struct kai_buf record;
    struct net n;

    (void)state;
    assert_non_null(f);
    start(&n, 8);
    struct kai_charter c = made(&n, &record, &n.w.charter, 14, 2, 14, "Second");
    vector_check(f, "charter-1-of-3", kai_buf_view(&n.w.charter_record));
    vector_check(f, "charter-2", kai_buf_view(&record));
    vector_check(f, "charter-2-hash", kai_view_of(c.hash, KAI_ID_BYTES));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(vector_missing(), 0);
    kai_buf_free(&record);
    world_free(&n.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds),       cmocka_unit_test(refused),
        cmocka_unit_test(bad_key),          cmocka_unit_test(any_order),
        cmocka_unit_test(first_stays),      cmocka_unit_test(roots),
        cmocka_unit_test(bounded),          cmocka_unit_test(golden),
        cmocka_unit_test(removed_founders),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
