/* sure: whether this home may go on where it stopped (docs/protocol.md 5).
 *
 * A home that was put back from a copy, or runs on two machines, must not append to a log that has
 * gone on elsewhere. Data and key logs are given up when in doubt, and new ones begun. The control
 * logs of the issuing and the root key have no other: what may be missing here is first fetched
 * from other nodes. */
#ifndef KAI_NODE_SURE_H
#define KAI_NODE_SURE_H

#include "node/core.h"

/* At the end of kai_core_open(): what the store says of its last stop. Retires own logs unless the
 * home is provably the one that was closed. */
KAI_MUST_USE enum kai_err kai_sure_begin(struct kai_core *c);
/* `run --sure`: an administrator says that this home was not put back and is the only one. Durable
 * on KAI_OK. */
KAI_MUST_USE enum kai_err kai_sure_confirm(struct kai_core *c);
/* Before a data or key log is opened: retires them all when the machine was asleep or set back
 * (its clocks tell). Owning thread, inside a job. Errors: KAI_EBUSY (home.twin). */
KAI_MUST_USE enum kai_err kai_sure_own(struct kai_core *c, struct kai_why *why);
/* Before an entry of a control log is made. Owning thread. Errors: KAI_EAGAIN (home.unsure: others
 * may hold entries that this home has lost, and too few were asked yet), KAI_EBUSY (home.twin). */
KAI_MUST_USE enum kai_err kai_sure_issue(struct kai_core *c, struct kai_why *why);
/* For `run`: KAI_EBUSY (home.twin) where a second machine was seen before the last stop. */
KAI_MUST_USE enum kai_err kai_sure_alone(const struct kai_core *c, struct kai_why *why);
/* Somebody else signed an address with our key: an earlier life of this home, or one that goes on
 * elsewhere. counter: of that note; UINT64_MAX: the other one speaks to us. Owning thread. */
void kai_sure_elsewhere(struct kai_core *c, uint64_t counter);

#endif
