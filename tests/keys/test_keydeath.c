/* KEYDEATH: who may say so, what follows, and that order and duplicates change nothing. */
#include "keys/keydeath.h"

#include <string.h>

#include "keys/vector.h"
#include "keys/world.h"

struct net { /* A founder, and below it an organisation with a child, a node each. */
    struct world w;
    struct tsub root[3], issuing[3], node[3];
};

static void start(struct net *n, uint64_t seed)
{
    world_init(&n->w, seed, n->root, 1, 1);
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            world_key(&n->w, &n->root[i]);
            world_admit(&n->w, &n->issuing[i - 1].log, &n->root[i], KAI_ADMIT_ORG, NULL);
        }
        world_key(&n->w, &n->issuing[i]);
        world_key(&n->w, &n->node[i]);
        world_admit(&n->w, &n->root[i].log, &n->issuing[i], KAI_ADMIT_ISSUING, NULL);
        world_admit(&n->w, &n->issuing[i].log, &n->node[i], KAI_ADMIT_NODE, NULL);
    }
}

/* cut: NULL, or the log whose present head is the last that counts. */
static void make(const struct net *n, struct kai_buf *out, const struct tlog *key,
                 const struct tlog *signer, const struct kai_cut *cut)
{
    struct kai_keydeath d = {.has_cut = cut != NULL};

    memcpy(d.key, key->pk, KAI_KEY_BYTES);
    memcpy(d.signer, signer->pk, KAI_KEY_BYTES);
    if (cut != NULL)
        d.cut = *cut;
    kai_buf_init(out, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(out, &d, signer->sk, n->w.charter.nid);
    MUST(out->err);
}

static struct kai_cut cut_at(const struct tlog *l, bool nothing)
{
    struct kai_cut cut = {.seq = nothing ? 0 : l->seq};

    if (!nothing)
        memcpy(cut.head, l->head, KAI_ID_BYTES);
    return cut;
}

/* The roster with these notes, all of which are taken. */
static struct kai_roster *with(const struct net *n, const struct kai_buf *const *notes, size_t k)
{
    struct kai_ctl *ctl = world_ctl(&n->w);
    struct kai_roster *r;

    for (size_t i = 0; i < k; i++) {
        MUST(kai_ctl_death_check(ctl, kai_buf_view(notes[i])));
        MUST(kai_ctl_death_add(ctl, kai_buf_view(notes[i])));
        assert_int_equal(kai_ctl_death_add(ctl, kai_buf_view(notes[i])), KAI_EEXIST);
    }
    MUST(kai_roster_build(&r, ctl));
    kai_ctl_free(ctl);
    return r;
}

static bool active(const struct kai_roster *r, const struct tsub *node)
{
    return kai_roster_node(r, node->id)->active;
}

static void follows(void **state)
{
    struct net n;
    struct kai_buf b;
    const struct kai_buf *one[1] = {&b};
    struct kai_roster *r;

    (void)state;
    start(&n, 1);
    make(&n, &b, &n.node[1].log, &n.node[1].log, NULL); /* A node, by its own word of long ago, */
    r = with(&n, one, 1);
    assert_false(active(r, &n.node[1]));
    assert_true(kai_roster_node(r, n.node[1].id)->attested);
    assert_true(kai_roster_node(r, n.node[1].id)->revoked);
    assert_true(active(r, &n.node[0]) && active(r, &n.node[2]));
    kai_roster_unref(r);
    kai_buf_free(&b);
    make(&n, &b, &n.node[1].log, &n.root[1].log, NULL); /* or by its root's. */
    r = with(&n, one, 1);
    assert_false(active(r, &n.node[1]));
    kai_roster_unref(r);
    kai_buf_free(&b);
    make(&n, &b, &n.root[1].log, &n.root[1].log, NULL); /* An organisation; its child lives on. */
    r = with(&n, one, 1);
    assert_false(kai_roster_org(r, n.root[1].id)->active);
    assert_false(active(r, &n.node[1]));
    assert_true(kai_roster_org(r, n.root[2].id)->active && active(r, &n.node[2]));
    kai_roster_unref(r);
    kai_buf_free(&b);
    make(&n, &b, &n.root[0].log, &n.root[0].log, NULL); /* A founder. */
    r = with(&n, one, 1);
    assert_false(kai_roster_org(r, n.root[0].id)->active);
    assert_true(kai_roster_org(r, n.root[1].id)->active);
    kai_roster_unref(r);
    kai_buf_free(&b);
    world_free(&n.w);
}

/* An issuing key: what it said up to the cut stands, and nothing behind it. */
static void cuts(void **state)
{
    struct net n;
    struct tsub late;
    struct kai_buf b, all;
    const struct kai_buf *two[2] = {&b, &all};
    struct kai_roster *r;

    (void)state;
    start(&n, 2);
    struct kai_cut cut = cut_at(&n.issuing[1].log, false);
    world_key(&n.w, &late);
    world_admit(&n.w, &n.issuing[1].log, &late, KAI_ADMIT_NODE, NULL);
    make(&n, &b, &n.issuing[1].log, &n.root[1].log, &cut);
    r = with(&n, two, 1);
    assert_true(active(r, &n.node[1]) && active(r, &n.node[2]));
    assert_false(active(r, &late));
    assert_false(kai_roster_issuing(r, n.issuing[1].log.pk)->active);
    kai_roster_unref(r);
    struct kai_cut nothing = cut_at(&n.issuing[1].log, true);
    make(&n, &all, &n.issuing[1].log, &n.root[1].log, &nothing);
    r = with(&n, two, 2); /* The lower one counts, */
    assert_false(active(r, &n.node[1]) || active(r, &n.node[2]));
    kai_roster_unref(r);
    struct kai_ctl *ctl = world_ctl(&n.w);
    MUST(kai_ctl_death_add(ctl, kai_buf_view(&all)));
    assert_int_equal(kai_ctl_death_add(ctl, kai_buf_view(&b)), KAI_EEXIST); /* in any order. */
    kai_ctl_free(ctl);
    kai_buf_free(&b);
    kai_buf_free(&all);
    world_free(&n.w);
}

static void refused(void **state)
{
    struct net n;
    struct kai_buf b;
    struct kai_keydeath d;
    struct tsub stranger;

    (void)state;
    start(&n, 3);
    world_key(&n.w, &stranger);
    struct kai_ctl *ctl = world_ctl(&n.w);
    static const enum kai_err want[4] = {KAI_EDENIED, KAI_EDENIED, KAI_EAGAIN, KAI_EMALFORMED};
    for (size_t i = 0; i < 4; i++) {
        struct kai_cut cut = cut_at(&n.issuing[1].log, true);

        if (i == 0) /* Another's root, the issuer, of a key nobody knows, history taken back. */
            make(&n, &b, &n.node[1].log, &n.root[2].log, NULL);
        else if (i == 1)
            make(&n, &b, &n.node[1].log, &n.issuing[1].log, NULL);
        else if (i == 2)
            make(&n, &b, &stranger.log, &stranger.log, NULL);
        else
            make(&n, &b, &n.issuing[1].log, &n.issuing[1].log, &cut);
        assert_int_equal(kai_ctl_death_add(ctl, kai_buf_view(&b)), want[i]);
        kai_buf_free(&b);
    }
    struct kai_cut cut = cut_at(&n.issuing[1].log, false);
    make(&n, &b, &n.issuing[1].log, &n.root[1].log, &cut);
    for (size_t i = 0; i < b.len; i++) {
        assert_int_not_equal(kai_keydeath_parse(&d, kai_view_of(b.p, i)), KAI_OK);
        for (unsigned bit = 0; bit < 8; bit++) {
            b.p[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(kai_ctl_death_add(ctl, kai_buf_view(&b)), KAI_OK);
            b.p[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(kai_ctl_deaths(ctl), 0);
    kai_ctl_free(ctl);
    kai_buf_free(&b);
    world_free(&n.w);
}

/* Four notes in each order, twice each, between the entries: one state. */
static void any_order(void **state)
{
    struct net n;
    struct kai_buf b[4];
    uint8_t want[KAI_ID_BYTES], fp[KAI_ID_BYTES];

    (void)state;
    start(&n, 4);
    struct kai_cut cut = cut_at(&n.issuing[1].log, false);
    struct kai_cut low = {.seq = 1};
    memcpy(low.head, n.w.entries[3]->e.hash, KAI_ID_BYTES); /* Of some log: it cuts all. */
    make(&n, &b[0], &n.node[1].log, &n.node[1].log, NULL);
    make(&n, &b[1], &n.issuing[1].log, &n.root[1].log, &cut);
    make(&n, &b[2], &n.issuing[1].log, &n.root[1].log, &low);
    make(&n, &b[3], &n.root[2].log, &n.root[2].log, NULL);
    for (size_t p = 0; p < 24; p++) {
        size_t left[4] = {0, 1, 2, 3}, order[4], rest = p;
        struct kai_ctl *ctl;
        struct kai_roster *r;
        uint8_t now[KAI_ID_BYTES];

        for (size_t i = 0; i < 4; i++) {
            size_t at = rest % (4 - i);
            rest /= 4 - i;
            order[i] = left[at];
            memmove(left + at, left + at + 1, (3 - i - at) * sizeof left[0]);
        }
        MUST(kai_ctl_new(&ctl, &n.w.charter));
        for (int round = 0; round < 3; round++)
            for (size_t i = 0; i < 4; i++) {
                for (size_t k = 0; round == 0 && i == p % 4 && k < n.w.n; k++)
                    MUST(kai_ctl_add(ctl, &n.w.entries[k]->e));
                (void)(kai_ctl_death_add(ctl, kai_buf_view(&b[order[i]])) == KAI_OK);
            }
        assert_int_equal(kai_ctl_deaths(ctl), 3);
        MUST(kai_roster_build(&r, ctl));
        kai_ctl_fingerprint(ctl, now);
        if (p == 0) {
            memcpy(want, kai_roster_hash(r), KAI_ID_BYTES);
            memcpy(fp, now, KAI_ID_BYTES);
        }
        assert_memory_equal(want, kai_roster_hash(r), KAI_ID_BYTES);
        assert_memory_equal(fp, now, KAI_ID_BYTES);
        kai_roster_unref(r);
        kai_ctl_free(ctl);
    }
    for (size_t i = 0; i < 4; i++)
        kai_buf_free(&b[i]);
    world_free(&n.w);
}

/* One that says as much as that which is held is no news, and lower cuts come to an end. */
static void replaced(void **state)
{
    struct net n;
    struct kai_buf b;
    uint8_t place[KAI_ID_BYTES], other[KAI_ID_BYTES];
    struct kai_keydeath d;

    (void)state;
    start(&n, 6);
    struct kai_ctl *ctl = world_ctl(&n.w);
    struct kai_cut cut = {.seq = 100};
    make(&n, &b, &n.issuing[1].log, &n.root[1].log, NULL);
    MUST(kai_ctl_death_add(ctl, kai_buf_view(&b)));
    MUST(kai_keydeath_parse(&d, kai_buf_view(&b)));
    kai_keydeath_place(place, &d);
    kai_buf_free(&b);
    for (size_t i = 0; i < 2 * KAI_KEYDEATH_CUTS_MAX; i++) {
        cut.seq--;
        for (uint8_t head = 2; head > 0; head--) { /* Whichever hash is smaller: the second. */
            memset(cut.head, head, sizeof cut.head);
            make(&n, &b, &n.issuing[1].log, &n.root[1].log, &cut);
            enum kai_err want = head == 1 ? KAI_EEXIST : KAI_OK;
            if (i >= KAI_KEYDEATH_CUTS_MAX)
                want = KAI_ELIMIT;
            assert_int_equal(kai_ctl_death_add(ctl, kai_buf_view(&b)), want);
            MUST(kai_keydeath_parse(&d, kai_buf_view(&b)));
            kai_keydeath_place(other, &d); /* On disk it overwrites. */
            assert_memory_equal(place, other, KAI_ID_BYTES);
            kai_buf_free(&b);
        }
    }
    cut = cut_at(&n.issuing[1].log, true);
    make(&n, &b, &n.issuing[1].log, &n.root[1].log, &cut); /* All of it can always be cut. */
    MUST(kai_ctl_death_add(ctl, kai_buf_view(&b)));
    assert_int_equal(kai_ctl_death_add(ctl, kai_buf_view(&b)), KAI_EEXIST);
    assert_int_equal(kai_ctl_deaths(ctl), 1);
    kai_ctl_free(ctl);
    kai_buf_free(&b);
    world_free(&n.w);
}

static void golden(void **state)
{
    FILE *f = fopen(KAI_VECTORS, "r");
    struct net n;
    struct kai_buf b[2];

    (void)state;
    assert_non_null(f);
    start(&n, 5);
    struct kai_cut cut = cut_at(&n.issuing[1].log, false);
    make(&n, &b[0], &n.node[1].log, &n.node[1].log, NULL);
    make(&n, &b[1], &n.issuing[1].log, &n.root[1].log, &cut);
    vector_check(f, "keydeath-nid", kai_view_of(n.w.charter.nid, KAI_ID_BYTES));
    vector_check(f, "keydeath", kai_buf_view(&b[0]));
    vector_check(f, "keydeath-cut", kai_buf_view(&b[1]));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(vector_missing(), 0);
    kai_buf_free(&b[0]);
    kai_buf_free(&b[1]);
    world_free(&n.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows),   cmocka_unit_test(cuts),   cmocka_unit_test(refused),
        cmocka_unit_test(any_order), cmocka_unit_test(golden), cmocka_unit_test(replaced),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
