/* image: what a disk may hold after the power went away in the middle of a trace.
 *
 * What was synced is there. Of what was not, each sector of 512 bytes may hold anything that was
 * ever written to it since, whatever the sectors beside it hold: writes are torn, and reordered. A
 * write to a file opened with O_DSYNC is durable when it returns, and takes along only what stands
 * in its own sectors. A name is durable when its folder was synced. */
#ifndef TESTS_FAULT_IMAGE_H
#define TESTS_FAULT_IMAGE_H

#include "calls.h"

struct image_sector { /* Written, not synced. */
    uint64_t at;
    size_t n;
    const uint8_t *p; /* Into the trace. */
    size_t op;
};
struct image_file {
    uint8_t *bytes; /* What is durable. */
    size_t n;
    size_t cap;
    uint64_t n_seen; /* How long the file is for who reads it now. */
    struct image_sector *sector;
    size_t sectors;
    size_t sectors_cap;
};
struct image_name {
    char name[24];
    unsigned int file;
};
struct image {
    const struct trace *t;
    size_t at; /* Ops that were carried out. */
    uint64_t acked;
    bool any_acked;
    struct image_file *file;
    struct image_name name[16]; /* Durable ones. */
    size_t names;
    size_t dir_synced; /* Ops up to here are durable, as far as they are about names. */
};

void image_begin(struct image *m, const struct trace *t);
void image_step(struct image *m); /* Carry the next op out. */
void image_end(struct image *m);

/* How what is not durable is chosen; more give random mixes. */
enum {
    IMAGE_NOTHING,
    IMAGE_ALL,
    IMAGE_SECTORS,
    IMAGE_WRITES,
    IMAGE_NEWEST,
    IMAGE_FEW,
    IMAGE_KINDS
};
/* Write into dir, which is empty, what may be found after the power failed during op m->at. False:
 * the same as IMAGE_NOTHING, since nothing is open. */
bool image_write(const struct image *m, const char *dir, unsigned int choice, uint64_t seed);

#endif
