/* What is kept beside the rows: recalls, letters, receipts, reports, and what waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/run.h"
#include "query/share_util.h"

struct flags {
    size_t n;
    size_t recalled;
    size_t withdrawn;
};

static bool on_row(void *ctx, const struct kai_row *row)
{
    struct flags *f = ctx;

    f->n++;
    f->recalled += (row->flags & KAI_ROW_RECALLED) != 0;
    f->withdrawn += (row->flags & KAI_ROW_WITHDRAWN) != 0;
    return true;
}

static struct flags flags_of(struct share *s, uint8_t clearance)
{
    struct kai_ixsnap *r = NULL;
    struct flags f = {0};

    assert_int_equal(kai_ixsnap_begin(s->f->x, clearance, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_down(r, kai_ixsnap_last(r), on_row, &f), KAI_OK);
    kai_ixsnap_end(r);
    return f;
}

static bool count_hit(void *ctx, const struct kai_query_hit *hit)
{
    size_t *n = ctx;

    (void)hit;
    (*n)++;
    return true;
}

static size_t answers(struct share *s, const char *text)
{
    struct kai_query *q = query_of(text, 1);
    struct kai_query_at at = {0};
    struct kai_ixsnap *r = NULL;
    bool done = false;
    size_t n = 0;

    assert_int_equal(kai_ixsnap_begin(s->f->x, 5, &r), KAI_OK);
    assert_int_equal(kai_query_run(q, r, 1, 1000, &at, &done, count_hit, &n), KAI_OK);
    kai_ixsnap_end(r);
    kai_query_free(q);
    return n;
}

static struct kai_indexes only(uint16_t index)
{
    return (struct kai_indexes){.n = 1, .at = {index}};
}

static void test_recall(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_indexes all = {0};

    d.listed[1] = SMALL;
    send_obj(s, &d, FROM);
    send_obj(s, &d, SMALL);
    assert_int_equal(flags_of(s, 5).n, 6);
    send_recall(s, &d, OTHER, KAI_RECALL_WRONG, all); /* Not the source's word. */
    assert_int_equal(flags_of(s, 5).recalled, 0);
    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, only(1));
    assert_int_equal(flags_of(s, 5).recalled, 2);
    assert_int_equal(answers(s, ""), 4);
    assert_int_equal(answers(s, "recalled:yes"), 2);
    assert_int_equal(answers(s, "recalled:any"), 6);
    send_reshare(s, &d); /* Contents 0 and 1, later. */
    assert_int_equal(flags_of(s, 5).n, 8);
    assert_int_equal(flags_of(s, 5).recalled, 3);
    send_recall(s, &d, SOURCE, KAI_RECALL_MISLABELED, all);
    assert_int_equal(flags_of(s, 5).recalled, 8);
    assert_int_equal(answers(s, ""), 0);
    send_recall(s, &d, SOURCE, KAI_RECALL_MISLABELED, all); /* The same again. */
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(s->found[KAI_FOUND_RECALL], 3);
    /* Given out again, it is there again: in a batch of its own, as here under another label. */
    d.tlp = 4;
    send_obj(s, &d, FROM);
    assert_int_equal(answers(s, ""), 3);
}

static void test_recall_before(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_indexes all = {0};

    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, all);
    send_recall(s, &d, OTHER, KAI_RECALL_WRONG, all);
    send_obj(s, &d, FROM);
    assert_int_equal(flags_of(s, 5).recalled, 3);
    s->node[SOURCE].mute = true;
    d.tlp = 4;
    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, all);
    expect_code(s->f, "publish.capability");
    s->node[SOURCE].mute = false;
    s->node[SOURCE].revoked = true;
    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, all);
    expect_code(s->f, "project.revoked");
}

/* What a removed node signs counts in its own log, where its removal says how far; nobody carries
 * it on. Once it was heard, it stays. */
static void test_recall_removed(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_indexes all = {0};
    struct kai_buf release;
    struct kai_release r = {.has_label = true, .tlp = 1, .created = 9};

    send_obj(s, &d, FROM);
    s->node[SOURCE].inactive = true;
    carry_recall(s, &d, SOURCE, SHARER, KAI_RECALL_WRONG, all);
    expect_code(s->f, "publish.capability");
    assert_int_equal(flags_of(s, 5).recalled, 0);
    assert_int_equal(s->found[KAI_FOUND_RECALL], 0);
    release_of(s, &release, &d, SOURCE, &r);
    send_item(s, SHARER, FROM, kai_buf_view(&release));
    expect_code(s->f, "publish.capability");
    assert_int_equal(s->found[KAI_FOUND_RELEASE], 0);
    send_item(s, SOURCE, FROM, kai_buf_view(&release));
    assert_int_equal(s->found[KAI_FOUND_RELEASE], 1);
    kai_buf_free(&release);
    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, only(1));
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(flags_of(s, 5).recalled, 1);
    s->node[SOURCE].inactive = false; /* The roster has changed. */
    again(s, s->f->x);
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(flags_of(s, 5).recalled, 3);
}

/* RED has no new version: it is withdrawn by its hash. */
static void test_red(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_indexes all = {0};

    d.tlp = 5;
    d.red_seal = true;
    s->kind[FROM] = KAI_POLICY_PERSONS;
    s->ceiling[FROM] = 5;
    send_obj(s, &d, FROM);
    assert_int_equal(s->f->n_codes, 0);
    assert_int_equal(flags_of(s, 5).n, 1);
    assert_int_equal(flags_of(s, 4).n, 0);
    assert_int_equal(answers(s, "label:RED"), 1);
    assert_int_equal(answers(s, "NOT label:RED"), 0);
    assert_int_equal(answers(s, "198.51.100.0/24"), 0);
    assert_int_equal(answers(s, "type:indicator"), 0);
    send_recall(s, &d, SOURCE, KAI_RECALL_WITHDRAWN, all);
    assert_int_equal(flags_of(s, 5).withdrawn, 1);
    assert_int_equal(flags_of(s, 5).recalled, 0);
    assert_int_equal(answers(s, ""), 0);
}

/* ---- Letters. */
struct got {
    size_t n;
    size_t ours;
    struct kai_ix_letter last;
    uint8_t body[512];
    size_t body_n;
};

static bool on_letter(void *ctx, const struct kai_ix_letter *l, struct kai_view body)
{
    struct got *g = ctx;

    assert_true(l->no == g->last.no + 1 && body.n <= sizeof g->body);
    g->n++;
    g->ours += l->ours;
    g->last = *l;
    memcpy(g->body, body.p, body.n);
    g->body_n = body.n;
    return true;
}

static struct got letters_of(struct share *s, uint8_t clearance)
{
    struct kai_ixsnap *r = NULL;
    struct kai_ix_letter one;
    struct kai_view body;
    struct got g = {0};

    assert_int_equal(kai_ixsnap_begin(s->f->x, clearance, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_letters(r, 1, on_letter, &g), KAI_OK);
    assert_int_equal(kai_ixsnap_letter(r, 1, &one, &body), g.n > 0 ? KAI_OK : KAI_ENOTFOUND);
    kai_ixsnap_end(r);
    return g;
}

static void send_buf(struct share *s, enum who author, enum aud aud, struct kai_buf *item)
{
    assert_int_equal(item->err, KAI_OK);
    send_item(s, author, aud, kai_buf_view(item));
    kai_buf_clear(item);
}

static void test_letters(void **state)
{
    struct share *s = *state;
    struct kai_request request = {.obj_hash = {7}, .target_kind = 3, .target_name = "circle"};
    struct kai_refusal refusal = {.obj_hash = {8}, .reason = "no"};
    struct kai_buf item;
    struct got g;
    uint8_t org[32];

    kai_buf_init(&item, 1u << 16);
    kai_request_write(&item, &request);
    send_buf(s, SHARER, BOX_SELF, &item);
    g = letters_of(s, 4);
    assert_true(g.n == 1 && g.ours == 0 && g.last.kind == KAI_NOTICE_REQUEST);
    assert_memory_equal(g.last.obj_hash, request.obj_hash, 32);
    org_of(org, SHARER);
    assert_memory_equal(g.last.sender, org, 32);
    assert_int_equal(letters_of(s, 3).n, 0); /* A mailbox is for those cleared for it. */
    kai_refusal_write(&item, &refusal);
    send_buf(s, SELF, BOX_SHARER, &item);
    g = letters_of(s, 5);
    assert_true(g.n == 2 && g.ours == 1 && g.last.kind == KAI_NOTICE_REFUSAL);
    kai_refusal_write(&item, &refusal); /* Of others to others, and in no mailbox at all. */
    send_buf(s, SHARER, BOX_OTHER, &item);
    kai_refusal_write(&item, &refusal);
    send_buf(s, SHARER, SMALL, &item);
    assert_int_equal(letters_of(s, 5).n, 2);
    assert_int_equal(s->f->n_codes, 0);
    again(s, s->f->x);
    assert_int_equal(letters_of(s, 5).n, 2);
    s->node[OTHER].unknown = true; /* Whose letter it is must be known. */
    kai_refusal_write(&item, &refusal);
    send_buf(s, OTHER, BOX_SELF, &item);
    expect_code(s->f, "project.cert");
    s->node[OTHER].unknown = false;
    again(s, s->f->x);
    assert_int_equal(letters_of(s, 5).n, 3);
    kai_buf_free(&item);
}

/* A sender pushes out its own oldest, and nothing of others; a place may come again then. */
static void test_letters_many(void **state)
{
    struct share *s = *state;
    struct kai_ix_letter l = {.kind = KAI_NOTICE_REFUSAL, .sender = {1}};
    struct kai_ix_letter out;
    struct kai_view body = kai_view_of("x", 1);
    struct kai_view got;
    struct kai_ixsnap *r = NULL;
    struct kai_ix *t = NULL;

    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    for (uint64_t i = 0; i < KAI_LETTERS_PER_ORG_MAX; i++) {
        l.at.seq = i + 1;
        assert_int_equal(kai_ix_letter(t, &l, body), KAI_OK);
    }
    l.sender[0] = 2;
    l.at.seq++;
    assert_int_equal(kai_ix_letter(t, &l, body), KAI_OK);
    l.sender[0] = 1;
    l.at.seq++;
    assert_int_equal(kai_ix_letter(t, &l, body), KAI_OK);
    assert_int_equal(l.no, KAI_LETTERS_PER_ORG_MAX + 2);
    assert_int_equal(kai_ix_letter(t, &l, body), KAI_EEXIST);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    assert_int_equal(kai_ixsnap_begin(s->f->x, 5, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_letter(r, 1, &out, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_ixsnap_letter(r, 2, &out, &got), KAI_OK);
    assert_int_equal(kai_ixsnap_letter(r, l.no - 1, &out, &got), KAI_OK);
    assert_int_equal(kai_ixsnap_letter(r, l.no, &out, &got), KAI_OK);
    kai_ixsnap_end(r);
    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    l.at.seq = 1;
    assert_int_equal(kai_ix_letter(t, &l, body), KAI_OK);
    kai_ix_abort(t);
}

/* ---- Receipts. */
static bool on_receipt(void *ctx, const struct kai_ix_receipt *receipt)
{
    struct kai_ix_receipt *out = ctx;

    assert_true(out->held == 0);
    *out = *receipt;
    return true;
}

static struct kai_ix_receipt receipt_of(struct share *s, const uint8_t *hash, uint8_t clearance)
{
    struct kai_ixsnap *r = NULL;
    struct kai_ix_receipt out = {0};

    assert_int_equal(kai_ixsnap_begin(s->f->x, clearance, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_receipts(r, hash, on_receipt, &out), KAI_OK);
    kai_ixsnap_end(r);
    return out;
}

static void send_receipt(struct share *s, enum who by, enum aud box, const uint8_t *hash,
                         uint64_t to, uint64_t held)
{
    struct kai_receipt_row row = {.held = held, .read = 1};
    struct kai_buf item;

    memcpy(row.obj_hash, hash, 32);
    kai_buf_init(&item, 1u << 16);
    kai_receipt_write(&item, 1, to, &row, 1);
    send_buf(s, by, box, &item);
    kai_buf_free(&item);
}

static void test_receipts(void **state)
{
    struct share *s = *state;
    struct draft ours = draft_of();
    struct draft theirs = draft_of();
    struct kai_content c[3];
    uint8_t hash[32];
    struct kai_buf obj;

    ours.origin = ours.signer = SELF;
    obj_of(s, &ours, &obj, hash, c);
    kai_buf_free(&obj);
    send_receipt(s, SHARER, BOX_SELF, hash, 10, 2); /* Of what is not ours, as far as we know. */
    assert_int_equal(receipt_of(s, hash, 5).held, 0);
    send_obj(s, &ours, FROM);
    send_receipt(s, SHARER, BOX_SELF, hash, 20, 2);
    assert_int_equal(receipt_of(s, hash, 5).held, 2);
    assert_int_equal(receipt_of(s, hash, 3).held, 2);
    assert_int_equal(receipt_of(s, hash, 2).held, 0); /* A batch that this reader does not know. */
    send_receipt(s, SHARER, BOX_SELF, hash, 15, 1);   /* An older one comes later. */
    assert_int_equal(receipt_of(s, hash, 5).held, 2);
    send_receipt(s, SHARER, BOX_SELF, hash, 30, 1);
    assert_int_equal(receipt_of(s, hash, 5).held, 1);
    obj_of(s, &theirs, &obj, hash, c);
    kai_buf_free(&obj);
    send_obj(s, &theirs, FROM);
    send_receipt(s, SHARER, BOX_SELF, hash, 10, 2); /* Of the source's, told to us. */
    assert_int_equal(receipt_of(s, hash, 5).held, 0);
    send_receipt(s, SELF, BOX_OTHER, hash, 10, 3); /* What we said last ourselves. */
    assert_int_equal(receipt_of(s, hash, 5).held, 3);
    assert_int_equal(s->f->n_codes, 0);
}

/* ---- Reports: once for each, also when everything is made anew. */
static bool on_report(void *ctx, const struct kai_ix_report *report)
{
    struct kai_ix_report *out = ctx;

    assert_true(out->seq == 0);
    *out = *report;
    return true;
}

static bool due(struct kai_index *x, struct kai_ix_report *out)
{
    struct kai_ixsnap *r = NULL;

    memset(out, 0, sizeof *out);
    assert_int_equal(kai_ixsnap_begin(x, 5, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_reports_due(r, on_report, out), KAI_OK);
    kai_ixsnap_end(r);
    return out->seq != 0;
}

static void test_reports(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_violation v = {.code = "reshare.amber"};
    struct kai_ix_report report;
    struct kai_buf item;
    struct tmp tmp;
    struct kai_index *anew;

    d.target = SMALL;
    send_reshare(s, &d);
    assert_true(due(s->f->x, &report));
    assert_string_equal(report.code, "reshare.amber");
    memcpy(v.log_pk, report.log_pk, 32);
    memcpy(v.obj_hash, report.obj_hash, 32);
    v.seq = report.seq;
    kai_buf_init(&item, 1u << 16);
    kai_violation_write(&item, &v);
    send_buf(s, SELF, BOX_OTHER, &item);
    assert_false(due(s->f->x, &report));
    again(s, s->f->x);
    assert_false(due(s->f->x, &report));
    kai_buf_free(&item);
    tmp_make(&tmp);
    anew = tmp_open(&tmp, "boot", true);
    again(s, anew);
    assert_false(due(anew, &report));
    kai_index_close(anew);
    tmp_remove(&tmp);
    /* Nobody reports what they did, or what was done to them: they see it. */
    d = draft_of();
    d.sharer = d.author = d.sharer_signer = SELF;
    d.target = WIDE;
    send_reshare(s, &d);
    d = draft_of();
    d.origin = d.signer = SELF;
    d.target = WIDE;
    send_reshare(s, &d);
    assert_false(due(s->f->x, &report));
    assert_int_equal(s->f->n_codes, 3);
}

/* So many a day of one sharer to one origin, also when all is judged anew, or told. */
static void test_reports_day(void **state)
{
    struct share *s = *state;
    struct kai_ix_report v = {.sharer = {1}, .origin = {2}, .code = "reshare.amber"};
    struct kai_ix *t = NULL;
    const uint64_t day = 86400000;

    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    v.seen_ms = 5 * day;
    for (v.seq = 1; v.seq <= KAI_REPORTS_PER_DAY; v.seq++)
        assert_int_equal(kai_ix_report(t, &v), KAI_OK);
    assert_int_equal(kai_ix_report(t, &v), KAI_ELIMIT);
    assert_int_equal(kai_ix_reported(t, v.log_pk, 1, v.obj_hash), KAI_OK);
    assert_int_equal(kai_ix_report(t, &v), KAI_ELIMIT);
    v.origin[0] = 3;
    assert_int_equal(kai_ix_report(t, &v), KAI_OK);
    v.origin[0] = 2;
    v.seq = 2; /* Judged anew: it takes its own place. */
    assert_int_equal(kai_ix_report_forget(t, v.log_pk, v.seq), KAI_OK);
    assert_int_equal(kai_ix_report(t, &v), KAI_OK);
    v.seq = 1; /* What was told is told no more, whatever the day. */
    v.seen_ms = 6 * day;
    assert_int_equal(kai_ix_report_forget(t, v.log_pk, v.seq), KAI_OK);
    assert_int_equal(kai_ix_report(t, &v), KAI_EEXIST);
    for (v.seq = 101; v.seq <= 100 + KAI_REPORTS_PER_DAY; v.seq++)
        assert_int_equal(kai_ix_report(t, &v), KAI_OK);
    v.seen_ms = 5 * day; /* An earlier day opens nothing again. */
    assert_int_equal(kai_ix_report(t, &v), KAI_ELIMIT);
    kai_ix_abort(t);
}

/* ---- Waiting: a key comes later. */
struct run {
    struct kai_ix_waiting at[8];
    size_t n;
};

static bool on_run(void *ctx, const struct kai_ix_waiting *run)
{
    struct run *r = ctx;

    assert_true(r->n < 8);
    r->at[r->n++] = *run;
    return true;
}

static bool count_run(void *ctx, const struct kai_ix_waiting *run)
{
    size_t *n = ctx;

    (void)run;
    (*n)++;
    return true;
}

static struct run waiting(struct share *s)
{
    struct kai_ixsnap *r = NULL;
    struct run run = {.n = 0};

    assert_int_equal(kai_ixsnap_begin(s->f->x, 5, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_waiting(r, on_run, &run), KAI_OK);
    kai_ixsnap_end(r);
    return run;
}

static void test_waiting(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    const uint8_t *key = s->f->in.epoch_key;
    struct kai_ix *t = NULL;
    struct run run;

    s->f->in.epoch_key = NULL;
    send_obj(s, &d, FROM);
    send_obj(s, &d, FROM);
    s->f->wd.w.kid[0] ^= 1;
    send_obj(s, &d, FROM);
    send_obj(s, &d, BOX_OTHER); /* A letter of others: it never opens. */
    run = waiting(s);
    assert_true(run.n == 2 && run.at[0].first_seq == 1 && run.at[0].last_seq == 2 &&
                run.at[1].first_seq == 3 && run.at[1].last_seq == 3 && run.at[0].log_no == 5);
    assert_memory_equal(run.at[1].kid, s->f->wd.w.kid, 16);
    assert_int_equal(flags_of(s, 5).n, 0);
    again(s, s->f->x);
    assert_int_equal(waiting(s).n, 2);
    s->f->in.epoch_key = key;
    again(s, s->f->x);
    assert_int_equal(flags_of(s, 5).n, 3);
    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    assert_int_equal(kai_ix_waited(t, &run.at[0], 1), KAI_OK);
    assert_int_equal(kai_ix_waited(t, &run.at[1], 3), KAI_OK);
    assert_int_equal(kai_ix_commit(t, 9), KAI_OK);
    run = waiting(s);
    assert_true(run.n == 1 && run.at[0].first_seq == 2 && run.at[0].last_seq == 2);
    /* Whatever kids an author makes up: so many runs, and one for the rest. */
    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        uint8_t kid[16] = {(uint8_t)i, (uint8_t)(i >> 8), 1};

        assert_int_equal(kai_ix_wait(t, 77, i + 1, kid), KAI_OK);
    }
    {
        size_t n = 0;
        struct kai_ixsnap *r = kai_ix_reads(t);

        assert_int_equal(kai_ixsnap_waiting(r, count_run, &n), KAI_OK);
        assert_int_equal(n, 1 + KAI_WAITING_PER_LOG_MAX);
    }
    kai_ix_abort(t);
}

/* ---- Made anew, everything is as it was. */
static bool print_row(void *ctx, const struct kai_row *row)
{
    struct kai_row copy = *row;

    copy.no = 0;
    copy.first_seen_ms = 0;
    kai_buf_add(ctx, copy.item_id, 32);
    kai_buf_add(ctx, copy.origin, 32);
    kai_buf_add(ctx, copy.via, 32);
    kai_buf_add(ctx, copy.aud_id, 32);
    kai_buf_u8(ctx, copy.tlp);
    kai_buf_u8(ctx, (uint8_t)copy.flags);
    return true;
}

static bool print_bad(void *ctx, const struct kai_ix_bad *bad)
{
    kai_buf_add(ctx, bad->code, strlen(bad->code));
    kai_buf_u8(ctx, (uint8_t)bad->at.seq);
    kai_buf_u8(ctx, bad->again);
    return true;
}

static bool print_letter(void *ctx, const struct kai_ix_letter *l, struct kai_view body)
{
    kai_buf_u8(ctx, (uint8_t)l->kind);
    kai_buf_add(ctx, body.p, body.n);
    return true;
}

static void print(struct kai_index *x, struct kai_buf *out)
{
    struct kai_ixsnap *r = NULL;

    kai_buf_clear(out);
    assert_int_equal(kai_ixsnap_begin(x, 5, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_down(r, kai_ixsnap_last(r), print_row, out), KAI_OK);
    assert_int_equal(kai_ixsnap_bad(r, print_bad, out), KAI_OK);
    assert_int_equal(kai_ixsnap_letters(r, 1, print_letter, out), KAI_OK);
    kai_ixsnap_end(r);
}

struct rules {
    size_t n;
    uint64_t no[8];
    char text[8][8];
};

static bool note_rule(void *ctx, uint64_t no, struct kai_view item)
{
    struct rules *r = ctx;

    assert_true(r->n < 8 && item.n < 8);
    memcpy(r->text[r->n], item.p, item.n);
    r->no[r->n++] = no;
    return true;
}

static struct rules rules_of(struct kai_index *x, uint8_t clearance)
{
    struct kai_ixsnap *r = NULL;
    struct rules all = {0};

    assert_int_equal(kai_ixsnap_begin(x, clearance, &r), KAI_OK);
    assert_int_equal(kai_ixsnap_rules(r, note_rule, &all), KAI_OK);
    kai_ixsnap_end(r);
    return all;
}

/* RULEs stand there until they are forgotten, and only with what was committed. */
static void test_rules(void **state)
{
    static const char *const texts[] = {"one", "two", "three"};
    struct share *s = *state;
    struct kai_ix *t = NULL;
    struct rules r;

    for (int commit = 0; commit < 2; commit++) {
        assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
        for (uint64_t i = 0; i < 3; i++)
            assert_int_equal(kai_ix_rule(t, 255 + i, kai_view_of(texts[i], strlen(texts[i]))),
                             KAI_OK);
        if (commit)
            assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
        else
            kai_ix_abort(t);
        assert_int_equal(rules_of(s->f->x, 5).n, commit ? 3 : 0);
    }
    assert_int_equal(rules_of(s->f->x, 4).n, 0);
    r = rules_of(s->f->x, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r.no[i], 255 + i);
        assert_string_equal(r.text[i], texts[i]);
    }
    assert_int_equal(kai_ix_begin(s->f->x, &t), KAI_OK);
    assert_int_equal(kai_ix_rules_forget(t, 256), KAI_OK);
    assert_int_equal(kai_ix_rules_forget(t, 256), KAI_OK);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    r = rules_of(s->f->x, 5);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.no[0], 257);
}

static void test_anew(void **state)
{
    struct share *s = *state;
    struct draft d = draft_of();
    struct kai_refusal refusal = {.obj_hash = {8}, .reason = "no"};
    struct kai_indexes all = {0};
    struct kai_index *anew;
    struct kai_buf was;
    struct kai_buf is;
    struct tmp tmp;

    send_obj(s, &d, FROM);
    send_reshare(s, &d);
    d.target = WIDE;
    send_reshare(s, &d);
    send_recall(s, &d, SOURCE, KAI_RECALL_WRONG, only(0));
    send_recall(s, &d, OTHER, KAI_RECALL_WRONG, all);
    kai_buf_init(&was, 1u << 20);
    kai_buf_init(&is, 1u << 20);
    kai_refusal_write(&was, &refusal);
    send_buf(s, SHARER, BOX_SELF, &was);
    print(s->f->x, &was);
    assert_true(was.len > 5 * 130);
    tmp_make(&tmp);
    anew = tmp_open(&tmp, "boot", true);
    again(s, anew);
    print(anew, &is);
    assert_true(kai_view_eq(kai_buf_view(&was), kai_buf_view(&is)));
    again(s, anew); /* And once more changes nothing. */
    print(anew, &is);
    assert_true(kai_view_eq(kai_buf_view(&was), kai_buf_view(&is)));
    kai_index_close(anew);
    tmp_remove(&tmp);
    kai_buf_free(&was);
    kai_buf_free(&is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARED(test_recall),  SHARED(test_recall_before), SHARED(test_recall_removed),
        SHARED(test_red),     SHARED(test_letters),       SHARED(test_receipts),
        SHARED(test_reports), SHARED(test_letters_many),  SHARED(test_reports_day),
        SHARED(test_waiting), SHARED(test_rules),         SHARED(test_anew)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
