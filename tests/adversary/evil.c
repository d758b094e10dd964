/* evil: what an attacker has at hand. */
#include "adversary/evil.h"

#include <stdlib.h>
#include <string.h>

/* ---- The stage. */

static void orgs(struct kai_sim_plan *p)
{
    p->n_orgs = SCHOOL + 1;
    p->org[ALICE].water = p->org[BOB].water = true;
    p->org[CLIENT].parent = ALICE;
    p->org[CONTRACTOR].caps = 31u | KAI_CAP_PROVIDER;
    p->org[SECOND] = (struct kai_sim_org){.parent = CONTRACTOR, .caps = 31u | KAI_CAP_PROVIDER};
    p->org[THIRD] = (struct kai_sim_org){.parent = SECOND, .caps = 31u | KAI_CAP_PROVIDER};
    p->org[SCHOOL].label_max = 2;
    p->org[OUTSIDER].caps = 31u & ~KAI_CAP_ADMIT;
    p->org[CAROL].max_children = 3; /* Its node, its person, one organisation. */
    p->n_further = 2;
    p->further[0] = OUTSIDER;
    p->further[1] = CLIENT;
}

static struct kai_orgs set(size_t a, size_t b, size_t c)
{
    struct kai_orgs o = {0};

    kai_orgs_add(&o, a);
    kai_orgs_add(&o, b);
    kai_orgs_add(&o, c);
    return o;
}

static void auds(struct kai_sim_plan *p)
{
    p->n_auds = STAGE_AUDS;
    p->aud[PUBLIC] = (struct kai_sim_aud){.kind = KAI_AUD_PUBLIC, .label_max = 1};
    p->aud[ALL] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    p->aud[WATER] = (struct kai_sim_aud){
        .kind = KAI_AUD_COMMUNITY, .water = true, .n_stewards = 1, .stewards = {ALICE}};
    p->aud[GROUP] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP,
                                         .label_max = 4,
                                         .members = set(ALICE, BOB, CAROL),
                                         .owner = ALICE,
                                         .n_relays = 2,
                                         .relays = {RELAY, OUTSIDER}};
    p->aud[CLIENTS] = (struct kai_sim_aud){.kind = KAI_AUD_CLIENTS, .label_max = 3};
    p->aud[PROVIDERS] = (struct kai_sim_aud){
        .kind = KAI_AUD_PROVIDERS, .label_max = 3, .members = set(CONTRACTOR, SECOND, THIRD)};
    p->aud[PERSONS] = (struct kai_sim_aud){
        .kind = KAI_AUD_PERSONS, .label_max = 5, .members = set(ALICE, BOB, BOB)};
    p->aud[MAILBOX] = (struct kai_sim_aud){.kind = KAI_AUD_MAILBOX, .owner = BOB};
    p->aud[SCHOOLED] = (struct kai_sim_aud){
        .kind = KAI_AUD_GROUP, .label_max = 4, .members = set(FOUNDER, ALICE, SCHOOL)};
}

void stage_open(struct stage *st)
{
    struct kai_sim_plan *p = calloc(1, sizeof *p);
    struct kai_sim_options o = {.seed = 5, .plan = p, .introduced = true, .latency_ms = 10};

    *st = (struct stage){0};
    SIM_MUST(p);
    orgs(p);
    auds(p);
    st->s = kai_sim_new(&o);
    free(p);
    for (size_t i = 0; i < 8; i++)
        kai_buf_init(&st->bytes[i], KAI_FRAME_BYTES_MAX);
    stage_run(st, 6000);
}

void stage_close(struct stage *st)
{
    kai_sim_free(st->s);
    for (size_t i = 0; i < 8; i++)
        kai_buf_free(&st->bytes[i]);
}

void stage_part(struct stage *st)
{
    st->s->o.no_dials = true;
    kai_sim_cut_all(st->s);
    stage_run(st, 100);
}

void stage_run(struct stage *st, uint64_t ms)
{
    kai_sim_run(st->s, ms);
}

void stage_talk(struct stage *st)
{
    for (size_t a = 0; a < STAGE_AUDS; a++)
        for (size_t i = 0; i < STAGE_NODES; i++)
            if (kai_sim_may_publish(st->s, i, a))
                kai_sim_publish(st->s, i, a, 100);
    stage_run(st, 3000);
}

/* ---- The link. */

void evil_hello(struct stage *st, const struct kai_hello *h)
{
    struct kai_buf b;

    memcpy(st->nonce, h->nonce, sizeof st->nonce);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, h);
    evil_say(st, &b);
    kai_buf_free(&b);
}

void evil_link(struct stage *st, size_t victim, size_t as)
{
    struct kai_hello h;

    st->victim = victim;
    st->as = as;
    st->n_tokens = 0;
    st->link = kai_sim_raw_link(st->s, victim, as, false);
    kai_sim_hello_as(st->s, as, &h);
    /* It says that it has heard what the victim has, so that the control plane is at rest. */
    kai_ctl_fingerprint(st->s->node[victim].ctl, h.fingerprint);
    evil_hello(st, &h);
}

void evil_say(struct stage *st, const struct kai_buf *frame)
{
    SIM_MUST(frame->err == KAI_OK);
    kai_sim_raw_frame(st->s, st->victim, st->link, kai_buf_view(frame));
    stage_run(st, 60);
}

bool evil_dropped(const struct stage *st, enum kai_bye *why)
{
    return kai_sim_raw_dropped(st->s, st->link, why);
}

size_t evil_heard(const struct stage *st, uint64_t type, struct kai_frame *last)
{
    size_t n, hits = 0;
    const struct kai_buf *sent = kai_sim_raw_sent(st->s, st->link, &n);
    struct kai_frame f;

    for (size_t i = 0; i < n; i++)
        if (kai_frame_parse(&f, kai_buf_view(&sent[i])) == KAI_OK && f.type == type) {
            *last = f;
            hits++;
        }
    return hits;
}

uint64_t evil_token(struct stage *st, const uint8_t *route)
{
    struct kai_frame f;
    struct kai_buf b;
    uint8_t token[16];

    if (evil_heard(st, KAI_MSG_HELLO, &f) == 0)
        return 0;
    evil_token_of(token, route, st->nonce, f.hello.nonce, st->s->node[st->as].curve_pk,
                  st->s->node[st->victim].curve_pk);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_tokens(&b, NULL, st->n_tokens, token, 1);
    evil_say(st, &b);
    kai_buf_free(&b);
    return st->n_tokens++;
}

const struct kai_epoch *evil_epoch(struct stage *st, size_t aud, size_t holder)
{
    const struct kai_epoch *e = NULL;

    (void)kai_keyring_epochs(st->s->node[holder].keyring, st->s->aud[aud].id, &e);
    SIM_MUST(e);
    return e;
}

uint64_t evil_match(struct stage *st, size_t aud, size_t holder)
{
    return evil_token(st, evil_epoch(st, aud, holder)->route);
}

uint64_t evil_begin(struct stage *st, size_t as, size_t aud)
{
    stage_open(st);
    stage_part(st);
    evil_link(st, BOB, as);
    return evil_match(st, aud, as);
}

bool evil_end(struct stage *st, bool held)
{
    stage_close(st);
    return held;
}

void evil_push(struct stage *st, uint64_t handle, const struct kai_entry *e)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_push(&b, handle, e);
    evil_say(st, &b);
    kai_buf_free(&b);
}

void evil_control(struct stage *st, const struct kai_entry *e)
{
    evil_push(st, KAI_HANDLE_CONTROL, e);
}

void evil_want(struct stage *st, uint64_t handle, const uint8_t *log_pk)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_want(&b, handle, log_pk, 100, 1);
    evil_say(st, &b);
    kai_buf_free(&b);
}

void evil_ask(struct stage *st, uint64_t handle)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_ask(&b, handle);
    evil_say(st, &b);
    kai_buf_free(&b);
}

bool evil_heard_log(const struct stage *st, const uint8_t *log_pk)
{
    size_t n;
    const struct kai_buf *sent = kai_sim_raw_sent(st->s, st->link, &n);
    struct kai_frame f;

    for (size_t i = 0; i < n; i++)
        if (kai_frame_parse(&f, kai_buf_view(&sent[i])) == KAI_OK && evil_frame_names(&f, log_pk))
            return true;
    return false;
}

/* ---- Logs. */

struct evil_hand evil_hand_of(struct stage *st)
{
    return (struct evil_hand){.nid = st->s->charter.nid,
                              .packer = st->s->worker[0].packer,
                              .random = sim_fill,
                              .ctx = st->s};
}

void evil_log_new(struct stage *st, struct evil_log *l, size_t author)
{
    struct evil_hand h = evil_hand_of(st);

    evil_make_log(&h, l, author, SIM_WALL_MS + st->s->now);
}

static struct kai_buf *next_bytes(struct stage *st)
{
    return &st->bytes[st->n_bytes++ % 8];
}

struct kai_entry evil_body(struct stage *st, struct evil_log *l, const struct kai_epoch *epoch,
                           struct kai_buf *body)
{
    struct evil_hand h = evil_hand_of(st);

    SIM_MUST(body->err == KAI_OK);
    struct kai_entry e = evil_make_body(&h, l, epoch, kai_buf_view(body), next_bytes(st));
    kai_buf_free(body);
    return e;
}

struct kai_entry evil_bind(struct stage *st, struct evil_log *l, size_t aud,
                           const struct kai_epoch *epoch)
{
    struct evil_hand h = evil_hand_of(st);
    const struct sim_node *a = &st->s->node[l->author];
    struct kai_bind b = {.incarnation = 7};

    memcpy(b.log_pk, l->key.pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, a->node_cert, KAI_ID_BYTES);
    memcpy(b.aud_id, st->s->aud[aud].id, KAI_ID_BYTES);
    memcpy(b.salt, l->salt, sizeof b.salt);
    return evil_make_bind(&h, l, epoch, &b, a->sign.sk, next_bytes(st));
}

struct kai_entry evil_item(struct stage *st, struct evil_log *l, const struct kai_epoch *epoch)
{
    struct evil_hand h = evil_hand_of(st);

    return evil_make_item(&h, l, epoch, next_bytes(st));
}

struct kai_entry evil_header(struct stage *st, const struct evil_log *l, const struct kai_hdr *h,
                             struct kai_view payload)
{
    struct evil_hand hand = evil_hand_of(st);

    return evil_make_header(&hand, l, h, payload, next_bytes(st));
}

size_t evil_held(const struct stage *st, size_t node, const uint8_t *log_pk)
{
    const struct sim_log *l = sim_disk_log(&st->s->node[node], log_pk);

    return l ? l->n : 0;
}

size_t evil_read(const struct stage *st, size_t node, const uint8_t *log_pk)
{
    const struct sim_log *l = sim_disk_log(&st->s->node[node], log_pk);

    return l ? l->n_opened : 0;
}

const struct sim_log *evil_log_of(const struct stage *st, size_t author, size_t aud)
{
    const struct sim_node *n = &st->s->node[author];

    for (size_t i = 0; i < n->n_logs; i++)
        if (n->log[i].l.own && n->log[i].l.kind == 1 &&
            memcmp(n->log[i].l.aud_id, st->s->aud[aud].id, KAI_ID_BYTES) == 0)
            return &n->log[i];
    return NULL;
}
