/* roster_heard: which AUDIENCEs and REVOKEs are held, whatever became of them: a steward that has
 * not heard what another answered would give keys to whom that one has just shut out. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "keys/roster_int.h"

static int id_cmp(const void *x, const void *y)
{
    return kai_id_cmp(x, y);
}

/* out NULL: only count. */
static size_t collect(const struct kai_ctl *ctl, uint8_t (*out)[KAI_ID_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < ctl->n_logs; i++) {
        const struct kai_ctl_log *l = ctl->logs[i];

        for (size_t k = 0; k < l->n; k++) {
            if (l->rows[k]->type != KAI_REC_AUDIENCE && l->rows[k]->type != KAI_REC_REVOKE)
                continue;
            if (out != NULL)
                memcpy(out[n], l->rows[k]->e.hash, KAI_ID_BYTES);
            n++;
        }
    }
    return n;
}

enum kai_err kai_roster_view_heard(struct kai_roster *r, const struct kai_build *b)
{
    r->n_heard = collect(b->ctl, NULL);
    r->heard = malloc((r->n_heard + 1) * sizeof *r->heard);
    if (r->heard == NULL)
        return KAI_ENOMEM;
    (void)collect(b->ctl, r->heard);
    if (r->n_heard > 0)
        qsort(r->heard, r->n_heard, KAI_ID_BYTES, id_cmp);
    return KAI_OK;
}

bool kai_roster_heard(const struct kai_roster *r, const uint8_t hash[static KAI_ID_BYTES])
{
    return r->n_heard > 0 && bsearch(hash, r->heard, r->n_heard, KAI_ID_BYTES, id_cmp) != NULL;
}
