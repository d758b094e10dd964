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
    const struct kai_said *said;
    size_t n_said, n, cap;
    struct kai_whose *whose;
};

static bool is_said(const struct known *k, const uint8_t node[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < k->n_said; i++)
        if (memcmp(k->said[i].node, node, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

static bool add_log(void *ctx, const struct kai_log *log)
{
    struct known *k = ctx;

    if (log->kind != KAI_LOG_DATA || !is_said(k, log->author_node))
        return true;
    if (k->n == k->cap) {
        size_t cap = k->cap == 0 ? 64 : 2 * k->cap;
        struct kai_whose *more = realloc(k->whose, cap * sizeof *more);

        if (more == NULL)
            return false;
        k->whose = more;
        k->cap = cap;
    }
    kai_mark_blind(k->whose[k->n].blind, log->salt, log->log_pk);
    memcpy(k->whose[k->n++].author, log->author_node, KAI_ID_BYTES);
    return true;
}

static bool hit(const struct kai_node *n, const uint8_t *node_cert, const uint8_t *org_id)
{
    return node_cert != NULL ? memcmp(n->cert, node_cert, KAI_ID_BYTES) == 0
                             : memcmp(n->org->id, org_id, KAI_ID_BYTES) == 0;
}

static size_t last_words(const struct kai_core *c, const uint8_t *node_cert, const uint8_t *org_id,
                         struct kai_said **out)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(kai_net_roster(c->net), &nodes), most = 0, k = 0;

    for (size_t i = 0; i < n; i++)
        most += hit(&nodes[i], node_cert, org_id);
    *out = calloc(most + 1, sizeof **out);
    for (size_t i = 0; *out != NULL && i < n; i++)
        if (hit(&nodes[i], node_cert, org_id) &&
            kai_checkpoint_parse(&(*out)[k].p, kai_net_checkpoint_of(c->net, nodes[i].id)) ==
                KAI_OK)
            memcpy((*out)[k++].node, nodes[i].id, KAI_ID_BYTES);
    return k;
}

void kai_marks_of(struct kai_core *c, struct kai_revoke *r, const uint8_t *node_cert,
                  const uint8_t *org_id)
{
    struct kai_said *said = NULL;
    struct known k = {0};
    struct kai_snap *s = NULL;

    k.n_said = last_words(c, node_cert, org_id, &said);
    k.said = said;
    if (k.n_said > 1 && kai_snap_begin(c->store, &s) == KAI_OK)
        (void)!kai_snap_logs(s, add_log, &k);
    kai_snap_end(s);
    kai_marks_pick(r, said, k.n_said, k.whose, k.n);
    free(k.whose);
    free(said);
}
