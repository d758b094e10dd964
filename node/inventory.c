/* inventory: whether an item touches what the organisation has. */
#include "node/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "item/cpe.h"
#include "item/search.h"

void kai_inventory_free(struct kai_inventory *inv)
{
    for (size_t i = 0; i < inv->n; i++) {
        free(inv->own[i].text);
        free(inv->own[i].cpe);
        free(inv->own[i].vendor);
        free(inv->own[i].product);
        free(inv->own[i].version);
    }
    free(inv->own);
    *inv = (struct kai_inventory){0};
}

struct kai_inventory_file kai_inventory_file(const struct kai_home *home)
{
    char path[KAI_PATH_BYTES_MAX];
    struct stat st = {0};

    (void)stat(kai_home_path(home, path, "inventory"), &st);
    return (struct kai_inventory_file){.inode = st.st_ino,
                                       .bytes = (uint64_t)st.st_size,
                                       .changed_s = st.st_mtim.tv_sec,
                                       .changed_ns = st.st_mtim.tv_nsec};
}

bool kai_inventory_file_is(const struct kai_inventory_file *a, const struct kai_inventory_file *b)
{
    return a->inode == b->inode && a->bytes == b->bytes && a->changed_s == b->changed_s &&
           a->changed_ns == b->changed_ns;
}

/* ---- Values. */
static int compare(struct kai_view a, struct kai_view b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static struct kai_view key_of(const struct kai_own *own)
{
    return kai_view_of(own->key, own->key_n);
}

/* The first of ours that is not before the key. */
static size_t not_before(const struct kai_inventory *inv, struct kai_view key)
{
    size_t lo = 0;
    size_t hi = inv->n_values;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare(key_of(&inv->own[mid]), key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* One of ours between two keys, both included. */
static const struct kai_own *between(const struct kai_inventory *inv, struct kai_view lo,
                                     struct kai_view hi)
{
    size_t i = not_before(inv, lo);

    return i < inv->n_values && compare(key_of(&inv->own[i]), hi) <= 0 ? &inv->own[i] : NULL;
}

struct above {
    const struct kai_inventory *inv;
    const struct kai_own *own;
};

static bool on_parent(void *ctx, struct kai_view key)
{
    struct above *a = ctx;

    a->own = between(a->inv, key, key);
    return a->own == NULL;
}

static const struct kai_own *ip_of(const struct kai_inventory *inv, enum kai_vtype type,
                                   struct kai_view norm)
{
    uint8_t lo[KAI_VALUE_KEY_MAX];
    uint8_t hi[KAI_VALUE_KEY_MAX];
    struct above a = {.inv = inv};
    size_t n;

    if (kai_key_cidr_range(type, norm, lo, hi, &n) != KAI_OK)
        return NULL;
    a.own = between(inv, kai_view_of(lo, n), kai_view_of(hi, n));
    if (a.own == NULL)
        kai_ignore(kai_key_cidr_parents(type, norm, on_parent, &a));
    return a.own;
}

/* A domain's key begins with the keys of all names above it: labels from the right, each with its
 * dot. */
static const struct kai_own *domain_of(const struct kai_inventory *inv, struct kai_view key)
{
    const struct kai_own *own = NULL;

    for (size_t n = 2; n <= key.n && own == NULL; n++) {
        if (key.p[n - 1] == '.')
            own = between(inv, kai_view_of(key.p, n), kai_view_of(key.p, n));
    }
    return own;
}

const struct kai_own *kai_inventory_value(const struct kai_inventory *inv, struct kai_view key)
{
    char norm[KAI_VALUE_KEY_MAX];
    enum kai_vtype type;
    size_t n;

    if (inv->n_values == 0 || key.n == 0 || !kai_key_value(key, &type, norm, &n))
        return NULL;
    if (type == KAI_V_IPV4 || type == KAI_V_IPV6)
        return ip_of(inv, type, kai_view_of(norm, n));
    if (type == KAI_V_DOMAIN)
        return domain_of(inv, key);
    return between(inv, key, key);
}

/* ---- Products. */
static struct kai_view text_at(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_string(v) ? kai_view_of(json_string_value(v), json_string_length(v))
                             : (struct kai_view){0};
}

/* A CPE name somewhere in the object; around: what it stands in, which may give versions. */
static bool names_ours(const struct kai_inventory *inv, const json_t *v, const json_t *around,
                       struct kai_touch *out)
{
    struct kai_cpe_range range = {.from = text_at(around, "versionStartIncluding"),
                                  .from_after = text_at(around, "versionStartExcluding"),
                                  .to = text_at(around, "versionEndIncluding"),
                                  .to_before = text_at(around, "versionEndExcluding")};
    struct kai_view text = kai_view_of(json_string_value(v), json_string_length(v));
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;

    if (text.n < 8 || memcmp(text.p, "cpe:2.3:", 8) != 0 ||
        kai_value_norm(KAI_V_CPE, text, norm, sizeof norm, &n, NULL) != KAI_OK)
        return false;
    for (size_t i = inv->n_values; i < inv->n; i++) {
        const char *own = inv->own[i].cpe;

        if (own != NULL &&
            kai_cpe_match(kai_view_of(norm, n), &range, kai_view_of(own, strlen(own)))) {
            *out = (struct kai_touch){.own = &inv->own[i], .by = "cpe"};
            return true;
        }
    }
    return false;
}

#define DEPTH_MAX (KAI_STIX_DEPTH_MAX + 1u)

struct walk {
    json_t *at;
    void *iter; /* Of an object. */
    size_t i;   /* Of an array. */
};

/* The next value in what is open; NULL: there is none left. */
static json_t *step(struct walk *w)
{
    json_t *v;

    if (json_is_array(w->at))
        return json_array_get(w->at, w->i++);
    if (w->iter == NULL)
        return NULL;
    v = json_object_iter_value(w->iter);
    w->iter = json_object_iter_next(w->at, w->iter);
    return v;
}

static bool find_cpe(const struct kai_inventory *inv, json_t *root, struct kai_touch *out)
{
    struct walk open[DEPTH_MAX] = {{.at = root, .iter = json_object_iter(root)}};
    size_t n = 1;

    while (n > 0) {
        json_t *v = step(&open[n - 1]);

        if (v == NULL)
            n--;
        else if (json_is_string(v) && names_ours(inv, v, open[n - 1].at, out))
            return true;
        else if ((json_is_object(v) || json_is_array(v)) && n < DEPTH_MAX)
            open[n++] = (struct walk){.at = v, .iter = json_object_iter(v)};
    }
    return false;
}

static bool has(struct kai_view object, const char *folded)
{
    bool found = false;

    return folded != NULL &&
           kai_search_json(object, kai_view_of(folded, strlen(folded)), &found) == KAI_OK && found;
}

bool kai_inventory_product(const struct kai_inventory *inv, struct kai_view object, bool texts,
                           struct kai_touch *out)
{
    json_t *root;
    bool found;

    if (inv->n == inv->n_values)
        return false;
    root = json_loadb((const char *)object.p, object.n, JSON_ALLOW_NUL, NULL);
    found = root != NULL && find_cpe(inv, root, out);
    json_decref(root);
    for (size_t i = inv->n_values; texts && !found && i < inv->n; i++) {
        found = has(object, inv->own[i].product) && has(object, inv->own[i].vendor);
        if (found)
            *out = (struct kai_touch){.own = &inv->own[i], .by = "text"};
    }
    return found;
}
