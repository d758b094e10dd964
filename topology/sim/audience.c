/* audience: what the owners of the simulated audiences say about them. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

void kai_orgs_add(struct kai_orgs *o, size_t org)
{
    o->bits[org / 64] |= 1ull << org % 64;
}

void kai_orgs_remove(struct kai_orgs *o, size_t org)
{
    o->bits[org / 64] &= ~(1ull << org % 64);
}

bool kai_orgs_has(const struct kai_orgs *o, size_t org)
{
    return (o->bits[org / 64] >> org % 64 & 1u) != 0;
}

static int id_cmp(const void *a, const void *b)
{
    return memcmp(a, b, KAI_ID_BYTES);
}

static bool has_rule(uint64_t kind)
{
    return kind == KAI_AUD_GROUP || kind == KAI_AUD_PROVIDERS || kind == KAI_AUD_PERSONS;
}

/* The RULE item, and its hash. */
static void rule(struct kai_sim *s, struct sim_aud *a, struct sim_version *v,
                 uint8_t hash[static KAI_ID_BYTES])
{
    uint8_t(*ids)[KAI_ID_BYTES] = calloc(s->n_orgs, sizeof *ids);
    bool persons = a->is.kind == KAI_AUD_PERSONS;
    struct kai_rule r = {.ver = a->n_versions + 1,
                         .name = "an audience",
                         .id_kind = persons ? KAI_ADMIT_PERSON : KAI_ADMIT_ORG,
                         .ids = ids[0],
                         .of = 1};
    struct kai_view item;

    SIM_MUST(ids);
    for (size_t i = 0; i < s->n_orgs; i++)
        if (kai_orgs_has(&v->members, i)) {
            const struct sim_org *o = &s->org[i];

            if (persons)
                kai_place_id(ids[r.n_ids++], o->person_id, o->id);
            else
                memcpy(ids[r.n_ids++], o->id, KAI_ID_BYTES);
        }
    qsort(ids, r.n_ids, KAI_ID_BYTES, id_cmp);
    memcpy(r.aud_id, a->id, KAI_ID_BYTES);
    memcpy(r.signer_cert, s->org[a->is.owner].issuing_cert, KAI_ID_BYTES);
    kai_rule_write(&v->rule, &r, s->org[a->is.owner].issuing.sk, s->charter.nid);
    free(ids);
    SIM_MUST(v->rule.err == KAI_OK);
    item = kai_buf_view(&v->rule);
    SIM_MUST(kai_rule_hash(hash, &item, 1) == KAI_OK);
}

static struct kai_aud_rec record_of(struct kai_sim *s, struct sim_aud *a, struct sim_version *v)
{
    struct kai_aud_rec rec = {.ver = a->n_versions + 1,
                              .kind = a->is.kind,
                              .rule_open = !has_rule(a->is.kind),
                              .n_stewards = a->is.n_stewards,
                              .n_relays = a->is.n_relays,
                              .label_max = a->is.label_max ? a->is.label_max : 2,
                              .history = a->is.history};

    memcpy(rec.nonce, a->nonce, sizeof rec.nonce);
    if (a->is.water) {
        rec.n_rule = 1;
        kai_copy_text(rec.rule[0].key, sizeof rec.rule[0].key, "sector");
        kai_copy_text(rec.rule[0].value, sizeof rec.rule[0].value, "water");
    }
    if (!rec.rule_open)
        rule(s, a, v, rec.rule_hash);
    for (size_t i = 0; i < a->is.n_stewards; i++)
        memcpy(rec.stewards[i], s->org[a->is.stewards[i]].id, KAI_ID_BYTES);
    for (size_t i = 0; i < a->is.n_relays; i++)
        memcpy(rec.relays[i], s->node[a->is.relays[i]].node_id, KAI_ID_BYTES);
    return rec;
}

static void begin(struct kai_sim *s, struct sim_aud *a)
{
    if (a->is.kind == KAI_AUD_MAILBOX) {
        kai_hash(a->id, KAI_D_MAILBOX, s->org[a->is.owner].id, KAI_ID_BYTES);
        return;
    }
    sim_fill(s, a->nonce, sizeof a->nonce);
    kai_aud_id(a->id, s->org[a->is.owner].id, a->nonce);
}

void sim_world_audience(struct kai_sim *s, size_t aud, const struct kai_orgs *members)
{
    struct sim_aud *a = &s->aud[aud];
    struct sim_version v = {.members = *members, .n_relays = a->is.n_relays, .at = s->now};
    struct kai_aud_rec rec;
    struct kai_buf body;

    if (a->n_versions == 0)
        begin(s, a);
    memcpy(v.relays, a->is.relays, sizeof v.relays);
    kai_buf_init(&v.rule, KAI_BODY_BYTES_MAX);
    a->is.members = *members;
    if (a->is.kind != KAI_AUD_MAILBOX) {
        rec = record_of(s, a, &v);
        kai_buf_init(&body, KAI_CERT_BYTES_MAX);
        kai_aud_rec_write(&body, &rec);
        v.e = sim_world_record(s, &s->org[a->is.owner].issuing, KAI_REC_AUDIENCE, &body);
        kai_buf_free(&body);
    }
    a->version = sim_grow(a->version, a->n_versions, &a->cap_versions, sizeof *a->version);
    a->version[a->n_versions++] = v;
    if (v.e) {
        sim_own_rule(s, aud);
        sim_own_ctl(s, a->is.owner, v.e);
    }
}

void kai_sim_change(struct kai_sim *s, size_t aud, const struct kai_orgs *members)
{
    sim_trace(s, "audience %zu changes", aud);
    s->count.changes++;
    sim_world_audience(s, aud, members);
}
