/* golden: golden bytes, compared. */
#include "log/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kai_buf text;

void golden_begin(const char *head)
{
    kai_buf_init(&text, 1u << 20);
    kai_buf_text(&text, head);
}

void golden_say(const char *name, const void *p, size_t n)
{
    static char hex[KAI_HEX_CAP(8192)];

    assert_true(n <= 8192);
    kai_buf_printf(&text, "%s = ", name);
    kai_buf_text(&text, kai_hex(hex, p, n));
    kai_buf_u8(&text, '\n');
}

void golden_say_buf(const char *name, const struct kai_buf *b)
{
    assert_int_equal(b->err, KAI_OK);
    golden_say(name, b->p, b->len);
}

static void read_all(struct kai_buf *b, const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    do {
        uint8_t chunk[4096];

        n = fread(chunk, 1, sizeof chunk, f);
        kai_buf_add(b, chunk, n);
    } while (n > 0);
    (void)fclose(f);
}

static void write_all(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

void golden_end(const char *path)
{
    struct kai_buf want;

    assert_int_equal(text.err, KAI_OK);
    if (getenv("KAIRAN_VECTORS_WRITE") != NULL)
        write_all(path);
    kai_buf_init(&want, 1u << 20);
    read_all(&want, path);
    /* Line by line, so that the first difference has a name. */
    for (size_t a = 0; a < text.len;) {
        const uint8_t *eol = memchr(text.p + a, '\n', text.len - a);
        size_t n = (size_t)(eol - (text.p + a)) + 1;

        if (a + n > want.len || memcmp(text.p + a, want.p + a, n) != 0)
            fail_msg("made:\n%.*s", (int)n, (const char *)text.p + a);
        a += n;
    }
    assert_int_equal(text.len, want.len);
    kai_buf_free(&text);
    kai_buf_free(&want);
}
