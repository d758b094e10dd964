/* fetch: from a row back to what was published. */
#include "project/fetch.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "log/acts.h"
#include "log/payload.h"

/* Where a content stands in the body that is held. */
struct place {
    uint64_t item;
    uint64_t content;
    uint64_t kind;
    struct kai_view bytes;
};

struct kai_fetch {
    struct kai_packer *packer;
    struct kai_buf body;
    struct kai_buf scratch;
    struct kai_buf whole; /* An object put together from parts. */
    uint64_t log_no;      /* Whose body is held; seq 0: none. */
    uint64_t seq;
    struct place *place; /* Of its contents, in their order; made when the first is asked for, */
    size_t n_places;     /* so that going through a body does not begin anew for each. */
    size_t cap_places;
    bool has_places;
    struct kai_list list; /* The last that was read, and the row it is of; 0: none. */
    uint8_t list_id[KAI_ID_BYTES];
    bool has_list;
    struct kai_list_marks marks; /* Of that list, once a value of it was asked for by index. */
    bool has_marks;
};

enum kai_err kai_fetch_new(struct kai_fetch **out)
{
    struct kai_fetch *f = calloc(1, sizeof *f);

    *out = NULL;
    if (f == NULL || kai_packer_new(&f->packer) != KAI_OK) {
        free(f);
        return KAI_ENOMEM;
    }
    kai_buf_init(&f->body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&f->scratch, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&f->whole, KAI_STIX_BYTES_MAX);
    *out = f;
    return KAI_OK;
}

static void wipe(struct kai_buf *b)
{
    if (b->p != NULL)
        sodium_memzero(b->p, b->cap);
    kai_buf_free(b);
}

void kai_fetch_free(struct kai_fetch *f)
{
    if (f == NULL)
        return;
    kai_packer_free(f->packer);
    wipe(&f->body);
    wipe(&f->scratch);
    wipe(&f->whole);
    free(f->place);
    free(f);
}

/* Have the body of this entry at hand. */
static enum kai_err load(struct kai_fetch *f, const struct kai_fetch_source *s, uint64_t log_no,
                         uint64_t seq)
{
    uint8_t key[KAI_KEY_BYTES];
    struct kai_seal_place at;
    struct kai_entry e;
    enum kai_err err;

    if (f->seq == seq && f->log_no == log_no && seq != 0)
        return KAI_OK;
    f->seq = 0;
    f->has_list = false;
    f->has_places = false;
    err = s->entry(s->ctx, log_no, seq, &e);
    if (err == KAI_OK && (e.payload.p == NULL || e.h.ptype != KAI_PTYPE_SEALED))
        err = KAI_ENOTFOUND;
    if (err == KAI_OK)
        err = s->key(s->ctx, log_no, e.h.kid, key);
    if (err != KAI_OK)
        return err;
    at = (struct kai_seal_place){.nid = s->nid,
                                 .log_pk = e.h.log_pk,
                                 .seq = e.h.seq,
                                 .prev = e.h.prev,
                                 .tag = e.h.tag,
                                 .kid = e.h.kid,
                                 .ts = e.h.ts};
    kai_buf_clear(&f->body);
    kai_buf_clear(&f->scratch);
    err = kai_payload_open(f->packer, &f->body, &f->scratch, key, &at, e.payload);
    sodium_memzero(key, sizeof key);
    if (err != KAI_OK)
        return err;
    f->log_no = log_no;
    f->seq = seq;
    return KAI_OK;
}

/* Goes through a body: for all parts of one OBJ, or to note where each content stands. */
struct find {
    struct kai_fetch *f;
    const struct kai_row *row;
    uint64_t item;
    bool parts;
    uint64_t next_part;
    uint64_t total; /* Bytes of the object, as its parts say. */
};

static enum kai_err note_place(struct kai_fetch *f, const struct place *at)
{
    if (f->n_places == f->cap_places) {
        size_t cap = f->cap_places == 0 ? 128 : 2 * f->cap_places;
        struct place *p = realloc(f->place, cap * sizeof *p);

        if (p == NULL)
            return KAI_ENOMEM;
        f->place = p;
        f->cap_places = cap;
    }
    f->place[f->n_places++] = *at;
    return KAI_OK;
}

static enum kai_err take_part(struct find *d, const struct kai_content *c)
{
    struct kai_part part;

    if (c->kind != KAI_CONTENT_PART || c->index != d->next_part)
        return KAI_OK;
    if (kai_part_parse(&part, c->content) != KAI_OK)
        return KAI_ECORRUPT;
    d->total = part.total;
    kai_buf_add(&d->f->whole, part.bytes.p, part.bytes.n);
    d->next_part++;
    return d->f->whole.err;
}

static enum kai_err look_in(struct find *d, struct kai_cur *contents, uint32_t n)
{
    enum kai_err err = KAI_OK;

    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        struct kai_content c;

        if (kai_content_read(&c, contents) != KAI_OK)
            return KAI_ECORRUPT;
        struct place at = {.item = d->item - 1, .content = i, .kind = c.kind, .bytes = c.content};
        err = d->parts ? take_part(d, &c) : note_place(d->f, &at);
    }
    return err;
}

/* Contents stand in the item of their source, and in that of whoever re-shared them. */
static enum kai_err contents_of(uint64_t type, struct kai_view item, struct kai_view *obj,
                                struct kai_cur *contents, uint32_t *n)
{
    struct kai_reshare r;
    struct kai_view sig;
    enum kai_err err;

    if (type == KAI_ITEM_OBJ)
        return kai_obj_item_parse(obj, &sig, contents, n, item);
    err = kai_reshare_parse(&r, item);
    *obj = r.obj;
    *contents = r.contents;
    *n = r.n_contents;
    return err;
}

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct find *d = ctx;
    uint8_t hash[KAI_ID_BYTES];
    struct kai_cur contents;
    struct kai_view obj;
    uint32_t n;

    d->item++;
    if ((type != KAI_ITEM_OBJ && type != KAI_ITEM_RESHARE) ||
        contents_of(type, item, &obj, &contents, &n) != KAI_OK)
        return KAI_OK;
    if (d->parts) {
        kai_obj_hash(hash, obj);
        if (memcmp(hash, d->row->obj_hash, KAI_ID_BYTES) != 0)
            return KAI_OK;
    }
    return look_in(d, &contents, n);
}

/* Parts stand in the entries seq to seq + parts - 1, in any order: gone through until no pass
 * finds the next one. Their author may give each another time to live: where one is gone, all of it
 * is. */
static enum kai_err put_together(struct kai_fetch *f, const struct kai_fetch_source *s,
                                 const struct kai_row *row, struct kai_view *content)
{
    struct find d = {.f = f, .row = row, .parts = true, .total = UINT64_MAX};
    bool missing = false;
    uint64_t before;
    enum kai_err err = KAI_OK;

    kai_buf_clear(&f->whole);
    do {
        before = d.next_part;
        for (uint64_t i = 0; i < row->parts && err == KAI_OK; i++) {
            d.item = 0;
            err = load(f, s, row->log_no, row->seq + i);
            /* Among the parts may stand an entry of another kind. */
            if (err == KAI_OK) {
                err = kai_body_walk(kai_buf_view(&f->body), on_item, &d);
            } else if (err == KAI_ENOTFOUND) {
                missing = true;
                err = KAI_OK;
            }
        }
    } while (err == KAI_OK && d.next_part > before && row->parts > 1);
    *content = kai_buf_view(&f->whole);
    return err == KAI_OK && missing && f->whole.len < d.total ? KAI_ENOTFOUND : err;
}

static enum kai_err find_places(struct kai_fetch *f)
{
    struct find d = {.f = f};
    enum kai_err err;

    if (f->has_places)
        return KAI_OK;
    f->n_places = 0;
    err = kai_body_walk(kai_buf_view(&f->body), on_item, &d);
    f->has_places = err == KAI_OK;
    return err;
}

static const struct place *place_of(const struct kai_fetch *f, const struct kai_row *row)
{
    size_t lo = 0;
    size_t hi = f->n_places;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct place *p = &f->place[mid];

        if (p->item == row->item_ordinal && p->content == row->content_ordinal)
            return p;
        if (p->item < row->item_ordinal ||
            (p->item == row->item_ordinal && p->content < row->content_ordinal))
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static enum kai_err fetch(struct kai_fetch *f, const struct kai_fetch_source *s,
                          const struct kai_row *row, struct kai_view *content)
{
    const struct place *at;
    enum kai_err err;

    if (row->parts != 1)
        return put_together(f, s, row, content);
    err = load(f, s, row->log_no, row->seq);
    if (err == KAI_OK)
        err = find_places(f);
    if (err != KAI_OK)
        return err;
    at = place_of(f, row);
    if (at == NULL)
        return KAI_ECORRUPT;
    if (at->kind == KAI_CONTENT_PART)
        return put_together(f, s, row, content);
    *content = at->bytes;
    return KAI_OK;
}

enum kai_err kai_fetch_object(struct kai_fetch *f, const struct kai_fetch_source *s,
                              const struct kai_row *row, struct kai_view *content)
{
    uint8_t id[KAI_ID_BYTES];
    enum kai_err err;

    *content = (struct kai_view){0};
    if (row->kind == KAI_ROW_SEALED)
        return KAI_EDENIED;
    err = fetch(f, s, row, content);
    if (err != KAI_OK)
        return err;
    kai_item_id(id, row->kind, *content);
    return memcmp(id, row->item_id, KAI_ID_BYTES) == 0 ? KAI_OK : KAI_ECORRUPT;
}

enum kai_err kai_fetch_list(struct kai_fetch *f, const struct kai_fetch_source *s,
                            const struct kai_row *row, struct kai_list *list)
{
    struct kai_view content;
    enum kai_err err;

    if (row->kind != KAI_CONTENT_LIST)
        return KAI_EMALFORMED;
    /* The list that is held points into the body that is held. */
    if (f->has_list && f->seq == row->seq && f->log_no == row->log_no &&
        memcmp(f->list_id, row->item_id, KAI_ID_BYTES) == 0) {
        *list = f->list;
        return KAI_OK;
    }
    err = kai_fetch_object(f, s, row, &content);
    if (err == KAI_OK && kai_list_read(&f->list, content, false, NULL) != KAI_OK)
        err = KAI_ECORRUPT;
    if (err != KAI_OK)
        return err;
    memcpy(f->list_id, row->item_id, KAI_ID_BYTES);
    f->has_list = true;
    f->has_marks = false;
    *list = f->list;
    return KAI_OK;
}

enum kai_err kai_fetch_value(struct kai_fetch *f, const struct kai_fetch_source *s,
                             const struct kai_row *row, uint64_t index, struct kai_list *list,
                             struct kai_view *norm)
{
    struct kai_list held;
    enum kai_err err = kai_fetch_list(f, s, row, &held);

    if (err != KAI_OK)
        return err;
    if (!f->has_marks)
        kai_list_mark(&held, &f->marks);
    f->has_marks = true;
    if (index >= held.n || !kai_list_at(&held, &f->marks, (uint32_t)index, norm))
        return KAI_ENOTFOUND;
    if (list != NULL)
        *list = held;
    return KAI_OK;
}

/* Of one entry: the item that the row names, or all of them where its parts go over several. */
struct each {
    const struct kai_row *row;
    kai_body_fn *f;
    void *ctx;
    uint64_t item;
};

static enum kai_err each_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct each *e = ctx;

    if (e->item++ != e->row->item_ordinal && e->row->parts == 1)
        return KAI_OK;
    return e->f(e->ctx, type, item);
}

enum kai_err kai_fetch_items(struct kai_fetch *f, const struct kai_fetch_source *s,
                             const struct kai_row *row, kai_body_fn *item, void *ctx)
{
    enum kai_err err = KAI_OK;

    for (uint64_t i = 0; i < row->parts && err == KAI_OK; i++) {
        struct each e = {.row = row, .f = item, .ctx = ctx};

        err = load(f, s, row->log_no, row->seq + i);
        if (err == KAI_OK)
            err = kai_body_walk(kai_buf_view(&f->body), each_item, &e);
        else if (err == KAI_ENOTFOUND && row->parts > 1) /* Among them may stand another kind. */
            err = KAI_OK;
    }
    return err;
}
