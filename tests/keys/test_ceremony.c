/* Requests and admissions, there and back, whole or refused. */
#include "keys/world.h"

#include <stdlib.h>
#include <string.h>

#include "keys/ceremony.h"

static void requests(void **state)
{
    (void)state;
    static const struct {
        uint64_t kind;
        enum kai_key_role role;
    } rows[] = {{KAI_ADMIT_ORG, KAI_KEY_ORG_ROOT},
                {KAI_ADMIT_NODE, KAI_KEY_NODE},
                {KAI_ADMIT_PERSON, KAI_KEY_PERSON}};

    for (size_t i = 0; i < 3; i++) {
        struct kai_keys *keys;
        struct kai_join r;
        struct kai_buf b;
        struct kai_why why = {0};

        MUST(kai_keys_new(&keys, rows[i].role));
        kai_buf_init(&b, KAI_REQUEST_BYTES_MAX);
        static const uint8_t org[KAI_ID_BYTES] = {7, 7};
        kai_join_write(&b, rows[i].kind, "City of Example", keys, org);
        MUST(kai_join_parse(&r, kai_buf_view(&b), &why));
        assert_int_equal(r.kind, rows[i].kind);
        assert_string_equal(r.proof.name, "City of Example");
        assert_memory_equal(r.proof.sign_pk, keys->sign_pk, KAI_KEY_BYTES);
        assert_int_equal(r.proof.has_kx, i > 0);
        assert_int_equal(r.proof.has_curve, i == 1);
        /* What the request proves stands in the certificate as it is. */
        struct kai_admit a = world_terms(rows[i].kind);
        struct kai_admit got;
        struct kai_buf cert;
        memcpy(a.sign_pk, r.proof.sign_pk, KAI_KEY_BYTES);
        a.has_kx = r.proof.has_kx;
        a.has_curve = r.proof.has_curve;
        memcpy(a.kx_pk, r.proof.kx_pk, KAI_KEY_BYTES);
        memcpy(a.curve_pk, r.proof.curve_pk, KAI_KEY_BYTES);
        assert_int_equal(r.proof.has_of_org, i == 1);
        kai_admit_set_org(&a, org);
        memcpy(a.pop, r.proof.pop, KAI_SIG_BYTES);
        kai_buf_init(&cert, 4096);
        kai_admit_write(&cert, &a);
        MUST(kai_admit_parse(&got, kai_buf_view(&cert)));
        kai_buf_free(&cert);
        uint8_t *copy = malloc(b.len);
        for (size_t bit = 0; bit < 8 * b.len; bit++) {
            memcpy(copy, b.p, b.len);
            copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            why.code = NULL;
            if (kai_join_parse(&r, kai_view_of(copy, b.len), &why) == KAI_OK)
                fail_msg("flip of bit %zu accepted", bit);
            assert_non_null(why.code);
        }
        free(copy);
        for (size_t n = 0; n < b.len; n++) {
            copy = malloc(n + 1);
            memcpy(copy, b.p, n);
            assert_int_not_equal(kai_join_parse(&r, kai_view_of(copy, n), NULL), KAI_OK);
            free(copy);
        }
        kai_buf_free(&b);
        kai_keys_free(keys);
    }
}

static void admissions(void **state)
{
    (void)state;
    struct world w;
    struct tsub f, fi, org, key, node, extra, later;
    struct kai_buf b;
    struct kai_buf record;
    struct kai_admission a;
    struct kai_charter_text text = {.lang = "en", .text = kai_view_of("What this is for", 16)};
    struct kai_view addr = kai_view_of("note", 4);

    world_init(&w, 31, &f, 1, 1);
    kai_buf_init(&record, KAI_CHARTER_BYTES_MAX);
    MUST(kai_charter_make(&record, "Example", "Founder", f.log.pk, f.log.sk, &text, 1));
    MUST(kai_charter_parse(&w.charter, kai_buf_view(&record)));
    world_key(&w, &fi);
    world_key(&w, &org);
    world_key(&w, &key);
    world_key(&w, &node);
    world_key(&w, &extra);
    world_key(&w, &later);
    world_admit(&w, &f.log, &fi, KAI_ADMIT_ISSUING, NULL);
    world_admit(&w, &fi.log, &extra, KAI_ADMIT_NODE, NULL);
    world_admit(&w, &fi.log, &org, KAI_ADMIT_ORG, NULL);
    world_admit(&w, &fi.log, &later, KAI_ADMIT_NODE, NULL);
    world_admit(&w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
    world_admit(&w, &key.log, &node, KAI_ADMIT_NODE, NULL);
    struct kai_ctl *ctl = world_ctl(&w);
    kai_buf_init(&b, KAI_ADMISSION_BYTES_MAX);
    assert_int_equal(kai_admission_write(&b, ctl, kai_buf_view(&record), &text, 1, f.id, &addr, 1),
                     KAI_ENOTFOUND);
    MUST(kai_admission_write(&b, ctl, kai_buf_view(&record), &text, 1, node.cert, &addr, 1));
    kai_ctl_free(ctl);
    MUST(kai_admission_parse(&a, kai_buf_view(&b), NULL));
    assert_memory_equal(a.charter.nid, w.charter.nid, KAI_ID_BYTES);
    assert_int_equal(a.n_texts, 1);
    assert_string_equal(a.texts[0].lang, "en");
    assert_int_equal(a.n_addrs, 1);
    assert_int_equal(a.n_entries, 5); /* Without the one that came later. */
    MUST(kai_ctl_new(&ctl, &a.charter));
    for (uint32_t i = 0; i < a.n_entries; i++) {
        struct kai_entry e;

        MUST(kai_entry_read(&e, &a.entries));
        MUST(kai_ctl_add(ctl, &e)); /* In an order that needs no second try. */
    }
    struct kai_roster *r;
    MUST(kai_roster_build(&r, ctl));
    assert_true(kai_roster_node(r, node.id)->active);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    uint8_t *copy = malloc(b.len);
    for (size_t i = 0; i < b.len; i++) {
        memcpy(copy, b.p, b.len);
        copy[i] ^= (uint8_t)(1u << (i % 8));
        if (kai_admission_parse(&a, kai_view_of(copy, b.len), NULL) == KAI_OK)
            fail_msg("flip at %zu accepted", i);
        assert_int_not_equal(kai_admission_parse(&a, kai_view_of(b.p, i), NULL), KAI_OK);
    }
    free(copy);
    uint8_t h1[KAI_ID_BYTES];
    uint8_t h2[KAI_ID_BYTES];
    kai_ceremony_hash(h1, kai_buf_view(&b));
    kai_ceremony_hash(h2, kai_view_of(b.p, b.len - 1));
    assert_memory_not_equal(h1, h2, KAI_ID_BYTES);
    kai_buf_free(&b);
    kai_buf_free(&record);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(admissions),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
