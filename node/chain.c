/* chain: control entries that are made in a ceremony. */
#include "node/chain.h"

#include <string.h>

#include "crypto/hash.h"
#include "node/issue.h"

enum kai_err kai_chain_add(struct kai_chain *ch, const struct kai_keys *signer, uint64_t type,
                           struct kai_view body)
{
    struct kai_buf payload;
    struct kai_buf bytes;
    struct kai_head head;
    struct kai_entry e;
    struct kai_hdr hdr = {.seq = 1, .ptype = KAI_PTYPE_CONTROL, .ts = kai_wall_ms()};

    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_buf_init(&bytes, 2 * KAI_CERT_BYTES_MAX);
    memcpy(hdr.log_pk, signer->sign_pk, KAI_KEY_BYTES);
    if (kai_ctl_head(ch->ctl, hdr.log_pk, &head) == KAI_OK) {
        hdr.seq = head.seq + 1;
        memcpy(hdr.prev, head.hash, KAI_ID_BYTES);
    }
    kai_rec_write(&payload, type, body);
    enum kai_err err = payload.err;
    if (err == KAI_OK)
        err = kai_entry_make(&e, &bytes, &hdr, signer->sign_sk, ch->nid, kai_buf_view(&payload));
    if (err == KAI_OK)
        err = kai_ctl_add(ch->ctl, &e);
    if (err == KAI_OK)
        err = kai_tx_ctl(ch->tx, &e);
    if (err == KAI_OK)
        err = kai_issued_note(ch->tx, &e);
    kai_buf_free(&payload);
    kai_buf_free(&bytes);
    return err;
}

enum kai_err kai_chain_admit(struct kai_chain *ch, const struct kai_keys *signer,
                             struct kai_admit *a)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, a);
    enum kai_err err = body.err == KAI_OK
                           ? kai_chain_add(ch, signer, KAI_REC_ADMIT, kai_buf_view(&body))
                           : body.err;
    kai_buf_free(&body);
    return err;
}

enum kai_err kai_chain_own(struct kai_chain *ch, const struct kai_keys *root,
                           const struct kai_keys *issuing, const struct kai_keys *node,
                           const char *org, const char *node_name, const struct kai_grant *g)
{
    struct kai_admit a;
    uint8_t org_id[KAI_ID_BYTES];

    kai_hash(org_id, KAI_D_ORG, root->sign_pk, KAI_KEY_BYTES);
    /* On each path the organisation narrows its key: under terms of its own the key could not do
     * what the organisation may do later, as a founder or admitted by somebody else. */
    struct kai_grant widest = kai_grant_founder();
    kai_grant_admit(&a, &widest, KAI_ADMIT_ISSUING, org, issuing, org_id);
    enum kai_err err = kai_chain_admit(ch, root, &a);
    if (err != KAI_OK)
        return err;
    kai_grant_admit(&a, g, KAI_ADMIT_NODE, node_name, node, org_id);
    return kai_chain_admit(ch, issuing, &a);
}
