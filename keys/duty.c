/* duty: what a steward owes its audiences, what a writer owes itself, and when.
 *
 * Every steward waits by its rank, so that one acts and the others find it done; two at once do no
 * harm. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/keyring_int.h"

#define ADD_WAIT_MS 1000u
#define NEW_WAIT_MS 60000u
#define DAY_MS      (24ull * 3600 * 1000)
#define AGE_MAX_MS  (30 * DAY_MS)
#define IDLE_MS     60000u
#define PAUSE_MS    900000u
/* Said of an epoch: nobody would record further additions to one that is full. */
#define SAID_MOST (KAI_EPOCH_STATEMENTS_MAX / 2)

enum need {
    NEED_NONE,
    NEED_FIRST,   /* There is none. */
    NEED_CLEAN,   /* A node it lists is out. */
    NEED_AGE,     /* It is old, or much was added to it. */
    NEED_STOLEN,  /* Keys of a node it lists were stolen, and nobody has answered that yet. */
    NEED_RELAY,   /* A node that relays no longer has the routing secret. */
    NEED_ADD,     /* A member is not listed. */
    NEED_ANSWER,  /* The AUDIENCE is not answered, or a relay has no routing secret. */
    NEED_HISTORY, /* A member may read what is old, and lacks the key. */
};

/* What is owed, and to which epoch. */
struct owed {
    enum need need;
    const struct kai_known *to;
};

static size_t org_place(const struct kai_aud_rec *rec, const uint8_t *org)
{
    size_t i = 0;

    while (i < rec->n_stewards && memcmp(rec->stewards[i], org, KAI_ID_BYTES) != 0)
        i++;
    return i;
}

/* Our place among the active steward nodes: by organisation in the list, then node id. */
static uint64_t rank_of(const struct kai_keyring *k, const struct kai_aud *a,
                        const struct kai_node *me)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    size_t place = org_place(&a->rec->rec, me->org->id);
    uint64_t rank = 0;

    for (size_t i = 0; i < n; i++) {
        if (!kai_ring_steward(k, a, &nodes[i]))
            continue;
        size_t other = org_place(&a->rec->rec, nodes[i].org->id);
        rank += other < place || (other == place && memcmp(nodes[i].id, me->id, KAI_ID_BYTES) < 0);
    }
    return rank;
}

static bool answered(const struct kai_known *e, const uint8_t *hash)
{
    for (size_t i = 0; i < e->n_said; i++) {
        const struct kai_statement *s = &e->said[i];

        if (!s->trusted)
            continue;
        if (s->n_removals == KAI_REMOVALS_MAX)
            return true; /* There was no room to say more. */
        for (size_t r = 0; r < s->n_removals; r++) {
            if (memcmp(s->removals[r], hash, KAI_ID_BYTES) == 0)
                return true;
        }
    }
    return false;
}

/* A node of it whose keys somebody revoked as stolen, though it is in by another certificate. */
static bool stolen(const struct kai_keyring *k, const struct kai_known *e)
{
    const struct kai_node *nodes;
    const uint8_t(*hashes)[KAI_ID_BYTES];
    size_t n = kai_roster_nodes(k->roster, &nodes);

    for (size_t i = 0; i < n; i++) {
        size_t hits = kai_roster_removals(k->roster, &nodes[i], &hashes);

        for (size_t h = 0; h < hits; h++) {
            if (kai_roster_compromise(k->roster, hashes[h]) && !answered(e, hashes[h]) &&
                kai_ring_listed(e, nodes[i].id))
                return true;
        }
    }
    return false;
}

static bool has_relay(const struct kai_known *e, const uint8_t *id)
{
    for (size_t i = 0; i < e->n_said; i++) {
        for (size_t r = 0; e->said[i].trusted && r < e->said[i].n_relays; r++) {
            if (memcmp(e->said[i].relays[r], id, KAI_ID_BYTES) == 0)
                return true;
        }
    }
    return false;
}

static bool relays_lack(const struct kai_keyring *k, const struct kai_aud *a)
{
    const struct kai_node *relays[KAI_RELAYS_MAX];
    size_t n = kai_ring_relays(k, a, relays);

    for (size_t i = 0; i < n; i++) {
        if (!has_relay(a->best, relays[i]->id))
            return true;
    }
    return false;
}

static bool relays_left(const struct kai_keyring *k, const struct kai_aud *a)
{
    for (size_t i = 0; i < a->best->n_said; i++) {
        const struct kai_statement *s = &a->best->said[i];

        for (size_t r = 0; s->trusted && r < s->n_relays; r++) {
            const struct kai_node *n = kai_roster_node(k->roster, s->relays[r]);

            if (n == NULL || !kai_keyring_relay(k, a->id, n))
                return true;
        }
    }
    return false;
}

/* Until when an epoch was written under: the first that follows it was made, or for one of our own
 * the first of a steward after it; 0: it still is. */
static uint64_t used_until(const struct kai_aud *a, const struct kai_known *e)
{
    uint64_t until = 0;

    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *x = a->known[i];

        if (e->mine && x->complete && x->minted_ms > e->minted_ms &&
            (until == 0 || x->minted_ms < until))
            until = x->minted_ms;
        for (size_t s = 0; s < x->n_said; s++) {
            for (size_t p = 0; x->said[s].trusted && p < x->said[s].n_preds; p++) {
                if (memcmp(x->said[s].preds[p], e->commit, KAI_ID_BYTES) == 0 &&
                    (until == 0 || x->said[s].minted_ms < until))
                    until = x->said[s].minted_ms;
            }
        }
    }
    return until;
}

/* The newest old epoch that a member may read by the history policy, and has no slot for: of the
 * stewards', where we are one, or of our own. */
static const struct kai_known *lacking(const struct kai_keyring *k, struct kai_aud *a, bool steward,
                                       uint64_t now_ms)
{
    uint64_t days = a->rec->rec.history;

    if (days == 0 || a->history_seen == k->version)
        return NULL;
    for (size_t i = a->n_known; i-- > 0;) {
        const struct kai_known *e = a->known[i];
        uint64_t until = used_until(a, e);
        bool read = until == 0 || days >= KAI_HISTORY_ALL || until + days * DAY_MS >= now_ms;

        if (e != a->best && ((steward && e->complete) || e->mine) && e->has_key && read &&
            e->n_said < KAI_EPOCH_STATEMENTS_MAX && kai_ring_readers(k, a->id, e, NULL) > 0)
            return e;
    }
    a->history_seen = k->version; /* With time there is only less to give. */
    return NULL;
}

static struct owed need_of(const struct kai_keyring *k, struct kai_aud *a, uint64_t now_ms)
{
    struct owed o = {.to = a->best};

    if (a->best == NULL) {
        o.need = a->newest != NULL ? NEED_CLEAN : NEED_FIRST;
        return o;
    }
    uint64_t minted = a->best->minted_ms;
    const struct kai_known *old = NULL;
    if ((now_ms > minted && now_ms - minted > AGE_MAX_MS) || a->best->n_said >= SAID_MOST)
        o.need = NEED_AGE;
    else if (stolen(k, a->best))
        o.need = NEED_STOLEN;
    else if (relays_left(k, a))
        o.need = NEED_RELAY;
    else if (kai_ring_readers(k, a->id, a->best, NULL) > 0)
        o.need = NEED_ADD;
    else if (relays_lack(k, a) || (kai_ring_by_rule(a->rec->rec.kind) && !a->best->answers))
        o.need = NEED_ANSWER; /* Those who lack the rule wait for a steward's word. */
    else if ((old = lacking(k, a, true, now_ms)) != NULL)
        o = (struct owed){NEED_HISTORY, old};
    return o;
}

/* What a writer owes those who joined since: slots of the epochs that it minted for itself. */
static struct owed own_need(const struct kai_keyring *k, struct kai_aud *a,
                            const struct kai_node *me, uint64_t now_ms)
{
    const struct kai_known *old = NULL;

    if (a->rec == NULL || !kai_keyring_eligible(k, a->id, me) ||
        !kai_keyring_members_known(k, a->id) || !kai_keyring_author(k, a->id, me))
        return (struct owed){0};
    if (a->best == NULL && a->own != NULL && kai_ring_readers(k, a->id, a->own, NULL) > 0)
        return (struct owed){NEED_ADD, a->own};
    old = lacking(k, a, false, now_ms);
    return old == NULL ? (struct owed){0} : (struct owed){NEED_HISTORY, old};
}

static bool is_new(enum need need)
{
    return need < NEED_ADD;
}

/* The first epoch is made with the audience. A further node of the owner that has not heard of it
 * yet would make a second one, under which nobody finds the first. */
static uint64_t wait_ms(enum need need, uint64_t rank, bool owner, bool further)
{
    if (!is_new(need))
        return rank * ADD_WAIT_MS;
    if (need == NEED_FIRST && owner)
        return further ? (rank + 1) * NEW_WAIT_MS : 0;
    return rank * NEW_WAIT_MS;
}

static enum kai_err fill(const struct kai_keyring *k, const uint8_t *aud_id,
                         const struct kai_node *me, struct owed o, struct kai_duty *d)
{
    bool more = o.need == NEED_ADD || o.need == NEED_HISTORY;
    size_t most = kai_keyring_mailbox_owner(k, aud_id) != NULL ? KAI_MAILBOX_READERS_MAX
                                                               : KAI_MEMBER_NODES_MAX;

    memcpy(d->aud_id, aud_id, KAI_ID_BYTES);
    d->new_epoch = is_new(o.need);
    d->add_to = d->new_epoch ? NULL : kai_ring_epoch(k, aud_id, o.to->commit);
    size_t n = o.need == NEED_ANSWER ? 1 : kai_ring_readers(k, aud_id, more ? o.to : NULL, NULL);
    d->members = malloc((n + 1) * sizeof *d->members);
    if (d->members == NULL)
        return KAI_ENOMEM;
    if (o.need == NEED_ANSWER)
        d->members[0] = me;
    else
        (void)kai_ring_readers(k, aud_id, more ? o.to : NULL, d->members);
    d->n_members = n < most ? n : most;
    return KAI_OK;
}

/* Whether we have a part in this audience's keys at all. */
static bool on_duty(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_node *me)
{
    if (a->rec == NULL || a->rec->rec.kind == KAI_AUD_PUBLIC || !kai_ring_steward(k, a, me) ||
        !kai_keyring_eligible(k, a->id, me))
        return false;
    /* Without the rule we cannot say whom to list. */
    return kai_keyring_members_known(k, a->id);
}

static bool heard(const struct kai_keyring *k, const struct kai_statement *s)
{
    for (size_t r = 0; r < s->n_removals; r++) {
        if (!kai_roster_heard(k->roster, s->removals[r]))
            return false;
    }
    return true;
}

/* Whether another steward answered what has not come here: we would give the key to whom it shut
 * out. Not for ever, since what it answered may be gone from everywhere: each statement counts for
 * a while, and those of before for none. */
static bool behind(const struct kai_keyring *k, struct kai_aud *a, uint64_t now_ms)
{
    bool wait = false;

    for (size_t i = 0; i < a->n_known; i++) {
        for (size_t m = 0; m < a->known[i]->n_said; m++) {
            struct kai_statement *s = &a->known[i]->said[m];

            if (!s->trusted || s->minted_ms + DAY_MS < now_ms ||
                KAI_CHECK(DUTY_HEARD, heard(k, s))) {
                s->behind_ms = 0;
                continue;
            }
            if (s->behind_ms == 0 || s->behind_ms > now_ms)
                s->behind_ms = now_ms;
            wait = wait || now_ms - s->behind_ms < KAI_SELF_EPOCH_MS;
        }
    }
    return wait;
}

/* Since when no steward's epoch can be written under. */
static void watch(struct kai_aud *a, uint64_t now_ms)
{
    if (a->best != NULL) {
        a->lacking_ms = 0;
        a->wanted = false;
    } else if (a->lacking_ms == 0 || a->lacking_ms > now_ms) {
        a->lacking_ms = now_ms;
    }
}

/* Whether we may write, somebody wanted to, and no steward has acted for long enough. */
static bool own_due(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_node *me,
                    uint64_t now_ms)
{
    return a->wanted && a->best == NULL && a->own == NULL &&
           now_ms - a->lacking_ms >= KAI_SELF_EPOCH_MS && kai_keyring_eligible(k, a->id, me) &&
           kai_keyring_author(k, a->id, me);
}

static enum kai_err fill_own(const struct kai_keyring *k, const uint8_t *aud_id,
                             const struct kai_node *me, struct kai_duty *d)
{
    d->own = true;
    return fill(k, aud_id, me, (struct owed){.need = NEED_FIRST}, d);
}

void kai_keyring_pause(struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       uint64_t now_ms)
{
    struct kai_aud *a = kai_ring_aud_make(k, aud_id);

    if (a != NULL)
        a->paused_ms = now_ms;
}

static bool paused(const struct kai_aud *a, uint64_t now_ms)
{
    return a->paused_ms != 0 && now_ms >= a->paused_ms && now_ms - a->paused_ms < PAUSE_MS;
}

enum kai_err kai_keyring_duty(struct kai_keyring *k, uint64_t now_ms, struct kai_duty *d,
                              uint64_t *next_ms)
{
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);

    memset(d, 0, sizeof *d);
    *next_ms = now_ms + IDLE_MS;
    for (size_t i = 0; me != NULL && i < k->n_auds; i++) {
        struct kai_aud *a = &k->auds[i];
        bool steward = on_duty(k, a, me);
        struct owed o = steward ? need_of(k, a, now_ms) : own_need(k, a, me, now_ms);

        watch(a, now_ms);
        if (a->need != o.need || a->need_since_ms > now_ms) {
            a->need = o.need;
            a->need_since_ms = now_ms;
        }
        if (paused(a, now_ms))
            continue;
        if (a->rec != NULL && own_due(k, a, me, now_ms))
            return fill_own(k, a->id, me, d);
        if (o.need == NEED_NONE)
            continue;
        if (steward && behind(k, a, now_ms)) {
            *next_ms = now_ms + ADD_WAIT_MS < *next_ms ? now_ms + ADD_WAIT_MS : *next_ms;
            continue;
        }
        bool owner = memcmp(a->rec->owner->id, me->org->id, KAI_ID_BYTES) == 0;
        uint64_t wait = steward ? wait_ms(o.need, rank_of(k, a, me), owner, k->self->further) : 0;
        uint64_t due = a->need_since_ms + wait;
        if (due <= now_ms) {
            *next_ms = now_ms;
            d->own = o.to != NULL && !is_new(o.need) && !o.to->complete;
            return fill(k, a->id, me, o, d);
        }
        if (due < *next_ms)
            *next_ms = due;
    }
    return KAI_ENOTFOUND;
}

void kai_keyring_lacks_since(struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                             uint64_t since_ms)
{
    struct kai_aud *a = kai_ring_aud(k, aud_id);

    if (a != NULL && a->best == NULL && (a->lacking_ms == 0 || since_ms < a->lacking_ms))
        a->lacking_ms = since_ms;
}

enum kai_err kai_keyring_want(struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                              uint64_t now_ms, struct kai_duty *d)
{
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);
    struct kai_aud *a = kai_ring_aud(k, aud_id);

    memset(d, 0, sizeof *d);
    if (me == NULL || !kai_keyring_author(k, aud_id, me))
        return KAI_ENOTFOUND;
    if (a != NULL && paused(a, now_ms))
        return KAI_EAGAIN;
    if (kai_keyring_mailbox_owner(k, aud_id) != NULL) {
        if (kai_ring_box_own(k, aud_id) != NULL)
            return KAI_ENOTFOUND;
        return kai_ring_readers(k, aud_id, NULL, NULL) > 0 ? fill_own(k, aud_id, me, d)
                                                           : KAI_EAGAIN;
    }
    if (a == NULL || a->rec == NULL || a->rec->rec.kind == KAI_AUD_PUBLIC || a->best != NULL ||
        a->own != NULL)
        return KAI_ENOTFOUND;
    watch(a, now_ms);
    a->wanted = true;
    return own_due(k, a, me, now_ms) ? fill_own(k, aud_id, me, d) : KAI_EAGAIN;
}
