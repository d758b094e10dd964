/* start: makes the library ready, and refuses one that would judge keys otherwise than others do.
 */
#ifndef KAI_CRYPTO_START_H
#define KAI_CRYPTO_START_H

#include "base/err.h"

/* To be called once, before anything else of lib/crypto; a second call does no harm. Some versions
 * of libsodium take a point with a part of order 2 for one of the prime-order group: a node with
 * such a library would accept keys that all others refuse, and its logs would split from theirs.
 * Errors: KAI_EVERSION (such a libsodium), KAI_EIO (no source of random bytes). */
KAI_MUST_USE enum kai_err kai_crypto_start(void);

#endif
