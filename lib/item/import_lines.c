/* import_lines: a text whose lines hold values, gathered into lists. */
#include "item/import_lines.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "item/ascii.h"

struct kai_view kai_lines_next(struct kai_view file, size_t *at)
{
    struct kai_view rest = kai_view_from(file, *at);
    struct kai_view line = kai_view_of(rest.p, kai_view_find(rest, '\n'));

    *at += line.n + 1;
    return line;
}

enum kai_err kai_lines_refuse(struct kai_lines *l, struct kai_why *why)
{
    why->line = l->line;
    why->where[0] = '\0';
    return kai_importer_refuse(l->im, why, "", "");
}

const char *kai_lines_text(char out[static KAI_WHY_ARG_BYTES], struct kai_view text)
{
    size_t n = text.n < KAI_WHY_ARG_BYTES - 1 ? text.n : KAI_WHY_ARG_BYTES - 1;

    while (n > 0 && n < text.n && (text.p[n] & 0xc0) == 0x80)
        n--;
    memcpy(out, text.p, n);
    out[n] = '\0';
    return out;
}

void kai_lines_leave(struct kai_lines *l, const char *code, struct kai_view text)
{
    size_t i = 0;

    while (i < l->n_notes && strcmp(l->notes[i].code, code) != 0)
        i++;
    assert(i < KAI_LINES_NOTES_MAX);
    if (i == l->n_notes) {
        l->notes[i].code = code;
        l->notes[i].n = 0;
        l->notes[i].line = l->line;
        (void)kai_lines_text(l->notes[i].first, text);
        l->n_notes++;
    }
    l->notes[i].n++;
}

static void tell(struct kai_lines *l)
{
    for (size_t i = 0; i < l->n_notes; i++) {
        struct kai_why why = {.line = l->notes[i].line};
        char n[24];

        (void)snprintf(n, sizeof n, "%llu", (unsigned long long)l->notes[i].n);
        (void)kai_why_set(&why, KAI_OK, l->notes[i].code, l->notes[i].first, n, NULL);
        kai_importer_note(l->im, &why, "");
    }
}

static enum kai_err give_list(void *ctx, enum kai_vtype type, struct kai_view content,
                              uint32_t n_values)
{
    const struct kai_lines *l = ctx;
    struct kai_candidate c = {
        .kind = KAI_CONTENT_LIST,
        .content = content,
        .label = l->im->opts->label,
        .path = "",
        .type = type,
        .n = n_values,
    };

    return kai_importer_give(l->im, &c);
}

static enum kai_err drain(struct kai_lines *l)
{
    return kai_bag_drain(&l->bag, l->im->opts->template_json, give_list, l, &l->im->sum.doubles);
}

enum kai_err kai_lines_add(struct kai_lines *l, enum kai_vtype type, struct kai_view text,
                           struct kai_view norm)
{
    enum kai_err err = kai_bag_is_full(&l->bag) ? drain(l) : KAI_OK;

    return err == KAI_OK ? kai_bag_add(&l->bag, type, text, norm) : err;
}

/* The lines from *at on that begin before end. */
static enum kai_err take_lines(struct kai_lines *l, kai_line_fn *take, size_t *at, size_t end)
{
    enum kai_err err = KAI_OK;

    while (err == KAI_OK && *at < end) {
        struct kai_view line = kai_lines_next(l->im->file, at);

        l->line++;
        err = take(l, line);
        if (err == KAI_OK && kai_bag_is_full(&l->bag))
            err = drain(l);
    }
    return err;
}

/* A piece here, and meanwhile the next one aside. */
static enum kai_err take_by_twos(struct kai_lines *l, kai_line_fn *take, size_t at,
                                 const struct kai_aside *aside)
{
    struct kai_lines_piece p;
    enum kai_err err = KAI_OK;

    kai_lines_piece_init(&p, l, take, aside);
    while (err == KAI_OK && at < l->im->file.n) {
        err = take_lines(l, take, &at, kai_lines_piece_begin(&p, at));
        enum kai_err ended = kai_lines_piece_end(&p, l, &at);
        err = err == KAI_OK ? ended : err;
    }
    kai_lines_piece_free(&p);
    return err;
}

enum kai_err kai_lines_run(struct importer *im, kai_line_fn *take, void *ctx,
                           const struct kai_aside *aside, const char *empty)
{
    struct kai_lines l = {.im = im, .ctx = ctx};
    struct kai_view file = im->file;
    size_t at = kai_ascii_begins(file, "\xef\xbb\xbf") ? 3 : 0;
    enum kai_err err = KAI_OK;

    if (im->opts->label.tlp == KAI_TLP_NONE)
        return kai_importer_refuse_file(im, "label.missing", im->name, NULL);
    if (im->opts->template_json.n > 0) {
        struct kai_why why = {.code = NULL};

        err = kai_list_template_check(im->opts->template_json, &why);
        if (err != KAI_OK)
            return err == KAI_ENOMEM ? err : kai_importer_refuse(im, &why, "", "");
    }
    kai_bag_init(&l.bag, file);
    if (err == KAI_OK && aside != NULL)
        err = take_by_twos(&l, take, at, aside);
    else if (err == KAI_OK)
        err = take_lines(&l, take, &at, file.n);
    if (err == KAI_OK)
        err = drain(&l);
    kai_bag_free(&l.bag);
    if (err == KAI_OK)
        tell(&l);
    if (err == KAI_OK && im->sum.values == 0 && im->sum.refused == 0)
        err = kai_importer_refuse_file(im, empty, NULL, NULL);
    return err;
}
