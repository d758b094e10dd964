/* call: one request to a node. */
#include "node/call.h"

#include <string.h>

#include "base/check.h"
#include "node/call_table.h"
#include "node/wrote.h"

enum kai_err kai_call_may(struct kai_call *call, const char *verb)
{
    const struct kai_call_verb *v = kai_call_verb(verb);

    if (v == NULL)
        return kai_why_set(&call->why, KAI_ENOTFOUND, "usage.verb", verb, NULL, NULL);
    const char *code = kai_policy_role(call->who->role, v->takes);
    if (code == NULL)
        return KAI_OK;
    return kai_why_set(&call->why, KAI_EDENIED, code, verb, kai_role_name(kai_call_role(v)),
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
        call->row = kai_call_verb(verb);
        call->verb = call->row->name;
        bool finds = (call->row->how & KAI_CALL_FINDS) != 0;

        if (finds)
            err = kai_wrote_wait(call->core, call->who);
        if (err == KAI_OK)
            err = call->row->f(call);
        if (!finds && call->row->takes != KAI_POLICY_LOOK) /* Also where it failed in part. */
            kai_wrote(call->core, call->who);
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
