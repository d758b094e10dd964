/* read: what a simulated node reads of what it holds, as an index would: RULEs go to its keyring.
 */
#include "topology/sim/sim_int.h"

#include <string.h>

#include "log/expiry.h"

struct reading {
    struct sim_node *n;
    bool has_rule; /* One stands in it, */
    bool rules;    /* and was news here. */
};

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct reading *r = ctx;

    if (type == KAI_ITEM_RULE) {
        enum kai_err err = kai_keyring_rule(r->n->keyring, item);
        r->has_rule = true;
        r->rules = r->rules || err == KAI_OK || err == KAI_EAGAIN;
    }
    return KAI_OK;
}

bool sim_opens(struct sim_worker *w, const struct kai_entry *e, const uint8_t *key)
{
    struct kai_seal_place at = {.nid = w->sim->charter.nid,
                                .log_pk = e->h.log_pk,
                                .seq = e->h.seq,
                                .prev = e->h.prev,
                                .tag = e->h.tag,
                                .kid = e->h.kid,
                                .ts = e->h.ts};

    kai_buf_clear(&w->opened);
    return kai_payload_open(w->packer, &w->opened, &w->scratch, key, &at, e->payload) == KAI_OK;
}

/* An entry opens with one key for everybody: it is tried once, and read again only for a RULE. */
static bool read_one(struct reading *r, struct sim_log *log, size_t i)
{
    struct kai_sim *s = r->n->sim;
    struct sim_worker *w = r->n->worker;
    struct sim_entry *x = log->entry[i];
    const struct kai_epoch *epoch;
    bool known;

    if (x->e.h.ptype != KAI_PTYPE_SEALED)
        return true;
    epoch = kai_keyring_kid(r->n->keyring, log->l.aud_id, x->e.h.kid);
    if (!epoch || epoch->route_only)
        return false;
    (void)pthread_mutex_lock(&s->lock);
    known = x->opens && memcmp(x->key, epoch->key, KAI_KEY_BYTES) == 0 && !x->has_rule;
    (void)pthread_mutex_unlock(&s->lock);
    if (known)
        return true;
    if (!sim_opens(w, &x->e, epoch->key))
        return false;
    r->rules = r->has_rule = false;
    (void)!kai_body_walk(kai_buf_view(&w->opened), on_item, r);
    (void)pthread_mutex_lock(&s->lock);
    x->has_rule = r->has_rule;
    x->opens = true;
    memcpy(x->key, epoch->key, KAI_KEY_BYTES);
    (void)pthread_mutex_unlock(&s->lock);
    return true;
}

void sim_node_read(struct sim_node *n)
{
    struct reading r = {.n = n};
    bool rules = false;

    n->unread = false;
    for (size_t k = 0; k < n->n_logs; k++) {
        struct sim_log *log = &n->log[k];
        for (size_t i = 0; log->l.kind == 1 && log->n_opened < log->n && i < log->n; i++) {
            if (log->opened[i])
                continue;
            r.rules = false;
            if (!read_one(&r, log, i))
                continue;
            rules = rules || r.rules;
            log->opened[i] = true;
            log->n_opened++;
            n->worker->count.opened++;
        }
    }
    if (!rules)
        return;
    n->duty = true;
    kai_net_on_keyring(n->net, sim_now(n));
}

void kai_sim_expire(struct kai_sim *s, uint64_t seconds)
{
    s->expire_s = seconds;
}

size_t kai_sim_forget(struct kai_sim *s, size_t node, size_t aud, bool early)
{
    struct sim_node *n = &s->node[node];
    size_t forgotten = 0;

    for (size_t i = 0; i < n->n_logs; i++) {
        struct sim_log *log = &n->log[i];
        if (log->l.kind != 1 || memcmp(log->l.aud_id, s->aud[aud].id, KAI_ID_BYTES) != 0)
            continue;
        for (size_t k = 1; k < log->n; k++) {
            struct kai_entry bare = log->entry[k]->e;
            const uint8_t *prev = log->entry[k - 1]->e.h.kid;
            bool over = kai_payload_over(&bare.h, prev, sim_wall(s));
            if (!bare.payload.p || memcmp(prev, bare.h.kid, KAI_TAG_BYTES) != 0 ||
                (!early && !over))
                continue;
            bare.payload = (struct kai_view){0};
            log->entry[k] = sim_keep(s, &bare, s->now);
            forgotten++;
        }
    }
    return forgotten;
}
