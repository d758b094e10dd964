/* plot: deliveries over time, the bound, and degrees, as one picture. */
#include "topology/sim/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/plot_int.h"

uint64_t kai_plot_quantile(const struct kai_plot_times *t, unsigned of_1000)
{
    size_t rank = (t->due / 1000) * of_1000 + (t->due % 1000 * of_1000 + 999) / 1000;

    return rank > 0 && rank <= t->n ? t->ms[rank - 1] : UINT64_MAX;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t *sorted(const struct kai_plot_times *t)
{
    uint64_t *ms = calloc(t->n + 1, sizeof *ms); /* + 1: an empty allocation may be NULL. */

    if (ms == NULL || t->n == 0)
        return ms;
    memcpy(ms, t->ms, t->n * sizeof *ms);
    qsort(ms, t->n, sizeof *ms, by_time);
    return ms;
}

/* ---- Shares over time. */

/* A step for each time; those that fall into the same half pixel as the step before are left to it.
 */
static void curve(struct kai_buf *out, const struct plot_axis *a, double top,
                  const struct kai_plot_times *t, const char *stroke)
{
    double bottom = top + PLOT_HEIGHT;
    double x = plot_x(a, a->lo);
    double y = bottom;

    kai_buf_text(out, "<path d=\"M");
    plot_px(out, x);
    kai_buf_text(out, " ");
    plot_px(out, y);
    for (size_t i = 0; i < t->n; i++) {
        double to_x = plot_x(a, (double)t->ms[i]);
        double to_y = bottom - PLOT_HEIGHT * (double)(i + 1) / (double)t->due;

        if (i + 1 < t->n && to_x - x < 0.5 && y - to_y < 0.5)
            continue;
        kai_buf_text(out, "H");
        plot_px(out, to_x);
        kai_buf_text(out, "V");
        plot_px(out, to_y);
        x = to_x;
        y = to_y;
    }
    kai_buf_text(out, "H");
    plot_px(out, PLOT_LEFT + PLOT_INNER);
    kai_buf_printf(out, "\" fill=\"none\" stroke-width=\"2.5\" %s/>\n", stroke);
}

struct mark {
    const char *name;
    uint64_t ms;
    double share;
    bool last;
};

/* A mark on the curve, and its label where the curve is not: right of it and below, or left of it
 * near the right end; that of the last, a square, above. */
static void mark(struct kai_buf *out, const struct plot_axis *a, double top, const struct mark *m,
                 const char *colour)
{
    double x = plot_x(a, (double)m->ms);
    double y = top + PLOT_HEIGHT * (1 - m->share);
    bool left = x > PLOT_LEFT + PLOT_INNER - 150;
    char number[PLOT_NUMBER_CAP];
    char text[64];

    kai_buf_text(out, m->last ? "<rect width=\"10\" height=\"10\"" : "<circle r=\"5\"");
    plot_attr(out, m->last ? "x" : "cx", m->last ? x - 5 : x);
    plot_attr(out, m->last ? "y" : "cy", m->last ? y - 5 : y);
    kai_buf_printf(out, " fill=\"#fff\" stroke-width=\"2.5\" stroke=\"%s\"/>\n", colour);
    (void)snprintf(text, sizeof text, "%s %s ms", m->name, plot_number(number, m->ms));
    plot_text(out, left ? x - 10 : x + 10, m->last ? y - 11 : y + 22, left ? "end" : "start",
              " class=\"said\"", text);
}

static void marks(struct kai_buf *out, const struct plot_axis *a, double top,
                  const struct kai_plot_times *t, const char *colour)
{
    const struct mark all[] = {
        {"p50", kai_plot_quantile(t, 500), 0.5, false},
        {"p99", kai_plot_quantile(t, 990), 0.99, false},
        {"last", t->ms[t->n - 1], (double)t->n / (double)t->due, true},
    };
    const size_t n = sizeof all / sizeof *all;

    /* The lines down to the axis first, so that none crosses a label. */
    for (size_t i = 0; i < n; i++)
        if (all[i].ms != UINT64_MAX)
            plot_line(out, plot_x(a, (double)all[i].ms), top + PLOT_HEIGHT * (1 - all[i].share),
                      plot_x(a, (double)all[i].ms), top + PLOT_HEIGHT, " class=\"mark\"");
    for (size_t i = 0; i < n; i++)
        if (all[i].ms != UINT64_MAX)
            mark(out, a, top, &all[i], colour);
}

static void shares(struct kai_buf *out, const struct plot_axis *a, double top,
                   const struct kai_plot_times *t, const char *what, bool dashed)
{
    const char *colour = dashed ? PLOT_BOUND : PLOT_MEASURED;
    char n[PLOT_NUMBER_CAP];
    char due[PLOT_NUMBER_CAP];
    char text[200];

    (void)snprintf(text, sizeof text, "%s: %s of %s deliveries%s", what, plot_number(n, t->n),
                   plot_number(due, t->due), t->n < t->due ? "; the others never came" : "");
    plot_head(out, top, colour, text);
    plot_left_draw(out, top, 100, true, "share of deliveries");
    plot_axis_draw(out, a, top,
                   a->log ? "milliseconds since publication (logarithmic)"
                          : "milliseconds since publication");
    if (t->n == 0)
        return;
    (void)snprintf(text, sizeof text, "stroke=\"%s\"%s", colour,
                   dashed ? " stroke-dasharray=\"9 5\"" : "");
    curve(out, a, top, t, text);
    marks(out, a, top, t, colour);
}

/* ---- Degrees. */

#define BARS 64u

/* A bar stands around its mark where it is of one degree, and right of it where it is of several.
 */
static void bars(struct kai_buf *out, double top, const uint64_t count[BARS], uint64_t width,
                 const struct plot_axis *a, uint64_t most)
{
    for (size_t i = 0; i < BARS; i++) {
        double height = PLOT_HEIGHT * (double)count[i] / (double)most;
        double from = plot_x(a, (double)(i * width) - a->margin);

        if (count[i] == 0)
            continue;
        height = height < 3 ? 3 : height; /* One of thousands is seen as well. */
        kai_buf_text(out, "<rect class=\"bar\"");
        plot_attr(out, "x", from + 1);
        plot_attr(out, "y", top + PLOT_HEIGHT - height);
        plot_attr(out, "width", plot_x(a, (double)((i + 1) * width) - a->margin) - from - 2);
        plot_attr(out, "height", height);
        kai_buf_text(out, "/>\n");
    }
}

static void degrees(struct kai_buf *out, double top, const uint32_t *degree, size_t n)
{
    uint64_t count[BARS] = {0};
    uint64_t sum = 0;
    uint64_t max = 0;
    uint64_t most = 1;
    char text[200];
    char number[PLOT_NUMBER_CAP];

    for (size_t i = 0; i < n; i++) {
        sum += degree[i];
        max = degree[i] > max ? degree[i] : max;
    }
    const uint64_t width = max / BARS + 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t *c = &count[degree[i] / width];

        most = ++*c > most ? *c : most;
    }
    const uint64_t tenths = (10 * sum + n / 2) / n;
    const uint64_t bins = max / width + (width > 1); /* Up to the right end of the last. */
    struct plot_axis a = plot_axis_to((double)(bins * width), false);
    double x;

    a.margin = width > 1 ? 0 : 0.5;
    x = plot_x(&a, (double)sum / (double)n);
    (void)snprintf(text, sizeof text, "Links of %s nodes: mean %llu.%llu, most %llu",
                   plot_number(number, n), (unsigned long long)tenths / 10,
                   (unsigned long long)tenths % 10, (unsigned long long)max);
    plot_head(out, top, "#222", text);
    plot_left_draw(out, top, most, false, "nodes");
    plot_axis_draw(out, &a, top, width > 1 ? "links (several numbers to a bar)" : "links");
    bars(out, top, count, width, &a, most);
    plot_line(out, x, top - 8, x, top + PLOT_HEIGHT, " class=\"mean\"");
    plot_text(out, x + 6, top - 4, "start", " class=\"said\"", "mean");
}

static void head(struct kai_buf *out, const struct kai_plot *p, double height)
{
    kai_buf_printf(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                   "viewBox=\"0 0 %d %.0f\" role=\"img\">\n<title>",
                   PLOT_WIDTH, height, PLOT_WIDTH, height);
    plot_escape(out, p->title != NULL ? p->title : "Deliveries");
    kai_buf_text(out, "</title>\n<style>"
                      "text{font:14px sans-serif;fill:#222}"
                      ".title{font-size:20px;font-weight:bold}"
                      ".head{font-size:15px;font-weight:bold}"
                      ".said{font-weight:bold;stroke:#fff;stroke-width:4px;paint-order:stroke}"
                      ".grid{stroke:#ddd}.axis{stroke:#222;stroke-width:1.5}"
                      ".mark{stroke:#555;stroke-dasharray:2 4}"
                      ".mean{stroke:#222;stroke-width:2;stroke-dasharray:6 4}"
                      ".bar{fill:#8cb8d8;stroke:#0072b2}"
                      "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    if (p->title != NULL)
        plot_text(out, PLOT_LEFT, 36, "start", " class=\"title\"", p->title);
    if (p->note != NULL)
        plot_text(out, PLOT_LEFT, 60, "start", "", p->note);
}

/* The axis that both panels of times share: logarithmic where a few come so late that the others
 * would stand in one place. */
static struct plot_axis shared_axis(const struct kai_plot_times *m, const struct kai_plot_times *b)
{
    uint64_t last = m->n > 0 ? m->ms[m->n - 1] : 0;
    uint64_t middle = m->n > 0 ? m->ms[m->n / 2] : 0;

    if (b->n > 0 && b->ms[b->n - 1] > last)
        last = b->ms[b->n - 1];
    return plot_axis_to((double)last, middle > 0 && last / middle >= 20);
}

static void panels(struct kai_buf *out, const struct kai_plot *p, const struct kai_plot_times *m,
                   const struct kai_plot_times *b)
{
    struct plot_axis a = shared_axis(m, b);
    double top = 130;

    head(out, p, PLOT_PANEL * (1 + (b->n > 0) + (p->n_degree > 0)) + 80);
    shares(out, &a, top, m, "Measured", false);
    if (b->n > 0)
        shares(out, &a, top += PLOT_PANEL, b, "Shortest-path bound, the same links", true);
    if (p->n_degree > 0)
        degrees(out, top + PLOT_PANEL, p->degree, p->n_degree);
    kai_buf_text(out, "</svg>\n");
}

enum kai_err kai_plot_svg(struct kai_buf *out, const struct kai_plot *p)
{
    struct kai_plot_times measured = p->measured;
    struct kai_plot_times bound = p->bound;
    uint64_t *m;
    uint64_t *b;
    enum kai_err err = KAI_ENOMEM;

    if (measured.n > measured.due || bound.n > bound.due)
        return KAI_EMALFORMED;
    measured.ms = m = sorted(&measured);
    bound.ms = b = sorted(&bound);
    if (m != NULL && b != NULL) {
        panels(out, p, &measured, &bound);
        err = out->err;
    }
    free(m);
    free(b);
    return err;
}
