/* call: one request to a node. */
#include "node/call.h"

#include <string.h>

#include "base/check.h"
#include "policy/policy.h"
#include "text/time.h"

static const struct {
    const char *name;
    kai_verb_fn *f;
    enum kai_policy_verb takes; /* What it does, and so which role. */
} verbs[] = {
    {"status", kai_verb_status, KAI_POLICY_LOOK},
    {"peers", kai_verb_peers, KAI_POLICY_LOOK},
    {"network-show", kai_verb_network_show, KAI_POLICY_LOOK},
    {"network-amend", kai_verb_network_amend, KAI_POLICY_MANAGE},
    {"network-review", kai_verb_network_review, KAI_POLICY_MANAGE},
    {"network-apply", kai_verb_network_apply, KAI_POLICY_MANAGE},
    {"org-list", kai_verb_org_list, KAI_POLICY_LOOK},
    {"org-show", kai_verb_org_show, KAI_POLICY_LOOK},
    {"org-admit", kai_verb_org_admit, KAI_POLICY_MANAGE},
    {"org-revoke", kai_verb_org_revoke, KAI_POLICY_MANAGE},
    {"org-replace", kai_verb_org_replace, KAI_POLICY_MANAGE},
    {"org-succeed-begin", kai_verb_org_succeed_begin, KAI_POLICY_MANAGE},
    {"org-succeed", kai_verb_org_succeed, KAI_POLICY_MANAGE},
    {"node-list", kai_verb_node_list, KAI_POLICY_LOOK},
    {"node-admit", kai_verb_node_admit, KAI_POLICY_MANAGE},
    {"node-revoke", kai_verb_node_revoke, KAI_POLICY_MANAGE},
    {"audience-create", kai_verb_audience_create, KAI_POLICY_MANAGE},
    {"audience-add", kai_verb_audience_add, KAI_POLICY_MANAGE},
    {"audience-remove", kai_verb_audience_remove, KAI_POLICY_MANAGE},
    {"audience-list", kai_verb_audience_list, KAI_POLICY_LOOK},
    {"audience-show", kai_verb_audience_show, KAI_POLICY_LOOK},
    {"publish", kai_verb_publish, KAI_POLICY_SHARE},
    {"reshare", kai_verb_reshare, KAI_POLICY_SHARE},
    {"release-request", kai_verb_release_request, KAI_POLICY_SHARE},
    {"release-list", kai_verb_release_list, KAI_POLICY_SHARE},
    {"release-grant", kai_verb_release_grant, KAI_POLICY_SHARE},
    {"release-refuse", kai_verb_release_refuse, KAI_POLICY_SHARE},
    {"withdraw", kai_verb_withdraw, KAI_POLICY_SHARE},
    {"recall", kai_verb_recall, KAI_POLICY_SHARE},
    {"note", kai_verb_note, KAI_POLICY_SHARE},
    {"sighting", kai_verb_sighting, KAI_POLICY_SHARE},
    {"receipts", kai_verb_receipts, KAI_POLICY_SHARE},
    {"contribution-list", kai_verb_contribution_list, KAI_POLICY_SHARE},
    {"contribution-publish", kai_verb_contribution_publish, KAI_POLICY_SHARE},
    {"query", kai_verb_query, KAI_POLICY_LOOK},
    {"get", kai_verb_get, KAI_POLICY_LOOK},
    {"lookup", kai_verb_lookup, KAI_POLICY_LOOK},
    {"explain", kai_verb_explain, KAI_POLICY_LOOK},
    {"export", kai_verb_export, KAI_POLICY_LOOK},
    {"watch", kai_verb_watch, KAI_POLICY_LOOK},
    {"stream", kai_verb_stream, KAI_POLICY_LOOK},
    {"hunt-filter", kai_verb_hunt_filter, KAI_POLICY_LOOK},
    {"hunt-resolve", kai_verb_hunt_resolve, KAI_POLICY_LOOK},
    {"inventory-import", kai_verb_inventory_import, KAI_POLICY_MANAGE},
    {"inventory-list", kai_verb_inventory_list, KAI_POLICY_MANAGE},
    {"relevant", kai_verb_relevant, KAI_POLICY_SHARE},
    {"person-add", kai_verb_person_add, KAI_POLICY_MANAGE},
    {"person-list", kai_verb_person_list, KAI_POLICY_LOOK},
    {"person-revoke", kai_verb_person_revoke, KAI_POLICY_MANAGE},
    {"red-begin", kai_verb_red_begin, KAI_POLICY_SHARE},
    {"red-publish", kai_verb_red_publish, KAI_POLICY_SHARE},
    {"red-get", kai_verb_red_get, KAI_POLICY_LOOK},
    {"issuing-begin", kai_verb_issuing_begin, KAI_POLICY_MANAGE},
    {"issuing-replace", kai_verb_issuing_replace, KAI_POLICY_MANAGE},
    {"carry-pack", kai_verb_carry_pack, KAI_POLICY_MANAGE},
    {"carry-unpack", kai_verb_carry_unpack, KAI_POLICY_MANAGE},
    {"keydeath-use", kai_verb_keydeath_use, KAI_POLICY_MANAGE},
    {"reindex", kai_verb_reindex, KAI_POLICY_MANAGE},
    {"user-set", kai_verb_user_set, KAI_POLICY_MANAGE},
    {"user-list", kai_verb_user_list, KAI_POLICY_MANAGE},
    {"user-remove", kai_verb_user_remove, KAI_POLICY_MANAGE},
    {"token-add", kai_verb_token_add, KAI_POLICY_MANAGE},
    {"token-list", kai_verb_token_list, KAI_POLICY_MANAGE},
    {"token-revoke", kai_verb_token_revoke, KAI_POLICY_MANAGE},
    {"audit-show", kai_verb_audit_show, KAI_POLICY_MANAGE},
    {"audit-verify", kai_verb_audit_verify, KAI_POLICY_MANAGE},
};

static const size_t verbs_n = sizeof verbs / sizeof verbs[0];

static size_t verb_of(const char *name)
{
    size_t i = 0;

    while (i < verbs_n && strcmp(verbs[i].name, name) != 0)
        i++;
    return i;
}

enum kai_err kai_call_may(struct kai_call *call, const char *verb)
{
    size_t i = verb_of(verb);

    if (i == verbs_n)
        return kai_why_set(&call->why, KAI_ENOTFOUND, "usage.verb", verb, NULL, NULL);
    const char *code = kai_policy_role(call->who->role, verbs[i].takes);
    if (code == NULL)
        return KAI_OK;
    return kai_why_set(&call->why, KAI_EDENIED, code, verb,
                       kai_role_name(verbs[i].takes == KAI_POLICY_SHARE  ? KAI_ROLE_ANALYST
                                     : verbs[i].takes == KAI_POLICY_LOOK ? KAI_ROLE_READER
                                                                         : KAI_ROLE_ADMIN),
                       kai_role_name(call->who->role));
}

/* What an error means to whoever asked: the HTTP status, and the exit status of the verb. */
static int http_of(enum kai_err err, int *exit_status)
{
    *exit_status = 1;
    switch (err) {
    case KAI_OK:
        *exit_status = 0;
        return 200;
    case KAI_EDENIED:
        *exit_status = 3;
        return 403;
    case KAI_ENOTFOUND:
    case KAI_EAMBIGUOUS:
        return 404;
    case KAI_EMALFORMED:
        return 400;
    case KAI_ELIMIT:
        return 413;
    case KAI_EEXIST:
    case KAI_EAGAIN:
    case KAI_EBUSY:
        return 409;
    case KAI_EFULL:
        return 507;
    case KAI_EAUTH:
    case KAI_EPERM:
    case KAI_ENOMEM:
    case KAI_EIO:
    case KAI_EVERSION:
    case KAI_ECORRUPT:
        return 500;
    }
    return 500;
}

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

void kai_call_error(const struct kai_call *call, enum kai_err err, struct kai_buf *out)
{
    struct kai_jput j;
    struct kai_buf text;
    struct kai_why why = call->why;
    int exit_status;

    (void)http_of(err, &exit_status);
    if (why.code == NULL)
        (void)kai_why_set(&why, err, "node.failed", kai_err_text(err), NULL, NULL);
    if (begins(why.code, "usage.") || begins(why.code, "query."))
        exit_status = 2;
    if (begins(why.code, "item.unknown"))
        exit_status = 4;
    kai_buf_init(&text, 4096);
    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "error", why.code);
    kai_jput_text(&j, "rule", err == KAI_EDENIED ? why.code : NULL);
    kai_text_what(call->lang, &why, &text);
    kai_jput_view(&j, "what", kai_buf_view(&text));
    kai_buf_clear(&text);
    if (why.where[0] == '\0') /* What it is about is where it is. */
        kai_why_at(&why, why.line, "%s", why.arg[0]);
    kai_text_where(call->lang, NULL, &why, &text);
    kai_jput_view(&j, "where", kai_buf_view(&text));
    kai_buf_clear(&text);
    kai_text_do(call->lang, &why, &text);
    kai_jput_view(&j, "do", kai_buf_view(&text));
    kai_jput_int(&j, "exit", exit_status);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
    kai_buf_free(&text);
}

int kai_call_http(const struct kai_call *call, enum kai_err err)
{
    int exit_status;

    if (begins(call->why.code, "token.missing") || begins(call->why.code, "token.wrong"))
        return 401;
    if (begins(call->why.code, "token.too-many"))
        return 429;
    return http_of(err, &exit_status);
}

/* What is about to be shown is in the audit log first. */
enum kai_err kai_call_record(struct kai_call *call)
{
    enum kai_err err =
        kai_audit_commit(call->core, call->who, call->verb, &call->audit, &call->why);

    return KAI_CHECK(AUDIT_WRITTEN, err == KAI_OK) ? KAI_OK : err;
}

static void drop_stream(struct kai_call *call)
{
    if (call->stream.next != NULL)
        call->stream.free(call->stream.ctx);
    call->stream = (struct kai_stream){0};
}

int kai_call_run(struct kai_call *call, const char *verb)
{
    enum kai_err err;

    kai_buf_init(&call->out, KAI_CALL_OUT_BYTES_MAX);
    err = kai_call_may(call, verb);
    if (err == KAI_OK) {
        call->verb = verbs[verb_of(verb)].name;
        err = verbs[verb_of(verb)].f(call);
    }
    if (err == KAI_OK)
        err = call->out.err;
    if (err == KAI_OK)
        err = kai_call_record(call);
    if (err != KAI_OK) {
        kai_buf_clear(&call->out);
        drop_stream(call);
        call->raw = false;
        kai_call_error(call, err, &call->out);
    }
    return kai_call_http(call, err);
}

enum kai_err kai_call_next(struct kai_call *call, struct kai_buf *out, bool *end)
{
    enum kai_err err = call->stream.next(call->stream.ctx, out, end, &call->why);

    if (err == KAI_OK)
        err = out->err;
    return err == KAI_OK ? kai_call_record(call) : err;
}

void kai_call_free(struct kai_call *call)
{
    drop_stream(call);
    kai_audit_batch_free(&call->audit);
    kai_buf_free(&call->out);
    json_decref(call->args);
    call->args = NULL;
}

static enum kai_err wrong(struct kai_call *c, const char *key, enum kai_err *err)
{
    *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.argument", key, NULL, NULL);
    return *err;
}

const char *kai_arg_text(struct kai_call *c, const char *key, enum kai_err *err)
{
    const json_t *v = json_object_get(c->args, key);

    if (v == NULL || json_is_null(v))
        return NULL;
    if (!json_is_string(v))
        (void)wrong(c, key, err);
    return json_string_value(v);
}

const char *kai_arg_need(struct kai_call *c, const char *key, enum kai_err *err)
{
    const char *text = kai_arg_text(c, key, err);

    if (text == NULL && *err == KAI_OK)
        *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.missing", key, NULL, NULL);
    return text != NULL ? text : "";
}

uint64_t kai_arg_uint(struct kai_call *c, const char *key, uint64_t otherwise, enum kai_err *err)
{
    const json_t *v = json_object_get(c->args, key);

    if (v == NULL || json_is_null(v))
        return otherwise;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        (void)wrong(c, key, err);
    return (uint64_t)json_integer_value(v);
}

bool kai_arg_bool(struct kai_call *c, const char *key, enum kai_err *err)
{
    const json_t *v = json_object_get(c->args, key);

    if (v != NULL && !json_is_boolean(v) && !json_is_null(v))
        (void)wrong(c, key, err);
    return json_is_true(v);
}

const char *kai_arg_item(struct kai_call *c, const char *key, size_t i, enum kai_err *err)
{
    const json_t *list = json_object_get(c->args, key);
    const json_t *v = json_array_get(list, i);

    if (list != NULL && !json_is_array(list) && !json_is_null(list))
        (void)wrong(c, key, err);
    if (v != NULL && !json_is_string(v))
        (void)wrong(c, key, err);
    return json_string_value(v);
}

void kai_arg_until(struct kai_call *c, const char *key, uint64_t *out, enum kai_err *err)
{
    const char *text = kai_arg_text(c, key, err);
    uint64_t ms;

    if (text == NULL)
        return;
    if (kai_duration_parse(text, &ms) && ms < KAI_TIME_MAX)
        *out = kai_wall_ms() + ms;
    else if (!kai_time_parse_loose(kai_view_of(text, strlen(text)), out) || *out == 0)
        *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.time", text, NULL, NULL);
}
