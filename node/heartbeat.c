/* heartbeat: how far this node's own logs go, and that it is there. */
#include "node/heartbeat.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 60000u

bool kai_heartbeat_due(bool changed, uint64_t ago_ms)
{
    return ago_ms >= (changed ? KAI_HEARTBEAT_CHANGED_MS : KAI_HEARTBEAT_LIFE_MS);
}

/* ---- What there is to say. */
struct open {
    size_t n;
    struct one {
        uint64_t ts;
        struct kai_mark row;
    } one[KAI_CHECKPOINT_ROWS_MAX];
};

/* Where there is no room, that of the log that was written to longest ago makes it. */
static struct one *room(struct open *o, uint64_t ts)
{
    struct one *oldest = &o->one[0];

    if (o->n < KAI_CHECKPOINT_ROWS_MAX)
        return &o->one[o->n++];
    for (size_t i = 1; i < o->n; i++)
        if (o->one[i].ts < oldest->ts)
            oldest = &o->one[i];
    return oldest->ts < ts ? oldest : NULL;
}

static bool add_log(void *ctx, const struct kai_log *log)
{
    struct open *o = ctx;
    uint64_t over = KAI_LOG_RETIRED | KAI_LOG_CLOSED | KAI_LOG_FORKED;

    if (log->kind != KAI_LOG_DATA || (log->flags & KAI_LOG_OWN) == 0 || (log->flags & over) != 0 ||
        log->head_seq == 0)
        return true;
    struct one *one = room(o, log->head_ts);
    if (one == NULL)
        return true;
    one->ts = log->head_ts;
    kai_mark_of(&one->row, log->salt, log->log_pk, log->head_seq, log->head);
    return true;
}

enum kai_err kai_heartbeat_rows(struct kai_snap *s,
                                struct kai_mark rows[static KAI_CHECKPOINT_ROWS_MAX], size_t *n)
{
    struct open *o = calloc(1, sizeof *o);
    enum kai_err err = o == NULL ? KAI_ENOMEM : kai_snap_logs(s, add_log, o);

    *n = err == KAI_OK ? o->n : 0;
    for (size_t i = 0; i < *n; i++)
        rows[i] = o->one[i].row;
    kai_marks_sort(rows, *n);
    free(o);
    return err;
}

/* ---- When. */
struct last {
    const uint8_t *node;
    struct kai_checkpoint p;
};

static bool find_last(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                      struct kai_view note)
{
    struct last *l = ctx;

    if (type != KAI_REC_CHECKPOINT || memcmp(who, l->node, KAI_ID_BYTES) != 0)
        return true;
    if (kai_checkpoint_parse(&l->p, note) != KAI_OK)
        l->p = (struct kai_checkpoint){0};
    return false;
}

/* How long ago the last one was said: by the wall, or, where that was set back since, by how long
 * this run knows of it. */
static uint64_t ago(const struct kai_core *c, const struct kai_checkpoint *last, uint64_t now_ms)
{
    uint64_t wall = kai_wall_ms();
    uint64_t by_wall = wall > last->counter ? wall - last->counter : 0;
    uint64_t by_run = c->heartbeat_ms == 0 ? 0 : now_ms - c->heartbeat_ms;

    return by_wall > by_run ? by_wall : by_run;
}

static enum kai_err say(struct kai_core *c, struct kai_checkpoint *p)
{
    struct kai_buf note;

    memcpy(p->node_cert, c->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(&note, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&note, p, c->self.sign_sk, c->charter.nid);
    enum kai_err err = note.err;
    struct kai_tx *tx = err == KAI_OK ? kai_core_tx(c) : NULL;
    if (err == KAI_OK && tx == NULL)
        err = c->tx_err;
    if (err == KAI_OK)
        err = kai_tx_note(tx, KAI_REC_CHECKPOINT, c->self.node_id, kai_buf_view(&note));
    kai_core_commit(c);
    if (err == KAI_OK)
        kai_net_on_own_checkpoint(c->net, kai_buf_view(&note), kai_now_ms());
    kai_buf_free(&note);
    return err;
}

uint64_t kai_heartbeat_tick(struct kai_core *c, uint64_t now_ms)
{
    struct last last = {.node = c->self.node_id};
    struct kai_checkpoint p = {0};
    struct kai_snap *s = NULL;

    if (c->heartbeat_ms == 0)
        c->heartbeat_ms = now_ms;
    if (c->twin) /* Somebody else says it. */
        return now_ms + LOOK_MS;
    kai_core_commit(c); /* Rows are of what is durable. */
    enum kai_err err = kai_snap_begin(c->store, &s);
    struct kai_view said = kai_net_checkpoint_of(c->net, c->self.node_id);
    if (said.n > 0)
        (void)find_last(&last, KAI_REC_CHECKPOINT, c->self.node_id, said);
    else if (err == KAI_OK) /* The engine knows of none while we are not active. */
        err = kai_snap_notes(s, find_last, &last);
    if (err == KAI_OK)
        err = kai_heartbeat_rows(s, p.rows, &p.n);
    kai_snap_end(s);
    bool changed =
        p.n != last.p.n || (p.n > 0 && memcmp(p.rows, last.p.rows, p.n * sizeof p.rows[0]) != 0);
    if (err != KAI_OK || !kai_heartbeat_due(changed, ago(c, &last.p, now_ms)))
        return now_ms + LOOK_MS;
    p.counter = kai_wall_ms();
    if (p.counter <= last.p.counter)
        p.counter = last.p.counter + 1;
    if (say(c, &p) == KAI_OK) /* No room just now: soon again. */
        c->heartbeat_ms = now_ms;
    return now_ms + LOOK_MS;
}
