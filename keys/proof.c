/* proof: that a node was a member of an audience. */
#include "keys/proof.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"
#include "keys/keyring_int.h"
#include "log/merkle.h"
#include "wire/put.h"

#define SIGNED_BYTES_MAX 2048u

static_assert((KAI_EPOCH_PREDS_MAX + KAI_REMOVALS_MAX) * 34 + 5 * 34 + 16 <= SIGNED_BYTES_MAX &&
                  SIGNED_BYTES_MAX + KAI_MERKLE_PATH_MAX * 34 + 256 <= KAI_MEMBER_PROOF_BYTES_MAX,
              "a proof of the largest size is no more than that");

/* What a proof shows, as read. */
struct proof {
    struct kai_view body; /* What the minter signed. */
    uint8_t minter[KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t salt[KAI_EPOCH_SALT_BYTES];
    uint64_t index;
    uint64_t n;
    struct kai_merkle_path path;
};

/* A steward's statement that lists us: of the newest epoch that has one. */
static const struct kai_statement *find(const struct kai_keyring *k, const struct kai_aud *a,
                                        const struct kai_known **epoch)
{
    for (size_t i = a->n_known; i-- > 0;) {
        const struct kai_known *e = a->known[i];

        for (size_t s = 0; e->has_key && s < e->n_said; s++) {
            const struct kai_statement *t = &e->said[s];

            for (size_t p = 0; t->trusted && t->whole && p < t->of; p++) {
                if (kai_ring_has_id(t->parts[p], t->part_n[p], k->self->node_id)) {
                    *epoch = e;
                    return t;
                }
            }
        }
    }
    return NULL;
}

/* Our leaf among those of the statement. */
static enum kai_err set_path(const struct kai_keyring *k, const struct kai_statement *t,
                             const uint8_t *route, struct proof *pr)
{
    enum kai_err err = KAI_ENOMEM;

    for (size_t p = 0; p < t->of; p++)
        pr->n += t->part_n[p];
    uint8_t(*leaves)[KAI_ID_BYTES] = malloc((pr->n + 1) * sizeof *leaves);
    if (leaves == NULL)
        return err;
    size_t at = 0;
    for (size_t p = 0; p < t->of; p++) {
        for (size_t i = 0; i < t->part_n[p]; i++, at++) {
            const uint8_t *id = t->parts[p] + i * KAI_ID_BYTES;

            kai_epoch_leaf(leaves[at], route, id);
            if (memcmp(id, k->self->node_id, KAI_ID_BYTES) == 0)
                pr->index = at;
        }
    }
    err = kai_merkle_path(&pr->path, (const uint8_t(*)[KAI_ID_BYTES])leaves, pr->n, pr->index);
    free(leaves);
    return err;
}

static void write_signed(struct kai_buf *out, const struct kai_aud *a, const struct kai_known *e,
                         const struct kai_statement *t)
{
    struct kai_epoch_part p = {.gen = e->gen, .n_preds = t->n_preds};
    struct kai_epoch_list l = {.n_removals = t->n_removals};

    memcpy(p.aud_id, a->id, KAI_ID_BYTES);
    memcpy(p.commit, e->commit, KAI_ID_BYTES);
    memcpy(p.members_root, t->members_root, KAI_ID_BYTES);
    memcpy(p.preds, t->preds, t->n_preds * KAI_ID_BYTES);
    memcpy(l.removals, t->removals, t->n_removals * KAI_ID_BYTES);
    kai_epoch_signed(out, &p, &l, t->key_log);
}

static void write_proof(struct kai_buf *out, const struct proof *pr)
{
    kai_put_array(out, 8);
    kai_put_view(out, pr->body);
    kai_put_bin(out, pr->minter, KAI_ID_BYTES);
    kai_put_bin(out, pr->sig, KAI_SIG_BYTES);
    kai_put_bin(out, pr->salt, sizeof pr->salt);
    kai_put_uint(out, pr->index);
    kai_put_uint(out, pr->n);
    kai_put_array(out, (uint32_t)pr->path.n);
    for (size_t i = 0; i < pr->path.n; i++)
        kai_put_bin(out, pr->path.hash[i], KAI_ID_BYTES);
    kai_put_no_ext(out);
}

enum kai_err kai_member_proof_make(const struct kai_keyring *k,
                                   const uint8_t aud_id[static KAI_ID_BYTES], struct kai_buf *out)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_known *e = NULL;
    const struct kai_statement *t = a == NULL ? NULL : find(k, a, &e);
    const struct kai_epoch *row = t == NULL ? NULL : kai_ring_epoch(k, aud_id, e->commit);
    struct proof pr = {0};
    struct kai_buf body;

    if (row == NULL)
        return KAI_ENOTFOUND;
    enum kai_err err = set_path(k, t, row->route, &pr);
    if (err != KAI_OK)
        return err;
    memcpy(pr.minter, t->minter_cert, KAI_ID_BYTES);
    memcpy(pr.sig, t->sig, KAI_SIG_BYTES);
    kai_epoch_salt(pr.salt, row->route, k->self->node_id);
    kai_buf_init(&body, SIGNED_BYTES_MAX);
    write_signed(&body, a, e, t);
    err = body.err;
    pr.body = kai_buf_view(&body);
    if (err == KAI_OK) {
        write_proof(out, &pr);
        err = out->err;
    }
    kai_buf_free(&body);
    return err;
}

static enum kai_err read_proof(struct proof *pr, struct kai_view bytes)
{
    struct kai_cur c;

    memset(pr, 0, sizeof *pr);
    if (bytes.n > KAI_MEMBER_PROOF_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 8);
    pr->body = kai_cur_bin(&c, SIGNED_BYTES_MAX);
    kai_cur_copy(&c, pr->minter, KAI_ID_BYTES);
    kai_cur_copy(&c, pr->sig, KAI_SIG_BYTES);
    kai_cur_copy(&c, pr->salt, sizeof pr->salt);
    pr->index = kai_cur_uint(&c, KAI_MEMBER_NODES_MAX - 1);
    pr->n = kai_cur_uint(&c, KAI_MEMBER_NODES_MAX);
    pr->path.n = kai_cur_array(&c, KAI_MERKLE_PATH_MAX);
    for (size_t i = 0; i < pr->path.n; i++)
        kai_cur_copy(&c, pr->path.hash[i], KAI_ID_BYTES);
    kai_cur_ext(&c, NULL, NULL);
    if (pr->index >= pr->n)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

static void skip_ids(struct kai_cur *c, uint32_t max)
{
    uint8_t id[KAI_ID_BYTES];
    size_t n = kai_cur_array(c, max);

    for (size_t i = 0; i < n; i++)
        kai_cur_copy(c, id, KAI_ID_BYTES);
}

/* The audience and the root of the members that the minter signed. */
static enum kai_err read_signed(uint8_t *aud_id, uint8_t *root, struct kai_view body)
{
    struct kai_cur c;
    uint8_t id[KAI_ID_BYTES];

    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 7);
    kai_cur_copy(&c, id, KAI_KEY_BYTES); /* The key log. */
    kai_cur_copy(&c, aud_id, KAI_ID_BYTES);
    if (kai_cur_uint(&c, UINT32_MAX) == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    skip_ids(&c, KAI_EPOCH_PREDS_MAX);
    kai_cur_copy(&c, id, KAI_ID_BYTES); /* The commit. */
    kai_cur_copy(&c, root, KAI_ID_BYTES);
    skip_ids(&c, KAI_REMOVALS_MAX);
    return kai_cur_end(&c);
}

enum kai_err kai_member_proof_check(const struct kai_roster *r,
                                    const uint8_t aud_id[static KAI_ID_BYTES],
                                    const uint8_t node_id[static KAI_ID_BYTES],
                                    struct kai_view proof)
{
    struct proof pr;
    uint8_t aud[KAI_ID_BYTES];
    uint8_t root[KAI_ID_BYTES];
    uint8_t leaf[KAI_ID_BYTES];
    enum kai_err err = read_proof(&pr, proof);

    if (err == KAI_OK)
        err = read_signed(aud, root, pr.body);
    if (err != KAI_OK)
        return err;
    const struct kai_node *minter = kai_roster_node_by_cert(r, pr.minter);
    if (minter == NULL)
        return KAI_EAGAIN;
    if (!KAI_CHECK(PROOF_AUDIENCE, memcmp(aud, aud_id, KAI_ID_BYTES) == 0))
        return KAI_EAUTH;
    if (!KAI_CHECK(PROOF_STEWARD, kai_roster_was_steward(r, aud_id, minter)))
        return KAI_EDENIED;
    bool stands = kai_verify(pr.sig, minter->sign_pk, KAI_SIG_EPOCH, kai_roster_nid(r), pr.body.p,
                             pr.body.n) == KAI_OK;
    if (!KAI_CHECK(PROOF_SIGNATURE, stands))
        return KAI_EAUTH;
    kai_epoch_salted_leaf(leaf, pr.salt, node_id);
    bool in = kai_merkle_check(root, leaf, pr.n, pr.index, &pr.path) == KAI_OK;
    return KAI_CHECK(PROOF_LEAF, in) ? KAI_OK : KAI_EAUTH;
}
