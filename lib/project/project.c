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

void kai_project_refuse(struct kai_projector *p, const char *code)
{
    struct kai_project_refusal r = {.code = code,
                                    .log_no = p->in->log_no,
                                    .seq = p->in->entry->h.seq,
                                    .item_ordinal = p->item,
                                    .content_ordinal = p->content};

    p->sum.refused++;
    p->port.refused(p->port.ctx, &r);
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
        kai_project_refuse(p, "project.bind");
        return;
    }
    err = p->port.resolve(p->port.ctx, b.node_cert, &node);
    if (err != KAI_OK)
        kai_project_refuse(p, "project.cert");
    else if (kai_bind_verify(item, node.sign_pk, in->nid) != KAI_OK)
        kai_project_refuse(p, "project.bind");
    else if (!node.usable)
        kai_project_refuse(p, "project.revoked");
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

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct kai_projector *p = ctx;
    enum kai_err err = KAI_OK;

    p->content = 0;
    if (type == KAI_ITEM_OBJ)
        err = kai_project_obj(p, item);
    else if (type == KAI_ITEM_BIND)
        bind_item(p, item);
    else if (type == KAI_ITEM_RULE)
        rule_item(p, item);
    else
        p->sum.skipped++;
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
    p->t = t;
    p->in = in;
    p->item = 0;
    p->content = 0;
    p->n_items = 0;
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
        kai_project_refuse(p, "project.payload");
        return KAI_OK;
    }
    return kai_body_walk(kai_buf_view(&p->body), on_item, p);
}
