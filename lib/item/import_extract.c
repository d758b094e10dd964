/* import_extract: the indicators in a free text, as lists. */
#include <string.h>

#include "item/ascii.h"
#include "item/extract.h"
#include "item/import_lines.h"

static const char *const LEFT[KAI_LEFT_N] = {
    [KAI_LEFT_RANGE] = "extract.range", [KAI_LEFT_SUFFIX] = "extract.suffix",
    [KAI_LEFT_FILE] = "extract.file",   [KAI_LEFT_JOINED] = "extract.joined",
    [KAI_LEFT_EMPTY] = "extract.empty",
};

static enum kai_err found(void *ctx, enum kai_vtype type, struct kai_view norm)
{
    struct kai_lines *l = ctx;

    /* What stands in the file may be disguised: the bag keeps the value itself. */
    return kai_lines_add(l, type, kai_view_of(norm.p, 0), norm);
}

static void left(void *ctx, enum kai_left why, struct kai_view text)
{
    kai_lines_leave(ctx, LEFT[why], text);
}

/* As much of a line as is looked at at once: all of it, or up to a blank; 0 where there is none. */
static size_t piece_of(struct kai_view rest)
{
    size_t n = KAI_EXTRACT_LINE_BYTES;

    if (rest.n <= n)
        return rest.n;
    while (n > 0 && rest.p[n - 1] != ' ' && rest.p[n - 1] != '\t')
        n--;
    return n;
}

static enum kai_err take_line(struct kai_lines *l, struct kai_view line)
{
    struct kai_extract *x = l->ctx;
    enum kai_err err = KAI_OK;

    if (!kai_utf8_ok(line.p, line.n)) {
        struct kai_why why = {.code = NULL};

        (void)kai_why_set(&why, KAI_EMALFORMED, "extract.encoding", NULL, NULL, NULL);
        return kai_lines_refuse(l, &why);
    }
    x->ctx = l;
    while (err == KAI_OK && line.n > 0) {
        size_t n = piece_of(line);

        if (n == 0) { /* No blank in so much: no words. */
            kai_lines_leave(l, "extract.long", kai_view_of(line.p, 40));
            n = KAI_EXTRACT_LINE_BYTES;
            while (n < line.n && line.p[n - 1] != ' ' && line.p[n - 1] != '\t')
                n++;
        } else {
            err = kai_extract_line(x, kai_view_of(line.p, n));
        }
        line = kai_view_from(line, n);
    }
    return err;
}

enum kai_err kai_import_extract(struct importer *im)
{
    struct kai_extract x = {.found = found, .left = left};
    enum kai_err err = kai_importer_said(im, kai_said(im->file));

    if (err != KAI_OK || im->sum.refused > 0)
        return err;
    err = kai_extract_init(&x);
    if (err == KAI_OK)
        err = kai_lines_run(im, take_line, &x, NULL, "extract.nothing");
    kai_extract_free(&x);
    return err;
}
