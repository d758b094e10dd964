/* record_int: what the records share inside this folder. */
#ifndef KAI_KEYS_RECORD_INT_H
#define KAI_KEYS_RECORD_INT_H

#include "keys/record.h"
#include "wire/put.h"

/* A str of at most cap - 1 bytes into out[cap], NUL-terminated. A NUL inside is refused: the copy
 * would say less than what was signed. */
void kai_rec_text(struct kai_cur *c, char *out, size_t cap);
/* nil, or a bin of n bytes. Returns whether it was there. */
bool kai_rec_maybe(struct kai_cur *c, uint8_t *out, size_t n);
void kai_rec_put_maybe(struct kai_buf *out, bool has, const uint8_t *p, size_t n);
/* [[key, value]...] */
size_t kai_rec_attrs(struct kai_cur *c, struct kai_attr attrs[static KAI_ATTRS_MAX]);
void kai_rec_put_attrs(struct kai_buf *out, const struct kai_attr *attrs, size_t n);
/* kai_admit_parse() without the key check and the proof: for entries that have passed them. */
KAI_MUST_USE enum kai_err kai_admit_read(struct kai_admit *a, struct kai_view body);

#endif
