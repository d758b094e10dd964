/* fuzz_export: whatever texts a record has, each form stays lines and JSON of its own making, and
 * what may stand in no sensor's file is judged without harm.
 *
 * Input: a type, then texts between zeros: value, name, origin's name, object. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "export/export.h"
#include "item/fit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX 8000u

/* Aborts in every build type. */
#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            (void)fprintf(stderr, "%d: %s\n", __LINE__, #x);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct out {
    char name[KAI_EXPORT_FILES_MAX][64];
    struct kai_buf b[KAI_EXPORT_FILES_MAX];
};

static enum kai_err on_open(void *ctx, unsigned file, const char *name)
{
    struct out *o = ctx;

    MUST(file < KAI_EXPORT_FILES_MAX && strchr(name, '/') == NULL && strlen(name) < 64);
    memcpy(o->name[file], name, strlen(name) + 1);
    kai_buf_init(&o->b[file], 1u << 24);
    return KAI_OK;
}

static enum kai_err on_write(void *ctx, unsigned file, const void *p, size_t n)
{
    struct out *o = ctx;

    kai_buf_add(&o->b[file], p, n);
    return o->b[file].err;
}

static size_t count(const struct kai_buf *b, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < b->len; i++)
        n += b->p[i] == (uint8_t)c;
    return n;
}

static bool json_ok(const struct kai_buf *b)
{
    json_t *o = json_loadb((const char *)b->p, b->len, JSON_ALLOW_NUL, NULL);

    json_decref(o);
    return o != NULL;
}

/* A file is closed: is it what it should be? taken: records in it. */
static void check(const struct out *o, unsigned file, enum kai_export_format format, uint64_t taken)
{
    const struct kai_buf *b = &o->b[file];
    const char *dot = strrchr(o->name[file], '.');

    if (format == KAI_EXPORT_ZEEK)
        MUST(count(b, '\n') == 1 + taken && count(b, '\t') == 6 + 5 * taken);
    if (format == KAI_EXPORT_HOSTS)
        MUST(count(b, '\n') == 1 + taken);
    if (format == KAI_EXPORT_RPZ)
        MUST(count(b, '\n') == 3 + 2 * taken || count(b, '\n') == 3 + taken);
    if (format == KAI_EXPORT_CSV)
        MUST(count(b, '"') % 2 == 0);
    if (dot != NULL && strcmp(dot, ".json") == 0)
        MUST(json_ok(b));
    if (dot != NULL && strcmp(dot, ".lst") == 0)
        MUST(count(b, '\n') <= taken && (b->len == 0 || b->p[b->len - 1] == '\n'));
}

struct ctx {
    struct out out;
    enum kai_export_format format;
    struct kai_export *e;
};

static enum kai_err on_close(void *ctx, unsigned file)
{
    struct ctx *c = ctx;

    check(&c->out, file, c->format, kai_export_count(c->e, KAI_EXPORT_TAKEN));
    kai_buf_free(&c->out.b[file]);
    return KAI_OK;
}

static void one(enum kai_export_format format, const struct kai_export_record *r)
{
    struct ctx *c = calloc(1, sizeof *c);
    struct kai_export_opts o = {.now_ms = 1767225600000u};

    MUST(c != NULL);
    struct kai_export_sink sink = {.ctx = c, .open = on_open, .write = on_write, .close = on_close};
    c->format = format;
    MUST(kai_export_new(&c->e, format, &sink, &o) == KAI_OK);
    MUST(kai_export_add(c->e, r, NULL) == KAI_OK);
    MUST(kai_export_end(c->e) == KAI_OK);
    kai_export_free(c->e);
    free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char texts[4][BYTES_MAX + 1] = {{0}};
    char norm[KAI_VALUE_BYTES_MAX];
    struct kai_fit fit;
    size_t n = 0, at = 1, len;

    if (size == 0 || size > BYTES_MAX)
        return 0;
    for (size_t i = 0; i < 4 && at < size; i++, at += n + 1) {
        const uint8_t *end = memchr(data + at, 0, size - at);

        n = end == NULL ? size - at : (size_t)(end - (data + at));
        memcpy(texts[i], data + at, n);
    }
    struct kai_export_record r = {
        .type = kai_vtype_of(1 + data[0] % KAI_VTYPE_MAX),
        .id = "00",
        .name = texts[1],
        .origin = "11",
        .origin_name = texts[2],
        .object = kai_view_of(texts[3], strlen(texts[3])),
        .tlp = data[0] % 6,
        .pap = data[0] % 5,
    };
    (void)kai_export_serial(kai_view_of(texts[0], strlen(texts[0])), 1);
    one(KAI_EXPORT_STIX, &r);
    if (kai_value_norm(r.type, kai_view_of(texts[0], strlen(texts[0])), norm, sizeof norm, &len,
                       NULL) != KAI_OK)
        return 0; /* The index holds normal forms. */
    r.value = kai_view_of(norm, len);
    for (unsigned f = 1; f < KAI_EXPORT_FORMATS_N; f++)
        if (f != KAI_EXPORT_STIX)
            one((enum kai_export_format)f, &r);
    MUST(kai_fit_init(&fit) == KAI_OK);
    kai_ignore(kai_fit_own(&fit, texts[1]));
    MUST(kai_fit_judge(&fit, r.type, r.value) < KAI_UNFIT_N);
    return 0;
}
