/* record: the envelope of a control payload, and what all records are made of. */
#include "keys/record.h"

#include <string.h>

#include "crypto/hash.h"
#include "keys/record_int.h"

#define TYPE_MAX 65535u

enum kai_err kai_rec_parse(uint64_t *type, struct kai_view *body, struct kai_view payload)
{
    struct kai_cur c;

    *type = 0;
    *body = (struct kai_view){0};
    if (payload.n > KAI_CERT_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, payload.p, payload.n);
    kai_cur_tuple(&c, 2);
    uint64_t t = kai_cur_uint(&c, TYPE_MAX);
    struct kai_view b = kai_cur_bin(&c, KAI_CERT_BYTES_MAX);
    enum kai_err err = kai_cur_end(&c);
    if (err != KAI_OK)
        return err;
    *type = t;
    *body = b;
    return KAI_OK;
}

void kai_rec_write(struct kai_buf *out, uint64_t type, struct kai_view body)
{
    kai_put_array(out, 2);
    kai_put_uint(out, type);
    kai_put_view(out, body);
}

void kai_rec_text(struct kai_cur *c, char *out, size_t cap)
{
    kai_cur_text(c, out, cap);
}

bool kai_rec_maybe(struct kai_cur *c, uint8_t *out, size_t n)
{
    memset(out, 0, n);
    if (kai_cur_nil(c))
        return false;
    kai_cur_copy(c, out, n);
    return kai_cur_ok(c);
}

void kai_rec_put_maybe(struct kai_buf *out, bool has, const uint8_t *p, size_t n)
{
    if (has)
        kai_put_bin(out, p, n);
    else
        kai_put_nil(out);
}

size_t kai_rec_attrs(struct kai_cur *c, struct kai_attr attrs[static KAI_ATTRS_MAX])
{
    size_t n = kai_cur_array(c, KAI_ATTRS_MAX);

    for (size_t i = 0; i < n; i++) {
        kai_cur_tuple(c, 2);
        kai_rec_text(c, attrs[i].key, sizeof attrs[i].key);
        kai_rec_text(c, attrs[i].value, sizeof attrs[i].value);
    }
    return kai_cur_ok(c) ? n : 0;
}

void kai_rec_put_attrs(struct kai_buf *out, const struct kai_attr *attrs, size_t n)
{
    kai_put_array(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_put_array(out, 2);
        kai_put_str(out, attrs[i].key);
        kai_put_str(out, attrs[i].value);
    }
}
