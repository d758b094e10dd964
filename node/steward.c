/* steward: epochs of the audiences we keep. */
#include "node/steward.h"

#include <stdlib.h>
#include <string.h>

#include "node/hold.h"
#include "node/ownlog.h"

#define LOOK_MS          1000u
#define DUTIES_PER_TICK  16u
#define DUTIES_AHEAD_MAX 4096u /* More than all audiences have epochs to hand out. */

struct mint {
    struct kai_core *c;
    struct kai_own *own;
    uint64_t first;
    enum kai_err err;
};

static enum kai_err append_part(void *ctx, struct kai_view payload,
                                const uint8_t kid[static KAI_TAG_BYTES],
                                const uint8_t tag[static KAI_TAG_BYTES])
{
    struct mint *m = ctx;
    struct kai_buf bytes;
    struct kai_entry e;
    struct kai_tx *tx = kai_core_tx(m->c);

    if (tx == NULL)
        return m->c->tx_err;
    memcpy(m->own->w.kid, kid, KAI_TAG_BYTES);
    memcpy(m->own->w.tag, tag, KAI_TAG_BYTES);
    kai_buf_init(&bytes, KAI_FRAME_BYTES_MAX);
    enum kai_err err =
        kai_log_append_plain(&m->own->w, &bytes, &e, KAI_PTYPE_EPOCH, payload, kai_wall_ms());
    if (err == KAI_OK)
        err = kai_tx_append(tx, &e, kai_wall_ms());
    kai_buf_free(&bytes);
    return err;
}

/* What is learned and announced when the entries are durable, and not before: data under a key that
 * is lost could never be read. */
struct announce {
    struct kai_core *c;
    struct kai_net_log log;
    uint64_t from;
    uint64_t to;
    const uint8_t *kid;
    bool learned;
    enum kai_err err;
};

static void announce(void *arg, enum kai_err err)
{
    struct announce *a = arg;

    a->err = err;
    if (err == KAI_OK) {
        uint64_t version = kai_keyring_version(a->c->ring);

        kai_net_on_published(a->c->net, &a->log, a->from, a->to, kai_now_ms());
        a->learned = kai_keyring_version(a->c->ring) != version &&
                     kai_keyring_kid(a->c->ring, a->log.aud_id, a->kid) != NULL;
        kai_net_on_keyring(a->c->net, kai_now_ms());
    }
}

/* What was minted did not change what is known: the same would be owed again at once, for ever. */
static enum kai_err unlearned(struct kai_core *c, const uint8_t *aud_id)
{
    kai_keyring_pause(c->ring, aud_id, kai_wall_ms());
    kai_core_alarm(c, "steward.failed", kai_keyring_name(c->ring, aud_id));
    return KAI_EAGAIN;
}

enum kai_err kai_steward_do(struct kai_core *c, const struct kai_duty *d)
{
    struct kai_mint m = {.members = (const struct kai_node *const *)d->members,
                         .n_members = d->n_members,
                         .own = d->own};
    struct kai_epoch current;
    struct mint ctx = {.c = c};
    struct announce a = {.c = c};

    /* Opening the log ends the round: what the duty points to may be gone then. */
    struct kai_roster *roster = kai_roster_ref(kai_net_roster(c->net));

    memset(&current, 0, sizeof current);
    if (d->add_to != NULL) {
        current = *d->add_to;
        m.add_to = &current;
    }
    enum kai_err err = kai_ownlog_open(c, d->aud_id, KAI_LOG_KEY, NULL, &ctx.own, NULL);
    if (err != KAI_OK)
        goto out;
    memcpy(m.aud_id, d->aud_id, KAI_ID_BYTES);
    memcpy(m.key_log_pk, ctx.own->w.log_pk, KAI_KEY_BYTES);
    m.first_seq = ctx.own->w.seq + 1;
    err = kai_epoch_mint(c->ring, &m, kai_random, NULL, append_part, &ctx);
    if (err != KAI_OK)
        goto out;
    a.log = ctx.own->log;
    a.from = m.first_seq;
    a.to = a.log.head_seq = ctx.own->w.seq;
    a.kid = ctx.own->w.kid;
    a.log.head_ts = ctx.own->w.ts;
    memcpy(a.log.head, ctx.own->w.prev, KAI_ID_BYTES);
    kai_core_after(c, announce, &a);
    kai_core_commit(c);
    err = a.err == KAI_OK && !a.learned ? unlearned(c, d->aud_id) : a.err;
    if (err == KAI_OK)
        kai_core_alarm_clear(c, "steward.failed", kai_keyring_name(c->ring, d->aud_id));
out:
    sodium_memzero(&current, sizeof current);
    kai_own_free(ctx.own);
    kai_roster_unref(roster);
    return err;
}

/* The keyring thinks in wall-clock time, by which the age of an epoch is told; the loop does not.
 */
uint64_t kai_steward_tick(struct kai_core *c, uint64_t now_ms)
{
    uint64_t wall = kai_wall_ms();

    kai_hold_tick(c, wall);
    for (unsigned i = 0; i < DUTIES_PER_TICK; i++) {
        struct kai_duty d = {0};
        uint64_t when = wall + LOOK_MS;
        enum kai_err err = kai_keyring_duty(c->ring, wall, &d, &when);

        if (err == KAI_ENOTFOUND)
            return now_ms + (when < wall + LOOK_MS ? when - wall : LOOK_MS);
        if (err == KAI_OK)
            err = kai_steward_do(c, &d);
        free(d.members);
        if (err != KAI_OK) {
            if (err != KAI_EAGAIN) /* That was said before. */
                kai_core_alarm(c, "steward.failed", kai_err_text(err));
            return now_ms + LOOK_MS;
        }
    }
    return now_ms;
}

enum kai_err kai_steward_ahead(struct kai_core *c, uint64_t within_ms)
{
    uint64_t now = kai_wall_ms();
    uint64_t end = now + within_ms;
    enum kai_err err = KAI_OK;

    for (unsigned i = 0; err == KAI_OK && now <= end && i < DUTIES_AHEAD_MAX; i++) {
        struct kai_duty d = {0};
        uint64_t when = UINT64_MAX;

        err = kai_keyring_duty(c->ring, now, &d, &when);
        if (err == KAI_OK)
            err = kai_steward_do(c, &d);
        else if (err == KAI_ENOTFOUND) {
            now = when; /* Later than now. */
            err = KAI_OK;
        }
        free(d.members);
    }
    return err;
}
