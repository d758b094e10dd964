/* keyring: audiences and epochs as they come and go with the roster. */
#include "keys/keyring.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "keys/keyring_int.h"

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

static void known_free(struct kai_known *e)
{
    for (size_t i = 0; i < e->n_said; i++)
        statement_free(&e->said[i]);
    free(e->said);
    free(e);
}

void kai_ring_aud_free(struct kai_aud *a)
{
    for (size_t i = 0; i < a->n_known; i++)
        known_free(a->known[i]);
    for (size_t i = 0; i < a->n_pending; i++)
        free(a->pending[i].list_bytes);
    free(a->known);
    free(a->pending);
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
    sodium_free(k->self);
    free(k);
}

struct kai_aud *kai_ring_aud(const struct kai_keyring *k, const uint8_t *id)
{
    size_t lo = 0;
    size_t hi = k->n_auds;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = memcmp(k->auds[mid].id, id, KAI_ID_BYTES);

        if (cmp == 0)
            return &k->auds[mid];
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
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

/* One arena for all keys: guarded pages are dear, and one is easy to wipe. */
enum kai_err kai_ring_table_add(struct kai_keyring *k, const struct kai_epoch *e)
{
    if (k->n_table == k->table_cap) {
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
    k->table[k->n_table++] = *e;
    return KAI_OK;
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
        int cmp = i == n             ? 1
                  : old == k->n_auds ? -1
                                     : memcmp(now[i].id, k->auds[old].id, KAI_ID_BYTES);

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

static bool in_list(const uint8_t (*ids)[KAI_ID_BYTES], size_t n, const uint8_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(ids[i], id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

bool kai_ring_steward(const struct kai_aud *a, const struct kai_node *n)
{
    return a->rec != NULL && n != NULL && n->active && (n->caps & KAI_CAP_STEWARD) != 0 &&
           in_list((const uint8_t(*)[KAI_ID_BYTES])a->rec->rec.stewards, a->rec->rec.n_stewards,
                   n->org->id);
}

static void judge_trust(const struct kai_keyring *k, const struct kai_aud *a, struct kai_known *e)
{
    bool whole = true;

    e->trusted = false;
    e->answers = false;
    for (size_t i = 0; i < e->n_said; i++) {
        struct kai_statement *s = &e->said[i];

        s->trusted = kai_ring_steward(a, kai_roster_node_by_cert(k->roster, s->minter_cert));
        if (!s->trusted)
            continue;
        e->trusted = true;
        whole = whole && s->whole;
        if (a->rec != NULL)
            e->answers = e->answers || in_list((const uint8_t(*)[KAI_ID_BYTES])s->removals,
                                               s->n_removals, a->rec->entry);
    }
    e->complete = e->has_key && e->trusted && whole;
}

/* All that it follows must be held, and its generation must follow theirs. */
static bool chained(const struct kai_aud *a, const struct kai_known *e)
{
    const struct kai_statement *s = NULL;
    uint64_t most = 0;
    bool all_proven = true;

    for (size_t i = 0; i < e->n_said && s == NULL; i++)
        s = e->said[i].trusted ? &e->said[i] : NULL;
    if (s == NULL)
        return false;
    for (size_t i = 0; i < s->n_preds; i++) {
        const struct kai_known *p = kai_ring_known(a, s->preds[i]);

        if (p == NULL)
            return false;
        all_proven = all_proven && p->has_key;
        if (p->has_key && p->gen >= e->gen)
            return false;
        most = p->has_key && p->gen > most ? p->gen : most;
    }
    return !all_proven || e->gen == most + 1;
}

static bool all_eligible(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_known *e)
{
    for (size_t i = 0; i < e->n_said; i++) {
        const struct kai_statement *s = &e->said[i];

        for (size_t p = 0; s->trusted && p < s->of; p++) {
            for (size_t m = 0; m < s->part_n[p]; m++) {
                const struct kai_node *n =
                    kai_roster_node(k->roster, s->parts[p] + m * KAI_ID_BYTES);

                if (n == NULL || !kai_keyring_eligible(k, a->id, n))
                    return false;
            }
        }
    }
    return true;
}

/* By audience, then ones of active stewards before others, then newest first. */
static int epoch_cmp(const void *x, const void *y)
{
    const struct kai_epoch *a = x;
    const struct kai_epoch *b = y;
    int cmp = memcmp(a->aud_id, b->aud_id, KAI_ID_BYTES);

    if (cmp != 0)
        return cmp;
    if (a->complete != b->complete)
        return a->complete ? -1 : 1;
    if (a->gen != b->gen)
        return a->gen > b->gen ? -1 : 1;
    return memcmp(b->commit, a->commit, KAI_ID_BYTES);
}

void kai_ring_refresh(struct kai_keyring *k, struct kai_aud *a)
{
    a->best = NULL;
    a->n_keys = 0;
    if (k->roster == NULL)
        return;
    for (size_t i = 0; i < a->n_known; i++)
        judge_trust(k, a, a->known[i]);
    for (size_t i = 0; i < a->n_known; i++) { /* In order of gen: what is followed comes first. */
        struct kai_known *e = a->known[i];
        struct kai_epoch *row = e->has_key ? kai_ring_epoch(k, a->id, e->commit) : NULL;

        e->complete = e->complete && chained(a, e);
        if (row != NULL)
            row->complete = e->complete;
        a->n_keys += e->has_key;
    }
    for (size_t i = 0; i < a->n_known; i++) {
        struct kai_known *e = a->known[i];

        e->clean = e->complete && a->rec != NULL && all_eligible(k, a, e);
        if (e->clean &&
            (a->best == NULL || e->gen > a->best->gen ||
             (e->gen == a->best->gen && memcmp(e->commit, a->best->commit, KAI_ID_BYTES) > 0)))
            a->best = e;
    }
    if (k->n_table > 0)
        qsort(k->table, k->n_table, sizeof *k->table, epoch_cmp);
}

static void find_mine(struct kai_keyring *k)
{
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);

    k->n_mine = 0;
    for (size_t i = 0; me != NULL && i < k->n_auds && k->n_mine < KAI_AUDIENCES_MAX; i++) {
        if (kai_keyring_eligible(k, k->auds[i].id, me))
            memcpy(k->mine[k->n_mine++], k->auds[i].id, KAI_ID_BYTES);
    }
}

/* What MATCH and routing go by: the version moves when this does, and not for an entry heard twice.
 */
static void digest(const struct kai_keyring *k, uint8_t out[static KAI_ID_BYTES])
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_STATE);
    if (k->roster != NULL)
        kai_hash_add(&h, kai_roster_hash(k->roster), KAI_ID_BYTES);
    for (size_t i = 0; i < k->n_auds; i++) {
        const struct kai_aud *a = &k->auds[i];

        kai_hash_add(&h, a->id, KAI_ID_BYTES);
        kai_hash_add(&h, a->name, strlen(a->name) + 1);
        kai_hash_u64(&h, a->rule_known);
        kai_hash_u64(&h, a->n_rule_ids);
        if (a->n_rule_ids > 0)
            kai_hash_add(&h, a->rule_ids, a->n_rule_ids * KAI_ID_BYTES);
        for (size_t e = 0; e < a->n_known; e++) {
            const struct kai_known *x = a->known[e];
            size_t parts = 0;

            for (size_t s = 0; s < x->n_said; s++)
                parts += x->said[s].n_held;
            kai_hash_add(&h, x->commit, KAI_ID_BYTES);
            kai_hash_u64(&h, parts);
            kai_hash_u64(&h, (x->has_key ? 1u : 0u) | (x->complete ? 2u : 0u) |
                                 (x->clean ? 4u : 0u) | (x->answers ? 8u : 0u));
        }
    }
    kai_hash_end(&h, out);
}

void kai_ring_changed(struct kai_keyring *k)
{
    uint8_t now[KAI_ID_BYTES];

    find_mine(k);
    digest(k, now);
    if (memcmp(now, k->digest, KAI_ID_BYTES) != 0)
        k->version++;
    memcpy(k->digest, now, KAI_ID_BYTES);
}
