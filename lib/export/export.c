/* export: the forms by name, the files of one export, and what is in them already. */
#include "export/export.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "export/form.h"

#define BLOCK_BYTES (64u << 10)              /* What the sink gets in one piece. */
#define FILE_MAX    (2 * KAI_STIX_BYTES_MAX) /* An object comes whole. */
#define ITEM_MAX    KAI_STIX_BYTES_MAX       /* A name is part of an object. */
#define SEEN_FIRST  1024u
#define GROUP       32u

static const struct export_form *const FORMS[KAI_EXPORT_FORMATS_N] = {
    [KAI_EXPORT_ZEEK] = &kai_export_zeek, [KAI_EXPORT_SURICATA] = &kai_export_suricata,
    [KAI_EXPORT_RPZ] = &kai_export_rpz,   [KAI_EXPORT_HOSTS] = &kai_export_hosts,
    [KAI_EXPORT_CSV] = &kai_export_csv,   [KAI_EXPORT_STIX] = &kai_export_stix,
    [KAI_EXPORT_MISP] = &kai_export_misp,
};

enum kai_export_format kai_export_parse(const char *name)
{
    for (unsigned i = 1; i < KAI_EXPORT_FORMATS_N; i++)
        if (strcmp(FORMS[i]->name, name) == 0)
            return (enum kai_export_format)i;
    return KAI_EXPORT_NONE;
}

enum kai_export_use kai_export_use(enum kai_export_format format)
{
    return FORMS[format]->use;
}

bool kai_export_is_folder(enum kai_export_format format)
{
    return FORMS[format]->folder;
}

bool kai_export_is_objects(enum kai_export_format format)
{
    return FORMS[format]->objects;
}

/* ---- Files. */
static void fail(struct kai_export *e, enum kai_err err)
{
    if (e->err == KAI_OK)
        e->err = err;
}

static void hand_on(struct kai_export *e, unsigned file)
{
    struct kai_buf *b = &e->files[file].b;

    fail(e, b->err);
    if (e->err == KAI_OK && b->len > 0)
        fail(e, e->sink.write(e->sink.ctx, file, b->p, b->len));
    kai_buf_clear(b);
}

void kai_export_open(struct kai_export *e, unsigned file, const char *name)
{
    if (e->err == KAI_OK)
        fail(e, e->sink.open(e->sink.ctx, file, name));
    e->files[file].open = true;
    kai_buf_init(&e->files[file].b, FILE_MAX);
}

void kai_export_close(struct kai_export *e, unsigned file)
{
    hand_on(e, file);
    if (e->err == KAI_OK)
        fail(e, e->sink.close(e->sink.ctx, file));
    kai_buf_free(&e->files[file].b);
    e->files[file].open = false;
}

struct kai_buf *kai_export_file(struct kai_export *e, unsigned file)
{
    if (e->files[file].b.len >= BLOCK_BYTES)
        hand_on(e, file);
    return &e->files[file].b;
}

/* ---- What is there already. */
uint64_t kai_export_hash(const struct kai_export *e, uint64_t before, const void *p, size_t n)
{
    uint8_t key[KAI_EXPORT_SEED_BYTES];
    uint8_t out[crypto_shorthash_BYTES];

    memcpy(key, e->opts.seed, sizeof key);
    for (size_t i = 0; i < 8; i++) /* Chained, so that parts do not run into one another. */
        key[i] ^= (uint8_t)(before >> (8 * i));
    (void)crypto_shorthash(out, p, n, key);
    return kai_get_u64(out);
}

static bool grow(struct export_seen *s)
{
    size_t cap = s->cap == 0 ? SEEN_FIRST : 2 * s->cap;
    uint64_t *slots = calloc(cap, sizeof *slots);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < s->cap; i++) {
        size_t at = (size_t)s->slots[i] & (cap - 1);

        if (s->slots[i] == 0)
            continue;
        while (slots[at] != 0)
            at = (at + 1) & (cap - 1);
        slots[at] = s->slots[i];
    }
    free(s->slots);
    s->slots = slots;
    s->cap = cap;
    return true;
}

bool kai_export_seen(struct kai_export *e, uint64_t hash)
{
    struct export_seen *s = &e->seen;

    hash += hash == 0;
    if (s->n >= s->cap - s->cap / 4 && !grow(s)) {
        fail(e, KAI_ENOMEM);
        return false;
    }
    size_t at = (size_t)hash & (s->cap - 1);
    for (; s->slots[at] != 0; at = (at + 1) & (s->cap - 1))
        if (s->slots[at] == hash)
            return true;
    s->slots[at] = hash;
    s->n++;
    return false;
}

static uint64_t hash_of(const struct kai_export *e, enum kai_vtype type, struct kai_view v)
{
    return kai_export_hash(e, (e->form->by_source ? e->source : 0) ^ (uint64_t)type, v.p, v.n);
}

/* ---- What a run of records shares. */
static bool takes(struct kai_view *old, const void *p, size_t n)
{
    if (old->n < n || memcmp(old->p, p, n) != 0)
        return false;
    old->n -= n;
    old->p += n;
    return true;
}

static bool same_item(struct kai_view old, const struct kai_export_record *r, const uint64_t *n)
{
    return takes(&old, n, 4 * sizeof *n) && takes(&old, r->id, strlen(r->id) + 1) &&
           takes(&old, r->origin, strlen(r->origin) + 1) &&
           takes(&old, r->origin_name, strlen(r->origin_name) + 1) &&
           takes(&old, r->name, strlen(r->name) + 1);
}

static void look_at_item(struct kai_export *e, const struct kai_export_record *r)
{
    uint64_t n[4] = {r->first_seen_ms, r->valid_until_ms, (uint64_t)r->tlp << 8 | r->pap,
                     (uint64_t)r->exercise << 1 | r->detect};

    if (same_item(kai_buf_view(&e->item), r, n))
        return;
    kai_buf_clear(&e->item);
    kai_buf_clear(&e->rest);
    kai_buf_add(&e->item, n, sizeof n);
    kai_buf_add(&e->item, r->id, strlen(r->id) + 1);
    kai_buf_add(&e->item, r->origin, strlen(r->origin) + 1);
    kai_buf_add(&e->item, r->origin_name, strlen(r->origin_name) + 1);
    kai_buf_add(&e->item, r->name, strlen(r->name) + 1);
    fail(e, e->item.err);
    e->source = kai_export_hash(e, 0, r->origin, strlen(r->origin));
}

/* ---- One export. */
enum kai_err kai_export_new(struct kai_export **out, enum kai_export_format format,
                            const struct kai_export_sink *sink, const struct kai_export_opts *opts)
{
    struct kai_export *e = calloc(1, sizeof *e);

    *out = NULL;
    if (e == NULL)
        return KAI_ENOMEM;
    e->form = FORMS[format];
    e->sink = *sink;
    e->opts = *opts;
    kai_buf_init(&e->item, ITEM_MAX);
    kai_buf_init(&e->rest, 6 * ITEM_MAX);
    fail(e, e->form->begin(e));
    if (e->err != KAI_OK) {
        enum kai_err err = e->err;

        kai_export_free(e);
        return err;
    }
    *out = e;
    return KAI_OK;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r,
                                uint64_t hash)
{
    enum kai_export_left left = kai_export_seen(e, hash) ? KAI_EXPORT_TWICE : e->form->add(e, r);

    e->count[left]++;
    fail(e, e->rest.err);
    return left;
}

enum kai_err kai_export_add(struct kai_export *e, const struct kai_export_record *r,
                            enum kai_export_left *left)
{
    if (e->err != KAI_OK)
        return e->err;
    look_at_item(e, r);
    enum kai_export_left how =
        add(e, r, hash_of(e, r->type, e->form->objects ? r->object : r->value));
    if (left != NULL)
        *left = how;
    return e->err;
}

enum kai_err kai_export_add_many(struct kai_export *e, const struct kai_export_record *r,
                                 const struct kai_view *values, size_t n)
{
    struct kai_export_record one = *r;
    uint64_t hash[GROUP];

    if (e->err == KAI_OK)
        look_at_item(e, r);
    for (size_t at = 0; at < n && e->err == KAI_OK; at += GROUP) {
        size_t group = n - at < GROUP ? n - at : GROUP;

        /* Where each will be looked for is on its way from memory while the others are done. */
        for (size_t i = 0; i < group; i++) {
            hash[i] = hash_of(e, r->type, values[at + i]);
            if (e->seen.cap > 0)
                __builtin_prefetch(&e->seen.slots[(size_t)hash[i] & (e->seen.cap - 1)], 1);
        }
        for (size_t i = 0; i < group; i++) {
            one.value = values[at + i];
            (void)add(e, &one, hash[i]);
        }
    }
    return e->err;
}

enum kai_err kai_export_end(struct kai_export *e)
{
    if (e->err == KAI_OK && e->form->end != NULL)
        e->form->end(e);
    for (unsigned i = 0; i < KAI_EXPORT_FILES_MAX; i++)
        if (e->files[i].open)
            kai_export_close(e, i);
    return e->err;
}

uint64_t kai_export_count(const struct kai_export *e, enum kai_export_left left)
{
    return e->count[left];
}

void kai_export_free(struct kai_export *e)
{
    if (e == NULL)
        return;
    for (unsigned i = 0; i < KAI_EXPORT_FILES_MAX; i++)
        kai_buf_free(&e->files[i].b);
    if (e->form->free != NULL)
        e->form->free(e->state);
    kai_buf_free(&e->item);
    kai_buf_free(&e->rest);
    free(e->seen.slots);
    free(e);
}
