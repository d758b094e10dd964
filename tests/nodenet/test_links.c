/* test_links: frames, ends of links and dials between honest nodes. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/endpoint.h"
#include "nodenet/net_rig.h"

#define ANY "tcp://127.0.0.1:0"

static struct rig a, b, c;
static struct rig *ab[] = {&a, &b};
static struct rig *abc[] = {&a, &b, &c};

static int pair_start(void **state)
{
    (void)state;
    rig_start(&a, ANY);
    rig_start(&b, ANY);
    rig_start(&c, ANY);
    rig_admit(&a, &b);
    rig_admit(&a, &c);
    return 0;
}

static int pair_stop(void **state)
{
    (void)state;
    rig_stop(&a);
    rig_stop(&b);
    rig_stop(&c);
    return 0;
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0,   1,    2,    220,   222,   223,  255,
                                   256, 8191, 8192, 60000, 64999, 65000};
    static uint8_t frame[KAI_FRAME_BYTES_MAX];
    uint64_t link;

    (void)state;
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 31u);
    a.echo = true;
    link = rig_connect(&b, &a);
    assert_true(rig_until(ab, 2, &b.frame_n, 1, 2000));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t had = b.frame_n;

        rig_send(&b, link, frame, sizes[i]);
        assert_true(rig_until(ab, 2, &b.frame_n, had + 1, 2000));
        assert_int_equal(b.last_n, sizes[i]);
        assert_memory_equal(b.last, frame, sizes[i]);
        assert_true(b.frame_link == link);
    }
    assert_false(kai_transport_send(b.t, link, kai_view_of(frame, sizeof frame + 1)));
    assert_int_equal(a.down_n + b.down_n, 0);
    assert_false(kai_transport_is_intro(b.t, link));
}

static void test_ends(void **state)
{
    uint64_t link = rig_connect(&b, &a), second;

    (void)state;
    /* What was sent before the end still comes, and then `down`. */
    rig_send(&b, link, "bye", 3);
    rig_for(ab, 2, 50);
    kai_transport_drop(b.t, link);
    assert_false(kai_transport_send(b.t, link, kai_view_of("x", 1)));
    assert_true(rig_until(ab, 2, &a.down_n, 1, 1000));
    assert_int_equal(a.frame_n, 2);
    assert_memory_equal(a.last, "bye", 3);
    assert_int_equal(b.down_n, 0); /* Whoever drops needs no news of it. */
    /* The listening side ends one. */
    second = rig_connect(&b, &a);
    assert_true(second != link);
    kai_transport_drop(a.t, a.up_link);
    assert_true(rig_until(ab, 2, &b.down_n, 1, 1000));
    assert_true(b.down_link == second);
    assert_int_equal(a.down_n, 1);
}

static void test_drop_delivers_nothing_more(void **state)
{
    uint64_t link = rig_connect(&b, &a), other = rig_connect(&c, &a), begin;
    size_t had;

    (void)state;
    for (size_t i = 0; i < 50; i++)
        rig_send(&b, link, "again", 5);
    rig_for(&(struct rig *){&b}, 1, 50); /* They are under way, and a has not looked. */
    a.admitted_n = 0;
    rig_admit(&a, &c);
    had = a.frame_n;
    begin = rig_now_us();
    kai_transport_drop(a.t, 1);
    assert_true(rig_until(ab, 2, &b.down_n, 1, 1000));
    print_message("a revoked peer is cut after %u us\n", (unsigned int)(rig_now_us() - begin));
    rig_for(abc, 3, 100);
    assert_int_equal(a.frame_n, had);
    rig_send(&c, other, "still here", 10); /* And nobody else. */
    assert_true(rig_until(abc, 3, &a.frame_n, had + 1, 1000));
    (void)rig_dial(&b, &a);
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 3000));
    assert_string_equal(b.failed_code, "peer.refused");
}

static void test_revoked_before_first_frame(void **state)
{
    uint64_t link = rig_dial(&b, &a);

    (void)state;
    assert_true(rig_until(ab, 2, &b.up_n, 1, 3000));
    a.admitted_n = 0;
    rig_send(&b, link, "hello", 5);
    assert_true(rig_until(ab, 2, &b.down_n, 1, 1000));
    assert_int_equal(a.up_n + a.frame_n, 0);
}

static void test_drop_inside_frame(void **state)
{
    uint64_t link = rig_connect(&b, &a);

    (void)state;
    a.drop_on_frame = a.up_link;
    for (size_t i = 0; i < 20; i++)
        rig_send(&b, link, "again", 5);
    assert_true(rig_until(ab, 2, &b.down_n, 1, 1000));
    assert_int_equal(a.frame_n, 2);
    b.drop_on_frame = rig_connect(&b, &a);
    rig_send(&a, a.up_link, "one", 3);
    rig_send(&a, a.up_link, "two", 3);
    assert_true(rig_until(ab, 2, &a.down_n, 1, 1000));
    assert_int_equal(b.frame_n, 1);
}

static void test_restart(void **state)
{
    char endpoint[KAI_ENDPOINT_CAP];
    struct kai_why why = {0};
    uint64_t dial;

    (void)state;
    (void)rig_connect(&b, &a);
    strcpy(endpoint, kai_transport_endpoint(a.t));
    rig_stop(&a);
    assert_true(rig_until(ab, 2, &b.down_n, 1, 1000));
    assert_int_equal(kai_transport_dial(b.t, endpoint, a.pk, &dial, &why), KAI_OK);
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 6000));
    assert_string_equal(b.failed_code, "peer.unreachable");
    assert_true(b.failed_dial == dial);
    assert_int_equal(rig_try(&a, endpoint, ANY, &why), KAI_OK);
    (void)rig_connect(&b, &a);
}

static void test_many_links_of_one_peer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++)
        (void)rig_connect(&b, &a);
    rig_for(ab, 2, 100);
    assert_int_equal(a.up_n, 8);
    assert_int_equal(a.down_n, 4); /* The oldest make room: they may be dead. */
    assert_int_equal(b.down_n, 4);
}

static void test_dials_are_bounded(void **state)
{
    struct kai_why why = {0};
    uint64_t dial;

    (void)state;
    for (size_t i = 0; i < KAI_LINKS_MAX; i++)
        (void)rig_dial(&b, &a);
    assert_int_equal(kai_transport_dial(b.t, kai_transport_endpoint(a.t), a.pk, &dial, &why),
                     KAI_ELIMIT);
    assert_string_equal(why.code, "dial.limit");
}

static void test_no_descriptors(void **state)
{
    struct rlimit old, low;
    struct kai_why why = {0};
    enum kai_err err = KAI_OK;
    uint64_t dial;
    int fd = dup(0);

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)fd + 3;
    (void)close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (size_t i = 0; i < 8 && err == KAI_OK; i++)
        err = kai_transport_dial(b.t, kai_transport_endpoint(a.t), a.pk, &dial, &why);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(err, KAI_ELIMIT);
    assert_string_equal(why.code, "socket.descriptors");
    (void)rig_connect(&c, &a);
}

static void test_names(void **state)
{
    struct kai_why why = {0};
    char endpoint[KAI_ENDPOINT_CAP];
    uint64_t dial;

    (void)state;
    (void)snprintf(endpoint, sizeof endpoint, "tcp://localhost:%u",
                   (unsigned int)endpoint_port(kai_transport_endpoint(a.t)));
    assert_int_equal(kai_transport_dial(b.t, endpoint, a.pk, &dial, &why), KAI_OK);
    assert_true(rig_until(ab, 2, &b.up_n, 1, 5000) || b.failed_n == 1);
    assert_int_equal(kai_transport_dial(b.t, "tcp://nowhere.invalid:1", a.pk, &dial, &why), KAI_OK);
    assert_true(rig_until(ab, 2, &b.failed_n, b.failed_n + 1, 11000));
    assert_string_equal(b.failed_code, "peer.unreachable");
}

static void test_endpoints(void **state)
{
    static const char *const bad[] = {"",
                                      "tcp://",
                                      "tcp://x",
                                      "tcp://x:",
                                      "tcp://x:99999",
                                      "tcp://x:1a",
                                      "ipc:///x",
                                      "x:1",
                                      "tcp://1.2.3:1",
                                      "tcp://1.2.3.256:1",
                                      "tcp://[::1]",
                                      "tcp://[::g]:1",
                                      "tcp://::1:1",
                                      "tcp://127.0.0.1:0;127.0.0.1:5",
                                      "tcp://a b:1",
                                      "tcp://a/b:1",
                                      "tcp://:1",
                                      "tcp://x:01",
                                      "udp://127.0.0.1:1",
                                      "inproc://x",
                                      "tcp://x:-1",
                                      "tcp://x:+1",
                                      "tcp://[]:1"};
    static const char *const undialable[] = {"tcp://*:5", "tcp://0.0.0.0:5", "tcp://[::]:5",
                                             "tcp://127.0.0.1:0"};
    struct kai_why why = {0};
    struct kai_endpoint e;
    uint64_t dial;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static struct rig r;

        assert_int_equal(kai_transport_dial(b.t, bad[i], a.pk, &dial, &why), KAI_EMALFORMED);
        assert_string_equal(why.code, "endpoint.syntax");
        assert_int_equal(rig_try(&r, bad[i], NULL, &why), KAI_EMALFORMED);
        assert_string_equal(why.code, "endpoint.syntax");
        assert_null(r.t);
    }
    for (size_t i = 0; i < sizeof undialable / sizeof undialable[0]; i++) {
        assert_true(kai_endpoint_parse(&e, undialable[i]));
        assert_int_equal(kai_transport_dial(b.t, undialable[i], a.pk, &dial, &why), KAI_EMALFORMED);
    }
}

static void test_port_in_use(void **state)
{
    static struct rig r;
    struct kai_why why = {0};

    (void)state;
    assert_int_equal(rig_try(&r, kai_transport_endpoint(a.t), ANY, &why), KAI_EBUSY);
    assert_string_equal(why.code, "port.in-use");
    assert_string_equal(why.arg[0], kai_transport_endpoint(a.t));
    assert_int_equal(rig_try(&r, ANY, kai_transport_endpoint(a.t), &why), KAI_EBUSY);
    assert_null(r.t);
}

static void test_ipv6(void **state)
{
    static struct rig r;

    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 loop = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&loop, sizeof loop);

    if (fd >= 0)
        (void)close(fd);
    if (bound != 0)
        skip();
    rig_start(&r, "tcp://[::1]:0");
    rig_admit(&r, &b);
    (void)rig_connect(&b, &r);
    rig_stop(&r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, pair_start, pair_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_sizes),
        TEST(test_ends),
        TEST(test_drop_delivers_nothing_more),
        TEST(test_revoked_before_first_frame),
        TEST(test_drop_inside_frame),
        TEST(test_restart),
        TEST(test_many_links_of_one_peer),
        TEST(test_dials_are_bounded),
        TEST(test_no_descriptors),
        TEST(test_names),
        TEST(test_endpoints),
        TEST(test_port_in_use),
        TEST(test_ipv6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
