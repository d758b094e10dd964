/* md5: RFC 1321, for the index of a MISP feed only, which names values by it; nothing rests on its
 * strength. libsodium has none. Private to lib/export. */
#ifndef KAI_EXPORT_MD5_H
#define KAI_EXPORT_MD5_H

#include <stddef.h>
#include <stdint.h>

#define KAI_MD5_BYTES 16u

void kai_md5(uint8_t out[static KAI_MD5_BYTES], const void *p, size_t n);

#endif
