/* armor: bytes as text that survives mail. */
#include "text/armor.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "text/clean.h"

#define LINE_BYTES 48u /* Of data, which make 64 columns. */
#define SUM_BYTES  6u  /* Of the hash, which make 8 digits. */
#define SUM_DIGITS 8u
#define MARK_BYTES 80u /* A BEGIN or END line is shorter. */
#define BASE64     sodium_base64_VARIANT_ORIGINAL

static void checksum(struct kai_view bytes, char out[static SUM_DIGITS + 1])
{
    uint8_t hash[KAI_ID_BYTES];

    kai_hash(hash, KAI_D_ARMOR, bytes.p, bytes.n);
    (void)sodium_bin2base64(out, SUM_DIGITS + 1, hash, SUM_BYTES, BASE64);
}

void kai_armor(const char *kind, const char *const *headers, size_t headers_n,
               struct kai_view bytes, struct kai_buf *out)
{
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, BASE64)];
    char sum[SUM_DIGITS + 1];

    kai_buf_printf(out, "-----BEGIN %s-----\n", kind);
    for (size_t i = 0; i < headers_n; i++) {
        assert(strchr(headers[i], ':') != NULL); /* It is how a reader tells headers from data. */
        kai_clean_text(out, headers[i]);
        kai_buf_u8(out, '\n');
    }
    kai_buf_u8(out, '\n');
    for (size_t i = 0; i < bytes.n; i += LINE_BYTES) {
        size_t n = bytes.n - i < LINE_BYTES ? bytes.n - i : LINE_BYTES;

        (void)sodium_bin2base64(line, sizeof line, bytes.p + i, n, BASE64);
        kai_buf_text(out, line);
        kai_buf_u8(out, '\n');
    }
    checksum(bytes, sum);
    kai_buf_printf(out, "=%s\n-----END %s-----\n", sum, kind);
}

/* What mail puts around a line, in bytes: blanks (ASCII, no-break, ideographic, zero-width), a BOM,
 * quoting signs (ASCII and full-width). */
static const char *const blanks[] = {
    " ", "\t", "\r", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf"};
static const char *const quotes[] = {">", "\xef\xbc\x9e", "|"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Bytes of the one of these signs that v begins with, else 0. */
static size_t leading(struct kai_view v, const char *const *signs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(signs[i]);

        if (v.n >= len && memcmp(v.p, signs[i], len) == 0)
            return len;
    }
    return 0;
}

static size_t trailing_blank(struct kai_view v)
{
    for (size_t i = 0; i < COUNT(blanks); i++) {
        size_t len = strlen(blanks[i]);

        if (v.n >= len && memcmp(v.p + v.n - len, blanks[i], len) == 0)
            return len;
    }
    return 0;
}

static struct kai_view trim(struct kai_view line)
{
    struct kai_view v = line;
    size_t n;

    while ((n = leading(v, blanks, COUNT(blanks))) > 0 ||
           (n = leading(v, quotes, COUNT(quotes))) > 0) {
        v.p += n;
        v.n -= n;
    }
    while ((n = trailing_blank(v)) > 0)
        v.n -= n;
    if (v.n > 7 && memcmp(v.p, "- -----", 7) == 0) { /* As mail signing escapes it. */
        v.p += 2;
        v.n -= 2;
    }
    return v;
}

/* The kind in "-----BEGIN kind-----", with any blanks between its words; false for other lines. */
static bool mark(struct kai_view line, const char *word, char kind[static MARK_BYTES])
{
    char want[16];
    size_t at = 0;
    bool blank = false;
    size_t n = (size_t)snprintf(want, sizeof want, "-----%s", word);

    if (line.n < n + 5 || memcmp(line.p, want, n) != 0 ||
        memcmp(line.p + line.n - 5, "-----", 5) != 0)
        return false;
    struct kai_view v = {.p = line.p + n, .n = line.n - n - 5};
    if (leading(v, blanks, COUNT(blanks)) == 0)
        return false;
    while (v.n > 0) {
        size_t skip = leading(v, blanks, COUNT(blanks));

        if (skip == 0) {
            if (at + 3 > MARK_BYTES)
                return false;
            if (blank && at > 0)
                kind[at++] = ' ';
            kind[at++] = (char)*v.p;
            skip = 1;
            blank = false;
        } else {
            blank = true;
        }
        v.p += skip;
        v.n -= skip;
    }
    kind[at] = '\0';
    return kai_utf8_ok((const uint8_t *)kind, at);
}

static bool base64_digit(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

static bool all_base64(struct kai_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!base64_digit(v.p[i]))
            return false;
    return true;
}

enum place { OUTSIDE, HEADERS, BODY, DONE };

struct scan {
    const char *kind;
    enum place place;
    bool blank_seen;        /* The line that ends the headers. */
    char other[MARK_BYTES]; /* A kind of ours that was found and not wanted. */
    char sum[SUM_DIGITS + 1];
    struct kai_buf digits;
    struct kai_why *why;
};

static enum kai_err begin(struct scan *s, const char *kind)
{
    bool wanted = strcmp(kind, s->kind) == 0;

    if (s->place == HEADERS || s->place == BODY)
        return kai_why_set(s->why, KAI_EMALFORMED, "armor.cut", s->kind, NULL, NULL);
    if (wanted && s->place == DONE)
        return kai_why_set(s->why, KAI_EMALFORMED, "armor.two", s->kind, NULL, NULL);
    if (wanted)
        s->place = HEADERS;
    else if (strncmp(kind, "KAIRAN ", 7) == 0)
        kai_copy_text(s->other, sizeof s->other, kind);
    return KAI_OK;
}

static enum kai_err body_line(struct scan *s, struct kai_view line)
{
    struct kai_view v = line;

    if (v.n == SUM_DIGITS + 1 && *v.p == '=' && s->sum[0] == '\0' && all_base64(v)) {
        memcpy(s->sum, v.p + 1, SUM_DIGITS);
        return KAI_OK;
    }
    while (v.n > 0) {
        size_t n = leading(v, blanks, COUNT(blanks));

        if (n == 0) {
            if (!base64_digit(*v.p) || s->sum[0] != '\0')
                return kai_why_set(s->why, KAI_EMALFORMED, "armor.character", NULL, NULL, NULL);
            kai_buf_u8(&s->digits, *v.p);
            n = 1;
        }
        v.p += n;
        v.n -= n;
    }
    return s->digits.err == KAI_ENOMEM ? KAI_ENOMEM : KAI_OK; /* KAI_ELIMIT is told at the end. */
}

static enum kai_err header_line(struct scan *s, struct kai_view line)
{
    if (line.n == 0) {
        s->blank_seen = true;
        return KAI_OK;
    }
    if (memchr(line.p, ':', line.n) != NULL)
        return KAI_OK;
    if (!s->blank_seen && !all_base64(line)) /* A header that mail has broken into two lines. */
        return KAI_OK;
    s->place = BODY;
    return body_line(s, line);
}

static enum kai_err take_line(struct scan *s, struct kai_view line)
{
    char kind[MARK_BYTES];

    if (mark(line, "BEGIN", kind))
        return begin(s, kind);
    if (s->place == OUTSIDE || s->place == DONE)
        return KAI_OK;
    if (mark(line, "END", kind)) {
        if (strcmp(kind, s->kind) != 0)
            return kai_why_set(s->why, KAI_EMALFORMED, "armor.cut", s->kind, NULL, NULL);
        s->place = DONE;
        return KAI_OK;
    }
    return s->place == HEADERS ? header_line(s, line) : body_line(s, line);
}

/* The digits that were collected, as bytes at the end of out, where the checksum fits. */
static enum kai_err decode(struct scan *s, size_t max, struct kai_buf *out)
{
    char sum[SUM_DIGITS + 1];
    char allowed[24];
    size_t n = 0;
    size_t start = out->len;
    const char *digits = (const char *)s->digits.p;
    const char *end = digits;
    uint8_t *p = NULL;

    (void)snprintf(allowed, sizeof allowed, "%zu", max);
    if (s->digits.err == KAI_ELIMIT)
        return kai_why_set(s->why, KAI_ELIMIT, "armor.size", allowed, NULL, NULL);
    size_t room = s->digits.len / 4 * 3;
    for (size_t i = s->digits.len; i > 0 && room > 0 && digits[i - 1] == '='; i--)
        room--; /* Padding stands for no byte. */
    if (s->digits.len % 4 != 0 || (room == 0 && s->digits.len > 0))
        goto bad;
    if (room > 0 && (p = kai_buf_room(out, room)) == NULL)
        return out->err;
    if (s->digits.len > 0 &&
        (sodium_base642bin(p, room, digits, s->digits.len, NULL, &n, &end, BASE64) != 0 ||
         end != digits + s->digits.len))
        goto bad;
    out->len = start + n;
    if (n > max) {
        out->len = start;
        return kai_why_set(s->why, KAI_ELIMIT, "armor.size", allowed, NULL, NULL);
    }
    checksum(kai_view_of(p, n), sum);
    if (strcmp(sum, s->sum) == 0)
        return KAI_OK;
bad:
    out->len = start;
    return kai_why_set(s->why, KAI_EMALFORMED, "armor.checksum", NULL, NULL, NULL);
}

enum kai_err kai_unarmor(struct kai_view text, const char *kind, size_t max, struct kai_buf *out,
                         struct kai_why *why)
{
    struct scan s = {.kind = kind, .why = why};
    enum kai_err err = KAI_OK;
    size_t at = 0;
    uint64_t number = 0;

    assert(max < SIZE_MAX / 2);
    kai_buf_init(&s.digits, (max + 2) / 3 * 4);
    while (at < text.n && err == KAI_OK) {
        const uint8_t *lf = memchr(text.p + at, '\n', text.n - at);
        size_t n = lf != NULL ? (size_t)(lf - (text.p + at)) : text.n - at;

        err = take_line(&s, trim(kai_view_of(text.p + at, n)));
        at += n + 1;
        number++;
        if (err != KAI_OK)
            kai_why_at(why, number, "%s", "");
    }
    if (err != KAI_OK)
        goto out;
    if (s.place == HEADERS || s.place == BODY)
        err = kai_why_set(why, KAI_EMALFORMED, "armor.cut", kind, NULL, NULL);
    else if (s.place == DONE)
        err = decode(&s, max, out);
    else if (s.other[0] != '\0')
        err = kai_why_set(why, KAI_EMALFORMED, "armor.kind", kind, s.other, NULL);
    else
        err = kai_why_set(why, KAI_ENOTFOUND, "armor.none", kind, NULL, NULL);
out:
    kai_buf_free(&s.digits);
    return err;
}
