/* import: what a file is, and what is the same for every kind. */
#include "item/import.h"

#include <stdio.h>
#include <string.h>

#include "item/ascii.h"
#include "item/importer.h"

static void place(const struct importer *im, struct kai_why *why, const char *path)
{
    char inner[KAI_WHY_WHERE_BYTES];

    memcpy(inner, why->where, sizeof inner);
    if (path[0] == '\0' && inner[0] == '\0')
        kai_why_at(why, why->line, "%s", im->name);
    else
        kai_why_at(why, why->line, "%s: %s%s%s", im->name, path,
                   path[0] != '\0' && inner[0] != '\0' ? "." : "", inner);
}

enum kai_err kai_importer_refuse(struct importer *im, struct kai_why *why, const char *path,
                                 const char *id)
{
    place(im, why, path);
    im->sum.refused++;
    return im->sink->refuse(im->sink->ctx, why, id);
}

enum kai_err kai_importer_refuse_file(struct importer *im, const char *code, const char *arg1,
                                      const char *arg2)
{
    struct kai_why why = {.code = NULL};

    (void)kai_why_set(&why, KAI_EMALFORMED, code, arg1, arg2, NULL);
    return kai_importer_refuse(im, &why, "", "");
}

enum kai_err kai_importer_give(struct importer *im, const struct kai_candidate *c)
{
    enum kai_err err;

    if (im->sum.refused > 0 && !im->opts->skip_bad)
        return KAI_OK;
    err = im->sink->item(im->sink->ctx, c);
    if (err == KAI_OK) {
        im->sum.items++;
        im->sum.values += c->n;
    }
    return err;
}

enum kai_err kai_importer_label(const struct importer *im, const struct kai_stix_info *info,
                                struct kai_label own, struct kai_label *label, struct kai_why *why)
{
    struct kai_label asked = im->opts->label;

    own = kai_label_stricter(info->label, own);
    *label = kai_label_stricter(own, asked);
    if (info->false_tlp)
        return kai_why_set(why, KAI_EMALFORMED, "label.unknown", info->id, NULL, NULL);
    if (label->tlp == KAI_TLP_NONE)
        return kai_why_set(why, KAI_EMALFORMED, "label.missing", info->id, NULL, NULL);
    if (asked.tlp != KAI_TLP_NONE && asked.tlp < own.tlp)
        return kai_why_set(why, KAI_EDENIED, "label.lower", kai_tlp_name(own.tlp),
                           kai_tlp_name(asked.tlp), info->id);
    return KAI_OK;
}

enum kai_err kai_importer_words(const json_t *o, struct kai_label *own, struct kai_why *why)
{
    const char *id = json_string_value(json_object_get(o, "id"));
    const json_t *word;
    size_t i;

    json_array_foreach(json_object_get(o, "labels"), i, word)
    {
        if (json_is_string(word) && !kai_said_tag(kai_json_view(word), own))
            return kai_why_set(why, KAI_EMALFORMED, "label.unknown", id, NULL, NULL);
    }
    return KAI_OK;
}

struct kai_said kai_importer_remarks(const struct importer *im, size_t at, enum kai_said_rest rest)
{
    struct kai_view text = kai_view_from(im->file, at);
    struct kai_said said = kai_said_remarks(text, rest);
    struct kai_said alone = {.tlp = KAI_TLP_NONE};

    if (im->opts->skip_bad)
        alone = kai_said_alone(text);
    if (alone.tlp > said.tlp) {
        said.tlp = alone.tlp;
        said.tlp_line = alone.tlp_line;
    }
    if (alone.pap > said.pap) {
        said.pap = alone.pap;
        said.pap_line = alone.pap_line;
    }
    return said;
}

enum kai_err kai_importer_said(struct importer *im, struct kai_said said)
{
    struct kai_label asked = im->opts->label;
    uint8_t pap = asked.pap > KAI_PAP_CLEAR ? asked.pap : KAI_PAP_CLEAR;
    struct kai_why why = {.line = said.tlp_line};
    enum kai_err err = KAI_OK;

    if (asked.tlp == KAI_TLP_NONE)
        return KAI_OK; /* It is missed as that. */
    if (said.tlp > asked.tlp) {
        (void)kai_why_set(&why, KAI_EDENIED, "label.lower", kai_tlp_name(said.tlp),
                          kai_tlp_name(asked.tlp), im->name);
        err = kai_importer_refuse(im, &why, "", "");
    }
    if (err == KAI_OK && said.pap > pap) {
        why = (struct kai_why){.line = said.pap_line};
        (void)kai_why_set(&why, KAI_EDENIED, "label.lower", kai_pap_name(said.pap),
                          kai_pap_name(pap), im->name);
        err = kai_importer_refuse(im, &why, "", "");
    }
    return err;
}

void kai_importer_note(struct importer *im, struct kai_why *why, const char *path)
{
    place(im, why, path);
    if (im->sink->note != NULL)
        im->sink->note(im->sink->ctx, why);
}

static struct kai_view without_blanks(struct kai_view v)
{
    uint64_t lines = 0;

    return kai_view_from(v, kai_json_blank(v, &lines));
}

/* "[" begins JSON, or an IPv6 address with a port. */
static bool is_json_array(struct kai_view text)
{
    struct kai_view rest;

    if (text.n == 0 || text.p[0] != '[')
        return false;
    rest = without_blanks(kai_view_from(text, 1));
    return rest.n == 0 || rest.p[0] == '{' || rest.p[0] == '[' || rest.p[0] == '"' ||
           rest.p[0] == ']';
}

/* Of MISP: a client's answer to a search, [{"Event": ...}, ...]. */
static bool are_events(struct kai_view array)
{
    struct kai_view first = without_blanks(kai_view_from(array, 1));

    return first.n > 0 && first.p[0] == '{' &&
           kai_ascii_begins(without_blanks(kai_view_from(first, 1)), "\"Event\"");
}

static enum kai_err scan(struct importer *im)
{
    struct kai_view text = without_blanks(im->file);
    char bytes[24];
    char limit[24];

    if (im->file.n > KAI_IMPORT_BYTES_MAX) {
        (void)snprintf(bytes, sizeof bytes, "%zu", im->file.n);
        (void)snprintf(limit, sizeof limit, "%u", KAI_IMPORT_BYTES_MAX);
        return kai_importer_refuse_file(im, "file.size", bytes, limit);
    }
    if (text.n == 0)
        return kai_importer_refuse_file(im, "file.empty", NULL, NULL);
    if (text.n >= 2 &&
        ((text.p[0] == 0xff && text.p[1] == 0xfe) || (text.p[0] == 0xfe && text.p[1] == 0xff)))
        return kai_importer_refuse_file(im, "file.format", "utf-16", NULL);
    if (memchr(text.p, 0, text.n < 4096 ? text.n : 4096) != NULL)
        return kai_importer_refuse_file(im, "file.format", "binary", NULL);
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        text = without_blanks(kai_view_from(text, 3));
        if (!im->opts->extract && text.n > 0 && (text.p[0] == '{' || is_json_array(text)))
            return kai_importer_refuse_file(im, "json.bom", NULL, NULL);
    }
    if (im->opts->extract) /* Of JSON, labels and types would be lost. */
        return text.n > 0 && (text.p[0] == '{' || is_json_array(text))
                   ? kai_importer_refuse_file(im, "extract.json", NULL, NULL)
                   : kai_import_extract(im);
    if (is_json_array(text))
        return are_events(text) ? kai_import_misp(im)
                                : kai_importer_refuse_file(im, "file.format", "json", NULL);
    return text.n > 0 && text.p[0] == '{' ? kai_import_json(im) : kai_import_text(im);
}

enum kai_err kai_import_scan(struct kai_view file, const char *name,
                             const struct kai_import_opts *opts, const struct kai_import_sink *sink,
                             struct kai_import_sum *sum)
{
    struct importer im = {.file = file, .name = name, .opts = opts, .sink = sink};
    enum kai_err err = scan(&im);

    kai_definitions_free(&im.defs);
    if (sum != NULL)
        *sum = im.sum;
    return err;
}
