/* uuid: text forms, and version 5. */
#include "item/scoid.h"

#include <string.h>

#include "item/ascii.h"
#include "item/sha1.h"

void kai_uuid5(uint8_t out[static 16], const uint8_t ns[static 16], const void *name, size_t n)
{
    struct kai_sha1 h;
    uint8_t digest[KAI_SHA1_BYTES];

    kai_sha1_begin(&h);
    kai_sha1_add(&h, ns, 16);
    kai_sha1_add(&h, name, n);
    kai_sha1_end(&h, digest);
    memcpy(out, digest, 16);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

char *kai_uuid_text(char out[static KAI_UUID_CAP], const uint8_t uuid[static 16])
{
    char hex[KAI_HEX_CAP(16)];

    (void)kai_hex(hex, uuid, 16);
    memcpy(out, hex, 8);
    out[8] = '-';
    memcpy(out + 9, hex + 8, 4);
    out[13] = '-';
    memcpy(out + 14, hex + 12, 4);
    out[18] = '-';
    memcpy(out + 19, hex + 16, 4);
    out[23] = '-';
    memcpy(out + 24, hex + 20, 13); /* And the NUL. */
    return out;
}

bool kai_uuid_parse(uint8_t out[static 16], struct kai_view text)
{
    char hex[32];
    size_t n = 0;

    if (text.n != KAI_UUID_CAP - 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_hyphen != (text.p[i] == '-'))
            return false;
        if (!is_hyphen)
            hex[n++] = (char)text.p[i];
    }
    return kai_unhex(out, 16, hex, n);
}
