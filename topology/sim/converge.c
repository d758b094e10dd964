/* converge: whether the members of the simulated network have come to hold and read the same. */
#include "topology/sim/sim_int.h"

#include <stdio.h>
#include <string.h>

#define NEWS_MS 20000u /* An author may not have heard of a newcomer for so long. */

size_t kai_sim_entries(const struct kai_sim *s, size_t node, size_t aud)
{
    const struct sim_node *n = &s->node[node];
    size_t k = 0;

    for (size_t i = 0; i < n->n_logs; i++)
        if (memcmp(n->log[i].l.aud_id, s->aud[aud].id, KAI_ID_BYTES) == 0)
            k += n->log[i].n;
    return k;
}

static bool author_removed(const struct kai_sim *s, const struct sim_log *log)
{
    size_t i = sim_map_get(&s->node_by_id, log->l.author_node);

    return i != SIM_MAP_NONE && s->node[i].revoked;
}

/* Logs of removed authors stand where each node saw the removal. */
static bool holds_all(const struct kai_sim *s, const struct sim_node *a, const struct sim_node *b,
                      size_t aud)
{
    for (size_t i = 0; i < a->n_logs; i++) {
        const struct sim_log *log = &a->log[i], *other;
        if (memcmp(log->l.aud_id, s->aud[aud].id, KAI_ID_BYTES) != 0 || author_removed(s, log))
            continue;
        other = sim_disk_log(b, log->l.log_pk);
        if (!other || other->n < log->n ||
            memcmp(other->entry[log->n - 1]->e.hash, log->l.head, KAI_ID_BYTES) != 0)
            return false;
    }
    return true;
}

void kai_sim_explain(const struct kai_sim *s, FILE *out)
{
    for (size_t aud = 0; aud < s->n_auds; aud++)
        for (size_t i = 0; i < s->n_nodes; i++)
            for (size_t j = 0; j < s->n_nodes; j++)
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
        for (size_t i = 0; i < s->n_nodes; i++) {
            if (!s->node[i].up || !kai_sim_is_member(s, i, aud))
                continue;
            if (entries)
                *entries += kai_sim_entries(s, i, aud);
            for (size_t j = 0; j < s->n_nodes; j++)
                if (i != j && s->node[j].up && kai_sim_is_member(s, j, aud) &&
                    !holds_all(s, &s->node[i], &s->node[j], aud))
                    return false;
        }
    return true;
}

/* ---- Reading. */

/* Since when a node is a member without a break; an heir at the latest since the last merger. */
static uint64_t member_since(const struct kai_sim *s, size_t node, size_t aud)
{
    const struct sim_aud *a = &s->aud[aud];
    size_t org = s->node[node].org;
    uint64_t since = s->org[org].at;

    if (a->is.kind != KAI_AUD_GROUP && a->is.kind != KAI_AUD_PROVIDERS &&
        a->is.kind != KAI_AUD_PERSONS)
        return since;
    if (org != a->is.owner && a->n_versions > 0 &&
        !kai_orgs_has(&a->version[a->n_versions - 1].members, org))
        return s->merged_ms > since ? s->merged_ms : since;
    for (size_t i = a->n_versions;
         i-- > 0 && (org == a->is.owner || kai_orgs_has(&a->version[i].members, org));)
        if (i == 0 || !kai_orgs_has(&a->version[i - 1].members, org))
            return a->version[i].at > since ? a->version[i].at : since;
    return since;
}

/* Under the history policy "all" everything; else what was written when everybody had heard of it.
 */
static bool entitled(const struct kai_sim *s, size_t node, size_t aud, const struct sim_entry *e)
{
    uint64_t since = member_since(s, node, aud);

    if (s->aud[aud].is.kind == KAI_AUD_PUBLIC || since <= 1000 ||
        s->aud[aud].is.history >= KAI_HISTORY_ALL)
        return true;
    return e->at >= since + NEWS_MS;
}

struct reader {
    struct kai_sim *s;
    size_t aud;
    FILE *why;
    uint64_t read, unread;
};

static void one_reader(struct reader *r, size_t node, const struct sim_log *log, size_t author)
{
    const struct sim_log *held = sim_disk_log(&r->s->node[node], log->l.log_pk);

    for (size_t i = 0; i < log->n; i++) {
        if (!entitled(r->s, node, r->aud, log->entry[i]))
            continue;
        if (held && i < held->n && held->opened[i]) {
            r->read++;
            continue;
        }
        r->unread++;
        if (r->why)
            (void)fprintf(r->why, "audience %zu (kind %d): %zu cannot read %zu of %zu: %s\n",
                          r->aud, (int)r->s->aud[r->aud].is.kind, node, i + 1, author,
                          held && i < held->n ? "no key" : "not held");
    }
}

/* Every log of the audience, as its author has it, and each member. */
static void readers(struct reader *r)
{
    struct kai_sim *s = r->s;
    bool mailbox = s->aud[r->aud].is.kind == KAI_AUD_MAILBOX;

    for (size_t a = 0; a < s->n_nodes; a++) {
        const struct sim_node *author = &s->node[a];
        if (!author->up || !kai_sim_is_member(s, a, r->aud))
            continue;
        for (size_t k = 0; k < author->n_logs; k++) {
            const struct sim_log *log = &author->log[k];
            if (!log->l.own || log->l.kind != 1 ||
                memcmp(log->l.aud_id, s->aud[r->aud].id, KAI_ID_BYTES) != 0)
                continue;
            for (size_t m = 0; m < s->n_nodes; m++)
                if (s->node[m].up && m != a &&
                    (mailbox ? s->node[m].org == s->aud[r->aud].is.owner && !s->node[m].revoked
                             : kai_sim_is_member(s, m, r->aud)))
                    one_reader(r, m, log, a);
        }
    }
}

bool kai_sim_aud_read(struct kai_sim *s, size_t aud, FILE *why)
{
    struct reader r = {.s = s, .aud = aud, .why = why};

    readers(&r);
    return r.unread == 0;
}

bool kai_sim_keeps(const struct kai_sim *s, size_t node, size_t aud)
{
    const struct kai_sim_aud *a = &s->aud[aud].is;

    for (size_t i = 0; i < a->n_stewards; i++)
        if (s->node[node].org == a->stewards[i])
            return true;
    return false;
}

bool kai_sim_aud_inhabited(const struct kai_sim *s, size_t aud)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->node[i].up && kai_sim_is_member(s, i, aud))
            return true;
    return false;
}

bool kai_sim_aud_writable(const struct kai_sim *s, size_t aud)
{
    struct kai_epoch e;

    if (s->aud[aud].is.kind == KAI_AUD_MAILBOX)
        return true;
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->node[i].up && kai_sim_is_member(s, i, aud) &&
            kai_keyring_write_epoch(s->node[i].keyring, s->aud[aud].id, &e) == KAI_OK)
            return true;
    return false;
}

uint64_t kai_sim_unread(struct kai_sim *s, uint64_t *read, size_t *no_key)
{
    struct reader r = {.s = s};
    size_t closed = 0;

    for (r.aud = 0; r.aud < s->n_auds; r.aud++) {
        if (kai_sim_aud_writable(s, r.aud))
            readers(&r);
        else
            closed++;
    }
    if (read)
        *read = r.read;
    if (no_key)
        *no_key = closed;
    return r.unread;
}
