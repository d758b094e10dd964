/* mail: the mailboxes that every organisation has, and which of them are in use on a link
 * (docs/protocol.md 6 and 7). */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

/* Whether another roster has other mailboxes. */
void kai_mail_renewed(struct kai_net *n, const struct kai_roster *before)
{
    const struct kai_mailbox *a, *b;
    size_t k = kai_roster_mailboxes(n->roster, &a);
    bool same = before && kai_roster_mailboxes(before, &b) == k;

    for (size_t i = 0; same && i < k; i++)
        same = memcmp(a[i].id, b[i].id, KAI_ID_BYTES) == 0;
    n->mail_version += same ? 0u : 1u;
}

const struct kai_mailbox *kai_mail_find(const struct kai_net *n,
                                        const uint8_t aud_id[static KAI_ID_BYTES])
{
    return kai_roster_mailbox(n->roster, aud_id);
}

/* Ours is read here; of every other one we can only be a writer or a carrier. */
bool kai_mail_ours(const struct kai_net *n, const struct kai_mailbox *m)
{
    return memcmp(m->org->id, n->self.org_id, KAI_ID_BYTES) == 0;
}

/* Any node with the capability carries letters of others (docs/protocol.md 6). */
bool kai_mail_carries(const struct kai_node *node)
{
    return node && node->active && (node->caps & KAI_CAP_RELAY) != 0;
}

static bool on_link(const struct kai_link *l, const uint8_t *id)
{
    for (size_t i = 0; i < l->n_mail; i++)
        if (memcmp(l->mail[i], id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

static void add(struct kai_link *l, const uint8_t *id)
{
    void *p;

    if (l->n_mail == KAI_MAILBOXES_MAX || on_link(l, id))
        return;
    p = realloc(l->mail, (l->n_mail + 1) * sizeof *l->mail);
    if (!p)
        return; /* Its letters wait for the next link. */
    l->mail = p;
    memcpy(l->mail[l->n_mail++], id, KAI_ID_BYTES);
}

/* The peer's own mailbox, and, where we carry, those that the peer shows a token of. */
void kai_mail_link(struct kai_net *n, struct kai_link *l)
{
    if (l->peer && kai_mail_find(n, l->peer->org->mailbox))
        add(l, l->peer->org->mailbox);
}

/* Tokens of the mailboxes of now: made for those that are new, as each costs a hash. */
static bool make_tokens(const struct kai_net *n, struct kai_link *l)
{
    const struct kai_mailbox *all;
    size_t k = kai_roster_mailboxes(n->roster, &all);
    struct kai_box_token *fresh = malloc((k + 1) * sizeof *fresh), *t = l->box_tokens;
    const struct kai_box_token *end = t + l->n_box_tokens;

    if (!fresh)
        return false;
    for (size_t i = 0; i < k; i++) { /* Both by id. */
        while (t < end && kai_id_cmp(t->box, all[i].id) < 0)
            t++;
        if (t < end && memcmp(t->box, all[i].id, KAI_ID_BYTES) == 0) {
            fresh[i] = *t;
            continue;
        }
        memcpy(fresh[i].box, all[i].id, KAI_ID_BYTES);
        kai_match_token(n, l, all[i].route, fresh[i].token);
    }
    free(l->box_tokens);
    l->box_tokens = fresh;
    l->n_box_tokens = k;
    return true;
}

void kai_mail_recognise(struct kai_net *n, struct kai_link *l)
{
    if (l->n_got == 0 || (l->mail_got == l->got_news && l->mail_seen == n->mail_version) ||
        !kai_mail_carries(kai_roster_node(n->roster, n->self.node_id)) ||
        (l->mail_seen != n->mail_version && !make_tokens(n, l)))
        return;
    l->mail_got = l->got_news;
    l->mail_seen = n->mail_version;
    for (size_t i = 0; i < l->n_box_tokens && l->n_mail < KAI_MAILBOXES_MAX; i++) {
        const struct kai_box_token *t = &l->box_tokens[i];
        if (!on_link(l, t->box) && kai_match_shown(l, t->token))
            add(l, t->box);
    }
}

/* Whether letters of ours or that we carry wait for a node of this organisation. */
bool kai_mail_waits(const struct kai_net *n, const struct kai_org *org)
{
    struct kai_nlog *const *logs;
    size_t k;

    if (memcmp(org->id, n->self.org_id, KAI_ID_BYTES) == 0)
        return false;
    k = kai_mirror_audience(n, org->mailbox, &logs);
    for (size_t i = 0; i < k; i++)
        if (logs[i]->l.kind == 1 && logs[i]->l.head_seq > kai_log_read_to(n, logs[i]))
            return true;
    return false;
}
