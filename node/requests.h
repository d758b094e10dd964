/* requests: requests for a release, ours to sources and those of others to us, and what became of
 * them (docs/protocol.md 5, NOTICE 2 and 3). They are read from the letters that the index holds.
 */
#ifndef KAI_NODE_REQUESTS_H
#define KAI_NODE_REQUESTS_H

#include "log/acts.h"
#include "node/core.h"
#include "query/acts.h"

enum kai_asked_state { KAI_ASKED_OPEN = 0, KAI_ASKED_GRANTED = 1, KAI_ASKED_REFUSED = 2 };

struct kai_asked {
    uint64_t no;               /* Of the letter. */
    bool ours;                 /* We asked; else we were asked. */
    uint8_t org[KAI_ID_BYTES]; /* Whom we asked, or who asked us; zeros: not known any more. */
    uint64_t seen_ms;
    struct kai_request q;
    enum kai_asked_state state;
    char answer[KAI_TEXT_BYTES_MAX + 1]; /* Of a refusal. */
};

/* Each one whose letter this reader may see, oldest first. false stops. */
typedef bool kai_asked_fn(void *ctx, const struct kai_asked *a);
KAI_MUST_USE enum kai_err kai_requests_each(struct kai_core *c, struct kai_ixsnap *rows,
                                            kai_asked_fn *f, void *ctx);
/* One by what `release list` calls it: "r12". Errors: KAI_ENOTFOUND (letter.unknown). */
KAI_MUST_USE enum kai_err kai_requests_find(struct kai_core *c, struct kai_ixsnap *rows,
                                            const char *name, struct kai_asked *out,
                                            struct kai_why *why);
/* Whether an origin's releases let contents x of an OBJ into the target; *label: as which (0: as it
 * was). */
KAI_MUST_USE enum kai_err
kai_requests_granted(struct kai_ixsnap *rows, const uint8_t obj_hash[static KAI_ID_BYTES],
                     const uint8_t origin[static KAI_ID_BYTES], const struct kai_indexes *x,
                     const uint8_t target[static KAI_ID_BYTES], bool *granted, uint8_t *label);
/* The number in a name such as "r12". */
bool kai_letter_no(const char *name, char kind, uint64_t *no);
/* Answer no. Not on the owning thread of a running loop. Errors: as kai_letter_post(). */
KAI_MUST_USE enum kai_err kai_request_refuse(struct kai_core *c, const struct kai_asked *a,
                                             const char *reason, struct kai_why *why);

#endif
