/* keyring_room: how many epochs of one audience are kept (docs/protocol.md 6). */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/keyring_int.h"

/* An epoch that no steward speaks for: any member makes one where no steward acts. */
static bool strange(const struct kai_known *e)
{
    return e->open && !e->trusted;
}

bool kai_ring_followed(const struct kai_aud *a, const struct kai_known *e)
{
    for (size_t i = 0; i < a->n_known; i++) {
        for (size_t s = 0; s < a->known[i]->n_said; s++) {
            const struct kai_statement *t = &a->known[i]->said[s];

            for (size_t p = 0; t->trusted && p < t->n_preds; p++) {
                if (memcmp(t->preds[p], e->commit, KAI_ID_BYTES) == 0)
                    return true;
            }
        }
    }
    return false;
}

static void drop(struct kai_aud *a, struct kai_known *e)
{
    size_t at = 0;

    while (a->known[at] != e)
        at++;
    memmove(a->known + at, a->known + at + 1, (a->n_known - at - 1) * sizeof(struct kai_known *));
    a->n_known--;
    kai_ring_known_free(e);
}

bool kai_ring_closed_space(struct kai_aud *a)
{
    struct kai_known *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < a->n_known; i++) {
        struct kai_known *e = a->known[i];

        n += !e->open;
        if (!e->open && (first == NULL || e->heard < first->heard) && !kai_ring_followed(a, e))
            first = e;
    }
    if (n < KAI_EPOCHS_PER_AUDIENCE_MAX)
        return true;
    if (first != NULL)
        drop(a, first);
    return first != NULL;
}

/* How many of stewards there are; *lowest: which of them gives way to one of this generation. Low
 * ones are those that a history policy needs least, and that least is written under. Whether they
 * are complete is not asked: after a start they come in any order. */
static size_t of_stewards(const struct kai_aud *a, uint64_t gen, struct kai_known **lowest)
{
    size_t n = 0;

    *lowest = NULL;
    for (size_t i = a->n_known; i-- > 0;) {
        struct kai_known *e = a->known[i];

        n += e->open && e->trusted;
        if (e->open && e->trusted && e->gen < gen && e != a->best && e != a->newest && e != a->own)
            *lowest = e;
    }
    return n;
}

bool kai_ring_open_space(struct kai_keyring *k, struct kai_aud *a, uint64_t gen)
{
    struct kai_known *lowest;

    while (of_stewards(a, gen, &lowest) >= KAI_EPOCHS_PER_AUDIENCE_MAX) {
        struct kai_epoch *row = lowest == NULL ? NULL : kai_ring_epoch(k, a->id, lowest->commit);

        if (lowest == NULL)
            return false;
        if (row != NULL)
            row->complete = false; /* For reading alone. */
        drop(a, lowest);
    }
    return true;
}

void kai_ring_table_trim(struct kai_keyring *k, const struct kai_aud *a)
{
    const struct kai_epoch *first;
    size_t n = kai_keyring_epochs(k, a->id, &first), kept = 0;
    struct kai_epoch *lowest = NULL;

    for (size_t i = 0; i < a->n_known; i++)
        kept += a->known[i]->open;
    if (n <= kept + KAI_EPOCH_KEYS_PAST_MAX)
        return;
    for (size_t i = 0; i < n; i++) {
        struct kai_epoch *row = k->table + (first - k->table) + i;
        const struct kai_known *e = kai_ring_known(a, row->commit);

        if ((e == NULL || !e->open) && (lowest == NULL || row->gen < lowest->gen))
            lowest = row;
    }
    kai_ring_table_erase(k, lowest);
}

static size_t statement_bytes(const struct kai_statement *s)
{
    size_t ids = s->n_preds + s->n_removals;

    for (size_t p = 0; p < KAI_EPOCH_PARTS_MAX; p++)
        ids += s->part_n[p];
    return sizeof *s + ids * KAI_ID_BYTES;
}

bool kai_ring_too_strange(const struct kai_keyring *k, const struct kai_aud *a,
                          const struct kai_node *minter, bool fresh)
{
    size_t epochs = 0, of_one = 0, of_all = 0;

    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *e = a->known[i];

        of_all += strange(e) ? sizeof *e : 0;
        for (size_t s = 0; s < e->n_said; s++) {
            const struct kai_statement *t = &e->said[s];
            bool its = kai_roster_node_by_cert(k->roster, t->minter_cert) == minter;

            if (t->trusted)
                continue;
            epochs += s == 0 && its && strange(e);
            of_one += its ? statement_bytes(t) : 0;
            of_all += statement_bytes(t);
        }
    }
    return !KAI_CHECK(EPOCHS_OF_MEMBER, (!fresh || epochs < KAI_SELF_EPOCHS_MAX) &&
                                            of_one < KAI_SELF_EPOCHS_BYTES_OF_ONE) ||
           of_all >= KAI_SELF_EPOCHS_BYTES_MAX;
}

bool kai_keyring_again(struct kai_keyring *k, const uint8_t *aud_id)
{
    bool again = false;

    for (size_t i = 0; i < k->n_auds; i++) {
        struct kai_aud *a = &k->auds[i];

        if (!a->again || (aud_id != NULL && memcmp(a->id, aud_id, KAI_ID_BYTES) != 0))
            continue;
        a->again = false;
        a->lost = false;
        again = true;
    }
    return again;
}
