/* hunt_known: what the node knows, for a hunt. */
#include "node/cli/hunt_known.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/call.h"

#define VALUES_MAX 65536u      /* Before it is forgotten: hits repeat, and most are near. */
#define BYTES_MAX  (16u << 20) /* And their texts. */
#define ASK_BYTES  (KAI_CALL_ARGS_BYTES_MAX / 4) /* Of one request: \u makes six of one. */

struct entry {
    uint64_t hash;
    enum kai_hunt_class cls;
    uint32_t value; /* In texts. */
    uint32_t value_n;
    uint32_t items; /* In texts: id, type, label, origin, each with its NUL; n_items times. */
    uint32_t n_items;
};

struct hunt_known {
    struct kai_cli *cli;
    json_t *wish;
    struct kai_hunt_filter *f;
    size_t got; /* Bytes of the filter. */
    bool whole;
    int status;
    struct entry *entry;
    size_t n;
    size_t cap;
    uint32_t *slot; /* Numbers of entries + 1, by hash; cap_slots a power of two. */
    size_t cap_slots;
    struct kai_buf texts;
    json_t *pending; /* Values to ask for, */
    size_t pending_bytes;
    size_t n_pending;
    uint32_t number[KAI_HUNT_ASK_MAX]; /* and which entries they are. */
};

static bool fail(struct hunt_known *k, enum kai_err err, const char *code)
{
    struct kai_why why = {0};

    if (code != NULL)
        kai_ignore(kai_why_set(&why, err, code, NULL, NULL, NULL));
    k->status = kai_cli_fail(k->cli, err, &why);
    return false;
}

/* ---- The filter. */
static bool read_lengths(const json_t *list, uint64_t *words, size_t max)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t bits = json_integer_value(json_array_get(list, i));

        if (bits < 0 || (size_t)bits > max)
            return false;
        words[bits / 64] |= UINT64_C(1) << bits % 64;
    }
    return true;
}

static bool read_hex(const json_t *head, const char *key, void *out, size_t n)
{
    const json_t *hex = json_object_get(head, key);

    return json_is_string(hex) &&
           kai_unhex(out, n, json_string_value(hex), json_string_length(hex));
}

static bool read_head(struct hunt_known *k, const json_t *head)
{
    const json_t *types = json_object_get(head, "types");
    json_int_t blocks = json_integer_value(json_object_get(head, "blocks"));
    json_int_t nets = json_integer_value(json_object_get(head, "net_blocks"));

    if (blocks <= 0 || nets <= 0 ||
        kai_hunt_filter_sized(&k->f, (uint64_t)blocks, (uint64_t)nets) != KAI_OK)
        return false;
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *name = json_string_value(json_array_get(types, i));
        enum kai_vtype type =
            name == NULL ? KAI_V_NONE : kai_vtype_parse(kai_view_of(name, strlen(name)));

        if (type == KAI_V_NONE)
            return false;
        k->f->types |= kai_hunt_bit(type);
    }
    return read_hex(head, "tops", k->f->tops, sizeof k->f->tops) &&
           read_hex(head, "lasts", k->f->lasts, sizeof k->f->lasts) &&
           read_hex(head, "key", k->f->key, sizeof k->f->key) &&
           read_lengths(json_object_get(head, "v4"), &k->f->v4, 32) &&
           read_lengths(json_object_get(head, "v6"), k->f->v6, 128);
}

/* The next bytes, of one table and then of the other. */
static bool take_data(struct hunt_known *k, const char *hex, size_t n)
{
    size_t all = (size_t)k->f->all.blocks * KAI_HUNT_BLOCK_BYTES;
    size_t nets = (size_t)k->f->nets.blocks * KAI_HUNT_BLOCK_BYTES;
    uint8_t *to = k->got < all ? (uint8_t *)k->f->all.words + k->got
                               : (uint8_t *)k->f->nets.words + (k->got - all);

    if (n > (k->got < all ? all : all + nets) - k->got)
        return false;
    k->got += n;
    k->whole = k->got == all + nets;
    return kai_unhex(to, n, hex, 2 * n);
}

/* The hex of a line that has nothing else: megabytes of it, which no parser has to look at. */
static bool read_data(struct hunt_known *k, const char *line, size_t n)
{
    static const char head[] = "{\"data\":\"";
    const size_t head_n = sizeof head - 1;
    const size_t all = head_n + 2; /* And the end. */

    return n >= all && memcmp(line, head, head_n) == 0 && memcmp(line + n - 2, "\"}", 2) == 0 &&
           (n - all) % 2 == 0 && take_data(k, line + head_n, (n - all) / 2);
}

static bool on_filter(void *ctx, const char *line, size_t n)
{
    struct hunt_known *k = ctx;
    bool ok;

    if (k->f != NULL) {
        ok = read_data(k, line, n);
    } else {
        json_t *o = json_loadb(line, n, 0, NULL);

        ok = read_head(k, o);
        json_decref(o);
    }
    if (!ok)
        (void)fail(k, KAI_EMALFORMED, "api.answer");
    return ok;
}

int hunt_known_open(struct hunt_known **out, struct kai_cli *cli, json_t *wish)
{
    struct hunt_known *k = calloc(1, sizeof *k);
    int status;

    *out = NULL;
    if (k == NULL) {
        json_decref(wish);
        return KAI_EXIT_FAILED;
    }
    k->cli = cli;
    k->wish = wish;
    k->pending = json_array();
    kai_buf_init(&k->texts, UINT32_MAX);
    status = kai_cli_call(cli, "hunt-filter", json_deep_copy(wish), NULL, false, on_filter, k);
    if (status == KAI_EXIT_DONE && k->status == KAI_EXIT_DONE && !k->whole)
        (void)fail(k, KAI_EMALFORMED, "api.answer");
    if (status == KAI_EXIT_DONE)
        status = k->status;
    if (status == KAI_EXIT_DONE)
        *out = k;
    else
        hunt_known_close(k);
    return status;
}

void hunt_known_close(struct hunt_known *k)
{
    if (k == NULL)
        return;
    kai_hunt_filter_free(k->f);
    json_decref(k->wish);
    json_decref(k->pending);
    kai_buf_free(&k->texts);
    free(k->entry);
    free(k->slot);
    free(k);
}

const struct kai_hunt_filter *hunt_known_filter(const struct hunt_known *k)
{
    return k->f;
}

int hunt_known_status(const struct hunt_known *k)
{
    return k->status;
}

/* ---- Items. */
bool hunt_known_begin(struct hunt_known *k)
{
    if (k->n < VALUES_MAX && k->texts.len < BYTES_MAX)
        return false;
    k->n = 0;
    kai_buf_clear(&k->texts);
    memset(k->slot, 0, k->cap_slots * sizeof *k->slot);
    return true;
}

/* The slot of a value, or the free one that it would get. */
static size_t slot_of(const struct hunt_known *k, uint64_t hash, enum kai_hunt_class cls,
                      struct kai_view value)
{
    size_t at = (size_t)(hash >> 20) & (k->cap_slots - 1);

    for (; k->slot[at] != 0; at = (at + 1) & (k->cap_slots - 1)) {
        const struct entry *e = &k->entry[k->slot[at] - 1];

        if (e->hash == hash && e->cls == cls && e->value_n == value.n &&
            memcmp(k->texts.p + e->value, value.p, value.n) == 0)
            break;
    }
    return at;
}

/* Room for one more entry, at most half of the slots used. */
static bool grow(struct hunt_known *k)
{
    size_t cap = k->cap_slots == 0 ? 4096 : 2 * k->cap_slots;
    struct entry *entry;
    uint32_t *slot;

    if (2 * (k->n + 1) <= k->cap_slots)
        return true;
    entry = realloc(k->entry, cap / 2 * sizeof *entry);
    if (entry != NULL)
        k->entry = entry;
    slot = entry == NULL ? NULL : calloc(cap, sizeof *slot);
    if (slot == NULL)
        return fail(k, KAI_ENOMEM, NULL);
    free(k->slot);
    k->slot = slot;
    k->cap_slots = cap;
    for (size_t i = 0; i < k->n; i++) {
        const struct entry *e = &k->entry[i];

        k->slot[slot_of(k, e->hash, e->cls, kai_view_of(k->texts.p + e->value, e->value_n))] =
            (uint32_t)i + 1;
    }
    return true;
}

bool hunt_known_want(struct hunt_known *k, enum kai_hunt_class cls, struct kai_view value,
                     uint32_t *number)
{
    uint64_t hash = kai_hunt_mix(kai_hunt_begin(k->f, cls), value.p, value.n);
    size_t at;

    if (!grow(k))
        return false;
    at = slot_of(k, hash, cls, value);
    if (k->slot[at] != 0) {
        *number = k->slot[at] - 1;
        return true;
    }
    if (k->n_pending == KAI_HUNT_ASK_MAX || k->pending_bytes + value.n > ASK_BYTES) {
        if (!hunt_known_ask(k))
            return false;
    }
    json_t *pair = json_array();
    (void)json_array_append_new(pair, json_integer((json_int_t)cls));
    if (json_array_append_new(pair, json_stringn((const char *)value.p, value.n)) != 0 ||
        json_array_append_new(k->pending, pair) != 0)
        return fail(k, KAI_ENOMEM, NULL);
    *number = (uint32_t)k->n;
    k->number[k->n_pending++] = *number;
    k->pending_bytes += value.n;
    k->entry[k->n++] = (struct entry){
        .hash = hash, .cls = cls, .value = (uint32_t)k->texts.len, .value_n = (uint32_t)value.n};
    kai_buf_add(&k->texts, value.p, value.n);
    k->slot[at] = *number + 1;
    return k->texts.err == KAI_OK || fail(k, k->texts.err, NULL);
}

static void add_text(struct hunt_known *k, const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));

    kai_buf_text(&k->texts, text != NULL ? text : "");
    kai_buf_u8(&k->texts, 0);
}

static bool on_resolved(void *ctx, const char *line, size_t n)
{
    struct hunt_known *k = ctx;
    json_t *o = json_loadb(line, n, 0, NULL);
    const json_t *items = json_object_get(o, "items");
    json_int_t i = json_integer_value(json_object_get(o, "n"));
    bool ok = json_is_array(items) && i >= 0 && (size_t)i < k->n_pending;

    if (ok) {
        struct entry *e = &k->entry[k->number[i]];

        e->items = (uint32_t)k->texts.len;
        e->n_items = (uint32_t)json_array_size(items);
        for (size_t m = 0; m < e->n_items; m++) {
            const json_t *item = json_array_get(items, m);

            add_text(k, item, "id");
            add_text(k, item, "value_type");
            add_text(k, item, "label");
            add_text(k, item, "origin_name");
        }
        ok = k->texts.err == KAI_OK;
    }
    json_decref(o);
    return ok || fail(k, KAI_EMALFORMED, "api.answer");
}

bool hunt_known_ask(struct hunt_known *k)
{
    json_t *args;
    int status;

    if (k->n_pending == 0 || k->status != KAI_EXIT_DONE)
        return k->status == KAI_EXIT_DONE;
    args = json_deep_copy(k->wish);
    (void)json_object_set_new(args, "values", k->pending);
    k->pending = json_array();
    status = kai_cli_call(k->cli, "hunt-resolve", args, NULL, false, on_resolved, k);
    k->n_pending = 0;
    k->pending_bytes = 0;
    if (k->status == KAI_EXIT_DONE)
        k->status = status;
    return k->status == KAI_EXIT_DONE;
}

bool hunt_known_item(const struct hunt_known *k, uint32_t number, size_t i, struct hunt_item *out)
{
    const struct entry *e = &k->entry[number];
    const char *p = (const char *)k->texts.p + e->items;
    const char **const field[] = {&out->id, &out->value_type, &out->label, &out->origin_name};

    if (i >= e->n_items)
        return false;
    for (size_t m = 0; m < 4 * i; m++)
        p += strlen(p) + 1;
    for (size_t m = 0; m < 4; m++) {
        *field[m] = p;
        p += strlen(p) + 1;
    }
    if (out->origin_name[0] == '\0')
        out->origin_name = NULL;
    return true;
}
