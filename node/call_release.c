/* call_release: asking a source to let an item go further, and answering who asks. */
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"
#include "node/call_act.h"
#include "node/contributed.h"
#include "node/letters.h"
#include "node/requests.h"
#include "policy/policy.h"

static const char *words_of(struct kai_call *call, const char *key, enum kai_err *err)
{
    const char *text = kai_arg_text(call, key, err);

    if (*err == KAI_OK && text != NULL && strlen(text) > KAI_TEXT_BYTES_MAX)
        *err = kai_why_set(&call->why, KAI_ELIMIT, "usage.argument", key, NULL, NULL);
    return text != NULL ? text : "";
}

static void r_name(char out[static 24], uint64_t no)
{
    char digits[24];
    size_t n = 0;
    size_t at = 0;

    out[at++] = 'r';
    do {
        digits[n++] = (char)('0' + no % 10);
        no /= 10;
    } while (no > 0);
    while (n > 0)
        out[at++] = digits[--n];
    out[at] = '\0';
}

/* ---- release request */
static enum kai_err ask_source(struct kai_call *call, const struct kai_row *row,
                               struct kai_request *q)
{
    struct kai_reader r;
    struct kai_subject s;
    struct kai_buf item;
    enum kai_err err = kai_act_open(call, &r);

    if (err != KAI_OK)
        return err;
    err = kai_subject_load(&r, row, false, &s);
    if (err == KAI_OK)
        kai_subject_indexes(&s, &q->indexes);
    kai_subject_free(&s);
    kai_reader_free(&r);
    if (err != KAI_OK)
        return err;
    memcpy(q->obj_hash, row->obj_hash, KAI_ID_BYTES);
    q->created = kai_wall_ms();
    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_request_write(&item, q);
    struct kai_view v = kai_buf_view(&item);
    err =
        item.err != KAI_OK ? item.err : kai_letter_post(call->core, row->origin, &v, 1, &call->why);
    kai_buf_free(&item);
    return err;
}

enum kai_err kai_verb_release_request(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *to = kai_arg_need(call, "to", &err);
    const char *reason = words_of(call, "reason", &err);
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    struct kai_request *q = calloc(1, sizeof *q);
    struct kai_jput j;

    if (rows == NULL || q == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_target(call, to, q->target, q->target_name, &q->target_kind);
    if (err == KAI_OK)
        err = kai_act_named(call, id, KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED,
                            rows);
    if (err == KAI_OK && rows->row[0].tlp == KAI_TLP_RED)
        err = kai_why_set(&call->why, KAI_EDENIED, "release.red", id, NULL, NULL);
    if (err == KAI_OK) {
        kai_copy_text(q->reason, sizeof q->reason, reason);
        err = ask_source(call, &rows->row[0], q);
    }
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_hex(&j, "id", rows->row[0].item_id, KAI_ID_BYTES);
        kai_act_put_org(&j, call, "source", "source_name", rows->row[0].origin);
        kai_jput_text(&j, "target", q->target_name);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    free(rows);
    free(q);
    return err;
}

/* ---- release list */
struct listing {
    struct kai_call *call;
    struct kai_reader *r;
    bool open_only;
    size_t n;
};

/* The items that a request is about, as far as they are shown to this reader. */
struct about {
    struct kai_jput *j;
    const struct kai_indexes *x;
    uint8_t last[KAI_ID_BYTES];
};

static bool put_item(void *ctx, const struct kai_row *row)
{
    struct about *a = ctx;

    if (!kai_indexes_have(a->x, row->obj_index) || memcmp(a->last, row->item_id, KAI_ID_BYTES) == 0)
        return true;
    memcpy(a->last, row->item_id, KAI_ID_BYTES);
    kai_jput_hex(a->j, NULL, row->item_id, KAI_ID_BYTES);
    return true;
}

static bool list_one(void *ctx, const struct kai_asked *a)
{
    static const char *const states[] = {"open", "granted", "refused"};
    struct listing *l = ctx;
    char name[24];
    struct kai_jput j;
    struct about about = {.j = &j, .x = &a->q.indexes};

    if (l->open_only && a->state != KAI_ASKED_OPEN)
        return true;
    r_name(name, a->no);
    kai_jput_init(&j, &l->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "request", name);
    kai_jput_text(&j, "direction", a->ours ? "out" : "in");
    kai_jput_text(&j, "state", states[a->state]);
    kai_act_put_org(&j, l->call, "org", "org_name", a->org);
    kai_jput_array(&j, "items");
    kai_ignore(
        kai_ixsnap_obj(l->r->rows, a->q.obj_hash, put_item, &about)); /* None: an empty one. */
    kai_jput_end(&j);
    kai_jput_hex(&j, "batch", a->q.obj_hash, KAI_ID_BYTES);
    kai_jput_hex(&j, "target", a->q.target, KAI_ID_BYTES);
    kai_jput_text(&j, "target_name", a->q.target_name);
    kai_jput_text(&j, "target_kind", kai_aud_kind_name(a->q.target_kind));
    kai_jput_text(&j, "reason", a->q.reason);
    kai_jput_text(&j, "answer", a->answer[0] != '\0' ? a->answer : NULL);
    kai_jput_time(&j, "seen", a->seen_ms);
    kai_jput_end(&j);
    (void)kai_jput_line(&j); /* Sticks in the buffer. */
    l->n++;
    return true;
}

enum kai_err kai_verb_release_list(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    struct listing l = {.call = call, .open_only = kai_arg_bool(call, "open", &err)};
    struct kai_reader r;

    if (err == KAI_OK)
        err = kai_act_open(call, &r);
    if (err != KAI_OK)
        return err;
    l.r = &r;
    err = kai_requests_each(call->core, r.rows, list_one, &l);
    kai_reader_free(&r);
    if (err == KAI_OK && l.n == 0)
        call->status = 4;
    return err;
}

/* ---- release grant */
struct ours {
    const struct kai_core *c;
    const struct kai_indexes *x;
    struct kai_act_rows *rows;
};

static bool keep_ours(void *ctx, const struct kai_row *row)
{
    struct ours *o = ctx;

    if (memcmp(row->origin, o->c->self.org_id, KAI_ID_BYTES) == 0 &&
        kai_indexes_have(o->x, row->obj_index))
        o->rows->row[o->rows->n++] = *row;
    return o->rows->n < KAI_ACT_ROWS_MAX;
}

/* What we published for another organisation goes further when that one says so. */
static enum kai_err contributor_agrees(struct kai_call *call, struct kai_reader *r,
                                       const struct kai_row *row,
                                       const struct kai_act_release *what)
{
    struct kai_contributed m;
    struct kai_indexes x = {.n = 1};
    uint8_t label;
    bool granted = false;
    char hex[KAI_HEX_CAP(8)];
    enum kai_err err = kai_contributed_find(call->core, false, row->item_id, &m);

    if (err == KAI_ENOTFOUND)
        return KAI_OK;
    x.at[0] = (uint16_t)m.given_index;
    if (err == KAI_OK && !what->any)
        err =
            kai_requests_granted(r->rows, m.given_obj, m.from, &x, what->target, &granted, &label);
    if (err != KAI_OK || granted)
        return err;
    return kai_why_set(&call->why, KAI_EDENIED, "contribution.not-released",
                       kai_hex(hex, row->item_id, 8), NULL, NULL);
}

static enum kai_err grant(struct kai_call *call, struct kai_reader *r,
                          const struct kai_act_rows *rows, struct kai_act_release *what,
                          uint64_t *places)
{
    const struct kai_row *row = &rows->row[0];
    struct kai_subject s;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < rows->n && err == KAI_OK; i++) {
        if (memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) == 0) {
            row = &rows->row[i];
            err = contributor_agrees(call, r, row, what);
        }
    }
    if (err == KAI_OK) /* RED has a label that no OBJ need be read for. */
        err = kai_act_source(call->core, row, KAI_POLICY_RELEASE, what->tlp, &call->why);
    if (err != KAI_OK)
        return err;
    err = kai_subject_load(r, row, false, &s);
    if (err == KAI_OK && what->indexes.n == 0)
        kai_subject_indexes(&s, &what->indexes);
    memcpy(what->obj_hash, row->obj_hash, KAI_ID_BYTES);
    if (err == KAI_OK)
        err = kai_act_release(call->core, &s, what, places, &call->why);
    kai_subject_free(&s);
    return err;
}

/* The target, label and subject of a grant, from a request or from an item's id. */
static enum kai_err grant_what(struct kai_call *call, struct kai_reader *r, const char *id,
                               const char *to, struct kai_asked *a, struct kai_act_rows *rows,
                               struct kai_act_release *what, char *name)
{
    uint64_t no;
    uint64_t kind;
    enum kai_err err;

    if (kai_letter_no(id, 'r', &no)) {
        struct ours o = {.c = call->core, .x = &a->q.indexes, .rows = rows};

        err = kai_requests_find(call->core, r->rows, id, a, &call->why);
        if (err == KAI_OK && a->ours)
            err = kai_why_set(&call->why, KAI_EDENIED, "act.not-source", id, NULL, NULL);
        if (err != KAI_OK)
            return err;
        what->asker = a->org;
        what->indexes = a->q.indexes;
        memcpy(what->target, a->q.target, KAI_ID_BYTES);
        kai_copy_text(name, KAI_TEXT_BYTES_MAX + 1, a->q.target_name);
        err = kai_ixsnap_obj(r->rows, a->q.obj_hash, keep_ours, &o);
        if (err == KAI_OK && rows->n == 0)
            err = kai_why_set(&call->why, KAI_ENOTFOUND, "item.unknown", id, NULL, NULL);
    } else {
        err = kai_act_rows(r, id, KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED, rows,
                           &call->why);
    }
    if (err == KAI_OK && to != NULL)
        err = kai_act_target(call, to, what->target, name, &kind);
    if (err == KAI_OK && to == NULL && what->asker == NULL && !what->any)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "to", NULL, NULL);
    return err;
}

enum kai_err kai_verb_release_grant(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *to = kai_arg_text(call, "to", &err);
    const char *label = kai_arg_text(call, "label", &err);
    struct kai_act_release what = {.any = kai_arg_bool(call, "any", &err)};
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    struct kai_asked *a = calloc(1, sizeof *a);
    char name[KAI_TEXT_BYTES_MAX + 1] = "";
    struct kai_reader r;
    uint64_t places = 0;
    struct kai_jput j;

    if (rows == NULL || a == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK && label != NULL &&
        !kai_tlp_parse(kai_view_of(label, strlen(label)), &what.tlp))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    if (err == KAI_OK && what.any && label == NULL)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "release.any", NULL, NULL, NULL);
    if (err == KAI_OK)
        err = kai_act_open(call, &r);
    if (err == KAI_OK) {
        err = grant_what(call, &r, id, to, a, rows, &what, name);
        if (err == KAI_OK)
            err = grant(call, &r, rows, &what, &places);
        kai_reader_free(&r);
    }
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_hex(&j, "batch", what.obj_hash, KAI_ID_BYTES);
        kai_jput_text(&j, "target", what.any ? NULL : name);
        kai_jput_bool(&j, "any", what.any);
        kai_jput_text(&j, "label", what.tlp != 0 ? kai_tlp_name(what.tlp) : NULL);
        kai_jput_uint(&j, "audiences", places);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    free(rows);
    free(a);
    return err;
}

/* ---- release refuse */
enum kai_err kai_verb_release_refuse(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "request", &err);
    const char *reason = words_of(call, "reason", &err);
    struct kai_asked *a = calloc(1, sizeof *a);
    struct kai_reader r;
    struct kai_jput j;

    if (a == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_open(call, &r);
    if (err == KAI_OK) {
        err = kai_requests_find(call->core, r.rows, id, a, &call->why);
        kai_reader_free(&r);
    }
    if (err == KAI_OK && a->ours)
        err = kai_why_set(&call->why, KAI_EDENIED, "act.not-source", id, NULL, NULL);
    if (err == KAI_OK)
        err = kai_request_refuse(call->core, a, reason, &call->why);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "request", id);
        kai_act_put_org(&j, call, "org", "org_name", a->org);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    free(a);
    return err;
}
