/* session: when two nodes reconcile an audience, and how much a peer may ask of us in doing so
 * (docs/protocol.md 7): one session for each audience and direction, spaced, bounded in rounds,
 * bytes, time and in the rows that are hashed for it. */
#include "topology/session.h"

#include "base/check.h"

#define OFFERED_MS 10000u
#define ROWS_A_MS  50u      /* Hashed for one peer: some percent of a core. */
#define ROWS_BURST 1000000u /* All of a large node once, and its parts. */
#define OWN_BURST  6u       /* Fewer than a peer takes: delays may push ours together. */

void kai_rb_begin(const struct kai_net *n, struct kai_rb_side *side)
{
    side->began_ms = n->now_ms;
    side->bytes = 0;
    side->awaits = 0;
    side->open = true;
}

bool kai_rb_pay(struct kai_rb_side *side, size_t bytes)
{
    side->bytes += bytes;
    side->open = side->open && side->bytes <= KAI_RB_BYTES_MAX;
    return side->open;
}

/* Whether one more session may begin; burst of them at once. */
static bool spaced(const struct kai_net *n, struct kai_rb_side *side, uint64_t burst)
{
    uint64_t most = (burst - 1) * KAI_RB_SPACE_MS;

    return side->paid_ms <= n->now_ms + most;
}

static void pay_session(const struct kai_net *n, struct kai_rb_side *side)
{
    side->paid_ms = (side->paid_ms > n->now_ms ? side->paid_ms : n->now_ms) + KAI_RB_SPACE_MS;
}

/* A peer pays for rows after they are hashed: one session is never too large to begin. */
static bool rows_left(struct kai_net *n, struct kai_link *l)
{
    uint64_t back = (n->now_ms - l->rb_rows_ms) * ROWS_A_MS;

    l->rb_rows -= back < l->rb_rows ? back : l->rb_rows;
    l->rb_rows_ms = n->now_ms;
    return l->rb_rows < ROWS_BURST;
}

static bool begins(struct kai_net *n, struct kai_rb_side *in)
{
    if (!KAI_CHECK(RB_SPACED, spaced(n, in, KAI_RB_BURST)))
        return false;
    pay_session(n, in);
    kai_rb_begin(n, in);
    return true;
}

static bool goes_on(const struct kai_net *n, struct kai_rb_side *side)
{
    side->open = side->open && n->now_ms < side->began_ms + KAI_RB_SESSION_MS;
    return side->open;
}

/* Even rounds are of the session that the peer began, odd ones of ours. */
struct kai_rb_side *kai_rb_admit(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                                 const struct kai_frame *f)
{
    struct kai_rb_side *side = f->a % 2 ? &s->rb_out : &s->rb_in;

    if (f->a > 0 && !side->open)
        return NULL; /* Of a session that is no more. */
    if (f->a >= KAI_RB_ROUNDS_MAX)
        side->open = false;
    if (f->a >= KAI_RB_ROUNDS_MAX || !KAI_CHECK(RB_ROWS, rows_left(n, l)) ||
        (f->a == 0 && !begins(n, side)) ||
        !KAI_CHECK(RB_LIMITS, goes_on(n, side) && kai_rb_pay(side, f->bytes))) {
        n->count.rb_refused++;
        kai_link_err(n, l, KAI_BYE_BUSY, f->handle);
        return NULL;
    }
    s->rb_last_ms = n->now_ms;
    return side;
}

/* What one of two sessions found is what the other one would find. */
static void over(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                 const struct kai_rb_side *side)
{
    s->rb_over = true;
    s->rb_stalls = 0;
    s->rb_running = false;
    s->rb_done_ms = n->now_ms;
    if (side->began_ms > s->rb_set_ms)
        s->rb_due_ms = 0; /* It saw all that the one that was due would have. */
    if (s->ctl)
        l->ctl_done = true;
    else if (!s->matched && (s->offered_in || s->offered_out))
        kai_rb_due(n, s, OFFERED_MS); /* A newcomer that lacks its key has nothing else to go by. */
    l->rb_look = true;
}

void kai_rb_answered(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                     struct kai_rb_side *side, const struct kai_frame *f)
{
    if (!f->more && f->a > 0 && side->awaits > 0)
        side->awaits--;
    if (side->open && !f->more && side->awaits == 0)
        over(n, l, s, side);
}

/* ---- When. */

void kai_rb_due(struct kai_net *n, struct kai_share *s, uint64_t in_ms)
{
    if (s->rb_due_ms == 0 || n->now_ms + in_ms < s->rb_due_ms) {
        s->rb_due_ms = n->now_ms + in_ms > 0 ? n->now_ms + in_ms : 1;
        s->rb_set_ms = n->now_ms;
    }
    s->link->rb_look = true;
}

void kai_rb_all(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES], uint64_t in_ms)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_share *s = kai_share_find(n->links[i], aud_id);
        if (s)
            kai_rb_due(n, s, in_ms);
    }
}

static void start(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    if (!spaced(n, &s->rb_out, OWN_BURST)) {
        s->rb_due_ms = s->rb_out.paid_ms - (OWN_BURST - 1) * KAI_RB_SPACE_MS;
        return;
    }
    pay_session(n, &s->rb_out);
    kai_rb_start(n, l, s);
}

/* Nobody answers: perhaps the peer never got our tokens, and what PING counts did not tell. */
static void stalled(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    s->rb_running = false;
    s->rb_stalls++;
    kai_rb_due(n, s, s->rb_stalls > 8 ? KAI_RB_EVERY_MS : 0);
    if (s->rb_stalls % 2 == 0 && n->now_ms >= l->repeat_ms) {
        l->repeat_ms = n->now_ms + 2 * KAI_RB_IDLE_MS;
        kai_match_repeat(n, l);
    }
}

static void look(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    if (s->rb_over && !s->live && kai_fetch_open(n, l, s) == 0) {
        s->live = true;
        kai_tree_live(n, l, s);
    }
    if (s->rb_running && n->now_ms >= s->rb_last_ms + KAI_RB_IDLE_MS)
        stalled(n, l, s);
    if (l->dead)
        return;
    if (s->ctl && l->state == KAI_LINK_CONTROL && s->rb_stalls > 3) {
        kai_link_drop(n, l, KAI_BYE_TIMEOUT);
        return;
    }
    if (!s->rb_running && s->rb_due_ms && n->now_ms >= s->rb_due_ms)
        start(n, l, s);
}

/* When this audience wants to be looked at again; UINT64_MAX: not by itself. */
static uint64_t next_of(const struct kai_share *s)
{
    if (s->rb_running)
        return s->rb_last_ms + KAI_RB_IDLE_MS;
    return s->rb_due_ms ? s->rb_due_ms : UINT64_MAX;
}

/* At the end of a step; walks the audiences of a link only where something was due. */
void kai_rb_step(struct kai_net *n, struct kai_link *l)
{
    if (l->state == KAI_LINK_HELLO || (!l->rb_look && n->now_ms < l->rb_next_ms))
        return;
    l->rb_look = false;
    for (size_t i = 0; i < l->n_shares && !l->dead; i++)
        look(n, l, l->shares[i]);
    l->rb_next_ms = UINT64_MAX;
    for (size_t i = 0; i < l->n_shares; i++)
        if (next_of(l->shares[i]) < l->rb_next_ms)
            l->rb_next_ms = next_of(l->shares[i]);
}
