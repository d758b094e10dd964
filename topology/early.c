/* early: addresses that came before the control entries that tell whose they are
 * (docs/protocol.md 7). A newcomer hears them all at once, while it still asks for those. */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

void kai_early_keep(struct kai_net *n, struct kai_view note)
{
    struct kai_kept *copy;

    for (size_t i = 0; i < n->n_early; i++)
        if (kai_view_eq(kai_kept_view(n->early[i]), note))
            return;
    if (!n->early && !(n->early = calloc(KAI_EARLY_MAX, sizeof *n->early)))
        return;
    copy = kai_kept_new(note);
    if (!copy)
        return;
    if (n->n_early == KAI_EARLY_MAX) { /* Anybody can make these up: the oldest goes. */
        kai_kept_free(n->early[0]);
        memmove(n->early, n->early + 1, --n->n_early * sizeof *n->early);
    }
    n->early[n->n_early++] = copy;
}

void kai_early_retry(struct kai_net *n)
{
    struct kai_kept **was = n->early;
    size_t count = n->n_early;

    n->early = NULL; /* Those that are still early are kept anew. */
    n->n_early = 0;
    for (size_t i = 0; i < count; i++) {
        kai_book_take(n, kai_kept_view(was[i]));
        kai_kept_free(was[i]);
    }
    free(was);
}

void kai_early_free(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_early; i++)
        kai_kept_free(n->early[i]);
    free(n->early);
}
