/* cur: reads the msgpack subset of docs/protocol.md 1 from bytes that may be hostile.
 *
 * Allocates nothing and reads every byte at most once. Only the one encoding that the writer
 * makes is accepted: shortest integers and headers, no floats, no ext types, no maps but the
 * extension map. The first failure sticks: later reads return zeros and empty views, so a run of
 * reads needs one check, kai_cur_end(). Views point into the input. */
#ifndef KAI_WIRE_CUR_H
#define KAI_WIRE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

struct kai_cur {
    const uint8_t *p;
    const uint8_t *end;
    enum kai_err err; /* KAI_OK, KAI_EMALFORMED or KAI_ELIMIT. */
};

void kai_cur_init(struct kai_cur *c, const void *p, size_t n);
bool kai_cur_ok(const struct kai_cur *c);
/* Make the cursor fail, unless it already has: for a field whose value is not allowed. */
void kai_cur_fail(struct kai_cur *c, enum kai_err err);

/* The head of an array of any length up to max; its elements are read next. */
uint32_t kai_cur_array(struct kai_cur *c, uint32_t max);
/* The head of an array of exactly n. */
void kai_cur_tuple(struct kai_cur *c, uint32_t n);
uint64_t kai_cur_uint(struct kai_cur *c, uint64_t max); /* 0..max; max at most 2^63-1. */
int64_t kai_cur_int(struct kai_cur *c);
bool kai_cur_bool(struct kai_cur *c);
struct kai_view kai_cur_bin(struct kai_cur *c, size_t max);
/* A bin of exactly n bytes; NULL on failure. */
const uint8_t *kai_cur_bin_n(struct kai_cur *c, size_t n);
/* Copy a bin of exactly n bytes, or zeros on failure. */
void kai_cur_copy(struct kai_cur *c, uint8_t *out, size_t n);
struct kai_view kai_cur_str(struct kai_cur *c, size_t max); /* Well-formed UTF-8. */
/* A str without a NUL in it, copied with one behind it; "" on failure. cap > 0: of out. */
void kai_cur_text(struct kai_cur *c, char *out, size_t cap);
/* True, and past it, when the next value is nil. */
bool kai_cur_nil(struct kai_cur *c);

/* The extension map X: {uint -> bin}, keys ascending; odd keys are critical. Calls f for each
 * key; f returns whether it knows the key and its value is well-formed. An unknown critical key,
 * or a known one that is malformed, fails the cursor. f may be NULL: no key is known. */
typedef bool kai_cur_ext_fn(void *ctx, uint64_t key, struct kai_view value);
void kai_cur_ext(struct kai_cur *c, kai_cur_ext_fn *f, void *ctx);

/* One whole value of any allowed type, up to KAI_MP_DEPTH_MAX deep: returns its bytes. Maps in it
 * must have the form of an extension map; keys of theirs that are critical are not refused. */
struct kai_view kai_cur_any(struct kai_cur *c);

/* KAI_OK when nothing failed and no byte is left. */
KAI_MUST_USE enum kai_err kai_cur_end(struct kai_cur *c);

#endif
