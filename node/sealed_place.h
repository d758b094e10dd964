/* sealed_place: where an answer ended, as a text that tells its holder nothing, with which another
 * call goes on there.
 *
 * Numbers of rows and changes count what is hidden from the reader as well. So they go out sealed
 * under the key of the index (kai_index_key()): the text says which index it is of, and how long
 * the place is; nobody makes or changes one. It gives no rights, and is good as long as the index
 * is. Times at which something was added tell of what is hidden as well, and go out in the same
 * way. */
#ifndef KAI_NODE_SEALED_PLACE_H
#define KAI_NODE_SEALED_PLACE_H

#include "base/buf.h"
#include "node/core.h"

/* What it is a place for: sealed for one, it opens for no other. */
enum kai_place_kind {
    KAI_PLACE_QUERY = 1,
    KAI_PLACE_STREAM = 2,
    KAI_PLACE_TAXII = 3, /* A time, which an index made anew has behind it: so it is sealed under a
                          * key of the node, and is good as long as that is. */
};

/* Characters of the text, with its NUL, of a place of n bytes: the same for all of that length. */
#define KAI_PLACE_NAME_BYTES  8u /* Of the index. */
#define KAI_PLACE_TEXT_CAP(n) (((n) + KAI_PLACE_NAME_BYTES + 40u) / 3u * 4u + 5u)

/* Append its text. Two of the same place are not the same. Errors: KAI_ENOMEM, what out->err says.
 */
KAI_MUST_USE enum kai_err kai_place_seal(const struct kai_core *c, enum kai_place_kind kind,
                                         struct kai_view place, struct kai_buf *out);
/* Append the place, of at most max bytes. Errors: KAI_EMALFORMED (nobody here made it, or for
 * something else); KAI_ENOTFOUND (it names another index: go on from the beginning); KAI_ENOMEM,
 * what out->err says. */
KAI_MUST_USE enum kai_err kai_place_open(const struct kai_core *c, enum kai_place_kind kind,
                                         const char *text, size_t max, struct kai_buf *out);

#endif
