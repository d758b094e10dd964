/* withdraw: the version of a STIX object by which its source takes it back. */
#ifndef KAI_ITEM_WITHDRAW_H
#define KAI_ITEM_WITHDRAW_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"

/* Append the object with revoked: true and modified: now_ms, or just after the version it follows
 * where that is later. Errors: KAI_EDENIED (share.no-version: its type has no versions),
 * KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_stix_withdraw(struct kai_buf *out, struct kai_view object,
                                            uint64_t now_ms, struct kai_why *why);

#endif
