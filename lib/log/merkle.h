/* merkle: hash trees over salted items (docs/protocol.md 5): one item can be shown to belong to a
 * signed batch without showing the others.
 *
 * leaf = H("kairan1.leaf", salt16 || item id), node = H("kairan1.mnode", left || right), an odd
 * node is carried up as it is. A path is the index and the hashes beside the way to the root. */
#ifndef KAI_LOG_MERKLE_H
#define KAI_LOG_MERKLE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#define KAI_MERKLE_PATH_MAX   12u /* 4,096 leaves: members of an audience; a batch has 500. */
#define KAI_MERKLE_LEAVES_MAX 4096u

struct kai_merkle_path {
    size_t n;
    uint8_t hash[KAI_MERKLE_PATH_MAX][KAI_ID_BYTES]; /* From the leaf upwards. */
};

/* H("kairan1.item", kind as u64 || content). */
void kai_item_id(uint8_t id[static KAI_ID_BYTES], uint64_t kind, struct kai_view content);
void kai_item_leaf(uint8_t leaf[static KAI_ID_BYTES], const uint8_t salt[static 16],
                   const uint8_t item_id[static KAI_ID_BYTES]);

/* Root over n leaves, 1 to KAI_MERKLE_LEAVES_MAX; overwrites leaves. */
void kai_merkle_root(uint8_t root[static KAI_ID_BYTES], uint8_t (*leaves)[KAI_ID_BYTES], size_t n);
/* Path of leaf i; leaves are kept. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_merkle_path(struct kai_merkle_path *path,
                                          const uint8_t (*leaves)[KAI_ID_BYTES], size_t n,
                                          size_t i);
/* Whether leaf i of n has this path to this root. Errors: KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_merkle_check(const uint8_t root[static KAI_ID_BYTES],
                                           const uint8_t leaf[static KAI_ID_BYTES], size_t n,
                                           size_t i, const struct kai_merkle_path *path);

#endif
