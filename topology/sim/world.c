/* world: the charter, certificates and audiences of a simulated network. */
#include "topology/sim/sim_int.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/ceremony.h"

static void make_key(struct kai_sim *s, struct sim_key *k)
{
    uint8_t seed[32];

    sim_fill(s, seed, sizeof seed);
    *k = (struct sim_key){0};
    SIM_MUST(crypto_sign_seed_keypair(k->pk, k->sk, seed) == 0);
}

static void make_node(struct kai_sim *s, size_t i)
{
    struct sim_node *n = &s->node[i];

    n->sim = s;
    n->index = i;
    make_key(s, &n->root);
    make_key(s, &n->issuing);
    make_key(s, &n->sign);
    sim_fill(s, n->kx_sk, sizeof n->kx_sk);
    sim_fill(s, n->curve_pk, sizeof n->curve_pk);
    SIM_MUST(crypto_scalarmult_base(n->kx_pk, n->kx_sk) == 0);
    kai_hash(n->org_id, KAI_D_ORG, n->root.pk, KAI_KEY_BYTES);
    kai_hash(n->node_id, KAI_D_NODE, n->sign.pk, KAI_KEY_BYTES);
}

/* Append a record to a control log. */
static struct sim_entry record(struct kai_sim *s, struct sim_key *k, uint64_t type,
                               const struct kai_buf *body)
{
    struct kai_log_writer w = {.nid = s->charter.nid, .log_sk = k->sk, .seq = k->seq};
    struct kai_buf payload, out;
    struct sim_entry copy;
    struct kai_entry e;

    memcpy(w.log_pk, k->pk, KAI_KEY_BYTES);
    memcpy(w.prev, k->prev, KAI_ID_BYTES);
    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    kai_rec_write(&payload, type, kai_buf_view(body));
    SIM_MUST(payload.err == KAI_OK);
    SIM_MUST(kai_log_append_plain(&w, &out, &e, KAI_PTYPE_CONTROL, kai_buf_view(&payload),
                                  SIM_WALL_MS) == KAI_OK);
    k->seq = w.seq;
    memcpy(k->prev, w.prev, KAI_ID_BYTES);
    copy = sim_copy(&e);
    kai_buf_free(&payload);
    kai_buf_free(&out);
    return copy;
}

static struct sim_entry admit(struct kai_sim *s, struct sim_key *signer, uint64_t kind,
                              const struct sim_key *subject, const struct sim_node *n)
{
    struct kai_admit a = {.kind = kind,
                          .caps = 31,
                          .depth_left = 4,
                          .max_children = 1000,
                          .label_max = 5,
                          .quota = 1u << 30,
                          .not_before = SIM_WALL_MS - 1000,
                          .not_after = SIM_WALL_MS + (1ull << 40),
                          .serial = 1};
    struct kai_buf body;
    struct sim_entry e;

    memcpy(a.sign_pk, subject->pk, KAI_KEY_BYTES);
    (void)snprintf(a.name, sizeof a.name, "node %zu", n->index);
    if (kind == KAI_ADMIT_NODE) {
        a.has_kx = a.has_curve = true;
        memcpy(a.kx_pk, n->kx_pk, KAI_KEY_BYTES);
        memcpy(a.curve_pk, n->curve_pk, KAI_KEY_BYTES);
    }
    if (kind == KAI_ADMIT_ORG && n->index % 2 == 1) {
        a.n_attrs = 1;
        kai_copy_text(a.attrs[0].key, sizeof a.attrs[0].key, "sector");
        kai_copy_text(a.attrs[0].value, sizeof a.attrs[0].value, "water");
    }
    kai_admit_prove(&a, subject->sk);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &a);
    SIM_MUST(body.err == KAI_OK);
    e = record(s, signer, KAI_REC_ADMIT, &body);
    kai_buf_free(&body);
    return e;
}

static struct sim_entry audience(struct kai_sim *s, size_t i, uint64_t kind)
{
    struct sim_node *f = &s->node[0];
    struct kai_aud_rec a = {.ver = 1,
                            .kind = kind,
                            .rule_open = true,
                            .n_stewards = 1,
                            .label_max = 2,
                            .history = KAI_HISTORY_ALL};
    struct kai_buf body;
    struct sim_entry e;

    if (i == 2) {
        a.n_rule = 1;
        kai_copy_text(a.rule[0].key, sizeof a.rule[0].key, "sector");
        kai_copy_text(a.rule[0].value, sizeof a.rule[0].value, "water");
        memcpy(a.stewards[0], s->node[1].org_id, KAI_ID_BYTES); /* A member: it can hold the key. */
    } else {
        memcpy(a.stewards[0], f->org_id, KAI_ID_BYTES);
    }
    sim_fill(s, a.nonce, sizeof a.nonce);
    kai_aud_id(s->aud[i].id, f->org_id, a.nonce);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &a);
    SIM_MUST(body.err == KAI_OK);
    e = record(s, &f->issuing, KAI_REC_AUDIENCE, &body);
    kai_buf_free(&body);
    return e;
}

/* Certificates of one node; what the founder's line says goes to the founder's disk, or to its
 * running engine. */
void sim_world_admit(struct kai_sim *s, size_t i)
{
    struct sim_node *f = &s->node[0], *n = &s->node[i];
    struct sim_entry e;

    n->admitted = true;
    if (i > 0) {
        e = admit(s, &f->issuing, KAI_ADMIT_ORG, &n->root, n);
        memcpy(n->org_cert, e.e.hash, KAI_ID_BYTES);
        if (f->net)
            SIM_MUST(kai_net_on_own_ctl(f->net, &e.e, s->now) == KAI_OK);
        sim_disk_ctl(f, e);
    }
    e = admit(s, &n->root, KAI_ADMIT_ISSUING, &n->issuing, n);
    memcpy(n->issuing_cert, e.e.hash, KAI_ID_BYTES);
    sim_disk_ctl(n, e);
    e = admit(s, &n->issuing, KAI_ADMIT_NODE, &n->sign, n);
    memcpy(n->node_cert, e.e.hash, KAI_ID_BYTES);
    sim_disk_ctl(n, e);
    /* Its admission carries the line from the founding root, each log from its first entry. */
    for (size_t k = 0; i > 0 && k < f->n_ctl; k++)
        if (memcmp(f->ctl_entry[k].e.h.log_pk, f->root.pk, 32) == 0 ||
            memcmp(f->ctl_entry[k].e.h.log_pk, f->issuing.pk, 32) == 0)
            sim_disk_ctl(n, sim_copy(&f->ctl_entry[k].e));
}

struct sim_entry sim_world_revoke(struct kai_sim *s, size_t i)
{
    struct kai_revoke r = {.reason = KAI_REVOKE_LEFT, .of = 1};
    struct kai_buf body;
    struct sim_entry e;

    memcpy(r.target, s->node[i].org_cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    SIM_MUST(body.err == KAI_OK);
    e = record(s, &s->node[0].issuing, KAI_REC_REVOKE, &body);
    kai_buf_free(&body);
    return e;
}

void sim_world_make(struct kai_sim *s)
{
    static const char text[] = "For the trial of a network.";
    struct kai_charter_text texts[1] = {
        {.lang = "en", .text = {.p = (const uint8_t *)text, .n = sizeof text - 1}}};

    for (size_t i = 0; i < s->o.n_nodes; i++)
        make_node(s, i);
    kai_buf_init(&s->charter_record, KAI_CHARTER_BYTES_MAX);
    SIM_MUST(kai_charter_make(&s->charter_record, "Trial", "Founder", s->node[0].root.pk,
                              s->node[0].root.sk, texts, 1) == KAI_OK);
    SIM_MUST(kai_charter_parse(&s->charter, kai_buf_view(&s->charter_record)) == KAI_OK);
    s->node[0].text = texts[0].text;
    sim_world_admit(s, 0);
    s->n_auds = 3;
    sim_disk_ctl(&s->node[0], audience(s, 0, KAI_AUD_PUBLIC));
    sim_disk_ctl(&s->node[0], audience(s, 1, KAI_AUD_COMMUNITY));
    sim_disk_ctl(&s->node[0], audience(s, 2, KAI_AUD_COMMUNITY));
}
