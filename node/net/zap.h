/* zap: answers libzmq's question whom to admit (ZeroMQ RFC 27). Everything that is not plainly
 * allowed is refused. In memory only: a slow answer holds up every handshake. */
#ifndef KAI_NODE_NET_ZAP_H
#define KAI_NODE_NET_ZAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"

/* A stranger who was let in to the introduction socket. */
struct kai_zap_guest {
    uint8_t key[KAI_KEY_BYTES];
    uint64_t until_ms; /* 0: free. */
};

struct kai_zap {
    void *sock;
    void *ctx;
    bool (*admits)(void *ctx, const uint8_t curve_pk[static KAI_KEY_BYTES]);
    struct kai_zap_guest guests[KAI_INTRODUCTIONS_MAX];
    uint64_t refused_n; /* Since it was last taken. */
    uint8_t refused_key[KAI_KEY_BYTES];
};

/* Binds the handler: before any socket that it guards. Errors: KAI_EIO, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_zap_open(struct kai_zap *z, void *zmq, struct kai_why *why);
void kai_zap_close(struct kai_zap *z);
/* Answers every question that waits. A guest stays for at most guest_ms. */
void kai_zap_serve(struct kai_zap *z, uint64_t now_ms, uint64_t guest_ms);
/* A guest's connection has ended. */
void kai_zap_guest_left(struct kai_zap *z, const uint8_t key[static KAI_KEY_BYTES]);

#endif
