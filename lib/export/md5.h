/* md5: RFC 1321, for the index of a MISP feed only, which names values by it; nothing rests on its
 * strength. libsodium has none, and no library of Debian's does several texts at a time, which is
 * what makes it cheap enough here. Private to lib/export. */
#ifndef KAI_EXPORT_MD5_H
#define KAI_EXPORT_MD5_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define KAI_MD5_BYTES 16u
#define KAI_MD5_LANES 8u /* Texts that are hashed in one go. */

/* out[i]: of texts[i]. */
void kai_md5(uint8_t (*out)[KAI_MD5_BYTES], const struct kai_view *texts, size_t n);

#endif
