/* payload: bodies of data entries, compressed, padded and sealed (docs/protocol.md 5).
 *
 * pt = [1, codec (0 none, 1 zstd), raw size, body]; pt' = pt padded with 80 00 ... to a Padme size
 * of at least 256 bytes; the payload is pt' sealed under an epoch key. */
#ifndef KAI_LOG_PAYLOAD_H
#define KAI_LOG_PAYLOAD_H

#include "base/buf.h"
#include "crypto/seal.h"

struct kai_packer; /* Compression contexts, reused from entry to entry. One thread each. */

/* Errors: KAI_ENOMEM; *out is NULL then. */
KAI_MUST_USE enum kai_err kai_packer_new(struct kai_packer **out);
void kai_packer_free(struct kai_packer *p); /* NULL does nothing. */

/* Append pt' for a body to out (compressed where that is smaller).
 * Errors: KAI_ELIMIT (body over KAI_BODY_BYTES_MAX), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_pack(struct kai_packer *p, struct kai_buf *out, struct kai_view body);
/* Size that the sealed payload of a pt' of this size has. */
size_t kai_payload_size(size_t packed_n);

/* The body of pt', appended to out. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_unpack(struct kai_packer *p, struct kai_buf *out,
                                     struct kai_view packed);

/* kai_open(), then kai_unpack(): the body of a sealed payload, appended to out. scratch is
 * overwritten. Errors: those of both, and KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_payload_open(struct kai_packer *p, struct kai_buf *out,
                                           struct kai_buf *scratch,
                                           const uint8_t key[static KAI_KEY_BYTES],
                                           const struct kai_seal_place *at,
                                           struct kai_view payload);

/* Padme: the size a plaintext of n bytes is padded to. */
size_t kai_padded_size(size_t n);

#endif
