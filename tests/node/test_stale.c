/* A node that has heard nothing of those above it for long admits nobody and sends no RED, says so,
 * and goes on when it hears; and what a node itself says, and when. */
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/ceremony.h"
#include "keys/checkpoint.h"
#include "node/actions.h"
#include "node/found.h"
#include "node/heartbeat.h"
#include "node/marks.h"
#include "node/red.h"
#include "node/rig.h"
#include "node/stale.h"

#define PASS "long enough to be one"

/* A home under base, whose organisation, or a further node of org_id, has been asked for. */
static void ask(struct kai_home *home, const char *base, const char *name, const uint8_t *org_id,
                struct kai_buf *request)
{
    struct kai_why why = {0};
    char dir[KAI_PATH_BYTES_MAX];

    (void)snprintf(dir, sizeof dir, "%s/%s", base, name);
    MUST(kai_home_find(home, dir, &why));
    kai_buf_init(request, KAI_REQUEST_BYTES_MAX);
    MUST(kai_found_request(home, org_id != NULL ? KAI_ADMIT_NODE : KAI_ADMIT_ORG, name, org_id,
                           PASS, request, &why));
}

static char *hex_of(const struct kai_buf *b)
{
    char *hex = malloc(2 * b->len + 1);

    assert_non_null(hex);
    (void)kai_hex(hex, b->p, b->len);
    return hex;
}

/* NULL: refused, r->why says why. */
static json_t *admit(struct rig *r, const struct kai_buf *request)
{
    struct kai_who who;
    char *hex = hex_of(request);
    int http;

    kai_who_home(&who);
    json_t *o = rig_ask(r, &who, "org-admit",
                        json_pack("{s:s, s:i}", "request", hex, "may_admit", 2), &http);
    free(hex);
    if (http == 200)
        return o;
    json_decref(o);
    return NULL;
}

/* An organisation below that of up, opened; up is closed: one process, one store. */
static void below(struct rig *up, struct rig *r, const char *name)
{
    struct kai_charter charter;
    struct kai_buf b;

    *r = (struct rig){0};
    ask(&r->home, up->dir, name, NULL, &b);
    json_t *o = admit(up, &b);
    assert_non_null(o);
    const char *hex = json_string_value(json_object_get(o, "admission"));
    struct kai_buf admission;
    kai_buf_init(&admission, KAI_ADMISSION_BYTES_MAX);
    uint8_t *at = kai_buf_room(&admission, strlen(hex) / 2);
    assert_non_null(at);
    assert_true(kai_unhex(at, strlen(hex) / 2, hex, strlen(hex)));
    kai_core_close(up->core);
    up->core = NULL;
    MUST(
        kai_found_join(&r->home, KAI_ADMIT_ORG, kai_buf_view(&admission), PASS, &charter, &r->why));
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    (void)snprintf(r->dir, sizeof r->dir, "%s", up->dir);
    json_decref(o);
    kai_buf_free(&b);
    kai_buf_free(&admission);
}

struct first {
    uint64_t ms;
};

static enum kai_err job_first(struct kai_core *c, void *arg)
{
    uint8_t be[8];

    kai_put_u64(be, ((struct first *)arg)->ms);
    return kai_tx_kv(kai_core_tx(c), "first-start", kai_view_of(be, sizeof be));
}

/* What the engine has the node store when a word of another one comes. */
static enum kai_err job_hear(struct kai_core *c, void *arg)
{
    const struct kai_view *note = arg;
    struct kai_net_actions act;
    struct kai_checkpoint p;

    MUST(kai_checkpoint_parse(&p, *note));
    const struct kai_node *n = kai_roster_node_by_cert(kai_net_roster(c->net), p.node_cert);
    assert_non_null(n);
    kai_actions_fill(c, &act);
    act.store_note(act.ctx, KAI_REC_CHECKPOINT, n->id, *note);
    return KAI_OK;
}

static size_t stale_shown(struct rig *r, const char *name)
{
    struct kai_who who;
    int http;

    kai_who_home(&who);
    json_t *o = rig_ask(r, &who, "status", json_object(), &http);
    const json_t *list = json_object_get(o, "stale");
    assert_true(json_is_array(list));
    size_t n = json_array_size(list);
    if (n > 0)
        assert_string_equal(json_string_value(json_array_get(list, 0)), name);
    json_decref(o);
    return n;
}

static bool alarmed(const struct rig *r)
{
    for (size_t i = 0; i < r->core->n_alarms; i++)
        if (strcmp(r->core->alarms[i].code, "authority.stale") == 0)
            return true;
    return false;
}

/* Whether both are refused for it, or neither is. */
static bool refused(struct rig *r, const struct kai_buf *request)
{
    struct kai_red_person person[KAI_RED_PERSONS_MAX];
    struct kai_why why = {0};
    size_t n;
    json_t *o = admit(r, request);
    enum kai_err err = kai_red_persons(r->core, r->core->self.org_id, person, &n, &why);
    bool no = o == NULL;

    json_decref(o);
    assert_int_equal(err, KAI_EDENIED); /* There is no such audience, but that is said later. */
    assert_string_equal(why.code, no ? "authority.stale" : "label.red");
    assert_true(!no || strcmp(r->why.code, "authority.stale") == 0);
    return no;
}

/* A word of the node of r, as old as that. */
static void word(const struct rig *r, uint64_t counter, struct kai_buf *out)
{
    struct kai_checkpoint p = {.counter = counter};

    memcpy(p.node_cert, r->core->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(out, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(out, &p, r->core->self.sign_sk, r->core->charter.nid);
    MUST(out->err);
}

static void hear(struct rig *r, const struct kai_buf *word)
{
    struct kai_view v = kai_buf_view(word);

    MUST(kai_core_run(r->core, job_hear, &v));
}

static void silence(void **state)
{
    struct rig *up = *state, r;
    struct kai_home home;
    struct kai_buf request[2], old, young, later;
    uint64_t now = kai_wall_ms();
    struct first first = {.ms = now - KAI_STALE_MS - 60000};

    ask(&home, up->dir, "asks", NULL, &request[0]);
    ask(&home, up->dir, "asks-too", NULL, &request[1]);
    word(up, first.ms, &old);
    word(up, now - KAI_STALE_MS + 60000, &young);
    word(up, now + KAI_STALE_MS, &later);
    MUST(kai_core_run(up->core, job_first, &first)); /* The founder has nobody above. */
    assert_int_equal(stale_shown(up, ""), 0);
    below(up, &r, "below");
    (void)kai_stale_tick(r.core, kai_now_ms());
    assert_int_equal(stale_shown(&r, "org"), 0);
    assert_false(alarmed(&r));
    MUST(kai_core_run(r.core, job_first, &first)); /* It began to listen long ago. */
    (void)kai_stale_tick(r.core, kai_now_ms());
    assert_int_equal(stale_shown(&r, "org"), 1);
    assert_true(alarmed(&r));
    assert_true(refused(&r, &request[0]));
    rig_again(&r, false); /* A start is no word, */
    assert_true(refused(&r, &request[0]));
    hear(&r, &old); /* and one of long ago, which was held back on its way, is no news. */
    assert_true(refused(&r, &request[0]));
    hear(&r, &young);
    assert_false(refused(&r, &request[0]));
    (void)kai_stale_tick(r.core, kai_now_ms());
    assert_int_equal(stale_shown(&r, "org"), 0);
    assert_false(alarmed(&r));
    rig_again(&r, false);
    assert_false(refused(&r, &request[1]));
    hear(&r, &later); /* Said with a clock that is ahead: it is from now at most. */
    assert_int_equal(stale_shown(&r, "org"), 0);
    kai_core_close(r.core);
    MUST(kai_core_open(&up->core, &up->home, &up->why));
    kai_buf_free(&old);
    kai_buf_free(&young);
    kai_buf_free(&later);
    kai_buf_free(&request[0]);
    kai_buf_free(&request[1]);
}

static struct kai_checkpoint said_by(const struct rig *r)
{
    struct kai_checkpoint p;
    struct kai_view note = kai_net_checkpoint_of(r->core->net, r->core->self.node_id);

    MUST(kai_checkpoint_parse(&p, note));
    MUST(kai_checkpoint_verify(note, r->core->self.sign_pk, r->core->charter.nid));
    return p;
}

/* The first at once; then none that says the same for a day, nor anything within an hour. */
static void heartbeat(void **state)
{
    struct rig *r = *state;
    const uint64_t hour = KAI_HEARTBEAT_CHANGED_MS, day = KAI_HEARTBEAT_LIFE_MS;
    uint64_t now = kai_now_ms();

    assert_false(kai_heartbeat_due(true, hour - 1));
    assert_true(kai_heartbeat_due(true, hour));
    assert_false(kai_heartbeat_due(false, day - 1));
    assert_true(kai_heartbeat_due(false, day));
    (void)kai_heartbeat_tick(r->core, now);
    struct kai_checkpoint first = said_by(r);
    rig_publish(r, "192.0.2.1\n192.0.2.2\n");
    (void)kai_heartbeat_tick(r->core, now + hour - 1);
    assert_int_equal(said_by(r).counter, first.counter);
    (void)kai_heartbeat_tick(r->core, now + hour);
    struct kai_checkpoint second = said_by(r);
    assert_true(second.counter > first.counter);
    assert_true(second.n > 0 && second.n >= first.n);
    assert_memory_not_equal(second.rows, first.rows, second.n * sizeof second.rows[0]);
    (void)kai_heartbeat_tick(r->core, now + 3 * hour);
    assert_int_equal(said_by(r).counter, second.counter);
    (void)kai_heartbeat_tick(r->core, now + hour + day);
    assert_true(said_by(r).counter > second.counter);
    second = said_by(r);

    /* Its row is that of the log: of its last entry, and of no other. */
    struct kai_mark rows[KAI_CHECKPOINT_ROWS_MAX];
    struct kai_snap *s = NULL;
    size_t n;
    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_heartbeat_rows(s, rows, &n));
    kai_snap_end(s);
    assert_int_equal(n, second.n);
    assert_memory_equal(rows, second.rows, n * sizeof rows[0]);

    /* It is durable, and a start says none anew; a log that was given up is named no more. */
    rig_again(r, false);
    now = kai_now_ms();
    (void)kai_heartbeat_tick(r->core, now);
    assert_int_equal(said_by(r).counter, second.counter);
    rig_again(r, true);
    now = kai_now_ms();
    (void)kai_heartbeat_tick(r->core, now);
    (void)kai_heartbeat_tick(r->core, now + hour);
    assert_true(said_by(r).counter > second.counter);
    assert_int_equal(said_by(r).n, 0);
}

static bool last_revoke(void *ctx, const struct kai_entry *e)
{
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_REVOKE)
        MUST(kai_revoke_parse(ctx, body));
    return true;
}

/* A further node of ours says this, by its own key. */
static const struct kai_node *further(struct rig *r, const char *name, struct kai_checkpoint *p,
                                      struct kai_buf *word)
{
    struct kai_who who;
    struct kai_keys *keys = NULL;
    struct kai_buf request;
    struct kai_home home;
    char path[KAI_PATH_BYTES_MAX];
    uint8_t id[KAI_ID_BYTES];
    int http;

    kai_who_home(&who);
    ask(&home, r->dir, name, r->core->self.org_id, &request);
    char *hex = hex_of(&request);
    json_decref(rig_ask(r, &who, "node-admit", json_pack("{s:s}", "request", hex), &http));
    assert_int_equal(http, 200);
    free(hex);
    kai_buf_free(&request);
    MUST(kai_keyfile_load(&kai_keyport_posix, kai_home_path(&home, path, "keys/node.key"),
                          KAI_KEY_NODE, NULL, &keys, NULL, &r->why));
    kai_hash(id, KAI_D_NODE, keys->sign_pk, KAI_KEY_BYTES);
    const struct kai_node *n = kai_roster_node(kai_net_roster(r->core->net), id);
    assert_non_null(n);
    memcpy(p->node_cert, n->cert, KAI_ID_BYTES);
    kai_buf_init(word, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(word, p, keys->sign_sk, r->core->charter.nid);
    MUST(word->err);
    kai_keys_free(keys);
    return n;
}

/* The last word of a lost node stands in its REVOKE, as far as there is room; of one that left, or
 * of which nothing was heard, nothing does. */
static void marks(void **state)
{
    static const char *const names[] = {"lost", "compromise", "left", "lost"};
    struct rig *r = *state;
    struct kai_who who;
    char name[16];
    int http;

    kai_who_home(&who);
    for (size_t i = 0; i < 4; i++) {
        struct kai_checkpoint p = {.counter = 5, .n = KAI_CHECKPOINT_ROWS_MAX};
        struct kai_revoke rec = {.of = 0};
        struct kai_buf word;

        (void)snprintf(name, sizeof name, "node-%zu", i);
        for (size_t k = 0; k < p.n; k++)
            memset(&p.rows[k], (int)k, sizeof p.rows[k]);
        (void)further(r, name, &p, &word);
        if (i < 3)
            kai_net_on_checkpoint(r->core->net, kai_buf_view(&word));
        json_decref(rig_ask(r, &who, "node-revoke",
                            json_pack("{s:s, s:s}", "node", name, "reason", names[i]), &http));
        assert_int_equal(http, 200);
        kai_ctl_each(r->core->ctl, r->core->issuing->sign_pk, 1, UINT64_MAX, last_revoke, &rec);
        assert_int_equal(rec.of, 1);
        assert_memory_equal(rec.target, p.node_cert, KAI_ID_BYTES);
        assert_int_equal(rec.n_marks, i < 2 ? KAI_CUTS_PER_REVOKE_MAX : 0);
        assert_memory_equal(rec.marks, p.rows, rec.n_marks * sizeof rec.marks[0]);
        kai_buf_free(&word);
    }
}

struct taken {
    const struct kai_log *log; /* One that we read. */
    struct kai_revoke rec;
};

static enum kai_err job_take(struct kai_core *c, void *arg)
{
    struct taken *t = arg;
    struct kai_log log = *t->log;

    MUST(kai_tx_log(kai_core_tx(c), &log));
    kai_core_commit(c);
    kai_marks_of(c, &t->rec, NULL, c->self.org_id);
    return KAI_OK;
}

/* One node says where its log ends; another one names that log too, elsewhere, and more than there
 * is room for. */
static void two_words(const struct kai_log *log, struct kai_checkpoint p[static 2])
{
    struct kai_mark *to = p[1].rows;

    memset(p, 0, 2 * sizeof *p);
    p[0].counter = p[1].counter = 5;
    p[0].n = 1;
    p[1].n = KAI_CHECKPOINT_ROWS_MAX;
    kai_mark_of(&p[0].rows[0], log->salt, log->log_pk, 40, log->head);
    kai_mark_of(&to[0], log->salt, log->log_pk, 1, log->head);
    assert_true(to[0].blind[0] < 0x80);
    for (size_t i = 1; i < p[1].n; i++)
        memset(&to[i], 0x80 + (int)i, sizeof to[i]);
}

static void holds(const struct kai_revoke *rec, const struct kai_mark *is)
{
    const struct kai_mark *found = kai_marks_find(rec->marks, rec->n_marks, is->blind);

    assert_non_null(found);
    assert_memory_equal(found, is, sizeof *is);
    assert_int_equal(rec->n_marks, KAI_CUTS_PER_REVOKE_MAX);
    for (size_t i = 1; i < rec->n_marks; i++)
        assert_true(memcmp(rec->marks[i - 1].blind, rec->marks[i].blind, 16) < 0);
}

/* Of two nodes that are taken out together, in whichever order, one neither ends the log of the
 * other elsewhere nor keeps it unmarked. */
static void marks_of_two(void **state)
{
    struct rig *r = *state;
    struct kai_log log = {.kind = KAI_LOG_DATA, .log_pk = {3}, .salt = {9}, .head = {1}};
    struct kai_checkpoint p[2];
    struct kai_buf word[2];

    two_words(&log, p);
    for (size_t first = 0; first < 2; first++) {
        struct kai_said said[2] = {{.node = {1}, .p = p[first]}, {.node = {2}, .p = p[!first]}};
        struct kai_whose whose = {.author = {first == 0 ? 1 : 2}};
        struct kai_revoke rec = {.of = 1};

        memcpy(whose.blind, p[0].rows[0].blind, sizeof whose.blind);
        kai_marks_pick(&rec, said, 2, &whose, 1);
        holds(&rec, &p[0].rows[0]);
    }
    for (size_t i = 0; i < 2; i++) { /* The same with nodes, and a log in a store. */
        const struct kai_node *n = further(r, i == 0 ? "pair-0" : "pair-1", &p[i], &word[i]);
        if (i == 0)
            memcpy(log.author_node, n->id, KAI_ID_BYTES);
        kai_net_on_checkpoint(r->core->net, kai_buf_view(&word[i]));
        kai_buf_free(&word[i]);
    }
    struct taken t = {.log = &log};
    MUST(kai_core_run(r->core, job_take, &t));
    holds(&t.rec, &p[0].rows[0]);
}

#define SNAPS_MAX 4096u

/* As job_take, where the store gives nobody a snapshot any more. */
static enum kai_err job_take_unread(struct kai_core *c, void *arg)
{
    static struct kai_snap *s[SNAPS_MAX];
    struct taken *t = arg;
    size_t n = 0;

    while (n < SNAPS_MAX && kai_snap_begin(c->store, &s[n]) == KAI_OK)
        n++;
    assert_true(n < SNAPS_MAX);
    kai_marks_of(c, &t->rec, NULL, c->self.org_id);
    while (n > 0)
        kai_snap_end(s[--n]);
    return KAI_OK;
}

/* The same where nothing was heard of the node whose log it is: it is left unmarked, and does not
 * end where the other one says. */
static void marks_of_one_unheard(void **state)
{
    struct rig *r = *state;
    struct kai_log log = {.kind = KAI_LOG_DATA, .log_pk = {3}, .salt = {9}, .head = {1}};
    struct kai_checkpoint p[2];
    struct kai_buf word[2];
    struct taken t = {.log = &log};

    two_words(&log, p);
    for (size_t i = 0; i < 2; i++) {
        const struct kai_node *n = further(r, i == 0 ? "pair-0" : "pair-1", &p[i], &word[i]);
        if (i == 0)
            memcpy(log.author_node, n->id, KAI_ID_BYTES);
    }
    kai_net_on_checkpoint(r->core->net, kai_buf_view(&word[1]));
    MUST(kai_core_run(r->core, job_take, &t));
    assert_int_equal(t.rec.n_marks, KAI_CUTS_PER_REVOKE_MAX);
    assert_null(kai_marks_find(t.rec.marks, t.rec.n_marks, p[0].rows[0].blind));
    /* And where nothing can be read, one node is believed: not a row of this, one of that. */
    kai_net_on_checkpoint(r->core->net, kai_buf_view(&word[0]));
    memset(&t.rec, 0, sizeof t.rec);
    MUST(kai_core_run(r->core, job_take_unread, &t));
    assert_true(t.rec.n_marks == 1 || t.rec.n_marks == KAI_CUTS_PER_REVOKE_MAX);
    const struct kai_mark *is = kai_marks_find(t.rec.marks, t.rec.n_marks, p[0].rows[0].blind);
    assert_non_null(is);
    assert_memory_equal(is, t.rec.n_marks == 1 ? &p[0].rows[0] : &p[1].rows[0], sizeof *is);
    kai_buf_free(&word[0]);
    kai_buf_free(&word[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silence, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(heartbeat, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(marks, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(marks_of_two, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(marks_of_one_unheard, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
