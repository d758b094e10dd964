/* audit: who read what: one line for each read of AMBER or above, in a chain of hashes.
 *
 * HOME/audit.log (0600), one JSON object a line:
 *     {"n":1,"time":"...","who":"user:alice","verb":"get","item":"HEX","label":"TLP:AMBER",
 *      "prev":"HEX","hash":"HEX"}
 * hash = H(kairan1.audit, prev || the line from its start to the quote after prev). The last n and
 * hash, and the length of the file, are kept in the store too, so that lines cut off the end are
 * missed. A read is in the log, durably, before its answer goes out; where it cannot be written the
 * read is refused. */
#ifndef KAI_NODE_AUDIT_H
#define KAI_NODE_AUDIT_H

#include "base/buf.h"
#include "node/audit_line.h"
#include "node/home.h"
#include "node/who.h"

#define KAI_AUDIT_TLP_MIN KAI_TLP_AMBER /* The least label whose reads are written. */

/* What one request is about to show. All zeros: nothing yet. */
struct kai_audit_batch {
    uint64_t n;
    struct kai_buf reads; /* 32 bytes of an item's id and one of its label, n times. */
};

/* One item is to be shown. Below KAI_AUDIT_TLP_MIN nothing is kept. Failures stick in b. */
void kai_audit_read(struct kai_audit_batch *b, const uint8_t item[static KAI_ID_BYTES],
                    uint8_t tlp);
void kai_audit_batch_free(struct kai_audit_batch *b);

/* Write what was collected, and wait until it is durable: the answer may go out. The batch is
 * empty then and may collect again. Any thread, the owning one only where no loop runs.
 * Errors: KAI_EFULL (disk.full), KAI_EIO, KAI_ENOMEM, KAI_ELIMIT (audit.write): the answer must not
 * go out, and nothing of it is in the log. */
KAI_MUST_USE enum kai_err kai_audit_commit(struct kai_core *c, const struct kai_who *who,
                                           const char *verb, struct kai_audit_batch *b,
                                           struct kai_why *why);

/* HOME/audit.log. Returns path. */
char *kai_audit_path(const struct kai_core *c, char path[static KAI_PATH_BYTES_MAX]);
/* Open the log of c, c->audit. After an unclean stop what was written behind the last line that the
 * store knows counts where it chains on, and is cut off where it does not: no answer went out for
 * it. A log that is shorter than the store says is left as it is: verify says so for ever. */
KAI_MUST_USE enum kai_err kai_audit_open(struct kai_core *c);
/* False: the file has lines that the store knows nothing of, so that this is no clean stop. */
bool kai_audit_close(struct kai_core *c);

/* Each line of the file in order, without its line feed, and where in the file it starts. The last
 * may be cut. False stops. Errors: KAI_EIO, KAI_ENOMEM. */
typedef bool kai_audit_line_fn(void *ctx, struct kai_view line, uint64_t at, bool whole);
KAI_MUST_USE enum kai_err kai_audit_scan(int fd, uint64_t from, uint64_t to, kai_audit_line_fn *f,
                                         void *ctx);

/* A descriptor of the log to read from, and how far it goes now, between two writes; *head: the
 * last line as the store has it. Close fd. Errors: KAI_EIO. */
KAI_MUST_USE enum kai_err kai_audit_reader(struct kai_core *c, int *fd, uint64_t *size,
                                           struct kai_audit_at *head, struct kai_why *why);
/* Check all. *lines: how many are good. *why says what the first bad one is, and where.
 * Errors: KAI_EAUTH (audit.*), KAI_EIO, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_audit_verify(struct kai_core *c, uint64_t *lines,
                                           struct kai_why *why);

#endif
