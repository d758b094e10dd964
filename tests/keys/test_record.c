/* Records: round trips, every prefix and every flipped bit, and the golden vectors. */
#include "keys/vector.h"
#include "keys/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "wire/put.h"

struct sample { /* One parser, and bytes it takes. */
    const char *name;
    struct kai_buf bytes;
    enum kai_err (*parse)(struct kai_view v);
    bool signed_whole; /* No flip at all is accepted. */
};

static enum kai_err parse_admit(struct kai_view v)
{
    struct kai_admit a;
    return kai_admit_parse(&a, v);
}

/* What is taken is canonical: written again it is the same bytes, but for unread keys of X, which
 * stands last and is then written empty. */
static void check_same(struct kai_buf *again, struct kai_view v)
{
    size_t n = again->len == v.n ? v.n : again->len - 1;

    assert_int_equal(again->err, KAI_OK);
    assert_true(again->len <= v.n);
    assert_memory_equal(again->p, v.p, n);
    kai_buf_free(again);
}

static enum kai_err parse_revoke(struct kai_view v)
{
    struct kai_revoke r;
    struct kai_buf again;
    enum kai_err err = kai_revoke_parse(&r, v);

    if (err == KAI_OK) {
        kai_buf_init(&again, 8192);
        kai_revoke_write(&again, &r);
        check_same(&again, v);
    }
    return err;
}

static enum kai_err parse_audience(struct kai_view v)
{
    struct kai_aud_rec a;
    struct kai_buf again;
    enum kai_err err = kai_aud_rec_parse(&a, v);

    if (err == KAI_OK) {
        kai_buf_init(&again, 8192);
        kai_aud_rec_write(&again, &a);
        check_same(&again, v);
    }
    return err;
}

static enum kai_err parse_successor(struct kai_view v)
{
    struct kai_successor x;
    struct kai_buf again;
    enum kai_err err = kai_successor_parse(&x, v);

    if (err == KAI_OK) {
        assert_memory_not_equal(x.old_org, x.new_org, KAI_ID_BYTES);
        kai_buf_init(&again, 8192);
        kai_successor_write(&again, &x);
        check_same(&again, v);
    }
    return err;
}

static enum kai_err parse_charter(struct kai_view v)
{
    struct kai_charter c;
    return kai_charter_parse(&c, v);
}

static uint8_t addr_pk[KAI_KEY_BYTES];

static enum kai_err parse_addr(struct kai_view v)
{
    struct kai_addr a;
    enum kai_err err = kai_addr_parse(&a, v);

    if (err == KAI_OK)
        err = kai_addr_verify(v, addr_pk, KAI_NID_NONE);
    if (err == KAI_OK && a.node_cert[0] != 7)
        err = KAI_EAUTH; /* The certificate named is checked by who looks its key up. */
    return err;
}

static enum kai_err parse_payload(struct kai_view v)
{
    uint64_t type;
    struct kai_view body;
    return kai_rec_parse(&type, &body, v);
}

static struct kai_admit admit_full(const struct tsub *s)
{
    struct kai_admit a = world_terms(KAI_ADMIT_NODE);

    memcpy(a.sign_pk, s->log.pk, KAI_KEY_BYTES);
    a.has_kx = a.has_curve = true;
    memcpy(a.kx_pk, s->kx_pk, KAI_KEY_BYTES);
    memcpy(a.curve_pk, s->curve_pk, KAI_KEY_BYTES);
    a.n_attrs = 2;
    memcpy(a.attrs[0].key, "sector", 7);
    memcpy(a.attrs[0].value, "energy", 7);
    memcpy(a.attrs[1].key, "kind", 5);
    memcpy(a.attrs[1].value, "city", 5);
    a.serial = 3;
    a.has_replaces = true;
    memset(a.replaces, 5, sizeof a.replaces);
    kai_admit_set_org(&a, s->id);
    kai_admit_prove(&a, s->log.sk);
    return a;
}

static struct kai_revoke revoke_full(void)
{
    struct kai_revoke r = {.reason = 2, .n_cuts = 3, .n_marks = 2, .part = 1, .of = 4};

    memset(r.target, 1, sizeof r.target);
    for (size_t i = 0; i < 3; i++) {
        memset(r.cuts[i].log_pk, (int)(2 + i), KAI_KEY_BYTES);
        r.cuts[i].seq = i * 300;
        memset(r.cuts[i].head, i == 0 ? 0 : 9, KAI_ID_BYTES);
    }
    memset(r.marks[1].blind, 4, 16);
    return r;
}

static struct kai_aud_rec audience_full(void)
{
    struct kai_aud_rec a = {.nonce = {3},
                            .ver = 2,
                            .kind = KAI_AUD_COMMUNITY,
                            .rule_open = true,
                            .n_rule = 1,
                            .n_stewards = 2,
                            .n_relays = 1,
                            .label_max = 2,
                            .history = KAI_HISTORY_ALL};

    memcpy(a.rule[0].key, "sector", 7);
    memcpy(a.rule[0].value, "energy", 7);
    memset(a.stewards[1], 8, KAI_ID_BYTES);
    return a;
}

static struct kai_addr addr_full(const struct tsub *s)
{
    struct kai_addr a = {.counter = 70000, .n = 2, .listens = true, .not_after = 1};

    memset(a.node_cert, 7, KAI_ID_BYTES);
    memcpy(a.at[0].endpoint, "tcp://192.0.2.1:7200", 21);
    memcpy(a.at[0].intro, "tcp://192.0.2.1:7201", 21);
    memcpy(a.at[1].endpoint, "tcp://node.example.org:7200", 28);
    memcpy(a.curve_pk, s->curve_pk, KAI_KEY_BYTES);
    return a;
}

#define N_SAMPLES 7

static void make_samples(struct world *w, struct sample *s)
{
    static const char *const names[N_SAMPLES] = {"admit",   "revoke",  "audience", "addr",
                                                 "charter", "payload", "successor"};
    static enum kai_err (*const parse[N_SAMPLES])(struct kai_view) = {
        parse_admit,   parse_revoke,  parse_audience, parse_addr,
        parse_charter, parse_payload, parse_successor};
    struct tsub founder;
    struct tsub key;

    world_init(w, 5, &founder, 1, 1);
    world_key(w, &key);
    memcpy(addr_pk, key.log.pk, KAI_KEY_BYTES);
    struct kai_admit a = admit_full(&key);
    struct kai_revoke r = revoke_full();
    struct kai_aud_rec aud = audience_full();
    struct kai_addr addr = addr_full(&key);
    struct kai_successor next = {.old_org = {1}, .new_org = {2}, .cut = 300};
    struct kai_charter_text text = {.lang = "en", .text = kai_view_of("Purpose", 7)};
    for (size_t i = 0; i < N_SAMPLES; i++) {
        s[i] =
            (struct sample){.name = names[i], .parse = parse[i], .signed_whole = i == 3 || i == 4};
        kai_buf_init(&s[i].bytes, 8192);
    }
    kai_admit_write(&s[0].bytes, &a);
    kai_revoke_write(&s[1].bytes, &r);
    kai_aud_rec_write(&s[2].bytes, &aud);
    kai_addr_write(&s[3].bytes, &addr, key.log.sk, KAI_NID_NONE);
    MUST(kai_charter_make(&s[4].bytes, "Example", "Founder", founder.log.pk, founder.log.sk, &text,
                          1));
    kai_rec_write(&s[5].bytes, KAI_REC_REVOKE, kai_buf_view(&s[1].bytes));
    kai_successor_write(&s[6].bytes, &next);
}

static void free_samples(struct world *w, struct sample *s)
{
    for (size_t i = 0; i < N_SAMPLES; i++)
        kai_buf_free(&s[i].bytes);
    world_free(w);
}

static void round_trips(void **state)
{
    (void)state;
    struct world w;
    struct sample s[N_SAMPLES];
    struct kai_admit a;
    struct kai_revoke r;
    struct kai_aud_rec aud;
    struct kai_addr addr;
    struct kai_buf again;

    make_samples(&w, s);
    kai_buf_init(&again, 8192);
    MUST(kai_admit_parse(&a, kai_buf_view(&s[0].bytes)));
    assert_string_equal(a.attrs[1].value, "city");
    kai_admit_write(&again, &a);
    assert_int_equal(again.len, s[0].bytes.len);
    assert_memory_equal(again.p, s[0].bytes.p, again.len);
    kai_buf_clear(&again);
    MUST(kai_revoke_parse(&r, kai_buf_view(&s[1].bytes)));
    assert_int_equal(r.part, 1);
    assert_int_equal(r.of, 4);
    kai_revoke_write(&again, &r);
    assert_memory_equal(again.p, s[1].bytes.p, s[1].bytes.len);
    kai_buf_clear(&again);
    MUST(kai_aud_rec_parse(&aud, kai_buf_view(&s[2].bytes)));
    kai_aud_rec_write(&again, &aud);
    assert_memory_equal(again.p, s[2].bytes.p, s[2].bytes.len);
    MUST(kai_addr_parse(&addr, kai_buf_view(&s[3].bytes)));
    assert_string_equal(addr.at[0].intro, "tcp://192.0.2.1:7201");
    assert_string_equal(addr.at[1].intro, "");
    assert_true(addr.listens);
    struct kai_charter c;
    MUST(kai_charter_parse(&c, kai_buf_view(&s[4].bytes)));
    assert_string_equal(c.name, "Example");
    assert_string_equal(c.founders[0].name, "Founder");
    assert_int_equal(c.n_texts, 1);
    uint8_t hash[KAI_ID_BYTES];
    kai_charter_text_hash(hash, kai_view_of("Purpose", 7));
    assert_memory_equal(c.texts[0].hash, hash, KAI_ID_BYTES);
    kai_buf_free(&again);
    free_samples(&w, s);
}

static void prefixes_and_flips(void **state)
{
    (void)state;
    struct world w;
    struct sample s[N_SAMPLES];

    make_samples(&w, s);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        size_t n = s[i].bytes.len;
        size_t refused = 0;

        MUST(s[i].parse(kai_buf_view(&s[i].bytes)));
        for (size_t k = 0; k <= n; k++) {
            uint8_t *copy = malloc(k + 1); /* Its own block, so that a read past the end is seen. */
            memcpy(copy, s[i].bytes.p, k);
            if (k < n && s[i].parse(kai_view_of(copy, k)) == KAI_OK)
                fail_msg("%s: prefix of %zu accepted", s[i].name, k);
            copy[k] = 0xc0;
            if (k == n && s[i].parse(kai_view_of(copy, k + 1)) == KAI_OK)
                fail_msg("%s: trailing byte accepted", s[i].name);
            free(copy);
        }
        for (size_t bit = 0; bit < 8 * n; bit++) {
            uint8_t *copy = malloc(n);
            memcpy(copy, s[i].bytes.p, n);
            copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            bool ok = s[i].parse(kai_view_of(copy, n)) == KAI_OK;
            bool cert =
                i == 3 && bit / 8 >= n - 66 - 34 && bit / 8 < n - 66; /* Named, not signed. */
            if (ok && s[i].signed_whole && !cert)
                fail_msg("%s: flip of bit %zu accepted", s[i].name, bit);
            refused += !ok;
            free(copy);
        }
        assert_true(refused > 20);
    }
    free_samples(&w, s);
}

/* Nobody comes after itself. */
static void successor_rules(void **state)
{
    (void)state;
    struct kai_successor x = {.old_org = {1}, .new_org = {1}, .cut = (uint64_t)INT64_MAX};

    for (int i = 0; i < 2; i++) {
        struct kai_successor out;
        struct kai_buf b;

        x.new_org[31] = i > 0;
        kai_buf_init(&b, 8192);
        kai_successor_write(&b, &x);
        MUST(b.err);
        assert_int_equal(kai_successor_parse(&out, kai_buf_view(&b)),
                         i > 0 ? KAI_OK : KAI_EMALFORMED);
        assert_true(i == 0 || out.cut == x.cut);
        kai_buf_free(&b);
    }
}

static const struct {
    const char *name;
    int what;
    enum kai_err want;
} admit_rows[] = {
    {"as it is", 0, KAI_OK},
    {"label 0", 1, KAI_EMALFORMED},
    {"kind 0", 2, KAI_EMALFORMED},
    {"a node without kx", 3, KAI_EMALFORMED},
    {"another's proof", 4, KAI_EAUTH},
    {"kx swapped after the proof", 5, KAI_EAUTH},
    {"kind changed after the proof", 6, KAI_EAUTH},
    {"key of small order", 7, KAI_EAUTH},
    {"an unknown kind, proven", 8, KAI_OK},
    {"name of 256 bytes", 9, KAI_OK},
    {"another organisation after the proof", 10, KAI_EAUTH},
    {"a node of nobody, proven", 11, KAI_EMALFORMED},
    {"a person of one organisation, proven", 12, KAI_EMALFORMED},
};

static void admit_rules(void **state)
{
    (void)state;
    struct world w;
    struct tsub f;
    struct tsub key;
    struct tsub other;
    struct kai_admit out;

    world_init(&w, 6, &f, 1, 1);
    world_key(&w, &key);
    world_key(&w, &other);
    for (size_t i = 0; i < sizeof admit_rows / sizeof admit_rows[0]; i++) {
        struct kai_admit a = admit_full(&key);
        struct kai_buf b;

        kai_buf_init(&b, 8192);
        a.label_max = admit_rows[i].what == 1 ? 0 : a.label_max;
        a.kind = admit_rows[i].what == 2 ? 0 : a.kind;
        a.has_kx = admit_rows[i].what != 3;
        if (admit_rows[i].what == 4)
            kai_admit_prove(&a, other.log.sk);
        if (admit_rows[i].what == 5)
            memcpy(a.kx_pk, other.kx_pk, KAI_KEY_BYTES);
        if (admit_rows[i].what == 6)
            a.kind = KAI_ADMIT_ISSUING;
        if (admit_rows[i].what == 7) {
            memset(a.sign_pk, 0, KAI_KEY_BYTES);
            a.sign_pk[0] = 1;
        }
        if (admit_rows[i].what == 8) {
            a.kind = 77;
            kai_admit_prove(&a, key.log.sk);
        }
        if (admit_rows[i].what == 10)
            a.of_org[0] ^= 1;
        if (admit_rows[i].what == 11 || admit_rows[i].what == 12) {
            a.kind = admit_rows[i].what == 11 ? a.kind : KAI_ADMIT_PERSON;
            a.has_of_org = admit_rows[i].what == 12;
            kai_admit_prove(&a, key.log.sk);
        }
        if (admit_rows[i].what == 9) {
            memset(a.name, 'n', KAI_TEXT_BYTES_MAX);
            a.name[KAI_TEXT_BYTES_MAX] = '\0';
        }
        kai_admit_write(&b, &a);
        enum kai_err err = kai_admit_parse(&out, kai_buf_view(&b));
        if (err != admit_rows[i].want)
            fail_msg("%s: %s", admit_rows[i].name, kai_err_text(err));
        kai_buf_free(&b);
    }
    world_free(&w);
}

static void golden(void **state)
{
    (void)state;
    struct world w;
    struct sample s[N_SAMPLES];
    struct tsub founder;
    FILE *f = fopen(KAI_VECTORS, "r");
    uint8_t id[KAI_ID_BYTES];
    const uint8_t nonce[16] = {1, 2, 3};

    assert_non_null(f);
    make_samples(&w, s);
    for (size_t i = 0; i < N_SAMPLES; i++)
        vector_check(f, s[i].name, kai_buf_view(&s[i].bytes));
    struct kai_charter c;
    MUST(kai_charter_parse(&c, kai_buf_view(&s[4].bytes)));
    vector_check(f, "network-id", kai_view_of(c.nid, KAI_ID_BYTES));
    vector_check(f, "organisation-id", kai_view_of(c.founders[0].org, KAI_ID_BYTES));
    kai_aud_id(id, c.founders[0].org, nonce);
    vector_check(f, "audience-id", kai_view_of(id, KAI_ID_BYTES));
    free_samples(&w, s);
    /* A network of one organisation and one node, and the hash of its state. */
    struct tsub issuing;
    struct tsub node;
    world_init(&w, 5, &founder, 1, 1);
    world_key(&w, &issuing);
    world_key(&w, &node);
    world_admit(&w, &founder.log, &issuing, KAI_ADMIT_ISSUING, NULL);
    world_admit(&w, &issuing.log, &node, KAI_ADMIT_NODE, NULL);
    struct kai_roster *r = world_roster(&w);
    for (size_t i = 0; i < 2; i++) {
        vector_check(f, i == 0 ? "entry-1" : "entry-2", w.entries[i]->e.hdr);
        vector_check(f, i == 0 ? "payload-1" : "payload-2", w.entries[i]->e.payload);
    }
    vector_check(f, "node-id", kai_view_of(node.id, KAI_ID_BYTES));
    vector_check(f, "roster-hash", kai_view_of(kai_roster_hash(r), KAI_ID_BYTES));
    kai_roster_unref(r);
    world_free(&w);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(vector_missing(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips), cmocka_unit_test(prefixes_and_flips),
        cmocka_unit_test(admit_rules), cmocka_unit_test(successor_rules),
        cmocka_unit_test(golden),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
