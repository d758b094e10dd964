/* The rules of membership, one by one. */
#include "keys/world.h"

#include <stdlib.h>
#include <string.h>

#include "keys/keydeath.h"
#include "keys/roster_int.h"

struct line { /* Founder F with issuing key; organisation A under it with one too; node n of A. */
    struct world w;
    struct tsub f, fi, a, ai, n;
};

static void make_line(struct line *l, const struct kai_admit *a_terms)
{
    world_init(&l->w, 7, &l->f, 1, 1);
    world_key(&l->w, &l->fi);
    world_key(&l->w, &l->a);
    world_key(&l->w, &l->ai);
    world_key(&l->w, &l->n);
    world_admit(&l->w, &l->f.log, &l->fi, KAI_ADMIT_ISSUING, NULL);
    world_admit(&l->w, &l->fi.log, &l->a, KAI_ADMIT_ORG, a_terms);
    world_admit(&l->w, &l->a.log, &l->ai, KAI_ADMIT_ISSUING, NULL);
    world_admit(&l->w, &l->ai.log, &l->n, KAI_ADMIT_NODE, NULL);
}

static bool active(const struct line *l, const uint8_t *cert)
{
    struct kai_roster *r = world_roster(&l->w);
    bool is = world_cert_active(r, cert);

    kai_roster_unref(r);
    return is;
}

static void look_ups(void **state)
{
    (void)state;
    struct line l;

    make_line(&l, NULL);
    struct kai_roster *r = world_roster(&l.w);
    const struct kai_node *n = kai_roster_node(r, l.n.id);
    assert_non_null(n);
    assert_true(n->active);
    assert_ptr_equal(n, kai_roster_node_by_cert(r, l.n.cert));
    assert_ptr_equal(n, kai_roster_node_by_curve(r, l.n.curve_pk));
    assert_ptr_equal(n->org, kai_roster_org(r, l.a.id));
    assert_ptr_equal(n->org, kai_roster_org_by_cert(r, l.a.cert));
    assert_memory_equal(n->org->parent, l.f.id, KAI_ID_BYTES);
    assert_ptr_equal(kai_roster_issuing(r, l.ai.cert), kai_roster_issuing(r, l.ai.log.pk));
    assert_ptr_equal(kai_roster_issuing(r, l.ai.cert)->org, n->org);
    assert_null(kai_roster_node(r, l.a.id));
    assert_null(kai_roster_node_by_cert(r, l.a.cert));
    assert_string_equal(kai_roster_org(r, l.f.id)->name, "Founder");
    kai_roster_unref(kai_roster_ref(r));
    kai_roster_unref(r);
    world_free(&l.w);
}

static void narrowing(void **state)
{
    (void)state;
    struct line l;
    struct kai_admit t = world_terms(KAI_ADMIT_ORG);

    t.caps = KAI_CAP_PUBLISH | KAI_CAP_PROVIDER;
    t.label_max = 3;
    t.quota = 77;
    make_line(&l, &t);
    struct kai_roster *r = world_roster(&l.w);
    const struct kai_node *n = kai_roster_node(r, l.n.id);
    assert_int_equal(n->caps, KAI_CAP_PUBLISH | KAI_CAP_PROVIDER);
    assert_int_equal(n->quota, 77);
    assert_int_equal(n->org->label_max, 3);
    assert_int_equal(n->org->depth_left, 4);
    kai_roster_unref(r);
    /* Without the capability it admits no organisation. */
    struct tsub b;
    world_key(&l.w, &b);
    world_admit(&l.w, &l.ai.log, &b, KAI_ADMIT_ORG, NULL);
    assert_false(active(&l, b.cert));
    world_free(&l.w);
}

static void max_children_and_replaces(void **state)
{
    (void)state;
    struct line l;
    struct tsub m[4];
    struct kai_admit t = world_terms(KAI_ADMIT_ORG);

    t.max_children = 2; /* n, and one more. */
    make_line(&l, &t);
    for (int i = 0; i < 4; i++)
        world_key(&l.w, &m[i]);
    t = world_terms(KAI_ADMIT_NODE);
    t.has_replaces = true;
    memcpy(t.replaces, l.n.cert, KAI_ID_BYTES);
    world_admit(&l.w, &l.ai.log, &m[0], KAI_ADMIT_NODE, &t); /* Counts as n did. */
    world_admit(&l.w, &l.ai.log, &m[1], KAI_ADMIT_NODE, &t); /* Once only: this one counts. */
    world_admit(&l.w, &l.ai.log, &m[2], KAI_ADMIT_NODE, NULL);
    struct kai_roster *r = world_roster(&l.w);
    assert_false(world_cert_active(r, l.n.cert));
    assert_true(world_cert_attested(r, l.n.cert));
    assert_true(world_cert_active(r, m[0].cert));
    assert_true(world_cert_active(r, m[1].cert));
    assert_false(world_cert_attested(r, m[2].cert));
    kai_roster_unref(r);
    /* Another kind, or another's certificate, is not replaced. */
    memcpy(t.replaces, l.ai.cert, KAI_ID_BYTES);
    world_admit(&l.w, &l.ai.log, &m[3], KAI_ADMIT_NODE, &t);
    assert_true(active(&l, l.ai.cert));
    assert_false(active(&l, m[3].cert));
    world_free(&l.w);
}

/* An organisation is admitted anew, with less: all below it stays, and has no more than it; also
 * what it admits then. */
static void new_terms_bind_all_below(void **state)
{
    (void)state;
    struct line l;
    struct tsub b, bi, late, again = {0};
    struct kai_admit t = world_terms(KAI_ADMIT_ORG);

    t.label_max = 4;
    make_line(&l, &t);
    world_key(&l.w, &b);
    world_key(&l.w, &bi);
    world_key(&l.w, &late);
    t.depth_left = 0;
    world_admit(&l.w, &l.ai.log, &b, KAI_ADMIT_ORG, &t);
    world_admit(&l.w, &b.log, &bi, KAI_ADMIT_ISSUING, NULL);
    again = l.a;
    t = world_terms(KAI_ADMIT_ORG);
    t.label_max = 2;
    t.has_replaces = true;
    memcpy(t.replaces, l.a.cert, KAI_ID_BYTES);
    world_admit(&l.w, &l.fi.log, &again, KAI_ADMIT_ORG, &t);
    t = world_terms(KAI_ADMIT_ORG);
    t.label_max = 4;
    world_admit(&l.w, &l.ai.log, &late, KAI_ADMIT_ORG, &t);
    struct kai_roster *r = world_roster(&l.w);
    assert_int_equal(kai_roster_org(r, l.a.id)->label_max, 2);
    assert_true(kai_roster_org(r, l.a.id)->active);
    assert_int_equal(kai_roster_org(r, b.id)->label_max, 2);
    assert_true(kai_roster_org(r, b.id)->active);
    assert_int_equal(kai_roster_org(r, late.id)->label_max, 2);
    assert_true(kai_roster_org(r, late.id)->active);
    assert_true(kai_roster_node(r, l.n.id)->active);
    assert_true(world_cert_active(r, bi.cert));
    assert_false(world_cert_active(r, l.a.cert));
    kai_roster_unref(r);
    world_free(&l.w);
}

static void revoke_and_cut(void **state)
{
    (void)state;
    struct line l;
    struct tsub late, child;
    const struct tlog *keep[2] = {&l.a.log, &l.ai.log};

    make_line(&l, NULL);
    world_key(&l.w, &late);
    world_key(&l.w, &child);
    world_admit(&l.w, &l.ai.log, &child, KAI_ADMIT_ORG, NULL);
    struct tlog ai_then = l.ai.log;
    keep[1] = &ai_then;
    world_admit(&l.w, &l.ai.log, &late, KAI_ADMIT_NODE, NULL);
    assert_true(active(&l, late.cert));
    const uint8_t *hash = world_remove(&l.w, &l.fi.log, l.a.cert, KAI_REVOKE_LEFT, keep, 2);
    struct kai_roster *r = world_roster(&l.w);
    assert_false(world_cert_active(r, l.a.cert));
    assert_true(
        world_cert_attested(r, l.n.cert)); /* Within the cut, but its organisation is gone. */
    assert_false(world_cert_active(r, l.n.cert));
    assert_false(world_cert_attested(r, late.cert));
    assert_true(world_cert_active(r, child.cert)); /* Inside the cut, lives on. */
    const struct kai_node *n = kai_roster_node(r, l.n.id);
    const uint8_t(*removals)[KAI_ID_BYTES];
    assert_true(n->revoked && !n->active);
    assert_int_equal(kai_roster_removals(r, n, &removals), 1);
    assert_memory_equal(removals[0], hash, KAI_ID_BYTES);
    assert_int_equal(kai_roster_removals(r, kai_roster_node(r, late.id), &removals), 1);
    kai_roster_unref(r);
    /* A second one that names no log: nothing of it counts. */
    world_remove(&l.w, &l.fi.log, l.a.cert, KAI_REVOKE_RULES, NULL, 0);
    r = world_roster(&l.w);
    assert_false(world_cert_attested(r, l.ai.cert));
    assert_false(world_cert_attested(r, child.cert));
    kai_roster_unref(r);
    world_free(&l.w);
}

static void reach(void **state)
{
    (void)state;
    struct world w;
    struct tsub org[4];
    struct tsub key[4];
    struct tsub sibling, sibling_key, node;

    world_init(&w, 9, &org[0], 1, 1);
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            world_key(&w, &org[i]);
            world_admit(&w, &key[i - 1].log, &org[i], KAI_ADMIT_ORG, NULL);
        }
        world_key(&w, &key[i]);
        world_admit(&w, &org[i].log, &key[i], KAI_ADMIT_ISSUING, NULL);
    }
    world_key(&w, &node);
    world_admit(&w, &key[3].log, &node, KAI_ADMIT_NODE, NULL);
    world_key(&w, &sibling);
    world_key(&w, &sibling_key);
    world_admit(&w, &key[0].log, &sibling, KAI_ADMIT_ORG, NULL);
    world_admit(&w, &sibling.log, &sibling_key, KAI_ADMIT_ISSUING, NULL);
    world_remove(&w, &sibling_key.log, node.cert, 1, NULL, 0); /* Not above it. */
    world_remove(&w, &node.log, org[1].cert, 1, NULL, 0);      /* A node has no say. */
    world_remove(&w, &key[3].log, org[2].cert, 1, NULL, 0);    /* Not upwards. */
    struct kai_roster *r = world_roster(&w);
    assert_true(world_cert_active(r, node.cert));
    assert_true(world_cert_active(r, org[1].cert));
    assert_true(world_cert_active(r, org[2].cert));
    kai_roster_unref(r);
    struct tlog before = key[1].log;
    world_remove(&w, &key[1].log, node.cert, 1, NULL, 0); /* Two organisations up: it reaches. */
    r = world_roster(&w);
    assert_false(world_cert_active(r, node.cert));
    kai_roster_unref(r);
    /* The signer's own end later does not undo it, nor does taking its word back. */
    const struct tlog *keep[2] = {&before, &org[1].log};
    world_remove(&w, &key[0].log, key[1].cert, KAI_REVOKE_COMPROMISE, keep, 2);
    r = world_roster(&w);
    assert_false(world_cert_active(r, node.cert));
    assert_true(world_cert_active(r, org[2].cert));
    kai_roster_unref(r);
    world_free(&w);
}

/* Who took the place of an issuing key speaks for it; who had it before does not, nor one of
 * another organisation. */
static void later_issuing_key(void **state)
{
    (void)state;
    struct line l;
    struct tsub next, under, other, other_key;

    make_line(&l, NULL);
    world_key(&l.w, &next);
    world_key(&l.w, &under);
    world_key(&l.w, &other);
    world_key(&l.w, &other_key);
    struct tlog before = l.ai.log;
    const struct tlog *keep[1] = {&before};
    world_admit(&l.w, &l.a.log, &next, KAI_ADMIT_ISSUING, NULL);
    world_remove(&l.w, &l.a.log, l.ai.cert, KAI_REVOKE_LOST, keep, 1);
    world_admit(&l.w, &next.log, &under, KAI_ADMIT_NODE, NULL);
    world_admit(&l.w, &l.fi.log, &other, KAI_ADMIT_ORG, NULL);
    world_admit(&l.w, &other.log, &other_key, KAI_ADMIT_ISSUING, NULL);
    assert_true(active(&l, l.n.cert));
    world_remove(&l.w, &l.ai.log, under.cert, KAI_REVOKE_COMPROMISE, NULL, 0); /* The thief. */
    world_remove(&l.w, &other_key.log, l.n.cert, KAI_REVOKE_RULES, NULL, 0);
    assert_true(active(&l, under.cert));
    assert_true(active(&l, l.n.cert));
    world_remove(&l.w, &next.log, l.n.cert, KAI_REVOKE_LOST, NULL, 0);
    struct kai_roster *r = world_roster(&l.w);
    assert_false(world_cert_active(r, l.n.cert));
    assert_true(world_cert_attested(r, l.n.cert)); /* What it wrote stands. */
    assert_true(world_cert_active(r, under.cert));
    kai_roster_unref(r);
    world_free(&l.w);
}

/* A log as it was left by an owner: the last that counts. */
static struct kai_cut cut_of(const struct tlog *l)
{
    struct kai_cut cut = {.seq = l->seq};

    memcpy(cut.log_pk, l->pk, KAI_KEY_BYTES);
    memcpy(cut.head, l->head, KAI_ID_BYTES);
    return cut;
}

/* The roster with the root's word that the key is dead from the cut on. */
static struct kai_roster *with_death(const struct world *w, const struct tlog *root,
                                     const struct kai_cut *cut)
{
    struct kai_keydeath d = {.has_cut = true, .cut = *cut};
    struct kai_ctl *ctl = world_ctl(w);
    struct kai_roster *r;
    struct kai_buf b;

    memcpy(d.key, cut->log_pk, KAI_KEY_BYTES);
    memcpy(d.signer, root->pk, KAI_KEY_BYTES);
    kai_buf_init(&b, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(&b, &d, root->sk, w->charter.nid);
    MUST(b.err);
    MUST(kai_ctl_death_add(ctl, kai_buf_view(&b)));
    kai_buf_free(&b);
    MUST(kai_roster_build(&r, ctl));
    kai_ctl_free(ctl);
    return r;
}

/* The second issuing key is stolen, and a third takes its place with a cut. Behind the cut the
 * thief has no say over what the first admitted, down to organisations under it; what the second
 * said within it stands, and the third may speak of both. */
static void stolen_later_key(void **state)
{
    (void)state;
    for (int by_death = 0; by_death < 2; by_death++) {
        struct line l;
        struct tsub second, third, gone, person, child, child_key, of_child;

        make_line(&l, NULL);
        world_key(&l.w, &second);
        world_key(&l.w, &third);
        world_key(&l.w, &gone);
        world_key(&l.w, &person);
        world_key(&l.w, &child);
        world_key(&l.w, &child_key);
        world_key(&l.w, &of_child);
        world_admit(&l.w, &l.ai.log, &gone, KAI_ADMIT_NODE, NULL);
        world_admit(&l.w, &l.ai.log, &person, KAI_ADMIT_PERSON, NULL);
        world_admit(&l.w, &l.ai.log, &child, KAI_ADMIT_ORG, NULL);
        world_admit(&l.w, &child.log, &child_key, KAI_ADMIT_ISSUING, NULL);
        world_admit(&l.w, &child_key.log, &of_child, KAI_ADMIT_NODE, NULL);
        const struct tlog *keep[1] = {&l.ai.log};
        world_admit(&l.w, &l.a.log, &second, KAI_ADMIT_ISSUING, NULL);
        world_remove(&l.w, &l.a.log, l.ai.cert, KAI_REVOKE_LOST, keep, 1);
        world_remove(&l.w, &second.log, gone.cert, KAI_REVOKE_LEFT, NULL, 0);
        struct tlog before = second.log;
        struct kai_cut cut = cut_of(&before);
        world_remove(&l.w, &second.log, l.n.cert, KAI_REVOKE_RULES, NULL, 0);
        assert_false(active(&l, l.n.cert)); /* Not known yet to be stolen. */
        world_admit(&l.w, &l.a.log, &third, KAI_ADMIT_ISSUING, NULL);
        keep[0] = &before;
        if (!by_death)
            world_remove(&l.w, &l.a.log, second.cert, KAI_REVOKE_COMPROMISE, keep, 1);
        world_remove(&l.w, &second.log, person.cert, KAI_REVOKE_RULES, NULL, 0);
        world_remove(&l.w, &second.log, child.cert, KAI_REVOKE_RULES, NULL, 0);
        world_remove(&l.w, &second.log, of_child.cert, KAI_REVOKE_RULES, NULL, 0);
        struct kai_roster *r = by_death ? with_death(&l.w, &l.a.log, &cut) : world_roster(&l.w);
        assert_true(world_cert_active(r, l.n.cert));
        assert_true(kai_roster_person_by_cert(r, person.cert)->active);
        assert_true(world_cert_active(r, child.cert));
        assert_true(world_cert_active(r, of_child.cert));
        assert_false(world_cert_active(r, gone.cert));
        kai_roster_unref(r);
        world_remove(&l.w, &third.log, of_child.cert, KAI_REVOKE_RULES, NULL, 0);
        r = by_death ? with_death(&l.w, &l.a.log, &cut) : world_roster(&l.w);
        assert_false(world_cert_active(r, of_child.cert));
        kai_roster_unref(r);
        world_free(&l.w);
    }
}

/* Every cut of the root counts, also on another certificate of the same key, and one that somebody
 * else puts on it gives nothing back. */
static void cuts_of_later_keys(void **state)
{
    (void)state;
    struct line l;
    struct tsub second, again, first_out;

    make_line(&l, NULL);
    world_key(&l.w, &second);
    world_key(&l.w, &first_out);
    world_admit(&l.w, &l.ai.log, &first_out, KAI_ADMIT_NODE, NULL);
    world_admit(&l.w, &l.a.log, &second, KAI_ADMIT_ISSUING, NULL);
    again = second;
    world_admit(&l.w, &l.a.log, &again, KAI_ADMIT_ISSUING, NULL);
    struct tlog empty = second.log;
    const struct tlog *keep[1] = {&empty};
    world_remove(&l.w, &second.log, first_out.cert, KAI_REVOKE_LEFT, NULL, 0);
    struct tlog one = second.log;
    world_remove(&l.w, &second.log, l.n.cert, KAI_REVOKE_LEFT, NULL, 0);
    world_remove(&l.w, &l.fi.log, second.cert, KAI_REVOKE_COMPROMISE, keep, 1); /* Not the root. */
    world_remove(&l.w, &l.fi.log, again.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    assert_false(active(&l, first_out.cert));
    assert_false(active(&l, l.n.cert));
    keep[0] = &one;
    world_remove(&l.w, &l.a.log, second.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    assert_false(active(&l, first_out.cert));
    assert_true(active(&l, l.n.cert));
    keep[0] = &empty;
    world_remove(&l.w, &l.a.log, again.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    assert_true(active(&l, first_out.cert));
    world_free(&l.w);
}

static void threshold(void **state)
{
    (void)state;
    struct world w;
    struct tsub f[2];
    struct tsub fi[2];
    struct tsub second;

    world_init(&w, 11, f, 2, 2);
    for (int i = 0; i < 2; i++) {
        world_key(&w, &fi[i]);
        world_admit(&w, &f[i].log, &fi[i], KAI_ADMIT_ISSUING, NULL);
    }
    world_key(&w, &second);
    world_admit(&w, &f[0].log, &second, KAI_ADMIT_ISSUING, NULL);
    world_remove(&w, &fi[0].log, fi[1].cert, 2, NULL, 0);
    world_remove(&w, &second.log, fi[1].cert, 2, NULL, 0); /* The same founder twice. */
    struct kai_roster *r = world_roster(&w);
    assert_true(world_cert_active(r, fi[1].cert));
    kai_roster_unref(r);
    world_remove(&w, &fi[1].log, fi[1].cert, 3, NULL, 0); /* Another reason. */
    r = world_roster(&w);
    assert_true(world_cert_active(r, fi[1].cert));
    kai_roster_unref(r);
    world_remove(&w, &fi[1].log, fi[1].cert, 2, NULL, 0);
    r = world_roster(&w);
    assert_false(world_cert_active(r, fi[1].cert));
    kai_roster_unref(r);
    world_free(&w);
}

static void parts_together(void **state)
{
    (void)state;
    struct line l;
    struct kai_revoke r = {.reason = 1, .of = 2, .n_cuts = 1};

    make_line(&l, NULL);
    struct tlog ai = l.ai.log;
    struct tlog a = l.a.log;
    memcpy(r.target, l.a.cert, KAI_ID_BYTES);
    memcpy(r.cuts[0].log_pk, a.pk, KAI_KEY_BYTES);
    r.cuts[0].seq = a.seq;
    memcpy(r.cuts[0].head, a.head, KAI_ID_BYTES);
    world_revoke(&l.w, &l.fi.log, &r);
    struct kai_roster *ro = world_roster(&l.w);
    assert_false(world_cert_active(ro, l.a.cert));
    assert_true(world_cert_attested(ro, l.n.cert)); /* Not named yet, not cut yet. */
    kai_roster_unref(ro);
    r.part = 1;
    memcpy(r.cuts[0].log_pk, ai.pk, KAI_KEY_BYTES);
    r.cuts[0].seq = ai.seq;
    memcpy(r.cuts[0].head, ai.head, KAI_ID_BYTES);
    world_revoke(&l.w, &l.fi.log, &r);
    ro = world_roster(&l.w);
    assert_true(world_cert_attested(ro, l.n.cert)); /* Named by the second part. */
    kai_roster_unref(ro);
    world_free(&l.w);
}

static void forks(void **state)
{
    (void)state;
    struct line l;
    struct tsub m[3];

    make_line(&l, NULL);
    for (int i = 0; i < 3; i++)
        world_key(&l.w, &m[i]);
    struct tlog base = l.ai.log;
    struct tlog one = base;
    struct tlog two = base;
    world_admit(&l.w, &one, &m[0], KAI_ADMIT_NODE, NULL);
    world_admit(&l.w, &two, &m[1], KAI_ADMIT_NODE, NULL);
    assert_true(active(&l, m[0].cert) && active(&l, m[1].cert)); /* Both branches count. */
    struct kai_ctl *ctl = world_ctl(&l.w);
    const struct kai_head *heads;
    size_t n = kai_ctl_heads(ctl, &heads);
    size_t mine = 0;
    for (size_t i = 0; i < n; i++)
        mine += memcmp(heads[i].log_pk, base.pk, KAI_KEY_BYTES) == 0;
    assert_int_equal(mine, 2);
    kai_ctl_free(ctl);
    const struct tlog *keep[1] = {&two};
    world_remove(&l.w, &l.fi.log, l.ai.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    assert_false(active(&l, m[0].cert)); /* The head named is the other's. */
    assert_true(active(&l, m[1].cert));
    assert_true(active(&l, l.n.cert));
    keep[0] = &one; /* A second one names the other branch: what stands under both is left. */
    world_remove(&l.w, &l.fi.log, l.ai.cert, KAI_REVOKE_COMPROMISE, keep, 1);
    assert_false(active(&l, m[0].cert));
    assert_false(active(&l, m[1].cert));
    assert_true(active(&l, l.n.cert));
    world_free(&l.w);
}

static void third_branch(void **state)
{
    (void)state;
    struct line l;
    struct tsub m[4];
    struct kai_ctl *ctl;
    size_t held = 0;

    make_line(&l, NULL);
    struct tlog base = l.ai.log;
    for (int i = 0; i < 4; i++) {
        struct tlog branch = base;

        world_key(&l.w, &m[i]);
        world_admit(&l.w, &branch, &m[i], KAI_ADMIT_NODE, NULL);
    }
    ctl = world_ctl(&l.w);
    for (int i = 0; i < 4; i++) {
        size_t smaller = 0;

        for (int k = 0; k < 4; k++)
            smaller += memcmp(m[k].cert, m[i].cert, KAI_ID_BYTES) < 0;
        assert_int_equal(kai_ctl_find(ctl, m[i].cert) != NULL, smaller < 2);
        held += kai_ctl_find(ctl, m[i].cert) != NULL;
    }
    assert_int_equal(held, 2);
    kai_ctl_free(ctl);
    world_free(&l.w);
}

static void circles_and_depth(void **state)
{
    (void)state;
    struct world w;
    struct tsub org[9];
    struct tsub key[9];

    world_init(&w, 13, &org[0], 1, 1);
    for (int i = 0; i < 9; i++) {
        if (i > 0) {
            world_key(&w, &org[i]);
            world_admit(&w, &key[i - 1].log, &org[i], KAI_ADMIT_ORG, NULL);
        }
        world_key(&w, &key[i]);
        world_admit(&w, &org[i].log, &key[i], KAI_ADMIT_ISSUING, NULL);
    }
    uint8_t first[KAI_ID_BYTES];
    memcpy(first, org[1].cert, KAI_ID_BYTES);
    world_admit(&w, &key[2].log, &org[1], KAI_ADMIT_ORG, NULL); /* B admits A, which admitted B. */
    struct kai_roster *r = world_roster(&w);
    assert_false(world_cert_active(r, org[1].cert));
    for (int i = 2; i < 9; i++)
        assert_int_equal(world_cert_active(r, org[i].cert), i < (int)KAI_ORG_DEPTH_MAX);
    kai_roster_unref(r);
    world_remove(&w, &key[0].log, first, 1, NULL, 0); /* A circle holds itself up no longer. */
    r = world_roster(&w);
    assert_false(world_cert_attested(r, org[2].cert));
    kai_roster_unref(r);
    world_free(&w);
}

/* Five levels of eight organisations, each admitted by all of the level above: 8^5 lines. */
static void lattice(void **state)
{
    (void)state;
    struct world w;
    struct tsub f;
    struct tsub fi;
    static struct tsub org[5][8];
    static struct tsub key[5][8];

    world_init(&w, 15, &f, 1, 1);
    world_key(&w, &fi);
    world_admit(&w, &f.log, &fi, KAI_ADMIT_ISSUING, NULL);
    for (int d = 0; d < 5; d++) {
        for (int i = 0; i < 8; i++) {
            world_key(&w, &org[d][i]);
            world_key(&w, &key[d][i]);
            for (int p = 0; p < (d == 0 ? 1 : 8); p++)
                world_admit(&w, d == 0 ? &fi.log : &key[d - 1][p].log, &org[d][i], KAI_ADMIT_ORG,
                            NULL);
            world_admit(&w, &org[d][i].log, &key[d][i], KAI_ADMIT_ISSUING, NULL);
        }
    }
    struct kai_ctl *ctl = world_ctl(&w);
    struct kai_build b = {.ctl = ctl};
    MUST(kai_build_certs(&b));
    MUST(kai_build_paths(&b));
    assert_true(b.n_paths <= 1 + b.n_certs * KAI_PATHS_PER_CERT_MAX);
    assert_true(b.n_paths > 500);
    struct kai_roster *r;
    MUST(kai_roster_build(&r, ctl));
    for (int i = 0; i < 8; i++)
        assert_true(world_cert_active(r, key[4][i].cert));
    kai_roster_unref(r);
    free(b.certs);
    free(b.log_first);
    free(b.by_hash);
    free(b.paths);
    kai_ctl_free(ctl);
    world_free(&w);
}

static void audiences(void **state)
{
    (void)state;
    struct line l;
    struct kai_aud_rec rec = {
        .nonce = {1}, .ver = 1, .kind = KAI_AUD_COMMUNITY, .rule_open = true, .label_max = 2};
    uint8_t id[KAI_ID_BYTES];

    make_line(&l, NULL);
    world_audience(&l.w, &l.ai.log, &rec);
    struct tlog then = l.ai.log;
    rec.ver = 2;
    rec.label_max = 3;
    const uint8_t *newest = world_audience(&l.w, &l.ai.log, &rec);
    rec.ver = 1;
    rec.label_max = 4;
    world_audience(&l.w, &l.ai.log, &rec);
    kai_aud_id(id, l.a.id, rec.nonce);
    struct kai_roster *r = world_roster(&l.w);
    const struct kai_audience *a = kai_roster_audience(r, id);
    assert_non_null(a);
    assert_int_equal(a->rec.ver, 2);
    assert_memory_equal(a->entry, newest, KAI_ID_BYTES);
    assert_memory_equal(a->owner->id, l.a.id, KAI_ID_BYTES);
    kai_roster_unref(r);
    const struct tlog *keep[1] = {&then};
    world_remove(&l.w, &l.fi.log, l.ai.cert, 1, keep, 1);
    r = world_roster(&l.w);
    assert_int_equal(kai_roster_audience(r, id)->rec.ver, 1);
    kai_roster_unref(r);
    world_free(&l.w);
}

static void ctl_refuses(void **state)
{
    (void)state;
    struct line l;
    struct kai_ctl *ctl;

    make_line(&l, NULL);
    MUST(kai_ctl_new(&ctl, &l.w.charter));
    assert_int_equal(kai_ctl_add(ctl, &l.w.entries[1]->e), KAI_EAGAIN); /* Its key is not known. */
    assert_int_equal(kai_ctl_check(ctl, &l.w.entries[1]->e), KAI_EAGAIN);
    MUST(kai_ctl_check(ctl, &l.w.entries[0]->e)); /* Says so, and takes nothing. */
    assert_int_equal(kai_ctl_count(ctl), 0);
    assert_null(kai_ctl_find(ctl, l.w.entries[0]->e.hash));
    MUST(kai_ctl_add(ctl, &l.w.entries[0]->e));
    assert_int_equal(kai_ctl_add(ctl, &l.w.entries[0]->e), KAI_EEXIST);
    assert_int_equal(kai_ctl_check(ctl, &l.w.entries[0]->e), KAI_EEXIST);
    struct kai_entry e = l.w.entries[1]->e;
    uint8_t sig[KAI_SIG_BYTES];
    memcpy(sig, e.sig.p, sizeof sig);
    sig[40] ^= 1;
    e.sig.p = sig;
    assert_int_equal(kai_ctl_check(ctl, &e), KAI_EAUTH);
    assert_int_equal(kai_ctl_add(ctl, &e), KAI_EAUTH);
    e = l.w.entries[1]->e;
    e.payload.p = NULL;
    assert_int_equal(kai_ctl_add(ctl, &e), KAI_EMALFORMED);
    struct kai_head h;
    assert_int_equal(kai_ctl_head(ctl, l.fi.log.pk, &h), KAI_ENOTFOUND);
    MUST(kai_ctl_head(ctl, l.f.log.pk, &h));
    assert_int_equal(h.seq, 1);
    assert_int_equal(kai_ctl_count(ctl), 1);
    kai_ctl_free(ctl);
    world_free(&l.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups),
        cmocka_unit_test(narrowing),
        cmocka_unit_test(max_children_and_replaces),
        cmocka_unit_test(new_terms_bind_all_below),
        cmocka_unit_test(revoke_and_cut),
        cmocka_unit_test(reach),
        cmocka_unit_test(later_issuing_key),
        cmocka_unit_test(stolen_later_key),
        cmocka_unit_test(cuts_of_later_keys),
        cmocka_unit_test(threshold),
        cmocka_unit_test(parts_together),
        cmocka_unit_test(forks),
        cmocka_unit_test(third_branch),
        cmocka_unit_test(circles_and_depth),
        cmocka_unit_test(lattice),
        cmocka_unit_test(audiences),
        cmocka_unit_test(ctl_refuses),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
