/* test_guard: what a node must not do when something fails or changes while it is at it. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/api.h"
#include "node/audiences.h"
#include "node/post.h"
#include "wire/put.h"

/* The next AUDIENCE of `all`, as it was or with a rule that takes us out. */
struct change {
    struct rig *r;
    bool fails;
    bool narrows;
    enum kai_err err;
};

static enum kai_err job_change(struct kai_core *c, void *arg)
{
    struct change *ch = arg;
    struct kai_aud_rec rec = kai_roster_audience(kai_net_roster(c->net), ch->r->all)->rec;
    struct kai_why why = {0};
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];

    rec.ver++;
    if (ch->narrows) {
        rec.kind = KAI_AUD_GROUP; /* Of those whom a rule names that never comes. */
        rec.rule_open = false;
        memset(rec.rule_hash, 7, sizeof rec.rule_hash);
    }
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &rec);
    if (ch->fails)
        c->tx_err = KAI_EFULL;
    ch->err = kai_core_issue(c, KAI_REC_AUDIENCE, kai_buf_view(&body), hash, &why);
    kai_buf_free(&body);
    return KAI_OK;
}

/* What cannot be stored is not in the set that peers are served from: the next one stands in its
 * place. */
static void issue_on_a_full_disk(void **state)
{
    struct rig *r = *state;
    struct change ch = {.r = r, .fails = true};
    struct kai_core *c = r->core;
    struct kai_head before;
    struct kai_head head;
    size_t n = kai_ctl_count(c->ctl);
    uint8_t fp[2][KAI_ID_BYTES];

    MUST(kai_ctl_head(c->ctl, c->issuing->sign_pk, &before));
    kai_ctl_fingerprint(c->ctl, fp[0]);
    MUST(kai_core_run(c, job_change, &ch));
    assert_int_equal(ch.err, KAI_EFULL);
    kai_ctl_fingerprint(c->ctl, fp[1]);
    assert_memory_equal(fp[0], fp[1], KAI_ID_BYTES);
    assert_int_equal(kai_ctl_count(c->ctl), n);
    ch.fails = false;
    MUST(kai_core_run(c, job_change, &ch));
    MUST(ch.err);
    MUST(kai_ctl_head(c->ctl, c->issuing->sign_pk, &head));
    assert_int_equal(head.seq, before.seq + 1);
    assert_int_equal(kai_ctl_count(c->ctl), n + 1);
}

/* An entry of the issuing key from a day to come, as a clock that was wrong once would have made
 * it. */
static enum kai_err job_future(struct kai_core *c, void *arg)
{
    struct kai_hdr h = {.ptype = KAI_PTYPE_CONTROL, .ts = kai_wall_ms() + 86400000};
    struct kai_head head;
    struct kai_buf payload;
    struct kai_buf body;
    struct kai_buf bytes;
    struct kai_entry e;

    (void)arg;
    MUST(kai_ctl_head(c->ctl, c->issuing->sign_pk, &head));
    h.seq = head.seq + 1;
    memcpy(h.log_pk, head.log_pk, sizeof h.log_pk);
    memcpy(h.prev, head.hash, sizeof h.prev);
    kai_buf_init(&body, 64);
    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_buf_init(&bytes, 2 * KAI_CERT_BYTES_MAX);
    kai_put_array(&body, 0);
    kai_rec_write(&payload, 77, kai_buf_view(&body)); /* Of a type to come: carried, not read. */
    MUST(kai_entry_make(&e, &bytes, &h, c->issuing->sign_sk, c->charter.nid,
                        kai_buf_view(&payload)));
    MUST(kai_tx_ctl(kai_core_tx(c), &e));
    MUST(kai_net_on_own_ctl(c->net, &e, kai_now_ms()));
    kai_buf_free(&body);
    kai_buf_free(&payload);
    kai_buf_free(&bytes);
    return KAI_OK;
}

/* Time orders nothing: a clock that was set back stops nobody from revoking. */
static void issue_after_the_clock_was_set_back(void **state)
{
    struct rig *r = *state;
    struct change ch = {.r = r};
    struct kai_head head;
    const struct kai_entry *last;

    MUST(kai_core_run(r->core, job_future, NULL));
    MUST(kai_core_run(r->core, job_change, &ch));
    MUST(ch.err);
    MUST(kai_ctl_head(r->core->ctl, r->core->issuing->sign_pk, &head));
    last = kai_ctl_find(r->core->ctl, head.hash);
    assert_non_null(last);
    assert_true(last->h.ts > kai_wall_ms());
}

/* Begin a request with one RULE-like item in it, not committed yet. */
static struct kai_post *begun(struct rig *r)
{
    struct kai_post *p;
    struct kai_packer *packer;
    struct kai_buf body;
    struct kai_buf out;
    struct kai_entry e;

    MUST(kai_post_begin(r->core, r->all, KAI_POST_NOW, &p, &r->why));
    MUST(kai_packer_new(&packer));
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    kai_body_begin(&body, 0);
    kai_body_end(&body);
    MUST(kai_log_append(kai_post_writer(p), packer, &out, &e, kai_buf_view(&body), 0, kai_wall_ms(),
                        kai_random, NULL));
    MUST(kai_post_entry(p, &e));
    kai_buf_free(&body);
    kai_buf_free(&out);
    kai_packer_free(packer);
    return p;
}

static uint64_t head_of(struct rig *r, const uint8_t *log_pk)
{
    struct kai_snap *s;
    struct kai_log log;

    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_snap_log(s, log_pk, &log));
    kai_snap_end(s);
    return log.head_seq;
}

/* The epoch is chosen when a request begins: what happens until it is done counts. */
static void epoch_spoilt_while_publishing(void **state)
{
    struct rig *r = *state;
    struct change ch = {.r = r, .narrows = true};
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t last;
    uint64_t n;

    MUST(kai_post_lock(r->core, r->all));
    struct kai_post *p = begun(r);
    memcpy(log_pk, kai_post_log(p), sizeof log_pk);
    uint64_t head = head_of(r, log_pk);
    MUST(kai_core_run(r->core, job_change, &ch));
    MUST(ch.err);
    assert_int_equal(kai_post_commit(p, &last, &n), KAI_EAGAIN);
    assert_string_equal(r->why.code, "audience.no-clean-epoch");
    kai_post_end(p);
    kai_post_unlock(r->core, r->all);
    assert_int_equal(head_of(r, log_pk), head);
}

static enum kai_err job_retire(struct kai_core *c, void *arg)
{
    return kai_ownlog_retire(c, arg);
}

/* A peer shows entries of our log that we lost, while we write the next ones: they must not come to
 * be. */
static void log_retired_while_publishing(void **state)
{
    struct rig *r = *state;
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t last;
    uint64_t n;

    MUST(kai_post_lock(r->core, r->all));
    struct kai_post *p = begun(r);
    memcpy(log_pk, kai_post_log(p), sizeof log_pk);
    uint64_t head = head_of(r, log_pk);
    MUST(kai_core_run(r->core, job_retire, log_pk));
    assert_int_not_equal(kai_post_commit(p, &last, &n), KAI_OK);
    kai_post_end(p);
    assert_int_equal(head_of(r, log_pk), head);
    p = begun(r); /* Under a new key. */
    assert_memory_not_equal(kai_post_log(p), log_pk, KAI_KEY_BYTES);
    MUST(kai_post_commit(p, &last, &n));
    kai_post_end(p);
    kai_post_unlock(r->core, r->all);
}

static void socket_is_ours(void **state)
{
    struct rig *r = *state;
    struct kai_config cfg = {.spool_max = 1 << 20};
    struct kai_api *api;
    struct stat st;
    char path[108];

    MUST(kai_api_start(&api, r->core, &cfg, &r->why));
    MUST(kai_home_socket(&r->home, path, &r->why));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
    if ((st.st_mode & 070) != 0) /* The machine has a group `kairan`. */
        assert_int_not_equal(st.st_gid, getegid());
    kai_api_stop(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(issue_on_a_full_disk, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(issue_after_the_clock_was_set_back, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(epoch_spoilt_while_publishing, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(log_retired_while_publishing, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(socket_is_ours, rig_start, rig_stop),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
