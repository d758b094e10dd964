/* signed_priv: a body in a bin with a signature behind it, as BIND and RULE have it. */
#ifndef KAI_LOG_SIGNED_PRIV_H
#define KAI_LOG_SIGNED_PRIV_H

#include "base/buf.h"
#include "crypto/sign.h"
#include "wire/cur.h"

/* Append [body bin, SIG] as two elements, and carry a failure of body over to out. */
void kai_signed_write(struct kai_buf *out, const struct kai_buf *body,
                      const uint8_t sk[static crypto_sign_SECRETKEYBYTES], enum kai_sig_type type,
                      const uint8_t nid[static KAI_ID_BYTES]);
/* Read the two elements; views point into the input. */
void kai_signed_read(struct kai_cur *c, struct kai_view *body, struct kai_view *sig,
                     size_t body_max);

#endif
