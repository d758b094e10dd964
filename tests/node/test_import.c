/* What is published is in the index as it would be if it were read from the store again; what is
 * refused is nowhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/gen.h"
#include "item/label.h"
#include "node/indexer.h"
#include "node/publish.h"
#include "node/rig.h"
#include "query/index.h"
#include "store/store.h"

static _Atomic unsigned unclean; /* The next answers: somebody was removed meanwhile. */

bool __real_kai_keyring_may_write(const struct kai_keyring *k, const uint8_t *aud_id,
                                  const uint8_t *commit);
bool __wrap_kai_keyring_may_write(const struct kai_keyring *k, const uint8_t *aud_id,
                                  const uint8_t *commit);
bool __wrap_kai_keyring_may_write(const struct kai_keyring *k, const uint8_t *aud_id,
                                  const uint8_t *commit)
{
    if (unclean == 0)
        return __real_kai_keyring_may_write(k, aud_id, commit);
    unclean--;
    return false;
}

/* What the store is asked to do with entries that are not visible. */
static _Atomic uint64_t n_staged;
static _Atomic unsigned fail_advance; /* The next ones. */
static _Atomic unsigned fail_unstage;

enum kai_err __real_kai_tx_stage(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms);
enum kai_err __wrap_kai_tx_stage(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms);
enum kai_err __wrap_kai_tx_stage(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms)
{
    n_staged++;
    return __real_kai_tx_stage(t, e, now_ms);
}

enum kai_err __real_kai_tx_advance(struct kai_tx *t, const uint8_t *log_pk, uint64_t to_seq);
enum kai_err __wrap_kai_tx_advance(struct kai_tx *t, const uint8_t *log_pk, uint64_t to_seq);
enum kai_err __wrap_kai_tx_advance(struct kai_tx *t, const uint8_t *log_pk, uint64_t to_seq)
{
    if (fail_advance == 0)
        return __real_kai_tx_advance(t, log_pk, to_seq);
    fail_advance--;
    return KAI_ENOMEM;
}

enum kai_err __real_kai_tx_unstage(struct kai_tx *t, const uint8_t *log_pk);
enum kai_err __wrap_kai_tx_unstage(struct kai_tx *t, const uint8_t *log_pk);
enum kai_err __wrap_kai_tx_unstage(struct kai_tx *t, const uint8_t *log_pk)
{
    if (fail_unstage == 0 || fail_advance > 0)
        return __real_kai_tx_unstage(t, log_pk);
    fail_unstage--;
    return KAI_ENOMEM;
}

#define BUNDLE                                                                                     \
    "{\"type\": \"bundle\", \"id\": \"bundle--00000000-0000-4000-8000-000000000000\", "            \
    "\"objects\": ["
#define INDICATOR(no, marking)                                                                     \
    "{\"type\": \"indicator\", \"spec_version\": \"2.1\", \"id\": "                                \
    "\"indicator--0000000" no "-0000-4000-8000-000000000000\", \"created\": "                      \
    "\"2024-01-01T00:00:00.000Z\", \"modified\": \"2024-01-02T00:00:00.000Z\", \"valid_from\": "   \
    "\"2024-01-01T00:00:00Z\", \"pattern_type\": \"stix\", \"pattern\": \"[domain-name:value = "   \
    "'n" no ".example']\", \"object_marking_refs\": [\"marking-definition--" marking "\"]}"
#define CLEAR  "94868c89-83c2-464b-929b-a1a8aa3c8487"
#define GREEN  "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define AMBER  "55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define NO_TLP "00000000-0000-4000-8000-000000000009"

static void on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    print_message("%s: %s, %s\n", id, why->code, why->arg[0]);
}

static enum kai_err publish(struct rig *r, struct kai_view file, uint8_t tlp, bool skip_bad,
                            struct kai_published *done)
{
    struct kai_who who;
    struct kai_publish p = {.who = &who,
                            .file = file,
                            .name = "file",
                            .to = "all",
                            .label = {.tlp = tlp},
                            .skip_bad = skip_bad,
                            .refusals_max = KAI_REFUSALS_MAX,
                            .refuse = on_refuse};

    kai_who_home(&who);
    return kai_publish(r->core, &p, done, &r->why);
}

static void publish_text(struct rig *r, const char *text, uint8_t tlp, uint64_t accepted)
{
    struct kai_published done;

    MUST(publish(r, kai_view_of(text, strlen(text)), tlp, false, &done));
    assert_int_equal(done.refused, 0);
    assert_int_equal(done.accepted, accepted);
}

static void publish_made(struct rig *r, const struct gen_stix *what, uint64_t values,
                         enum kai_vtype type)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    if (what != NULL)
        gen_stix(out, what);
    else
        assert_true(gen_list(out, values, 5, type));
    assert_int_equal(fclose(out), 0);
    publish_text(r, text, KAI_TLP_GREEN, what != NULL ? what->n : values);
    free(text);
}

/* So many STIX objects too large for one entry, which hardly get smaller; one more that is not
 * accepted where bad. The caller frees it. */
static char *make_large(unsigned n, bool bad)
{
    static const char tail[] = ", " INDICATOR("1", NO_TLP) "]}";
    const size_t bytes = 300000;
    char *text =
        malloc(n * (bytes + sizeof INDICATOR("7", GREEN) + 64) + sizeof BUNDLE + sizeof tail);
    size_t at = sizeof BUNDLE - 1;
    uint64_t seed = 9;

    assert_non_null(text);
    memcpy(text, BUNDLE, at);
    for (unsigned i = 0; i < n; i++) {
        int head = sprintf(text + at, "%s%s", i == 0 ? "" : ", ", INDICATOR("7", GREEN));
        char *id = strstr(text + at, "0000-4000-8000");

        memcpy(
            id,
            (const char[]){(char)('0' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10)},
            3);
        at += (size_t)head - 1; /* Before the brace. */
        at += (size_t)sprintf(text + at, ", \"description\": \"");
        for (size_t j = 0; j < bytes; j++)
            text[at++] = (char)('a' + gen_next(&seed) % 26);
        at += (size_t)sprintf(text + at, "\"}");
    }
    (void)strcpy(text + at, bad ? tail : "]}");
    return text;
}

static void publish_large(struct rig *r)
{
    char *text = make_large(1, false);

    publish_text(r, text, KAI_TLP_NONE, 1);
    free(text);
}

static uint64_t rows(struct rig *r)
{
    struct kai_indexer_state s;

    MUST(kai_indexer_settle(r->core->indexer));
    kai_indexer_state(r->core->indexer, &s);
    return s.items;
}

static void test_same_again(void **state)
{
    struct rig *r = *state;
    const struct gen_stix graph = {.n = 3000, .seed = 4, .tlp = KAI_TLP_GREEN, .graph = false};

    publish_text(r,
                 BUNDLE INDICATOR("1", CLEAR) ", " INDICATOR("2", GREEN) ", " INDICATOR(
                     "3", GREEN) ", " INDICATOR("2", GREEN) "]}",
                 KAI_TLP_NONE, 3); /* One comes twice. */
    publish_text(r, BUNDLE INDICATOR("4", CLEAR) "]}", KAI_TLP_NONE, 1);
    publish_text(r, "192.0.2.1\n192.0.2.1\nevil.example\n", KAI_TLP_GREEN, 2);
    publish_text(r, "0.0.0.0 one.example\n0.0.0.0 two.example\n0.0.0.0 three.example\n",
                 KAI_TLP_CLEAR, 3);
    publish_made(r, &graph, 0, KAI_V_NONE);
    publish_made(r, NULL, 40000, KAI_V_DOMAIN);
    publish_large(r);
    assert_true(rows(r) > 3000);
    rig_index_again(r);
    /* And all of it is known. */
    publish_text(r, BUNDLE INDICATOR("3", GREEN) ", " INDICATOR("4", CLEAR) "]}", KAI_TLP_NONE, 0);
}

struct had {
    uint64_t rows;
    uint64_t entries;
};

static struct had had(struct rig *r)
{
    struct kai_snap *s = NULL;
    struct had h = {.rows = rows(r)};

    MUST(kai_snap_begin(r->core->store, &s));
    h.entries = kai_snap_last_position(s);
    kai_snap_end(s);
    return h;
}

/* Whole or not at all, wherever in it the refusal stands. */
static void refused(struct rig *r, const char *text, uint64_t n)
{
    struct had before = had(r);
    struct kai_published done;

    MUST(publish(r, kai_view_of(text, strlen(text)), KAI_TLP_NONE, false, &done));
    assert_int_equal(done.refused, n);
    assert_int_equal(done.accepted, 0);
    assert_int_equal(done.entries, 0);
    struct had after = had(r);
    assert_memory_equal(&before, &after, sizeof before);
}

static void test_refused(void **state)
{
    struct rig *r = *state;
    const struct gen_stix many = {.n = 3000, .seed = 6, .tlp = KAI_TLP_GREEN};
    struct kai_published done;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    publish_text(r, "192.0.2.1\n", KAI_TLP_GREEN, 1);
    refused(r, BUNDLE INDICATOR("1", NO_TLP) ", " INDICATOR("2", GREEN) "]}", 1);
    refused(r, BUNDLE INDICATOR("1", AMBER) ", " INDICATOR("2", NO_TLP) "]}", 2);
    /* The last of thousands, behind entries that were full long before. */
    assert_non_null(out);
    gen_stix(out, &many);
    assert_int_equal(fclose(out), 0);
    char *end = strrchr(text, ']');
    char *bad = malloc(n + sizeof INDICATOR("1", NO_TLP) + 8);
    assert_non_null(end);
    assert_non_null(bad);
    (void)sprintf(bad, "%.*s, %s]}", (int)(end - text), text, INDICATOR("1", NO_TLP));
    refused(r, bad, 1);
    MUST(publish(r, kai_view_of(bad, strlen(bad)), KAI_TLP_NONE, true, &done));
    assert_int_equal(done.refused, 1);
    assert_int_equal(done.accepted, 3000);
    rig_index_again(r);
    free(bad);
    free(text);
}

/* Not even what is too much to wait in memory reaches the store before the file is judged. */
static void test_refused_large(void **state)
{
    struct rig *r = *state;
    char *text = make_large(100, true); /* 18 MiB sealed. */

    publish_text(r, "192.0.2.1\n", KAI_TLP_GREEN, 1);
    n_staged = 0;
    refused(r, text, 1);
    assert_int_equal(n_staged, 0);
    free(text);
    text = make_large(100, false);
    publish_text(r, text, KAI_TLP_NONE, 100);
    assert_true(n_staged > 100);
    rig_index_again(r);
    free(text);
}

/* It is too much to be kept for a second reading, and somebody is removed before it is visible. */
static void test_twice_again(void **state)
{
    struct rig *r = *state;
    char *text = make_large(120, false); /* Over KAI_PICKED_BYTES_MAX. */

    (void)rows(r);
    unclean = 1;
    publish_text(r, text, KAI_TLP_NONE, 120);
    assert_int_equal(unclean, 0);
    assert_int_equal(rows(r), 120);
    free(text);
}

/* It can neither be made visible nor be taken back: it is in nobody's way. */
static void test_left_behind(void **state)
{
    struct rig *r = *state;
    char *text = make_large(40, false);
    struct kai_published done;

    publish_text(r, "192.0.2.1\n", KAI_TLP_GREEN, 1);
    struct had before = had(r);
    fail_advance = fail_unstage = 1;
    assert_int_equal(publish(r, kai_view_of(text, strlen(text)), KAI_TLP_NONE, false, &done),
                     KAI_ENOMEM);
    assert_int_equal(fail_advance + fail_unstage, 0);
    struct had after = had(r);
    assert_memory_equal(&before, &after, sizeof before);
    publish_text(r, "192.0.2.2\n", KAI_TLP_GREEN, 1);
    assert_int_equal(rows(r), before.rows + 1);
    publish_text(r, text, KAI_TLP_NONE, 40);
    rig_index_again(r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_again, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_refused, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_refused_large, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_twice_again, rig_start, rig_stop),
        cmocka_unit_test_setup_teardown(test_left_behind, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
