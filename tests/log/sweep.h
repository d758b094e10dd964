/* sweep: every prefix and every flipped bit of something that is accepted as it is. */
#ifndef KAI_TESTS_LOG_SWEEP_H
#define KAI_TESTS_LOG_SWEEP_H

#include "base/bytes.h"
#include "base/err.h"

/* Parse and verify, as a receiver does. */
typedef enum kai_err accept_fn(struct kai_view v);

/* Refused: each prefix, one byte more, each flipped bit. free_at and free_n: bytes that nothing
 * vouches for on this level (the signer's certificate id of a RULE), whose bits may flip. */
void sweep(const char *name, struct kai_view v, accept_fn *accept, size_t free_at, size_t free_n);

#endif
