/* call_red: TLP:RED, sealed by one person's command line and opened by another's. Nothing that
 * passes here can be read by a node. */
#include <stdlib.h>
#include <string.h>

#include "log/red.h"
#include "node/call.h"
#include "node/clerk.h"
#include "node/held.h"
#include "node/newcomer.h"
#include "node/reader.h"
#include "node/red.h"
#include "node/shown.h"

struct begin {
    struct kai_call *call;
    uint8_t aud_id[KAI_ID_BYTES];
    size_t n;
    struct kai_red_person persons[KAI_RED_PERSONS_MAX];
};

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct begin *b = arg;

    return kai_red_persons(c, b->aud_id, b->persons, &b->n, &b->call->why);
}

static void put_terms(const struct kai_call *call, const struct begin *b, const uint8_t *cert,
                      struct kai_jput *j)
{
    kai_jput_hex(j, "nid", call->core->charter.nid, KAI_ID_BYTES);
    kai_jput_hex(j, "origin_cert", cert, KAI_ID_BYTES);
    kai_jput_uint(j, "created_ms", kai_wall_ms());
    kai_jput_text(j, "warninglists", call->core->warn_block ? "block" : "warn");
    kai_jput_array(j, "persons");
    for (size_t i = 0; i < b->n; i++) {
        kai_jput_object(j, NULL);
        kai_jput_hex(j, "id", b->persons[i].id, KAI_ID_BYTES);
        kai_jput_hex(j, "kx_pk", b->persons[i].kx_pk, KAI_KEY_BYTES);
        kai_jput_text(j, "org", b->persons[i].org);
        kai_jput_uint(j, "not_after_ms", b->persons[i].not_after);
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

/* With kind_only nothing but the audience's kind is said, and no rule is asked. */
enum kai_err kai_verb_red_begin(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *to = kai_arg_need(call, "to", &err);
    bool kind_only = kai_arg_bool(call, "kind_only", &err);
    struct begin *b = calloc(1, sizeof *b);
    const struct kai_aud_name *a;
    struct kai_jput j;

    if (err == KAI_OK && b == NULL)
        err = KAI_ENOMEM;
    struct kai_outlook *o = kai_outlook_get(call->core);
    if (err == KAI_OK)
        err = kai_shown_find_aud(o, to, call->who->clearance, &a, &call->why);
    while (err == KAI_ENOTFOUND && kai_newcomer_wait(call->core, &o)) {
        call->why = (struct kai_why){0};
        err = kai_shown_find_aud(o, to, call->who->clearance, &a, &call->why);
    }
    const struct kai_node *self = kai_roster_node(o->roster, call->core->self.node_id);
    if (err == KAI_OK && !kind_only && (self == NULL || !self->active))
        err = kai_why_set(&call->why, KAI_EDENIED, "node.not-active", call->core->home.dir, NULL,
                          NULL);
    if (err == KAI_OK) {
        b->call = call;
        memcpy(b->aud_id, a->id, KAI_ID_BYTES);
        if (!kind_only)
            err = kai_core_run(call->core, job_begin, b);
    }
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_hex(&j, "audience", a->id, KAI_ID_BYTES);
        kai_jput_text(&j, "name", a->name);
        kai_jput_uint(&j, "kind", kai_roster_audience(o->roster, a->id)->rec.kind);
        if (!kind_only)
            put_terms(call, b, self->cert, &j);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_outlook_put(o);
    free(b);
    return err;
}

static enum kai_err ids_arg(struct kai_call *call, struct kai_red_post *p)
{
    enum kai_err err = KAI_OK;
    const char *hex;

    p->persons = calloc(KAI_RED_PERSONS_MAX, KAI_ID_BYTES);
    if (p->persons == NULL)
        return KAI_ENOMEM;
    while (err == KAI_OK && (hex = kai_arg_item(call, "persons", p->n_persons, &err)) != NULL) {
        if (p->n_persons == KAI_RED_PERSONS_MAX ||
            !kai_unhex(p->persons[p->n_persons], KAI_ID_BYTES, hex, strlen(hex)))
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "persons", NULL, NULL);
        p->n_persons++;
    }
    if (err == KAI_OK && p->n_persons == 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "persons", NULL, NULL);
    return err;
}

static enum kai_err put_posted(struct kai_call *call, const struct kai_red_posted *posted,
                               uint64_t began)
{
    enum kai_err err = KAI_OK;
    uint64_t wait = kai_arg_uint(call, "wait", 0, &err);
    uint64_t timeout = kai_arg_uint(call, "timeout_ms", 30000, &err);
    uint64_t durable = kai_now_ms() - began;
    struct kai_jput j;

    if (err != KAI_OK)
        return err;
    uint64_t held = wait > 0 ? kai_held_wait(call->core, posted->log_pk, posted->last, wait,
                                             kai_now_ms() + timeout)
                             : kai_held_count(call->core, posted->log_pk, posted->last);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "accepted", posted->contents);
    kai_jput_uint(&j, "skipped", 0);
    kai_jput_uint(&j, "refused", 0);
    kai_jput_uint(&j, "entries", posted->n);
    kai_jput_uint(&j, "durable_ms", durable);
    kai_jput_uint(&j, "held_by", held);
    kai_jput_array(&j, "ids");
    for (size_t i = 0; i < posted->n; i++)
        kai_jput_hex(&j, NULL, posted->hashes[i], KAI_ID_BYTES);
    kai_jput_end(&j);
    kai_jput_end(&j);
    if (held < wait)
        call->status = 1;
    return kai_jput_line(&j);
}

enum kai_err kai_verb_red_publish(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *to = kai_arg_need(call, "to", &err);
    struct kai_red_post p = {.sealed = call->body};
    struct kai_red_posted posted = {0};
    uint64_t began = kai_now_ms();

    struct kai_outlook *o = kai_outlook_get(call->core);
    if (err == KAI_OK)
        err = kai_shown_find_aud(o, to, call->who->clearance, &p.aud, &call->why);
    if (err == KAI_OK)
        err = ids_arg(call, &p);
    if (err == KAI_OK)
        err = kai_red_publish(call->core, o, &p, &posted, &call->why);
    if (err == KAI_OK)
        err = put_posted(call, &posted, began);
    kai_outlook_put(o);
    free(p.persons);
    free(posted.hashes);
    return err;
}

/* ---- Handing out what is sealed. */
struct get {
    struct kai_call *call;
    struct kai_row row;
    bool found;
    struct kai_jput j;
};

static bool on_row_no(void *ctx, uint64_t no, uint64_t index)
{
    uint64_t *first = ctx;

    if (index == KAI_INDEX_WHOLE && *first == 0)
        *first = no;
    return *first == 0;
}

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct get *g = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur contents;
    struct kai_content c;
    uint8_t hash[KAI_ID_BYTES];
    uint32_t n;

    if (type != KAI_ITEM_OBJ || g->found ||
        kai_obj_item_parse(&obj, &sig, &contents, &n, item) != KAI_OK)
        return KAI_OK;
    kai_obj_hash(hash, obj);
    if (memcmp(hash, g->row.obj_hash, KAI_ID_BYTES) != 0)
        return KAI_OK;
    g->found = true;
    kai_jput_hex(&g->j, "obj", obj.p, obj.n);
    kai_jput_array(&g->j, "sealed");
    for (uint32_t i = 0; i < n && kai_content_read(&c, &contents) == KAI_OK; i++)
        kai_jput_hex(&g->j, NULL, c.content.p, c.content.n);
    kai_jput_end(&g->j);
    return KAI_OK;
}

static enum kai_err find_row(struct get *g, struct kai_reader *r, const char *id)
{
    uint64_t no = 0;
    enum kai_err err = kai_ixsnap_item(r->rows, id, strlen(id), on_row_no, &no);

    if (err == KAI_OK && no != 0)
        err = kai_ixsnap_row(r->rows, no, &g->row);
    if (err == KAI_EAMBIGUOUS)
        return kai_why_set(&g->call->why, err, "name.ambiguous", id, "2", NULL);
    if (err == KAI_ENOTFOUND || err == KAI_EMALFORMED || (err == KAI_OK && no == 0))
        return kai_why_set(&g->call->why, KAI_ENOTFOUND, "item.unknown", id, NULL, NULL);
    if (err == KAI_OK && g->row.kind != KAI_ROW_SEALED)
        return kai_why_set(&g->call->why, KAI_EMALFORMED, "red.not-sealed", id, NULL, NULL);
    return err;
}

static enum kai_err put_sealed(struct get *g, struct kai_reader *r)
{
    const struct kai_org *origin = kai_roster_org(r->o->roster, g->row.origin);
    const struct kai_aud_name *a = kai_outlook_aud(r->o, g->row.aud_id);
    struct kai_call *call = g->call;

    kai_jput_init(&g->j, &call->out);
    kai_jput_object(&g->j, NULL);
    kai_jput_hex(&g->j, "id", g->row.item_id, KAI_ID_BYTES);
    kai_jput_hex(&g->j, "nid", call->core->charter.nid, KAI_ID_BYTES);
    kai_jput_hex(&g->j, "origin", g->row.origin, KAI_ID_BYTES);
    kai_jput_text(&g->j, "origin_name", origin != NULL ? origin->name : NULL);
    kai_jput_text(&g->j, "audience", a != NULL ? a->name : NULL);
    kai_jput_bool(&g->j, "recalled", (g->row.flags & KAI_ROW_RECALLED) != 0);
    enum kai_err err = kai_fetch_items(r->fetch, &r->source, &g->row, on_item, g);
    kai_jput_end(&g->j);
    if (err == KAI_OK && !g->found)
        err = KAI_ENOTFOUND;
    if (err == KAI_ENOTFOUND)
        return kai_why_set(&call->why, err, "item.unknown", "", NULL, NULL);
    if (err == KAI_OK) {
        kai_audit_read(&call->audit, g->row.item_id, g->row.tlp);
        kai_clerk_note(call->core->clerk, &g->row, KAI_RECEIPT_READ);
    }
    return err == KAI_OK ? kai_jput_line(&g->j) : err;
}

enum kai_err kai_verb_red_get(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    struct kai_reader r;
    struct get g = {.call = call};

    if (err == KAI_OK)
        err = kai_reader_init(&r, call->core, call->who->clearance, &call->audit);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    if (err == KAI_OK)
        err = find_row(&g, &r, id);
    if (err == KAI_OK)
        err = put_sealed(&g, &r);
    kai_reader_end(&r);
    kai_reader_free(&r);
    return err;
}
