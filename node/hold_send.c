/* hold_send: what waited for a key, opened to be sent. */
#include <string.h>

#include "log/body.h"
#include "node/acts.h"
#include "node/hold_int.h"
#include "policy/policy.h"

struct opening {
    const struct kai_core *c;
    uint8_t key[KAI_KEY_BYTES];
    struct kai_packer *packer;
    struct kai_buf body;
    struct kai_buf scratch;
};

static enum kai_err open_row(struct opening *o, struct kai_view row)
{
    struct kai_entry e;
    struct kai_cur c;

    kai_cur_init(&c, row.p, row.n);
    enum kai_err err = kai_entry_read(&e, &c);
    if (err != KAI_OK || kai_cur_end(&c) != KAI_OK)
        return KAI_ECORRUPT;
    struct kai_seal_place at = {.nid = o->c->charter.nid,
                                .log_pk = e.h.log_pk,
                                .seq = e.h.seq,
                                .prev = e.h.prev,
                                .tag = e.h.tag,
                                .kid = e.h.kid,
                                .ts = e.h.ts};
    kai_buf_clear(&o->body);
    err = kai_payload_open(o->packer, &o->body, &o->scratch, o->key, &at, e.payload);
    return err == KAI_OK || err == KAI_ENOMEM ? err : KAI_ECORRUPT;
}

enum kai_err kai_hold_each(struct kai_core *c, const struct kai_hold *h, kai_hold_fn *f, void *ctx)
{
    struct opening o = {.c = c};
    struct kai_snap *s = NULL;

    if (h->n == 0)
        return KAI_OK;
    kai_buf_init(&o.body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&o.scratch, KAI_FRAME_BYTES_MAX);
    enum kai_err err = kai_hold_key(c, h, o.key);
    if (err == KAI_OK)
        err = kai_packer_new(&o.packer);
    if (err == KAI_OK)
        err = kai_snap_begin(c->store, &s);
    for (uint64_t seq = h->first; seq < h->next && err == KAI_OK; seq++) {
        struct kai_view row;
        char key[64];

        kai_hold_row_name(key, h->aud_id, seq);
        err = kai_snap_kv(s, key, &row);
        if (err == KAI_ENOTFOUND) { /* Sent, while one before it may not go out. */
            err = KAI_OK;
            continue;
        }
        if (err == KAI_OK)
            err = open_row(&o, row);
        if (err == KAI_OK)
            err = f(ctx, seq, row.n, kai_buf_view(&o.body));
    }
    kai_snap_end(s);
    kai_packer_free(o.packer);
    kai_buf_free(&o.body);
    kai_buf_free(&o.scratch);
    sodium_memzero(o.key, sizeof o.key);
    return err;
}

/* ---- May it still go there? */
struct judging {
    struct kai_core *c;
    const struct kai_audience *a;
    const char *code; /* Of the rule that forbids the first that may not go. */
};

static enum kai_err judge_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct judging *j = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur contents;
    struct kai_obj o;
    uint32_t n;

    if (j->code != NULL)
        return KAI_OK;
    if (type == KAI_ITEM_RESHARE)
        return kai_act_reshare_still(j->c, item, j->a->id, &j->code);
    if (type != KAI_ITEM_OBJ)
        return KAI_OK;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &contents, &n, item);
    if (err == KAI_OK)
        err = kai_obj_parse(&o, obj);
    if (err != KAI_OK)
        return KAI_ECORRUPT;
    struct kai_policy_publish f = {.tlp = o.tlp,
                                   .audience_kind = j->a->rec.kind,
                                   .ceiling = j->a->rec.label_max,
                                   .member = true,
                                   .may_publish = true};
    j->code = kai_policy_publish(&f);
    return KAI_OK;
}

enum kai_err kai_hold_judge(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                            struct kai_view body, const char **code)
{
    struct kai_outlook *o = kai_outlook_get(c);
    struct judging j = {.c = c, .a = kai_roster_audience(o->roster, aud_id)};
    enum kai_err err = j.a == NULL ? KAI_ENOTFOUND : kai_body_walk(body, judge_item, &j);

    kai_outlook_put(o);
    *code = j.code;
    return err;
}
