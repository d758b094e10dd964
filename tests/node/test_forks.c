/* A log that forked is frozen after a restart too, and what stands past the fork is shown as
 * disputed. */
#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "keys/checkpoint.h"
#include "node/actions.h"
#include "node/indexer.h"
#include "node/publish.h"
#include "node/rig.h"

struct rows {
    size_t n;
    struct kai_row row[8];
};

static bool keep_row(void *ctx, const struct kai_row *row)
{
    struct rows *x = ctx;

    assert_true(x->n < 8);
    x->row[x->n++] = *row;
    return true;
}

/* Newest first. */
static struct rows rows_of(struct rig *r)
{
    struct kai_ixsnap *s = NULL;
    struct rows x = {0};

    MUST(kai_indexer_settle(r->core->indexer));
    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &s));
    MUST(kai_ixsnap_down(s, UINT64_MAX, keep_row, &x));
    kai_ixsnap_end(s);
    return x;
}

struct fork {
    const struct kai_entry *a, *b;
};

/* As the engine does it when a peer shows the other header. */
static enum kai_err job_fork(struct kai_core *c, void *arg)
{
    const struct fork *f = arg;
    struct kai_net_actions act;

    kai_actions_fill(c, &act);
    act.store_fork(act.ctx, f->a, f->b);
    return kai_net_on_fork(c->net, f->a, f->b);
}

/* The log's key signs another header at the place of this row. */
static void fork_log(struct rig *r, const struct kai_row *row)
{
    char path[KAI_PATH_BYTES_MAX], hex[KAI_HEX_CAP(KAI_KEY_BYTES)];
    struct kai_keys *keys = NULL;
    struct kai_snap *s = NULL;
    struct kai_entry a, b;
    struct kai_buf bytes;
    struct kai_hdr h;

    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_snap_entry_no(s, row->log_no, row->seq, &a));
    (void)kai_home_path(&r->home, path, "keys/logs/%s.key",
                        kai_hex(hex, a.h.log_pk, KAI_KEY_BYTES));
    MUST(kai_keyfile_load(&kai_keyport_posix, path, KAI_KEY_LOG, NULL, &keys, NULL, &r->why));
    h = a.h;
    h.ts++;
    kai_buf_init(&bytes, KAI_FRAME_BYTES_MAX);
    MUST(kai_entry_make(&b, &bytes, &h, keys->sign_sk, r->core->charter.nid, a.payload));
    struct fork f = {.a = &a, .b = &b};
    MUST(kai_core_run(r->core, job_fork, &f));
    kai_snap_end(s);
    kai_keys_free(keys);
    kai_buf_free(&bytes);
}

static bool disputed(const struct kai_row *row)
{
    return (row->flags & KAI_ROW_DISPUTED) != 0;
}

static void test_disputed(void **state)
{
    struct rig *r = *state;
    struct rows x;

    rig_publish(r, "192.0.2.1\n");
    rig_publish(r, "192.0.2.2\n");
    rig_publish(r, "192.0.2.3\n");
    x = rows_of(r);
    assert_int_equal(x.n, 3);
    assert_false(disputed(&x.row[0]) || disputed(&x.row[1]) || disputed(&x.row[2]));
    fork_log(r, &x.row[1]);
    for (int again = 0; again < 3; again++) {
        x = rows_of(r);
        assert_int_equal(x.n, 3);
        assert_true(disputed(&x.row[0]) && disputed(&x.row[1]));
        assert_false(disputed(&x.row[2])); /* What came before stays good. */
        rig_again(r, again == 1);
    }
    rig_publish(r, "192.0.2.4\n"); /* In a new log. */
    x = rows_of(r);
    assert_int_equal(x.n, 4);
    assert_false(disputed(&x.row[0]));
    assert_true(x.row[0].log_no != x.row[1].log_no);
}

/* Also when the index is made anew. */
static void test_rebuilt(void **state)
{
    struct rig *r = *state;
    char dir[KAI_PATH_BYTES_MAX];
    struct rows x;

    rig_publish(r, "192.0.2.1\n");
    rig_publish(r, "192.0.2.2\n");
    x = rows_of(r);
    fork_log(r, &x.row[0]);
    x = rows_of(r);
    assert_true(disputed(&x.row[0]));
    kai_core_close(r->core);
    MUST(kai_index_erase(kai_home_path(&r->home, dir, "index")));
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    x = rows_of(r);
    assert_int_equal(x.n, 2);
    assert_true(disputed(&x.row[0]));
    assert_false(disputed(&x.row[1]));
}

/* What a REVOKE of this node itself says, by its organisation. */
static enum kai_err job_revoke(struct kai_core *c, void *arg)
{
    const struct kai_mark *mark = arg;
    struct kai_revoke rec = {.reason = KAI_REVOKE_LOST, .of = 1, .n_marks = 1, .marks = {*mark}};
    uint8_t hash[KAI_ID_BYTES];
    struct kai_buf body;

    memcpy(rec.target, c->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &rec);
    enum kai_err err = kai_core_issue(c, KAI_REC_REVOKE, kai_buf_view(&body), hash, NULL);
    kai_buf_free(&body);
    kai_core_commit(c);
    (void)kai_net_on_tick(c->net, kai_now_ms(), kai_wall_ms());
    return err;
}

static bool gone(const struct kai_row *row)
{
    return (row->flags & KAI_ROW_GONE) != 0;
}

/* What a lost node signed behind the head that is marked is shown to nobody. */
static void test_ended(void **state)
{
    struct rig *r = *state;
    char dir[KAI_PATH_BYTES_MAX];
    struct kai_snap *s = NULL;
    struct kai_entry e;
    struct kai_log log;
    struct kai_mark mark;
    struct rows x;

    rig_publish(r, "192.0.2.1\n");
    x = rows_of(r);
    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_snap_entry_no(s, x.row[0].log_no, x.row[0].seq, &e));
    MUST(kai_snap_log(s, e.h.log_pk, &log));
    kai_mark_of(&mark, log.salt, log.log_pk, log.head_seq, log.head);
    kai_snap_end(s);
    rig_publish(r, "192.0.2.2\n");
    rig_publish(r, "192.0.2.3\n");
    x = rows_of(r);
    assert_false(gone(&x.row[0]) || gone(&x.row[1]) || gone(&x.row[2]));
    MUST(kai_core_run(r->core, job_revoke, &mark));
    for (int again = 0; again < 3; again++) {
        x = rows_of(r);
        assert_int_equal(x.n, 3);
        assert_true(gone(&x.row[0]) && gone(&x.row[1]));
        assert_false(gone(&x.row[2]));
        kai_core_close(r->core);
        if (again == 1) /* Also when the index is made anew. */
            MUST(kai_index_erase(kai_home_path(&r->home, dir, "index")));
        MUST(kai_core_open(&r->core, &r->home, &r->why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disputed, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_rebuilt, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_ended, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
