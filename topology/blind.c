/* blind: BIND, which says inside the encryption whose log this is, and logs of which none could be
 * opened yet (docs/protocol.md 5 and 7). */
#include "topology/judge.h"

#include <string.h>

#include "base/check.h"

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

enum kai_verdict kai_bind_judge(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                                const struct kai_epoch *epoch, const struct kai_entry *e,
                                struct kai_bind *bind, const struct kai_node **author)
{
    struct kai_view item;

    *author = NULL;
    if (open_bind(n, epoch, e, &item) || kai_bind_parse(bind, item))
        return KAI_REFUSE;
    if (!KAI_CHECK(BIND_PLACE, memcmp(bind->log_pk, e->h.log_pk, KAI_KEY_BYTES) == 0 &&
                                   memcmp(bind->aud_id, aud_id, KAI_ID_BYTES) == 0))
        return KAI_REFUSE;
    *author = kai_roster_node_by_cert(n->roster, bind->node_cert);
    if (!*author || (!(*author)->active && !(*author)->revoked))
        return KAI_PARK;
    if (!KAI_CHECK(BIND_SIGNATURE, kai_bind_verify(item, (*author)->sign_pk, n->nid) == KAI_OK))
        return KAI_REFUSE;
    if (!kai_keyring_may_use(n->keyring, aud_id, e->h.kid, *author))
        return KAI_REFUSE;
    return kai_may_author(n, aud_id, *author) ? KAI_TAKE
           : (*author)->revoked               ? KAI_REFUSE
                                              : KAI_PARK;
}

void kai_bind_tell(struct kai_net_log *log, const struct kai_bind *bind,
                   const struct kai_node *author)
{
    memcpy(log->author_node, author->id, KAI_ID_BYTES);
    memcpy(log->author_cert, bind->node_cert, KAI_ID_BYTES);
    memcpy(log->salt, bind->salt, sizeof log->salt);
    log->incarnation = bind->incarnation;
}

/* Its epoch is announced, and where the routing secret is known the tag is that of the audience. */
enum kai_verdict kai_blind_judge(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                                 const struct kai_epoch *epoch, const struct kai_entry *e)
{
    const struct kai_mailbox *mail = kai_mail_find(n, aud_id);
    const uint8_t *tag = epoch ? epoch->tag : mail ? mail->tag : NULL;

    if (!KAI_CHECK(KID_HELD, kai_keyring_kid_held(n->keyring, aud_id, e->h.kid)))
        return KAI_PARK;
    return kai_tag_fits(tag, e) ? KAI_TAKE : KAI_REFUSE;
}

/* tag NULL: it is not known. */
bool kai_tag_fits(const uint8_t *tag, const struct kai_entry *e)
{
    return KAI_CHECK(TAG_FITS, !tag || memcmp(tag, e->h.tag, KAI_TAG_BYTES) == 0);
}

/* ---- Keys that came later than the entries under them. */

static const struct kai_epoch *open_kid(const struct kai_net *n, const struct kai_nlog *log,
                                        const uint8_t *kid)
{
    const struct kai_epoch *epoch = kai_keyring_kid(n->keyring, log->l.aud_id, kid);

    return epoch && !epoch->route_only ? epoch : NULL;
}

static bool any_open(const struct kai_net *n, const struct kai_nlog *log)
{
    for (size_t i = 0; i < log->n_kids; i++)
        if (open_kid(n, log, log->kids[i]))
            return true;
    return false;
}

/* The first entry under each kid is a BIND; one that opens is enough. */
static void learn(struct kai_net *n, struct kai_nlog *log)
{
    const struct kai_epoch *epoch = NULL;
    const struct kai_node *author;
    struct kai_bind bind;
    struct kai_entry e;

    for (uint64_t seq = 1; seq <= log->l.head_seq && !epoch; seq++)
        if (n->act.read(n->act.ctx, log->l.log_pk, seq, &e) == KAI_OK &&
            e.h.ptype == KAI_PTYPE_SEALED && e.payload.p)
            epoch = open_kid(n, log, e.h.kid);
    if (!epoch)
        return;
    enum kai_verdict v = kai_bind_judge(n, log->l.aud_id, epoch, &e, &bind, &author);
    if (v == KAI_TAKE) {
        kai_bind_tell(&log->l, &bind, author);
        n->act.update_log(n->act.ctx, &log->l);
    } else if (v == KAI_PARK) {
        kai_blind_unfit(n, log);
    } else {
        log->broken_bind = true;
    }
}

/* It says whose it is, and he is no member: neither taken nor passed on while that is so. */
void kai_blind_unfit(struct kai_net *n, struct kai_nlog *log)
{
    log->fits = false;
    log->fits_seen = kai_keyring_version(n->keyring);
}

/* The key came while the entry was on its way to the disk: nothing else would look again. */
void kai_blind_landed(struct kai_net *n, struct kai_nlog *log, const struct kai_entry *e)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);

    if (log->l.kind != 1 || !kai_log_blind(&log->l) || log->broken_bind ||
        e->h.ptype != KAI_PTYPE_SEALED || !open_kid(n, log, e->h.kid) ||
        !kai_keyring_eligible(n->keyring, log->l.aud_id, self))
        return;
    learn(n, log);
    n->retry_data = true;
}

void kai_blind_learn(struct kai_net *n)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);

    for (size_t i = 0; i < n->n_logs; i++) {
        struct kai_nlog *log = n->by_pk[i];
        if (!kai_log_blind(&log->l) || log->l.head_seq == 0 || log->broken_bind ||
            !kai_keyring_eligible(n->keyring, log->l.aud_id, self))
            continue;
        kai_mirror_kids(n, log);
        if (any_open(n, log))
            learn(n, log);
    }
}
