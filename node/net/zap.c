/* zap: answers libzmq's question whom to admit. */
#include "net/zap.h"

#include <string.h>

#include <zmq.h>

#include "base/bytes.h"
#include "net/sock_secure.h"

enum part { VERSION, REQUEST_ID, DOMAIN, ADDRESS, ROUTING_ID, MECHANISM, CREDENTIALS, PARTS };
#define PART_BYTES_MAX 256u /* Each is shorter, but for what a client says of itself. */

struct request {
    uint8_t part[PARTS][PART_BYTES_MAX];
    size_t n[PARTS];
    bool ok;
};

enum kai_err kai_zap_open(struct kai_zap *z, void *zmq, struct kai_why *why)
{
    return kai_sock_zap(&z->sock, zmq, why);
}

void kai_zap_close(struct kai_zap *z)
{
    if (z->sock != NULL)
        (void)zmq_close(z->sock);
    z->sock = NULL;
}

static bool part_is(const struct request *r, enum part part, const char *text)
{
    return r->n[part] == strlen(text) && memcmp(r->part[part], text, r->n[part]) == 0;
}

/* false: no question waits. A part that is too long or too many makes a question not ok. */
static bool request_next(void *sock, struct request *r)
{
    zmq_msg_t msg;
    size_t i = 0;
    bool more = true;

    r->ok = true;
    (void)zmq_msg_init(&msg);
    for (; more; i++) {
        if (zmq_msg_recv(&msg, sock, ZMQ_DONTWAIT) < 0)
            break;
        more = zmq_msg_more(&msg) != 0;
        if (i >= PARTS || zmq_msg_size(&msg) > PART_BYTES_MAX) {
            r->ok = false;
            continue;
        }
        r->n[i] = zmq_msg_size(&msg);
        if (r->n[i] > 0)
            memcpy(r->part[i], zmq_msg_data(&msg), r->n[i]);
    }
    (void)zmq_msg_close(&msg);
    r->ok = r->ok && i == PARTS && !more;
    return i > 0;
}

static void answer(void *sock, const struct request *r, bool admit)
{
    char user[KAI_HEX_CAP(KAI_KEY_BYTES)] = "";
    const char *status = admit ? "200" : "400", *text = admit ? "OK" : "No";

    if (admit)
        (void)kai_hex(user, r->part[CREDENTIALS], KAI_KEY_BYTES);
    (void)zmq_send(sock, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(sock, r->part[REQUEST_ID], r->n[REQUEST_ID], ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(sock, status, 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(sock, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(sock, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(sock, "", 0, ZMQ_DONTWAIT);
}

static bool guest_take(struct kai_zap *z, const uint8_t key[static KAI_KEY_BYTES], uint64_t now_ms,
                       uint64_t guest_ms)
{
    for (size_t i = 0; i < KAI_INTRODUCTIONS_MAX; i++) {
        if (z->guests[i].until_ms > now_ms)
            continue;
        memcpy(z->guests[i].key, key, KAI_KEY_BYTES);
        z->guests[i].until_ms = now_ms + guest_ms;
        return true;
    }
    return false;
}

void kai_zap_guest_left(struct kai_zap *z, const uint8_t key[static KAI_KEY_BYTES])
{
    for (size_t i = 0; i < KAI_INTRODUCTIONS_MAX; i++) {
        if (z->guests[i].until_ms == 0 || memcmp(z->guests[i].key, key, KAI_KEY_BYTES) != 0)
            continue;
        z->guests[i].until_ms = 0;
        return;
    }
}

static bool admit(struct kai_zap *z, const struct request *r, uint64_t now_ms, uint64_t guest_ms)
{
    if (!r->ok || !part_is(r, VERSION, "1.0") || !part_is(r, MECHANISM, "CURVE") ||
        r->n[CREDENTIALS] != KAI_KEY_BYTES)
        return false;
    if (r->n[ROUTING_ID] != 0) /* Of our own socket: we give it none. */
        return false;
    if (part_is(r, DOMAIN, KAI_ZAP_DOMAIN_INTRO))
        return guest_take(z, r->part[CREDENTIALS], now_ms, guest_ms);
    if (!part_is(r, DOMAIN, KAI_ZAP_DOMAIN))
        return false;
    if (z->admits(z->ctx, r->part[CREDENTIALS]))
        return true;
    z->refused_n++;
    memcpy(z->refused_key, r->part[CREDENTIALS], KAI_KEY_BYTES);
    return false;
}

void kai_zap_serve(struct kai_zap *z, uint64_t now_ms, uint64_t guest_ms)
{
    struct request r;

    memset(&r, 0, sizeof r);
    while (z->sock != NULL && request_next(z->sock, &r)) {
        answer(z->sock, &r, admit(z, &r, now_ms, guest_ms));
        memset(&r, 0, sizeof r);
    }
}
