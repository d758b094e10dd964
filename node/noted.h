/* noted: what the store notes beside the control entries: later versions of the charter, dead keys.
 */
#ifndef KAI_NODE_NOTED_H
#define KAI_NODE_NOTED_H

#include "keys/ctl.h"
#include "store/store.h"

/* Before the entries: some are of founders of a later version. Errors: KAI_ECORRUPT, KAI_ENOMEM,
 * those of the store. */
KAI_MUST_USE enum kai_err kai_noted_charters(struct kai_ctl *ctl, struct kai_snap *snap);
/* After them: a key is known by its certificate. */
KAI_MUST_USE enum kai_err kai_noted_deaths(struct kai_ctl *ctl, struct kai_snap *snap);

#endif
