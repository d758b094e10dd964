/* search: whether a text, or a string of a JSON object, holds another text; and patterns with *. */
#include "item/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <uninorm.h>

#include "item/json.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_ascii(struct kai_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] >= 0x80)
            return false;
    }
    return true;
}

/* The folded text is the caller's to free. */
static enum kai_err fold(struct kai_view text, uint8_t **out, size_t *n)
{
    *out = u8_casefold(text.p, text.n, NULL, UNINORM_NFC, NULL, n);
    if (*out != NULL)
        return KAI_OK;
    return errno == ENOMEM ? KAI_ENOMEM : KAI_EMALFORMED;
}

enum kai_err kai_search_fold(struct kai_view text, struct kai_buf *out)
{
    uint8_t *p;
    size_t n = 0;
    enum kai_err err = fold(text, &p, &n);

    if (err != KAI_OK)
        return err;
    kai_buf_add(out, p, n);
    free(p);
    return out->err;
}

/* Letters of ASCII in either case; any other byte as it is. */
static bool holds(struct kai_view text, struct kai_view folded)
{
    if (folded.n == 0)
        return true;
    for (size_t i = 0; i + folded.n <= text.n; i++) {
        size_t k = 0;

        while (k < folded.n && lower(text.p[i + k]) == folded.p[k])
            k++;
        if (k == folded.n)
            return true;
    }
    return false;
}

enum kai_err kai_search_text(struct kai_view text, struct kai_view folded, bool *has)
{
    struct kai_view v;
    uint8_t *p;
    size_t n = 0;
    enum kai_err err;

    *has = false;
    if (is_ascii(folded) || is_ascii(text)) {
        *has = holds(text, folded);
        return KAI_OK;
    }
    err = fold(text, &p, &n);
    if (err != KAI_OK)
        return err == KAI_EMALFORMED ? KAI_OK : err;
    v = kai_view_of(p, n);
    *has = holds(v, folded);
    free(p);
    return KAI_OK;
}

/* A string from its opening quote to its closing one. */
static enum kai_err in_string(struct kai_view quoted, bool escapes, struct kai_view folded,
                              bool *has)
{
    json_t *v;
    enum kai_err err;

    if (!escapes)
        return kai_search_text(kai_view_of(quoted.p + 1, quoted.n - 2), folded, has);
    v = json_loadb((const char *)quoted.p, quoted.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    err = v == NULL ? KAI_OK : kai_search_text(kai_json_view(v), folded, has);
    json_decref(v);
    return err;
}

/* Behind a string: whether it was the name of a property. */
static bool colon_at(struct kai_view json, size_t at)
{
    uint64_t lines = 0;

    at += kai_json_blank(kai_view_of(json.p + at, json.n - at), &lines);
    return at < json.n && json.p[at] == ':';
}

enum kai_err kai_search_json(struct kai_view json, struct kai_view folded, bool *has)
{
    enum kai_err err = KAI_OK;

    *has = false;
    for (size_t at = 0; at < json.n && err == KAI_OK && !*has; at++) {
        size_t begin = at;
        bool escapes = false;

        if (json.p[at] != '"')
            continue;
        for (at++; at < json.n && json.p[at] != '"'; at++) {
            if (json.p[at] == '\\') {
                escapes = true;
                at++;
            }
        }
        if (at >= json.n)
            break;
        if (!colon_at(json, at + 1))
            err = in_string(kai_view_of(json.p + begin, at + 1 - begin), escapes, folded, has);
    }
    return err;
}

bool kai_search_glob(struct kai_view text, struct kai_view folded)
{
    size_t t = 0;
    size_t p = 0;
    size_t star = SIZE_MAX; /* Behind the last star, */
    size_t from = 0;        /* and what of the text it has not taken yet. */

    while (t < text.n) {
        if (p < folded.n && folded.p[p] == '*') {
            star = ++p;
            from = t;
        } else if (p < folded.n && lower(text.p[t]) == folded.p[p]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < folded.n && folded.p[p] == '*')
        p++;
    return p == folded.n;
}
