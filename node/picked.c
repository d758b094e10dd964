/* picked: what one pass over a file picked out. */
#include "node/picked.h"

#include <string.h>

#include "base/limits.h"

struct pick {
    uint64_t n_bytes; /* Of the content, which follows. */
    uint8_t id[KAI_ID_BYTES];
    uint32_t n;
    uint8_t kind;
    struct kai_label label;
};

void kai_picked_init(struct kai_picked *k)
{
    k->over = false;
    kai_buf_init(&k->bytes, KAI_PICKED_BYTES_MAX);
}

void kai_picked_free(struct kai_picked *k)
{
    kai_buf_free(&k->bytes);
}

void kai_picked_add(struct kai_picked *k, const struct kai_candidate *c)
{
    struct pick p = {.n_bytes = c->content.n, .n = c->n, .kind = c->kind, .label = c->label};

    if (k->over)
        return;
    memcpy(p.id, c->id, sizeof p.id);
    kai_buf_add(&k->bytes, &p, sizeof p);
    kai_buf_add(&k->bytes, c->content.p, c->content.n);
    if (k->bytes.err != KAI_OK) { /* No memory, too: reading again needs none. */
        k->over = true;
        kai_buf_free(&k->bytes);
    }
}

enum kai_err kai_picked_each(const struct kai_picked *k,
                             enum kai_err (*f)(void *ctx, const struct kai_candidate *c), void *ctx)
{
    enum kai_err err = KAI_OK;

    for (size_t at = 0; err == KAI_OK && at < k->bytes.len;) {
        struct kai_candidate c = {.path = ""};
        struct pick p;

        memcpy(&p, k->bytes.p + at, sizeof p);
        at += sizeof p;
        c.kind = p.kind;
        c.label = p.label;
        c.n = p.n;
        c.id = p.id;
        c.content = kai_view_of(k->bytes.p + at, p.n_bytes);
        at += p.n_bytes;
        err = f(ctx, &c);
    }
    return err;
}
