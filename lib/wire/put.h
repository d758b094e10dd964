/* put: writes the msgpack subset of docs/protocol.md 1, through msgpack-c, into a kai_buf.
 * Failures stick in the buffer. */
#ifndef KAI_WIRE_PUT_H
#define KAI_WIRE_PUT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"

void kai_put_array(struct kai_buf *b, uint32_t n);
void kai_put_uint(struct kai_buf *b, uint64_t v); /* At most 2^63-1. */
void kai_put_int(struct kai_buf *b, int64_t v);
void kai_put_bool(struct kai_buf *b, bool v);
void kai_put_nil(struct kai_buf *b);
void kai_put_bin(struct kai_buf *b, const void *p, size_t n);
void kai_put_view(struct kai_buf *b, struct kai_view v); /* As bin. */
void kai_put_str(struct kai_buf *b,
                 const char *text); /* Valid UTF-8, at most KAI_TEXT_BYTES_MAX. */
void kai_put_map(struct kai_buf *b,
                 uint32_t n);           /* n pairs follow: ascending uint keys, bin values. */
void kai_put_no_ext(struct kai_buf *b); /* An empty X. */

#endif
