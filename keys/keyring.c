/* keyring: audiences and epochs as they come and go with the roster. */
#include "keys/keyring.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "keys/keyring_int.h"

#define SPARE_MAX 65536u /* All audiences and mailboxes, by far. */

enum kai_err kai_keyring_new(struct kai_keyring **out, const struct kai_self *self)
{
    struct kai_keyring *k = calloc(1, sizeof *k);

    *out = NULL;
    if (k == NULL)
        return KAI_ENOMEM;
    k->self = sodium_malloc(sizeof *k->self);
    if (k->self == NULL) {
        free(k);
        return KAI_ENOMEM;
    }
    *k->self = *self;
    k->version = 1;
    *out = k;
    return KAI_OK;
}

static void statement_free(struct kai_statement *s)
{
    for (size_t i = 0; i < KAI_EPOCH_PARTS_MAX; i++)
        free(s->parts[i]);
    free(s->preds);
    free(s->removals);
}

void kai_ring_known_free(struct kai_known *e)
{
    for (size_t i = 0; i < e->n_said; i++)
        statement_free(&e->said[i]);
    free(e->said);
    free(e);
}

void kai_ring_aud_free(struct kai_aud *a)
{
    for (size_t i = 0; i < a->n_known; i++)
        kai_ring_known_free(a->known[i]);
    for (size_t i = 0; i < a->n_pending; i++)
        free(a->pending[i].list_bytes);
    free(a->known);
    free(a->pending);
    free(a->place_ids);
}

void kai_keyring_free(struct kai_keyring *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->n_auds; i++)
        kai_ring_aud_free(&k->auds[i]);
    free(k->auds);
    kai_ring_rules_free(k);
    kai_roster_unref(k->roster);
    sodium_free(k->table); /* Wipes. */
    sodium_free(k->spare);
    sodium_free(k->self);
    free(k);
}

/* The first row whose id is not less. */
static size_t aud_at(const struct kai_keyring *k, const uint8_t *id)
{
    size_t lo = 0;
    size_t hi = k->n_auds;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (kai_id_cmp(k->auds[mid].id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct kai_aud *kai_ring_aud(const struct kai_keyring *k, const uint8_t *id)
{
    size_t at = aud_at(k, id);

    return at < k->n_auds && memcmp(k->auds[at].id, id, KAI_ID_BYTES) == 0 ? &k->auds[at] : NULL;
}

struct kai_aud *kai_ring_aud_make(struct kai_keyring *k, const uint8_t *id)
{
    struct kai_aud *a = kai_ring_aud(k, id);
    size_t at = aud_at(k, id);

    if (a != NULL)
        return a;
    struct kai_aud *rows = realloc(k->auds, (k->n_auds + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    k->auds = rows;
    memmove(rows + at + 1, rows + at, (k->n_auds++ - at) * sizeof *rows);
    memset(&rows[at], 0, sizeof rows[at]);
    memcpy(rows[at].id, id, KAI_ID_BYTES);
    return &rows[at];
}

struct kai_known *kai_ring_known(const struct kai_aud *a, const uint8_t *commit)
{
    for (size_t i = 0; i < a->n_known; i++) {
        if (memcmp(a->known[i]->commit, commit, KAI_ID_BYTES) == 0)
            return a->known[i];
    }
    return NULL;
}

struct kai_epoch *kai_ring_epoch(const struct kai_keyring *k, const uint8_t *aud_id,
                                 const uint8_t *commit)
{
    for (size_t i = 0; i < k->n_table; i++) {
        if (memcmp(k->table[i].aud_id, aud_id, KAI_ID_BYTES) == 0 &&
            memcmp(k->table[i].commit, commit, KAI_ID_BYTES) == 0)
            return &k->table[i];
    }
    return NULL;
}

/* By audience, then ones of active stewards before others, then newest first. */
static int epoch_cmp(const void *x, const void *y)
{
    const struct kai_epoch *a = x;
    const struct kai_epoch *b = y;
    int cmp = kai_id_cmp(a->aud_id, b->aud_id);

    if (cmp != 0)
        return cmp;
    if (a->complete != b->complete)
        return a->complete ? -1 : 1;
    if (a->gen != b->gen)
        return a->gen > b->gen ? -1 : 1;
    return memcmp(b->commit, a->commit, KAI_ID_BYTES);
}

void kai_ring_table_erase(struct kai_keyring *k, struct kai_epoch *row)
{
    size_t at = (size_t)(row - k->table);

    memmove(row, row + 1, (k->n_table - at - 1) * sizeof *row);
    k->n_table--;
    sodium_memzero(k->table + k->n_table, sizeof *row);
}

enum kai_err kai_keyring_spare(struct kai_keyring *k, const uint8_t commit[static KAI_ID_BYTES],
                               const uint8_t key[static KAI_KEY_BYTES])
{
    if (k->n_spare == SPARE_MAX)
        return KAI_ELIMIT;
    if (k->n_spare == k->spare_cap) {
        size_t cap = k->spare_cap == 0 ? 64 : 2 * k->spare_cap;
        struct kai_spare *rows = sodium_allocarray(cap, sizeof *rows);

        if (rows == NULL)
            return KAI_ENOMEM;
        if (k->n_spare > 0)
            memcpy(rows, k->spare, k->n_spare * sizeof *rows);
        sodium_free(k->spare);
        k->spare = rows;
        k->spare_cap = cap;
    }
    memcpy(k->spare[k->n_spare].commit, commit, KAI_ID_BYTES);
    memcpy(k->spare[k->n_spare++].key, key, KAI_KEY_BYTES);
    return KAI_OK;
}

/* One arena for all keys: guarded pages are dear, and one is easy to wipe. */
enum kai_err kai_ring_table_add(struct kai_keyring *k, const struct kai_epoch *e)
{
    struct kai_epoch *old = kai_ring_epoch(k, e->aud_id, e->commit);

    if (old != NULL) {
        kai_ring_table_erase(k, old);
    } else if (k->n_table == k->table_cap) {
        size_t cap = k->table_cap == 0 ? 16 : k->table_cap * 2;
        struct kai_epoch *p = sodium_malloc(cap * sizeof *p);

        if (p == NULL)
            return KAI_ENOMEM;
        if (k->n_table > 0)
            memcpy(p, k->table, k->n_table * sizeof *p);
        sodium_free(k->table);
        k->table = p;
        k->table_cap = cap;
    }
    size_t at = k->n_table++;
    for (; at > 0 && epoch_cmp(&k->table[at - 1], e) > 0; at--)
        k->table[at] = k->table[at - 1];
    k->table[at] = *e;
    return KAI_OK;
}

void kai_ring_table_sort(struct kai_keyring *k)
{
    if (k->n_table > 0)
        qsort(k->table, k->n_table, sizeof *k->table, epoch_cmp);
}

/* Everybody can work out the key of a public audience: it is there so that one path serves all. */
static enum kai_err add_public(struct kai_keyring *k, struct kai_aud *a)
{
    struct kai_epoch e = {.gen = 0, .complete = true};
    struct kai_hasher h;

    memcpy(e.aud_id, a->id, KAI_ID_BYTES);
    kai_hash_begin(&h, KAI_D_PUBLIC);
    kai_hash_add(&h, kai_roster_nid(k->roster), KAI_ID_BYTES);
    kai_hash_add(&h, a->id, KAI_ID_BYTES);
    kai_hash_end(&h, e.key);
    kai_epoch_derive(&e);
    enum kai_err err = kai_ring_table_add(k, &e);
    a->has_public = err == KAI_OK;
    return err;
}

/* The audiences of the roster, and those that had epochs before: their entries stay readable. */
static enum kai_err merge(struct kai_keyring *k, struct kai_roster *r)
{
    const struct kai_audience *now;
    size_t n = kai_roster_audiences(r, &now);
    struct kai_aud *all = calloc(n + k->n_auds + 1, sizeof *all);
    size_t old = 0;
    size_t out = 0;

    if (all == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n || old < k->n_auds;) {
        int cmp = i == n ? 1 : old == k->n_auds ? -1 : kai_id_cmp(now[i].id, k->auds[old].id);

        if (cmp < 0)
            memcpy(all[out].id, now[i].id, KAI_ID_BYTES);
        else
            all[out] = k->auds[old];
        all[out].rec = cmp <= 0 ? &now[i] : NULL;
        out++;
        i += cmp <= 0;
        old += cmp >= 0;
    }
    free(k->auds);
    k->auds = all;
    k->n_auds = out;
    return KAI_OK;
}

enum kai_err kai_keyring_roster(struct kai_keyring *k, struct kai_roster *r)
{
    enum kai_err err = merge(k, r);

    if (err != KAI_OK)
        return err;
    kai_roster_ref(r);
    kai_roster_unref(k->roster);
    k->roster = r;
    for (size_t i = 0; i < k->n_auds; i++) {
        struct kai_aud *a = &k->auds[i];

        kai_ring_rule(k, a);
        kai_ring_adopt_all(k, a); /* Their minters' certificates may have come. */
        kai_ring_refresh(k, a);
        if (a->rec != NULL && a->rec->rec.kind == KAI_AUD_PUBLIC && !a->has_public && err == KAI_OK)
            err = add_public(k, a);
    }
    kai_ring_changed(k);
    return err;
}
