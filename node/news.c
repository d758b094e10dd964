/* news: whether anything that a reader may see has come, or has changed. */
#include "node/news.h"

#include "query/acts.h"

void kai_news_none(struct kai_news *n, struct kai_ixsnap *r)
{
    *n = (struct kai_news){.position = kai_ixsnap_position(r),
                           .row = kai_ixsnap_last(r),
                           .change = kai_ixsnap_changes(r),
                           .ends = kai_ixsnap_ends(r)};
}

/* One that is hidden or damaged is no news. */
static enum kai_err look_row(struct kai_ixsnap *r, uint64_t no, bool *any)
{
    struct kai_row row;
    enum kai_err err = kai_ixsnap_sound_row(r, no, &row);

    *any = *any || err == KAI_OK;
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

static enum kai_err look(struct kai_news *n, struct kai_ixsnap *r, bool *any)
{
    struct kai_news now;
    enum kai_err err = KAI_OK;

    kai_news_none(&now, r);
    *any = now.ends != n->ends;
    for (uint64_t no = n->row + 1; err == KAI_OK && !*any && no <= now.row; no++)
        err = look_row(r, no, any);
    for (uint64_t i = n->change + 1; err == KAI_OK && !*any && i <= now.change; i++) {
        uint64_t no;

        err = kai_ixsnap_change(r, i, &no);
        if (err == KAI_OK)
            err = look_row(r, no, any);
    }
    *n = now;
    return err;
}

enum kai_err kai_news_look(struct kai_news *n, struct kai_reader *r, bool *any)
{
    enum kai_err err = kai_reader_begin(r);

    if (err == KAI_OK)
        err = look(n, r->rows, any);
    kai_reader_end(r);
    return err;
}
