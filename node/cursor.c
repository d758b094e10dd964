/* cursor: where one page of an answer ended, as a text. */
#include "node/cursor.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define VERSION    1u
#define SUM_BYTES  8u
#define HEAD_BYTES 19u /* Version, the index's name, the time, bytes of the place (2). */
#define BASE64     sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Of the bytes before it: what was cut or mistyped is told as that. */
static void sum(uint8_t out[static SUM_BYTES], const uint8_t *p, size_t n)
{
    uint8_t hash[crypto_generichash_BYTES];

    (void)crypto_generichash(hash, sizeof hash, p, n, NULL, 0);
    memcpy(out, hash, SUM_BYTES);
}

void kai_cursor_init(struct kai_cursor *c)
{
    *c = (struct kai_cursor){.index = 0};
    kai_buf_init(&c->expr, KAI_QUERY_BYTES_MAX + 1);
}

void kai_cursor_free(struct kai_cursor *c)
{
    kai_buf_free(&c->expr);
}

static bool parse(struct kai_cursor *c, const uint8_t *p, size_t n)
{
    uint8_t want[SUM_BYTES];

    if (n < HEAD_BYTES + SUM_BYTES || p[0] != VERSION)
        return false;
    n -= SUM_BYTES;
    sum(want, p, n);
    c->index = kai_get_u64(p + 1);
    c->asked_ms = kai_get_u64(p + 9);
    c->at.n = (size_t)p[17] << 8 | p[18];
    if (memcmp(want, p + n, SUM_BYTES) != 0 || c->at.n == 0 || c->at.n > sizeof c->at.bytes ||
        c->at.n > n - HEAD_BYTES)
        return false;
    memcpy(c->at.bytes, p + HEAD_BYTES, c->at.n);
    p += HEAD_BYTES + c->at.n;
    n -= HEAD_BYTES + c->at.n;
    if (n > KAI_QUERY_BYTES_MAX || memchr(p, 0, n) != NULL)
        return false;
    kai_buf_add(&c->expr, p, n);
    kai_buf_u8(&c->expr, 0);
    return true;
}

enum kai_err kai_cursor_read(struct kai_cursor *c, const char *text, struct kai_why *why)
{
    size_t cap = strlen(text) / 4 * 3 + 3;
    uint8_t *bytes = strlen(text) < KAI_CURSOR_TEXT_MAX ? malloc(cap) : NULL;
    size_t n = 0;
    bool ok = bytes != NULL &&
              sodium_base642bin(bytes, cap, text, strlen(text), NULL, &n, NULL, BASE64) == 0 &&
              parse(c, bytes, n);

    free(bytes);
    if (ok && c->expr.err != KAI_OK)
        return c->expr.err;
    return ok ? KAI_OK : kai_why_set(why, KAI_EMALFORMED, "query.after", NULL, NULL, NULL);
}

enum kai_err kai_cursor_write(const struct kai_cursor *c, struct kai_buf *out)
{
    const char *expr = (const char *)c->expr.p;
    uint8_t head[HEAD_BYTES];
    uint8_t check[SUM_BYTES];
    struct kai_buf b;
    char *text;

    kai_buf_init(&b, KAI_CURSOR_TEXT_MAX);
    head[0] = VERSION;
    kai_put_u64(head + 1, c->index);
    kai_put_u64(head + 9, c->asked_ms);
    head[17] = (uint8_t)(c->at.n >> 8);
    head[18] = (uint8_t)(c->at.n & 0xff);
    kai_buf_add(&b, head, sizeof head);
    kai_buf_add(&b, c->at.bytes, c->at.n);
    kai_buf_text(&b, expr);
    if (b.err == KAI_OK) {
        sum(check, b.p, b.len);
        kai_buf_add(&b, check, sizeof check);
    }
    text = b.err == KAI_OK ? (char *)kai_buf_room(out, sodium_base64_ENCODED_LEN(b.len, BASE64))
                           : NULL;
    if (text != NULL) {
        (void)sodium_bin2base64(text, sodium_base64_ENCODED_LEN(b.len, BASE64), b.p, b.len, BASE64);
        out->len--; /* Its NUL. */
    }
    kai_buf_free(&b);
    return text != NULL ? KAI_OK : out->err != KAI_OK ? out->err : KAI_ENOMEM;
}
