/* fuzz_link: a script of bytes drives a live engine: a peer that is let in and then says anything,
 * in any order.
 *
 * Each step is one byte and what it takes: 0 HELLO, 1 frame as it stands (2 bytes of length), 2 let
 * time pass, 3 a true MATCH, 4 a true entry of the audience with one byte changed, 5 the connection
 * ends and another begins, 6 publish. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim.h"
#include "wire/put.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *p;
    size_t n;
    struct kai_sim *s;
    uint64_t link;
    bool by_node; /* Who dialled. */
    uint8_t nonce[32];
    uint64_t ms;
};

static uint8_t take(struct script *c)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->p++;
}

static void hello(struct script *c)
{
    struct kai_hello h;
    struct kai_buf b;

    kai_sim_hello_as(c->s, 1, &h);
    memcpy(c->nonce, h.nonce, sizeof c->nonce);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(c->s, 0, c->link, kai_buf_view(&b));
    kai_buf_free(&b);
}

static void frame(struct script *c)
{
    size_t n = take(c);

    n = n << 8 | take(c);
    n = n < c->n ? n : c->n;
    uint8_t *exact = malloc(n + 1);
    MUST(exact);
    memcpy(exact, c->p, n);
    c->p += n;
    c->n -= n;
    kai_sim_raw_frame(c->s, 0, c->link, kai_view_of(exact, n));
    free(exact);
}

static void changed_entry(struct script *c)
{
    struct kai_entry e;
    struct kai_buf b;
    size_t at = take(c);
    uint8_t with = take(c);

    if (!kai_sim_entry(c->s, 1, 0, 0, 1 + take(c) % 3u, &e))
        return;
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_PUSH, 4);
    kai_put_uint(&b, 0);
    kai_put_view(&b, e.hdr);
    kai_put_view(&b, e.sig);
    kai_put_view(&b, e.payload);
    b.p[at * 2 % b.len] ^= with;
    kai_sim_raw_frame(c->s, 0, c->link, kai_buf_view(&b));
    kai_buf_free(&b);
}

static void step(struct script *c)
{
    uint8_t op = take(c);

    if (op == 0) {
        hello(c);
    } else if (op == 1) {
        frame(c);
    } else if (op == 2) {
        uint64_t ms = 10ull * (1u + take(c));
        c->ms += ms;
        if (c->ms < 60000)
            kai_sim_run(c->s, ms);
    } else if (op == 3) {
        (void)kai_sim_raw_match(c->s, 0, c->link, 0, c->nonce, c->by_node);
    } else if (op == 4) {
        changed_entry(c);
    } else if (op == 5) {
        kai_net_on_down(kai_sim_net(c->s, 0), c->link, kai_sim_now(c->s));
        c->by_node = take(c) & 1;
        c->link = kai_sim_raw_link(c->s, 0, 1, c->by_node);
    } else if (kai_sim_may_publish(c->s, 0, 0)) {
        kai_sim_publish(c->s, 0, 0, 100);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_sim_options o = {.seed = 3, .n_nodes = 2, .latency_ms = 10, .no_dials = true};
    struct script c = {.p = data, .n = size, .s = kai_sim_new(&o)};
    struct kai_net_counters count;

    kai_sim_connect(c.s, 1, 0); /* Introduces node 1. */
    for (int i = 0; i < 100 && !kai_sim_may_publish(c.s, 1, 0); i++)
        kai_sim_run(c.s, 20); /* Until it has heard of the audience. */
    kai_sim_cut_all(c.s);
    kai_sim_publish(c.s, 1, 0, 50);
    kai_sim_publish(c.s, 1, 0, 60);
    kai_sim_run(c.s, 20);
    c.link = kai_sim_raw_link(c.s, 0, 1, false);
    for (int i = 0; i < 200 && c.n > 0; i++)
        step(&c);
    kai_sim_run(c.s, 500);
    kai_net_counters(kai_sim_net(c.s, 0), &count);
    MUST(count.memory_bytes < 2 * KAI_PEER_BYTES_MAX);
    MUST(kai_sim_violations(c.s) == 0);
    kai_sim_free(c.s);
    return 0;
}
