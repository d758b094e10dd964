/* import_lines: a text whose lines hold values, gathered into lists. Private to lib/item. */
#ifndef KAI_ITEM_IMPORT_LINES_H
#define KAI_ITEM_IMPORT_LINES_H

#include "item/bag.h"
#include "item/importer.h"

#define KAI_LINES_NOTES_MAX 8u /* Kinds of what is left out in one file. */

struct kai_lines {
    struct importer *im;
    void *ctx;
    struct kai_bag bag;
    uint64_t line; /* From 1. */
    size_t n_notes;
    struct { /* What is left out is told once for each reason, with the first of them. */
        const char *code;
        uint64_t n;
        uint64_t line;
        char first[KAI_WHY_ARG_BYTES];
    } notes[KAI_LINES_NOTES_MAX];
};

/* Takes one line, without its line feed. Anything but KAI_OK stops, and is returned. */
typedef enum kai_err kai_line_fn(struct kai_lines *l, struct kai_view line);

/* All lines, all values, all notes. empty: the code where there was nothing in it. aside: takes
 * some of the lines, where each is taken by itself: take looks at nothing but the line, and adds
 * either values, each with kai_bag_add(), or tells. NULL: nobody.
 * Errors: KAI_ENOMEM, what take and the sink returned. */
KAI_MUST_USE enum kai_err kai_lines_run(struct importer *im, kai_line_fn *take, void *ctx,
                                        const struct kai_aside *aside, const char *empty);

/* lines_aside.c: the lines of a piece, taken on another thread into a bag of its own, up to the
 * first of which anything is to be told. */
struct kai_lines_piece {
    struct kai_lines l; /* Its bag; its line counts those that were taken. */
    struct importer im; /* Tells nobody. */
    kai_line_fn *take;
    size_t at; /* Behind the last line that was taken. */
    size_t end;
    const struct kai_aside *aside;
    void *begun;
};
void kai_lines_piece_init(struct kai_lines_piece *p, const struct kai_lines *l, kai_line_fn *take,
                          const struct kai_aside *aside);
void kai_lines_piece_free(struct kai_lines_piece *p);
/* Begin with the piece behind the one at `at`, whose end is returned: for who takes that one
 * meanwhile. */
size_t kai_lines_piece_begin(struct kai_lines_piece *p, size_t at);
/* Wait for it. What was taken goes to *l, and *at, where it began, is past it; or stays, where it
 * would fill the bag. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_lines_piece_end(struct kai_lines_piece *p, struct kai_lines *l,
                                              size_t *at);
/* kai_bag_add(), of which a line may have any number. Errors: KAI_ENOMEM, what the sink returned.
 */
KAI_MUST_USE enum kai_err kai_lines_add(struct kai_lines *l, enum kai_vtype type,
                                        struct kai_view text, struct kai_view norm);
/* The line at *at without its line feed, and past it. */
struct kai_view kai_lines_next(struct kai_view file, size_t *at);
/* Refuse the line that is at hand. */
KAI_MUST_USE enum kai_err kai_lines_refuse(struct kai_lines *l, struct kai_why *why);
/* Leave out what stands there; code: static storage, "CODE (first of them, how many)". */
void kai_lines_leave(struct kai_lines *l, const char *code, struct kai_view text);

/* Text as an argument of a reason, cut where it does not fit. Returns out. */
const char *kai_lines_text(char out[static KAI_WHY_ARG_BYTES], struct kai_view text);

/* Whether a text is a hosts file (at: behind a byte order mark): half of its lines or more begin
 * with an address that leads nowhere, and have names behind it. */
bool kai_hosts_look(struct kai_view file, size_t at);
KAI_MUST_USE enum kai_err kai_import_hosts(struct importer *im, size_t at);

#endif
