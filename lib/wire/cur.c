/* cur: strict reader of the msgpack subset (docs/protocol.md 1). */
#include "wire/cur.h"

#include <string.h>

#define UINT_MAX_63 ((uint64_t)INT64_MAX)

enum kind { NIL, BOOL, UINT, NEG, BIN, STR, ARRAY, MAP };

/* What a head says: its kind, and its value or length. */
struct head {
    enum kind kind;
    uint64_t v; /* NEG: the value in two's complement. */
};

void kai_cur_init(struct kai_cur *c, const void *p, size_t n)
{
    *c = (struct kai_cur){.p = p, .end = n == 0 ? p : (const uint8_t *)p + n};
}

bool kai_cur_ok(const struct kai_cur *c)
{
    return c->err == KAI_OK;
}

void kai_cur_fail(struct kai_cur *c, enum kai_err err)
{
    if (c->err == KAI_OK)
        c->err = err;
}

static size_t left(const struct kai_cur *c)
{
    return (size_t)(c->end - c->p);
}

/* An n-byte big-endian integer that needs all its bytes: v > floor. */
static bool number(struct kai_cur *c, size_t n, uint64_t floor, uint64_t *v)
{
    if (left(c) < n)
        return false;
    *v = 0;
    for (size_t i = 0; i < n; i++)
        *v = *v << 8 | *c->p++;
    return *v > floor;
}

/* A negative integer of n bytes that does not fit a shorter form. */
static bool negative(struct kai_cur *c, size_t n, struct head *h)
{
    uint64_t v;

    if (!number(c, n, 0, &v))
        return false;
    if (n < 8)
        v |= UINT64_MAX << (8 *
                            n); /* Sign extension; a positive value then fails the check below. */
    int64_t s = (int64_t)v;
    int64_t shorter = n == 1 ? -32 : n == 2 ? INT8_MIN : n == 4 ? INT16_MIN : INT32_MIN;
    h->kind = NEG;
    h->v = v;
    return s < shorter;
}

static bool sign_bit_set(const struct kai_cur *c)
{
    return left(c) > 0 && (*c->p & 0x80) != 0;
}

/* Lengths of bin, str, array and map are 1, 2 or 4 bytes; floor is what the shorter form holds. */
static bool length(struct kai_cur *c, struct head *h, enum kind kind, size_t n, uint64_t floor)
{
    h->kind = kind;
    return number(c, n, floor, &h->v);
}

static bool head_long(struct kai_cur *c, uint8_t tag, struct head *h)
{
    h->kind = UINT;
    switch (tag) {
    case 0xc0:
        h->kind = NIL;
        return true;
    case 0xc2:
    case 0xc3:
        h->kind = BOOL;
        h->v = tag & 1;
        return true;
    case 0xc4: /* bin 8 is the shortest form of an empty one, too. */
        h->kind = BIN;
        if (left(c) < 1)
            return false;
        h->v = *c->p++;
        return true;
    case 0xc5:
        return length(c, h, BIN, 2, UINT8_MAX);
    case 0xc6:
        return length(c, h, BIN, 4, UINT16_MAX);
    case 0xcc:
        return number(c, 1, 0x7f, &h->v);
    case 0xcd:
        return number(c, 2, UINT8_MAX, &h->v);
    case 0xce:
        return number(c, 4, UINT16_MAX, &h->v);
    case 0xcf:
        return number(c, 8, UINT32_MAX, &h->v) && h->v <= UINT_MAX_63;
    case 0xd0:
        return sign_bit_set(c) && negative(c, 1, h);
    case 0xd1:
        return sign_bit_set(c) && negative(c, 2, h);
    case 0xd2:
        return sign_bit_set(c) && negative(c, 4, h);
    case 0xd3:
        return sign_bit_set(c) && negative(c, 8, h);
    case 0xd9:
        return length(c, h, STR, 1, 31);
    case 0xda:
        return length(c, h, STR, 2, UINT8_MAX);
    case 0xdb:
        return length(c, h, STR, 4, UINT16_MAX);
    case 0xdc:
        return length(c, h, ARRAY, 2, 15);
    case 0xdd:
        return length(c, h, ARRAY, 4, UINT16_MAX);
    case 0xde:
        return length(c, h, MAP, 2, 15);
    case 0xdf:
        return length(c, h, MAP, 4, UINT16_MAX);
    default: /* Floats, ext types, 0xc1. */
        return false;
    }
}

/* Read a head, and check that what it promises can be there: every element takes a byte. */
static bool head(struct kai_cur *c, struct head *h)
{
    *h = (struct head){0};
    if (c->err != KAI_OK)
        return false;
    uint8_t tag = left(c) > 0 ? *c->p++ : 0xc1; /* 0xc1 is never used, so never accepted. */

    if (tag < 0x80) {
        *h = (struct head){UINT, tag};
    } else if (tag < 0x90) {
        *h = (struct head){MAP, tag & 15};
    } else if (tag < 0xa0) {
        *h = (struct head){ARRAY, tag & 15};
    } else if (tag < 0xc0) {
        *h = (struct head){STR, tag & 31};
    } else if (tag >= 0xe0) {
        *h = (struct head){NEG, (uint64_t)(int64_t)(int8_t)tag};
    } else if (!head_long(c, tag, h)) {
        goto malformed;
    }
    if ((h->kind == BIN || h->kind == STR || h->kind == ARRAY) && h->v > left(c))
        goto malformed;
    if (h->kind == MAP && h->v > left(c) / 2)
        goto malformed;
    return true;

malformed:
    *h = (struct head){0};
    kai_cur_fail(c, KAI_EMALFORMED);
    return false;
}

static uint64_t expect(struct kai_cur *c, enum kind kind, uint64_t max)
{
    struct head h;

    if (!head(c, &h))
        return 0;
    if (h.kind != kind) {
        kai_cur_fail(c, KAI_EMALFORMED);
        return 0;
    }
    if (h.v > max) {
        kai_cur_fail(c, KAI_ELIMIT);
        return 0;
    }
    return h.v;
}

uint32_t kai_cur_array(struct kai_cur *c, uint32_t max)
{
    return (uint32_t)expect(c, ARRAY, max);
}

void kai_cur_tuple(struct kai_cur *c, uint32_t n)
{
    if (expect(c, ARRAY, UINT32_MAX) != n)
        kai_cur_fail(c, KAI_EMALFORMED);
}

uint64_t kai_cur_uint(struct kai_cur *c, uint64_t max)
{
    return expect(c, UINT, max);
}

int64_t kai_cur_int(struct kai_cur *c)
{
    struct head h;

    if (!head(c, &h))
        return 0;
    if (h.kind != UINT && h.kind != NEG) {
        kai_cur_fail(c, KAI_EMALFORMED);
        return 0;
    }
    return (int64_t)h.v;
}

bool kai_cur_bool(struct kai_cur *c)
{
    return expect(c, BOOL, 1) == 1;
}

static struct kai_view take(struct kai_cur *c, enum kind kind, size_t max)
{
    size_t n = (size_t)expect(c, kind, max);

    if (c->err != KAI_OK)
        return (struct kai_view){.p = c->end, .n = 0};
    struct kai_view v = {.p = c->p, .n = n};
    c->p += n;
    return v;
}

struct kai_view kai_cur_bin(struct kai_cur *c, size_t max)
{
    return take(c, BIN, max);
}

const uint8_t *kai_cur_bin_n(struct kai_cur *c, size_t n)
{
    struct kai_view v = take(c, BIN, SIZE_MAX);

    if (c->err == KAI_OK && v.n == n)
        return v.p;
    kai_cur_fail(c, KAI_EMALFORMED);
    return NULL;
}

void kai_cur_copy(struct kai_cur *c, uint8_t *out, size_t n)
{
    const uint8_t *p = kai_cur_bin_n(c, n);

    if (p != NULL)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

struct kai_view kai_cur_str(struct kai_cur *c, size_t max)
{
    struct kai_view v = take(c, STR, max);

    if (c->err == KAI_OK && !kai_utf8_ok(v.p, v.n)) {
        kai_cur_fail(c, KAI_EMALFORMED);
        v.n = 0;
    }
    return v;
}

void kai_cur_text(struct kai_cur *c, char *out, size_t cap)
{
    struct kai_view v = kai_cur_str(c, cap - 1);

    if (v.n > 0 && memchr(v.p, 0, v.n) != NULL) {
        kai_cur_fail(c, KAI_EMALFORMED);
        v.n = 0;
    }
    if (v.n > 0)
        memcpy(out, v.p, v.n);
    out[v.n] = '\0';
}

bool kai_cur_nil(struct kai_cur *c)
{
    if (c->err != KAI_OK || left(c) == 0 || *c->p != 0xc0)
        return false;
    c->p++;
    return true;
}

/* The n pairs of an extension map; lenient: a key that nobody knows may be critical. */
static void pairs(struct kai_cur *c, uint64_t n, bool lenient, kai_cur_ext_fn *f, void *ctx)
{
    uint64_t before = 0;

    for (uint64_t i = 0; i < n && c->err == KAI_OK; i++) {
        uint64_t key = kai_cur_uint(c, UINT_MAX_63);
        struct kai_view value = kai_cur_bin(c, SIZE_MAX);

        if (i > 0 && key <= before)
            kai_cur_fail(c, KAI_EMALFORMED);
        if (c->err != KAI_OK)
            return;
        bool known = lenient || (f != NULL && f(ctx, key, value));
        if (!known && (key & 1) != 0)
            kai_cur_fail(c, KAI_EMALFORMED);
        before = key;
    }
}

void kai_cur_ext(struct kai_cur *c, kai_cur_ext_fn *f, void *ctx)
{
    pairs(c, expect(c, MAP, UINT32_MAX), false, f, ctx);
}

struct kai_view kai_cur_any(struct kai_cur *c)
{
    uint64_t todo[KAI_MP_DEPTH_MAX + 1] = {1}; /* Values still to come, by depth. */
    size_t depth = 0;
    const uint8_t *start = c->p;

    while (depth > 0 || todo[0] > 0) {
        struct head h;

        if (todo[depth] == 0) {
            depth--;
            continue;
        }
        todo[depth]--;
        if (!head(c, &h))
            break;
        if (h.kind == STR && !kai_utf8_ok(c->p, (size_t)h.v))
            kai_cur_fail(c, KAI_EMALFORMED);
        if (h.kind == BIN || h.kind == STR)
            c->p += h.v;
        if (h.kind != ARRAY && h.kind != MAP)
            continue;
        if (depth == KAI_MP_DEPTH_MAX) {
            kai_cur_fail(c, KAI_ELIMIT);
            break;
        }
        if (h.kind == MAP) /* Holds nothing but bins, so needs no depth of its own. */
            pairs(c, h.v, true, NULL, NULL);
        else
            todo[++depth] = h.v;
    }
    if (c->err != KAI_OK)
        return (struct kai_view){.p = c->end, .n = 0};
    return (struct kai_view){.p = start, .n = (size_t)(c->p - start)};
}

enum kai_err kai_cur_end(struct kai_cur *c)
{
    if (c->err == KAI_OK && c->p != c->end)
        c->err = KAI_EMALFORMED;
    return c->err;
}
