/* What TAXII publishes, refuses and withdraws where others said the same, and whom it tells of it.
 */
#include "taxii_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/merkle.h"
#include "node/publish.h"

/* ---- Whose it is. */
static void a_claim_hides_nothing_of_ours(void **state)
{
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "made"), "all", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.stix_uuid[15] = 0x32; /* Ours to come, under the same version. */
    row.item_id[3] ^= 1;
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("2"), FIRST, GREEN, "ours")), 0, "");
    assert_true(taxii_has(r, "objects/", "\"name\":\"ours\""));
}

static void what_others_said_is_not_ours_to_say(void **state)
{
    static const char text[] = OBJECT(ID("2"), FIRST, GREEN, "theirs");
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "made"), "all", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.stix_uuid[15] = 0x32;
    kai_item_id(row.item_id, KAI_CONTENT_STIX, kai_view_of(text, sizeof text - 1));
    memset(row.aud_id, 0x55, KAI_ID_BYTES);
    row.tlp = KAI_TLP_CLEAR; /* May be said by anybody. */
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("2"), FIRST, CLEAR, "theirs")), 0, "");
    row.stix_uuid[15] = 0x33;
    row.item_id[9] ^= 1;
    row.tlp = KAI_TLP_GREEN;
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("3"), FIRST, GREEN, "theirs")), 1, "kairan reshare");
    taxii_post(r, ENVELOPE(OBJECT(ID("3"), FIRST, GREEN, "with a score")), 1, "kairan reshare");
    taxii_post(r, ENVELOPE(OBJECT(ID("3"), SECOND, GREEN, "a changed version")), 0, "");
    /* Under a stricter label than its text says, also in the same audience. */
    row.stix_uuid[15] = 0x34;
    row.item_id[9] ^= 2;
    row.tlp = KAI_TLP_AMBER;
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("4"), FIRST, GREEN, "theirs")), 1, "TLP:AMBER");
    row.stix_uuid[15] = 0x35;
    memcpy(row.aud_id, r->all, KAI_ID_BYTES);
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("5"), FIRST, GREEN, "other")), 1, "TLP:AMBER");
    static const char unlabelled[] =
        "{\"objects\":[{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"" ID(
            "5") "\",\"is_family\":false,\"created\":\"" FIRST "\",\"modified\":\"" FIRST "\"}]}";
    taxii_post(r, unlabelled, 1, "no TLP label");
    /* For who may not see it, it is not there. */
    taxii_who.clearance = KAI_TLP_GREEN;
    taxii_post(r, ENVELOPE(OBJECT(ID("5"), FIRST, GREEN, "other")), 0, "");
}

static void count_note(void *ctx, const struct kai_why *why)
{
    unsigned *n = ctx;

    assert_string_equal(why->code, "warn.theirs");
    (*n)++;
}

static unsigned notes(struct rig *r, const char *text, uint8_t clearance)
{
    unsigned n = 0;
    struct kai_who by = taxii_who;
    struct kai_published done;
    struct kai_publish p = {.who = &by,
                            .file = kai_view_of(text, strlen(text)),
                            .name = "file",
                            .to = "all",
                            .dry_run = true,
                            .refusals_max = 1,
                            .note = count_note,
                            .ctx = &n};

    by.clearance = clearance;
    MUST(kai_publish(r->core, &p, &done, &r->why));
    assert_true(done.refused == 0 && done.accepted == 1);
    return n;
}

/* By hand it is told, to who may see theirs. */
static void publishing_what_is_theirs_is_told(void **state)
{
    static const char text[] = OBJECT(ID("2"), FIRST, GREEN, "theirs");
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "made"), "all", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.stix_uuid[15] = 0x32;
    kai_item_id(row.item_id, KAI_CONTENT_STIX, kai_view_of(text, sizeof text - 1));
    memset(row.aud_id, 0x55, KAI_ID_BYTES);
    assert_int_equal(notes(r, text, KAI_TLP_RED), 0);
    row.tlp = KAI_TLP_AMBER;
    taxii_claim(r, &row, 1);
    assert_int_equal(notes(r, text, KAI_TLP_AMBER), 1);
    assert_int_equal(notes(r, text, KAI_TLP_GREEN), 0);
}

/* Who says after us what we said does not take it from us. */
static void what_was_ours_first_stays_ours(void **state)
{
    struct rig *r = *state;

    taxii_publish(r, OBJECT(ID("1"), FIRST, CLEAR, "ours"), "public", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    memset(row.aud_id, 0x55, KAI_ID_BYTES);
    row.tlp = KAI_TLP_GREEN;
    taxii_claim(r, &row, 1);
    taxii_post(r, ENVELOPE(OBJECT(ID("1"), FIRST, CLEAR, "ours")), 0, "");
    assert_true(taxii_has(r, "objects/", "\"name\":\"ours\""));
}

/* An exercise that a client knows from elsewhere is not said again as what is real. */
static void an_exercise_stays_one(void **state)
{
    static const char text[] = OBJECT(ID("1"), FIRST, GREEN, "drill");
    struct rig *r = *state;

    taxii_publish(r, text, "all", (struct kai_label){.tlp = KAI_TLP_GREEN, .exercise = true});
    taxii_post(r, ENVELOPE(OBJECT(ID("1"), FIRST, GREEN, "drill again")), 0, "");
    assert_false(taxii_has(r, "objects/", "drill"));
}

static void a_value_is_known_in_its_version_alone(void **state)
{
    struct rig *r = *state;

    rig_publish(r, "192.0.2.1\n");
    char *text = taxii_get(r, "objects/", NULL, NULL);
    json_t *o = json_loads(text, 0, NULL);
    char *same = json_dumps(o, 0);
    json_t *one = json_array_get(json_object_get(o, "objects"), 0);
    taxii_post(r, same, 0, "");
    assert_false(taxii_has(r, "objects/", "\"revoked\"") || taxii_has(r, "objects/", "},{"));
    json_object_set_new(one, "revoked", json_true());
    json_object_set_new(one, "modified", json_string("2099-01-01T00:00:00.000Z"));
    char *revoked = json_dumps(o, 0);
    taxii_post(r, revoked, 0, "");
    assert_true(taxii_has(r, "objects/", "\"revoked\": true"));
    free(same);
    free(revoked);
    free(text);
    json_decref(o);
}

static void a_delete_withdraws(void **state)
{
    struct rig *r = *state;
    int status;

    taxii_publish(r, OBJECT(ID("1"), FIRST, CLEAR, "here"), "all", (struct kai_label){.tlp = 0});
    taxii_publish(r, OBJECT(ID("1"), SECOND, CLEAR, "elsewhere"), "public",
                  (struct kai_label){.tlp = 0});
    for (unsigned i = 0; i < 2; i++) { /* Again: it is so already. */
        char *text =
            taxii_ask(r, "DELETE", taxii_in_all(r, "objects/" ID("1") "/"), NULL, "", &status);

        assert_int_equal(status, 200);
        free(text);
        assert_true(taxii_has(r, "objects/" ID("1") "/", "\"revoked\":true"));
        text = taxii_get(r, "objects/" ID("1") "/versions/", NULL, NULL);
        json_t *o = json_loads(text, 0, NULL);
        assert_int_equal(json_array_size(json_object_get(o, "versions")), 2);
        json_decref(o);
        free(text);
    }
}

/* ---- What tells that something is there is in the audit log. */
static size_t audit_lines(struct rig *r)
{
    char path[KAI_PATH_BYTES_MAX];
    FILE *f = fopen(kai_audit_path(r->core, path), "r");
    size_t n = 0;
    int c;

    if (f == NULL)
        return 0;
    while ((c = fgetc(f)) != EOF)
        n += c == '\n';
    (void)fclose(f);
    return n;
}

static void what_is_there_is_audited(void **state)
{
    static const char *const later[] = {"added_after", "2999-01-01T00:00:00Z", NULL};
    struct rig *r = *state;
    int status;

    taxii_publish(r, OBJECT(ID("1"), FIRST, GREEN, "a"), "all", (struct kai_label){.tlp = 0});
    struct kai_row row = taxii_others(r, ID("1"));
    row.stix_uuid[15] = 0x32;
    row.tlp = KAI_TLP_AMBER;
    taxii_claim(r, &row, 1);
    size_t n = audit_lines(r);
    char *text = taxii_ask(r, "GET", taxii_in_all(r, "objects/" ID("2") "/"), later, "", &status);
    assert_string_equal(text, "{}\n");
    assert_int_equal(audit_lines(r), n + 1);
    free(text);
    text = taxii_ask(r, "DELETE", taxii_in_all(r, "objects/" ID("2") "/"), NULL, "", &status);
    assert_int_equal(status, 403);
    assert_int_equal(audit_lines(r), n + 2);
    free(text);
    taxii_post(r, ENVELOPE(OBJECT(ID("2"), FIRST, GREEN, "a")), 1, "TLP:AMBER");
    assert_int_equal(audit_lines(r), n + 3);
    text = taxii_ask(r, "DELETE", taxii_in_all(r, "objects/" ID("3") "/"), NULL, "", &status);
    assert_int_equal(status, 404);
    assert_int_equal(audit_lines(r), n + 3);
    free(text);
}

/* ---- Statuses. */
static void a_status_is_of_a_token_not_of_its_name(void **state)
{
    struct rig *r = *state;
    char path[KAI_PATH_BYTES_MAX];
    char left[KAI_PATH_BYTES_MAX];
    struct stat st;
    int status;

    taxii_who = (struct kai_who){
        .kind = KAI_WHO_TOKEN, .role = KAI_ROLE_ANALYST, .clearance = KAI_TLP_AMBER, .name = "tip"};
    char *text = taxii_ask(r, "POST", taxii_in_all(r, "objects/"), NULL,
                           ENVELOPE(OBJECT(ID("1"), FIRST, GREEN, "a")), &status);
    json_t *o = json_loads(text, 0, NULL);
    assert_int_equal(status, 202);
    (void)snprintf(path, sizeof path, "status/%s/", json_string_value(json_object_get(o, "id")));
    free(taxii_ask(r, "GET", path, NULL, "", &status));
    assert_int_equal(status, 200);
    taxii_who.token[0] = 1; /* Revoked, and another one under the same name. */
    free(taxii_ask(r, "GET", path, NULL, "", &status));
    assert_int_equal(status, 404);
    json_decref(o);
    free(text);
    /* What a node that was killed left behind. */
    (void)kai_home_path(&r->home, left, "taxii/8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f.tmp.1");
    FILE *f = fopen(left, "w");
    assert_non_null(f);
    (void)fclose(f);
    taxii_post(r, ENVELOPE(OBJECT(ID("1"), FIRST, GREEN, "a")), 0, "");
    assert_int_equal(stat(left, &st), -1);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, taxii_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_claim_hides_nothing_of_ours),
        WITH(what_others_said_is_not_ours_to_say),
        WITH(publishing_what_is_theirs_is_told),
        WITH(what_was_ours_first_stays_ours),
        WITH(an_exercise_stays_one),
        WITH(a_value_is_known_in_its_version_alone),
        WITH(a_delete_withdraws),
        WITH(what_is_there_is_audited),
        WITH(a_status_is_of_a_token_not_of_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
