/* What was read of a content where it was judged makes the same index as reading it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gen/gen.h"
#include "item/label.h"
#include "query/index_same.h"
#include "query/judged.h"
#include "query/project_util.h"

#define AT "\"created\": \"2024-01-01T00:00:00.000Z\", \"modified\": \"2024-01-02T00:00:00.000Z\""
#define SDO(type, no)                                                                              \
    "{\"type\": \"" type "\", \"spec_version\": \"2.1\", \"id\": \"" type "--0000000" no           \
    "-0000-4000-8000-000000000000\", " AT
#define ID(type, no) "\"" type "--0000000" no "-0000-4000-8000-000000000000\""

/* One of each kind that says something of its own. */
static const char objects
    [] = "{\"type\": \"bundle\", \"id\": \"bundle--00000000-0000-4000-8000-000000000000\", "
         "\"objects\": [" SDO(
             "indicator", "1") ", \"valid_from\": \"2024-01-01T00:00:00Z\", "
                               "\"valid_until\": \"2030-01-01T00:00:00Z\", \"pattern_type\": "
                               "\"stix\", \"pattern\": "
                               "\"[ipv4-addr:value = '192.0.2.1' OR (domain-name:value = "
                               "'evil.example' AND url:value = "
                               "'http://evil.example/a')]\", \"object_marking_refs\": "
                               "[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}, "
                               /* The same source's next version takes it back. */
                               "{\"type\": \"indicator\", \"spec_version\": \"2.1\", \"id\": " ID(
                                   "indicator",
                                   "1") ", \"created\": \"2024-01-01T00:00:00.000Z\", "
                                        "\"modified\": \"2024-01-03T00:00:00.000Z\", "
                                        "\"revoked\": true, \"valid_from\": "
                                        "\"2024-01-01T00:00:00Z\", \"pattern_type\": \"stix\", "
                                        "\"pattern\": \"[file:hashes.MD5 = "
                                        "'d41d8cd98f00b204e9800998ecf8427e']\"}, " SDO("indicator", "2") ", \"valid_from\": \"2024-01-01T00:00:00Z\", \"pattern_type\": "
                                                                                                         "\"snort\", \"pattern\": \"alert\"}, " SDO("vulnerability", "3") ", \"name\": \"CVE-2024-1234\", \"external_references\": "
                                                                                                                                                                          "[{\"source_name\": \"cve\", \"external_id\": \"CVE-2023-9999\"}]}, " SDO("malware",
                                                                                                                                                                                                                                                    "4") ", \"is_family\": false}, " SDO("relationship", "5") ", \"relationship_type\": \"indicates\", \"source_ref\": " ID("indicator", "1") ", \"target_ref\": " ID("malware",
                                                                                                                                                                                                                                                                                                                                                                                                                      "4") "}, " SDO("sighting",
                                                                                                                                                                                                                                                                                                                                                                                                                                     "6") ", \"sighting_of_ref\": " ID("indicator", "1") "}, " SDO("note", "7") ", \"content\": \"x\", \"object_refs\": [" ID("malware", "4") ", " ID("indicator",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "1") "], \"granular_markings\": [{\"marking_ref\": "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "\"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003\", \"selectors\": "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "[\"content\"]}]}, " SDO(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "opinion",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "8") ", \"opinion\": \"agree\", \"object_refs\": [" ID("note", "7") "]}, " SDO("x-example-thing", "9") ", \"what\": 1}, "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "{\"type\": \"file\", \"spec_version\": \"2.1\", \"id\": " ID("file",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "1") ", \"name\": \"a.exe\", \"hashes\": {\"SHA-256\": "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"MD5\": \"no hash\"}}, "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "{\"type\": \"url\", \"spec_version\": \"2.1\", \"id\": " ID(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "url", "2") ", \"defanged\": true, \"value\": \"hxxp://evil[.]example/b\"}, "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "{\"type\": \"autonomous-system\", \"spec_version\": \"2.1\", \"id\": " ID(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "autonomous-system", "3") ", \"number\": 64500}, "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "{\"type\": \"windows-registry-key\", \"spec_version\": \"2.1\", \"id\": " ID(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "windows-registry-key",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "4") ", \"key\": \"HKLM\\\\Software\\\\x\", \"values\": "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "[{\"name\": \"n\", \"data\": \"d\"}]}]}";

static const char list[] = "192.0.2.9\n2001:db8::1\n198.51.100.0/24\nWWW.Evil.example\n"
                           "hxxp://evil[.]example/c\nd41d8cd98f00b204e9800998ecf8427e\n"
                           "CVE-2024-1111\nsomeone@evil.example\n192.0.2.9\n";
static const char hosts[] = "# a hosts file\n0.0.0.0 one.example\n0.0.0.0 two.example\n"
                            "127.0.0.1 three.example\n0.0.0.0 four.example\n";

/* An index of these entries beside the fixture's. */
static void project_beside(struct fixture *f, struct kai_readings *readings)
{
    struct kai_index *x = f->x;
    struct tmp tmp;

    tmp_make(&tmp);
    f->x = tmp_open(&tmp, "boot", true);
    f->readings = readings;
    project(f, 0);
    f->readings = NULL;
    kai_index_close(f->x);
    kai_index_close(x);
    index_same(f->tmp.index, tmp.index);
    tmp_remove(&tmp);
    f->x = tmp_open(&f->tmp, "boot", false);
}

/* The entries of these files, and what was read of them. */
static void write_files(struct fixture *f, struct judged *j, const struct kai_view *files, size_t n)
{
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    struct kai_batch *b = NULL;
    struct judged_item item;
    struct kai_view content;
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        judged_file(j, files[i]);
    assert_int_equal(kai_batch_new(&b, &f->wd.w, &opt), KAI_OK);
    while (judged_next(j, &at, &item, &content))
        assert_int_equal(kai_batch_add_as(b, item.kind, content, item.id), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
}

static void compare(struct fixture *f, const struct kai_view *files, size_t n)
{
    struct judged j;

    judged_init(&j);
    write_files(f, &j, files, n);
    project(f, 0);
    project_beside(f, &j.readings);
    assert_int_equal(f->n_codes, 0);
    assert_true(j.parsed > 0);
    assert_int_equal(f->n_read, j.parsed);
    judged_free(&j);
}

static void test_each_kind(void **state)
{
    const struct kai_view files[] = {kai_view_of(objects, sizeof objects - 1),
                                     kai_view_of(list, sizeof list - 1),
                                     kai_view_of(hosts, sizeof hosts - 1)};

    compare(*state, files, 3);
    assert_int_equal(rows_of(*state, NULL), 14 + 7 + 1);
}

static void test_many(void **state)
{
    const struct gen_stix what = {.n = 2000, .seed = 3, .tlp = KAI_TLP_GREEN, .graph = true};
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    gen_stix(out, &what);
    assert_int_equal(fclose(out), 0);
    struct kai_view file = kai_view_of(text, n);
    compare(*state, &file, 1);
    free(text);
}

/* Too much, or contents made so that their ids meet: what is not kept is read again. */
static void test_bound(void **state)
{
    struct kai_readings r;
    struct kai_reading g;
    struct kai_buf said;
    uint8_t id[KAI_ID_BYTES] = {0};
    size_t found = 0;

    (void)state;
    kai_readings_init(&r);
    kai_buf_init(&said, KAI_READINGS_BYTES_MAX);
    assert_false(kai_readings_find(&r, id, &said, &g));
    for (uint32_t i = 1; i <= 1000; i++) {
        kai_put_u64(id + 8, i); /* The same beginning. */
        judged_add_id(&r, id);
    }
    for (uint32_t i = 1; i <= 1000; i++) {
        kai_put_u64(id + 8, i);
        found += kai_readings_find(&r, id, &said, &g);
    }
    assert_in_range(found, 8, 64);
    r.bytes.max = r.bytes.len + 300;
    memset(id, 1, sizeof id);
    for (uint32_t i = 0; i < 10; i++) {
        id[0] = (uint8_t)i;
        judged_add_id(&r, id);
    }
    assert_int_equal(r.bytes.err, KAI_ELIMIT);
    id[0] = 0;
    assert_true(kai_readings_find(&r, id, &said, &g));
    id[0] = 9;
    assert_false(kai_readings_find(&r, id, &said, &g));
    kai_readings_free(&r);
    kai_buf_free(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_each_kind),
        WITH(test_many),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
