/* importer: what the two ways of importing share. Private to lib/item. */
#ifndef KAI_ITEM_IMPORTER_H
#define KAI_ITEM_IMPORTER_H

#include "item/definitions.h"
#include "item/import.h"
#include "item/json.h"
#include "item/said.h"

struct importer {
    struct kai_view file;
    const char *name;
    const struct kai_import_opts *opts;
    const struct kai_import_sink *sink;
    struct kai_import_sum sum;
    struct kai_definitions defs; /* Of the file. */
};

/* Tell a refusal. where: a JSON path, or "" for the file as a whole; it is joined to the name, and
 * why->where is what was said inside it. Returns what the sink returned. */
KAI_MUST_USE enum kai_err kai_importer_refuse(struct importer *im, struct kai_why *why,
                                              const char *path, const char *id);

/* The same of the whole file, with a code and two arguments. */
KAI_MUST_USE enum kai_err kai_importer_refuse_file(struct importer *im, const char *code,
                                                   const char *arg1, const char *arg2);

/* Hand out a content, unless a refusal forbids it. */
KAI_MUST_USE enum kai_err kai_importer_give(struct importer *im, const struct kai_candidate *c);

/* The label that an object goes out under: its own (its markings and what its source says beside
 * them), raised by what was asked for, never lowered. Errors: KAI_EMALFORMED (label.unknown,
 * label.missing), KAI_EDENIED (label.lower). */
KAI_MUST_USE enum kai_err kai_importer_label(const struct importer *im,
                                             const struct kai_stix_info *info, struct kai_label own,
                                             struct kai_label *label, struct kai_why *why);

/* Raise *own by what stands among an object's labels: people write there what should be a marking.
 * Errors: KAI_EMALFORMED (label.unknown). */
KAI_MUST_USE enum kai_err kai_importer_words(const json_t *o, struct kai_label *own,
                                             struct kai_why *why);

/* A text that names a stricter label than is asked for would be lowered by what is taken from it,
 * wherever in it that stands: the whole file is refused, whatever may be skipped (im->sum.refused).
 * Returns what the sink returned. */
KAI_MUST_USE enum kai_err kai_importer_said(struct importer *im, struct kai_said said);

/* The labels that a list names beside its values: in remarks, behind values (rest), and where bad
 * lines are left out in a line of their own. at: of its first line. */
struct kai_said kai_importer_remarks(const struct importer *im, size_t at, enum kai_said_rest rest);

/* Tell what is no refusal. */
void kai_importer_note(struct importer *im, struct kai_why *why, const char *path);

/* MISP events: {"Event": ...}, a list of such or in {"response": [...]}, or an event as it is. */
KAI_MUST_USE enum kai_err kai_import_misp(struct importer *im);
/* Vulnerabilities: a CSAF 2.0 advisory, or the KEV catalogue. */
KAI_MUST_USE enum kai_err kai_import_vuln(struct importer *im, bool is_csaf);
/* Text that begins with a brace. */
KAI_MUST_USE enum kai_err kai_import_json(struct importer *im);
/* Any other text. */
KAI_MUST_USE enum kai_err kai_import_text(struct importer *im);
/* Free text, of which the indicators are taken. Errors: also KAI_EIO (kai_extract_init()). */
KAI_MUST_USE enum kai_err kai_import_extract(struct importer *im);

/* Which objects a file had already. */
struct kai_seen {
    uint64_t *slots; /* Offset + 1 in the file (31 bits), and 33 bits of the hash. */
    size_t n;
    size_t cap; /* A power of two. */
};

enum kai_seen_answer {
    KAI_SEEN_NEW,
    KAI_SEEN_SAME,      /* The same bytes were there. */
    KAI_SEEN_DIFFERENT, /* The same id and version with other bytes. */
};

/* Look for an object by id and modified, and remember it when it is new. *first: where the earlier
 * one stands. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_seen_ask(struct kai_seen *seen, struct kai_view file, size_t at,
                                       size_t n, const json_t *o, enum kai_seen_answer *answer,
                                       size_t *first);
void kai_seen_free(struct kai_seen *seen);

#endif
