/* hunt_crew: threads that scan pieces of logs; the pieces come back in their order.
 *
 * A ring of pieces: the owner fills the next one and hands it out, any thread scans it, the owner
 * takes the oldest back when it is done. Only the owner calls these functions. */
#ifndef KAI_NODE_CLI_HUNT_CREW_H
#define KAI_NODE_CLI_HUNT_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "hunt/scan.h"

#define HUNT_RING  12u /* Pieces: enough that no thread waits while hits are looked up, */
#define HUNT_BATCH 6u  /* those of so many at a time. */

/* What the filter let pass. value and text stand in the piece's bytes. */
struct hunt_found {
    uint64_t line; /* From 0, of the piece. */
    enum kai_hunt_class cls;
    uint32_t value;
    uint32_t value_n;
    uint32_t text;
    uint32_t text_n;
    uint32_t known; /* The owner's. */
};

struct hunt_piece {
    size_t n; /* Bytes of text. */
    bool cut_left;
    bool cut_right;
    bool first;       /* Of its file, whose name is here. */
    const char *file; /* The owner's. */

    /* What came of it. */
    size_t from;    /* So far it is scanned: less than n where too much was found. */
    uint64_t lines; /* And so many line feeds were passed. */
    struct hunt_found *found;
    size_t n_found;
    size_t cap_found;
    struct kai_buf bytes;
    enum kai_err err; /* KAI_ENOMEM, KAI_ELIMIT. */

    int state; /* The crew's. */
    uint8_t text[KAI_HUNT_PIECE_BYTES];
};

struct hunt_crew;

/* f stays the caller's. Errors: KAI_ENOMEM, KAI_EIO (no thread). */
KAI_MUST_USE enum kai_err hunt_crew_new(struct hunt_crew **out, const struct kai_hunt_filter *f);
void hunt_crew_free(struct hunt_crew *c); /* Ends the threads. NULL does nothing. */

struct hunt_piece *hunt_crew_next(struct hunt_crew *c); /* To be filled; NULL: the ring is full. */
void hunt_crew_push(struct hunt_crew *c);               /* It is filled. */
/* Wait until so many of the oldest that were pushed are done, or all; how many are. */
size_t hunt_crew_wait(struct hunt_crew *c, size_t n);
struct hunt_piece *hunt_crew_at(struct hunt_crew *c, size_t i); /* The i-th of them, from 0. */
/* The oldest is used: the rest of it is scanned now, or it is free. */
void hunt_crew_used(struct hunt_crew *c);

#endif
