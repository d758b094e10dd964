/* requests: requests for a release, and their answers. */
#include "node/requests.h"

#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "node/letters.h"

bool kai_letter_no(const char *name, char kind, uint64_t *no)
{
    uint64_t v = 0;

    if (name[0] != kind || name[1] == '\0' || strlen(name) > 16)
        return false;
    for (const char *p = name + 1; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *no = v;
    return v > 0;
}

/* ---- Granted: by any of the origin's releases. */
struct granting {
    const struct kai_indexes *x;
    const uint8_t *target;
    bool granted;
    uint8_t label;
};

/* What is CLEAR may go anywhere; else a label's row is asked when somebody passes it on. */
static bool lets_in(const struct kai_release *r, uint64_t index, const uint8_t *target)
{
    bool clear = r->n_auds == 0 && r->has_label && r->tlp == KAI_TLP_CLEAR;

    return kai_release_lists(r, index, target) || (clear && kai_indexes_have(&r->indexes, index));
}

static bool covers_all(const struct kai_release *r, const struct granting *g)
{
    if (g->x->n == 0)
        return r->indexes.n == 0 && lets_in(r, 0, g->target);
    for (size_t i = 0; i < g->x->n; i++) {
        if (!lets_in(r, g->x->at[i], g->target))
            return false;
    }
    return true;
}

static bool look_release(void *ctx, const struct kai_ix_act *act, struct kai_view item)
{
    struct granting *g = ctx;
    struct kai_release r;

    (void)act;
    if (kai_release_parse(&r, item) == KAI_OK && covers_all(&r, g)) {
        g->granted = true;
        g->label = r.has_label ? r.tlp : 0;
    }
    return !g->granted;
}

enum kai_err
kai_requests_granted(struct kai_ixsnap *rows, const uint8_t obj_hash[static KAI_ID_BYTES],
                     const uint8_t origin[static KAI_ID_BYTES], const struct kai_indexes *x,
                     const uint8_t target[static KAI_ID_BYTES], bool *granted, uint8_t *label)
{
    struct granting g = {.x = x, .target = target};
    enum kai_err err = kai_ixsnap_releases(rows, obj_hash, origin, look_release, &g);

    *granted = g.granted;
    *label = g.label;
    return err;
}

/* ---- Refused: by a letter the other way. */
struct refusing {
    const struct kai_ix_letter *asked; /* The letter of the request, */
    const struct kai_asked *a;         /* and what it says. */
    const uint8_t *box;                /* Mailbox of the other party. */
    bool refused;
    char *answer;
};

static bool look_refusal(void *ctx, const struct kai_ix_letter *l, struct kai_view body)
{
    struct refusing *f = ctx;
    struct kai_refusal no;

    if (l->kind != KAI_NOTICE_REFUSAL || l->ours == f->asked->ours || l->no < f->asked->no ||
        memcmp(l->obj_hash, f->a->q.obj_hash, KAI_ID_BYTES) != 0)
        return true;
    bool theirs = l->ours ? memcmp(l->aud_id, f->box, KAI_ID_BYTES) == 0
                          : memcmp(l->sender, f->a->org, KAI_ID_BYTES) == 0;
    if (!theirs || kai_refusal_parse(&no, body) != KAI_OK ||
        memcmp(no.target, f->a->q.target, KAI_ID_BYTES) != 0)
        return true;
    f->refused = true;
    kai_copy_text(f->answer, KAI_TEXT_BYTES_MAX + 1, no.reason);
    return false;
}

struct walk {
    struct kai_core *c;
    struct kai_ixsnap *rows;
    struct kai_outlook *o;
    kai_asked_fn *f;
    void *ctx;
    enum kai_err err;
};

/* Whose mailbox a letter of ours went to. */
static void addressee(const struct walk *w, const struct kai_ix_letter *l,
                      uint8_t org[static KAI_ID_BYTES])
{
    const struct kai_org *orgs;
    size_t n = kai_roster_orgs(w->o->roster, &orgs);
    uint8_t box[KAI_ID_BYTES];

    memset(org, 0, KAI_ID_BYTES);
    for (size_t i = 0; i < n; i++) {
        kai_mailbox_id(box, orgs[i].id);
        if (memcmp(box, l->aud_id, sizeof box) == 0) {
            memcpy(org, orgs[i].id, KAI_ID_BYTES);
            return;
        }
    }
}

static enum kai_err judge(struct walk *w, const struct kai_ix_letter *l, struct kai_asked *a)
{
    const uint8_t *origin = l->ours ? a->org : w->c->self.org_id;
    uint8_t box[KAI_ID_BYTES];
    struct refusing f = {.asked = l, .a = a, .box = box, .answer = a->answer};
    uint8_t label;
    bool granted;
    enum kai_err err = kai_requests_granted(w->rows, a->q.obj_hash, origin, &a->q.indexes,
                                            a->q.target, &granted, &label);

    if (granted)
        a->state = KAI_ASKED_GRANTED; /* A release widens for ever, whatever was said before. */
    if (err != KAI_OK || granted)
        return err;
    kai_mailbox_id(box, a->org);
    err = kai_ixsnap_letters(w->rows, l->no, look_refusal, &f);
    if (f.refused)
        a->state = KAI_ASKED_REFUSED;
    return err;
}

static enum kai_err read_letter(struct walk *w, const struct kai_ix_letter *l, struct kai_view body,
                                struct kai_asked *a)
{
    *a = (struct kai_asked){.no = l->no, .ours = l->ours, .seen_ms = l->seen_ms};
    if (l->kind != KAI_NOTICE_REQUEST || kai_request_parse(&a->q, body) != KAI_OK)
        return KAI_ENOTFOUND;
    if (l->ours)
        addressee(w, l, a->org);
    else
        memcpy(a->org, l->sender, KAI_ID_BYTES);
    return judge(w, l, a);
}

static bool on_letter(void *ctx, const struct kai_ix_letter *l, struct kai_view body)
{
    struct walk *w = ctx;
    bool on = true;

    if (l->kind != KAI_NOTICE_REQUEST)
        return true;
    struct kai_asked *a = malloc(sizeof *a);

    w->err = a == NULL ? KAI_ENOMEM : read_letter(w, l, body, a);
    if (w->err == KAI_OK)
        on = w->f(w->ctx, a);
    else if (w->err == KAI_ENOTFOUND)
        w->err = KAI_OK;
    free(a);
    return on && w->err == KAI_OK;
}

enum kai_err kai_requests_each(struct kai_core *c, struct kai_ixsnap *rows, kai_asked_fn *f,
                               void *ctx)
{
    struct walk w = {.c = c, .rows = rows, .f = f, .ctx = ctx, .o = kai_outlook_get(c)};
    enum kai_err err = kai_ixsnap_letters(rows, 1, on_letter, &w);

    kai_outlook_put(w.o);
    return err == KAI_OK ? w.err : err;
}

enum kai_err kai_requests_find(struct kai_core *c, struct kai_ixsnap *rows, const char *name,
                               struct kai_asked *out, struct kai_why *why)
{
    struct walk w = {.c = c, .rows = rows, .o = kai_outlook_get(c)};
    struct kai_ix_letter l;
    struct kai_view body;
    uint64_t no;
    enum kai_err err = KAI_ENOTFOUND;

    if (kai_letter_no(name, 'r', &no))
        err = kai_ixsnap_letter(rows, no, &l, &body);
    if (err == KAI_OK)
        err = read_letter(&w, &l, body, out);
    kai_outlook_put(w.o);
    return err == KAI_ENOTFOUND ? kai_why_set(why, err, "letter.unknown", name, NULL, NULL) : err;
}

enum kai_err kai_request_refuse(struct kai_core *c, const struct kai_asked *a, const char *reason,
                                struct kai_why *why)
{
    struct kai_refusal no = {.created = kai_wall_ms()};
    struct kai_buf item;

    memcpy(no.obj_hash, a->q.obj_hash, KAI_ID_BYTES);
    memcpy(no.target, a->q.target, KAI_ID_BYTES);
    kai_copy_text(no.reason, sizeof no.reason, reason);
    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_refusal_write(&item, &no);
    struct kai_view v = kai_buf_view(&item);
    enum kai_err err = item.err != KAI_OK ? item.err : kai_letter_post(c, a->org, &v, 1, why);
    kai_buf_free(&item);
    return err;
}
