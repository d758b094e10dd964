/* buf: a bounded byte buffer. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256u

void kai_buf_init(struct kai_buf *b, size_t max)
{
    *b = (struct kai_buf){.max = max};
}

void kai_buf_free(struct kai_buf *b)
{
    free(b->p);
    *b = (struct kai_buf){.max = b->max};
}

void kai_buf_clear(struct kai_buf *b)
{
    b->len = 0;
    b->err = KAI_OK;
}

/* Make room for n more. */
static bool grow(struct kai_buf *b, size_t n)
{
    if (b->err != KAI_OK)
        return false;
    if (n > b->max - b->len) {
        b->err = KAI_ELIMIT;
        return false;
    }
    if (n <= b->cap - b->len)
        return true;

    size_t cap = b->cap < FIRST_BYTES ? FIRST_BYTES : b->cap;
    while (cap - b->len < n)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap == SIZE_MAX) {
        b->err = KAI_ENOMEM;
        return false;
    }
    uint8_t *p = realloc(b->p, cap + 1); /* One more, for the NUL that printf writes. */
    if (p == NULL) {
        b->err = KAI_ENOMEM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

uint8_t *kai_buf_grow(struct kai_buf *b, size_t n)
{
    if (!grow(b, n))
        return NULL;
    uint8_t *at = b->p + b->len;
    b->len += n;
    return at;
}

void kai_buf_add(struct kai_buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    uint8_t *at = kai_buf_room(b, n);
    if (at != NULL)
        memcpy(at, p, n);
}

void kai_buf_text(struct kai_buf *b, const char *text)
{
    kai_buf_add(b, text, strlen(text));
}

void kai_buf_printf(struct kai_buf *b, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n < 0) {
        b->err = b->err != KAI_OK ? b->err : KAI_EMALFORMED;
        return;
    }
    if (n == 0 || !grow(b, (size_t)n))
        return;
    va_start(ap, format);
    (void)vsnprintf((char *)b->p + b->len, (size_t)n + 1, format, ap);
    va_end(ap);
    b->len += (size_t)n;
}
