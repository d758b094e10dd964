/* media: the media types of TAXII 2.1, as headers name them. Pure. */
#ifndef KAI_NODE_TAXII_MEDIA_H
#define KAI_NODE_TAXII_MEDIA_H

#include <stdbool.h>

#define KAI_TAXII_MEDIA "application/taxii+json;version=2.1"
#define KAI_STIX_MEDIA  "application/stix+json;version=2.1"

/* Whether an answer of ours is one that an Accept header takes. What clients send besides the type
 * itself: no header (NULL), no version, a space before it, JSON in general, and anything. */
bool kai_taxii_accepted(const char *accept);
/* Whether a Content-Type names what may be posted; without a version it is taken for 2.1. */
bool kai_taxii_postable(const char *content_type);

#endif
