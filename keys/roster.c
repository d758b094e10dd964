/* roster: builds who is a member, from the set of control entries. */
#include "keys/roster.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/roster_int.h"

static void build_free(struct kai_build *b)
{
    free(b->certs);
    free(b->log_first);
    free(b->by_hash);
    free(b->paths);
    free(b->revs);
    free(b->cuts);
    free(b->hits);
    free(b->later);
}

static void roster_free(struct kai_roster *r)
{
    free(r->orgs);
    free(r->nodes);
    free(r->issuing);
    free(r->persons);
    free(r->ties);
    free(r->lines);
    free(r->heirs);
    free(r->fore);
    free(r->stewards);
    free(r->stolen);
    free(r->heard);
    free(r->audiences);
    free(r->boxes);
    free(r->certs);
    free(r->issuing_by_pk);
    free(r->nodes_by_curve);
    free(r->removals);
    free(r->removal_marks);
    free(r->marks);
    free(r->node_removals);
    free(r);
}

static enum kai_err build(struct kai_roster **out, const struct kai_ctl *ctl)
{
    struct kai_build b = {.ctl = ctl};
    struct kai_roster *r = calloc(1, sizeof *r);
    enum kai_err err = KAI_ENOMEM;

    *out = NULL;
    if (r == NULL)
        return err;
    atomic_init(&r->refs, 1);
    memcpy(r->nid, ctl->charter.nid, KAI_ID_BYTES);
    err = kai_build_certs(&b);
    if (err == KAI_OK)
        err = kai_build_paths(&b);
    if (err == KAI_OK)
        err = kai_build_revokes(&b);
    if (err == KAI_OK) {
        kai_build_states(&b);
        err = kai_roster_view(r, &b);
    }
    if (err == KAI_OK)
        err = kai_roster_view_audiences(r, &b);
    if (err == KAI_OK)
        err = kai_roster_view_boxes(r);
    if (err == KAI_OK)
        err = kai_roster_view_ties(r, &b);
    if (err == KAI_OK)
        err = kai_roster_view_lines(r, &b);
    if (err == KAI_OK)
        err = kai_roster_view_heirs(r, &b);
    if (err == KAI_OK)
        err = kai_roster_view_removals(r, &b);
    if (err == KAI_OK)
        err = kai_roster_view_heard(r, &b);
    if (err == KAI_OK)
        err = kai_roster_index(r);
    build_free(&b);
    if (err != KAI_OK) {
        roster_free(r);
        return err;
    }
    kai_roster_seal(r);
    *out = r;
    return KAI_OK;
}

/* A roster is a function of the set alone, so the same set has the same roster. Threads may ask at
 * the same time: the lock is held while rows are looked through, and not while one builds. */
#define MEMO_ROWS 64u
static struct {
    bool on;
    atomic_flag lock;
    size_t next;
    struct {
        uint8_t set[KAI_ID_BYTES];
        struct kai_roster *r;
    } row[MEMO_ROWS];
} memo;

void kai_roster_memo(bool on)
{
    for (size_t i = 0; i < MEMO_ROWS; i++)
        kai_roster_unref(memo.row[i].r);
    memset(&memo.row, 0, sizeof memo.row);
    memo.next = 0;
    memo.on = on;
}

/* The roster of a set, or NULL. add, where it is not NULL, is remembered if there is none. */
static struct kai_roster *remembered(const uint8_t *set, struct kai_roster *add)
{
    struct kai_roster *r = NULL, *old = NULL;

    while (atomic_flag_test_and_set_explicit(&memo.lock, memory_order_acquire))
        ;
    for (size_t i = 0; r == NULL && i < MEMO_ROWS; i++)
        if (memo.row[i].r != NULL && memcmp(memo.row[i].set, set, KAI_ID_BYTES) == 0)
            r = kai_roster_ref(memo.row[i].r);
    if (r == NULL && add != NULL) {
        old = memo.row[memo.next].r;
        memcpy(memo.row[memo.next].set, set, KAI_ID_BYTES);
        memo.row[memo.next].r = kai_roster_ref(add);
        memo.next = (memo.next + 1) % MEMO_ROWS;
    }
    atomic_flag_clear_explicit(&memo.lock, memory_order_release);
    kai_roster_unref(old);
    return r;
}

enum kai_err kai_roster_build(struct kai_roster **out, const struct kai_ctl *ctl)
{
    uint8_t set[KAI_ID_BYTES];
    struct kai_roster *other;
    enum kai_err err;

    if (!memo.on)
        return build(out, ctl);
    kai_ctl_fingerprint(ctl, set);
    *out = remembered(set, NULL);
    if (*out != NULL)
        return KAI_OK;
    err = build(out, ctl);
    if (err != KAI_OK)
        return err;
    other = remembered(set, *out);
    if (other != NULL) { /* Another thread was first. */
        kai_roster_unref(*out);
        *out = other;
    }
    return KAI_OK;
}

struct kai_roster *kai_roster_ref(struct kai_roster *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void kai_roster_unref(struct kai_roster *r)
{
    if (r != NULL && atomic_fetch_sub(&r->refs, 1) == 1)
        roster_free(r);
}

static void add_flags(struct kai_hasher *h, bool attested, bool active)
{
    kai_hash_u64(h, (attested ? 1u : 0u) | (active ? 2u : 0u));
}

void kai_roster_seal(struct kai_roster *r)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_STATE);
    kai_hash_add(&h, r->nid, KAI_ID_BYTES);
    kai_hash_u64(&h, r->n_certs);
    for (size_t i = 0; i < r->n_certs; i++) {
        kai_hash_add(&h, r->certs[i].hash, KAI_ID_BYTES);
        add_flags(&h, r->certs[i].attested, r->certs[i].active);
    }
    kai_hash_u64(&h, r->n_orgs);
    for (size_t i = 0; i < r->n_orgs; i++) {
        const struct kai_org *o = &r->orgs[i];

        kai_hash_add(&h, o->id, KAI_ID_BYTES);
        kai_hash_add(&h, o->cert, KAI_ID_BYTES);
        add_flags(&h, o->attested, o->active);
        kai_hash_u64(&h, o->caps);
        kai_hash_u64(&h, o->label_max);
        kai_hash_u64(&h, o->depth_left);
    }
    kai_hash_u64(&h, r->n_nodes);
    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct kai_node *n = &r->nodes[i];

        kai_hash_add(&h, n->id, KAI_ID_BYTES);
        kai_hash_add(&h, n->cert, KAI_ID_BYTES);
        kai_hash_add(&h, n->org->id, KAI_ID_BYTES);
        add_flags(&h, n->attested, n->active);
        kai_hash_u64(&h, n->caps);
        kai_hash_u64(&h, n->quota);
    }
    kai_hash_u64(&h, r->n_audiences);
    for (size_t i = 0; i < r->n_audiences; i++) {
        kai_hash_add(&h, r->audiences[i].id, KAI_ID_BYTES);
        kai_hash_add(&h, r->audiences[i].entry, KAI_ID_BYTES);
    }
    for (size_t i = 0; i < r->n_orgs; i++) { /* Behind all counts: of none there is nothing. */
        if (r->heirs[i] == SIZE_MAX)
            continue;
        kai_hash_add(&h, r->orgs[i].id, KAI_ID_BYTES);
        kai_hash_add(&h, r->orgs[r->heirs[i]].id, KAI_ID_BYTES);
    }
    kai_hash_end(&h, r->hash);
}
