/* hold_int: for hold.c and hold_send.c alone. */
#ifndef KAI_NODE_HOLD_INT_H
#define KAI_NODE_HOLD_INT_H

#include "node/hold.h"

/* Name of an entry's value in the store. */
void kai_hold_row_name(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES],
                       uint64_t seq);
/* The key under which the entries of h are sealed; the caller wipes it. Errors: KAI_ECORRUPT (the
 * slot is not for our node key), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hold_key(const struct kai_core *c, const struct kai_hold *h,
                                       uint8_t key[static KAI_KEY_BYTES]);

#endif
