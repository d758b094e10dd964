/* lines_aside: half of the lines of a list, read on another thread.
 *
 * The file is cut into pieces; one is taken by whoever reads the file, and meanwhile the next one
 * on the other thread, which tells nothing: where a line is refused it stops, and that line is
 * taken again with all that follows. Values are put together in the order of their lines, so that
 * windows and lists are the same as of one thread. */
#include "item/import_lines.h"

#define PIECE_BYTES (1u << 20) /* Some 15 ms: much more than it takes to begin a thread. */
/* A value has a byte, and a line feed: no piece fills a bag. */
_Static_assert(PIECE_BYTES / 2 + 2 < KAI_BAG_VALUES_MAX, "a piece fits a bag");

static enum kai_err tell_nobody(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    (void)why;
    (void)id;
    return KAI_EAGAIN;
}

static const struct kai_import_sink nobody = {.refuse = tell_nobody};

void kai_lines_piece_init(struct kai_lines_piece *p, const struct kai_lines *l, kai_line_fn *take,
                          const struct kai_aside *aside)
{
    *p = (struct kai_lines_piece){.take = take, .aside = aside};
    p->im = (struct importer){
        .file = l->im->file, .name = l->im->name, .opts = l->im->opts, .sink = &nobody};
    p->l = (struct kai_lines){.im = &p->im, .ctx = l->ctx};
    kai_bag_init(&p->l.bag, l->im->file);
}

void kai_lines_piece_free(struct kai_lines_piece *p)
{
    kai_bag_free(&p->l.bag);
}

/* On the other thread. */
static void take_piece(void *arg)
{
    struct kai_lines_piece *p = arg;
    bool more = true;

    while (more && p->at < p->end) {
        size_t next = p->at;
        struct kai_view line = kai_lines_next(p->im.file, &next);

        more = p->take(&p->l, line) == KAI_OK && p->l.n_notes == 0;
        p->at = more ? next : p->at;
        p->l.line += more;
    }
}

/* Behind the line in which the piece ends. */
static size_t piece_end(struct kai_view file, size_t at)
{
    if (file.n - at <= PIECE_BYTES)
        return file.n;
    at += PIECE_BYTES;
    (void)kai_lines_next(file, &at);
    return at < file.n ? at : file.n;
}

size_t kai_lines_piece_begin(struct kai_lines_piece *p, size_t at)
{
    p->at = piece_end(p->im.file, at);
    p->end = piece_end(p->im.file, p->at);
    p->l.line = p->l.n_notes = 0;
    kai_bag_clear(&p->l.bag); /* What could not be joined. */
    size_t end = p->at;
    p->begun = p->at < p->end ? p->aside->begin(take_piece, p) : NULL;
    return end;
}

enum kai_err kai_lines_piece_end(struct kai_lines_piece *p, struct kai_lines *l, size_t *at)
{
    bool joined = false;
    enum kai_err err = KAI_OK;

    if (p->begun == NULL)
        return KAI_OK;
    p->aside->end(p->begun);
    err = kai_bag_join(&l->bag, &p->l.bag, &joined);
    if (err == KAI_OK && joined) {
        *at = p->at;
        l->line += p->l.line;
    }
    return err;
}
