/* carry: carry files on a node. */
#include "node/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/heartbeat.h"
#include "node/indexer.h"
#include "node/loop.h"
#include "node/steward.h"

#define FEED_BYTES KAI_CREDIT_BYTES /* As much as a peer may have under way to us. */
#define PASSES_MAX 16u              /* Certificates stand at most 14 deep. */

/* ---- Reading. */

struct reading {
    struct kai_carry *f;
    struct kai_view file; /* After its head. */
    struct kai_view rest;
    struct kai_unpacked *r;
    uint64_t kind;
    bool idle;
    struct kai_why *why;
};

static enum kai_err job_open(struct kai_core *c, void *arg)
{
    struct reading *g = arg;

    return kai_carry_open(
        &g->f, c->net,
        kai_view_of(g->file.p, g->file.n < KAI_CARRY_HEAD_BYTES ? g->file.n : KAI_CARRY_HEAD_BYTES),
        kai_now_ms(), kai_wall_ms(), g->why);
}

static enum kai_err cut_short(struct reading *g, enum kai_err err)
{
    char taken[24];

    (void)snprintf(taken, sizeof taken, "%llu", (unsigned long long)g->r->info.taken);
    return kai_why_set(g->why, KAI_EMALFORMED, err == KAI_EAGAIN ? "carry.cut" : "carry.damaged",
                       taken, NULL, NULL);
}

static enum kai_err job_feed(struct kai_core *c, void *arg)
{
    struct reading *g = arg;
    enum kai_err err = KAI_OK;

    (void)c;
    for (size_t bytes = 0; err == KAI_OK && bytes < FEED_BYTES && !g->r->info.ended;) {
        struct kai_view box;

        err = kai_chunk_cut(&g->rest, &box);
        if (err != KAI_OK) {
            err = cut_short(g, err);
            break;
        }
        uint64_t keys = g->r->info.keys;
        uint64_t heads = g->r->info.heads;
        err = kai_carry_feed(g->f, box, kai_now_ms(), kai_wall_ms(), g->why);
        kai_carry_info(g->f, &g->r->info);
        /* First keys, then what they open; and small as it may be, a frame of a receipt is work. */
        bytes += g->r->info.keys == keys && g->r->info.heads == heads ? box.n : FEED_BYTES;
        if (err == KAI_OK && g->r->info.kind != g->kind)
            err = kai_why_set(g->why, KAI_EMALFORMED, "carry.kind", NULL, NULL, NULL);
    }
    if (err == KAI_OK && g->r->info.ended && g->rest.n > 0)
        err = kai_why_set(g->why, KAI_EMALFORMED, "carry.damaged", "0", NULL, NULL);
    return err;
}

static enum kai_err job_look(struct kai_core *c, void *arg)
{
    struct reading *g = arg;
    enum kai_err err = kai_carry_idle(g->f, &g->idle, g->why);

    (void)c;
    kai_carry_info(g->f, &g->r->info);
    return err;
}

static enum kai_err job_again(struct kai_core *c, void *arg)
{
    struct reading *g = arg;

    (void)c;
    kai_carry_again(g->f);
    g->rest = g->file;
    kai_carry_info(g->f, &g->r->info);
    return KAI_OK;
}

static enum kai_err job_close(struct kai_core *c, void *arg)
{
    struct reading *g = arg;

    (void)c;
    kai_carry_close(g->f);
    return KAI_OK;
}

static bool stopping(const struct kai_core *c)
{
    return c->loop != NULL && kai_loop_stopping(c->loop);
}

/* Until what was handed over is durable. Each look is a round of the loop, with its commit. */
static enum kai_err landed(struct kai_core *c, struct reading *g)
{
    enum kai_err err = KAI_OK;

    for (g->idle = false; err == KAI_OK && !g->idle;) {
        if (stopping(c))
            return kai_why_set(g->why, KAI_EBUSY, "carry.ended", NULL, NULL, NULL);
        err = kai_core_run(c, job_look, g);
    }
    return err;
}

/* Rules stand inside what was brought: once the index has read them, more may be judged. */
static enum kai_err settled(struct kai_core *c, struct reading *g)
{
    uint64_t before;
    enum kai_err err;

    do {
        before = g->r->info.waiting;
        kai_ignore(kai_indexer_settle(c->indexer)); /* What is durable stays so without it. */
        err = landed(c, g);
        if (err == KAI_OK)
            err = landed(c, g); /* What was parked until the rules came. */
    } while (err == KAI_OK && g->r->info.waiting < before);
    return err;
}

static enum kai_err read_all(struct kai_core *c, struct reading *g)
{
    enum kai_err err = KAI_OK, was;

    while (err == KAI_OK && !g->r->info.ended && !stopping(c)) {
        err = kai_core_run(c, job_feed, g);
        was = landed(c, g);
        err = err == KAI_OK ? was : err;
    }
    if (err == KAI_OK && !g->r->info.ended)
        err = kai_why_set(g->why, KAI_EBUSY, "carry.ended", NULL, NULL, NULL);
    return err;
}

static enum kai_err passes(struct kai_core *c, struct reading *g)
{
    enum kai_err err = KAI_OK;

    for (uint64_t before = UINT64_MAX; err == KAI_OK && g->r->info.taken != before;) {
        before = g->r->info.taken;
        g->r->passes++;
        err = read_all(c, g);
        if (err == KAI_OK)
            err = settled(c, g);
        if (g->r->info.waiting == 0 || g->r->passes == PASSES_MAX)
            break;
        if (err == KAI_OK && g->r->info.taken != before)
            err = kai_core_run(c, job_again, g);
    }
    return err;
}

static enum kai_err copy_rows(struct reading *g)
{
    const struct kai_carry_row *rows = kai_carry_rows(g->f, &g->r->n_rows);

    if (g->r->n_rows == 0)
        return KAI_OK;
    g->r->rows = malloc(g->r->n_rows * sizeof *rows);
    if (g->r->rows == NULL)
        return KAI_ENOMEM;
    memcpy(g->r->rows, rows, g->r->n_rows * sizeof *rows);
    return KAI_OK;
}

enum kai_err kai_unpacking_run(struct kai_core *c, struct kai_view file, uint64_t kind,
                               struct kai_unpacked *r, struct kai_why *why)
{
    struct reading g = {.file = file, .r = r, .kind = kind, .why = why};

    *r = (struct kai_unpacked){0};
    enum kai_err err = kai_core_run(c, job_open, &g);
    if (err != KAI_OK)
        return err;
    g.file = kai_view_of(file.p + KAI_CARRY_HEAD_BYTES, file.n - KAI_CARRY_HEAD_BYTES);
    g.rest = g.file;
    err = passes(c, &g);
    if (err == KAI_OK && r->info.full && r->info.refused > 0)
        err = kai_why_set(why, KAI_EFULL, "store.full", NULL, NULL, NULL);
    if (err == KAI_OK)
        err = copy_rows(&g);
    kai_ignore(kai_core_run(c, job_close, &g));
    return err;
}

/* ---- Making. */

struct kai_packing {
    struct kai_core *c;
    struct kai_carry *f;
    struct kai_carry_pack opt;
    struct kai_buf *out;
    bool *volume;
    bool *end;
    struct kai_carry_info info; /* As of the last step. */
    struct kai_why *why;
};

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct kai_packing *p = arg;

    if (c->loop == NULL)
        (void)kai_steward_tick(c, kai_now_ms()); /* Whoever came lately gets its key first. */
    p->opt.sign_sk = c->self.sign_sk;
    enum kai_err err = kai_carry_pack(&p->f, c->net, &p->opt, kai_now_ms(), kai_wall_ms(), p->why);
    if (err == KAI_OK && c->loop == NULL)
        (void)kai_heartbeat_tick(c, kai_now_ms()); /* What is carried is heard of nowhere else. */
    return err;
}

static enum kai_err job_more(struct kai_core *c, void *arg)
{
    struct kai_packing *p = arg;

    (void)c;
    enum kai_err err =
        kai_carry_more(p->f, p->out, p->volume, p->end, kai_now_ms(), kai_wall_ms(), p->why);
    kai_carry_info(p->f, &p->info);
    return err;
}

static enum kai_err job_end(struct kai_core *c, void *arg)
{
    struct kai_packing *p = arg;

    (void)c;
    kai_carry_close(p->f);
    return KAI_OK;
}

enum kai_err kai_packing_new(struct kai_packing **out, struct kai_core *c,
                             const struct kai_carry_pack *opt, struct kai_why *why)
{
    struct kai_packing *p = calloc(1, sizeof *p);

    *out = NULL;
    if (p == NULL)
        return KAI_ENOMEM;
    *p = (struct kai_packing){.c = c, .opt = *opt, .why = why};
    enum kai_err err = kai_core_run(c, job_begin, p);
    p->opt.rows = NULL;
    if (err != KAI_OK) {
        kai_packing_free(p);
        return err;
    }
    *out = p;
    return KAI_OK;
}

enum kai_err kai_packing_next(struct kai_packing *p, struct kai_buf *out, bool *volume, bool *end,
                              struct kai_why *why)
{
    if (stopping(p->c))
        return kai_why_set(why, KAI_EBUSY, "carry.ended", NULL, NULL, NULL);
    p->out = out;
    p->volume = volume;
    p->end = end;
    p->why = why;
    return kai_core_run(p->c, job_more, p);
}

void kai_packing_info(const struct kai_packing *p, struct kai_carry_info *out)
{
    *out = p->info;
}

void kai_packing_free(struct kai_packing *p)
{
    if (p == NULL)
        return;
    if (p->f != NULL)
        kai_ignore(kai_core_run(p->c, job_end, p));
    free(p);
}
