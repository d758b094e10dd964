/* found: the ceremonies that make a home part of a network. They make keys and records on a home
 * without a running node (docs/protocol.md 2, 3). */
#ifndef KAI_NODE_FOUND_H
#define KAI_NODE_FOUND_H

#include "keys/ceremony.h"
#include "node/home.h"

/* Whether nothing of a network is there (or only what an attempt that was cut off left); begin to
 * make a home; end it, and remove what was made where err is not KAI_OK. Errors: KAI_EEXIST
 * (home.exists), and those of files; finish gives err. */
KAI_MUST_USE enum kai_err kai_found_empty(const struct kai_home *h, struct kai_why *why);
KAI_MUST_USE enum kai_err kai_found_begin(const struct kai_home *h, struct kai_why *why);
KAI_MUST_USE enum kai_err kai_found_finish(const struct kai_home *h, enum kai_err err,
                                           struct kai_why *why);

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
 * request. In a restored home: of a node of its organisation. Errors: KAI_EEXIST (home.exists: it
 * belongs to a network already), KAI_EMALFORMED (restore.other-org). */
KAI_MUST_USE enum kai_err kai_found_request(const struct kai_home *h, uint64_t kind,
                                            const char *name, const uint8_t *org_id,
                                            const char *passphrase, struct kai_buf *request,
                                            struct kai_why *why);

/* Take an admission: verify it, add our own certificates below it, make the store, or add to the
 * one that was restored. Errors: KAI_ENOTFOUND (admission.no-request), KAI_EDENIED
 * (admission.other: it admits another key), KAI_EEXIST (home.exists), KAI_EMALFORMED, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_found_join(const struct kai_home *h, uint64_t kind,
                                         struct kai_view admission, const char *passphrase,
                                         struct kai_charter *charter, struct kai_why *why);

#endif
