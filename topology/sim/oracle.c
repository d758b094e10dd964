/* oracle: judges every frame by the script and the access rules, and by nothing that an engine
 * thinks: of an engine it takes only which control entries it has heard. */
#include "topology/sim/sim_int.h"

#include <stdio.h>
#include <string.h>

#define TIERS 2u /* Of contractors, below whom they answer to. */

static bool heard(const struct sim_node *by, const struct sim_entry *e)
{
    return e && by->ctl && kai_ctl_find(by->ctl, e->e.hash) != NULL;
}

bool sim_oracle_removed(const struct sim_node *by, const struct sim_node *of)
{
    return heard(by, of->sim->org[of->org].revoke) || heard(by, of->revoke);
}

/* A contractor, or below one. */
static bool provider(const struct kai_sim *s, size_t org)
{
    for (; org != 0; org = s->org[org].parent)
        if (s->org[org].caps & KAI_CAP_PROVIDER)
            return true;
    return false;
}

/* A contractor at most so many contractors below an organisation that answers for it. */
static bool answers_for(const struct kai_sim *s, size_t owner, size_t org)
{
    size_t tiers = 0;

    while (org != 0 && org != owner) {
        if (!provider(s, org) || ++tiers > TIERS)
            return false;
        org = s->org[org].parent;
    }
    return org == owner && tiers > 0;
}

/* The last word on an audience that `by` has heard. */
static const struct sim_version *version(const struct sim_node *by, const struct sim_aud *a)
{
    for (size_t i = a->n_versions; i-- > 0;)
        if (!a->version[i].e || !by || heard(by, a->version[i].e))
            return &a->version[i];
    return NULL;
}

#define STEPS 8u /* Of places that go from one to the next. */

/* Whether `by` goes by this: it has heard it, or a steward has, whose list a newcomer takes for it
 * until it has the RULE and works it out itself. */
static bool told(const struct kai_sim *s, const struct sim_node *by, const struct sim_aud *a,
                 const struct sim_org *o)
{
    bool is = !by || (heard(by, o->gives) && heard(by, o->takes));

    for (size_t i = 0; !is && i < a->is.n_stewards; i++) {
        const struct sim_node *steward = &s->node[a->is.stewards[i]];
        is = heard(steward, o->gives) && heard(steward, o->takes);
    }
    return is;
}

/* The places of a listed organisation come to this one, as far as `by` knows: under a ceiling that
 * nobody on the way is below, and to no contractor from one that is none. */
static bool takes_over(const struct kai_sim *s, const struct sim_node *by, const struct sim_aud *a,
                       size_t listed, size_t org, uint64_t ceiling)
{
    size_t at = listed;

    for (unsigned i = 0; i < STEPS; i++) {
        const struct sim_org *o = &s->org[at];
        bool known = o->heir != SIM_NOBODY && told(s, by, a, o);

        if (!known || o->label_max < ceiling || o->heir == listed ||
            (provider(s, o->heir) && !provider(s, listed)))
            return false;
        at = o->heir;
        if (at == org)
            return true;
    }
    return false;
}

static bool listed(const struct kai_sim *s, const struct sim_node *by, const struct sim_aud *a,
                   const struct sim_version *v, size_t org, uint64_t ceiling)
{
    if (kai_orgs_has(&v->members, org))
        return true;
    for (size_t i = 0; s->merged_ms > 0 && i < s->n_orgs; i++)
        if (s->org[i].heir != SIM_NOBODY && kai_orgs_has(&v->members, i) &&
            takes_over(s, by, a, i, org, ceiling))
            return true;
    return false;
}

static bool fits(const struct kai_sim *s, const struct sim_node *by, const struct sim_aud *a,
                 const struct sim_version *v, size_t org)
{
    const struct sim_org *o = &s->org[org];
    uint64_t ceiling = a->is.label_max ? a->is.label_max : 2;

    if (a->is.kind == KAI_AUD_MAILBOX)
        return org == a->is.owner;
    if (o->label_max < ceiling)
        return false;
    switch (a->is.kind) {
    case KAI_AUD_PUBLIC:
        return true;
    case KAI_AUD_COMMUNITY:
        return !provider(s, org) && (org == a->is.owner || !a->is.water || o->water);
    case KAI_AUD_CLIENTS:
        return org == a->is.owner || (org != 0 && o->parent == a->is.owner && !provider(s, org));
    case KAI_AUD_PROVIDERS:
        return org == a->is.owner ||
               (listed(s, by, a, v, org, ceiling) && answers_for(s, a->is.owner, org));
    case KAI_AUD_PERSONS: /* The nodes of the persons' organisations; its owner authors. */
        return org == a->is.owner || kai_orgs_has(&v->members, org);
    default:
        return listed(s, by, a, v, org, ceiling);
    }
}

bool sim_oracle_member(const struct kai_sim *s, const struct sim_node *by, size_t of, size_t aud)
{
    const struct sim_node *n = &s->node[of];
    const struct sim_aud *a = &s->aud[aud];
    const struct sim_version *v = version(by, a);

    if (!v || !n->admitted || (by ? sim_oracle_removed(by, n) : n->revoked))
        return false;
    return fits(s, by, a, v, n->org);
}

bool kai_sim_is_member(const struct kai_sim *s, size_t node, size_t aud)
{
    if (s->aud[aud].is.kind == KAI_AUD_MAILBOX) /* Anyone may write to it. */
        return s->node[node].admitted && !s->node[node].revoked;
    return sim_oracle_member(s, NULL, node, aud);
}

/* ---- Frames. */

static bool relay(const struct kai_sim *s, const struct sim_node *by, size_t to, size_t aud)
{
    const struct sim_version *v = version(by, &s->aud[aud]);

    if (!(s->node[to].caps & KAI_CAP_RELAY) || sim_oracle_removed(by, &s->node[to]))
        return false;
    if (s->aud[aud].is.kind == KAI_AUD_MAILBOX)
        return true;
    for (size_t i = 0; v && i < v->n_relays; i++)
        if (v->relays[i] == to)
            return true;
    return false;
}

static void judge(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                  const uint8_t *log_pk)
{
    size_t to = c->a == from->index ? c->b : c->a, i = sim_map_get(&s->by_log, log_pk);
    const struct sim_truth *t = i == SIM_MAP_NONE ? NULL : &s->truth[i];

    if (!t)
        return;
    if (sim_oracle_member(s, from, to, t->aud) || relay(s, from, to, t->aud))
        return;
    if (s->aud[t->aud].is.kind == KAI_AUD_MAILBOX && t->author == to)
        return; /* Its own letters. */
    s->violations++;
    sim_trace(s, "VIOLATION: %zu sends %s log of audience %zu (by %zu) to %zu", from->index,
              t->kind == 1 ? "a data" : "a key", t->aud, t->author, to);
}

/* Every log that a frame names or carries is one that the receiver may hear of. */
void sim_oracle_frame(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                      struct kai_view frame)
{
    struct kai_frame f;

    SIM_MUST(kai_frame_parse(&f, frame) == KAI_OK);
    if (f.type == KAI_MSG_PUSH || f.type == KAI_MSG_PROOF) {
        struct kai_hdr h;
        SIM_MUST(kai_hdr_parse(&h, f.hdr) == KAI_OK);
        judge(s, from, c, h.log_pk);
    }
    for (uint32_t i = 0; f.type == KAI_MSG_ENTRIES && i < f.n; i++) {
        struct kai_view hdr, sig, payload;
        struct kai_hdr h;
        kai_frame_parts(&f, &hdr, &sig, &payload);
        if (sig.n == KAI_SIG_BYTES && kai_hdr_parse(&h, hdr) == KAI_OK)
            judge(s, from, c, h.log_pk);
    }
    for (uint32_t i = 0; f.type == KAI_MSG_RB && i < f.n; i++) {
        struct kai_rb_range r;
        struct kai_rb_row row;
        kai_frame_range(&f, &r);
        for (uint32_t k = 0; k < r.n_rows; k++) {
            kai_range_row(&r, &row);
            judge(s, from, c, row.log_pk);
        }
    }
}

/* ---- What is written after a removal. */

/* A member once, as far as the author has heard: who is to come gets what there is by right. */
static bool was_member(const struct kai_sim *s, const struct sim_node *by, size_t of, size_t aud)
{
    const struct sim_aud *a = &s->aud[aud];

    for (size_t i = 0; i < a->n_versions; i++)
        if (s->node[of].admitted && (!a->version[i].e || heard(by, a->version[i].e)) &&
            fits(s, by, a, &a->version[i], s->node[of].org))
            return true;
    return false;
}

/* Remember whom the author knew to be out when it wrote this. */
void sim_oracle_written(struct kai_sim *s, const struct sim_node *by, size_t aud,
                        const struct sim_entry *e)
{
    if (s->aud[aud].is.kind == KAI_AUD_PUBLIC) /* CLEAR. */
        return;
    for (size_t i = 0; i < s->n_nodes; i++) {
        if (i == by->index || !was_member(s, by, i, aud) || sim_oracle_member(s, by, i, aud))
            continue;
        (void)pthread_mutex_lock(&s->lock);
        s->secret = sim_grow(s->secret, s->n_secrets, &s->cap_secrets, sizeof *s->secret);
        s->secret[s->n_secrets++] = (struct sim_secret){.e = e, .aud = aud, .from = i};
        (void)pthread_mutex_unlock(&s->lock);
    }
}

static uint64_t revoked_at(const struct kai_sim *s, const struct sim_node *n)
{
    const struct sim_entry *org = s->org[n->org].revoke;
    uint64_t at = org ? org->at : UINT64_MAX;

    return n->revoke && n->revoke->at < at ? n->revoke->at : at;
}

/* It was a member when this was written, by a word that the author had not heard, or later; and
 * history is its right, also if it has left since. Not by a list that still names it though it was
 * put out of the network before. */
static bool came_back(const struct kai_sim *s, const struct sim_secret *x)
{
    const struct sim_aud *a = &s->aud[x->aud];
    const struct sim_node *thief = &s->node[x->from];
    uint64_t out_at = revoked_at(s, thief);

    for (size_t i = 0; a->is.history >= KAI_HISTORY_ALL && i < a->n_versions; i++) {
        uint64_t from = a->version[i].at > x->e->at ? a->version[i].at : x->e->at;
        bool over = i + 1 < a->n_versions && a->version[i + 1].at <= x->e->at;

        if (!over && from < out_at && fits(s, NULL, a, &a->version[i], thief->org))
            return true;
    }
    return sim_oracle_member(s, NULL, x->from, x->aud);
}

/* Its kid first; then, as a thief would, with every key of the audience. */
uint64_t kai_sim_leaks(struct kai_sim *s, uint64_t *tried)
{
    uint64_t leaks = 0, tries = 0;

    for (size_t i = 0; i < s->n_secrets; i++) {
        const struct sim_secret *x = &s->secret[i];
        const struct sim_node *thief = &s->node[x->from];
        const struct kai_epoch *epochs;
        size_t n;

        if (!thief->keyring || came_back(s, x))
            continue;
        n = kai_keyring_epochs(thief->keyring, s->aud[x->aud].id, &epochs);
        for (size_t k = 0; k < n; k++) {
            tries++;
            if (!sim_opens(&s->worker[0], &x->e->e, epochs[k].key))
                continue;
            leaks++;
            sim_trace(s, "LEAK: %zu reads what was written to %zu after it was removed", x->from,
                      x->aud);
        }
    }
    if (tried)
        *tried = tries;
    return leaks;
}
