/* actions: what the engine asks for. All run on the owning thread. */
#include "node/actions.h"

#include <stdlib.h>
#include <string.h>

#include "node/held.h"
#include "node/loop.h"
#include "node/ownlog.h"
#include "node/stale.h"
#include "node/sure.h"

void kai_net_log_of(struct kai_net_log *out, const struct kai_log *log)
{
    *out = (struct kai_net_log){
        .kind = log->kind,
        .incarnation = log->incarnation,
        .head_seq = log->head_seq,
        .head_ts = log->head_ts,
        .closed = (log->flags & KAI_LOG_CLOSED) != 0,
        .forked = (log->flags & KAI_LOG_FORKED) != 0,
        .own = (log->flags & KAI_LOG_OWN) != 0,
    };
    memcpy(out->log_pk, log->log_pk, KAI_KEY_BYTES);
    memcpy(out->aud_id, log->aud_id, KAI_ID_BYTES);
    memcpy(out->from_node, log->from_node, KAI_ID_BYTES);
    memcpy(out->author_node, log->author_node, KAI_ID_BYTES);
    memcpy(out->author_cert, log->author_cert, KAI_ID_BYTES);
    memcpy(out->salt, log->salt, sizeof out->salt);
    memcpy(out->head, log->head, KAI_ID_BYTES);
}

void kai_log_of(struct kai_log *out, const struct kai_net_log *log)
{
    *out = (struct kai_log){
        .kind = log->kind,
        .incarnation = log->incarnation,
        .flags = (log->closed ? KAI_LOG_CLOSED : 0) | (log->forked ? KAI_LOG_FORKED : 0) |
                 (log->own ? KAI_LOG_OWN : 0),
    };
    memcpy(out->log_pk, log->log_pk, KAI_KEY_BYTES);
    memcpy(out->aud_id, log->aud_id, KAI_ID_BYTES);
    memcpy(out->from_node, log->from_node, KAI_ID_BYTES);
    memcpy(out->author_node, log->author_node, KAI_ID_BYTES);
    memcpy(out->author_cert, log->author_cert, KAI_ID_BYTES);
    memcpy(out->salt, log->salt, sizeof out->salt);
}

enum kai_err kai_take_entry(struct kai_core *c, const struct kai_net_log *log,
                            const struct kai_entry *e)
{
    struct kai_tx *tx = kai_core_tx(c);
    uint64_t now = kai_wall_ms();
    enum kai_err err = tx == NULL ? c->tx_err : KAI_OK;

    if (err == KAI_OK && e->h.seq == 1) {
        struct kai_log row;

        kai_log_of(&row, log);
        row.first_seen_ms = now;
        err = kai_tx_log(tx, &row);
    }
    return err == KAI_OK ? kai_tx_append(tx, e, now) : err;
}

/* ---- Entries that were verified. */
struct taken {
    struct kai_core *c;
    struct kai_verified *v;
};

static void taken_stored(void *arg, enum kai_err err)
{
    struct taken *t = arg;
    struct kai_verified *v = t->v;
    uint64_t now = kai_now_ms();

    if (err == KAI_OK)
        kai_net_on_stored(t->c->net, v->log.log_pk, &v->e, now);
    else
        kai_net_on_refused(t->c->net, v->link, v->log.log_pk, v->e.h.seq, err, now);
    free(v);
    free(t);
}

void kai_take_verified(struct kai_core *c, struct kai_verified *v)
{
    struct taken *t = malloc(sizeof *t);
    enum kai_err err = t == NULL ? KAI_ENOMEM : v->err;

    if (err == KAI_OK)
        err = kai_take_entry(c, &v->log, &v->e);
    if (err != KAI_OK) {
        kai_net_on_refused(c->net, v->link, v->log.log_pk, v->e.h.seq, err, kai_now_ms());
        free(v);
        free(t);
        return;
    }
    *t = (struct taken){.c = c, .v = v};
    kai_core_after(c, taken_stored, t);
}

static void act_update_log(void *ctx, const struct kai_net_log *log)
{
    struct kai_core *c = ctx;
    struct kai_tx *tx = kai_core_tx(c);
    struct kai_log row;

    kai_log_of(&row, log);
    if (tx != NULL) /* A failure is told by the commit; then the next BIND says it again. */
        (void)kai_tx_log(tx, &row);
}

static bool act_send(void *ctx, uint64_t link, struct kai_view frame)
{
    struct kai_core *c = ctx;

    return kai_loop_send(c->loop, link, frame);
}

static void act_drop(void *ctx, uint64_t link, enum kai_bye why)
{
    struct kai_core *c = ctx;

    kai_loop_drop(c->loop, link, why);
}

static void act_ingest(void *ctx, uint64_t link, const struct kai_net_log *log,
                       const struct kai_entry *e)
{
    struct kai_core *c = ctx;

    if (c->loop != NULL) {
        kai_loop_ingest(c->loop, link, log, e);
        return;
    }
    struct kai_verified *v = kai_verify_here(c->charter.nid, link, log, e); /* Of a carry file. */
    if (v != NULL)
        kai_take_verified(c, v);
    else
        kai_net_on_refused(c->net, link, log->log_pk, e->h.seq, KAI_ENOMEM, kai_now_ms());
}

/* An entry of the control plane on its way to the disk. */
struct ctl_stored {
    struct kai_core *c;
    struct kai_entry e;
    uint8_t bytes[];
};

static void ctl_stored(void *arg, enum kai_err err)
{
    struct ctl_stored *s = arg;

    if (err == KAI_OK)
        kai_net_on_ctl_stored(s->c->net, &s->e, kai_now_ms());
    else /* It holds until the next start; then it is asked for again. */
        kai_core_alarm(s->c, "store.full", "");
    free(s);
}

static void act_store_ctl(void *ctx, const struct kai_entry *e)
{
    struct kai_core *c = ctx;
    struct ctl_stored *s = malloc(sizeof *s + e->hdr.n + e->sig.n + e->payload.n);

    if (s == NULL) {
        kai_core_alarm(c, "memory.full", "");
        return;
    }
    uint8_t *p = s->bytes;
    s->c = c;
    s->e = *e;
    memcpy(p, e->hdr.p, e->hdr.n);
    s->e.hdr.p = p;
    memcpy(p += e->hdr.n, e->sig.p, e->sig.n);
    s->e.sig.p = p;
    memcpy(p += e->sig.n, e->payload.p, e->payload.n);
    s->e.payload.p = p;
    struct kai_tx *tx = kai_core_tx(c);
    if (tx != NULL)
        (void)kai_tx_ctl(tx, &s->e); /* A failure is told by the commit. */
    kai_core_after(c, ctl_stored, s);
}

static void act_store_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                           struct kai_view note)
{
    struct kai_core *c = ctx;
    struct kai_tx *tx = kai_core_tx(c);

    if (tx != NULL && kai_tx_note(tx, type, who, note) == KAI_OK && type == KAI_REC_CHECKPOINT)
        kai_ignore(
            kai_stale_heard(tx, who, note, kai_wall_ms())); /* The commit tells of a failure. */
}

static void text_key(char key[static 64], const uint8_t hash[static KAI_ID_BYTES])
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, hash);
    memcpy(key, "text:", 5);
    memcpy(key + 5, b32, sizeof b32);
}

static void act_store_text(void *ctx, const uint8_t hash[static KAI_ID_BYTES], struct kai_view text)
{
    struct kai_core *c = ctx;
    struct kai_tx *tx = kai_core_tx(c);
    char key[64];

    text_key(key, hash);
    if (tx != NULL)
        (void)kai_tx_kv(tx, key, text);
}

static void act_store_fork(void *ctx, const struct kai_entry *a, const struct kai_entry *b)
{
    struct kai_core *c = ctx;
    struct kai_tx *tx = kai_core_tx(c);

    if (tx != NULL && kai_tx_fork(tx, a->hdr, a->sig) == KAI_OK)
        (void)kai_tx_fork(tx, b->hdr, b->sig); /* A failure is told by the commit. */
    if (c->loop != NULL)
        kai_loop_dirty(c->loop); /* What is disputed shows in the outlook. */
}

static void act_roster(void *ctx, struct kai_roster *r)
{
    struct kai_core *c = ctx;

    (void)r; /* The outlook takes it from the engine. */
    if (c->loop != NULL)
        kai_loop_dirty(c->loop);
}

static void act_keys(void *ctx)
{
    struct kai_core *c = ctx;

    if (c->loop != NULL)
        kai_loop_dirty(c->loop);
}

static void act_held(void *ctx, const struct kai_node *peer,
                     const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    kai_held_note(ctx, log_pk, peer->org->id, seq);
}

static void act_retire(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_core *c = ctx;

    if (kai_ownlog_retire(c, log_pk) == KAI_OK)
        kai_core_alarm(c, "own.ahead", "");
}

static void act_elsewhere(void *ctx, uint64_t counter)
{
    kai_sure_elsewhere(ctx, counter);
}

static void act_alarm(void *ctx, const struct kai_net_alarm *a)
{
    static const uint8_t nobody[KAI_ID_BYTES];
    struct kai_core *c = ctx;
    char about[KAI_HEX_CAP(8)];
    const struct kai_node *n = kai_roster_node(kai_net_roster(c->net), a->node);

    if (n != NULL)
        kai_core_alarm(c, a->code, n->name);
    else
        kai_core_alarm(c, a->code,
                       memcmp(a->node, nobody, KAI_ID_BYTES) == 0 ? ""
                                                                  : kai_hex(about, a->node, 8));
}

static struct kai_snap *serving(struct kai_core *c)
{
    if (c->serve == NULL && kai_snap_begin(c->store, &c->serve) != KAI_OK)
        return NULL;
    return c->serve;
}

static enum kai_err act_read(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                             struct kai_entry *out)
{
    struct kai_snap *s = serving(ctx);

    return s == NULL ? KAI_EIO : kai_snap_entry(s, log_pk, seq, out);
}

static enum kai_err act_read_text(void *ctx, const uint8_t hash[static KAI_ID_BYTES],
                                  struct kai_view *out)
{
    struct kai_snap *s = serving(ctx);
    char key[64];

    text_key(key, hash);
    return s == NULL ? KAI_EIO : kai_snap_kv(s, key, out);
}

void kai_actions_fill(struct kai_core *c, struct kai_net_actions *act)
{
    *act = (struct kai_net_actions){
        .ctx = c,
        .send = act_send,
        .drop = act_drop,
        .ingest = act_ingest,
        .update_log = act_update_log,
        .store_ctl = act_store_ctl,
        .store_note = act_store_note,
        .store_text = act_store_text,
        .store_fork = act_store_fork,
        .roster = act_roster,
        .keys = act_keys,
        .held = act_held,
        .retire = act_retire,
        .elsewhere = act_elsewhere,
        .alarm = act_alarm,
        .read = act_read,
        .read_text = act_read_text,
        .random = kai_random,
    };
}
