/* import_text: a plain list, one value a line. */
#include <string.h>

#include "item/ascii.h"
#include "item/csv_shape.h"
#include "item/import_lines.h"

#define SAMPLE_LINES 8u /* When none of so many is a value, it is no list. */

/* A line's value: its first word, or the name in "||name^". Empty for blank lines and comments.
 * Registry keys and paths of Windows may hold blanks: they end at a tab or " #". */
static struct kai_view word_of(struct kai_view line)
{
    size_t n = 0;

    while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
        line = kai_view_from(line, 1);
    while (line.n > 0 &&
           (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t' || line.p[line.n - 1] == '\r'))
        line.n--;
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';' || line.p[0] == '!' ||
        kai_ascii_begins(line, "[Adblock"))
        return kai_view_of(line.p, 0);
    if (line.n > 3 && kai_ascii_begins(line, "||") && line.p[line.n - 1] == '^')
        return kai_view_of(line.p + 2, line.n - 3); /* Of a blocker of advertisements. */
    bool blanks = kai_value_holds_blanks(line);
    while (n < line.n && line.p[n] != '\t' &&
           (line.p[n] != ' ' || (blanks && n + 1 < line.n && line.p[n + 1] != '#')))
        n++;
    return kai_view_of(line.p, n);
}

/* Most lists are addresses: one look at each of their bytes. False: it is something else. */
static bool quick_ip4(struct kai_view line, uint8_t addr[static 4])
{
    size_t at = 0;

    for (int i = 0; i < 4; i++) {
        size_t begin = at;
        unsigned v = 0;

        while (at < line.n && at - begin < 3 && kai_ascii_digit(line.p[at]))
            v = v * 10 + (unsigned)(line.p[at++] - '0');
        if (at == begin || v > 255 || (line.p[begin] == '0' && at - begin > 1))
            return false;
        addr[i] = (uint8_t)v;
        if (i < 3 && (at == line.n || line.p[at++] != '.'))
            return false;
    }
    return at == line.n || line.p[at] == '\t' || line.p[at] == ' ' || line.p[at] == '\r';
}

static enum kai_err refuse_line(struct kai_lines *l, struct kai_why *why)
{
    if (strcmp(why->code, "value.unknown") == 0)
        why->code = "list.line"; /* The same argument; here there is a line to point at. */
    return kai_lines_refuse(l, why);
}

static enum kai_err take_line(struct kai_lines *l, struct kai_view line)
{
    char norm[KAI_VALUE_BYTES_MAX];
    uint8_t addr[4];
    enum kai_vtype type;
    struct kai_why why = {.code = NULL};
    struct kai_view word;
    size_t n;
    enum kai_err err;

    if (quick_ip4(line, addr))
        return kai_bag_add_ip4(&l->bag, addr, 32);
    word = word_of(line);
    if (word.n == 0)
        return KAI_OK;
    err = kai_value_guess(word, &type, norm, sizeof norm, &n, &why);
    if (err == KAI_OK)
        return kai_bag_add(&l->bag, type, word, kai_view_of(norm, n));
    return err == KAI_ENOMEM ? err : refuse_line(l, &why);
}

/* Refuse what is no list: none of its first lines is a value. A table whose columns have other
 * names is told so; a single line may be a mistake. */
static enum kai_err check_list(struct importer *im, size_t at)
{
    char norm[KAI_VALUE_BYTES_MAX];
    char text[KAI_WHY_ARG_BYTES];
    enum kai_vtype type;
    struct kai_why why = {.line = 0};
    struct kai_view first = {0};
    unsigned lines = 0;
    unsigned cells = 0;
    size_t n;

    for (uint64_t line_no = 1; at < im->file.n && lines < SAMPLE_LINES; line_no++) {
        struct kai_view line = kai_lines_next(im->file, &at);
        struct kai_view word = word_of(line);

        if (word.n == 0)
            continue;
        if (kai_value_guess(word, &type, norm, sizeof norm, &n, NULL) == KAI_OK)
            return KAI_OK;
        if (lines++ == 0) {
            first = line;
            why.line = line_no;
        }
        cells += kai_view_find(line, ',') < line.n || kai_view_find(line, ';') < line.n ||
                 kai_view_find(line, '\t') < line.n;
    }
    if (lines > 1 && cells == lines && kai_utf8_ok(first.p, first.n)) {
        first.n -= first.p[first.n - 1] == '\r';
        (void)kai_why_set(&why, KAI_EMALFORMED, "csv.header", kai_lines_text(text, first), NULL,
                          NULL);
        return kai_importer_refuse(im, &why, "", "");
    }
    return lines < SAMPLE_LINES ? KAI_OK
                                : kai_importer_refuse_file(im, "file.format", "text", NULL);
}

enum kai_err kai_import_text(struct importer *im)
{
    struct kai_view file = im->file;
    size_t at = kai_ascii_begins(file, "\xef\xbb\xbf") ? 3 : 0;
    struct kai_csv_shape shape;
    enum kai_err err = kai_csv_look(file, &shape);

    if (err != KAI_OK || shape.delim != 0)
        return err != KAI_OK ? err : kai_import_csv(im, &shape);
    if (kai_hosts_look(file, at))
        return kai_import_hosts(im, at);
    err = check_list(im, at);
    if (err != KAI_OK || im->sum.refused > 0)
        return err;
    err = kai_importer_said(im, kai_importer_remarks(im, at, KAI_SAID_BLANK));
    if (err != KAI_OK || im->sum.refused > 0)
        return err;
    return kai_lines_run(im, take_line, NULL, im->opts->aside, "file.empty");
}
