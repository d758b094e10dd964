/* intro: how a node that was just admitted shows its certificates to one that has not heard of it
 * (docs/protocol.md 7).
 *
 * HELLO carries the charter record and the control logs on the way from the founding root to the
 * newcomer's certificate: each from its first entry, or, where that does not fit, only the entry
 * that names the next key. The server believes nothing before each key on the way is signed for by
 * the one above; then it may ask, once, for what is between. */
#include "topology/state.h"

#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"

#define INTRO_ROOM (KAI_INTRO_FRAME_BYTES_MAX - 1024u)

struct chain {
    size_t n;
    struct kai_head step[KAI_PATH_CERTS_MAX + 2]; /* From the newcomer up. */
};

static bool is_founder(const struct kai_charter *c, const uint8_t *pk)
{
    for (size_t i = 0; i < c->n_founders; i++)
        if (memcmp(c->founders[i].root_pk, pk, KAI_KEY_BYTES) == 0)
            return true;
    return false;
}

static bool read_admit(const struct kai_entry *e, struct kai_admit *a)
{
    uint64_t type;
    struct kai_view body;

    return e->payload.p && kai_rec_parse(&type, &body, e->payload) == KAI_OK &&
           type == KAI_REC_ADMIT && kai_admit_parse(a, body) == KAI_OK;
}

struct seek {
    const uint8_t *sign_pk;
    struct kai_head found;
    bool ok;
};

static bool seek_admit(void *ctx, const struct kai_entry *e)
{
    struct seek *s = ctx;
    struct kai_admit a;

    if (!read_admit(e, &a) || memcmp(a.sign_pk, s->sign_pk, KAI_KEY_BYTES) != 0)
        return true;
    memcpy(s->found.log_pk, e->h.log_pk, KAI_KEY_BYTES);
    memcpy(s->found.hash, e->hash, KAI_ID_BYTES);
    s->found.seq = e->h.seq;
    s->ok = true;
    return false;
}

static bool above(const struct kai_net *n, const uint8_t *key, struct kai_head *out)
{
    struct seek s = {.sign_pk = key};
    const struct kai_head *heads;
    size_t k = kai_ctl_heads(n->ctl, &heads);

    for (size_t i = 0; i < k && !s.ok; i++)
        kai_ctl_each(n->ctl, heads[i].log_pk, 1, heads[i].seq, seek_admit, &s);
    *out = s.found;
    return s.ok;
}

static bool find_chain(const struct kai_net *n, struct chain *c)
{
    const struct kai_charter *charter = kai_ctl_charter(n->ctl);
    const struct kai_entry *e = kai_ctl_find(n->ctl, n->self.node_cert);
    struct kai_head at;

    *c = (struct chain){0};
    if (!e)
        return false;
    memcpy(at.log_pk, e->h.log_pk, KAI_KEY_BYTES);
    memcpy(at.hash, e->hash, KAI_ID_BYTES);
    at.seq = e->h.seq;
    for (;;) {
        if (c->n == KAI_PATH_CERTS_MAX + 2)
            return false;
        c->step[c->n++] = at;
        if (is_founder(charter, at.log_pk))
            return true;
        if (!above(n, c->step[c->n - 1].log_pk, &at))
            return false;
    }
}

struct writer {
    struct kai_buf *out;
    uint32_t n;
    bool full;
};

static bool write_one(void *ctx, const struct kai_entry *e)
{
    struct writer *w = ctx;

    if (w->out->len + e->hdr.n + e->sig.n + e->payload.n + 32 > INTRO_ROOM ||
        w->n == KAI_ENTRIES_MAX) {
        w->full = true;
        return false;
    }
    kai_entry_write(w->out, e, true);
    w->n++;
    return true;
}

static bool write_chain(const struct kai_net *n, const struct chain *c, bool whole,
                        struct writer *w)
{
    kai_buf_clear(w->out);
    w->n = 0;
    w->full = false;
    for (size_t i = c->n; i > 0 && !w->full; i--)
        kai_ctl_each(n->ctl, c->step[i - 1].log_pk, whole ? 1 : c->step[i - 1].seq,
                     c->step[i - 1].seq, write_one, w);
    return !w->full && !w->out->err;
}

enum kai_err kai_net_intro_hello(struct kai_net *n, struct kai_buf *out, uint64_t wall_ms)
{
    struct kai_hello h = {.min = KAI_WIRE_VERSION,
                          .max = KAI_WIRE_VERSION,
                          .clock_ms = wall_ms,
                          .charter_ver = kai_ctl_charter(n->ctl)->ver,
                          .credit_bytes = KAI_CREDIT_BYTES,
                          .frame_bytes = KAI_INTRO_FRAME_BYTES_MAX,
                          .intro = true,
                          .charter = kai_buf_view(&n->charter)};
    struct writer w = {.out = &n->scratch};
    struct chain chain;

    if (!find_chain(n, &chain))
        return KAI_ENOTFOUND;
    memcpy(h.nid, n->nid, sizeof h.nid);
    memcpy(h.cert, n->self.node_cert, sizeof h.cert);
    memcpy(h.boot, n->boot, sizeof h.boot);
    n->act.random(n->act.ctx, h.nonce, sizeof h.nonce);
    kai_ctl_fingerprint(n->ctl, h.fingerprint);
    kai_put_hello(out, &h);
    if (!write_chain(n, &chain, out->len < INTRO_ROOM / 2, &w) ||
        out->len + w.out->len + 8 > INTRO_ROOM)
        if (!write_chain(n, &chain, false, &w))
            return KAI_ELIMIT;
    kai_put_array(out, w.n);
    kai_buf_add(out, w.out->p, w.out->len);
    return out->err;
}

/* ---- The server's side. */

struct proved {
    size_t n;
    uint8_t key[KAI_ENTRIES_MAX][KAI_KEY_BYTES]; /* Each entry proves one at most. */
};

static bool is_proved(const struct kai_net *n, const struct proved *p, const uint8_t *key)
{
    for (size_t i = 0; i < p->n; i++)
        if (memcmp(p->key[i], key, KAI_KEY_BYTES) == 0)
            return true;
    return is_founder(kai_ctl_charter(n->ctl), key);
}

/* Whether the entries shown lead, signature by signature, from a founder to a certificate with this
 * CURVE key. */
static bool chain_verifies(struct kai_net *n, struct kai_frame f, const uint8_t *peer)
{
    struct proved proved = {0};
    struct kai_view hdr, sig, payload;
    struct kai_entry e;
    struct kai_admit a;
    bool ends_at_peer = false;

    for (uint32_t i = 0; i < f.n; i++) {
        kai_frame_parts(&f, &hdr, &sig, &payload);
        if (sig.n != KAI_SIG_BYTES || kai_entry_init(&e, hdr, sig, payload) != KAI_OK ||
            !is_proved(n, &proved, e.h.log_pk) || kai_entry_verify(&e, n->nid) != KAI_OK)
            return false;
        if (!read_admit(&e, &a))
            continue;
        if (memcmp(e.hash, f.hello.cert, KAI_ID_BYTES) == 0)
            ends_at_peer = a.kind == KAI_ADMIT_NODE && a.has_curve &&
                           KAI_CHECK(INTRO_KEY, memcmp(a.curve_pk, peer, KAI_KEY_BYTES) == 0);
        if (a.kind != KAI_ADMIT_ORG && a.kind != KAI_ADMIT_ISSUING)
            continue;
        memcpy(proved.key[proved.n++], a.sign_pk, KAI_KEY_BYTES);
    }
    return ends_at_peer;
}

/* Add what can be added, in as many rounds as it takes; *wants gets what is between. */
static enum kai_err add_all(struct kai_net *n, struct kai_frame f, struct kai_buf *wants,
                            uint32_t *n_wants)
{
    struct kai_frame start = f;
    bool progress = true;

    while (progress) {
        progress = false;
        kai_buf_clear(wants);
        *n_wants = 0;
        f = start;
        for (uint32_t i = 0; i < f.n; i++) {
            struct kai_view hdr, sig, payload;
            struct kai_want w = {.from = 1, .payload = true};
            struct kai_entry e;
            struct kai_head head;
            enum kai_err err;

            kai_frame_parts(&f, &hdr, &sig, &payload);
            if (sig.n != KAI_SIG_BYTES || kai_entry_init(&e, hdr, sig, payload) != KAI_OK ||
                !payload.p)
                return KAI_EMALFORMED;
            err = kai_ctl_put(&n->ctl, &e);
            if (err == KAI_OK) {
                progress = n->roster_stale = n->retry_ctl = true;
                n->act.store_ctl(n->act.ctx, &e);
            } else if (err == KAI_EAGAIN && *n_wants < KAI_WANT_RANGES_MAX) {
                if (kai_ctl_head(n->ctl, e.h.log_pk, &head) == KAI_OK && head.seq < e.h.seq)
                    w.from = head.seq + 1;
                memcpy(w.log_pk, e.h.log_pk, sizeof w.log_pk);
                w.to = e.h.seq;
                kai_put_want(wants, &w);
                ++*n_wants;
            } else if (err != KAI_EEXIST && err != KAI_EAGAIN) {
                return err;
            }
        }
    }
    return KAI_OK;
}

static enum kai_err check_hello(struct kai_net *n, const struct kai_frame *f, const uint8_t *peer,
                                struct kai_why *why)
{
    struct kai_charter charter;

    if (!f->hello.intro || f->hello.min > KAI_WIRE_VERSION || f->hello.max < KAI_WIRE_VERSION)
        return KAI_EMALFORMED;
    if (memcmp(f->hello.nid, n->nid, sizeof n->nid) != 0)
        return kai_why_set(why, KAI_EDENIED, "intro.network", NULL, NULL, NULL);
    if (kai_charter_parse(&charter, f->hello.charter) ||
        memcmp(charter.nid, n->nid, sizeof n->nid) != 0)
        return kai_why_set(why, KAI_EDENIED, "intro.network", NULL, NULL, NULL);
    if (!chain_verifies(n, *f, peer))
        return kai_why_set(why, KAI_EAUTH, "intro.chain", NULL, NULL, NULL);
    return KAI_OK;
}

enum kai_err kai_net_intro_serve(struct kai_net *n, struct kai_view frame,
                                 const uint8_t peer[static KAI_KEY_BYTES], struct kai_buf *reply,
                                 struct kai_why *why, uint64_t now_ms)
{
    struct kai_frame f;
    enum kai_err err =
        frame.n > KAI_INTRO_FRAME_BYTES_MAX ? KAI_ELIMIT : kai_frame_parse(&f, frame);
    uint32_t n_wants = 0;

    if (err)
        return err;
    if (f.type != KAI_MSG_HELLO && f.type != KAI_MSG_ENTRIES)
        return KAI_EMALFORMED;
    if (f.type == KAI_MSG_HELLO)
        err = check_hello(n, &f, peer, why);
    if (err)
        return err;
    kai_step_begin(n, now_ms);
    err = add_all(n, f, &n->opened, &n_wants);
    if (err == KAI_OK && n->roster_stale)
        err = kai_control_rebuild(n);
    if (err) {
        kai_step_end(n);
        return err;
    }
    if (kai_net_admits(n, peer)) {
        kai_put_numbers(reply, KAI_MSG_ERR, 0, 0);
        err = reply->err;
    } else if (f.type == KAI_MSG_HELLO && n_wants > 0) {
        kai_put_frame(reply, KAI_MSG_WANT, 2);
        kai_put_uint(reply, KAI_HANDLE_CONTROL);
        kai_put_array(reply, n_wants);
        kai_buf_add(reply, n->opened.p, n->opened.len);
        err = reply->err ? reply->err : KAI_EAGAIN;
    } else {
        err = kai_why_set(why, KAI_EDENIED, "intro.denied", NULL, NULL, NULL);
    }
    kai_step_end(n);
    return err;
}

/* ---- The newcomer's side. */

enum kai_err kai_net_intro_reply(struct kai_net *n, struct kai_view frame, struct kai_buf *reply)
{
    struct writer w = {.out = &n->scratch};
    struct kai_frame f;
    enum kai_err err = kai_frame_parse(&f, frame);

    if (err)
        return err;
    if (f.type == KAI_MSG_ERR && f.a == 0)
        return KAI_OK;
    if (f.type == KAI_MSG_BYE || f.type == KAI_MSG_ERR)
        return KAI_EDENIED;
    if (f.type != KAI_MSG_WANT || f.handle != KAI_HANDLE_CONTROL)
        return KAI_EMALFORMED;
    kai_buf_clear(w.out);
    /* What does not fit now is asked for at the next try, for the server keeps what verifies. */
    for (uint32_t i = 0; i < f.n && !w.full; i++) {
        struct kai_want want;
        kai_frame_want(&f, &want);
        kai_ctl_each(n->ctl, want.log_pk, want.from, want.to, write_one, &w);
    }
    if (w.out->err)
        return w.out->err;
    kai_put_frame(reply, KAI_MSG_ENTRIES, 3);
    kai_put_uint(reply, KAI_HANDLE_CONTROL);
    kai_put_array(reply, w.n);
    kai_buf_add(reply, w.out->p, w.out->len);
    kai_put_bool(reply, false);
    return reply->err ? reply->err : KAI_EAGAIN;
}
