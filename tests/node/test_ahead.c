/* Entries that are projected before they are visible: kept where they are what becomes visible
 * next, and as if nothing had been where they are not. */
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "item/label.h"
#include "log/batch.h"
#include "node/indexer.h"
#include "node/post.h"
#include "node/publish.h"
#include "node/rig.h"

#include "project/project.h"

/* The entry after so many is not projected: the index is full. */
static _Atomic unsigned full_after;
/* The entry after so many waits until it is opened. */
static _Atomic unsigned gate_after;
static sem_t gate;
/* Two outlooks are never alike. */
static _Atomic bool otherwise;

enum kai_err __real_kai_project_entry(struct kai_projector *p, struct kai_ix *ix,
                                      const struct kai_project_in *in);
enum kai_err __wrap_kai_project_entry(struct kai_projector *p, struct kai_ix *ix,
                                      const struct kai_project_in *in);
enum kai_err __wrap_kai_project_entry(struct kai_projector *p, struct kai_ix *ix,
                                      const struct kai_project_in *in)
{
    if (full_after > 0 && --full_after == 0)
        return KAI_EFULL;
    if (gate_after > 0 && --gate_after == 0)
        (void)sem_wait(&gate);
    return __real_kai_project_entry(p, ix, in);
}

bool __real_kai_outlook_alike(const struct kai_outlook *a, const struct kai_outlook *b);
bool __wrap_kai_outlook_alike(const struct kai_outlook *a, const struct kai_outlook *b);
bool __wrap_kai_outlook_alike(const struct kai_outlook *a, const struct kai_outlook *b)
{
    return !otherwise && __real_kai_outlook_alike(a, b);
}

#define ENTRIES 6u
#define WAIT_MS 20000u

struct writing {
    struct rig *r;
    struct kai_post *post;
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t tlp;
    unsigned values; /* Written so far. */
};

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct writing *w = ctx;

    (void)n_items;
    return kai_post_entry(w->post, e);
}

static struct kai_batch_options options(struct writing *w)
{
    struct kai_core *c = w->r->core;
    struct kai_outlook *o = kai_outlook_get(c);
    struct kai_batch_options opt = {.obj = {.tlp = w->tlp, .n_auds = 1},
                                    .node_sk = c->self.sign_sk,
                                    .now_ms = kai_wall_ms(),
                                    .items_max = 1,
                                    .random = kai_random,
                                    .emit = emit,
                                    .emit_ctx = w};

    memcpy(opt.obj.aud[0], w->aud_id, KAI_ID_BYTES);
    memcpy(opt.obj.origin_cert, kai_roster_node(o->roster, c->self.node_id)->cert, KAI_ID_BYTES);
    kai_outlook_put(o);
    return opt;
}

static void write_entries(struct writing *w, unsigned n)
{
    struct kai_batch_options opt = options(w);
    struct kai_batch *b = NULL;

    MUST(kai_batch_new(&b, kai_post_writer(w->post), &opt));
    for (unsigned i = 0; i < n; i++) {
        char text[400];
        int len = snprintf(
            text, sizeof text,
            "{\"type\": \"indicator\", \"spec_version\": \"2.1\", \"id\": "
            "\"indicator--%08x-0000-4000-8000-000000000000\", \"created\": "
            "\"2024-01-01T00:00:00Z\", \"modified\": \"2024-01-01T00:00:00Z\", \"valid_from\": "
            "\"2024-01-01T00:00:00Z\", \"pattern_type\": \"stix\", \"pattern\": "
            "\"[domain-name:value = 'a%u.example']\"}",
            w->values, w->values);

        w->values++;
        MUST(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, (size_t)len)));
    }
    MUST(kai_batch_flush(b));
    kai_batch_free(b);
}

static void begin(struct writing *w, struct rig *r, const char *audience)
{
    w->r = r;
    MUST(kai_keyring_find(r->core->ring, audience, w->aud_id));
    MUST(kai_post_begin(r->core, w->aud_id,
                        w->tlp == KAI_TLP_CLEAR ? KAI_POST_CLEAR : KAI_POST_HOLD, &w->post,
                        &r->why));
}

static void commit(struct writing *w)
{
    uint64_t last;
    uint64_t n;

    MUST(kai_post_commit(w->post, &last, &n));
}

static struct kai_indexer_state state_of(struct rig *r)
{
    struct kai_indexer_state s;

    kai_indexer_state(r->core->indexer, &s);
    return s;
}

static struct kai_indexer_state settled(struct rig *r)
{
    MUST(kai_indexer_settle(r->core->indexer));
    return state_of(r);
}

/* Until so many were projected that nobody can see yet. */
static void await_ahead(struct rig *r, uint64_t n)
{
    uint64_t until_ms = kai_now_ms() + WAIT_MS;

    while (state_of(r).ahead < n && kai_now_ms() < until_ms)
        (void)kai_indexer_wait(r->core->indexer, UINT64_MAX, 1);
    assert_true(state_of(r).ahead >= n);
}

static uint64_t rows_seen(struct rig *r)
{
    struct kai_ixsnap *s = NULL;

    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &s));
    uint64_t n = kai_ixsnap_rows(s);
    kai_ixsnap_end(s);
    return n;
}

/* A publication that the index has been given, and nobody can see. */
static void begin_ahead(struct writing *w, struct rig *r)
{
    (void)settled(r);
    begin(w, r, "all");
    write_entries(w, ENTRIES);
    await_ahead(r, ENTRIES);
}

static void finish(struct writing *w)
{
    commit(w);
    kai_post_end(w->post);
}

/* Nobody finds anything before it is committed; then all of it is there, with what came behind. */
static void test_kept(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    begin_ahead(&w, r);
    assert_int_equal(rows_seen(r), 0);
    commit(&w);
    assert_int_equal(settled(r).items, ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, ENTRIES);
    kai_post_end(w.post);
    rig_publish(r, "192.0.2.1\n"); /* Too little to begin. */
    assert_int_equal(settled(r).items, ENTRIES + 1);
    assert_int_equal(state_of(r).ahead, ENTRIES);
    rig_index_again(r);
}

static void test_taken_back(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    begin_ahead(&w, r);
    kai_post_end(w.post);
    assert_int_equal(settled(r).items, 0);
    assert_int_equal(state_of(r).ahead_kept, 0);
    begin(&w, r, "all");
    write_entries(&w, ENTRIES);
    finish(&w);
    assert_int_equal(settled(r).items, ENTRIES);
    rig_index_again(r);
}

/* Entries that nobody may ever see stop nothing: they are read when they are visible. */
static void test_failed(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    (void)settled(r);
    begin(&w, r, "all");
    full_after = ENTRIES;
    write_entries(&w, ENTRIES);
    await_ahead(r, ENTRIES);
    assert_int_equal(settled(r).items, 0);
    finish(&w);
    assert_int_equal(settled(r).items, ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, 0);
    rig_index_again(r);
}

static void write_bad(struct writing *w)
{
    struct kai_batch_options opt = options(w);
    struct kai_batch *b = NULL;

    MUST(kai_batch_new(&b, kai_post_writer(w->post), &opt));
    MUST(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of("no list", 7)));
    MUST(kai_batch_flush(b));
    kai_batch_free(b);
}

static bool is_alarmed(struct rig *r)
{
    bool is = false;

    (void)pthread_mutex_lock(&r->core->mu);
    for (size_t i = 0; i < r->core->n_alarms; i++)
        is = is || strcmp(r->core->alarms[i].code, "project.list") == 0;
    (void)pthread_mutex_unlock(&r->core->mu);
    return is;
}

/* Nobody is told of what nobody may ever see. */
static void test_alarm(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    for (unsigned i = 0; i < 2; i++) {
        (void)settled(r);
        begin(&w, r, "all");
        write_bad(&w);
        write_entries(&w, ENTRIES);
        await_ahead(r, (i + 1) * (ENTRIES + 1));
        assert_false(is_alarmed(r));
        if (i == 1)
            commit(&w);
        kai_post_end(w.post);
    }
    (void)settled(r);
    assert_true(is_alarmed(r));
    assert_int_equal(state_of(r).ahead_kept, ENTRIES + 1);
}

/* Something else becomes visible first, in more entries: it comes first in the index too. */
static void test_overtaken(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_CLEAR};
    struct writing other = {.tlp = KAI_TLP_GREEN};

    (void)settled(r);
    begin(&w, r, "public");
    begin(&other, r, "all");
    write_entries(&w, ENTRIES);
    await_ahead(r, ENTRIES);
    write_entries(&other, 2 * ENTRIES);
    finish(&other);
    assert_int_equal(settled(r).items, 2 * ENTRIES);
    write_entries(&w, ENTRIES);
    finish(&w);
    assert_int_equal(settled(r).items, 4 * ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, 0);
    rig_index_again(r);
}

/* The index has been given all but the last, which waits until the gate is opened. */
static void begin_gated(struct writing *w, struct rig *r, const char *audience)
{
    begin(w, r, audience);
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    gate_after = ENTRIES;
    write_entries(w, ENTRIES);
    await_ahead(r, ENTRIES - 1);
}

/* It was taken back, and others stand where it would have stood. */
static void test_others_there(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};
    struct writing other = {.tlp = KAI_TLP_GREEN, .values = 100};

    (void)settled(r);
    begin_gated(&w, r, "all");
    kai_post_end(w.post);
    begin(&other, r, "all");
    write_entries(&other, ENTRIES);
    finish(&other);
    assert_int_equal(sem_post(&gate), 0);
    assert_int_equal(settled(r).items, ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, 0);
    rig_index_again(r);
}

/* What it was judged by is no longer so when it becomes visible. */
static void test_judged_otherwise(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    (void)settled(r);
    begin_gated(&w, r, "all");
    finish(&w);
    otherwise = true;
    assert_int_equal(sem_post(&gate), 0);
    assert_int_equal(settled(r).items, ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, 0);
    otherwise = false;
    rig_index_again(r);
}

/* Another one begins before it was seen that this one ended: each is itself. */
static void test_another(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_CLEAR};
    struct writing other = {.tlp = KAI_TLP_GREEN};

    (void)settled(r);
    begin(&other, r, "all"); /* Nothing of it is visible before the other one is kept. */
    begin_gated(&w, r, "public");
    finish(&w);
    write_entries(&other, ENTRIES);
    assert_int_equal(sem_post(&gate), 0);
    await_ahead(r, 2 * ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, ENTRIES);
    finish(&other);
    assert_int_equal(settled(r).items, 2 * ENTRIES);
    assert_int_equal(state_of(r).ahead_kept, 2 * ENTRIES);
    rig_index_again(r);
}

/* The roster is looked at anew, and nothing in it has changed: that is no reason to begin again. */
static void test_alike(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    begin_ahead(&w, r);
    kai_core_refresh(r->core);
    write_entries(&w, 1);
    await_ahead(r, ENTRIES + 1);
    finish(&w);
    assert_int_equal(settled(r).items, ENTRIES + 1);
    assert_int_equal(state_of(r).ahead_kept, ENTRIES + 1);
    rig_index_again(r);
}

/* The node stops while it waits. */
static void test_stopped(void **state)
{
    struct rig *r = *state;
    struct writing w = {.tlp = KAI_TLP_GREEN};

    begin_ahead(&w, r);
    kai_indexer_stop(r->core->indexer);
    r->core->indexer = NULL;
    finish(&w);
    kai_core_close(r->core);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    assert_int_equal(settled(r).items, ENTRIES);
    rig_index_again(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_taken_back, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_overtaken, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_failed, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_alarm, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_others_there, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_judged_otherwise, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_another, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_alike, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_stopped, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
