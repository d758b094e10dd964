/* project_util: an author, an index and a projection between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/seal.h"
#include "crypto/sign.h"
#include "item/label.h"
#include "log/red.h"
#include "policy/policy.h"
#include "query/project_util.h"
#include "wire/put.h"

const uint8_t their_cert[32] = {0x77}; /* Of another organisation. */
const uint8_t dead_cert[32] = {0x66};  /* Of ours, and revoked. */
const uint8_t no_cert[32] = {0x55};    /* Nobody knows it. */
static const uint8_t our_org[32] = {9};

static enum kai_err resolve(void *ctx, const uint8_t cert[static KAI_ID_BYTES],
                            struct kai_project_node *out)
{
    struct fixture *f = ctx;

    if (memcmp(cert, no_cert, 32) == 0)
        return KAI_ENOTFOUND;
    memset(out, 0, sizeof *out);
    memcpy(out->sign_pk, f->wd.node_pk, 32);
    memset(out->org_id, memcmp(cert, their_cert, 32) == 0 ? 2 : 1, 32);
    out->usable = memcmp(cert, dead_cert, 32) != 0;
    out->active = out->usable;
    out->publishes = true;
    return KAI_OK;
}

static enum kai_err audience(void *ctx, const uint8_t aud_id[static KAI_ID_BYTES],
                             struct kai_project_aud *out)
{
    struct fixture *f = ctx;

    if (memcmp(aud_id, f->wd.aud_id, 32) != 0)
        return KAI_ENOTFOUND;
    *out = f->aud;
    return KAI_OK;
}

static enum kai_project_inside inside(void *ctx, const uint8_t inner[static KAI_ID_BYTES],
                                      const uint8_t outer[static KAI_ID_BYTES])
{
    (void)ctx;
    (void)inner;
    (void)outer;
    return KAI_PROJECT_UNKNOWN;
}

static enum kai_err proof(void *ctx, struct kai_view bytes,
                          const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_project_node *node)
{
    (void)ctx;
    (void)bytes;
    (void)aud_id;
    (void)node;
    return KAI_EAUTH;
}

static void on_bind(void *ctx, const struct kai_bind *bind)
{
    struct fixture *f = ctx;

    assert_memory_equal(bind->log_pk, f->wd.log_pk, 32);
    f->n_binds++;
}

static void on_rule(void *ctx, const struct kai_rule *rule, struct kai_view item)
{
    struct fixture *f = ctx;

    assert_true(item.n > 0 && rule->ver == 4);
    f->n_rules++;
}

static void on_refused(void *ctx, const struct kai_project_refusal *refusal)
{
    struct fixture *f = ctx;

    if (f->n_codes < CODES_MAX)
        f->code[f->n_codes++] = refusal->code;
}

static void on_row(void *ctx, const struct kai_row *row)
{
    struct fixture *f = ctx;

    assert_true(row->no > 0);
    f->n_rows++;
}

static bool on_reading(void *ctx, const uint8_t item_id[static KAI_ID_BYTES],
                       struct kai_reading *out)
{
    struct fixture *f = ctx;
    bool found = f->readings != NULL && kai_readings_find(f->readings, item_id, &f->said, out);

    f->n_read += found;
    return found;
}

int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct kai_project_port port = {.ctx = f,
                                    .resolve = resolve,
                                    .audience = audience,
                                    .inside = inside,
                                    .proof = proof,
                                    .reading = on_reading,
                                    .bind = on_bind,
                                    .rule = on_rule,
                                    .refused = on_refused,
                                    .row = on_row};

    world_init(&f->wd, 42);
    kai_buf_init(&f->said, KAI_READINGS_BYTES_MAX);
    tmp_make(&f->tmp);
    f->x = tmp_open(&f->tmp, "boot", true);
    assert_int_equal(kai_projector_new(&f->p, &port), KAI_OK);
    assert_int_equal(kai_packer_new(&f->packer), KAI_OK);
    f->in = (struct kai_project_in){.nid = f->wd.nid,
                                    .aud_id = f->wd.aud_id,
                                    .epoch_key = f->wd.epoch_key,
                                    .author_cert = f->wd.origin_cert,
                                    .self_org = our_org,
                                    .log_no = 5,
                                    .seen_ms = 1000};
    f->aud = (struct kai_project_aud){.kind = KAI_POLICY_GROUP, .ceiling = KAI_TLP_AMBER_STRICT};
    *state = f;
    return 0;
}

int tear_down(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->n; i++)
        kai_buf_free(&f->bytes[i]);
    kai_buf_free(&f->said);
    kai_projector_free(f->p);
    kai_packer_free(f->packer);
    kai_index_close(f->x);
    tmp_remove(&f->tmp);
    free(f);
    return 0;
}

enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct fixture *f = ctx;

    (void)n_items;
    assert_true(f->n < ENTRIES_MAX);
    kai_buf_init(&f->bytes[f->n], 1u << 20);
    kai_entry_write(&f->bytes[f->n], e, true);
    assert_int_equal(f->bytes[f->n++].err, KAI_OK);
    return KAI_OK;
}

struct kai_entry entry_at(struct fixture *f, size_t i)
{
    struct kai_entry e;
    struct kai_cur c;

    kai_cur_init(&c, f->bytes[i].p, f->bytes[i].len);
    assert_int_equal(kai_entry_read(&e, &c), KAI_OK);
    return e;
}

void project(struct fixture *f, size_t from)
{
    struct kai_ix *t = NULL;

    assert_int_equal(kai_ix_begin(f->x, &t), KAI_OK);
    for (size_t i = from; i < f->n; i++) {
        struct kai_entry e = entry_at(f, i);

        f->in.entry = &e;
        assert_int_equal(kai_project_entry(f->p, t, &f->in), KAI_OK);
    }
    assert_int_equal(kai_ix_commit(t, f->n), KAI_OK);
}

void project_body(struct fixture *f, struct kai_view body)
{
    struct kai_buf out;
    struct kai_entry e;
    size_t from = f->n;

    kai_buf_init(&out, 1u << 20);
    assert_int_equal(
        kai_log_append(&f->wd.w, f->packer, &out, &e, body, 0, 1, rng_fill, &f->wd.rng), KAI_OK);
    assert_int_equal(emit(f, &e, 0), KAI_OK);
    kai_buf_free(&out);
    project(f, from);
}

void publish(struct fixture *f, struct kai_batch_options opt, uint64_t kind,
             const char *const *contents, size_t n)
{
    struct kai_batch *b = NULL;

    assert_int_equal(kai_batch_new(&b, &f->wd.w, &opt), KAI_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(kai_batch_add(b, kind, kai_view_of(contents[i], strlen(contents[i]))),
                         KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
}

uint64_t rows_of(struct fixture *f, struct kai_row *last)
{
    struct kai_ixsnap *r = NULL;
    uint64_t n;

    assert_int_equal(kai_ixsnap_begin(f->x, 5, &r), KAI_OK);
    n = kai_ixsnap_rows(r);
    if (n > 0 && last != NULL)
        assert_int_equal(kai_ixsnap_row(r, n, last), KAI_OK);
    kai_ixsnap_end(r);
    return n;
}

static enum kai_err fetch_entry(void *ctx, uint64_t log_no, uint64_t seq, struct kai_entry *out)
{
    struct fixture *f = ctx;

    assert_int_equal(log_no, 5);
    for (size_t i = 0; i < f->n; i++) {
        *out = entry_at(f, i);
        if (out->h.seq != seq)
            continue;
        if (seq == f->gone_seq)
            out->payload = (struct kai_view){0};
        return KAI_OK;
    }
    return KAI_ENOTFOUND;
}

static enum kai_err fetch_key(void *ctx, uint64_t log_no, const uint8_t kid[static KAI_TAG_BYTES],
                              uint8_t key[static KAI_KEY_BYTES])
{
    struct fixture *f = ctx;

    (void)log_no;
    if (memcmp(kid, f->wd.w.kid, KAI_TAG_BYTES) != 0)
        return KAI_ENOTFOUND;
    memcpy(key, f->wd.epoch_key, KAI_KEY_BYTES);
    return KAI_OK;
}

struct kai_fetch_source source_of(struct fixture *f)
{
    return (struct kai_fetch_source){
        .ctx = f, .nid = f->wd.nid, .entry = fetch_entry, .key = fetch_key};
}

void expect_code(struct fixture *f, const char *code)
{
    if (f->n_codes != 1 || strcmp(f->code[0], code) != 0)
        fail_msg("%s, not %s", f->n_codes > 0 ? f->code[0] : "nothing", code);
    f->n_codes = 0;
}

struct kai_view red_seal(void)
{
    static uint8_t slots[64 * KAI_SLOT_BYTES];
    static uint8_t bytes[sizeof slots + 128];
    struct kai_buf b;
    struct kai_view seal = {.p = bytes};

    assert_true(kai_red_slots(1) <= 64);
    kai_buf_init(&b, sizeof bytes);
    kai_put_array(&b, 3);
    kai_put_bin(&b, slots, KAI_KEY_BYTES);
    kai_put_bin(&b, slots, 32);
    kai_put_bin(&b, slots, kai_red_slots(1) * KAI_SLOT_BYTES);
    assert_int_equal(b.err, KAI_OK);
    memcpy(bytes, b.p, b.len);
    seal.n = b.len;
    kai_buf_free(&b);
    return seal;
}

struct kai_content red_content(uint64_t index)
{
    static const uint8_t bytes[8192];

    assert_true(kai_red_sealed_size(1) <= sizeof bytes);
    return (struct kai_content){.index = index,
                                .kind = KAI_CONTENT_SEALED,
                                .content = kai_view_of(bytes, kai_red_sealed_size(1))};
}

void hand_sign(struct fixture *f, struct hand *h, uint8_t tlp)
{
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    uint8_t leaves[32][KAI_ID_BYTES];

    for (uint32_t i = 0; i < h->n; i++) {
        uint8_t id[KAI_ID_BYTES];

        h->c[i].index = i;
        rng_fill(&f->wd.rng, h->c[i].salt, 16);
        kai_item_id(id, h->c[i].kind, h->c[i].content);
        kai_item_leaf(h->leaf[i], h->c[i].salt, id);
    }
    memcpy(leaves, h->leaf, sizeof leaves);
    opt.obj.tlp = tlp;
    if (tlp == KAI_TLP_RED)
        opt.obj.seal = red_seal();
    opt.obj.n = h->n;
    opt.obj.created = 5;
    kai_merkle_root(opt.obj.root, leaves, h->n);
    kai_buf_init(&h->obj, 1u << 20);
    kai_obj_write(&h->obj, &opt.obj);
    kai_sign(h->sig, f->wd.node_sk, KAI_SIG_OBJ, f->wd.nid, h->obj.p, h->obj.len);
    for (uint32_t i = 0; i < h->n; i++) {
        h->c[i].has_path = true;
        assert_int_equal(
            kai_merkle_path(&h->c[i].path, (const uint8_t(*)[KAI_ID_BYTES])h->leaf, h->n, i),
            KAI_OK);
    }
}

void hand_send(struct fixture *f, struct hand *h, const struct kai_content *c, uint32_t n)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_obj_item_write(&body, kai_buf_view(&h->obj), h->sig, c, n);
    kai_body_end(&body);
    assert_int_equal(body.err, KAI_OK);
    project_body(f, kai_buf_view(&body));
    kai_buf_free(&body);
}
