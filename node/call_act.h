/* call_act: what the verbs that act on items share. */
#ifndef KAI_NODE_CALL_ACT_H
#define KAI_NODE_CALL_ACT_H

#include "node/acts.h"
#include "node/call.h"

/* A reader with the caller's clearance, begun, of an index that knows all that is visible now. */
KAI_MUST_USE enum kai_err kai_act_open(struct kai_call *call, struct kai_reader *r);
/* kai_act_rows() for the caller. */
KAI_MUST_USE enum kai_err kai_act_named(struct kai_call *call, const char *id, uint64_t unwanted,
                                        struct kai_act_rows *rows);
/* An audience by what the caller calls it, its name for words, and its kind. */
KAI_MUST_USE enum kai_err kai_act_target(struct kai_call *call, const char *name,
                                         uint8_t aud_id[static KAI_ID_BYTES],
                                         char shown[static KAI_TEXT_BYTES_MAX + 1], uint64_t *kind);
/* Two members: an organisation's id and name. */
void kai_act_put_org(struct kai_jput *j, struct kai_call *call, const char *key,
                     const char *key_name, const uint8_t org_id[static KAI_ID_BYTES]);

#endif
