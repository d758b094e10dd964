/* same: whether two STIX texts say the same. */
#ifndef KAI_ITEM_SAME_H
#define KAI_ITEM_SAME_H

#include <stdbool.h>

#include "base/bytes.h"

/* The same values under the same keys; white space, escapes and the order of keys do not count.
 * What is no object of at most KAI_STIX_BYTES_MAX equals nothing. */
bool kai_stix_same(struct kai_view a, struct kai_view b);

#endif
