/* world: the charter, certificates and audiences of a simulated network. */
#include "topology/sim/sim_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/ceremony.h"

#define CAPS_ORG         31u /* All but provider. */
#define CAPS_FIRST       23u /* All but relay and provider. */
#define CAPS_FURTHER     9u  /* Publishes, and is a relay. */
#define SIM_NODES_AN_ORG 64u
#define ADMISSION_ADDRS  4u

static void make_key(struct kai_sim *s, struct sim_key *k)
{
    uint8_t seed[32];

    sim_fill(s, seed, sizeof seed);
    *k = (struct sim_key){0};
    SIM_MUST(crypto_sign_seed_keypair(k->pk, k->sk, seed) == 0);
}

static void make_org(struct kai_sim *s, size_t i, const struct kai_sim_org *plan)
{
    struct sim_org *o = &s->org[i];
    uint8_t kx_sk[32];

    o->heir = SIM_NOBODY;
    o->parent = plan->parent;
    o->caps = plan->caps ? plan->caps : CAPS_ORG;
    o->label_max = plan->label_max ? plan->label_max : 5;
    o->max_children = plan->max_children ? plan->max_children : 1000;
    make_key(s, &o->root);
    make_key(s, &o->issuing);
    make_key(s, &o->person);
    sim_fill(s, kx_sk, sizeof kx_sk);
    SIM_MUST(crypto_scalarmult_base(o->person_kx, kx_sk) == 0);
    kai_hash(o->id, KAI_D_ORG, o->root.pk, KAI_KEY_BYTES);
    kai_hash(o->person_id, KAI_D_PERSON, o->person.pk, KAI_KEY_BYTES);
}

static void make_node(struct kai_sim *s, size_t i, size_t org, uint64_t caps)
{
    struct sim_node *n = &s->node[i];

    n->sim = s;
    n->index = i;
    n->org = org;
    n->caps = caps;
    n->worker = &s->worker[0];
    n->rng = sim_random(s);
    n->hash = SIM_HASH_FIRST;
    s->next_ms[i] = UINT64_MAX;
    make_key(s, &n->sign);
    sim_fill(s, n->kx_sk, sizeof n->kx_sk);
    sim_fill(s, n->curve_pk, sizeof n->curve_pk);
    SIM_MUST(crypto_scalarmult_base(n->kx_pk, n->kx_sk) == 0);
    kai_hash(n->node_id, KAI_D_NODE, n->sign.pk, KAI_KEY_BYTES);
    sim_map_put(&s->node_by_id, n->node_id, i);
    sim_map_put(&s->node_by_curve, n->curve_pk, i);
    n->data = calloc(s->n_auds + 1, sizeof *n->data);
    n->keys = calloc(s->n_auds + 1, sizeof *n->keys);
    n->heard_of = calloc(s->n_nodes, sizeof *n->heard_of);
    SIM_MUST(n->data && n->keys && n->heard_of);
}

/* Append a record to a control log. */
struct sim_entry *sim_world_record(struct kai_sim *s, struct sim_key *k, uint64_t type,
                                   const struct kai_buf *body)
{
    struct kai_log_writer w = {.nid = s->charter.nid, .log_sk = k->sk, .seq = k->seq};
    struct kai_buf payload, out;
    struct sim_entry *kept;
    struct kai_entry e;

    SIM_MUST(body->err == KAI_OK);
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
    kept = sim_keep(s, &e, s->now);
    kai_buf_free(&payload);
    kai_buf_free(&out);
    return kept;
}

static void about_node(struct kai_admit *a, const struct sim_node *n)
{
    a->has_kx = a->has_curve = true;
    memcpy(a->kx_pk, n->kx_pk, KAI_KEY_BYTES);
    memcpy(a->curve_pk, n->curve_pk, KAI_KEY_BYTES);
    a->caps = n->caps;
    (void)snprintf(a->name, sizeof a->name, "node %zu", n->index);
}

static void about_org(struct kai_sim *s, struct kai_admit *a, size_t org)
{
    a->caps = s->org[org].caps;
    a->label_max = s->org[org].label_max;
    a->max_children = s->org[org].max_children;
    (void)snprintf(a->name, sizeof a->name, "node %zu", org);
    if (s->org[org].water) {
        a->n_attrs = 1;
        kai_copy_text(a->attrs[0].key, sizeof a->attrs[0].key, "sector");
        kai_copy_text(a->attrs[0].value, sizeof a->attrs[0].value, "water");
    }
}

static struct sim_entry *admit(struct kai_sim *s, struct sim_key *signer, uint64_t kind,
                               const struct sim_key *subject, size_t of)
{
    struct kai_admit a = {.kind = kind,
                          .caps = CAPS_ORG,
                          .depth_left = 4,
                          .max_children = 1000,
                          .label_max = 5,
                          .quota = 1u << 30,
                          .not_before = SIM_WALL_MS - 1000,
                          .not_after = SIM_WALL_MS + (1ull << 40),
                          .serial = 1};
    struct kai_buf body;
    struct sim_entry *e;

    memcpy(a.sign_pk, subject->pk, KAI_KEY_BYTES);
    if (kind == KAI_ADMIT_NODE)
        about_node(&a, &s->node[of]);
    else
        about_org(s, &a, of);
    if (kind == KAI_ADMIT_PERSON) {
        a.has_kx = true;
        memcpy(a.kx_pk, s->org[of].person_kx, KAI_KEY_BYTES);
    }
    kai_admit_set_org(&a, s->org[kind == KAI_ADMIT_NODE ? s->node[of].org : of].id);
    kai_admit_prove(&a, subject->sk);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &a);
    e = sim_world_record(s, signer, KAI_REC_ADMIT, &body);
    kai_buf_free(&body);
    return e;
}

struct sim_entry *sim_world_say(struct kai_sim *s, size_t by, const struct kai_admit *a)
{
    struct sim_entry *e;
    struct kai_buf body;

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, a);
    e = sim_world_record(s, &s->org[by].issuing, KAI_REC_ADMIT, &body);
    kai_buf_free(&body);
    return e;
}

static bool has_person(const struct kai_sim *s, size_t org)
{
    for (size_t i = 0; i < s->n_auds; i++)
        if (s->aud[i].is.kind == KAI_AUD_PERSONS)
            return s->planned && org < s->n_orgs;
    return false;
}

/* An organisation's logs, as this node holds them. */
static void hand_logs(struct kai_sim *s, const struct sim_node *from, size_t to, size_t org)
{
    for (size_t k = 0; k < from->n_ctl; k++)
        if (memcmp(from->ctl_entry[k]->e.h.log_pk, s->org[org].root.pk, KAI_KEY_BYTES) == 0 ||
            memcmp(from->ctl_entry[k]->e.h.log_pk, s->org[org].issuing.pk, KAI_KEY_BYTES) == 0)
            sim_disk_ctl(&s->node[to], from->ctl_entry[k]);
}

/* An admission carries the line from the founding root, each log from its first entry. */
static void hand_chain(struct kai_sim *s, size_t org)
{
    for (size_t above = org; above != 0;) {
        above = s->org[above].parent;
        for (size_t i = 0; i < s->n_nodes; i++)
            if (s->node[i].org == org)
                hand_logs(s, &s->node[above], i, above);
    }
}

/* And the addresses of whoever admits and of some others, with what names them. */
void sim_world_addresses(struct kai_sim *s, size_t node)
{
    size_t admits = s->org[s->node[node].org].parent, at = admits;

    for (size_t n = 0; n < ADMISSION_ADDRS; n++, at = sim_random(s) % s->n_nodes) {
        if (!s->node[at].admitted)
            continue;
        sim_world_hears_of(s, node, at);
        for (size_t org = s->node[at].org;; org = s->org[org].parent) {
            hand_logs(s, &s->node[admits], node, org);
            if (org == 0)
                break;
        }
    }
    sim_world_hears_of(s, node, node);
}

void sim_world_org(struct kai_sim *s, size_t org)
{
    struct sim_org *o = &s->org[org];
    struct sim_entry *e, *own[3 + SIM_NODES_AN_ORG];
    size_t n_own = 0, n_nodes = 0;

    o->admitted = true;
    o->at = s->now;
    if (org > 0) {
        e = admit(s, &s->org[o->parent].issuing, KAI_ADMIT_ORG, &o->root, org);
        memcpy(o->cert, e->e.hash, KAI_ID_BYTES);
        sim_own_ctl(s, o->parent, e);
    }
    own[n_own++] = e = admit(s, &o->root, KAI_ADMIT_ISSUING, &o->issuing, org);
    memcpy(o->issuing_cert, e->e.hash, KAI_ID_BYTES);
    if (has_person(s, org))
        own[n_own++] = admit(s, &o->issuing, KAI_ADMIT_PERSON, &o->person, org);
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->node[i].org == org) {
            SIM_MUST(n_nodes++ < SIM_NODES_AN_ORG);
            own[n_own++] = e = admit(s, &o->issuing, KAI_ADMIT_NODE, &s->node[i].sign, i);
            memcpy(s->node[i].node_cert, e->e.hash, KAI_ID_BYTES);
            s->node[i].admitted = true;
        }
    for (size_t i = 0; i < s->n_nodes; i++)
        for (size_t k = 0; s->node[i].org == org && k < n_own; k++)
            sim_disk_ctl(&s->node[i], own[k]);
    if (!s->o.introduced || s->node[0].up) /* Else all is handed to all. */
        hand_chain(s, org);
}

static void cut_at(struct kai_revoke *r, const struct sim_key *k)
{
    struct kai_cut *c = &r->cuts[r->n_cuts++];

    memcpy(c->log_pk, k->pk, KAI_KEY_BYTES);
    c->seq = k->seq;
    memcpy(c->head, k->prev, KAI_ID_BYTES);
}

static const struct sim_entry *revoke(struct kai_sim *s, size_t by, const uint8_t *cert,
                                      const struct sim_org *whole)
{
    struct kai_revoke r = {.reason = KAI_REVOKE_LEFT, .of = 1};
    struct sim_entry *e;
    struct kai_buf body;

    memcpy(r.target, cert, KAI_ID_BYTES);
    if (whole) { /* What it admitted lives on, and what it said of places. */
        cut_at(&r, &whole->root);
        cut_at(&r, &whole->issuing);
    }
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    e = sim_world_record(s, &s->org[by].issuing, KAI_REC_REVOKE, &body);
    kai_buf_free(&body);
    sim_own_ctl(s, by, e);
    return e;
}

const struct sim_entry *sim_world_revoke(struct kai_sim *s, size_t org)
{
    bool stays = s->org[org].heir != SIM_NOBODY || s->org[org].took;

    for (size_t i = 1; i < s->n_orgs; i++)
        stays = stays || (s->org[i].admitted && s->org[i].parent == org);
    return revoke(s, s->org[org].parent, s->org[org].cert, stays ? &s->org[org] : NULL);
}

const struct sim_entry *sim_world_revoke_node(struct kai_sim *s, size_t node)
{
    return revoke(s, s->node[node].org, s->node[node].node_cert, NULL);
}

struct kai_view sim_world_addr(struct kai_sim *s, size_t node)
{
    struct kai_addr a = {
        .counter = 1, .n = 1, .listens = true, .not_after = SIM_WALL_MS + (1ull << 40)};
    const struct sim_node *n = &s->node[node];
    struct kai_buf *b = &s->addr[node];

    if (b->len == 0) {
        memcpy(a.node_cert, n->node_cert, KAI_ID_BYTES);
        memcpy(a.curve_pk, n->curve_pk, KAI_KEY_BYTES);
        (void)snprintf(a.at[0].endpoint, sizeof a.at[0].endpoint, "tcp://198.18.%zu.%zu:20000",
                       node / 4 % 256, node / 1024 * 4 + node % 4 + 1);
        kai_addr_write(b, &a, n->sign.sk, s->charter.nid);
        SIM_MUST(b->err == KAI_OK);
    }
    return kai_buf_view(b);
}

/* No thread makes an address: that it is there was seen to before. */
void sim_world_hears_of(struct kai_sim *s, size_t node, size_t of)
{
    (void)sim_world_addr(s, of);
    s->node[node].heard_of[of] = true;
}

/* ---- The whole of it. */

/* Everybody is a child of the founder; odd ones are waterworks. */
static void standard(struct kai_sim_plan *p, const struct kai_sim_options *o)
{
    p->n_orgs = o->n_nodes;
    for (size_t i = 0; i < p->n_orgs; i++)
        p->org[i] = (struct kai_sim_org){.water = i % 2 == 1, .late = i + o->late >= p->n_orgs};
    p->n_auds = 3;
    p->aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_PUBLIC};
    p->aud[1] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    /* The steward is a member: it can hold the key. */
    p->aud[2] = (struct kai_sim_aud){
        .kind = KAI_AUD_COMMUNITY, .water = true, .n_stewards = 1, .stewards = {1}};
    for (size_t i = 0; i < 3; i++) {
        p->aud[i].label_max = 2;
        p->aud[i].history = KAI_HISTORY_ALL;
    }
}

static const struct kai_sim *sorting;

static int by_node_id(const void *a, const void *b)
{
    return memcmp(sorting->node[*(const size_t *)a].node_id,
                  sorting->node[*(const size_t *)b].node_id, KAI_ID_BYTES);
}

static void sort_nodes(struct kai_sim *s)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        s->order[i] = i;
    sorting = s;
    qsort(s->order, s->n_nodes, sizeof s->order[0], by_node_id);
}

static void make_all(struct kai_sim *s, const struct kai_sim_plan *p)
{
    s->n_orgs = p->n_orgs;
    s->n_nodes = p->n_orgs + p->n_further;
    s->n_auds = p->n_auds;
    SIM_MUST(s->n_orgs <= KAI_SIM_ORGS && s->n_nodes <= KAI_SIM_NODES && s->n_orgs >= 2);
    for (size_t i = 0; i < s->n_auds; i++) {
        s->aud[i].is = p->aud[i];
        if (s->aud[i].is.n_stewards == 0) {
            s->aud[i].is.n_stewards = 1;
            s->aud[i].is.stewards[0] = p->aud[i].owner;
        }
    }
    for (size_t i = 0; i < s->n_orgs; i++)
        make_org(s, i, &p->org[i]);
    for (size_t i = 0; i < s->n_nodes; i++)
        make_node(s, i, i < s->n_orgs ? i : p->further[i - s->n_orgs],
                  !s->planned || p->relay[i] ? CAPS_ORG
                  : i < s->n_orgs            ? CAPS_FIRST
                                             : CAPS_FURTHER);
    for (size_t i = 0; i < s->n_nodes; i++)
        s->node[i].dial_out = p->dial_out[i];
    sort_nodes(s);
    for (size_t i = 0; i < s->n_orgs; i++)
        s->org[i].water = p->org[i].water;
    s->addr = calloc(s->n_nodes, sizeof *s->addr);
    SIM_MUST(s->addr);
    for (size_t i = 0; i < s->n_nodes; i++)
        kai_buf_init(&s->addr[i], KAI_ADDR_BYTES_MAX);
}

void sim_world_make(struct kai_sim *s, const struct kai_sim_plan *plan)
{
    static const char text[] = "For the trial of a network.";
    struct kai_charter_text texts[1] = {
        {.lang = "en", .text = {.p = (const uint8_t *)text, .n = sizeof text - 1}}};
    struct kai_sim_plan *own = NULL;

    if (!plan) {
        plan = own = calloc(1, sizeof *own);
        SIM_MUST(own);
        standard(own, &s->o);
    }
    make_all(s, plan);
    kai_buf_init(&s->charter_record, KAI_CHARTER_BYTES_MAX);
    SIM_MUST(kai_charter_make(&s->charter_record, "Trial", "Founder", s->org[0].root.pk,
                              s->org[0].root.sk, texts, 1) == KAI_OK);
    SIM_MUST(kai_charter_parse(&s->charter, kai_buf_view(&s->charter_record)) == KAI_OK);
    s->node[0].text = texts[0].text;
    sim_world_org(s, 0);
    for (size_t i = 1; i < s->n_orgs; i++)
        if (!plan->org[i].late)
            sim_world_org(s, i);
    for (size_t i = 0; i < s->n_auds; i++)
        sim_world_audience(s, i, &s->aud[i].is.members);
    free(own);
}
