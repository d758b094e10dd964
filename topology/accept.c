/* accept: whether an entry may follow in its log, or begin one (docs/protocol.md 5 and 6). */
#include "topology/state.h"

#include <string.h>

#include "crypto/sign.h"

/* The author of a data log: a member; or the owner or a steward, whose RULE tells who the members
 * are. */
bool kai_author_fits(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                     const struct kai_node *node)
{
    const struct kai_audience *a;

    if (kai_keyring_eligible(n->keyring, aud_id, node))
        return true;
    a = kai_roster_audience(n->roster, aud_id);
    if (!a || !node->org || !node->org->active)
        return false;
    if (a->owner == node->org)
        return true;
    for (size_t i = 0; i < a->rec.n_stewards; i++)
        if (memcmp(a->rec.stewards[i], node->org->id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

struct only {
    struct kai_view item;
    size_t n;
    uint64_t type;
};

static enum kai_err only_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct only *o = ctx;

    o->n++;
    o->item = item;
    o->type = type;
    return KAI_OK;
}

/* Open an entry; *item is its only item, of type BIND. KAI_ENOTFOUND: it opens, and is something
 * else. */
static enum kai_err open_bind(struct kai_net *n, const struct kai_epoch *epoch,
                              const struct kai_entry *e, struct kai_view *item)
{
    struct kai_seal_place at = {.nid = n->nid,
                                .log_pk = e->h.log_pk,
                                .seq = e->h.seq,
                                .prev = e->h.prev,
                                .tag = e->h.tag,
                                .kid = e->h.kid,
                                .ts = e->h.ts};
    struct only only = {0};
    enum kai_err err;

    kai_buf_clear(&n->opened);
    err = kai_payload_open(n->packer, &n->opened, &n->scratch, epoch->key, &at, e->payload);
    if (err)
        return err;
    err = kai_body_walk(kai_buf_view(&n->opened), only_item, &only);
    if (err)
        return err;
    *item = only.item;
    return only.n == 1 && only.type == KAI_ITEM_BIND ? KAI_OK : KAI_ENOTFOUND;
}

static enum kai_verdict first_data(struct kai_net *n, struct kai_share *s,
                                   const struct kai_entry *e, struct kai_net_log *log)
{
    const struct kai_epoch *epoch = kai_keyring_kid(n->keyring, s->aud_id, e->h.kid);
    const struct kai_node *author;
    struct kai_view item;
    struct kai_bind bind;

    if (!s->matched || (epoch && memcmp(epoch->tag, e->h.tag, KAI_TAG_BYTES) != 0))
        return KAI_REFUSE;
    if (!epoch)
        return KAI_PARK;
    if (open_bind(n, epoch, e, &item) || kai_bind_parse(&bind, item) ||
        memcmp(bind.log_pk, e->h.log_pk, KAI_KEY_BYTES) != 0 ||
        memcmp(bind.aud_id, s->aud_id, KAI_ID_BYTES) != 0)
        return KAI_REFUSE;
    author = kai_roster_node_by_cert(n->roster, bind.node_cert);
    if (!author || (!author->active && !author->revoked))
        return KAI_PARK;
    if (author->revoked || !(author->caps & KAI_CAP_PUBLISH) ||
        kai_bind_verify(item, author->sign_pk, n->nid) != KAI_OK ||
        kai_key_check(e->h.log_pk) != KAI_OK)
        return KAI_REFUSE;
    if (!kai_author_fits(n, s->aud_id, author))
        return KAI_PARK;
    *log = (struct kai_net_log){.kind = 1, .incarnation = bind.incarnation};
    memcpy(log->author_node, author->id, KAI_ID_BYTES);
    memcpy(log->author_cert, bind.node_cert, KAI_ID_BYTES);
    memcpy(log->salt, bind.salt, sizeof log->salt);
    return KAI_TAKE;
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
 * else. */
static enum kai_verdict next_kid(struct kai_net *n, struct kai_nlog *log,
                                 const struct kai_epoch *epoch, const struct kai_entry *e,
                                 const struct kai_node *author)
{
    struct kai_view item;
    struct kai_bind b;

    if (kai_mirror_has_kid(n, log, e->h.kid))
        return KAI_TAKE;
    if (open_bind(n, epoch, e, &item) || kai_bind_parse(&b, item) ||
        memcmp(b.log_pk, log->l.log_pk, KAI_KEY_BYTES) != 0 ||
        memcmp(b.aud_id, log->l.aud_id, KAI_ID_BYTES) != 0 ||
        memcmp(b.node_cert, log->l.author_cert, KAI_ID_BYTES) != 0 ||
        b.incarnation != log->l.incarnation || memcmp(b.salt, log->l.salt, sizeof b.salt) != 0 ||
        (author && kai_bind_verify(item, author->sign_pk, n->nid) != KAI_OK))
        return KAI_REFUSE;
    return KAI_TAKE;
}

static enum kai_verdict next_data(struct kai_net *n, struct kai_share *s, struct kai_nlog *log,
                                  const struct kai_entry *e)
{
    const struct kai_node *author = kai_roster_node(n->roster, log->l.author_node);
    const struct kai_epoch *epoch;

    if (!s->matched || e->h.ptype == KAI_PTYPE_CONTROL || e->h.ptype == KAI_PTYPE_EPOCH)
        return KAI_REFUSE;
    if (!author || (!author->active && !author->revoked))
        return KAI_PARK;
    if (author->revoked)
        return KAI_REFUSE;
    if (e->h.ptype == KAI_PTYPE_CLOSE)
        return e->h.psize == 0 ? KAI_TAKE : KAI_REFUSE;
    epoch = kai_keyring_kid(n->keyring, s->aud_id, e->h.kid);
    if (!epoch)
        return KAI_PARK;
    if (memcmp(epoch->tag, e->h.tag, KAI_TAG_BYTES) != 0)
        return KAI_REFUSE;
    return e->h.ptype == KAI_PTYPE_SEALED ? next_kid(n, log, epoch, e, author) : KAI_TAKE;
}

/* seq is the next one. */
enum kai_verdict kai_accept_next(struct kai_net *n, struct kai_share *s, struct kai_nlog *log,
                                 const struct kai_entry *e)
{
    uint8_t aud[KAI_ID_BYTES];

    if (memcmp(e->h.prev, log->ing_hash, KAI_ID_BYTES) != 0)
        return log->n_flight > 0 ? KAI_REFUSE : KAI_FORK;
    if (e->h.ts < log->ing_ts || e->h.floor > e->h.seq)
        return KAI_REFUSE;
    if (log->l.kind == 1)
        return next_data(n, s, log, e);
    if (e->h.ptype == KAI_PTYPE_CLOSE)
        return e->h.psize == 0 ? KAI_TAKE : KAI_REFUSE;
    if (e->h.ptype != KAI_PTYPE_EPOCH || kai_epoch_audience(aud, e->payload) ||
        memcmp(aud, s->aud_id, KAI_ID_BYTES) != 0)
        return KAI_REFUSE;
    return KAI_TAKE;
}
