/* counted: names as the DNS server of Windows logs them, "(3)www(7)example(0)". */
#include "hunt/scan_priv.h"

#define LABEL_MAX 63u

/* The number in brackets that rest begins with: *n is how many bytes it takes; 0: it is none. */
static size_t number(struct kai_view rest, size_t *n)
{
    size_t v = 0;
    size_t i = 1;

    *n = 0;
    while (i < rest.n && i <= 2 && kai_ascii_digit(rest.p[i]))
        v = v * 10 + (size_t)(rest.p[i++] - '0');
    if (rest.p[0] == '(' && i > 1 && i < rest.n && rest.p[i] == ')' && v <= LABEL_MAX)
        *n = i + 1;
    return v;
}

bool kai_hunt_counted(struct kai_view rest)
{
    size_t n;
    size_t label = number(rest, &n);

    return n > 0 && rest.n - n >= label &&
           (label == 0 || rest.n == n + label || rest.p[n + label] == '(');
}

void kai_hunt_uncount(struct kai_view line, struct kai_buf *out)
{
    bool inside = false;

    for (size_t at = 0; at < line.n;) {
        struct kai_view rest = kai_view_from(line, at);
        size_t n = 0;
        size_t label = rest.p[0] == '(' && kai_hunt_counted(rest) ? number(rest, &n) : 0;

        if (n == 0) {
            inside = false;
            kai_buf_u8(out, rest.p[0]);
            at++;
            continue;
        }
        kai_buf_u8(out, inside && label > 0 ? '.' : ' ');
        kai_buf_add(out, rest.p + n, label);
        inside = label > 0;
        at += n + label;
    }
}
