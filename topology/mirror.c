/* mirror: heads of the data and key logs that are durable here, by log and by audience. */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

static int by_aud_cmp(const struct kai_nlog *a, const uint8_t *aud, const uint8_t *pk)
{
    int c = kai_id_cmp(a->l.aud_id, aud);

    return c ? c : kai_id_cmp(a->l.log_pk, pk);
}

static size_t place_pk(const struct kai_net *n, const uint8_t *pk)
{
    size_t lo = 0, hi = n->n_logs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(n->by_pk[mid]->l.log_pk, pk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static size_t place_aud(const struct kai_net *n, const uint8_t *aud, const uint8_t *pk)
{
    size_t lo = 0, hi = n->n_logs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_aud_cmp(n->by_aud[mid], aud, pk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct kai_nlog *kai_mirror_find(const struct kai_net *n,
                                 const uint8_t log_pk[static KAI_KEY_BYTES])
{
    size_t i = place_pk(n, log_pk);

    if (i == n->n_logs || memcmp(n->by_pk[i]->l.log_pk, log_pk, KAI_KEY_BYTES) != 0)
        return NULL;
    return n->by_pk[i];
}

static bool grow(struct kai_net *n)
{
    size_t cap = n->cap_logs ? 2 * n->cap_logs : 64;
    struct kai_nlog **a, **b;

    if (n->n_logs < n->cap_logs)
        return true;
    a = realloc(n->by_pk, cap * sizeof(struct kai_nlog *));
    if (!a)
        return false;
    n->by_pk = a;
    b = realloc(n->by_aud, cap * sizeof(struct kai_nlog *));
    if (!b)
        return false;
    n->by_aud = b;
    n->cap_logs = cap;
    return true;
}

static void insert(struct kai_nlog **a, size_t n, size_t at, struct kai_nlog *log)
{
    memmove(a + at + 1, a + at, (n - at) * sizeof(struct kai_nlog *));
    a[at] = log;
}

static void take_out(struct kai_nlog **a, size_t n, size_t at)
{
    memmove(a + at, a + at + 1, (n - at - 1) * sizeof(struct kai_nlog *));
}

/* The first log whose key begins with these n bytes; NULL: none does. */
struct kai_nlog *kai_mirror_like(const struct kai_net *n, const uint8_t *prefix, size_t prefix_n)
{
    uint8_t pk[KAI_KEY_BYTES] = {0};
    size_t i;

    memcpy(pk, prefix, prefix_n);
    i = place_pk(n, pk);
    return i < n->n_logs && memcmp(n->by_pk[i]->l.log_pk, prefix, prefix_n) == 0 ? n->by_pk[i]
                                                                                 : NULL;
}

/* NULL: no memory. The log is not there yet. */
struct kai_nlog *kai_mirror_add(struct kai_net *n, const struct kai_net_log *l)
{
    struct kai_nlog *log = grow(n) ? calloc(1, sizeof *log) : NULL;

    if (!log)
        return NULL;
    log->l = *l;
    log->ing_seq = l->head_seq;
    log->ing_ts = l->head_ts;
    memcpy(log->ing_hash, l->head, KAI_ID_BYTES);
    insert(n->by_pk, n->n_logs, place_pk(n, l->log_pk), log);
    insert(n->by_aud, n->n_logs, place_aud(n, l->aud_id, l->log_pk), log);
    n->n_logs++;
    return log;
}

static void free_log(struct kai_nlog *log)
{
    free(log->kids);
    free(log->proof);
    free(log->marked);
    free(log->end);
    free(log);
}

void kai_mirror_remove(struct kai_net *n, struct kai_nlog *log)
{
    take_out(n->by_pk, n->n_logs, place_pk(n, log->l.log_pk));
    take_out(n->by_aud, n->n_logs, place_aud(n, log->l.aud_id, log->l.log_pk));
    n->n_logs--;
    free_log(log);
}

void kai_mirror_free(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_logs; i++)
        free_log(n->by_pk[i]);
    free(n->by_pk);
    free(n->by_aud);
}

/* The first log of a later audience. */
static size_t after_aud(const struct kai_net *n, const uint8_t *aud)
{
    size_t lo = 0, hi = n->n_logs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(n->by_aud[mid]->l.aud_id, aud) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t kai_mirror_range(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                        struct kai_view lower, struct kai_view upper,
                        struct kai_nlog *const **first)
{
    uint8_t low[KAI_KEY_BYTES] = {0}, up[KAI_KEY_BYTES] = {0};
    size_t from, to;

    if (lower.n > 0)
        memcpy(low, lower.p, lower.n);
    if (upper.n > 0)
        memcpy(up, upper.p, upper.n);
    from = place_aud(n, aud_id, low);
    to = upper.n > 0 ? place_aud(n, aud_id, up) : after_aud(n, aud_id);
    *first = n->by_aud + from;
    return to > from ? to - from : 0;
}

size_t kai_mirror_audience(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                           struct kai_nlog *const **first)
{
    return kai_mirror_range(n, aud_id, (struct kai_view){0}, (struct kai_view){0}, first);
}

static bool known_kid(const struct kai_nlog *log, const uint8_t *kid)
{
    for (size_t i = log->n_kids; i > 0; i--)
        if (memcmp(log->kids[i - 1], kid, KAI_TAG_BYTES) == 0)
            return true;
    return false;
}

void kai_mirror_kid(struct kai_nlog *log, const uint8_t kid[static KAI_TAG_BYTES])
{
    void *p;

    if (known_kid(log, kid))
        return;
    if (log->n_kids ==
        KAI_EPOCHS_PER_AUDIENCE_MAX) /* The oldest: whose log it is was said long ago. */
        memmove(log->kids, log->kids + 1, --log->n_kids * sizeof *log->kids);
    p = realloc(log->kids, (log->n_kids + 1) * sizeof *log->kids);
    if (!p)
        return;
    log->kids = p;
    memcpy(log->kids[log->n_kids++], kid, KAI_TAG_BYTES);
}

/* The log's entries are walked at most once. */
void kai_mirror_kids(struct kai_net *n, struct kai_nlog *log)
{
    struct kai_entry e;

    if (log->kids_whole)
        return;
    for (uint64_t seq = 1; seq <= log->l.head_seq; seq++)
        if (n->act.read(n->act.ctx, log->l.log_pk, seq, &e) == KAI_OK &&
            e.h.ptype == KAI_PTYPE_SEALED)
            kai_mirror_kid(log, e.h.kid);
    log->kids_whole = true;
}

void kai_mirror_forget_kids(struct kai_nlog *log)
{
    log->n_kids = 0;
    log->kids_whole = false;
}

/* Whether the log has an entry under this epoch. */
bool kai_mirror_has_kid(struct kai_net *n, struct kai_nlog *log,
                        const uint8_t kid[static KAI_TAG_BYTES])
{
    if (known_kid(log, kid))
        return true;
    kai_mirror_kids(n, log);
    return known_kid(log, kid);
}

const uint8_t *kai_mirror_last_kid(struct kai_net *n, struct kai_nlog *log)
{
    struct kai_entry e;

    if (log->ing_seq == 0)
        return NULL;
    if (log->ing_kid_seq != log->ing_seq) {
        if (n->act.read(n->act.ctx, log->l.log_pk, log->ing_seq, &e) != KAI_OK)
            return NULL;
        memcpy(log->ing_kid, e.h.kid, KAI_TAG_BYTES);
        log->ing_kid_seq = log->ing_seq;
    }
    return log->ing_kid;
}
