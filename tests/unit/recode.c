/* recode: value by value, through the typed calls of the cursor and the writer. */
#include "unit/recode.h"

#include <string.h>

#include "wire/put.h"

struct map {
    struct kai_buf pairs;
    uint32_t n;
};

static bool keep_pair(void *ctx, uint64_t key, struct kai_view value)
{
    struct map *m = ctx;

    kai_put_uint(&m->pairs, key);
    kai_put_view(&m->pairs, value);
    m->n++;
    return true;
}

static void recode_map(struct kai_cur *c, struct kai_buf *out)
{
    struct map m = {0};

    kai_buf_init(&m.pairs, SIZE_MAX / 4);
    kai_cur_ext(c, keep_pair, &m);
    kai_put_map(out, m.n);
    kai_buf_add(out, m.pairs.p, m.pairs.len);
    kai_buf_free(&m.pairs);
}

/* kai_put_str() takes names only: this takes any text. */
static void recode_str(struct kai_cur *c, struct kai_buf *out)
{
    struct kai_view v = kai_cur_str(c, SIZE_MAX);

    if (v.n <= KAI_TEXT_BYTES_MAX && memchr(v.p, 0, v.n) == NULL && c->err == KAI_OK) {
        char text[KAI_TEXT_BYTES_MAX + 1];

        memcpy(text, v.p, v.n);
        text[v.n] = '\0';
        kai_put_str(out, text);
        return;
    }
    if (v.n > UINT16_MAX) {
        kai_buf_u8(out, 0xdb);
        kai_buf_u8(out, (uint8_t)(v.n >> 24));
        kai_buf_u8(out, (uint8_t)(v.n >> 16 & 0xff));
        kai_buf_u8(out, (uint8_t)(v.n >> 8 & 0xff));
    } else if (v.n > UINT8_MAX) {
        kai_buf_u8(out, 0xda);
        kai_buf_u8(out, (uint8_t)(v.n >> 8));
    } else if (v.n > 31) {
        kai_buf_u8(out, 0xd9);
    }
    kai_buf_u8(out, v.n > 31 ? (uint8_t)(v.n & 0xff) : (uint8_t)(0xa0 | v.n));
    kai_buf_add(out, v.p, v.n);
}

static void recode_scalar(struct kai_cur *c, uint8_t tag, struct kai_buf *out)
{
    if (tag >= 0xa0 && (tag < 0xc0 || (tag >= 0xd9 && tag <= 0xdb)))
        recode_str(c, out);
    else if (tag == 0xc0 && kai_cur_nil(c))
        kai_put_nil(out);
    else if (tag == 0xc2 || tag == 0xc3)
        kai_put_bool(out, kai_cur_bool(c));
    else if (tag >= 0xc4 && tag <= 0xc6)
        kai_put_view(out, kai_cur_bin(c, SIZE_MAX));
    else if (tag < 0x80 || (tag >= 0xcc && tag <= 0xcf))
        kai_put_uint(out, kai_cur_uint(c, (uint64_t)INT64_MAX));
    else
        kai_put_int(out, kai_cur_int(c));
}

enum kai_err recode(struct kai_view in, struct kai_buf *out)
{
    uint32_t todo[KAI_MP_DEPTH_MAX + 1] = {1};
    size_t depth = 0;
    struct kai_cur c;

    kai_cur_init(&c, in.p, in.n);
    while (c.err == KAI_OK && (depth > 0 || todo[0] > 0)) {
        uint8_t tag = c.p < c.end ? *c.p : 0xc1;
        bool array = (tag >= 0x90 && tag < 0xa0) || tag == 0xdc || tag == 0xdd;
        bool map = (tag >= 0x80 && tag < 0x90) || tag == 0xde || tag == 0xdf;

        if (todo[depth] == 0) {
            depth--;
            continue;
        }
        todo[depth]--;
        if (array) {
            uint32_t n = kai_cur_array(&c, UINT32_MAX);

            kai_put_array(out, n);
            if (depth == KAI_MP_DEPTH_MAX)
                kai_cur_fail(&c, KAI_ELIMIT);
            else
                todo[++depth] = n;
        } else if (map) {
            recode_map(&c, out);
            if (depth == KAI_MP_DEPTH_MAX)
                kai_cur_fail(&c, KAI_ELIMIT);
        } else {
            recode_scalar(&c, tag, out);
        }
    }
    enum kai_err err = kai_cur_end(&c);
    return err != KAI_OK ? err : out->err;
}
