/* misp_terms: what attributes say, as a pattern. */
#include <stdio.h>
#include <string.h>

#include "item/ascii.h"
#include "item/ip.h"
#include "item/misp.h"

static struct kai_view trimmed(struct kai_view t)
{
    while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t' || t.p[0] == '\n' || t.p[0] == '\r'))
        t = kai_view_from(t, 1);
    while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t' || t.p[t.n - 1] == '\n' ||
                       t.p[t.n - 1] == '\r'))
        t.n--;
    return t;
}

/* The path and the literal of one part. */
static enum kai_err write_part(const struct kai_misp_part *part, struct kai_view text,
                               const char **path, struct kai_buf *literal, struct kai_why *why)
{
    char norm[KAI_VALUE_BYTES_MAX];
    struct kai_cidr ip;
    enum kai_vtype check = part->check;
    size_t n = 0;
    enum kai_err err;

    *path = part->path;
    if (part->form == KAI_MISP_FORM_ADDRESS && kai_ip6_parse(&ip, text)) {
        check = KAI_V_IPV6;
        if (strcmp(part->path, "ipv4-addr:value") == 0)
            *path = "ipv6-addr:value";
    }
    if (check != KAI_V_NONE) {
        err = kai_value_norm(check, text, norm, sizeof norm, &n, why);
        if (err != KAI_OK)
            return err;
        if (part->form == KAI_MISP_FORM_NUMBER)
            text = kai_view_of(norm, n);
    }
    if (part->form != KAI_MISP_FORM_NUMBER) {
        kai_pattern_literal(literal, text);
        return literal->err;
    }
    for (size_t i = 0; i < text.n; i++)
        if (!kai_ascii_digit(text.p[i]) || text.n > 10)
            text.n = 0;
    if (text.n == 0)
        return kai_why_set(why, KAI_EMALFORMED, "misp.value", *path, NULL, NULL);
    kai_buf_add(literal, text.p, text.n);
    return literal->err;
}

static enum kai_err add(json_t *terms, const char *path, struct kai_view literal)
{
    json_t *list = json_object_get(terms, path);
    const json_t *had;
    size_t i;

    if (list == NULL) {
        if (json_object_set_new(terms, path, json_array()) != 0)
            return KAI_ENOMEM;
        list = json_object_get(terms, path);
    }
    json_array_foreach(list, i, had)
    {
        if (kai_view_eq(kai_json_view(had), literal))
            return KAI_OK;
    }
    return json_array_append_new(list, json_stringn((const char *)literal.p, literal.n)) == 0
               ? KAI_OK
               : KAI_ENOMEM;
}

enum kai_err kai_misp_terms_add(json_t *terms, const struct kai_misp_type *type,
                                struct kai_view value, bool of_domain, struct kai_why *why)
{
    static const struct kai_misp_part resolved = {"domain-name:resolves_to_refs[*].value",
                                                  KAI_V_IPV4, KAI_MISP_FORM_ADDRESS};
    bool two = type->parts[1].path != NULL;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < (two ? 2 : 1); i++) {
        const struct kai_misp_part *part = &type->parts[i];
        struct kai_view text = value;
        struct kai_buf literal;
        const char *path;

        if (two) {
            size_t bar = kai_view_find(value, '|');

            if (bar == value.n)
                return kai_why_set(why, KAI_EMALFORMED, "misp.value", type->name, NULL, NULL);
            text = i == 0 ? kai_view_of(value.p, bar) : kai_view_from(value, bar + 1);
        }
        if (of_domain && part->form == KAI_MISP_FORM_ADDRESS)
            part = &resolved;
        text = trimmed(text);
        if (text.n == 0)
            return kai_why_set(why, KAI_EMALFORMED, "misp.value", type->name, NULL, NULL);
        kai_buf_init(&literal, KAI_PATTERN_BYTES_MAX);
        err = write_part(part, text, &path, &literal, why);
        if (err == KAI_OK)
            err = add(terms, path, kai_buf_view(&literal));
        kai_buf_free(&literal);
    }
    return err;
}

/* Of "file:hashes.MD5" the length of "file:". */
static size_t kind_n(const char *path)
{
    return strcspn(path, ":") + 1;
}

static void put_alternatives(const char *path, const json_t *list, struct kai_buf *out)
{
    bool many = json_array_size(list) > 1;
    const json_t *literal;
    size_t i;

    if (many)
        kai_buf_u8(out, '(');
    json_array_foreach(list, i, literal)
    {
        if (i > 0)
            kai_buf_text(out, " OR ");
        kai_buf_text(out, path);
        kai_buf_text(out, " = ");
        kai_buf_add(out, json_string_value(literal), json_string_length(literal));
    }
    if (many)
        kai_buf_u8(out, ')');
}

enum kai_err kai_misp_pattern(json_t *terms, struct kai_buf *out)
{
    const char *first;
    const char *path;
    json_t *any;
    json_t *list;

    json_object_foreach(terms, first, any)
    {
        size_t n = kind_n(first);
        bool begun = false;
        bool had = false;

        /* Paths of a kind stand together where the first of them is. */
        json_object_foreach(terms, path, list)
        {
            if (path == first)
                break;
            had = had || strncmp(path, first, n) == 0;
        }
        if (had)
            continue;
        kai_buf_text(out, out->len > 0 ? " AND [" : "[");
        json_object_foreach(terms, path, list)
        {
            if (strncmp(path, first, n) != 0)
                continue;
            if (begun)
                kai_buf_text(out, " AND ");
            put_alternatives(path, list, out);
            begun = true;
        }
        kai_buf_u8(out, ']');
    }
    return out->err;
}
