/* test_damage: the index's file was cut, or rotted. It is made anew, or gives the rows that were
 * put there, or says that it is damaged; never other rows, and who opens it never dies. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "query/query_util.h"

#define ROWS 300u

/* How many images of each kind; KAIRAN_DAMAGED asks for more. */
static size_t images(size_t otherwise)
{
    const char *more = getenv("KAIRAN_DAMAGED");

    return more != NULL ? (size_t)strtoul(more, NULL, 10) : otherwise;
}

struct sample {
    struct tmp tmp;
    char path[128];
    char state_path[128];
    uint8_t *bytes;
    size_t n;
    struct timespec times[2];
    uint8_t state[2][256]; /* The file `state` of an index that was closed, and of one that was
                              killed. */
    size_t state_n;
};

static size_t slurp(const char *path, uint8_t *out, size_t cap)
{
    int fd = open(path, O_RDONLY);
    ssize_t n;

    assert_true(fd >= 0);
    n = read(fd, out, cap);
    assert_true(n > 0);
    close(fd);
    return (size_t)n;
}

/* Twenty rows in one transaction; false: something failed. */
static bool put_batch(struct kai_index *x, size_t batch)
{
    uint64_t seed = batch;
    struct kai_ix *t;
    bool ok = kai_ix_begin(x, &t) == KAI_OK;

    if (!ok)
        return false;
    for (size_t i = 0; i < 20; i++) {
        size_t no = batch * 20 + i + 1;
        struct kai_row row = stix_row((uint8_t)no, (uint8_t)(no >> 4), 1, (uint8_t)no, no);
        char text[32];

        row.seq = no;
        row.item_id[1] = (uint8_t)(no >> 8);
        int n = snprintf(text, sizeof text, "192.0.2.%u", (unsigned int)rnd_below(&seed, 250));
        ok = ok && kai_ix_row(t, &row, false) == KAI_OK &&
             kai_ix_value(t, row.no, KAI_V_IPV4, kai_view_of(text, (size_t)n), 0) == KAI_OK;
    }
    if (ok)
        return kai_ix_commit(t, batch + 1) == KAI_OK;
    kai_ix_abort(t);
    return false;
}

static void fill(struct kai_index *x)
{
    for (size_t batch = 0; batch < ROWS / 20; batch++)
        assert_true(put_batch(x, batch));
}

static void sample_make(struct sample *s)
{
    struct stat st;
    struct kai_index *x;

    memset(s, 0, sizeof *s);
    tmp_make(&s->tmp);
    (void)snprintf(s->path, sizeof s->path, "%s/data.mdb", s->tmp.index);
    (void)snprintf(s->state_path, sizeof s->state_path, "%s/state", s->tmp.index);
    x = tmp_open(&s->tmp, "boot", true);
    fill(x);
    s->state_n = slurp(s->state_path, s->state[1], sizeof s->state[1]);
    kai_index_close(x);
    assert_int_equal(slurp(s->state_path, s->state[0], sizeof s->state[0]), s->state_n);
    assert_int_equal(stat(s->path, &st), 0);
    s->times[0] = st.st_atim;
    s->times[1] = st.st_mtim;
    s->n = (size_t)st.st_size;
    s->bytes = malloc(s->n);
    assert_non_null(s->bytes);
    assert_int_equal(slurp(s->path, s->bytes, s->n), s->n);
}

static void sample_free(struct sample *s)
{
    tmp_remove(&s->tmp);
    free(s->bytes);
}

static void put_file(const char *path, const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

/* The file as it is in memory, n bytes of it. quiet: with the time that it had. */
static void put_sample(const struct sample *s, size_t n, bool killed, bool quiet)
{
    put_file(s->path, s->bytes, n);
    put_file(s->state_path, s->state[killed], s->state_n);
    if (quiet)
        assert_int_equal(utimensat(AT_FDCWD, s->path, s->times, 0), 0);
}

enum found { ANEW, WHOLE, TOLD, WRONG };

/* What who opens it finds. Exit status of a child, so that death is one as well. */
static enum found find(const struct sample *s)
{
    struct kai_index *x;
    struct kai_ixsnap *r;
    bool rebuild;
    struct kai_why why = {0};
    enum found found = WHOLE;

    if (kai_index_open(&x, s->tmp.index, UINT64_C(1) << 30, "boot", &rebuild, &why) != KAI_OK)
        return why.code != NULL ? TOLD : WRONG;
    if (kai_ixsnap_begin(x, 5, &r) != KAI_OK)
        return TOLD;
    if (rebuild)
        found = kai_ixsnap_last(r) == 0 ? ANEW : WRONG;
    for (uint64_t no = 1; found == WHOLE && no <= ROWS; no++) {
        struct kai_row row;
        enum kai_err err = kai_ixsnap_row(r, no, &row);

        if (err != KAI_OK)
            found = err == KAI_ECORRUPT ? TOLD : WRONG;
        else if (row.seq != no || row.item_id[0] != (uint8_t)no || row.tlp != 2 ||
                 row.origin[5] != (uint8_t)(no >> 4))
            found = WRONG;
    }
    kai_ixsnap_end(r);
    for (size_t batch = ROWS / 20; found != WRONG && batch < ROWS / 10; batch++)
        if (!put_batch(x, batch)) /* The first change copies pages. */
            found = TOLD;
    kai_index_close(x);
    return found;
}

/* -1: it died. */
static int in_child(const struct sample *s)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    int status;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* cmocka catches these, and would go on. */
        for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
            (void)signal(fatal[i], SIG_DFL);
        _exit((int)find(s));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static size_t flip(struct sample *s, uint64_t *seed, size_t i, uint8_t *bit)
{
    size_t at = (size_t)rnd_below(seed, s->n);

    if (i % 3 == 0)
        at = at / 4096 * 4096 + at % 48; /* Page headers and the pointers after them. */
    *bit = (uint8_t)(1u << rnd_below(seed, 8));
    s->bytes[at] ^= *bit;
    return at;
}

/* Damage that leaves a trace in the file's size or time: it is made anew, every time. */
static void test_changed(void **state)
{
    struct sample s;
    uint64_t seed = 11;
    size_t n = images(150);

    (void)state;
    sample_make(&s);
    for (size_t i = 0; i < n; i++) {
        uint8_t bit;
        size_t at = flip(&s, &seed, i, &bit);
        bool cut = i % 4 == 0;

        put_sample(&s, cut ? (size_t)rnd_below(&seed, s.n) : s.n, i % 2 == 0, cut);
        if (in_child(&s) != ANEW)
            fail_msg("flip at %zu was believed", at);
        s.bytes[at] ^= bit;
    }
    put_sample(&s, s.n, false, true);
    assert_int_equal(in_child(&s), WHOLE);
    put_sample(&s, s.n, true, true);
    assert_int_equal(in_child(&s), WHOLE);
    print_message("of %zu changed files: all made anew\n", n);
    sample_free(&s);
}

/* Rot that leaves none. It is walked first: nobody dies, neither who reads nor who writes. */
static void test_quiet(void **state)
{
    struct sample s;
    uint64_t seed = 12;
    size_t n = images(150);
    size_t count[2][4] = {{0}};

    (void)state;
    sample_make(&s);
    for (size_t i = 0; i < n; i++) {
        uint8_t bit;
        size_t at = flip(&s, &seed, i, &bit);

        for (int killed = 0; killed < 2; killed++) {
            put_sample(&s, s.n, killed != 0, true);
            int found = in_child(&s);
            if (found < 0 || found == WRONG)
                fail_msg("rot at %zu bit %u, killed %d: %s", at, bit, killed,
                         found < 0 ? "somebody died" : "wrong rows");
            count[killed][found]++;
        }
        s.bytes[at] ^= bit;
    }
    print_message(
        "of %zu that rotted after a stop: %zu made anew, %zu told when read, %zu harmless\n", n,
        count[0][ANEW], count[0][TOLD], count[0][WHOLE]);
    print_message(
        "of %zu that rotted after a kill: %zu made anew, %zu told when read, %zu harmless\n", n,
        count[1][ANEW], count[1][TOLD], count[1][WHOLE]);
    assert_true(count[0][ANEW] > 0 && count[1][ANEW] > 0);
    assert_true(count[0][TOLD] == 0 && count[1][TOLD] == 0); /* A rebuild needs no person. */
    sample_free(&s);
}

/* What reading never looks at: flags and bounds at the head of each page, and its number. */
static void test_heads(void **state)
{
    static const struct {
        size_t at;
        uint16_t is;
    } heads[] = {{10, 0x12},   {10, 0x4002}, {12, 0xfff0}, {14, 1},
                 {14, 0x1fff}, {14, 0x0ffe}, {0, 0xffff}};
    struct sample s;
    size_t count[4] = {0};

    (void)state;
    sample_make(&s);
    for (size_t page = 2 * 4096; page + 4096 <= s.n; page += 4096)
        for (size_t i = page / 4096 % 2; i < sizeof heads / sizeof heads[0]; i += 2) {
            uint8_t *head = s.bytes + page + heads[i].at, was[2] = {head[0], head[1]};

            memcpy(head, &heads[i].is, 2);
            put_sample(&s, s.n, page / 4096 % 4 < 2, true);
            int found = in_child(&s);
            if (found < 0 || found == WRONG)
                fail_msg("page %zu, byte %zu: %s", page / 4096, heads[i].at,
                         found < 0 ? "somebody died" : "wrong rows");
            count[found]++;
            memcpy(head, was, 2);
        }
    print_message("of page heads: %zu made anew, %zu told when read, %zu harmless\n", count[ANEW],
                  count[TOLD], count[WHOLE]);
    assert_true(count[ANEW] > 0 && count[TOLD] == 0);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed), cmocka_unit_test(test_quiet),
                                       cmocka_unit_test(test_heads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
