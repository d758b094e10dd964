/* buf: a byte buffer that grows up to a bound, and remembers the first failure.
 *
 * After a failure every append does nothing, so a run of appends needs one check, at the end. */
#ifndef KAI_BASE_BUF_H
#define KAI_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct kai_buf {
    uint8_t *p;
    size_t len;
    size_t cap;
    size_t max;       /* Bytes; an append past it is KAI_ELIMIT. */
    enum kai_err err; /* The first failure: KAI_ENOMEM, KAI_ELIMIT. */
};

/* An empty buffer that may grow to max bytes. Allocates nothing yet. */
void kai_buf_init(struct kai_buf *b, size_t max);
void kai_buf_free(struct kai_buf *b);  /* Also of one that is all zeros. Wipes nothing. */
void kai_buf_clear(struct kai_buf *b); /* Empty, and the failure forgotten; keeps the memory. */
/* Room for n more bytes at the end, which the caller fills; NULL on failure. */
uint8_t *kai_buf_grow(struct kai_buf *b, size_t n); /* What kai_buf_room() does where it is full. */
static inline uint8_t *kai_buf_room(struct kai_buf *b, size_t n)
{
    size_t len = b->len;

    if (b->err != KAI_OK || n > b->cap - len || n > b->max - len)
        return kai_buf_grow(b, n);
    b->len = len + n;
    return b->p + len;
}

void kai_buf_add(struct kai_buf *b, const void *p, size_t n);
static inline void kai_buf_u8(struct kai_buf *b, uint8_t v)
{
    uint8_t *at = kai_buf_room(b, 1);

    if (at != NULL)
        *at = v;
}
void kai_buf_text(struct kai_buf *b, const char *text);
void kai_buf_printf(struct kai_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline struct kai_view kai_buf_view(const struct kai_buf *b)
{
    return (struct kai_view){.p = b->p, .n = b->len};
}

#endif
