/* reissue: what an issuing key has said that still counts, so that it can be said again under a new
 * one when the old is revoked (docs/protocol.md 4). */
#ifndef KAI_KEYS_REISSUE_H
#define KAI_KEYS_REISSUE_H

#include "keys/ctl.h"
#include "keys/record.h"
#include "keys/roster.h"

/* Called for each entry that survives, in order of its log: ADMITs of organisations, nodes and
 * persons that are ATTESTED, not replaced and not revoked, and the AUDIENCEs that count now.
 * Returns false to stop. */
typedef bool kai_reissue_fn(void *ctx, uint64_t type, const struct kai_entry *e);
/* cert: of the issuing key that is, or will be, revoked. upto: only what stands at or under this
 * cut of its log; NULL: as the roster has it. Errors: KAI_ENOTFOUND (no issuing certificate, or the
 * cut's head is not held). */
KAI_MUST_USE enum kai_err kai_reissue_list(const struct kai_ctl *ctl, const struct kai_roster *r,
                                           const uint8_t cert[static KAI_ID_BYTES],
                                           const struct kai_cut *upto, kai_reissue_fn *f,
                                           void *ctx);

/* The body of the same ADMIT to be signed by another key: a higher serial, and it replaces nothing.
 * Proof of possession and all else stay. Errors: KAI_EMALFORMED (no ADMIT), what out->err says. */
KAI_MUST_USE enum kai_err kai_reissue_admit(struct kai_buf *out, const struct kai_entry *admit);

/* A cut that lets all stand which is held of this log now. KAI_ENOTFOUND: the log is empty; the cut
 * is 0 then. */
KAI_MUST_USE enum kai_err kai_cut_now(struct kai_cut *cut, const struct kai_ctl *ctl,
                                      const uint8_t log_pk[static KAI_KEY_BYTES]);

#endif
