/* call_grant: from the arguments of a request to what an ADMIT gives. */
#ifndef KAI_NODE_CALL_GRANT_H
#define KAI_NODE_CALL_GRANT_H

#include "node/call.h"
#include "node/grant.h"

/* clearance, expires (a date, or a time from now: "14d"), may_admit, max_children, provider, attrs;
 * what is absent stays as g has it. Errors: KAI_EMALFORMED (usage.*). */
KAI_MUST_USE enum kai_err kai_grant_read(struct kai_call *call, struct kai_grant *g);
/* Bytes of an argument in hex, appended to out. Errors: KAI_EMALFORMED, what out->err says. */
KAI_MUST_USE enum kai_err kai_arg_hex(struct kai_call *call, const char *key, struct kai_buf *out);

/* The code that says what a request is, where another kind was asked for. */
const char *kai_request_is(uint64_t kind);

#endif
