/* kept: what the engine knows of links that is worth knowing after a restart. */
#include "node/kept.h"

#include <string.h>

#define ANCHORS_KEY "anchors" /* Their node ids, one after the other. */
#define VISITS_KEY  "visits"  /* As the engine has it. */
#define LOOK_MS     10000u
#define WRITE_MS    60000u

static enum kai_err get(struct kai_snap *s, const char *key, struct kai_view *out)
{
    enum kai_err err = kai_snap_kv(s, key, out);

    if (err == KAI_ENOTFOUND)
        *out = (struct kai_view){0};
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

enum kai_err kai_kept_load(struct kai_core *c, struct kai_snap *s)
{
    struct kai_view anchors = {0};
    struct kai_view visits = {0};
    enum kai_err err = get(s, ANCHORS_KEY, &anchors);

    if (err == KAI_OK)
        err = get(s, VISITS_KEY, &visits);
    if (err != KAI_OK)
        return err;
    for (size_t i = 0; i + KAI_ID_BYTES <= anchors.n; i += KAI_ID_BYTES)
        kai_net_on_anchor(c->net, anchors.p + i);
    kai_net_on_visits(c->net, visits);
    return KAI_OK;
}

/* Whether it had to be written. */
static bool keep(struct kai_core *c, struct kai_snap *s, const char *key, struct kai_view now)
{
    struct kai_view held;

    if (get(s, key, &held) == KAI_OK && held.n == now.n &&
        (now.n == 0 || memcmp(held.p, now.p, now.n) == 0))
        return false;
    struct kai_tx *tx = kai_core_tx(c);
    if (tx != NULL)
        kai_ignore(kai_tx_kv(tx, key, now)); /* Told to those who wait for the commit. */
    return true;
}

static bool save(struct kai_core *c)
{
    uint8_t nodes[KAI_ANCHORS_MAX][KAI_ID_BYTES];
    size_t n = kai_net_anchors(c->net, nodes, KAI_ANCHORS_MAX);
    struct kai_snap *s = NULL;

    if (kai_snap_begin(c->store, &s) != KAI_OK)
        return false; /* Next time. */
    bool anchors = keep(c, s, ANCHORS_KEY, kai_view_of(nodes[0], n * KAI_ID_BYTES));
    bool visits = keep(c, s, VISITS_KEY, kai_net_visits(c->net));
    kai_snap_end(s);
    return anchors || visits;
}

uint64_t kai_kept_tick(struct kai_core *c, uint64_t now_ms)
{
    return now_ms + (save(c) ? WRITE_MS : LOOK_MS);
}

void kai_kept_save(struct kai_core *c)
{
    (void)save(c);
}
