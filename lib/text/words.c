/* words: eight words for the first 88 bits of a hash. */
#include "text/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "text/wordlist.h"

#define WORD_BITS            11u
#define TYPED_BYTES_MAX      1024u /* Eight words are under 300 bytes. */
#define ENGLISH_ENOUGH       4u    /* Letters that tell English words of the list apart. */
#define KATAKANA_TO_HIRAGANA 0x60u

static size_t word_index(const uint8_t *hash, size_t i)
{
    size_t v = 0;

    for (size_t bit = i * WORD_BITS; bit < (i + 1) * WORD_BITS; bit++)
        v = v << 1 | (hash[bit / 8] >> (7 - bit % 8) & 1u);
    return v;
}

/* The list has voiced kana in two characters; terminals show only the composed one well. */
static void put_composed(struct kai_buf *out, const char *word)
{
    uint8_t room[64];
    size_t n = sizeof room;
    uint8_t *p = u8_normalize(UNINORM_NFC, (const uint8_t *)word, strlen(word), room, &n);

    if (p == NULL) {
        out->err = out->err != KAI_OK ? out->err : KAI_ENOMEM;
        return;
    }
    kai_buf_add(out, p, n);
    if (p != room)
        free(p);
}

void kai_words(enum kai_lang lang, const uint8_t hash[static KAI_ID_BYTES], struct kai_buf *out)
{
    for (size_t i = 0; i < KAI_WORDS_N; i++) {
        size_t w = word_index(hash, i);

        if (lang == KAI_LANG_JA) {
            kai_buf_text(out, i > 0 ? "\xe3\x80\x80" : "");
            put_composed(out, kai_wordlist_ja[w]);
        } else {
            kai_buf_text(out, i > 0 ? " " : "");
            kai_buf_text(out, kai_wordlist_en[w]);
        }
    }
}

static bool separates(ucs4_t c)
{
    return uc_is_property_white_space(c) || uc_is_general_category(c, UC_CONTROL) || c == '-' ||
           c == ',' || c == '.' || c == 0x3001 || c == 0x3002 || c == 0x30fb;
}

/* The next word of *rest, in hiragana where it is katakana; false when there is none. In place. */
static bool next_word(struct kai_view *rest, uint8_t *word, size_t *word_n, size_t cap)
{
    size_t at = 0;

    *word_n = 0;
    while (at < rest->n) {
        ucs4_t c;
        int n = u8_mbtouc(&c, rest->p + at, rest->n - at);

        at += (size_t)n;
        if (separates(c)) {
            if (*word_n > 0)
                break;
            continue;
        }
        if (c >= 0x30a1 && c <= 0x30f6)
            c -= KATAKANA_TO_HIRAGANA;
        int put = u8_uctomb(word + *word_n, c, (ptrdiff_t)(cap - *word_n));
        if (put > 0)
            *word_n += (size_t)put; /* What does not fit is longer than any word: unknown anyway. */
    }
    rest->p += at;
    rest->n -= at;
    return *word_n > 0;
}

static bool says_en(struct kai_view typed, const char *word)
{
    size_t n = strlen(word);

    if (typed.n > n || (typed.n < n && typed.n < ENGLISH_ENOUGH))
        return false;
    return memcmp(typed.p, word, typed.n) == 0;
}

static bool says_ja(struct kai_view typed, const char *word)
{
    return kai_view_eq(typed, kai_view_of(word, strlen(word)));
}

static bool says(struct kai_view typed, size_t index)
{
    return says_en(typed, kai_wordlist_en[index]) || says_ja(typed, kai_wordlist_ja[index]);
}

static bool known(struct kai_view typed)
{
    for (size_t i = 0; i < KAI_WORDLIST_N; i++)
        if (says(typed, i))
            return true;
    return false;
}

static enum kai_err check(struct kai_view folded, const uint8_t *hash, struct kai_why *why)
{
    uint8_t word[TYPED_BYTES_MAX];
    char unknown[TYPED_BYTES_MAX + 1] = "";
    struct kai_view rest = folded;
    size_t n = 0;
    size_t count = 0;
    bool same = true;

    while (next_word(&rest, word, &n, sizeof word)) {
        struct kai_view typed = {.p = word, .n = n};

        if (unknown[0] == '\0' && !known(typed)) {
            memcpy(unknown, word, n);
            unknown[n] = '\0';
        }
        if (count >= KAI_WORDS_N || !says(typed, word_index(hash, count)))
            same = false;
        count++;
    }
    if (unknown[0] != '\0')
        return kai_why_set(why, KAI_EMALFORMED, "words.unknown", unknown, NULL, NULL);
    if (count != KAI_WORDS_N)
        return kai_why_set(why, KAI_EMALFORMED, "words.count", NULL, NULL, NULL);
    return same ? KAI_OK : kai_why_set(why, KAI_EAUTH, "words.mismatch", NULL, NULL, NULL);
}

enum kai_err kai_words_check(const char *typed, const uint8_t hash[static KAI_ID_BYTES],
                             struct kai_why *why)
{
    size_t typed_n = strlen(typed);
    size_t n = 0;

    if (typed_n > TYPED_BYTES_MAX || !kai_utf8_ok((const uint8_t *)typed, typed_n))
        return kai_why_set(why, KAI_EMALFORMED, "words.count", NULL, NULL, NULL);
    if (typed_n == 0)
        return kai_why_set(why, KAI_EMALFORMED, "words.count", NULL, NULL, NULL);
    /* Full-width letters become ASCII, half-width kana full, U+3000 a blank, voiced kana two. */
    uint8_t *p = u8_casefold((const uint8_t *)typed, typed_n, NULL, UNINORM_NFKD, NULL, &n);
    if (p == NULL)
        return errno == ENOMEM ? KAI_ENOMEM
                               : kai_why_set(why, KAI_EMALFORMED, "words.count", NULL, NULL, NULL);
    enum kai_err err = check(kai_view_of(p, n), hash, why);
    free(p);
    return err;
}
