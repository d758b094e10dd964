/* ctl: takes control entries in, so that the set held depends on the set offered and not on its
 * order.
 *
 * At a fork the two branches with the smallest hashes stay, of one key the first
 * KAI_CTL_ENTRIES_PER_KEY_MAX by (seq, hash); what a smaller one drives out goes with all that
 * stood on it, down to the logs whose keys are then admitted by nobody. */
#include "keys/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "keys/ctl_int.h"
#include "keys/record_int.h"

static bool reserve(void **p, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return true;
    size_t want = *cap < 16 ? 16 : *cap * 2;
    void *q = realloc(*p, want * size);
    if (q == NULL)
        return false;
    *p = q;
    *cap = want;
    return true;
}

/* Find or make the log of a key that somebody admitted. */
static struct kai_ctl_log *log_make(struct kai_ctl *c, const uint8_t *pk)
{
    struct kai_ctl_log *l = kai_ctl_log(c, pk);

    if (l != NULL)
        return l;
    void *p = c->logs;
    bool room = reserve(&p, &c->logs_cap, c->n_logs + 1, sizeof *c->logs);
    c->logs = p;
    if (!room)
        return NULL;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    memcpy(l->pk, pk, KAI_KEY_BYTES);
    size_t at = kai_ctl_log_at(c, pk);
    memmove(c->logs + at + 1, c->logs + at, (c->n_logs - at) * sizeof *c->logs);
    c->logs[at] = l;
    c->n_logs++;
    return l;
}

static void log_free(struct kai_ctl_log *l)
{
    free(l->rows);
    free(l);
}

enum kai_err kai_ctl_founder(struct kai_ctl *c, const uint8_t root_pk[static KAI_KEY_BYTES])
{
    struct kai_ctl_log *l = log_make(c, root_pk);

    if (l == NULL)
        return KAI_ENOMEM;
    l->founder = true;
    c->near_fresh = false;
    return KAI_OK;
}

enum kai_err kai_ctl_new(struct kai_ctl **out, const struct kai_charter *charter)
{
    struct kai_ctl *c = calloc(1, sizeof *c);

    *out = NULL;
    if (c == NULL)
        return KAI_ENOMEM;
    atomic_init(&c->refs, 1);
    c->first = c->charter = *charter;
    c->most = KAI_CTL_ENTRIES_MAX;
    c->heads = calloc(1, sizeof *c->heads);
    bool ok = c->heads != NULL;
    for (size_t i = 0; ok && i < charter->n_founders; i++)
        ok = kai_ctl_founder(c, charter->founders[i].root_pk) == KAI_OK;
    if (!ok) {
        kai_ctl_free(c);
        return KAI_ENOMEM;
    }
    *out = c;
    return KAI_OK;
}

void kai_ctl_free(struct kai_ctl *c)
{
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    for (size_t i = 0; i < c->n; i++)
        free(c->by_hash[i]);
    for (size_t i = 0; i < c->n_logs; i++)
        log_free(c->logs[i]);
    if (c->heads != NULL)
        free(c->heads->rows);
    free(c->heads);
    free(c->by_hash);
    free(c->logs);
    kai_ctl_charters_free(c);
    kai_ctl_deaths_free(c);
    free(c);
}

/* Mark everything that stands on e, without recursion: rows are in order of seq, so a parent is
 * marked before its children are looked at. */
static void mark_above(struct kai_ctl_entry *e)
{
    struct kai_ctl_log *l = e->log;

    e->dead = true;
    for (size_t i = kai_ctl_row_at(l, e->e.h.seq + 1, NULL); i < l->n; i++) {
        if (l->rows[i]->parent != NULL && l->rows[i]->parent->dead)
            l->rows[i]->dead = true;
    }
}

/* Mark the logs that no line of ADMITs from a founder reaches any more, once x is in. */
static void mark_unreached(struct kai_ctl *c, const struct kai_ctl_entry *x)
{
    bool more = true;

    for (size_t i = 0; i < c->n_logs; i++)
        c->logs[i]->reached = c->logs[i]->founder;
    if (x->type == KAI_REC_ADMIT)
        kai_ctl_log(c, x->subject)->reached = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < c->n; i++) {
            const struct kai_ctl_entry *e = c->by_hash[i];

            if (e->dead || e->type != KAI_REC_ADMIT || !e->log->reached)
                continue;
            struct kai_ctl_log *l = kai_ctl_log(c, e->subject);
            more = more || !l->reached;
            l->reached = true;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        if (!c->by_hash[i]->log->reached)
            c->by_hash[i]->dead = true;
    }
}

static void unlink_dead(struct kai_ctl_entry **slots)
{
    for (size_t i = KAI_FORK_BRANCHES; i-- > 0;) {
        if (slots[i] == NULL || !slots[i]->dead)
            continue;
        memmove(slots + i, slots + i + 1, (KAI_FORK_BRANCHES - 1 - i) * sizeof slots[0]);
        slots[KAI_FORK_BRANCHES - 1] = NULL;
    }
}

/* Drop e, for which x comes in, and all that rests on it. Rare: only forks and full logs come here.
 */
static void drop(struct kai_ctl *c, struct kai_ctl_entry *e, const struct kai_ctl_entry *x)
{
    size_t n = 0;

    mark_above(e);
    mark_unreached(c, x);
    c->leaves = 0;
    for (size_t i = 0; i < c->n_logs; i++) {
        struct kai_ctl_log *l = c->logs[i];
        size_t kept = 0;

        unlink_dead(l->first);
        for (size_t k = 0; k < l->n; k++) {
            if (l->rows[k]->dead)
                continue;
            unlink_dead(l->rows[k]->child);
            c->leaves += l->rows[k]->child[0] == NULL;
            l->rows[kept++] = l->rows[k];
        }
        l->n = kept;
        if (l->reached)
            c->logs[n++] = l;
        else
            log_free(l);
    }
    c->n_logs = n;
    n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->by_hash[i]->dead)
            free(c->by_hash[i]);
        else
            c->by_hash[n++] = c->by_hash[i];
    }
    c->n = n;
    c->heads->fresh = false;
    c->near_fresh = false;
}

/* Whether e may stand after its parent, given what else does. */
static enum kai_err place(const struct kai_ctl_log *l, struct kai_ctl_entry **slots,
                          const struct kai_entry *e)
{
    const struct kai_ctl_entry *last = slots[KAI_FORK_BRANCHES - 1];

    if (last != NULL && memcmp(e->hash, last->e.hash, KAI_ID_BYTES) > 0)
        return KAI_ELIMIT;
    if (l->n >= KAI_CTL_ENTRIES_PER_KEY_MAX && kai_ctl_row_at(l, e->h.seq, e->hash) >= l->n)
        return KAI_ELIMIT;
    return KAI_OK;
}

/* The record is refused when malformed; one of an unknown type is carried. */
static enum kai_err read_record(struct kai_ctl_entry *x)
{
    struct kai_admit a;
    struct kai_revoke r;
    struct kai_aud_rec aud;
    struct kai_successor succ;
    enum kai_err err;

    if (x->e.h.ptype != KAI_PTYPE_CONTROL)
        return KAI_OK;
    err = kai_rec_parse(&x->type, &x->body, x->e.payload);
    if (err != KAI_OK)
        return err;
    switch (x->type) {
    case KAI_REC_ADMIT:
        err = kai_admit_parse(&a, x->body);
        x->kind = a.kind;
        memcpy(x->subject, a.sign_pk, KAI_KEY_BYTES);
        /* An issuing key's certificate stands in its organisation's root log, and nowhere else. */
        if (err == KAI_OK && a.kind == KAI_ADMIT_ISSUING &&
            !kai_admit_is_of(a.kind, a.of_org, x->e.h.log_pk))
            err = KAI_EAUTH;
        return err;
    case KAI_REC_REVOKE:
        return kai_revoke_parse(&r, x->body);
    case KAI_REC_AUDIENCE:
        return kai_aud_rec_parse(&aud, x->body);
    case KAI_REC_SUCCESSOR:
        return kai_successor_parse(&succ, x->body);
    default:
        return KAI_OK;
    }
}

static enum kai_err copy_entry(struct kai_ctl_entry **out, const struct kai_entry *e)
{
    struct kai_ctl_entry *x = calloc(1, sizeof *x + e->hdr.n + e->sig.n + e->payload.n);

    *out = x;
    if (x == NULL)
        return KAI_ENOMEM;
    x->e = *e;
    memcpy(x->bytes, e->hdr.p, e->hdr.n);
    memcpy(x->bytes + e->hdr.n, e->sig.p, e->sig.n);
    if (e->payload.n > 0)
        memcpy(x->bytes + e->hdr.n + e->sig.n, e->payload.p, e->payload.n);
    x->e.hdr.p = x->bytes;
    x->e.sig.p = x->bytes + e->hdr.n;
    x->e.payload.p = x->bytes + e->hdr.n + e->sig.n;
    return KAI_OK;
}

static bool make_room(struct kai_ctl *c, struct kai_ctl_log *l)
{
    void *rows = l->rows;
    void *by_hash = c->by_hash;
    void *heads = c->heads->rows;
    bool ok = reserve(&rows, &l->cap, l->n + 1, sizeof *l->rows);

    l->rows = rows;
    ok = ok && reserve(&by_hash, &c->cap, c->n + 1, sizeof *c->by_hash);
    c->by_hash = by_hash;
    ok = ok && reserve(&heads, &c->heads->cap, c->leaves + 1, sizeof *c->heads->rows);
    c->heads->rows = heads;
    return ok;
}

static void insert(struct kai_ctl *c, struct kai_ctl_entry *x)
{
    struct kai_ctl_log *l = x->log;
    struct kai_ctl_entry **slots = x->parent != NULL ? x->parent->child : l->first;
    size_t row = kai_ctl_row_at(l, x->e.h.seq, x->e.hash);
    size_t at = kai_ctl_hash_at(c, x->e.hash);
    size_t slot = slots[0] != NULL && memcmp(slots[0]->e.hash, x->e.hash, KAI_ID_BYTES) < 0 ? 1 : 0;

    assert(slots[KAI_FORK_BRANCHES - 1] == NULL);
    c->leaves += x->parent == NULL || slots[0] != NULL;
    if (slot == 0)
        slots[1] = slots[0];
    slots[slot] = x;
    memmove(l->rows + row + 1, l->rows + row, (l->n - row) * sizeof *l->rows);
    l->rows[row] = x;
    l->n++;
    memmove(c->by_hash + at + 1, c->by_hash + at, (c->n - at) * sizeof *c->by_hash);
    c->by_hash[at] = x;
    c->n++;
    c->heads->fresh = false;
    c->near_fresh = false;
}

/* What a control entry may be, before its log is looked at. */
static enum kai_err shape(const struct kai_entry *e)
{
    static const uint8_t zeros[KAI_TAG_BYTES];

    if (e->payload.p == NULL || e->hdr.p == NULL || e->sig.n != KAI_SIG_BYTES)
        return KAI_EMALFORMED;
    if (e->payload.n > KAI_CERT_BYTES_MAX)
        return KAI_ELIMIT;
    if (e->h.ptype != KAI_PTYPE_CONTROL && e->h.ptype != KAI_PTYPE_CLOSE)
        return KAI_EMALFORMED;
    if (e->h.ptype == KAI_PTYPE_CONTROL &&
        (memcmp(e->h.tag, zeros, sizeof zeros) != 0 || memcmp(e->h.kid, zeros, sizeof zeros) != 0))
        return KAI_EMALFORMED;
    return KAI_OK;
}

static enum kai_err find_parent(const struct kai_ctl *c, const struct kai_ctl_log *l,
                                const struct kai_entry *e, struct kai_ctl_entry **parent)
{
    static const uint8_t zeros[KAI_ID_BYTES];

    *parent = NULL;
    if (e->h.seq == 1)
        return memcmp(e->h.prev, zeros, sizeof zeros) == 0 ? KAI_OK : KAI_EMALFORMED;
    *parent = kai_ctl_entry(c, e->h.prev);
    if (*parent == NULL)
        return KAI_EAGAIN;
    bool follows = (*parent)->log == l && (*parent)->e.h.seq + 1 == e->h.seq &&
                   (*parent)->e.h.ts <= e->h.ts && (*parent)->e.h.ptype != KAI_PTYPE_CLOSE;
    return follows ? KAI_OK : KAI_EMALFORMED;
}

/* Where an entry would stand. */
struct spot {
    struct kai_ctl_log *log;
    struct kai_ctl_entry *parent; /* NULL: it is the first. */
    struct kai_ctl_entry **slots;
    struct kai_ctl_entry *copy; /* Of the entry, read. */
};

/* All that can be said against e. *at->copy is the caller's. */
static enum kai_err judge(struct kai_ctl *c, const struct kai_entry *e, struct spot *at)
{
    enum kai_err err = shape(e);

    *at = (struct spot){0};
    if (err != KAI_OK)
        return err;
    if (kai_ctl_entry(c, e->hash) != NULL)
        return KAI_EEXIST;
    at->log = kai_ctl_log(c, e->h.log_pk);
    if (at->log == NULL)
        return KAI_EAGAIN;
    err = find_parent(c, at->log, e, &at->parent);
    if (err != KAI_OK)
        return err;
    if (!KAI_CHECK(CTL_NUMBER, c->n < c->most || kai_ctl_near(c, at->log)))
        return KAI_ELIMIT;
    at->slots = at->parent != NULL ? at->parent->child : at->log->first;
    err = place(at->log, at->slots, e);
    if (err == KAI_OK)
        err = kai_entry_verify(e, c->charter.nid);
    if (err == KAI_OK)
        err = copy_entry(&at->copy, e);
    if (err == KAI_OK)
        err = read_record(at->copy);
    if (err != KAI_OK) {
        free(at->copy);
        at->copy = NULL;
    }
    return err;
}

enum kai_err kai_ctl_check(struct kai_ctl *c, const struct kai_entry *e)
{
    struct spot at;
    enum kai_err err = judge(c, e, &at);

    free(at.copy);
    return err;
}

enum kai_err kai_ctl_add(struct kai_ctl *c, const struct kai_entry *e)
{
    struct spot at;
    enum kai_err err = judge(c, e, &at);
    struct kai_ctl_entry *x = at.copy;

    if (err != KAI_OK)
        return err;
    if (!make_room(c, at.log) || (x->type == KAI_REC_ADMIT && log_make(c, x->subject) == NULL)) {
        free(x);
        return KAI_ENOMEM;
    }
    x->log = at.log;
    x->parent = at.parent;
    if (at.slots[KAI_FORK_BRANCHES - 1] != NULL)
        drop(c, at.slots[KAI_FORK_BRANCHES - 1], x);
    if (at.log->n >= KAI_CTL_ENTRIES_PER_KEY_MAX)
        drop(c, at.log->rows[at.log->n - 1], x);
    insert(c, x);
    return KAI_OK;
}
