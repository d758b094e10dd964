/* keyring_judge: which epochs count, and which of them is written under. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "keys/keyring_int.h"

static bool in_list(const uint8_t (*ids)[KAI_ID_BYTES], size_t n, const uint8_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(ids[i], id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

static bool named(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_node *n)
{
    return n != NULL && kai_keyring_keeps(k, a->id, n->org);
}

bool kai_ring_steward(const struct kai_keyring *k, const struct kai_aud *a,
                      const struct kai_node *n)
{
    return n != NULL && n->active && (n->caps & KAI_CAP_STEWARD) != 0 && named(k, a, n);
}

static void judge_statement(const struct kai_keyring *k, const struct kai_aud *a,
                            struct kai_known *e, struct kai_statement *s)
{
    const struct kai_node *minter = kai_roster_node_by_cert(k->roster, s->minter_cert);
    bool own = minter != NULL && memcmp(minter->id, k->self->node_id, KAI_ID_BYTES) == 0;

    s->trusted = KAI_CHECK(EPOCH_STEWARD, kai_ring_steward(k, a, minter));
    s->counts = s->trusted || own;
    s->gave = s->counts || !KAI_CHECK(EPOCH_GIVEN, !kai_roster_was_named(k->roster, a->id, minter));
    /* Also of a steward that was cut off: what others wrote under its epochs before they heard of
     * it stands. */
    if (kai_roster_was_steward(k->roster, a->id, minter) || s->trusted || named(k, a, minter))
        e->private = false;
    e->mine = e->mine || (own && s->whole && !s->trusted && !s->adds);
    if (s->counts && s->minted_ms < e->minted_ms)
        e->minted_ms = s->minted_ms;
    if (s->trusted && a->rec != NULL)
        e->answers = e->answers || in_list((const uint8_t(*)[KAI_ID_BYTES])s->removals,
                                           s->n_removals, a->rec->entry);
}

static void judge_trust(const struct kai_keyring *k, const struct kai_aud *a, struct kai_known *e)
{
    bool whole = true;

    e->made = false;
    e->trusted = false;
    e->answers = false;
    e->private = e->n_said > 0;
    e->mine = false;
    e->minted_ms = UINT64_MAX;
    for (size_t i = 0; i < e->n_said; i++) {
        struct kai_statement *s = &e->said[i];

        judge_statement(k, a, e, s);
        e->trusted = e->trusted || s->trusted;
        whole = whole && (s->whole || !s->trusted);
        e->made = e->made || (s->trusted && KAI_CHECK(EPOCH_MADE, !s->adds));
    }
    e->mine = e->mine && e->has_key;
    e->complete = e->open && e->trusted && whole;
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
        all_proven = all_proven && p->open;
        if (p->open && p->gen >= e->gen)
            return false;
        most = p->open && p->gen > most ? p->gen : most;
    }
    return !all_proven || e->gen == most + 1;
}

/* Whether whom it lists has the key. One that is no steward any more had it to give where a steward
 * gave it: else whoever is out could say so of each new epoch. */
static bool gave(const struct kai_keyring *k, const struct kai_known *e,
                 const struct kai_statement *s)
{
    const struct kai_node *minter;

    if (s->counts || !s->gave)
        return s->counts;
    minter = kai_roster_node_by_cert(k->roster, s->minter_cert);
    return minter != NULL && kai_ring_listed(e, minter->id);
}

/* Nobody who was given it is out, as far as we know of giving: also what one that is no steward any
 * more gave. */
static bool all_eligible(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_known *e)
{
    for (size_t i = 0; i < e->n_said; i++) {
        const struct kai_statement *s = &e->said[i];

        for (size_t p = 0; gave(k, e, s) && p < s->of; p++) {
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

static bool newer(const struct kai_known *e, const struct kai_known *than)
{
    return than == NULL || e->gen > than->gen ||
           (e->gen == than->gen && memcmp(e->commit, than->commit, KAI_ID_BYTES) > 0);
}

static void choose(const struct kai_keyring *k, struct kai_aud *a)
{
    a->best = NULL;
    a->newest = NULL;
    a->own = NULL;
    for (size_t i = 0; i < a->n_known; i++) {
        struct kai_known *e = a->known[i];
        bool usable = a->rec != NULL && e->has_key && (e->complete || e->mine);

        /* Who made it has it, and must be known. */
        e->clean = usable && (e->made || e->mine) && KAI_CHECK(EPOCH_CLEAN, all_eligible(k, a, e));
        if (usable && e->complete && newer(e, a->newest))
            a->newest = e;
        if (e->clean && e->complete && e->made && newer(e, a->best))
            a->best = e;
        if (e->clean && !(e->complete && e->made) && newer(e, a->own))
            a->own = e;
    }
}

void kai_ring_refresh(struct kai_keyring *k, struct kai_aud *a)
{
    a->best = NULL;
    a->newest = NULL;
    a->own = NULL;
    a->n_keys = 0;
    if (k->roster == NULL || a->box)
        return;
    for (size_t i = 0; i < a->n_known; i++)
        judge_trust(k, a, a->known[i]);
    for (size_t i = 0; i < a->n_known; i++) { /* In order of gen: what is followed comes first. */
        struct kai_known *e = a->known[i];
        struct kai_epoch *row = e->open ? kai_ring_epoch(k, a->id, e->commit) : NULL;

        e->complete = e->complete && chained(a, e);
        if (row != NULL) {
            row->complete = e->complete;
            row->listed = e->complete && e->made;
            row->has_writer = e->private;
            memset(row->writer, 0, sizeof row->writer);
            const struct kai_node *by =
                e->private ? kai_roster_node_by_cert(k->roster, e->said[0].minter_cert) : NULL;
            if (by != NULL)
                memcpy(row->writer, by->id, KAI_ID_BYTES);
        }
        a->n_keys += e->has_key;
    }
    choose(k, a);
    kai_ring_table_sort(k);
}

static void find_mine(struct kai_keyring *k)
{
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);

    k->n_mine = 0;
    k->n_relayed = 0;
    for (size_t i = 0; me != NULL && i < k->n_auds; i++) {
        const uint8_t *id = k->auds[i].id;

        if (k->auds[i].rec == NULL)
            continue;
        if (kai_keyring_eligible(k, id, me)) {
            if (k->n_mine < KAI_AUDIENCES_MAX)
                memcpy(k->mine[k->n_mine++], id, KAI_ID_BYTES);
        } else if (kai_keyring_relay(k, id, me) && k->n_relayed < KAI_AUDIENCES_MAX) {
            memcpy(k->relayed[k->n_relayed++], id, KAI_ID_BYTES);
        }
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
                                 (x->clean ? 4u : 0u) | (x->answers ? 8u : 0u) |
                                 (x->open ? 16u : 0u));
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
