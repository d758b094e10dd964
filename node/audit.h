/* audit: who read what: one line for each read of AMBER or above, in a chain of hashes.
 *
 * HOME/audit.log (0600), one JSON object a line:
 *     {"n":1,"time":"...","who":"user:alice","verb":"get","item":"HEX","label":"TLP:AMBER",
 *      "prev":"HEX","hash":"HEX"}
 * hash = H(kairan1.audit, prev || the line's bytes up to ,"hash"). The last n and hash are kept in
 * the store too, so that lines cut off the end are missed. A read is in the log, durably, before
 * its answer goes out; where it cannot be written the read is refused. */
#ifndef KAI_NODE_AUDIT_H
#define KAI_NODE_AUDIT_H

#include "base/buf.h"
#include "node/who.h"

#define KAI_AUDIT_LINE_BYTES_MAX 1024u
/* The least label whose reads are written. */
#define KAI_AUDIT_TLP_MIN KAI_TLP_AMBER

/* What one request is about to show. */
struct kai_audit_batch {
    const struct kai_who *who;
    const char *verb;
    struct kai_buf reads; /* Items and labels, collected. */
    uint64_t n;
};

void kai_audit_begin(struct kai_audit_batch *b, const struct kai_who *who, const char *verb);
/* One item is to be shown: its id and label. Below KAI_AUDIT_TLP_MIN: nothing is kept. */
void kai_audit_read(struct kai_audit_batch *b, const uint8_t item[static KAI_ID_BYTES],
                    uint8_t tlp);
/* Write what was collected, and wait until it is durable: the answer may go out. The batch is
 * empty then and may collect again. Errors: KAI_EFULL, KAI_EIO, KAI_ECORRUPT (audit.broken: the
 * log is not what was written), KAI_ENOMEM: the answer must not go out. */
KAI_MUST_USE enum kai_err kai_audit_commit(struct kai_core *c, struct kai_audit_batch *b,
                                           struct kai_why *why);
void kai_audit_end(struct kai_audit_batch *b);

#endif
