/* net_rig: transports in this process, what happened to them, and a hostile TCP client. */
#include "nodenet/net_rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

uint64_t rig_now_us(void)
{
    struct timespec ts;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static bool on_admits(void *ctx, const uint8_t pk[static 32])
{
    struct rig *r = ctx;

    for (size_t i = 0; i < r->admitted_n; i++) {
        if (memcmp(r->admitted[i], pk, 32) == 0)
            return true;
    }
    return r->admit_all;
}

static void on_up(void *ctx, uint64_t link, const uint8_t peer[static 32], bool dialled)
{
    struct rig *r = ctx;

    r->up_n++;
    r->up_link = link;
    r->up_dialled = dialled;
    memcpy(r->up_peer, peer, 32);
    if (r->suspect != NULL && memcmp(r->suspect, peer, 32) == 0) {
        r->suspect_link = link;
        r->suspect_n = 0;
    }
}

static void on_down(void *ctx, uint64_t link)
{
    struct rig *r = ctx;

    r->down_n++;
    r->down_link = link;
}

static void on_frame(void *ctx, uint64_t link, struct kai_view frame)
{
    struct rig *r = ctx;

    r->frame_n++;
    r->bytes_n += frame.n;
    r->frame_link = link;
    assert_true(frame.n <= sizeof r->last);
    if (frame.n > 0)
        memcpy(r->last, frame.p, frame.n);
    r->last_n = frame.n;
    if (r->suspect != NULL && link == r->suspect_link) {
        r->suspect_n += frame.n + 64;
        if (r->suspect_n <= r->suspect_max)
            return;
        r->suspect_cuts++;
        kai_transport_drop(r->t, link);
        return;
    }
    if (r->drop_on_frame == link)
        kai_transport_drop(r->t, link);
    else if (r->echo)
        (void)kai_transport_send(r->t, link, frame);
}

static void on_writable(void *ctx, uint64_t link)
{
    struct rig *r = ctx;

    (void)link;
    r->writable_n++;
}

static void on_dial_failed(void *ctx, uint64_t dial, const struct kai_why *why)
{
    struct rig *r = ctx;

    r->failed_n++;
    r->failed_dial = dial;
    (void)snprintf(r->failed_code, sizeof r->failed_code, "%s", why->code);
}

static void on_refused(void *ctx, const uint8_t pk[static 32], uint64_t n)
{
    struct rig *r = ctx;

    (void)pk;
    r->refused_n += n;
}

static bool on_intro(void *ctx, const uint8_t peer[static 32], struct kai_view frame,
                     struct kai_buf *reply)
{
    struct rig *r = ctx;

    r->intro_n++;
    memcpy(r->intro_peer, peer, 32);
    r->last_n = frame.n;
    if (r->intro_reply != NULL)
        kai_buf_text(reply, r->intro_reply);
    return r->intro_go_on;
}

enum kai_err rig_try(struct rig *r, const char *listen, const char *intro, struct kai_why *why)
{
    struct kai_transport_options opt = {.curve_pk = r->pk,
                                        .curve_sk = r->sk,
                                        .listen = listen,
                                        .listen_intro = intro,
                                        .ev = {r, on_admits, on_up, on_down, on_frame, on_writable,
                                               on_dial_failed, on_refused, on_intro}};

    return kai_transport_new(&r->t, &opt, why);
}

void rig_start(struct rig *r, const char *listen)
{
    struct kai_why why = {0};
    enum kai_err err;

    memset(r, 0, sizeof *r);
    assert_int_equal(crypto_box_keypair(r->pk, r->sk), 0);
    err = rig_try(r, listen, NULL, &why);
    if (err != KAI_OK)
        print_error("kai_transport_new: %s %s %s %s\n", kai_err_text(err),
                    why.code == NULL ? "" : why.code, why.arg[0], why.arg[1]);
    assert_int_equal(err, KAI_OK);
}

void rig_stop(struct rig *r)
{
    kai_transport_free(r->t);
    r->t = NULL;
}

void rig_admit(struct rig *r, const struct rig *whom)
{
    assert_true(r->admitted_n < RIG_KEYS);
    memcpy(r->admitted[r->admitted_n++], whom->pk, 32);
}

void rig_turn(struct rig **rigs, size_t n, int ms)
{
    static zmq_pollitem_t items[RIG_KEYS * KAI_TRANSPORT_POLL_MAX];
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        if (rigs[i]->t != NULL)
            at += kai_transport_poll(rigs[i]->t, items + at, KAI_TRANSPORT_POLL_MAX, &ms);
    }
    (void)zmq_poll(items, (int)at, ms);
    for (size_t i = 0; i < n; i++) {
        if (rigs[i]->t != NULL)
            kai_transport_process(rigs[i]->t);
    }
}

bool rig_until(struct rig **rigs, size_t n, const size_t *counter, size_t want, int ms)
{
    uint64_t end = rig_now_us() + (uint64_t)ms * 1000u;

    while (*counter < want && rig_now_us() < end)
        rig_turn(rigs, n, 20);
    return *counter >= want;
}

void rig_for(struct rig **rigs, size_t n, int ms)
{
    const size_t never = 0;

    (void)rig_until(rigs, n, &never, 1, ms);
}

uint64_t rig_dial(struct rig *from, const struct rig *to)
{
    struct kai_why why = {0};
    uint64_t dial = 0;

    assert_int_equal(
        kai_transport_dial(from->t, kai_transport_endpoint(to->t), to->pk, &dial, &why), KAI_OK);
    assert_true(dial != 0);
    return dial;
}

void rig_send(struct rig *from, uint64_t link, const void *p, size_t n)
{
    assert_true(kai_transport_send(from->t, link, kai_view_of(p, n)));
}

uint64_t rig_connect(struct rig *from, struct rig *to)
{
    struct rig *both[] = {from, to};
    uint64_t link = rig_dial(from, to);
    size_t up = from->up_n, frames = to->frame_n;

    assert_true(rig_until(both, 2, &from->up_n, up + 1, 3000));
    assert_true(from->up_link == link && from->up_dialled);
    rig_send(from, link, "hello", 5);
    assert_true(rig_until(both, 2, &to->frame_n, frames + 1, 3000));
    assert_memory_equal(to->up_peer, from->pk, 32);
    assert_false(to->up_dialled);
    return link;
}

uint16_t endpoint_port(const char *endpoint)
{
    return (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
}

int tcp_client(const char *endpoint)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(endpoint_port(endpoint)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

size_t rss_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long size = 0, rss = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu", &size, &rss), 2);
    (void)fclose(f);
    return rss * (size_t)sysconf(_SC_PAGESIZE) / 1024u;
}
