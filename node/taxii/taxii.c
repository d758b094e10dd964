/* taxii: the TAXII 2.1 server: answers one request. */
#include "node/taxii/taxii.h"

#include <string.h>

#include "node/taxii/media.h"
#include "node/taxii/parts.h"

enum method { GET, POST, DELETE, OTHER };

static enum method method_of(const char *name)
{
    if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0)
        return GET;
    return strcmp(name, "POST") == 0 ? POST : strcmp(name, "DELETE") == 0 ? DELETE : OTHER;
}

const char *kai_taxii_verb(const char *method)
{
    enum method m = method_of(method);

    return m == POST ? "publish" : m == DELETE ? "withdraw" : "query";
}

/* ---- Errors. */
static int status_of(const struct kai_call *call, enum kai_err err)
{
    static const struct {
        const char *code;
        int status;
    } own[] = {
        {"taxii.accept", 406},       {"taxii.method", 405},  {"taxii.body", 422},
        {"taxii.content-type", 415}, {"taxii.objects", 413}, {"taxii.body-size", 413},
        {"taxii.work", 503},
    };

    for (size_t i = 0; call->why.code != NULL && i < sizeof own / sizeof own[0]; i++)
        if (strcmp(call->why.code, own[i].code) == 0)
            return own[i].status;
    return kai_call_http(call, err);
}

void kai_taxii_fail(struct kai_call *call, enum kai_err err, struct kai_taxii_reply *reply)
{
    struct kai_buf what;
    struct kai_buf action;
    struct kai_jput j;

    if (call->why.code == NULL)
        (void)kai_why_set(&call->why, err, "node.failed", kai_err_text(err), NULL, NULL);
    reply->status = status_of(call, err);
    reply->first[0] = reply->last[0] = '\0';
    kai_buf_init(&what, 4096);
    kai_buf_init(&action, 4096);
    kai_text_what(call->lang, &call->why, &what);
    kai_text_do(call->lang, &call->why, &action);
    kai_buf_clear(&call->out);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_view(&j, "title", kai_buf_view(&what));
    kai_jput_view(&j, "description", kai_buf_view(&action));
    kai_jput_text(&j, "error_code", call->why.code);
    char status[12];
    (void)snprintf(status, sizeof status, "%d", reply->status);
    kai_jput_text(&j, "http_status", status);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
    kai_buf_free(&what);
    kai_buf_free(&action);
}

/* ---- Requests. */
static enum kai_err refused(struct kai_call *call, enum kai_err err, const char *code,
                            const char *arg)
{
    return kai_why_set(&call->why, err, code, arg, NULL, NULL);
}

static const char *methods_of(enum kai_taxii_what what)
{
    return what == KAI_TAXII_OBJECTS  ? "GET, HEAD, POST"
           : what == KAI_TAXII_OBJECT ? "GET, HEAD, DELETE"
                                      : "GET, HEAD";
}

static enum kai_err get(struct kai_call *call, const struct kai_taxii_path *p,
                        const struct kai_taxii_request *q, struct kai_taxii_reply *reply)
{
    switch (p->what) {
    case KAI_TAXII_NOTHING:
        break;
    case KAI_TAXII_DISCOVERY:
        return kai_taxii_discovery(call, q);
    case KAI_TAXII_API_ROOT:
        return kai_taxii_api_root(call);
    case KAI_TAXII_STATUS:
        return kai_taxii_status_show(call, p->uuid);
    case KAI_TAXII_COLLECTIONS:
        return kai_taxii_list(call);
    case KAI_TAXII_COLLECTION:
        return kai_taxii_show(call, p);
    case KAI_TAXII_OBJECTS:
    case KAI_TAXII_OBJECT:
    case KAI_TAXII_VERSIONS:
    case KAI_TAXII_MANIFEST:
        return kai_taxii_page(call, p, q, reply);
    }
    return refused(call, KAI_ENOTFOUND, "taxii.missing", NULL);
}

static enum kai_err post(struct kai_call *call, const struct kai_taxii_path *p,
                         const struct kai_taxii_request *q, struct kai_taxii_reply *reply)
{
    if (!kai_taxii_postable(q->content_type))
        return refused(call, KAI_EMALFORMED, "taxii.content-type",
                       q->content_type != NULL ? q->content_type : "");
    reply->status = 202;
    return kai_taxii_post(call, p, q);
}

static enum kai_err run(struct kai_call *call, const struct kai_taxii_request *q,
                        struct kai_taxii_reply *reply)
{
    enum method m = method_of(q->method);
    struct kai_taxii_path p;

    if (!kai_taxii_path(&p, q->url) || p.what == KAI_TAXII_NOTHING)
        return refused(call, KAI_ENOTFOUND, "taxii.missing", NULL);
    if (m == OTHER || (m == POST && p.what != KAI_TAXII_OBJECTS) ||
        (m == DELETE && p.what != KAI_TAXII_OBJECT)) {
        reply->allow = methods_of(p.what);
        return refused(call, KAI_EMALFORMED, "taxii.method", q->method);
    }
    if (!kai_taxii_accepted(q->accept))
        return refused(call, KAI_EMALFORMED, "taxii.accept", q->accept);
    if (q->n_params > KAI_TAXII_PARAMS_MAX)
        return kai_why_set(&call->why, KAI_EMALFORMED, "taxii.param", "", "", NULL);
    if (m == POST)
        return post(call, &p, q, reply);
    return m == DELETE ? kai_taxii_remove(call, &p, q) : get(call, &p, q, reply);
}

void kai_taxii_run(struct kai_call *call, const struct kai_taxii_request *q,
                   struct kai_taxii_reply *reply)
{
    *reply = (struct kai_taxii_reply){.status = 200};
    call->verb = "taxii";
    kai_buf_init(&call->out, KAI_CALL_OUT_BYTES_MAX);
    enum kai_err err = run(call, q, reply);
    if (err == KAI_OK)
        err = call->out.err;
    /* A refusal may tell that something is there as well. */
    enum kai_err kept = err == KAI_OK || call->audit.n > 0 ? kai_call_record(call) : KAI_OK;
    if (kept != KAI_OK)
        err = kept;
    if (err != KAI_OK)
        kai_taxii_fail(call, err, reply);
}
