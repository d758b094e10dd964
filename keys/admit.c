/* admit: ADMIT, the certificate of an organisation, issuing key, node or person. */
#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/record_int.h"

#define SUITE         1u
#define KIND_MAX      255u /* An unknown kind is carried: a later version may read it. */
#define INT_MAX_63    ((uint64_t)INT64_MAX)
#define BIN8          0xc4u
#define POP_BYTES_MAX 256u

void kai_admit_write(struct kai_buf *out, const struct kai_admit *a)
{
    kai_put_array(out, 19);
    kai_put_uint(out, SUITE);
    kai_put_uint(out, a->kind);
    kai_put_bin(out, a->sign_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_kx, a->kx_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_curve, a->curve_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_of_org, a->of_org, KAI_ID_BYTES);
    if (a->name_hashed)
        kai_put_bin(out, a->name_hash, KAI_ID_BYTES);
    else
        kai_put_str(out, a->name);
    kai_put_uint(out, a->caps);
    kai_put_uint(out, a->depth_left);
    kai_put_uint(out, a->max_children);
    kai_put_uint(out, a->label_max);
    kai_rec_put_attrs(out, a->attrs, a->n_attrs);
    kai_put_uint(out, a->quota);
    kai_put_uint(out, a->not_before);
    kai_put_uint(out, a->not_after);
    kai_put_uint(out, a->serial);
    kai_rec_put_maybe(out, a->has_replaces, a->replaces, KAI_ID_BYTES);
    kai_put_bin(out, a->pop, KAI_SIG_BYTES);
    kai_put_no_ext(out);
}

/* A root key is asked for before anybody above it is known, and a person's key may hold places in
 * several organisations: only these two say whose they are. */
static bool says_whose(uint64_t kind)
{
    return kind == KAI_ADMIT_ISSUING || kind == KAI_ADMIT_NODE;
}

enum kai_err kai_admit_read(struct kai_admit *a, struct kai_view body)
{
    struct kai_cur c;

    memset(a, 0, sizeof *a);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 19);
    if (kai_cur_uint(&c, SUITE) != SUITE)
        kai_cur_fail(&c, KAI_EMALFORMED);
    a->kind = kai_cur_uint(&c, KIND_MAX);
    kai_cur_copy(&c, a->sign_pk, KAI_KEY_BYTES);
    a->has_kx = kai_rec_maybe(&c, a->kx_pk, KAI_KEY_BYTES);
    a->has_curve = kai_rec_maybe(&c, a->curve_pk, KAI_KEY_BYTES);
    a->has_of_org = kai_rec_maybe(&c, a->of_org, KAI_ID_BYTES);
    a->name_hashed = kai_cur_ok(&c) && c.p < c.end && *c.p == BIN8;
    if (a->name_hashed)
        kai_cur_copy(&c, a->name_hash, KAI_ID_BYTES);
    else
        kai_rec_text(&c, a->name, sizeof a->name);
    a->caps = kai_cur_uint(&c, UINT32_MAX);
    a->depth_left = kai_cur_uint(&c, INT_MAX_63);
    a->max_children = kai_cur_uint(&c, INT_MAX_63);
    a->label_max = kai_cur_uint(&c, 5);
    a->n_attrs = kai_rec_attrs(&c, a->attrs);
    a->quota = kai_cur_uint(&c, INT_MAX_63);
    a->not_before = kai_cur_uint(&c, INT_MAX_63);
    a->not_after = kai_cur_uint(&c, INT_MAX_63);
    a->serial = kai_cur_uint(&c, INT_MAX_63);
    a->has_replaces = kai_rec_maybe(&c, a->replaces, KAI_ID_BYTES);
    kai_cur_copy(&c, a->pop, KAI_SIG_BYTES);
    kai_cur_ext(&c, NULL, NULL);
    bool keys_fit = (a->kind != KAI_ADMIT_NODE || (a->has_kx && a->has_curve)) &&
                    (a->kind != KAI_ADMIT_PERSON || a->has_kx);
    bool whose_fits = a->kind > KAI_ADMIT_PERSON || a->has_of_org == says_whose(a->kind);
    if (a->kind == 0 || a->label_max == 0 || !keys_fit || !whose_fits)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

/* What the proof is over: the keys, so that none can be put into another's name, and whose they
 * are: an ADMIT is public, and another organisation that copied the proof would have the key. */
static struct kai_view pop_body(uint8_t bytes[static POP_BYTES_MAX], const struct kai_admit *a)
{
    /* In the caller's memory, all of it there: a proof cannot fail for want of some. */
    struct kai_buf b = {.p = bytes, .cap = POP_BYTES_MAX, .max = POP_BYTES_MAX};
    struct kai_buf *out = &b;

    kai_put_array(out, 6);
    kai_put_uint(out, SUITE);
    kai_put_uint(out, a->kind);
    kai_put_bin(out, a->sign_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_kx, a->kx_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_curve, a->curve_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a->has_of_org, a->of_org, KAI_ID_BYTES);
    assert(b.err == KAI_OK); /* POP_BYTES_MAX is what all of it takes. */
    return kai_buf_view(&b);
}

enum kai_err kai_admit_parse(struct kai_admit *a, struct kai_view body)
{
    uint8_t bytes[POP_BYTES_MAX];
    enum kai_err err = kai_admit_read(a, body);

    if (err != KAI_OK)
        return err;
    struct kai_view pop = pop_body(bytes, a);
    err = kai_key_check(a->sign_pk);
    bool proved = err == KAI_OK &&
                  kai_verify(a->pop, a->sign_pk, KAI_SIG_POP, KAI_NID_NONE, pop.p, pop.n) == KAI_OK;
    return err != KAI_OK || KAI_CHECK(ADMIT_PROOF, proved) ? err : KAI_EAUTH;
}

void kai_admit_prove(struct kai_admit *a, const uint8_t sign_sk[static 64])
{
    uint8_t bytes[POP_BYTES_MAX];
    struct kai_view pop = pop_body(bytes, a);

    kai_sign(a->pop, sign_sk, KAI_SIG_POP, KAI_NID_NONE, pop.p, pop.n);
}

void kai_admit_set_org(struct kai_admit *a, const uint8_t *org_id)
{
    a->has_of_org = org_id != NULL && says_whose(a->kind);
    memset(a->of_org, 0, sizeof a->of_org);
    if (a->has_of_org)
        memcpy(a->of_org, org_id, KAI_ID_BYTES);
}

bool kai_admit_is_of(uint64_t kind, const uint8_t of_org[static KAI_ID_BYTES],
                     const uint8_t root_pk[static KAI_KEY_BYTES])
{
    uint8_t id[KAI_ID_BYTES];

    if (!says_whose(kind))
        return true;
    kai_hash(id, KAI_D_ORG, root_pk, KAI_KEY_BYTES);
    return KAI_CHECK(ADMIT_OF_ORG, memcmp(id, of_org, KAI_ID_BYTES) == 0);
}
