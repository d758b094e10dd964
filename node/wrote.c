/* wrote: who asks right behind what they wrote here finds it. */
#include "node/wrote.h"

#include <string.h>

#include "node/indexer.h"

static bool is_by(const struct kai_wrote *w, const struct kai_who *who)
{
    return w->kind == who->kind && w->uid == who->uid &&
           memcmp(w->token, who->token, sizeof w->token) == 0;
}

/* Under c->mu; NULL: not here. */
static struct kai_wrote *find(struct kai_core *c, const struct kai_who *who)
{
    for (size_t i = 0; i < c->n_wrote; i++)
        if (is_by(&c->wrote[i], who))
            return &c->wrote[i];
    return NULL;
}

/* Under c->mu. The oldest makes room: it is in the index long since. */
static void put(struct kai_core *c, const struct kai_who *who, uint64_t position)
{
    struct kai_wrote *w = find(c, who);

    if (w == NULL && c->n_wrote == KAI_WROTE_MAX)
        w = &c->wrote[0];
    if (w != NULL) {
        size_t at = (size_t)(w - c->wrote);
        memmove(w, w + 1, (--c->n_wrote - at) * sizeof *w);
    }
    w = &c->wrote[c->n_wrote++];
    *w = (struct kai_wrote){.kind = who->kind, .uid = who->uid, .position = position};
    memcpy(w->token, who->token, sizeof w->token);
}

void kai_wrote(struct kai_core *c, const struct kai_who *who)
{
    struct kai_snap *s;

    if (kai_snap_begin(c->store, &s) != KAI_OK)
        return; /* It is found a little later then. */
    uint64_t position = kai_snap_last_position(s);
    kai_snap_end(s);
    (void)pthread_mutex_lock(&c->mu);
    put(c, who, position);
    (void)pthread_mutex_unlock(&c->mu);
}

enum kai_err kai_wrote_wait(struct kai_core *c, const struct kai_who *who)
{
    if (c->loop == NULL)
        return kai_indexer_settle(c->indexer);
    (void)pthread_mutex_lock(&c->mu);
    const struct kai_wrote *w = find(c, who);
    uint64_t position = w != NULL ? w->position : 0;
    (void)pthread_mutex_unlock(&c->mu);
    if (position > 0)
        (void)kai_indexer_wait(c->indexer, position - 1, KAI_WROTE_WAIT_MS);
    return KAI_OK;
}
