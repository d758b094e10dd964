/* scan: finds in a line of any text what may be a known value, by a filter.
 *
 * What is looked for, whatever stands around it (letters, digits, hyphens and underscores belong to
 * a name): addresses, and each block of a length that is in the filter around them; names with a
 * dot, and each parent of two labels or more; URLs with a scheme, or host/path as http; e-mail
 * addresses; hex of a hash's length (of 16 and more digits where kinds of any length are known);
 * MAC addresses, AS and CVE numbers. Other values have to stand alone, between blanks, quotes,
 * brackets or separators, or be a whole text in double quotes or between tabs, and have
 * KAI_HUNT_TEXT_MIN bytes. A line with a disguise ([.], hxxp) or with \/ and \\ of JSON is looked
 * at a second time without it. */
#ifndef KAI_HUNT_SCAN_H
#define KAI_HUNT_SCAN_H

#include "hunt/filter.h"

#define KAI_HUNT_TEXT_MIN 4u

struct kai_hunt_token {
    enum kai_hunt_class cls;
    struct kai_view value; /* Normal form of what may be known: the parent, the block. */
    struct kai_view text;  /* What stands in the line (its refanged copy). */
};
/* Both views are valid during the call. The same may come more than once for a line. */
typedef void kai_hunt_fn(void *ctx, const struct kai_hunt_token *t);

struct kai_hunt_scanner; /* For one thread. */

/* f stays the caller's, unchanged while it is used; any number of scanners. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hunt_scanner_new(struct kai_hunt_scanner **out,
                                               const struct kai_hunt_filter *f, kai_hunt_fn *fn,
                                               void *ctx);
void kai_hunt_scanner_free(struct kai_hunt_scanner *s); /* NULL does nothing. */

/* One line, or a piece of one that was cut, of at most KAI_HUNT_PIECE_BYTES. cut_left, cut_right:
 * the line goes on there, and what touches that end is left out: the other piece has it whole.
 * Errors: KAI_ENOMEM, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_hunt_line(struct kai_hunt_scanner *s, struct kai_view line,
                                        bool cut_left, bool cut_right);

#endif
