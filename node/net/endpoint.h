/* endpoint: where a node listens or is dialled: tcp://host:port, and nothing else of what libzmq
 * would accept (source addresses, proxies, other transports). */
#ifndef KAI_NODE_NET_ENDPOINT_H
#define KAI_NODE_NET_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#define KAI_HOST_CAP     256u /* A DNS name has at most 253 characters. */
#define KAI_ENDPOINT_CAP 272u /* "tcp://[" host "]:65535" and a NUL. */

struct kai_endpoint {
    char host[KAI_HOST_CAP]; /* Without brackets; "*" stands for every address of this machine. */
    uint16_t port;           /* 0: any free one. */
    bool numeric;            /* An address; otherwise a name (or "*"). */
    bool ipv6;
};

/* Strict; false when text is not tcp://host:port with host a name, an IPv4 address, an IPv6
 * address in brackets or "*". */
bool kai_endpoint_parse(struct kai_endpoint *e, const char *text);
/* The text that libzmq takes. Returns out. */
const char *kai_endpoint_text(char out[static KAI_ENDPOINT_CAP], const struct kai_endpoint *e);
/* Can it be dialled: a host and a port that say where? */
bool kai_endpoint_dialable(const struct kai_endpoint *e);
/* Replace what stands for every address by the loopback address. */
void kai_endpoint_to_self(struct kai_endpoint *e);

#endif
