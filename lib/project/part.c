/* part: puts objects together that came in parts, over as many entries as it takes. */
#include <string.h>

#include "project/project_priv.h"

struct gather {
    struct kai_projector *p;
    uint64_t n;
    uint64_t first_seq;
    uint64_t last_seq;
    struct kai_row where; /* Of part 0. */
};

static bool on_part(void *ctx, const struct kai_ix_part *part, struct kai_view bytes)
{
    struct gather *g = ctx;

    if (part->index != g->n)
        return false; /* One is still to come. */
    if (g->n == 0) {
        g->where.item_ordinal = part->item_ordinal;
        g->where.content_ordinal = part->content_ordinal;
        g->first_seq = part->seq;
        g->last_seq = part->seq;
    }
    g->first_seq = part->seq < g->first_seq ? part->seq : g->first_seq;
    g->last_seq = part->seq > g->last_seq ? part->seq : g->last_seq;
    kai_buf_add(&g->p->whole, bytes.p, bytes.n);
    g->n++;
    return true;
}

static bool well_cut(const struct batch *b, const struct kai_content *c, struct kai_part *part)
{
    uint64_t parts;

    if (kai_part_parse(part, c->content) != KAI_OK)
        return false;
    parts = (part->total + KAI_PART_BYTES - 1) / KAI_PART_BYTES;
    return b->obj.n == parts && part->offset == c->index * KAI_PART_BYTES;
}

static enum kai_err finish(struct kai_projector *p, const struct batch *b, struct gather *g,
                           uint64_t total)
{
    enum kai_err err = kai_ix_parts_forget(p->t, p->in->log_no, b->hash);

    if (err != KAI_OK)
        return err;
    if (p->whole.len != total || g->last_seq - g->first_seq >= SPAN_MAX) {
        kai_project_refuse(p, "project.part", false);
        return KAI_OK;
    }
    g->where.seq = g->first_seq;
    g->where.parts = g->last_seq - g->first_seq + 1;
    return kai_project_stix(p, b, kai_buf_view(&p->whole), &g->where, NULL);
}

enum kai_err kai_project_part(struct kai_projector *p, const struct batch *b,
                              const struct kai_content *c)
{
    struct kai_ix_part at = {.log_no = p->in->log_no,
                             .index = c->index,
                             .seq = p->in->entry->h.seq,
                             .item_ordinal = p->item,
                             .content_ordinal = p->content};
    struct gather g = {.p = p};
    struct kai_part part;
    enum kai_err err;

    if (!well_cut(b, c, &part)) {
        kai_project_refuse(p, "project.part", false);
        return KAI_OK;
    }
    memcpy(at.obj_hash, b->hash, KAI_ID_BYTES);
    err = kai_ix_part_add(p->t, &at, part.bytes);
    if (err == KAI_ELIMIT) {
        kai_project_refuse(p, "project.part", false);
        return KAI_OK;
    }
    if (err != KAI_OK && err != KAI_EEXIST)
        return err;
    kai_buf_clear(&p->whole);
    err = kai_ix_parts(p->t, p->in->log_no, b->hash, on_part, &g);
    if (err == KAI_OK)
        err = p->whole.err;
    if (err != KAI_OK || g.n < b->obj.n)
        return err;
    return finish(p, b, &g, part.total);
}
