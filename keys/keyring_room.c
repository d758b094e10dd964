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

/* The one heard first of those that nobody here can open; NULL: there is none that may go. */
static struct kai_known *oldest_closed(const struct kai_aud *a)
{
    struct kai_known *first = NULL;

    for (size_t i = 0; i < a->n_known; i++) {
        struct kai_known *e = a->known[i];

        if (!e->open && (first == NULL || e->heard < first->heard) && !kai_ring_followed(a, e))
            first = e;
    }
    return first;
}

static void drop(struct kai_aud *a, struct kai_known *e)
{
    size_t at = 0;

    while (a->known[at] != e)
        at++;
    memmove(a->known + at, a->known + at + 1, (a->n_known - at - 1) * sizeof(struct kai_known *));
    a->n_known--;
    free(e->said);
    free(e);
}

bool kai_ring_make_space(struct kai_aud *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_known; i++)
        n += !strange(a->known[i]);
    if (n < KAI_EPOCHS_PER_AUDIENCE_MAX)
        return true;
    struct kai_known *first = oldest_closed(a);
    if (first == NULL)
        return false;
    drop(a, first);
    return true;
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
