/* cursor: where one page of an answer ended, as a text. */
#include "node/cursor.h"

#include <string.h>

#define VERSION 2u

static_assert(KAI_QUERY_AT_MAX <= UINT16_MAX, "its length is two bytes");

void kai_cursor_init(struct kai_cursor *c)
{
    *c = (struct kai_cursor){.asked_ms = 0};
    kai_buf_init(&c->expr, KAI_QUERY_BYTES_MAX + 1);
}

void kai_cursor_free(struct kai_cursor *c)
{
    kai_buf_free(&c->expr);
}

enum kai_err kai_cursor_parse(struct kai_cursor *c, struct kai_view bytes)
{
    const uint8_t *p = bytes.p;
    size_t n = bytes.n;

    if (n < KAI_CURSOR_HEAD_BYTES || p[0] != VERSION)
        return KAI_EMALFORMED;
    c->asked_ms = kai_get_u64(p + 1);
    c->at.n = (size_t)p[9] << 8 | p[10];
    p += KAI_CURSOR_HEAD_BYTES;
    n -= KAI_CURSOR_HEAD_BYTES;
    if (c->at.n == 0 || c->at.n > sizeof c->at.bytes || c->at.n > n)
        return KAI_EMALFORMED;
    memcpy(c->at.bytes, p, c->at.n);
    p += c->at.n;
    n -= c->at.n;
    if (n > KAI_QUERY_BYTES_MAX || memchr(p, 0, n) != NULL)
        return KAI_EMALFORMED;
    kai_buf_add(&c->expr, p, n);
    kai_buf_u8(&c->expr, 0);
    return c->expr.err;
}

void kai_cursor_put(const struct kai_cursor *c, struct kai_buf *out)
{
    uint8_t head[KAI_CURSOR_HEAD_BYTES];

    head[0] = VERSION;
    kai_put_u64(head + 1, c->asked_ms);
    head[9] = (uint8_t)(c->at.n >> 8);
    head[10] = (uint8_t)(c->at.n & 0xff);
    kai_buf_add(out, head, sizeof head);
    kai_buf_add(out, c->at.bytes, c->at.n);
    kai_buf_text(out, (const char *)c->expr.p);
}

enum kai_err kai_cursor_read(struct kai_cursor *c, const struct kai_core *core, const char *text,
                             struct kai_why *why)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_CURSOR_BYTES_MAX);
    enum kai_err err = kai_place_open(core, KAI_PLACE_QUERY, text, KAI_CURSOR_BYTES_MAX, &b);
    if (err == KAI_OK)
        err = kai_cursor_parse(c, kai_buf_view(&b));
    kai_buf_free(&b);
    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, KAI_EMALFORMED, "query.after-gone", NULL, NULL, NULL);
    if (err == KAI_EMALFORMED)
        return kai_why_set(why, err, "query.after", NULL, NULL, NULL);
    return err;
}

enum kai_err kai_cursor_write(const struct kai_cursor *c, const struct kai_core *core,
                              struct kai_buf *out)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_CURSOR_BYTES_MAX);
    kai_cursor_put(c, &b);
    enum kai_err err = b.err;
    if (err == KAI_OK)
        err = kai_place_seal(core, KAI_PLACE_QUERY, kai_buf_view(&b), out);
    kai_buf_free(&b);
    return err;
}
