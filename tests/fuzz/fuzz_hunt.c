/* fuzz_hunt: a line of a log, by a filter that lets everything pass: what the scanner tells stands
 * in normal form, whatever the line. The first byte says where the line was cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hunt/scan.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kai_hunt_filter *everything(void)
{
    struct kai_hunt_filter *f;

    MUST(kai_hunt_filter_sized(&f, 1, 1) == KAI_OK);
    memset(f->all.words, 0xff, KAI_HUNT_BLOCK_BYTES);
    memset(f->nets.words, 0xff, KAI_HUNT_BLOCK_BYTES);
    memset(f->tops, 0xff, sizeof f->tops);
    memset(f->lasts, 0xff, sizeof f->lasts);
    memset(f->v6, 0xff, sizeof f->v6);
    f->v4 = UINT64_MAX;
    f->types = KAI_HUNT_ALL;
    return f;
}

static void on_token(void *ctx, const struct kai_hunt_token *t)
{
    static const enum kai_vtype shaped[KAI_HUNT_CLASSES] = {
        [KAI_HUNT_IPV4] = KAI_V_IPV4,     [KAI_HUNT_IPV6] = KAI_V_IPV6,
        [KAI_HUNT_DOMAIN] = KAI_V_DOMAIN, [KAI_HUNT_URL] = KAI_V_URL,
        [KAI_HUNT_EMAIL] = KAI_V_EMAIL,   [KAI_HUNT_HEX] = KAI_V_HASH,
        [KAI_HUNT_MAC] = KAI_V_MAC,       [KAI_HUNT_ASN] = KAI_V_ASN,
        [KAI_HUNT_CVE] = KAI_V_CVE,       [KAI_HUNT_TEXT] = KAI_V_OTHER,
    };
    char norm[KAI_VALUE_BYTES_MAX];
    uint8_t key[KAI_VALUE_KEY_MAX];
    size_t n;

    (void)ctx;
    MUST(t->cls > KAI_HUNT_NONE && t->cls < KAI_HUNT_CLASSES && t->text.n > 0);
    MUST(kai_value_norm(shaped[t->cls], t->value, norm, sizeof norm, &n, NULL) == KAI_OK);
    MUST(n == t->value.n && memcmp(norm, t->value.p, n) == 0);
    MUST(kai_value_key(shaped[t->cls], t->value, key, &n) == KAI_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kai_hunt_filter *f;
    struct kai_hunt_scanner *s;
    uint8_t *line;

    if (f == NULL)
        f = everything();
    if (size == 0 || size - 1 > KAI_HUNT_PIECE_BYTES)
        return 0;
    line = malloc(size); /* Of its own size: a look past its end is seen. */
    MUST(line != NULL && kai_hunt_scanner_new(&s, f, on_token, NULL) == KAI_OK);
    memcpy(line, data + 1, size - 1);
    MUST(kai_hunt_line(s, kai_view_of(line, size - 1), (data[0] & 1u) != 0, (data[0] & 2u) != 0) ==
         KAI_OK);
    kai_hunt_scanner_free(s);
    free(line);
    return 0;
}
