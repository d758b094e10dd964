/* test_refusals: who must not get in, and what each side is told. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "net/endpoint.h"
#include "nodenet/net_rig.h"

#define ANY "tcp://127.0.0.1:0"

static struct rig a, b;
static struct rig *ab[] = {&a, &b};

static int start(void **state)
{
    (void)state;
    rig_start(&a, ANY);
    rig_start(&b, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&a);
    rig_stop(&b);
    return 0;
}

static void test_unknown_key(void **state)
{
    uint64_t dial = rig_dial(&b, &a);

    (void)state;
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 3000));
    assert_string_equal(b.failed_code, "peer.refused");
    assert_true(b.failed_dial == dial);
    assert_int_equal(b.up_n + b.down_n, 0);
    (void)rig_dial(&b, &a);
    assert_true(rig_until(ab, 2, &b.failed_n, 2, 3000));
    rig_for(ab, 2, 1200);
    assert_true(a.refused_n == 2); /* The self-test's own try is not among them. */
    assert_int_equal(a.up_n + a.frame_n, 0);
    rig_admit(&a, &b); /* A refused key is not refused for ever. */
    (void)rig_connect(&b, &a);
}

static void test_refused_is_told_once_a_second(void **state)
{
    uint64_t begin = rig_now_us();

    (void)state;
    for (size_t i = 0; i < 20; i++)
        (void)rig_dial(&b, &a);
    assert_true(rig_until(ab, 2, &b.failed_n, 20, 5000));
    rig_for(ab, 2, 1200);
    assert_true(a.refused_n == 20);
    assert_true(rig_now_us() - begin < 8000000u);
}

static void test_wrong_server_key(void **state)
{
    struct kai_why why = {0};
    uint8_t other[32], sk[32];
    uint64_t dial, begin = rig_now_us();

    (void)state;
    rig_admit(&a, &b);
    assert_int_equal(crypto_box_keypair(other, sk), 0);
    assert_int_equal(kai_transport_dial(b.t, kai_transport_endpoint(a.t), other, &dial, &why),
                     KAI_OK);
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 11000));
    assert_string_equal(b.failed_code, "peer.wrong-key");
    print_message("a wrong server key is told after %u ms\n",
                  (unsigned int)((rig_now_us() - begin) / 1000));
    rig_for(ab, 2, 300);
    assert_int_equal(b.failed_n, 1); /* And libzmq does not go on by itself. */
    assert_int_equal(a.up_n + b.up_n, 0);
}

/* A server of our own on a free port. */
static int server(char endpoint[static KAI_ENDPOINT_CAP])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    (void)snprintf(endpoint, KAI_ENDPOINT_CAP, "tcp://127.0.0.1:%u",
                   (unsigned int)ntohs(at.sin_port));
    return fd;
}

static void test_http_server(void **state)
{
    static const char reply[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    char endpoint[KAI_ENDPOINT_CAP];
    struct kai_why why = {0};
    uint64_t dial;
    int fd = server(endpoint), conn;

    (void)state;
    assert_int_equal(kai_transport_dial(b.t, endpoint, a.pk, &dial, &why), KAI_OK);
    rig_for(ab, 2, 50);
    conn = accept(fd, NULL, NULL);
    assert_true(conn >= 0);
    assert_true(write(conn, reply, sizeof reply - 1) > 0);
    (void)close(conn);
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 5000));
    assert_string_equal(b.failed_code, "peer.wrong-key");
    (void)close(fd);
    rig_admit(&a, &b);
    (void)rig_connect(&b, &a); /* A fresh socket is not dead. */
}

static void test_mute_server(void **state)
{
    char endpoint[KAI_ENDPOINT_CAP];
    struct kai_why why = {0};
    uint64_t dial;
    int fd = server(endpoint);

    (void)state;
    assert_int_equal(kai_transport_dial(b.t, endpoint, a.pk, &dial, &why), KAI_OK);
    assert_true(rig_until(ab, 2, &b.failed_n, 1, 11000));
    assert_string_equal(b.failed_code, "peer.unreachable");
    (void)close(fd);
}

static void test_open_node_does_not_start(void **state)
{
    static struct rig r;
    struct kai_why why = {0};

    (void)state;
    memset(&r, 0, sizeof r);
    assert_int_equal(crypto_box_keypair(r.pk, r.sk), 0);
    r.admit_all = true; /* As if the access rules were lost: the self-test must notice. */
    assert_int_equal(rig_try(&r, ANY, ANY, &why), KAI_EIO);
    assert_string_equal(why.code, "selftest.open");
    assert_null(r.t);
    r.admit_all = false;
    assert_int_equal(rig_try(&r, ANY, ANY, &why), KAI_OK);
    rig_stop(&r);
}

static void test_free_with_stalled_peers(void **state)
{
    static uint8_t frame[60000];
    uint64_t begin, link;
    int fds[10];

    (void)state;
    rig_admit(&a, &b);
    link = rig_connect(&b, &a);
    while (kai_transport_send(b.t, link, kai_view_of(frame, sizeof frame)))
        ;
    while (kai_transport_send(a.t, a.up_link, kai_view_of(frame, sizeof frame)))
        ;
    for (size_t i = 0; i < 10; i++)
        fds[i] = tcp_client(kai_transport_endpoint(a.t));
    (void)rig_dial(&b, &a);
    begin = rig_now_us();
    rig_stop(&a);
    rig_stop(&b);
    assert_true(rig_now_us() - begin < 1000000u);
    for (size_t i = 0; i < 10; i++)
        (void)close(fds[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_key),
        TEST(test_refused_is_told_once_a_second),
        TEST(test_wrong_server_key),
        TEST(test_http_server),
        TEST(test_mute_server),
        TEST(test_open_node_does_not_start),
        TEST(test_free_with_stalled_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
