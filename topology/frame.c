/* frame: reads the messages of a link. */
#include "topology/frame.h"

#include <string.h>

#include "crypto/seal.h"
#include "wire/put.h"

bool kai_msg_flows(uint64_t type)
{
    switch (type) {
    case KAI_MSG_MATCH:
    case KAI_MSG_OFFER:
    case KAI_MSG_RB:
    case KAI_MSG_ENTRIES:
    case KAI_MSG_PUSH:
    case KAI_MSG_IHAVE:
    case KAI_MSG_PEERS:
    case KAI_MSG_PROOF:
    case KAI_MSG_NOTES:
        return true;
    default:
        return false;
    }
}

/* ---- Reading one item. */

const uint8_t *kai_frame_token(struct kai_frame *f)
{
    return kai_cur_bin_n(&f->items, 16);
}

void kai_frame_offer(struct kai_frame *f, const uint8_t **eph_pk, const uint8_t **slot)
{
    kai_cur_tuple(&f->items, 2);
    *eph_pk = kai_cur_bin_n(&f->items, KAI_KEY_BYTES);
    *slot = kai_cur_bin_n(&f->items, KAI_SLOT_BYTES);
}

void kai_frame_range(struct kai_frame *f, struct kai_rb_range *r)
{
    struct kai_cur *c = &f->items;

    *r = (struct kai_rb_range){0};
    kai_cur_tuple(c, 3);
    r->upper = kai_cur_bin(c, KAI_KEY_BYTES);
    r->mode = kai_cur_uint(c, KAI_RB_REPLY);
    if (r->mode == KAI_RB_SKIP) {
        if (!kai_cur_nil(c))
            r->fp = kai_view_of(kai_cur_bin_n(c, 16), 16);
    } else if (r->mode == KAI_RB_FP) {
        r->fp = kai_view_of(kai_cur_bin_n(c, 16), 16);
    } else {
        r->n_rows = kai_cur_array(c, KAI_RB_ROWS_MAX);
        r->rows = *c;
        for (uint32_t i = 0; i < r->n_rows && kai_cur_ok(c); i++) {
            struct kai_rb_range at = {.rows = *c};
            struct kai_rb_row row;
            kai_range_row(&at, &row);
            *c = at.rows;
        }
    }
}

void kai_range_row(struct kai_rb_range *r, struct kai_rb_row *row)
{
    struct kai_view log;

    *row = (struct kai_rb_row){0};
    kai_cur_tuple(&r->rows, 3);
    log = kai_cur_bin(&r->rows, KAI_KEY_BYTES);
    if (log.n == KAI_RB_LOG_BYTES || log.n == KAI_KEY_BYTES) {
        memcpy(row->log_pk, log.p, log.n);
        row->log_n = log.n;
    } else {
        kai_cur_fail(&r->rows, KAI_EMALFORMED);
    }
    row->seq = kai_cur_uint(&r->rows, INT64_MAX);
    if (row->seq == 0)
        kai_cur_fail(&r->rows, KAI_EMALFORMED);
    kai_cur_copy(&r->rows, row->mark, sizeof row->mark);
}

void kai_frame_want(struct kai_frame *f, struct kai_want *w)
{
    kai_cur_tuple(&f->items, 4);
    kai_cur_copy(&f->items, w->log_pk, sizeof w->log_pk);
    w->from = kai_cur_uint(&f->items, INT64_MAX);
    w->to = kai_cur_uint(&f->items, INT64_MAX);
    w->payload = kai_cur_uint(&f->items, 1) == 1;
    if (w->to < w->from || (w->from == 0 && w->to != 0))
        kai_cur_fail(&f->items, KAI_EMALFORMED);
}

void kai_frame_id(struct kai_frame *f, const uint8_t **log_pk, uint64_t *seq)
{
    kai_cur_tuple(&f->items, 2);
    *log_pk = kai_cur_bin_n(&f->items, KAI_KEY_BYTES);
    *seq = kai_cur_uint(&f->items, INT64_MAX);
    if (*seq == 0 && f->type != KAI_MSG_GRAFT)
        kai_cur_fail(&f->items, KAI_EMALFORMED);
}

const uint8_t *kai_frame_log(struct kai_frame *f)
{
    return kai_cur_bin_n(&f->items, KAI_KEY_BYTES);
}

struct kai_view kai_frame_note(struct kai_frame *f)
{
    return kai_cur_bin(&f->items,
                       f->type == KAI_MSG_PEERS ? KAI_ADDR_NOTE_BYTES_MAX : KAI_NOTE_BYTES_MAX);
}

static void read_parts(struct kai_cur *c, struct kai_view *hdr, struct kai_view *sig,
                       struct kai_view *payload)
{
    *hdr = kai_cur_bin(c, KAI_HDR_BYTES_MAX);
    *sig = kai_cur_bin(c, KAI_SIG_BYTES);
    *payload = (struct kai_view){0};
    if (!kai_cur_nil(c))
        *payload = kai_cur_bin(c, KAI_PAYLOAD_BYTES_MAX);
}

void kai_frame_parts(struct kai_frame *f, struct kai_view *hdr, struct kai_view *sig,
                     struct kai_view *payload)
{
    kai_cur_tuple(&f->items, 3);
    read_parts(&f->items, hdr, sig, payload);
}

/* ---- Whole frames. */

/* Walk over the n items that come next, so that their shape is known to be right. */
static void check_items(struct kai_frame *f, struct kai_cur *c, uint32_t n)
{
    struct kai_frame walk = {.type = f->type, .items = *c};
    struct kai_rb_range range;
    struct kai_want want;
    struct kai_view v1, v2, v3;
    const uint8_t *p1, *p2;
    uint64_t seq;

    f->n = n;
    f->items = *c;
    for (uint32_t i = 0; i < n && kai_cur_ok(&walk.items); i++) {
        if (f->type == KAI_MSG_MATCH)
            (void)kai_frame_token(&walk);
        else if (f->type == KAI_MSG_OFFER)
            kai_frame_offer(&walk, &p1, &p2);
        else if (f->type == KAI_MSG_RB)
            kai_frame_range(&walk, &range);
        else if (f->type == KAI_MSG_WANT)
            kai_frame_want(&walk, &want);
        else if (f->type == KAI_MSG_IHAVE || f->type == KAI_MSG_GRAFT)
            kai_frame_id(&walk, &p1, &seq);
        else if (f->type == KAI_MSG_PRUNE)
            (void)kai_frame_log(&walk);
        else if (f->type == KAI_MSG_PEERS || f->type == KAI_MSG_NOTES)
            (void)kai_frame_note(&walk);
        else
            kai_frame_parts(&walk, &v1, &v2, &v3);
    }
    *c = walk.items;
}

static bool hello_ext(void *ctx, uint64_t key, struct kai_view value)
{
    struct kai_hello *h = ctx;

    if ((key != KAI_HELLO_X_BOOK && key != KAI_HELLO_X_HEARD) || value.n != sizeof h->book)
        return false;
    *(key == KAI_HELLO_X_BOOK ? &h->book : &h->heard) = kai_get_u64(value.p);
    return true;
}

static void read_hello(struct kai_frame *f, struct kai_cur *c, uint32_t arity)
{
    struct kai_hello *h = &f->hello;

    if (arity != 12 && arity != 14)
        kai_cur_fail(c, KAI_EMALFORMED);
    h->min = kai_cur_uint(c, 255);
    h->max = kai_cur_uint(c, 255);
    kai_cur_copy(c, h->nid, sizeof h->nid);
    kai_cur_copy(c, h->cert, sizeof h->cert);
    kai_cur_copy(c, h->nonce, sizeof h->nonce);
    kai_cur_copy(c, h->boot, sizeof h->boot);
    h->clock_ms = kai_cur_uint(c, INT64_MAX);
    h->charter_ver = kai_cur_uint(c, INT64_MAX);
    kai_cur_copy(c, h->fingerprint, sizeof h->fingerprint);
    kai_cur_tuple(c, 2);
    h->credit_bytes = kai_cur_uint(c, INT64_MAX / 2);
    h->frame_bytes = kai_cur_uint(c, INT64_MAX / 2);
    kai_cur_ext(c, hello_ext, h);
    if (h->min > h->max)
        kai_cur_fail(c, KAI_EMALFORMED);
    if (arity == 14) {
        h->intro = true;
        h->charter = kai_cur_bin(c, KAI_CHARTER_BYTES_MAX);
        check_items(f, c, kai_cur_array(c, KAI_ENTRIES_MAX));
    }
}

static void read_rb(struct kai_frame *f, struct kai_cur *c)
{
    f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
    f->a = kai_cur_uint(c, KAI_RB_ROUNDS_MAX);
    f->more = kai_cur_bool(c);
    f->lower = kai_cur_bin(c, KAI_KEY_BYTES);
    check_items(f, c, kai_cur_array(c, KAI_RB_RANGES_MAX));
}

/* The number of elements after the type; 0 for a type that is none. */
static uint32_t arity_of(uint64_t type)
{
    switch (type) {
    case KAI_MSG_CREDIT:
    case KAI_MSG_PEERS:
    case KAI_MSG_BYE:
        return 1;
    case KAI_MSG_MATCH:
    case KAI_MSG_PING:
    case KAI_MSG_PONG:
    case KAI_MSG_DEF:
    case KAI_MSG_OFFER:
    case KAI_MSG_WANT:
    case KAI_MSG_IHAVE:
    case KAI_MSG_GRAFT:
    case KAI_MSG_NOTES:
    case KAI_MSG_ERR:
        return 2;
    case KAI_MSG_ENTRIES:
    case KAI_MSG_PROOF:
    case KAI_MSG_PRUNE:
        return 3;
    case KAI_MSG_PUSH:
        return 4;
    case KAI_MSG_RB:
        return 5;
    default:
        return 0;
    }
}

static uint32_t items_max(uint64_t type)
{
    return type == KAI_MSG_MATCH   ? KAI_MATCH_TOKENS_MAX
           : type == KAI_MSG_OFFER ? KAI_OFFERS_MAX
           : type == KAI_MSG_WANT  ? KAI_WANT_RANGES_MAX
           : type == KAI_MSG_PEERS ? KAI_PEERS_PER_FRAME_MAX
           : type == KAI_MSG_NOTES ? KAI_NOTES_PER_FRAME_MAX
                                   : KAI_IHAVE_IDS_MAX;
}

static void read_rest(struct kai_frame *f, struct kai_cur *c)
{
    switch (f->type) {
    case KAI_MSG_CREDIT:
    case KAI_MSG_BYE:
        f->a = kai_cur_uint(c, INT64_MAX);
        break;
    case KAI_MSG_PING:
    case KAI_MSG_PONG:
    case KAI_MSG_ERR:
        f->a = kai_cur_uint(c, INT64_MAX);
        f->b = kai_cur_uint(c, INT64_MAX);
        break;
    case KAI_MSG_DEF:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        (void)kai_cur_bin_n(c, KAI_KEY_BYTES);
        break;
    case KAI_MSG_PRUNE:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        f->a = kai_cur_uint(c, 255);
        check_items(f, c, kai_cur_array(c, items_max(f->type)));
        break;
    case KAI_MSG_MATCH:
    case KAI_MSG_OFFER:
        f->a = kai_cur_uint(c, KAI_HANDLE_OFFER - 1);
        check_items(f, c, kai_cur_array(c, items_max(f->type)));
        break;
    case KAI_MSG_PEERS:
        check_items(f, c, kai_cur_array(c, items_max(f->type)));
        break;
    case KAI_MSG_WANT:
    case KAI_MSG_IHAVE:
    case KAI_MSG_GRAFT:
    case KAI_MSG_NOTES:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        check_items(f, c, kai_cur_array(c, items_max(f->type)));
        break;
    case KAI_MSG_ENTRIES:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        check_items(f, c, kai_cur_array(c, KAI_ENTRIES_MAX));
        f->more = kai_cur_bool(c);
        break;
    case KAI_MSG_PUSH:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        read_parts(c, &f->hdr, &f->sig, &f->payload);
        break;
    case KAI_MSG_PROOF:
        f->handle = kai_cur_uint(c, KAI_HANDLE_CONTROL);
        f->hdr = kai_cur_bin(c, KAI_HDR_BYTES_MAX);
        f->sig = kai_cur_bin(c, KAI_SIG_BYTES);
        break;
    default:
        read_rb(f, c);
        break;
    }
}

enum kai_err kai_frame_parse(struct kai_frame *f, struct kai_view bytes)
{
    struct kai_cur c;
    uint32_t arity;

    *f = (struct kai_frame){.bytes = bytes.n};
    if (bytes.n > KAI_FRAME_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, bytes.p, bytes.n);
    arity = kai_cur_array(&c, 14);
    f->type = kai_cur_uint(&c, 255);
    if (!kai_cur_ok(&c))
        return c.err;
    if (f->type == KAI_MSG_HELLO) {
        if (bytes.n > (arity == 14 ? KAI_INTRO_FRAME_BYTES_MAX : KAI_HELLO_BYTES_MAX))
            return KAI_ELIMIT;
        read_hello(f, &c, arity);
    } else if (arity_of(f->type) == 0 || arity != arity_of(f->type) + 1) {
        return KAI_EMALFORMED;
    } else {
        read_rest(f, &c);
    }
    return kai_cur_end(&c);
}

/* ---- Writing. */

void kai_put_frame(struct kai_buf *b, enum kai_msg type, uint32_t arity)
{
    kai_put_array(b, arity + 1);
    kai_put_uint(b, type);
}

static void put_sum(struct kai_buf *b, uint64_t key, uint64_t sum)
{
    uint8_t be[8];

    if (sum == 0)
        return;
    kai_put_u64(be, sum);
    kai_put_uint(b, key);
    kai_put_bin(b, be, sizeof be);
}

void kai_put_hello(struct kai_buf *b, const struct kai_hello *h)
{
    kai_put_frame(b, KAI_MSG_HELLO, h->intro ? 13 : 11);
    kai_put_uint(b, h->min);
    kai_put_uint(b, h->max);
    kai_put_bin(b, h->nid, sizeof h->nid);
    kai_put_bin(b, h->cert, sizeof h->cert);
    kai_put_bin(b, h->nonce, sizeof h->nonce);
    kai_put_bin(b, h->boot, sizeof h->boot);
    kai_put_uint(b, h->clock_ms);
    kai_put_uint(b, h->charter_ver);
    kai_put_bin(b, h->fingerprint, sizeof h->fingerprint);
    kai_put_array(b, 2);
    kai_put_uint(b, h->credit_bytes);
    kai_put_uint(b, h->frame_bytes);
    kai_put_map(b, (h->book != 0 ? 1u : 0) + (h->heard != 0 ? 1u : 0));
    put_sum(b, KAI_HELLO_X_BOOK, h->book);
    put_sum(b, KAI_HELLO_X_HEARD, h->heard);
    if (h->intro)
        kai_put_view(b, h->charter);
}

void kai_put_numbers(struct kai_buf *b, enum kai_msg type, uint64_t v1, uint64_t v2)
{
    kai_put_frame(b, type, 2);
    kai_put_uint(b, v1);
    kai_put_uint(b, v2);
}

void kai_put_number(struct kai_buf *b, enum kai_msg type, uint64_t v)
{
    kai_put_frame(b, type, 1);
    kai_put_uint(b, v);
}

void kai_put_row(struct kai_buf *b, const struct kai_rb_row *row)
{
    kai_put_array(b, 3);
    kai_put_bin(b, row->log_pk, row->log_n);
    kai_put_uint(b, row->seq);
    kai_put_bin(b, row->mark, sizeof row->mark);
}

void kai_put_want(struct kai_buf *b, const struct kai_want *w)
{
    kai_put_array(b, 4);
    kai_put_bin(b, w->log_pk, sizeof w->log_pk);
    kai_put_uint(b, w->from);
    kai_put_uint(b, w->to);
    kai_put_uint(b, w->payload ? 1 : 0);
}
