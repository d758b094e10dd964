/* home: the folder of one node: where things stand, and that it is ours and of this version.
 *
 * HOME 0711: version, kairan.conf, api.sock, audit.log 0600, keys/ 0700 (org-root.key issuing.key
 * node.key logs/ persons/), store/ 0700 (the durable environment), index/ 0700, spool/ 0700, taxii/
 * 0700 (statuses). */
#ifndef KAI_NODE_HOME_H
#define KAI_NODE_HOME_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"

#define KAI_HOME_VERSION   1
#define KAI_PATH_BYTES_MAX 1024

struct kai_home {
    char dir[KAI_PATH_BYTES_MAX / 2];
};

/* DIR, else $KAIRAN_HOME, else /var/lib/kairan for root and $XDG_DATA_HOME/kairan for others. Made
 * absolute. Errors: KAI_ELIMIT (home.path-long), KAI_ENOTFOUND (home.unset). */
KAI_MUST_USE enum kai_err kai_home_find(struct kai_home *h, const char *dir, struct kai_why *why);

/* Make the folders and the version file where they are missing. Errors: KAI_EVERSION (home.newer),
 * KAI_EPERM, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_home_make(const struct kai_home *h, struct kai_why *why);
/* An existing home. Errors: KAI_ENOTFOUND (home.missing), KAI_EVERSION, KAI_EPERM, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_home_check(const struct kai_home *h, struct kai_why *why);

/* DIR/name, as printf does. Returns out, which holds KAI_PATH_BYTES_MAX; dir is short enough to
 * leave room. */
char *kai_home_path(const struct kai_home *h, char out[static KAI_PATH_BYTES_MAX],
                    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The socket of the local API: DIR/api.sock. Errors: KAI_ELIMIT (home.path-long): it does not fit a
 * socket address. */
KAI_MUST_USE enum kai_err kai_home_socket(const struct kai_home *h, char out[static 108],
                                          struct kai_why *why);

/* Whole small file into buf[cap], NUL-terminated. Errors: KAI_ENOTFOUND, KAI_ELIMIT, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_file_read(const char *path, char *buf, size_t cap, size_t *len);
/* All n bytes to a descriptor, however often it takes only a part. False: errno says why. */
bool kai_write_all(int fd, const uint8_t *p, size_t n);
/* Write whole or not at all: temporary file, fsync, rename, fsync of the folder. */
KAI_MUST_USE enum kai_err kai_file_write(const char *path, const void *p, size_t n, unsigned mode,
                                         struct kai_why *why);
/* Remove it, durably. One that is not there is gone already. */
KAI_MUST_USE enum kai_err kai_file_remove(const char *path, struct kai_why *why);

#endif
