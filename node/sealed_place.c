/* sealed_place: where an answer ended, as a text that tells its holder nothing.
 *
 * base64url of name8 || n24 || XChaCha20-Poly1305(place), with the kind and the index's id (of
 * TAXII zeros) beside it. */
#include "node/sealed_place.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "crypto/seal.h"

#define BASE64     sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define HEAD_BYTES (KAI_PLACE_NAME_BYTES + KAI_BOX_OVERHEAD_BYTES)
#define ABOUT_MAX  (1u + KAI_HALF_ID_BYTES)

static_assert(KAI_BOX_OVERHEAD_BYTES == 40, "KAI_PLACE_TEXT_CAP");

struct under {
    uint8_t key[KAI_KEY_BYTES];
    uint8_t about[ABOUT_MAX]; /* The kind, and the index's id. */
};

static void under_of(struct under *u, const struct kai_core *c, enum kai_place_kind kind)
{
    memset(u, 0, sizeof *u);
    u->about[0] = (uint8_t)kind;
    if (kind == KAI_PLACE_TAXII) {
        kai_kdf(u->key, sizeof u->key, KAI_D_PLACE, c->self.kx_sk, u->about, 1);
        return;
    }
    memcpy(u->key, c->index_key, sizeof u->key);
    memcpy(u->about + 1, c->index_id, KAI_HALF_ID_BYTES);
}

enum kai_err kai_place_seal(const struct kai_core *c, enum kai_place_kind kind,
                            struct kai_view place, struct kai_buf *out)
{
    uint8_t nonce[KAI_NONCE_BYTES];
    struct under u;
    struct kai_buf b;

    under_of(&u, c, kind);
    randombytes_buf(nonce, sizeof nonce);
    kai_buf_init(&b, place.n + HEAD_BYTES);
    kai_buf_add(&b, u.about + 1, KAI_PLACE_NAME_BYTES);
    enum kai_err err = kai_box(&b, u.key, nonce, kai_view_of(u.about, sizeof u.about), place);
    sodium_memzero(&u, sizeof u);
    if (err == KAI_OK) {
        size_t cap = sodium_base64_encoded_len(b.len, BASE64);
        char *text = (char *)kai_buf_room(out, cap);

        err = out->err;
        if (text != NULL) {
            (void)sodium_bin2base64(text, cap, b.p, b.len, BASE64);
            out->len--; /* Its NUL. */
        }
    }
    kai_buf_free(&b);
    return err;
}

static enum kai_err unbox(const struct kai_core *c, enum kai_place_kind kind, struct kai_view b,
                          struct kai_buf *out)
{
    struct under u;
    size_t n;

    under_of(&u, c, kind);
    if (memcmp(b.p, u.about + 1, KAI_PLACE_NAME_BYTES) != 0)
        return KAI_ENOTFOUND;
    uint8_t *room = kai_buf_room(out, b.n - HEAD_BYTES);
    if (room == NULL)
        return out->err;
    enum kai_err err =
        kai_unbox(room, &n, u.key, kai_view_of(u.about, sizeof u.about),
                  kai_view_of(b.p + KAI_PLACE_NAME_BYTES, b.n - KAI_PLACE_NAME_BYTES));
    sodium_memzero(&u, sizeof u);
    if (err == KAI_OK)
        return KAI_OK;
    out->len -= b.n - HEAD_BYTES;
    return KAI_EMALFORMED;
}

enum kai_err kai_place_open(const struct kai_core *c, enum kai_place_kind kind, const char *text,
                            size_t max, struct kai_buf *out)
{
    size_t digits = strlen(text);
    size_t cap = digits / 4 * 3 + 3;
    size_t n = 0;
    enum kai_err err = KAI_EMALFORMED;

    if (digits >= KAI_PLACE_TEXT_CAP(max))
        return KAI_EMALFORMED;
    uint8_t *bytes = malloc(cap);
    if (bytes == NULL)
        return KAI_ENOMEM;
    if (sodium_base642bin(bytes, cap, text, digits, NULL, &n, NULL, BASE64) == 0 &&
        n > HEAD_BYTES && n - HEAD_BYTES <= max)
        err = unbox(c, kind, kai_view_of(bytes, n), out);
    free(bytes);
    return err;
}
