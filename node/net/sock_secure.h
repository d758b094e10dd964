/* sock_secure: the one place that makes sockets and sets their options. No other file calls
 * zmq_socket, zmq_bind or zmq_connect.
 *
 * libzmq lets strangers in when one of several options is missing, and says nothing. So every
 * option is set here, read back and compared; a difference is an error, never ignored. */
#ifndef KAI_NODE_NET_SOCK_SECURE_H
#define KAI_NODE_NET_SOCK_SECURE_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "net/endpoint.h"

#define KAI_ZAP_DOMAIN       "kairan"
#define KAI_ZAP_DOMAIN_INTRO "kairan-intro"
#define KAI_ZAP_ENDPOINT     "inproc://zeromq.zap.01" /* The name that libzmq looks for. */

struct kai_sock_keys {
    const uint8_t *pk; /* KAI_KEY_BYTES each. */
    const uint8_t *sk;
};

/* A socket and the one that reports its connections; both are closed by kai_sock_close(). */
struct kai_sock {
    void *sock;
    void *monitor;
};

/* A ROUTER that only lets in whom the ZAP domain allows; the ZAP handler must be bound before.
 * *bound says where it really listens.
 * Errors: KAI_EBUSY (port.in-use), KAI_EPERM (port.denied), KAI_EMALFORMED (endpoint.syntax),
 * KAI_EIO (selftest.option, socket.failed), KAI_ELIMIT (socket.descriptors), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_sock_listen(struct kai_sock *out, void *zmq,
                                          const struct kai_sock_keys *keys, const char *domain,
                                          const struct kai_endpoint *at, struct kai_endpoint *bound,
                                          struct kai_why *why);

/* A DEALER on its way to a server that must hold server_pk. It tries once.
 * Errors: KAI_EMALFORMED (endpoint.syntax), KAI_ELIMIT (socket.failed: no descriptors left),
 * KAI_EIO (selftest.option, socket.failed), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_sock_dial(struct kai_sock *out, void *zmq,
                                        const struct kai_sock_keys *keys,
                                        const uint8_t server_pk[static KAI_KEY_BYTES],
                                        const struct kai_endpoint *to, struct kai_why *why);

/* What kai_transport_new() tries to get in with. */
enum kai_probe { KAI_PROBE_UNKNOWN_KEY, KAI_PROBE_NULL, KAI_PROBE_PLAIN };
/* A DEALER with a fresh key or none, as an outsider would have it. Errors: as kai_sock_dial(). */
KAI_MUST_USE enum kai_err kai_sock_probe(struct kai_sock *out, void *zmq, enum kai_probe kind,
                                         const uint8_t server_pk[static KAI_KEY_BYTES],
                                         const struct kai_endpoint *to, struct kai_why *why);

/* The REP socket that libzmq asks whom to admit. Errors: KAI_EIO (socket.failed), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_sock_zap(void **out, void *zmq, struct kai_why *why);

void kai_sock_close(struct kai_sock *s); /* Also of one that is all zeros, which it then is. */

#endif
