/* script_relays: what a relay sees and can do. */
#include <string.h>

#include "adversary/evil.h"
#include "topology/state.h"

#define SECRET "aktionspotential.example"

struct searched { /* What was looked through, and what was found in it. */
    struct stage *st;
    size_t bytes, frames, hits;
};

static bool contains(struct kai_view v, const void *needle, size_t n)
{
    for (size_t i = 0; v.p && i + n <= v.n; i++)
        if (memcmp(v.p + i, needle, n) == 0)
            return true;
    return false;
}

/* Authors by every name they have, the audience's name, and what was written. */
static void search(struct searched *s, struct kai_view v)
{
    const struct kai_sim *sim = s->st->s;
    static const size_t authors[] = {ALICE, BOB, CAROL};

    s->bytes += v.n;
    for (size_t i = 0; i < 3; i++) {
        const struct sim_node *n = &sim->node[authors[i]];
        const struct sim_org *o = &sim->org[n->org];
        s->hits += contains(v, n->node_id, 32) || contains(v, n->node_cert, 32) ||
                   contains(v, n->sign.pk, 32) || contains(v, o->id, 32) ||
                   contains(v, o->cert, 32) || contains(v, o->issuing_cert, 32);
    }
    s->hits += contains(v, "an audience", 11) || contains(v, SECRET, sizeof SECRET - 1) ||
               contains(v, "TLP", 3);
}

static bool of_group(const struct searched *s, struct kai_view hdr)
{
    const struct kai_sim *sim = s->st->s;
    struct kai_hdr h;
    size_t i;

    if (kai_hdr_parse(&h, hdr) != KAI_OK)
        return false;
    i = sim_map_get(&sim->by_log, h.log_pk);
    return i != SIM_MAP_NONE && sim->truth[i].aud == GROUP;
}

/* Frames that carry or name logs of the group. */
static void on_frame(void *ctx, struct kai_view frame)
{
    struct searched *s = ctx;
    struct kai_view hdr, sig, payload;
    struct kai_frame f;
    bool ours = false;

    if (kai_frame_parse(&f, frame) != KAI_OK)
        return;
    if (f.type == KAI_MSG_PUSH)
        ours = of_group(s, f.hdr);
    for (uint32_t i = 0; f.type == KAI_MSG_ENTRIES && i < f.n; i++) {
        kai_frame_parts(&f, &hdr, &sig, &payload);
        ours = ours || (sig.n == KAI_SIG_BYTES && of_group(s, hdr));
    }
    /* What says which audiences and logs there are has no field for anything else. */
    ours = ours || (f.type == KAI_MSG_RB && f.handle != KAI_HANDLE_CONTROL) ||
           (f.type == KAI_MSG_IHAVE && f.handle != KAI_HANDLE_CONTROL) || f.type == KAI_MSG_MATCH ||
           f.type == KAI_MSG_OFFER || f.type == KAI_MSG_WANT;
    if (!ours)
        return;
    s->frames++;
    search(s, frame);
}

static void say_secret(struct stage *st, size_t node)
{
    struct kai_buf item;

    if (!kai_sim_may_publish(st->s, node, GROUP))
        return;
    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    kai_put_array(&item, 2);
    kai_put_uint(&item, 64);
    kai_put_bin(&item, "TLP:AMBER " SECRET, sizeof "TLP:AMBER " SECRET);
    kai_sim_publish_item(st->s, node, GROUP, kai_buf_view(&item));
    kai_buf_free(&item);
}

static bool blind(void)
{
    struct stage st;
    struct searched s = {.st = &st}, control = {.st = &st};
    const struct sim_node *relay;
    size_t held = 0;

    stage_open(&st);
    kai_sim_tap(st.s, RELAY, on_frame, &s);
    for (size_t i = ALICE; i <= CAROL; i++)
        say_secret(&st, i);
    stage_run(&st, 4000);
    relay = &st.s->node[RELAY];
    for (size_t i = 0; i < relay->n_logs; i++) {
        if (memcmp(relay->log[i].l.aud_id, st.s->aud[GROUP].id, KAI_ID_BYTES) != 0)
            continue;
        for (size_t k = 0; k < relay->log[i].n; k++) {
            const struct kai_entry *e = &relay->log[i].entry[k]->e;
            search(&s, e->hdr);
            search(&s, e->payload);
            held += relay->log[i].l.kind == 1;
        }
        search(&s, kai_view_of(relay->log[i].l.author_node, KAI_ID_BYTES));
        search(&s, kai_view_of(relay->log[i].l.author_cert, KAI_ID_BYTES));
    }
    /* The search finds what there is to find: the same in what a member reads. */
    (void)sim_opens(&st.s->worker[0], &evil_log_of(&st, BOB, GROUP)->entry[0]->e,
                    evil_epoch(&st, GROUP, BOB)->key);
    search(&control, kai_buf_view(&st.s->worker[0].opened));
    bool ok = HELD(s.hits == 0) && HELD(held >= 3) && HELD(s.frames > 10) && HELD(control.hits > 0);
    printf("    searched %zu bytes of the relay's store and %zu data frames\n", s.bytes, s.frames);
    stage_close(&st);
    return ok;
}

/* A relay has the routing secret and no key: what it holds does not open. */
static bool cannot_open(void)
{
    struct stage st;
    struct kai_epoch *keys;
    const struct sim_node *relay;
    size_t n, tried = 0;
    bool opened = false;

    stage_open(&st);
    stage_talk(&st);
    relay = &st.s->node[RELAY];
    SIM_MUST(kai_keyring_keys(relay->keyring, &keys, &n) == KAI_OK);
    for (size_t i = 0; i < relay->n_logs; i++)
        for (size_t e = 0; e < relay->log[i].n && relay->log[i].l.kind == 1; e++)
            for (size_t k = 0; k < n; k++) {
                if (memcmp(relay->log[i].l.aud_id, st.s->aud[GROUP].id, KAI_ID_BYTES) != 0)
                    continue;
                tried++;
                opened = opened ||
                         sim_opens(&st.s->worker[0], &relay->log[i].entry[e]->e, keys[k].key) ||
                         sim_opens(&st.s->worker[0], &relay->log[i].entry[e]->e, keys[k].route);
            }
    sodium_free(keys);
    stage_close(&st);
    return HELD(!opened) && HELD(tried > 0);
}

/* A relay that takes everything and passes on nothing: members find each other without it. */
static bool drops_all(void)
{
    struct stage st;
    uint64_t read;

    stage_open(&st);
    st.s->o.no_dials = false;
    kai_sim_stop(st.s, RELAY);
    stage_talk(&st);
    stage_run(&st, 20000);
    bool held = HELD(kai_sim_unread(st.s, &read, NULL) == 0) && HELD(read > 0);
    stage_close(&st);
    return held;
}

/* ---- Quotas. A day of it is too long for a test: the meters are set to near their ends first. */

static struct kai_meter *meter(struct stage *st, size_t of)
{
    struct kai_net *n = st->s->node[st->victim].net;

    for (size_t i = 0; i < n->n_meters; i++)
        if (memcmp(n->meters[i].node, st->s->node[of].node_id, KAI_ID_BYTES) == 0)
            return &n->meters[i];
    return NULL;
}

/* Alice fills a log that the relay cannot read. */
static bool fills_a_relay(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;

    stage_open(&st);
    stage_part(&st);
    evil_link(&st, RELAY, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    bool held = HELD(evil_held(&st, RELAY, l.key.pk) == 1);
    struct kai_nlog *log = kai_mirror_find(st.s->node[RELAY].net, l.key.pk);
    if (log)
        log->day_entries = KAI_RELAY_LOG_ENTRIES_A_DAY;
    e = evil_item(&st, &l, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    held = HELD(evil_held(&st, RELAY, l.key.pk) == 1) && held;
    stage_close(&st);
    return held;
}

/* The same, with a new log each time. */
static bool fills_with_many_logs(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;

    stage_open(&st);
    stage_part(&st);
    evil_link(&st, RELAY, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    struct kai_meter *m = meter(&st, ALICE);
    bool held = HELD(m != NULL);
    if (m)
        m->brought_n = KAI_RELAY_PEER_ENTRIES_A_DAY;
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    held = HELD(evil_held(&st, RELAY, l.key.pk) == 0) && held;
    stage_close(&st);
    return held;
}

/* An author fills the store of those who can read him, through somebody else. */
static bool author_over_quota(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;

    stage_open(&st);
    stage_part(&st);
    evil_link(&st, BOB, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, CAROL);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    struct kai_meter *m = meter(&st, CAROL);
    bool held = HELD(m != NULL);
    if (m)
        m->written = KAI_AUTHOR_BYTES_A_DAY;
    e = evil_item(&st, &l, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    held = HELD(evil_held(&st, BOB, l.key.pk) == 1) && held;
    stage_close(&st);
    return held;
}

/* Everybody reads what everybody who may has written, and nobody else hears of it: the stage itself
 * holds. */
static bool all_is_well(void)
{
    struct stage st;
    uint64_t read;

    stage_open(&st);
    stage_talk(&st);
    stage_run(&st, 10000);
    bool held = HELD(kai_sim_violations(st.s) == 0) && HELD(kai_sim_leaks(st.s, NULL) == 0) &&
                HELD(kai_sim_unread(st.s, &read, NULL) == 0) && HELD(read > 50);
    stage_close(&st);
    return held;
}

const struct evil_script evil_relays[] = {
    {"all-is-well", "members read, others do not hear", {0}, all_is_well},
    {"blind-relay", "what a relay holds and hears names nobody and nothing", {0}, blind},
    {"relay-opens", "a relay has a routing secret and no key", {0}, cannot_open},
    {"relay-drops", "no audience hangs on one relay", {0}, drops_all},
    {"fills-a-relay",
     "a log that a relay cannot read has a bound for each day",
     {"QUOTA_LOG"},
     fills_a_relay},
    {"fills-with-many-logs",
     "who brings what cannot be read yet has a bound for each day",
     {"QUOTA_PEER"},
     fills_with_many_logs},
    {"author-over-quota",
     "an author fills no more of others' stores in a day than its quota",
     {"QUOTA_AUTHOR"},
     author_over_quota},
    {0}};
