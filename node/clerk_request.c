/* clerk_request: requests about what was contributed: on to who gave it, and the answers back. */
#include <stdlib.h>
#include <string.h>

#include "node/acts.h"
#include "node/clerk_duty.h"
#include "node/contributed.h"
#include "node/indexer.h"
#include "node/letters.h"
#include "node/requests.h"

#define OPEN_MAX    64u /* Requests that wait for an answer: the rest when these are answered. */
#define OPEN_OF_ONE 16u /* Of one organisation: it does not keep out what others ask. */

/* ---- The row that a request is about, where we published it for another organisation. */
struct about {
    struct kai_core *c;
    const struct kai_asked *a;
    bool found;
    struct kai_row row;
    struct kai_contributed m;
};

static bool about_row(void *ctx, const struct kai_row *row)
{
    struct about *b = ctx;

    if (memcmp(row->origin, b->c->self.org_id, KAI_ID_BYTES) != 0 ||
        !kai_indexes_have(&b->a->q.indexes, row->obj_index))
        return true;
    b->found = kai_contributed_find(b->c, false, row->item_id, &b->m) == KAI_OK;
    b->row = *row;
    return !b->found;
}

struct open_requests {
    struct kai_core *c;
    struct kai_ixsnap *rows;
    enum kai_err err;
    size_t n;
    struct kai_asked asked[OPEN_MAX];
};

/* Only those about what was contributed: whatever else is asked waits for somebody here. */
static bool open_add(void *ctx, const struct kai_asked *a)
{
    struct open_requests *o = ctx;
    struct about b = {.c = o->c, .a = a};
    size_t of_one = 0;

    if (a->ours || a->state != KAI_ASKED_OPEN)
        return true;
    for (size_t i = 0; i < o->n; i++)
        of_one += memcmp(o->asked[i].org, a->org, KAI_ID_BYTES) == 0;
    if (of_one >= OPEN_OF_ONE)
        return true;
    o->err = kai_ixsnap_obj(o->rows, a->q.obj_hash, about_row, &b);
    if (o->err == KAI_OK && b.found)
        o->asked[o->n++] = *a;
    return o->err == KAI_OK && o->n < OPEN_MAX;
}

/* What we asked the contributor about it. */
struct passed {
    const struct about *b;
    bool found;
    enum kai_asked_state state;
};

static bool passed_look(void *ctx, const struct kai_asked *a)
{
    struct passed *p = ctx;

    if (a->ours && memcmp(a->org, p->b->m.from, KAI_ID_BYTES) == 0 &&
        memcmp(a->q.obj_hash, p->b->m.given_obj, KAI_ID_BYTES) == 0 &&
        memcmp(a->q.target, p->b->a->q.target, KAI_ID_BYTES) == 0) {
        p->found = true;
        p->state = a->state;
    }
    return true;
}

/* Who asked is not told to who gave, nor the other way round. */
static enum kai_err pass_on(struct kai_core *c, const struct about *b,
                            const struct kai_indexes *given)
{
    struct kai_request *q = malloc(sizeof *q);
    struct kai_why why = {0};
    struct kai_buf item;

    if (q == NULL)
        return KAI_ENOMEM;
    *q = b->a->q;
    q->indexes = *given;
    q->created = kai_wall_ms();
    memcpy(q->obj_hash, b->m.given_obj, KAI_ID_BYTES);
    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_request_write(&item, q);
    struct kai_view v = kai_buf_view(&item);
    enum kai_err err = item.err != KAI_OK ? item.err : kai_letter_post(c, b->m.from, &v, 1, &why);
    kai_buf_free(&item);
    free(q);
    return err;
}

static enum kai_err answer_yes(struct kai_reader *r, const struct about *b, uint8_t label)
{
    struct kai_act_release what = {.indexes = b->a->q.indexes, .tlp = label, .asker = b->a->org};
    struct kai_why why = {0};
    struct kai_subject s;
    uint64_t n;
    enum kai_err err = kai_subject_load(r, &b->row, false, &s);

    memcpy(what.obj_hash, b->a->q.obj_hash, KAI_ID_BYTES);
    memcpy(what.target, b->a->q.target, KAI_ID_BYTES);
    if (err == KAI_OK)
        err = kai_act_release(r->c, &s, &what, &n, &why);
    kai_subject_free(&s);
    return err;
}

static enum kai_err settle(struct kai_reader *r, const struct kai_asked *a)
{
    struct about b = {.c = r->c, .a = a};
    struct passed p = {.b = &b};
    struct kai_indexes *given;
    struct kai_why why = {0};
    uint8_t label = 0;
    bool granted = false;
    enum kai_err err = kai_ixsnap_obj(r->rows, a->q.obj_hash, about_row, &b);

    if (err != KAI_OK || !b.found)
        return err;
    given = calloc(1, sizeof *given);
    if (given == NULL)
        return KAI_ENOMEM;
    given->n = 1;
    given->at[0] = (uint16_t)b.m.given_index;
    err = kai_requests_granted(r->rows, b.m.given_obj, b.m.from, given, a->q.target, &granted,
                               &label);
    if (err == KAI_OK && !granted)
        err = kai_requests_each(r->c, r->rows, passed_look, &p);
    if (err == KAI_OK && granted)
        err = answer_yes(r, &b, label);
    else if (err == KAI_OK && !p.found)
        err = pass_on(r->c, &b, given);
    else if (err == KAI_OK && p.state == KAI_ASKED_REFUSED)
        err = kai_request_refuse(r->c, a, "", &why);
    free(given);
    return err;
}

static enum kai_err settle_all(struct kai_core *c, const struct open_requests *o)
{
    struct kai_audit_batch none = {0};
    struct kai_reader r;
    enum kai_err err = kai_reader_init(&r, c, KAI_TLP_RED, &none);

    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    for (size_t i = 0; i < o->n && err == KAI_OK; i++) {
        enum kai_err one = settle(&r, &o->asked[i]);

        /* One that cannot be answered now holds up no other. */
        if (one == KAI_ENOMEM || one == KAI_EIO || one == KAI_ECORRUPT)
            err = one;
    }
    kai_reader_free(&r);
    return err;
}

enum kai_err kai_clerk_requests(struct kai_core *c)
{
    struct kai_ixsnap *rows = NULL;
    struct open_requests *o = malloc(sizeof *o);
    enum kai_err err = o == NULL ? KAI_ENOMEM : kai_indexer_settle(c->indexer);

    if (err ==
        KAI_OK) /* What was passed on a moment ago is known by now, and not passed on twice. */
        err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &rows);
    if (err == KAI_OK) {
        o->c = c;
        o->rows = rows;
        o->err = KAI_OK;
        o->n = 0;
        err = kai_requests_each(c, rows, open_add, o);
        if (err == KAI_OK)
            err = o->err;
    }
    kai_ixsnap_end(rows);
    if (err == KAI_OK && o->n > 0)
        err = settle_all(c, o);
    free(o);
    return err;
}
