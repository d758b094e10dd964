/* roster_heir: who stands in whose places, from the SUCCESSORs that are held (docs/protocol.md 4).
 *
 * A word gives where the old organisation's root said it, in the place that its cut names, or, once
 * the old one is no more, the root of the only organisation that ever admitted it. A word takes
 * where the new organisation's root or issuing key said the very same. No issuing key gives:
 * whoever steals one must not have the places of an organisation, nor a parent's those of its
 * children. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/roster_int.h"

/* The paths of each key, so that an entry finds those of its log. */
struct scan {
    const struct kai_roster *r;
    const struct kai_build *b;
    uint32_t *first; /* By log; KAI_NONE. */
    uint32_t *next;  /* By path. */
};

/* A SUCCESSOR that is held, and what it is good for. */
struct word {
    size_t old;
    size_t heir;
    const struct kai_ctl_entry *e;
    bool gives;
    bool takes;
    bool by_parent; /* Gives, and is not the old one's own. */
};

static bool scan_init(struct scan *s, const struct kai_roster *r, const struct kai_build *b)
{
    *s = (struct scan){.r = r, .b = b};
    s->first = malloc((b->ctl->n_logs + 1) * sizeof *s->first);
    s->next = malloc((b->n_paths + 1) * sizeof *s->next);
    if (s->first == NULL || s->next == NULL)
        return false;
    for (size_t i = 0; i < b->ctl->n_logs; i++)
        s->first[i] = KAI_NONE;
    for (uint32_t i = 0; i < b->n_paths; i++) {
        s->next[i] = s->first[b->paths[i].key];
        s->first[b->paths[i].key] = i;
    }
    return true;
}

static const uint8_t *key_of(const struct scan *s, const struct kai_path *p)
{
    return s->b->ctl->logs[p->key]->pk;
}

/* Whether a key of this organisation said it, where that key is attested and within its cuts: its
 * root or an issuing key; where it gives, its root alone, and that only while no KEYDEATH ends it:
 * nobody can tell what a dead key said before. */
static bool said_by(const struct scan *s, const struct kai_ctl_entry *e, const struct kai_org *org,
                    bool gives)
{
    uint32_t at = s->first[kai_ctl_log_at(s->b->ctl, e->log->pk)];

    for (; at != KAI_NONE; at = s->next[at]) {
        const struct kai_path *p = &s->b->paths[at];
        bool may = gives ? p->kind == KAI_ADMIT_ORG && KAI_CHECK(SUCCESSOR_DEAD, !p->dead)
                         : p->kind == KAI_ADMIT_ORG || p->kind == KAI_ADMIT_ISSUING;

        if (may && p->attested &&
            memcmp(key_of(s, &s->b->paths[p->org]), org->root_pk, KAI_KEY_BYTES) == 0 &&
            kai_build_within(p, e))
            return true;
    }
    return false;
}

/* Whether it stands within the cuts on every path of the root that said it: anybody who may admit
 * can give an organisation that did not ask one more path, which has no cut. */
static bool within_all(const struct scan *s, const struct kai_ctl_entry *e)
{
    uint32_t at = s->first[kai_ctl_log_at(s->b->ctl, e->log->pk)];

    for (; at != KAI_NONE; at = s->next[at]) {
        const struct kai_path *p = &s->b->paths[at];

        if (p->kind == KAI_ADMIT_ORG && p->attested && !kai_build_within(p, e))
            return false;
    }
    return true;
}

static bool is_cut(const struct kai_path *p)
{
    return p->kind == KAI_ADMIT_ORG && p->attested && p->limit.cut != KAI_CUT_NOTHING;
}

/* Whether a path of a root is cut, or another one by the same organisation is: a sponsor that
 * renewed an ADMIT revokes the last one alone. */
static bool cut_by_same(const struct scan *s, const struct kai_path *p)
{
    const struct kai_path *paths = s->b->paths;
    uint32_t at = p->parent == KAI_NONE ? KAI_NONE : s->first[p->key];
    bool cut = is_cut(p);

    for (; !cut && at != KAI_NONE; at = s->next[at]) {
        const struct kai_path *q = &paths[at];

        cut = is_cut(q) && q->parent != KAI_NONE && paths[q->parent].org == paths[p->parent].org;
    }
    return cut;
}

/* Whether nothing else stands in its place, or in that of one before it. Whoever finds an old root
 * key can sign a second entry in any place of its log, and where it makes two, with low hashes, the
 * old one is dropped: so of a fork neither branch gives. A cut keeps one branch alone, but only
 * where each that admitted the root has made one: it could be of whoever admitted it unasked. */
static bool unforked(const struct scan *s, const struct kai_ctl_entry *e)
{
    const struct kai_ctl_log *l = e->log;
    uint32_t at = s->first[kai_ctl_log_at(s->b->ctl, l->pk)];
    bool cut = true;

    for (; at != KAI_NONE; at = s->next[at]) {
        const struct kai_path *p = &s->b->paths[at];

        if (p->kind == KAI_ADMIT_ORG && p->attested)
            cut = cut && cut_by_same(s, p);
    }
    if (cut || l->n == l->rows[l->n - 1]->e.h.seq)
        return true;
    for (; e != NULL; e = e->parent) {
        struct kai_ctl_entry *const *child = e->parent != NULL ? e->parent->child : l->first;

        for (size_t i = 0; i < KAI_FORK_BRANCHES; i++) {
            if (child[i] != NULL && child[i] != e)
                return false;
        }
    }
    return true;
}

/* Whether it is of the root of the one organisation that is the parent on every path: anybody who
 * may admit can make itself a parent of an organisation that did not ask. */
static bool said_by_parent(const struct scan *s, const struct kai_ctl_entry *e,
                           const struct kai_org *old)
{
    uint32_t at = s->first[kai_ctl_log_at(s->b->ctl, old->root_pk)];
    bool any = false;
    bool all = true;

    for (; at != KAI_NONE; at = s->next[at]) {
        const struct kai_path *p = &s->b->paths[at];

        if (p->kind != KAI_ADMIT_ORG || !p->attested)
            continue;
        if (p->cert == KAI_NONE)
            return false; /* A founder. */
        const struct kai_path *q = &s->b->paths[s->b->paths[p->parent].org];
        bool its = s->b->ctl->logs[q->key] == e->log && !q->dead && kai_build_within(q, e);
        any = any || its;
        all = all && its;
    }
    return any && KAI_CHECK(SUCCESSOR_PARENT, all);
}

static void judge(const struct scan *s, struct word *w, uint64_t cut)
{
    const struct kai_org *old = &s->r->orgs[w->old];

    w->takes = said_by(s, w->e, &s->r->orgs[w->heir], false);
    w->gives = KAI_CHECK(SUCCESSOR_PLACE, w->e->e.h.seq == cut + 1) &&
               KAI_CHECK(SUCCESSOR_GIVER, said_by(s, w->e, old, true));
    w->by_parent =
        !w->gives && KAI_CHECK(SUCCESSOR_LIVING, !old->active) && said_by_parent(s, w->e, old);
    w->gives = (w->gives || w->by_parent) && KAI_CHECK(SUCCESSOR_CUT, within_all(s, w->e)) &&
               KAI_CHECK(SUCCESSOR_FORK, unforked(s, w->e));
}

static struct word *collect(const struct scan *s, size_t *n)
{
    const struct kai_ctl *ctl = s->b->ctl;
    size_t most = 0;

    for (size_t i = 0; i < ctl->n; i++)
        most += ctl->by_hash[i]->type == KAI_REC_SUCCESSOR;
    struct word *words = malloc((most + 1) * sizeof *words);
    *n = 0;
    for (size_t i = 0; words != NULL && most > 0 && i < ctl->n; i++) {
        const struct kai_ctl_entry *e = ctl->by_hash[i];
        struct kai_successor x;

        if (e->type != KAI_REC_SUCCESSOR || kai_successor_parse(&x, e->body) != KAI_OK)
            continue;
        const struct kai_org *old = kai_roster_org(s->r, x.old_org);
        const struct kai_org *heir = kai_roster_org(s->r, x.new_org);
        if (old == NULL || heir == NULL)
            continue;
        words[*n] = (struct word){
            .old = (size_t)(old - s->r->orgs), .heir = (size_t)(heir - s->r->orgs), .e = e};
        judge(s, &words[*n], x.cut);
        *n += words[*n].gives || words[*n].takes;
    }
    return words;
}

/* Which of two that give comes first: the old one's own before its parent's, then the earlier. So
 * whoever finds a root key that nobody minds any more changes nothing by a later word. */
static int before(const struct word *a, const struct word *b)
{
    if (a->by_parent != b->by_parent)
        return a->by_parent ? 1 : -1;
    if (a->e->e.h.seq != b->e->e.h.seq)
        return a->e->e.h.seq < b->e->e.h.seq ? -1 : 1;
    return memcmp(a->e->e.hash, b->e->e.hash, KAI_ID_BYTES);
}

static int same_cmp(const struct kai_view *a, const struct kai_view *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return memcmp(a->p, b->p, a->n);
}

/* By old organisation, then body; of one body those that give first. */
static int word_cmp(const void *x, const void *y)
{
    const struct word *a = x;
    const struct word *b = y;

    if (a->old != b->old)
        return a->old < b->old ? -1 : 1;
    int cmp = same_cmp(&a->e->body, &b->e->body);
    if (cmp != 0)
        return cmp;
    if (a->gives != b->gives)
        return a->gives ? -1 : 1;
    return before(a, b);
}

/* The heir of each: by the first word that gives of which the same is there that takes. */
static void settle(struct kai_roster *r, const struct word *words, size_t n)
{
    const struct word *best = NULL;

    for (size_t i = 0; i < n;) {
        const struct word *first = &words[i];
        bool taken = false;

        for (; i < n && words[i].old == first->old &&
               same_cmp(&words[i].e->body, &first->e->body) == 0;
             i++)
            taken = taken || words[i].takes;
        if (!first->gives || !KAI_CHECK(SUCCESSOR_CONSENT, taken))
            continue;
        if (best == NULL || best->old != first->old || before(first, best) < 0) {
            best = first;
            r->heirs[first->old] = first->heir;
        }
    }
}

/* ---- From one heir to the next. */

static bool marked(const struct kai_org *o)
{
    return (o->caps & KAI_CAP_PROVIDER) != 0;
}

static int row_cmp(const void *x, const void *y)
{
    const struct kai_forerunner *a = x;
    const struct kai_forerunner *b = y;

    if (a->heir != b->heir)
        return a->heir < b->heir ? -1 : 1;
    if (a->steps != b->steps)
        return a->steps < b->steps ? -1 : 1;
    return a->org < b->org ? -1 : a->org > b->org;
}

/* What an organisation could have, as one that hands it on: the widest of all its ATTESTED paths.
 * It may be ACTIVE on none any more, or only on one by which somebody who was not asked would
 * narrow it. */
struct reach {
    uint64_t label_max;
    bool marked;
};

static struct reach *reaches(const struct kai_roster *r, const struct kai_build *b)
{
    struct reach *out = calloc(r->n_orgs + 1, sizeof *out);

    for (size_t i = 0; out != NULL && i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind != KAI_ADMIT_ORG || !p->attested)
            continue;
        struct reach *x = &out[kai_build_org(r, b, p) - r->orgs];
        x->label_max = p->label_max > x->label_max ? p->label_max : x->label_max;
        x->marked = x->marked || (p->caps & KAI_CAP_PROVIDER) != 0;
    }
    return out;
}

/* Everybody who comes after one organisation. Nobody hands on what it could not have itself: not a
 * label above its own, nor, as a provider, what is no provider's. */
static size_t follow(const struct kai_roster *r, const struct reach *reach, size_t old,
                     struct kai_forerunner *out)
{
    uint64_t label = reach[old].label_max;
    size_t n = 0;

    for (size_t at = r->heirs[old]; at != SIZE_MAX && at != old; at = r->heirs[at]) {
        const struct kai_org *o = &r->orgs[at];
        bool again = false;

        for (size_t i = 0; i < n; i++)
            again = again || out[i].heir == o;
        if (again || n == KAI_SUCCESSOR_STEPS_MAX ||
            !KAI_CHECK(SUCCESSOR_MARK, !marked(o) || reach[old].marked))
            break;
        out[n] = (struct kai_forerunner){
            .heir = o, .org = &r->orgs[old], .label_max = label, .steps = (unsigned)n + 1};
        n++;
        label = reach[at].label_max < label ? reach[at].label_max : label;
    }
    return n;
}

static enum kai_err view_forerunners(struct kai_roster *r, const struct reach *reach)
{
    size_t n = 0;
    size_t kept = 0;
    size_t of_heir = 0;

    for (size_t i = 0; i < r->n_orgs; i++)
        n += r->heirs[i] != SIZE_MAX;
    r->fore = malloc((n * KAI_SUCCESSOR_STEPS_MAX + 1) * sizeof *r->fore);
    if (r->fore == NULL)
        return KAI_ENOMEM;
    n = 0;
    for (size_t i = 0; i < r->n_orgs; i++)
        n += follow(r, reach, i, r->fore + n);
    if (n > 0)
        qsort(r->fore, n, sizeof *r->fore, row_cmp);
    for (size_t i = 0; i < n; i++) {
        of_heir = i > 0 && kept > 0 && r->fore[kept - 1].heir == r->fore[i].heir ? of_heir + 1 : 1;
        if (of_heir <= KAI_FORERUNNERS_MAX)
            r->fore[kept++] = r->fore[i];
    }
    r->n_fore = kept;
    return KAI_OK;
}

enum kai_err kai_roster_view_heirs(struct kai_roster *r, const struct kai_build *b)
{
    struct scan s;
    struct word *words = NULL;
    struct reach *reach = reaches(r, b);
    size_t n = 0;

    r->heirs = malloc((r->n_orgs + 1) * sizeof *r->heirs);
    bool ok = scan_init(&s, r, b) && reach != NULL && r->heirs != NULL &&
              (words = collect(&s, &n)) != NULL;
    if (ok) {
        for (size_t i = 0; i < r->n_orgs; i++)
            r->heirs[i] = SIZE_MAX;
        if (n > 0)
            qsort(words, n, sizeof *words, word_cmp);
        settle(r, words, n);
    }
    free(words);
    free(s.first);
    free(s.next);
    enum kai_err err = ok ? view_forerunners(r, reach) : KAI_ENOMEM;
    free(reach);
    return err;
}

/* ---- What is asked. */

const struct kai_org *kai_roster_heir(const struct kai_roster *r, const struct kai_org *org)
{
    size_t at = r->heirs[org - r->orgs];

    return at == SIZE_MAX ? NULL : &r->orgs[at];
}

size_t kai_roster_forerunners(const struct kai_roster *r, const struct kai_org *org,
                              const struct kai_forerunner **first)
{
    size_t lo = 0;
    size_t hi = r->n_fore;
    size_t n = 0;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (r->fore[mid].heir < org)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (lo + n < r->n_fore && r->fore[lo + n].heir == org)
        n++;
    *first = n > 0 ? &r->fore[lo] : NULL;
    return n;
}

bool kai_roster_stands_for(const struct kai_roster *r, const struct kai_org *org,
                           const uint8_t id[static KAI_ID_BYTES], uint64_t label_max)
{
    const struct kai_forerunner *f;
    size_t n = kai_roster_forerunners(r, org, &f);

    if (memcmp(org->id, id, KAI_ID_BYTES) == 0)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (kai_forerunner_reaches(&f[i], label_max) && memcmp(f[i].org->id, id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

bool kai_forerunner_reaches(const struct kai_forerunner *f, uint64_t label_max)
{
    return KAI_CHECK(SUCCESSOR_CEILING, f->label_max >= label_max);
}
