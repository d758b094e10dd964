/* forks: which logs are frozen, and which a REVOKE ended. */
#include "node/forks.h"

#include <stdlib.h>
#include <string.h>

#include "node/indexer_priv.h"

/* Headers stand by log, seq and hash: those of one fork come one after the other. */
struct pairs {
    struct kai_core *c;
    struct kai_entry last;
    enum kai_err err;
};

static bool on_header(void *ctx, const struct kai_entry *e)
{
    struct pairs *p = ctx;
    bool fork = p->last.hdr.p != NULL && p->last.h.seq == e->h.seq &&
                memcmp(p->last.h.log_pk, e->h.log_pk, KAI_KEY_BYTES) == 0;

    if (fork)
        p->err = kai_net_on_fork(p->c->net, &p->last, e);
    p->last = *e;
    return p->err == KAI_OK;
}

enum kai_err kai_forks_load(struct kai_core *c, struct kai_snap *snap)
{
    struct pairs p = {.c = c};
    enum kai_err err = kai_snap_forks(snap, on_header, &p);

    return err == KAI_OK ? p.err : err;
}

struct list {
    struct kai_outlook *o;
    size_t cap;
    bool ended; /* Those that come now are not frozen, but ended by a REVOKE. */
    bool no_memory;
};

static void on_frozen(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct list *l = ctx;
    struct kai_outlook *o = l->o;

    if (o->n_forks == l->cap) {
        size_t cap = l->cap == 0 ? 8 : 2 * l->cap;
        void *p = realloc(o->forks, cap * sizeof *o->forks);

        l->no_memory = l->no_memory || p == NULL;
        if (p == NULL)
            return;
        o->forks = p;
        l->cap = cap;
    }
    memcpy(o->forks[o->n_forks].log_pk, log_pk, KAI_KEY_BYTES);
    o->forks[o->n_forks].ended = l->ended;
    o->forks[o->n_forks++].seq = seq;
}

enum kai_err kai_forks_fill(struct kai_core *c, struct kai_outlook *o)
{
    struct list l = {.o = o};

    kai_net_frozen(c->net, on_frozen, &l);
    l.ended = true;
    kai_net_ended(c->net, on_frozen, &l);
    return l.no_memory ? KAI_ENOMEM : KAI_OK;
}

/* ---- On the indexer's thread. */

static enum kai_err fill(struct kai_indexer *x)
{
    const struct kai_outlook *o = x->o;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < o->n_forks && err == KAI_OK; i++) {
        struct kai_log log;

        err = kai_snap_log(x->snap, o->forks[i].log_pk, &log);
        if (err == KAI_OK) {
            err = o->forks[i].ended ? kai_ix_ended(x->ix, log.no, o->forks[i].seq)
                                    : kai_ix_disputed(x->ix, log.no, o->forks[i].seq);
        } else if (err == KAI_ENOTFOUND) { /* Its first entry is on its way to the disk. */
            x->forks_whole = false;
            err = KAI_OK;
        }
    }
    return err;
}

enum kai_err kai_indexer_forks(struct kai_indexer *x)
{
    enum kai_err err = KAI_OK;

    x->forks_whole = true;
    if (x->forks_told != x->o->number && x->o->n_forks > 0)
        err = kai_indexer_batch(x, fill);
    if (err == KAI_OK && x->forks_whole)
        x->forks_told = x->o->number;
    return err;
}
