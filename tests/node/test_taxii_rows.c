/* TAXII, query and export over an index with rows that are gone, damaged, or many. */
#include "taxii_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/acts.h"
#include "node/indexer.h"

/* What is looked at for one answer, with bounds that a test can reach. */
#undef KAI_TAXII_WORK_MAX
#define KAI_TAXII_WORK_MAX 3000u
#undef KAI_TAXII_NAMED_MAX
#define KAI_TAXII_NAMED_MAX 4000u
#include "node/taxii/pick.c"

/* ---- What is gone, or damaged, hides nothing. */
static void forget(struct rig *r, const struct kai_row *row, uint64_t seq)
{
    struct kai_snap *snap;
    struct kai_log log;

    MUST(kai_snap_begin(r->core->store, &snap));
    MUST(kai_snap_log_no(snap, row->log_no, &log));
    kai_snap_end(snap);
    MUST(kai_tx_forget(kai_core_tx(r->core), log.log_pk, seq));
    kai_core_commit(r->core);
}

static char *large(const char *id)
{
    static const char head[] = "{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"%s\","
                               "\"is_family\":false,\"created\":\"" FIRST "\",\"modified\":\"" FIRST
                               "\",\"object_marking_refs\":[\"" GREEN "\"],\"name\":\"";
    const size_t n = 200000;
    char *text = malloc(n + 512);
    uint64_t x = 1;

    assert_non_null(text);
    size_t at = (size_t)snprintf(text, 512, head, id);
    for (size_t end = at + n; at < end; at++) { /* Nothing that gets much smaller. */
        x = x * 6364136223846793005u + 1442695040888963407u;
        text[at] = (char)('a' + (x >> 33) % 26);
    }
    memcpy(text + at, "\"}", 3);
    return text;
}

/* As for a re-share. */
static enum kai_err load_subject(struct rig *r, const struct kai_row *row)
{
    struct kai_audit_batch none = {0};
    struct kai_reader reader;
    struct kai_subject s;

    MUST(kai_reader_init(&reader, r->core, KAI_TLP_RED, &none));
    MUST(kai_reader_begin(&reader));
    enum kai_err err = kai_subject_load(&reader, row, true, &s);
    kai_subject_free(&s);
    kai_reader_free(&reader);
    return err;
}

/* What a stream into a cluster begins with. */
static char *stream(struct rig *r)
{
    static struct kai_config cfg;
    static char loop; /* It asks for none but whether there is one. */
    struct kai_call call = {.core = r->core,
                            .cfg = &cfg,
                            .who = &taxii_who,
                            .args = json_pack("{s:s,s:s}", "clearance", "amber", "from", "begin")};
    struct kai_buf out;
    bool end = false;

    kai_buf_init(&out, 64u << 20);
    r->core->loop = (void *)&loop;
    assert_int_equal(kai_call_run(&call, "stream"), 200);
    MUST(kai_call_next(&call, &out, &end));
    r->core->loop = NULL;
    kai_call_free(&call);
    char *text = taxii_text(&out);
    assert_non_null(strstr(text, "\"current\":true"));
    kai_buf_free(&out);
    return text;
}

/* The small ones before and behind it are there, it is not. */
static void check_all(struct rig *r)
{
    char *texts[] = {taxii_verb(r, "query", json_object()),
                     taxii_verb(r, "query", json_pack("{s:s}", "expr", "text:around")),
                     taxii_verb(r, "export", json_pack("{s:s}", "format", "stix")),
                     taxii_get(r, "objects/", NULL, NULL),
                     taxii_get(r, "manifest/", NULL, NULL),
                     stream(r)};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strstr(texts[i], ID("1")) == NULL || strstr(texts[i], ID("3")) == NULL ||
            strstr(texts[i], ID("2")) != NULL)
            fail_msg("%zu: %.300s", i, texts[i]);
        free(texts[i]);
    }
}

static void reading_goes_on(void **state)
{
    struct rig *r = *state;
    struct kai_label none = {.tlp = 0};
    char *big = large(ID("2"));

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "around"), "all", none);
    taxii_publish(r, big, "all", none);
    taxii_publish(r, OBJECT(ID("3"), FIRST, GREEN, "around"), "all", none);
    struct kai_row row = taxii_row_of(r, ID("2"));
    assert_true(row.parts > 2 && taxii_has(r, "objects/", ID("2")));
    forget(r, &row, row.seq + 1);
    check_all(r);
    assert_int_equal(r->core->n_alarms, 0); /* It is gone, which is no damage. */
    assert_int_equal(load_subject(r, &row), KAI_ENOTFOUND);
    /* What stands there is not what the index says. */
    row = taxii_row_of(r, ID("1"));
    row.stix_uuid[15] ^= 0x0f;
    row.item_id[5] ^= 1;
    taxii_claim(r, &row, 1);
    check_all(r);
    assert_int_equal(r->core->n_alarms, 1);
    assert_string_equal(r->core->alarms[0].code, "alarm.item");
    free(big);
}

/* ---- A row of the index is damaged. */
static void check_verb(struct rig *r, const char *verb, json_t *args, const char *there,
                       const char *not_there)
{
    char *text = taxii_verb(r, verb, args);

    if (strstr(text, there) == NULL || strstr(text, not_there) != NULL)
        fail_msg("%s: %.300s", verb, text);
    free(text);
}

static void a_damaged_row_hides_no_other(void **state)
{
    struct rig *r = *state;
    struct kai_label none = {.tlp = 0};
    uint64_t no;
    int http;

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "around"), "all", none);
    taxii_publish(r, OBJECT(ID("2"), FIRST, GREEN, "around"), "all", none);
    taxii_publish(r, OBJECT(ID("3"), FIRST, GREEN, "around"), "all", none);
    no = taxii_row_of(r, ID("2")).no;
    rig_damage(r, no);
    check_all(r);
    /* The row in the middle, by which a time is looked for. */
    check_verb(r, "query", json_pack("{s:s}", "expr", "until:2099-01-01"), ID("3"), ID("2"));
    assert_int_equal(r->core->n_alarms, 1);
    assert_string_equal(r->core->alarms[0].code, "alarm.row");
    /* By way of values. */
    rig_publish(r, "a.own.example\n");
    rig_publish(r, "b.own.example\n");
    rig_publish(r, "c.own.example\n");
    MUST(kai_indexer_settle(r->core->indexer));
    rig_damage(r, no + 3);
    for (unsigned i = 0; i < 2; i++) {
        const char *there = i == 0 ? "a.own.example" : "c.own.example";

        check_verb(r, "query", json_pack("{s:s}", "expr", "domain:*.own.example"), there,
                   "b.own.example");
        json_t *o = rig_ask(r, &taxii_who, "lookup",
                            json_pack("{s:[s,s]}", "values", "b.own.example", there), &http);
        assert_string_equal(json_string_value(json_object_get(o, "asked")), there);
        json_decref(o);
    }
    for (uint64_t i = 1; i <= no + 3; i++)
        rig_damage(r, i);
    check_verb(r, "query", json_pack("{s:s}", "expr", "until:2099-01-01"), "list_values", ID("1"));
    rig_damage(r, no + 4);
    check_verb(r, "query", json_pack("{s:s}", "expr", "until:2099-01-01"), "", "list_values");
}

/* The newest version may say that all is revoked: without it none is shown. */
static void a_damaged_version_shows_none_before_it(void **state)
{
    struct rig *r = *state;
    struct kai_label none = {.tlp = 0};

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "first"), "all", none);
    uint64_t no = taxii_row_of(r, ID("1")).no;
    taxii_publish(r, OBJECT(ID("1"), SECOND, GREEN, "second"), "all", none);
    taxii_publish(r, OBJECT(ID("3"), FIRST, GREEN, "around"), "all", none);
    assert_true(taxii_has(r, "objects/", "\"second\""));
    rig_damage(r, no + 1);
    assert_true(taxii_has(r, "objects/", ID("3")));
    assert_false(taxii_has(r, "objects/", ID("1")));
    check_verb(r, "query", json_object(), ID("3"), ID("1"));
}

static void a_watch_goes_on(void **state)
{
    static struct kai_config cfg;
    static char loop; /* It asks for none but whether there is one. */
    struct rig *r = *state;
    struct kai_call call = {.core = r->core,
                            .cfg = &cfg,
                            .who = &taxii_who,
                            .args = json_pack("{s:s}", "expr", "domain:*.own.example")};
    struct kai_buf out;
    bool end = false;

    kai_buf_init(&out, 1u << 20);
    r->core->loop = (void *)&loop;
    assert_int_equal(kai_call_run(&call, "watch"), 200);
    r->core->loop = NULL;
    rig_publish(r, "a.own.example\n");
    rig_publish(r, "b.own.example\n");
    rig_publish(r, "c.own.example\n");
    MUST(kai_indexer_settle(r->core->indexer));
    rig_damage(r, 2);
    MUST(kai_call_next(&call, &out, &end));
    char *text = taxii_text(&out);
    if (strstr(text, "a.own.example") == NULL || strstr(text, "c.own.example") == NULL)
        fail_msg("%s", text);
    assert_null(strstr(text, "b.own.example"));
    free(text);
    kai_buf_free(&out);
    kai_call_free(&call);
}

static void what_ends_reading(void **state)
{
    struct rig *r = *state;
    struct kai_reader reader = {.c = r->core};

    assert_false(kai_reader_goes_on(&reader, KAI_EIO));
    assert_false(kai_reader_goes_on(&reader, KAI_ENOMEM));
    assert_true(kai_reader_goes_on(&reader, KAI_ENOTFOUND));
    assert_int_equal(r->core->n_alarms, 0);
}

/* ---- The label goes out. */
static void the_label_goes_out(void **state)
{
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, CLEAR, "a"), "all",
                  (struct kai_label){.tlp = KAI_TLP_GREEN, .pap = KAI_PAP_AMBER});
    taxii_publish(r, OBJECT(ID("2"), FIRST, CLEAR, "b"), "all",
                  (struct kai_label){.tlp = KAI_TLP_GREEN, .pap = KAI_PAP_RED});
    taxii_publish(r, OBJECT(ID("3"), FIRST, CLEAR, "c"), "all",
                  (struct kai_label){.tlp = KAI_TLP_GREEN, .exercise = true});
    assert_true(
        taxii_has(r, "objects/", "[\"" CLEAR "\",\"" GREEN "\"],\"labels\":[\"PAP:AMBER\"]"));
    assert_false(taxii_has(r, "objects/", ID("2")) || taxii_has(r, "objects/", ID("3")));
    assert_false(taxii_has(r, "manifest/", ID("2")) || taxii_has(r, "manifest/", ID("3")));
    char *text = taxii_verb(r, "export", json_pack("{s:s}", "format", "stix"));
    assert_non_null(strstr(text, "kairan:exercise"));
    assert_non_null(strstr(text, "PAP:RED"));
    free(text);
}

/* ---- Versions. */
static void a_flood_hides_nothing(void **state)
{
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, CLEAR, "here"), "all", (struct kai_label){.tlp = 0});
    taxii_publish(r, OBJECT(ID("1"), SECOND, CLEAR, "elsewhere"), "public",
                  (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.item_id[8] ^= 1;
    for (unsigned i = 0; i < KAI_TAXII_LOOKS_MAX + 100; i++) { /* Each of another source. */
        row.origin[1] = (uint8_t)(i >> 8);
        row.origin[2] = (uint8_t)i;
        row.item_id[7] = (uint8_t)i;
        taxii_claim(r, &row, 1);
    }
    assert_true(taxii_has(r, "objects/" ID("1") "/", "\"name\":\"here\""));
}

/* Of one source, each may be compared with all others: that ends, too. */
static void a_flood_costs_no_square(void **state)
{
    struct kai_row row = {.flags = KAI_ROW_SUPERSEDED, .modified_ms = 1};
    struct picker p = {.looks = KAI_TAXII_WORK_MAX, .last = true, .n_ids = 1};
    static struct kai_taxii_filter f;

    (void)state;
    kai_taxii_filter_init(&f);
    p.f = &f;
    assert_true(version_wanted(&p, &row, 1, (struct kai_view){0})); /* No index is asked. */
}

/* ---- Work. */
static void publish_addresses(struct rig *r, unsigned second, unsigned n)
{
    char *list = malloc(n * 16);
    size_t at = 0;

    assert_non_null(list);
    for (unsigned i = 0; i < n; i++)
        at += (size_t)sprintf(list + at, "198.%u.%u.%u\n", second, i >> 8, i & 255);
    rig_publish(r, list);
    free(list);
}

static void work_has_bounds(void **state)
{
    struct rig *r = *state;
    char ids[KAI_TAXII_MATCH_BYTES_MAX] = ID("1");
    const char *named[] = {"match[id]", ids, NULL};
    const char *made = "objects/indicator--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f/";
    int status;

    /* Values that are looked at in vain: the answer is what stands behind them. */
    publish_addresses(r, 18, 6000);
    taxii_publish(r, OBJECT(ID("7"), SECOND, GREEN, "behind"), "all", (struct kai_label){.tlp = 0});
    char *text = taxii_get(r, "objects/", "match[version]", SECOND);
    assert_non_null(strstr(text, ID("7")));
    free(text);
    /* Where they are too many, an empty page, and from there on. */
    publish_addresses(r, 19, KAI_TAXII_GOES_MAX * KAI_TAXII_WORK_MAX);
    text = taxii_get(r, "objects/", "match[version]", "2020-01-02T00:00:00Z");
    json_t *o = json_loads(text, 0, NULL);
    assert_true(json_is_true(json_object_get(o, "more")) && json_object_get(o, "objects") == NULL);
    for (unsigned pages = 1; json_is_true(json_object_get(o, "more")); pages++) {
        assert_true(pages < 4);
        free(text);
        text = taxii_get(r, "objects/", "next", json_string_value(json_object_get(o, "next")));
        json_decref(o);
        o = json_loads(text, 0, NULL);
    }
    json_decref(o);
    free(text);
    /* By id there is no place to go on from. */
    text = taxii_ask(r, "GET", taxii_in_all(r, made), NULL, "", &status);
    assert_int_equal(status, 503);
    assert_non_null(strstr(text, "taxii.work"));
    free(text);
    /* The same id again costs nothing. */
    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "many"), "all", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.item_id[7] ^= 1;
    taxii_claim(r, &row, 150);
    while (strlen(ids) + sizeof ID("1") + 1 < sizeof ids)
        strcat(ids, "," ID("1"));
    text = taxii_ask(r, "GET", taxii_in_all(r, "objects/"), named, "", &status);
    assert_int_equal(status, 200);
    free(text);
}

/* Texts that are read for a manifest count, though little of them is told. */
static void a_manifest_ends(void **state)
{
    struct rig *r = *state;
    char id[] = ID("1");
    char *text;

    for (unsigned i = 0; i < 2; i++) {
        id[sizeof id - 2] = (char)('1' + i);
        text = large(id);
        taxii_publish(r, text, "all", (struct kai_label){.tlp = 0});
        free(text);
    }
    struct kai_row row = taxii_row_of(r, ID("1"));
    for (unsigned i = 0; i < 60; i++) { /* Each is read anew, of another source. */
        memset(row.origin, (int)(0x10 + i), KAI_ID_BYTES);
        taxii_claim(r, &row, 1);
    }
    text = taxii_get(r, "manifest/", NULL, NULL);
    json_t *o = json_loads(text, 0, NULL);
    assert_true(json_is_true(json_object_get(o, "more")));
    assert_true(json_array_size(json_object_get(o, "objects")) < 50);
    json_decref(o);
    free(text);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, taxii_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(reading_goes_on),
        WITH(a_damaged_row_hides_no_other),
        WITH(a_damaged_version_shows_none_before_it),
        WITH(a_watch_goes_on),
        WITH(what_ends_reading),
        WITH(the_label_goes_out),
        WITH(a_flood_hides_nothing),
        cmocka_unit_test(a_flood_costs_no_square),
        WITH(work_has_bounds),
        WITH(a_manifest_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
