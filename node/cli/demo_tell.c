/* demo_tell: what the demo prints: each claim with what was seen, who holds what, the sum. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/demo.h"
#include "text/table.h"

const char *demo_text(const struct demo *d, const char *id)
{
    return kai_text(d->cli->lang, id);
}

void demo_step(const struct demo *d, const char *id)
{
    FILE *to = d->cli->json ? stderr : stdout;

    (void)fprintf(to, "%s%s\n", d->n_claims > 0 ? "\n" : "", demo_text(d, id));
    (void)fflush(to);
}

static void fill(const struct demo *d, const struct demo_claim *c, struct kai_buf *out)
{
    char id[64];

    kai_buf_init(out, 65536);
    (void)snprintf(id, sizeof id, "demo.claim.%s", c->name);
    kai_text_fill(d->cli->lang, id, c->a1, c->a2, c->a3, out);
    kai_buf_u8(out, '\0');
}

static void print_ms(double ms, char out[static 32])
{
    (void)snprintf(out, 32, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
}

static void tell_json(const struct demo_claim *c, const char *text)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "claim", json_string(c->name));
    if (c->org != NULL)
        (void)json_object_set_new(o, "org", json_string(c->org));
    (void)json_object_set_new(o, "ok", json_boolean(c->ok));
    (void)json_object_set_new(o, "ms", c->ms < 0 ? json_null() : json_real(c->ms));
    (void)json_object_set_new(o, "detail", json_string(text));
    if (c->seen != NULL)
        (void)json_object_set_new(o, "seen", json_string(c->seen));
    (void)json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    (void)putchar('\n');
    json_decref(o);
}

static void tell_text(const struct demo *d, const struct demo_claim *c, const char *text)
{
    char ms[32] = "";

    if (c->ms >= 0)
        print_ms(c->ms, ms);
    (void)printf("  [%s] ", demo_text(d, c->ok ? "demo.checked" : "demo.failed"));
    if (c->org != NULL)
        (void)printf("%s: ", c->org);
    (void)fputs(text, stdout);
    if (ms[0] != '\0')
        (void)printf(" (%s)", ms);
    (void)putchar('\n');
    if (!c->ok && c->seen != NULL && c->seen[0] != '\0')
        (void)printf("      %s: %s\n", demo_text(d, "demo.seen"), c->seen);
}

bool demo_claim(struct demo *d, const struct demo_claim *c)
{
    struct kai_buf text;

    d->n_claims++;
    d->n_failed += c->ok ? 0 : 1;
    fill(d, c, &text);
    const char *sentence = text.err == KAI_OK ? (const char *)text.p : c->name;
    if (d->cli->json)
        tell_json(c, sentence);
    else
        tell_text(d, c, sentence);
    (void)fflush(stdout);
    kai_buf_free(&text);
    return c->ok;
}

struct demo_thing *demo_thing_add(struct demo *d, const char *what, enum demo_who by,
                                  const char *to, const char *label)
{
    static struct demo_thing
        spare; /* A list of sixteen is long enough to read; the claims are made all the same. */
    struct demo_thing *t = d->n_things < DEMO_THINGS_MAX ? &d->things[d->n_things++] : &spare;

    *t = (struct demo_thing){.by = d->nodes[by].name, .to = to, .label = label};
    kai_copy_text(t->what, sizeof t->what, what);
    return t;
}

static void tell_things(const struct demo *d)
{
    struct kai_table *t = kai_table_new();
    struct kai_buf out;

    if (t == NULL)
        return;
    kai_table_column(t, demo_text(d, "demo.table.what"), KAI_ALIGN_LEFT);
    kai_table_column(t, demo_text(d, "demo.table.by"), KAI_ALIGN_LEFT);
    kai_table_column(t, demo_text(d, "demo.table.to"), KAI_ALIGN_LEFT);
    kai_table_column(t, demo_text(d, "demo.table.label"), KAI_ALIGN_LEFT);
    for (size_t i = 0; i < DEMO_ORGS; i++)
        kai_table_column(t, d->nodes[i].name, KAI_ALIGN_LEFT);
    for (size_t k = 0; k < d->n_things; k++) {
        const struct demo_thing *thing = &d->things[k];

        kai_table_cell(t, thing->what);
        kai_table_cell(t, thing->by);
        kai_table_cell(t, thing->to);
        kai_table_cell(t, thing->label);
        for (size_t i = 0; i < DEMO_ORGS; i++)
            kai_table_cell(t, demo_text(d, thing->holds[i] ? "demo.holds" : "demo.holds-not"));
    }
    kai_buf_init(&out, KAI_TABLE_BYTES_MAX);
    if (kai_table_print(t, 0, &out) == KAI_OK)
        (void)fwrite(out.p, 1, out.len, stdout);
    kai_buf_free(&out);
    kai_table_free(t);
}

int demo_tell_end(struct demo *d)
{
    double ms = demo_now() - d->began_ms;
    bool good = d->n_failed == 0 && d->n_claims > 0 && !demo_stopping();
    char total[24];
    char failed[24];
    char seconds[32];

    (void)snprintf(total, sizeof total, "%zu", d->n_claims);
    (void)snprintf(failed, sizeof failed, "%zu", d->n_failed);
    (void)snprintf(seconds, sizeof seconds, "%.1f", ms / 1000);
    if (d->cli->json) {
        (void)printf("{\"claims\":%zu,\"failed\":%zu,\"ms\":%.0f}\n", d->n_claims, d->n_failed, ms);
    } else {
        if (d->n_things > 0) {
            demo_step(d, "demo.step.holds");
            tell_things(d);
        }
        (void)putchar('\n');
        kai_cli_say(d->cli, good ? "demo.sum" : "demo.sum-failed", total, good ? seconds : failed,
                    NULL);
    }
    (void)fflush(stdout);
    return good ? KAI_EXIT_DONE : KAI_EXIT_FAILED;
}

void demo_tell_keep(const struct demo *d, pid_t relay)
{
    FILE *to = d->cli->json ? stderr : stdout;

    (void)fprintf(to, "\n%s\n", demo_text(d, "demo.keep"));
    for (size_t i = 0; i < DEMO_ORGS; i++)
        (void)fprintf(to, "  %s\n    %s --home %s status\n", d->nodes[i].name, d->exe,
                      d->nodes[i].home);
    (void)fprintf(to, "    %s --home %s query ip:198.18.0.0/15 --limit 5\n", d->exe,
                  d->nodes[DEMO_TOWN].home);
    (void)fprintf(to, "    %s --home %s audience list\n", d->exe, d->nodes[DEMO_PREF].home);
    (void)fprintf(to, "%s\n  kill", demo_text(d, "demo.keep-end"));
    for (size_t i = 0; i < DEMO_ORGS; i++)
        if (d->nodes[i].pid > 0)
            (void)fprintf(to, " %d", (int)d->nodes[i].pid);
    (void)fprintf(to, " %d && rm -r %s\n", (int)relay, d->dir);
}
