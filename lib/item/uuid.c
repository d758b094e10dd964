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
    static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

    for (size_t i = 0; i < sizeof places; i++)
        memcpy(out + places[i], kai_hex_pairs + 2 * uuid[i], 2);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[KAI_UUID_CAP - 1] = '\0';
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
