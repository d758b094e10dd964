/* plot_axis: axes, marks and text of a picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/plot_int.h"

void plot_px(struct kai_buf *out, double v)
{
    long tenths = lround(v * 10);

    kai_buf_printf(out, "%ld.%ld", tenths / 10, labs(tenths % 10));
}

void plot_attr(struct kai_buf *out, const char *name, double v)
{
    kai_buf_printf(out, " %s=\"", name);
    plot_px(out, v);
    kai_buf_text(out, "\"");
}

void plot_escape(struct kai_buf *out, const char *text)
{
    bool utf8 = kai_utf8_ok((const uint8_t *)text, strlen(text));

    for (; *text != '\0'; text++) {
        uint8_t c = (uint8_t)*text;

        if (c == '&')
            kai_buf_text(out, "&amp;");
        else if (c == '<')
            kai_buf_text(out, "&lt;");
        else if (c == '>')
            kai_buf_text(out, "&gt;");
        else
            kai_buf_u8(out, c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8) ? '?' : c);
    }
}

void plot_text(struct kai_buf *out, double x, double y, const char *anchor, const char *more,
               const char *text)
{
    kai_buf_text(out, "<text");
    plot_attr(out, "x", x);
    plot_attr(out, "y", y);
    kai_buf_printf(out, " text-anchor=\"%s\"%s>", anchor, more);
    plot_escape(out, text);
    kai_buf_text(out, "</text>\n");
}

void plot_line(struct kai_buf *out, double x1, double y1, double x2, double y2, const char *more)
{
    kai_buf_text(out, "<line");
    plot_attr(out, "x1", x1);
    plot_attr(out, "y1", y1);
    plot_attr(out, "x2", x2);
    plot_attr(out, "y2", y2);
    kai_buf_printf(out, "%s/>\n", more);
}

char *plot_number(char out[static PLOT_NUMBER_CAP], uint64_t v)
{
    char digits[PLOT_NUMBER_CAP];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* 1, 2 or 5 times a power of ten, not below v; at least 1. */
static double round_up(double v)
{
    double ten = 1;

    while (10 * ten < v)
        ten *= 10;
    return v <= ten ? ten : v <= 2 * ten ? 2 * ten : v <= 5 * ten ? 5 * ten : 10 * ten;
}

struct plot_axis plot_axis_to(double hi, bool log)
{
    struct plot_axis a = {.log = log, .lo = log ? 1 : 0};

    if (log) {
        a.hi = round_up(hi < 10 ? 10 : hi);
        return a;
    }
    a.step = round_up(hi / 10);
    a.hi = a.step * ceil((hi < 1 ? 1 : hi) / a.step);
    return a;
}

double plot_x(const struct plot_axis *a, double v)
{
    double part =
        a->log ? log10(v < 1 ? 1 : v) / log10(a->hi) : (v + a->margin) / (a->hi + 2 * a->margin);

    return PLOT_LEFT + PLOT_INNER * part;
}

/* Mark i: steps from 0 where it is linear; 1, 2, 5, 10, 20 ... where it is logarithmic. */
static double mark_at(const struct plot_axis *a, unsigned i)
{
    static const double of_ten[] = {1, 2, 5};
    double v = of_ten[i % 3];

    if (!a->log)
        return a->step * i;
    for (unsigned k = 0; k < i / 3; k++)
        v *= 10;
    return v;
}

void plot_axis_draw(struct kai_buf *out, const struct plot_axis *a, double top, const char *label)
{
    double bottom = top + PLOT_HEIGHT;
    char text[PLOT_NUMBER_CAP];

    for (unsigned i = 0; mark_at(a, i) <= a->hi * 1.0001; i++) {
        double v = mark_at(a, i);

        plot_line(out, plot_x(a, v), top, plot_x(a, v), bottom, " class=\"grid\"");
        plot_text(out, plot_x(a, v), bottom + 18, "middle", "",
                  plot_number(text, (uint64_t)lround(v)));
    }
    plot_line(out, PLOT_LEFT, bottom, PLOT_LEFT + PLOT_INNER, bottom, " class=\"axis\"");
    plot_text(out, PLOT_LEFT + PLOT_INNER / 2.0, bottom + 40, "middle", "", label);
}

void plot_left_draw(struct kai_buf *out, double top, uint64_t hi, bool percent, const char *label)
{
    struct plot_axis a = {.hi = (double)hi, .step = percent ? 25 : round_up((double)hi / 5)};
    char number[PLOT_NUMBER_CAP];
    char text[PLOT_NUMBER_CAP + 2];
    double y = top + PLOT_HEIGHT / 2.0;

    for (unsigned i = 0; mark_at(&a, i) <= a.hi; i++) {
        double v = mark_at(&a, i);
        double at = top + PLOT_HEIGHT * (1 - v / a.hi);

        (void)snprintf(text, sizeof text, "%s%s", plot_number(number, (uint64_t)v),
                       percent ? " %" : "");
        plot_line(out, PLOT_LEFT, at, PLOT_LEFT + PLOT_INNER, at, " class=\"grid\"");
        plot_text(out, PLOT_LEFT - 8, at + 5, "end", "", text);
    }
    plot_line(out, PLOT_LEFT, top, PLOT_LEFT, top + PLOT_HEIGHT, " class=\"axis\"");
    kai_buf_text(out, "<g transform=\"translate(18 ");
    plot_px(out, y);
    kai_buf_text(out, ") rotate(-90)\">");
    plot_text(out, 0, 0, "middle", "", label);
    kai_buf_text(out, "</g>\n");
}

void plot_head(struct kai_buf *out, double top, const char *colour, const char *what)
{
    char more[64];

    (void)snprintf(more, sizeof more, " class=\"head\" style=\"fill:%s\"", colour);
    plot_text(out, PLOT_LEFT, top - 34, "start", more, what);
}
