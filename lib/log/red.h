/* red: the second seal of TLP:RED, made by a person's command line and opened by a person's
 * (docs/protocol.md 5, RED). No node calls anything here but kai_red_item_check().
 *
 * ctx  = H("kairan1.objctx", OBJ with seal nil): label, audiences, origin, time and root.
 * seal = [eph_pk, commit32, slots bin]; commit32 = K(OBJ key, "kairan1.redcommit", ctx, 32).
 * slot: as in an EPOCH, domain "kairan1.pwrap", with ctx in the place of the audience id and
 *       commit32 in that of the commit: a slot serves one OBJ, one key, one network.
 * content = n24 || XChaCha20-Poly1305(K(OBJ key, "kairan1.red", index, 32), n24, pt', AD = ctx);
 *       pt' = [kind, content bin, salt16] padded as an entry is. In the OBJ item it stands as
 *       [index, KAI_CONTENT_SEALED, content, zeros, nil]: kind, salt and path are of no node's
 *       business. The Merkle root is over the true leaves, so an OBJ is opened with all its
 *       contents at hand; they may come in several items.
 * salt = K(K(person's secret, "kairan1.redsalt", OBJ key, 32), "kairan1.salt", index, 16). */
#ifndef KAI_LOG_RED_H
#define KAI_LOG_RED_H

#include "log/batch.h"
#include "log/body.h"

/* A content in the clear: at most KAI_RED_CONTENT_BYTES_MAX. */
struct kai_red_content {
    uint64_t kind; /* enum kai_content_kind. */
    struct kai_view content;
};

struct kai_red_draft {
    const uint8_t *nid; /* KAI_ID_BYTES. */
    struct kai_obj obj; /* pap, exercise, audiences, origin cert, created, valid_until, n; the rest
                           is filled in. */
    const uint8_t (*persons)[KAI_KEY_BYTES]; /* Their kx_pk: 1..KAI_RED_PERSONS_MAX, each once. */
    size_t n_persons;
    const uint8_t *secret; /* KAI_KEY_BYTES: of the person who publishes, never sent. */
    const struct kai_red_content *contents; /* obj.n of them. */
    kai_random_fn *random;
    void *random_ctx;
};

/* Append the OBJ to obj, and to sealed the sealed contents, one after the other; content i ends at
 * ends[i]. The OBJ key is gone when this returns. Errors: KAI_ELIMIT (a content, or persons, over
 * the bound), KAI_EAUTH (a person's key is of small order), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_red_seal(struct kai_buf *obj, struct kai_buf *sealed, size_t *ends,
                                       const struct kai_red_draft *d);
/* Bytes that a content of n bytes has when it is sealed; and those of an OBJ for so many persons
 * and audiences, at most: what has to fit one payload. */
size_t kai_red_sealed_size(size_t n);
size_t kai_red_obj_size(size_t n_persons, size_t n_auds);

struct kai_red_reader {
    const uint8_t *nid;
    const uint8_t *kx_pk; /* KAI_KEY_BYTES each: the person's. */
    const uint8_t *kx_sk;
};
/* Open all contents of an OBJ: sealed[i] has index i. Bytes of contents stand one after the other
 * in out (cleared first; wiped with sodium_memzero by the caller), contents[i] points there.
 * Nothing is handed out unless every content opens and together they have the OBJ's root. Says
 * nothing about the OBJ's signature. Errors: KAI_ENOTFOUND (no slot for this key), KAI_EAUTH,
 * KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_red_open(struct kai_buf *out, struct kai_red_content *contents,
                                       const struct kai_red_reader *who, struct kai_view obj,
                                       const struct kai_view *sealed, size_t n);

/* What a node can check of a RED OBJ item without any key: label RED, a seal of the right shape,
 * contents that look sealed. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_red_item_check(struct kai_view item, const struct kai_obj *o);
/* Slots that n persons are padded to. */
size_t kai_red_slots(size_t n_persons);

#endif
