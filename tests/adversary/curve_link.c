/* curve_link: the attacker's end of a link: a DEALER with whatever keys, and nothing that minds
 * what it says. */
#include <string.h>

#include "adversary/curve.h"

#define PATIENCE_MS 5000u
#define HEARD_MAX   (sizeof((struct curve_link *)0)->heard / sizeof(struct kai_buf))

static void option(void *sock, int name, const void *p, size_t n)
{
    EVIL_MUST(zmq_setsockopt(sock, name, p, n) == 0);
}

struct curve_link *curve_open(struct curve *w, size_t as)
{
    struct curve_link *l = calloc(1, sizeof *l);
    const int off = 0, never = -1;
    uint8_t sk[KAI_KEY_BYTES];
    char at[64];

    EVIL_MUST(l != NULL);
    l->w = w;
    l->as = as;
    if (as == CURVE_STRANGER) {
        EVIL_MUST(crypto_box_keypair(l->curve_pk, sk) == 0);
    } else {
        memcpy(l->curve_pk, w->home[as].node->curve_pk, KAI_KEY_BYTES);
        memcpy(sk, w->home[as].node->curve_sk, KAI_KEY_BYTES);
    }
    l->sock = zmq_socket(w->zmq, ZMQ_DEALER);
    l->monitor = zmq_socket(w->zmq, ZMQ_PAIR);
    EVIL_MUST(l->sock != NULL && l->monitor != NULL);
    option(l->sock, ZMQ_LINGER, &off, sizeof off);
    option(l->sock, ZMQ_SNDHWM, &off, sizeof off);
    option(l->sock, ZMQ_RECONNECT_IVL, &never, sizeof never);
    option(l->sock, ZMQ_CURVE_PUBLICKEY, l->curve_pk, KAI_KEY_BYTES);
    option(l->sock, ZMQ_CURVE_SECRETKEY, sk, KAI_KEY_BYTES);
    option(l->sock, ZMQ_CURVE_SERVERKEY, w->body_curve, KAI_KEY_BYTES);
    (void)snprintf(at, sizeof at, "inproc://evil-%u", w->serial++);
    EVIL_MUST(zmq_socket_monitor(l->sock, at,
                                 ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0);
    EVIL_MUST(zmq_connect(l->monitor, at) == 0);
    EVIL_MUST(zmq_connect(l->sock, w->home[BODY].endpoint) == 0);
    kai_random(NULL, l->nonce, sizeof l->nonce);
    return l;
}

void curve_close(struct curve_link *l)
{
    const int off = 0;

    if (l == NULL)
        return;
    (void)zmq_socket_monitor(l->sock, NULL, 0);
    (void)zmq_setsockopt(l->monitor, ZMQ_LINGER, &off, sizeof off);
    (void)zmq_close(l->monitor);
    (void)zmq_close(l->sock);
    for (size_t i = 0; i < HEARD_MAX; i++)
        kai_buf_free(&l->heard[i]);
    free(l);
}

/* ---- Saying. */
void curve_bytes(struct curve_link *l, const void *p, size_t n)
{
    struct kai_frame f;

    if (n <= KAI_FRAME_BYTES_MAX && kai_frame_parse(&f, kai_view_of(p, n)) == KAI_OK &&
        kai_msg_flows(f.type))
        l->sent += n;
    (void)zmq_send(l->sock, p, n, ZMQ_DONTWAIT); /* Where it is cut it fails: curve_cut() tells. */
}

void curve_say(struct curve_link *l, struct kai_buf *frame)
{
    EVIL_MUST(frame->err == KAI_OK);
    curve_bytes(l, frame->p, frame->len);
    kai_buf_free(frame);
}

void curve_hello_of(struct curve_link *l, struct kai_hello *h)
{
    const struct curve *w = l->w;

    *h = (struct kai_hello){.min = 1,
                            .max = 1,
                            .clock_ms = kai_wall_ms(),
                            .charter_ver = 1,
                            .credit_bytes = KAI_CREDIT_BYTES,
                            .frame_bytes = KAI_FRAME_BYTES_MAX};
    memcpy(h->nid, w->hand.nid, sizeof h->nid);
    memcpy(h->cert, w->home[l->as == CURVE_STRANGER ? ALICE : l->as].cert, sizeof h->cert);
    kai_random(NULL, h->boot, sizeof h->boot);
    memcpy(h->nonce, l->nonce, sizeof h->nonce);
    /* Alice has all that Body has: it was so when her node stopped, and she keeps what she says. */
    kai_ctl_fingerprint(w->core->ctl, h->fingerprint);
}

void curve_hello(struct curve_link *l, const struct kai_hello *h)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, h);
    curve_say(l, &b);
}

void curve_push(struct curve_link *l, uint64_t handle, const struct kai_entry *e)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_push(&b, handle, e);
    curve_say(l, &b);
}

/* ---- Hearing. */
static void keep(struct curve_link *l, struct kai_view bytes)
{
    struct kai_buf *b = &l->heard[l->n_heard++ % HEARD_MAX];
    struct kai_buf reply;
    struct kai_frame f;

    kai_buf_free(b);
    kai_buf_init(b, KAI_FRAME_BYTES_MAX);
    kai_buf_add(b, bytes.p, bytes.n);
    EVIL_MUST(b->err == KAI_OK && kai_frame_parse(&f, kai_buf_view(b)) == KAI_OK);
    if (kai_msg_flows(f.type))
        l->got += bytes.n;
    if (f.type == KAI_MSG_HELLO) {
        l->up = true;
        memcpy(l->its_nonce, f.hello.nonce, sizeof l->its_nonce);
    } else if (f.type == KAI_MSG_BYE) {
        l->bye = f.a;
        l->cut = true;
    } else if (f.type == KAI_MSG_PING) {
        kai_buf_init(&reply, 64);
        kai_put_numbers(&reply, KAI_MSG_PONG, f.a, l->got);
        curve_say(l, &reply);
    }
}

bool curve_turn(struct curve_link *l, int ms)
{
    zmq_pollitem_t items[2] = {{.socket = l->sock, .events = ZMQ_POLLIN},
                               {.socket = l->monitor, .events = ZMQ_POLLIN}};
    static uint8_t bytes[KAI_ZMQ_MSG_BYTES_MAX];
    bool any = false;
    int n;

    (void)zmq_poll(items, 2, ms);
    while ((n = zmq_recv(l->sock, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0) {
        keep(l, kai_view_of(bytes, (size_t)n));
        any = true;
    }
    while (zmq_recv(l->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0)
        l->cut = true; /* Only its end is told of. */
    return any;
}

size_t curve_heard(const struct curve_link *l, uint64_t type, struct kai_frame *last)
{
    struct kai_frame f;
    size_t hits = 0;

    for (size_t i = l->n_heard < HEARD_MAX ? 0 : l->n_heard - HEARD_MAX; i < l->n_heard; i++)
        if (kai_frame_parse(&f, kai_buf_view(&l->heard[i % HEARD_MAX])) == KAI_OK &&
            f.type == type) {
            *last = f;
            hits++;
        }
    return hits;
}

bool curve_heard_log(const struct curve_link *l, const uint8_t *log_pk)
{
    struct kai_frame f;

    for (size_t i = 0; i < l->n_heard && i < HEARD_MAX; i++)
        if (kai_frame_parse(&f, kai_buf_view(&l->heard[i])) == KAI_OK &&
            evil_frame_names(&f, log_pk))
            return true;
    return false;
}

bool curve_sync(struct curve_link *l)
{
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;
    uint64_t mark = 0;
    struct kai_frame f;
    struct kai_buf b;

    kai_random(NULL, &mark, 6);
    kai_buf_init(&b, 64);
    kai_put_numbers(&b, KAI_MSG_PING, mark, l->sent);
    curve_say(l, &b);
    while (!l->cut && kai_now_ms() < deadline) {
        (void)curve_turn(l, 100);
        if (curve_heard(l, KAI_MSG_PONG, &f) > 0 && f.a == mark)
            return true;
    }
    return false;
}

bool curve_cut(struct curve_link *l, uint64_t bye)
{
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;

    while (!l->cut && kai_now_ms() < deadline)
        (void)curve_turn(l, 100);
    /* The connection ends below libzmq, and what was said last may not have left yet. */
    return HELD(l->cut) && (bye == 0 || l->bye == 0 || HELD(l->bye == bye));
}

struct curve_link *curve_link_as(struct curve *w, size_t as)
{
    struct curve_link *l = curve_open(w, as);
    struct kai_hello h;
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;

    curve_hello_of(l, &h);
    curve_hello(l, &h);
    while (!l->up && !l->cut && kai_now_ms() < deadline)
        (void)curve_turn(l, 100);
    EVIL_MUST(l->up);
    return l;
}

/* ---- Matching, and logs. */
const struct kai_epoch *curve_epoch(struct curve *w, size_t aud)
{
    const struct kai_epoch *e = NULL;

    (void)kai_keyring_epochs(w->core->ring, w->aud[aud], &e);
    EVIL_MUST(e != NULL);
    return e;
}

uint64_t curve_match(struct curve_link *l, size_t aud)
{
    uint8_t token[16];
    struct kai_buf b;

    evil_token_of(token, curve_epoch(l->w, aud)->route, l->nonce, l->its_nonce, l->curve_pk,
                  l->w->body_curve);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_tokens(&b, NULL, l->n_tokens, token, 1);
    curve_say(l, &b);
    return l->n_tokens++;
}

struct kai_buf *curve_next(struct curve *w)
{
    return &w->bytes[w->n_bytes++ % 8];
}

void curve_log(struct curve *w, struct evil_log *l, size_t author)
{
    evil_make_log(&w->hand, l, author, kai_wall_ms());
}

struct kai_entry curve_bind(struct curve *w, struct evil_log *l, size_t aud,
                            const struct kai_epoch *epoch)
{
    const struct curve_home *a = &w->home[l->author];
    struct kai_bind b = {.incarnation = 7};

    memcpy(b.log_pk, l->key.pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, a->cert, KAI_ID_BYTES);
    memcpy(b.aud_id, w->aud[aud], KAI_ID_BYTES);
    memcpy(b.salt, l->salt, sizeof b.salt);
    return evil_make_bind(&w->hand, l, epoch, &b, a->node->sign_sk, curve_next(w));
}

struct kai_entry curve_item(struct curve *w, struct evil_log *l, const struct kai_epoch *epoch)
{
    return evil_make_item(&w->hand, l, epoch, curve_next(w));
}

/* ---- What is held there. */
static bool acknowledged(const struct curve_link *l, const uint8_t *log_pk, uint64_t upto)
{
    struct kai_frame f;
    const uint8_t *pk;
    uint64_t seq;
    bool found = false;

    for (size_t i = 0; i < l->n_heard && i < HEARD_MAX; i++) {
        if (kai_frame_parse(&f, kai_buf_view(&l->heard[i])) != KAI_OK || f.type != KAI_MSG_IHAVE)
            continue;
        for (uint32_t k = 0; k < f.n; k++) {
            kai_frame_id(&f, &pk, &seq);
            found = found || (seq >= upto && memcmp(pk, log_pk, KAI_KEY_BYTES) == 0);
        }
    }
    return found;
}

void curve_acknowledged(struct curve_link *l, const uint8_t *log_pk, uint64_t seq)
{
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;

    while (!acknowledged(l, log_pk, seq)) {
        EVIL_MUST(!l->cut && kai_now_ms() < deadline);
        (void)curve_turn(l, 100);
    }
}

/* An entry that is right, and acknowledged: what was said before it has been dealt with. */
static void marker(struct curve_link *l, uint64_t handle, struct evil_log *log)
{
    curve_log(l->w, log, ALICE);
    struct kai_entry e = curve_bind(l->w, log, ALL, curve_epoch(l->w, ALL));
    curve_push(l, handle, &e);
    curve_acknowledged(l, log->key.pk, 1);
}

static size_t told(const struct curve_link *l, const uint8_t *log_pk)
{
    struct kai_frame f;
    size_t n = 0;

    for (size_t i = 0; i < l->n_heard && i < HEARD_MAX; i++)
        if (kai_frame_parse(&f, kai_buf_view(&l->heard[i])) == KAI_OK)
            n += evil_frame_entries(&f, log_pk);
    return n;
}

static void want(struct curve_link *l, uint64_t handle, const uint8_t *log_pk)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_want(&b, handle, log_pk, 100, 1);
    curve_say(l, &b);
}

size_t curve_held(struct curve *w, size_t aud, const uint8_t *log_pk)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    struct evil_log first, second;
    uint64_t all = curve_match(l, ALL);
    uint64_t handle = aud == ALL ? all : curve_match(l, aud);
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;

    EVIL_MUST(curve_sync(l));
    marker(l, all, &first);
    marker(l, all, &second); /* Two threads verify: both have been asked after it. */
    want(l, handle, log_pk);
    want(l, all, second.key.pk);
    while (told(l, second.key.pk) == 0) {
        EVIL_MUST(!l->cut && kai_now_ms() < deadline);
        (void)curve_turn(l, 100);
    }
    size_t n = told(l, log_pk);
    curve_close(l);
    return n;
}
