/* stix_values: the values that one object tells of.
 *
 * What a cyber-observable object holds was seen, which makes it worth finding; that it is bad only
 * an indicator says. So values of observables are partial, whatever they are. */
#include <string.h>

#include "item/pattern_path.h"
#include "item/stix_json.h"

struct sink {
    kai_atom_fn *f;
    void *ctx;
    bool stopped;
    bool defanged; /* The object says that its values are. */
    enum kai_err err;
};

static void give(struct sink *s, enum kai_vtype type, struct kai_view text, enum kai_atom strength)
{
    char norm[KAI_VALUE_BYTES_MAX];
    struct kai_buf plain;
    size_t n;

    kai_buf_init(&plain, 2 * KAI_VALUE_BYTES_MAX);
    if (s->defanged && text.n <= 2 * KAI_VALUE_BYTES_MAX) {
        s->err = kai_refang(text, &plain);
        text = kai_buf_view(&plain);
    }
    if (s->err == KAI_OK && !s->stopped && kai_value_settle(&type, text, norm, sizeof norm, &n))
        s->stopped = !s->f(s->ctx, type, kai_view_of(norm, n), strength);
    kai_buf_free(&plain);
}

/* The value at a path such as "file:name", when the path is one that is indexed. */
static void give_at(struct sink *s, const char *object, const char *property, const json_t *v)
{
    struct kai_path path = {.n = 0};
    enum kai_vtype type;

    kai_path_add(&path, object, strlen(object));
    kai_path_add(&path, ":", 1);
    kai_path_add(&path, property, strlen(property));
    if (json_is_string(v) && kai_path_lookup(&path, &type) == KAI_PATH_USE_VALUE)
        give(s, type, kai_json_view(v), KAI_ATOM_PARTIAL);
}

static void give_asn(struct sink *s, const json_t *v)
{
    json_int_t left = json_integer_value(v);
    char text[24];
    size_t at = sizeof text;

    if (!json_is_integer(v) || left < 0)
        return;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    give(s, KAI_V_ASN, kai_view_of(text + at, sizeof text - at), KAI_ATOM_PARTIAL);
}

static void give_hashes(struct sink *s, json_t *hashes)
{
    const char *key;
    json_t *v;

    json_object_foreach(hashes, key, v)
    {
        if (json_is_string(v))
            give(s, kai_hash_type(kai_view_of(key, strlen(key))), kai_json_view(v),
                 KAI_ATOM_PARTIAL);
    }
}

static void give_registry_values(struct sink *s, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach(values, i, v)
    {
        give_at(s, "windows-registry-key", "values.name", json_object_get(v, "name"));
        give_at(s, "windows-registry-key", "values.data", json_object_get(v, "data"));
    }
}

static void give_http(struct sink *s, const json_t *extensions)
{
    const json_t *http = json_object_get(extensions, "http-request-ext");
    const json_t *header = json_object_get(http, "request_header");

    give_at(s, "network-traffic", "extensions.http-request-ext.request_header.user-agent",
            json_object_get(header, "User-Agent"));
    give_at(s, "network-traffic", "extensions.http-request-ext.request_value",
            json_object_get(http, "request_value"));
}

static void observable(struct sink *s, const char *type, json_t *o)
{
    const char *key;
    json_t *v;

    s->defanged = json_is_true(json_object_get(o, "defanged"));
    json_object_foreach(o, key, v)
    {
        if (json_is_string(v))
            give_at(s, type, key, v);
    }
    if (strcmp(type, "file") == 0 || strcmp(type, "artifact") == 0 ||
        strcmp(type, "x509-certificate") == 0)
        give_hashes(s, json_object_get(o, "hashes"));
    else if (strcmp(type, "autonomous-system") == 0)
        give_asn(s, json_object_get(o, "number"));
    else if (strcmp(type, "windows-registry-key") == 0)
        give_registry_values(s, json_object_get(o, "values"));
    else if (strcmp(type, "network-traffic") == 0)
        give_http(s, json_object_get(o, "extensions"));
}

static void vulnerability(struct sink *s, const json_t *o)
{
    size_t i;
    json_t *ref;
    const json_t *name = json_object_get(o, "name");

    if (json_is_string(name))
        give(s, KAI_V_CVE, kai_json_view(name), KAI_ATOM_STRONG);
    json_array_foreach(json_object_get(o, "external_references"), i, ref)
    {
        const json_t *source = json_object_get(ref, "source_name");
        const json_t *id = json_object_get(ref, "external_id");

        if (json_is_string(source) && json_is_string(id) &&
            strcmp(json_string_value(source), "cve") == 0)
            give(s, KAI_V_CVE, kai_json_view(id), KAI_ATOM_STRONG);
    }
}

static enum kai_err indicator(const json_t *o, kai_atom_fn *f, void *ctx)
{
    const json_t *type = json_object_get(o, "pattern_type");
    const json_t *pattern = json_object_get(o, "pattern");

    if (!json_is_string(type) || !json_is_string(pattern) ||
        strcmp(json_string_value(type), "stix") != 0)
        return KAI_OK;
    return kai_pattern_atoms(kai_json_view(pattern), f, ctx);
}

static enum kai_err values(json_t *o, kai_atom_fn *f, void *ctx)
{
    struct sink s = {.f = f, .ctx = ctx, .err = KAI_OK};
    const char *type = json_string_value(json_object_get(o, "type"));

    if (type == NULL)
        s.err = KAI_EMALFORMED;
    else if (strcmp(type, "indicator") == 0)
        s.err = indicator(o, f, ctx);
    else if (strcmp(type, "vulnerability") == 0)
        vulnerability(&s, o);
    else
        observable(&s, type, o);
    return s.err;
}

enum kai_err kai_stix_kept_values(const struct kai_stix_kept *k, kai_atom_fn *f, void *ctx)
{
    return values(k->o, f, ctx);
}

enum kai_err kai_stix_values(struct kai_view object, kai_atom_fn *f, void *ctx)
{
    json_t *o;
    enum kai_err err = kai_json_load(object, &o, NULL);

    if (err != KAI_OK)
        return err;
    err = values(o, f, ctx);
    json_decref(o);
    return err;
}
