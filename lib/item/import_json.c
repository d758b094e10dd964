/* import_json: a bundle, walked object by object, or one object. Only one object is ever parsed
 * into memory at a time. */
#include <stdio.h>
#include <string.h>

#include "item/ascii.h"
#include "item/importer.h"
#include "item/stix20.h"
#include "item/stix_json.h"
#include "item/unmatched.h"

#define KEYS_MAX    32u  /* Properties of a bundle: it has three. */
#define FIRST_LINES 100u /* Refusals beyond are only counted by whoever listens. */

struct walk {
    struct importer *im;
    struct kai_view file;
    size_t at;
    uint64_t line; /* Of at, from 1. */
    struct kai_seen seen;
    bool ended; /* Nothing behind this can be read. */
    bool is_bundle;
    bool any;                    /* Had an object. */
    enum { ASK, YES, NO } is_20; /* Whether the bundle is one of STIX 2.0. */
    struct kai_made made;        /* What is made of those. */
    struct kai_unmatched unmatched;
    struct kai_view keys[KEYS_MAX];
    size_t keys_n;
};

static struct kai_view rest(const struct walk *w)
{
    return kai_view_from(w->file, w->at);
}

static void skip_blank(struct walk *w)
{
    w->at += kai_json_blank(rest(w), &w->line);
}

static int peek(const struct walk *w)
{
    return w->at < w->file.n ? w->file.p[w->at] : -1;
}

/* The text is no JSON here, and so nothing behind can be trusted either. */
static enum kai_err broken(struct walk *w, const char *what, const char *path)
{
    struct kai_why why = {.line = w->line};
    char line[24];

    w->ended = true;
    (void)snprintf(line, sizeof line, "%llu", (unsigned long long)w->line);
    (void)kai_why_set(&why, KAI_EMALFORMED, "json.syntax", what, line, NULL);
    return kai_importer_refuse(w->im, &why, path, "");
}

static enum kai_err refuse(struct walk *w, struct kai_why *why, const char *path, const char *id)
{
    return kai_importer_refuse(w->im, why, path, id);
}

static uint64_t line_of(const struct walk *w, size_t at)
{
    uint64_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += w->file.p[i] == '\n';
    return line;
}

static enum kai_err refuse_double(struct walk *w, size_t first, const char *path, const char *id)
{
    struct kai_why why = {.line = w->line};
    char line[24] = "";

    if (w->im->sum.refused < FIRST_LINES)
        (void)snprintf(line, sizeof line, "%llu", (unsigned long long)line_of(w, first));
    (void)kai_why_set(&why, KAI_EMALFORMED, "stix.duplicate", id, line, NULL);
    return refuse(w, &why, path, id);
}

/* One object that has been parsed: check, compare with those before, hand out. own: what is said of
 * it beside its own markings. */
static enum kai_err judge(struct walk *w, size_t n, json_t *o, struct kai_label own,
                          const char *path)
{
    struct kai_why why = {.line = w->line};
    struct kai_stix_info info;
    struct kai_label label;
    enum kai_seen_answer answer;
    size_t first = 0;
    enum kai_err err = kai_stix_check_json(o, &info, &why);

    if (err == KAI_ENOMEM)
        return err;
    if (err != KAI_OK)
        return refuse(w, &why, path, info.id);
    if (info.tlp_definition) { /* Everybody knows them; the id decides, so the body is no matter. */
        w->im->sum.known++;
        return KAI_OK;
    }
    err = kai_seen_ask(&w->seen, w->file, w->at, n, o, &answer, &first);
    if (err != KAI_OK)
        return err;
    if (answer == KAI_SEEN_SAME) {
        w->im->sum.doubles++;
        return KAI_OK;
    }
    if (answer == KAI_SEEN_DIFFERENT)
        return refuse_double(w, first, path, info.id);
    if (kai_importer_words(o, &own, &why) != KAI_OK ||
        kai_importer_label(w->im, &info, own, &label, &why) != KAI_OK)
        return refuse(w, &why, path, info.id);
    const struct kai_stix_kept kept = {.o = o};
    struct kai_candidate c = {
        .kind = KAI_CONTENT_STIX,
        .content = kai_view_of(w->file.p + w->at, n),
        .label = label,
        .line = w->line,
        .path = path,
        .info = &info,
        .kept = &kept,
        .n = 1,
    };
    return kai_importer_give(w->im, &c);
}

/* The bundle's spec_version may stand behind its objects: looked for when the first of them has
 * none of its own. */
static bool is_20(struct walk *w)
{
    struct kai_view version;

    if (w->is_20 == ASK)
        w->is_20 = !w->is_bundle || (kai_json_member(w->file, "\"spec_version\"", &version) &&
                                     kai_view_eq(version, kai_view_of("\"2.0\"", 5)))
                       ? YES
                       : NO;
    return w->is_20 == YES;
}

/* What is too large, too deep or has no end is not parsed, but its beginning may tell why. */
static enum kai_err refuse_unparsed(struct walk *w, const struct kai_json_span *span, bool has_end,
                                    const char *path)
{
    struct kai_why why = {.code = NULL};
    struct kai_json_span cut_span;
    struct kai_view cut = rest(w);
    char bytes[24];
    char limit[24];

    if (cut.n > KAI_STIX_BYTES_MAX)
        cut.n = KAI_STIX_BYTES_MAX;
    (void)kai_json_skip(cut, &cut_span);
    if (cut_span.depth <= KAI_STIX_DEPTH_MAX && kai_json_broken(cut, &why)) {
        w->ended = true; /* Its brackets do not match. */
        why.line += w->line - (why.line > 0);
        return refuse(w, &why, path, "");
    }
    why.line = w->line;
    if (!has_end)
        return broken(w, "unexpected end of the text", path);
    if (span->depth > KAI_STIX_DEPTH_MAX) {
        (void)snprintf(limit, sizeof limit, "%u", KAI_STIX_DEPTH_MAX);
        (void)kai_why_set(&why, KAI_ELIMIT, "json.depth", limit, NULL, NULL);
    } else {
        (void)snprintf(bytes, sizeof bytes, "%zu", span->n);
        (void)snprintf(limit, sizeof limit, "%u", KAI_STIX_BYTES_MAX);
        (void)kai_why_set(&why, KAI_ELIMIT, "stix.size", bytes, limit, NULL);
    }
    return refuse(w, &why, path, "");
}

/* *told: its markings are refused. */
static enum kai_err check_markings(struct walk *w, const json_t *o, const char *path,
                                   struct kai_label *said, bool *told)
{
    struct kai_why why = {.line = w->line};
    const char *id = json_string_value(json_object_get(o, "id"));
    bool labelled = w->im->opts->label.tlp != KAI_TLP_NONE;
    enum kai_err err = kai_definitions_check(&w->im->defs, w->file, o, labelled, said, &why);

    *told = err == KAI_EMALFORMED;
    return *told ? refuse(w, &why, path, id != NULL ? id : "") : err;
}

/* The object at w->at, and past it. */
static enum kai_err take_object(struct walk *w, const char *path)
{
    struct kai_json_span span;
    struct kai_why why = {.code = NULL};
    json_t *o = NULL;
    bool has_end = kai_json_skip(rest(w), &span);
    struct kai_label said = {.tlp = KAI_TLP_NONE};
    bool told = false;
    enum kai_err err;

    w->any = true;
    if (!has_end || span.n > KAI_STIX_BYTES_MAX || span.depth > KAI_STIX_DEPTH_MAX) {
        err = refuse_unparsed(w, &span, has_end, path);
    } else {
        err = kai_json_parse(kai_view_of(w->file.p + w->at, span.n), &o, &why);
        if (err == KAI_OK)
            err = check_markings(w, o, path, &said, &told);
        if (err == KAI_OK && !told)
            err = kai_unmatched_look(&w->unmatched, o, w->line, path);
        if (told) {
            /* What is behind it is judged as always. */
        } else if (err == KAI_OK && kai_stix20_is(o) && is_20(w)) {
            err = kai_stix20_give(&w->made, o, said, path, w->line);
        } else if (err == KAI_OK) {
            err = judge(w, span.n, o, said, path);
        } else if (err == KAI_EMALFORMED) {
            /* Where brackets do not match, nobody knows where the next object begins. */
            w->ended = !kai_json_matched(kai_view_of(w->file.p + w->at, span.n));
            why.line += w->line - (why.line > 0);
            err = refuse(w, &why, path, "");
        }
        json_decref(o);
    }
    w->at += span.n;
    w->line += span.lines;
    return err;
}

static enum kai_err take_objects(struct walk *w)
{
    enum kai_err err = KAI_OK;
    char path[40] = "objects";

    if (peek(w) != '[')
        return broken(w, "'[' expected", path);
    w->at++;
    skip_blank(w);
    if (peek(w) == ']') {
        w->at++;
        return KAI_OK;
    }
    for (uint64_t i = 0; err == KAI_OK && !w->ended; i++) {
        (void)snprintf(path, sizeof path, "objects[%llu]", (unsigned long long)i);
        skip_blank(w);
        if (peek(w) != '{')
            return broken(w, "'{' expected", path);
        err = take_object(w, path);
        if (err != KAI_OK || w->ended)
            break;
        skip_blank(w);
        if (peek(w) == ']') {
            w->at++;
            break;
        }
        if (peek(w) != ',')
            return broken(w, "',' or ']' expected", path);
        w->at++;
    }
    return err;
}

/* A string or other small value of the bundle's own, parsed; *v is NULL when it was refused. */
static enum kai_err take_value(struct walk *w, json_t **v, const char *path)
{
    struct kai_json_span span;
    struct kai_why why = {.code = NULL};
    enum kai_err err;

    *v = NULL;
    if (!kai_json_skip(rest(w), &span))
        return broken(w, "unexpected end of the text", path);
    err = kai_json_load(kai_view_of(w->file.p + w->at, span.n), v, &why);
    if (err == KAI_EMALFORMED || err == KAI_ELIMIT) {
        why.line = w->line;
        w->ended = true;
        return refuse(w, &why, path, "");
    }
    w->at += span.n;
    w->line += span.lines;
    return err;
}

/* The key at w->at and the colon behind it. *key is NULL when it was refused. */
static enum kai_err take_key(struct walk *w, json_t **key)
{
    struct kai_why why = {.line = w->line};
    enum kai_err err;

    *key = NULL;
    if (peek(w) != '"')
        return broken(w, "string expected", "");
    size_t from = w->at;
    err = take_value(w, key, "");
    if (err != KAI_OK || *key == NULL)
        return err;
    struct kai_view text = kai_view_of(w->file.p + from, w->at - from);
    for (size_t i = 0; i < w->keys_n; i++)
        if (kai_view_eq(w->keys[i], text))
            why.code = "json.duplicate-key";
    if (w->keys_n == KEYS_MAX)
        why.code = "stix.bundle";
    skip_blank(w);
    if (why.code != NULL || peek(w) != ':') {
        if (why.code == NULL) {
            err = broken(w, "':' expected", "");
        } else {
            w->ended = true;
            (void)kai_why_set(&why, KAI_EMALFORMED, why.code, json_string_value(*key), NULL, NULL);
            err = refuse(w, &why, "", "");
        }
        json_decref(*key);
        *key = NULL;
        return err;
    }
    w->keys[w->keys_n++] = text;
    w->at++;
    skip_blank(w);
    return KAI_OK;
}

/* type, id and spec_version of a bundle. */
static enum kai_err check_member(struct walk *w, const char *key, const json_t *v)
{
    struct kai_why why = {.line = w->line};
    const char *text = json_is_string(v) ? json_string_value(v) : "";
    struct kai_view type;

    if (strcmp(key, "id") == 0) {
        if (kai_stix_ref(v, &type, NULL) && kai_view_eq(type, kai_view_of("bundle", 6)))
            return KAI_OK;
        (void)kai_why_set(&why, KAI_EMALFORMED, "stix.id", text, NULL, NULL);
        return refuse(w, &why, "id", "");
    }
    if (strcmp(key, "spec_version") == 0 && strcmp(text, "2.1") != 0 && strcmp(text, "2.0") != 0) {
        w->ended = true; /* Every object would be refused for it again. */
        (void)kai_why_set(&why, KAI_EMALFORMED, "stix.version", text, NULL, NULL);
        return refuse(w, &why, "spec_version", "");
    }
    return KAI_OK;
}

static enum kai_err take_member(struct walk *w)
{
    json_t *key;
    json_t *v = NULL;
    enum kai_err err = take_key(w, &key);

    if (err != KAI_OK || key == NULL)
        return err;
    const char *name = json_string_value(key);
    if (strcmp(name, "objects") == 0) {
        err = take_objects(w);
    } else {
        err = take_value(w, &v, name);
        if (err == KAI_OK && v != NULL)
            err = check_member(w, name, v);
        json_decref(v);
    }
    json_decref(key);
    return err;
}

static enum kai_err take_bundle(struct walk *w)
{
    enum kai_err err = KAI_OK;

    w->at++; /* The brace. */
    for (bool first = true; err == KAI_OK && !w->ended; first = false) {
        skip_blank(w);
        if (peek(w) == '}') {
            w->at++;
            break;
        }
        if (!first) {
            if (peek(w) != ',')
                return broken(w, "',' or '}' expected", "");
            w->at++;
            skip_blank(w);
        }
        err = take_member(w);
    }
    return err;
}

/* Look at the top-level keys without parsing what is large: "bundle", another type, or what else
 * the JSON may be. Stops where the type is known. */
static const char *kind_of(struct kai_view text)
{
    struct kai_json_members m;
    const char *kind = "json";

    kai_json_members_begin(&m, text);
    while (kai_json_members_key(&m)) {
        if (kai_view_eq(m.key, kai_view_of("\"Event\"", 7)) ||
            kai_view_eq(m.key, kai_view_of("\"response\"", 10)))
            return "misp";
        if (kai_view_eq(m.key, kai_view_of("\"document\"", 10)))
            return "csaf";
        if (kai_view_eq(m.key, kai_view_of("\"catalogVersion\"", 16)))
            return "kev";
        bool has_end = kai_json_members_value(&m);
        if (kai_view_eq(m.key, kai_view_of("\"type\"", 6)))
            return kai_view_eq(m.value, kai_view_of("\"bundle\"", 8)) ? "bundle" : "object";
        if (kai_view_eq(m.key, kai_view_of("\"objects\"", 9)) && !has_end)
            return "bundle"; /* To say where it breaks off. */
        if (!has_end)
            break;
        if (kai_view_eq(m.key, kai_view_of("\"objects\"", 9)) && m.value.p[0] == '[')
            kind = "bundle"; /* An envelope of TAXII: neither type nor id. */
        if (kai_view_eq(m.key, kai_view_of("\"Attribute\"", 11)) && m.value.p[0] == '[')
            kind = "misp";
    }
    return kind;
}

/* Whether it is whole, as far as that can be told without parsing much of it. */
static bool is_whole_json(struct kai_view text)
{
    struct kai_json_span span;
    struct kai_json_span cut_span;
    struct kai_view cut = text;

    if (cut.n > KAI_STIX_BYTES_MAX)
        cut.n = KAI_STIX_BYTES_MAX;
    return kai_json_skip(text, &span) && (kai_json_skip(cut, &cut_span) || cut.n < text.n) &&
           cut_span.depth <= KAI_STIX_DEPTH_MAX && !kai_json_broken(cut, NULL);
}

enum kai_err kai_import_json(struct importer *im)
{
    struct walk w = {.im = im, .file = im->file, .line = 1};
    enum kai_err err;

    skip_blank(&w);
    const char *kind = kind_of(rest(&w));
    if (strcmp(kind, "misp") == 0)
        return kai_import_misp(im);
    if (strcmp(kind, "csaf") == 0 || strcmp(kind, "kev") == 0)
        return kai_import_vuln(im, strcmp(kind, "csaf") == 0);
    if (strcmp(kind, "json") == 0 && is_whole_json(rest(&w)))
        return kai_importer_refuse_file(im, "file.format", kind, NULL);
    kai_made_init(&w.made, im);
    w.is_bundle = strcmp(kind, "bundle") == 0;
    if (w.is_bundle)
        err = take_bundle(&w);
    else
        err = take_object(&w, "");
    if (err == KAI_OK && !w.ended) {
        skip_blank(&w);
        if (w.at < w.file.n)
            err = broken(&w, "text after the end", "");
        else if (!w.any)
            err = kai_importer_refuse_file(im, "file.empty", NULL, NULL);
    }
    if (err == KAI_OK)
        kai_unmatched_tell(&w.unmatched, im);
    kai_seen_free(&w.seen);
    kai_made_free(&w.made);
    return err;
}
