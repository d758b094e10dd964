/* A RULE that the index has read and the node has not kept when it is killed: its audience has a
 * name and members after a plain start all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/indexer.h"
#include "node/rig.h"
#include "query/acts.h"

#define TRIES 50

static bool name_known(struct kai_core *c)
{
    uint8_t id[KAI_ID_BYTES];

    return kai_keyring_find(c->ring, "all", id) == KAI_OK;
}

struct keys {
    size_t n;
    char key[64][KAI_STORE_KEY_BYTES_MAX + 1];
};

static bool note_rule(void *ctx, const char *key, struct kai_view value)
{
    struct keys *k = ctx;

    (void)value;
    if (strncmp(key, "rule:", 5) == 0) {
        assert_true(k->n < 64);
        kai_copy_text(k->key[k->n++], sizeof k->key[0], key);
    }
    return true;
}

static size_t rules_kept(struct kai_core *c, struct keys *k)
{
    struct kai_snap *s = NULL;

    k->n = 0;
    MUST(kai_snap_begin(c->store, &s));
    MUST(kai_snap_kvs(s, note_rule, k));
    kai_snap_end(s);
    return k->n;
}

static enum kai_err job_lose(struct kai_core *c, void *arg)
{
    struct keys *k = arg;

    for (size_t i = 0; i < k->n; i++)
        MUST(kai_tx_kv(kai_core_tx(c), k->key[i], (struct kai_view){0}));
    return KAI_OK;
}

/* As a node has it that all entries came to and that has looked at none yet. */
static void nothing_read(struct rig *r)
{
    char dir[KAI_PATH_BYTES_MAX];
    struct keys k;

    (void)rules_kept(r->core, &k);
    MUST(kai_core_run(r->core, job_lose, &k));
    kai_core_close(r->core);
    r->core = NULL;
    MUST(kai_index_erase(kai_home_path(&r->home, dir, "index")));
}

static bool count_rule(void *ctx, uint64_t no, struct kai_view item)
{
    (void)no;
    assert_true(item.n > 0);
    ++*(size_t *)ctx;
    return true;
}

static size_t rules_waiting(struct kai_core *c)
{
    struct kai_ixsnap *s = NULL;
    size_t n = 0;

    MUST(kai_ixsnap_begin(c->index, KAI_TLP_RED, &s));
    MUST(kai_ixsnap_rules(s, count_rule, &n));
    kai_ixsnap_end(s);
    return n;
}

/* In a process of its own: let the indexer read all, and be killed before the owning thread has its
 * turn. The exit status: 0 where that moment was met. */
static int killed_between(const struct rig *r)
{
    struct kai_why why = {0};
    struct kai_core *c = NULL;
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (kai_core_open(&c, &r->home, &why) != KAI_OK || kai_indexer_settle(c->indexer) != KAI_OK)
            _exit(2);
        _exit(name_known(c) || rules_waiting(c) == 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Ask again in a while, or when the indexer has done something. */
static void wait_a_little(struct kai_core *c)
{
    (void)kai_indexer_wait(c->indexer, UINT64_MAX, 5);
}

static void test_killed_between(void **state)
{
    struct rig *r = *state;
    int missed = 1;
    struct keys k;

    for (int i = 0; i < TRIES && missed != 0; i++) {
        if (i > 0)
            MUST(kai_core_open(&r->core, &r->home, &r->why));
        nothing_read(r);
        missed = killed_between(r); /* The indexer may have been quicker than the open. */
        assert_in_range(missed, 0, 1);
    }
    assert_int_equal(missed, 0);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    assert_true(name_known(r->core));
    assert_true(kai_keyring_members_known(r->core->ring, r->all));
    assert_true(rules_kept(r->core, &k) > 0);
    for (int i = 0; i < 2000 && rules_waiting(r->core) > 0; i++)
        wait_a_little(r->core);
    assert_int_equal(rules_waiting(r->core), 0); /* They are kept: that is enough. */
    rig_again(r, true);
    assert_true(name_known(r->core));
    assert_int_equal(rules_waiting(r->core), 0);
}

/* Read and kept: nothing waits, also where many starts follow each other. */
static void test_nothing_waits(void **state)
{
    struct rig *r = *state;
    struct keys k;

    nothing_read(r);
    for (int again = 0; again < 3; again++) {
        MUST(kai_core_open(&r->core, &r->home, &r->why));
        MUST(kai_indexer_settle(r->core->indexer));
        for (int i = 0; i < 2000 && (rules_waiting(r->core) > 0 || !name_known(r->core)); i++) {
            (void)kai_indexer_rules(r->core->indexer);
            kai_core_commit(r->core);
            wait_a_little(r->core);
        }
        assert_int_equal(rules_waiting(r->core), 0);
        assert_true(name_known(r->core));
        assert_true(rules_kept(r->core, &k) > 0);
        if (again < 2)
            kai_core_close(r->core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_between, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_nothing_waits, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
