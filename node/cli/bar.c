/* bar: how far something is. */
#include "node/cli/bar.h"

#include <stdio.h>
#include <unistd.h>

#include "node/core.h"

#define SHOW_MS 1000u /* What takes less shows no progress. */
#define STEP_MS 200u

void kai_bar_show(void *bar, uint64_t done, uint64_t total)
{
    struct kai_bar *b = bar;
    uint64_t now = kai_now_ms();

    if (!b->on || now < b->began_ms + SHOW_MS || now < b->shown_ms + STEP_MS || total == 0)
        return;
    b->shown_ms = now;
    (void)fprintf(stderr, "\r%s %3llu %%", kai_text(b->cli->lang, b->id),
                  (unsigned long long)(done < total ? done * 100 / total : 100));
    (void)fflush(stderr);
}

struct kai_bar kai_bar_begin(const struct kai_cli *cli, const char *id)
{
    return (struct kai_bar){
        .cli = cli, .id = id, .on = isatty(STDERR_FILENO) != 0, .began_ms = kai_now_ms()};
}

void kai_bar_end(const struct kai_bar *b)
{
    if (b->shown_ms != 0)
        (void)fputc('\n', stderr);
}
