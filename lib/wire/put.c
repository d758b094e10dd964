/* put: writer of the msgpack subset. */
#include "wire/put.h"

#include <assert.h>
#include <string.h>

#include <msgpack/pack.h>

/* msgpack-c writes heads of the shortest form, which is the canonical one. */
static int to_buf(void *data, const char *p, size_t n)
{
    struct kai_buf *b = data;

    kai_buf_add(b, p, n);
    return b->err == KAI_OK ? 0 : -1;
}

static msgpack_packer packer(struct kai_buf *b)
{
    return (msgpack_packer){.data = b, .callback = to_buf};
}

void kai_put_array(struct kai_buf *b, uint32_t n)
{
    msgpack_packer pk = packer(b);

    (void)msgpack_pack_array(&pk, n); /* A failure is in b->err. */
}

void kai_put_uint(struct kai_buf *b, uint64_t v)
{
    msgpack_packer pk = packer(b);

    assert(v <= (uint64_t)INT64_MAX);
    (void)msgpack_pack_uint64(&pk, v);
}

void kai_put_int(struct kai_buf *b, int64_t v)
{
    msgpack_packer pk = packer(b);

    (void)msgpack_pack_int64(&pk, v);
}

void kai_put_bool(struct kai_buf *b, bool v)
{
    kai_buf_u8(b, v ? 0xc3 : 0xc2);
}

void kai_put_nil(struct kai_buf *b)
{
    kai_buf_u8(b, 0xc0);
}

void kai_put_bin(struct kai_buf *b, const void *p, size_t n)
{
    msgpack_packer pk = packer(b);

    (void)msgpack_pack_bin(&pk, n);
    kai_buf_add(b, p, n);
}

void kai_put_view(struct kai_buf *b, struct kai_view v)
{
    kai_put_bin(b, v.p, v.n);
}

void kai_put_str(struct kai_buf *b, const char *text)
{
    msgpack_packer pk = packer(b);
    size_t n = strlen(text);

    assert(n <= KAI_TEXT_BYTES_MAX && kai_utf8_ok((const uint8_t *)text, n));
    (void)msgpack_pack_str(&pk, n);
    kai_buf_add(b, text, n);
}

void kai_put_map(struct kai_buf *b, uint32_t n)
{
    msgpack_packer pk = packer(b);

    (void)msgpack_pack_map(&pk, n);
}

void kai_put_no_ext(struct kai_buf *b)
{
    kai_put_map(b, 0);
}
