/* letter: notices: what was written to our mailbox, and what we wrote to those of others. */
#include <string.h>

#include "base/check.h"
#include "project/project_priv.h"

/* What a letter is about. Errors: of the parser; an unknown kind is about nothing we know. */
static enum kai_err about(uint8_t obj_hash[static KAI_ID_BYTES], uint64_t kind,
                          struct kai_view body, struct kai_violation *violation)
{
    union {
        struct kai_request request;
        struct kai_refusal refusal;
        struct kai_sighting sighting;
        struct kai_contribution contribution;
    } u;
    enum kai_err err = KAI_OK;

    memset(obj_hash, 0, KAI_ID_BYTES);
    if (kind == KAI_NOTICE_REQUEST) {
        err = kai_request_parse(&u.request, body);
        memcpy(obj_hash, u.request.obj_hash, KAI_ID_BYTES);
    } else if (kind == KAI_NOTICE_REFUSAL) {
        err = kai_refusal_parse(&u.refusal, body);
        memcpy(obj_hash, u.refusal.obj_hash, KAI_ID_BYTES);
    } else if (kind == KAI_NOTICE_VIOLATION) {
        err = kai_violation_parse(violation, body);
        memcpy(obj_hash, violation->obj_hash, KAI_ID_BYTES);
    } else if (kind == KAI_NOTICE_SIGHTING) {
        err = kai_sighting_parse(&u.sighting, body);
        memcpy(obj_hash, u.sighting.obj_hash, KAI_ID_BYTES);
    } else if (kind == KAI_NOTICE_CONTRIBUTION) {
        err = kai_contribution_parse(&u.contribution, body);
        memcpy(obj_hash, u.contribution.obj_hash, KAI_ID_BYTES);
    }
    return err;
}

struct origin_is {
    const uint8_t *org_id;
    bool found;
};

static bool is_origin(void *ctx, const struct kai_row *row)
{
    struct origin_is *o = ctx;

    o->found = o->found || memcmp(row->origin, o->org_id, KAI_ID_BYTES) == 0;
    return !o->found;
}

/* Receipts are for the source: what somebody says about batches of others is not kept. Those that
 * we gave ourselves are, as what was said last. */
static enum kai_err receipt_row(struct kai_projector *p, const struct kai_receipt *all,
                                const struct kai_receipt_row *row, bool ours)
{
    struct kai_ix_receipt receipt = {.held = row->held,
                                     .read = row->read,
                                     .acted = row->acted,
                                     .to_ms = all->to,
                                     .last_ms = p->in->seen_ms};
    struct origin_is o = {.org_id = p->in->self_org};
    struct kai_ixsnap *r = kai_ix_reads(p->t);
    enum kai_err err = r == NULL ? KAI_EIO : kai_ixsnap_obj(r, row->obj_hash, is_origin, &o);

    if (err != KAI_OK || o.found == ours)
        return err;
    memcpy(receipt.obj_hash, row->obj_hash, KAI_ID_BYTES);
    memcpy(receipt.holder, p->author.org_id, KAI_ID_BYTES);
    memcpy(receipt.node, p->author.node_id, KAI_ID_BYTES);
    return kai_ix_receipt(p->t, &receipt);
}

static enum kai_err receipts(struct kai_projector *p, struct kai_view body, bool ours)
{
    struct kai_receipt all;
    struct kai_receipt_row row;
    enum kai_err err = KAI_OK;

    if (kai_receipt_parse(&all, body) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    for (uint32_t i = 0; i < all.n && err == KAI_OK; i++) {
        if (kai_receipt_row(&row, &all.rows) != KAI_OK)
            break;
        err = receipt_row(p, &all, &row, ours);
        if (err == KAI_OK)
            kai_project_tell(p, KAI_FOUND_LETTER, KAI_NOTICE_RECEIPT, row.obj_hash,
                             p->author.org_id);
    }
    return err;
}

static enum kai_err keep(struct kai_projector *p, uint64_t kind, struct kai_view body, bool ours)
{
    struct kai_ix_letter l = {
        .ours = ours, .kind = kind, .at = p->about.at, .seen_ms = p->in->seen_ms};
    struct kai_violation violation;
    enum kai_err err;

    if (about(l.obj_hash, kind, body, &violation) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    memcpy(l.sender, p->author.org_id, KAI_ID_BYTES);
    memcpy(l.sender_node, p->author.node_id, KAI_ID_BYTES);
    memcpy(l.aud_id, p->in->aud_id, KAI_ID_BYTES);
    /* It was told, whether or not the letter is kept. */
    err = ours && kind == KAI_NOTICE_VIOLATION
              ? kai_ix_reported(p->t, violation.log_pk, violation.seq, violation.obj_hash)
              : KAI_OK;
    if (err == KAI_OK)
        err = kai_ix_letter(p->t, &l, body);
    if (err == KAI_OK)
        kai_project_tell(p, KAI_FOUND_LETTER, kind, l.obj_hash, l.sender);
    else if (err == KAI_EEXIST)
        p->sum.held++;
    else if (err == KAI_ELIMIT)
        p->sum.skipped++;
    else
        return err;
    return KAI_OK;
}

enum kai_err kai_project_notice(struct kai_projector *p, struct kai_view item)
{
    const struct kai_project_in *in = p->in;
    bool to_us =
        p->aud.kind == KAI_POLICY_MAILBOX && memcmp(p->aud.owner, in->self_org, KAI_ID_BYTES) == 0;
    bool ours;
    struct kai_view body;
    uint64_t kind;

    if (kai_notice_parse(&kind, &body, item) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    if (p->no_author != NULL) {
        kai_project_refuse(p, p->no_author, true);
        return KAI_OK;
    }
    ours = memcmp(p->author.org_id, in->self_org, KAI_ID_BYTES) == 0;
    if (!KAI_CHECK(LETTER_OWN, p->aud.kind == KAI_POLICY_MAILBOX && (to_us || ours))) {
        p->sum.skipped++; /* Not a letter, or not to us. */
        return KAI_OK;
    }
    return kind == KAI_NOTICE_RECEIPT ? receipts(p, body, ours) : keep(p, kind, body, ours);
}
