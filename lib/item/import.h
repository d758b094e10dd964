/* import: from the bytes of a file to contents that may be published.
 *
 * What it is is found by its content: a STIX 2.1 bundle, one STIX 2.1 object, MISP events, or a
 * plain list (one value a line) or hosts file; a free text only where that is asked for. Every
 * object and every line is judged by itself, and every refusal is told.
 *
 * Reason codes beside those of stix.h, value.h and list.h (args; where is the file's name, for
 * objects followed by ": " and the JSON path; line from 1): json.syntax, json.bom,
 * json.duplicate-key; stix.bundle (what is wrong); stix.duplicate (id, line of the first);
 * label.missing (id or file); label.lower (label of the object, label asked for, id);
 * label.unknown (id): marked with a "TLP" that is none; label.marking (id, marking): it has one
 * besides its TLP of which it is not known whether it is a TLP; list.line (text): of no known
 * shape; file.empty; file.size (bytes, limit); file.format (what it looks like: "binary", "utf-16",
 * "json", "text"). Of MISP: misp.event (what is missing); misp.tag (tag); misp.own-only;
 * misp.sharing-group; misp.value (type); and as a note misp.skipped (type, how often).
 * Of CSV, where path is the column: csv.columns (found, expected); csv.encoding; csv.label (text);
 * csv.syntax; csv.type (text); csv.value (text). Of KEV and CSAF: vuln.field (what). Of
 * hosts files: hosts.line (text); as notes (the first of them, how many) hosts.own, hosts.mapped.
 * Of free text: extract.json; extract.encoding; extract.nothing; label.lower (TLP or PAP that it
 * names, that asked for, file), of all of it; as notes (the first of them, how many) extract.range,
 * .suffix, .file, .joined, .empty, .long. */
#ifndef KAI_ITEM_IMPORT_H
#define KAI_ITEM_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"
#include "item/label.h"
#include "item/stix.h"
#include "item/value.h"

/* Content kinds of docs/protocol.md 5. */
#define KAI_CONTENT_STIX 1u
#define KAI_CONTENT_LIST 2u

struct kai_candidate {
    uint8_t kind;            /* KAI_CONTENT_STIX or KAI_CONTENT_LIST. */
    struct kai_view content; /* STIX 2.1: points into the file, the exact bytes of the object. What
                              * is made of other formats, and lists: valid during the call only. */
    struct kai_label label;  /* What it is to be published under. */
    uint64_t line;           /* Where it begins; 0 for a list. */
    const char *path;        /* "objects[17]", "" for a single object or a list; during the call. */
    const struct kai_stix_info *info; /* STIX only, else NULL. */
    const struct kai_stix_kept *kept; /* STIX that was parsed as it stands here; during the call. */
    const uint8_t *id;   /* Of the content, where somebody has it already; else NULL. */
    enum kai_vtype type; /* List only. */
    uint32_t n;          /* How many values: 1 for STIX. */
};

/* Who runs something on another thread meanwhile. */
struct kai_aside {
    void *(*begin)(void (*f)(void *arg), void *arg); /* NULL: it cannot. */
    void (*end)(void *begun); /* What begin() returned: waits until f has returned. */
};

struct kai_import_opts {
    struct kai_label label; /* tlp 0: each object must have its own. May raise, never lower. */
    bool skip_bad;          /* Go on handing out items after a refusal. Without it only refusals are
                             * told from the first one on, since nothing may be published. */
    bool extract;           /* It is a free text: take the indicators in it. label is needed. */
    struct kai_view template_json; /* Of lists; empty means {}. */
    const struct kai_aside *aside; /* Reads half of a plain list; what is handed out and told is the
                                    * same. NULL: nobody. */
};

struct kai_import_sink {
    void *ctx;
    /* Anything but KAI_OK stops, and is returned. */
    enum kai_err (*item)(void *ctx, const struct kai_candidate *c);
    /* id: the object's id where it is known, else "". */
    enum kai_err (*refuse)(void *ctx, const struct kai_why *why, const char *id);
    /* What was left out, or taken otherwise than one might think, without being a refusal; NULL:
     * nobody asks. */
    void (*note)(void *ctx, const struct kai_why *why);
};

struct kai_import_sum {
    uint64_t items;  /* Handed to the sink. */
    uint64_t values; /* In them: a STIX object counts as one. */
    uint64_t refused;
    uint64_t known;   /* TLP marking definitions: everybody has them. */
    uint64_t doubles; /* The same again in this file. */
};

/* Scan a file, whole, in memory that the caller mapped. name is for messages only. Private memory
 * stays below 60 MiB for a file of 512 MiB. *sum may be NULL.
 * Errors: what the sink returned, KAI_ENOMEM. Refusals are no errors: see sum->refused. */
KAI_MUST_USE enum kai_err kai_import_scan(struct kai_view file, const char *name,
                                          const struct kai_import_opts *opts,
                                          const struct kai_import_sink *sink,
                                          struct kai_import_sum *sum);

#endif
