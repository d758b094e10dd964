/* share_util: several organisations, audiences of every kind, and acts between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "item/label.h"
#include "query/share_util.h"

static const struct {
    uint64_t kind;
    uint64_t ceiling;
    enum who owner;
} auds[AUD_N] = {
    [FROM] = {KAI_POLICY_GROUP, 4, SOURCE},       [CLIENTS] = {KAI_POLICY_CLIENTS, 3, SHARER},
    [CLIENTS_3] = {KAI_POLICY_CLIENTS, 3, OTHER}, [COMMUNITY] = {KAI_POLICY_COMMUNITY, 2, OTHER},
    [SMALL] = {KAI_POLICY_GROUP, 4, SHARER},      [WIDE] = {KAI_POLICY_GROUP, 4, SHARER},
    [DARK] = {KAI_POLICY_GROUP, 4, SHARER},       [PROVIDERS] = {KAI_POLICY_PROVIDERS, 3, SHARER},
    [PUBLIC] = {KAI_POLICY_PUBLIC, 1, SOURCE},    [BOX_SHARER] = {KAI_POLICY_MAILBOX, 4, SHARER},
    [BOX_SELF] = {KAI_POLICY_MAILBOX, 4, SELF},   [BOX_OTHER] = {KAI_POLICY_MAILBOX, 4, OTHER},
};

void cert_of(uint8_t cert[static 32], enum who who)
{
    memset(cert, 0xc0 + (int)who, 32);
}

void org_of(uint8_t org[static 32], enum who who)
{
    memset(org, 0x10 + (int)who, 32);
}

void aud_of(uint8_t id[static 32], enum aud aud)
{
    memset(id, 0xa0 + (int)aud, 32);
}

static enum kai_err resolve(void *ctx, const uint8_t cert[static KAI_ID_BYTES],
                            struct kai_project_node *out)
{
    struct share *s = ctx;
    unsigned who = cert[0] - 0xc0u;

    if (who == 0 || who >= WHO_N || s->node[who].unknown)
        return KAI_ENOTFOUND;
    memset(out, 0, sizeof *out);
    memcpy(out->sign_pk, s->node[who].pk, 32);
    org_of(out->org_id, (enum who)who);
    memset(out->node_id, 0x50 + (int)who, 32);
    out->usable = !s->node[who].revoked;
    out->active = !s->node[who].revoked && !s->node[who].inactive;
    out->publishes = !s->node[who].mute;
    return KAI_OK;
}

static enum kai_err audience(void *ctx, const uint8_t aud_id[static KAI_ID_BYTES],
                             struct kai_project_aud *out)
{
    struct share *s = ctx;
    unsigned aud = aud_id[0] - 0xa0u;

    if (aud == 0 || aud >= AUD_N)
        return KAI_ENOTFOUND;
    out->kind = s->kind[aud] != 0 ? s->kind[aud] : auds[aud].kind;
    out->ceiling = s->ceiling[aud] != 0 ? s->ceiling[aud] : auds[aud].ceiling;
    org_of(out->owner, auds[aud].owner);
    return KAI_OK;
}

static enum kai_project_inside inside(void *ctx, const uint8_t inner[static KAI_ID_BYTES],
                                      const uint8_t outer[static KAI_ID_BYTES])
{
    unsigned in = inner[0] - 0xa0u;

    (void)ctx;
    if (in == DARK)
        return KAI_PROJECT_UNKNOWN;
    return outer[0] == 0xa0 + COMMUNITY && (in == SMALL || in == FROM) ? KAI_PROJECT_INSIDE
                                                                       : KAI_PROJECT_OUTSIDE;
}

static enum kai_err proof(void *ctx, struct kai_view bytes,
                          const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_project_node *node)
{
    struct share *s = ctx;
    bool right = bytes.n == 5 && memcmp(bytes.p, "proof", 5) == 0 && node->node_id[0] != 0 &&
                 aud_id[0] >= 0xa0;

    return right ? s->proof : KAI_EMALFORMED;
}

static void on_refused(void *ctx, const struct kai_project_refusal *refusal)
{
    struct share *s = ctx;

    assert_true(s->f->n_codes < CODES_MAX);
    s->f->code[s->f->n_codes++] = refusal->code;
}

static void on_found(void *ctx, const struct kai_project_found *found)
{
    struct share *s = ctx;

    s->found[found->kind]++;
}

int share_set_up(void **state)
{
    struct share *s = calloc(1, sizeof *s);
    struct kai_project_port port = {.ctx = s,
                                    .resolve = resolve,
                                    .audience = audience,
                                    .inside = inside,
                                    .proof = proof,
                                    .refused = on_refused,
                                    .found = on_found};
    void *fixture = NULL;

    assert_int_equal(set_up(&fixture), 0);
    s->f = fixture;
    for (int who = 1; who < WHO_N; who++) {
        uint8_t seed[32] = {(uint8_t)who};

        (void)crypto_sign_seed_keypair(s->node[who].pk, s->node[who].sk, seed);
    }
    kai_projector_free(s->f->p);
    assert_int_equal(kai_projector_new(&s->f->p, &port), KAI_OK);
    org_of(s->self_org, SELF);
    s->f->in.self_org = s->self_org;
    s->f->in.aud_id = s->target;
    s->f->in.author_cert = s->author_cert;
    *state = s;
    return 0;
}

int share_tear_down(void **state)
{
    struct share *s = *state;
    void *fixture = s->f;

    assert_int_equal(tear_down(&fixture), 0);
    free(s);
    return 0;
}

struct kai_view content_of(struct share *s, size_t i)
{
    static char text[3][2048];
    struct rng rng = {1000 + i};

    (void)s;
    return kai_view_of(text[i], stix_make(&rng, text[i], sizeof text[i]));
}

struct draft draft_of(void)
{
    return (struct draft){.tlp = 3,
                          .listed = {FROM},
                          .from = FROM,
                          .origin = SOURCE,
                          .signer = SOURCE,
                          .sharer = SHARER,
                          .author = SHARER,
                          .sharer_signer = SHARER,
                          .target = CLIENTS,
                          .n = 2};
}

void obj_of(struct share *s, const struct draft *d, struct kai_buf *obj, uint8_t hash[static 32],
            struct kai_content c[static 3])
{
    struct kai_obj o = {.tlp = d->tlp, .n = 3, .created = 7};
    uint8_t leaf[3][KAI_ID_BYTES];
    uint8_t scratch[3][KAI_ID_BYTES];

    for (uint32_t i = 0; i < 3; i++) {
        uint8_t id[KAI_ID_BYTES];

        c[i] = (struct kai_content){
            .index = i, .kind = KAI_CONTENT_STIX, .content = content_of(s, i), .has_path = true};
        memset(c[i].salt, (int)i + 1, 16);
        kai_item_id(id, c[i].kind, c[i].content);
        kai_item_leaf(leaf[i], c[i].salt, id);
    }
    memcpy(scratch, leaf, sizeof leaf);
    kai_merkle_root(o.root, scratch, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(kai_merkle_path(&c[i].path, (const uint8_t(*)[KAI_ID_BYTES])leaf, 3, i),
                         KAI_OK);
    for (size_t i = 0; i < 3 && d->listed[i] != 0; i++)
        aud_of(o.aud[o.n_auds++], d->listed[i]);
    cert_of(o.origin_cert, d->origin);
    if (d->red_seal)
        o.seal = red_seal();
    kai_buf_init(obj, 1u << 20);
    kai_obj_write(obj, &o);
    kai_obj_hash(hash, kai_buf_view(obj));
}

void send_item(struct share *s, enum who author, enum aud target, struct kai_view item)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_buf_add(&body, item.p, item.n);
    kai_body_end(&body);
    assert_int_equal(body.err, KAI_OK);
    aud_of(s->target, target);
    cert_of(s->author_cert, author);
    s->sent[s->f->n].author = author;
    s->sent[s->f->n].aud = target;
    project_body(s->f, kai_buf_view(&body));
    kai_buf_free(&body);
}

void send_reshare(struct share *s, struct draft *d)
{
    struct kai_reshare r = {0};
    struct kai_content c[3];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t hash[32];
    struct kai_buf obj;
    struct kai_buf item;

    obj_of(s, d, &obj, hash, c);
    kai_sign(sig, s->node[d->signer].sk, KAI_SIG_OBJ, s->f->wd.nid, obj.p, obj.len);
    if (d->spoil_obj != NULL)
        d->spoil_obj(&obj);
    r.obj = kai_buf_view(&obj);
    r.sig = kai_view_of(sig, sizeof sig);
    r.n_releases = d->n_releases;
    for (size_t i = 0; i < d->n_releases; i++)
        r.release[i] = kai_buf_view(&d->release[i]);
    aud_of(r.from_aud, d->from);
    if (!d->no_proof)
        r.proof = kai_view_of("proof", 5);
    cert_of(r.sharer_cert, d->sharer);
    if (d->spoil != NULL)
        d->spoil(&r, c);
    kai_buf_init(&item, 1u << 20);
    kai_reshare_write(&item, &r, c, d->n, s->node[d->sharer_signer].sk, s->f->wd.nid);
    assert_int_equal(item.err, KAI_OK);
    send_item(s, d->author, d->target, kai_buf_view(&item));
    kai_buf_free(&item);
    kai_buf_free(&obj);
    for (size_t i = 0; i < d->n_releases; i++)
        kai_buf_free(&d->release[i]);
    d->n_releases = 0;
}

void send_obj(struct share *s, const struct draft *d, enum aud target)
{
    struct kai_content c[3];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t hash[32];
    struct kai_buf obj;
    struct kai_buf item;

    obj_of(s, d, &obj, hash, c);
    kai_sign(sig, s->node[d->signer].sk, KAI_SIG_OBJ, s->f->wd.nid, obj.p, obj.len);
    kai_buf_init(&item, 1u << 20);
    for (uint32_t i = 0; i < 3 && d->red_seal; i++)
        c[i] = red_content(i);
    kai_obj_item_write(&item, kai_buf_view(&obj), sig, c, 3);
    send_item(s, d->origin, target, kai_buf_view(&item));
    kai_buf_free(&item);
    kai_buf_free(&obj);
}

void release_of(struct share *s, struct kai_buf *out, const struct draft *d, enum who by,
                const struct kai_release *like)
{
    struct kai_release r = *like;
    struct kai_content c[3];
    struct kai_buf obj;

    obj_of(s, d, &obj, r.obj_hash, c);
    cert_of(r.origin_cert, by);
    kai_buf_init(out, 1u << 16);
    kai_release_write(out, &r, s->node[by].sk, s->f->wd.nid);
    assert_int_equal(out->err, KAI_OK);
    kai_buf_free(&obj);
}

void send_recall(struct share *s, const struct draft *d, enum who by, uint64_t reason,
                 struct kai_indexes which)
{
    carry_recall(s, d, by, by, reason, which);
}

void carry_recall(struct share *s, const struct draft *d, enum who by, enum who author,
                  uint64_t reason, struct kai_indexes which)
{
    struct kai_recall r = {.reason = reason, .indexes = which};
    struct kai_content c[3];
    struct kai_buf obj;
    struct kai_buf item;

    obj_of(s, d, &obj, r.obj_hash, c);
    cert_of(r.origin_cert, by);
    kai_buf_init(&item, 1u << 16);
    kai_recall_write(&item, &r, s->node[by].sk, s->f->wd.nid);
    assert_int_equal(item.err, KAI_OK);
    send_item(s, author, FROM, kai_buf_view(&item));
    kai_buf_free(&item);
    kai_buf_free(&obj);
}

void again(struct share *s, struct kai_index *x)
{
    struct kai_ix *t = NULL;

    s->f->n_codes = 0;
    assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
    for (size_t i = 0; i < s->f->n; i++) {
        struct kai_entry e = entry_at(s->f, i);

        aud_of(s->target, s->sent[i].aud);
        cert_of(s->author_cert, s->sent[i].author);
        s->f->in.entry = &e;
        assert_int_equal(kai_project_entry(s->f->p, t, &s->f->in), KAI_OK);
    }
    assert_int_equal(kai_ix_commit(t, s->f->n), KAI_OK);
}
