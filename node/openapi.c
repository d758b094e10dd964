/* openapi: describes the local API, as OpenAPI 3.1. */
#include "node/openapi.h"

#include <stdio.h>
#include <string.h>

#include "node/call_table.h"

#ifndef KAIRAN_VERSION
#error "KAIRAN_VERSION comes from the build"
#endif

#define LINES "application/x-ndjson"

static const char about[] =
    "Kairan's local API: HTTP on a Unix socket and, where it is asked for, on a port of loopback. "
    "An answer is lines, one JSON object each; keys may be added, never renamed. What an argument "
    "and a key mean, what a label lets its reader do and what goes into the audit log: docs/api.md "
    "and docs/access-rules.md. At the socket the machine says who asks, and no token is needed.";

/* Every call has the same ones. */
static const struct {
    const char *status;
    const char *name;
    const char *says;
} failures[] = {
    {"400", "Malformed", "Malformed: an argument, the expression, the file."},
    {"401", "NoToken", "No token, or one that is wrong, revoked or expired."},
    {"403", "Forbidden",
     "Forbidden by a rule, which `rule` names; or a Host that is none of ours."},
    {"404", "NotFound", "Not found, or ambiguous; or above the clearance of who asks."},
    {"409", "Later", "It exists already, or the node is busy or does not run: later."},
    {"413", "TooMuch", "Over a limit."},
    {"429", "TooMany", "Too many wrong tokens; a right one is always let in."},
    {"500", "Failed", "Something failed at the node."},
    {"507", "NoSpace", "No space is left on the disk."},
};

void kai_openapi_ref(struct kai_jput *j, const char *key, const char *what)
{
    char ref[96];

    (void)snprintf(ref, sizeof ref, "#/components/%s", what);
    kai_jput_object(j, key);
    kai_jput_text(j, "$ref", ref);
    kai_jput_end(j);
}

/* {TYPE: {"schema": {"$ref": ...}}} */
static void put_content(struct kai_jput *j, const char *type, const char *schema)
{
    kai_jput_object(j, type);
    kai_openapi_ref(j, "schema", schema);
    kai_jput_end(j);
}

/* ---- Calls. */
static void put_argument(struct kai_jput *j, const struct kai_call_arg *arg)
{
    static const char *const types[] = {
        [KAI_ARG_TEXT] = "string", [KAI_ARG_UINT] = "integer", [KAI_ARG_BOOL] = "boolean",
        [KAI_ARG_TEXTS] = "array", [KAI_ARG_LIST] = "array",
    };

    kai_jput_object(j, arg->name);
    kai_jput_array(j, "type"); /* null is as if it were not given. */
    kai_jput_text(j, NULL, types[arg->type]);
    kai_jput_text(j, NULL, "null");
    kai_jput_end(j);
    kai_jput_text(j, "description", arg->says);
    if (arg->type == KAI_ARG_UINT)
        kai_jput_uint(j, "minimum", 0);
    if (arg->type == KAI_ARG_TEXTS) {
        kai_jput_object(j, "items");
        kai_jput_text(j, "type", "string");
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_arguments(struct kai_jput *j, const struct kai_call_verb *v)
{
    const struct kai_call_arg *arg;
    bool needed;
    bool any = false;

    kai_jput_object(j, "schema");
    kai_jput_text(j, "type", "object");
    kai_jput_object(j, "properties");
    for (size_t at = 0; kai_call_arg_next(v, &at, &arg, &needed); any = any || needed)
        put_argument(j, arg);
    kai_jput_end(j);
    if (any) {
        kai_jput_array(j, "required");
        for (size_t at = 0; kai_call_arg_next(v, &at, &arg, &needed);)
            if (needed)
                kai_jput_text(j, NULL, arg->name);
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_json_arguments(struct kai_jput *j, const struct kai_call_verb *v)
{
    kai_jput_object(j, "content");
    kai_jput_object(j, "application/json");
    put_arguments(j, v);
    kai_jput_end(j);
    kai_jput_end(j);
}

/* What is asked: arguments in the body, or beside a file that is it. */
static void put_request(struct kai_jput *j, const struct kai_call_verb *v)
{
    bool file = (v->how & KAI_CALL_FILE) != 0;

    kai_jput_array(j, "parameters");
    if (file) {
        kai_jput_object(j, NULL);
        kai_jput_text(j, "name", "args");
        kai_jput_text(j, "in", "query");
        kai_jput_text(j, "description", "The arguments, percent-encoded.");
        put_json_arguments(j, v);
        kai_jput_end(j);
    }
    kai_openapi_ref(j, NULL, "parameters/AcceptLanguage");
    kai_jput_end(j);
    kai_jput_object(j, "requestBody");
    if (file) {
        kai_jput_object(j, "content");
        kai_jput_object(j, "application/octet-stream");
        kai_jput_end(j);
        kai_jput_end(j);
        kai_jput_text(j, "description", "The file.");
    } else {
        put_json_arguments(j, v);
    }
    kai_jput_end(j);
}

static void put_responses(struct kai_jput *j, const char *type, const char *schema, bool bytes)
{
    char ref[64];

    kai_jput_object(j, "responses");
    kai_jput_object(j, "200");
    kai_jput_text(j, "description", "The answer.");
    if (strcmp(type, LINES) == 0) {
        kai_jput_object(j, "headers");
        kai_openapi_ref(j, "Kairan-Exit", "headers/KairanExit");
        kai_jput_end(j);
    }
    kai_jput_object(j, "content");
    put_content(j, type, schema);
    if (bytes) {
        kai_jput_object(j, "application/octet-stream");
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_jput_end(j);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        (void)snprintf(ref, sizeof ref, "responses/%s", failures[i].name);
        kai_openapi_ref(j, failures[i].status, ref);
    }
    kai_jput_end(j);
}

static void put_verb(struct kai_jput *j, const struct kai_call_verb *v)
{
    char path[64];
    char text[128];

    (void)snprintf(path, sizeof path, "/v1/%s", v->name);
    kai_jput_object(j, path);
    kai_jput_object(j, "post");
    kai_jput_text(j, "operationId", v->name);
    kai_jput_text(j, "summary", v->says);
    (void)snprintf(text, sizeof text, "Takes the role %s.%s", kai_role_name(kai_call_role(v)),
                   (v->how & KAI_CALL_LIVES) != 0 ? " The answer need not end." : "");
    kai_jput_text(j, "description", text);
    kai_jput_text(j, "x-kairan-role", kai_role_name(kai_call_role(v)));
    put_request(j, v);
    put_responses(j, LINES, "schemas/Line", (v->how & KAI_CALL_BYTES) != 0);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_itself(struct kai_jput *j)
{
    kai_jput_object(j, KAI_OPENAPI_PATH);
    kai_jput_object(j, "get");
    kai_jput_text(j, "operationId", "openapi");
    kai_jput_text(j, "summary", "This description.");
    kai_jput_array(j, "parameters");
    kai_openapi_ref(j, NULL, "parameters/AcceptLanguage");
    kai_jput_end(j);
    put_responses(j, "application/json", "schemas/Document", false);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_paths(struct kai_jput *j)
{
    size_t n;
    const struct kai_call_verb *verbs = kai_call_verbs(&n);

    kai_jput_object(j, "paths");
    put_itself(j);
    for (size_t i = 0; i < n; i++)
        put_verb(j, &verbs[i]);
    kai_openapi_taxii(j);
    kai_jput_end(j);
}

/* ---- What they refer to. */
static void put_property(struct kai_jput *j, const char *name, const char *type, bool or_null,
                         const char *says)
{
    kai_jput_object(j, name);
    if (or_null) {
        kai_jput_array(j, "type");
        kai_jput_text(j, NULL, type);
        kai_jput_text(j, NULL, "null");
        kai_jput_end(j);
    } else {
        kai_jput_text(j, "type", type);
    }
    kai_jput_text(j, "description", says);
    kai_jput_end(j);
}

static void put_error(struct kai_jput *j)
{
    static const char *const keys[] = {"error", "rule", "what", "where", "do", "exit"};

    kai_jput_object(j, "Error");
    kai_jput_text(j, "type", "object");
    kai_jput_object(j, "properties");
    put_property(j, "error", "string", false, "A stable code, such as audience.unknown.");
    put_property(j, "rule", "string", true, "The same code where an access rule forbade it.");
    put_property(j, "what", "string", false, "What is wrong, a sentence.");
    put_property(j, "where", "string", false, "In which file, line, path.");
    put_property(j, "do", "string", false, "What to do about it.");
    put_property(j, "exit", "integer", false,
                 "1 failed, 2 wrong usage, 3 forbidden by a rule, 4 nothing matched.");
    kai_jput_end(j);
    kai_jput_array(j, "required");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        kai_jput_text(j, NULL, keys[i]);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_object_schema(struct kai_jput *j, const char *name, const char *says)
{
    kai_jput_object(j, name);
    kai_jput_text(j, "type", "object");
    kai_jput_text(j, "description", says);
    kai_jput_end(j);
}

static void put_schemas(struct kai_jput *j)
{
    kai_jput_object(j, "schemas");
    put_object_schema(j, "Line",
                      "Each line is one such object; an empty line means nothing. An answer that "
                      "fails on its way ends with an Error.");
    put_object_schema(j, "Document", "OpenAPI 3.1.");
    put_error(j);
    kai_openapi_taxii_schemas(j);
    kai_jput_end(j);
}

static void put_shared(struct kai_jput *j)
{
    kai_jput_object(j, "responses");
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        kai_jput_object(j, failures[i].name);
        kai_jput_text(j, "description", failures[i].says);
        kai_jput_object(j, "content");
        put_content(j, LINES, "schemas/Error");
        kai_jput_end(j);
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_jput_object(j, "headers");
    kai_jput_object(j, "KairanExit");
    kai_jput_text(j, "description", "The status with which the command ends after this answer.");
    kai_jput_object(j, "schema");
    kai_jput_text(j, "type", "integer");
    kai_jput_end(j);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_language(struct kai_jput *j)
{
    kai_jput_object(j, "parameters");
    kai_jput_object(j, "AcceptLanguage");
    kai_jput_text(j, "name", "Accept-Language");
    kai_jput_text(j, "in", "header");
    kai_jput_text(j, "description", "ja: sentences in Japanese; else in English.");
    kai_jput_object(j, "schema");
    kai_jput_text(j, "type", "string");
    kai_jput_end(j);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_scheme(struct kai_jput *j, const char *name, const char *scheme, const char *says)
{
    kai_jput_object(j, name);
    kai_jput_text(j, "type", "http");
    kai_jput_text(j, "scheme", scheme);
    kai_jput_text(j, "description", says);
    kai_jput_end(j);
}

static void put_components(struct kai_jput *j)
{
    kai_jput_object(j, "components");
    put_schemas(j);
    put_shared(j);
    put_language(j);
    kai_jput_object(j, "securitySchemes");
    put_scheme(j, "token", "bearer", "What `kairan token add` printed.");
    put_scheme(j, "password", "basic", "Under /taxii2/ alone: the token is the password.");
    kai_jput_end(j);
    kai_jput_end(j);
}

enum kai_err kai_openapi(struct kai_buf *out)
{
    struct kai_jput j;

    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "openapi", "3.1.0");
    kai_jput_object(&j, "info");
    kai_jput_text(&j, "title", "Kairan");
    kai_jput_text(&j, "version", KAIRAN_VERSION);
    kai_jput_text(&j, "description", about);
    kai_jput_end(&j);
    kai_jput_array(&j, "security");
    kai_jput_object(&j, NULL);
    kai_jput_array(&j, "token");
    kai_jput_end(&j);
    kai_jput_end(&j);
    kai_jput_end(&j);
    put_paths(&j);
    put_components(&j);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}
