/* catalogue: finds a sentence by its code, and fills in its values. */
#include "text/catalogue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text/catalogue_files.h"
#include "text/clean.h"

bool kai_lang_parse(const char *text, enum kai_lang *lang)
{
    if (strcmp(text, "ja") == 0)
        *lang = KAI_LANG_JA;
    else if (strcmp(text, "en") == 0)
        *lang = KAI_LANG_EN;
    else
        return false;
    return true;
}

enum kai_lang kai_lang_of_locale(const char *locale)
{
    if (locale == NULL || strncmp(locale, "ja", 2) != 0)
        return KAI_LANG_EN;
    return locale[2] == '\0' || strchr("_.@", locale[2]) != NULL ? KAI_LANG_JA : KAI_LANG_EN;
}

struct reason_file {
    const struct kai_text_reason *rows;
    const size_t *n;
};
struct phrase_file {
    const struct kai_text_phrase *rows;
    const size_t *n;
};

#define REASON_FILE(name) {kai_reasons_##name, &kai_reasons_##name##_n},
#define PHRASE_FILE(name) {kai_phrases_##name, &kai_phrases_##name##_n},
static const struct reason_file reason_files[] = {KAI_TEXT_REASON_FILES(REASON_FILE)};
static const struct phrase_file phrase_files[] = {KAI_TEXT_PHRASE_FILES(PHRASE_FILE)};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int reason_cmp(const void *key, const void *row)
{
    return strcmp(key, ((const struct kai_text_reason *)row)->code);
}

static int phrase_cmp(const void *key, const void *row)
{
    return strcmp(key, ((const struct kai_text_phrase *)row)->id);
}

static const struct kai_text_reason *find_reason(const char *code)
{
    const struct kai_text_reason *found = NULL;

    for (size_t i = 0; i < COUNT(reason_files) && found == NULL; i++)
        found = bsearch(code, reason_files[i].rows, *reason_files[i].n, sizeof *found, reason_cmp);
    return found;
}

static const struct kai_text_phrase *find_phrase(const char *id)
{
    const struct kai_text_phrase *found = NULL;

    for (size_t i = 0; i < COUNT(phrase_files) && found == NULL; i++)
        found = bsearch(id, phrase_files[i].rows, *phrase_files[i].n, sizeof *found, phrase_cmp);
    return found;
}

const struct kai_text_reason *kai_text_reason_at(size_t i)
{
    for (size_t f = 0; f < COUNT(reason_files); f++) {
        if (i < *reason_files[f].n)
            return &reason_files[f].rows[i];
        i -= *reason_files[f].n;
    }
    return NULL;
}

const struct kai_text_phrase *kai_text_phrase_at(size_t i)
{
    for (size_t f = 0; f < COUNT(phrase_files); f++) {
        if (i < *phrase_files[f].n)
            return &phrase_files[f].rows[i];
        i -= *phrase_files[f].n;
    }
    return NULL;
}

/* Which of {1} {2} {3} stands at p: 0 to 2, or -1. */
static int place(const char *p)
{
    return p[0] == '{' && p[1] >= '1' && p[1] < '1' + KAI_WHY_ARGS && p[2] == '}' ? p[1] - '1' : -1;
}

/* Past a part in brackets whose values are missing; else p. */
static const char *skip_part(const char *p, const char *const args[static KAI_WHY_ARGS])
{
    const char *end = *p == '[' ? strchr(p, ']') : NULL;

    for (const char *q = p; end != NULL && q < end; q++)
        if (place(q) >= 0 && (args[place(q)] == NULL || args[place(q)][0] == '\0'))
            return end + 1;
    return p;
}

/* Append a sentence with its values. "[ (line {2})]" is left out, brackets and all, where {2} is
 * empty. */
static void fill(const char *sentence, const char *const args[static KAI_WHY_ARGS],
                 struct kai_buf *out)
{
    for (const char *p = sentence; *p != '\0';) {
        const char *next = skip_part(p, args);

        if (next != p) {
            p = next;
        } else if (place(p) >= 0) {
            if (args[place(p)] != NULL)
                kai_clean_text(out, args[place(p)]);
            p += 3;
        } else if (*p == '[' || *p == ']') {
            p++;
        } else {
            kai_buf_u8(out, (uint8_t)*p++);
        }
    }
}

/* For a code that has no row: one from a newer node, say. Its code is all that can be told. */
static const struct kai_text_reason unknown = {
    "",
    "Refused for a reason that this version has no sentence for ({1}).",
    "Update Kairan on this machine. If that does not help, report the code.",
    "この版では説明文のない理由で拒否されました（{1}）。",
    "この端末の Kairan "
    "を更新してください。解決しない場合は、括弧内のコードを添えてご連絡ください。",
};

enum part { WHAT, DO };

static void say(enum kai_lang lang, enum part part, const struct kai_why *why, struct kai_buf *out)
{
    const char *args[KAI_WHY_ARGS] = {why->arg[0], why->arg[1], why->arg[2]};

    if (why->code == NULL)
        return;
    const struct kai_text_reason *r = find_reason(why->code);
    if (r == NULL) {
        r = &unknown;
        args[0] = why->code;
    }
    if (part == WHAT)
        fill(lang == KAI_LANG_JA ? r->what_ja : r->what_en, args, out);
    else
        fill(lang == KAI_LANG_JA ? r->do_ja : r->do_en, args, out);
}

void kai_text_what(enum kai_lang lang, const struct kai_why *why, struct kai_buf *out)
{
    say(lang, WHAT, why, out);
}

void kai_text_do(enum kai_lang lang, const struct kai_why *why, struct kai_buf *out)
{
    say(lang, DO, why, out);
}

void kai_text_where(enum kai_lang lang, const char *file, const struct kai_why *why,
                    struct kai_buf *out)
{
    size_t start = out->len;

    if (file != NULL)
        kai_clean_text(out, file);
    if (why->line > 0) {
        if (out->len > start)
            kai_buf_text(out, lang == KAI_LANG_JA ? " " : ", ");
        kai_buf_printf(out, lang == KAI_LANG_JA ? "%" PRIu64 " 行目" : "line %" PRIu64, why->line);
    }
    if (why->where[0] != '\0') {
        if (out->len > start)
            kai_buf_text(out, ": ");
        kai_clean_text(out, why->where);
    }
}

const char *kai_text(enum kai_lang lang, const char *id)
{
    const struct kai_text_phrase *p = find_phrase(id);

    if (p != NULL)
        return lang == KAI_LANG_JA ? p->ja : p->en;
    const struct kai_text_reason *r = find_reason(id); /* A log line may say what a refusal says. */
    if (r != NULL)
        return lang == KAI_LANG_JA ? r->what_ja : r->what_en;
    return id;
}

void kai_text_fill(enum kai_lang lang, const char *id, const char *arg1, const char *arg2,
                   const char *arg3, struct kai_buf *out)
{
    const char *args[KAI_WHY_ARGS] = {arg1, arg2, arg3};

    fill(kai_text(lang, id), args, out);
}
