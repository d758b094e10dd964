/* audit_line: the chain of the audit log: how a line is written, and whether one follows. Pure. */
#ifndef KAI_NODE_AUDIT_LINE_H
#define KAI_NODE_AUDIT_LINE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"

#define KAI_AUDIT_LINE_BYTES_MAX 1024u

/* Where a log has come to: the last line's number and hash. All zeros: before the first line. */
struct kai_audit_at {
    uint64_t n;
    uint8_t hash[KAI_ID_BYTES];
};

struct kai_audit_fact {
    uint64_t time_ms;
    const char *who; /* "user:alice" */
    const char *verb;
    const uint8_t *item; /* KAI_ID_BYTES. */
    uint8_t tlp;
};

/* Append the line that follows *at, its line feed included, and move *at. Failures stick in out. */
void kai_audit_line_write(struct kai_buf *out, struct kai_audit_at *at,
                          const struct kai_audit_fact *f);
/* Whether a line (without its line feed) follows *at; moves *at when it does. Else the reason:
 * audit.form (no line that this program writes), audit.gap (its number or the hash of the line
 * before it is another), audit.altered (its bytes are not those that were hashed). */
const char *kai_audit_line_check(struct kai_audit_at *at, struct kai_view line);

#endif
