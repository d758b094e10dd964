/* call_contribute: what others gave to be published under our name. */
#include <stdlib.h>
#include <string.h>

#include "item/reauthor.h"
#include "node/call_act.h"
#include "node/contributed.h"
#include "policy/policy.h"
#include "query/acts.h"

#define KEEP_MAX 64u

/* ---- contribution list */
struct listing {
    struct kai_call *call;
    struct kai_reader *r;
    size_t n;
    char wish[KAI_TEXT_BYTES_MAX + 1];
};

static bool put_row(void *ctx, const struct kai_row *row)
{
    struct listing *l = ctx;
    struct kai_contributed m;
    struct kai_jput j;
    uint8_t box[KAI_ID_BYTES];

    kai_mailbox_id(box, l->call->core->self.org_id);
    if (memcmp(box, row->aud_id, sizeof box) != 0) /* The same batch can stand elsewhere too. */
        return true;
    bool done = kai_contributed_find(l->call->core, true, row->item_id, &m) == KAI_OK;
    kai_jput_init(&j, &l->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", row->item_id, KAI_ID_BYTES);
    kai_jput_text(&j, "type", row->type);
    kai_jput_text(&j, "label", kai_tlp_name(row->tlp));
    kai_act_put_org(&j, l->call, "from", "from_name", row->origin);
    kai_jput_text(&j, "wish", l->wish[0] != '\0' ? l->wish : NULL);
    kai_jput_bool(&j, "published", done);
    if (done)
        kai_jput_hex(&j, "as", m.item_id, KAI_ID_BYTES);
    else
        kai_jput_null(&j, "as");
    kai_jput_time(&j, "seen", row->first_seen_ms);
    kai_jput_end(&j);
    (void)kai_jput_line(&j); /* Sticks in the buffer. */
    kai_audit_read(&l->call->audit, row->item_id, row->tlp);
    l->n++;
    return true;
}

static bool on_letter(void *ctx, const struct kai_ix_letter *letter, struct kai_view body)
{
    struct listing *l = ctx;
    struct kai_contribution c;

    if (letter->ours || letter->kind != KAI_NOTICE_CONTRIBUTION ||
        kai_contribution_parse(&c, body) != KAI_OK)
        return true;
    kai_copy_text(l->wish, sizeof l->wish, c.wish);
    return kai_ixsnap_obj(l->r->rows, c.obj_hash, put_row, l) == KAI_OK;
}

enum kai_err kai_verb_contribution_list(struct kai_call *call)
{
    struct kai_reader r;
    struct listing l = {.call = call, .r = &r};
    enum kai_err err = kai_act_open(call, &r);

    if (err != KAI_OK)
        return err;
    err = kai_ixsnap_letters(r.rows, 1, on_letter, &l);
    kai_reader_free(&r);
    if (err == KAI_OK && l.n == 0)
        call->status = 4;
    return err;
}

/* ---- contribution publish */
struct making {
    struct kai_call *call;
    const struct kai_row *row;
    struct kai_reauthor how;
    const char *keep[KEEP_MAX];
    uint8_t uuid[16];
    struct kai_buf left_out; /* Names, one after the other, a NUL behind each. */
};

static void on_property(void *ctx, const char *property, bool refused)
{
    struct making *m = ctx;

    if (!refused) /* The first of those is the error. */
        kai_buf_add(&m->left_out, property, strlen(property) + 1);
}

static void put_names(struct kai_jput *j, const char *key, const struct kai_buf *names)
{
    kai_jput_array(j, key);
    for (size_t at = 0; at < names->len; at += strlen((const char *)names->p + at) + 1)
        kai_jput_text(j, NULL, (const char *)names->p + at);
    kai_jput_end(j);
}

static enum kai_err keep_args(struct making *m)
{
    enum kai_err err = KAI_OK;
    const char *name;

    while (err == KAI_OK && (name = kai_arg_item(m->call, "keep", m->how.n_keep, &err)) != NULL) {
        if (m->how.n_keep == KEEP_MAX)
            return kai_why_set(&m->call->why, KAI_ELIMIT, "usage.argument", "keep", NULL, NULL);
        m->keep[m->how.n_keep++] = name;
    }
    m->how.keep = m->keep;
    m->how.uuid = m->uuid;
    m->how.note = on_property;
    m->how.ctx = m;
    return err;
}

static enum kai_err reauthor(struct making *m, struct kai_reader *r, struct kai_buf *out)
{
    struct kai_core *c = m->call->core;
    struct kai_view content;
    char hex[KAI_HEX_CAP(8)];
    enum kai_err err = kai_contributed_uuid(c, m->row->origin, m->row->stix_uuid, m->uuid);

    if (err == KAI_OK)
        err = kai_fetch_object(r->fetch, &r->source, m->row, &content);
    if (err != KAI_OK)
        return err;
    if (m->row->kind == KAI_CONTENT_STIX)
        return kai_reauthor_stix(out, content, &m->how, &m->call->why);
    if (m->row->kind == KAI_CONTENT_LIST)
        return kai_reauthor_list(out, content, &m->how, &m->call->why);
    return kai_why_set(&m->call->why, KAI_EDENIED, "contribution.type",
                       kai_hex(hex, m->row->item_id, 8), NULL, NULL);
}

/* Label and audience, as lib/policy says of anything that we publish. */
static enum kai_err may_publish(struct kai_call *call, const struct kai_row *row, uint8_t tlp,
                                const uint8_t target[static KAI_ID_BYTES], const char *name)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_node *me = kai_roster_node(o->roster, call->core->self.node_id);
    const struct kai_audience *rec = kai_roster_audience(o->roster, target);
    const struct kai_aud_name *aud = kai_outlook_aud(o, target);
    struct kai_policy_publish f = {
        .tlp = tlp,
        .audience_kind = rec != NULL ? rec->rec.kind : 0,
        .ceiling = rec != NULL ? rec->rec.label_max : 0,
        .member =
            (aud != NULL && aud->member) ||
            (rec != NULL && memcmp(rec->owner->id, call->core->self.org_id, KAI_ID_BYTES) == 0),
        .may_publish = me != NULL && me->active && (me->caps & KAI_CAP_PUBLISH) != 0,
    };
    const char *code = kai_policy_raise(row->tlp, tlp);

    struct kai_policy_read reader = {
        .role = call->who->role, .clearance = call->who->clearance, .tlp = tlp};
    if (code == NULL)
        code = kai_policy_publish(&f);
    if (code == NULL) /* As of anything else that they publish. */
        code = kai_policy_read(&reader);
    kai_outlook_put(o);
    return code == NULL ? KAI_OK
                        : kai_why_set(&call->why, KAI_EDENIED, code, kai_tlp_name(tlp), name,
                                      kai_tlp_name((uint8_t)f.ceiling));
}

/* The way back is written before what it leads back from. */
static enum kai_err publish(struct making *m, struct kai_reader *r, uint8_t tlp,
                            const uint8_t target[static KAI_ID_BYTES], struct kai_contributed *map)
{
    struct kai_core *c = m->call->core;
    struct kai_obj like = {.tlp = tlp,
                           .pap = m->row->pap,
                           .exercise = (m->row->flags & KAI_ROW_EXERCISE) != 0,
                           .n_auds = 1};
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_buf out;

    kai_buf_init(&out, KAI_STIX_BYTES_MAX);
    enum kai_err err = reauthor(m, r, &out);
    if (err == KAI_OK) {
        kai_item_id(map->item_id, m->row->kind, kai_buf_view(&out));
        memcpy(map->from, m->row->origin, KAI_ID_BYTES);
        memcpy(map->given_item, m->row->item_id, KAI_ID_BYTES);
        memcpy(map->given_obj, m->row->obj_hash, KAI_ID_BYTES);
        map->given_index = m->row->obj_index;
        err = kai_contributed_put(c, map);
    }
    memcpy(like.aud[0], target, KAI_ID_BYTES);
    if (err == KAI_OK)
        err = kai_act_publish(c, target, &like, m->row->kind, kai_buf_view(&out), obj_hash,
                              &m->call->why);
    kai_buf_free(&out);
    return err;
}

/* The row of what was given: in our mailbox, from somebody else. */
static const struct kai_row *given(const struct kai_core *c, const struct kai_act_rows *rows)
{
    uint8_t box[KAI_ID_BYTES];

    kai_mailbox_id(box, c->self.org_id);
    for (size_t i = 0; i < rows->n; i++) {
        if (memcmp(rows->row[i].aud_id, box, sizeof box) == 0)
            return &rows->row[i];
    }
    return NULL;
}

static enum kai_err put_result(struct making *m, const struct kai_contributed *map,
                               const char *name, uint8_t tlp)
{
    struct kai_jput j;

    kai_jput_init(&j, &m->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", map->item_id, KAI_ID_BYTES);
    kai_jput_hex(&j, "given", map->given_item, KAI_ID_BYTES);
    kai_jput_text(&j, "audience", name);
    kai_jput_text(&j, "label", kai_tlp_name(tlp));
    put_names(&j, "left_out", &m->left_out);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static enum kai_err contribute(struct making *m, struct kai_reader *r, const char *id,
                               const char *to, uint8_t tlp, struct kai_act_rows *rows)
{
    struct kai_contributed map;
    uint8_t target[KAI_ID_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint64_t kind;
    enum kai_err err = kai_act_target(m->call, to, target, name, &kind);

    if (err == KAI_OK)
        err = kai_act_rows(r, id, KAI_ROW_SUPERSEDED | KAI_ROW_RECALLED, rows, &m->call->why);
    if (err != KAI_OK)
        return err;
    m->row = given(m->call->core, rows);
    if (m->row == NULL)
        return kai_why_set(&m->call->why, KAI_ENOTFOUND, "letter.unknown", id, NULL, NULL);
    if (tlp == 0)
        tlp = m->row->tlp;
    err = may_publish(m->call, m->row, tlp, target, name);
    if (err == KAI_OK)
        err = publish(m, r, tlp, target, &map);
    return err == KAI_OK ? put_result(m, &map, name, tlp) : err;
}

enum kai_err kai_verb_contribution_publish(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *to = kai_arg_need(call, "to", &err);
    const char *label = kai_arg_text(call, "label", &err);
    struct making m = {.call = call};
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    struct kai_reader r;
    uint8_t tlp = 0;

    kai_buf_init(&m.left_out, 65536);
    if (rows == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = keep_args(&m);
    if (err == KAI_OK && label != NULL && !kai_tlp_parse(kai_view_of(label, strlen(label)), &tlp))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    if (err == KAI_OK)
        err = kai_act_open(call, &r);
    if (err == KAI_OK) {
        err = contribute(&m, &r, id, to, tlp, rows);
        kai_reader_free(&r);
    }
    kai_buf_free(&m.left_out);
    free(rows);
    return err;
}
