/* brought: lines of what an import hands out. */
#include "item/brought.h"

#include "item/cm.h"

#include <jansson.h>

#include "crypto/hash.h"
#include "item/data.h"
#include "item/list.h"

static void say(struct brought *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct brought *b, const char *format, ...)
{
    size_t n = strlen(b->text);
    va_list ap;

    if (b->quiet)
        return;
    va_start(ap, format);
    (void)vsnprintf(b->text + n, sizeof b->text - n, format, ap);
    va_end(ap);
}

char *brought_quoted(const char *text)
{
    char *out = strdup(text);

    for (char *p = out; *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p == '`' ? '\'' : *p;
    return out;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text == NULL ? "" : text;
}

static void say_object(struct brought *b, const struct kai_candidate *c)
{
    struct kai_stix_info info;
    struct kai_why why = {.code = NULL};
    json_t *o;

    if (kai_stix_check(c->content, &info, &why) != KAI_OK)
        fail_msg("%.*s: %s %s", (int)c->content.n, (const char *)c->content.p, why.code, why.where);
    assert_string_equal(info.id, c->info->id);
    assert_true(info.label.tlp <= c->label.tlp);
    o = json_loadb((const char *)c->content.p, c->content.n, JSON_REJECT_DUPLICATES, NULL);
    say(b, "+%s %s", info.type, kai_tlp_name(c->label.tlp));
    if (c->label.pap != 0)
        say(b, " %s", kai_pap_name(c->label.pap));
    say(b, " %s", text_of(o, "name"));
    if (json_object_get(o, "pattern") != NULL)
        say(b, " | %s", text_of(o, "pattern"));
    if (json_object_get(o, "object_refs") != NULL)
        say(b, " | %zu refs", json_array_size(json_object_get(o, "object_refs")));
    if (json_object_get(o, "x_misp_context") != NULL)
        say(b, " %zu context", json_array_size(json_object_get(o, "x_misp_context")));
    say(b, "\n");
    json_decref(o);
}

static void say_list(struct brought *b, const struct kai_candidate *c)
{
    struct kai_list list;
    struct kai_view v;
    size_t at = 0;

    assert_int_equal(kai_list_read(&list, c->content, true, NULL), KAI_OK);
    assert_int_equal(list.n, c->n);
    say(b, "+%s %s", kai_vtype_name(list.type), kai_tlp_name(c->label.tlp));
    if (c->label.pap != 0)
        say(b, " %s", kai_pap_name(c->label.pap));
    say(b, " %.*s", (int)list.template_json.n, (const char *)list.template_json.p);
    while (!b->quiet && kai_list_next(&list, &at, &v))
        say(b, " %.*s", (int)v.n, (const char *)v.p);
    say(b, "\n");
}

static enum kai_err item(void *ctx, const struct kai_candidate *c)
{
    struct brought *b = ctx;
    struct kai_hasher h;

    if (b->blind)
        return KAI_OK;
    kai_hash_begin(&h, KAI_D_ITEM);
    kai_hash_add(&h, b->digest, sizeof b->digest);
    kai_hash_add(&h, c->content.p, c->content.n);
    kai_hash_end(&h, b->digest);
    if (c->kind == KAI_CONTENT_STIX)
        say_object(b, c);
    else
        say_list(b, c);
    return KAI_OK;
}

static enum kai_err refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct brought *b = ctx;

    assert_non_null(why->code);
    assert_non_null(id);
    if (!b->blind)
        say(b, "-%s %llu %s\n", why->code, (unsigned long long)why->line, why->where);
    return KAI_OK;
}

static void note(void *ctx, const struct kai_why *why)
{
    struct brought *b = ctx;

    if (!b->blind)
        say(b, "~%s %s %s\n", why->code, why->arg[0], why->arg[1]);
}

enum kai_err brought_scan(struct brought *b, struct kai_view file,
                          const struct kai_import_opts *opts)
{
    struct kai_import_sink sink = {.ctx = b, .item = item, .refuse = refuse, .note = note};

    b->text[0] = '\0';
    memset(b->digest, 0, sizeof b->digest);
    return kai_import_scan(file, "f", opts, &sink, &b->sum);
}

void brought_expect(struct brought *b, const char *file, const struct kai_import_opts *opts,
                    const char *want)
{
    assert_int_equal(brought_scan(b, V(file), opts), KAI_OK);
    if (strcmp(b->text, want) != 0)
        fail_msg("%s\n got: %s\nwant: %s", file, b->text, want);
}

void brought_table(const struct brought_case *cases, size_t n)
{
    struct brought *b = calloc(1, sizeof *b);

    for (size_t i = 0; i < n; i++) {
        struct kai_import_opts opts = {.label.tlp = cases[i].tlp, .skip_bad = true};
        char *file = brought_quoted(cases[i].file);
        char *want = brought_quoted(cases[i].want);

        brought_expect(b, file, &opts, want);
        free(file);
        free(want);
    }
    free(b);
}

void brought_real(const struct brought_real *files, size_t n)
{
    struct brought *b = calloc(1, sizeof *b);
    bool all = true;

    for (size_t i = 0; i < n; i++) {
        struct kai_view file = data_real(files[i].name);

        if (file.p == NULL) {
            all = false;
            continue;
        }
        assert_int_equal(brought_scan(b, file, &files[i].opts), KAI_OK);
        if (memcmp(&b->sum, &files[i].want, sizeof b->sum) != 0)
            fail_msg("%s: %llu items, %llu values, %llu refused, %llu known, %llu doubles\n%.2000s",
                     files[i].name, (unsigned long long)b->sum.items,
                     (unsigned long long)b->sum.values, (unsigned long long)b->sum.refused,
                     (unsigned long long)b->sum.known, (unsigned long long)b->sum.doubles, b->text);
        data_free(file);
    }
    free(b);
    if (!all)
        skip();
}
