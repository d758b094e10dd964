/* plot: what a simulation measured, as a picture (SVG 1.1, no script, no font of its own).
 *
 * Three panels below each other: the share of deliveries over the time since publication with its
 * p50, p99 and last; the same for the shortest-path bound (bound.h), on the same axis; how many
 * links nodes have. Lines differ in stroke and mark as well as in colour, and everything is
 * labelled where it stands, so that nothing hangs on telling colours apart. */
#ifndef KAI_TOPOLOGY_PLOT_H
#define KAI_TOPOLOGY_PLOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define KAI_PLOT_BYTES_MAX (1u << 18) /* The most that one takes: a point for each half pixel. */

struct kai_plot_times {
    const uint64_t *ms; /* In any order; since publication. */
    size_t n;
    size_t due; /* Deliveries that were due: at least n. What never came is part of every share. */
};

struct kai_plot {
    const char *title; /* UTF-8; NULL: none. */
    const char *note;  /* The line below it: seed, faults, figures. NULL: none. */
    struct kai_plot_times measured;
    struct kai_plot_times bound; /* n 0: no such panel. */
    const uint32_t *degree;      /* Links of each node. */
    size_t n_degree;             /* 0: no such panel. */
};

/* When the share of those due was delivered, of times in ascending order: the smallest time that
 * of_1000 thousandths of them do not exceed. UINT64_MAX: so many never came, or none were due. */
uint64_t kai_plot_quantile(const struct kai_plot_times *t, unsigned of_1000);

/* Append it to *out. Errors: KAI_EMALFORMED (n over due); KAI_ENOMEM; those of *out. */
KAI_MUST_USE enum kai_err kai_plot_svg(struct kai_buf *out, const struct kai_plot *p);

#endif
