/* rights: to whom entries of an audience may go, and from whom they are taken: the facts, from our
 * own roster and keyring, that lib/policy decides by (docs/protocol.md 7). */
#include "topology/judge.h"

#include <string.h>

#include "base/check.h"
#include "policy/policy.h"

static bool forward(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                    bool keys_only, bool offered)
{
    const struct kai_audience *a = kai_roster_audience(n->roster, s->aud_id);
    struct kai_policy_forward f = {
        .audience_kind = a                             ? a->rec.kind
                         : kai_mail_find(n, s->aud_id) ? (uint64_t)KAI_AUD_MAILBOX
                                                       : 0,
        .keys_only = keys_only,
        .peer_active = kai_node_good(n, l->peer),
        .matched = s->matched,
        .offered = offered,
    };

    if (l->dead || l->state != KAI_LINK_MATCH || !l->peer)
        return false;
    f.member = kai_keyring_eligible(n->keyring, s->aud_id, l->peer);
    f.relay_listed = kai_keyring_relay(n->keyring, s->aud_id, l->peer);
    f.relay_cap = (l->peer->caps & KAI_CAP_RELAY) != 0;
    return kai_policy_forward(&f) == NULL;
}

bool kai_may_send_data(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s)
{
    return forward(n, l, s, false, false);
}

bool kai_may_send_keys(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s)
{
    return forward(n, l, s, true, s->offered_in || s->offered_out);
}

/* Whether to name the audience to a peer that has shown no token of it. */
bool kai_may_offer(const struct kai_net *n, const struct kai_link *l,
                   const uint8_t aud_id[static KAI_ID_BYTES])
{
    struct kai_share none = {0};

    memcpy(none.aud_id, aud_id, KAI_ID_BYTES);
    return !kai_mail_find(n, aud_id) && forward(n, l, &none, true, true);
}

bool kai_net_may_send(const struct kai_net *n, uint64_t link,
                      const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_link *l = kai_link_find(n, link);
    const struct kai_share *s = l ? kai_share_find(l, aud_id) : NULL;

    return s && kai_may_send_data(n, l, s);
}

bool kai_may_author(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                    const struct kai_node *node)
{
    return KAI_CHECK(AUTHOR_MEMBER, node->active && kai_keyring_author(n->keyring, aud_id, node));
}

/* Whether the author may still be one; asked anew when roster, rules or epochs change. */
bool kai_author_fits(struct kai_net *n, struct kai_nlog *log)
{
    uint64_t now = kai_keyring_version(n->keyring);

    if (log->fits_seen != now) {
        const struct kai_node *author = kai_roster_node(n->roster, log->l.author_node);
        log->fits = author && kai_may_author(n, log->l.aud_id, author);
        log->fits_seen = now;
    }
    return log->fits;
}

bool kai_log_blind(const struct kai_net_log *l)
{
    static const uint8_t zeros[KAI_ID_BYTES];

    return l->kind == 1 && memcmp(l->author_node, zeros, KAI_ID_BYTES) == 0;
}

void kai_sight(struct kai_sight *out, const struct kai_net *n, const struct kai_link *l,
               const struct kai_share *s)
{
    *out = (struct kai_sight){.l = l,
                              .mail = kai_mail_find(n, s->aud_id) != NULL,
                              .keys = kai_may_send_keys(n, l, s),
                              .data = kai_may_send_data(n, l, s)};
    if (out->mail) {
        out->letters = kai_keyring_eligible(n->keyring, s->aud_id, l->peer);
        out->own_letters = s->matched && l->peer && kai_node_good(n, l->peer);
    }
}

static bool heard(struct kai_net *n, const struct kai_sight *v, struct kai_nlog *log)
{
    if (log->l.head_seq == 0 || log->broken_bind)
        return false;
    if (v->own_letters && (memcmp(log->l.from_node, v->l->peer_id, KAI_ID_BYTES) == 0 ||
                           memcmp(log->l.author_node, v->l->peer_id, KAI_ID_BYTES) == 0))
        return true; /* It brought it, or wrote it. */
    if (!(log->l.kind == 2 ? v->keys : v->data))
        return false;
    /* Nobody but the owner hears of a letter, or whoever carries for us. */
    if (v->mail && !KAI_CHECK(MAILBOX_LETTERS, log->l.own || v->letters))
        return false;
    if (log->l.kind == 2)
        return true;
    return kai_log_blind(&log->l) ? log->fits || log->fits_seen != kai_keyring_version(n->keyring)
                                  : kai_author_fits(n, log);
}

bool kai_sight_log(struct kai_net *n, const struct kai_sight *v, struct kai_nlog *log)
{
    return !kai_fork_past(log, 1) && heard(n, v, log);
}

bool kai_log_heard(struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                   struct kai_nlog *log)
{
    struct kai_sight v;

    kai_sight(&v, n, l, s);
    return heard(n, &v, log);
}

bool kai_log_visible(struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                     struct kai_nlog *log)
{
    struct kai_sight v;

    kai_sight(&v, n, l, s);
    return kai_sight_log(n, &v, log);
}

/* Whether we cannot say who the members are: we are none, or neither the rule nor a list of a
 * steward has come, as to a further node of the owner, which is one by its organisation alone. */
static bool members_unknown(const struct kai_net *n, const struct kai_share *s)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    const struct kai_epoch *e;
    size_t k = kai_keyring_epochs(n->keyring, s->aud_id, &e);

    if (!kai_keyring_eligible(n->keyring, s->aud_id, self))
        return true;
    for (size_t i = 0; i < k; i++)
        if (e[i].listed) /* By a steward; anybody can hand out another. */
            return false;
    return !kai_keyring_members_known(n->keyring, s->aud_id);
}

/* Whether this peer may send us entries of the audience, as far as we know its members: these, its
 * owner and stewards, and its relays. */
bool kai_may_receive(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                     const uint8_t log_pk[static KAI_KEY_BYTES])
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    const struct kai_mailbox *mail = kai_mail_find(n, s->aud_id);
    const struct kai_nlog *log;

    if (!s->matched && !s->offered_in && !s->offered_out)
        return false;
    if (!l->peer || !l->peer->active)
        return false;
    if (mail) { /* Anybody may write; who neither reads nor carries takes its own back only. */
        log = kai_mirror_find(n, log_pk);
        return kai_mail_ours(n, mail) || kai_mail_carries(self) || (log && log->l.own);
    }
    /* Before its rule has come we do not know the members; who matched holds the routing secret. */
    return KAI_CHECK(SENDER_MEMBER, kai_keyring_eligible(n->keyring, s->aud_id, l->peer) ||
                                        kai_keyring_author(n->keyring, s->aud_id, l->peer) ||
                                        kai_keyring_relay(n->keyring, s->aud_id, l->peer) ||
                                        members_unknown(n, s));
}

/* How far a reader that is one still holds the log: what a removed one had nobody else gets from
 * it. */
uint64_t kai_log_read_to(const struct kai_net *n, const struct kai_nlog *log)
{
    const struct kai_node *reader = kai_roster_node(n->roster, log->reader);

    return kai_keyring_eligible(n->keyring, log->l.aud_id, reader) ? log->reader_seq : 0;
}

/* The peer, which may read it, holds the log up to seq. */
void kai_log_read_by(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                     uint64_t seq)
{
    bool same = memcmp(log->reader, l->peer_id, KAI_ID_BYTES) == 0;

    if (log->reader_seq < seq || (!same && kai_log_read_to(n, log) < seq)) {
        log->reader_seq = seq;
        memcpy(log->reader, l->peer_id, KAI_ID_BYTES);
    }
    if (log->l.own)
        n->act.held(n->act.ctx, l->peer, log->l.log_pk, seq);
}

/* What a relay holds nobody has read. */
void kai_log_held(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log, uint64_t seq)
{
    if (l->peer && kai_keyring_eligible(n->keyring, log->l.aud_id, l->peer))
        kai_log_read_by(n, l, log, seq);
}
