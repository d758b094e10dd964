/* publish_judge: the first look at each object of a file: may it go out, and what is told of it. On
 * the thread of whoever publishes, while another one writes what was judged good (publish.c). */
#include "node/publish_priv.h"

#include <string.h>

#include "node/aside.h"
#include "node/warnlists.h"
#include "policy/policy.h"

static void refuse(struct kai_publish_run *r, const struct kai_why *why, const char *id, bool rule)
{
    r->out->refused++;
    if (!rule)
        r->any_malformed = true;
    if (r->out->refused <= r->p->refusals_max && r->p->refuse != NULL)
        r->p->refuse(r->p->ctx, why, id);
}

static bool allowed(struct kai_publish_run *r, const struct kai_candidate *cand, bool tell)
{
    const struct kai_aud_name *about;
    const char *code = kai_publish_verdict(r, cand->label.tlp, &about);
    const char *id = cand->info != NULL ? cand->info->id : "";
    struct kai_why why = {0};

    if (code == NULL)
        return true;
    if (tell) {
        kai_why_at(&why, cand->line, cand->path[0] != '\0' ? "%s: %s" : "%s", r->p->name,
                   cand->path);
        const struct kai_audience *rec = kai_roster_audience(r->o->roster, about->id);
        uint64_t ceiling = rec == NULL ? r->ceiling : rec->rec.label_max;
        (void)kai_why_set(&why, KAI_EDENIED, code, kai_tlp_name(cand->label.tlp), about->name,
                          kai_tlp_name((uint8_t)ceiling));
        refuse(r, &why, id, true);
    }
    return false;
}

/* ---- Warninglists. */
struct listed {
    struct kai_publish_run *r;
    const struct kai_candidate *cand;
    bool told; /* Before. */
    bool blocked;
};

static bool on_listed(void *ctx, const struct kai_why *why)
{
    struct listed *l = ctx;
    struct kai_publish_run *r = l->r;
    const char *id = l->cand->info != NULL ? l->cand->info->id : "";

    l->blocked = r->c->warn_block;
    if (l->told)
        return !l->blocked;
    if (l->blocked) {
        refuse(r, why, id, false);
    } else if (++r->out->warned <= r->p->refusals_max && r->p->warn != NULL) {
        r->p->warn(r->p->ctx, why, id);
    }
    return true;
}

/* Whether the configuration keeps it here; each value on a list is told. */
static enum kai_err check_lists(struct kai_publish_run *r, const struct kai_candidate *cand,
                                bool told, bool *blocked)
{
    struct listed l = {.r = r, .cand = cand, .told = told};
    enum kai_err err = kai_warnlists_ask(r->warn, r->p->name, cand, on_listed, &l);

    *blocked = l.blocked;
    return err;
}

/* Whether it may go out; why not is told where it was not told before. */
static enum kai_err is_good(struct kai_publish_run *r, const struct kai_candidate *cand, bool told,
                            bool *good)
{
    bool blocked = false;
    enum kai_err err = KAI_OK;

    *good = allowed(r, cand, !told);
    if (*good && r->warn != NULL && (!told || r->c->warn_block))
        err = check_lists(r, cand, told, &blocked);
    *good = *good && !blocked;
    return err;
}

static enum kai_err judge_item(void *ctx, const struct kai_candidate *found)
{
    struct kai_publish_run *r = ctx;
    struct kai_candidate cand = *found;
    uint8_t id[KAI_ID_BYTES];
    bool good;
    enum kai_err err = is_good(r, found, false, &good);

    if (err != KAI_OK || !good)
        return err;
    kai_item_id(id, cand.kind, cand.content);
    cand.id = id;
    if (r->readings != NULL)
        kai_readings_add(r->readings, id, &cand);
    kai_picked_add(&r->picked, &cand);
    return KAI_OK;
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    refuse(ctx, why, id, kai_policy_is_code(why->code));
    return KAI_OK;
}

static void on_note(void *ctx, const struct kai_why *why)
{
    const struct kai_publish_run *r = ctx;

    if (r->p->note != NULL)
        r->p->note(r->p->ctx, why);
}

static enum kai_err scan(struct kai_publish_run *r, const struct kai_import_sink *sink)
{
    struct kai_import_opts opts = {.label = r->p->label,
                                   .skip_bad = true,
                                   .extract = r->p->extract,
                                   .aside = &kai_aside_threads};

    return kai_import_scan(r->p->file, r->p->name, &opts, sink, NULL);
}

enum kai_err kai_publish_judge(struct kai_publish_run *r)
{
    const struct kai_import_sink sink = {
        .ctx = r, .item = judge_item, .refuse = on_refuse, .note = on_note};

    return scan(r, &sink);
}

/* ---- Again, of what was too much to be kept. */
struct again {
    struct kai_publish_run *r;
    enum kai_err (*f)(void *ctx, const struct kai_candidate *c);
};

static enum kai_err on_again(void *ctx, const struct kai_candidate *found)
{
    const struct again *a = ctx;
    struct kai_candidate cand = *found;
    uint8_t id[KAI_ID_BYTES];
    bool good;
    enum kai_err err = is_good(a->r, found, true, &good);

    if (err != KAI_OK || !good)
        return err;
    if (cand.label.tlp > a->r->picked.highest)
        return KAI_EAGAIN; /* The file has changed meanwhile. */
    kai_item_id(id, cand.kind, cand.content);
    cand.id = id;
    return a->f(a->r, &cand);
}

static enum kai_err told_before(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    (void)why;
    (void)id;
    return KAI_OK;
}

enum kai_err kai_publish_again(struct kai_publish_run *r,
                               enum kai_err (*f)(void *ctx, const struct kai_candidate *c))
{
    struct again a = {.r = r, .f = f};
    const struct kai_import_sink sink = {.ctx = &a, .item = on_again, .refuse = told_before};

    return scan(r, &sink);
}
