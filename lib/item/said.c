/* said: the labels that a free text names. */
#include "item/said.h"

#include <string.h>

#include "item/ascii.h"

#define GAP_MAX        12u  /* "TLP 2.0 - **(RED": more is another sentence. */
#define MARKUP_MAX     256u /* Bytes of a tag; and so many in a row, as of a cell's end and begin. */
#define TAGS_MAX       6u
#define LABEL_LINE_MAX 40u /* "Traffic Light Protocol: AMBER+STRICT" */
#define BLANK          ' '
#define SIGN           '.'
#define NOTHING        '\0' /* Not seen by a reader: zeros of UTF-16, soft hyphens. */

/* ---- Characters: each as a letter in lower case, a digit, BLANK, SIGN or NOTHING. */
struct character {
    uint8_t c;
    size_t n; /* Bytes. */
};

static uint8_t fold(uint32_t code)
{
    if (code >= 0xff01 && code <= 0xff5e) /* Full width. */
        code -= 0xfee0;
    if (code == 0 || code == 0xad || (code >= 0x200b && code <= 0x200f) || code == 0x2060 ||
        code == 0xfeff)
        return NOTHING;
    if (code <= ' ' || code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
        code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000)
        return BLANK;
    if (code < 0x80 && (kai_ascii_alpha((uint8_t)code) || kai_ascii_digit((uint8_t)code)))
        return kai_ascii_lower((uint8_t)code);
    return SIGN;
}

/* The character of an escape of JSON; n = 0: it is none. */
static struct character escaped(struct kai_view t)
{
    uint32_t code = 0;

    if (t.n >= 2 && (t.p[1] == 'n' || t.p[1] == 't'))
        return (struct character){BLANK, 2};
    if (kai_ascii_begins(t, "\\r\\n"))
        return (struct character){BLANK, 4};
    if (t.n < 6 || t.p[1] != 'u')
        return (struct character){SIGN, 0};
    for (size_t i = 2; i < 6; i++) {
        int digit = kai_ascii_hex(t.p[i]);

        if (digit < 0)
            return (struct character){SIGN, 0};
        code = code << 4 | (uint32_t)digit;
    }
    return (struct character){fold(code), 6};
}

/* Bytes that are no UTF-8 are signs, one by one. */
static struct character char_at(struct kai_view text, size_t at)
{
    struct kai_view t = kai_view_from(text, at);
    uint8_t lead = t.p[0];

    if (lead == '\\') {
        struct character e = escaped(t);

        return e.n > 0 ? e : (struct character){SIGN, 1};
    }
    if (lead < 0x80)
        return (struct character){fold(lead), 1};
    size_t n = lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc0 && lead < 0xe0 ? 2 : 4;
    if (lead < 0xc0 || lead >= 0xf8 || n > t.n || !kai_utf8_ok(t.p, n))
        return (struct character){SIGN, 1};
    uint32_t code = n == 2 ? lead & 0x1fu : n == 3 ? lead & 0x0fu : lead & 0x07u;
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (t.p[i] & 0x3fu);
    return (struct character){fold(code), n};
}

static bool is_letter(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

/* ---- Words. Where each begins and ends there is a character; 0 stands for no match. */
/* Behind the word that stands at `at`, blanks between its letters or none. */
static size_t behind(struct kai_view text, size_t at, const char *word)
{
    bool begun = false;

    while (*word != '\0') {
        if (at >= text.n)
            return 0;
        struct character c = char_at(text, at);

        if (c.c == (uint8_t)*word || (*word == '-' && c.c == SIGN)) {
            begun = true;
            word++;
        } else if (!begun || (c.c != BLANK && c.c != NOTHING)) {
            return 0;
        }
        at += c.n;
    }
    return at;
}

static bool is_end(struct kai_view text, size_t at)
{
    while (at < text.n) {
        struct character c = char_at(text, at);

        if (c.c != NOTHING)
            return !is_letter(c.c);
        at += c.n;
    }
    return true;
}

/* Behind a whole word. */
static size_t whole(struct kai_view text, size_t at, const char *word)
{
    size_t end = behind(text, at, word);

    return end > 0 && is_end(text, end) ? end : 0;
}

/* "v2": a version is no word. */
static bool is_version(struct kai_view text, size_t at, struct character v)
{
    return v.c == 'v' && at + v.n < text.n && kai_ascii_digit(char_at(text, at + v.n).c);
}

/* Where the next word begins; text.n: there is none so near. */
static size_t next_word(struct kai_view text, size_t at)
{
    uint8_t before = SIGN;

    for (size_t gap = 0; at < text.n && gap <= GAP_MAX;) {
        struct character c = char_at(text, at);

        if (is_letter(c.c) && !is_version(text, at, c))
            return at;
        gap += c.c != NOTHING && (c.c != BLANK || before != BLANK);
        if (c.c != NOTHING)
            before = c.c;
        at += c.n;
    }
    return text.n;
}

/* Behind the tag or entity of HTML whose word stands at `at`; text.n: it is none. */
static size_t past_markup(struct kai_view text, size_t at)
{
    size_t begin = at > 0 && at < text.n && text.p[at - 1] == '/' ? at - 1 : at;
    struct kai_view rest = kai_view_from(text, at);
    size_t n;

    if (begin == 0 || at == text.n || (text.p[begin - 1] != '<' && text.p[begin - 1] != '&'))
        return text.n;
    rest.n = rest.n < MARKUP_MAX ? rest.n : MARKUP_MAX;
    n = kai_view_find(rest, text.p[begin - 1] == '<' ? '>' : ';');
    return n < rest.n ? at + n + 1 : text.n;
}

/* ---- Labels: the same names in both; the numbers are those of label.h. */
static uint8_t tlp_at(struct kai_view text, size_t at)
{
    size_t amber = behind(text, at, "amber");

    if (whole(text, at, "red") > 0)
        return KAI_TLP_RED;
    if (amber > 0 && whole(text, next_word(text, amber), "strict") > 0)
        return KAI_TLP_AMBER_STRICT;
    if (amber > 0 && is_end(text, amber))
        return KAI_TLP_AMBER;
    if (whole(text, at, "green") > 0)
        return KAI_TLP_GREEN;
    if (whole(text, at, "clear") > 0 || whole(text, at, "white") > 0)
        return KAI_TLP_CLEAR;
    return KAI_TLP_NONE;
}

static uint8_t pap_at(struct kai_view text, size_t at)
{
    if (whole(text, at, "red") > 0)
        return KAI_PAP_RED;
    if (whole(text, at, "amber") > 0)
        return KAI_PAP_AMBER;
    if (whole(text, at, "green") > 0)
        return KAI_PAP_GREEN;
    if (whole(text, at, "clear") > 0 || whole(text, at, "white") > 0)
        return KAI_PAP_CLEAR;
    return KAI_PAP_NONE;
}

/* The label of the word behind `at`; of the next one, where that is of HTML. */
static uint8_t label_behind(struct kai_view text, size_t at,
                            uint8_t (*label_at)(struct kai_view text, size_t at))
{
    uint8_t label = 0;

    for (size_t tags = 0; label == 0 && at < text.n && tags <= TAGS_MAX; tags++) {
        at = next_word(text, at);
        label = label_at(text, at);
        at = past_markup(text, at);
    }
    return label;
}

static void look(struct kai_view text, size_t at, uint8_t *tlp, uint8_t *pap)
{
    size_t end;

    *tlp = KAI_TLP_NONE;
    *pap = KAI_PAP_NONE;
    if ((end = behind(text, at, "tlp")) > 0 ||
        (end = behind(text, at, "trafficlightprotocol")) > 0 ||
        (end = behind(text, at, "traffic-light-protocol")) > 0)
        *tlp = label_behind(text, end, tlp_at);
    else if ((end = behind(text, at, "pap")) > 0)
        *pap = label_behind(text, end, pap_at);
    else if (behind(text, at, "e828b379-4e03-4974-9ac4-e53a884c97c1") > 0 || /* TLP 2.0 */
             behind(text, at, "5e57c739-391a-4eb3-b6be-7d15ca92d5ed") > 0)   /* TLP 1 */
        *tlp = KAI_TLP_RED;
}

/* What can begin one, or the bytes of one in disguise. */
static bool may_begin(uint8_t c)
{
    return c == 't' || c == 'T' || c == 'p' || c == 'P' || c == 'e' || c == 'E' || c == '5' ||
           c == '\\' || c == 0xef;
}

struct kai_said kai_said(struct kai_view text)
{
    struct kai_said said = {.tlp = KAI_TLP_NONE};
    uint64_t line = 1;

    for (size_t at = 0; at < text.n; at++) {
        uint8_t tlp;
        uint8_t pap;

        line += text.p[at] == '\n';
        if (!may_begin(text.p[at]))
            continue;
        look(text, at, &tlp, &pap);
        if (tlp > said.tlp) {
            said.tlp = tlp;
            said.tlp_line = line;
        }
        if (pap > said.pap) {
            said.pap = pap;
            said.pap_line = line;
        }
    }
    return said;
}

/* ---- Lists: what is no value. */
/* at: where in the file that was said. */
static void raise_said(struct kai_said *all, struct kai_view file, size_t at, struct kai_view text)
{
    struct kai_said one = kai_said(text);
    uint64_t before = 0;

    if (one.tlp <= all->tlp && one.pap <= all->pap)
        return;
    for (size_t i = 0; i < at; i++)
        before += file.p[i] == '\n';
    if (one.tlp > all->tlp) {
        all->tlp = one.tlp;
        all->tlp_line = before + one.tlp_line;
    }
    if (one.pap > all->pap) {
        all->pap = one.pap;
        all->pap_line = before + one.pap_line;
    }
}

static bool is_remark(struct kai_view line)
{
    while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
        line = kai_view_from(line, 1);
    return line.n > 0 && (line.p[0] == '#' || line.p[0] == ';');
}

/* Where each of the signs that begin a remark comes next: most lists have few of them. */
struct signs {
    const char *of; /* At most 4. */
    size_t next[4];
};

/* Of the next sign at `at` or behind; file.n: there is none. */
static size_t next_sign(struct signs *s, struct kai_view file, size_t at)
{
    size_t first = file.n;

    for (size_t i = 0; s->of[i] != '\0'; i++) {
        if (s->next[i] < at || at == 0)
            s->next[i] = at + kai_view_find(kai_view_from(file, at), (uint8_t)s->of[i]);
        if (s->next[i] < first)
            first = s->next[i];
    }
    return first;
}

static struct kai_view line_from(struct kai_view file, size_t at)
{
    struct kai_view line = kai_view_from(file, at);

    line.n = kai_view_find(line, '\n');
    return line;
}

static bool is_frame(uint8_t c)
{
    return c <= ' ' || strchr("\"'*_=-<>()[]{}|,;", c) != NULL;
}

/* A line that is a label and nothing else, whatever is drawn around it. */
static bool is_label_alone(struct kai_view line)
{
    while (line.n > 0 && is_frame(line.p[0]))
        line = kai_view_from(line, 1);
    while (line.n > 0 && is_frame(line.p[line.n - 1]))
        line.n--;
    return line.n <= LABEL_LINE_MAX && memchr(line.p, ',', line.n) == NULL &&
           memchr(line.p, ';', line.n) == NULL && memchr(line.p, '\t', line.n) == NULL &&
           (behind(line, 0, "tlp") > 0 || behind(line, 0, "pap") > 0 ||
            behind(line, 0, "traffic") > 0);
}

struct kai_said kai_said_alone(struct kai_view file)
{
    struct kai_said said = {.tlp = KAI_TLP_NONE};

    for (size_t at = 0; at < file.n;) {
        struct kai_view line = line_from(file, at);

        if (line.n > 0 && is_label_alone(line))
            raise_said(&said, file, at, line);
        at += line.n + 1;
    }
    return said;
}

struct kai_said kai_said_remarks(struct kai_view file, enum kai_said_rest rest)
{
    struct kai_said said = {.tlp = KAI_TLP_NONE};
    struct signs signs = {.of = rest == KAI_SAID_BLANK ? "#; \t" : "#;"};
    size_t at = 0;

    while (at < file.n && (at = next_sign(&signs, file, at)) < file.n) {
        size_t sign = at;
        size_t begin = at;

        while (begin > 0 && file.p[begin - 1] != '\n')
            begin--;
        struct kai_view line = line_from(file, begin);
        at = begin + line.n + 1;
        if (is_remark(line)) { /* With those that follow: a label may be cut by a line's end. */
            while (at < file.n && is_remark(line_from(file, at)))
                at += line_from(file, at).n + 1;
            size_t end = at < file.n ? at : file.n;
            raise_said(&said, file, begin, kai_view_of(file.p + begin, end - begin));
        } else if (rest != KAI_SAID_NOT) {
            size_t behind_value = rest == KAI_SAID_SIGN ? kai_view_find(line, '#') : sign - begin;

            raise_said(&said, file, begin, kai_view_from(line, behind_value));
        }
    }
    return said;
}

/* ---- Tags. */
bool kai_said_tag(struct kai_view tag, struct kai_label *label)
{
    struct kai_said said = kai_said(tag);
    uint8_t one = KAI_TLP_NONE;

    if ((kai_ascii_begins(tag, "tlp:") && !kai_tlp_parse(tag, &one)) ||
        (kai_ascii_begins(tag, "pap:") && !kai_pap_parse(tag, &one)))
        return false;
    *label = kai_label_stricter(*label, (struct kai_label){.tlp = said.tlp, .pap = said.pap});
    return true;
}
