/* grant: what an ADMIT gives: defaults, and what narrows them. */
#ifndef KAI_NODE_GRANT_H
#define KAI_NODE_GRANT_H

#include "keys/keyfile.h"
#include "keys/record.h"

struct kai_grant {
    uint64_t caps;
    uint64_t depth_left;
    uint64_t max_children;
    uint64_t label_max;
    uint64_t quota;
    uint64_t not_after; /* ms since 1970. */
    size_t n_attrs;
    struct kai_attr attrs[KAI_ATTRS_MAX];
};

struct kai_grant kai_grant_founder(void);
/* What a sponsor gives unless told otherwise: publish, own audiences, keep keys; admit nobody;
 * AMBER+STRICT. */
struct kai_grant kai_grant_member(void);
struct kai_grant kai_grant_of(const struct kai_admit *a);

/* An ADMIT under this grant for our own key (proof of possession included). */
void kai_grant_admit(struct kai_admit *a, const struct kai_grant *g, uint64_t kind,
                     const char *name, const struct kai_keys *subject, const uint8_t *org_id);
/* Under this grant for the key that a request proves. */
void kai_grant_request(struct kai_admit *a, const struct kai_grant *g,
                       const struct kai_admit *proof);

#endif
