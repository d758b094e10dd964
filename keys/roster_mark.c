/* roster_mark: which REVOKEs may mark where the logs of a node end, and what they mark.
 *
 * A mark hides what was signed behind it. Whoever may admit can make itself an organisation above
 * any other, unasked, and its REVOKE then hits that path: so such a word marks nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/roster_int.h"

bool kai_marker_init(struct kai_marker *m, const struct kai_build *b)
{
    size_t n_logs = b->ctl->n_logs;

    *m = (struct kai_marker){.b = b, .last_org = KAI_NONE};
    m->first = malloc((n_logs + 1) * sizeof *m->first);
    m->next = malloc((b->n_paths + 1) * sizeof *m->next);
    m->issues = malloc((n_logs + 1) * sizeof *m->issues);
    m->counts = calloc(b->n_revs + 1, sizeof *m->counts);
    if (m->first == NULL || m->next == NULL || m->issues == NULL || m->counts == NULL)
        return false;
    for (size_t i = 0; i < n_logs; i++)
        m->first[i] = m->issues[i] = KAI_NONE;
    for (uint32_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        m->next[i] = m->first[p->key];
        m->first[p->key] = i;
        if (p->kind == KAI_ADMIT_ISSUING)
            m->issues[p->key] = b->paths[p->org].key; /* One: its proof names it. */
    }
    return true;
}

void kai_marker_free(struct kai_marker *m)
{
    free(m->first);
    free(m->next);
    free(m->issues);
    free(m->counts);
}

static bool has_above(const struct kai_build *b, const struct kai_path *p, uint32_t by)
{
    while (p->cert != KAI_NONE) {
        p = &b->paths[b->paths[p->parent].org];
        if (p->key == by)
            return true;
    }
    return false;
}

/* Whether an organisation stands above another on every ATTESTED path of it. */
static bool above_all(const struct kai_marker *m, uint32_t org, uint32_t by)
{
    bool any = false;

    for (uint32_t at = m->first[org]; at != KAI_NONE; at = m->next[at]) {
        const struct kai_path *p = &m->b->paths[at];

        if (p->kind != KAI_ADMIT_ORG || !p->attested)
            continue;
        if (!has_above(m->b, p, by))
            return false;
        any = true;
    }
    return any;
}

bool kai_marker_may(struct kai_marker *m, uint32_t rev, uint32_t org)
{
    const struct kai_rev *r = &m->b->revs[rev];
    uint32_t by = m->issues[r->signer];

    /* The reasons for which a key is in other hands: of all others what it signed is its own. */
    if (r->n_marks == 0 || (r->reason != KAI_REVOKE_COMPROMISE && r->reason != KAI_REVOKE_LOST))
        return false;
    if (m->last_org != org || m->last_by != by) { /* Many hits of one signer come in a row. */
        m->last_org = org;
        m->last_by = by;
        m->last = by != KAI_NONE && (by == org || above_all(m, org, by));
    }
    if (!KAI_CHECK(REVOKE_MARKER, r->everywhere || m->last))
        return false;
    m->counts[rev] = true;
    return true;
}

/* By blind, then head: so whoever looks finds the same ones first on every node. */
static int mark_cmp(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct kai_roster_mark));
}

enum kai_err kai_roster_view_marks(struct kai_roster *r, const struct kai_marker *m)
{
    const struct kai_build *b = m->b;
    struct kai_revoke rec;
    size_t n = 0;

    for (size_t i = 0; i < b->n_revs; i++)
        n += m->counts[i] ? b->revs[i].n_marks : 0;
    r->marks = malloc((n + 1) * sizeof *r->marks);
    if (r->marks == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < b->n_revs; i++) {
        if (!m->counts[i] || kai_revoke_parse(&rec, b->revs[i].e->body) != KAI_OK)
            continue;
        for (size_t k = 0; k < rec.n_marks; k++) {
            struct kai_roster_mark *to = &r->marks[r->n_marks++];

            to->is = rec.marks[k];
            memcpy(to->revoke, b->revs[i].e->e.hash, KAI_ID_BYTES);
        }
    }
    if (n > 0)
        qsort(r->marks, r->n_marks, sizeof *r->marks, mark_cmp);
    return KAI_OK;
}

/* ---- What is asked. */

static bool counts_for(const struct kai_roster *r, size_t node, const uint8_t *revoke)
{
    size_t lo = r->node_removals[node];
    size_t hi = r->node_removals[node + 1];

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(r->removals[mid], revoke);

        if (cmp == 0)
            return r->removal_marks[mid];
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

bool kai_roster_marks_any(const struct kai_roster *r, const struct kai_node *n)
{
    size_t node = (size_t)(n - r->nodes);
    bool any = false;

    for (size_t i = r->node_removals[node]; !any && i < r->node_removals[node + 1]; i++)
        any = r->removal_marks[i];
    return any;
}

size_t kai_roster_marks(const struct kai_roster *r, const struct kai_node *n,
                        const uint8_t blind[static 16],
                        uint8_t heads[static KAI_MARKED_HEADS_MAX][16])
{
    size_t node = (size_t)(n - r->nodes);
    size_t lo = 0;
    size_t hi = r->n_marks;
    size_t k = 0;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (memcmp(r->marks[mid].is.blind, blind, 16) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < r->n_marks && k < KAI_MARKED_HEADS_MAX; lo++) {
        const struct kai_roster_mark *m = &r->marks[lo];

        if (memcmp(m->is.blind, blind, 16) != 0)
            break;
        if (k > 0 && memcmp(heads[k - 1], m->is.blindhead, 16) == 0)
            continue; /* Said twice, it takes one place. */
        if (counts_for(r, node, m->revoke))
            memcpy(heads[k++], m->is.blindhead, 16);
    }
    return k;
}
