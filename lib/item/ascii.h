/* ascii: what the parsers here ask of single characters; no locale has a say. */
#ifndef KAI_ITEM_ASCII_H
#define KAI_ITEM_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

static inline uint8_t kai_ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline uint8_t kai_ascii_upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c & 0xdf) : c;
}

static inline bool kai_ascii_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool kai_ascii_alpha(uint8_t c)
{
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'z';
}

/* The value of a hex digit, or -1. */
static inline int kai_ascii_hex(uint8_t c)
{
    if (kai_ascii_digit(c))
        return c - '0';
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether the view begins with text, in any case. */
static inline bool kai_ascii_begins(struct kai_view v, const char *text)
{
    size_t i = 0;

    for (; text[i] != '\0'; i++)
        if (i >= v.n || kai_ascii_lower(v.p[i]) != kai_ascii_lower((uint8_t)text[i]))
            return false;
    return true;
}

/* Whether the view is text, in any case. */
static inline bool kai_ascii_is(struct kai_view v, const char *text)
{
    return v.n == strlen(text) && kai_ascii_begins(v, text);
}

static inline struct kai_view kai_view_from(struct kai_view v, size_t at)
{
    return kai_view_of(v.p + at, v.n - at);
}

/* Where c is first found, or v.n. */
static inline size_t kai_view_find(struct kai_view v, uint8_t c)
{
    const uint8_t *at = v.n == 0 ? NULL : memchr(v.p, c, v.n);

    return at == NULL ? v.n : (size_t)(at - v.p);
}

#endif
