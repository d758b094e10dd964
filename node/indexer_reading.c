/* indexer_reading: what the contents of one publication say, from the thread that judged them to
 * the indexer, which finds them by the ids of what it has verified (item/reading.h). */
#include <stdlib.h>

#include "node/indexer_priv.h"

static void drop(struct kai_readings *r)
{
    if (r == NULL)
        return;
    kai_readings_free(r);
    free(r);
}

/* ---- The publisher's thread. */
bool kai_indexer_readings(struct kai_indexer *x, struct kai_readings *r)
{
    (void)pthread_mutex_lock(&x->mu);
    bool taken = r != NULL && x->readings == NULL;
    if (taken) {
        x->readings = r;
        x->readings_over = false;
    }
    (void)pthread_mutex_unlock(&x->mu);
    return taken;
}

void kai_indexer_readings_end(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    x->readings_over = true;
    (void)pthread_mutex_unlock(&x->mu);
    kai_indexer_wake(x);
}

/* ---- The indexer's thread, the only one that frees them. */
void kai_indexer_readings_begin(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    x->reading = x->readings;
    x->reading_over = x->readings_over;
    (void)pthread_mutex_unlock(&x->mu);
}

bool kai_indexer_reading(void *ctx, const uint8_t item_id[static KAI_ID_BYTES],
                         struct kai_reading *out)
{
    struct kai_indexer *x = ctx;

    return x->reading != NULL && kai_readings_find(x->reading, item_id, &x->said, out);
}

void kai_indexer_readings_used(struct kai_indexer *x)
{
    struct kai_readings *r = x->reading;

    if (r == NULL || !x->reading_over)
        return;
    (void)pthread_mutex_lock(&x->mu);
    x->readings = NULL;
    (void)pthread_mutex_unlock(&x->mu);
    x->reading = NULL;
    drop(r);
}

void kai_indexer_readings_free(struct kai_indexer *x)
{
    drop(x->readings);
    kai_buf_free(&x->said);
}
