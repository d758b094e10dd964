/* keyring_ask: what a keyring answers. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "keys/keyring_int.h"

#define PREFIX_DIGITS_MIN 4u

static bool has_id(const uint8_t *ids, size_t n, const uint8_t *id)
{
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = memcmp(ids + mid * KAI_ID_BYTES, id, KAI_ID_BYTES);

        if (cmp == 0)
            return true;
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

bool kai_ring_listed(const struct kai_known *e, const uint8_t *node_id)
{
    for (size_t i = 0; i < e->n_said; i++) {
        const struct kai_statement *s = &e->said[i];

        for (size_t p = 0; s->trusted && p < s->of; p++) {
            if (has_id(s->parts[p], s->part_n[p], node_id))
                return true;
        }
    }
    return false;
}

static bool org_fits(const struct kai_aud *a, const struct kai_org *o)
{
    const struct kai_aud_rec *rec = &a->rec->rec;

    if (!o->active || o->label_max < rec->label_max)
        return false;
    switch (rec->kind) {
    case KAI_AUD_PUBLIC:
        return true;
    case KAI_AUD_COMMUNITY:
        return rec->rule_open && (o->caps & KAI_CAP_PROVIDER) == 0 && kai_rule_fits(o, rec);
    case KAI_AUD_GROUP:
        return a->rule_known && has_id(a->rule_ids, a->n_rule_ids, o->id);
    default: /* Other kinds are carried; nobody is in them. */
        return false;
    }
}

/* A group whose rule has not come yet is closed but for those whom a steward listed in answer to
 * the very AUDIENCE that counts: the rule itself travels inside the audience, and would reach
 * nobody otherwise. */
static bool vouched(const struct kai_aud *a, const struct kai_node *n)
{
    if (a->rec->rec.kind != KAI_AUD_GROUP || a->rule_known || !n->org->active ||
        n->org->label_max < a->rec->rec.label_max)
        return false;
    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *e = a->known[i];

        if (e->complete && e->answers && kai_ring_listed(e, n->id))
            return true;
    }
    return false;
}

bool kai_keyring_eligible(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_node *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    if (a == NULL || a->rec == NULL || n == NULL || !n->active)
        return false;
    return org_fits(a, n->org) || vouched(a, n);
}

bool kai_keyring_org_member(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_org *o)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_node *nodes;

    if (a == NULL || a->rec == NULL || o == NULL)
        return false;
    if (org_fits(a, o))
        return true;
    if (a->rec->rec.kind != KAI_AUD_GROUP || a->rule_known)
        return false;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    for (size_t i = 0; i < n; i++) {
        if (nodes[i].active && memcmp(nodes[i].org->id, o->id, KAI_ID_BYTES) == 0 &&
            vouched(a, &nodes[i]))
            return true;
    }
    return false;
}

const char *kai_keyring_name(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    return a == NULL ? "" : a->name;
}

static bool starts_with(const uint8_t *id, const char *prefix)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    size_t n = strlen(prefix);

    kai_hex(hex, id, KAI_ID_BYTES);
    return n >= PREFIX_DIGITS_MIN && n < sizeof hex && memcmp(hex, prefix, n) == 0;
}

enum kai_err kai_keyring_find(const struct kai_keyring *k, const char *name,
                              uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *found = NULL;
    size_t hits = 0;

    for (size_t i = 0; name[0] != '\0' && i < k->n_auds; i++) {
        if (k->auds[i].rec != NULL && strcmp(k->auds[i].name, name) == 0) {
            found = &k->auds[i];
            hits++;
        }
    }
    for (size_t i = 0; found == NULL && i < k->n_auds; i++)
        hits += starts_with(k->auds[i].id, name);
    for (size_t i = 0; found == NULL && hits == 1 && i < k->n_auds; i++)
        found = starts_with(k->auds[i].id, name) ? &k->auds[i] : NULL;
    if (hits != 1)
        return hits == 0 ? KAI_ENOTFOUND : KAI_EAMBIGUOUS;
    memcpy(aud_id, found->id, KAI_ID_BYTES);
    return KAI_OK;
}

size_t kai_keyring_audiences(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES])
{
    *ids = (const uint8_t(*)[KAI_ID_BYTES])k->mine;
    return k->n_mine;
}

size_t kai_keyring_epochs(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_epoch **first)
{
    size_t n = 0;

    *first = NULL;
    for (size_t i = 0; i < k->n_table; i++) {
        if (memcmp(k->table[i].aud_id, aud_id, KAI_ID_BYTES) != 0)
            continue;
        if (n++ == 0)
            *first = &k->table[i];
    }
    return n;
}

const struct kai_epoch *kai_keyring_kid(const struct kai_keyring *k,
                                        const uint8_t aud_id[static KAI_ID_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES])
{
    const struct kai_epoch *e;
    size_t n = kai_keyring_epochs(k, aud_id, &e);

    for (size_t i = 0; i < n; i++) {
        if (memcmp(e[i].commit, kid, KAI_TAG_BYTES) == 0)
            return &e[i];
    }
    return NULL;
}

const struct kai_epoch *kai_keyring_tag(const struct kai_keyring *k,
                                        const uint8_t tag[static KAI_TAG_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES])
{
    for (size_t i = 0; i < k->n_table; i++) {
        const struct kai_epoch *e = &k->table[i];

        if (memcmp(e->commit, kid, KAI_TAG_BYTES) == 0 && memcmp(e->tag, tag, KAI_TAG_BYTES) == 0)
            return e;
    }
    return NULL;
}

enum kai_err kai_keyring_write_epoch(const struct kai_keyring *k,
                                     const uint8_t aud_id[static KAI_ID_BYTES],
                                     struct kai_epoch *out)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_epoch *e = NULL;

    if (a == NULL || a->rec == NULL)
        return KAI_ENOTFOUND;
    if (a->rec->rec.kind == KAI_AUD_PUBLIC) {
        size_t n = kai_keyring_epochs(k, aud_id, &e);
        e = n == 0 ? NULL : e;
    } else if (a->best != NULL) {
        e = kai_ring_epoch(k, aud_id, a->best->commit);
    }
    if (e == NULL)
        return a->n_keys == 0 ? KAI_ENOTFOUND : KAI_EAGAIN;
    *out = *e;
    return KAI_OK;
}

bool kai_keyring_may_write(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    if (a == NULL || a->rec == NULL)
        return false;
    if (a->rec->rec.kind == KAI_AUD_PUBLIC)
        return kai_keyring_kid(k, aud_id, kid) != NULL;
    for (size_t i = 0; i < a->n_known; i++) {
        if (a->known[i]->clean && memcmp(a->known[i]->commit, kid, KAI_TAG_BYTES) == 0)
            return true;
    }
    return false;
}

enum kai_err kai_keyring_keys(const struct kai_keyring *k, struct kai_epoch **out, size_t *n)
{
    *n = 0;
    *out = sodium_malloc((k->n_table + 1) * sizeof **out);
    if (*out == NULL)
        return KAI_ENOMEM;
    if (k->n_table > 0)
        memcpy(*out, k->table, k->n_table * sizeof **out);
    *n = k->n_table;
    return KAI_OK;
}

uint64_t kai_keyring_version(const struct kai_keyring *k)
{
    return k->version;
}
