/* accept: whether an entry may follow in its log, or begin one (docs/protocol.md 5 and 6). */
#include "topology/judge.h"

#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"

/* A log of an audience of which we are no reader, or that began under an epoch closed to us. */
static enum kai_verdict first_data(struct kai_net *n, struct kai_share *s,
                                   const struct kai_entry *e, struct kai_net_log *log)
{
    const struct kai_epoch *epoch = kai_keyring_kid(n->keyring, s->aud_id, e->h.kid);
    const struct kai_node *author;
    struct kai_bind bind;
    enum kai_verdict v;

    if (!s->matched || kai_key_check(e->h.log_pk) != KAI_OK)
        return KAI_REFUSE;
    *log = (struct kai_net_log){.kind = 1};
    if (!epoch || epoch->route_only)
        return kai_blind_judge(n, s->aud_id, epoch, e);
    if (!kai_tag_fits(epoch->tag, e))
        return KAI_REFUSE;
    v = kai_bind_judge(n, s->aud_id, epoch, e, &bind, &author);
    if (v == KAI_TAKE)
        kai_bind_tell(log, &bind, author);
    return v;
}

/* The minter stands sealed inside the entry: the keyring judges it, as far as we can read. */
static enum kai_verdict first_key(struct kai_net *n, struct kai_share *s, const struct kai_entry *e,
                                  struct kai_net_log *log)
{
    uint8_t aud[KAI_ID_BYTES];
    enum kai_err err;

    if (kai_epoch_audience(aud, e->payload) || memcmp(aud, s->aud_id, KAI_ID_BYTES) != 0 ||
        kai_key_check(e->h.log_pk) != KAI_OK)
        return KAI_REFUSE;
    /* It verifies the header first: nothing is learned from what its log did not sign. */
    err = kai_keyring_epoch(n->keyring, e, aud);
    if (err == KAI_EAGAIN || err == KAI_EDENIED)
        return KAI_PARK;
    if (err != KAI_OK && err != KAI_ENOTFOUND)
        return KAI_REFUSE;
    *log = (struct kai_net_log){.kind = 2};
    return KAI_TAKE;
}

enum kai_verdict kai_accept_first(struct kai_net *n, struct kai_share *s, const struct kai_entry *e,
                                  struct kai_net_log *log)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    enum kai_verdict v = KAI_REFUSE;

    if (e->h.floor > 1 || memcmp(e->h.prev, zeros, KAI_ID_BYTES) != 0)
        return KAI_REFUSE;
    if (e->h.ptype == KAI_PTYPE_SEALED)
        v = first_data(n, s, e, log);
    else if (e->h.ptype == KAI_PTYPE_EPOCH)
        v = first_key(n, s, e, log);
    if (v == KAI_TAKE) {
        memcpy(log->log_pk, e->h.log_pk, KAI_KEY_BYTES);
        memcpy(log->aud_id, s->aud_id, KAI_ID_BYTES);
    }
    return v;
}

/* The first entry under an epoch that the log has not used yet says again whose it is, and nothing
 * else. Of a blind log it is news. */
static enum kai_verdict next_kid(struct kai_net *n, struct kai_nlog *log,
                                 const struct kai_epoch *epoch, const struct kai_entry *e,
                                 struct kai_net_log *is)
{
    bool blind = kai_log_blind(&log->l);
    const struct kai_node *author;
    struct kai_bind b;
    enum kai_verdict v;

    if (kai_mirror_has_kid(n, log, e->h.kid)) /* Of a blind log: its BIND is here and not good. */
        return !blind ? KAI_TAKE : log->broken_bind ? KAI_REFUSE : KAI_PARK;
    v = kai_bind_judge(n, log->l.aud_id, epoch, e, &b, &author);
    if (v == KAI_PARK && blind && author)
        kai_blind_unfit(n, log);
    if (v == KAI_REFUSE && blind)
        log->broken_bind = true;
    if (v == KAI_TAKE && blind)
        kai_bind_tell(is, &b, author);
    if (v == KAI_TAKE && !blind &&
        !KAI_CHECK(BIND_AGAIN, memcmp(b.node_cert, log->l.author_cert, KAI_ID_BYTES) == 0 &&
                                   b.incarnation == log->l.incarnation &&
                                   memcmp(b.salt, log->l.salt, sizeof b.salt) == 0))
        return KAI_REFUSE;
    return v;
}

/* Whether the author whom we know may still write. */
static enum kai_verdict author_now(struct kai_net *n, struct kai_nlog *log)
{
    const struct kai_node *author = kai_roster_node(n->roster, log->l.author_node);

    if (!author || (!author->active && !author->revoked))
        return KAI_PARK;
    return kai_author_fits(n, log) ? KAI_TAKE : author->revoked ? KAI_REFUSE : KAI_PARK;
}

static enum kai_verdict next_data(struct kai_net *n, struct kai_share *s, struct kai_nlog *log,
                                  const struct kai_entry *e, struct kai_net_log *is)
{
    bool blind = kai_log_blind(&log->l);
    const struct kai_epoch *epoch;
    enum kai_verdict v = blind ? KAI_TAKE : author_now(n, log);

    if (!s->matched || e->h.ptype == KAI_PTYPE_CONTROL || e->h.ptype == KAI_PTYPE_EPOCH)
        return KAI_REFUSE;
    if (v != KAI_TAKE)
        return v;
    if (e->h.ptype == KAI_PTYPE_CLOSE)
        return e->h.psize == 0 ? KAI_TAKE : KAI_REFUSE;
    epoch = kai_keyring_kid(n->keyring, s->aud_id, e->h.kid);
    if (!epoch || epoch->route_only)
        return kai_blind_judge(n, s->aud_id, epoch, e);
    if (!kai_tag_fits(epoch->tag, e) ||
        (!blind && !kai_keyring_may_use(n->keyring, s->aud_id, e->h.kid,
                                        kai_roster_node(n->roster, log->l.author_node))))
        return KAI_REFUSE;
    return e->h.ptype == KAI_PTYPE_SEALED ? next_kid(n, log, epoch, e, is) : KAI_TAKE;
}

/* seq is the next one. */
enum kai_verdict kai_accept_next(struct kai_net *n, struct kai_share *s, struct kai_nlog *log,
                                 const struct kai_entry *e, struct kai_net_log *is)
{
    uint8_t aud[KAI_ID_BYTES];

    *is = log->l;
    if (memcmp(e->h.prev, log->ing_hash, KAI_ID_BYTES) != 0) /* The store would not take it. */
        return log->n_flight > 0 ? KAI_REFUSE : KAI_FORK;
    if (!KAI_CHECK(CHAIN_TIME, e->h.ts >= log->ing_ts) || e->h.floor > e->h.seq)
        return KAI_REFUSE;
    if (log->l.kind == 1)
        return next_data(n, s, log, e, is);
    if (e->h.ptype == KAI_PTYPE_CLOSE)
        return e->h.psize == 0 ? KAI_TAKE : KAI_REFUSE;
    if (e->h.ptype != KAI_PTYPE_EPOCH || kai_epoch_audience(aud, e->payload) ||
        memcmp(aud, s->aud_id, KAI_ID_BYTES) != 0)
        return KAI_REFUSE;
    return KAI_TAKE;
}
