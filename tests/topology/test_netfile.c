/* test_netfile: descriptions of networks: the committed ones hold what they promise, every mistake
 * is named by its line, and the same seed makes the same network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/record.h"
#include "topology/sim/netfile.h"
#include "unit/oom.h"

static struct kai_netfile file; /* 40 KiB: not for the stack. */

static struct kai_view text_of(const char *name)
{
    static char text[KAI_NETFILE_BYTES_MAX];
    char path[512];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, NETWORKS "/%s", name);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    return kai_view_of(text, n);
}

static struct kai_network *expand(const char *name, uint64_t seed, uint64_t num, uint64_t den)
{
    struct kai_network *net = NULL;
    struct kai_netfile_error e = {0};

    if (kai_netfile_parse(&file, text_of(name), &e) != KAI_OK)
        fail_msg("%s:%zu: %s", name, e.line, e.text);
    assert_int_equal(kai_netfile_expand(&net, &file, seed, num, den), KAI_OK);
    return net;
}

static size_t group(const struct kai_network *net, const char *name)
{
    for (size_t i = 0; i < net->file.n_groups; i++)
        if (strcmp(net->file.group[i].name, name) == 0)
            return i;
    fail_msg("no group %s", name);
    return 0;
}

static size_t orgs_of(const struct kai_network *net, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < net->n_orgs; i++)
        n += net->org[i].group == group(net, name) ? 1 : 0;
    return n;
}

static size_t auds_of(const struct kai_network *net, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < net->n_auds; i++)
        n += strcmp(net->file.aud[net->aud[i].from].name, name) == 0 ? 1 : 0;
    return n;
}

static size_t dial_out_of(const struct kai_network *net)
{
    size_t n = 0;

    for (size_t i = 0; i < net->n_nodes; i++)
        n += net->node[i].dial_out ? 1 : 0;
    return n;
}

static bool is_member(const struct kai_network *net, const struct kai_network_aud *a, uint32_t org)
{
    for (size_t i = 0; i < a->n_members; i++)
        if (net->member[a->members + i] == org)
            return true;
    return false;
}

static void check_aud(const struct kai_network *net, const struct kai_network_aud *a)
{
    assert_true(a->n_members > 0 && a->members + a->n_members <= net->n_members);
    for (size_t i = 0; i < a->n_members; i++) {
        assert_true(net->member[a->members + i] < net->n_orgs);
        assert_true(i == 0 || net->member[a->members + i - 1] < net->member[a->members + i]);
    }
    assert_true(is_member(net, a, a->owner));
    assert_true(a->n_stewards >= 1 && a->n_stewards <= net->file.aud[a->from].stewards);
    assert_int_equal(a->stewards[0], a->owner);
    for (size_t i = 0; i < a->n_stewards; i++) {
        assert_true(is_member(net, a, a->stewards[i]));
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(a->stewards[k], a->stewards[i]);
    }
    for (size_t i = 0; i < a->n_relays; i++) {
        assert_true(a->relays[i] < net->n_nodes && !net->node[a->relays[i]].dial_out);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(a->relays[k], a->relays[i]);
    }
    if (a->kind == KAI_AUD_CLIENTS)
        for (size_t i = 0; i < a->n_members; i++) {
            uint32_t m = net->member[a->members + i];

            assert_true(m == a->owner || net->org[m].parent == a->owner);
        }
}

/* What holds of every network. */
static void check(const struct kai_network *net)
{
    size_t further = net->n_orgs;

    for (size_t i = 0; i < net->n_orgs; i++) {
        const struct kai_network_org *o = &net->org[i];

        assert_int_equal(net->node[i].org, i);
        assert_true(i == 0 ? o->parent == 0 : o->parent < i);
        assert_true(i == 0 || net->org[o->parent].group == net->file.group[o->group].parent);
        assert_int_equal(o->further, further);
        for (size_t k = 0; k < o->n_further; k++)
            assert_int_equal(net->node[further++].org, i);
    }
    assert_int_equal(further, net->n_nodes);
    for (size_t i = 0; i < net->n_nodes; i++) {
        assert_true(net->node[i].class < net->file.n_classes);
        assert_false(net->node[i].relay && (net->node[i].dial_out || i < net->n_orgs));
    }
    for (size_t i = 0; i < net->n_auds; i++)
        check_aud(net, &net->aud[i]);
}

static void test_national(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct kai_network *net = expand("national.net", seed, 1, 1);
        static size_t in[4096];
        size_t towns[47] = {0};
        size_t most = 0;

        check(net);
        assert_int_equal(net->n_nodes, 1800);
        assert_int_equal(orgs_of(net, "municipality") + orgs_of(net, "prefecture"), 1788);
        assert_int_equal(dial_out_of(net), 720);
        assert_int_equal(net->n_auds, 363);
        assert_int_equal(auds_of(net, "national"), 1);
        assert_int_equal(net->aud[0].n_members, 1800);
        assert_int_equal(auds_of(net, "area"), 47);
        assert_int_equal(auds_of(net, "sector"), 15);
        assert_int_equal(auds_of(net, "circle"), 300);
        memset(in, 0, sizeof in);
        for (size_t i = 0; i < net->n_auds; i++) {
            const struct kai_network_aud *a = &net->aud[i];
            const char *name = net->file.aud[a->from].name;

            for (size_t k = 0; k < a->n_members; k++)
                in[net->member[a->members + k]]++;
            if (strcmp(name, "area") == 0)
                towns[a->which] = a->n_members - 1;
            if (strcmp(name, "circle") == 0) {
                assert_true(a->n_members >= 3 && a->n_members <= 60);
                assert_int_equal(a->n_relays, kai_network_aud_dialable(net, i) < 2 ? 1 : 0);
            }
            if (strcmp(name, "sector") == 0)
                assert_true(a->n_members > 170 && a->n_members < 180);
        }
        assert_int_equal(towns[0], 179); /* Hokkaido, */
        assert_int_equal(towns[15], 15); /* Toyama, */
        assert_int_equal(towns[46], 41); /* Okinawa. */
        for (size_t i = 0; i < net->n_orgs; i++)
            most = in[i] > most ? in[i] : most;
        assert_true(most <= KAI_AUDIENCES_MAX);
        kai_network_free(net);
    }
}

/* Three sizes, to fit growth: nodes exactly, shares and group sizes as they were. */
static void test_scale(void **state)
{
    static const struct {
        uint64_t num, den;
        size_t nodes, auds;
    } rows[] = {{1, 3, 600, 1 + 16 + 15 + 100},
                {2, 1, 3600, 1 + 94 + 15 + 600},
                {10, 1, 18000, 1 + 470 + 15 + 3000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kai_network *net = expand("national.net", 7, rows[i].num, rows[i].den);

        check(net);
        assert_int_equal(net->n_nodes, rows[i].nodes);
        assert_int_equal(net->n_auds, rows[i].auds);
        assert_in_range(dial_out_of(net) * 1000 / net->n_nodes, 390, 412);
        assert_int_equal(orgs_of(net, "ministry"), 5);
        kai_network_free(net);
    }
    struct kai_network *net = NULL;
    assert_int_equal(kai_netfile_expand(&net, &file, 1, 0, 1), KAI_EMALFORMED);
    assert_int_equal(kai_netfile_expand(&net, &file, 1, 1, 0), KAI_EMALFORMED);
    assert_int_equal(kai_netfile_expand(&net, &file, 1, 1, KAI_NETWORK_SCALE_MAX + 1),
                     KAI_EMALFORMED);
    assert_int_equal(kai_netfile_expand(&net, &file, 1, 1000, 1), KAI_ELIMIT);
    assert_null(net);
}

static void test_others(void **state)
{
    struct kai_network *net = expand("regional.net", 5, 1, 1);

    (void)state;
    check(net);
    assert_int_equal(orgs_of(net, "town"), 19);
    assert_int_equal(orgs_of(net, "emergency") + orgs_of(net, "hospital"), 43);
    assert_int_equal(orgs_of(net, "school") + orgs_of(net, "high-school"), 117 + 57 + 5 + 32);
    assert_int_equal(auds_of(net, "schools"), 19);
    for (size_t i = 0; i < net->n_auds; i++)
        if (strcmp(net->file.aud[net->aud[i].from].name, "schools") == 0) {
            assert_in_range(net->aud[i].n_members, 1 + 9, 1 + 10);
            assert_int_equal(net->aud[i].n_relays, 1);
            assert_true(net->node[net->aud[i].relays[0]].relay);
        }
    assert_int_equal(net->org[0].n_further, 2 + 2);
    kai_network_free(net);
    net = expand("isac.net", 5, 1, 1);
    check(net);
    assert_int_equal(net->n_orgs, 101);
    assert_int_equal(net->n_nodes, 1 + 2 + 2 + 66 + 33 + 34);
    kai_network_free(net);
}

static bool same(const struct kai_network *a, const struct kai_network *b)
{
    if (a->n_orgs != b->n_orgs || a->n_nodes != b->n_nodes || a->n_members != b->n_members)
        return false;
    for (size_t i = 0; i < a->n_nodes; i++)
        if (a->node[i].dial_out != b->node[i].dial_out)
            return false;
    return memcmp(a->member, b->member, a->n_members * sizeof *a->member) == 0;
}

static void test_seed(void **state)
{
    struct kai_network *a = expand("national.net", 11, 1, 1);
    struct kai_network *b = expand("national.net", 11, 1, 1);
    struct kai_network *c = expand("national.net", 12, 1, 1);
    uint64_t sum = 0;

    (void)state;
    assert_true(same(a, b));
    assert_false(same(a, c));
    for (size_t i = 0; i < a->n_members; i++)
        sum = 31 * sum + a->member[i];
    for (size_t i = 0; i < a->n_nodes; i++)
        sum = 31 * sum + a->node[i].dial_out;
    /* The same on every machine: a change of it changes what every seed of a ledger means. */
    assert_int_equal(sum, UINT64_C(0x94c009977b9ab5fa));
    kai_network_free(a);
    kai_network_free(b);
    kai_network_free(c);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void test_paths(void **state)
{
    enum { N = 50000 };
    struct kai_network *net = expand("national.net", 3, 1, 1);
    uint64_t *ms = calloc(N, sizeof *ms);

    (void)state;
    assert_non_null(ms);
    for (size_t i = 0; i < N; i++) {
        size_t a = i % net->n_nodes;
        size_t b = (i * 7919 + 1) % net->n_nodes;
        struct kai_network_path p = kai_network_path_of(net, a, b);
        struct kai_network_path q = kai_network_path_of(net, b, a);

        assert_int_equal(p.latency_ms, q.latency_ms);
        assert_true(p.kbit == 100000 || p.kbit == 1000000);
        ms[i] = p.latency_ms;
    }
    qsort(ms, N, sizeof *ms, by_size);
    assert_true(ms[0] >= 1);
    assert_int_equal(ms[N / 2], 12);
    assert_in_range(ms[N * 84 / 100], 18, 20); /* 1.6 times. */
    assert_in_range(ms[N * 16 / 100], 7, 8);
    assert_in_range(ms[N - 1], 30, 50);
    free(ms);
    kai_network_free(net);
}

#define BEGIN "kairan-network 1\nlatency x median 5ms\n"
#define ROOT  BEGIN "orgs root\n"

static const struct {
    const char *text;
    size_t line;
    const char *says;
    enum kai_err err;
} mistakes[] = {
    {"", 1, "nobody", KAI_EMALFORMED},
    {"# only this\n", 1, "nobody", KAI_EMALFORMED},
    {"\n\norgs x\n", 3, "begin with kairan-network 1", KAI_EMALFORMED},
    {"kairan-network 2\n", 1, "begin with kairan-network 1", KAI_EMALFORMED},
    {ROOT, 3, "without an audience", KAI_EMALFORMED},
    {BEGIN "town x\n", 3, "no statement \"town\"", KAI_EMALFORMED},
    {"kairan-network 1\norgs x\n", 2, "no class", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x\n", 2, "no median", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x median 0ms\n", 2, "1ms to 10000ms", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x median 5\n", 2, "1ms to 10000ms", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x median 5.5ms\n", 2, "1ms to 10000ms", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x median\n", 2, "no value", KAI_EMALFORMED},
    {"kairan-network 1\nlatency x median 5ms loss 0.125%\n", 2, "0% to 50%", KAI_EMALFORMED},
    {BEGIN "latency x median 5ms\n", 3, "a second", KAI_EMALFORMED},
    {BEGIN "orgs X\n", 3, "needs a name", KAI_EMALFORMED},
    {BEGIN "orgs\n", 3, "needs a name", KAI_EMALFORMED},
    {BEGIN "orgs all\n", 3, "needs a name", KAI_EMALFORMED},
    {BEGIN "orgs a2345678901234567890123456789012\n", 3, "needs a name", KAI_EMALFORMED},
    {BEGIN "orgs a count 2\n", 3, "founder", KAI_EMALFORMED},
    {BEGIN "orgs a colour 2\n", 3, "\"colour\" means nothing", KAI_EMALFORMED},
    {BEGIN "orgs a nodes 1 nodes 1\n", 3, "twice", KAI_EMALFORMED},
    {BEGIN "orgs a nodes 3-2\n", 3, "a range as in 1-3", KAI_EMALFORMED},
    {BEGIN "orgs a nodes 9\n", 3, "a range as in 1-3", KAI_EMALFORMED},
    {BEGIN "orgs a sectors 1\n", 3, "0 sectors", KAI_EMALFORMED},
    {BEGIN "orgs a line y\n", 3, "no class \"y\"", KAI_EMALFORMED},
    {BEGIN "orgs a churn 3%\n", 3, "without down", KAI_EMALFORMED},
    {BEGIN "orgs a publish 3/week\n", 3, "0.5/day", KAI_EMALFORMED},
    {ROOT "orgs b count 3\n", 4, "parent root", KAI_EMALFORMED},
    {ROOT "orgs b parent c\n", 4, "no group \"c\"", KAI_EMALFORMED},
    {ROOT "orgs b parent root by 1,2\n", 4, "2 weights", KAI_EMALFORMED},
    {ROOT "orgs b parent root by 0\n", 4, "not all 0", KAI_EMALFORMED},
    {ROOT "orgs b parent root by 1,\n", 4, "3,1,2", KAI_EMALFORMED},
    {ROOT "orgs b count 131072 parent root\n", 4, "organisations in all", KAI_ELIMIT},
    {ROOT "orgs root parent root\n", 4, "a second", KAI_EMALFORMED},
    {ROOT "sectors 4\n", 4, "above all orgs", KAI_EMALFORMED},
    {BEGIN "sectors 65\n", 3, "1 to 64", KAI_EMALFORMED},
    {ROOT "audience a\n", 4, "no kind", KAI_EMALFORMED},
    {ROOT "audience a kind mailbox\n", 4, "providers", KAI_EMALFORMED},
    {ROOT "audience a kind group\n", 4, "no members", KAI_EMALFORMED},
    {ROOT "audience a kind group members root,root\n", 4, "twice", KAI_EMALFORMED},
    {ROOT "audience a kind group members root,x\n", 4, "no group \"x\"", KAI_EMALFORMED},
    {ROOT "audience a kind group members all random 3\n", 4, "both or none", KAI_EMALFORMED},
    {ROOT "audience a kind group members all per-sector\n", 4, "no sectors", KAI_EMALFORMED},
    {ROOT "audience a kind group members all each root per-sector\n", 4, "only one",
     KAI_EMALFORMED},
    {ROOT "audience a kind clients members all\n", 4, "write each", KAI_EMALFORMED},
    {ROOT "audience a kind group members all each root owner root\n", 4, "leave owner out",
     KAI_EMALFORMED},
    {ROOT "audience a kind group members all relays 1\n", 4, "from root", KAI_EMALFORMED},
    {ROOT "audience a kind group members all if-few\n", 4, "from root", KAI_EMALFORMED},
    {ROOT "audience a kind group members all stewards 5\n", 4, "1 to 4", KAI_EMALFORMED},
    {ROOT "audience a kind group members all stewards 99999999999999999999\n", 4, "1 to 4",
     KAI_EMALFORMED},
    {ROOT "audience \xc3\xa9 kind group members all\n", 4, "not ASCII", KAI_EMALFORMED},
};

/* Every mistake is refused in its line, and the error says what to write. */
static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct kai_netfile_error e = {0};
        enum kai_err err =
            kai_netfile_parse(&file, kai_view_of(mistakes[i].text, strlen(mistakes[i].text)), &e);

        if (err != mistakes[i].err || e.line != mistakes[i].line ||
            strstr(e.text, mistakes[i].says) == NULL)
            fail_msg("row %zu: %d, line %zu: %s", i, (int)err, e.line, e.text);
        assert_int_equal(
            kai_netfile_parse(&file, kai_view_of(mistakes[i].text, strlen(mistakes[i].text)), NULL),
            err);
    }
}

static void refused(struct kai_buf *b, size_t line, const char *says)
{
    struct kai_netfile_error e = {0};

    assert_int_equal(b->err, KAI_OK);
    assert_int_equal(kai_netfile_parse(&file, kai_buf_view(b), &e), KAI_ELIMIT);
    assert_int_equal(e.line, line);
    assert_non_null(strstr(e.text, says));
    kai_buf_clear(b);
}

static void test_bounds(void **state)
{
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 1u << 20);
    memset(kai_buf_room(&b, KAI_NETFILE_BYTES_MAX + 1), '\n', KAI_NETFILE_BYTES_MAX + 1);
    refused(&b, 1, "a file of");
    kai_buf_text(&b, "kairan-network 1\n#");
    memset(kai_buf_room(&b, KAI_NETFILE_LINE_MAX), 'x', KAI_NETFILE_LINE_MAX);
    refused(&b, 2, "a line of");
    kai_buf_text(&b, BEGIN "orgs");
    for (int i = 0; i < 60; i++)
        kai_buf_text(&b, " x");
    refused(&b, 3, "words");
    kai_buf_text(&b, "kairan-network 1\n");
    for (unsigned i = 0; i <= KAI_NETFILE_CLASSES; i++)
        kai_buf_printf(&b, "latency c%u median 1ms\n", i);
    refused(&b, 2 + KAI_NETFILE_CLASSES, "lines of latency");
    kai_buf_text(&b, ROOT);
    for (unsigned i = 0; i <= KAI_NETFILE_GROUPS; i++)
        kai_buf_printf(&b, "orgs g%u parent root\n", i);
    refused(&b, 3 + KAI_NETFILE_GROUPS, "lines of orgs");
    kai_buf_text(&b, ROOT);
    for (unsigned i = 0; i <= KAI_NETFILE_AUDS; i++)
        kai_buf_printf(&b, "audience a%u kind public members all\n", i);
    refused(&b, 4 + KAI_NETFILE_AUDS, "lines of audience");
    kai_buf_free(&b);
}

/* Every prefix of the committed files is read or refused in its last line. */
static void test_prefixes(void **state)
{
    static uint8_t whole[KAI_NETFILE_BYTES_MAX];
    struct kai_view v = text_of("regional.net");
    size_t lines = 1;

    (void)state;
    memcpy(whole, v.p, v.n);
    for (size_t n = 0; n < v.n; n++) {
        struct kai_netfile_error e = {0};
        uint8_t *exact = malloc(n + 1); /* So that a sanitizer sees a read past the end. */

        assert_non_null(exact);
        memcpy(exact + 1, whole, n);
        if (kai_netfile_parse(&file, kai_view_of(exact + 1, n), &e) != KAI_OK)
            assert_true(e.line <= lines && e.line + 1 >= lines && e.text[0] != '\0');
        lines += whole[n] == '\n' ? 1 : 0;
        free(exact);
    }
}

/* The first, the second ... allocation fails: said so, and nothing is kept. */
static void test_memory(void **state)
{
    size_t failed = 0;

    (void)state;
    assert_int_equal(kai_netfile_parse(&file, text_of("national.net"), NULL), KAI_OK);
    for (size_t n = 0;; n++) {
        struct kai_network *net = NULL;
        enum kai_err err;

        oom_arm(n);
        err = kai_netfile_expand(&net, &file, 1, 1, 1);
        if (!oom_disarm()) {
            assert_int_equal(err, KAI_OK);
            kai_network_free(net);
            break;
        }
        assert_int_equal(err, KAI_ENOMEM);
        assert_null(net);
        failed++;
    }
    assert_true(failed > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_national), cmocka_unit_test(test_scale),
        cmocka_unit_test(test_others),   cmocka_unit_test(test_seed),
        cmocka_unit_test(test_paths),    cmocka_unit_test(test_errors),
        cmocka_unit_test(test_bounds),   cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
