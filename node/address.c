/* address: where this node can be reached. */
#include "node/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/say.h"

static bool is_wildcard(const char *endpoint)
{
    return strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0 || strncmp(endpoint, "tcp://*:", 8) == 0 ||
           strncmp(endpoint, "tcp://[::]:", 11) == 0;
}

/* The introduction socket's port at the advertised host. */
static void intro_of(char out[static KAI_ENDPOINT_BYTES_MAX], const char *advertised,
                     const char *bound_intro)
{
    const char *colon = strrchr(advertised, ':');
    const char *port = strrchr(bound_intro, ':');

    out[0] = '\0';
    if (colon != NULL && port != NULL)
        (void)snprintf(out, KAI_ENDPOINT_BYTES_MAX, "%.*s%s", (int)(colon - advertised), advertised,
                       port);
}

static uint64_t next_counter(struct kai_core *c)
{
    struct kai_snap *s;
    struct kai_view v;
    uint64_t counter = kai_wall_ms(); /* Ahead of what a lost store may have said. */

    if (counter < c->addr_least)
        counter = c->addr_least;
    if (kai_snap_begin(c->store, &s) == KAI_OK) {
        if (kai_snap_kv(s, "addr-counter", &v) == KAI_OK && v.n == 8 && kai_get_u64(v.p) >= counter)
            counter = kai_get_u64(v.p) + 1;
        kai_snap_end(s);
    }
    if (c->twin)
        return counter | KAI_ADDR_LAST_WORD;
    return (~counter & KAI_ADDR_LAST_WORD) == 0 ? counter + 1 : counter;
}

enum kai_err kai_address_announce(struct kai_core *c, const struct kai_config *cfg,
                                  struct kai_why *why)
{
    const char *where = cfg->advertise[0] != '\0' ? cfg->advertise : c->endpoint;
    struct kai_addr a = {.listens = where[0] != '\0' && !is_wildcard(where),
                         .not_after = kai_wall_ms() + KAI_ADDR_LIFE_MS};
    struct kai_buf note;
    uint8_t be[8];

    (void)why;
    if (c->endpoint[0] != '\0' && !a.listens)
        kai_say("address.wildcard", c->endpoint, NULL, NULL);
    memcpy(a.node_cert, c->self.node_cert, KAI_ID_BYTES);
    memcpy(a.curve_pk, c->node->curve_pk, KAI_KEY_BYTES);
    if (a.listens) {
        a.n = 1;
        kai_copy_text(a.at[0].endpoint, sizeof a.at[0].endpoint, where);
        intro_of(a.at[0].intro, where, c->intro);
    }
    a.counter = next_counter(c);
    kai_buf_init(&note, KAI_ADDR_BYTES_MAX);
    kai_addr_write(&note, &a, c->self.sign_sk, c->charter.nid);
    enum kai_err err = note.err;
    struct kai_tx *tx = err == KAI_OK ? kai_core_tx(c) : NULL;
    if (err == KAI_OK && tx == NULL)
        err = c->tx_err;
    kai_put_u64(be, a.counter);
    if (err == KAI_OK)
        err = kai_tx_kv(tx, "addr-counter", kai_view_of(be, sizeof be));
    if (err == KAI_OK)
        err = kai_tx_note(tx, KAI_REC_ADDR, c->self.node_id, kai_buf_view(&note));
    if (err == KAI_OK)
        kai_net_on_own_addr(c->net, kai_buf_view(&note), kai_now_ms());
    kai_buf_free(&note);
    kai_core_commit(c);
    return err;
}
