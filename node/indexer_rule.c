/* indexer_rule: RULEs on their way from the indexer to the node's own store.
 *
 * The indexer finds them, and the owning thread keeps them: two threads, two stores, two commits.
 * In between they stand in the index, by number, written with the position behind their entries;
 * from there they are handed over again at the next start, if it is killed before they are kept. */
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"
#include "node/indexer_priv.h"

struct kai_found_rule {
    struct kai_found_rule *next;
    uint64_t no;
    struct kai_view item;
    uint8_t bytes[];
};

static bool add(struct kai_rule_list *l, uint64_t no, struct kai_view item)
{
    struct kai_found_rule *r = malloc(sizeof *r + item.n);

    if (r == NULL)
        return false;
    *r = (struct kai_found_rule){.no = no, .item = kai_view_of(r->bytes, item.n)};
    memcpy(r->bytes, item.p, item.n);
    if (l->last != NULL)
        l->last->next = r;
    else
        l->first = r;
    l->last = r;
    return true;
}

static struct kai_found_rule *take(struct kai_rule_list *l)
{
    struct kai_found_rule *r = l->first;

    if (r != NULL)
        l->first = r->next;
    if (l->first == NULL)
        l->last = NULL;
    return r;
}

static void drop_all(struct kai_rule_list *l)
{
    for (struct kai_found_rule *r; (r = take(l)) != NULL;)
        free(r);
}

static bool add_waiting(void *ctx, uint64_t no, struct kai_view item)
{
    struct kai_indexer *x = ctx;

    x->rule_no = no;
    if (!add(&x->rules, no, item))
        x->batch_err = KAI_ENOMEM;
    return x->batch_err == KAI_OK;
}

enum kai_err kai_indexer_rules_load(struct kai_indexer *x, struct kai_ixsnap *s)
{
    enum kai_err err = kai_ixsnap_rules(s, add_waiting, x);

    return err != KAI_OK ? err : x->batch_err;
}

void kai_indexer_rules_free(struct kai_indexer *x)
{
    drop_all(&x->rules);
    drop_all(&x->batch_rules);
}

/* ---- The indexer's thread. */
void kai_indexer_rule(struct kai_indexer *x, struct kai_view item)
{
    if (kai_ix_rule(x->ix, x->rule_no + 1, item) != KAI_OK)
        return; /* It sticks. */
    if (add(&x->batch_rules, x->rule_no + 1, item))
        x->rule_no++;
    else
        x->batch_err = KAI_ENOMEM;
}

/* Rules wait for the owning thread, which fetches them (kai_indexer_rules): we never wait for it.
 */
void kai_indexer_rules_hand(struct kai_indexer *x, bool committed)
{
    if (!committed || x->batch_rules.first == NULL) {
        drop_all(&x->batch_rules);
        return;
    }
    (void)pthread_mutex_lock(&x->mu);
    if (x->rules.last != NULL)
        x->rules.last->next = x->batch_rules.first;
    else
        x->rules.first = x->batch_rules.first;
    x->rules.last = x->batch_rules.last;
    (void)pthread_mutex_unlock(&x->mu);
    x->batch_rules = (struct kai_rule_list){0};
    kai_core_wake(x->c);
}

static enum kai_err fill_forget(struct kai_indexer *x)
{
    return kai_ix_rules_forget(x->ix, x->rules_forgetting);
}

enum kai_err kai_indexer_rules_forget(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    x->rules_forgetting = x->rules_kept;
    (void)pthread_mutex_unlock(&x->mu);
    if (x->rules_forgetting <= x->rules_forgotten)
        return KAI_OK;
    enum kai_err err = kai_indexer_batch(x, fill_forget);
    if (err == KAI_OK)
        x->rules_forgotten = x->rules_forgetting;
    return err;
}

/* ---- The owning thread. */
static enum kai_err keep(struct kai_core *c, struct kai_view item)
{
    enum kai_err err = kai_audience_rule(c, item);

    if (err == KAI_OK)
        kai_net_on_keyring(c->net, kai_now_ms());
    return err == KAI_ENOMEM || err == KAI_EIO ? err
                                               : KAI_OK; /* A bad rule is its author's affair. */
}

/* The commit is over. What was not kept is handed over again at the next start, and so is what
 * comes after it. */
static void on_commit(void *arg, enum kai_err err)
{
    struct kai_core *c = arg;
    struct kai_indexer *x = c->indexer;

    if (x == NULL)
        return; /* It has ended: the next start does it once more. */
    x->rules_lost = x->rules_lost || err != KAI_OK;
    (void)pthread_mutex_lock(&x->mu);
    if (!x->rules_lost)
        x->rules_kept = x->rules_handed;
    (void)pthread_mutex_unlock(&x->mu);
    kai_indexer_wake(x);
}

bool kai_indexer_rules(struct kai_indexer *x)
{
    struct kai_rule_list list;
    bool any = false;

    if (x == NULL)
        return false;
    (void)pthread_mutex_lock(&x->mu);
    list = x->rules;
    x->rules = (struct kai_rule_list){0};
    (void)pthread_mutex_unlock(&x->mu);
    for (struct kai_found_rule *r; (r = take(&list)) != NULL; free(r)) {
        x->rules_lost = keep(x->c, r->item) != KAI_OK || x->rules_lost;
        x->rules_handed = r->no;
        any = true;
    }
    if (any)
        kai_core_after(x->c, on_commit, x->c);
    return any;
}
