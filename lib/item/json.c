/* json: bounded and strict parsing. */
#include "item/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* jansson tells a lack of memory inside a string as a syntax error, which would be the fault of
 * whoever wrote it; so its allocations go through here. */
static _Thread_local bool starved;

static void *allocate(size_t n)
{
    void *p = malloc(n);

    starved = starved || p == NULL;
    return p;
}

__attribute__((constructor)) static void give_allocator(void)
{
    json_set_alloc_funcs(allocate, free);
}

/* From the byte after a quote to the one after the closing quote; past text.n when there is none.
 * A line feed inside a string is no JSON, so none is counted. */
static size_t string_end(struct kai_view text, size_t at)
{
    size_t begin = at;

    while (at < text.n) {
        const uint8_t *quote = memchr(text.p + at, '"', text.n - at);
        size_t end;

        if (quote == NULL)
            break;
        end = (size_t)(quote - text.p);
        at = end;
        while (at > begin && text.p[at - 1] == '\\')
            at--;
        if ((end - at) % 2 == 0)
            return end + 1;
        at = begin = end + 1;
    }
    return text.n + 1;
}

static bool is_delimiter(uint8_t c)
{
    return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool kai_json_skip(struct kai_view text, struct kai_json_span *span)
{
    size_t at = 0;
    unsigned depth = 0;

    *span = (struct kai_json_span){.n = 0};
    do {
        if (at >= text.n)
            break;
        uint8_t c = text.p[at++];
        if (c == '"') {
            at = string_end(text, at);
            if (at > text.n)
                break;
        } else if (c == '{' || c == '[') {
            depth++;
            if (depth > span->depth)
                span->depth = depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                break;
            depth--;
        } else if (c == '\n') {
            span->lines++;
        } else if (depth == 0) { /* A number or a word. */
            while (at < text.n && !is_delimiter(text.p[at]))
                at++;
        }
        if (depth == 0) {
            span->n = at;
            return true;
        }
    } while (true);
    span->n = at < text.n ? at : text.n;
    return false;
}

bool kai_json_matched(struct kai_view text)
{
    uint8_t open[KAI_STIX_DEPTH_MAX];
    size_t depth = 0;

    for (size_t at = 0; at < text.n; at++) {
        uint8_t c = text.p[at];

        if (c == '"') {
            at = string_end(text, at + 1) - 1;
        } else if (c == '{' || c == '[') {
            if (depth == KAI_STIX_DEPTH_MAX)
                return false;
            open[depth++] = (uint8_t)(c + 2); /* In ASCII the closing one comes two later. */
        } else if (c == '}' || c == ']') {
            if (depth == 0 || open[--depth] != c)
                return false;
        }
    }
    return depth == 0;
}

size_t kai_json_blank(struct kai_view text, uint64_t *lines)
{
    size_t at = 0;

    while (at < text.n &&
           (text.p[at] == ' ' || text.p[at] == '\n' || text.p[at] == '\r' || text.p[at] == '\t')) {
        *lines += text.p[at] == '\n';
        at++;
    }
    return at;
}

/* jansson says "duplicate object key near '"foo"'". */
static const char *quoted_part(char *text)
{
    char *begin = strchr(text, '"');
    char *end = begin == NULL ? NULL : strrchr(text, '"');

    if (begin == NULL || end == begin)
        return text;
    *end = '\0';
    return begin + 1;
}

static enum kai_err refuse(json_error_t *error, struct kai_why *why)
{
    char line[16];
    char column[16];
    enum json_error_code code = json_error_code(error);

    if (starved || code == json_error_unknown || code == json_error_out_of_memory)
        return KAI_ENOMEM;
    if (why != NULL)
        why->line = error->line > 0 ? (uint64_t)error->line : 0;
    if (code == json_error_duplicate_key)
        return kai_why_set(why, KAI_EMALFORMED, "json.duplicate-key", quoted_part(error->text),
                           NULL, NULL);
    if (code == json_error_numeric_overflow)
        return kai_why_set(why, KAI_EMALFORMED, "json.number", error->text, NULL, NULL);
    (void)snprintf(line, sizeof line, "%d", error->line);
    (void)snprintf(column, sizeof column, "%d", error->column);
    return kai_why_set(why, KAI_EMALFORMED, "json.syntax", error->text, line, column);
}

enum kai_err kai_json_parse(struct kai_view text, json_t **out, struct kai_why *why)
{
    json_error_t error = {.line = -1};

    starved = false;
    *out =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (*out != NULL && !starved)
        return KAI_OK;
    json_decref(*out); /* With little memory it cuts a string and says nothing. */
    *out = NULL;
    return refuse(&error, why);
}

bool kai_json_broken(struct kai_view text, struct kai_why *why)
{
    json_error_t error = {.line = -1};
    json_t *v;

    starved = false;
    v = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
                   &error);

    json_decref(v);
    return v == NULL && json_error_code(&error) != json_error_premature_end_of_input &&
           refuse(&error, why) == KAI_EMALFORMED;
}

enum kai_err kai_json_load_max(struct kai_view text, size_t bytes_max, const char *code,
                               json_t **out, struct kai_why *why)
{
    struct kai_json_span span;
    uint64_t lines = 0;
    char found[24];
    char limit[24];

    *out = NULL;
    if (text.n > bytes_max) {
        (void)snprintf(found, sizeof found, "%zu", text.n);
        (void)snprintf(limit, sizeof limit, "%zu", bytes_max);
        return kai_why_set(why, KAI_ELIMIT, code, found, limit, NULL);
    }
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        return kai_why_set(why, KAI_EMALFORMED, "json.bom", NULL, NULL, NULL);

    size_t at = kai_json_blank(text, &lines);
    (void)kai_json_skip(kai_view_of(text.p + at, text.n - at), &span);
    if (span.depth > KAI_STIX_DEPTH_MAX) {
        (void)snprintf(limit, sizeof limit, "%u", KAI_STIX_DEPTH_MAX);
        return kai_why_set(why, KAI_ELIMIT, "json.depth", limit, NULL, NULL);
    }
    /* What comes after the value is not bounded yet: the parser must not see it. */
    if (at + span.n +
            kai_json_blank(kai_view_of(text.p + at + span.n, text.n - at - span.n), &lines) !=
        text.n)
        return kai_why_set(why, KAI_EMALFORMED, "json.syntax", "text after the end", NULL, NULL);
    return kai_json_parse(text, out, why);
}

enum kai_err kai_json_load(struct kai_view text, json_t **out, struct kai_why *why)
{
    return kai_json_load_max(text, KAI_STIX_BYTES_MAX, "stix.size", out, why);
}

enum kai_err kai_json_dump(struct kai_buf *out, const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT);

    if (text == NULL)
        return KAI_ENOMEM;
    kai_buf_text(out, text);
    free(text);
    return out->err;
}
