/* golden: a file of golden bytes, `name = hex` a line, made anew and compared line by line. */
#ifndef KAI_TESTS_LOG_GOLDEN_H
#define KAI_TESTS_LOG_GOLDEN_H

#include "base/buf.h"

void golden_begin(const char *head);
void golden_say(const char *name, const void *p, size_t n); /* n at most 8192. */
void golden_say_buf(const char *name, const struct kai_buf *b);
/* Compare with the file; KAIRAN_VECTORS_WRITE=1 writes it first: a change in it is a change of the
 * protocol. */
void golden_end(const char *path);

#endif
