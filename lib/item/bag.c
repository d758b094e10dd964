/* bag: collecting and sorting values. */
#include "item/bag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"

#define PREFIX_BITS 6 /* 33 ranks of prefixes below the 32 bits of an address. */
#define FIRST_CAP   4096u

/* The numbers below limit (at most 256) in the order of their texts: 0, 1, 10, 100, 101, ... A dot
 * and the end come before any digit, so the order of octets is that of their texts alone. */
static void by_text(unsigned limit, uint8_t *sorted)
{
    size_t n = 0;

    for (unsigned a = 0; a < 10 && a < limit; a++) {
        sorted[n++] = (uint8_t)a;
        for (unsigned b = 10 * a; a > 0 && b < 10 * a + 10 && b < limit; b++) {
            sorted[n++] = (uint8_t)b;
            for (unsigned c = 10 * b; c < 10 * b + 10 && c < limit; c++)
                sorted[n++] = (uint8_t)c;
        }
    }
}

static void make_order(struct kai_ip4_order *order)
{
    by_text(256, order->octet);
    for (unsigned rank = 0; rank < 256; rank++) {
        char text[8];
        unsigned octet = order->octet[rank];
        int n = snprintf(text, sizeof text, "%u", octet);

        order->rank[octet] = (uint8_t)rank;
        memcpy(order->text[rank], text, 3);
        order->text[rank][3] = (char)n;
    }
    order->prefix[0] = 32; /* A whole address is written without one. */
    by_text(32, order->prefix + 1);
    for (unsigned rank = 0; rank < 33; rank++)
        order->prefix_rank[order->prefix[rank]] = (uint8_t)rank;
}

void kai_bag_init(struct kai_bag *bag, struct kai_view file)
{
    *bag = (struct kai_bag){.file = file};
    make_order(&bag->order);
    kai_buf_init(&bag->arena, KAI_BAG_ARENA_MAX + KAI_VALUE_BYTES_MAX);
}

void kai_bag_free(struct kai_bag *bag)
{
    free(bag->ips);
    free(bag->values);
    kai_buf_free(&bag->arena);
    bag->ips = NULL;
    bag->values = NULL;
    bag->ips_n = bag->ips_cap = bag->values_n = bag->values_cap = 0;
}

void kai_bag_clear(struct kai_bag *bag)
{
    bag->ips_n = 0;
    bag->values_n = 0;
    kai_buf_clear(&bag->arena);
}

bool kai_bag_is_full(const struct kai_bag *bag)
{
    return bag->ips_n + bag->values_n >= KAI_BAG_VALUES_MAX || bag->arena.len >= KAI_BAG_ARENA_MAX;
}

/* Room for an array of n things of this size and one more. */
static bool make_room(void **p, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? FIRST_CAP : *cap * 2;
    void *got;

    if (n < *cap)
        return true;
    while (more <= n)
        more *= 2;
    if (more > KAI_BAG_VALUES_MAX)
        more = KAI_BAG_VALUES_MAX;
    got = realloc(*p, more * size);
    if (got == NULL)
        return false;
    *p = got;
    *cap = more;
    return true;
}

enum kai_err kai_bag_add_ip4(struct kai_bag *bag, const uint8_t addr[static 4], unsigned bits)
{
    const struct kai_ip4_order *o = &bag->order;
    void *p = bag->ips;

    if (!make_room(&p, bag->ips_n, &bag->ips_cap, sizeof *bag->ips))
        return KAI_ENOMEM;
    bag->ips = p;
    bag->ips[bag->ips_n++] = ((uint64_t)o->rank[addr[0]] << 24 | (uint64_t)o->rank[addr[1]] << 16 |
                              (uint64_t)o->rank[addr[2]] << 8 | o->rank[addr[3]])
                                 << PREFIX_BITS |
                             o->prefix_rank[bits];
    return KAI_OK;
}

static uint64_t head_of(struct kai_view v)
{
    uint8_t head[8] = {0};

    memcpy(head, v.p, v.n < 8 ? v.n : 8);
    return kai_get_u64(head);
}

enum kai_err kai_bag_add(struct kai_bag *bag, enum kai_vtype type, struct kai_view text,
                         struct kai_view norm)
{
    struct kai_cidr ip;
    void *p = bag->values;

    if (type == KAI_V_IPV4 && kai_ip4_parse(&ip, norm))
        return kai_bag_add_ip4(bag, ip.addr, ip.bits);
    if (!make_room(&p, bag->values_n, &bag->values_cap, sizeof *bag->values))
        return KAI_ENOMEM;
    bag->values = p;

    struct kai_bag_value v = {.head = head_of(norm), .n = (uint16_t)norm.n, .type = (uint8_t)type};
    if (kai_view_eq(text, norm)) {
        v.at = (uint32_t)(text.p - bag->file.p);
    } else {
        v.in_arena = true;
        v.at = (uint32_t)bag->arena.len;
        kai_buf_add(&bag->arena, norm.p, norm.n);
        if (bag->arena.err != KAI_OK)
            return KAI_ENOMEM;
    }
    bag->values[bag->values_n++] = v;
    return KAI_OK;
}

enum kai_err kai_bag_join(struct kai_bag *bag, struct kai_bag *other, bool *joined)
{
    void *ips = bag->ips;
    void *values = bag->values;
    size_t ips_n = bag->ips_n + other->ips_n;
    size_t values_n = bag->values_n + other->values_n;

    *joined = ips_n + values_n < KAI_BAG_VALUES_MAX &&
              bag->arena.len + other->arena.len < KAI_BAG_ARENA_MAX;
    if (!*joined)
        return KAI_OK;
    bool room = make_room(&ips, ips_n, &bag->ips_cap, sizeof *bag->ips);
    bag->ips = ips;
    room = room && make_room(&values, values_n, &bag->values_cap, sizeof *bag->values);
    bag->values = values;
    if (!room)
        return KAI_ENOMEM;
    for (size_t i = 0; i < other->ips_n; i++)
        bag->ips[bag->ips_n + i] = other->ips[i];
    for (size_t i = 0; i < other->values_n; i++) {
        struct kai_bag_value v = other->values[i];

        v.at += v.in_arena ? (uint32_t)bag->arena.len : 0;
        bag->values[bag->values_n + i] = v;
    }
    kai_buf_add(&bag->arena, other->arena.p, other->arena.len);
    bag->ips_n = ips_n;
    bag->values_n = values_n;
    return bag->arena.err != KAI_OK ? KAI_ENOMEM : KAI_OK;
}

/* By bytes of the key, the lowest first; a byte that all have alike costs one look. */
static enum kai_err sort_ips(uint64_t *ips, size_t n)
{
    uint64_t *other;
    uint64_t *from = ips;

    if (n == 0)
        return KAI_OK;
    other = malloc(n * sizeof *other);
    uint64_t *to = other;
    if (other == NULL)
        return KAI_ENOMEM;
    for (unsigned shift = 0; shift < 32 + PREFIX_BITS; shift += 8) {
        size_t at[256] = {0};
        size_t sum = 0;

        for (size_t i = 0; i < n; i++)
            at[from[i] >> shift & 0xff]++;
        if (at[from[0] >> shift & 0xff] == n)
            continue;
        for (size_t i = 0; i < 256; i++) {
            size_t count = at[i];

            at[i] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 0xff]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != ips)
        memcpy(ips, from, n * sizeof *ips);
    free(other);
    return KAI_OK;
}

static struct kai_view text_of(const struct kai_bag *bag, const struct kai_bag_value *v)
{
    return kai_view_of((v->in_arena ? bag->arena.p : bag->file.p) + v->at, v->n);
}

static int compare(const struct kai_bag *bag, const struct kai_bag_value *a,
                   const struct kai_bag_value *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int d = 0;

    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    if (n > 8)
        d = memcmp(text_of(bag, a).p + 8, text_of(bag, b).p + 8, n - 8);
    return d != 0 ? d : (a->n > b->n) - (a->n < b->n);
}

/* Merge sort, from runs of one up: qsort() of the C library knows no context. */
static enum kai_err sort_values(struct kai_bag *bag)
{
    size_t n = bag->values_n;
    struct kai_bag_value *from = bag->values;
    struct kai_bag_value *to;

    if (n == 0)
        return KAI_OK;
    to = malloc(n * sizeof *to);
    if (to == NULL)
        return KAI_ENOMEM;
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t lo = 0; lo < n; lo += 2 * run) {
            size_t mid = n - lo < run ? n : lo + run;
            size_t hi = n - lo < 2 * run ? n : lo + 2 * run;
            size_t a = lo;
            size_t b = mid;

            if (mid < hi && compare(bag, &from[mid - 1], &from[mid]) <= 0) {
                memcpy(to + lo, from + lo, (hi - lo) * sizeof *to);
                continue;
            }
            for (size_t i = lo; i < hi; i++)
                to[i] = a < mid && (b == hi || compare(bag, &from[a], &from[b]) <= 0) ? from[a++]
                                                                                      : from[b++];
        }
        struct kai_bag_value *swap = from;
        from = to;
        to = swap;
    }
    bag->values = from;
    bag->values_cap = n; /* It may be the copy that stayed, which has no more room. */
    free(to);
    return KAI_OK;
}

struct relay {
    kai_bag_out_fn *out;
    void *ctx;
    enum kai_vtype type;
};

static enum kai_err relay_out(void *ctx, struct kai_view content, uint32_t n_values)
{
    struct relay *r = ctx;

    return r->out(r->ctx, r->type, content, n_values);
}

static size_t ip4_text(const struct kai_ip4_order *o, uint64_t key, char out[static 24])
{
    size_t n = 0;

    for (int shift = 24; shift >= 0; shift -= 8) {
        const char *octet = o->text[key >> (shift + PREFIX_BITS) & 0xff];

        memcpy(out + n, octet, 3);
        n += (size_t)octet[3];
        out[n++] = '.';
    }
    n--;
    unsigned bits = o->prefix[key & ((1u << PREFIX_BITS) - 1)];
    if (bits < 32) {
        out[n++] = '/';
        if (bits >= 10)
            out[n++] = (char)('0' + bits / 10);
        out[n++] = (char)('0' + bits % 10);
    }
    return n;
}

static enum kai_err drain_ips(struct kai_bag *bag, struct kai_view template_json, struct relay *r,
                              uint64_t *doubles)
{
    struct kai_list_writer w;
    char text[24];

    r->type = KAI_V_IPV4;
    kai_list_writer_init(&w, KAI_V_IPV4, template_json, relay_out, r);
    for (size_t i = 0; i < bag->ips_n; i++) {
        if (i > 0 && bag->ips[i] == bag->ips[i - 1])
            (*doubles)++;
        else
            kai_list_writer_add(&w, kai_view_of(text, ip4_text(&bag->order, bag->ips[i], text)));
    }
    return kai_list_writer_end(&w);
}

/* The values of one type from i on. */
static enum kai_err drain_type(struct kai_bag *bag, size_t *i, struct kai_view template_json,
                               struct relay *r, uint64_t *doubles)
{
    struct kai_list_writer w;
    uint8_t type = bag->values[*i].type;

    r->type = kai_vtype_of(type);
    kai_list_writer_init(&w, r->type, template_json, relay_out, r);
    for (bool first = true; *i < bag->values_n && bag->values[*i].type == type; (*i)++) {
        const struct kai_bag_value *v = &bag->values[*i];

        if (!first && compare(bag, v - 1, v) == 0)
            (*doubles)++;
        else
            kai_list_writer_add(&w, text_of(bag, v));
        first = false;
    }
    return kai_list_writer_end(&w);
}

enum kai_err kai_bag_drain(struct kai_bag *bag, struct kai_view template_json, kai_bag_out_fn *out,
                           void *ctx, uint64_t *doubles)
{
    struct relay r = {.out = out, .ctx = ctx};
    size_t i = 0;
    enum kai_err err = sort_ips(bag->ips, bag->ips_n);

    if (err == KAI_OK)
        err = sort_values(bag);
    if (err == KAI_OK)
        err = drain_ips(bag, template_json, &r, doubles);
    while (err == KAI_OK && i < bag->values_n)
        err = drain_type(bag, &i, template_json, &r, doubles);
    kai_bag_clear(bag);
    return err;
}
