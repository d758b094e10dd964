/* test_hostile: members that break the rules, and strangers that try. Each test ends with a proof
 * that an honest peer was not disturbed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock_secure.h"
#include "nodenet/net_rig.h"

#define ANY "tcp://127.0.0.1:0"

static struct rig a, b, evil; /* evil is a key that a admits, and no transport. */
static struct rig *ab[] = {&a, &b};
static uint64_t honest;
static void *zmq, *dealer;

static int start(void **state)
{
    (void)state;
    rig_start(&a, ANY);
    rig_start(&b, NULL);
    rig_start(&evil, NULL);
    rig_stop(&evil);
    rig_admit(&a, &b);
    rig_admit(&a, &evil);
    honest = rig_connect(&b, &a);
    zmq = zmq_ctx_new();
    dealer = zmq_socket(zmq, ZMQ_DEALER);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    (void)zmq_close(dealer);
    (void)zmq_ctx_term(zmq);
    rig_stop(&a);
    rig_stop(&b);
    return 0;
}

static void option(int name, const void *p, size_t n)
{
    assert_int_equal(zmq_setsockopt(dealer, name, p, n), 0);
}

/* A DEALER with evil's key and whatever else was set before. */
static void evil_connect(const char *endpoint)
{
    const int linger = 0;

    option(ZMQ_LINGER, &linger, sizeof linger);
    option(ZMQ_CURVE_PUBLICKEY, evil.pk, 32);
    option(ZMQ_CURVE_SECRETKEY, evil.sk, 32);
    option(ZMQ_CURVE_SERVERKEY, a.pk, 32);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
}

static void honest_goes_on(void)
{
    size_t frames = a.frame_n;

    rig_send(&b, honest, "still here", 10);
    assert_true(rig_until(ab, 2, &a.frame_n, frames + 1, 1000));
    assert_memory_equal(a.last, "still here", 10);
    assert_int_equal(b.down_n, 0);
}

static void test_frame_too_large(void **state)
{
    static uint8_t frame[KAI_FRAME_BYTES_MAX + 1];

    (void)state;
    evil_connect(kai_transport_endpoint(a.t));
    assert_int_equal(zmq_send(dealer, "hello", 5, 0), 5);
    assert_true(rig_until(ab, 2, &a.frame_n, 2, 2000));
    assert_int_equal(zmq_send(dealer, frame, sizeof frame, 0), (int)sizeof frame);
    assert_true(rig_until(ab, 2, &a.down_n, 1, 2000));
    assert_int_equal(a.frame_n, 2);
    honest_goes_on();
}

static void test_message_over_maxmsgsize(void **state)
{
    static uint8_t frame[KAI_ZMQ_MSG_BYTES_MAX * 4u];

    (void)state;
    evil_connect(kai_transport_endpoint(a.t));
    assert_int_equal(zmq_send(dealer, "hello", 5, 0), 5);
    assert_true(rig_until(ab, 2, &a.frame_n, 2, 2000));
    assert_int_equal(zmq_send(dealer, frame, sizeof frame, 0), (int)sizeof frame);
    assert_true(rig_until(ab, 2, &a.down_n, 1, 2000));
    assert_int_equal(a.frame_n, 2);
    honest_goes_on();
}

static void test_two_parts(void **state)
{
    (void)state;
    evil_connect(kai_transport_endpoint(a.t));
    assert_int_equal(zmq_send(dealer, "hello", 5, 0), 5);
    assert_true(rig_until(ab, 2, &a.frame_n, 2, 2000));
    assert_int_equal(zmq_send(dealer, "one", 3, ZMQ_SNDMORE), 3);
    assert_int_equal(zmq_send(dealer, "two", 3, 0), 3);
    assert_int_equal(zmq_send(dealer, "after", 5, 0), 5);
    assert_true(rig_until(ab, 2, &a.down_n, 1, 2000));
    rig_for(ab, 2, 50);
    assert_int_equal(a.frame_n, 2);
    honest_goes_on();
}

static void test_two_parts_at_once(void **state)
{
    const int reconnect = -1;

    (void)state;
    option(ZMQ_RECONNECT_IVL, &reconnect, sizeof reconnect);
    evil_connect(kai_transport_endpoint(a.t));
    assert_int_equal(zmq_send(dealer, "one", 3, ZMQ_SNDMORE), 3);
    assert_int_equal(zmq_send(dealer, "two", 3, 0), 3);
    assert_int_equal(zmq_send(dealer, "after", 5, 0), 5);
    rig_for(ab, 2, 500);
    assert_int_equal(a.up_n, 1);
    assert_int_equal(a.frame_n, 1);
    honest_goes_on();
}

/* The sender of endless parts is a process of its own, so that what it holds is not measured. It
 * is forked before any thread of libzmq begins, and waits for its orders on a pipe. */
struct order {
    char endpoint[KAI_ENDPOINT_CAP];
    uint8_t pk[32], sk[32], server[32];
};

static int orders_fd = -1;

#define PARTS_N 4000u

static void endless_child(int fd)
{
    static uint8_t part[60000];
    const int reconnect = -1, linger = 0, hwm = 0, patience_ms = 10000;
    struct order o;

    while (read(fd, &o, sizeof o) == (ssize_t)sizeof o) {
        void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_DEALER);
        void *monitor = zmq_socket(ctx, ZMQ_PAIR);
        char end[6];

        (void)zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
        (void)zmq_setsockopt(s, ZMQ_SNDHWM, &hwm, sizeof hwm);
        (void)zmq_setsockopt(s, ZMQ_RECONNECT_IVL, &reconnect, sizeof reconnect);
        (void)zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, o.pk, 32);
        (void)zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, o.sk, 32);
        (void)zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, o.server, 32);
        (void)zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
        (void)zmq_socket_monitor(s, "inproc://end", ZMQ_EVENT_DISCONNECTED);
        (void)zmq_connect(monitor, "inproc://end");
        (void)zmq_connect(s, o.endpoint);
        /* libzmq sends nothing of a message before its last part; then it sends them all. */
        for (size_t i = 1; i <= PARTS_N; i++)
            (void)zmq_send(s, part, sizeof part, i < PARTS_N ? ZMQ_SNDMORE : 0);
        if (write(fd, zmq_recv(monitor, end, sizeof end, 0) > 0 ? "cut" : "not", 3) != 3)
            return;
        (void)zmq_close(monitor);
        (void)zmq_close(s);
        (void)zmq_ctx_term(ctx);
    }
}

static int endless_fork(void)
{
    int fds[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return -1;
    child = fork();
    if (child < 0)
        return -1;
    if (child == 0) {
        (void)close(fds[0]);
        endless_child(fds[1]);
        _exit(0);
    }
    (void)close(fds[1]);
    orders_fd = fds[0];
    return 0;
}

static void endless_parts(const char *endpoint)
{
    struct order o = {{0}, {0}, {0}, {0}};
    size_t before, most;
    char told[3] = "";

    (void)snprintf(o.endpoint, sizeof o.endpoint, "%s", endpoint);
    memcpy(o.pk, evil.pk, 32);
    memcpy(o.sk, evil.sk, 32);
    memcpy(o.server, a.pk, 32);
    before = most = rss_kib();
    assert_true(write(orders_fd, &o, sizeof o) == (ssize_t)sizeof o);
    while (recv(orders_fd, told, sizeof told, MSG_DONTWAIT) != (ssize_t)sizeof told) {
        rig_turn(ab, 2, 5);
        most = rss_kib() > most ? rss_kib() : most;
    }
    assert_memory_equal(told, "cut", 3);
    print_message("%u MiB of parts: resident memory grew by %zu KiB at most\n",
                  PARTS_N * 60000u >> 20, most - before);
    assert_int_equal(a.frame_n, 1);
    assert_int_equal(a.intro_n, 0);
    assert_int_equal(a.up_n, 1); /* It was cut before its one message was whole. */
#ifndef KAI_SANITIZED
    assert_true(most - before < 120u * 1024u);
#endif
}

static void test_endless_parts(void **state)
{
    (void)state;
    endless_parts(kai_transport_endpoint(a.t));
    honest_goes_on();
}

static void test_endless_parts_of_a_stranger(void **state)
{
    (void)state;
    endless_parts(kai_transport_intro_endpoint(a.t));
    honest_goes_on();
}

/* A server with evil's key, to which b dials. */
static void hostile_server(bool two_parts)
{
    static uint8_t frame[KAI_FRAME_BYTES_MAX + 1];
    const int linger = 0, on = 1;
    void *s = zmq_socket(zmq, ZMQ_ROUTER);
    struct kai_why why = {0};
    char endpoint[KAI_ENDPOINT_CAP], id[5];
    size_t n = sizeof endpoint, frames = b.frame_n;
    uint64_t link;

    assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVER, &on, sizeof on), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, evil.sk, 32), 0);
    assert_int_equal(zmq_bind(s, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &n), 0);
    assert_int_equal(kai_transport_dial(b.t, endpoint, evil.pk, &link, &why), KAI_OK);
    assert_true(rig_until(ab, 2, &b.up_n, b.up_n + 1, 3000));
    rig_send(&b, link, "hello", 5);
    rig_for(ab, 2, 20);
    assert_int_equal(zmq_recv(s, id, sizeof id, 0), 5);
    assert_int_equal(zmq_send(s, id, sizeof id, ZMQ_SNDMORE), 5);
    if (two_parts)
        assert_int_equal(zmq_send(s, "one", 3, ZMQ_SNDMORE), 3);
    assert_true(zmq_send(s, frame, two_parts ? 3 : sizeof frame, 0) > 0);
    assert_true(rig_until(ab, 2, &b.down_n, b.down_n + 1, 2000));
    assert_true(b.down_link == link);
    assert_int_equal(b.frame_n, frames);
    b.down_n = 0;
    (void)zmq_close(s);
}

static void test_hostile_server(void **state)
{
    (void)state;
    hostile_server(true);
    hostile_server(false);
    honest_goes_on();
}

static void test_chosen_routing_id(void **state)
{
    (void)state;
    option(ZMQ_ROUTING_ID, "evil", 4);
    evil_connect(kai_transport_endpoint(a.t));
    assert_int_equal(zmq_send(dealer, "hello", 5, 0), 5);
    rig_for(ab, 2, 500);
    assert_int_equal(a.up_n, 1);
    assert_int_equal(a.frame_n, 1);
    honest_goes_on();
}

static void test_mechanisms(void **state)
{
    const int linger = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        void *s = zmq_socket(zmq, ZMQ_DEALER);

        assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger), 0);
        if (i == 1)
            assert_int_equal(zmq_setsockopt(s, ZMQ_PLAIN_USERNAME, "u", 1), 0);
        assert_int_equal(zmq_connect(s, kai_transport_endpoint(a.t)), 0);
        assert_int_equal(zmq_send(s, "hello", 5, 0), 5);
        rig_for(ab, 2, 300);
        (void)zmq_close(s);
    }
    assert_int_equal(a.up_n, 1);
    assert_int_equal(a.frame_n, 1);
    honest_goes_on();
}

static void raw(const char *endpoint, const void *p, size_t n)
{
    int fd = tcp_client(endpoint);

    assert_true(write(fd, p, n) == (ssize_t)n);
    rig_for(ab, 2, 60);
    (void)close(fd);
    rig_for(ab, 2, 20);
}

static void greeting(uint8_t g[static 64], const char *mechanism)
{
    memset(g, 0, 64);
    g[0] = 0xff;
    g[9] = 0x7f;
    g[10] = 3;
    memcpy(g + 12, mechanism, strlen(mechanism));
}

static void test_raw_bytes(void **state)
{
    static const uint8_t zmtp1[] = {0x01, 0x00, 0x06, 0x00, 'h', 'e', 'l', 'l', 'o'};
    static const uint8_t zmtp2[] = {0xff, 0, 0, 0, 0, 0,   0,   0,   1,   0x7f, 1,
                                    5,    0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    static const uint8_t null_ready[] = "\x04\x26\x05READY\x0bSocket-Type\x00\x00\x00\x06"
                                        "DEALER\x08Identity\x00\x00\x00\x00\x00\x05hello";
    static const uint8_t plain_hello[] = "\x04\x0a\x05HELLO\x01u\x01p\x00\x05hello";
    uint8_t bytes[256], g[64 + sizeof null_ready];
    const char *to[] = {kai_transport_endpoint(a.t), kai_transport_intro_endpoint(a.t)};
    uint32_t seed = 12345;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t round = 0; round < 6; round++) {
            for (size_t k = 0; k < sizeof bytes; k++) {
                seed = seed * 1664525u + 1013904223u;
                bytes[k] = (uint8_t)(seed >> 24);
            }
            raw(to[i], bytes, sizeof bytes);
        }
        raw(to[i], zmtp1, sizeof zmtp1);
        raw(to[i], zmtp2, sizeof zmtp2);
        raw(to[i], "GET / HTTP/1.1\r\n\r\n", 18);
        greeting(g, "NULL");
        memcpy(g + 64, null_ready, sizeof null_ready - 1);
        raw(to[i], g, 64 + sizeof null_ready - 1);
        greeting(g, "PLAIN");
        memcpy(g + 64, plain_hello, sizeof plain_hello - 1);
        raw(to[i], g, 64 + sizeof plain_hello - 1);
        greeting(g, "CURVE"); /* The right mechanism, and then no handshake. */
        memcpy(g + 64, null_ready, sizeof null_ready - 1);
        raw(to[i], g, 64 + sizeof null_ready - 1);
    }
    assert_int_equal(a.up_n, 1);
    assert_int_equal(a.frame_n, 1);
    assert_int_equal(a.intro_n, 0);
    honest_goes_on();
}

static void test_half_open(void **state)
{
    int fds[300];
    uint64_t begin;

    (void)state;
    for (size_t i = 0; i < 30; i++)
        fds[i] = tcp_client(kai_transport_endpoint(a.t));
    rig_for(ab, 2, 50);
    begin = rig_now_us();
    honest = rig_connect(&b, &a);
    print_message("with 30 half-open connections a peer is up after %u ms\n",
                  (unsigned int)((rig_now_us() - begin) / 1000));
    /* More than the table holds: the oldest make room. */
    for (size_t i = 30; i < 300; i++) {
        fds[i] = tcp_client(kai_transport_endpoint(a.t));
        rig_turn(ab, 2, 0);
    }
    honest = rig_connect(&b, &a);
    honest_goes_on();
    for (size_t i = 0; i < 300; i++)
        (void)close(fds[i]);
}

/* Sends from `from` to a peer whose loop stands still, then lets it run. */
static void never_reads(struct rig *from, uint64_t link, struct rig *to)
{
    static uint8_t frame[60000];
    struct rig *alone[] = {from};
    size_t before = rss_kib(), n = 0, grown, had = to->frame_n;
    uint64_t end = rig_now_us() + 1000000u;

    while (rig_now_us() < end) {
        if (kai_transport_send(from->t, link, kai_view_of(frame, sizeof frame)))
            n++;
        else
            rig_turn(alone, 1, 5);
    }
    grown = rss_kib() - before;
    print_message("a peer that never reads takes %zu frames; resident memory grew by %zu KiB\n", n,
                  grown);
#ifndef KAI_SANITIZED
    assert_true(grown < 2u * KAI_PEER_BYTES_MAX / 1024u); /* Both ends are in this process. */
#endif
    assert_false(kai_transport_send(from->t, link, kai_view_of(frame, 1)));
    from->writable_n = 0;
    assert_true(rig_until(ab, 2, &to->frame_n, had + n, 5000)); /* And nothing was lost. */
    assert_true(rig_until(ab, 2, &from->writable_n, 1, 1000));
    assert_true(kai_transport_send(from->t, link, kai_view_of(frame, 1)));
}

static void test_never_reads_dialled(void **state)
{
    (void)state;
    never_reads(&b, honest, &a);
    honest_goes_on();
}

static void test_never_reads_listened(void **state)
{
    (void)state;
    never_reads(&a, a.up_link, &b);
    honest_goes_on();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_frame_too_large),
        TEST(test_message_over_maxmsgsize),
        TEST(test_two_parts),
        TEST(test_two_parts_at_once),
        TEST(test_endless_parts),
        TEST(test_endless_parts_of_a_stranger),
        TEST(test_hostile_server),
        TEST(test_chosen_routing_id),
        TEST(test_mechanisms),
        TEST(test_raw_bytes),
        TEST(test_half_open),
        TEST(test_never_reads_dialled),
        TEST(test_never_reads_listened),
    };

    if (endless_fork() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
