/* warn: warninglists in memory. One table holds the entries of all lists: a byte for the kind, then
 * the text or the address. */
#include "item/warn.h"

#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"
#include "item/host.h"
#include "item/ip.h"
#include "item/json.h"

#define FIRST_CAP 1024u
#define KEY_MAX   (1 + KAI_VALUE_BYTES_MAX)

enum kind { WHOLE = 's', HOST = 'h', BLOCK4 = '4', BLOCK6 = '6' };

struct slot {
    uint64_t hash; /* 0: free. */
    uint32_t at;   /* In the arena. */
    uint16_t n;
    uint16_t list;
};

struct piece { /* An entry of a substring list. */
    uint32_t at;
    uint16_t n;
    uint16_t list;
};

struct address {     /* The first address of a block that a list has, in the order of bytes. */
    uint8_t key[17]; /* 4 or 6, and the address. */
    uint16_t list;
};

struct kai_warn {
    struct slot *slots;
    size_t n;
    size_t cap; /* A power of two. */
    struct kai_buf arena;
    bool prefix4[33]; /* Which lengths any list has. */
    bool prefix6[129];
    struct address *addresses;
    size_t addresses_n;
    size_t addresses_cap;
    struct piece *pieces;
    size_t pieces_n;
    char **names; /* Of the lists. */
    struct kai_warn_sum sum;
};

enum kai_err kai_warn_new(struct kai_warn **out)
{
    struct kai_warn *w = calloc(1, sizeof *w);

    *out = NULL;
    if (w == NULL)
        return KAI_ENOMEM;
    w->names = calloc(KAI_WARN_LISTS_MAX, sizeof *w->names);
    w->pieces = calloc(KAI_WARN_SUBSTRINGS_MAX, sizeof *w->pieces);
    kai_buf_init(&w->arena, KAI_WARN_BYTES_MAX);
    if (w->names == NULL || w->pieces == NULL) {
        kai_warn_free(w);
        return KAI_ENOMEM;
    }
    *out = w;
    return KAI_OK;
}

void kai_warn_free(struct kai_warn *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; w->names != NULL && i < w->sum.lists; i++)
        free(w->names[i]);
    free(w->names);
    free(w->pieces);
    free(w->addresses);
    free(w->slots);
    kai_buf_free(&w->arena);
    free(w);
}

struct kai_warn_sum kai_warn_count(const struct kai_warn *w)
{
    return w == NULL ? (struct kai_warn_sum){.lists = 0} : w->sum;
}

/* ---- The table. */
static uint64_t hash_of(struct kai_view key)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a: lists are the administrator's own. */

    for (size_t i = 0; i < key.n; i++)
        h = (h ^ key.p[i]) * 0x100000001b3u;
    return h == 0 ? 1 : h;
}

static const struct slot *look(const struct kai_warn *w, struct kai_view key)
{
    uint64_t hash = hash_of(key);

    if (w->cap == 0)
        return NULL;
    for (size_t i = hash & (w->cap - 1); w->slots[i].hash != 0; i = (i + 1) & (w->cap - 1)) {
        const struct slot *s = &w->slots[i];

        if (s->hash == hash && kai_view_eq(kai_view_of(w->arena.p + s->at, s->n), key))
            return s;
    }
    return NULL;
}

static void insert(struct slot *slots, size_t cap, struct slot s)
{
    size_t i = s.hash & (cap - 1);

    while (slots[i].hash != 0)
        i = (i + 1) & (cap - 1);
    slots[i] = s;
}

static enum kai_err make_room(struct kai_warn *w)
{
    size_t cap = w->cap == 0 ? FIRST_CAP : w->cap * 2;
    struct slot *slots;

    if (w->cap > 0 && w->n < w->cap - w->cap / 4)
        return KAI_OK;
    slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < w->cap; i++)
        if (w->slots[i].hash != 0)
            insert(slots, cap, w->slots[i]);
    free(w->slots);
    w->slots = slots;
    w->cap = cap;
    return KAI_OK;
}

/* The first list that has an entry is the one that is named. */
static enum kai_err keep(struct kai_warn *w, struct kai_view key, uint16_t list)
{
    enum kai_err err = make_room(w);
    size_t at = w->arena.len;

    if (err != KAI_OK)
        return err;
    w->sum.entries++;
    if (look(w, key) != NULL)
        return KAI_OK;
    kai_buf_add(&w->arena, key.p, key.n);
    if (w->arena.err != KAI_OK)
        return w->arena.err;
    insert(w->slots, w->cap,
           (struct slot){
               .hash = hash_of(key), .at = (uint32_t)at, .n = (uint16_t)key.n, .list = list});
    w->n++;
    return KAI_OK;
}

/* ---- Reading a list. */
static enum kai_err keep_address(struct kai_warn *w, const struct kai_cidr *ip, bool six,
                                 uint16_t list)
{
    size_t n = six ? 16 : 4;
    uint8_t key[18] = {six ? BLOCK6 : BLOCK4, ip->bits};
    struct address a = {.list = list};

    if (w->addresses_n == w->addresses_cap) {
        size_t cap = w->addresses_cap == 0 ? FIRST_CAP : w->addresses_cap * 2;
        struct address *more = realloc(w->addresses, cap * sizeof *more);

        if (more == NULL)
            return KAI_ENOMEM;
        w->addresses = more;
        w->addresses_cap = cap;
    }
    memcpy(key + 2, ip->addr, n);
    a.key[0] = key[0];
    memcpy(a.key + 1, ip->addr, n);
    w->addresses[w->addresses_n++] = a;
    if (six)
        w->prefix6[ip->bits] = true;
    else
        w->prefix4[ip->bits] = true;
    return keep(w, kai_view_of(key, 2 + n), list);
}

static bool parse_ip(struct kai_view text, struct kai_cidr *ip, bool *six)
{
    *six = false;
    if (kai_ip4_parse(ip, text))
        return true;
    *six = true;
    return kai_ip6_parse(ip, text);
}

static struct kai_view lower(uint8_t out[static KEY_MAX], enum kind kind, struct kai_view text)
{
    out[0] = (uint8_t)kind;
    for (size_t i = 0; i < text.n; i++)
        out[1 + i] = kai_ascii_lower(text.p[i]);
    return kai_view_of(out, 1 + text.n);
}

static enum kai_err keep_host(struct kai_warn *w, struct kai_view text, uint16_t list)
{
    uint8_t key[1 + KAI_DOMAIN_CAP] = {HOST};
    size_t n;

    while (text.n > 0 && (text.p[0] == '.' || text.p[0] == '*'))
        text = kai_view_from(text, 1);
    if (!kai_domain_norm(text, (char *)key + 1, &n)) {
        w->sum.skipped++;
        return KAI_OK;
    }
    return keep(w, kai_view_of(key, 1 + n), list);
}

static enum kai_err keep_piece(struct kai_warn *w, struct kai_view text, uint16_t list,
                               struct kai_why *why)
{
    uint8_t key[KEY_MAX];
    struct kai_view v = kai_view_from(lower(key, WHOLE, text), 1);

    if (w->pieces_n == KAI_WARN_SUBSTRINGS_MAX)
        return kai_why_set(why, KAI_ELIMIT, "warn.list", "substring", NULL, NULL);
    w->pieces[w->pieces_n++] =
        (struct piece){.at = (uint32_t)w->arena.len, .n = (uint16_t)v.n, .list = list};
    kai_buf_add(&w->arena, v.p, v.n);
    w->sum.entries++;
    return w->arena.err;
}

static enum kai_err keep_entry(struct kai_warn *w, const char *type, struct kai_view text,
                               uint16_t list, struct kai_why *why)
{
    uint8_t key[KEY_MAX];
    struct kai_cidr ip;
    bool six;

    if (text.n == 0 || text.n > KAI_VALUE_BYTES_MAX || strcmp(type, "regex") == 0) {
        w->sum.skipped++;
        return KAI_OK;
    }
    if (strcmp(type, "substring") == 0)
        return keep_piece(w, text, list, why);
    if (strcmp(type, "hostname") == 0)
        return keep_host(w, text, list);
    if (parse_ip(text, &ip, &six))
        return keep_address(w, &ip, six, list);
    if (strcmp(type, "cidr") == 0) {
        w->sum.skipped++;
        return KAI_OK;
    }
    return keep(w, lower(key, WHOLE, text), list);
}

static bool is_type(const char *type)
{
    static const char *const types[] = {"string", "substring", "hostname", "cidr", "regex"};

    for (size_t i = 0; type != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static enum kai_err take_in(struct kai_warn *w, const json_t *o, struct kai_why *why)
{
    const char *name = json_string_value(json_object_get(o, "name"));
    const char *type = json_string_value(json_object_get(o, "type"));
    const json_t *list = json_object_get(o, "list");
    uint16_t number = (uint16_t)w->sum.lists;
    enum kai_err err = KAI_OK;
    const json_t *v;
    size_t i;

    if (name == NULL || name[0] == '\0')
        return kai_why_set(why, KAI_EMALFORMED, "warn.list", "name", NULL, NULL);
    if (!is_type(type))
        return kai_why_set(why, KAI_EMALFORMED, "warn.list", "type", NULL, NULL);
    if (!json_is_array(list))
        return kai_why_set(why, KAI_EMALFORMED, "warn.list", "list", NULL, NULL);
    if (w->sum.lists == KAI_WARN_LISTS_MAX)
        return kai_why_set(why, KAI_ELIMIT, "warn.list", name, NULL, NULL);
    w->names[number] = malloc(strlen(name) + 1);
    if (w->names[number] == NULL)
        return KAI_ENOMEM;
    memcpy(w->names[number], name, strlen(name) + 1);
    w->sum.lists++;
    json_array_foreach(list, i, v)
    {
        if (err == KAI_OK && !json_is_string(v))
            err = kai_why_set(why, KAI_EMALFORMED, "warn.list", "list", NULL, NULL);
        if (err == KAI_OK)
            err = keep_entry(w, type, kai_json_view(v), number, why);
    }
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct address *x = a;
    const struct address *y = b;
    int order = memcmp(x->key, y->key, sizeof x->key);

    return order != 0 ? order : (int)x->list - (int)y->list;
}

enum kai_err kai_warn_add(struct kai_warn *w, struct kai_view json, struct kai_why *why)
{
    json_t *o;
    enum kai_err err = kai_json_load_max(json, KAI_WARN_FILE_BYTES_MAX, "file.size", &o, why);

    if (err != KAI_OK)
        return err;
    err = take_in(w, o, why);
    json_decref(o);
    if (err == KAI_ELIMIT && w->arena.err == KAI_ELIMIT)
        err = kai_why_set(why, err, "warn.list", "bytes", NULL, NULL);
    if (w->addresses_n > 0)
        qsort(w->addresses, w->addresses_n, sizeof *w->addresses, compare);
    return err;
}

/* ---- Asking. */
static const char *named(const struct kai_warn *w, const struct slot *s)
{
    return s == NULL ? NULL : w->names[s->list];
}

/* A block of a list that has the address or the whole block; or an entry inside the block. */
static const char *find_ip(const struct kai_warn *w, const struct kai_cidr *ip, bool six)
{
    size_t n = six ? 16 : 4;
    const bool *prefixes = six ? w->prefix6 : w->prefix4;
    uint8_t key[18] = {six ? BLOCK6 : BLOCK4};
    struct address from = {.list = 0};
    size_t lo = 0;
    size_t hi = w->addresses_n;

    for (unsigned bits = 0; bits <= ip->bits; bits++) {
        const struct slot *s;

        if (!prefixes[bits])
            continue;
        key[1] = (uint8_t)bits;
        memcpy(key + 2, ip->addr, n);
        kai_ip_mask(key + 2, n, bits);
        s = look(w, kai_view_of(key, 2 + n));
        if (s != NULL)
            return named(w, s);
    }
    from.key[0] = key[0];
    memcpy(from.key + 1, ip->addr, n);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (memcmp(w->addresses[mid].key, from.key, sizeof from.key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == w->addresses_n || w->addresses[lo].key[0] != key[0])
        return NULL;
    memcpy(from.key, w->addresses[lo].key, sizeof from.key);
    kai_ip_mask(from.key + 1, n, ip->bits);
    return memcmp(from.key + 1, ip->addr, n) == 0 ? w->names[w->addresses[lo].list] : NULL;
}

/* The host of a URL in normal form. */
static struct kai_view host_of(struct kai_view url)
{
    size_t at = kai_view_find(url, ':');
    struct kai_view host;

    if (url.n < at + 3)
        return kai_view_of(url.p, 0);
    host = kai_view_from(url, at + 3);
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '/' || host.p[i] == '?' || host.p[i] == '#')
            host.n = i;
    at = kai_view_find(host, '@');
    if (at < host.n)
        host = kai_view_from(host, at + 1);
    host.n = kai_view_find(host, ':');
    return host;
}

static const char *find_host(const struct kai_warn *w, struct kai_view name)
{
    uint8_t key[1 + KAI_DOMAIN_CAP];

    while (name.n > 0 && name.n < KAI_DOMAIN_CAP) {
        const struct slot *s;

        key[0] = HOST;
        memcpy(key + 1, name.p, name.n);
        s = look(w, kai_view_of(key, 1 + name.n));
        if (s != NULL)
            return named(w, s);
        size_t dot = kai_view_find(name, '.');
        name = kai_view_from(name, dot < name.n ? dot + 1 : name.n);
    }
    return NULL;
}

static bool has_piece(struct kai_view text, struct kai_view piece)
{
    for (size_t i = 0; i + piece.n <= text.n; i++)
        if (memcmp(text.p + i, piece.p, piece.n) == 0)
            return true;
    return false;
}

const char *kai_warn_find(const struct kai_warn *w, enum kai_vtype type, struct kai_view norm)
{
    uint8_t key[KEY_MAX];
    struct kai_cidr ip;
    const char *name = NULL;
    bool six;

    if (w == NULL || norm.n == 0 || norm.n > KAI_VALUE_BYTES_MAX)
        return NULL;
    struct kai_view text = lower(key, WHOLE, norm);
    if ((type == KAI_V_IPV4 || type == KAI_V_IPV6) && parse_ip(norm, &ip, &six))
        name = find_ip(w, &ip, six);
    if (name == NULL)
        name = named(w, look(w, text));
    if (name == NULL && type == KAI_V_DOMAIN)
        name = find_host(w, norm);
    if (name == NULL && type == KAI_V_URL)
        name = find_host(w, host_of(norm));
    for (size_t i = 0; name == NULL && i < w->pieces_n; i++)
        if (has_piece(kai_view_from(text, 1),
                      kai_view_of(w->arena.p + w->pieces[i].at, w->pieces[i].n)))
            name = w->names[w->pieces[i].list];
    return name;
}
