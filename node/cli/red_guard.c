/* red_guard: a file with TLP:RED in it stays here: a node that may not have it gets nothing of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "item/import.h"
#include "item/said.h"
#include "node/cli/publish.h"
#include "node/cli/whole.h"
#include "policy/policy.h"

#define HELD_BYTES_MAX (512u << 20) /* Of standard input: what a node takes, unless it is told. */
#define STEP           16384u

struct guard {
    struct kai_tally *tally;
    const char *file;
    const char *to;
    uint64_t red;
    bool unread;           /* Something in it was not understood. */
    bool list;             /* Values without an object, and without a label. */
    struct kai_why *large; /* Nobody could read it: why. */
};

static void refuse(struct guard *g, uint64_t line, const char *path, const char *id)
{
    /* To organisations, as good as it can be: what would a node's answer be? */
    struct kai_policy_publish f = {.tlp = KAI_TLP_RED,
                                   .audience_kind = KAI_POLICY_GROUP,
                                   .ceiling = KAI_TLP_AMBER_STRICT,
                                   .member = true,
                                   .may_publish = true};
    const char *code = kai_policy_publish(&f);
    struct kai_why why = {0};

    kai_why_at(&why, line, path[0] != '\0' ? "%s: %s" : "%s", g->file, path);
    kai_ignore(kai_why_set(&why, KAI_EDENIED, code != NULL ? code : "label.red",
                           kai_tlp_name(KAI_TLP_RED), g->to, NULL));
    if (++g->red <= 100)
        kai_tally_refusal(g->tally, &why, id);
}

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    if (c->label.tlp == KAI_TLP_RED)
        refuse(ctx, c->line, c->path, c->info != NULL ? c->info->id : "");
    return KAI_OK;
}

/* What only lacks a label was read, and is not RED. */
static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct guard *g = ctx;

    if (strcmp(why->code, "file.size") == 0)
        *g->large = *why;
    else if (strcmp(why->code, "label.missing") != 0)
        g->unread = true;
    else if (id[0] == '\0')
        g->list = true;
    return KAI_OK;
}

/* In what was not understood its bytes decide: better one refused too many. Of a list it is what
 * stands beside its values. */
static bool says_red(const struct guard *g, struct kai_view text)
{
    if (g->unread)
        return kai_said(text).tlp == KAI_TLP_RED;
    return g->list && (kai_said_remarks(text, KAI_SAID_BLANK).tlp == KAI_TLP_RED ||
                       kai_said_alone(text).tlp == KAI_TLP_RED);
}

/* ---- The file. */
static enum kai_err too_large(const char *file, size_t max, struct kai_why *why)
{
    return kai_why_set(why, KAI_ELIMIT, "file.size", file,
                       max == HELD_BYTES_MAX ? "512 MiB" : "2 GiB", NULL);
}

static enum kai_err copy(int from, int to, size_t max, const char *file, struct kai_why *why)
{
    uint8_t buf[STEP];
    size_t total = 0;

    for (;;) {
        ssize_t n = read(from, buf, sizeof buf);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            return KAI_OK;
        if (n < 0 || write(to, buf, (size_t)n) != n)
            return kai_why_set(why, KAI_EIO, "file.read", file, strerror(errno), NULL);
        total += (size_t)n;
        if (total > max)
            return too_large(file, max, why);
    }
}

enum kai_err kai_held_open(struct kai_held *h, const char *file, struct kai_why *why)
{
    bool standard = strcmp(file, "-") == 0;
    int from = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    size_t max = HELD_BYTES_MAX;
    enum kai_err err = KAI_OK;

    *h = (struct kai_held){.fd = -1};
    if (from != -1 && fstat(from, &st) == 0)
        h->fd = memfd_create("held", MFD_CLOEXEC);
    if (h->fd == -1)
        err = kai_why_set(why, KAI_EIO, "file.read", file, strerror(errno), NULL);
    if (err == KAI_OK && S_ISREG(st.st_mode)) {
        max = KAI_IMPORT_BYTES_MAX;
        err = (uint64_t)st.st_size > max ? too_large(file, max, why) : KAI_OK;
    }
    if (err == KAI_OK)
        err = copy(from, h->fd, max, file, why);
    (void)snprintf(h->path, sizeof h->path, "/proc/self/fd/%d", h->fd);
    if (!standard && from != -1)
        (void)close(from);
    if (err != KAI_OK)
        kai_held_close(h);
    return err;
}

void kai_held_close(struct kai_held *h)
{
    if (h->fd != -1)
        (void)close(h->fd);
    h->fd = -1;
}

enum kai_err kai_red_guard(struct kai_cli *cli, const char *file, const struct kai_held *h,
                           struct kai_tally *t, bool *stays, struct kai_why *why)
{
    const char *label = kai_cli_opt(cli, "--label");
    const char *to = kai_cli_opt(cli, "--to");
    struct guard g = {.large = why,
                      .tally = t,
                      .file = file,
                      .unread = kai_cli_flag(cli, "--extract"),
                      .to = to != NULL ? to : kai_cli_opt(cli, "--through")};
    /* No label is asked for: each object shows what stands on it. Of a free text its words do. */
    struct kai_import_opts opts = {.skip_bad = true, .extract = kai_cli_flag(cli, "--extract")};
    struct kai_import_sink sink = {.ctx = &g, .item = on_item, .refuse = on_refuse};
    struct kai_view text;
    struct kai_whole w;
    uint8_t tlp = 0;
    enum kai_err err = kai_whole_open(&w, h->path, &text, why);

    if (err != KAI_OK)
        return err;
    if (label != NULL && kai_tlp_parse(kai_view_of(label, strlen(label)), &tlp) &&
        tlp == KAI_TLP_RED)
        refuse(&g, 0, "", ""); /* All of it. */
    else
        err = kai_import_scan(text, file, &opts, &sink, NULL);
    if (err == KAI_OK && why->code != NULL)
        err = KAI_ELIMIT;
    if (err == KAI_OK && g.red == 0 && says_red(&g, text))
        refuse(&g, 0, "", "");
    kai_whole_close(&w);
    *stays = g.red > 0;
    t->refused += g.red;
    t->held_any = t->held_any || *stays; /* There is a sum to say. */
    return err;
}
