/* match: which audiences both ends of a link are members of, and what each may be told
 * (docs/protocol.md 7). */
#include "topology/carry_int.h"
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

#define AUDS_MAX (3u * KAI_AUDIENCES_MAX + KAI_MAILBOXES_MAX)

static void add_aud(struct kai_net *n, const uint8_t *aud, enum kai_use_part part)
{
    for (size_t i = 0; i < n->n_auds; i++)
        if (memcmp(n->auds[i].id, aud, KAI_ID_BYTES) == 0)
            return;
    if (n->n_auds == AUDS_MAX)
        return;
    memcpy(n->auds[n->n_auds].id, aud, KAI_ID_BYTES);
    n->auds[n->n_auds++].part = part;
}

static void add_mail(struct kai_net *n)
{
    uint8_t own[KAI_ID_BYTES];
    struct kai_nlog *const *logs;
    size_t carried = 0;

    kai_mailbox_id(own, n->self.org_id);
    if (kai_mail_find(n, own))
        add_aud(n, own, KAI_PART_MAIL);
    for (size_t i = 0; i < n->n_logs && carried < KAI_MAILBOXES_MAX;) {
        const uint8_t *aud = n->by_aud[i]->l.aud_id;
        if (kai_mail_find(n, aud)) {
            add_aud(n, aud, KAI_PART_MAIL);
            carried++;
        }
        i += kai_mirror_audience(n, aud, &logs);
    }
}

/* What we are a member of, what we hold a key of before its rule has told us who the members are,
 * what we relay, and the mailboxes that we read or hold letters for. */
enum kai_err kai_match_auds(struct kai_net *n)
{
    const uint8_t(*ids)[KAI_ID_BYTES];
    const struct kai_audience *auds;
    const struct kai_epoch *epochs;
    size_t n_ids = kai_keyring_audiences(n->keyring, &ids);
    size_t n_auds = kai_roster_audiences(n->roster, &auds);

    if (!n->auds && !(n->auds = calloc(AUDS_MAX, sizeof *n->auds)))
        return KAI_ENOMEM;
    n->n_auds = 0;
    for (size_t i = 0; i < n_ids; i++)
        add_aud(n, ids[i], KAI_PART_MEMBER);
    n_ids = kai_keyring_relayed(n->keyring, &ids);
    for (size_t i = 0; i < n_ids; i++)
        add_aud(n, ids[i], KAI_PART_RELAY);
    for (size_t i = 0; i < n_auds && n->n_auds < 3 * KAI_AUDIENCES_MAX; i++)
        if (kai_keyring_epochs(n->keyring, auds[i].id, &epochs) > 0)
            add_aud(n, auds[i].id, KAI_PART_MEMBER);
    add_mail(n);
    return KAI_OK;
}

/* ---- Tokens. */

size_t kai_match_secrets(const struct kai_net *n, const struct kai_use *use, struct kai_secret *out,
                         size_t max)
{
    static const uint8_t none[KAI_ID_BYTES];
    const struct kai_mailbox *m;
    const struct kai_epoch *e;
    size_t k;

    if (use->part == KAI_PART_MAIL) {
        m = kai_mail_find(n, use->id);
        if (m)
            out[0] = (struct kai_secret){m->route, none};
        return m ? 1 : 0;
    }
    if (!KAI_CHECK(MATCH_CURRENT, use->part != KAI_PART_RELAY))
        max = 1;
    k = kai_keyring_epochs(n->keyring, use->id, &e);
    k = k < max ? k : max;
    for (size_t i = 0; i < k; i++)
        out[i] = (struct kai_secret){e[i].route, e[i].commit};
    return k;
}

/* Both keys that CURVE proved are in it: what one link shows is nothing on another. */
static void make_token(const struct kai_net *n, const struct kai_link *l, const uint8_t *route,
                       bool of_dialler, uint8_t token[static 16])
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_MATCH, route, 16);
    kai_hash_add(&h, l->dialled ? l->my_nonce : l->peer_nonce, 32);
    kai_hash_add(&h, l->dialled ? l->peer_nonce : l->my_nonce, 32);
    kai_hash_add(&h, l->dialled ? n->curve_pk : l->curve_pk, KAI_KEY_BYTES);
    kai_hash_add(&h, l->dialled ? l->curve_pk : n->curve_pk, KAI_KEY_BYTES);
    kai_hash_u64(&h, of_dialler ? 1 : 2);
    kai_hash_end(&h, token);
}

/* ---- MATCH. */

static bool send_tokens(struct kai_net *n, struct kai_link *l, size_t from, size_t to)
{
    while (from < to) {
        size_t k = to - from > KAI_MATCH_TOKENS_MAX ? KAI_MATCH_TOKENS_MAX : to - from;
        struct kai_buf *b = kai_out_begin(n);
        kai_put_frame(b, KAI_MSG_MATCH, 2);
        kai_put_uint(b, from);
        kai_put_array(b, (uint32_t)k);
        for (size_t i = 0; i < k; i++)
            kai_put_bin(b, l->sent[from + i].token, 16);
        if (!kai_out_put(n, l, KAI_OUT_KEYS))
            return false;
        from += k;
    }
    return true;
}

static size_t find_sent(const struct kai_link *l, const uint8_t *aud, const struct kai_secret *e)
{
    for (size_t i = 0; i < l->n_sent; i++)
        if (l->sent[i].real &&
            memcmp(l->sent[i].commit, e->commit, sizeof l->sent[i].commit) == 0 &&
            memcmp(l->sent[i].aud_id, aud, KAI_ID_BYTES) == 0)
            return i;
    return SIZE_MAX;
}

static size_t find_got(const struct kai_link *l, const uint8_t token[static 16])
{
    for (size_t i = 0; i < l->n_got; i++)
        if (l->got[i].set && memcmp(l->got[i].token, token, 16) == 0)
            return i;
    return SIZE_MAX;
}

void kai_match_token(const struct kai_net *n, const struct kai_link *l,
                     const uint8_t route[static KAI_KEY_BYTES], uint8_t token[static 16])
{
    make_token(n, l, route, !l->dialled, token);
}

bool kai_match_shown(const struct kai_link *l, const uint8_t token[static 16])
{
    return find_got(l, token) != SIZE_MAX;
}

static struct kai_sent_token *new_sent(struct kai_link *l)
{
    struct kai_sent_token *grown =
        kai_grow(l->sent, &l->cap_sent, l->n_sent + 1, KAI_HANDLES_MAX, sizeof *grown);

    if (!grown)
        return NULL;
    l->sent = grown;
    return &grown[l->n_sent++];
}

/* Both ends have shown this secret: the peer's token is named, so that it serves as a handle. */
static void join(struct kai_link *l, struct kai_sent_token *t, size_t got)
{
    t->got = (uint32_t)got;
    l->got[got].known = true;
    memcpy(l->got[got].aud_id, t->aud_id, KAI_ID_BYTES);
}

static void put_tokens(struct kai_net *n, struct kai_link *l, const struct kai_use *use)
{
    struct kai_secret e[KAI_MATCH_EPOCHS];
    size_t k = kai_match_secrets(n, use, e, KAI_MATCH_EPOCHS);

    for (size_t j = 0; j < k; j++) {
        struct kai_sent_token *t = find_sent(l, use->id, &e[j]) == SIZE_MAX ? new_sent(l) : NULL;
        if (!t)
            continue;
        make_token(n, l, e[j].route, l->dialled, t->token);
        make_token(n, l, e[j].route, !l->dialled, t->peer);
        memcpy(t->aud_id, use->id, KAI_ID_BYTES);
        memcpy(t->commit, e[j].commit, sizeof t->commit);
        t->real = true;
        t->got = KAI_HANDLES_MAX;
        if (find_got(l, t->peer) != SIZE_MAX)
            join(l, t, find_got(l, t->peer));
    }
}

/* A handle is a place among the dialler's tokens; it is used once both have shown the secret behind
 * it. Of a peer that is so far behind that we show none that it knows we are not understood: it is
 * offered the audience as a newcomer is. */
static bool find_match(struct kai_net *n, const struct kai_link *l, const struct kai_use *use,
                       uint32_t *handle)
{
    struct kai_secret e[KAI_KNOWN_EPOCHS];
    size_t k = kai_match_secrets(n, use, e, KAI_KNOWN_EPOCHS);

    for (size_t j = 0; j < k; j++) {
        size_t sent = find_sent(l, use->id, &e[j]);
        if (sent != SIZE_MAX && l->sent[sent].got < KAI_HANDLES_MAX) {
            *handle = l->dialled ? (uint32_t)sent : l->sent[sent].got;
            return true;
        }
    }
    return false;
}

struct kai_share *kai_match_handle(const struct kai_link *l, uint64_t handle)
{
    if (handle == KAI_HANDLE_CONTROL)
        return l->shares[0];
    if (l->state != KAI_LINK_MATCH)
        return NULL; /* No data before the control plane is reconciled. */
    if (l->file)
        return kai_carry_handle(l, handle);
    if (handle >= KAI_HANDLE_OFFER) {
        for (size_t i = 1; i < l->n_shares; i++)
            if ((l->shares[i]->offered_in && l->shares[i]->offer_in_handle == handle) ||
                (l->shares[i]->offered_out && l->shares[i]->offer_out_handle == handle))
                return l->shares[i];
        return NULL;
    }
    if (l->dialled && handle < l->n_sent && l->sent[handle].real)
        return kai_share_find(l, l->sent[handle].aud_id);
    if (!l->dialled && handle < l->n_got && l->got[handle].known)
        return kai_share_find(l, l->got[handle].aud_id);
    return NULL;
}

/* ---- OFFER. */

static void offer(struct kai_net *n, struct kai_link *l, const uint8_t *aud)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    uint8_t eph_sk[KAI_KEY_BYTES], eph_pk[KAI_KEY_BYTES], slot[KAI_SLOT_BYTES];
    struct kai_slot_ctx ctx = {.domain = KAI_D_OWRAP,
                               .nid = n->nid,
                               .aud_id = zeros,
                               .commit = l->commit,
                               .eph_pk = eph_pk};
    struct kai_share *s = kai_share_find(l, aud);
    struct kai_buf *b;

    if (l->n_offers >= KAI_SHARES_MAX || (!s && !(s = kai_share_add(l, aud))))
        return;
    n->act.random(n->act.ctx, eph_sk, sizeof eph_sk);
    if (crypto_scalarmult_base(eph_pk, eph_sk) != 0 ||
        kai_slot_make(slot, &ctx, eph_sk, l->peer->kx_pk, aud) != KAI_OK)
        return;
    s->offered_out = true;
    s->offer_out_handle = (uint32_t)(KAI_HANDLE_OFFER + 2 * l->n_offers + (l->dialled ? 0 : 1));
    s->handle = s->offer_out_handle;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_OFFER, 2);
    kai_put_uint(b, l->n_offers++);
    kai_put_array(b, 1);
    kai_put_array(b, 2);
    kai_put_bin(b, eph_pk, sizeof eph_pk);
    kai_put_bin(b, slot, sizeof slot);
    (void)kai_out_put(n, l, KAI_OUT_KEYS);
    kai_rb_due(n, s, 0);
}

void kai_offer_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    static const uint8_t zeros[KAI_ID_BYTES];

    for (uint32_t i = 0; i < f->n; i++) {
        const uint8_t *eph_pk, *slot;
        uint8_t aud[KAI_ID_BYTES];
        struct kai_share *s;

        kai_frame_offer(f, &eph_pk, &slot);
        struct kai_slot_ctx ctx = {.domain = KAI_D_OWRAP,
                                   .nid = n->nid,
                                   .aud_id = zeros,
                                   .commit = l->commit,
                                   .eph_pk = eph_pk};
        if (f->a + i >= KAI_SHARES_MAX ||
            kai_keyring_open_slot(n->keyring, aud, &ctx, slot, 1) != KAI_OK) {
            n->count.entries_refused++;
            continue;
        }
        s = kai_share_find(l, aud);
        if (!s && !(s = kai_share_add(l, aud)))
            continue;
        s->offered_in = true;
        s->offer_in_handle = (uint32_t)(KAI_HANDLE_OFFER + 2 * (f->a + i) + (l->dialled ? 1 : 0));
        if (!s->matched && !s->offered_out)
            s->handle = s->offer_in_handle;
    }
}

/* ---- Together. */

static void match_one(struct kai_net *n, struct kai_link *l, const struct kai_use *use)
{
    struct kai_share *s = kai_share_find(l, use->id);
    bool was_ok = s && s->send_ok;
    uint32_t handle;

    if (find_match(n, l, use, &handle)) {
        if (!s && !(s = kai_share_add(l, use->id)))
            return;
        if (!s->matched) {
            s->matched = true;
            s->live = false;
            kai_rb_due(n, s, l->dialled ? 0 : KAI_RB_LISTEN_MS);
        }
        s->handle = handle;
    } else if (l->got && l->n_got > 0 && (!s || (!s->matched && !s->offered_out)) &&
               kai_may_offer(n, l, use->id)) {
        offer(n, l, use->id);
        s = kai_share_find(l, use->id);
    }
    if (!s)
        return;
    s->send_ok = kai_may_send_data(n, l, s);
    if (s->matched && s->send_ok != was_ok && s->send_ok)
        kai_rb_due(n, s, l->dialled ? 0 : 500);
    if (s->blocked && (s->matched || s->offered_in)) {
        s->blocked = false;
        kai_rb_due(n, s, 100);
    }
}

/* A peer that may have an audience no longer does not get what still waits to be sent to it. */
static void retract(struct kai_net *n, struct kai_link *l)
{
    size_t waits = 0;

    for (size_t c = KAI_OUT_KEYS; c < KAI_OUT_CLASSES; c++)
        waits += l->out[c].n;
    for (size_t i = 1; i < l->n_shares && !l->dead; i++) {
        struct kai_share *s = l->shares[i];
        if (!s->send_ok || kai_may_send_data(n, l, s))
            continue;
        s->send_ok = false;
        if (!KAI_CHECK(RETRACT, waits == 0))
            kai_link_bye(n, l, KAI_BYE_NOT_SHARED);
    }
}

typedef void each_fn(struct kai_net *n, struct kai_link *l, const struct kai_use *use);

static void each(struct kai_net *n, struct kai_link *l, each_fn *f)
{
    struct kai_use use = {.part = KAI_PART_MAIL};

    for (size_t i = 0; i < n->n_auds && !l->dead; i++)
        f(n, l, &n->auds[i]);
    for (size_t i = 0; i < l->n_mail && !l->dead; i++) {
        memcpy(use.id, l->mail[i], KAI_ID_BYTES);
        f(n, l, &use);
    }
}

/* Send tokens of epochs that the peer has none of yet, padded with random ones. */
static void send_new(struct kai_net *n, struct kai_link *l)
{
    size_t from = l->n_sent, padded = 8;

    each(n, l, put_tokens);
    if (l->n_sent == from && from > 0)
        return;
    while (padded < l->n_sent - from)
        padded *= 2;
    for (size_t i = l->n_sent; i < from + padded; i++) {
        struct kai_sent_token *t = new_sent(l);
        if (!t)
            break;
        t->got = KAI_HANDLES_MAX;
        n->act.random(n->act.ctx, t->token, 16);
    }
    /* A link that has used up its indexes, or whose peer does not read, begins anew. */
    if (l->n_sent == KAI_HANDLES_MAX || !send_tokens(n, l, from, l->n_sent))
        kai_link_bye(n, l, KAI_BYE_LIMIT);
}

void kai_match_refresh(struct kai_net *n, struct kai_link *l)
{
    if (l->file) {
        kai_carry_refresh(n, l);
        return;
    }
    if (l->dead || l->state != KAI_LINK_MATCH)
        return;
    retract(n, l);
    kai_mail_link(n, l);
    kai_mail_recognise(n, l);
    if (!l->dead)
        send_new(n, l);
    each(n, l, match_one);
}

void kai_match_repeat(struct kai_net *n, struct kai_link *l)
{
    if (l->dead || l->state != KAI_LINK_MATCH)
        return;
    (void)send_tokens(n, l, 0, l->n_sent);
    for (size_t i = 1; i < l->n_shares; i++)
        if (l->shares[i]->offered_out && !l->shares[i]->matched)
            l->shares[i]->offered_out = false; /* Made again below. */
    kai_match_refresh(n, l);
}

static void take_token(struct kai_link *l, size_t at, const uint8_t token[static 16])
{
    struct kai_got_token *t = &l->got[at];

    if (t->set)
        return;
    memcpy(t->token, token, 16);
    t->set = true;
    l->got_news++;
    for (size_t i = 0; i < l->n_sent; i++)
        if (l->sent[i].real && memcmp(l->sent[i].peer, token, 16) == 0)
            join(l, &l->sent[i], at);
}

void kai_match_look(struct kai_net *n, struct kai_link *l)
{
    if (!l->match_due || l->dead ||
        !KAI_CHECK(MATCH_RATE, n->now_ms + KAI_MATCH_BURST_MS >= l->match_ms))
        return;
    n->count.match_looks++;
    l->match_due = false;
    l->match_ms = (l->match_ms > n->now_ms ? l->match_ms : n->now_ms) + KAI_MATCH_LOOK_MS;
    kai_match_refresh(n, l);
}

void kai_match_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    uint64_t before = l->got_news;
    struct kai_got_token *grown;

    if (f->a + f->n > KAI_HANDLES_MAX) {
        kai_link_bye(n, l, KAI_BYE_LIMIT);
        return;
    }
    grown = kai_grow(l->got, &l->cap_got, (size_t)f->a + f->n, KAI_HANDLES_MAX, sizeof *grown);
    if (!grown && f->a + f->n > 0) {
        kai_link_drop(n, l, KAI_BYE_LOST);
        return;
    }
    l->got = grown;
    if (f->a + f->n > l->n_got)
        l->n_got = (size_t)f->a + f->n;
    for (uint32_t i = 0; i < f->n; i++)
        take_token(l, (size_t)f->a + i, kai_frame_token(f));
    /* Not for what was said before; and not token by token: to look at all keys costs more than to
     * say one. */
    if (l->got_news != before)
        l->match_due = true;
    kai_match_look(n, l);
}
