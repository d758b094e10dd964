/* test_child: a child ends with its parent, and gives back what it inherited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

#define PATIENCE_MS 20000

static void test_ends_with_its_parent(void **state)
{
    int held[2];
    int status;
    char c;

    (void)state;
    assert_int_equal(pipe(held), 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t self = getpid();
        int begun[2];
        if (pipe(begun) != 0)
            _exit(1);
        if (fork() == 0) {
            kai_child_begin(self);
            (void)!write(begun[1], "x", 1);
            for (;;)
                (void)pause();
        }
        _exit(read(begun[0], &c, 1) == 1 ? 0
                                         : 1); /* As if it was killed: nobody tells the child. */
    }
    close(held[1]);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    struct pollfd p = {.fd = held[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    assert_int_equal(read(held[0], &c, 1), 0); /* Nobody has the other end any more. */
    close(held[0]);
}

/* One that died before the child came to say that it wants to end with it. */
static void test_of_one_that_is_gone(void **state)
{
    int status;

    (void)state;
    pid_t child = fork();
    if (child == 0) {
        kai_child_begin(1);
        _exit(9);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_with_its_parent),
        cmocka_unit_test(test_of_one_that_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
