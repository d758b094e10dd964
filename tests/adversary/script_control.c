/* script_control: attacks with the control plane: who admits, removes and names whom. Alice's view
 * is asked, unless said otherwise; the link is the attacker's to her. */
#include <string.h>

#include "adversary/evil.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

static void begin(struct stage *st, size_t victim, size_t as)
{
    stage_open(st);
    stage_part(st);
    evil_link(st, victim, as);
}

static bool end(struct stage *st, bool held)
{
    stage_close(st);
    return held;
}

/* Somebody made up, who asks to be admitted; id is what he would be. */
struct nobody {
    struct sim_key key;
    struct kai_admit a;
    uint8_t id[KAI_ID_BYTES];
};

static void make_nobody(struct stage *st, struct nobody *x)
{
    uint8_t seed[32];

    memset(x, 0, sizeof *x);
    sim_fill(st->s, seed, sizeof seed);
    SIM_MUST(crypto_sign_seed_keypair(x->key.pk, x->key.sk, seed) == 0);
    x->a = (struct kai_admit){.kind = KAI_ADMIT_ORG,
                              .name = "nobody",
                              .caps = 31,
                              .depth_left = 3,
                              .max_children = 10,
                              .label_max = 5,
                              .quota = 1u << 20,
                              .not_before = SIM_WALL_MS - 1000,
                              .not_after = SIM_WALL_MS + (1ull << 40),
                              .serial = 1};
    memcpy(x->a.sign_pk, x->key.pk, KAI_KEY_BYTES);
    kai_admit_prove(&x->a, x->key.sk);
    kai_hash(x->id, KAI_D_ORG, x->key.pk, KAI_KEY_BYTES);
}

static const struct kai_org *seen(const struct stage *st, size_t by, const uint8_t *id)
{
    return kai_roster_org(kai_net_roster(st->s->node[by].net), id);
}

static bool is_in(const struct stage *st, size_t by, const uint8_t *id)
{
    const struct kai_org *o = seen(st, by, id);

    return o && o->active;
}

static void admit(struct stage *st, size_t by, struct nobody *x)
{
    evil_control(st, &sim_world_say(st->s, by, &x->a)->e);
}

static bool admits_rightly(void)
{
    struct stage st;
    struct nobody x;

    begin(&st, ALICE, BOB);
    make_nobody(&st, &x);
    admit(&st, BOB, &x);
    return end(&st, HELD(is_in(&st, ALICE, x.id)));
}

static bool may_not_admit(void)
{
    struct stage st;
    struct nobody x;

    begin(&st, ALICE, OUTSIDER); /* Its certificate has no such capability. */
    make_nobody(&st, &x);
    admit(&st, OUTSIDER, &x);
    return end(&st, HELD(!is_in(&st, ALICE, x.id)));
}

static bool wider_than_oneself(void)
{
    struct stage st;
    struct nobody x;

    begin(&st, ALICE, SCHOOL);
    make_nobody(&st, &x);
    admit(&st, SCHOOL, &x);
    const struct kai_org *o = seen(&st, ALICE, x.id);
    return end(&st, HELD(o != NULL) && HELD(o->label_max <= 2));
}

/* Carol may admit one, and admits four, the last ones in the place of the first. */
static bool sybils(void)
{
    struct stage st;
    struct nobody x[4];
    struct sim_entry *first = NULL, *e;
    size_t in = 0;

    begin(&st, ALICE, CAROL);
    for (size_t i = 0; i < 4; i++) {
        make_nobody(&st, &x[i]);
        if (i > 1) {
            x[i].a.has_replaces = true;
            memcpy(x[i].a.replaces, first->e.hash, KAI_ID_BYTES);
        }
        e = sim_world_say(st.s, CAROL, &x[i].a);
        first = first ? first : e;
        evil_control(&st, &e->e);
    }
    for (size_t i = 0; i < 4; i++)
        in += is_in(&st, ALICE, x[i].id);
    return end(&st, HELD(in <= 1));
}

/* Bob's root key, admitted by Carol as somebody else's, with no word of Bob's. */
static bool without_asking(void)
{
    struct stage st;
    struct nobody x;

    begin(&st, ALICE, BOB);
    make_nobody(&st, &x);
    x.a.pop[3] ^= 1;
    admit(&st, BOB, &x);
    return end(&st, HELD(!is_in(&st, ALICE, x.id)));
}

/* A certificate that Alice holds, word for word but for a longer life, signed by another key. */
static bool copy_admit(struct stage *st, const uint8_t *cert, struct sim_key *by,
                       uint8_t hash[static KAI_ID_BYTES])
{
    const struct kai_entry *old = kai_ctl_find(st->s->node[ALICE].ctl, cert);
    struct sim_entry *e;
    struct kai_admit a;
    struct kai_view body;
    struct kai_buf copy;
    uint64_t type;

    if (!HELD(old != NULL && kai_rec_parse(&type, &body, old->payload) == KAI_OK &&
              kai_admit_parse(&a, body) == KAI_OK))
        return false;
    a.not_after++;
    kai_buf_init(&copy, KAI_CERT_BYTES_MAX);
    kai_admit_write(&copy, &a);
    e = sim_world_record(st->s, by, KAI_REC_ADMIT, &copy);
    kai_buf_free(&copy);
    memcpy(hash, e->e.hash, KAI_ID_BYTES);
    evil_control(st, &e->e);
    return true;
}

/* Carol puts Bob's node below herself: its proof is public. */
static bool takes_a_node(void)
{
    struct stage st;
    uint8_t hash[KAI_ID_BYTES];

    begin(&st, ALICE, CAROL);
    bool copied = copy_admit(&st, st.s->node[BOB].node_cert, &st.s->org[CAROL].issuing, hash);
    const struct kai_roster *r = kai_net_roster(st.s->node[ALICE].net);
    const struct kai_node *n = kai_roster_node_by_cert(r, st.s->node[BOB].node_cert);
    return end(&st, copied && HELD(n && n->active) &&
                        HELD(memcmp(n->org->id, st.s->org[BOB].id, KAI_ID_BYTES) == 0) &&
                        HELD(kai_roster_node_by_cert(r, hash) == NULL));
}

static bool takes_an_issuing_key(void)
{
    struct stage st;
    uint8_t hash[KAI_ID_BYTES];

    begin(&st, ALICE, CAROL);
    bool copied = copy_admit(&st, st.s->org[BOB].issuing_cert, &st.s->org[CAROL].root, hash);
    const struct kai_roster *r = kai_net_roster(st.s->node[ALICE].net);
    const struct kai_issuing *i = kai_roster_issuing(r, st.s->org[BOB].issuing_cert);
    return end(&st, copied && HELD(i && i->active) &&
                        HELD(memcmp(i->org->id, st.s->org[BOB].id, KAI_ID_BYTES) == 0) &&
                        HELD(kai_roster_issuing(r, hash) == NULL));
}

static bool forged_admission(void)
{
    struct stage st;
    struct nobody x;
    uint8_t sig[KAI_SIG_BYTES];
    struct kai_entry e;

    begin(&st, ALICE, BOB);
    make_nobody(&st, &x);
    e = sim_world_say(st.s, BOB, &x.a)->e;
    memcpy(sig, e.sig.p, sizeof sig);
    sig[50] ^= 1;
    e.sig.p = sig;
    evil_control(&st, &e);
    return end(&st, HELD(!is_in(&st, ALICE, x.id)));
}

/* ---- Removal. */

static struct kai_entry revoke_by(struct stage *st, size_t by, const uint8_t *cert)
{
    struct kai_revoke r = {.reason = KAI_REVOKE_LEFT, .of = 1};
    struct sim_entry *e;
    struct kai_buf body;

    memcpy(r.target, cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    e = sim_world_record(st->s, &st->s->org[by].issuing, KAI_REC_REVOKE, &body);
    kai_buf_free(&body);
    return e->e;
}

/* Carol removes Bob, who stands beside her and not below. */
static bool removes_a_neighbour(void)
{
    struct stage st;
    struct kai_entry e;

    begin(&st, ALICE, CAROL);
    e = revoke_by(&st, CAROL, st.s->org[BOB].cert);
    evil_control(&st, &e);
    return end(&st, HELD(is_in(&st, ALICE, st.s->org[BOB].id)));
}

/* The founder's certificate, by somebody it admitted. */
static bool removes_the_one_above(void)
{
    struct stage st;
    struct kai_entry e;

    begin(&st, ALICE, CONTRACTOR);
    e = revoke_by(&st, SECOND, st.s->org[CONTRACTOR].cert);
    evil_control(&st, &e);
    return end(&st, HELD(is_in(&st, ALICE, st.s->org[CONTRACTOR].id)));
}

/* Alice's issuing key is stolen; she is revoked, with what she had admitted left standing. The
 * thief admits somebody after that. */
static bool stolen_issuing_key(void)
{
    struct stage st;
    struct nobody x;
    const struct sim_entry *cut;

    begin(&st, BOB, FOUNDER);
    kai_sim_revoke(st.s, ALICE);
    cut = st.s->org[ALICE].revoke;
    evil_control(&st, &cut->e);
    bool held =
        HELD(!is_in(&st, BOB, st.s->org[ALICE].id)) && HELD(is_in(&st, BOB, st.s->org[CLIENT].id));
    make_nobody(&st, &x);
    admit(&st, ALICE, &x);
    return end(&st, HELD(!is_in(&st, BOB, x.id)) && held);
}

/* The thief forks the log from its first entry, to take away those who were admitted. */
static bool forks_the_issuing_log(void)
{
    struct stage st;
    struct nobody x;
    struct sim_key *k;

    begin(&st, BOB, ALICE);
    k = &st.s->org[ALICE].issuing;
    make_nobody(&st, &x);
    k->seq = 0;
    memset(k->prev, 0, sizeof k->prev);
    admit(&st, ALICE, &x);
    return end(&st, HELD(is_in(&st, BOB, st.s->org[CLIENT].id)) &&
                        HELD(is_in(&st, BOB, st.s->org[ALICE].id)));
}

/* ---- Audiences. */

static enum kai_err say_rule(struct stage *st, size_t at, size_t by, size_t aud, uint64_t ver,
                             const char *name, size_t member)
{
    struct kai_rule r = {
        .ver = ver, .id_kind = KAI_ADMIT_ORG, .ids = st->s->org[member].id, .n_ids = 1, .of = 1};
    struct kai_buf b;

    kai_copy_text(r.name, sizeof r.name, name);
    memcpy(r.aud_id, st->s->aud[aud].id, KAI_ID_BYTES);
    memcpy(r.signer_cert, st->s->org[by].issuing_cert, KAI_ID_BYTES);
    kai_buf_init(&b, KAI_BODY_BYTES_MAX);
    kai_rule_write(&b, &r, st->s->org[by].issuing.sk, st->s->charter.nid);
    enum kai_err err = kai_keyring_rule(st->s->node[at].keyring, kai_buf_view(&b));
    kai_buf_free(&b);
    return err;
}

/* Bob gives the founder's community a name. */
static bool anothers_rule(void)
{
    struct stage st;

    stage_open(&st);
    (void)say_rule(&st, CAROL, BOB, ALL, 50, "the press office", BOB);
    return end(&st, HELD(strcmp(kai_keyring_name(st.s->node[CAROL].keyring, st.s->aud[ALL].id),
                                "the press office") != 0));
}

/* A RULE of the owner's that no AUDIENCE names, shown to one member alone. */
static bool unnamed_rule(void)
{
    struct stage st;
    const struct sim_node *n;
    const struct kai_node *who;

    stage_open(&st);
    n = &st.s->node[BOB];
    (void)say_rule(&st, BOB, ALICE, GROUP, 50, "the group", FOUNDER);
    who = kai_roster_node(kai_net_roster(n->net), st.s->node[FOUNDER].node_id);
    return end(&st, HELD(!kai_keyring_eligible(n->keyring, st.s->aud[GROUP].id, who)));
}

/* Bob says that Alice's group is another one: what he says is about one of his own. */
static bool anothers_audience(void)
{
    struct stage st;
    struct kai_aud_rec rec = {
        .ver = 99, .kind = KAI_AUD_COMMUNITY, .rule_open = true, .label_max = 1};
    const struct kai_audience *a;
    struct sim_entry *e;
    struct kai_buf body;

    begin(&st, ALICE, BOB);
    memcpy(rec.nonce, st.s->aud[GROUP].nonce, sizeof rec.nonce);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &rec);
    e = sim_world_record(st.s, &st.s->org[BOB].issuing, KAI_REC_AUDIENCE, &body);
    kai_buf_free(&body);
    evil_control(&st, &e->e);
    a = kai_roster_audience(kai_net_roster(st.s->node[ALICE].net), st.s->aud[GROUP].id);
    return end(&st, HELD(a && a->rec.ver == 1 && a->rec.kind == KAI_AUD_GROUP));
}

const struct evil_script evil_plane[] = {
    {"admits-rightly", "who may admit admits", {0}, admits_rightly},
    {"may-not-admit",
     "only who may admit organisations admits them",
     {"ADMIT_CAPABILITY"},
     may_not_admit},
    {"wider-than-oneself",
     "no admission gives more than its admitter has",
     {"ADMIT_NARROWS"},
     wider_than_oneself},
    {"sybils",
     "nobody admits more than its number, also not by replacing",
     {"ADMIT_NUMBER"},
     sybils},
    {"without-asking",
     "nobody is admitted under a key without that key's own word",
     {"ADMIT_PROOF"},
     without_asking},
    {"takes-a-node",
     "a key belongs only to the organisation that its own word names",
     {"ADMIT_OF_ORG"},
     takes_a_node},
    {"takes-an-issuing-key",
     "a key belongs only to the organisation that its own word names",
     {"ADMIT_OF_ORG"},
     takes_an_issuing_key},
    {"forged-admission",
     "a control entry counts only under its log's signature",
     {"HDR_SIGNATURE"},
     forged_admission},
    {"removes-a-neighbour",
     "only who stands above revokes",
     {"REVOKE_ANCESTOR"},
     removes_a_neighbour},
    {"removes-the-one-above",
     "only who stands above revokes",
     {"REVOKE_ANCESTOR"},
     removes_the_one_above},
    {"stolen-issuing-key",
     "what a revoked key says past its cut does not count",
     {"REVOKE_CUT"},
     stolen_issuing_key},
    {"forks-the-issuing-log",
     "of a forked control log every branch counts",
     {0},
     forks_the_issuing_log},
    {"anothers-rule", "only the owner says who the members are", {"RULE_OWNER"}, anothers_rule},
    {"unnamed-rule",
     "members are those of the rule whose hash the AUDIENCE names",
     {"RULE_NAMED"},
     unnamed_rule},
    {"anothers-audience", "an audience's id holds its owner", {0}, anothers_audience},
    {0}};
