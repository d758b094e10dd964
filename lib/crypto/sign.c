/* sign: Ed25519 signatures bound to a purpose and a network. */
#include "crypto/sign.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/memo.h"

const uint8_t KAI_NID_NONE[KAI_ID_BYTES];

#define PREFIX      "kairan1.sig"
#define INPUT_BYTES (sizeof PREFIX + 1 + KAI_ID_BYTES + KAI_ID_BYTES)

static void input(uint8_t in[static INPUT_BYTES], enum kai_sig_type type,
                  const uint8_t nid[static KAI_ID_BYTES], const void *body, size_t body_n)
{
    memcpy(in, PREFIX, sizeof PREFIX); /* With its NUL. */
    in[sizeof PREFIX] = (uint8_t)type;
    memcpy(in + sizeof PREFIX + 1, nid, KAI_ID_BYTES);
    kai_hash(in + sizeof PREFIX + 1 + KAI_ID_BYTES, KAI_D_BODY, body, body_n);
}

void kai_sign(uint8_t sig[static KAI_SIG_BYTES],
              const uint8_t sk[static crypto_sign_SECRETKEYBYTES], enum kai_sig_type type,
              const uint8_t nid[static KAI_ID_BYTES], const void *body, size_t body_n)
{
    uint8_t in[INPUT_BYTES];

    input(in, type, nid, body, body_n);
    (void)crypto_sign_detached(sig, NULL, in, sizeof in, sk); /* Cannot fail. */
}

enum kai_err kai_key_check(const uint8_t pk[static KAI_KEY_BYTES])
{
    uint8_t id[KAI_ID_BYTES];

    if (kai_memo_on()) {
        kai_hash(id, KAI_D_MEMO, pk, KAI_KEY_BYTES);
        if (kai_memo_has(id))
            return KAI_OK;
    }
    if (crypto_core_ed25519_is_valid_point(pk) != 1)
        return KAI_EAUTH;
    if (kai_memo_on())
        kai_memo_add(id);
    return KAI_OK;
}

static enum kai_err verify(const uint8_t *sig, const uint8_t *in, const uint8_t *pk)
{
    if (crypto_sign_verify_detached(sig, in, INPUT_BYTES, pk) != 0)
        return KAI_EAUTH;
    return crypto_core_ed25519_is_valid_point(sig) == 1 ? KAI_OK
                                                        : KAI_EAUTH; /* R: the first half. */
}

static void memo_id(uint8_t id[static KAI_ID_BYTES], const uint8_t *sig, const uint8_t *in,
                    const uint8_t *pk)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_MEMO);
    kai_hash_add(&h, sig, KAI_SIG_BYTES);
    kai_hash_add(&h, pk, KAI_KEY_BYTES);
    kai_hash_add(&h, in, INPUT_BYTES);
    kai_hash_end(&h, id);
}

enum kai_err kai_verify(const uint8_t sig[static KAI_SIG_BYTES],
                        const uint8_t pk[static KAI_KEY_BYTES], enum kai_sig_type type,
                        const uint8_t nid[static KAI_ID_BYTES], const void *body, size_t body_n)
{
    uint8_t in[INPUT_BYTES], id[KAI_ID_BYTES];

    input(in, type, nid, body, body_n);
    if (!kai_memo_on())
        return verify(sig, in, pk);
    memo_id(id, sig, in, pk);
    if (kai_memo_has(id))
        return KAI_OK;
    enum kai_err err = verify(sig, in, pk);
    if (err == KAI_OK)
        kai_memo_add(id);
    return err;
}
