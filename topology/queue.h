/* queue: frames that wait for a peer, by class. */
#ifndef KAI_TOPOLOGY_QUEUE_H
#define KAI_TOPOLOGY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which they are sent; all but the first count against credit. */
enum kai_out_class {
    KAI_OUT_URGENT, /* What steers the link: HELLO, PING, CREDIT, WANT, ERR. */
    KAI_OUT_KEYS,   /* What others are read with: control plane, EPOCH, MATCH, OFFER. */
    KAI_OUT_LIVE,   /* New entries, proofs. */
    KAI_OUT_LAZY,   /* What can be said later: IHAVE, RB, PEERS. */
    KAI_OUT_BULK,   /* Entries that were asked for. */
    KAI_OUT_CLASSES
};
struct kai_out_frame {
    struct kai_out_frame *next;
    size_t n;
    bool flows;
    uint8_t bytes[];
};
struct kai_out_queue {
    struct kai_out_frame *first;
    struct kai_out_frame *last;
    size_t bytes;
    size_t n;
    size_t passed; /* Bytes of higher classes that were sent while this one waited. */
};

#endif
