/* post_lock: one writer of an audience at a time. */
#include <stdlib.h>
#include <string.h>

#include "node/post.h"

struct kai_busy {
    uint8_t aud_id[KAI_ID_BYTES];
};

static bool is_busy(const struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < c->n_busy; i++)
        if (memcmp(c->busy[i].aud_id, aud_id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

enum kai_err kai_post_lock(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    enum kai_err err = KAI_OK;

    (void)pthread_mutex_lock(&c->mu);
    while (is_busy(c, aud_id))
        (void)pthread_cond_wait(&c->busy_cond, &c->mu);
    struct kai_busy *grown = realloc(c->busy, (c->n_busy + 1) * sizeof *grown);
    if (grown == NULL) {
        err = KAI_ENOMEM;
    } else {
        c->busy = grown;
        memcpy(c->busy[c->n_busy++].aud_id, aud_id, KAI_ID_BYTES);
    }
    (void)pthread_mutex_unlock(&c->mu);
    return err;
}

void kai_post_unlock(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_busy; i++) {
        if (memcmp(c->busy[i].aud_id, aud_id, KAI_ID_BYTES) == 0) {
            c->busy[i] = c->busy[--c->n_busy];
            break;
        }
    }
    (void)pthread_cond_broadcast(&c->busy_cond);
    (void)pthread_mutex_unlock(&c->mu);
}
