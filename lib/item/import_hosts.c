/* import_hosts: a hosts file that sends bad names nowhere, "0.0.0.0 name ... # comment". */
#include "item/import_lines.h"

#include <string.h>

#include "item/ascii.h"
#include "item/host.h"
#include "item/ip.h"

#define LOOK_LINES 1000u /* More than what every machine's file begins with. */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, past it; empty at the end or at a comment. */
static struct kai_view next_word(struct kai_view *line)
{
    struct kai_view word;
    size_t n = 0;

    while (line->n > 0 && is_blank(line->p[0]))
        *line = kai_view_from(*line, 1);
    while (n < line->n && !is_blank(line->p[n]) && line->p[n] != '#')
        n++;
    word = kai_view_of(line->p, n);
    *line = kai_view_from(*line, n);
    return word;
}

static bool is_nowhere(struct kai_view word)
{
    static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (kai_ascii_is(word, addresses[i]))
            return true;
    return false;
}

static bool is_name(struct kai_view word)
{
    char norm[KAI_DOMAIN_CAP];
    size_t n;

    return word.n > 0 && kai_domain_norm(word, norm, &n);
}

/* The machine's own names, which its file has before anything else. */
static bool is_own(struct kai_view word)
{
    static const char *const names[] = {"localhost.localdomain", "localhost6.localdomain6", "local",
                                        "0.0.0.0"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kai_ascii_is(word, names[i]))
            return true;
    return memchr(word.p, '.', word.n) == NULL; /* localhost, broadcasthost, ip6-allnodes. */
}

/* An address, with or without a zone (fe80::1%lo0). */
static bool is_address(struct kai_view word)
{
    struct kai_cidr ip;

    word.n = kai_view_find(word, '%');
    return kai_ip4_parse(&ip, word) || kai_ip6_parse(&ip, word);
}

bool kai_hosts_look(struct kai_view file, size_t at)
{
    unsigned lines = 0;
    unsigned nowhere = 0;

    while (at < file.n && lines < LOOK_LINES) {
        struct kai_view line = kai_lines_next(file, &at);
        struct kai_view address = next_word(&line);

        if (address.n == 0)
            continue;
        lines++;
        nowhere += is_nowhere(address) && is_name(next_word(&line));
    }
    return nowhere > 0 && 2 * nowhere >= lines;
}

static enum kai_err take_line(struct kai_lines *l, struct kai_view line)
{
    struct kai_view address = next_word(&line);
    struct kai_view name;
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;
    enum kai_err err = KAI_OK;

    if (address.n == 0)
        return KAI_OK;
    if (!is_nowhere(address)) {
        struct kai_why why = {.code = NULL};
        char text[KAI_WHY_ARG_BYTES];

        if (is_address(address)) {
            kai_lines_leave(l, "hosts.mapped", address);
            return KAI_OK;
        }
        (void)kai_why_set(&why, KAI_EMALFORMED, "hosts.line", kai_lines_text(text, address), NULL,
                          NULL);
        return kai_lines_refuse(l, &why);
    }
    while (err == KAI_OK && (name = next_word(&line)).n > 0) {
        struct kai_why why = {.code = NULL};

        if (is_own(name)) {
            kai_lines_leave(l, "hosts.own", name);
            continue;
        }
        err = kai_value_norm(KAI_V_DOMAIN, name, norm, sizeof norm, &n, &why);
        if (err == KAI_OK)
            err = kai_lines_add(l, KAI_V_DOMAIN, name, kai_view_of(norm, n));
        else if (err != KAI_ENOMEM)
            err = kai_lines_refuse(l, &why);
    }
    return err;
}

enum kai_err kai_import_hosts(struct importer *im, size_t at)
{
    enum kai_err err = kai_importer_said(im, kai_importer_remarks(im, at, KAI_SAID_SIGN));

    if (err != KAI_OK || im->sum.refused > 0)
        return err;
    return kai_lines_run(im, take_line, NULL, NULL, "file.empty");
}
