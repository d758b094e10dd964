/* payload: compress, pad, and back. */
#include "log/payload_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "wire/cur.h"
#include "wire/put.h"

#define PT_VERSION     1u
#define PT_FIELDS      4u
#define PT_HEAD_MAX    16u /* Array, version, codec, raw size and head of the bin. */
#define PAD_MARK       0x80u
#define ZSTD_LEVEL     1  /* Half the time of 3; what threat data takes differs by some 2 %. */
#define WINDOW_LOG_MAX 20 /* A body has at most 2^20 bytes: a larger window only costs memory. */

enum codec { CODEC_NONE = 0, CODEC_ZSTD = 1 };

enum kai_err kai_packer_new(struct kai_packer **out)
{
    *out = NULL;
    struct kai_packer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return KAI_ENOMEM;
    kai_buf_init(&p->squeezed, KAI_BODY_BYTES_MAX);
    kai_buf_init(&p->packed, kai_padded_size(KAI_BODY_BYTES_MAX + PT_HEAD_MAX));
    p->cctx = ZSTD_createCCtx();
    if (p->cctx == NULL) {
        kai_packer_free(p);
        return KAI_ENOMEM;
    }
    /* These fail on values out of range only. */
    (void)ZSTD_CCtx_setParameter(p->cctx, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    (void)ZSTD_CCtx_setParameter(p->cctx, ZSTD_c_windowLog, WINDOW_LOG_MAX);
    *out = p;
    return KAI_OK;
}

void kai_packer_free(struct kai_packer *p)
{
    if (p == NULL)
        return;
    (void)ZSTD_freeCCtx(p->cctx);
    (void)ZSTD_freeDCtx(p->dctx);
    kai_buf_free(&p->squeezed);
    kai_buf_free(&p->packed);
    free(p);
}

static unsigned log2_floor(size_t n)
{
    unsigned e = 0;

    while (n >>= 1)
        e++;
    return e;
}

size_t kai_padded_size(size_t n)
{
    size_t need = n + 1; /* The mark. */

    if (need <= KAI_PADDED_BYTES_MIN)
        return KAI_PADDED_BYTES_MIN;
    /* Padme: of a length with exponent e only the first log2(e) + 1 bits after the top stay. */
    unsigned e = log2_floor(need);
    unsigned s = log2_floor(e) + 1;
    size_t mask = ((size_t)1 << (e - s)) - 1;
    return (need + mask) & ~mask;
}

size_t kai_payload_size(size_t packed_n)
{
    return packed_n + KAI_SEAL_OVERHEAD_BYTES;
}

/* Compress into p->squeezed where that is smaller; *done says whether it is. */
static enum kai_err squeeze(struct kai_packer *p, bool *done, struct kai_view body)
{
    *done = false;
    kai_buf_clear(&p->squeezed);
    if (body.n < 2)
        return KAI_OK;
    uint8_t *room = kai_buf_room(&p->squeezed, body.n - 1);
    if (room == NULL)
        return p->squeezed.err;
    size_t n = ZSTD_compress2(p->cctx, room, body.n - 1, body.p, body.n);
    if (ZSTD_isError(n))
        return ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? KAI_ENOMEM : KAI_OK;
    p->squeezed.len = n;
    *done = true;
    return KAI_OK;
}

enum kai_err kai_pack(struct kai_packer *p, struct kai_buf *out, struct kai_view body)
{
    bool smaller;

    if (body.n > KAI_BODY_BYTES_MAX)
        return KAI_ELIMIT;
    enum kai_err err = squeeze(p, &smaller, body);
    if (err != KAI_OK)
        return err;
    size_t at = out->len;
    kai_put_array(out, PT_FIELDS);
    kai_put_uint(out, PT_VERSION);
    kai_put_uint(out, smaller ? CODEC_ZSTD : CODEC_NONE);
    kai_put_uint(out, body.n);
    kai_put_view(out, smaller ? kai_buf_view(&p->squeezed) : body);
    kai_pad(out, at);
    return out->err;
}

void kai_pad(struct kai_buf *out, size_t at)
{
    if (out->err != KAI_OK)
        return;
    size_t pt_n = out->len - at;
    size_t pad_n = kai_padded_size(pt_n) - pt_n;
    uint8_t *pad = kai_buf_room(out, pad_n);
    if (pad == NULL)
        return;
    memset(pad, 0, pad_n);
    pad[0] = PAD_MARK;
}

enum kai_err kai_unpad(struct kai_view *pt, struct kai_view packed)
{
    size_t n = packed.n;

    while (n > 0 && packed.p[n - 1] == 0)
        n--;
    if (n == 0 || packed.p[n - 1] != PAD_MARK || kai_padded_size(n - 1) != packed.n)
        return KAI_EMALFORMED;
    *pt = kai_view_of(packed.p, n - 1);
    return KAI_OK;
}

/* Whether this is exactly one zstd frame that says it holds raw_n bytes and needs no more than
 * that to be read: decided from its bytes, before anything is allocated for it. */
static bool frame_ok(struct kai_view z, uint64_t raw_n)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

    if (z.n < 6 || z.n >= raw_n || memcmp(z.p, magic, sizeof magic) != 0)
        return false;
    bool single_segment = (z.p[4] & 0x20) != 0; /* Then the window is the content. */
    if (!single_segment && 10 + (z.p[5] >> 3) > WINDOW_LOG_MAX)
        return false;
    return ZSTD_getDictID_fromFrame(z.p, z.n) == 0 && ZSTD_getFrameContentSize(z.p, z.n) == raw_n &&
           ZSTD_findFrameCompressedSize(z.p, z.n) == z.n;
}

/* Made for the first body that is compressed: it is large. */
static struct ZSTD_DCtx_s *expander(struct kai_packer *p)
{
    if (p->dctx == NULL && (p->dctx = ZSTD_createDCtx()) != NULL)
        (void)ZSTD_DCtx_setParameter(p->dctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return p->dctx;
}

static enum kai_err expand(struct kai_packer *p, struct kai_buf *out, struct kai_view z,
                           size_t raw_n)
{
    if (!frame_ok(z, raw_n))
        return KAI_EMALFORMED;
    if (expander(p) == NULL)
        return KAI_ENOMEM;
    size_t at = out->len;
    uint8_t *room = kai_buf_room(out, raw_n);
    if (room == NULL)
        return out->err;
    size_t n = ZSTD_decompressDCtx(p->dctx, room, raw_n, z.p, z.n);
    if (n == raw_n)
        return KAI_OK;
    out->len = at;
    return ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? KAI_ENOMEM : KAI_EMALFORMED;
}

enum kai_err kai_unpack(struct kai_packer *p, struct kai_buf *out, struct kai_view packed)
{
    struct kai_view pt;
    struct kai_cur c;
    enum kai_err err = kai_unpad(&pt, packed);

    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, pt.p, pt.n);
    kai_cur_tuple(&c, PT_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != PT_VERSION)
        kai_cur_fail(&c, KAI_EMALFORMED);
    uint64_t codec = kai_cur_uint(&c, INT64_MAX);
    if (codec != CODEC_NONE && codec != CODEC_ZSTD)
        kai_cur_fail(&c, KAI_EMALFORMED);
    size_t raw_n = (size_t)kai_cur_uint(&c, KAI_BODY_BYTES_MAX);
    struct kai_view body = kai_cur_bin(&c, KAI_BODY_BYTES_MAX);
    err = kai_cur_end(&c);
    if (err != KAI_OK)
        return err;
    if (codec == CODEC_ZSTD)
        return expand(p, out, body, raw_n);
    if (body.n != raw_n)
        return KAI_EMALFORMED;
    kai_buf_add(out, body.p, body.n);
    return out->err;
}

enum kai_err kai_payload_open(struct kai_packer *p, struct kai_buf *out, struct kai_buf *scratch,
                              const uint8_t key[static KAI_KEY_BYTES],
                              const struct kai_seal_place *at, struct kai_view payload)
{
    size_t n;

    if (payload.n < KAI_SEAL_OVERHEAD_BYTES + KAI_PADDED_BYTES_MIN)
        return KAI_EMALFORMED;
    if (payload.n > KAI_PAYLOAD_BYTES_MAX)
        return KAI_ELIMIT;
    kai_buf_clear(scratch);
    uint8_t *room = kai_buf_room(scratch, payload.n - KAI_SEAL_OVERHEAD_BYTES);
    if (room == NULL)
        return scratch->err;
    enum kai_err err = kai_open(room, &n, key, at, payload);
    if (err != KAI_OK)
        return err;
    return kai_unpack(p, out, kai_view_of(room, n));
}
