/* json: writes JSON text into a kai_buf, one value after the other; builds no tree.
 *
 * Every key and string may come from outside: bytes that are not UTF-8 become U+FFFD, and what a
 * terminal might obey (text/clean.h) is written as \uXXXX, which is the same string. Failures stick
 * in the buffer. Misuse (a key in an array, an end too many) is our bug, and asserted. */
#ifndef KAI_TEXT_JSON_H
#define KAI_TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define KAI_JPUT_DEPTH_MAX 31u

struct kai_jput {
    struct kai_buf *out;
    uint32_t objects; /* Bit d: what is open at depth d is an object. Depth 0 is the top. */
    uint32_t started; /* Bit d: it has an element. */
    unsigned int depth;
};

/* Start one value at the end of out. */
void kai_jput_init(struct kai_jput *j, struct kai_buf *out);

/* In an object every value has a key, in an array and at the top it is NULL. */
void kai_jput_object(struct kai_jput *j, const char *key); /* Until kai_jput_end(). */
void kai_jput_array(struct kai_jput *j, const char *key);
void kai_jput_end(struct kai_jput *j); /* Of the innermost object or array. */
void kai_jput_text(struct kai_jput *j, const char *key, const char *text); /* NULL: null. */
void kai_jput_view(struct kai_jput *j, const char *key, struct kai_view text);
void kai_jput_hex(struct kai_jput *j, const char *key, const void *p, size_t n);
void kai_jput_time(struct kai_jput *j, const char *key, uint64_t ms); /* As kai_time_print(). */
void kai_jput_uint(struct kai_jput *j, const char *key, uint64_t v);
void kai_jput_int(struct kai_jput *j, const char *key, int64_t v);
void kai_jput_bool(struct kai_jput *j, const char *key, bool v);
void kai_jput_null(struct kai_jput *j, const char *key);
/* Text that is JSON already, of one value; put as it is. */
void kai_jput_raw(struct kai_jput *j, const char *key, struct kai_view json);

/* Everything is closed: end the line, and be ready for the next. Errors: what out->err says. */
enum kai_err kai_jput_line(struct kai_jput *j);

#endif
