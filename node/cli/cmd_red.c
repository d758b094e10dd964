/* cmd_red: TLP:RED is sealed here, before any node sees it, for the keys of persons alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "log/red.h" /* Before import.h, which names some of its kinds again. */

#include "base/check.h"
#include "item/import.h"
#include "node/call.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/publish.h"
#include "node/cli/whole.h"
#include "node/publish.h"
#include "node/warnlists.h"
#include "policy/policy.h"
#include "wire/put.h"

#define ARENA_BYTES_MAX (256u << 20) /* Contents of one file, in memory alone. */
#define BATCH_BYTES_MAX 57000u       /* OBJ and contents: padded they fit one payload. */
#define CONTENT_HEAD    64u          /* What stands around a content in its item, at most. */

struct piece {
    size_t at; /* In the arena. */
    size_t n;
    uint64_t kind;
    struct kai_label label;
};

struct job {
    struct kai_cli *cli;
    const char *file;
    const json_t *terms; /* What the node answered. */
    uint8_t nid[KAI_ID_BYTES];
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t origin_cert[KAI_ID_BYTES];
    uint8_t kx[KAI_RED_PERSONS_MAX][KAI_KEY_BYTES];
    size_t n_persons;
    json_t *ids; /* Of those persons. */
    struct kai_buf arena;
    struct piece *pieces;
    size_t n_pieces;
    size_t cap_pieces;
    struct kai_tally *tally;
    uint64_t refused;
    uint64_t warned;
    bool only_rules;
    struct kai_warn *lists; /* Warninglists of the home; NULL: none. */
    bool block;             /* What is on one is refused. */
    struct kai_buf batches;
    uint32_t n_batches;
    struct kai_why why;
};

bool kai_red_wanted(struct kai_cli *cli, int *status)
{
    const char *label = kai_cli_opt(cli, "--label");
    const char *to = kai_cli_opt(cli, "--to");
    uint8_t tlp = 0;

    if (to == NULL)
        return false;
    if (label != NULL && kai_tlp_parse(kai_view_of(label, strlen(label)), &tlp))
        return tlp == KAI_TLP_RED;
    json_t *rows =
        kai_cli_ask(cli, "red-begin", json_pack("{s:s, s:b}", "to", to, "kind_only", true), status);
    bool wanted =
        json_integer_value(json_object_get(json_array_get(rows, 0), "kind")) == KAI_AUD_PERSONS;
    json_decref(rows);
    return wanted;
}

/* ---- What the node says: where it goes, and whom it is for. */
static bool unhex(const json_t *o, const char *key, uint8_t *out, size_t n)
{
    const char *hex = json_string_value(json_object_get(o, key));

    return hex != NULL && kai_unhex(out, n, hex, strlen(hex));
}

static enum kai_err read_terms(struct job *j)
{
    const json_t *persons = json_object_get(j->terms, "persons");
    const json_t *p;
    size_t i;
    json_int_t now = (json_int_t)kai_wall_ms();

    if (!unhex(j->terms, "nid", j->nid, KAI_ID_BYTES) ||
        !unhex(j->terms, "audience", j->aud_id, KAI_ID_BYTES) ||
        !unhex(j->terms, "origin_cert", j->origin_cert, KAI_ID_BYTES))
        return kai_why_set(&j->why, KAI_EIO, "api.answer", NULL, NULL, NULL);
    json_array_foreach(persons, i, p)
    {
        json_int_t until = json_integer_value(json_object_get(p, "not_after_ms"));

        /* By our clock, too, nothing is sealed to a place that has ended. */
        if (j->n_persons == KAI_RED_PERSONS_MAX ||
            !KAI_CHECK(PERSON_CURRENT, until == 0 || until > now))
            continue;
        if (!unhex(p, "kx_pk", j->kx[j->n_persons], KAI_KEY_BYTES))
            return kai_why_set(&j->why, KAI_EIO, "api.answer", NULL, NULL, NULL);
        (void)json_array_append(j->ids, json_object_get(p, "id"));
        j->n_persons++;
    }
    if (j->n_persons == 0)
        return kai_why_set(&j->why, KAI_EDENIED, "red.nobody",
                           json_string_value(json_object_get(j->terms, "name")), NULL, NULL);
    return KAI_OK;
}

/* ---- The file: judged here, since no node may. */
static void refuse(struct job *j, enum kai_err err, const struct kai_why *why, const char *id)
{
    if (++j->refused <= 100)
        kai_tally_refusal(j->tally, why, id);
    if (err != KAI_EDENIED)
        j->only_rules = false;
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    refuse(ctx, kai_policy_is_code(why->code) ? KAI_EDENIED : KAI_EMALFORMED, why, id);
    return KAI_OK;
}

static const char *verdict(const struct job *j, const struct kai_candidate *c)
{
    struct kai_policy_publish f = {.tlp = c->label.tlp,
                                   .audience_kind = KAI_POLICY_PERSONS,
                                   .ceiling = KAI_TLP_RED,
                                   .member = true, /* The node asks these two. */
                                   .may_publish = true,
                                   .sealed = true};

    (void)j;
    return kai_policy_publish(&f);
}

/* ---- Warninglists: asked here as well, since no node sees the values. */
static enum kai_err load_lists(struct job *j)
{
    const char *rule = json_string_value(json_object_get(j->terms, "warninglists"));
    struct kai_why why = {0};

    j->block = rule == NULL || strcmp(rule, "warn") != 0;
    enum kai_err err = kai_warnlists_load(&j->cli->home, &j->lists, &why);
    if (err == KAI_EIO && !j->block) { /* Not for this user: they would only tell. */
        kai_cli_note(j->cli, "red.lists", why.arg[0], why.arg[1], NULL);
        return KAI_OK;
    }
    j->why = why;
    return err;
}

struct listed {
    struct job *j;
    const char *id;
    bool blocked;
};

static bool on_listed(void *ctx, const struct kai_why *why)
{
    struct listed *l = ctx;

    l->blocked = l->j->block;
    if (l->blocked)
        refuse(l->j, KAI_EMALFORMED, why, l->id);
    else if (++l->j->warned <= KAI_REFUSALS_MAX)
        kai_tally_warning(l->j->tally, why, l->id);
    return true;
}

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    struct job *j = ctx;
    const char *id = c->info != NULL ? c->info->id : "";
    const char *code = verdict(j, c);
    bool large =
        c->content.n > KAI_RED_CONTENT_BYTES_MAX ||
        kai_red_obj_size(j->n_persons, 1) + kai_red_sealed_size(c->content.n) + CONTENT_HEAD >
            BATCH_BYTES_MAX;
    struct kai_why why = {0};

    if (code != NULL || large) {
        enum kai_err err = code != NULL ? KAI_EDENIED : KAI_ELIMIT;

        kai_why_at(&why, c->line, c->path[0] != '\0' ? "%s: %s" : "%s", j->file, c->path);
        (void)kai_why_set(&why, err, code != NULL ? code : "red.large",
                          code != NULL ? kai_tlp_name(c->label.tlp) : id,
                          json_string_value(json_object_get(j->terms, "name")),
                          kai_tlp_name(KAI_TLP_RED));
        refuse(j, err, &why, id);
        return KAI_OK;
    }
    struct listed l = {.j = j, .id = id};
    enum kai_err err =
        j->lists == NULL ? KAI_OK : kai_warnlists_ask(j->lists, j->file, c, on_listed, &l);
    if (err != KAI_OK || l.blocked)
        return err;
    if (j->n_pieces == j->cap_pieces) {
        size_t cap = j->cap_pieces == 0 ? 64 : j->cap_pieces * 2;
        struct piece *grown = realloc(j->pieces, cap * sizeof *grown);

        if (grown == NULL)
            return KAI_ENOMEM;
        j->pieces = grown;
        j->cap_pieces = cap;
    }
    j->pieces[j->n_pieces++] =
        (struct piece){.at = j->arena.len, .n = c->content.n, .kind = c->kind, .label = c->label};
    kai_buf_add(&j->arena, c->content.p, c->content.n);
    return j->arena.err;
}

static enum kai_err read_label(struct job *j, struct kai_label *l)
{
    const char *label = kai_cli_opt(j->cli, "--label");
    const char *pap = kai_cli_opt(j->cli, "--pap");

    *l = (struct kai_label){.exercise = kai_cli_flag(j->cli, "--exercise")};
    if (label != NULL && !kai_tlp_parse(kai_view_of(label, strlen(label)), &l->tlp))
        return kai_why_set(&j->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    if (pap != NULL && !kai_pap_parse(kai_view_of(pap, strlen(pap)), &l->pap))
        return kai_why_set(&j->why, KAI_EMALFORMED, "usage.pap", pap, NULL, NULL);
    return KAI_OK;
}

static enum kai_err scan(struct job *j)
{
    struct kai_import_opts opts = {.skip_bad = true, .extract = kai_cli_flag(j->cli, "--extract")};
    struct kai_import_sink sink = {.ctx = j, .item = on_item, .refuse = on_refuse};
    struct kai_view text;
    struct kai_whole w;
    enum kai_err err = read_label(j, &opts.label);

    if (err == KAI_OK)
        err = kai_whole_open(&w, j->file, &text, &j->why);
    if (err != KAI_OK)
        return err;
    err = kai_import_scan(text, j->file, &opts, &sink, NULL);
    kai_whole_close(&w);
    return err;
}

/* ---- Sealing. */
static void random_bytes(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

static bool same_label(struct kai_label a, struct kai_label b)
{
    return a.pap == b.pap && a.exercise == b.exercise;
}

/* How many pieces from here on make one batch. */
static size_t batch_n(const struct job *j, size_t from)
{
    size_t size = kai_red_obj_size(j->n_persons, 1);
    size_t n = 0;

    while (from + n < j->n_pieces && n < KAI_BATCH_ITEMS_MAX) {
        const struct piece *p = &j->pieces[from + n];

        size += kai_red_sealed_size(p->n) + CONTENT_HEAD;
        if (n > 0 && (size > BATCH_BYTES_MAX || !same_label(p->label, j->pieces[from].label)))
            break;
        n++;
    }
    return n;
}

static void put_batch(struct job *j, const struct kai_buf *obj, const struct kai_buf *sealed,
                      const size_t *ends, size_t n)
{
    size_t at = 0;

    kai_put_array(&j->batches, 2);
    kai_put_bin(&j->batches, obj->p, obj->len);
    kai_put_array(&j->batches, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_put_bin(&j->batches, sealed->p + at, ends[i] - at);
        at = ends[i];
    }
    j->n_batches++;
}

static enum kai_err seal_batch(struct job *j, size_t from, size_t n)
{
    uint8_t secret[KAI_KEY_BYTES]; /* Of this batch alone: nobody has to make the salts again. */
    struct kai_red_content *contents = calloc(n, sizeof *contents);
    size_t *ends = calloc(n, sizeof *ends);
    struct kai_buf obj;
    struct kai_buf sealed;
    struct kai_red_draft d = {
        .nid = j->nid,
        .obj = {.pap = j->pieces[from].label.pap,
                .exercise = j->pieces[from].label.exercise,
                .n_auds = 1,
                .created = (uint64_t)json_integer_value(json_object_get(j->terms, "created_ms")),
                .n = n},
        .persons = (const uint8_t(*)[KAI_KEY_BYTES])j->kx,
        .n_persons = j->n_persons,
        .secret = secret,
        .contents = contents,
        .random = random_bytes,
    };

    memcpy(d.obj.aud[0], j->aud_id, KAI_ID_BYTES);
    memcpy(d.obj.origin_cert, j->origin_cert, KAI_ID_BYTES);
    randombytes_buf(secret, sizeof secret);
    kai_buf_init(&obj, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&sealed, KAI_BODY_BYTES_MAX);
    for (size_t i = 0; contents != NULL && i < n; i++) {
        contents[i].kind = j->pieces[from + i].kind;
        contents[i].content =
            kai_view_of(j->arena.p + j->pieces[from + i].at, j->pieces[from + i].n);
    }
    enum kai_err err =
        contents == NULL || ends == NULL ? KAI_ENOMEM : kai_red_seal(&obj, &sealed, ends, &d);
    if (err == KAI_OK)
        put_batch(j, &obj, &sealed, ends, n);
    sodium_memzero(secret, sizeof secret);
    kai_buf_free(&obj);
    kai_buf_free(&sealed);
    free(contents);
    free(ends);
    if (err == KAI_EAUTH)
        return kai_why_set(&j->why, err, "red.key", NULL, NULL, NULL);
    return err == KAI_OK ? j->batches.err : err;
}

/* Hand the sealed bytes over by way of a file that has no name. */
static int send(struct job *j)
{
    char path[64];
    struct kai_buf head;
    json_t *args = json_object();
    int status = kai_publish_args(j->cli, args);
    int fd = memfd_create("sealed", MFD_CLOEXEC);

    kai_buf_init(&head, 16);
    kai_put_array(&head, j->n_batches);
    (void)json_object_del(args, "also");
    (void)json_object_set(args, "persons", j->ids);
    if (status == KAI_EXIT_DONE &&
        (fd == -1 || write(fd, head.p, head.len) != (ssize_t)head.len ||
         write(fd, j->batches.p, j->batches.len) != (ssize_t)j->batches.len))
        status = kai_cli_fail(j->cli, KAI_EIO, &j->why);
    if (status == KAI_EXIT_DONE) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        status = kai_cli_call(j->cli, "red-publish", args, path, false, kai_tally_line, j->tally);
    } else {
        json_decref(args);
    }
    if (fd != -1)
        (void)close(fd);
    kai_buf_free(&head);
    return status;
}

static int finish_file(struct job *j)
{
    enum kai_err err = load_lists(j);

    if (err == KAI_OK)
        err = scan(j);
    for (size_t at = 0; err == KAI_OK && at < j->n_pieces;) {
        size_t n = batch_n(j, at);

        err = seal_batch(j, at, n);
        at += n;
    }
    if (err != KAI_OK)
        return kai_cli_fail(j->cli, err, &j->why);
    j->tally->refused += j->refused;
    j->tally->warned += j->warned;
    if (j->refused > 0 && (!kai_cli_flag(j->cli, "--skip-bad") || j->n_batches == 0)) {
        j->tally->held_any = true; /* There is a sum to say. */
        return j->only_rules ? KAI_EXIT_FORBIDDEN : KAI_EXIT_FAILED;
    }
    if (kai_cli_flag(j->cli, "--dry-run")) {
        j->tally->held_any = true;
        j->tally->accepted += j->n_pieces;
        return KAI_EXIT_DONE;
    }
    return j->n_batches == 0 ? KAI_EXIT_DONE : send(j);
}

static int publish_file(struct kai_cli *cli, const char *file, const json_t *terms,
                        struct kai_tally *t)
{
    struct job *j = calloc(1, sizeof *j);
    int status = KAI_EXIT_FAILED;

    if (j == NULL)
        return status;
    j->cli = cli;
    j->file = file;
    j->terms = terms;
    j->tally = t;
    j->only_rules = true;
    j->ids = json_array();
    kai_buf_init(&j->arena, ARENA_BYTES_MAX);
    kai_buf_init(&j->batches, ARENA_BYTES_MAX);
    enum kai_err err = read_terms(j);
    status = err == KAI_OK ? finish_file(j) : kai_cli_fail(cli, err, &j->why);
    if (j->arena.len > 0)
        sodium_memzero(j->arena.p, j->arena.len);
    kai_buf_free(&j->arena);
    kai_buf_free(&j->batches);
    json_decref(j->ids);
    kai_warn_free(j->lists);
    free(j->pieces);
    free(j);
    return status;
}

int kai_cmd_publish_red(struct kai_cli *cli)
{
    struct kai_tally t = {.cli = cli};
    const char *to = kai_cli_opt(cli, "--to");
    int worst = KAI_EXIT_DONE;

    if (kai_cli_opt(cli, "--also") != NULL)
        return kai_cli_usage(cli, "usage.option", "--also"); /* RED goes nowhere else. */
    json_t *rows = kai_cli_ask(cli, "red-begin", json_pack("{s:s}", "to", to), &worst);
    for (size_t i = 0; rows != NULL && i < cli->n_args; i++) {
        int status = publish_file(cli, cli->args[i], json_array_get(rows, 0), &t);

        if (status != KAI_EXIT_DONE && worst != KAI_EXIT_FAILED)
            worst = status;
    }
    json_decref(rows);
    if (t.held_any)
        kai_tally_say(cli, &t);
    kai_tally_free(&t);
    return worst;
}
