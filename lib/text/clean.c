/* clean: text from outside made safe to show, and its width. */
#include "text/clean.h"

#include <stdbool.h>
#include <string.h>

#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>
#include <uniwidth.h>

bool kai_clean_unsafe(uint32_t c)
{
    if (c < 0x7f)
        return c < 0x20;
    if (c < 0xa0)
        return true;
    if (c == 0x2028 || c == 0x2029 || (c >= 0xfff9 && c <= 0xfffb))
        return true;
    if (uc_is_property_bidi_control(c))
        return true;
    if (!uc_is_property_default_ignorable_code_point(c))
        return false;
    /* Invisible, but at home in text: joiners (emoji, Persian) and variation selectors (emoji,
     * and the exact form of the characters in Japanese names). */
    return !(c == 0x200c || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f) ||
             (c >= 0xe0100 && c <= 0xe01ef));
}

static bool plain(struct kai_view text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] > 0x7e)
            return false;
    return true;
}

void kai_clean(struct kai_buf *out, struct kai_view text)
{
    if (plain(text)) {
        kai_buf_add(out, text.p, text.n);
        return;
    }
    for (size_t i = 0; i < text.n && out->err == KAI_OK;) {
        ucs4_t c;
        int n = u8_mbtouc(&c, text.p + i, text.n - i);

        if (kai_clean_unsafe(c)) {
            kai_buf_printf(out, "<U+%04X>", (unsigned int)c);
        } else if (c == 0xfffd) { /* Bad bytes, too. */
            kai_buf_text(out, "\xef\xbf\xbd");
        } else {
            kai_buf_add(out, text.p + i, (size_t)n);
        }
        i += (size_t)n;
    }
}

void kai_clean_text(struct kai_buf *out, const char *text)
{
    kai_clean(out, kai_view_of(text, strlen(text)));
}

static size_t columns_of(const uint8_t *p, size_t n)
{
    int w = u8_width(p, n, "UTF-8"); /* An encoding that is not East Asian: ambiguous is narrow. */

    return w > 0 ? (size_t)w : 0;
}

size_t kai_width(struct kai_view text)
{
    return plain(text) ? text.n : columns_of(text.p, text.n);
}

/* The end of the character at p as a reader sees it. libunistring knows accents, but does not yet
 * take emoji that are joined (U+200D) for one. */
static const uint8_t *next_character(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *next = u8_grapheme_next(p, end);

    while (next < end && next - p > 3 && memcmp(next - 3, "\xe2\x80\x8d", 3) == 0)
        next = u8_grapheme_next(next, end);
    return next;
}

size_t kai_width_cut(struct kai_view text, size_t columns)
{
    const uint8_t *end = text.p + text.n;
    const uint8_t *at = text.p;
    size_t used = 0;

    if (plain(text))
        return text.n < columns ? text.n : columns;
    while (at < end) {
        const uint8_t *next = next_character(at, end);
        size_t w = columns_of(at, (size_t)(next - at));

        if (w > columns - used)
            break;
        used += w;
        at = next;
    }
    return (size_t)(at - text.p);
}
