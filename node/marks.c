/* marks: what a REVOKE says of where the logs of the nodes end that it takes out. */
#include "node/marks.h"

#include <stdlib.h>
#include <string.h>

/* A node may name the log of another, or sixteen that are none, before it is taken out with it. */
static bool another_s(const struct kai_said *by, const struct kai_mark *row,
                      const struct kai_whose *whose, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(whose[i].blind, row->blind, sizeof row->blind) == 0)
            return memcmp(whose[i].author, by->node, KAI_ID_BYTES) != 0;
    return false;
}

static bool marked(const struct kai_revoke *r, const struct kai_mark *row)
{
    for (size_t i = 0; i < r->n_marks; i++)
        if (memcmp(r->marks[i].blind, row->blind, sizeof row->blind) == 0)
            return true;
    return false;
}

void kai_marks_pick(struct kai_revoke *r, const struct kai_said *said, size_t n,
                    const struct kai_whose *whose, size_t n_whose)
{
    for (size_t row = 0; row < KAI_CHECKPOINT_ROWS_MAX; row++)
        for (size_t i = 0; i < n && r->n_marks < KAI_CUTS_PER_REVOKE_MAX; i++) {
            const struct kai_mark *is = &said[i].p.rows[row];

            if (row < said[i].p.n && !another_s(&said[i], is, whose, n_whose) && !marked(r, is))
                r->marks[r->n_marks++] = *is;
        }
    kai_marks_sort(r->marks, r->n_marks);
}

/* ---- What is known here. */
struct known {
    const struct kai_roster *roster;
    const uint8_t *node_cert, *org_id; /* What is taken out: one of them. */
    size_t n, cap;
    struct kai_whose *whose;
    enum kai_err err;
};

static bool hit(const struct known *k, const struct kai_node *n)
{
    return k->node_cert != NULL ? memcmp(n->cert, k->node_cert, KAI_ID_BYTES) == 0
                                : memcmp(n->org->id, k->org_id, KAI_ID_BYTES) == 0;
}

/* Also of a node of which no word is held: another one can name its log as well. */
static bool add_log(void *ctx, const struct kai_log *log)
{
    struct known *k = ctx;
    const struct kai_node *author =
        log->kind == KAI_LOG_DATA ? kai_roster_node(k->roster, log->author_node) : NULL;

    if (author == NULL || !hit(k, author))
        return true;
    if (k->n == k->cap) {
        size_t cap = k->cap == 0 ? 64 : 2 * k->cap;
        struct kai_whose *more = realloc(k->whose, cap * sizeof *more);

        k->err = more == NULL ? KAI_ENOMEM : KAI_OK;
        if (more == NULL)
            return false;
        k->whose = more;
        k->cap = cap;
    }
    kai_mark_blind(k->whose[k->n].blind, log->salt, log->log_pk);
    memcpy(k->whose[k->n++].author, log->author_node, KAI_ID_BYTES);
    return true;
}

static enum kai_err read_logs(const struct kai_core *c, struct known *k)
{
    struct kai_snap *s = NULL;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_logs(s, add_log, k);
    kai_snap_end(s);
    return err == KAI_OK ? k->err : err;
}

/* How many words are held of the nodes that are hit; *hits: of how many nodes. */
static size_t last_words(const struct kai_core *c, const struct known *k, size_t *hits,
                         struct kai_said **out)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes), said = 0;

    *hits = 0;
    for (size_t i = 0; i < n; i++)
        *hits += hit(k, &nodes[i]);
    *out = calloc(*hits + 1, sizeof **out);
    for (size_t i = 0; *out != NULL && i < n; i++)
        if (hit(k, &nodes[i]) &&
            kai_checkpoint_parse(&(*out)[said].p, kai_net_checkpoint_of(c->net, nodes[i].id)) ==
                KAI_OK)
            memcpy((*out)[said++].node, nodes[i].id, KAI_ID_BYTES);
    return said;
}

void kai_marks_of(struct kai_core *c, struct kai_revoke *r, const uint8_t *node_cert,
                  const uint8_t *org_id)
{
    struct known k = {.roster = kai_net_roster(c->net), .node_cert = node_cert, .org_id = org_id};
    struct kai_said *said = NULL;
    size_t hits, n = last_words(c, &k, &hits, &said);

    if (n > 0 && hits > 1 && read_logs(c, &k) != KAI_OK)
        n = 1; /* What one says of the logs of another cannot be told then. */
    kai_marks_pick(r, said, n, k.whose, k.n);
    free(k.whose);
    free(said);
}
