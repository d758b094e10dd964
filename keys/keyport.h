/* keyport: the steps that key files take on a disk, so that tests can fail each of them.
 *
 * Every step returns 0 or more, or a negative errno. */
#ifndef KAI_KEYS_KEYPORT_H
#define KAI_KEYS_KEYPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kai_keyport_stat {
    bool regular;
    bool ours;     /* Owned by the user we run as. */
    uint32_t mode; /* Permission bits. */
    uint64_t size;
};

struct kai_keyport {
    void *ctx;                                  /* The first argument of every step. */
    int (*create)(void *ctx, const char *path); /* For writing, mode 0600, must not exist. */
    int (*open)(void *ctx, const char *path);   /* For reading; a symbolic link is -ELOOP. */
    long (*write)(void *ctx, int fd, const void *p, size_t n);
    long (*read)(void *ctx, int fd, void *p, size_t n);
    int (*stat)(void *ctx, int fd, struct kai_keyport_stat *st);
    int (*sync)(void *ctx, int fd);
    int (*close)(void *ctx, int fd);
    int (*link)(void *ctx, const char *from, const char *to); /* -EEXIST where it exists. */
    int (*unlink)(void *ctx, const char *path);
    int (*sync_folder)(void *ctx, const char *folder);
};

#endif
