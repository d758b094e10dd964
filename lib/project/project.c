/* project: from one data entry to the index. */
#include "project/project.h"

#include <stdlib.h>
#include <string.h>

#include "project/project_priv.h"

enum kai_err kai_projector_new(struct kai_projector **out, const struct kai_project_port *port)
{
    struct kai_projector *p = calloc(1, sizeof *p);

    *out = NULL;
    if (p == NULL || kai_packer_new(&p->packer) != KAI_OK) {
        free(p);
        return KAI_ENOMEM;
    }
    p->port = *port;
    kai_buf_init(&p->body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&p->scratch, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&p->whole, KAI_STIX_BYTES_MAX);
    *out = p;
    return KAI_OK;
}

void kai_projector_free(struct kai_projector *p)
{
    if (p == NULL)
        return;
    kai_packer_free(p->packer);
    kai_buf_free(&p->body);
    kai_buf_free(&p->scratch);
    kai_buf_free(&p->whole);
    free(p);
}

struct kai_project_sum kai_projector_sum(const struct kai_projector *p)
{
    return p->sum;
}

void kai_project_refuse(struct kai_projector *p, const char *code, bool again)
{
    struct kai_project_refusal r = {.code = code,
                                    .log_no = p->in->log_no,
                                    .seq = p->in->entry->h.seq,
                                    .item_ordinal = p->item,
                                    .content_ordinal = p->content,
                                    .again = again};

    p->about.content_ordinal = p->content;
    p->about.again = again;
    kai_copy_text(p->about.code, sizeof p->about.code, code);
    kai_ignore(kai_ix_bad(p->t, &p->about)); /* Past its bound it is only told; the rest sticks. */
    p->sum.refused++;
    p->port.refused(p->port.ctx, &r);
}

void kai_project_about(struct kai_projector *p, const struct batch *b, const uint8_t *origin)
{
    memcpy(p->about.obj_hash, b->hash, KAI_ID_BYTES);
    if (origin == NULL)
        return; /* Its label is nobody's word yet. */
    memcpy(p->about.origin, origin, KAI_ID_BYTES);
    p->about.tlp = b->obj.tlp;
}

void kai_project_tell(struct kai_projector *p, enum kai_project_found_kind kind, uint64_t notice,
                      const uint8_t *obj_hash, const uint8_t *org_id)
{
    struct kai_project_found f = {.kind = kind, .notice = notice};

    memcpy(f.obj_hash, obj_hash, KAI_ID_BYTES);
    memcpy(f.org_id, org_id, KAI_ID_BYTES);
    if (p->port.found != NULL)
        p->port.found(p->port.ctx, &f);
}

static void bind_item(struct kai_projector *p, struct kai_view item)
{
    const struct kai_project_in *in = p->in;
    struct kai_project_node node;
    struct kai_bind b;
    enum kai_err err;

    if (p->n_items != 1 || kai_bind_parse(&b, item) != KAI_OK ||
        memcmp(b.log_pk, in->entry->h.log_pk, KAI_KEY_BYTES) != 0 ||
        memcmp(b.aud_id, in->aud_id, KAI_ID_BYTES) != 0) {
        kai_project_refuse(p, "project.bind", false);
        return;
    }
    err = p->port.resolve(p->port.ctx, b.node_cert, &node);
    if (err != KAI_OK)
        kai_project_refuse(p, "project.cert", true);
    else if (kai_bind_verify(item, node.sign_pk, in->nid) != KAI_OK)
        kai_project_refuse(p, "project.bind", false);
    else if (!node.usable)
        kai_project_refuse(p, "project.revoked", true);
    else if (p->port.bind != NULL)
        p->port.bind(p->port.ctx, &b);
}

static void rule_item(struct kai_projector *p, struct kai_view item)
{
    struct kai_rule rule;

    if (p->port.rule == NULL || kai_rule_parse(&rule, item) != KAI_OK)
        p->sum.skipped++;
    else
        p->port.rule(p->port.ctx, &rule, item);
}

static enum kai_err one_item(struct kai_projector *p, uint64_t type, struct kai_view item)
{
    switch (type) {
    case KAI_ITEM_BIND:
        bind_item(p, item);
        return KAI_OK;
    case KAI_ITEM_RULE:
        rule_item(p, item);
        return KAI_OK;
    case KAI_ITEM_OBJ:
        return kai_project_obj(p, item);
    case KAI_ITEM_RESHARE:
        return kai_project_reshare(p, item);
    case KAI_ITEM_RELEASE:
        return kai_project_release(p, item);
    case KAI_ITEM_RECALL:
        return kai_project_recall(p, item);
    case KAI_ITEM_NOTICE:
        return kai_project_notice(p, item);
    default:
        p->sum.skipped++;
        return KAI_OK;
    }
}

/* Nothing is known of the item yet, and an unknown label is RED. */
static void begin_item(struct kai_projector *p)
{
    p->content = 0;
    p->has_ids = false;
    p->about = (struct kai_ix_bad){
        .at = {.log_no = p->in->log_no, .seq = p->in->entry->h.seq, .item_ordinal = p->item},
        .tlp = KAI_TLP_RED,
        .first_seen_ms = p->in->seen_ms};
    memcpy(p->about.aud_id, p->in->aud_id, KAI_ID_BYTES);
    if (p->no_author == NULL)
        memcpy(p->about.sharer, p->author.org_id, KAI_ID_BYTES);
}

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct kai_projector *p = ctx;
    enum kai_err err;

    begin_item(p);
    err = one_item(p, type, item);
    p->item++;
    return err;
}

static enum kai_err count_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct kai_projector *p = ctx;

    (void)type;
    (void)item;
    p->n_items++;
    return KAI_OK;
}

/* Letters of others to others never open here: there is nothing to wait for. */
static bool may_open_once(const struct kai_projector *p)
{
    return p->aud.kind != KAI_POLICY_MAILBOX ||
           memcmp(p->aud.owner, p->in->self_org, KAI_ID_BYTES) == 0;
}

static enum kai_err begin_entry(struct kai_projector *p, struct kai_ix *t,
                                const struct kai_project_in *in)
{
    const struct kai_hdr *h = &in->entry->h;
    enum kai_err err;

    p->t = t;
    p->in = in;
    p->item = 0;
    p->content = 0;
    p->n_items = 0;
    if (p->port.audience(p->port.ctx, in->aud_id, &p->aud) != KAI_OK)
        p->aud = (struct kai_project_aud){0};
    p->no_author = in->author_cert == NULL ? "project.author"
                                           : kai_project_node(p, in->author_cert, &p->author);
    if (in->epoch_key == NULL)
        return may_open_once(p) ? kai_ix_wait(t, in->log_no, h->seq, h->kid) : KAI_OK;
    err = kai_ix_bad_forget(t, in->log_no, h->seq);
    return err == KAI_OK ? kai_ix_report_forget(t, h->log_pk, h->seq) : err;
}

enum kai_err kai_project_entry(struct kai_projector *p, struct kai_ix *t,
                               const struct kai_project_in *in)
{
    const struct kai_hdr *h = &in->entry->h;
    struct kai_seal_place at = {.nid = in->nid,
                                .log_pk = h->log_pk,
                                .seq = h->seq,
                                .prev = h->prev,
                                .tag = h->tag,
                                .kid = h->kid,
                                .ts = h->ts};
    enum kai_err err;

    if (h->ptype != KAI_PTYPE_SEALED || in->entry->payload.p == NULL)
        return KAI_OK;
    err = begin_entry(p, t, in);
    if (err != KAI_OK || in->epoch_key == NULL)
        return err;
    kai_buf_clear(&p->body);
    kai_buf_clear(&p->scratch);
    err =
        kai_payload_open(p->packer, &p->body, &p->scratch, in->epoch_key, &at, in->entry->payload);
    if (err == KAI_ENOMEM)
        return err;
    /* Whole before anything of it is believed. */
    if (err == KAI_OK)
        err = kai_body_walk(kai_buf_view(&p->body), count_item, p);
    if (err != KAI_OK) {
        begin_item(p);
        kai_project_refuse(p, "project.payload", false);
        return KAI_OK;
    }
    return kai_body_walk(kai_buf_view(&p->body), on_item, p);
}
