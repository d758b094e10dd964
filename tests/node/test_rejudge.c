/* What could not be judged when it came is judged when what was missing is there. */
#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "node/indexer.h"
#include "node/publish.h"
#include "node/rig.h"
#include "query/acts.h"

static bool count_run(void *ctx, const struct kai_ix_waiting *run)
{
    size_t *n = ctx;

    (void)run;
    (*n)++;
    return true;
}

struct held {
    uint64_t rows;
    uint64_t bad;
    size_t waiting;
};

static struct held held_of(struct rig *r)
{
    struct kai_ixsnap *s = NULL;
    struct held h = {0};

    MUST(kai_indexer_settle(r->core->indexer));
    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &s));
    h.rows = kai_ixsnap_rows(s);
    h.bad = kai_ixsnap_bad_count(s);
    MUST(kai_ixsnap_waiting(s, count_run, &h.waiting));
    kai_ixsnap_end(s);
    return h;
}

static bool keep_row(void *ctx, const struct kai_row *row)
{
    *(struct kai_row *)ctx = *row;
    return true;
}

/* The index as it is where nothing could be opened when it came: `kid` names its epoch. */
static void as_a_relay_has_it(struct rig *r, const uint8_t kid[static KAI_TAG_BYTES])
{
    char dir[KAI_PATH_BYTES_MAX];
    struct kai_ixsnap *s = NULL;
    struct kai_index *x = NULL;
    struct kai_ix *t = NULL;
    struct kai_row first = {.no = 0};
    uint64_t position;
    bool rebuild;

    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &s));
    MUST(kai_ixsnap_down(s, 3, keep_row, &first));
    position = kai_ixsnap_position(s);
    kai_ixsnap_end(s);
    kai_core_close(r->core);
    r->core = NULL;
    MUST(kai_index_erase(kai_home_path(&r->home, dir, "index")));
    MUST(kai_index_open(&x, dir, 0, "boot", &rebuild, &r->why));
    MUST(kai_ix_begin(x, &t));
    for (uint64_t seq = first.seq; seq < first.seq + 3; seq++)
        MUST(kai_ix_wait(t, first.log_no, seq, kid));
    MUST(kai_ix_commit(t, position));
    kai_index_close(x);
}

static void publish_three(struct rig *r)
{
    rig_publish(r, "192.0.2.1\n");
    rig_publish(r, "192.0.2.2\n");
    rig_publish(r, "192.0.2.3\n");
    assert_int_equal(held_of(r).rows, 3);
}

/* The key of an epoch is learned after what was written under it has come, by a restart at the
 * latest. */
static void test_key_later(void **state)
{
    struct rig *r = *state;
    uint8_t kid[KAI_TAG_BYTES] = {0};

    publish_three(r);
    for (size_t i = 0; i < r->core->outlook->n_epochs; i++) {
        if (memcmp(r->core->outlook->epochs[i].aud_id, r->all, KAI_ID_BYTES) == 0)
            memcpy(kid, r->core->outlook->epochs[i].commit, KAI_TAG_BYTES);
    }
    as_a_relay_has_it(r, kid);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    assert_int_equal(held_of(r).rows, 3);
    assert_int_equal(held_of(r).waiting, 0);
    kai_core_refresh(r->core);
    assert_int_equal(held_of(r).rows, 3);
}

/* A run whose epoch nobody knows waits on; one of many epochs is tried. */
static void test_no_key(void **state)
{
    static const uint8_t unknown[KAI_TAG_BYTES] = {1};
    static const uint8_t mixed[KAI_TAG_BYTES] = {0};
    struct rig *r = *state;

    publish_three(r);
    as_a_relay_has_it(r, unknown);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    assert_int_equal(held_of(r).rows, 0);
    assert_int_equal(held_of(r).waiting, 1);
    rig_publish(r, "192.0.2.4\n");
    assert_int_equal(held_of(r).rows, 1);
    rig_again(r, false);
    assert_int_equal(held_of(r).waiting, 1);
    as_a_relay_has_it(r, mixed); /* Only its newest entry is known to the index. */
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    assert_int_equal(held_of(r).rows, 1);
    assert_int_equal(held_of(r).waiting, 0);
}

/* What was quarantined for want of something is judged by each new outlook; the rest stays. */
static void test_quarantine(void **state)
{
    struct rig *r = *state;
    struct kai_ix_bad bad = {.code = "project.cert", .tlp = KAI_TLP_RED, .first_seen_ms = 1};
    struct kai_ixsnap *s = NULL;
    struct kai_ix *t = NULL;
    struct kai_row row = {.no = 0};
    uint64_t position;

    rig_publish(r, "198.51.100.1\n");
    assert_int_equal(held_of(r).rows, 1);
    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &s));
    MUST(kai_ixsnap_down(s, 1, keep_row, &row));
    position = kai_ixsnap_position(s);
    kai_ixsnap_end(s);
    MUST(kai_ix_begin(r->core->index, &t));
    bad.at = (struct kai_ix_place){.log_no = row.log_no, .seq = row.seq};
    for (bad.content_ordinal = 0; bad.content_ordinal < 3; bad.content_ordinal++) {
        bad.again = true;
        MUST(kai_ix_bad(t, &bad));
    }
    bad.at.log_no += 1000; /* Of an entry that is not there any more, and for good. */
    MUST(kai_ix_bad(t, &bad));
    bad.at.log_no += 1000;
    bad.again = false;
    MUST(kai_ix_bad(t, &bad));
    MUST(kai_ix_commit(t, position));
    assert_int_equal(held_of(r).bad, 5);
    kai_core_refresh(r->core);
    assert_int_equal(held_of(r).bad, 2);
    assert_int_equal(held_of(r).rows, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_key_later, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_no_key, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_quarantine, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
