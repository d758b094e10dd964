/* work: the store as the node uses it: group commits over several logs, a publish request that is
 * staged over several commits and becomes visible at once, control entries, notes, proofs, values;
 * and clean stops. */
#include "powerloss.h"

#include <string.h>

#define LOGS 5u

const char *const work_keys[] = {"charter", "counter", "dials", "names", NULL};

struct run {
    struct work *w;
    struct kit_rand r;
    struct kai_store *s;
    struct kit_log log[LOGS]; /* 0: own, staged and advanced; the others are appended to. */
    struct kit_log visible;   /* Log 0 as readers see it. */
    size_t made;              /* Logs that are in the store. */
    struct kit_log ctl;
};

static uint64_t below(struct run *x, uint64_t n)
{
    return kit_rand(&x->r) % n;
}

static size_t payload(struct run *x)
{
    uint64_t of = below(x, 40);

    return of == 0 ? 40000 + below(x, 20000) : of < 6 ? 5000 + below(x, 9000) : below(x, 700);
}

static void add_log(struct run *x, struct kai_tx *t)
{
    struct kai_log log = {.kind = x->made == 1 ? KAI_LOG_KEY : KAI_LOG_DATA,
                          .flags = x->made < 2 ? KAI_LOG_OWN : 0,
                          .first_seen_ms = 5};

    memcpy(log.log_pk, x->log[x->made].pk, sizeof log.log_pk);
    assert_int_equal(kai_tx_log(t, &log), KAI_OK);
    x->made++;
}

static void append(struct run *x, struct kai_tx *t)
{
    struct kit_log *l = &x->log[1 + below(x, x->made - 1)];
    struct kit_entry k;

    kit_next(&k, l, payload(x));
    assert_int_equal(kai_tx_append(t, &k.e, 1000 + l->seq), KAI_OK);
    kit_moved(l, &k);
    kit_free(&k);
    x->w->entries++;
}

/* Some more of a request; sometimes it is given up, sometimes it is whole. */
static void publish(struct run *x, struct kai_tx *t)
{
    struct kit_log *l = &x->log[0];
    struct kit_entry k;
    uint64_t then = below(x, 5);

    for (uint64_t n = 1 + below(x, 3); n > 0; n--) {
        kit_next(&k, l, payload(x));
        assert_int_equal(kai_tx_stage(t, &k.e, 2000 + l->seq), KAI_OK);
        kit_moved(l, &k);
        kit_free(&k);
    }
    if (then == 0) {
        assert_int_equal(kai_tx_unstage(t, l->pk), KAI_OK);
        *l = x->visible;
    } else if (then < 3) {
        assert_int_equal(kai_tx_advance(t, l->pk, l->seq), KAI_OK);
        x->w->entries += l->seq - x->visible.seq;
        x->visible = *l;
    }
}

static void small(struct run *x, struct kai_tx *t)
{
    static uint8_t text[9000];
    struct kit_entry k;
    const char *key = work_keys[below(x, 4)];
    uint64_t what = below(x, 6);

    for (size_t i = 0; i < sizeof text; i += 8)
        kai_put_u64(text + i, kit_rand(&x->r));
    if (what == 0)
        assert_int_equal(kai_tx_kv(t, key, (struct kai_view){0}), KAI_OK);
    else if (what < 3)
        assert_int_equal(kai_tx_kv(t, key, kai_view_of(text, below(x, sizeof text))), KAI_OK);
    else if (what == 3)
        assert_int_equal(
            kai_tx_note(t, below(x, 3), x->log[below(x, 3)].pk, kai_view_of(text, below(x, 400))),
            KAI_OK);
    if (what < 4)
        return;
    kit_next(&k, &x->ctl, below(x, 900));
    if (what == 4)
        assert_int_equal(kai_tx_ctl(t, &k.e), KAI_OK);
    else
        assert_int_equal(kai_tx_fork(t, k.e.hdr, k.e.sig), KAI_OK);
    kit_moved(&x->ctl, &k);
    kit_free(&k);
}

static void commit(struct run *x)
{
    struct kai_tx *t;

    assert_int_equal(kai_tx_begin(x->s, &t), KAI_OK);
    while (x->made < 2 || (x->made < LOGS && below(x, 8) == 0))
        add_log(x, t);
    for (uint64_t n = below(x, 6); n > 0; n--)
        append(x, t);
    if (below(x, 3) == 0)
        publish(x, t);
    for (uint64_t n = 1 + below(x, 3); n > 0; n--)
        small(x, t);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

static void acknowledge(struct run *x)
{
    struct work *w = x->w;

    assert_true(w->states < WORK_STATES_MAX);
    assert_int_equal(kit_digest(x->s, work_keys, w->state[w->states]), KAI_OK);
    trace_ack(w->states++);
}

static void stop_and_start(struct run *x, const char *dir, bool clean)
{
    if (clean)
        assert_int_equal(kai_store_mark_clean(x->s), KAI_OK);
    kai_store_close(x->s);
    x->s = kit_open(dir);
    assert_true(kai_store_was_clean(x->s) == clean);
    x->log[0] = x->visible; /* What was not whole yet is given up. */
}

void work_run(struct work *w, const char *dir, uint64_t seed, size_t commits)
{
    struct run x = {.w = w, .r = {seed}};

    *w = (struct work){0};
    for (size_t i = 0; i < LOGS; i++)
        x.log[i] = kit_log(seed * 100 + i);
    x.visible = x.log[0];
    x.ctl = kit_log(seed * 100 + 99);
    trace_begin(&w->trace, dir);
    x.s = kit_open(dir);
    acknowledge(&x);
    for (size_t i = 1; i <= commits; i++) {
        commit(&x);
        acknowledge(&x);
        if (i == commits / 3 || i == commits * 2 / 3)
            stop_and_start(&x, dir, i == commits / 3);
    }
    trace_end();
    kai_store_close(x.s);
}

void work_free(struct work *w)
{
    trace_free(&w->trace);
}
