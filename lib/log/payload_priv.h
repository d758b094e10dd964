/* payload_priv: what the parts of lib/log share about a packer. */
#ifndef KAI_LOG_PAYLOAD_PRIV_H
#define KAI_LOG_PAYLOAD_PRIV_H

#include "log/payload.h"

/* The largest pt' whose sealed form fits KAI_PAYLOAD_BYTES_MAX. */
#define KAI_PACKED_BYTES_MAX (KAI_PAYLOAD_BYTES_MAX - KAI_SEAL_OVERHEAD_BYTES)

struct kai_packer {
    struct ZSTD_CCtx_s *cctx;
    struct ZSTD_DCtx_s *dctx;
    struct kai_buf squeezed; /* Output of the compressor. */
    struct kai_buf packed;   /* pt' on its way to be sealed. */
};

/* Pad what stands in out from `at` on; a failure stands in out->err. */
void kai_pad(struct kai_buf *out, size_t at);
/* The bytes before the padding; only the one padding that kai_pad() makes is taken.
 * Errors: KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_unpad(struct kai_view *pt, struct kai_view packed);

#endif
