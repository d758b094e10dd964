/* stranger: somebody who holds a node's keys and says what a test makes it say. */
#include "topology/sim/sim_int.h"

#include <string.h>

#include "crypto/hash.h"

uint64_t kai_sim_raw_link(struct kai_sim *s, size_t to, size_t as_node, bool dialled_by_node)
{
    struct sim_conn *c = sim_wire_new(s, to, as_node, true);

    kai_net_on_up(s->node[to].net, c->link, s->node[as_node].curve_pk, dialled_by_node, s->now,
                  sim_wall(s));
    return c->link;
}

void kai_sim_raw_frame(struct kai_sim *s, size_t to, uint64_t link, struct kai_view frame)
{
    kai_net_on_frame(s->node[to].net, link, frame, s->now, sim_wall(s));
}

const struct kai_buf *kai_sim_raw_sent(const struct kai_sim *s, uint64_t link, size_t *n)
{
    *n = s->conn[link - 1]->n_sent;
    return s->conn[link - 1]->sent;
}

void kai_sim_raw_block(struct kai_sim *s, uint64_t link)
{
    s->conn[link - 1]->blocked = true;
}

bool kai_sim_raw_dropped(const struct kai_sim *s, uint64_t link, enum kai_bye *why)
{
    *why = s->conn[link - 1]->why;
    return s->conn[link - 1]->dropped;
}

void kai_sim_hello_as(struct kai_sim *s, size_t as_node, struct kai_hello *h)
{
    const struct sim_node *n = &s->node[as_node];

    *h = (struct kai_hello){.min = 1,
                            .max = 1,
                            .clock_ms = SIM_WALL_MS,
                            .charter_ver = 1,
                            .credit_bytes = KAI_CREDIT_BYTES,
                            .frame_bytes = KAI_FRAME_BYTES_MAX};
    memcpy(h->nid, s->charter.nid, sizeof h->nid);
    memcpy(h->cert, n->node_cert, sizeof h->cert);
    sim_fill(s, h->boot, sizeof h->boot);
    sim_fill(s, h->nonce, sizeof h->nonce);
    if (n->ctl)
        kai_ctl_fingerprint(n->ctl, h->fingerprint);
}

/* Tokens as the protocol has them, from the keys that the node in whose place it speaks holds. */
bool kai_sim_raw_match(struct kai_sim *s, size_t to, uint64_t link, size_t aud,
                       const uint8_t my_nonce[static 32], bool dialled_by_node)
{
    return kai_sim_raw_leak(s, to, link, aud, s->conn[link - 1]->b, my_nonce, dialled_by_node);
}

bool kai_sim_raw_leak(struct kai_sim *s, size_t to, uint64_t link, size_t aud, size_t holder,
                      const uint8_t my_nonce[static 32], bool dialled_by_node)
{
    const struct sim_conn *c = s->conn[link - 1];
    const uint8_t *ours = s->node[c->b].curve_pk, *theirs = s->node[to].curve_pk;
    const struct kai_epoch *e;
    struct kai_frame f = {0};
    struct kai_hasher h;
    struct kai_buf b;
    uint8_t token[16];

    for (size_t i = 0; i < c->n_sent && f.type != KAI_MSG_HELLO; i++)
        if (kai_frame_parse(&f, kai_buf_view(&c->sent[i])) != KAI_OK)
            return false;
    if (f.type != KAI_MSG_HELLO ||
        kai_keyring_epochs(s->node[holder].keyring, s->aud[aud].id, &e) == 0)
        return false;
    kai_kdf_begin(&h, KAI_D_MATCH, e->route, 16);
    kai_hash_add(&h, dialled_by_node ? f.hello.nonce : my_nonce, 32);
    kai_hash_add(&h, dialled_by_node ? my_nonce : f.hello.nonce, 32);
    kai_hash_add(&h, dialled_by_node ? theirs : ours, KAI_KEY_BYTES);
    kai_hash_add(&h, dialled_by_node ? ours : theirs, KAI_KEY_BYTES);
    kai_hash_u64(&h, dialled_by_node ? 2 : 1);
    kai_hash_end(&h, token);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_MATCH, 2);
    kai_put_uint(&b, 0);
    kai_put_array(&b, 1);
    kai_put_bin(&b, token, sizeof token);
    kai_sim_raw_frame(s, to, link, kai_buf_view(&b));
    kai_buf_free(&b);
    return true;
}

/* Entry seq of the log'th log of an audience, as this node has it on its disk. */
bool kai_sim_entry(const struct kai_sim *s, size_t node, size_t aud, size_t log, uint64_t seq,
                   struct kai_entry *out)
{
    const struct sim_node *n = &s->node[node];

    for (size_t i = 0; i < n->n_logs; i++) {
        if (memcmp(n->log[i].l.aud_id, s->aud[aud].id, KAI_ID_BYTES) != 0 ||
            n->log[i].l.kind != 1 || log-- > 0)
            continue;
        if (seq == 0 || seq > n->log[i].n)
            return false;
        *out = n->log[i].entry[seq - 1]->e;
        return true;
    }
    return false;
}

/* Another entry at the place of e, signed by the key of node's own log: a fork. out is what it
 * stands in. */
bool kai_sim_fork(const struct kai_sim *s, size_t node, size_t aud, const struct kai_entry *e,
                  struct kai_buf *out, struct kai_entry *fork)
{
    const struct sim_own *own = &s->node[node].data[aud];
    struct kai_hdr h = e->h;

    h.ts++;
    return own->open && memcmp(own->key.pk, e->h.log_pk, KAI_KEY_BYTES) == 0 &&
           kai_entry_make(fork, out, &h, own->key.sk, s->charter.nid, e->payload) == KAI_OK;
}
