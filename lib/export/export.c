/* export: the forms by name, the files of one export, and what is in them already. */
#include "export/export.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "export/form.h"

#define FILE_MAX   (2 * KAI_STIX_BYTES_MAX) /* An object comes whole. */
#define ITEM_MAX   KAI_STIX_BYTES_MAX       /* A name is part of an object. */
#define SEEN_FIRST 1024u
/* Past 48,000 values there is room for 1.5 million at once (16 MiB): on the way there in steps each
 * would be moved several times, which took a sixth of an export. */
#define SEEN_SMALL 65536u
#define SEEN_LARGE (2u << 20)

_Static_assert(EXPORT_SECRET_BYTES >= XXH3_SECRET_SIZE_MIN, "a secret of XXH3");

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

void kai_export_hand_on(struct kai_export *e, unsigned file)
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
    kai_export_hand_on(e, file);
    if (e->err == KAI_OK)
        fail(e, e->sink.close(e->sink.ctx, file));
    kai_buf_free(&e->files[file].b);
    e->files[file].open = false;
}

/* ---- What is there already.
 *
 * Whoever finds two values with one hash keeps the later one out of a file. Nobody can look for
 * them: the secret is made anew for each export, and nothing that is hashed under it goes out. */
static void make_secret(struct kai_export *e)
{
    uint8_t seed[randombytes_SEEDBYTES] = {0};

    memcpy(seed, e->opts.seed, sizeof e->opts.seed);
    randombytes_buf_deterministic(e->secret, sizeof e->secret, seed);
}

uint64_t kai_export_hash(const struct kai_export *e, uint64_t before, const void *p, size_t n)
{
    return XXH3_64bits_withSecret(p, n, e->secret, sizeof e->secret) ^
           before * UINT64_C(0x9e3779b97f4a7c15);
}

static bool grow(struct export_seen *s)
{
    size_t cap = s->cap == 0 ? SEEN_FIRST : s->cap == SEEN_SMALL ? SEEN_LARGE : 2 * s->cap;
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

static uint64_t look_ahead(const struct kai_export *e, uint64_t hash)
{
    if (e->seen.cap > 0)
        __builtin_prefetch(&e->seen.slots[(size_t)hash & (e->seen.cap - 1)], 1);
    return hash;
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
                     (uint64_t)r->type << 8 | (uint64_t)r->exercise << 1 | r->detect};

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
    make_secret(e);
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

static void end_group(struct kai_export *e)
{
    if (e->form->group != NULL)
        e->form->group(e);
}

/* Else n records are left out: that they are there twice is not looked for. */
static bool takes_type(struct kai_export *e, enum kai_vtype type, size_t n)
{
    if (e->form->takes == NULL || e->form->takes(type))
        return true;
    e->count[KAI_EXPORT_TYPE] += n;
    return false;
}

/* The last object: it goes out of the buffer again where it is there twice. */
static enum kai_export_left settle(struct kai_export *e)
{
    enum kai_export_left how = KAI_EXPORT_TAKEN;

    if (!e->doubtful.is)
        return how;
    e->doubtful.is = false;
    if (kai_export_seen(e, e->doubtful.hash)) {
        how = KAI_EXPORT_TWICE;
        e->files[0].b.len = e->doubtful.len;
    }
    e->count[how]++;
    return how;
}

/* Where it will be looked for is far away in memory: that is on its way while the object is
 * written, and until the next one comes. */
static enum kai_export_left add_object(struct kai_export *e, const struct kai_export_record *r)
{
    uint64_t hash = look_ahead(e, hash_of(e, r->type, r->object));

    (void)settle(e);
    size_t len = kai_export_file(e, 0)->len;
    enum kai_export_left how = e->form->add(e, r);
    if (how != KAI_EXPORT_TAKEN)
        e->count[how]++;
    else
        e->doubtful = (struct export_doubtful){.is = true, .hash = hash, .len = len};
    return how;
}

enum kai_err kai_export_add(struct kai_export *e, const struct kai_export_record *r,
                            enum kai_export_left *left)
{
    enum kai_export_left how = KAI_EXPORT_TYPE;

    if (e->err != KAI_OK)
        return e->err;
    if (e->form->objects) {
        how = add_object(e, r);
        if (left != NULL && how == KAI_EXPORT_TAKEN)
            how = settle(e);
    } else if (takes_type(e, r->type, 1)) {
        look_at_item(e, r);
        how = add(e, r, hash_of(e, r->type, r->value));
        end_group(e);
    }
    if (left != NULL)
        *left = how;
    return e->err;
}

enum kai_err kai_export_add_many(struct kai_export *e, const struct kai_export_record *r,
                                 const struct kai_view *values, size_t n)
{
    struct kai_export_record one = *r;
    uint64_t hash[EXPORT_GROUP];

    if (e->err != KAI_OK || !takes_type(e, r->type, n))
        return e->err;
    look_at_item(e, r);
    for (size_t at = 0; at < n && e->err == KAI_OK; at += EXPORT_GROUP) {
        size_t group = n - at < EXPORT_GROUP ? n - at : EXPORT_GROUP;

        /* Where each will be looked for is on its way from memory while the others are done. */
        for (size_t i = 0; i < group; i++)
            hash[i] = look_ahead(e, hash_of(e, r->type, values[at + i]));
        for (size_t i = 0; i < group; i++) {
            one.value = values[at + i];
            (void)add(e, &one, hash[i]);
        }
        end_group(e);
    }
    return e->err;
}

enum kai_err kai_export_end(struct kai_export *e)
{
    (void)settle(e);
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
