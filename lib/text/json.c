/* json: writer of JSON text. */
#include "text/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include <unistr.h>

#include "base/bytes.h"
#include "text/clean.h"
#include "text/time.h"

void kai_jput_init(struct kai_jput *j, struct kai_buf *out)
{
    *j = (struct kai_jput){.out = out};
}

static void escape(struct kai_buf *out, uint32_t c)
{
    static const char short_form[] = "btn\0fr"; /* 0x08 to 0x0d; 0x0b has none. */

    if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
        kai_buf_u8(out, '\\');
        kai_buf_u8(out, (uint8_t)short_form[c - 0x08]);
    } else if (c < 0x10000) {
        kai_buf_printf(out, "\\u%04x", (unsigned int)c);
    } else {
        uint32_t v = c - 0x10000;

        kai_buf_printf(out, "\\u%04x\\u%04x", (unsigned int)(0xd800 + (v >> 10)),
                       (unsigned int)(0xdc00 + (v & 0x3ff)));
    }
}

static void string(struct kai_buf *out, struct kai_view text)
{
    kai_buf_u8(out, '"');
    for (size_t i = 0; i < text.n && out->err == KAI_OK;) {
        size_t run = kai_plain_run(text.p + i, text.n - i);
        ucs4_t c;

        kai_buf_add(out, text.p + i, run);
        i += run;
        if (i == text.n)
            break;
        int n = u8_mbtouc(&c, text.p + i, text.n - i);
        if (c == '"' || c == '\\') {
            kai_buf_u8(out, '\\');
            kai_buf_u8(out, (uint8_t)c);
        } else if (kai_clean_unsafe(c)) {
            escape(out, c);
        } else if (c == 0xfffd) { /* Bad bytes, too. */
            kai_buf_text(out, "\xef\xbf\xbd");
        } else {
            kai_buf_add(out, text.p + i, (size_t)n);
        }
        i += (size_t)n;
    }
    kai_buf_u8(out, '"');
}

static uint32_t bit(const struct kai_jput *j)
{
    return (uint32_t)1 << j->depth;
}

/* What stands before a value: a comma, and its key. */
static void before(struct kai_jput *j, const char *key)
{
    assert((key != NULL) == ((j->objects & bit(j)) != 0));
    if ((j->started & bit(j)) != 0) {
        assert(j->depth > 0); /* One value a line. */
        kai_buf_u8(j->out, ',');
    }
    j->started |= bit(j);
    if (key != NULL) {
        string(j->out, kai_view_of(key, strlen(key)));
        kai_buf_u8(j->out, ':');
    }
}

static void open_level(struct kai_jput *j, const char *key, bool object)
{
    before(j, key);
    assert(j->depth < KAI_JPUT_DEPTH_MAX);
    kai_buf_u8(j->out, object ? '{' : '[');
    j->depth++;
    j->started &= ~bit(j);
    j->objects = object ? j->objects | bit(j) : j->objects & ~bit(j);
}

void kai_jput_object(struct kai_jput *j, const char *key)
{
    open_level(j, key, true);
}

void kai_jput_array(struct kai_jput *j, const char *key)
{
    open_level(j, key, false);
}

void kai_jput_end(struct kai_jput *j)
{
    assert(j->depth > 0);
    kai_buf_u8(j->out, (j->objects & bit(j)) != 0 ? '}' : ']');
    j->depth--;
}

void kai_jput_view(struct kai_jput *j, const char *key, struct kai_view text)
{
    before(j, key);
    string(j->out, text);
}

void kai_jput_text(struct kai_jput *j, const char *key, const char *text)
{
    if (text == NULL)
        kai_jput_null(j, key);
    else
        kai_jput_view(j, key, kai_view_of(text, strlen(text)));
}

void kai_jput_hex(struct kai_jput *j, const char *key, const void *p, size_t n)
{
    uint8_t *to;

    before(j, key);
    kai_buf_u8(j->out, '"');
    to = kai_buf_room(j->out, KAI_HEX_CAP(n));
    if (to != NULL)
        kai_hex((char *)to, p, n)[2 * n] = '"'; /* In place of its end. */
}

void kai_jput_time(struct kai_jput *j, const char *key, uint64_t ms)
{
    char text[KAI_TIME_CAP];

    kai_time_print(ms, text);
    kai_jput_text(j, key, text);
}

void kai_jput_uint(struct kai_jput *j, const char *key, uint64_t v)
{
    before(j, key);
    kai_buf_printf(j->out, "%" PRIu64, v);
}

void kai_jput_int(struct kai_jput *j, const char *key, int64_t v)
{
    before(j, key);
    kai_buf_printf(j->out, "%" PRId64, v);
}

void kai_jput_bool(struct kai_jput *j, const char *key, bool v)
{
    before(j, key);
    kai_buf_text(j->out, v ? "true" : "false");
}

void kai_jput_null(struct kai_jput *j, const char *key)
{
    before(j, key);
    kai_buf_text(j->out, "null");
}

void kai_jput_raw(struct kai_jput *j, const char *key, struct kai_view json)
{
    before(j, key);
    kai_buf_add(j->out, json.p, json.n);
}

enum kai_err kai_jput_line(struct kai_jput *j)
{
    assert(j->depth == 0 && (j->started & 1) != 0);
    j->started = 0;
    kai_buf_u8(j->out, '\n');
    return j->out->err;
}
