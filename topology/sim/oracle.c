/* oracle: judges every frame by the script, and by nothing that the engine thinks. */
#include "topology/sim/sim_int.h"

#include <stdio.h>
#include <string.h>

bool kai_sim_is_member(const struct kai_sim *s, size_t node, size_t aud)
{
    if (!s->node[node].admitted || s->node[node].revoked)
        return false;
    return aud != 2 || node % 2 == 1;
}

/* Whether the sender has the receiver's REVOKE on its disk. */
static bool knows_removal(const struct kai_sim *s, const struct sim_node *from, size_t node)
{
    if (!s->revoke[node].bytes)
        return false;
    for (size_t i = 0; i < from->n_ctl; i++)
        if (memcmp(from->ctl_entry[i].e.hash, s->revoke[node].e.hash, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

static void judge(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                  const uint8_t *log_pk)
{
    size_t to = c->a == from->index ? c->b : c->a;

    for (size_t i = 0; i < s->n_truth; i++) {
        size_t aud = s->truth[i].aud;
        if (memcmp(s->truth[i].log_pk, log_pk, KAI_KEY_BYTES) != 0)
            continue;
        if ((aud == 2 && to % 2 == 0) || !s->node[to].admitted || knows_removal(s, from, to)) {
            s->violations++;
            sim_trace(s, "VIOLATION: %zu sends audience %zu to %zu", from->index, aud, to);
        }
    }
}

/* Every log that a frame names or carries is one that the receiver may hear of. */
void sim_oracle_frame(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                      struct kai_view frame)
{
    struct kai_frame f;

    SIM_MUST(kai_frame_parse(&f, frame) == KAI_OK);
    if (f.type == KAI_MSG_PUSH || f.type == KAI_MSG_PROOF) {
        struct kai_hdr h;
        SIM_MUST(kai_hdr_parse(&h, f.hdr) == KAI_OK);
        judge(s, from, c, h.log_pk);
    }
    for (uint32_t i = 0; f.type == KAI_MSG_ENTRIES && i < f.n; i++) {
        struct kai_view hdr, sig, payload;
        struct kai_hdr h;
        kai_frame_parts(&f, &hdr, &sig, &payload);
        if (sig.n == KAI_SIG_BYTES && kai_hdr_parse(&h, hdr) == KAI_OK)
            judge(s, from, c, h.log_pk);
    }
    for (uint32_t i = 0; f.type == KAI_MSG_RB && i < f.n; i++) {
        struct kai_rb_range r;
        struct kai_rb_row row;
        kai_frame_range(&f, &r);
        for (uint32_t k = 0; k < r.n_rows; k++) {
            kai_range_row(&r, &row);
            judge(s, from, c, row.log_pk);
        }
    }
}

size_t kai_sim_entries(const struct kai_sim *s, size_t node, size_t aud)
{
    const struct sim_node *n = &s->node[node];
    size_t k = 0;

    for (size_t i = 0; i < n->n_logs; i++)
        if (memcmp(n->log[i].l.aud_id, s->aud[aud].id, KAI_ID_BYTES) == 0)
            k += n->log[i].n;
    return k;
}

static const struct sim_log *log_of(const struct sim_node *n, const uint8_t *log_pk)
{
    for (size_t i = 0; i < n->n_logs; i++)
        if (memcmp(n->log[i].l.log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return &n->log[i];
    return NULL;
}

static bool author_removed(const struct kai_sim *s, const struct sim_log *log)
{
    for (size_t i = 0; i < s->o.n_nodes; i++)
        if (s->node[i].revoked && memcmp(s->node[i].node_id, log->l.author_node, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

/* Logs of removed authors stand where each node saw the removal. */
static bool holds_all(const struct kai_sim *s, const struct sim_node *a, const struct sim_node *b,
                      size_t aud)
{
    for (size_t i = 0; i < a->n_logs; i++) {
        const struct sim_log *log = &a->log[i], *other;
        if (memcmp(log->l.aud_id, s->aud[aud].id, KAI_ID_BYTES) != 0 || author_removed(s, log))
            continue;
        other = log_of(b, log->l.log_pk);
        if (!other || other->n < log->n ||
            memcmp(other->entry[log->n - 1].e.hash, log->l.head, KAI_ID_BYTES) != 0)
            return false;
    }
    return true;
}

void kai_sim_explain(const struct kai_sim *s, FILE *out)
{
    for (size_t aud = 0; aud < s->n_auds; aud++)
        for (size_t i = 0; i < s->o.n_nodes; i++)
            for (size_t j = 0; j < s->o.n_nodes; j++)
                if (i != j && s->node[i].up && s->node[j].up && kai_sim_is_member(s, i, aud) &&
                    kai_sim_is_member(s, j, aud) && !holds_all(s, &s->node[i], &s->node[j], aud))
                    (void)fprintf(
                        out,
                        "of audience %zu, %zu (%zu entries) lacks what %zu (%zu) has; link %s\n",
                        aud, j, kai_sim_entries(s, j, aud), i, kai_sim_entries(s, i, aud),
                        kai_sim_state(s, j, i));
}

bool kai_sim_converged(const struct kai_sim *s, size_t *entries)
{
    if (entries)
        *entries = 0;
    for (size_t aud = 0; aud < s->n_auds; aud++)
        for (size_t i = 0; i < s->o.n_nodes; i++) {
            if (!s->node[i].up || !kai_sim_is_member(s, i, aud))
                continue;
            if (entries)
                *entries += kai_sim_entries(s, i, aud);
            for (size_t j = 0; j < s->o.n_nodes; j++)
                if (i != j && s->node[j].up && kai_sim_is_member(s, j, aud) &&
                    !holds_all(s, &s->node[i], &s->node[j], aud))
                    return false;
        }
    for (size_t i = 0; i < s->o.n_nodes; i++) /* Who is in an audience holds nothing of others. */
        if (i % 2 == 0 && s->n_auds > 2 && kai_sim_entries(s, i, 2) > 0)
            return false;
    return true;
}
