/* cursor: the text of `next`. Sealed: [version, 8 bytes of H(kairan1.taxii, address), after_us,
 * limit, id, type, version, spec_version]. */
#include "node/taxii/cursor.h"

#include <string.h>

#include "crypto/hash.h"
#include "wire/cur.h"
#include "wire/put.h"

#define VERSION       2u
#define ADDRESS_BYTES 8u

/* Of another address it says nothing. */
static void address_of(uint8_t sum[static KAI_ID_BYTES], const struct kai_taxii_path *p)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_TAXII);
    kai_hash_u64(&h, p->what);
    kai_hash_add(&h, p->uuid, sizeof p->uuid);
    kai_hash_u64(&h, strlen(p->object));
    kai_hash_add(&h, p->object, strlen(p->object));
    kai_hash_end(&h, sum);
}

void kai_taxii_next_put(struct kai_buf *out, const struct kai_taxii_path *p,
                        const struct kai_taxii_filter *f, uint64_t after_us)
{
    uint8_t sum[KAI_ID_BYTES];

    address_of(sum, p);
    kai_put_array(out, 4 + KAI_TAXII_FIELDS);
    kai_put_uint(out, VERSION);
    kai_put_bin(out, sum, ADDRESS_BYTES);
    kai_put_uint(out, after_us);
    kai_put_uint(out, f->limit);
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        kai_put_bin(out, f->match[i], strlen(f->match[i]));
}

enum kai_err kai_taxii_next_parse(struct kai_view bytes, const struct kai_taxii_path *p,
                                  struct kai_taxii_filter *f)
{
    struct kai_view match[KAI_TAXII_FIELDS];
    uint8_t sum[KAI_ID_BYTES];
    struct kai_view address;
    struct kai_cur c;

    address_of(sum, p);
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 4 + KAI_TAXII_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != VERSION)
        kai_cur_fail(&c, KAI_EMALFORMED);
    address = kai_cur_bin(&c, ADDRESS_BYTES);
    uint64_t after_us = kai_cur_uint(&c, INT64_MAX);
    uint64_t limit = kai_cur_uint(&c, KAI_TAXII_PAGE_MAX);
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        match[i] = kai_cur_bin(&c, KAI_TAXII_MATCH_BYTES_MAX);
    if (kai_cur_end(&c) != KAI_OK)
        return KAI_EMALFORMED;
    if (!kai_view_eq(address, kai_view_of(sum, ADDRESS_BYTES)))
        return KAI_ENOTFOUND;
    if (limit == 0 || !kai_taxii_filter_restore(f, match))
        return KAI_EMALFORMED;
    f->after_us = after_us;
    if ((f->given & 1u << (KAI_TAXII_FIELDS + 1u)) == 0)
        f->limit = limit;
    return KAI_OK;
}

enum kai_err kai_taxii_next_write(struct kai_buf *out, const struct kai_core *c,
                                  const struct kai_taxii_path *p, const struct kai_taxii_filter *f,
                                  uint64_t after_us)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_TAXII_NEXT_BYTES_MAX);
    kai_taxii_next_put(&b, p, f, after_us);
    enum kai_err err = b.err;
    if (err == KAI_OK)
        err = kai_place_seal(c, KAI_PLACE_TAXII, kai_buf_view(&b), out);
    kai_buf_free(&b);
    return err;
}

enum kai_err kai_taxii_next_read(const char *text, const struct kai_core *c,
                                 const struct kai_taxii_path *p, struct kai_taxii_filter *f)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_TAXII_NEXT_BYTES_MAX);
    enum kai_err err = kai_place_open(c, KAI_PLACE_TAXII, text, KAI_TAXII_NEXT_BYTES_MAX, &b);
    if (err == KAI_ENOTFOUND) /* It begins as none of ours does. */
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = kai_taxii_next_parse(kai_buf_view(&b), p, f);
    kai_buf_free(&b);
    return err;
}
