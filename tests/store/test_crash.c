/* test_crash: a process that appends is killed at any moment; what it acknowledged is there, whole
 * and once, and nothing that was only staged. */
#include "store/kit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CYCLES 80u

/* What the child says after each commit. */
struct ack {
    uint64_t a; /* Visible entries of log 1, appended. */
    uint64_t b; /* And of log 2, staged and advanced three by three. */
};

static void resume(struct kai_store *s, struct kit_log *l)
{
    struct kai_snap *r;
    struct kai_log log;

    if (kai_snap_begin(s, &r) != KAI_OK || kai_snap_log(r, l->pk, &log) != KAI_OK)
        _exit(2);
    l->seq = log.head_seq;
    memcpy(l->head, log.head, sizeof l->head);
    kai_snap_end(r);
}

static void one(struct kai_tx *t, struct kit_log *l, bool staged)
{
    struct kit_entry k;
    size_t n = l->seq % 7 == 0 ? 20000 : 600;

    kit_next(&k, l, n);
    enum kai_err err = staged ? kai_tx_stage(t, &k.e, 1) : kai_tx_append(t, &k.e, 1);
    if (err != KAI_OK)
        _exit(3);
    kit_moved(l, &k);
    kit_free(&k);
}

static void writer(const char *dir, int fd)
{
    struct kit_log a = kit_log(31);
    struct kit_log b = kit_log(32);
    struct kai_store *s;
    struct kai_why why;
    struct kai_tx *t;

    if (kit_try(&s, dir, &why) != KAI_OK)
        _exit(4);
    resume(s, &a);
    resume(s, &b);
    for (;;) {
        if (kai_tx_begin(s, &t) != KAI_OK)
            _exit(5);
        for (size_t i = 0; i < 5; i++)
            one(t, &a, false);
        one(t, &b, true);
        bool whole = b.seq % 3 == 0;
        if (whole && kai_tx_advance(t, b.pk, b.seq) != KAI_OK)
            _exit(6);
        if (kai_tx_commit(t) != KAI_OK)
            _exit(7);
        struct ack ack = {a.seq, b.seq / 3 * 3};
        if (write(fd, &ack, sizeof ack) != (ssize_t)sizeof ack)
            _exit(8);
    }
}

struct count {
    uint64_t next[3];
};

static bool each_once(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                      uint64_t seen_ms)
{
    struct count *c = ctx;

    (void)position;
    (void)seen_ms;
    assert_true(no == 1 || no == 2);
    assert_int_equal(e->h.seq, ++c->next[no]);
    assert_int_equal(e->payload.n, (e->h.seq - 1) % 7 == 0 ? 20000 : 600);
    return true;
}

static void verify(const char *dir, const struct ack *ack, struct ack *found)
{
    struct kai_store *s = kit_open(dir);
    struct count c = {{0}};
    struct kai_snap *r;
    struct kai_log a;
    struct kai_log b;
    struct kai_entry e;

    assert_false(kai_store_was_clean(s));
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_log_no(r, 1, &a), KAI_OK);
    assert_int_equal(kai_snap_log_no(r, 2, &b), KAI_OK);
    assert_true(a.head_seq >= ack->a && b.head_seq >= ack->b);
    assert_int_equal(b.head_seq % 3, 0); /* All of a request or nothing. */
    assert_int_equal(a.head_seq % 5, 0);
    assert_int_equal(kai_snap_arrivals(r, 0, each_once, &c), KAI_OK);
    assert_int_equal(c.next[1], a.head_seq);
    assert_int_equal(c.next[2], b.head_seq);
    assert_int_equal(kai_snap_entry(r, b.log_pk, b.head_seq + 1, &e), KAI_ENOTFOUND);
    *found = (struct ack){a.head_seq, b.head_seq};
    kai_snap_end(r);
    kai_store_close(s);
}

/* Read acknowledgements for so long, then kill. False: the child ended by itself. */
static bool listen_then_kill(pid_t pid, int fd, int acks, int us, struct ack *last)
{
    struct timespec wait = {.tv_nsec = us * 1000L};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct ack got;
    int status;

    while (acks-- > 0)
        if (read(fd, &got, sizeof got) == (ssize_t)sizeof got)
            *last = got;
    /* A random moment within a commit or two. */
    while (ppoll(&p, 1, &wait, NULL) == 1 && read(fd, &got, sizeof got) == (ssize_t)sizeof got) {
        *last = got;
        wait.tv_nsec /= 2;
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (read(fd, &got, sizeof got) == (ssize_t)sizeof got)
        *last = got; /* Said before it died. */
    return WIFSIGNALED(status);
}

static void test_crash(void **state)
{
    char dir[64];
    struct kit_log a = kit_log(31);
    struct kit_log b = kit_log(32);
    struct kit_rand r = {33};
    struct ack last = {0};
    struct ack found = {0};

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &a, 0);
    kit_add_log(s, &b, KAI_LOG_OWN);
    kai_store_close(s);
    for (size_t i = 0; i < CYCLES; i++) {
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            writer(dir, fds[1]);
        }
        close(fds[1]);
        assert_true(listen_then_kill(pid, fds[0], (int)(kit_rand(&r) % 4),
                                     (int)(kit_rand(&r) % 6000), &last));
        close(fds[0]);
        verify(dir, &last, &found);
        last = found;
    }
    print_message("%u kills; %ju and %ju entries\n", CYCLES, (uintmax_t)found.a,
                  (uintmax_t)found.b);
    assert_true(found.a > 100 && found.b > 3);
    kit_dir_rm(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crash)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
