/* ctl_share: one set for all who hold the same entries. A simulator has thousands of nodes in one
 * process, and each would hold what all hold.
 *
 * A set that is shared never changes: whoever adds to it moves on to the set that has the entry as
 * well, which the first one that comes there makes. So nothing that one adds is seen by another,
 * and threads read it at the same time: what it works out when asked is worked out before. */
#include <stdlib.h>
#include <string.h>

#include "keys/ctl_int.h"

#define MEMO_ROWS 256u
static struct {
    bool on;
    atomic_flag lock; /* Of all below; held while rows are looked through. */
    size_t next;
    struct {
        uint8_t from[KAI_ID_BYTES]; /* Fingerprint of the set before. */
        uint8_t entry[KAI_ID_BYTES];
        struct kai_ctl *to;
    } row[MEMO_ROWS];
} memo;

void kai_ctl_memo(bool on)
{
    for (size_t i = 0; i < MEMO_ROWS; i++)
        kai_ctl_free(memo.row[i].to);
    memset(&memo.row, 0, sizeof memo.row);
    memo.next = 0;
    memo.on = on;
}

struct kai_ctl *kai_ctl_ref(struct kai_ctl *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

/* Every log whose key is known, in order of seq, until nothing is left to take. */
static enum kai_err copy_logs(struct kai_ctl *to, const struct kai_ctl *from)
{
    enum kai_err err = KAI_OK;

    for (size_t held = SIZE_MAX; err == KAI_OK && held != to->n && to->n < from->n;) {
        held = to->n;
        for (size_t i = 0; i < from->n_logs; i++) {
            const struct kai_ctl_log *l = from->logs[i];
            for (size_t k = 0; k < l->n; k++) {
                enum kai_err now = kai_ctl_add(to, &l->rows[k]->e);
                if (now == KAI_ENOMEM)
                    err = now;
                if (now != KAI_OK && now != KAI_EEXIST)
                    break;
            }
        }
    }
    return err == KAI_OK && to->n != from->n ? KAI_ECORRUPT : err;
}

static enum kai_err copy(struct kai_ctl **out, const struct kai_ctl *c)
{
    enum kai_err err = kai_ctl_new(out, &c->first);

    for (size_t i = 0; err == KAI_OK && i < kai_ctl_charters(c); i++)
        err = kai_ctl_charter_add(*out, kai_ctl_charter_at(c, i));
    if (err == KAI_OK) {
        memcpy((*out)->rival, c->rival, sizeof c->rival);
        (*out)->n_rivals = c->n_rivals;
    }
    for (size_t i = 0; err == KAI_OK && i < kai_ctl_deaths(c); i++)
        err = kai_ctl_death_add(*out, kai_ctl_death_at(c, i));
    if (err == KAI_OK)
        err = copy_logs(*out, c);
    if (err != KAI_OK) {
        kai_ctl_free(*out);
        *out = NULL;
    }
    return err;
}

static struct kai_ctl *find(const uint8_t *from, const uint8_t *entry)
{
    for (size_t i = 0; i < MEMO_ROWS; i++)
        if (memo.row[i].to != NULL && memcmp(memo.row[i].entry, entry, KAI_ID_BYTES) == 0 &&
            memcmp(memo.row[i].from, from, KAI_ID_BYTES) == 0)
            return kai_ctl_ref(memo.row[i].to);
    return NULL;
}

static struct kai_ctl *take(const uint8_t *from, const uint8_t *entry)
{
    struct kai_ctl *to;

    while (atomic_flag_test_and_set_explicit(&memo.lock, memory_order_acquire))
        ;
    to = find(from, entry);
    atomic_flag_clear_explicit(&memo.lock, memory_order_release);
    return to;
}

/* Where another thread came there first, its set is taken and this one is freed. */
static struct kai_ctl *keep(const uint8_t *from, const uint8_t *entry, struct kai_ctl *to)
{
    struct kai_ctl *old = to, *first;
    size_t i;

    while (atomic_flag_test_and_set_explicit(&memo.lock, memory_order_acquire))
        ;
    first = find(from, entry);
    if (first == NULL) {
        i = memo.next++ % MEMO_ROWS;
        old = memo.row[i].to;
        memcpy(memo.row[i].from, from, KAI_ID_BYTES);
        memcpy(memo.row[i].entry, entry, KAI_ID_BYTES);
        memo.row[i].to = kai_ctl_ref(to);
    }
    atomic_flag_clear_explicit(&memo.lock, memory_order_release);
    kai_ctl_free(old);
    return first != NULL ? first : to;
}

enum kai_err kai_ctl_put(struct kai_ctl **c, const struct kai_entry *e)
{
    uint8_t from[KAI_ID_BYTES];
    struct kai_ctl *next;

    if (!memo.on)
        return kai_ctl_add(*c, e);
    enum kai_err err = kai_ctl_check(*c, e);
    if (err != KAI_OK)
        return err;
    kai_ctl_fingerprint(*c, from);
    next = take(from, e->hash);
    if (next == NULL) {
        uint8_t then[KAI_ID_BYTES];
        err = copy(&next, *c);
        if (err == KAI_OK)
            err = kai_ctl_add(next, e);
        if (err != KAI_OK) {
            kai_ctl_free(next);
            return err;
        }
        kai_ctl_fingerprint(next, then);
        next = keep(from, e->hash, next);
    }
    kai_ctl_free(*c);
    *c = next;
    return KAI_OK;
}
