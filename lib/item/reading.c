/* reading: readings one behind the other, and a table of where they stand. */
#include "item/reading.h"

#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"
#include "item/import.h"

#define FIRST_CAP  1024u
#define PROBES_MAX 32u /* Who makes contents whose ids meet has them parsed again, no more. */

struct head {
    uint8_t id[KAI_ID_BYTES];
    uint64_t created_ms;
    uint64_t modified_ms;
    uint64_t valid_from_ms;
    uint64_t valid_until_ms;
    uint32_t n_values;
    uint32_t n_refs;
    uint32_t bytes; /* Behind the type. */
    uint8_t type_n; /* Bytes of it, which follow the head; below KAI_STIX_TYPE_CAP. */
    uint8_t kind;
    uint8_t class_of;
    bool revoked;
    uint8_t uuid[16];
    struct kai_label label;
};

struct value { /* Its text follows. */
    uint16_t type;
    uint16_t n;
    uint16_t strength;
};

/* Looking takes a microsecond; but who looks has the lower priority, and may have been interrupted
 * while it had the lock: who adds does not wait for that. */
#define TRIES_MAX 1000u

#define REF_BYTES 17u /* Role and UUID. */

void kai_readings_init(struct kai_readings *r)
{
    *r = (struct kai_readings){.slots = NULL};
    (void)pthread_mutex_init(&r->mu, NULL);
    kai_buf_init(&r->bytes, KAI_READINGS_BYTES_MAX);
    kai_buf_init(&r->one, KAI_READINGS_BYTES_MAX);
}

void kai_readings_free(struct kai_readings *r)
{
    kai_buf_free(&r->bytes);
    kai_buf_free(&r->one);
    free(r->slots);
    (void)pthread_mutex_destroy(&r->mu);
}

/* Where id stands, or the slot where it may be put; cap where there is none for it. */
static size_t slot_of(const struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES])
{
    uint64_t home = kai_get_u64(id);

    for (size_t i = 0; i < PROBES_MAX && r->cap > 0; i++) {
        size_t at = (size_t)(home + i) & (r->cap - 1);

        if (r->slots[at] == 0 || memcmp(r->bytes.p + r->slots[at] - 1, id, KAI_ID_BYTES) == 0)
            return at;
    }
    return r->cap;
}

/* The table is at most half full. */
static bool make_room(struct kai_readings *r)
{
    struct kai_readings old = *r;

    if (2 * (r->n + 1) <= r->cap)
        return true;
    r->cap = old.cap == 0 ? FIRST_CAP : 2 * old.cap;
    r->slots = calloc(r->cap, sizeof *r->slots);
    if (r->slots == NULL) {
        *r = old;
        return false;
    }
    for (size_t i = 0; i < old.cap; i++) {
        size_t at = old.slots[i] == 0 ? r->cap : slot_of(r, r->bytes.p + old.slots[i] - 1);

        if (at < r->cap)
            r->slots[at] = old.slots[i];
    }
    free(old.slots);
    return true;
}

struct adding {
    struct kai_buf *to;
    uint32_t n_values;
    uint32_t n_refs;
};

static bool add_value(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct adding *a = ctx;
    struct value v = {
        .type = (uint16_t)type, .n = (uint16_t)norm.n, .strength = (uint16_t)strength};

    kai_buf_add(a->to, &v, sizeof v);
    kai_buf_add(a->to, norm.p, norm.n);
    a->n_values++;
    return a->to->err == KAI_OK;
}

static bool add_ref(void *ctx, enum kai_stix_role role, const uint8_t uuid[static 16])
{
    struct adding *a = ctx;

    kai_buf_u8(a->to, (uint8_t)role);
    kai_buf_add(a->to, uuid, 16);
    a->n_refs++;
    return a->to->err == KAI_OK;
}

static struct head head_of(const uint8_t id[static KAI_ID_BYTES], const struct kai_candidate *c)
{
    struct head h = {.kind = c->kind};

    memcpy(h.id, id, KAI_ID_BYTES);
    if (c->kind != KAI_CONTENT_STIX)
        return h;
    h.class_of = (uint8_t)c->info->class_of;
    h.type_n = (uint8_t)strlen(c->info->type);
    h.revoked = c->info->revoked;
    h.label = c->info->label;
    h.created_ms = c->info->created_ms;
    h.modified_ms = c->info->modified_ms;
    h.valid_from_ms = c->info->valid_from_ms;
    h.valid_until_ms = c->info->valid_until_ms;
    memcpy(h.uuid, c->info->uuid, sizeof h.uuid);
    return h;
}

/* Into r->one. Errors: KAI_ENOMEM, KAI_ELIMIT. */
static enum kai_err write(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                          const struct kai_candidate *c)
{
    struct adding a = {.to = &r->one};
    struct head h = head_of(id, c);
    enum kai_err err = KAI_OK;

    kai_buf_clear(&r->one);
    kai_buf_add(&r->one, &h, sizeof h);
    if (c->kind == KAI_CONTENT_STIX) {
        kai_buf_add(&r->one, c->info->type, h.type_n);
        size_t said = r->one.len;
        err = kai_stix_kept_values(c->kept, add_value, &a);
        kai_stix_kept_refs(c->kept, add_ref, &a);
        h.bytes = (uint32_t)(r->one.len - said);
        h.n_values = a.n_values;
        h.n_refs = a.n_refs;
    }
    if (r->one.err == KAI_OK)
        memcpy(r->one.p, &h, sizeof h);
    return err == KAI_ENOMEM ? err : r->one.err; /* What else fails, fails whenever it is read. */
}

/* Put r->one, whose id this is. */
static void put(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES])
{
    size_t at = r->bytes.len;

    if (!make_room(r))
        return;
    size_t slot = slot_of(r, id);
    if (slot == r->cap || r->slots[slot] != 0)
        return;
    kai_buf_add(&r->bytes, r->one.p, r->one.len);
    if (r->bytes.err == KAI_OK) {
        r->slots[slot] = (uint32_t)(at + 1);
        r->n++;
    }
}

void kai_readings_add(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                      const struct kai_candidate *c)
{
    bool locked = false;

    if ((c->kind == KAI_CONTENT_STIX && c->kept == NULL) || r->bytes.err != KAI_OK ||
        write(r, id, c) != KAI_OK)
        return;
    for (unsigned i = 0; i < TRIES_MAX && !locked; i++)
        locked = pthread_mutex_trylock(&r->mu) == 0;
    if (!locked)
        return;
    put(r, id);
    (void)pthread_mutex_unlock(&r->mu);
}

static bool copy_of(const struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                    struct kai_buf *said, struct head *h)
{
    size_t slot = slot_of(r, id);

    if (slot == r->cap || r->slots[slot] == 0)
        return false;
    const uint8_t *at = r->bytes.p + r->slots[slot] - 1;
    memcpy(h, at, sizeof *h);
    kai_buf_clear(said);
    kai_buf_add(said, at + sizeof *h, (size_t)h->type_n + h->bytes);
    return said->err == KAI_OK;
}

bool kai_readings_find(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                       struct kai_buf *said, struct kai_reading *out)
{
    struct head h;

    (void)pthread_mutex_lock(&r->mu);
    bool found = copy_of(r, id, said, &h);
    (void)pthread_mutex_unlock(&r->mu);
    if (!found)
        return false;
    *out = (struct kai_reading){.kind = h.kind,
                                .n_values = h.n_values,
                                .n_refs = h.n_refs,
                                .said = kai_view_from(kai_buf_view(said), h.type_n),
                                .info = {.class_of = h.class_of,
                                         .revoked = h.revoked,
                                         .label = h.label,
                                         .created_ms = h.created_ms,
                                         .modified_ms = h.modified_ms,
                                         .valid_from_ms = h.valid_from_ms,
                                         .valid_until_ms = h.valid_until_ms}};
    if (h.type_n > 0)
        memcpy(out->info.type, said->p, h.type_n);
    memcpy(out->info.uuid, h.uuid, sizeof h.uuid);
    return true;
}

void kai_reading_values(const struct kai_reading *g, kai_atom_fn *f, void *ctx)
{
    const uint8_t *at = g->said.p;
    bool more = true;

    for (uint32_t i = 0; more && i < g->n_values; i++) {
        struct value v;

        memcpy(&v, at, sizeof v);
        at += sizeof v;
        more = f(ctx, kai_vtype_of(v.type), kai_view_of(at, v.n), (enum kai_atom)v.strength);
        at += v.n;
    }
}

void kai_reading_refs(const struct kai_reading *g, kai_stix_ref_fn *f, void *ctx)
{
    const uint8_t *at = g->said.p + g->said.n - (size_t)g->n_refs * REF_BYTES;
    bool more = true;

    for (uint32_t i = 0; more && i < g->n_refs; i++, at += REF_BYTES)
        more = f(ctx, (enum kai_stix_role)at[0], at + 1);
}
