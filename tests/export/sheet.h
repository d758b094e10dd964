/* sheet: an export into memory: files by name, and what is in them. */
#ifndef KAI_TESTS_EXPORT_SHEET_H
#define KAI_TESTS_EXPORT_SHEET_H

#include "item/cm.h"

#include "export/export.h"

#define V(text) kai_view_of(text, strlen(text))

struct sheet_file {
    char name[64];
    struct kai_buf b;
    bool closed;
};

struct sheet {
    struct sheet_file files[1024];
    size_t n;
    size_t open[KAI_EXPORT_FILES_MAX];
    unsigned fail_after; /* Calls of the sink that go well; 0: all. */
    unsigned calls;
};

static inline enum kai_err sheet_call(struct sheet *s)
{
    s->calls++;
    return s->fail_after != 0 && s->calls > s->fail_after ? KAI_EIO : KAI_OK;
}

static inline enum kai_err sheet_open(void *ctx, unsigned file, const char *name)
{
    struct sheet *s = ctx;

    assert_true(s->n < 1024 && file < KAI_EXPORT_FILES_MAX);
    for (size_t i = 0; i < s->n; i++)
        assert_string_not_equal(s->files[i].name, name);
    (void)snprintf(s->files[s->n].name, sizeof s->files[0].name, "%s", name);
    kai_buf_init(&s->files[s->n].b, 1u << 28);
    s->open[file] = s->n++;
    return sheet_call(s);
}

static inline enum kai_err sheet_write(void *ctx, unsigned file, const void *p, size_t n)
{
    struct sheet *s = ctx;
    struct sheet_file *f = &s->files[s->open[file]];

    assert_false(f->closed);
    kai_buf_add(&f->b, p, n);
    return sheet_call(s);
}

static inline enum kai_err sheet_close(void *ctx, unsigned file)
{
    struct sheet *s = ctx;

    s->files[s->open[file]].closed = true;
    return sheet_call(s);
}

static inline struct kai_export_sink sheet_sink(struct sheet *s)
{
    return (struct kai_export_sink){
        .ctx = s, .open = sheet_open, .write = sheet_write, .close = sheet_close};
}

static inline void sheet_free(struct sheet *s)
{
    for (size_t i = 0; i < s->n; i++)
        kai_buf_free(&s->files[i].b);
    free(s);
}

/* A file's text; it is closed. */
static inline const char *sheet_text(struct sheet *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->files[i].name, name) != 0)
            continue;
        assert_true(s->files[i].closed);
        kai_buf_u8(&s->files[i].b, '\0');
        s->files[i].b.len--;
        return (const char *)s->files[i].b.p;
    }
    fail_msg("there is no file %s", name);
    return NULL;
}

static inline struct kai_export_record sheet_record(enum kai_vtype type, const char *value)
{
    return (struct kai_export_record){.type = type,
                                      .value = V(value),
                                      .id = "00ff",
                                      .name = "C2 server",
                                      .origin = "aa11",
                                      .origin_name = "Org A",
                                      .tlp = 2,
                                      .detect = true,
                                      .first_seen_ms = 1767225600000u};
}

#endif
