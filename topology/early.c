/* early: addresses that came before the control entries that tell whose they are
 * (docs/protocol.md 7). A newcomer hears them all at once, while it still asks for those. */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

void kai_early_keep(struct kai_net *n, struct kai_view note)
{
    struct kai_early *e;
    uint8_t *copy;

    for (size_t i = 0; i < n->n_early; i++)
        if (n->early[i].n == note.n && memcmp(n->early[i].note, note.p, note.n) == 0)
            return;
    if (!n->early && !(n->early = calloc(KAI_EARLY_MAX, sizeof *n->early)))
        return;
    copy = malloc(note.n);
    if (!copy)
        return;
    memcpy(copy, note.p, note.n);
    if (n->n_early == KAI_EARLY_MAX) { /* Anybody can make these up: the oldest goes. */
        free(n->early[0].note);
        memmove(n->early, n->early + 1, --n->n_early * sizeof *n->early);
    }
    e = &n->early[n->n_early++];
    e->n = note.n;
    e->note = copy;
}

void kai_early_retry(struct kai_net *n)
{
    struct kai_early *was = n->early;
    size_t count = n->n_early;

    n->early = NULL; /* Those that are still early are kept anew. */
    n->n_early = 0;
    for (size_t i = 0; i < count; i++) {
        kai_book_take(n, kai_view_of(was[i].note, was[i].n));
        free(was[i].note);
    }
    free(was);
}

void kai_early_free(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_early; i++)
        free(n->early[i].note);
    free(n->early);
}
