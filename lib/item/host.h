/* host: domain names, and what stands before the path of a URL. */
#ifndef KAI_ITEM_HOST_H
#define KAI_ITEM_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define KAI_DOMAIN_CAP 256u

/* Lower case, A-labels, letters digits hyphen underscore, labels of 1 to 63, at most 253 in all,
 * the last one not all digits; one dot at the end is dropped. Writes no NUL. */
bool kai_domain_norm(struct kai_view text, char out[static KAI_DOMAIN_CAP], size_t *n);

/* The normal form of a URL into out[cap]: scheme and host in lower case, the default port dropped,
 * an empty path of http, https and ftp written as "/"; "http://" put before what has no scheme.
 * False: none, or it does not fit. */
bool kai_url_norm(struct kai_view text, char *out, size_t cap, size_t *n);

#endif
