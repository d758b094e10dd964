/* call: one request to a node, the same whether it came over the local API or from a verb on a
 * stopped node.
 *
 * A verb takes a JSON object of arguments (and a body, for publish) and answers with lines of JSON,
 * at once or as a stream. The verbs stand in call_table.c; docs/api.md describes them. */
#ifndef KAI_NODE_CALL_H
#define KAI_NODE_CALL_H

#include <jansson.h>

#include "item/label.h"
#include "node/audit.h"
#include "node/config.h"
#include "node/core.h"
#include "node/who.h"
#include "text/catalogue.h"
#include "text/json.h"

#define KAI_CALL_ARGS_BYTES_MAX (1u << 20)
#define KAI_CALL_OUT_BYTES_MAX  (64u << 20)

/* Answers that come piece by piece: next appends lines to out (nothing: not yet, call again), and
 * sets *end after the last. It may wait up to a second. */
struct kai_stream {
    enum kai_err (*next)(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why);
    void (*free)(void *ctx);
    void *ctx;
};

struct kai_call {
    struct kai_core *core;
    const struct kai_config *cfg;
    const char *verb;                /* Set by kai_call_run(), */
    const struct kai_call_verb *row; /* and this. */
    const struct kai_who *who; /* Never NULL. What is shown is filtered by its clearance first. */
    enum kai_lang lang;
    json_t *args; /* An object. */
    struct kai_view body;
    struct kai_buf out;           /* Lines. */
    bool raw;                     /* out is bytes, not lines. */
    struct kai_stream stream;     /* next != NULL: goes on after out. */
    struct kai_audit_batch audit; /* What is about to be shown. */
    struct kai_why why;
    int status; /* Exit status that `kairan` gives after an answer: 0, or 4 for nothing matched, 1
                   for publish --wait. */
};

/* Run a verb, if who may: call_table.c has the least role of each. On an error call->out is one
 * line: the error object. Returns the HTTP status. */
int kai_call_run(struct kai_call *call, const char *verb);
/* Whether who may run the verb. Errors: KAI_EDENIED (role.*), KAI_ENOTFOUND (usage.verb). */
KAI_MUST_USE enum kai_err kai_call_may(struct kai_call *call, const char *verb);
/* The next part of the stream, and a line for each read in the audit log before it. */
KAI_MUST_USE enum kai_err kai_call_next(struct kai_call *call, struct kai_buf *out, bool *end);
/* Put what is about to be shown into the audit log first, as read by call->verb. On an error it
 * must not be shown. */
KAI_MUST_USE enum kai_err kai_call_record(struct kai_call *call);
/* The HTTP status of call->why for err. */
int kai_call_http(const struct kai_call *call, enum kai_err err);
void kai_call_free(struct kai_call *call);
/* Write the error object of call->why for err as a line to out. */
void kai_call_error(const struct kai_call *call, enum kai_err err, struct kai_buf *out);

/* Arguments: NULL or the default when absent, or when call_table.c does not list them for the verb;
 * a wrong type is usage.argument and fails the call. */
const char *kai_arg_text(struct kai_call *c, const char *key, enum kai_err *err);
uint64_t kai_arg_uint(struct kai_call *c, const char *key, uint64_t otherwise, enum kai_err *err);
bool kai_arg_bool(struct kai_call *c, const char *key, enum kai_err *err);
/* The i-th text of an array; NULL past the end. */
const char *kai_arg_item(struct kai_call *c, const char *key, size_t i, enum kai_err *err);
/* A time, or a duration from now ("90d"); not given: out is left as it is. */
void kai_arg_until(struct kai_call *c, const char *key, uint64_t *out, enum kai_err *err);
/* A required text. */
const char *kai_arg_need(struct kai_call *c, const char *key, enum kai_err *err);

/* "active", "revoked", "expired" (not_after is of this clock), "pending". */
const char *kai_call_status(bool active, bool revoked, uint64_t not_after);

/* The line of one refused object of a publication, or of a value that is on a warninglist; ctx is
 * the call. */
void kai_call_refusal(void *ctx, const struct kai_why *why, const char *id);
void kai_call_warning(void *ctx, const struct kai_why *why, const char *id);

typedef enum kai_err kai_verb_fn(struct kai_call *c);
kai_verb_fn kai_verb_status, kai_verb_peers, kai_verb_network_show, kai_verb_network_amend,
    kai_verb_network_review, kai_verb_network_apply, kai_verb_keydeath_use, kai_verb_org_list,
    kai_verb_org_show, kai_verb_org_admit, kai_verb_org_revoke, kai_verb_node_list,
    kai_verb_node_admit, kai_verb_node_revoke, kai_verb_audience_create, kai_verb_audience_add,
    kai_verb_audience_list, kai_verb_audience_show, kai_verb_publish, kai_verb_query, kai_verb_get,
    kai_verb_explain, kai_verb_reshare, kai_verb_withdraw, kai_verb_recall, kai_verb_receipts,
    kai_verb_release_request, kai_verb_release_list, kai_verb_release_grant,
    kai_verb_release_refuse, kai_verb_contribution_list, kai_verb_contribution_publish,
    kai_verb_watch, kai_verb_reindex, kai_verb_user_set, kai_verb_user_list, kai_verb_user_remove,
    kai_verb_token_add, kai_verb_token_list, kai_verb_token_revoke, kai_verb_audit_show,
    kai_verb_audit_verify, kai_verb_person_add, kai_verb_person_list, kai_verb_person_revoke,
    kai_verb_audience_remove, kai_verb_red_begin, kai_verb_red_publish, kai_verb_red_get,
    kai_verb_issuing_begin, kai_verb_issuing_replace, kai_verb_carry_pack, kai_verb_carry_unpack,
    kai_verb_org_replace, kai_verb_org_succeed_begin, kai_verb_org_succeed, kai_verb_note,
    kai_verb_sighting, kai_verb_inventory_import, kai_verb_inventory_list, kai_verb_relevant,
    kai_verb_lookup, kai_verb_hunt_filter, kai_verb_hunt_resolve, kai_verb_export, kai_verb_stream;

#endif
