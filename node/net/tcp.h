/* tcp: the TCP connection behind a socket of libzmq: which one it is, what it has received, and
 * how to cut it. libzmq has no call for any of these. */
#ifndef KAI_NODE_NET_TCP_H
#define KAI_NODE_NET_TCP_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor belongs to libzmq and may be closed and used again at any time, so the kernel's
 * name of the connection is kept with it. */
struct kai_tcp {
    int fd;          /* -1: none. */
    uint64_t cookie; /* SO_COOKIE: never used twice. */
};

bool kai_tcp_get(struct kai_tcp *tcp, int fd); /* false: fd is no TCP connection. */
bool kai_tcp_same(const struct kai_tcp *tcp);  /* Is fd still that connection? */
void kai_tcp_cut(const struct kai_tcp *tcp);   /* Ends it, both ways, if it is still that one. */
/* Bytes that libzmq has read from it since it began, as on the wire. false: not known. */
bool kai_tcp_read_bytes(const struct kai_tcp *tcp, uint64_t *n);
/* What a frame of n bytes takes on the wire under CURVE. */
uint64_t kai_tcp_frame_bytes(uint64_t n);

#endif
