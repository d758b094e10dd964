/* cmd_hunt: which lines of any log hold a known value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/bar.h"
#include "node/cli/hunt_crew.h"
#include "node/cli/hunt_known.h"
#include "node/cli/hunt_source.h"
#include "text/clean.h"
#include "text/json.h"

#define SEEN_MAX  256u /* Values of one line that are told once. */
#define OUT_BYTES 65536u

struct hunt {
    struct kai_cli *cli;
    struct hunt_known *known;
    struct hunt_crew *crew;
    struct hunt_source *source;
    struct kai_bar bar;
    struct kai_why why;
    int status; /* Of what went wrong. */
    uint64_t hits;
    struct kai_buf out;
    bool closed; /* Nobody reads what is printed. */

    uint64_t lines; /* Line feeds of the file before the oldest piece. */
    uint64_t line;  /* The line whose values are in seen. */
    size_t n_seen;
    uint32_t seen[SEEN_MAX];

    /* What of the file stands before the next read, and whether its line was cut. */
    bool cut;
    size_t n_carry;
    uint8_t carry[KAI_HUNT_PIECE_BYTES];
};

static void flush(struct hunt *h)
{
    if (fwrite(h->out.p, 1, h->out.len, stdout) != h->out.len || fflush(stdout) != 0)
        h->closed = true;
    kai_buf_clear(&h->out);
}

static void print_json(struct hunt *h, const char *file, uint64_t line, struct kai_view value,
                       struct kai_view text, const struct hunt_item *item)
{
    struct kai_jput j;

    kai_jput_init(&j, &h->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "file", file);
    kai_jput_uint(&j, "line", line);
    kai_jput_view(&j, "value", value);
    kai_jput_view(&j, "matched", text);
    kai_jput_text(&j, "value_type", item->value_type);
    kai_jput_text(&j, "id", item->id);
    kai_jput_text(&j, "label", item->label);
    kai_jput_text(&j, "origin_name", item->origin_name);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
}

static void print_text(struct hunt *h, const char *file, uint64_t line, struct kai_view value,
                       struct kai_view text, const struct hunt_item *item)
{
    kai_clean_text(&h->out, file);
    kai_buf_printf(&h->out, ":%llu\t", (unsigned long long)line);
    kai_clean(&h->out, value);
    kai_buf_printf(&h->out, "\t%s\t%s\t", item->id, item->label);
    kai_clean(&h->out, text);
    kai_buf_u8(&h->out, '\n');
}

/* A value is told once for a line, however often it stands there. */
static bool told(struct hunt *h, uint64_t line, uint32_t number)
{
    if (line != h->line)
        h->n_seen = 0;
    h->line = line;
    for (size_t i = 0; i < h->n_seen; i++)
        if (h->seen[i] == number)
            return true;
    if (h->n_seen < SEEN_MAX)
        h->seen[h->n_seen++] = number;
    return false;
}

static void print_piece(struct hunt *h, const struct hunt_piece *p)
{
    struct hunt_item item;

    for (size_t i = 0; i < p->n_found && !h->closed; i++) {
        const struct hunt_found *f = &p->found[i];
        uint64_t line = h->lines + f->line + 1;

        if (!hunt_known_item(h->known, f->known, 0, &item) || told(h, line, f->known))
            continue;
        h->hits++;
        for (size_t m = 0; hunt_known_item(h->known, f->known, m, &item); m++)
            (h->cli->json ? print_json : print_text)(
                h, p->file, line, kai_view_of(p->bytes.p + f->value, f->value_n),
                kai_view_of(p->bytes.p + f->text, f->text_n), &item);
        if (h->out.len >= OUT_BYTES)
            flush(h);
    }
}

static bool fail(struct hunt *h, enum kai_err err)
{
    h->status = kai_cli_fail(h->cli, err, &h->why);
    return false;
}

static bool look_up(struct hunt *h, struct hunt_piece *p)
{
    for (size_t i = 0; i < p->n_found; i++) {
        struct hunt_found *f = &p->found[i];

        if (!hunt_known_want(h->known, f->cls, kai_view_of(p->bytes.p + f->value, f->value_n),
                             &f->known))
            return false;
    }
    return true;
}

/* Look up what the n oldest pieces hold, all in one request. */
static bool look_up_all(struct hunt *h, size_t n)
{
    if (hunt_known_begin(h->known))
        h->n_seen = 0;
    for (size_t i = 0; i < n; i++) {
        struct hunt_piece *p = hunt_crew_at(h->crew, i);

        if (p->err != KAI_OK)
            return fail(h, p->err);
        if (!look_up(h, p))
            return false;
    }
    return hunt_known_ask(h->known);
}

/* Look up and print what the oldest pieces hold; with all, of all that were handed out. */
static bool collect(struct hunt *h, bool all)
{
    size_t n;

    while (!h->closed && (n = hunt_crew_wait(h->crew, HUNT_BATCH)) > 0) {
        bool whole = true; /* What follows a piece that was scanned in part waits for its rest. */

        if (!look_up_all(h, n))
            return false;
        for (; whole && n > 0; n--) {
            struct hunt_piece *p = hunt_crew_at(h->crew, 0);

            if (p->first)
                h->lines = 0;
            print_piece(h, p);
            p->first = false;
            whole = p->from == p->n;
            if (whole)
                h->lines += p->lines;
            hunt_crew_used(h->crew);
        }
        if (!all)
            break;
    }
    return !h->closed;
}

/* Hand out the whole lines of a piece and keep the rest for the next one; of a line that is longer
 * than a piece, what is there. */
static void hand_out(struct hunt *h, struct hunt_piece *p, size_t n, bool end)
{
    const uint8_t *feed = end ? NULL : memrchr(p->text, '\n', n);
    size_t used = feed != NULL ? (size_t)(feed - p->text) + 1 : n;
    size_t keep = n - used;

    p->n = used;
    p->cut_left = h->cut;
    p->cut_right = !end && feed == NULL;
    h->cut = p->cut_right;
    if (h->cut)
        keep = KAI_HUNT_OVERLAP_BYTES;
    memcpy(h->carry, p->text + n - keep, keep);
    h->n_carry = keep;
    hunt_crew_push(h->crew);
}

/* One piece. False: an error, told, or *end. */
static bool feed(struct hunt *h, const char *file, bool first, bool *end)
{
    struct hunt_piece *p;
    size_t n = h->n_carry;
    uint64_t total;

    while ((p = hunt_crew_next(h->crew)) == NULL)
        if (!collect(h, false))
            return false;
    memcpy(p->text, h->carry, n);
    while (n < sizeof p->text) {
        size_t got;

        if (hunt_source_waits(h->source)) {
            if (memrchr(p->text, '\n', n) != NULL)
                break;
            if (!collect(h, true)) /* What is known is told before somebody is waited for. */
                return false;
            flush(h);
        }
        enum kai_err err =
            hunt_source_read(h->source, p->text + n, sizeof p->text - n, &got, &h->why);
        *end = err != KAI_OK || got == 0;
        if (err != KAI_OK) { /* What was read of it is looked at, but for a line without its end. */
            const uint8_t *feed = memrchr(p->text, '\n', n);

            (void)fail(h, err);
            n = feed != NULL ? (size_t)(feed - p->text) + 1 : 0;
        }
        if (*end)
            break;
        n += got;
    }
    p->file = file;
    p->first = first;
    kai_bar_show(&h->bar, hunt_source_at(h->source, &total), total);
    hand_out(h, p, n, *end);
    return true;
}

/* One file, to its end. False: nothing more can be done. */
static bool hunt_file(struct hunt *h, const char *file)
{
    bool end = false;
    bool first = true;
    enum kai_err err = hunt_source_open(&h->source, file, &h->why);

    h->cut = false;
    h->n_carry = 0;
    if (err != KAI_OK) { /* The others are looked at all the same. */
        (void)fail(h, err);
        return true;
    }
    while (!end && feed(h, file, first, &end))
        first = false;
    hunt_source_close(h->source);
    h->source = NULL;
    return collect(h, true) && hunt_known_status(h->known) == KAI_EXIT_DONE;
}

static json_t *wish_of(const struct kai_cli *cli)
{
    json_t *args = json_object();

    kai_cli_put_list(cli, args, "--type", "types");
    kai_cli_put_text(cli, args, "--since", "since");
    return args;
}

int kai_cmd_hunt(struct kai_cli *cli)
{
    static char *const standard_input[] = {"-"};
    char *const *files = cli->n_args > 0 ? cli->args : standard_input;
    size_t n = cli->n_args > 0 ? cli->n_args : 1;
    struct hunt *h = calloc(1, sizeof *h);
    int status = KAI_EXIT_FAILED;
    enum kai_err err;

    if (h == NULL)
        return status;
    h->cli = cli;
    kai_buf_init(&h->out, UINT32_MAX);
    cli->hold = true;
    status = hunt_known_open(&h->known, cli, wish_of(cli));
    if (status == KAI_EXIT_DONE) {
        err = hunt_crew_new(&h->crew, hunt_known_filter(h->known));
        if (err != KAI_OK)
            (void)fail(h, err);
        h->bar = kai_bar_begin(cli, "progress.hunt");
        for (size_t i = 0; i < n && err == KAI_OK; i++)
            if (!hunt_file(h, files[i]))
                break;
        kai_bar_end(&h->bar);
        flush(h);
        status = hunt_known_status(h->known) != KAI_EXIT_DONE ? hunt_known_status(h->known)
                 : h->status != KAI_EXIT_DONE || h->closed    ? KAI_EXIT_FAILED
                 : h->hits > 0                                ? KAI_EXIT_DONE
                                                              : KAI_EXIT_NOTHING;
    }
    hunt_crew_free(h->crew);
    hunt_known_close(h->known);
    kai_cli_release(cli);
    kai_buf_free(&h->out);
    free(h);
    return status;
}
