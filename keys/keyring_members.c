/* keyring_members: who is in an audience (docs/protocol.md 6). */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/keyring_int.h"

bool kai_ring_has_id(const uint8_t *ids, size_t n, const uint8_t *id)
{
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(ids + mid * KAI_ID_BYTES, id);

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

        for (size_t p = 0; s->counts && p < s->of; p++) {
            if (kai_ring_has_id(s->parts[p], s->part_n[p], node_id))
                return true;
        }
    }
    return false;
}

bool kai_ring_by_rule(uint64_t kind)
{
    return kind == KAI_AUD_GROUP || kind == KAI_AUD_PROVIDERS || kind == KAI_AUD_PERSONS;
}

static bool is_provider(const struct kai_org *o)
{
    return (o->caps & KAI_CAP_PROVIDER) != 0;
}

/* Whether it may be a member of anything that has this ceiling. */
static bool may_be(const struct kai_aud *a, const struct kai_org *o)
{
    return o->active && KAI_CHECK(MEMBER_CEILING, o->label_max >= a->rec->rec.label_max);
}

/* Whether the RULE lists the organisation, or one in whose places it stands. */
static bool listed(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_org *o)
{
    const struct kai_forerunner *f;
    size_t n = kai_roster_forerunners(k->roster, o, &f);

    if (!a->rule_known)
        return false;
    if (kai_ring_has_id(a->rule_ids, a->n_rule_ids, o->id))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (kai_forerunner_reaches(&f[i], a->rec->rec.label_max) &&
            kai_ring_has_id(a->rule_ids, a->n_rule_ids, f[i].org->id))
            return true;
    }
    return false;
}

static bool answered_for(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_org *o)
{
    return KAI_CHECK(PROVIDER_TIERS, kai_roster_provider_tiers(k->roster, o, a->rec->owner) > 0);
}

static bool org_fits(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_org *o)
{
    const struct kai_aud_rec *rec = &a->rec->rec;
    bool owner = o == a->rec->owner;

    if (!may_be(a, o))
        return false;
    switch (rec->kind) {
    case KAI_AUD_PUBLIC:
        return true;
    case KAI_AUD_COMMUNITY:
        return rec->rule_open && KAI_CHECK(COMMUNITY_PROVIDERS, !is_provider(o)) &&
               (owner || KAI_CHECK(COMMUNITY_RULE, kai_rule_fits(o, rec)));
    case KAI_AUD_GROUP:
        return a->rule_known && KAI_CHECK(GROUP_LISTED, listed(k, a, o));
    case KAI_AUD_CLIENTS:
        return owner ||
               (!is_provider(o) &&
                KAI_CHECK(CLIENTS_ADMITTED, kai_roster_client(k->roster, o, a->rec->owner)));
    case KAI_AUD_PROVIDERS:
        return owner || (listed(k, a, o) && answered_for(k, a, o));
    case KAI_AUD_PERSONS:
        return owner ||
               (a->rule_known &&
                KAI_CHECK(PERSONS_PLACE, kai_ring_has_id(a->place_ids, a->n_place_ids, o->id)));
    default: /* Other kinds are carried; nobody is in them. */
        return false;
    }
}

/* An audience whose rule has not come yet is closed but for those whom a steward listed in answer
 * to the very AUDIENCE that counts: the rule itself travels inside the audience, and would reach
 * nobody otherwise; and a relay never sees it. */
static bool vouched(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_node *n)
{
    uint64_t kind = a->rec->rec.kind;

    if (!kai_ring_by_rule(kind) || a->rule_known || !may_be(a, n->org) ||
        (kind == KAI_AUD_PROVIDERS && !answered_for(k, a, n->org)))
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

    if (n == NULL || !n->active)
        return false;
    if (a == NULL || a->rec == NULL)
        return n->org == kai_keyring_mailbox_owner(k, aud_id);
    return org_fits(k, a, n->org) || vouched(k, a, n);
}

bool kai_keyring_likely(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                        const struct kai_node *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    if (kai_keyring_eligible(k, aud_id, n))
        return true;
    if (n == NULL || !n->active || a == NULL || a->rec == NULL || a->rule_known ||
        !kai_ring_by_rule(a->rec->rec.kind) || !may_be(a, n->org))
        return false;
    return a->newest != NULL && kai_ring_listed(a->newest, n->id);
}

/* Which organisations are members, by their place in the roster; NULL: no memory. */
static bool *members_of(const struct kai_keyring *k, const uint8_t *aud_id, size_t *n_orgs,
                        const struct kai_org **orgs)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_org *box = kai_keyring_mailbox_owner(k, aud_id);
    const struct kai_node *nodes;

    *n_orgs = k->roster == NULL ? 0 : kai_roster_orgs(k->roster, orgs);
    bool *in = calloc(*n_orgs + 1, sizeof *in);
    if (in == NULL || *n_orgs == 0)
        return in;
    if (box != NULL)
        in[box - *orgs] = true;
    if (a == NULL || a->rec == NULL)
        return in;
    for (size_t i = 0; i < *n_orgs; i++)
        in[i] = org_fits(k, a, &(*orgs)[i]);
    size_t n = kai_ring_by_rule(a->rec->rec.kind) && !a->rule_known
                   ? kai_roster_nodes(k->roster, &nodes)
                   : 0;
    for (size_t i = 0; i < n; i++) {
        if (nodes[i].active && vouched(k, a, &nodes[i]))
            in[nodes[i].org - *orgs] = true;
    }
    return in;
}

bool kai_keyring_org_member(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_org *o)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_node *nodes;

    if (o == NULL || k->roster == NULL)
        return false;
    if (a == NULL || a->rec == NULL)
        return o == kai_keyring_mailbox_owner(k, aud_id);
    if (org_fits(k, a, o))
        return true;
    if (!kai_ring_by_rule(a->rec->rec.kind) || a->rule_known)
        return false;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    for (size_t i = 0; i < n; i++) {
        if (nodes[i].active && nodes[i].org == o && vouched(k, a, &nodes[i]))
            return true;
    }
    return false;
}

enum kai_err kai_keyring_org_members(const struct kai_keyring *k,
                                     const uint8_t aud_id[static KAI_ID_BYTES],
                                     const struct kai_org ***orgs, size_t *n)
{
    const struct kai_org *all = NULL;
    size_t n_orgs;
    bool *in = members_of(k, aud_id, &n_orgs, &all);

    *n = 0;
    *orgs = in == NULL ? NULL : calloc(n_orgs + 1, sizeof **orgs);
    for (size_t i = 0; *orgs != NULL && i < n_orgs; i++) {
        if (in[i])
            (*orgs)[(*n)++] = &all[i];
    }
    free(in);
    return *orgs == NULL ? KAI_ENOMEM : KAI_OK;
}

bool kai_keyring_members_known(const struct kai_keyring *k,
                               const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    if (a == NULL || a->rec == NULL)
        return kai_keyring_mailbox_owner(k, aud_id) != NULL;
    uint64_t kind = a->rec->rec.kind;
    return kind == KAI_AUD_PUBLIC || kind == KAI_AUD_COMMUNITY || kind == KAI_AUD_CLIENTS ||
           (kai_ring_by_rule(kind) && a->rule_known);
}

static bool is_public(const struct kai_keyring *k, const uint8_t *aud_id)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    return a != NULL && a->rec != NULL && a->rec->rec.kind == KAI_AUD_PUBLIC;
}

enum kai_inside kai_keyring_inside(const struct kai_keyring *k,
                                   const uint8_t inner[static KAI_ID_BYTES],
                                   const uint8_t outer[static KAI_ID_BYTES])
{
    const struct kai_org *orgs = NULL;
    size_t n;

    if (is_public(k, outer))
        return KAI_INSIDE_YES;
    if (is_public(k, inner)) /* Anybody reads it, also who is in no network. */
        return KAI_INSIDE_NO;
    if (!kai_keyring_members_known(k, inner) || !kai_keyring_members_known(k, outer))
        return KAI_INSIDE_UNKNOWN;
    bool *in = members_of(k, inner, &n, &orgs);
    bool *out = members_of(k, outer, &n, &orgs);
    enum kai_inside inside = in == NULL || out == NULL ? KAI_INSIDE_UNKNOWN : KAI_INSIDE_YES;
    for (size_t i = 0; inside == KAI_INSIDE_YES && i < n; i++) {
        if (in[i] && !out[i])
            inside = KAI_INSIDE_NO;
    }
    free(in);
    free(out);
    return inside;
}

enum kai_err kai_keyring_persons(const struct kai_keyring *k,
                                 const uint8_t aud_id[static KAI_ID_BYTES],
                                 const struct kai_person ***persons, size_t *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_person *all;

    *persons = NULL;
    *n = 0;
    if (a == NULL || a->rec == NULL || a->rec->rec.kind != KAI_AUD_PERSONS || !a->rule_known)
        return KAI_ENOTFOUND;
    size_t n_all = kai_roster_persons(k->roster, &all);
    *persons = calloc(n_all + 1, sizeof **persons);
    for (size_t i = 0; *persons != NULL && i < n_all; i++) {
        if (kai_ring_place(k, a, &all[i]))
            (*persons)[(*n)++] = &all[i];
    }
    return *persons == NULL ? KAI_ENOMEM : KAI_OK;
}

bool kai_keyring_keeps(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       const struct kai_org *o)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    for (size_t i = 0; o != NULL && a != NULL && a->rec != NULL && i < a->rec->rec.n_stewards;
         i++) {
        if (kai_roster_stands_for(k->roster, o, a->rec->rec.stewards[i], a->rec->rec.label_max))
            return true;
    }
    return false;
}

bool kai_keyring_author(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                        const struct kai_node *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_org *box = kai_keyring_mailbox_owner(k, aud_id);

    if (n == NULL || !n->active || (n->caps & KAI_CAP_PUBLISH) == 0)
        return false;
    if (box != NULL)
        return n->org != box;
    if (a == NULL || a->rec == NULL || !n->org->active)
        return false;
    if (a->rec->owner == n->org || kai_keyring_eligible(k, aud_id, n))
        return true;
    return kai_keyring_keeps(k, aud_id, n->org);
}

uint64_t kai_keyring_ceiling(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_org *box = kai_keyring_mailbox_owner(k, aud_id);

    if (box != NULL)
        return box->label_max < KAI_MAILBOX_LABEL_MAX ? box->label_max : KAI_MAILBOX_LABEL_MAX;
    return a == NULL || a->rec == NULL ? 0 : a->rec->rec.label_max;
}

size_t kai_ring_relays(const struct kai_keyring *k, const struct kai_aud *a,
                       const struct kai_node **relays)
{
    size_t n = 0;

    for (size_t i = 0; a->rec != NULL && i < a->rec->rec.n_relays; i++) {
        const struct kai_node *r = kai_roster_node(k->roster, a->rec->rec.relays[i]);

        if (r != NULL && r->active && KAI_CHECK(RELAY_CAPABILITY, (r->caps & KAI_CAP_RELAY) != 0))
            relays[n++] = r;
    }
    return n;
}

bool kai_keyring_relay(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       const struct kai_node *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_node *relays[KAI_RELAYS_MAX];
    size_t n_relays = a == NULL || k->roster == NULL ? 0 : kai_ring_relays(k, a, relays);

    for (size_t i = 0; i < n_relays; i++) {
        if (relays[i] == n)
            return true;
    }
    return false;
}

static bool relay_listed(const struct kai_known *e, const uint8_t *node_id)
{
    for (size_t i = 0; i < e->n_said; i++) {
        const struct kai_statement *s = &e->said[i];

        for (size_t j = 0; s->counts && j < s->n_relays; j++) {
            if (memcmp(s->relays[j], node_id, KAI_ID_BYTES) == 0)
                return true;
        }
    }
    return false;
}

bool kai_keyring_slotted(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                         const struct kai_node *n)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    for (size_t i = 0; a != NULL && n != NULL && i < a->n_known; i++) {
        if (a->known[i]->open && kai_ring_listed(a->known[i], n->id))
            return true;
    }
    return a != NULL && n != NULL && a->newest != NULL && relay_listed(a->newest, n->id);
}

size_t kai_ring_readers(const struct kai_keyring *k, const uint8_t *aud_id,
                        const struct kai_known *e, const struct kai_node **out)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    size_t found = 0;

    for (size_t i = 0; i < n && found < KAI_MEMBER_NODES_MAX; i++) {
        if (!kai_keyring_eligible(k, aud_id, &nodes[i]) ||
            (e != NULL && kai_ring_listed(e, nodes[i].id)))
            continue;
        if (out != NULL)
            out[found] = &nodes[i];
        found++;
    }
    return found;
}
