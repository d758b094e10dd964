/* found: the ceremonies that make a home part of a network. They make keys and records on a home
 * without a running node (docs/protocol.md 2, 3). */
#ifndef KAI_NODE_FOUND_H
#define KAI_NODE_FOUND_H

#include "keys/ceremony.h"
#include "node/home.h"

/* Found a network: organisation root, issuing and node key, charter, control logs. `public` and
 * `all` are made when the home is first opened (kai_core_open, then kai_audiences_begin). Errors:
 * KAI_EEXIST (home.exists), and those of files. */
struct kai_found {
    const char *network;
    const char *org;
    const char *node;       /* Name of this node. */
    const char *passphrase; /* Of the organisation's root key. */
    const struct kai_charter_text *texts;
    size_t n_texts;
};
KAI_MUST_USE enum kai_err kai_found_network(const struct kai_home *h, const struct kai_found *f,
                                            struct kai_why *why);

/* Make keys and write the request to join: of an organisation (root, issuing and node key) or of a
 * node (node key; org_id: the organisation that is asked, else NULL). Doing it again gives the same
 * request. Errors: KAI_EEXIST (home.exists: it belongs to a network already). */
KAI_MUST_USE enum kai_err kai_found_request(const struct kai_home *h, uint64_t kind,
                                            const char *name, const uint8_t *org_id,
                                            const char *passphrase, struct kai_buf *request,
                                            struct kai_why *why);

/* Take an admission: verify it, add our own certificates below it, make the store. Errors:
 * KAI_ENOTFOUND (admission.no-request), KAI_EDENIED (admission.other: it admits another key),
 * KAI_EEXIST (home.exists), KAI_EMALFORMED, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_found_join(const struct kai_home *h, uint64_t kind,
                                         struct kai_view admission, const char *passphrase,
                                         struct kai_charter *charter, struct kai_why *why);

#endif
