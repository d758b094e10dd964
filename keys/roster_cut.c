/* roster_cut: up to where a log counts. */
#include <string.h>

#include "keys/roster_int.h"

/* The last entry that both stand on, or are; NULL when their branches part at seq 1. */
static const struct kai_ctl_entry *common(const struct kai_ctl_entry *a,
                                          const struct kai_ctl_entry *b)
{
    while (a != NULL && b != NULL && a != b) {
        if (a->e.h.seq >= b->e.h.seq)
            a = a->parent;
        else
            b = b->parent;
    }
    return a == b ? a : NULL;
}

void kai_limit_narrow(struct kai_limit *l, const struct kai_ctl_entry *head)
{
    if (head != NULL && l->cut == KAI_CUT_AT)
        head = common(l->at, head);
    l->at = l->cut == KAI_CUT_ALL ? NULL : head;
    l->cut = l->at == NULL ? KAI_CUT_ALL : KAI_CUT_AT;
}

const struct kai_ctl_entry *kai_limit_head(const struct kai_build *b, const struct kai_ctl_log *l,
                                           const struct kai_cut *c)
{
    const struct kai_ctl_entry *head = c->seq == 0 ? NULL : kai_ctl_entry(b->ctl, c->head);

    return head != NULL && head->log == l && head->e.h.seq == c->seq ? head : NULL;
}

static bool apply_named(const struct kai_build *b, struct kai_limit *limit,
                        const struct kai_ctl_log *l, const struct kai_rev *r)
{
    bool named = false;

    for (size_t i = 0; i < r->n_cuts; i++) {
        const struct kai_cut *c = &b->cuts[r->cuts + i];

        if (memcmp(c->log_pk, l->pk, KAI_KEY_BYTES) != 0)
            continue;
        kai_limit_narrow(limit, kai_limit_head(b, l, c));
        named = true;
    }
    return named;
}

void kai_limit_by(const struct kai_build *b, struct kai_limit *limit, uint32_t log,
                  const struct kai_rev *r)
{
    const struct kai_ctl_log *l = b->ctl->logs[log];
    bool complete = r->complete;
    bool named = apply_named(b, limit, l, r);

    while (complete && r->before != KAI_NONE) {
        r = &b->revs[r->before];
        named = apply_named(b, limit, l, r) || named;
    }
    if (complete && !named)
        kai_limit_narrow(limit, NULL);
}

static bool stands_under(const struct kai_ctl_entry *at, const struct kai_ctl_entry *e)
{
    if (e->e.h.seq > at->e.h.seq)
        return false;
    if (e->log->n == e->log->rows[e->log->n - 1]->e.h.seq)
        return true; /* As many entries as the height says: no fork. */
    while (at->e.h.seq > e->e.h.seq)
        at = at->parent;
    return at == e;
}

bool kai_limit_allows(const struct kai_limit *l, const struct kai_ctl_entry *e)
{
    return l->cut == KAI_CUT_NOTHING || (l->cut == KAI_CUT_AT && stands_under(l->at, e));
}
