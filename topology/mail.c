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

void kai_mail_recognise(struct kai_net *n, struct kai_link *l)
{
    const struct kai_mailbox *all;
    size_t k;

    if ((l->mail_got == l->got_news && l->mail_seen == n->mail_version) ||
        !kai_mail_carries(kai_roster_node(n->roster, n->self.node_id)))
        return;
    l->mail_got = l->got_news;
    l->mail_seen = n->mail_version;
    k = kai_roster_mailboxes(n->roster, &all);
    for (size_t i = 0; i < k && l->n_mail < KAI_MAILBOXES_MAX; i++)
        if (!on_link(l, all[i].id) && kai_match_shown(n, l, all[i].route))
            add(l, all[i].id);
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
