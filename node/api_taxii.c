/* api_taxii: TAXII 2.1 at the doors of the local API. */
#include "node/api_taxii.h"

#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/check.h"
#include "node/taxii/media.h"

#define CREDENTIALS_BYTES_MAX 1024u /* A name, which is not looked at, and a token. */

bool kai_api_taxii_is(const char *url)
{
    struct kai_taxii_path p;

    return kai_taxii_path(&p, url);
}

bool kai_api_taxii_host(const char *host, const struct kai_config *cfg)
{
    const char *at = strstr(cfg->taxii_url, "://");
    size_t n = at == NULL ? 0 : strcspn(at + 3, "/");

    return KAI_CHECK(API_HOST, host != NULL && n > 0 && strlen(host) == n &&
                                   strncasecmp(at + 3, host, n) == 0);
}

/* libmicrohttpd reads it as well, but only where the scheme is written "Basic". */
enum kai_err kai_api_taxii_who(struct kai_who *out, struct kai_core *c, struct MHD_Connection *conn,
                               struct kai_why *why)
{
    static const char scheme[] = "Basic ";
    const char *v =
        MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    char text[CREDENTIALS_BYTES_MAX + 1];
    const char *password = NULL;
    size_t n = 0;

    if (v != NULL && strncasecmp(v, scheme, sizeof scheme - 1) == 0) {
        v += sizeof scheme - 1;
        if (sodium_base642bin((uint8_t *)text, sizeof text - 1, v, strlen(v), " ", &n, NULL,
                              sodium_base64_VARIANT_ORIGINAL) == 0) {
            text[n] = '\0';
            password = strchr(text, ':');
        }
    }
    enum kai_err err = kai_who_of_token(out, c, password != NULL ? password + 1 : NULL, why);
    sodium_memzero(text, sizeof text);
    return err;
}

static enum MHD_Result take_param(void *cls, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct kai_taxii_request *q = cls;

    (void)kind;
    if (q->n_params < KAI_TAXII_PARAMS_MAX) {
        q->params[q->n_params].key = key;
        q->params[q->n_params].value = value;
    }
    q->n_params++;
    return q->n_params <= KAI_TAXII_PARAMS_MAX ? MHD_YES : MHD_NO;
}

static const char *header(struct MHD_Connection *conn, const char *name)
{
    return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

static struct MHD_Response *respond(const struct kai_call *call,
                                    const struct kai_taxii_reply *reply)
{
    struct MHD_Response *resp =
        MHD_create_response_from_buffer(call->out.len, call->out.p, MHD_RESPMEM_MUST_COPY);

    if (resp == NULL)
        return NULL;
    (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE, KAI_TAXII_MEDIA);
    (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (reply->first[0] != '\0') {
        (void)MHD_add_response_header(resp, "X-TAXII-Date-Added-First", reply->first);
        (void)MHD_add_response_header(resp, "X-TAXII-Date-Added-Last", reply->last);
    }
    if (reply->allow != NULL)
        (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Basic realm=\"Kairan\", charset=\"UTF-8\"");
    return resp;
}

enum MHD_Result kai_api_taxii(struct kai_call *call, enum kai_err err, struct MHD_Connection *conn,
                              const char *url, const char *method)
{
    struct kai_taxii_request q = {.method = method,
                                  .url = url,
                                  .host = header(conn, MHD_HTTP_HEADER_HOST),
                                  .accept = header(conn, MHD_HTTP_HEADER_ACCEPT),
                                  .content_type = header(conn, MHD_HTTP_HEADER_CONTENT_TYPE),
                                  .body = call->body};
    struct kai_taxii_reply reply = {.status = 500};

    if (err == KAI_OK) {
        (void)MHD_get_connection_values(conn, MHD_GET_ARGUMENT_KIND, take_param, &q);
        kai_taxii_run(call, &q, &reply);
    } else {
        kai_buf_init(&call->out, KAI_CALL_OUT_BYTES_MAX);
        kai_taxii_fail(call, err, &reply);
    }
    struct MHD_Response *resp = respond(call, &reply);
    if (resp == NULL)
        return MHD_NO;
    enum MHD_Result ok = MHD_queue_response(conn, (unsigned)reply.status, resp);
    MHD_destroy_response(resp);
    return ok;
}
