/* stale: authorities of which this node has not heard for too long. */
#include "node/stale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/checkpoint.h"
#include "keys/stale.h"

#define CODE     "authority.stale"
#define LOOK_MS  60000u
#define DAYS_CAP 24u

/* Named values: when the home was opened first, and by when each node was there. */
#define FIRST_KEY "first-start"
static void heard_key(char key[static 64], const uint8_t *node)
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, node);
    (void)snprintf(key, 64, "heard:%s", b32);
}

static enum kai_err put_time(struct kai_tx *tx, const char *key, uint64_t ms)
{
    uint8_t be[8];

    kai_put_u64(be, ms);
    return kai_tx_kv(tx, key, kai_view_of(be, sizeof be));
}

static uint64_t get_time(struct kai_snap *s, const char *key)
{
    struct kai_view v;

    return kai_snap_kv(s, key, &v) == KAI_OK && v.n == 8 ? kai_get_u64(v.p) : 0;
}

enum kai_err kai_stale_begin(struct kai_core *c)
{
    struct kai_snap *s = NULL;
    enum kai_err err = kai_snap_begin(c->store, &s);
    uint64_t first = err == KAI_OK ? get_time(s, FIRST_KEY) : 0;

    kai_snap_end(s);
    if (err != KAI_OK || first != 0)
        return err;
    struct kai_tx *tx = kai_core_tx(c);
    return tx == NULL ? c->tx_err : put_time(tx, FIRST_KEY, kai_wall_ms());
}

/* What says that it is from later than now does not count for longer, and what was held back on its
 * way does not count as news. */
enum kai_err kai_stale_heard(struct kai_tx *tx, const uint8_t node[static KAI_ID_BYTES],
                             struct kai_view note, uint64_t wall_ms)
{
    struct kai_checkpoint p;
    char key[64];
    enum kai_err err = kai_checkpoint_parse(&p, note);

    heard_key(key, node);
    return err == KAI_OK ? put_time(tx, key, p.counter < wall_ms ? p.counter : wall_ms) : err;
}

static uint64_t heard(void *ctx, const uint8_t node[static KAI_ID_BYTES])
{
    char key[64];

    heard_key(key, node);
    return get_time(ctx, key);
}

enum kai_err kai_stale_now(struct kai_core *c, const struct kai_roster *r,
                           struct kai_stale_names *out)
{
    const struct kai_org *org[KAI_STALE_SHOWN];
    struct kai_snap *s = NULL;
    enum kai_err err = kai_snap_begin(c->store, &s);

    *out = (struct kai_stale_names){0};
    if (err != KAI_OK)
        return err;
    uint64_t now = kai_wall_ms();
    uint64_t first = get_time(s, FIRST_KEY);
    /* 0: it is about to be written by the start that is under way. */
    out->n = kai_stale(r, kai_roster_org(r, c->self.org_id), heard, s, first == 0 ? now : first,
                       now, org, KAI_STALE_SHOWN);
    for (size_t i = 0; i < out->n && i < KAI_STALE_SHOWN; i++)
        memcpy(out->name[i], org[i]->name, sizeof out->name[i]);
    kai_snap_end(s);
    return KAI_OK;
}

static const char *limit_text(char text[static DAYS_CAP])
{
    (void)snprintf(text, DAYS_CAP, "%u", (unsigned)(KAI_STALE_MS / KAI_DAY_MS));
    return text;
}

enum kai_err kai_stale_refuse(struct kai_core *c, struct kai_why *why)
{
    struct kai_stale_names names;
    char days[DAYS_CAP];

    kai_core_commit(c); /* What came in this round counts. */
    enum kai_err err = kai_stale_now(c, kai_net_roster(c->net), &names);
    if (err != KAI_OK)
        return err;
    if (KAI_CHECK(AUTHORITY_STALE, names.n == 0))
        return KAI_OK;
    return kai_why_set(why, KAI_EDENIED, CODE, names.name[0], limit_text(days), NULL);
}

/* Those whose alarm is up and who are no longer silent. */
static void clear_others(struct kai_core *c, const char (*names)[KAI_ALARM_TEXT_CAP], size_t shown)
{
    char about[KAI_ALARMS_MAX][KAI_ALARM_TEXT_CAP];
    size_t n = 0;

    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_alarms; i++)
        if (strcmp(c->alarms[i].code, CODE) == 0)
            memcpy(about[n++], c->alarms[i].about, sizeof about[0]);
    (void)pthread_mutex_unlock(&c->mu);
    for (size_t i = 0; i < n; i++) {
        bool still = false;

        for (size_t k = 0; k < shown; k++)
            still = still || strcmp(about[i], names[k]) == 0;
        if (!still)
            kai_core_alarm_clear(c, CODE, about[i]);
    }
}

uint64_t kai_stale_tick(struct kai_core *c, uint64_t now_ms)
{
    struct kai_stale_names names;
    char about[KAI_STALE_SHOWN][KAI_ALARM_TEXT_CAP];
    char days[DAYS_CAP];
    size_t shown = 0;

    if (kai_stale_now(c, kai_net_roster(c->net), &names) != KAI_OK)
        return now_ms + LOOK_MS;
    for (; shown < names.n && shown < KAI_STALE_SHOWN; shown++) {
        kai_copy_text(about[shown], sizeof about[0], names.name[shown]);
        kai_core_alarm_since(c, CODE, about[shown], limit_text(days), kai_wall_ms());
    }
    clear_others(c, (const char(*)[KAI_ALARM_TEXT_CAP])about, shown);
    return now_ms + LOOK_MS;
}
