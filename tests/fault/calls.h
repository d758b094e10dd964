/* calls: every call by which this program, LMDB within it included, changes a file. Each is written
 * down, or made to fail. What the program defines is found before what libc does, by shared
 * libraries too: nothing is preloaded, and a child of fork() is watched as its parent is. */
#ifndef TESTS_FAULT_CALLS_H
#define TESTS_FAULT_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Faults. What is counted is shared with children. */
enum call_kind {
    CALL_WRITE = 1, /* write, pwrite, writev, pwritev, ftruncate of plain files. */
    CALL_SYNC = 2,  /* fsync, fdatasync; and a write to a file opened with O_DSYNC is CALL_WRITE. */
    CALL_OPEN = 4,  /* open, openat. */
    CALL_NAME = 8,  /* mkdir, rename, link, unlink. */
    CALL_ALLOC = 16 /* malloc, calloc, realloc of our own code, where alloc.c is linked. */
};

/* From now on, of the calls of these kinds, n succeed and the next fails with this errno; with
 * lasting, all after it too. */
void call_faults_arm(unsigned int kinds, long n, int error, bool lasting);
long call_faults_disarm(void);       /* How many calls were made to fail. */
const char *call_faults_first(void); /* Which was the first. */
/* For alloc.c: whether this call is to fail. */
bool call_fails(enum call_kind kind, const char *name);

/* ---- The trace. One folder, without folders in it. */
enum trace_kind {
    TRACE_WRITE = 1, /* bytes[n] at `at` of file. */
    TRACE_CUT,       /* file is `at` bytes long from now on. */
    TRACE_SYNC,      /* Of file: whatever was written to it. */
    TRACE_NAME,      /* A new file, of this name. */
    TRACE_RENAME,    /* file is called name now, and what was called so is gone. */
    TRACE_GONE,      /* name is. */
    TRACE_SYNC_DIR,
    TRACE_ACK, /* The caller said: what was acknowledged is number `at`. */
};
struct trace_op {
    enum trace_kind kind;
    unsigned int file; /* From 0, in the order in which they were made. */
    bool dsync;        /* TRACE_WRITE: durable when the call returned. */
    uint64_t at;
    size_t n;
    uint8_t *bytes;
    char name[24];
};
struct trace {
    struct trace_op *op;
    size_t n;
    size_t cap;
    unsigned int files;
};

/* Write down what happens in folder dir, which is empty. One trace at a time, one thread. */
void trace_begin(struct trace *t, const char *dir);
void trace_ack(uint64_t number);
void trace_end(void);
void trace_free(struct trace *t);

#endif
