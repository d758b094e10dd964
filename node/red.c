/* red: what a node does about TLP:RED. */
#include "node/red.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"
#include "item/label.h"
#include "log/red.h"
#include "node/persons.h"
#include "node/post.h"
#include "node/stale.h"
#include "policy/policy.h"
#include "wire/cur.h"

#define BATCHES_MAX 4096u /* Of one publication: 200 MiB. */

static enum kai_err find_persons(struct kai_core *c, const uint8_t *aud_id,
                                 const struct kai_person ***found, size_t *n, struct kai_why *why)
{
    const char *name = kai_keyring_name(c->ring, aud_id);
    const struct kai_audience *aud = kai_roster_audience(kai_net_roster(c->net), aud_id);

    if (aud == NULL || aud->rec.kind != KAI_AUD_PERSONS)
        return kai_why_set(why, KAI_EDENIED, "label.red", kai_tlp_name(KAI_TLP_RED), name, NULL);
    enum kai_err err = kai_keyring_persons(c->ring, aud_id, found, n);
    return err == KAI_ENOTFOUND ? kai_why_set(why, KAI_EAGAIN, "audience.no-rule", name, NULL, NULL)
                                : err;
}

enum kai_err kai_red_persons(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                             struct kai_red_person *out, size_t *n, struct kai_why *why)
{
    const struct kai_person **found = NULL;
    const char *name = kai_keyring_name(c->ring, aud_id);
    uint64_t now = kai_wall_ms();
    size_t all = 0;
    enum kai_err err = kai_stale_refuse(c, why);

    *n = 0;
    if (err == KAI_OK)
        err = find_persons(c, aud_id, &found, &all, why);
    for (size_t i = 0; err == KAI_OK && i < all; i++) {
        const struct kai_person *p = found[i];

        if (!kai_person_current(p, now) ||
            (*n > 0 && memcmp(out[*n - 1].id, p->id, KAI_ID_BYTES) == 0)) /* Another place. */
            continue;
        if (*n == KAI_RED_PERSONS_MAX) {
            err = kai_why_set(why, KAI_ELIMIT, "red.persons", name, NULL, NULL);
            break;
        }
        struct kai_red_person *to = &out[(*n)++];
        memcpy(to->id, p->id, KAI_ID_BYTES);
        memcpy(to->kx_pk, p->kx_pk, KAI_KEY_BYTES);
        memcpy(to->org, p->org->name, sizeof to->org);
        to->not_after = p->not_after;
    }
    free(found);
    if (err == KAI_OK && *n == 0)
        return kai_why_set(why, KAI_EDENIED, "red.nobody", name, NULL, NULL);
    return err;
}

struct run {
    struct kai_core *c;
    const struct kai_outlook *o;
    const struct kai_red_post *p;
    struct kai_red_posted *out;
    struct kai_why *why;
    struct kai_post *post; /* NULL while only checking. */
};

static enum kai_err malformed(struct run *r)
{
    return kai_why_set(r->why, KAI_EMALFORMED, "red.malformed", r->p->aud->name, NULL, NULL);
}

/* Whom it was sealed to still is whom it may be sealed to. */
static enum kai_err job_persons(struct kai_core *c, void *arg)
{
    struct run *r = arg;
    struct kai_red_person *now = calloc(KAI_RED_PERSONS_MAX, sizeof *now);
    size_t n = 0;
    enum kai_err err =
        now == NULL ? KAI_ENOMEM : kai_red_persons(c, r->p->aud->id, now, &n, r->why);

    for (size_t i = 0; err == KAI_OK && i < r->p->n_persons; i++) {
        size_t at = 0;

        while (at < n && memcmp(now[at].id, r->p->persons[i], KAI_ID_BYTES) != 0)
            at++;
        if (at == n)
            err = kai_why_set(r->why, KAI_EDENIED, "red.changed", r->p->aud->name, NULL, NULL);
    }
    free(now);
    return err;
}

static enum kai_err judge(struct run *r, const struct kai_obj *o)
{
    const struct kai_audience *rec = kai_roster_audience(r->o->roster, r->p->aud->id);
    const struct kai_node *self = kai_roster_node(r->o->roster, r->c->self.node_id);
    uint64_t now = kai_wall_ms();
    struct kai_policy_publish f = {
        .tlp = o->tlp,
        .audience_kind = rec->rec.kind,
        .ceiling = rec->rec.label_max,
        .member = r->p->aud->member,
        .may_publish = self != NULL && self->active && (self->caps & KAI_CAP_PUBLISH) != 0,
        .sealed = o->seal.p != NULL,
    };
    const char *code = kai_policy_publish(&f);

    if (self == NULL)
        return kai_why_set(r->why, KAI_EDENIED, "node.not-active", r->c->home.dir, NULL, NULL);
    if (code != NULL)
        return kai_why_set(r->why, KAI_EDENIED, code, kai_tlp_name(o->tlp), r->p->aud->name,
                           kai_tlp_name((uint8_t)rec->rec.label_max));
    if (o->n_auds != 1 || memcmp(o->aud[0], r->p->aud->id, KAI_ID_BYTES) != 0 ||
        memcmp(o->origin_cert, self->cert, KAI_ID_BYTES) != 0)
        return malformed(r);
    /* What was sealed for the persons of another day is not published today. */
    if (o->created > now + KAI_RED_FRESH_MS || o->created + KAI_RED_FRESH_MS < now)
        return kai_why_set(r->why, KAI_EDENIED, "red.stale", r->p->aud->name, NULL, NULL);
    return KAI_OK;
}

static enum kai_err write_item(struct run *r, struct kai_buf *item, struct kai_view obj,
                               struct kai_cur *contents, size_t n, const struct kai_obj *o)
{
    uint8_t sig[KAI_SIG_BYTES];
    struct kai_content *list = calloc(n, sizeof *list);

    if (list == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        list[i].index = i;
        list[i].kind = KAI_CONTENT_SEALED;
        list[i].content = kai_cur_bin(contents, KAI_PAYLOAD_BYTES_MAX);
    }
    kai_sign(sig, r->c->self.sign_sk, KAI_SIG_OBJ, r->c->charter.nid, obj.p, obj.n);
    kai_obj_item_write(item, obj, sig, list, (uint32_t)n);
    free(list);
    if (!kai_cur_ok(contents) || item->err == KAI_ELIMIT ||
        (item->err == KAI_OK && kai_red_item_check(kai_buf_view(item), o) != KAI_OK))
        return malformed(r);
    return item->err;
}

/* One batch: checked, and in the second pass written as one entry. */
static enum kai_err take_batch(struct run *r, struct kai_cur *c)
{
    struct kai_obj o;
    struct kai_buf item;

    kai_cur_tuple(c, 2);
    struct kai_view obj = kai_cur_bin(c, KAI_PAYLOAD_BYTES_MAX);
    size_t n = kai_cur_array(c, KAI_BATCH_ITEMS_MAX);
    if (!kai_cur_ok(c) || n == 0 || kai_obj_parse(&o, obj) != KAI_OK || o.n != n)
        return malformed(r);
    enum kai_err err = judge(r, &o);
    if (err != KAI_OK)
        return err;
    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    err = write_item(r, &item, obj, c, n, &o);
    if (err == KAI_OK && r->post != NULL) {
        struct kai_view v = kai_buf_view(&item);

        err = kai_post_append(r->post, &v, 1);
        if (err == KAI_ELIMIT)
            err = malformed(r);
        kai_obj_hash(r->out->hashes[r->out->n++], obj);
        r->out->contents += n;
    }
    kai_buf_free(&item);
    return err;
}

static enum kai_err take_all(struct run *r)
{
    struct kai_cur c;
    enum kai_err err = KAI_OK;

    kai_cur_init(&c, r->p->sealed.p, r->p->sealed.n);
    size_t n = kai_cur_array(&c, BATCHES_MAX);
    if (!kai_cur_ok(&c) || n == 0)
        return malformed(r);
    if (r->out->hashes == NULL)
        r->out->hashes = calloc(n, KAI_ID_BYTES);
    if (r->out->hashes == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; err == KAI_OK && i < n; i++)
        err = take_batch(r, &c);
    if (err == KAI_OK && kai_cur_end(&c) != KAI_OK)
        err = malformed(r);
    return err;
}

static enum kai_err write_all(struct run *r)
{
    uint64_t n;
    enum kai_err err = kai_post_lock(r->c, r->p->aud->id);

    if (err != KAI_OK)
        return err;
    err = kai_post_begin(r->c, r->p->aud->id, KAI_POST_NOW, &r->post, r->why);
    if (err == KAI_OK)
        err = take_all(r);
    if (err == KAI_OK)
        err = kai_post_commit(r->post, &r->out->last, &n);
    if (err == KAI_OK)
        memcpy(r->out->log_pk, kai_post_log(r->post), KAI_KEY_BYTES);
    kai_post_end(r->post);
    kai_post_unlock(r->c, r->p->aud->id);
    return err;
}

enum kai_err kai_red_publish(struct kai_core *c, const struct kai_outlook *o,
                             const struct kai_red_post *p, struct kai_red_posted *out,
                             struct kai_why *why)
{
    struct run r = {.c = c, .o = o, .p = p, .out = out, .why = why};

    *out = (struct kai_red_posted){0};
    enum kai_err err = kai_core_run(c, job_persons, &r);
    if (err == KAI_OK)
        err = take_all(&r); /* Whole or not at all: everything is judged first. */
    if (err == KAI_OK)
        err = write_all(&r);
    if (err != KAI_OK) {
        free(out->hashes);
        out->hashes = NULL;
    }
    return err;
}
