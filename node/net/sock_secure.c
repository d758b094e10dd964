/* sock_secure: sockets with every option that safety needs, each read back. */
#include "net/sock_secure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

/* A draft name, yet in every release since 4.3: without it a missing ZAP handler admits all. */
#define ENFORCE_ZAP_DOMAIN 93
#define HWM                64 /* Messages, so at most 4 MiB a peer and direction. */

struct int_option {
    int name;
    int value;
    bool write_only; /* libzmq cannot read the options of its ROUTER back. */
};

static const struct int_option common_options[] = {
    {ZMQ_LINGER, 0, false}, /* First: no later failure may leave a socket that waits. */
    {ZMQ_HANDSHAKE_IVL, 3000, false},
    {ZMQ_SNDHWM, HWM, false},
    {ZMQ_RCVHWM, HWM, false},
    {ZMQ_IMMEDIATE, 1, false},
    {ZMQ_HEARTBEAT_IVL, 15000, false},
    {ZMQ_HEARTBEAT_TIMEOUT, 45000, false},
    {ZMQ_HEARTBEAT_TTL, 45000, false},
    {ZMQ_CONNECT_TIMEOUT, 5000, false},
    {ZMQ_RECONNECT_IVL, -1, false}, /* A refused socket of libzmq is dead: we dial afresh. */
    {ZMQ_BACKLOG, 64, false},
};

static const struct int_option router_options[] = {
    {ZMQ_CURVE_SERVER, 1, false},
    {ENFORCE_ZAP_DOMAIN, 1, false},
    {ZMQ_ROUTER_MANDATORY, 1, true},
    {ZMQ_ROUTER_HANDOVER, 0, true},
};

static enum kai_err option_failed(struct kai_why *why, int name)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", name);
    return kai_why_set(why, KAI_EIO, "selftest.option", text, NULL, NULL);
}

static enum kai_err int_set(void *s, const struct int_option *o, struct kai_why *why)
{
    int back = o->value + 1;
    size_t n = sizeof back;

    if (zmq_setsockopt(s, o->name, &o->value, sizeof o->value) != 0)
        return option_failed(why, o->name);
    if (o->write_only)
        return KAI_OK;
    if (zmq_getsockopt(s, o->name, &back, &n) != 0 || n != sizeof back || back != o->value)
        return option_failed(why, o->name);
    return KAI_OK;
}

static enum kai_err ints_set(void *s, const struct int_option *o, size_t n, struct kai_why *why)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < n && err == KAI_OK; i++)
        err = int_set(s, &o[i], why);
    return err;
}

/* For options that are bytes. What is read back may be a secret key, so it is wiped. */
static enum kai_err bytes_set(void *s, int name, const void *p, size_t n, struct kai_why *why)
{
    uint8_t back[256];
    size_t back_n = n; /* A key comes as bytes only into exactly as many. */
    bool same;

    if (n >= sizeof back)
        return option_failed(why, name);
    if (zmq_setsockopt(s, name, p, n) != 0)
        return option_failed(why, name);
    if (name == ZMQ_ZAP_DOMAIN)
        back_n = ++n; /* Read back with its NUL. */
    same = zmq_getsockopt(s, name, back, &back_n) == 0 && back_n == n && memcmp(back, p, n) == 0;
    sodium_memzero(back, sizeof back);
    return same ? KAI_OK : option_failed(why, name);
}

static enum kai_err size_set(void *s, struct kai_why *why)
{
    int64_t max = KAI_ZMQ_MSG_BYTES_MAX, back = 0;
    size_t n = sizeof back;

    if (zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &max, sizeof max) != 0 ||
        zmq_getsockopt(s, ZMQ_MAXMSGSIZE, &back, &n) != 0 || n != sizeof back || back != max)
        return option_failed(why, ZMQ_MAXMSGSIZE);
    return KAI_OK;
}

static enum kai_err common_set(void *s, bool ipv6, struct kai_why *why)
{
    const struct int_option v6 = {ZMQ_IPV6, ipv6 ? 1 : 0, false};
    char id[256];
    size_t n = sizeof id;
    enum kai_err err;

    err = ints_set(s, common_options, sizeof common_options / sizeof common_options[0], why);
    if (err == KAI_OK)
        err = int_set(s, &v6, why);
    if (err == KAI_OK)
        err = size_set(s, why);
    if (err != KAI_OK)
        return err;
    /* A routing id of our own would be a name that others can take. */
    if (zmq_getsockopt(s, ZMQ_ROUTING_ID, id, &n) != 0 || n != 0)
        return option_failed(why, ZMQ_ROUTING_ID);
    return KAI_OK;
}

static enum kai_err keys_set(void *s, const struct kai_sock_keys *keys, struct kai_why *why)
{
    enum kai_err err = bytes_set(s, ZMQ_CURVE_PUBLICKEY, keys->pk, KAI_KEY_BYTES, why);

    if (err == KAI_OK)
        err = bytes_set(s, ZMQ_CURVE_SECRETKEY, keys->sk, KAI_KEY_BYTES, why);
    return err;
}

static enum kai_err mechanism_check(void *s, int want, struct kai_why *why)
{
    int mechanism = -1;
    size_t n = sizeof mechanism;

    if (zmq_getsockopt(s, ZMQ_MECHANISM, &mechanism, &n) != 0 || mechanism != want)
        return option_failed(why, ZMQ_MECHANISM);
    return KAI_OK;
}

/* What errno says after a call of libzmq. */
static enum kai_err zmq_failed(struct kai_why *why)
{
    int e = errno;

    if (e == EADDRINUSE)
        return kai_why_set(why, KAI_EBUSY, "port.in-use", NULL, NULL, NULL);
    if (e == EACCES || e == EPERM)
        return kai_why_set(why, KAI_EPERM, "port.denied", NULL, NULL, NULL);
    if (e == EINVAL || e == ENODEV || e == EADDRNOTAVAIL || e == EPROTONOSUPPORT ||
        e == EAFNOSUPPORT)
        return kai_why_set(why, KAI_EMALFORMED, "endpoint.syntax", NULL, zmq_strerror(e), NULL);
    if (e == ENOMEM)
        return kai_why_set(why, KAI_ENOMEM, "socket.failed", NULL, zmq_strerror(e), NULL);
    if (e == EMFILE || e == ENFILE)
        return kai_why_set(why, KAI_ELIMIT, "socket.failed", NULL, zmq_strerror(e), NULL);
    return kai_why_set(why, KAI_EIO, "socket.failed", NULL, zmq_strerror(e), NULL);
}

/* Attach the monitor before the socket does anything, so that no event is missed. */
static enum kai_err monitor_attach(struct kai_sock *s, void *zmq, struct kai_why *why)
{
    const struct int_option quiet = {ZMQ_LINGER, 0, false};
    /* Unlimited: at a limit libzmq's I/O thread would wait for us in its monitor, for ever if we
     * then close the socket. The loop drains it, and connections are bounded. */
    const struct int_option no_hwm = {ZMQ_RCVHWM, 0, false};
    char name[64];
    enum kai_err err;

    (void)snprintf(name, sizeof name, "inproc://kairan.monitor.%p", s->sock);
    if (zmq_socket_monitor(
            s->sock, name,
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
                ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return zmq_failed(why);
    s->monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (s->monitor == NULL)
        return zmq_failed(why);
    err = int_set(s->monitor, &quiet, why);
    if (err == KAI_OK)
        err = int_set(s->monitor, &no_hwm, why);
    if (err == KAI_OK && zmq_connect(s->monitor, name) != 0)
        err = zmq_failed(why);
    return err;
}

/* A socket of libzmq and the threads behind it take a few; where there are none they abort. */
#define DESCRIPTORS_SPARE 24u

static enum kai_err room_for_one(struct kai_why *why)
{
    int fd[DESCRIPTORS_SPARE];
    size_t n = 0;

    while (n < DESCRIPTORS_SPARE && (fd[n] = open("/", O_PATH | O_CLOEXEC)) >= 0)
        n++;
    bool room = n == DESCRIPTORS_SPARE;
    while (n > 0)
        (void)close(fd[--n]);
    return room ? KAI_OK : kai_why_set(why, KAI_ELIMIT, "socket.descriptors", NULL, NULL, NULL);
}

static enum kai_err begin(struct kai_sock *s, void *zmq, int type, bool ipv6, struct kai_why *why)
{
    enum kai_err err;

    memset(s, 0, sizeof *s);
    err = room_for_one(why);
    if (err != KAI_OK)
        return err;
    s->sock = zmq_socket(zmq, type);
    if (s->sock == NULL)
        return zmq_failed(why);
    err = common_set(s->sock, ipv6, why);
    if (err == KAI_OK)
        err = monitor_attach(s, zmq, why);
    return err;
}

static enum kai_err bound_read(void *s, struct kai_endpoint *bound, struct kai_why *why)
{
    char text[KAI_ENDPOINT_CAP] = "";
    size_t n = sizeof text;

    if (zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, text, &n) != 0 || !kai_endpoint_parse(bound, text))
        return option_failed(why, ZMQ_LAST_ENDPOINT);
    return KAI_OK;
}

enum kai_err kai_sock_listen(struct kai_sock *out, void *zmq, const struct kai_sock_keys *keys,
                             const char *domain, const struct kai_endpoint *at,
                             struct kai_endpoint *bound, struct kai_why *why)
{
    struct kai_sock s;
    char text[KAI_ENDPOINT_CAP];
    enum kai_err err = begin(&s, zmq, ZMQ_ROUTER, at->ipv6, why);

    if (err == KAI_OK)
        err =
            ints_set(s.sock, router_options, sizeof router_options / sizeof router_options[0], why);
    if (err == KAI_OK)
        err = keys_set(s.sock, keys, why);
    if (err == KAI_OK)
        err = bytes_set(s.sock, ZMQ_ZAP_DOMAIN, domain, strlen(domain), why);
    if (err == KAI_OK)
        err = mechanism_check(s.sock, ZMQ_CURVE, why);
    if (err == KAI_OK && zmq_bind(s.sock, kai_endpoint_text(text, at)) != 0) {
        err = zmq_failed(why);
        if (why != NULL)
            (void)snprintf(why->arg[0], sizeof why->arg[0], "%.150s", text);
    }
    if (err == KAI_OK)
        err = bound_read(s.sock, bound, why);
    if (err != KAI_OK)
        kai_sock_close(&s);
    *out = s;
    return err;
}

static enum kai_err connect_to(struct kai_sock *s, const struct kai_endpoint *to,
                               struct kai_why *why)
{
    char text[KAI_ENDPOINT_CAP];
    enum kai_err err;

    if (zmq_connect(s->sock, kai_endpoint_text(text, to)) == 0)
        return KAI_OK;
    err = zmq_failed(why);
    if (why != NULL)
        (void)snprintf(why->arg[0], sizeof why->arg[0], "%.150s", text);
    return err;
}

static enum kai_err client_curve(void *s, const struct kai_sock_keys *keys,
                                 const uint8_t server_pk[static KAI_KEY_BYTES], struct kai_why *why)
{
    enum kai_err err = keys_set(s, keys, why);

    if (err == KAI_OK)
        err = bytes_set(s, ZMQ_CURVE_SERVERKEY, server_pk, KAI_KEY_BYTES, why);
    if (err == KAI_OK)
        err = mechanism_check(s, ZMQ_CURVE, why);
    return err;
}

enum kai_err kai_sock_dial(struct kai_sock *out, void *zmq, const struct kai_sock_keys *keys,
                           const uint8_t server_pk[static KAI_KEY_BYTES],
                           const struct kai_endpoint *to, struct kai_why *why)
{
    struct kai_sock s;
    enum kai_err err = begin(&s, zmq, ZMQ_DEALER, to->ipv6, why);

    if (err == KAI_OK)
        err = client_curve(s.sock, keys, server_pk, why);
    if (err == KAI_OK)
        err = connect_to(&s, to, why);
    if (err != KAI_OK)
        kai_sock_close(&s);
    *out = s;
    return err;
}

static enum kai_err probe_mechanism(void *s, enum kai_probe kind,
                                    const uint8_t server_pk[static KAI_KEY_BYTES],
                                    struct kai_why *why)
{
    uint8_t pk[crypto_box_PUBLICKEYBYTES], sk[crypto_box_SECRETKEYBYTES];
    const struct kai_sock_keys keys = {pk, sk};
    enum kai_err err;

    switch (kind) {
    case KAI_PROBE_NULL:
        return mechanism_check(s, ZMQ_NULL, why);
    case KAI_PROBE_PLAIN:
        if (zmq_setsockopt(s, ZMQ_PLAIN_USERNAME, "kairan", 6) != 0 ||
            zmq_setsockopt(s, ZMQ_PLAIN_PASSWORD, "kairan", 6) != 0)
            return option_failed(why, ZMQ_PLAIN_USERNAME);
        return mechanism_check(s, ZMQ_PLAIN, why);
    case KAI_PROBE_UNKNOWN_KEY:
        break;
    }
    if (crypto_box_keypair(pk, sk) != 0)
        return KAI_EIO;
    err = client_curve(s, &keys, server_pk, why);
    sodium_memzero(sk, sizeof sk);
    return err;
}

enum kai_err kai_sock_probe(struct kai_sock *out, void *zmq, enum kai_probe kind,
                            const uint8_t server_pk[static KAI_KEY_BYTES],
                            const struct kai_endpoint *to, struct kai_why *why)
{
    /* With IMMEDIATE off the message waits for the handshake, so that it would get through. */
    const struct int_option queue = {ZMQ_IMMEDIATE, 0, false};
    struct kai_sock s;
    enum kai_err err = begin(&s, zmq, ZMQ_DEALER, to->ipv6, why);

    if (err == KAI_OK)
        err = int_set(s.sock, &queue, why);
    if (err == KAI_OK)
        err = probe_mechanism(s.sock, kind, server_pk, why);
    if (err == KAI_OK)
        err = connect_to(&s, to, why);
    if (err != KAI_OK)
        kai_sock_close(&s);
    *out = s;
    return err;
}

enum kai_err kai_sock_zap(void **out, void *zmq, struct kai_why *why)
{
    const struct int_option quiet = {ZMQ_LINGER, 0, false};
    enum kai_err err = room_for_one(why);
    void *s = err == KAI_OK ? zmq_socket(zmq, ZMQ_REP) : NULL;

    *out = NULL;
    if (s == NULL)
        return err != KAI_OK ? err : zmq_failed(why);
    err = int_set(s, &quiet, why);
    if (err == KAI_OK && zmq_bind(s, KAI_ZAP_ENDPOINT) != 0)
        err = zmq_failed(why);
    if (err == KAI_OK)
        *out = s;
    else
        (void)zmq_close(s);
    return err;
}

void kai_sock_close(struct kai_sock *s)
{
    if (s->sock != NULL) {
        (void)zmq_socket_monitor(s->sock, NULL, 0);
        (void)zmq_close(s->sock);
    }
    if (s->monitor != NULL)
        (void)zmq_close(s->monitor);
    memset(s, 0, sizeof *s);
}
