/* memo: remembers signatures and keys that were found good, for a simulator whose many nodes check
 * the same ones (lib/crypto/sign.h, kai_verify_memo). What was found bad is never in it.
 * Threads may ask and add at the same time, while nobody turns it on or off. */
#ifndef KAI_CRYPTO_MEMO_H
#define KAI_CRYPTO_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

#define KAI_MEMO_BYTES (8u << 20) /* Of all that is remembered. */

bool kai_memo_on(void);
/* id: a hash over all that was judged. */
bool kai_memo_has(const uint8_t id[static KAI_ID_BYTES]);
void kai_memo_add(const uint8_t id[static KAI_ID_BYTES]);

#endif
