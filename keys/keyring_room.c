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

bool kai_ring_make_space(struct kai_aud *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_known; i++)
        n += !strange(a->known[i]);
    if (n < KAI_EPOCHS_PER_AUDIENCE_MAX)
        return true;
    for (size_t i = 0; i < a->n_known; i++) {
        if (a->known[i]->open)
            continue;
        free(a->known[i]->said);
        free(a->known[i]);
        memmove(a->known + i, a->known + i + 1, (a->n_known - i - 1) * sizeof *a->known);
        a->n_known--;
        return true;
    }
    return false;
}

static size_t list_bytes(const struct kai_known *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n_said; i++)
        for (size_t p = 0; p < KAI_EPOCH_PARTS_MAX; p++)
            n += e->said[i].part_n[p] * KAI_ID_BYTES;
    return n;
}

bool kai_ring_too_strange(const struct kai_aud *a, const struct kai_epoch_list *l)
{
    size_t its = 0, bytes = 0;

    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *e = a->known[i];

        if (!strange(e))
            continue;
        its += e->n_said > 0 && memcmp(e->said[0].minter_cert, l->minter_cert, KAI_ID_BYTES) == 0;
        bytes += sizeof *e + list_bytes(e);
    }
    return !KAI_CHECK(EPOCHS_OF_MEMBER, its < KAI_SELF_EPOCHS_MAX) ||
           bytes >= KAI_SELF_EPOCHS_BYTES_MAX;
}
