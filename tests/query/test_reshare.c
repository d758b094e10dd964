/* A receiver judges for itself what somebody passed on: each rule, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/label.h"
#include "query/share_util.h"

static bool count_bad(void *ctx, const struct kai_ix_bad *bad)
{
    size_t *n = ctx;

    assert_true(bad->code[0] != '\0');
    n[bad->again ? 1 : 0]++;
    return true;
}

static bool count_report(void *ctx, const struct kai_ix_report *report)
{
    size_t *n = ctx;
    uint8_t org[32];

    org_of(org, SOURCE);
    assert_memory_equal(report->origin, org, 32);
    (*n)++;
    return true;
}

/* What stands in the index after one act, in an index that held nothing. */
struct outcome {
    uint64_t rows;
    size_t final; /* Quarantined for good, */
    size_t again; /* and until something comes. */
    size_t reports;
    struct kai_row row;
};

static struct outcome outcome_of(struct share *s)
{
    struct kai_ixsnap *r = NULL;
    struct outcome o = {0};
    size_t bad[2] = {0};

    assert_int_equal(kai_ixsnap_begin(s->f->x, 5, &r), KAI_OK);
    o.rows = kai_ixsnap_rows(r);
    assert_int_equal(kai_ixsnap_bad(r, count_bad, bad), KAI_OK);
    assert_int_equal(kai_ixsnap_bad_count(r), bad[0] + bad[1]);
    assert_int_equal(kai_ixsnap_reports_due(r, count_report, &o.reports), KAI_OK);
    if (o.rows > 0)
        assert_int_equal(kai_ixsnap_row(r, o.rows, &o.row), KAI_OK);
    kai_ixsnap_end(r);
    o.final = bad[0];
    o.again = bad[1];
    return o;
}

/* ---- What a test spoils. */
static void bad_path(struct kai_reshare *r, struct kai_content *c)
{
    (void)r;
    c[1].path.hash[0][3] ^= 1;
}

static void bad_index(struct kai_reshare *r, struct kai_content *c)
{
    (void)r;
    c[1].index = 2;
}

static void other_content(struct kai_reshare *r, struct kai_content *c)
{
    (void)r;
    c[1].content = c[2].content;
}

static void other_salt(struct kai_reshare *r, struct kai_content *c)
{
    (void)r;
    c[0].salt[0] ^= 1;
}

static void bad_sig(struct kai_reshare *r, struct kai_content *c)
{
    static uint8_t sig[KAI_SIG_BYTES];

    (void)c;
    memcpy(sig, r->sig.p, sizeof sig);
    sig[5] ^= 1;
    r->sig.p = sig;
}

/* FROM becomes CLIENTS in the list that was signed. */
static void widen(struct kai_buf *obj)
{
    for (size_t i = 0; i + 32 <= obj->len; i++) {
        if (obj->p[i] == 0xa0 + FROM && obj->p[i + 31] == 0xa0 + FROM) {
            memset(obj->p + i, 0xa0 + CLIENTS, 32);
            return;
        }
    }
    fail();
}

static void wrong_proof(struct kai_reshare *r, struct kai_content *c)
{
    (void)c;
    r->proof = kai_view_of("prooF", 5);
}

/* ---- One row a case. */
struct one {
    const char *name;
    const char *code; /* NULL: it passes. */
    bool again;
    bool report;
    void (*change)(struct share *s, struct draft *d);
};

#define CHANGE(name, what)                                                                         \
    static void name(struct share *s, struct draft *d)                                             \
    {                                                                                              \
        (void)s;                                                                                   \
        (void)d;                                                                                   \
        what;                                                                                      \
    }
#define TO(label, where) (d->tlp = (label), d->target = (where))

CHANGE(as_it_is, (void)0)
CHANGE(no_proof, d->no_proof = true)
CHANGE(proof_wrong, d->spoil = wrong_proof)
CHANGE(proof_denied, s->proof = KAI_EDENIED)
CHANGE(proof_unknown, s->proof = KAI_EAGAIN)
CHANGE(from_unlisted, d->from = SMALL)
CHANGE(empty_list, d->listed[0] = 0)
CHANGE(path_wrong, d->spoil = bad_path)
CHANGE(index_wrong, d->spoil = bad_index)
CHANGE(content_wrong, d->spoil = other_content)
CHANGE(salt_wrong, d->spoil = other_salt)
CHANGE(sig_wrong, d->spoil = bad_sig)
CHANGE(origin_forged, d->signer = SHARER)
CHANGE(sharer_forged, d->sharer_signer = OTHER)
CHANGE(list_widened, d->spoil_obj = widen)
CHANGE(others_log, d->author = OTHER)
CHANGE(amber_clients_3, d->target = CLIENTS_3)
CHANGE(amber_group, d->target = SMALL)
CHANGE(amber_providers, d->target = PROVIDERS)
CHANGE(amber_box, d->target = BOX_SELF)
CHANGE(strict_clients, (TO(4, CLIENTS), s->ceiling[CLIENTS] = 4))
CHANGE(strict_group, TO(4, SMALL))
CHANGE(green_inside, (TO(2, SMALL), d->from = COMMUNITY, d->listed[0] = COMMUNITY))
CHANGE(green_outside, (TO(2, WIDE), d->from = COMMUNITY, d->listed[0] = COMMUNITY))
CHANGE(green_dark, (TO(2, DARK), d->from = COMMUNITY, d->listed[0] = COMMUNITY))
CHANGE(green_public, (TO(2, PUBLIC), d->from = COMMUNITY, d->listed[0] = COMMUNITY))
CHANGE(green_providers, (TO(2, PROVIDERS), d->from = COMMUNITY, d->listed[0] = COMMUNITY))
CHANGE(clear_public, TO(1, PUBLIC))
CHANGE(clear_from_public,
       (TO(1, WIDE), d->from = PUBLIC, d->listed[0] = PUBLIC, d->no_proof = true))
CHANGE(amber_from_public, (d->from = PUBLIC, d->listed[0] = PUBLIC, d->no_proof = true))
CHANGE(ceiling, s->ceiling[CLIENTS] = 2)
CHANGE(red, (TO(5, CLIENTS), d->red_seal = true))
CHANGE(listed_too, (TO(4, SMALL), d->listed[1] = SMALL))
CHANGE(own_item, (TO(4, WIDE), d->origin = d->signer = SHARER))
CHANGE(own_box, (d->from = BOX_SHARER, d->listed[0] = BOX_SHARER, d->no_proof = true))
CHANGE(others_box, (d->from = BOX_OTHER, d->listed[0] = BOX_OTHER, d->no_proof = true))
CHANGE(sharer_unknown, s->node[SHARER].unknown = true)
CHANGE(sharer_revoked, s->node[SHARER].revoked = true)
CHANGE(sharer_mute, s->node[SHARER].mute = true)
CHANGE(source_unknown, s->node[SOURCE].unknown = true)
CHANGE(source_unattested, s->node[SOURCE].revoked = true)
CHANGE(source_revoked, s->node[SOURCE].inactive = true)

static const struct one cases[] = {
    {"as it is", NULL, 0, 0, as_it_is},
    {"no proof", "reshare.from", 1, 1, no_proof},
    {"wrong proof", "reshare.from", 1, 1, proof_wrong},
    {"proof of another", "reshare.from", 1, 1, proof_denied},
    {"proof not known yet", "reshare.from", 1, 0, proof_unknown},
    {"from an audience not listed", "reshare.from", 1, 1, from_unlisted},
    {"nobody is listed", "reshare.from", 1, 1, empty_list},
    {"wrong path", "project.merkle", 0, 1, path_wrong},
    {"wrong index", "project.merkle", 0, 1, index_wrong},
    {"another content", "project.merkle", 0, 1, content_wrong},
    {"another salt", "project.merkle", 0, 1, salt_wrong},
    {"batch signature", "project.signature", 0, 0, sig_wrong},
    {"batch of another key", "project.signature", 0, 0, origin_forged},
    {"act of another key", "project.signature", 0, 0, sharer_forged},
    {"list widened", "project.signature", 0, 0, list_widened},
    {"in the log of another", "project.sharer", 0, 0, others_log},
    {"AMBER to clients of another", "reshare.amber", 1, 1, amber_clients_3},
    {"AMBER to a group", "reshare.amber", 1, 1, amber_group},
    {"AMBER to providers", "reshare.providers", 1, 1, amber_providers},
    {"AMBER to a mailbox", "reshare.amber", 1, 1, amber_box},
    {"STRICT to clients", "reshare.strict", 1, 1, strict_clients},
    {"STRICT to a group", "reshare.strict", 1, 1, strict_group},
    {"GREEN inside", NULL, 0, 0, green_inside},
    {"GREEN outside", "reshare.green", 1, 1, green_outside},
    {"GREEN to who knows whom", "reshare.green", 1, 0, green_dark},
    {"GREEN to the public", "label.ceiling", 1, 1, green_public},
    {"GREEN to providers", "reshare.providers", 1, 1, green_providers},
    {"CLEAR to the public", NULL, 0, 0, clear_public},
    {"CLEAR from the public", NULL, 0, 0, clear_from_public},
    {"AMBER from the public", "reshare.from", 1, 1, amber_from_public},
    {"over the ceiling", "label.ceiling", 1, 1, ceiling},
    {"RED", "reshare.red", 1, 1, red},
    {"the source lists the target", NULL, 0, 0, listed_too},
    {"the source itself", NULL, 0, 0, own_item},
    {"from the own mailbox", NULL, 0, 0, own_box},
    {"from the mailbox of another", "reshare.from", 1, 1, others_box},
    {"sharer unknown", "project.cert", 1, 0, sharer_unknown},
    {"sharer not attested", "project.revoked", 1, 0, sharer_revoked},
    {"sharer may not publish", "publish.capability", 1, 1, sharer_mute},
    {"source unknown", "project.cert", 1, 0, source_unknown},
    {"source not attested", "project.revoked", 1, 0, source_unattested},
    {"source revoked", "reshare.source-revoked", 1, 1, source_revoked},
};

static void check_case(const struct one *c)
{
    void *state = NULL;
    struct share *s;
    struct draft d = draft_of();
    struct outcome o;

    assert_int_equal(share_set_up(&state), 0);
    s = state;
    c->change(s, &d);
    send_reshare(s, &d);
    o = outcome_of(s);
    if (c->code == NULL) {
        if (s->f->n_codes != 0 || o.rows != d.n)
            fail_msg("%s: %s", c->name, s->f->n_codes > 0 ? s->f->code[0] : "no rows");
    } else if (s->f->n_codes != 1 || strcmp(s->f->code[0], c->code) != 0 || o.rows != 0) {
        fail_msg("%s: %s, not %s", c->name, s->f->n_codes > 0 ? s->f->code[0] : "passed", c->code);
    }
    if (o.again != (c->again ? 1 : 0) || o.final != (c->code != NULL && !c->again ? 1 : 0) ||
        o.reports != (c->report ? 1 : 0))
        fail_msg("%s: %zu again, %zu final, %zu reports", c->name, o.again, o.final, o.reports);
    assert_int_equal(s->found[KAI_FOUND_REPORT], c->report ? 1 : 0);
    assert_int_equal(share_tear_down(&state), 0);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(&cases[i]);
}

/* The row says who the source is and who passed it on, and leads to the source's own bytes. */
static void test_row(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_fetch_source source = source_of(s->f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct outcome o;
    uint8_t org[32];

    send_reshare(s, &d);
    o = outcome_of(s);
    org_of(org, SOURCE);
    assert_memory_equal(o.row.origin, org, 32);
    org_of(org, SHARER);
    assert_memory_equal(o.row.via, org, 32);
    assert_int_equal(o.row.tlp, 3);
    assert_int_equal(o.row.obj_index, 1);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_fetch_object(fetch, &source, &o.row, &content), KAI_OK);
    assert_true(kai_view_eq(content, content_of(s, 1)));
    kai_fetch_free(fetch);
}

/* ---- Releases. */
struct release_case {
    const char *name;
    const char *code; /* Of what a STRICT item to a group comes to; NULL: it passes. */
    uint8_t tlp;      /* Of the row then. */
    enum who by;
    struct kai_release r;
    bool inactive;
    bool mute;
};

static struct kai_release release_to(enum aud aud)
{
    struct kai_release r = {.n_auds = 1, .created = 9};

    aud_of(r.aud[0], aud);
    return r;
}

static struct kai_release labelled(struct kai_release r, uint8_t tlp)
{
    r.has_label = true;
    r.tlp = tlp;
    return r;
}

static size_t release_cases(struct release_case *out)
{
    struct kai_release any = {.any = true, .created = 9};
    struct kai_release to_one = release_to(SMALL);
    struct kai_release label_only = {.has_label = true, .tlp = 3, .created = 9};
    const struct release_case list[] = {
        {"to the target", NULL, 4, SOURCE, release_to(SMALL), 0, 0},
        {"to any, as it is", "reshare.strict", 0, SOURCE, any, 0, 0},
        {"to any as AMBER", "reshare.strict", 0, SOURCE, labelled(any, 3), 0, 0},
        {"to any as GREEN, outside", "reshare.strict", 0, SOURCE, labelled(any, 2), 0, 0},
        {"to any as CLEAR", NULL, 1, SOURCE, labelled(any, 1), 0, 0},
        {"to another as CLEAR", "reshare.strict", 0, SOURCE, labelled(release_to(WIDE), 1), 0, 0},
        {"to the target as GREEN", NULL, 2, SOURCE, labelled(release_to(SMALL), 2), 0, 0},
        {"to another", "reshare.strict", 0, SOURCE, release_to(WIDE), 0, 0},
        {"as AMBER, which a group is not for", "reshare.strict", 0, SOURCE, label_only, 0, 0},
        {"by another organisation", "reshare.strict", 0, OTHER, release_to(SMALL), 0, 0},
        {"by the sharer", "reshare.strict", 0, SHARER, release_to(SMALL), 0, 0},
        {"by a node that was removed", "reshare.strict", 0, SOURCE, release_to(SMALL), 1, 0},
        {"by a node that may not", "reshare.strict", 0, SOURCE, release_to(SMALL), 0, 1},
        {"as RED", "reshare.strict", 0, SOURCE, labelled(release_to(SMALL), 5), 0, 0},
    };
    size_t n = sizeof list / sizeof list[0];

    memcpy(out, list, sizeof list);
    to_one.indexes.n = 1;
    to_one.indexes.at[0] = 0;
    out[n++] =
        (struct release_case){"of one content of two", "reshare.strict", 0, SOURCE, to_one, 0, 0};
    to_one.indexes.n = 2;
    to_one.indexes.at[1] = 1;
    out[n++] = (struct release_case){"of both contents", NULL, 4, SOURCE, to_one, 0, 0};
    return n;
}

/* Travelling along, held before, or coming late: it makes no difference in the end. */
static void check_release(const struct release_case *c, int way)
{
    static const char *const names[] = {"along", "before", "late"};
    void *state = NULL;
    struct share *s;
    struct draft d = draft_of();
    struct kai_buf release;

    assert_int_equal(share_set_up(&state), 0);
    s = state;
    d.tlp = 4;
    d.target = SMALL;
    /* The batch itself comes from our own log of the source, which has long been there. */
    send_obj(s, &d, FROM);
    again(s, s->f->x);
    s->node[SOURCE].inactive = c->inactive;
    s->node[SOURCE].mute = c->mute;
    release_of(s, &release, &d, c->by, &c->r);
    if (way == 0) {
        d.release[d.n_releases++] = release;
    } else if (way == 1) {
        send_item(s, c->by, FROM, kai_buf_view(&release));
        kai_buf_free(&release);
    }
    send_reshare(s, &d);
    if (way == 2) {
        assert_int_equal(outcome_of(s).again, 1);
        send_item(s, c->by, FROM, kai_buf_view(&release));
        kai_buf_free(&release);
        again(s, s->f->x);
    }
    {
        struct outcome o = outcome_of(s);
        uint64_t via = o.rows - 3; /* The batch itself has three. */

        if (via != (c->code == NULL ? 2u : 0u) || (c->code == NULL && o.row.tlp != c->tlp))
            fail_msg("%s, %s: %llu rows", c->name, names[way], (unsigned long long)via);
        if ((c->code == NULL) != (o.again == 0) || (c->code == NULL) != (o.reports == 0))
            fail_msg("%s, %s: %zu again, %zu reports", c->name, names[way], o.again, o.reports);
        if (c->code != NULL && strcmp(s->f->code[s->f->n_codes - 1], c->code) != 0)
            fail_msg("%s, %s: %s", c->name, names[way], s->f->code[s->f->n_codes - 1]);
    }
    assert_int_equal(share_tear_down(&state), 0);
}

static void test_releases(void **state)
{
    static struct release_case list[20];
    size_t n = release_cases(list);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (int way = 0; way < 3; way++)
            check_release(&list[i], way);
    }
}

/* Of a source that was revoked counts what came from its own log, content by content. */
static void test_revoked_source(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();

    send_obj(s, &d, FROM);
    s->node[SOURCE].inactive = true;
    send_reshare(s, &d);
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(outcome_of(s).rows, 3 + 2);
    /* A batch that came by re-share alone: what it brought is no ground for the next. */
    s->node[SOURCE].inactive = false;
    d.tlp = 2;
    d.from = d.listed[0] = COMMUNITY;
    d.target = SMALL;
    send_reshare(s, &d);
    assert_int_equal(outcome_of(s).rows, 5 + 2);
    s->node[SOURCE].inactive = true;
    d.target = FROM;
    send_reshare(s, &d);
    expect_code(s->f, "reshare.source-revoked");
}

/* What was missing has come. */
static void test_comes_later(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();

    s->proof = KAI_EAGAIN;
    send_reshare(s, &d);
    expect_code(s->f, "reshare.from");
    s->proof = KAI_OK;
    s->node[SOURCE].unknown = true;
    again(s, s->f->x);
    expect_code(s->f, "project.cert");
    s->node[SOURCE].unknown = false;
    again(s, s->f->x);
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(outcome_of(s).rows, 2);
    assert_int_equal(outcome_of(s).again, 0);
    /* And what broke a rule stays out, and is told once, however often it is judged. */
    d.target = CLIENTS_3;
    send_reshare(s, &d);
    again(s, s->f->x);
    again(s, s->f->x);
    assert_int_equal(outcome_of(s).rows, 2);
    assert_int_equal(outcome_of(s).reports, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), SHARED(test_row),
                                       cmocka_unit_test(test_releases), SHARED(test_revoked_source),
                                       SHARED(test_comes_later)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
