/* selftest: proves on our own socket that outsiders stay out. libzmq fails open: with one option
 * missing every stranger is welcome, and nothing else would tell. */
#include <string.h>

#include "net/monitor.h"
#include "net/transport_priv.h"

#define TRY_MS 2000u

enum outcome { WAITING, REFUSED, ENDED, ADMITTED };

static enum outcome probe_outcome(void *monitor)
{
    struct kai_monitor_event ev;

    while (kai_monitor_next(monitor, &ev)) {
        switch (ev.event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            return ADMITTED;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            return REFUSED;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_DISCONNECTED:
        case ZMQ_EVENT_CLOSED:
            return ENDED;
        default:
            break;
        }
    }
    return WAITING;
}

/* Nobody is admitted yet but by a caller's admits(), so a message now is one that got through.
 * An admitted peer that dials in this very moment only loses its first frame. */
static bool message_came(struct kai_transport *t, const char *user)
{
    bool came = false;
    zmq_msg_t msg;

    (void)zmq_msg_init(&msg);
    while (zmq_msg_recv(&msg, t->main.s.sock, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_size(&msg) == strlen(user) &&
            memcmp(zmq_msg_data(&msg), user, strlen(user)) == 0)
            came = true;
    }
    (void)zmq_msg_close(&msg);
    return came;
}

static enum kai_err failed(struct kai_why *why, const char *detail)
{
    return kai_why_set(why, KAI_EIO, "selftest.open", detail, NULL, NULL);
}

static enum kai_err probe_run(struct kai_transport *t, enum kai_probe kind, const char *name,
                              struct kai_why *why)
{
    static const char hail[] = "kairan self-test: nobody may read this";
    struct kai_endpoint to = t->main.at;
    struct kai_sock s;
    uint64_t begin_ms = kai_net_now_ms();
    enum outcome got = WAITING;
    bool came = false;
    enum kai_err err;

    kai_endpoint_to_self(&to);
    err = kai_sock_probe(&s, t->zmq, kind, t->keys.pk, &to, why);
    if (err != KAI_OK)
        return err;
    (void)zmq_send(s.sock, hail, sizeof hail - 1, ZMQ_DONTWAIT);
    while (got == WAITING && kai_net_now_ms() - begin_ms < TRY_MS) {
        zmq_pollitem_t items[] = {{s.monitor, 0, ZMQ_POLLIN, 0},
                                  {t->zap.sock, 0, ZMQ_POLLIN, 0},
                                  {t->main.s.sock, 0, ZMQ_POLLIN, 0}};

        (void)zmq_poll(items, 3, 50);
        kai_zap_serve(&t->zap, kai_net_now_ms(), KAI_NET_INTRO_MS);
        kai_listener_events(t, &t->main);
        came = message_came(t, hail) || came;
        got = probe_outcome(s.monitor);
    }
    came = message_came(t, hail) || came;
    kai_sock_close(&s);
    if (got == ADMITTED || came)
        return failed(why, name);
    /* A client without CURVE turns away itself when it reads what the server demands. */
    if (got != REFUSED && (kind == KAI_PROBE_UNKNOWN_KEY || got != ENDED))
        return failed(why, name);
    return KAI_OK;
}

enum kai_err kai_net_selftest(struct kai_transport *t, struct kai_why *why)
{
    enum kai_err err = probe_run(t, KAI_PROBE_UNKNOWN_KEY, "CURVE", why);

    if (err == KAI_OK)
        err = probe_run(t, KAI_PROBE_NULL, "NULL", why);
    if (err == KAI_OK)
        err = probe_run(t, KAI_PROBE_PLAIN, "PLAIN", why);
    t->zap.refused_n = 0; /* That was us. */
    return err;
}
