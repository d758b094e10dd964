/* jcs: RFC 8785. */
#include "item/jcs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define EXACT_MAX 9007199254740992 /* 2^53: larger integers are doubles in ECMAScript. */

/* An array or object that is being written. */
struct level {
    const json_t *v;
    const char **keys; /* Of an object, sorted. */
    size_t n;
    size_t i;
};

static void put_string(const char *text, size_t n, struct kai_buf *out)
{
    static const char short_forms[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };

    kai_buf_u8(out, '"');
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c == '"' || c == '\\') {
            kai_buf_u8(out, '\\');
            kai_buf_u8(out, c);
        } else if (c >= 0x20) {
            kai_buf_u8(out, c);
        } else if (short_forms[c] != 0) {
            kai_buf_u8(out, '\\');
            kai_buf_u8(out, (uint8_t)short_forms[c]);
        } else {
            kai_buf_printf(out, "\\u%04x", c);
        }
    }
    kai_buf_u8(out, '"');
}

/* ECMAScript's Number::toString: the shortest digits that read back as the same double. */
static void put_real(double v, struct kai_buf *out)
{
    char text[40];
    char digits[24];
    size_t n = 0;

    if (v == 0) { /* Minus zero too. */
        kai_buf_u8(out, '0');
        return;
    }
    if (v < 0)
        kai_buf_u8(out, '-');
    v = fabs(v);
    for (int precision = 0; precision <= 16; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    char *e = strchr(text, 'e');
    long point = strtol(e + 1, NULL, 10) + 1; /* Where the point stands among the digits. */
    for (char *p = text; p < e; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;

    if (point >= 1 && point <= 21) {
        for (long i = 0; i < point || i < (long)n; i++) {
            if (i == point)
                kai_buf_u8(out, '.');
            kai_buf_u8(out, i < (long)n ? (uint8_t)digits[i] : '0');
        }
    } else if (point > -6 && point <= 0) {
        kai_buf_text(out, "0.");
        for (long i = point; i < 0; i++)
            kai_buf_u8(out, '0');
        kai_buf_add(out, digits, n);
    } else {
        kai_buf_u8(out, (uint8_t)digits[0]);
        if (n > 1)
            kai_buf_u8(out, '.');
        kai_buf_add(out, digits + 1, n - 1);
        kai_buf_printf(out, "e%s%ld", point > 0 ? "+" : "-", labs(point - 1));
    }
}

/* Keys are sorted as UTF-16: letters above U+FFFF come before U+E000 to U+FFFF. */
static int by_utf16(const void *a, const void *b)
{
    const uint8_t *x = *(const uint8_t *const *)a;
    const uint8_t *y = *(const uint8_t *const *)b;

    while (*x != 0 && *x == *y) {
        x++;
        y++;
    }
    if (*x >= 0xf0 && (*y == 0xee || *y == 0xef))
        return -1;
    if (*y >= 0xf0 && (*x == 0xee || *x == 0xef))
        return 1;
    return (*x > *y) - (*x < *y);
}

static bool open_level(struct level *l, json_t *v, struct kai_buf *out)
{
    const char *key;
    json_t *member;
    size_t n = 0;

    *l = (struct level){.v = v};
    if (json_is_array(v)) {
        l->n = json_array_size(v);
        kai_buf_u8(out, '[');
        return true;
    }
    l->n = json_object_size(v);
    l->keys = malloc((l->n + 1) * sizeof *l->keys);
    if (l->keys == NULL)
        return false;
    json_object_foreach(v, key, member)
    {
        l->keys[n++] = key;
    }
    qsort(l->keys, n, sizeof *l->keys, by_utf16);
    kai_buf_u8(out, '{');
    return true;
}

static void put_scalar(const json_t *v, struct kai_buf *out)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        put_string(json_string_value(v), json_string_length(v), out);
        break;
    case JSON_INTEGER:
        if (json_integer_value(v) > EXACT_MAX || json_integer_value(v) < -EXACT_MAX)
            put_real((double)json_integer_value(v), out);
        else
            kai_buf_printf(out, "%lld", (long long)json_integer_value(v));
        break;
    case JSON_REAL:
        put_real(json_real_value(v), out);
        break;
    case JSON_TRUE:
        kai_buf_text(out, "true");
        break;
    case JSON_FALSE:
        kai_buf_text(out, "false");
        break;
    case JSON_NULL:
    case JSON_OBJECT: /* Not scalars: opened as a level. */
    case JSON_ARRAY:
        kai_buf_text(out, "null");
        break;
    }
}

/* The next member of a level, its key written; NULL at the end, which is written. */
static json_t *next_member(struct level *l, struct kai_buf *out)
{
    if (l->i == l->n) {
        kai_buf_u8(out, l->keys != NULL ? '}' : ']');
        return NULL;
    }
    if (l->i > 0)
        kai_buf_u8(out, ',');
    if (l->keys == NULL)
        return json_array_get(l->v, l->i++);
    const char *key = l->keys[l->i++];
    put_string(key, strlen(key), out);
    kai_buf_u8(out, ':');
    return json_object_get(l->v, key);
}

enum kai_err kai_jcs(const json_t *value, struct kai_buf *out)
{
    struct level levels[KAI_STIX_DEPTH_MAX];
    size_t depth = 0;
    enum kai_err err = KAI_OK;
    json_t *v = (json_t *)(uintptr_t)value; /* jansson's iterators take no const. */

    for (;;) {
        if (!json_is_object(v) && !json_is_array(v)) {
            put_scalar(v, out);
        } else if (depth == KAI_STIX_DEPTH_MAX) {
            err = KAI_ELIMIT;
            break;
        } else if (!open_level(&levels[depth], v, out)) {
            err = KAI_ENOMEM;
            break;
        } else {
            depth++;
        }
        while (depth > 0 && (v = next_member(&levels[depth - 1], out)) == NULL)
            free(levels[--depth].keys);
        if (depth == 0)
            break;
    }
    while (depth > 0)
        free(levels[--depth].keys);
    return err != KAI_OK ? err : out->err;
}
