/* export: what is known, written in the forms that sensors and tools read: values in, bytes out.
 *
 * The caller decides which items may go (lib/policy), reads them, and owns the files; a writer
 * makes the bytes and hands them on. Each form, and what is left out of it, is described at its
 * source. Everything in a record may come from a stranger: nothing in it can end a line, begin a
 * comment, name another file or change what the next line means. */
#ifndef KAI_EXPORT_EXPORT_H
#define KAI_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "item/value.h"

enum kai_export_format {
    KAI_EXPORT_NONE = 0,
    KAI_EXPORT_ZEEK,
    KAI_EXPORT_SURICATA,
    KAI_EXPORT_RPZ,
    KAI_EXPORT_HOSTS,
    KAI_EXPORT_CSV,
    KAI_EXPORT_STIX,
    KAI_EXPORT_MISP,
};
#define KAI_EXPORT_FORMATS_N 8u

/* What a file of this form is for: the numbers of enum kai_policy_purpose. */
enum kai_export_use {
    KAI_EXPORT_DETECT = 1,
    KAI_EXPORT_BLOCK = 2,
    KAI_EXPORT_FILE = 3,
};

/* KAI_EXPORT_NONE where name is none of "zeek", "suricata", ... */
enum kai_export_format kai_export_parse(const char *name);
enum kai_export_use kai_export_use(enum kai_export_format format);
bool kai_export_is_folder(enum kai_export_format format);  /* Several files in a folder. */
bool kai_export_is_objects(enum kai_export_format format); /* It takes objects, no values. */

/* One value of an item, or (kai_export_is_objects) one object. Everything is the caller's, for the
 * time of the call. Texts are UTF-8 and may be "", never NULL. */
struct kai_export_record {
    enum kai_vtype type;
    struct kai_view value;   /* Normal form. */
    struct kai_view object;  /* Bytes of one STIX object, as its source wrote them. */
    const char *id;          /* Of the item, hex. */
    const char *name;        /* What the item calls itself. */
    const char *origin;      /* Id of the source, hex, */
    const char *origin_name; /* and its name. */
    uint8_t tlp;             /* enum kai_tlp, */
    uint8_t pap;             /* enum kai_pap. */
    bool exercise;
    bool detect; /* A sensor may be given it: misp says so to whoever imports it. */
    uint64_t first_seen_ms;
    uint64_t valid_until_ms; /* 0: no end. */
};

/* Files by number, from 0: the writer opens each before it writes to it, writes in order, and
 * closes it when it is whole; whoever reads the last one closed finds all others. A number is used
 * again after it was closed. name: of the file in its folder; "" where the form is one file. What
 * is returned sticks. */
#define KAI_EXPORT_FILES_MAX 64u
struct kai_export_sink {
    void *ctx;
    enum kai_err (*open)(void *ctx, unsigned file, const char *name);
    enum kai_err (*write)(void *ctx, unsigned file, const void *p, size_t n);
    enum kai_err (*close)(void *ctx, unsigned file);
};

#define KAI_EXPORT_SEED_BYTES 16u
struct kai_export_opts {
    uint64_t now_ms;
    uint32_t serial; /* Of the zone (rpz): kai_export_serial(). */
    /* At random: so that nobody can make two values that count as one. */
    uint8_t seed[KAI_EXPORT_SEED_BYTES];
};

/* Why a record is not in the file. */
enum kai_export_left {
    KAI_EXPORT_TAKEN = 0,
    KAI_EXPORT_TWICE, /* It is there already: in this form the two are the same. */
    KAI_EXPORT_TYPE,  /* The form has no place for this type of value. */
    KAI_EXPORT_LONG,  /* Longer than what reads this form can take. */
    KAI_EXPORT_SHAPE, /* What reads this form would take it for something else. */
};
#define KAI_EXPORT_LEFT_N 5u

struct kai_export; /* From kai_export_new() to kai_export_free(). */
/* Errors: KAI_ENOMEM, what sink returned. */
KAI_MUST_USE enum kai_err kai_export_new(struct kai_export **out, enum kai_export_format format,
                                         const struct kai_export_sink *sink,
                                         const struct kai_export_opts *opts);
/* Add a record. *left may be NULL. Errors: KAI_ENOMEM, what sink returned; it sticks. */
enum kai_err kai_export_add(struct kai_export *e, const struct kai_export_record *r,
                            enum kai_export_left *left);
/* Add n values that share the rest of the record, as fast as memory lets it. r->value is not looked
 * at. Errors: as above. */
enum kai_err kai_export_add_many(struct kai_export *e, const struct kai_export_record *r,
                                 const struct kai_view *values, size_t n);
/* Write what belongs at the end and close all files. Without this nothing that was written is
 * whole. Errors: as above. */
KAI_MUST_USE enum kai_err kai_export_end(struct kai_export *e);
/* How many records went that way. */
uint64_t kai_export_count(const struct kai_export *e, enum kai_export_left left);
void kai_export_free(struct kai_export *e); /* NULL does nothing. */

/* The serial of the next edition of a zone: of now, and beyond that of the edition before it
 * (RFC 1982), which begins with head; without one head.n = 0. */
uint32_t kai_export_serial(struct kai_view head, uint64_t now_ms);
#define KAI_EXPORT_HEAD_BYTES 256u /* So much of a zone's file is enough for it. */

/* Append a cell of a CSV file (RFC 4180): in quotes, and with an apostrophe before what a
 * spreadsheet would take for a formula. */
void kai_csv_cell(struct kai_buf *out, struct kai_view text);

#endif
