/* catalogue: every sentence that a person reads, in English and Japanese.
 *
 * A refusal (struct kai_why) is a stable code and up to three values; its sentences stand here,
 * in files by subject. What the values stand for is cleaned (text/clean.h) before it is shown.
 * How to add rows: README.md of this folder. */
#ifndef KAI_TEXT_CATALOGUE_H
#define KAI_TEXT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/why.h"

enum kai_lang { KAI_LANG_EN, KAI_LANG_JA };

/* "ja", "en": what --lang takes. False for anything else. */
bool kai_lang_parse(const char *text, enum kai_lang *lang);
/* From a locale name such as that of LANG: "ja", "ja_JP.UTF-8". NULL and all others: English. */
enum kai_lang kai_lang_of_locale(const char *locale);

/* Append what is wrong, or what to do about it: one sentence or two, no line feed at the end.
 * An unknown code gives a general sentence with the code in it. Appends nothing when why->code is
 * NULL; where and line are not part of it. Errors stick in out. */
void kai_text_what(enum kai_lang lang, const struct kai_why *why, struct kai_buf *out);
void kai_text_do(enum kai_lang lang, const struct kai_why *why, struct kai_buf *out);
/* Append where: "feed.json, line 3: objects[17].pattern". Nothing when there is no place to name.
 * file may be NULL. */
void kai_text_where(enum kai_lang lang, const char *file, const struct kai_why *why,
                    struct kai_buf *out);

/* A text of the program's own by its id ("peers.state"): static storage, never NULL. A reason's
 * code gives what is wrong; an unknown id gives the id. */
const char *kai_text(enum kai_lang lang, const char *id);
/* Append such a text with {1} {2} {3} filled in. An argument may be NULL, which leaves it empty. */
void kai_text_fill(enum kai_lang lang, const char *id, const char *arg1, const char *arg2,
                   const char *arg3, struct kai_buf *out);

/* One reason, and one text. Each file of the catalogue is an array of one of these. */
struct kai_text_reason {
    const char *code;
    const char *what_en;
    const char *do_en;
    const char *what_ja;
    const char *do_ja;
};
struct kai_text_phrase {
    const char *id;
    const char *en;
    const char *ja;
};

/* The i-th of all of them, NULL past the last: for tests and for the manual's list of codes. */
const struct kai_text_reason *kai_text_reason_at(size_t i);
const struct kai_text_phrase *kai_text_phrase_at(size_t i);

#endif
