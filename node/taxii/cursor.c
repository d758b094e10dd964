/* cursor: the text of `next`. base64url of 8 bytes of H(kairan1.taxii, address, rest) and the rest,
 * [version, after_us, limit, id, type, version, spec_version]. */
#include "node/taxii/cursor.h"

#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "wire/cur.h"
#include "wire/put.h"

#define VERSION   1u
#define SUM_BYTES 8u
#define BYTES_MAX (SUM_BYTES + KAI_TAXII_MATCH_BYTES_MAX + 64u)
#define VARIANT   sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Over the address, too: of another one it says nothing. */
static void sum_of(uint8_t sum[static KAI_ID_BYTES], const struct kai_taxii_path *p,
                   struct kai_view rest)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_TAXII);
    kai_hash_u64(&h, p->what);
    kai_hash_add(&h, p->uuid, sizeof p->uuid);
    kai_hash_u64(&h, strlen(p->object));
    kai_hash_add(&h, p->object, strlen(p->object));
    kai_hash_add(&h, rest.p, rest.n);
    kai_hash_end(&h, sum);
}

void kai_taxii_next_put(struct kai_buf *out, const struct kai_taxii_path *p,
                        const struct kai_taxii_filter *f, uint64_t after_us)
{
    uint8_t sum[KAI_ID_BYTES] = {0};
    struct kai_buf b;

    kai_buf_init(&b, BYTES_MAX);
    kai_buf_add(&b, sum, SUM_BYTES); /* Room for it. */
    kai_put_array(&b, 3 + KAI_TAXII_FIELDS);
    kai_put_uint(&b, VERSION);
    kai_put_uint(&b, after_us);
    kai_put_uint(&b, f->limit);
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        kai_put_bin(&b, f->match[i], strlen(f->match[i]));
    if (b.err == KAI_OK) {
        sum_of(sum, p, kai_view_of(b.p + SUM_BYTES, b.len - SUM_BYTES));
        memcpy(b.p, sum, SUM_BYTES);
        size_t cap = sodium_base64_encoded_len(b.len, VARIANT);
        uint8_t *text = kai_buf_room(out, cap);

        if (text != NULL) {
            (void)sodium_bin2base64((char *)text, cap, b.p, b.len, VARIANT);
            out->len--; /* Its NUL. */
        }
    } else {
        out->err = b.err;
    }
    kai_buf_free(&b);
}

enum kai_err kai_taxii_next_get(const char *text, const struct kai_taxii_path *p,
                                struct kai_taxii_filter *f)
{
    struct kai_view match[KAI_TAXII_FIELDS];
    uint8_t bytes[BYTES_MAX];
    uint8_t sum[KAI_ID_BYTES];
    struct kai_cur c;
    size_t n = 0;

    if (sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &n, NULL, VARIANT) != 0 ||
        n <= SUM_BYTES)
        return KAI_EMALFORMED;
    struct kai_view rest = kai_view_of(bytes + SUM_BYTES, n - SUM_BYTES);
    sum_of(sum, p, rest);
    if (memcmp(sum, bytes, SUM_BYTES) != 0)
        return KAI_EMALFORMED;
    kai_cur_init(&c, rest.p, rest.n);
    kai_cur_tuple(&c, 3 + KAI_TAXII_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != VERSION)
        kai_cur_fail(&c, KAI_EMALFORMED);
    uint64_t after_us = kai_cur_uint(&c, INT64_MAX);
    uint64_t limit = kai_cur_uint(&c, KAI_TAXII_PAGE_MAX);
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        match[i] = kai_cur_bin(&c, KAI_TAXII_MATCH_BYTES_MAX);
    if (kai_cur_end(&c) != KAI_OK || limit == 0 || !kai_taxii_filter_restore(f, match))
        return KAI_EMALFORMED;
    f->after_us = after_us;
    if ((f->given & 1u << (KAI_TAXII_FIELDS + 1u)) == 0)
        f->limit = limit;
    return KAI_OK;
}
