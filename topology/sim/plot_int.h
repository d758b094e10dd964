/* plot_int: panels, axes and text of a picture, for the parts that draw one. */
#ifndef KAI_TOPOLOGY_PLOT_INT_H
#define KAI_TOPOLOGY_PLOT_INT_H

#include <stdbool.h>

#include "topology/sim/plot.h"

/* Pixels. */
#define PLOT_WIDTH  960
#define PLOT_LEFT   86
#define PLOT_INNER  834 /* Width of a panel within its axes. */
#define PLOT_HEIGHT 200 /* Its height. */
#define PLOT_PANEL  310 /* From one panel to the next. */

/* Blue and vermilion, which all kinds of colour vision tell apart; both are dark on white. */
#define PLOT_MEASURED "#0072b2"
#define PLOT_BOUND    "#b34700"

struct plot_axis { /* Of times; also of degrees, linear. */
    bool log;
    double lo, hi;
    double step;   /* Between marks where it is linear. */
    double margin; /* Left and right of the marks where it is linear, in its unit. */
};

/* An axis from 0, or from 1 where it is logarithmic, to a round number not below hi. */
struct plot_axis plot_axis_to(double hi, bool log);
double plot_x(const struct plot_axis *a, double v); /* In pixels. */
/* The horizontal axis of the panel whose upper end is top, with a mark at each round number. */
void plot_axis_draw(struct kai_buf *out, const struct plot_axis *a, double top, const char *label);
/* Marks at the left: of 100 %, or of a count up to hi. */
void plot_left_draw(struct kai_buf *out, double top, uint64_t hi, bool percent, const char *label);
/* The line above a panel: what it is, and figures. */
void plot_head(struct kai_buf *out, double top, const char *colour, const char *what);

void plot_px(struct kai_buf *out, double v); /* With one decimal, whatever the locale. */
/* " name="v"" */
void plot_attr(struct kai_buf *out, const char *name, double v);
void plot_text(struct kai_buf *out, double x, double y, const char *anchor, const char *more,
               const char *text);
void plot_escape(struct kai_buf *out, const char *text);
void plot_line(struct kai_buf *out, double x1, double y1, double x2, double y2, const char *more);
#define PLOT_NUMBER_CAP 28
char *plot_number(char out[static PLOT_NUMBER_CAP], uint64_t v); /* 12,345 */

#endif
