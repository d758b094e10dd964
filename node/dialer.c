/* dialer: which connections to make, and when to try again. */
#include "node/dialer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/say.h"

#define TARGETS_MAX          64u
#define CONFIGURED_RETRY_MS  2000u
#define CONFIGURED_BUSY_MS   60000u
#define MALFORMED_BACKOFF_MS 600000u
#define INTRO_RETRY_MS       5000u
#define LOOK_MS              500u

enum state { IDLE, DIALLING, INTRODUCING, LINKED };

struct target {
    enum state state;
    bool configured;
    bool has_key;
    bool said; /* The failure was reported: not again until it changes. */
    uint8_t key[KAI_KEY_BYTES];
    char endpoint[KAI_ENDPOINT_BYTES_MAX];
    char intro[KAI_ENDPOINT_BYTES_MAX];
    uint64_t link; /* Dial or link under way. */
    uint64_t next_ms;
    uint64_t next_intro_ms;
    bool introduce; /* The next attempt is an introduction. */
    bool over;      /* Not configured, and not under way any more: to be taken out. */
};

struct accepted { /* A link that the other side dialled. */
    uint64_t link;
    uint8_t key[KAI_KEY_BYTES];
};

struct kai_dialer {
    struct kai_core *c;
    struct kai_transport *t;
    size_t n;
    struct target v[TARGETS_MAX];
    size_t n_accepted;
    struct accepted accepted[KAI_LINKS_MAX * 2];
};

enum kai_err kai_dialer_new(struct kai_dialer **out, struct kai_core *c, struct kai_transport *t,
                            const struct kai_config *cfg)
{
    struct kai_dialer *d = calloc(1, sizeof *d);

    *out = d;
    if (d == NULL)
        return KAI_ENOMEM;
    d->c = c;
    d->t = t;
    for (size_t i = 0; i < cfg->n_dials; i++) {
        struct target *g = &d->v[d->n++];

        g->configured = true;
        g->has_key = cfg->dials[i].has_key;
        memcpy(g->key, cfg->dials[i].key, KAI_KEY_BYTES);
        kai_copy_text(g->endpoint, sizeof g->endpoint, cfg->dials[i].endpoint);
    }
    return KAI_OK;
}

void kai_dialer_free(struct kai_dialer *d)
{
    free(d);
}

static struct target *by_link(struct kai_dialer *d, uint64_t link)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].state != IDLE && d->v[i].link == link)
            return &d->v[i];
    return NULL;
}

static struct target *by_key(struct kai_dialer *d, const uint8_t key[static KAI_KEY_BYTES])
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].has_key && memcmp(d->v[i].key, key, KAI_KEY_BYTES) == 0)
            return &d->v[i];
    return NULL;
}

static bool accepted_from(const struct kai_dialer *d, const uint8_t key[static KAI_KEY_BYTES])
{
    for (size_t i = 0; i < d->n_accepted; i++)
        if (memcmp(d->accepted[i].key, key, KAI_KEY_BYTES) == 0)
            return true;
    return false;
}

/* Take over whom the engine chooses, as long as there is room. */
static void take_chosen(struct kai_dialer *d, uint64_t now_ms)
{
    struct kai_dial a;

    while (d->n < TARGETS_MAX && kai_net_dial(d->c->net, &a, now_ms, kai_wall_ms())) {
        struct target *g = by_key(d, a.curve_pk);

        if (g == NULL) {
            g = &d->v[d->n++];
            *g = (struct target){.has_key = true};
            memcpy(g->key, a.curve_pk, KAI_KEY_BYTES);
        }
        if (!g->configured)
            kai_copy_text(g->endpoint, sizeof g->endpoint, a.endpoint);
        kai_copy_text(g->intro, sizeof g->intro, a.intro);
        g->next_ms = now_ms;
    }
}

/* Over for now: what is configured is tried again; what was dialled for the engine is the engine's
 * to try again, when it has heard that it failed. */
static void give_up(struct kai_dialer *d, struct target *g, bool failed, uint64_t now_ms)
{
    g->state = IDLE;
    g->next_ms = now_ms + CONFIGURED_RETRY_MS;
    g->over = !g->configured;
    if (failed && g->has_key)
        kai_net_on_undialled(d->c->net, g->key, now_ms);
}

static void sweep(struct kai_dialer *d)
{
    for (size_t i = d->n; i > 0; i--)
        if (d->v[i - 1].over)
            d->v[i - 1] = d->v[--d->n];
}

/* A configured address without a key: its key is what the address records say of that endpoint. */
static bool learn_key(struct kai_dialer *d, struct target *g)
{
    struct kai_dial a;

    if (!g->has_key && kai_net_addr_at(d->c->net, g->endpoint, &a)) {
        memcpy(g->key, a.curve_pk, KAI_KEY_BYTES);
        kai_copy_text(g->intro, sizeof g->intro, a.intro);
        g->has_key = true;
    }
    if (g->has_key && g->configured)
        kai_net_keep(d->c->net, g->key);
    return g->has_key;
}

/* Where newcomers are heard: what the address record says, else the port after. */
static bool intro_endpoint(const struct kai_dialer *d, struct target *g)
{
    struct kai_dial a;

    if (g->intro[0] == '\0' && kai_net_addr_of(d->c->net, g->key, &a))
        kai_copy_text(g->intro, sizeof g->intro, a.intro);
    if (g->intro[0] != '\0')
        return true;
    const char *colon = strrchr(g->endpoint, ':');
    unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);
    if (port == 0 || port >= 65535)
        return false;
    (void)snprintf(g->intro, sizeof g->intro, "%.*s:%lu", (int)(colon - g->endpoint), g->endpoint,
                   port + 1);
    return true;
}

static void start(struct kai_dialer *d, struct target *g, uint64_t now_ms)
{
    struct kai_why why = {0};
    enum kai_err err;

    if (!learn_key(d, g)) {
        if (!g->said)
            kai_say("dial.no-key", g->endpoint, NULL, NULL);
        g->said = true;
        give_up(d, g, false, now_ms);
        return;
    }
    if (memcmp(g->key, d->c->node->curve_pk, KAI_KEY_BYTES) == 0 || accepted_from(d, g->key)) {
        give_up(d, g, false, now_ms); /* Ourselves, or linked from the other side. */
        return;
    }
    bool introduce = g->introduce && intro_endpoint(d, g);
    g->introduce = false;
    if (introduce) {
        g->next_intro_ms = now_ms + INTRO_RETRY_MS;
        err = kai_transport_dial_intro(d->t, g->intro, g->key, &g->link, &why);
    } else {
        err = kai_transport_dial(d->t, g->endpoint, g->key, &g->link, &why);
    }
    if (err != KAI_OK) {
        if (!g->said)
            kai_say_why(&why);
        g->said = true;
        give_up(d, g, true, now_ms);
        return;
    }
    g->state = introduce ? INTRODUCING : DIALLING;
}

uint64_t kai_dialer_tick(struct kai_dialer *d, uint64_t now_ms)
{
    uint64_t next = now_ms + LOOK_MS;

    sweep(d);
    take_chosen(d, now_ms);
    for (size_t i = 0; i < d->n; i++) {
        struct target *g = &d->v[i];

        if (g->state == IDLE && !g->over && now_ms >= g->next_ms)
            start(d, g, now_ms);
        if (g->state == IDLE && g->next_ms < next)
            next = g->next_ms;
    }
    return next;
}

static void introduce(struct kai_dialer *d, struct target *g, uint64_t now_ms)
{
    struct kai_buf hello;

    kai_buf_init(&hello, KAI_INTRO_FRAME_BYTES_MAX);
    if (kai_net_intro_hello(d->c->net, &hello, kai_wall_ms()) != KAI_OK ||
        !kai_transport_send(d->t, g->link, kai_buf_view(&hello))) {
        kai_transport_drop(d->t, g->link);
        give_up(d, g, true, now_ms);
    }
    kai_buf_free(&hello);
}

bool kai_dialer_up(struct kai_dialer *d, uint64_t link, const uint8_t peer[static KAI_KEY_BYTES],
                   bool dialled, uint64_t now_ms)
{
    if (!dialled) {
        if (d->n_accepted < sizeof d->accepted / sizeof d->accepted[0]) {
            struct accepted *a = &d->accepted[d->n_accepted++];

            a->link = link;
            memcpy(a->key, peer, KAI_KEY_BYTES);
        }
        return false;
    }
    struct target *g = by_link(d, link);
    if (g == NULL)
        return false;
    if (g->state == INTRODUCING) {
        introduce(d, g, now_ms);
        return true;
    }
    g->state = LINKED;
    g->said = false;
    return false;
}

bool kai_dialer_frame(struct kai_dialer *d, uint64_t link, struct kai_view frame, uint64_t now_ms)
{
    struct target *g = by_link(d, link);
    struct kai_buf reply;

    if (g == NULL || g->state != INTRODUCING)
        return false;
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    enum kai_err err = kai_net_intro_reply(d->c->net, frame, &reply);
    if (err == KAI_EAGAIN && kai_transport_send(d->t, link, kai_buf_view(&reply))) {
        kai_buf_free(&reply);
        return true;
    }
    kai_buf_free(&reply);
    kai_transport_drop(d->t, link);
    g->state = IDLE;
    g->next_ms = now_ms; /* Redial the main socket: it knows us now. */
    if (err != KAI_OK)
        give_up(d, g, true, now_ms);
    return true;
}

static void forget_accepted(struct kai_dialer *d, uint64_t link)
{
    for (size_t i = 0; i < d->n_accepted; i++) {
        if (d->accepted[i].link == link) {
            d->accepted[i] = d->accepted[--d->n_accepted];
            return;
        }
    }
}

bool kai_dialer_down(struct kai_dialer *d, uint64_t link, uint64_t now_ms)
{
    struct target *g = by_link(d, link);

    forget_accepted(d, link);
    if (g == NULL)
        return false;
    bool intro = g->state == INTRODUCING;
    if (intro && !g->said) { /* Closed without a word: that is how a stranger is answered. */
        kai_say("peer.refused", g->endpoint, NULL, NULL);
        g->said = true;
    }
    give_up(d, g, g->state != LINKED, now_ms); /* Of a link the engine is told. */
    return intro;
}

void kai_dialer_failed(struct kai_dialer *d, uint64_t dial, const struct kai_why *why,
                       uint64_t now_ms)
{
    struct target *g = by_link(d, dial);

    if (g == NULL)
        return;
    bool refused = why->code != NULL && strcmp(why->code, "peer.refused") == 0;
    bool was_intro = g->state == INTRODUCING;
    g->state = IDLE;
    if (refused && !was_intro && now_ms >= g->next_intro_ms) {
        g->introduce = true; /* Perhaps it has not heard of our admission yet. */
        g->next_ms = now_ms;
        return;
    }
    if (!g->said)
        kai_say_why(why);
    g->said = true;
    give_up(d, g, true, now_ms);
}

void kai_dialer_dropped(struct kai_dialer *d, uint64_t link, enum kai_bye why, uint64_t now_ms)
{
    struct target *g = by_link(d, link);

    forget_accepted(d, link);
    if (g == NULL)
        return;
    give_up(d, g, false, now_ms);
    if (why == KAI_BYE_MALFORMED)
        g->next_ms = now_ms + MALFORMED_BACKOFF_MS;
    if (why == KAI_BYE_BUSY)
        g->next_ms = now_ms + CONFIGURED_BUSY_MS;
}
