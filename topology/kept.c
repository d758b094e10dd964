/* kept: the newest note of each node. A simulator has thousands of nodes in one process, and each
 * would hold the notes that all hold: there they stand once, found by what they are. */
#include "topology/kept.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

struct kai_kept {
    struct kai_kept *next; /* In its row of the memo. */
    size_t holders;        /* 0: not in the memo, one holds it. */
    size_t n;
    uint8_t bytes[];
};

#define ROWS 4096u
static struct {
    bool on;
    atomic_flag lock; /* Of all below, and of who holds what. */
    size_t bytes;
    struct kai_kept *row[ROWS];
} memo;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&memo.lock, memory_order_acquire))
        ;
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&memo.lock, memory_order_release);
}

/* Every note ends with a signature, so its last bytes spread as well as a hash would. */
static struct kai_kept **row_of(struct kai_view bytes)
{
    size_t at = 0;

    for (size_t i = bytes.n < 4 ? 0 : bytes.n - 4; i < bytes.n; i++)
        at = at << 8 | bytes.p[i];
    return &memo.row[at % ROWS];
}

static struct kai_kept *make(struct kai_view bytes)
{
    struct kai_kept *k = malloc(sizeof *k + bytes.n);

    if (k == NULL)
        return NULL;
    *k = (struct kai_kept){.n = bytes.n};
    if (bytes.n > 0)
        memcpy(k->bytes, bytes.p, bytes.n);
    return k;
}

static struct kai_kept *find_or_make(struct kai_view bytes)
{
    struct kai_kept **row = row_of(bytes), *k = *row;

    while (k != NULL && !kai_view_eq(kai_kept_view(k), bytes))
        k = k->next;
    if (k == NULL && (k = make(bytes)) != NULL) {
        k->next = *row;
        *row = k;
        memo.bytes += sizeof *k + k->n;
    }
    if (k != NULL)
        k->holders++;
    return k;
}

struct kai_kept *kai_kept_new(struct kai_view bytes)
{
    if (!memo.on)
        return make(bytes);
    lock();
    struct kai_kept *k = find_or_make(bytes);
    unlock();
    return k;
}

void kai_kept_free(struct kai_kept *k)
{
    if (k == NULL)
        return;
    if (k->holders == 0) {
        free(k);
        return;
    }
    lock();
    bool last = --k->holders == 0;
    if (last) {
        struct kai_kept **at = row_of(kai_kept_view(k));

        while (*at != k)
            at = &(*at)->next;
        *at = k->next;
        memo.bytes -= sizeof *k + k->n;
    }
    unlock();
    if (last)
        free(k);
}

struct kai_view kai_kept_view(const struct kai_kept *k)
{
    return k != NULL ? kai_view_of(k->bytes, k->n) : (struct kai_view){0};
}

void kai_kept_memo(bool on)
{
    memo.on = on;
}

size_t kai_kept_shared(void)
{
    return memo.bytes;
}

/* ---- Tables. */
size_t kai_kept_place(const void *rows, size_t n, size_t row_bytes,
                      const uint8_t node[static KAI_ID_BYTES])
{
    const uint8_t *row = rows;
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(row + mid * row_bytes, node) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint64_t kai_kept_share(const uint8_t node[static KAI_ID_BYTES], uint64_t counter)
{
    struct kai_hasher h;
    uint8_t sum[KAI_ID_BYTES];

    kai_hash_begin(&h, KAI_D_BOOK);
    kai_hash_add(&h, node, KAI_ID_BYTES);
    kai_hash_u64(&h, counter);
    kai_hash_end(&h, sum);
    return kai_get_u64(sum);
}

bool kai_kept_pay(uint64_t *paid_ms, uint64_t now_ms, uint64_t every_ms, unsigned burst)
{
    uint64_t paid = *paid_ms > now_ms ? *paid_ms : now_ms;

    if (paid - now_ms > (burst - 1) * every_ms)
        return false;
    *paid_ms = paid + every_ms;
    return true;
}
