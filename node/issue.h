/* issue: control entries that this organisation signs: durable first, then heard. */
#ifndef KAI_NODE_ISSUE_H
#define KAI_NODE_ISSUE_H

#include "node/core.h"

/* Make, check, store and announce the next entry of the control log of k, which is the issuing key,
 * or the organisation's root key in a ceremony. *hash is its entry hash. Owning thread (inside a
 * job). Errors: KAI_EAGAIN and KAI_EBUSY of kai_sure_issue(), KAI_ENOMEM, KAI_ELIMIT, what the set
 * of control entries refuses (record.refused). */
KAI_MUST_USE enum kai_err kai_issue_as(struct kai_core *c, const struct kai_keys *k,
                                       uint64_t rec_type, struct kai_view body,
                                       uint8_t hash[static KAI_ID_BYTES], struct kai_why *why);
/* The next entry of the log of pk as its header has to be, for whoever signs it elsewhere. */
void kai_issue_next(const struct kai_core *c, const uint8_t pk[static KAI_KEY_BYTES],
                    struct kai_hdr *h);
/* Store and announce an entry of our own that was signed elsewhere. */
KAI_MUST_USE enum kai_err kai_issue_take(struct kai_core *c, const struct kai_entry *e);

/* Note, in tx, that this home signed the entry. */
KAI_MUST_USE enum kai_err kai_issued_note(struct kai_tx *tx, const struct kai_entry *e);
/* The last entry that this home itself signed with a key: what stands behind it in the log is
 * somebody else's. KAI_ENOTFOUND: it signed none. */
KAI_MUST_USE enum kai_err
kai_issued_last(struct kai_core *c, const uint8_t pk[static KAI_KEY_BYTES], struct kai_cut *last);

#endif
