/* picked: a buffer that grows, and is followed in copies of a piece at a time. */
#include "node/picked.h"

#include <string.h>

#include "base/limits.h"
#include "item/label.h"

#define PIECE_BYTES (256u << 10) /* So much is copied, and worth waking somebody for. */

struct pick {
    uint64_t n_bytes; /* Of the content, which follows. */
    uint8_t id[KAI_ID_BYTES];
    uint32_t n;
    uint8_t kind;
    struct kai_label label;
};

void kai_picked_init(struct kai_picked *k)
{
    *k = (struct kai_picked){.over = false};
    (void)pthread_mutex_init(&k->mu, NULL);
    (void)pthread_cond_init(&k->more, NULL);
    kai_buf_init(&k->bytes, KAI_PICKED_BYTES_MAX);
}

void kai_picked_free(struct kai_picked *k)
{
    kai_buf_free(&k->bytes);
    (void)pthread_cond_destroy(&k->more);
    (void)pthread_mutex_destroy(&k->mu);
}

static bool is_begun(const struct kai_picked *k)
{
    return k->highest > KAI_TLP_CLEAR;
}

void kai_picked_add(struct kai_picked *k, const struct kai_candidate *c)
{
    struct pick p = {.n_bytes = c->content.n, .n = c->n, .kind = c->kind, .label = c->label};

    memcpy(p.id, c->id, sizeof p.id);
    (void)pthread_mutex_lock(&k->mu);
    bool was_begun = is_begun(k);
    size_t pieces = k->bytes.len / PIECE_BYTES;
    k->highest = c->label.tlp > k->highest ? c->label.tlp : k->highest;
    if (!k->over) {
        kai_buf_add(&k->bytes, &p, sizeof p);
        kai_buf_add(&k->bytes, c->content.p, c->content.n);
        k->over = k->bytes.err != KAI_OK; /* No memory, too: reading again needs none. */
    }
    if (k->over)
        kai_buf_free(&k->bytes);
    if (k->over || is_begun(k) != was_begun || k->bytes.len / PIECE_BYTES != pieces)
        (void)pthread_cond_broadcast(&k->more);
    (void)pthread_mutex_unlock(&k->mu);
}

void kai_picked_close(struct kai_picked *k, bool good)
{
    (void)pthread_mutex_lock(&k->mu);
    k->closed = true;
    k->good = good;
    (void)pthread_cond_broadcast(&k->more);
    (void)pthread_mutex_unlock(&k->mu);
}

bool kai_picked_begun(struct kai_picked *k, bool whole, uint8_t *highest)
{
    (void)pthread_mutex_lock(&k->mu);
    while (!k->closed && (whole || !is_begun(k)))
        (void)pthread_cond_wait(&k->more, &k->mu);
    *highest = k->highest;
    bool go = !k->closed || k->good;
    (void)pthread_mutex_unlock(&k->mu);
    return go;
}

bool kai_picked_end(struct kai_picked *k)
{
    (void)pthread_mutex_lock(&k->mu);
    while (!k->closed)
        (void)pthread_cond_wait(&k->more, &k->mu);
    bool good = k->good;
    (void)pthread_mutex_unlock(&k->mu);
    return good;
}

bool kai_picked_is_over(struct kai_picked *k)
{
    (void)pthread_mutex_lock(&k->mu);
    bool over = k->over;
    (void)pthread_mutex_unlock(&k->mu);
    return over;
}

static struct kai_candidate candidate_at(const uint8_t *at, struct pick *p)
{
    struct kai_candidate c = {.path = ""};

    memcpy(p, at, sizeof *p);
    c.kind = p->kind;
    c.label = p->label;
    c.n = p->n;
    c.id = p->id;
    c.content = kai_view_of(at + sizeof *p, p->n_bytes);
    return c;
}

/* Whole picks from *at on into the piece, which stays empty at the end. */
static enum kai_err next_piece(struct kai_picked *k, size_t *at, struct kai_buf *piece)
{
    enum kai_err err = KAI_OK;

    kai_buf_clear(piece);
    (void)pthread_mutex_lock(&k->mu);
    while (!k->closed && !k->over && k->bytes.len < *at + PIECE_BYTES)
        (void)pthread_cond_wait(&k->more, &k->mu);
    if (k->over)
        err = KAI_EAGAIN;
    for (size_t end = *at; err == KAI_OK && end < k->bytes.len && piece->len < PIECE_BYTES;) {
        struct pick p;

        memcpy(&p, k->bytes.p + end, sizeof p);
        kai_buf_add(piece, k->bytes.p + end, sizeof p + p.n_bytes);
        end += sizeof p + p.n_bytes;
        err = piece->err;
    }
    (void)pthread_mutex_unlock(&k->mu);
    *at += piece->len;
    return err;
}

enum kai_err kai_picked_each(struct kai_picked *k,
                             enum kai_err (*f)(void *ctx, const struct kai_candidate *c), void *ctx)
{
    enum kai_err err = KAI_OK;
    struct kai_buf piece;
    size_t next = 0;

    kai_buf_init(&piece, KAI_PICKED_BYTES_MAX);
    do {
        err = next_piece(k, &next, &piece);
        for (size_t at = 0; err == KAI_OK && at < piece.len;) {
            struct pick p;
            struct kai_candidate c = candidate_at(piece.p + at, &p);

            at += sizeof p + p.n_bytes;
            err = f(ctx, &c);
        }
    } while (err == KAI_OK && piece.len > 0);
    kai_buf_free(&piece);
    return err;
}
