/* keyring_rule: RULEs, the names and members that an owner gives an audience. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/keyring_int.h"
#include "keys/record.h"

static void set_free(struct kai_rule_set *s)
{
    for (size_t i = 0; i < KAI_RULE_PARTS; i++)
        free((void *)(uintptr_t)s->items[i].p);
    free(s->ids_own);
}

void kai_ring_rules_free(struct kai_keyring *k)
{
    for (size_t i = 0; i < k->n_rules; i++)
        set_free(&k->rules[i]);
    free(k->rules);
}

static bool by_owner(const struct kai_keyring *k, const struct kai_rule_set *s,
                     const struct kai_audience *rec)
{
    const struct kai_issuing *i = kai_roster_issuing(k->roster, s->signer_cert);

    return i != NULL && i->attested && KAI_CHECK(RULE_OWNER, i->org == rec->owner);
}

/* The set that the AUDIENCE names; where the rule is open, the owner's newest, for the name. */
static const struct kai_rule_set *choose(const struct kai_keyring *k, const struct kai_aud *a)
{
    const struct kai_rule_set *best = NULL;

    for (size_t i = 0; i < k->n_rules; i++) {
        const struct kai_rule_set *s = &k->rules[i];

        if (!s->whole || memcmp(s->aud_id, a->id, KAI_ID_BYTES) != 0 || !by_owner(k, s, a->rec))
            continue;
        bool named =
            a->rec->rec.rule_open || memcmp(s->hash, a->rec->rec.rule_hash, KAI_ID_BYTES) == 0;
        if (!KAI_CHECK(RULE_NAMED, named))
            continue;
        if (best == NULL || s->ver > best->ver ||
            (s->ver == best->ver && memcmp(s->hash, best->hash, KAI_ID_BYTES) > 0))
            best = s;
    }
    return best;
}

static int id_cmp(const void *x, const void *y)
{
    return memcmp(x, y, KAI_ID_BYTES);
}

/* The place itself, or that of the same person in an organisation in whose places this one stands.
 */
static bool place_listed(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_person *p)
{
    const struct kai_forerunner *f;
    size_t n = kai_roster_forerunners(k->roster, p->org, &f);
    uint8_t place[KAI_ID_BYTES];

    if (kai_ring_has_id(a->rule_ids, a->n_rule_ids, p->place))
        return true;
    for (size_t i = 0; i < n; i++) {
        kai_place_id(place, p->id, f[i].org->id);
        if (kai_forerunner_reaches(&f[i], a->rec->rec.label_max) &&
            kai_ring_has_id(a->rule_ids, a->n_rule_ids, place))
            return true;
    }
    return false;
}

bool kai_ring_place(const struct kai_keyring *k, const struct kai_aud *a,
                    const struct kai_person *p)
{
    return p->active && p->label_max >= a->rec->rec.label_max &&
           KAI_CHECK(PERSONS_LISTED, place_listed(k, a, p));
}

/* The organisations of the places that are listed. */
static enum kai_err find_places(const struct kai_keyring *k, struct kai_aud *a)
{
    const struct kai_person *p;
    size_t all = kai_roster_persons(k->roster, &p);
    size_t n = 0;

    for (size_t i = 0; i < all; i++)
        n += kai_ring_place(k, a, &p[i]);
    a->place_ids = malloc((n + 1) * KAI_ID_BYTES);
    if (a->place_ids == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < all; i++) {
        if (kai_ring_place(k, a, &p[i]))
            memcpy(a->place_ids + a->n_place_ids++ * KAI_ID_BYTES, p[i].org->id, KAI_ID_BYTES);
    }
    if (n > 0)
        qsort(a->place_ids, n, KAI_ID_BYTES, id_cmp); /* One twice does no harm. */
    return KAI_OK;
}

void kai_ring_rule(struct kai_keyring *k, struct kai_aud *a)
{
    const struct kai_rule_set *s = a->rec == NULL || k->roster == NULL ? NULL : choose(k, a);

    free(a->place_ids);
    a->place_ids = NULL;
    a->n_place_ids = 0;
    a->rule_known = false;
    a->rule_ids = NULL;
    a->n_rule_ids = 0;
    if (s == NULL)
        return; /* The name stays: it is only shown. */
    memcpy(a->name, s->name, sizeof a->name);
    uint64_t kind = a->rec->rec.kind;
    uint64_t ids = kind == KAI_AUD_PERSONS ? KAI_ADMIT_PERSON : KAI_ADMIT_ORG;
    if (a->rec->rec.rule_open || !kai_ring_by_rule(kind) || s->id_kind != ids)
        return;
    a->rule_ids = s->ids;
    a->n_rule_ids = s->n_ids;
    a->rule_known = kind != KAI_AUD_PERSONS || find_places(k, a) == KAI_OK;
}

/* Where the next set goes: a free row, or that of the oldest that no AUDIENCE names. */
static struct kai_rule_set *make_set(struct kai_keyring *k)
{
    if (k->n_rules == KAI_RULE_SETS_MAX) {
        size_t at = 0;

        while (at < k->n_rules) {
            const struct kai_aud *a = kai_ring_aud(k, k->rules[at].aud_id);

            if (a == NULL || a->rec == NULL || choose(k, a) != &k->rules[at])
                break;
            at++;
        }
        if (at == k->n_rules)
            return NULL;
        set_free(&k->rules[at]);
        memmove(k->rules + at, k->rules + at + 1, (k->n_rules - at - 1) * sizeof *k->rules);
        k->n_rules--;
    }
    struct kai_rule_set *p = realloc(k->rules, (k->n_rules + 1) * sizeof *p);
    if (p == NULL)
        return NULL;
    k->rules = p;
    memset(&p[k->n_rules], 0, sizeof *p);
    return &p[k->n_rules++];
}

static struct kai_rule_set *find_set(struct kai_keyring *k, const struct kai_rule *r)
{
    for (size_t i = 0; i < k->n_rules; i++) {
        struct kai_rule_set *s = &k->rules[i];

        if (memcmp(s->aud_id, r->aud_id, KAI_ID_BYTES) == 0 && s->ver == r->ver && s->of == r->of &&
            memcmp(s->signer_cert, r->signer_cert, KAI_ID_BYTES) == 0)
            return s;
    }
    struct kai_rule_set *s = make_set(k);
    if (s == NULL)
        return NULL;
    memcpy(s->aud_id, r->aud_id, KAI_ID_BYTES);
    memcpy(s->signer_cert, r->signer_cert, KAI_ID_BYTES);
    s->ver = r->ver;
    s->of = r->of;
    s->id_kind = r->id_kind;
    memcpy(s->name, r->name, sizeof s->name);
    return s;
}

/* All parts are here: their ids as one list, if they are one ascending list of one kind. */
static enum kai_err join(struct kai_rule_set *s)
{
    struct kai_rule r;
    uint8_t *ids;
    size_t n = 0;

    for (size_t i = 0; i < s->of; i++) {
        enum kai_err err = kai_rule_parse(&r, s->items[i]);

        if (err != KAI_OK)
            return err;
        if (r.id_kind != s->id_kind || strcmp(r.name, s->name) != 0 ||
            (n > 0 && r.n_ids > 0 &&
             memcmp(s->ids_own + (n - 1) * KAI_ID_BYTES, r.ids, KAI_ID_BYTES) >= 0))
            return KAI_EMALFORMED;
        if (r.n_ids == 0)
            continue;
        ids = realloc(s->ids_own, (n + r.n_ids) * KAI_ID_BYTES);
        if (ids == NULL)
            return KAI_ENOMEM;
        memcpy(ids + n * KAI_ID_BYTES, r.ids, r.n_ids * KAI_ID_BYTES);
        s->ids_own = ids;
        n += r.n_ids;
    }
    enum kai_err err = kai_rule_hash(s->hash, s->items, s->of);
    s->whole = err == KAI_OK;
    s->ids = s->ids_own;
    s->n_ids = n;
    return err;
}

static enum kai_err take(struct kai_rule_set *s, const struct kai_rule *r, struct kai_view item)
{
    struct kai_view *at = &s->items[r->part];
    bool all = true;

    if (at->p != NULL && kai_view_eq(*at, item))
        return KAI_OK;
    uint8_t *copy = malloc(item.n);
    if (copy == NULL)
        return KAI_ENOMEM;
    memcpy(copy, item.p, item.n);
    free((void *)(uintptr_t)at->p);
    *at = kai_view_of(copy, item.n);
    s->whole = false;
    s->ids = NULL;
    s->n_ids = 0;
    for (size_t i = 0; i < s->of; i++)
        all = all && s->items[i].p != NULL;
    return all ? join(s) : KAI_OK;
}

static void apply(struct kai_keyring *k, const uint8_t *aud_id)
{
    /* A row may have moved, so all that points into the sets is set anew. */
    for (size_t i = 0; i < k->n_auds; i++)
        kai_ring_rule(k, &k->auds[i]);
    struct kai_aud *a = kai_ring_aud(k, aud_id);
    if (a != NULL)
        kai_ring_refresh(k, a);
    kai_ring_changed(k);
}

enum kai_err kai_keyring_rule(struct kai_keyring *k, struct kai_view rule_item)
{
    struct kai_rule r;
    enum kai_err err = kai_rule_parse(&r, rule_item);

    if (err != KAI_OK)
        return err;
    if (r.of > KAI_RULE_PARTS)
        return KAI_ELIMIT;
    const struct kai_issuing *signer =
        k->roster == NULL ? NULL : kai_roster_issuing(k->roster, r.signer_cert);
    if (signer == NULL || memcmp(signer->cert, r.signer_cert, KAI_ID_BYTES) != 0)
        return KAI_EAGAIN;
    const struct kai_aud *a = kai_ring_aud(k, r.aud_id);
    bool foreign = a != NULL && a->rec != NULL && a->rec->owner != signer->org;
    if (!signer->attested || !KAI_CHECK(RULE_OWNER, !foreign))
        return KAI_EDENIED;
    err = kai_rule_verify(rule_item, signer->pk, kai_roster_nid(k->roster));
    if (err != KAI_OK)
        return err;
    struct kai_rule_set *s = find_set(k, &r);
    if (s == NULL)
        return KAI_ELIMIT;
    err = take(s, &r, rule_item);
    bool whole = s->whole;
    apply(k, r.aud_id);
    if (err != KAI_OK)
        return err;
    a = kai_ring_aud(k, r.aud_id);
    return whole && a != NULL && a->rec != NULL ? KAI_OK : KAI_EAGAIN;
}
