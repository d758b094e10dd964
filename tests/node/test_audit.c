/* test_audit: nothing that was written to the audit log can be changed unseen, and what cannot be
 * written is not shown. */
#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/audiences.h"
#include "node/audit.h"

#define FILE_MAX (1u << 20)

struct text {
    char bytes[FILE_MAX];
    size_t n;
};

static void log_read(struct rig *r, struct text *t)
{
    char path[KAI_PATH_BYTES_MAX];

    MUST(kai_file_read(kai_audit_path(r->core, path), t->bytes, sizeof t->bytes, &t->n));
}

/* In place, as somebody else would who can write to it. */
static void log_write(struct rig *r, const char *p, size_t n)
{
    char path[KAI_PATH_BYTES_MAX];
    int fd = open(kai_audit_path(r->core, path), O_WRONLY | O_TRUNC);

    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static enum kai_err read_items(struct rig *r, const char *name, uint8_t first, size_t n,
                               uint8_t tlp)
{
    struct kai_who who = {.kind = KAI_WHO_USER};
    struct kai_audit_batch b = {0};
    uint8_t item[KAI_ID_BYTES] = {first};

    kai_copy_text(who.name, sizeof who.name, name);
    for (size_t i = 0; i < n; i++, item[0]++)
        kai_audit_read(&b, item, tlp);
    enum kai_err err = kai_audit_commit(r->core, &who, "query", &b, &r->why);
    kai_audit_batch_free(&b);
    return err;
}

/* Verify; 0: all is well and there are so many lines, else the first bad line. */
static uint64_t bad_line(struct rig *r, uint64_t want_lines)
{
    struct kai_why why = {0};
    uint64_t lines;
    enum kai_err err = kai_audit_verify(r->core, &lines, &why);

    if (err == KAI_OK)
        assert_int_equal(lines, want_lines);
    else
        assert_int_equal(err, KAI_EAUTH);
    return err == KAI_OK ? 0 : why.line;
}

static void write_five(struct rig *r)
{
    MUST(read_items(r, "alice", 1, 2, KAI_TLP_AMBER));
    MUST(read_items(r, "bob", 3, 5, KAI_TLP_GREEN)); /* Is in no log. */
    MUST(read_items(r, "a \"quoted\"\n\x1b[31m name", 3, 3, KAI_TLP_RED));
    assert_int_equal(bad_line(r, 5), 0);
}

static size_t lines_at(const struct text *t, const char *start[static 8])
{
    size_t n = 0;

    for (const char *p = t->bytes; p < t->bytes + t->n; p = strchr(p, '\n') + 1)
        start[n++] = p;
    start[n] = t->bytes + t->n;
    return n;
}

static void what_a_line_says(void **state)
{
    struct rig *r = *state;
    static struct text t;
    struct stat st;
    char path[KAI_PATH_BYTES_MAX];

    write_five(r);
    log_read(r, &t);
    json_t *o = json_loadb(t.bytes, (size_t)(strchr(t.bytes, '\n') - t.bytes), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "who")), "user:alice");
    assert_string_equal(json_string_value(json_object_get(o, "verb")), "query");
    assert_string_equal(json_string_value(json_object_get(o, "label")), "TLP:AMBER");
    assert_int_equal(json_integer_value(json_object_get(o, "n")), 1);
    assert_memory_equal(json_string_value(json_object_get(o, "item")), "0100", 4);
    json_decref(o);
    assert_null(strchr(t.bytes, '\x1b')); /* Nobody's terminal is commanded. */
    assert_int_equal(stat(kai_audit_path(r->core, path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void each_altered_byte_is_found(void **state)
{
    struct rig *r = *state;
    static struct text t;
    const char *start[8];
    uint64_t line = 1;

    write_five(r);
    log_read(r, &t);
    assert_int_equal(lines_at(&t, start), 5);
    for (size_t i = 0; i < t.n; i++) {
        for (unsigned bit = 1; bit < 256; bit *= 16) {
            t.bytes[i] = (char)(t.bytes[i] ^ (char)bit);
            log_write(r, t.bytes, t.n);
            uint64_t bad = bad_line(r, 5);
            if (bad != line)
                fail_msg("byte %zu of line %llu: %llu", i, (unsigned long long)line,
                         (unsigned long long)bad);
            t.bytes[i] = (char)(t.bytes[i] ^ (char)bit);
        }
        line += t.bytes[i] == '\n';
    }
    log_write(r, t.bytes, t.n);
    assert_int_equal(bad_line(r, 5), 0);
}

static void each_cut_is_found(void **state)
{
    struct rig *r = *state;
    static struct text t;

    write_five(r);
    log_read(r, &t);
    for (size_t n = 0; n < t.n; n++) {
        log_write(r, t.bytes, n);
        assert_int_not_equal(bad_line(r, 5), 0);
    }
}

static void each_removed_doubled_and_swapped_line_is_found(void **state)
{
    struct rig *r = *state;
    static struct text t;
    static char made[FILE_MAX];
    const char *start[8];
    static const struct {
        const char *what;
        size_t order[6];
        uint64_t bad;
    } rows[] = {
        {"first removed", {1, 2, 3, 4, 9}, 1},
        {"middle removed", {0, 1, 3, 4, 9}, 3},
        {"last removed", {0, 1, 2, 3, 9}, 5},
        {"all removed", {9}, 1},
        {"first two swapped", {1, 0, 2, 3, 4, 9}, 1},
        {"last two swapped", {0, 1, 2, 4, 3, 9}, 4},
        {"one moved to the end", {0, 2, 3, 4, 1, 9}, 2},
        {"one doubled", {0, 1, 1, 2, 3, 4}, 3},
        {"last doubled", {0, 1, 2, 3, 4, 4}, 6},
        {"backwards", {4, 3, 2, 1, 0, 9}, 1},
    };

    write_five(r);
    log_read(r, &t);
    assert_int_equal(lines_at(&t, start), 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = 0;

        for (size_t k = 0; k < 6 && rows[i].order[k] != 9; k++) {
            size_t len = (size_t)(start[rows[i].order[k] + 1] - start[rows[i].order[k]]);

            memcpy(made + n, start[rows[i].order[k]], len);
            n += len;
        }
        log_write(r, made, n);
        uint64_t bad = bad_line(r, 5);
        if (bad != rows[i].bad)
            fail_msg("%s: %llu", rows[i].what, (unsigned long long)bad);
    }
}

/* n further lines that chain on, made by somebody who can hash too; then what follows. */
static void append_chained(struct rig *r, size_t n, const char *rest)
{
    static struct text t;
    const char *start[8];
    struct kai_audit_at at = {0};
    struct kai_buf b;
    uint8_t item[KAI_ID_BYTES] = {7};
    struct kai_audit_fact f = {
        .time_ms = 1, .who = "user:eve", .verb = "get", .item = item, .tlp = KAI_TLP_AMBER};

    log_read(r, &t);
    size_t have = lines_at(&t, start);
    for (size_t i = 0; i < have; i++)
        assert_null(kai_audit_line_check(
            &at, kai_view_of(start[i], (size_t)(start[i + 1] - start[i]) - 1)));
    kai_buf_init(&b, FILE_MAX);
    kai_buf_add(&b, t.bytes, t.n);
    for (size_t i = 0; i < n; i++)
        kai_audit_line_write(&b, &at, &f);
    kai_buf_text(&b, rest);
    MUST(b.err);
    log_write(r, (const char *)b.p, b.len);
    kai_buf_free(&b);
}

static void lines_that_the_store_does_not_know_are_found(void **state)
{
    struct rig *r = *state;

    write_five(r);
    append_chained(r, 2, "");
    assert_int_equal(bad_line(r, 5), 8);
    rig_again(r, false); /* It stopped as it should: nothing was under way. */
    assert_int_equal(bad_line(r, 5), 8);
}

/* A kill between the log's sync and the store's commit leaves lines, whole and half. */
static void after_a_kill_the_store_follows_the_chain(void **state)
{
    struct rig *r = *state;

    write_five(r);
    append_chained(r, 2, "{\"n\":8,\"ti");
    rig_again(r, true);
    assert_int_equal(bad_line(r, 7), 0);
    MUST(read_items(r, "alice", 1, 1, KAI_TLP_AMBER));
    assert_int_equal(bad_line(r, 8), 0);
    rig_again(r, false);
    assert_int_equal(bad_line(r, 8), 0);
}

static void after_a_kill_what_does_not_chain_is_cut(void **state)
{
    struct rig *r = *state;
    static struct text before;
    static struct text after;

    write_five(r);
    log_read(r, &before);
    append_chained(r, 0, "{\"n\":6}\n{\"n\":7}\n");
    rig_again(r, true);
    log_read(r, &after);
    assert_int_equal(after.n, before.n);
    assert_memory_equal(after.bytes, before.bytes, before.n);
    assert_int_equal(bad_line(r, 5), 0);
}

static void a_kill_excuses_no_missing_line(void **state)
{
    struct rig *r = *state;
    static struct text t;
    const char *start[8];

    write_five(r);
    log_read(r, &t);
    (void)lines_at(&t, start);
    log_write(r, t.bytes, (size_t)(start[4] - t.bytes) - 5); /* In the fourth line. */
    rig_again(r, true);
    assert_int_equal(bad_line(r, 5), 4);
    MUST(read_items(r, "alice", 1, 1, KAI_TLP_AMBER)); /* Goes on, and stays to be found. */
    assert_int_equal(bad_line(r, 5), 4);
    assert_int_equal(r->core->n_alarms, 1);
    assert_string_equal(r->core->alarms[0].code, "alarm.audit");
}

static void a_log_that_was_taken_away_is_missed(void **state)
{
    struct rig *r = *state;
    char path[KAI_PATH_BYTES_MAX];

    write_five(r);
    assert_int_equal(unlink(kai_audit_path(r->core, path)), 0);
    assert_int_equal(bad_line(r, 5), 1);
    MUST(read_items(r, "alice", 1, 1, KAI_TLP_AMBER));
    assert_int_equal(bad_line(r, 5), 1);
    assert_int_equal(r->core->n_alarms, 1);
}

/* Nothing is shown, and the log is as it was. */
static void no_room_no_read(void **state)
{
    struct rig *r = *state;
    static struct text before;
    static struct text after;
    struct rlimit was;

    write_five(r);
    log_read(r, &before);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    struct rlimit small = {.rlim_cur = before.n + 100, .rlim_max = was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum kai_err err = read_items(r, "alice", 1, 2, KAI_TLP_AMBER);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(err, KAI_EIO);
    assert_string_equal(r->why.code, "audit.write");
    log_read(r, &after);
    assert_int_equal(after.n, before.n);
    assert_int_equal(bad_line(r, 5), 0);
    MUST(read_items(r, "alice", 1, 2, KAI_TLP_AMBER));
    assert_int_equal(bad_line(r, 7), 0);
}

static void a_folder_in_its_place_no_read(void **state)
{
    struct rig *r = *state;
    char path[KAI_PATH_BYTES_MAX];

    write_five(r);
    assert_int_equal(unlink(kai_audit_path(r->core, path)), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(read_items(r, "alice", 1, 1, KAI_TLP_AMBER), KAI_EIO);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0); /* Nor anybody's else file. */
    assert_int_equal(read_items(r, "alice", 1, 1, KAI_TLP_AMBER), KAI_EIO);
    assert_int_equal(unlink(path), 0);
}

/* One item at AMBER; its id. */
static void publish_amber(struct rig *r, const struct kai_who *who, char id[static 65])
{
    static const char list[] = "192.0.2.1\n";
    static struct kai_config cfg;
    struct kai_aud_spec s = {.name = "trusted", .kind = KAI_AUD_GROUP, .label_max = KAI_TLP_AMBER};
    uint8_t aud[KAI_ID_BYTES];
    struct kai_call call = {.core = r->core,
                            .cfg = &cfg,
                            .who = who,
                            .body = kai_view_of(list, sizeof list - 1),
                            .args = json_pack("{s:s,s:s}", "to", "trusted", "label", "amber")};

    MUST(kai_audience_create(r->core, &s, aud, &r->why));
    assert_int_equal(kai_call_run(&call, "publish"), 200);
    kai_call_free(&call);
    struct kai_call query = {.core = r->core, .who = who, .args = json_object()};
    struct kai_buf out;
    bool end = false;
    assert_int_equal(kai_call_run(&query, "query"), 200);
    kai_buf_init(&out, 1u << 20);
    while (!end)
        MUST(kai_call_next(&query, &out, &end));
    assert_true(out.len > 80);
    memcpy(id, out.p + strlen("{\"id\":\""), 64);
    id[64] = '\0';
    kai_buf_free(&out);
    kai_call_free(&query);
}

/* No answer, at once or piece by piece, goes out before its line is in the log. */
static void what_cannot_be_recorded_is_not_shown(void **state)
{
    struct rig *r = *state;
    char path[KAI_PATH_BYTES_MAX];
    struct kai_who who;
    char id[65];
    int http;

    kai_who_home(&who);
    publish_amber(r, &who, id);
    assert_int_equal(bad_line(r, 1), 0);
    json_decref(rig_ask(r, &who, "get", json_pack("{s:s}", "id", id), &http));
    assert_int_equal(http, 200);
    assert_int_equal(bad_line(r, 2), 0);
    assert_int_equal(unlink(kai_audit_path(r->core, path)), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    json_t *o = rig_ask(r, &who, "get", json_pack("{s:s}", "id", id), &http);
    assert_int_equal(http, 500);
    assert_string_equal(json_string_value(json_object_get(o, "error")), "audit.write");
    assert_null(json_object_get(o, "id"));
    json_decref(o);
    struct kai_call query = {.core = r->core, .who = &who, .args = json_object()};
    struct kai_buf out;
    bool end = false;
    kai_buf_init(&out, 1u << 20);
    assert_int_equal(kai_call_run(&query, "query"), 200);
    assert_int_equal(query.out.len, 0);
    assert_int_equal(kai_call_next(&query, &out, &end), KAI_EIO);
    kai_buf_free(&out);
    kai_call_free(&query);
    assert_int_equal(rmdir(path), 0);
}

#define THREADS 8
#define ROUNDS  40

static void *read_much(void *arg)
{
    struct rig *r = arg;

    for (int i = 0; i < ROUNDS; i++)
        if (read_items(r, "alice", 1, 3, KAI_TLP_AMBER) != KAI_OK)
            return r;
    return NULL;
}

static void many_at_once(void **state)
{
    struct rig *r = *state;
    pthread_t t[THREADS];
    void *failed;

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, read_much, r), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(t[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(bad_line(r, THREADS * ROUNDS * 3), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_a_line_says),
        T(each_altered_byte_is_found),
        T(each_cut_is_found),
        T(each_removed_doubled_and_swapped_line_is_found),
        T(lines_that_the_store_does_not_know_are_found),
        T(after_a_kill_the_store_follows_the_chain),
        T(after_a_kill_what_does_not_chain_is_cut),
        T(a_kill_excuses_no_missing_line),
        T(a_log_that_was_taken_away_is_missed),
        T(no_room_no_read),
        T(a_folder_in_its_place_no_read),
        T(what_cannot_be_recorded_is_not_shown),
        T(many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
