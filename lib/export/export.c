/* export: the forms by name, the files of one export, and what is in them already. */
#include "export/export.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "export/form.h"

#define BLOCK_BYTES (64u << 10)              /* What the sink gets in one piece. */
#define FILE_MAX    (2 * KAI_STIX_BYTES_MAX) /* An object comes whole. */
#define SEEN_FIRST  1024u

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
    if (s->n >= s->cap / 2 && !grow(s)) {
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

static bool twice(struct kai_export *e, const struct kai_export_record *r)
{
    uint64_t h;

    if (e->form->objects) {
        h = kai_export_hash(e, 0, r->object.p, r->object.n);
    } else {
        h = kai_export_hash(e, (uint64_t)r->type, r->value.p, r->value.n);
        if (e->form->by_source)
            h = kai_export_hash(e, h, r->origin, strlen(r->origin));
    }
    return kai_export_seen(e, h);
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
    fail(e, e->form->begin(e));
    if (e->err != KAI_OK) {
        enum kai_err err = e->err;

        kai_export_free(e);
        return err;
    }
    *out = e;
    return KAI_OK;
}

enum kai_err kai_export_add(struct kai_export *e, const struct kai_export_record *r,
                            enum kai_export_left *left)
{
    enum kai_export_left how = KAI_EXPORT_TWICE;

    if (e->err != KAI_OK)
        return e->err;
    if (!twice(e, r))
        how = e->form->add(e, r);
    e->count[how]++;
    if (left != NULL)
        *left = how;
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
    free(e->seen.slots);
    free(e);
}
