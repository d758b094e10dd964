/* keyform: the bytes of a key file. */
#include "keys/keyform.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "crypto/stretch.h"

#define MAGIC       "KAIKEY\r\n" /* The line end shows a file that went through a text transfer. */
#define MAGIC_BYTES 8u
#define HEAD_BYTES  12u
#define VERSION     1u
#define SUM_BYTES   KAI_ID_BYTES
#define SECRETS_MAX (3 * KAI_KEY_BYTES)

static_assert(HEAD_BYTES + KAI_SALT_BYTES + KAI_BOX_OVERHEAD_BYTES + SECRETS_MAX + SUM_BYTES <=
                  KAI_KEYFORM_BYTES_MAX,
              "the largest key file fits");

/* Keys of a role: signing, then key agreement, then transport. 0: no such role. */
static size_t secrets_n(uint64_t role)
{
    switch (role) {
    case KAI_KEY_ORG_ROOT:
    case KAI_KEY_ISSUING:
    case KAI_KEY_LOG:
        return KAI_KEY_BYTES;
    case KAI_KEY_PERSON:
        return 2 * KAI_KEY_BYTES;
    case KAI_KEY_NODE:
        return 3 * KAI_KEY_BYTES;
    default:
        return 0;
    }
}

static void pack(uint8_t *out, const struct kai_keys *k, size_t n)
{
    (void)crypto_sign_ed25519_sk_to_seed(out, k->sign_sk);
    if (n > KAI_KEY_BYTES)
        memcpy(out + KAI_KEY_BYTES, k->kx_sk, KAI_KEY_BYTES);
    if (n > 2 * KAI_KEY_BYTES)
        memcpy(out + 2 * KAI_KEY_BYTES, k->curve_sk, KAI_KEY_BYTES);
}

static void unpack(struct kai_keys *k, const uint8_t *in, size_t n)
{
    (void)crypto_sign_seed_keypair(k->sign_pk, k->sign_sk, in);
    if (n > KAI_KEY_BYTES) {
        memcpy(k->kx_sk, in + KAI_KEY_BYTES, KAI_KEY_BYTES);
        (void)crypto_scalarmult_base(k->kx_pk, k->kx_sk);
    }
    if (n > 2 * KAI_KEY_BYTES) {
        memcpy(k->curve_sk, in + 2 * KAI_KEY_BYTES, KAI_KEY_BYTES);
        (void)crypto_scalarmult_base(k->curve_pk, k->curve_sk);
    }
}

static enum kai_err put_sealed(struct kai_buf *b, const uint8_t *secrets, size_t n,
                               const char *passphrase)
{
    uint8_t salt[KAI_SALT_BYTES];
    uint8_t nonce[KAI_NONCE_BYTES];
    uint8_t key[KAI_KEY_BYTES];
    uint8_t ad[HEAD_BYTES + KAI_SALT_BYTES];

    randombytes_buf(salt, sizeof salt);
    randombytes_buf(nonce, sizeof nonce);
    enum kai_err err = kai_stretch(key, KAI_D_FILE, passphrase, salt);
    if (err != KAI_OK)
        return err;
    kai_buf_add(b, salt, sizeof salt);
    if (b->err == KAI_OK) {
        memcpy(ad, b->p, sizeof ad);
        err = kai_box(b, key, nonce, kai_view_of(ad, sizeof ad), kai_view_of(secrets, n));
    }
    sodium_memzero(key, sizeof key);
    return err != KAI_OK ? err : b->err;
}

enum kai_err kai_keyform_write(uint8_t *out, size_t *n, const struct kai_keys *k,
                               const char *passphrase)
{
    uint8_t secrets[SECRETS_MAX] = {0};
    uint8_t sum[SUM_BYTES];
    size_t secrets_len = secrets_n(k->role);
    struct kai_buf b;
    enum kai_err err = KAI_OK;

    assert(secrets_len > 0);
    pack(secrets, k, secrets_len);
    kai_buf_init(&b, KAI_KEYFORM_BYTES_MAX);
    kai_buf_add(&b, MAGIC, MAGIC_BYTES);
    kai_buf_u8(&b, VERSION);
    kai_buf_u8(&b, (uint8_t)k->role);
    kai_buf_u8(&b, passphrase != NULL ? 1 : 0);
    kai_buf_u8(&b, 0);
    if (passphrase != NULL)
        err = put_sealed(&b, secrets, secrets_len, passphrase);
    else
        kai_buf_add(&b, secrets, secrets_len);
    if (err == KAI_OK && b.err == KAI_OK) {
        kai_hash(sum, KAI_D_FILE, b.p, b.len);
        kai_buf_add(&b, sum, sizeof sum);
    }
    if (err == KAI_OK)
        err = b.err;
    *n = err == KAI_OK ? b.len : 0;
    if (err == KAI_OK)
        memcpy(out, b.p, b.len);
    sodium_memzero(secrets, sizeof secrets);
    if (b.p != NULL)
        sodium_memzero(b.p, b.len);
    kai_buf_free(&b);
    return err;
}

static enum kai_err open_sealed(uint8_t *secrets, size_t n, struct kai_view file,
                                const char *passphrase)
{
    uint8_t key[KAI_KEY_BYTES];
    size_t ad_n = HEAD_BYTES + KAI_SALT_BYTES;
    size_t got = 0;
    enum kai_err err = kai_stretch(key, KAI_D_FILE, passphrase, file.p + HEAD_BYTES);

    if (err != KAI_OK)
        return err;
    err = kai_unbox(secrets, &got, key, kai_view_of(file.p, ad_n),
                    kai_view_of(file.p + ad_n, n + KAI_BOX_OVERHEAD_BYTES));
    sodium_memzero(key, sizeof key);
    return err;
}

enum kai_err kai_keyform_read(struct kai_keys *k, struct kai_view file, enum kai_key_role role,
                              const char *passphrase, bool *sealed, const char **code)
{
    uint8_t secrets[SECRETS_MAX];
    uint8_t sum[SUM_BYTES];
    enum kai_err err = KAI_OK;

    *code = "key.corrupt";
    if (file.n < HEAD_BYTES || memcmp(file.p, MAGIC, MAGIC_BYTES) != 0)
        return KAI_EMALFORMED;
    if (file.p[8] > VERSION) {
        *code = "key.newer";
        return KAI_EVERSION;
    }
    bool is_sealed = file.p[10] == 1;
    size_t n = secrets_n(file.p[9]);
    size_t want =
        HEAD_BYTES + n + SUM_BYTES + (is_sealed ? KAI_SALT_BYTES + KAI_BOX_OVERHEAD_BYTES : 0);
    if (file.p[8] != VERSION || file.p[10] > 1 || file.p[11] != 0 || n == 0 || file.n != want)
        return KAI_EMALFORMED;
    kai_hash(sum, KAI_D_FILE, file.p, file.n - SUM_BYTES);
    if (sodium_memcmp(sum, file.p + file.n - SUM_BYTES, SUM_BYTES) != 0)
        return KAI_EAUTH;
    if (file.p[9] != role)
        return KAI_EMALFORMED;
    *sealed = is_sealed;
    if (is_sealed && passphrase == NULL) {
        *code = "key.passphrase-needed";
        return KAI_EAUTH;
    }
    if (is_sealed) {
        *code = "key.passphrase";
        err = open_sealed(secrets, n, file, passphrase);
    } else {
        memcpy(secrets, file.p + HEAD_BYTES, n);
    }
    if (err == KAI_OK) {
        k->role = role;
        unpack(k, secrets, n);
    }
    sodium_memzero(secrets, sizeof secrets);
    return err;
}
