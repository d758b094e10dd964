/* openapi_taxii: what the description of the API says of TAXII 2.1 (docs/taxii.md). */
#include <stdio.h>
#include <string.h>

#include "node/openapi.h"
#include "node/taxii/media.h"
#include "node/taxii/path.h"

#define PAGE (1u) /* Takes the parameters of a page. */

struct operation {
    const char *method;
    const char *id;
    const char *says;
    const char *schema; /* Of the answer. */
    unsigned how;
};

static const struct {
    const char *path; /* Below KAI_TAXII_BASE. */
    struct operation does[2];
} addresses[] = {
    {"", {{"get", "taxii-discovery", "Discovery.", "Discovery", 0}}},
    {KAI_TAXII_ROOT, {{"get", "taxii-api-root", "The API root.", "ApiRoot", 0}}},
    {KAI_TAXII_ROOT "status/{status}/",
     {{"get", "taxii-status", "What became of a POST.", "Status", 0}}},
    {KAI_TAXII_ROOT "collections/",
     {{"get", "taxii-collections", "One collection for each audience.", "Collections", 0}}},
    {KAI_TAXII_ROOT "collections/{collection}/",
     {{"get", "taxii-collection", "One collection.", "Collection", 0}}},
    {KAI_TAXII_ROOT "collections/{collection}/manifest/",
     {{"get", "taxii-manifest", "Ids and versions of objects.", "Manifest", PAGE}}},
    {KAI_TAXII_ROOT "collections/{collection}/objects/",
     {{"get", "taxii-objects", "A page of objects.", "Envelope", PAGE},
      {"post", "taxii-publish", "Publish objects; takes the role analyst.", "Status", 0}}},
    {KAI_TAXII_ROOT "collections/{collection}/objects/{object}/",
     {{"get", "taxii-object", "One object.", "Envelope", PAGE},
      {"delete", "taxii-withdraw", "Withdraw an object; takes the role analyst.", "Nothing", 0}}},
    {KAI_TAXII_ROOT "collections/{collection}/objects/{object}/versions/",
     {{"get", "taxii-versions", "The versions of an object.", "Versions", PAGE}}},
};

static const struct {
    const char *name;
    const char *says;
} schemas[] = {
    {"Discovery", "TAXII 2.1, 4.1.1."},  {"ApiRoot", "TAXII 2.1, 4.2.1."},
    {"Status", "TAXII 2.1, 4.3.1."},     {"Collections", "TAXII 2.1, 5.1.1."},
    {"Collection", "TAXII 2.1, 5.2.1."}, {"Manifest", "TAXII 2.1, 5.3.1."},
    {"Envelope", "TAXII 2.1, 3.7."},     {"Versions", "TAXII 2.1, 5.8.1."},
    {"Nothing", "An empty object."},
};

static const struct {
    const char *name;
    const char *type;
    const char *says;
} page[] = {
    {"added_after", "string", "Only what this node indexed later; a time in UTC."},
    {"limit", "integer", "At most so many objects."},
    {"next", "string", "Go on behind the page that gave it."},
    {"match[id]", "string", "Ids, with commas between them."},
    {"match[type]", "string", "Types, with commas between them."},
    {"match[version]", "string", "first, last, all, or times; last if not given."},
    {"match[spec_version]", "string", "2.1, 2.0."},
};

static const struct {
    const char *status;
    const char *says;
} failures[] = {
    {"400", "A parameter or next that is none."},
    {"401", "No token, or a wrong one."},
    {"403", "Forbidden by a rule, or by Host."},
    {"404", "Not there, or not for who asks."},
    {"405", "The address does not take this method."},
    {"406", "Accept does not take TAXII 2.1."},
    {"413", "Too many objects or bytes."},
    {"415", "Content-Type of what is posted."},
    {"422", "No envelope."},
    {"429", "Too many wrong tokens; a right one is always let in."},
    {"500", "Something failed at the node."},
    {"503", "To find what is named would take too long."},
    {"507", "No space is left on the disk."},
};

static void put_schema_of(struct kai_jput *j, const char *type)
{
    kai_jput_object(j, "schema");
    kai_jput_text(j, "type", type);
    kai_jput_end(j);
}

/* The names between braces. */
static void put_path_parameters(struct kai_jput *j, const char *path)
{
    const char *at = path;

    kai_jput_array(j, "parameters");
    while ((at = strchr(at, '{')) != NULL) {
        size_t n = strcspn(++at, "}");

        kai_jput_object(j, NULL);
        kai_jput_view(j, "name", kai_view_of(at, n));
        kai_jput_text(j, "in", "path");
        kai_jput_bool(j, "required", true);
        put_schema_of(j, "string");
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_content(struct kai_jput *j, const char *schema)
{
    char ref[64];

    (void)snprintf(ref, sizeof ref, "schemas/Taxii%s", schema);
    kai_jput_object(j, "content");
    kai_jput_object(j, KAI_TAXII_MEDIA);
    kai_openapi_ref(j, "schema", ref);
    kai_jput_end(j);
    kai_jput_end(j);
}

static void put_responses(struct kai_jput *j, const struct operation *o)
{
    kai_jput_object(j, "responses");
    kai_jput_object(j, strcmp(o->method, "post") == 0 ? "202" : "200");
    kai_jput_text(j, "description", "The answer.");
    put_content(j, o->schema);
    kai_jput_end(j);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        kai_jput_object(j, failures[i].status);
        kai_jput_text(j, "description", failures[i].says);
        put_content(j, "Error");
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_page_parameters(struct kai_jput *j)
{
    kai_jput_array(j, "parameters");
    for (size_t i = 0; i < sizeof page / sizeof page[0]; i++) {
        kai_jput_object(j, NULL);
        kai_jput_text(j, "name", page[i].name);
        kai_jput_text(j, "in", "query");
        kai_jput_text(j, "description", page[i].says);
        put_schema_of(j, page[i].type);
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_operation(struct kai_jput *j, const struct operation *o)
{
    static const char *const schemes[] = {"token", "password"};

    kai_jput_object(j, o->method);
    kai_jput_text(j, "operationId", o->id);
    kai_jput_text(j, "summary", o->says);
    kai_jput_array(j, "security");
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        kai_jput_object(j, NULL);
        kai_jput_array(j, schemes[i]);
        kai_jput_end(j);
        kai_jput_end(j);
    }
    kai_jput_end(j);
    if (o->how == PAGE)
        put_page_parameters(j);
    if (strcmp(o->method, "post") == 0) {
        kai_jput_object(j, "requestBody");
        kai_jput_bool(j, "required", true);
        put_content(j, "Envelope");
        kai_jput_end(j);
    }
    put_responses(j, o);
    kai_jput_end(j);
}

void kai_openapi_taxii(struct kai_jput *j)
{
    char path[128];

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", KAI_TAXII_BASE, addresses[i].path);
        kai_jput_object(j, path);
        put_path_parameters(j, path);
        for (size_t k = 0; k < 2 && addresses[i].does[k].method != NULL; k++)
            put_operation(j, &addresses[i].does[k]);
        kai_jput_end(j);
    }
}

void kai_openapi_taxii_schemas(struct kai_jput *j)
{
    static const char *const keys[] = {"title", "description", "error_code", "http_status"};
    char name[32];

    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        (void)snprintf(name, sizeof name, "Taxii%s", schemas[i].name);
        kai_jput_object(j, name);
        kai_jput_text(j, "type", "object");
        kai_jput_text(j, "description", schemas[i].says);
        kai_jput_end(j);
    }
    kai_jput_object(j, "TaxiiError");
    kai_jput_text(j, "type", "object");
    kai_jput_object(j, "properties");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        kai_jput_object(j, keys[i]);
        kai_jput_text(j, "type", "string");
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_jput_end(j);
}
