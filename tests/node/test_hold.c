/* test_hold: what is published while an audience has no key to write under. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/body.h"
#include "node/hold.h"
#include "node/indexer.h"
#include "node/post.h"
#include "node/publish.h"
#include "node/recover.h"
#include "node/steward.h"
#include "node/sure.h"

static const struct kai_who ADMIN = {.role = KAI_ROLE_ADMIN, .clearance = KAI_TLP_RED};

/* ---- An audience of ours whose keys are another organisation's to make, which does nothing; or
 * ours. The rig's `all` is this audience in these tests. */
struct stewards {
    struct rig *r;
    bool away;
    bool without_us; /* A group, of those whom a rule names that never comes. */
    uint64_t ceiling;
    enum kai_err err;
};

static enum kai_err job_stewards(struct kai_core *c, void *arg)
{
    struct stewards *s = arg;
    const struct kai_audience *old = kai_roster_audience(kai_net_roster(c->net), s->r->all);
    struct kai_aud_rec rec = {.kind = KAI_AUD_COMMUNITY,
                              .ver = old == NULL ? 1 : old->rec.ver + 1,
                              .rule_open = true,
                              .n_stewards = 1,
                              .label_max = s->ceiling};
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];

    if (s->away)
        memset(rec.stewards[0], 7, KAI_ID_BYTES);
    else
        memcpy(rec.stewards[0], c->self.org_id, KAI_ID_BYTES);
    if (s->without_us) {
        rec.kind = KAI_AUD_GROUP;
        rec.rule_open = false;
        memset(rec.rule_hash, 7, sizeof rec.rule_hash);
    }
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &rec);
    s->err = kai_core_issue(c, KAI_REC_AUDIENCE, kai_buf_view(&body), hash, &s->r->why);
    kai_buf_free(&body);
    return KAI_OK;
}

static enum kai_err job_tick(struct kai_core *c, void *arg)
{
    (void)arg;
    (void)kai_steward_tick(c, kai_now_ms());
    return KAI_OK;
}

static void change(struct rig *r, struct stewards s)
{
    s.r = r;
    s.ceiling = s.ceiling == 0 ? KAI_TLP_GREEN : s.ceiling;
    MUST(kai_core_run(r->core, job_stewards, &s));
    MUST(s.err);
    MUST(kai_core_run(r->core, job_tick, NULL)); /* A steward does its duty. */
}

static void stewards_are(struct rig *r, bool away, uint64_t ceiling)
{
    change(r, (struct stewards){.away = away, .ceiling = ceiling});
}

static int start(void **state)
{
    static const uint8_t nonce[16]; /* The record's. */

    assert_int_equal(rig_start(state), 0);
    struct rig *r = *state;
    kai_aud_id(r->all, r->core->self.org_id, nonce);
    stewards_are(r, true, 0);
    return 0;
}

/* ---- Publishing, and what others would get of it. */
static struct kai_published say_as(struct rig *r, const char *value, uint8_t tlp)
{
    struct kai_published out;
    char to[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct kai_publish p = {.who = &ADMIN,
                            .file = kai_view_of(value, strlen(value)),
                            .name = "list.txt",
                            .to = kai_hex(to, r->all, KAI_ID_BYTES),
                            .label = {.tlp = tlp}};

    enum kai_err err = kai_publish(r->core, &p, &out, &r->why);
    if (err != KAI_OK)
        print_error("%s: %s\n", value, r->why.code != NULL ? r->why.code : "?");
    MUST(err);
    assert_int_equal(out.refused, 0);
    return out;
}

static struct kai_published say(struct rig *r, const char *value)
{
    return say_as(r, value, KAI_TLP_GREEN);
}

/* Which of the values the index has, one bit each, and entries of data logs of `all`. */
struct logs {
    struct rig *r;
    uint64_t entries;
};

static bool count_log(void *ctx, const struct kai_log *log)
{
    struct logs *l = ctx;

    if (log->kind == KAI_LOG_DATA && memcmp(log->aud_id, l->r->all, KAI_ID_BYTES) == 0)
        l->entries += log->head_seq;
    return true;
}

static uint64_t entries_of(struct rig *r)
{
    struct logs l = {.r = r};
    struct kai_snap *s;

    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_snap_logs(s, count_log, &l));
    kai_snap_end(s);
    return l.entries;
}

static void job_tick_at(struct rig *r, uint64_t wall_ms)
{
    kai_hold_tick(r->core, wall_ms);
    kai_core_commit(r->core);
    kai_core_refresh(r->core);
}

/* How many rows have the value; the first half of their list's id, which the ids of its values
 * begin with. */
static size_t found(struct rig *r, const char *value, char list[static 33])
{
    static struct kai_config cfg;
    struct kai_call call = {.core = r->core, .cfg = &cfg, .who = &ADMIN};
    char expr[128];
    size_t n = 0;

    (void)snprintf(expr, sizeof expr, "value:%s", value);
    call.args = json_pack("{s:s}", "expr", expr);
    assert_int_equal(kai_call_run(&call, "query"), 200);
    for (bool end = false; !end;)
        MUST(call.stream.next(call.stream.ctx, &call.out, &end, &call.why));
    for (size_t i = 0; i < call.out.len; i++)
        n += call.out.p[i] == '\n';
    json_t *o = json_loadb((const char *)call.out.p, call.out.len, JSON_DISABLE_EOF_CHECK, NULL);
    const char *id = json_string_value(json_object_get(o, "id"));
    (void)snprintf(list, 33, "%s", id != NULL ? id : "");
    json_decref(o);
    kai_call_free(&call);
    return n;
}

static size_t times(struct rig *r, const char *value)
{
    char list[33];

    return found(r, value, list);
}

/* When it arrived, among all rows. */
static uint64_t place(struct rig *r, const char *value)
{
    char list[33];
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct kai_ixsnap *rows;
    struct kai_row row;
    uint64_t at = 0;

    assert_int_equal(found(r, value, list), 1);
    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &rows));
    for (uint64_t i = 1; i <= kai_ixsnap_last(rows) && at == 0; i++)
        if (kai_ixsnap_row(rows, i, &row) == KAI_OK &&
            strncmp(kai_hex(hex, row.item_id, KAI_ID_BYTES), list, 32) == 0)
            at = i;
    kai_ixsnap_end(rows);
    assert_int_not_equal(at, 0);
    return at;
}

static const struct kai_alarm_row *alarm_of(const struct rig *r, const char *code)
{
    for (size_t i = 0; i < r->core->n_alarms; i++)
        if (strcmp(r->core->alarms[i].code, code) == 0)
            return &r->core->alarms[i];
    return NULL;
}

/* ---- */
static void waits_and_goes_out(void **state)
{
    struct rig *r = *state;

    struct kai_published p = say(r, "one.example");
    assert_int_equal(p.accepted, 1);
    assert_int_equal(p.unsent, p.entries);
    assert_int_equal(p.held_by, 0);
    assert_int_equal(say(r, "two.example").unsent, 1);
    assert_int_equal(entries_of(r), 0);
    assert_int_equal(kai_hold_count(r->core), 2);
    const struct kai_alarm_row *a = alarm_of(r, "audience.held");
    assert_non_null(a);
    assert_in_range(a->since_ms, kai_wall_ms() - 60000, kai_wall_ms());
    assert_int_equal(times(r, "one.example"), 0);

    MUST(kai_post_held(r->core)); /* There is no key: it waits on. */
    assert_int_equal(kai_hold_count(r->core), 2);
    stewards_are(r, false, 0);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 0);
    assert_null(alarm_of(r, "audience.held"));
    assert_int_equal(times(r, "one.example"), 1);
    assert_int_equal(times(r, "two.example"), 1);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "one.example"), 1);
}

/* What comes later goes behind it, and the same again is skipped before and after. */
static void in_order_and_once(void **state)
{
    struct rig *r = *state;
    static const char *const all[] = {"a1.example", "b2.example", "c3.example"};
    struct kai_published p;

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(say(r, all[i]).unsent, 1);
    p = say(r, all[0]);
    assert_int_equal(p.skipped, 1);
    assert_int_equal(p.accepted, 0);
    assert_int_equal(kai_hold_count(r->core), 2);
    stewards_are(r, false, 0);
    uint64_t before = entries_of(r);
    p = say(r, all[2]); /* The first to write sends what waits. */
    assert_int_equal(p.unsent, 0);
    assert_int_equal(p.entries, 1);
    assert_int_equal(kai_hold_count(r->core), 0);
    assert_in_range(entries_of(r), before + 3, before + 4); /* BIND may be due. */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(times(r, all[i]), 1);
        assert_int_equal(say(r, all[i]).skipped, 1);
    }
    assert_true(place(r, all[0]) < place(r, all[1]));
    assert_true(place(r, all[1]) < place(r, all[2]));
}

/* Acknowledged is durable: after a stop, and after a kill. */
static void outlives_the_process(void **state)
{
    struct rig *r = *state;

    assert_int_equal(say(r, "stop.example").unsent, 1);
    rig_again(r, false);
    assert_int_equal(kai_hold_count(r->core), 1);
    assert_non_null(alarm_of(r, "audience.held"));
    assert_int_equal(say(r, "kill.example").unsent, 1);
    rig_again(r, true);
    assert_int_equal(kai_hold_count(r->core), 2);
    assert_int_equal(say(r, "stop.example").skipped, 1);
    stewards_are(r, false, 0);
    MUST(kai_post_held(r->core));
    rig_again(r, true);
    assert_int_equal(kai_hold_count(r->core), 0);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "stop.example"), 1);
    assert_int_equal(times(r, "kill.example"), 1);
}

/* No steward comes: after a quarter of an hour under a key of our own, also when the node was
 * started again meanwhile, and no sooner. */
static void under_a_key_of_our_own(void **state)
{
    struct rig *r = *state;

    assert_int_equal(say(r, "alone.example").unsent, 1);
    struct kai_hold h;
    assert_true(kai_hold_get(r->core, r->all, &h));
    job_tick_at(r, h.since_ms + KAI_SELF_EPOCH_MS / 2);
    rig_again(r, true);
    job_tick_at(r, h.since_ms + KAI_SELF_EPOCH_MS - 1000);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 1);
    job_tick_at(r, h.since_ms + KAI_SELF_EPOCH_MS);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 0);
    assert_int_equal(times(r, "alone.example"), 1);
    assert_int_equal(say(r, "more.example").unsent, 0);
}

/* A node that was off for long gives its stewards a minute. */
static void not_before_links_are_up(void **state)
{
    struct rig *r = *state;

    assert_int_equal(say(r, "late.example").unsent, 1);
    r->core->holds[0].since_ms = 1000; /* Long ago. */
    job_tick_at(r, r->core->started_ms + 59000);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 1);
    job_tick_at(r, r->core->started_ms + 60000);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 0);
}

/* A removal that comes while it is written: what was begun waits instead. */
static void spoilt_while_it_was_written(void **state)
{
    struct rig *r = *state;
    struct kai_post *p;
    struct kai_view none = kai_view_of("\x92\x40\xc4\x00", 4); /* [64, bin]: experimental. */
    uint64_t last;
    uint64_t n;

    assert_int_equal(say(r, "first.example").unsent, 1);
    stewards_are(r, false, 0);
    MUST(kai_post_lock(r->core, r->all));
    MUST(kai_post_begin(r->core, r->all, KAI_POST_HOLD, &p, &r->why)); /* Takes what waits along. */
    MUST(kai_post_append(p, &none, 1));
    change(r, (struct stewards){.without_us = true});
    assert_int_equal(kai_post_commit(p, &last, &n), KAI_EAGAIN);
    kai_post_end(p);
    kai_post_unlock(r->core, r->all);
    assert_int_equal(kai_hold_count(r->core), 1);
    rig_again(r, true);
    stewards_are(r, false, 0);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "first.example"), 1);
}

/* A request that fails leaves nothing behind; nor does one that was never answered. */
static void whole_or_not_at_all(void **state)
{
    struct rig *r = *state;
    struct kai_post *p;
    struct kai_hold h;
    struct kai_view item = kai_view_of("\x92\x40\xc4\x00", 4);

    assert_int_equal(say(r, "kept.example").unsent, 1);
    MUST(kai_post_lock(r->core, r->all));
    MUST(kai_post_begin(r->core, r->all, KAI_POST_HOLD, &p, &r->why));
    assert_true(kai_post_waits(p));
    for (size_t i = 0; i < 600; i++) /* More than a group: some of it is in the store. */
        MUST(kai_post_append(p, &item, 1));
    kai_post_end(p);
    kai_post_unlock(r->core, r->all);
    assert_true(kai_hold_get(r->core, r->all, &h));
    assert_int_equal(h.n, 1);
    assert_int_equal(h.next, 2);
    struct kai_snap *s;
    struct kai_view v;
    char key[64];
    (void)snprintf(key, sizeof key, "hold:%02x", r->all[0]);
    for (size_t i = 1; i < 16; i++)
        (void)snprintf(key + 5 + 2 * i, sizeof key - 5 - 2 * i, "%02x", r->all[i]);
    (void)snprintf(key + 37, sizeof key - 37, ":%016x", 2);
    MUST(kai_snap_begin(r->core->store, &s));
    assert_int_equal(kai_snap_kv(s, key, &v), KAI_ENOTFOUND);
    kai_snap_end(s);
}

/* A node that nobody gives a key has a bound. */
static void has_a_bound(void **state)
{
    struct rig *r = *state;
    struct kai_post *p;
    struct kai_view item = kai_view_of("\x92\x40\xc4\x00", 4);
    size_t n = 0;
    enum kai_err err = KAI_OK;

    MUST(kai_post_lock(r->core, r->all));
    MUST(kai_post_begin(r->core, r->all, KAI_POST_HOLD, &p, &r->why));
    while (err == KAI_OK && n <= KAI_HOLD_ENTRIES_MAX) {
        err = kai_post_append(p, &item, 1);
        n += err == KAI_OK;
    }
    assert_int_equal(err, KAI_ELIMIT);
    assert_int_equal(n, KAI_HOLD_ENTRIES_MAX);
    assert_string_equal(r->why.code, "audience.held-full");
    kai_post_end(p);
    kai_post_unlock(r->core, r->all);
    assert_int_equal(kai_hold_count(r->core), 0);
}

/* A ceiling that was lowered meanwhile holds for it too; what it allows goes on. */
static void judged_again(void **state)
{
    struct rig *r = *state;

    stewards_are(r, true, KAI_TLP_AMBER); /* And GREEN when there is a key. */
    assert_int_equal(say_as(r, "amber.example", KAI_TLP_AMBER).unsent, 1);
    assert_int_equal(say_as(r, "green.example", KAI_TLP_GREEN).unsent, 1);
    stewards_are(r, false, KAI_TLP_GREEN);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "amber.example"), 0);
    assert_int_equal(times(r, "green.example"), 1);
    assert_int_equal(kai_hold_count(r->core), 1);
    assert_non_null(alarm_of(r, "audience.held-forbidden"));
    rig_again(r, true);
    assert_int_equal(kai_hold_count(r->core), 1);
    stewards_are(r, false, KAI_TLP_AMBER);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "amber.example"), 1);
    assert_int_equal(times(r, "green.example"), 1);
    assert_null(alarm_of(r, "audience.held-forbidden"));
    assert_int_equal(kai_hold_count(r->core), 0);
}

/* ---- What was passed on, and waited. */
static void reshare_waits(struct rig *r, const char *value)
{
    char list[33];
    char to[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct kai_published out;
    struct kai_publish p = {.who = &ADMIN,
                            .file = kai_view_of(value, strlen(value)),
                            .name = "list.txt",
                            .to = "all", /* The network's, to which there is a key. */
                            .label = {.tlp = KAI_TLP_GREEN}};
    uint64_t before = kai_hold_count(r->core);
    int http;

    MUST(kai_publish(r->core, &p, &out, &r->why));
    assert_int_equal(out.unsent, 0);
    assert_int_equal(found(r, value, list), 1);
    json_decref(rig_ask(r, &ADMIN, "reshare",
                        json_pack("{s:s,s:s}", "id", list, "to", kai_hex(to, r->all, KAI_ID_BYTES)),
                        &http));
    assert_int_equal(http, 200);
    assert_int_equal(kai_hold_count(r->core), before + 1);
    assert_int_equal(entries_of(r), 0);
}

/* The rule is asked with the facts of when it goes: ceiling, and what its source said meanwhile. */
static void reshare_judged_again(void **state)
{
    struct rig *r = *state;
    char list[33];
    int http;

    reshare_waits(r, "lowered.example");
    reshare_waits(r, "recalled.example");
    stewards_are(r, false, KAI_TLP_CLEAR);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 2);
    assert_int_equal(times(r, "lowered.example"), 1); /* Where it is from. */
    assert_non_null(alarm_of(r, "audience.held-forbidden"));

    assert_int_equal(found(r, "recalled.example", list), 1);
    json_decref(
        rig_ask(r, &ADMIN, "recall", json_pack("{s:s,s:s}", "id", list, "reason", "wrong"), &http));
    assert_int_equal(http, 200);
    rig_again(r, true);
    stewards_are(r, false, KAI_TLP_GREEN);
    MUST(kai_post_held(r->core));
    assert_int_equal(times(r, "lowered.example"), 2);
    assert_int_equal(times(r, "recalled.example"), 0);
    assert_int_equal(kai_hold_count(r->core), 1);
    assert_non_null(alarm_of(r, "audience.held-forbidden"));
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 1);
    assert_int_equal(times(r, "lowered.example"), 2);
}

/* What forbids one item of a body is not forgotten for the next that may go. */
static enum kai_err add_item(void *ctx, uint64_t type, struct kai_view item)
{
    assert_int_equal(type, KAI_ITEM_OBJ);
    kai_buf_add(ctx, item.p, item.n);
    return KAI_OK;
}

static enum kai_err add_body(void *ctx, uint64_t seq, size_t row_bytes, struct kai_view body)
{
    (void)seq, (void)row_bytes;
    return kai_body_walk(body, add_item, ctx);
}

static void whole_body_judged(void **state)
{
    struct rig *r = *state;
    struct kai_hold h;
    struct kai_buf body;
    const char *code;

    stewards_are(r, true, KAI_TLP_AMBER);
    assert_int_equal(say_as(r, "amber.example", KAI_TLP_AMBER).unsent, 1);
    assert_int_equal(say_as(r, "green.example", KAI_TLP_GREEN).unsent, 1);
    assert_true(kai_hold_get(r->core, r->all, &h));
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 2);
    MUST(kai_hold_each(r->core, &h, add_body, &body));
    kai_body_end(&body);
    MUST(body.err);
    MUST(kai_hold_judge(r->core, r->all, kai_buf_view(&body), &code));
    assert_null(code);
    stewards_are(r, true, KAI_TLP_GREEN);
    MUST(kai_hold_judge(r->core, r->all, kai_buf_view(&body), &code));
    assert_non_null(code);
    assert_string_equal(code, "label.ceiling");
    kai_buf_free(&body);
}

/* The store alone does not tell what waits. */
static void sealed_where_it_waits(void **state)
{
    struct rig *r = *state;
    char command[192];

    assert_int_equal(say(r, "secret-while-it-waits.example").unsent, 1);
    (void)snprintf(command, sizeof command, "! grep -rq secret-while-it-waits %s", r->dir);
    assert_int_equal(system(command), 0);
}

/* The node is gone with its key; another one goes on with what waited. */
static void comes_with_a_backup(void **state)
{
    static const char pass[] = "long enough to be one";
    struct rig *r = *state;
    struct kai_backup_info info;
    struct kai_recovered done;
    struct kai_home home;
    char file[96];
    char dir[96];
    char command[384];

    assert_int_equal(say(r, "kept.example").unsent, 1);
    kai_core_close(r->core); /* One store in a process. */
    r->core = NULL;
    (void)snprintf(file, sizeof file, "%s.backup", r->dir);
    (void)snprintf(dir, sizeof dir, "%s.again", r->dir);
    MUST(kai_backup_make(&r->home, file, pass, NULL, NULL, &info, &r->why));
    MUST(kai_home_find(&home, dir, &r->why));
    MUST(kai_backup_restore(&home, file, pass, NULL, NULL, &info, &r->why));
    MUST(kai_recover(&home, "another", pass, &done, &r->why));
    MUST(kai_recover_done(&home, &r->why));
    (void)snprintf(command, sizeof command, "rm -r %s %s && mv %s %s", r->dir, file, dir, r->dir);
    assert_int_equal(system(command), 0);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    MUST(kai_sure_confirm(r->core));
    assert_int_equal(kai_hold_count(r->core), 1);
    rig_again(r, true); /* It is wrapped for this node now. */
    MUST(kai_sure_confirm(r->core));
    assert_int_equal(say(r, "kept.example").skipped, 1);
    stewards_are(r, false, 0);
    MUST(kai_post_held(r->core));
    assert_int_equal(kai_hold_count(r->core), 0);
    assert_int_equal(times(r, "kept.example"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_and_goes_out, start, rig_stop),
        cmocka_unit_test_setup_teardown(in_order_and_once, start, rig_stop),
        cmocka_unit_test_setup_teardown(outlives_the_process, start, rig_stop),
        cmocka_unit_test_setup_teardown(under_a_key_of_our_own, start, rig_stop),
        cmocka_unit_test_setup_teardown(not_before_links_are_up, start, rig_stop),
        cmocka_unit_test_setup_teardown(spoilt_while_it_was_written, start, rig_stop),
        cmocka_unit_test_setup_teardown(whole_or_not_at_all, start, rig_stop),
        cmocka_unit_test_setup_teardown(has_a_bound, start, rig_stop),
        cmocka_unit_test_setup_teardown(judged_again, start, rig_stop),
        cmocka_unit_test_setup_teardown(reshare_judged_again, start, rig_stop),
        cmocka_unit_test_setup_teardown(whole_body_judged, start, rig_stop),
        cmocka_unit_test_setup_teardown(sealed_where_it_waits, start, rig_stop),
        cmocka_unit_test_setup_teardown(comes_with_a_backup, start, rig_stop),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
