/* demo_relay: a wire that can be listened to: a process which passes bytes on between nodes, and
 * writes all of them down.
 *
 * Every address that a node of the demo announces is one of these, so whatever nodes say to each
 * other is in the record. The relay knows no key and no protocol. */
#ifndef KAI_NODE_CLI_DEMO_RELAY_H
#define KAI_NODE_CLI_DEMO_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEMO_RELAY_PORTS 6u
#define DEMO_RELAY_INTRO                                                                           \
    5u /* This port is the one after port 0: where a stranger looks for the introduction socket.   \
        */

struct demo_relay; /* Opaque: from demo_relay_open() to demo_relay_close(). */

/* Begin to listen on DEMO_RELAY_PORTS ports of loopback. The record goes to
 * dir/wire-PORT-N.{up,down}: up is what the caller said. NULL: it did not work. */
struct demo_relay *demo_relay_open(const char *dir);
void demo_relay_close(struct demo_relay *r); /* NULL does nothing. */
/* Leave it running after this process: no longer writes down. Returns its process id. */
pid_t demo_relay_keep(struct demo_relay *r);

uint16_t demo_relay_port(const struct demo_relay *r, size_t i);
/* Where what comes in at port i goes to; 0: nowhere, callers are closed at once. */
void demo_relay_target(struct demo_relay *r, size_t i, uint16_t port);
/* Bytes passed on so far, of all ports, or of one. */
uint64_t demo_relay_bytes(const struct demo_relay *r);
uint64_t demo_relay_port_bytes(const struct demo_relay *r, size_t i);

#endif
