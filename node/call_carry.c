/* call_carry: what goes to a node in a file, and what came in one. */
#include <stdlib.h>
#include <string.h>

#include "node/call.h"
#include "node/carry.h"

static void put_node(struct kai_core *c, struct kai_jput *j, const uint8_t *id)
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_node *n = kai_roster_node(o->roster, id);

    kai_jput_hex(j, "node", id, KAI_ID_BYTES);
    kai_jput_text(j, "node_name", n != NULL ? n->name : NULL);
    kai_jput_text(j, "org", n != NULL ? n->org->name : NULL);
    kai_outlook_put(o);
}

/* A node by name, or an organisation that has a single one. */
static enum kai_err addressee(struct kai_call *call, const char *name,
                              uint8_t id[static KAI_ID_BYTES])
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_node *node, *nodes;
    const struct kai_org *org;
    size_t n = kai_roster_nodes(o->roster, &nodes), found = 0;
    enum kai_err err = kai_outlook_find_node(o, name, &node, &call->why);

    if (err == KAI_OK) {
        memcpy(id, node->id, KAI_ID_BYTES);
    } else if (err == KAI_ENOTFOUND) {
        call->why = (struct kai_why){0};
        err = kai_outlook_find_org(o, name, &org, &call->why);
        for (size_t i = 0; err == KAI_OK && i < n; i++)
            if (nodes[i].org == org && nodes[i].active) {
                memcpy(id, nodes[i].id, KAI_ID_BYTES);
                found++;
            }
        if (err == KAI_OK && found == 0)
            err = kai_why_set(&call->why, KAI_EDENIED, "carry.inactive", name, NULL, NULL);
        else if (err == KAI_OK && found > 1)
            err = kai_why_set(&call->why, KAI_EAMBIGUOUS, "carry.several", name, NULL, NULL);
    }
    kai_outlook_put(o);
    return err;
}

/* Read the file that is the body; an error names it as whoever asked does. */
static enum kai_err read_body(struct kai_call *call, uint64_t kind, struct kai_unpacked *r)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_text(call, "name", &err);

    if (err == KAI_OK)
        err = kai_unpacking_run(call->core, call->body, kind, r, &call->why);
    if (err != KAI_OK && name != NULL)
        kai_why_at(&call->why, 0, "%s", name);
    return err;
}

/* ---- carry-pack. */

struct packing {
    struct kai_core *c;
    struct kai_packing *p;
    struct kai_buf bytes;
    uint64_t total;
};

static void packing_free(void *ctx)
{
    struct packing *p = ctx;

    kai_packing_free(p->p);
    kai_buf_free(&p->bytes);
    free(p);
}

/* The bytes as lines: what a line holds has to be text. */
static void put_bytes(struct kai_buf *out, const struct kai_buf *bytes, uint64_t volume, bool whole)
{
    struct kai_jput j;

    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "volume", volume);
    kai_jput_hex(&j, "data", bytes->p, bytes->len);
    kai_jput_bool(&j, "whole", whole);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
}

static enum kai_err packing_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct packing *p = ctx;
    struct kai_carry_info info;
    struct kai_jput j;
    bool volume;
    enum kai_err err;

    kai_buf_clear(&p->bytes);
    err = kai_packing_next(p->p, &p->bytes, &volume, end, why);
    if (err != KAI_OK)
        return err;
    kai_packing_info(p->p, &info);
    p->total += p->bytes.len;
    put_bytes(out, &p->bytes, info.volume, volume);
    if (!*end)
        return out->err;
    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    put_node(p->c, &j, info.node);
    kai_jput_uint(&j, "volumes", info.volume);
    kai_jput_uint(&j, "entries", info.taken);
    kai_jput_uint(&j, "bytes", p->total);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static enum kai_err packing_new(struct kai_call *call, const struct kai_carry_pack *opt,
                                struct packing **out)
{
    struct packing *p = calloc(1, sizeof *p);
    enum kai_err err = p == NULL ? KAI_ENOMEM : kai_packing_new(&p->p, call->core, opt, &call->why);

    if (err != KAI_OK) {
        free(p);
        return err;
    }
    p->c = call->core;
    kai_buf_init(&p->bytes, KAI_CALL_OUT_BYTES_MAX / 4);
    *out = p;
    return KAI_OK;
}

enum kai_err kai_verb_carry_pack(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "for", &err);
    struct kai_carry_pack opt = {.kind = KAI_CARRY_PACK,
                                 .volume_bytes = kai_arg_uint(call, "max_bytes", 0, &err)};
    struct kai_unpacked receipt = {0};
    struct packing *p;

    if (err == KAI_OK && opt.volume_bytes != 0 && opt.volume_bytes < KAI_CARRY_VOLUME_BYTES_MIN)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.carry-volume", NULL, NULL, NULL);
    if (err == KAI_OK)
        err = addressee(call, name, opt.node);
    if (err == KAI_OK && call->body.n > 0)
        err = read_body(call, KAI_CARRY_RECEIPT, &receipt);
    if (err == KAI_OK && call->body.n > 0 && memcmp(receipt.info.node, opt.node, KAI_ID_BYTES) != 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "carry.receipt-other", name, NULL, NULL);
    opt.rows = receipt.rows;
    opt.n_rows = receipt.n_rows;
    if (err == KAI_OK)
        err = packing_new(call, &opt, &p);
    free(receipt.rows);
    if (err == KAI_OK)
        call->stream = (struct kai_stream){.next = packing_next, .free = packing_free, .ctx = p};
    return err;
}

/* ---- carry-unpack. */

static enum kai_err put_receipt(struct kai_call *call, const uint8_t *node)
{
    struct kai_carry_pack opt = {.kind = KAI_CARRY_RECEIPT};
    struct packing *p = NULL;
    bool volume = false, end = false;
    enum kai_err err;

    memcpy(opt.node, node, KAI_ID_BYTES);
    err = packing_new(call, &opt, &p);
    while (err == KAI_OK && !end) {
        kai_buf_clear(&p->bytes);
        err = kai_packing_next(p->p, &p->bytes, &volume, &end, &call->why);
        if (err == KAI_OK)
            put_bytes(&call->out, &p->bytes, 1, end);
    }
    if (p != NULL)
        packing_free(p);
    return err;
}

enum kai_err kai_verb_carry_unpack(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    bool receipt = kai_arg_bool(call, "receipt", &err);
    struct kai_unpacked r = {0};
    struct kai_jput j;

    if (err == KAI_OK)
        err = read_body(call, KAI_CARRY_PACK, &r);
    free(r.rows);
    if (err == KAI_OK && receipt)
        err = put_receipt(call, r.info.node);
    if (err != KAI_OK)
        return err;
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    put_node(call->core, &j, r.info.node);
    kai_jput_uint(&j, "volume", r.info.volume);
    kai_jput_time(&j, "made", r.info.made_ms);
    kai_jput_bool(&j, "more", r.info.more);
    kai_jput_uint(&j, "taken", r.info.taken);
    kai_jput_uint(&j, "held", r.info.held);
    kai_jput_uint(&j, "waiting", r.info.waiting);
    kai_jput_uint(&j, "refused", r.info.refused);
    kai_jput_uint(&j, "over", r.info.over);
    kai_jput_uint(&j, "passes", r.passes);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}
