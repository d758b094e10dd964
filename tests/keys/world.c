/* world: a network made up for a test. */
#include "keys/world.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/roster_int.h"
#include "wire/put.h"

uint64_t world_random(struct world *w, uint64_t below)
{
    w->rnd ^= w->rnd << 13;
    w->rnd ^= w->rnd >> 7;
    w->rnd ^= w->rnd << 17;
    return w->rnd % below;
}

void world_fill(void *ctx, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)world_random(ctx, 256);
}

static void derive(uint8_t out[32], const struct world *w, uint64_t role)
{
    uint64_t in[3] = {w->seed, w->keys, role};

    crypto_generichash(out, 32, (const uint8_t *)in, sizeof in, NULL, 0);
}

void world_key(struct world *w, struct tsub *s)
{
    uint8_t seed[32];

    memset(s, 0, sizeof *s);
    w->keys++;
    derive(seed, w, 0);
    crypto_sign_seed_keypair(s->log.pk, s->log.sk, seed);
    derive(s->kx_sk, w, 1);
    crypto_scalarmult_base(s->kx_pk, s->kx_sk);
    derive(seed, w, 2);
    crypto_scalarmult_base(s->curve_pk, seed);
}

void world_init(struct world *w, uint64_t seed, struct tsub *founders, size_t n, uint64_t threshold)
{
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->rnd = seed * 2654435761u + 88172645463325252ull;
    kai_buf_init(&body, KAI_CHARTER_BYTES_MAX);
    kai_put_array(&body, 7);
    kai_put_uint(&body, 1);
    kai_put_nil(&body);
    kai_put_str(&body, "Test network");
    kai_put_array(&body, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        world_key(w, &founders[i]);
        kai_hash(founders[i].id, KAI_D_ORG, founders[i].log.pk, KAI_KEY_BYTES);
        kai_put_array(&body, 2);
        kai_put_bin(&body, founders[i].log.pk, KAI_KEY_BYTES);
        kai_put_str(&body, "Founder");
    }
    kai_put_uint(&body, threshold);
    kai_put_no_ext(&body);
    kai_put_no_ext(&body);
    kai_buf_init(&w->charter_record, KAI_CHARTER_BYTES_MAX);
    kai_put_array(&w->charter_record, 3);
    kai_put_uint(&w->charter_record, KAI_REC_CHARTER);
    kai_put_view(&w->charter_record, kai_buf_view(&body));
    kai_put_array(&w->charter_record, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_sign(sig, founders[i].log.sk, KAI_SIG_CHARTER, KAI_NID_NONE, body.p, body.len);
        kai_put_array(&w->charter_record, 2);
        kai_put_bin(&w->charter_record, founders[i].log.pk, KAI_KEY_BYTES);
        kai_put_bin(&w->charter_record, sig, sizeof sig);
    }
    kai_buf_free(&body);
    MUST(kai_charter_parse(&w->charter, kai_buf_view(&w->charter_record)));
}

void world_free(struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        kai_buf_free(&w->entries[i]->bytes);
        kai_buf_free(&w->entries[i]->payload);
        free(w->entries[i]);
    }
    free(w->entries);
    kai_buf_free(&w->charter_record);
}

const uint8_t *world_append(struct world *w, struct tlog *l, uint64_t type,
                            const struct kai_buf *body)
{
    struct tentry *t = calloc(1, sizeof *t);
    struct kai_hdr h = {.seq = l->seq + 1, .ts = l->seq + 1, .ptype = KAI_PTYPE_CONTROL};

    w->entries = realloc(w->entries, (w->n + 1) * sizeof(struct tentry *));
    assert_true(t != NULL && w->entries != NULL && body->err == KAI_OK);
    w->entries[w->n++] = t;
    memcpy(h.log_pk, l->pk, KAI_KEY_BYTES);
    memcpy(h.prev, l->head, KAI_ID_BYTES);
    kai_buf_init(&t->bytes, 4096);
    kai_buf_init(&t->payload, 4096);
    kai_rec_write(&t->payload, type, kai_buf_view(body));
    MUST(kai_entry_make(&t->e, &t->bytes, &h, l->sk, w->charter.nid, kai_buf_view(&t->payload)));
    l->seq++;
    memcpy(l->head, t->e.hash, KAI_ID_BYTES);
    return t->e.hash;
}

struct kai_admit world_terms(uint64_t kind)
{
    return (struct kai_admit){
        .kind = kind,
        .name = "Somebody",
        .caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_RELAY | KAI_CAP_OWNER,
        .depth_left = 9,
        .max_children = 1000,
        .label_max = 5,
        .quota = 1u << 30,
        .not_after = 1000,
    };
}

void world_admit(struct world *w, struct tlog *by, struct tsub *s, uint64_t kind,
                 const struct kai_admit *terms)
{
    struct kai_admit a = terms != NULL ? *terms : world_terms(kind);
    struct kai_buf body;

    a.kind = kind;
    a.serial = w->n;
    memcpy(a.sign_pk, s->log.pk, KAI_KEY_BYTES);
    if (kind == KAI_ADMIT_NODE || kind == KAI_ADMIT_PERSON) {
        a.has_kx = true;
        memcpy(a.kx_pk, s->kx_pk, KAI_KEY_BYTES);
    }
    if (kind == KAI_ADMIT_NODE) {
        a.has_curve = true;
        memcpy(a.curve_pk, s->curve_pk, KAI_KEY_BYTES);
    }
    if (kind != KAI_ADMIT_ISSUING)
        kai_hash(s->id,
                 kind == KAI_ADMIT_ORG    ? KAI_D_ORG
                 : kind == KAI_ADMIT_NODE ? KAI_D_NODE
                                          : KAI_D_PERSON,
                 s->log.pk, KAI_KEY_BYTES);
    if (kind == KAI_ADMIT_ISSUING)
        kai_hash(s->log.org, KAI_D_ORG, by->pk, KAI_KEY_BYTES);
    kai_admit_set_org(&a, kind == KAI_ADMIT_ISSUING ? s->log.org : by->org);
    kai_admit_prove(&a, s->log.sk);
    kai_buf_init(&body, 4096);
    kai_admit_write(&body, &a);
    memcpy(s->cert, world_append(w, by, KAI_REC_ADMIT, &body), KAI_ID_BYTES);
    kai_buf_free(&body);
}

const uint8_t *world_revoke(struct world *w, struct tlog *by, const struct kai_revoke *r)
{
    struct kai_buf body;

    kai_buf_init(&body, 4096);
    kai_revoke_write(&body, r);
    const uint8_t *hash = world_append(w, by, KAI_REC_REVOKE, &body);
    kai_buf_free(&body);
    return hash;
}

const uint8_t *world_remove(struct world *w, struct tlog *by, const uint8_t *target,
                            uint64_t reason, const struct tlog *const *keep, size_t n_keep)
{
    struct kai_revoke r = {.reason = reason, .n_cuts = n_keep, .of = 1};

    memcpy(r.target, target, KAI_ID_BYTES);
    for (size_t i = 0; i < n_keep; i++) {
        memcpy(r.cuts[i].log_pk, keep[i]->pk, KAI_KEY_BYTES);
        r.cuts[i].seq = keep[i]->seq;
        memcpy(r.cuts[i].head, keep[i]->head, KAI_ID_BYTES);
    }
    return world_revoke(w, by, &r);
}

const uint8_t *world_audience(struct world *w, struct tlog *by, const struct kai_aud_rec *rec)
{
    struct kai_buf body;

    kai_buf_init(&body, 4096);
    kai_aud_rec_write(&body, rec);
    const uint8_t *hash = world_append(w, by, KAI_REC_AUDIENCE, &body);
    kai_buf_free(&body);
    return hash;
}

struct kai_ctl *world_ctl(const struct world *w)
{
    struct kai_ctl *ctl;

    MUST(kai_ctl_new(&ctl, &w->charter));
    for (size_t i = 0; i < w->n; i++) {
        enum kai_err err = kai_ctl_add(ctl, &w->entries[i]->e);

        if (err != KAI_OK && err != KAI_ELIMIT && err != KAI_EAGAIN)
            fail_msg("entry %zu: %s", i, kai_err_text(err));
    }
    return ctl;
}

struct kai_roster *world_roster(const struct world *w)
{
    struct kai_ctl *ctl = world_ctl(w);
    struct kai_roster *r;

    MUST(kai_roster_build(&r, ctl));
    kai_ctl_free(ctl); /* A roster stands on its own. */
    return r;
}

static const struct kai_roster_cert *find(const struct kai_roster *r, const uint8_t *cert)
{
    for (size_t i = 0; i < r->n_certs; i++) {
        if (memcmp(r->certs[i].hash, cert, KAI_ID_BYTES) == 0)
            return &r->certs[i];
    }
    return NULL;
}

bool world_cert_active(const struct kai_roster *r, const uint8_t *cert)
{
    const struct kai_roster_cert *c = find(r, cert);

    return c != NULL && c->active;
}

bool world_cert_attested(const struct kai_roster *r, const uint8_t *cert)
{
    const struct kai_roster_cert *c = find(r, cert);

    return c != NULL && c->attested;
}
