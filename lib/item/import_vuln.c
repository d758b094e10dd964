/* import_vuln: vulnerabilities: the KEV catalogue of CISA, and CSAF 2.0 advisories. */
#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "item/made.h"

#define PATH_CAP 64u

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

static enum kai_err refuse(struct importer *im, const char *code, const char *arg, const char *path)
{
    struct kai_why why = {.code = NULL};

    (void)kai_why_set(&why, KAI_EMALFORMED, code, arg, NULL, NULL);
    return kai_importer_refuse(im, &why, path, "");
}

/* A property that is copied where it is there and says something. */
static bool copy(json_t *to, const char *as, const json_t *from, const char *key)
{
    json_t *v = json_object_get(from, key);

    if (v == NULL || (json_is_string(v) && json_string_length(v) == 0) ||
        (json_is_array(v) && json_array_size(v) == 0))
        return true;
    return json_object_set(to, as, v) == 0;
}

static bool is_cve(const char *text, char out[static 32])
{
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;

    if (kai_value_norm(KAI_V_CVE, kai_view_of(text, strlen(text)), norm, sizeof norm, &n, NULL) !=
            KAI_OK ||
        n >= 32)
        return false;
    memcpy(out, norm, n);
    out[n] = '\0';
    return true;
}

/* What a thing is called, and hex of the hash of what else makes it that thing. */
static enum kai_err put_hash(char out[static KAI_HEX_CAP(KAI_ID_BYTES)], const json_t *v)
{
    uint8_t hash[KAI_ID_BYTES];
    struct kai_buf text;

    kai_buf_init(&text, KAI_MADE_JSON_BYTES_MAX);
    enum kai_err err = kai_json_dump(&text, v);
    if (err == KAI_OK) {
        kai_hash(hash, KAI_D_ITEM, text.p, text.len);
        (void)kai_hex(out, hash, sizeof hash);
    }
    kai_buf_free(&text);
    return err;
}

/* ---- KEV. The catalogue has no versions of its entries and an edition a day: an entry whose text
 * changed is another object, and one that did not is the same in each edition. */
static bool fill_kev(json_t *o, const json_t *e, const char *cve)
{
    const char *name = text_of(e, "vulnerabilityName");
    const char *text = text_of(e, "shortDescription");

    return json_object_set_new(o, "name", json_string(cve)) == 0 &&
           json_object_set_new(o, "description",
                               json_sprintf("%s%s%s", name,
                                            name[0] != '\0' && text[0] != '\0' ? ": " : "",
                                            text)) == 0 &&
           json_object_set_new(
               o, "external_references",
               json_pack("[{s:s, s:s}]", "source_name", "cve", "external_id", cve)) == 0 &&
           copy(o, "x_kev_vendor", e, "vendorProject") && copy(o, "x_kev_product", e, "product") &&
           copy(o, "x_kev_date_added", e, "dateAdded") &&
           copy(o, "x_kev_required_action", e, "requiredAction") &&
           copy(o, "x_kev_due_date", e, "dueDate") &&
           copy(o, "x_kev_ransomware", e, "knownRansomwareCampaignUse") &&
           copy(o, "x_kev_notes", e, "notes") && copy(o, "x_kev_cwes", e, "cwes");
}

static enum kai_err take_kev(struct kai_made *m, const json_t *e, const char *path)
{
    char id[KAI_STIX_ID_CAP];
    char hash[KAI_HEX_CAP(KAI_ID_BYTES)];
    char day[40];
    char cve[32];
    struct kai_label none = {.tlp = 0};
    int64_t ms;
    bool ok;

    if (!is_cve(text_of(e, "cveID"), cve))
        return refuse(m->im, "vuln.field", "cveID", path);
    (void)snprintf(day, sizeof day, "%.10sT00:00:00Z", text_of(e, "dateAdded"));
    if (!kai_stix_time(kai_view_of(day, strlen(day)), &ms) || ms <= 0)
        return refuse(m->im, "vuln.field", "dateAdded", path);
    enum kai_err err = put_hash(hash, e);
    if (err != KAI_OK)
        return err;
    (void)kai_made_id(id, "vulnerability", "kev", hash);
    json_t *o = kai_made_object("vulnerability", id, (uint64_t)ms, (uint64_t)ms);
    if (o == NULL || !fill_kev(o, e, cve)) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    return kai_made_give(m, o, none, path, 0, &ok);
}

static enum kai_err take_catalogue(struct kai_made *m, const json_t *o)
{
    const json_t *list = json_object_get(o, "vulnerabilities");
    enum kai_err err = KAI_OK;
    char path[PATH_CAP];
    const json_t *e;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return refuse(m->im, "vuln.field", "vulnerabilities", "");
    json_array_foreach(list, i, e)
    {
        (void)snprintf(path, sizeof path, "vulnerabilities[%zu]", i);
        if (err == KAI_OK)
            err = take_kev(m, e, path);
    }
    return err;
}

/* ---- CSAF. */
struct advisory {
    struct kai_made *m;
    const json_t *document;
    const char *tracking_id;
    const char *publisher; /* Its namespace. */
    struct kai_label label;
    uint64_t created_ms;
    uint64_t modified_ms;
    json_t *products; /* product_id -> name */
};

static bool keep_product(json_t *products, const json_t *product)
{
    const char *id = text_of(product, "product_id");

    return id[0] == '\0' ||
           json_object_set_new(products, id, json_string(text_of(product, "name"))) == 0;
}

/* The tree may be as deep as JSON may be: no recursion. */
static bool read_products(json_t *products, const json_t *tree)
{
    json_t *stack = json_array();
    bool ok = stack != NULL && json_array_append(stack, (json_t *)(uintptr_t)tree) == 0;
    const json_t *v;
    size_t i;

    for (size_t n; ok && (n = json_array_size(stack)) > 0;) {
        json_t *node = json_incref(json_array_get(stack, n - 1));

        (void)json_array_remove(stack, n - 1);
        ok = keep_product(products, json_object_get(node, "product"));
        json_array_foreach(json_object_get(node, "full_product_names"), i, v)
        {
            ok = ok && keep_product(products, v);
        }
        json_array_foreach(json_object_get(node, "relationships"), i, v)
        {
            ok = ok && keep_product(products, json_object_get(v, "full_product_name"));
        }
        json_array_foreach(json_object_get(node, "branches"), i, v)
        {
            ok = ok && json_array_append(stack, (json_t *)(uintptr_t)v) == 0;
        }
        json_decref(node);
    }
    json_decref(stack);
    return ok;
}

/* Names of products, as the file gives them. */
static bool name_products(const struct advisory *a, json_t *o, const char *as, const json_t *ids)
{
    json_t *names = json_array();
    bool ok = names != NULL;
    const json_t *id;
    size_t i;

    json_array_foreach(ids, i, id)
    {
        const char *text = json_string_value(id);
        json_t *name = text == NULL ? NULL : json_object_get(a->products, text);

        if (text != NULL)
            ok = ok && json_array_append_new(names, name != NULL ? json_incref(name)
                                                                 : json_string(text)) == 0;
    }
    if (ok && json_array_size(names) > 0)
        ok = json_object_set(o, as, names) == 0;
    json_decref(names);
    return ok;
}

static const char *name_of(const json_t *v)
{
    const json_t *id = json_array_get(json_object_get(v, "ids"), 0);

    return text_of(v, "title")[0] != '\0' ? text_of(v, "title") : text_of(id, "text");
}

/* The first note is what it is about. */
static bool describe(json_t *o, const json_t *v)
{
    const json_t *note = json_array_get(json_object_get(v, "notes"), 0);
    const char *text = text_of(note, "text");

    if (text[0] == '\0')
        text = text_of(v, "title");
    return text[0] == '\0' || json_object_set_new(o, "description", json_string(text)) == 0;
}

static bool fill_csaf(const struct advisory *a, json_t *o, const json_t *v, const char *name,
                      bool cve)
{
    const json_t *status = json_object_get(v, "product_status");
    json_t *refs = json_pack("[{s:s, s:s}]", "source_name", "csaf", "external_id", a->tracking_id);
    bool ok = refs != NULL;

    if (ok && cve)
        ok = json_array_insert_new(
                 refs, 0, json_pack("{s:s, s:s}", "source_name", "cve", "external_id", name)) == 0;
    ok = ok && json_object_set(o, "external_references", refs) == 0;
    json_decref(refs);
    return ok && json_object_set_new(o, "name", json_string(name)) == 0 && describe(o, v) &&
           kai_made_mark(o, a->label.tlp) && copy(o, "x_csaf_title", a->document, "title") &&
           copy(o, "x_csaf_cwe", v, "cwe") && copy(o, "x_csaf_scores", v, "scores") &&
           copy(o, "x_csaf_remediations", v, "remediations") &&
           copy(o, "x_csaf_threats", v, "threats") &&
           name_products(a, o, "x_csaf_affected", json_object_get(status, "known_affected")) &&
           name_products(a, o, "x_csaf_fixed", json_object_get(status, "fixed")) &&
           name_products(a, o, "x_csaf_not_affected",
                         json_object_get(status, "known_not_affected"));
}

static enum kai_err take_csaf(struct advisory *a, const json_t *v, size_t i)
{
    char id[KAI_STIX_ID_CAP];
    char path[PATH_CAP];
    char key[48];
    char cve[32];
    bool has_cve = is_cve(text_of(v, "cve"), cve);
    const char *name = has_cve ? cve : name_of(v);
    bool ok;

    (void)snprintf(path, sizeof path, "vulnerabilities[%zu]", i);
    if (!has_cve && (text_of(v, "cve")[0] != '\0' || name[0] == '\0'))
        return refuse(a->m->im, "vuln.field", "cve", path);
    /* Of whose advisory, and which of its vulnerabilities: a later edition is a later version. */
    (void)snprintf(key, sizeof key, "#%zu", i);
    json_t *parts = json_pack("[s, s, s]", a->publisher, a->tracking_id, has_cve ? cve : key);
    char hash[KAI_HEX_CAP(KAI_ID_BYTES)];
    enum kai_err err = parts == NULL ? KAI_ENOMEM : put_hash(hash, parts);
    json_decref(parts);
    if (err != KAI_OK)
        return err;
    (void)kai_made_id(id, "vulnerability", "csaf", hash);
    json_t *o = kai_made_object("vulnerability", id, a->created_ms, a->modified_ms);
    if (o == NULL || !fill_csaf(a, o, v, name, has_cve)) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    return kai_made_give(a->m, o, a->label, path, 0, &ok);
}

/* What all of its vulnerabilities share. Returns what is missing or wrong, NULL for nothing. */
static const char *read_document(struct advisory *a)
{
    const json_t *tracking = json_object_get(a->document, "tracking");
    const json_t *distribution = json_object_get(a->document, "distribution");
    const json_t *label = json_object_get(json_object_get(distribution, "tlp"), "label");
    const json_t *text = json_object_get(distribution, "text");
    int64_t created;
    int64_t modified;

    a->tracking_id = text_of(tracking, "id");
    a->publisher = text_of(json_object_get(a->document, "publisher"), "namespace");
    if (strcmp(text_of(a->document, "csaf_version"), "2.0") != 0)
        return "document.csaf_version";
    if (a->tracking_id[0] == '\0')
        return "document.tracking.id";
    if (!kai_made_time(text_of(tracking, "initial_release_date"), &created) || created <= 0)
        return "document.tracking.initial_release_date";
    if (!kai_made_time(text_of(tracking, "current_release_date"), &modified) || modified < created)
        return "document.tracking.current_release_date";
    if (label != NULL &&
        (!json_is_string(label) || !kai_tlp_parse(kai_json_view(label), &a->label.tlp)))
        return "document.distribution.tlp.label";
    if (json_is_string(text) && (label != NULL || a->m->im->opts->label.tlp != KAI_TLP_NONE)) {
        struct kai_said said = kai_said(kai_json_view(text)); /* Alone it is no label. */

        a->label =
            kai_label_stricter(a->label, (struct kai_label){.tlp = said.tlp, .pap = said.pap});
    }
    a->created_ms = (uint64_t)created;
    a->modified_ms = (uint64_t)modified;
    return NULL;
}

static enum kai_err take_advisory(struct kai_made *m, const json_t *o)
{
    struct advisory a = {.m = m, .document = json_object_get(o, "document")};
    const json_t *list = json_object_get(o, "vulnerabilities");
    const json_t *tree = json_object_get(o, "product_tree");
    const char *bad = read_document(&a);
    enum kai_err err = KAI_OK;
    const json_t *v;
    size_t i;

    if (bad == NULL && (!json_is_array(list) || json_array_size(list) == 0))
        bad = "vulnerabilities";
    if (bad != NULL)
        return refuse(m->im, "vuln.field", bad, "");
    a.products = json_object();
    if (a.products == NULL || (tree != NULL && !read_products(a.products, tree)))
        err = KAI_ENOMEM;
    json_array_foreach(list, i, v)
    {
        if (err == KAI_OK)
            err = take_csaf(&a, v, i);
    }
    json_decref(a.products);
    return err;
}

enum kai_err kai_import_vuln(struct importer *im, bool is_csaf)
{
    struct kai_made m;
    json_t *o;
    enum kai_err err = kai_made_parse(im, &o);

    if (err != KAI_OK || o == NULL)
        return err;
    kai_made_init(&m, im);
    err = is_csaf ? take_advisory(&m, o) : take_catalogue(&m, o);
    kai_made_free(&m);
    json_decref(o);
    return err;
}
