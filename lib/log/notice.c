/* notice: what one organisation tells another in its mailbox. */
#include <assert.h>
#include <string.h>

#include "log/acts.h"
#include "log/acts_priv.h"
#include "wire/put.h"

#define ITEM_FIELDS         3u
#define RECEIPT_FIELDS      4u
#define RECEIPT_ROW_FIELDS  4u
#define REQUEST_FIELDS      8u
#define REFUSAL_FIELDS      5u
#define VIOLATION_FIELDS    6u
#define SIGHTING_FIELDS     6u
#define CONTRIBUTION_FIELDS 3u

static void notice_put(struct kai_buf *out, enum kai_notice_kind kind, struct kai_buf *body)
{
    if (body->err != KAI_OK && out->err == KAI_OK)
        out->err = body->err;
    kai_put_array(out, ITEM_FIELDS);
    kai_put_uint(out, KAI_ITEM_NOTICE);
    kai_put_uint(out, kind);
    kai_put_bin(out, body->p, body->len);
    kai_buf_free(body);
}

enum kai_err kai_notice_parse(uint64_t *kind, struct kai_view *body, struct kai_view item)
{
    struct kai_cur c;

    kai_cur_init(&c, item.p, item.n);
    kai_cur_tuple(&c, ITEM_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != KAI_ITEM_NOTICE)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *kind = kai_cur_uint(&c, INT64_MAX);
    *body = kai_cur_bin(&c, KAI_BODY_BYTES_MAX);
    return kai_cur_end(&c);
}

/* Begin a body of so many fields, or the reading of one. */
static struct kai_buf body_new(uint32_t fields)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_BODY_BYTES_MAX);
    kai_put_array(&b, fields);
    return b;
}

static struct kai_cur body_open(struct kai_view body, uint32_t fields)
{
    struct kai_cur c;

    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, fields);
    return c;
}

void kai_receipt_write(struct kai_buf *out, uint64_t from, uint64_t to,
                       const struct kai_receipt_row *rows, uint32_t n)
{
    struct kai_buf b = body_new(RECEIPT_FIELDS);

    assert(n >= 1 && n <= KAI_RECEIPT_ROWS_MAX);
    kai_put_uint(&b, from);
    kai_put_uint(&b, to);
    kai_put_array(&b, n);
    for (uint32_t i = 0; i < n; i++) {
        kai_put_array(&b, RECEIPT_ROW_FIELDS);
        kai_put_bin(&b, rows[i].obj_hash, KAI_ID_BYTES);
        kai_put_uint(&b, rows[i].held);
        kai_put_uint(&b, rows[i].read);
        kai_put_uint(&b, rows[i].acted);
    }
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_RECEIPT, &b);
}

enum kai_err kai_receipt_row(struct kai_receipt_row *row, struct kai_cur *c)
{
    kai_cur_tuple(c, RECEIPT_ROW_FIELDS);
    kai_cur_copy(c, row->obj_hash, KAI_ID_BYTES);
    row->held = kai_cur_uint(c, KAI_BATCH_ITEMS_MAX);
    row->read = kai_cur_uint(c, KAI_BATCH_ITEMS_MAX);
    row->acted = kai_cur_uint(c, KAI_BATCH_ITEMS_MAX);
    return c->err;
}

enum kai_err kai_receipt_parse(struct kai_receipt *r, struct kai_view body)
{
    struct kai_cur c = body_open(body, RECEIPT_FIELDS);
    struct kai_receipt_row row;

    *r = (struct kai_receipt){0};
    r->from = kai_cur_uint(&c, INT64_MAX);
    r->to = kai_cur_uint(&c, INT64_MAX);
    r->n = kai_cur_array(&c, KAI_RECEIPT_ROWS_MAX);
    r->rows = c;
    if (r->n == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    for (uint32_t i = 0; i < r->n; i++) {
        if (kai_receipt_row(&row, &c) != KAI_OK)
            break;
    }
    kai_cur_ext(&c, NULL, NULL);
    enum kai_err err = kai_cur_end(&c);
    if (err != KAI_OK)
        *r = (struct kai_receipt){.rows = c}; /* Fails whatever is read from it. */
    return err;
}

void kai_request_write(struct kai_buf *out, const struct kai_request *r)
{
    struct kai_buf b = body_new(REQUEST_FIELDS);

    kai_put_bin(&b, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_put(&b, &r->indexes);
    kai_put_bin(&b, r->target, sizeof r->target);
    kai_put_uint(&b, r->target_kind);
    kai_put_str(&b, r->target_name);
    kai_put_str(&b, r->reason);
    kai_put_uint(&b, r->created);
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_REQUEST, &b);
}

enum kai_err kai_request_parse(struct kai_request *r, struct kai_view body)
{
    struct kai_cur c = body_open(body, REQUEST_FIELDS);

    *r = (struct kai_request){0};
    kai_cur_copy(&c, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_read(&c, &r->indexes);
    kai_cur_copy(&c, r->target, sizeof r->target);
    r->target_kind = kai_cur_uint(&c, INT64_MAX);
    kai_cur_text(&c, r->target_name, sizeof r->target_name);
    kai_cur_text(&c, r->reason, sizeof r->reason);
    r->created = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

void kai_refusal_write(struct kai_buf *out, const struct kai_refusal *r)
{
    struct kai_buf b = body_new(REFUSAL_FIELDS);

    kai_put_bin(&b, r->obj_hash, sizeof r->obj_hash);
    kai_put_bin(&b, r->target, sizeof r->target);
    kai_put_str(&b, r->reason);
    kai_put_uint(&b, r->created);
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_REFUSAL, &b);
}

enum kai_err kai_refusal_parse(struct kai_refusal *r, struct kai_view body)
{
    struct kai_cur c = body_open(body, REFUSAL_FIELDS);

    *r = (struct kai_refusal){0};
    kai_cur_copy(&c, r->obj_hash, sizeof r->obj_hash);
    kai_cur_copy(&c, r->target, sizeof r->target);
    kai_cur_text(&c, r->reason, sizeof r->reason);
    r->created = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

void kai_violation_write(struct kai_buf *out, const struct kai_violation *v)
{
    struct kai_buf b = body_new(VIOLATION_FIELDS);

    kai_put_str(&b, v->code);
    kai_put_bin(&b, v->obj_hash, sizeof v->obj_hash);
    if (v->reshare.p != NULL)
        kai_put_view(&b, v->reshare);
    else
        kai_put_nil(&b);
    kai_put_bin(&b, v->log_pk, sizeof v->log_pk);
    kai_put_uint(&b, v->seq);
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_VIOLATION, &b);
}

enum kai_err kai_violation_parse(struct kai_violation *v, struct kai_view body)
{
    struct kai_cur c = body_open(body, VIOLATION_FIELDS);

    *v = (struct kai_violation){0};
    kai_cur_text(&c, v->code, sizeof v->code);
    kai_cur_copy(&c, v->obj_hash, sizeof v->obj_hash);
    if (!kai_cur_nil(&c))
        v->reshare = kai_cur_bin(&c, KAI_BODY_BYTES_MAX);
    kai_cur_copy(&c, v->log_pk, sizeof v->log_pk);
    v->seq = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

void kai_sighting_write(struct kai_buf *out, const struct kai_sighting *s)
{
    struct kai_buf b = body_new(SIGHTING_FIELDS);

    kai_put_bin(&b, s->obj_hash, sizeof s->obj_hash);
    kai_put_uint(&b, s->index);
    kai_put_uint(&b, s->count);
    kai_put_uint(&b, s->first);
    kai_put_uint(&b, s->last);
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_SIGHTING, &b);
}

enum kai_err kai_sighting_parse(struct kai_sighting *s, struct kai_view body)
{
    struct kai_cur c = body_open(body, SIGHTING_FIELDS);

    *s = (struct kai_sighting){0};
    kai_cur_copy(&c, s->obj_hash, sizeof s->obj_hash);
    s->index = kai_cur_uint(&c, KAI_BATCH_ITEMS_MAX - 1);
    s->count = kai_cur_uint(&c, INT64_MAX);
    s->first = kai_cur_uint(&c, INT64_MAX);
    s->last = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

void kai_contribution_write(struct kai_buf *out, const struct kai_contribution *c)
{
    struct kai_buf b = body_new(CONTRIBUTION_FIELDS);

    kai_put_bin(&b, c->obj_hash, sizeof c->obj_hash);
    kai_put_str(&b, c->wish);
    kai_put_no_ext(&b);
    notice_put(out, KAI_NOTICE_CONTRIBUTION, &b);
}

enum kai_err kai_contribution_parse(struct kai_contribution *c, struct kai_view body)
{
    struct kai_cur cur = body_open(body, CONTRIBUTION_FIELDS);

    *c = (struct kai_contribution){0};
    kai_cur_copy(&cur, c->obj_hash, sizeof c->obj_hash);
    kai_cur_text(&cur, c->wish, sizeof c->wish);
    kai_cur_ext(&cur, NULL, NULL);
    return kai_cur_end(&cur);
}
