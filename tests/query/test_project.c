/* From entries, good and bad, to rows, and back to the published bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "log/log_util.h"
#include "project/fetch.h"
#include "project/project.h"
#include "query/query_util.h"

#define ENTRIES_MAX 64u
#define CODES_MAX   64u

static const uint8_t their_cert[32] = {0x77}; /* Of another organisation. */
static const uint8_t dead_cert[32] = {0x66};  /* Of ours, and revoked. */
static const uint8_t no_cert[32] = {0x55};    /* Nobody knows it. */

struct fixture {
    struct world wd;
    struct tmp tmp;
    struct kai_index *x;
    struct kai_projector *p;
    struct kai_packer *packer;
    /* What was emitted. */
    struct kai_buf bytes[ENTRIES_MAX];
    size_t n;
    /* What was told. */
    const char *code[CODES_MAX];
    size_t n_codes;
    size_t n_rows;
    size_t n_binds;
    size_t n_rules;
    struct kai_project_in in; /* A template; entry is set for each. */
};

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
    return KAI_OK;
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

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct kai_project_port port = {.ctx = f,
                                    .resolve = resolve,
                                    .bind = on_bind,
                                    .rule = on_rule,
                                    .refused = on_refused,
                                    .row = on_row};

    world_init(&f->wd, 42);
    tmp_make(&f->tmp);
    f->x = tmp_open(&f->tmp, "boot", true);
    assert_int_equal(kai_projector_new(&f->p, &port), KAI_OK);
    assert_int_equal(kai_packer_new(&f->packer), KAI_OK);
    f->in = (struct kai_project_in){.nid = f->wd.nid,
                                    .aud_id = f->wd.aud_id,
                                    .epoch_key = f->wd.epoch_key,
                                    .author_cert = f->wd.origin_cert,
                                    .log_no = 5,
                                    .seen_ms = 1000,
                                    .ceiling = 4};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->n; i++)
        kai_buf_free(&f->bytes[i]);
    kai_projector_free(f->p);
    kai_packer_free(f->packer);
    kai_index_close(f->x);
    tmp_remove(&f->tmp);
    free(f);
    return 0;
}

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct fixture *f = ctx;

    (void)n_items;
    assert_true(f->n < ENTRIES_MAX);
    kai_buf_init(&f->bytes[f->n], 1u << 20);
    kai_entry_write(&f->bytes[f->n], e, true);
    assert_int_equal(f->bytes[f->n++].err, KAI_OK);
    return KAI_OK;
}

static struct kai_entry entry_at(struct fixture *f, size_t i)
{
    struct kai_entry e;
    struct kai_cur c;

    kai_cur_init(&c, f->bytes[i].p, f->bytes[i].len);
    assert_int_equal(kai_entry_read(&e, &c), KAI_OK);
    return e;
}

/* Project entries from..n in one transaction. */
static void project(struct fixture *f, size_t from)
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

static void project_body(struct fixture *f, struct kai_view body)
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

static void publish(struct fixture *f, struct kai_batch_options opt, uint64_t kind,
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

static uint64_t rows_of(struct fixture *f, struct kai_row *last)
{
    struct kai_ixsnap *r = NULL;
    uint64_t n;

    assert_int_equal(kai_ixsnap_begin(f->x, &r), KAI_OK);
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
        if (out->h.seq == seq)
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

static struct kai_fetch_source source_of(struct fixture *f)
{
    return (struct kai_fetch_source){
        .ctx = f, .nid = f->wd.nid, .entry = fetch_entry, .key = fetch_key};
}

static void expect_code(struct fixture *f, const char *code)
{
    if (f->n_codes != 1 || strcmp(f->code[0], code) != 0)
        fail_msg("%s, not %s", f->n_codes > 0 ? f->code[0] : "nothing", code);
    f->n_codes = 0;
}

/* ---- Good ones. */
static void test_objects(void **state)
{
    struct fixture *f = *state;
    static char text[100][2048];
    const char *contents[100];
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_ixsnap *r = NULL;

    for (size_t i = 0; i < 100; i++) {
        (void)stix_make(&f->wd.rng, text[i], sizeof text[i]);
        contents[i] = text[i];
    }
    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 100);
    project(f, 0);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(f->n_rows, 100);
    assert_int_equal(kai_projector_sum(f->p).values, 200);
    project(f, 0); /* Once more. */
    assert_int_equal(rows_of(f, NULL), 100);
    assert_int_equal(kai_projector_sum(f->p).held, 100);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_ixsnap_begin(f->x, &r), KAI_OK);
    for (uint64_t i = 100; i-- > 0;) {
        struct kai_view content;
        struct kai_row row;

        assert_int_equal(kai_ixsnap_row(r, i + 1, &row), KAI_OK);
        assert_string_equal(row.type, "indicator");
        assert_int_equal(row.tlp, 3);
        assert_true(row.created_ms > 1767225600000u - 1 && row.modified_ms == row.created_ms);
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_OK);
        assert_int_equal(content.n, strlen(contents[i]));
        assert_memory_equal(content.p, contents[i], content.n);
        row.item_id[3] ^= 1;
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ECORRUPT);
        row.item_id[3] ^= 1;
        row.seq += 40;
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ENOTFOUND);
    }
    kai_ixsnap_end(r);
    kai_fetch_free(fetch);
}

static enum kai_err keep_list(void *ctx, struct kai_view content, uint32_t n_values)
{
    struct kai_buf *b = ctx;

    assert_int_equal(n_values, 500);
    kai_buf_add(b, content.p, content.n);
    return b->err;
}

static bool count_hit(void *ctx, const struct kai_query_hit *hit)
{
    assert_int_equal(hit->index, 77);
    assert_int_equal(hit->row->n_values, 500);
    ++*(size_t *)ctx;
    return true;
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    struct kai_list_writer w;
    struct kai_batch *b = NULL;
    struct kai_buf content;
    struct kai_fetch *fetch = NULL;
    struct kai_fetch_source s = source_of(f);
    struct kai_query_at at = {0};
    struct kai_query *q = query_of("hxxp://example[.]com/p0077", 1);
    struct kai_ixsnap *r = NULL;
    struct kai_row row;
    struct kai_view value;
    size_t hits = 0;
    bool done;

    kai_buf_init(&content, KAI_LIST_BYTES_MAX);
    kai_list_writer_init(&w, KAI_V_URL, kai_view_of("{}", 2), keep_list, &content);
    for (unsigned i = 0; i < 500; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "http://example.com/p%04u", i);

        kai_list_writer_add(&w, kai_view_of(text, (size_t)n));
    }
    assert_int_equal(kai_list_writer_end(&w), KAI_OK);
    assert_int_equal(kai_batch_new(&b, &f->wd.w, &opt), KAI_OK);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_buf_view(&content)), KAI_OK);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of("\x90", 1)), KAI_OK);
    assert_int_equal(kai_batch_add(b, 63, kai_view_of("later", 5)), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
    project(f, 0);
    expect_code(f, "project.list");
    assert_int_equal(kai_projector_sum(f->p).skipped, 1);
    assert_int_equal(rows_of(f, &row), 1);
    assert_int_equal(row.n_values, 500);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    for (uint64_t i = 0; i < 500; i += 83) {
        char text[64];

        (void)snprintf(text, sizeof text, "http://example.com/p%04u", (unsigned)i);
        assert_int_equal(kai_fetch_value(fetch, &s, &row, i, NULL, &value), KAI_OK);
        assert_int_equal(value.n, strlen(text));
        assert_memory_equal(value.p, text, value.n);
    }
    assert_int_equal(kai_fetch_value(fetch, &s, &row, 500, NULL, &value), KAI_ENOTFOUND);
    assert_int_equal(kai_ixsnap_begin(f->x, &r), KAI_OK);
    assert_int_equal(kai_query_run(q, r, 1, 10, &at, &done, count_hit, &hits), KAI_OK);
    assert_true(done && hits == 1);
    kai_ixsnap_end(r);
    kai_query_free(q);
    kai_fetch_free(fetch);
    kai_buf_free(&content);
}

static void test_unchecked(void **state)
{
    struct fixture *f = *state;
    static const char *const contents[] = {
        "{\"type\":\"indicator\",\"id\":\"indicator--11111111-1111-4111-8111-111111111111\"}",
        "{\"type\":", "[]"};
    struct kai_row row;

    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 3);
    project(f, 0);
    assert_int_equal(f->n_codes, 3);
    assert_string_equal(f->code[0], "project.stix");
    assert_int_equal(rows_of(f, &row), 3);
    assert_int_equal(row.flags, KAI_ROW_UNCHECKED);
    assert_int_equal(f->n_rows, 3);
}

/* ---- What must not get in. */
static void test_checks(void **state)
{
    struct fixture *f = *state;
    static const char *const one[] = {
        "{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"id\":"
        "\"domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5\",\"value\":\"example.com\"}"};
    struct kai_batch_options good = world_options(&f->wd, emit, f);
    struct kai_batch_options opt = good;
    uint8_t other_sk[64];
    uint8_t other_pk[32];

    opt.obj.aud[0][0] ^= 1;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.audience");

    opt = good;
    opt.obj.n_auds = 0;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.audience");

    opt = good;
    memcpy(opt.obj.origin_cert, their_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.origin");

    opt = good;
    memcpy(opt.obj.origin_cert, no_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.cert");

    opt = good;
    memcpy(opt.obj.origin_cert, dead_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.revoked");

    (void)crypto_sign_keypair(other_pk, other_sk);
    opt = good;
    opt.node_sk = other_sk;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.signature");

    publish(f, good, KAI_CONTENT_STIX, one, 1);
    f->in.author_cert = NULL;
    project(f, f->n - 1);
    expect_code(f, "project.author");
    f->in.author_cert = their_cert;
    project(f, f->n - 1);
    expect_code(f, "project.origin");
    f->in.author_cert = f->wd.origin_cert;
    f->in.ceiling = 2;
    project(f, f->n - 1);
    expect_code(f, "project.ceiling");
    f->in.ceiling = 4;
    f->in.epoch_key = f->wd.nid;
    project(f, f->n - 1);
    expect_code(f, "project.payload");
    f->in.epoch_key = f->wd.epoch_key;
    assert_int_equal(rows_of(f, NULL), 0);
    project(f, f->n - 1); /* The same entry, when all is well. */
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, NULL), 1);
}

/* A batch made by hand: the OBJ over all contents, then items with some of them, with paths. */
struct hand {
    struct kai_content c[32];
    uint8_t leaf[32][KAI_ID_BYTES];
    uint32_t n;
    struct kai_buf obj;
    uint8_t sig[KAI_SIG_BYTES];
};

static void hand_sign(struct fixture *f, struct hand *h, uint8_t tlp)
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

static void hand_send(struct fixture *f, struct hand *h, const struct kai_content *c, uint32_t n)
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

static void test_lifted(void **state)
{
    struct fixture *f = *state;
    static char text[2][2048];
    static struct hand h;
    struct kai_content bad;

    for (size_t i = 0; i < 2; i++) {
        size_t n = stix_make(&f->wd.rng, text[i], sizeof text[i]);

        h.c[i] = (struct kai_content){.kind = KAI_CONTENT_STIX, .content = kai_view_of(text[i], n)};
    }
    h.n = 2;
    hand_sign(f, &h, 3);
    bad = h.c[0];
    bad.content = h.c[1].content; /* Another's content under this leaf. */
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    bad = h.c[0];
    bad.kind = 63;
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    bad = h.c[0];
    bad.index = 1;
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    assert_int_equal(rows_of(f, NULL), 0);
    hand_send(f, &h, &h.c[1], 1);
    assert_int_equal(rows_of(f, NULL), 1);
    kai_buf_free(&h.obj);
    /* Sealed: nothing of the contents is read, whatever they are. */
    h.n = 2;
    hand_sign(f, &h, 5);
    f->in.ceiling = 5;
    hand_send(f, &h, h.c, 2);
    kai_buf_free(&h.obj);
    assert_int_equal(f->n_codes, 0);
}

static void test_red(void **state)
{
    struct fixture *f = *state;
    static const char *const one[] = {"anything"};
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct kai_row row;

    opt.obj.tlp = 5;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, 0);
    expect_code(f, "project.ceiling");
    f->in.ceiling = 5;
    project(f, 0);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, &row), 1);
    assert_int_equal(row.kind, KAI_ROW_SEALED);
    assert_int_equal(row.tlp, 5);
    assert_string_equal(row.type, "");
    assert_memory_equal(row.item_id, row.obj_hash, 32);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_EDENIED);
    kai_fetch_free(fetch);
}

/* ---- Parts, in any split and any order. */
static char *big_object(size_t n, bool dense)
{
    uint64_t seed = n;
    char *text = malloc(n + 1);
    int head = snprintf(text, n,
                        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
                        "\"indicator--22222222-2222-4222-8222-222222222222\","
                        "\"created\":\"2026-01-01T00:00:00Z\",\"modified\":"
                        "\"2026-01-01T00:00:00Z\",\"pattern\":\"[ipv4-addr:value = "
                        "'192.0.2.99']\",\"pattern_type\":\"stix\",\"valid_from\":"
                        "\"2026-01-01T00:00:00Z\",\"description\":\"");

    for (size_t i = (size_t)head; i < n; i++)
        text[i] = dense ? (char)('a' + rnd_below(&seed, 26)) : 'd';
    memcpy(text + n - 2, "\"}", 3);
    return text;
}

static void check_big(struct fixture *f, const char *text, size_t n)
{
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct kai_row row;

    if (f->n_codes > 0)
        print_error("%s\n", f->code[0]);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, &row), 1);
    assert_string_equal(row.type, "indicator");
    assert_int_equal(row.kind, KAI_CONTENT_STIX);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_OK);
    assert_int_equal(content.n, n);
    assert_memory_equal(content.p, text, n);
    kai_fetch_free(fetch);
}

static void test_parts_of_a_batch(void **state)
{
    struct fixture *f = *state;
    size_t n = 300000;
    char *text = big_object(n, true);
    const char *contents[] = {text};

    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 1);
    assert_true(f->n > 1);
    for (size_t i = 0; i < f->n; i++) { /* Each in a transaction of its own, over restarts. */
        size_t all = f->n;

        f->n = i + 1;
        assert_int_equal(rows_of(f, NULL), 0);
        project(f, i);
        f->n = all;
        kai_index_close(f->x);
        f->x = tmp_open(&f->tmp, "boot", false);
    }
    check_big(f, text, n);
    free(text);
}

static void test_parts_in_any_split(void **state)
{
    static const size_t sizes[] = {1000, KAI_PART_BYTES, KAI_PART_BYTES + 1, 5 * KAI_PART_BYTES};
    uint64_t seed = 9;

    (void)state;
    for (unsigned round = 0; round < 24; round++) {
        size_t n = sizes[round % 4];
        char *text = big_object(n, false);
        static struct hand h;
        struct kai_buf part[32];
        struct fixture *f;
        uint32_t order[32];
        void *st = NULL;

        (void)set_up(&st);
        f = st;
        h.n = (uint32_t)((n + KAI_PART_BYTES - 1) / KAI_PART_BYTES);
        for (uint32_t i = 0; i < h.n; i++) {
            size_t at = i * KAI_PART_BYTES;
            struct kai_part p = {.total = n, .offset = at};

            p.bytes = kai_view_of(text + at, n - at < KAI_PART_BYTES ? n - at : KAI_PART_BYTES);
            kai_buf_init(&part[i], 1u << 20);
            kai_part_write(&part[i], &p);
            h.c[i] =
                (struct kai_content){.kind = KAI_CONTENT_PART, .content = kai_buf_view(&part[i])};
            order[i] = i;
        }
        hand_sign(f, &h, 3);
        for (uint32_t i = h.n; round >= 8 && i > 1; i--) {
            uint32_t j = (uint32_t)rnd_below(&seed, i);
            uint32_t x = order[i - 1];

            order[i - 1] = order[j];
            order[j] = x;
        }
        for (uint32_t i = 0; i < h.n;) { /* In order also several to an entry. */
            uint32_t m = round < 8 ? 1 + (uint32_t)rnd_below(&seed, h.n - i) : 1;

            hand_send(f, &h, &h.c[order[i]], m);
            if (i == 0)
                project(f, 0); /* Twice. */
            i += m;
        }
        check_big(f, text, n);
        for (uint32_t i = 0; i < h.n; i++)
            kai_buf_free(&part[i]);
        kai_buf_free(&h.obj);
        (void)tear_down(&st);
        free(text);
    }
}

/* ---- BIND, RULE, and bytes of any kind. */
static void send_bind(struct fixture *f, const struct kai_bind *b, uint32_t times,
                      const uint8_t *nid)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, times);
    for (uint32_t i = 0; i < times; i++)
        kai_bind_write(&body, b, f->wd.node_sk, nid);
    kai_body_end(&body);
    project_body(f, kai_buf_view(&body));
    kai_buf_free(&body);
}

static void test_bind(void **state)
{
    struct fixture *f = *state;
    struct kai_bind good = {.incarnation = 1};
    struct kai_bind b;

    memcpy(good.log_pk, f->wd.log_pk, 32);
    memcpy(good.aud_id, f->wd.aud_id, 32);
    memcpy(good.node_cert, f->wd.origin_cert, 32);
    send_bind(f, &good, 1, f->wd.nid);
    assert_true(f->n_binds == 1 && f->n_codes == 0);
    send_bind(f, &good, 1, f->wd.aud_id); /* Signed for another network. */
    expect_code(f, "project.bind");
    send_bind(f, &good, 2, f->wd.nid);
    assert_int_equal(f->n_codes, 2);
    f->n_codes = 0;
    b = good;
    b.log_pk[0] ^= 1;
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.bind");
    b = good;
    b.aud_id[0] ^= 1;
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.bind");
    b = good;
    memcpy(b.node_cert, no_cert, 32);
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.cert");
    b = good;
    memcpy(b.node_cert, dead_cert, 32);
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.revoked");
    assert_int_equal(f->n_binds, 1);
}

static void test_rule(void **state)
{
    struct fixture *f = *state;
    struct kai_rule rule = {.ver = 4, .name = "circle", .id_kind = 1, .of = 1};
    static const uint8_t ids[64] = {[0] = 1, [32] = 2};
    struct kai_buf body;

    rule.ids = ids;
    rule.n_ids = 2;
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_rule_write(&body, &rule, f->wd.node_sk, f->wd.nid);
    kai_body_end(&body);
    project_body(f, kai_buf_view(&body));
    kai_buf_free(&body);
    assert_true(f->n_rules == 1 && f->n_codes == 0);
}

/* Whatever a member seals, the projection goes on. */
static void test_hostile(void **state)
{
    struct fixture *f = *state;
    static char text[2048];
    static struct hand h;
    struct kai_buf body;
    uint64_t seed = 3;
    uint8_t *copy;

    h.c[0] = (struct kai_content){.kind = KAI_CONTENT_STIX,
                                  .content =
                                      kai_view_of(text, stix_make(&f->wd.rng, text, sizeof text))};
    h.n = 1;
    hand_sign(f, &h, 3);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_obj_item_write(&body, kai_buf_view(&h.obj), h.sig, h.c, 1);
    kai_body_end(&body);
    copy = malloc(body.len);
    for (unsigned i = 0; i < 3000; i++) {
        size_t n = i < body.len ? i : body.len;

        memcpy(copy, body.p, n);
        if (i >= body.len)
            copy[rnd_below(&seed, n)] ^= (uint8_t)(1u << rnd_below(&seed, 8));
        for (size_t j = 0; j < f->n; j++)
            kai_buf_free(&f->bytes[j]);
        f->n = 0;
        project_body(f, kai_view_of(copy, n));
        f->n_codes = 0;
    }
    assert_int_equal(rows_of(f, NULL), 0);
    project_body(f, kai_buf_view(&body));
    assert_int_equal(rows_of(f, NULL), 1);
    free(copy);
    kai_buf_free(&body);
    kai_buf_free(&h.obj);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_objects),
        WITH(test_list),
        WITH(test_unchecked),
        WITH(test_checks),
        WITH(test_lifted),
        WITH(test_red),
        WITH(test_parts_of_a_batch),
        cmocka_unit_test(test_parts_in_any_split),
        WITH(test_bind),
        WITH(test_rule),
        WITH(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
