/* test_list: content kind 2: written, cut, read, refused, shown as STIX. */
#include "gen/gen.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/list.h"
#include "item/stix.h"
#include "unit/oom.h"
#include "wire/put.h"

#define CONTENTS_MAX 512

struct made {
    struct kai_view contents[CONTENTS_MAX];
    uint32_t n;
    uint64_t values;
};

static enum kai_err keep(void *ctx, struct kai_view content, uint32_t n_values)
{
    struct made *m = ctx;
    uint8_t *p = malloc(content.n);

    if (p == NULL)
        return KAI_ENOMEM;
    assert_true(m->n < CONTENTS_MAX);
    memcpy(p, content.p, content.n);
    m->contents[m->n++] = kai_view_of(p, content.n);
    m->values += n_values;
    return KAI_OK;
}

static void drop(struct made *m)
{
    for (uint32_t i = 0; i < m->n; i++)
        data_free(m->contents[i]);
    *m = (struct made){.n = 0};
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* n sorted values of the generator; *text holds them. */
static char **sorted(size_t n, enum kai_vtype type, char **text)
{
    char **values = malloc(n * sizeof *values);
    size_t bytes;
    FILE *f = open_memstream(text, &bytes);
    char *at;

    assert_true(gen_list(f, n, 5, type));
    (void)fclose(f);
    at = *text;
    for (size_t i = 0; i < n; i++) {
        values[i] = at; /* Not by strchr(), which a sanitizer has read the whole of the rest. */
        at = memchr(at, '\n', bytes - (size_t)(at - *text));
        *at++ = '\0';
    }
    qsort(values, n, sizeof *values, by_text);
    return values;
}

static struct made write_all(char *const *values, size_t n, enum kai_vtype type, size_t left_out)
{
    struct made m = {.n = 0};
    struct kai_list_writer w;

    kai_list_writer_init(&w, type, V("{\"name\":\"x\"}"), keep, &m);
    for (size_t i = 0; i < n; i++)
        if (i != left_out)
            kai_list_writer_add(&w, V(values[i]));
    assert_int_equal(kai_list_writer_end(&w), KAI_OK);
    return m;
}

static void test_round_trip(void **state)
{
    static const enum kai_vtype types[] = {KAI_V_IPV4,   KAI_V_DOMAIN, KAI_V_URL,
                                           KAI_V_SHA256, KAI_V_IPV6,   KAI_V_MD5};
    (void)state;

    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        char *text;
        size_t n = 30000;
        size_t at_value = 0;
        char **values = sorted(n, types[t], &text);
        struct made m = write_all(values, n, types[t], SIZE_MAX);

        assert_int_equal(m.values, n);
        for (uint32_t i = 0; i < m.n; i++) {
            struct kai_list list;
            struct kai_list_marks marks;
            struct kai_why why = {.code = NULL};
            struct kai_view v;
            size_t at = 0;
            uint32_t nth = 0;

            assert_int_equal(kai_list_read(&list, m.contents[i], true, &why), KAI_OK);
            kai_list_mark(&list, &marks);
            assert_int_equal(list.type, types[t]);
            assert_true(list.n <= KAI_LIST_VALUES_MAX && m.contents[i].n <= KAI_LIST_BYTES_MAX);
            while (kai_list_next(&list, &at, &v)) {
                uint32_t index = 0;

                assert_true(kai_view_eq(v, V(values[at_value])));
                assert_true(kai_list_at(&list, &marks, nth++, &v));
                assert_true(kai_view_eq(v, V(values[at_value])));
                if (at_value % 97 == 0) {
                    assert_true(kai_list_find(&list, v, &index));
                    assert_true(kai_list_at(&list, NULL, index, &v));
                    assert_true(kai_view_eq(v, V(values[at_value])));
                }
                at_value++;
            }
            assert_false(kai_list_find(&list, V("!"), NULL));
            assert_false(kai_list_find(&list, V("~"), NULL));
            assert_false(kai_list_find(&list, kai_view_of(list.values.p, 5), NULL));
            assert_false(kai_list_at(&list, NULL, list.n, &v));
            assert_false(kai_list_at(&list, &marks, list.n, &v));
        }
        assert_int_equal(at_value, n);
        drop(&m);
        free(values);
        free(text);
    }
}

/* One value less leaves most contents as they were. */
static void test_cuts_are_stable(void **state)
{
    char *text;
    size_t n = 100000;
    char **values = sorted(n, KAI_V_IPV4, &text);
    struct made a = write_all(values, n, KAI_V_IPV4, SIZE_MAX);
    (void)state;

    assert_true(a.n > 10);
    for (size_t left_out = 0; left_out < n; left_out += 9973) {
        struct made b = write_all(values, n, KAI_V_IPV4, left_out);
        unsigned same = 0;

        for (uint32_t i = 0; i < a.n; i++)
            for (uint32_t j = 0; j < b.n; j++)
                same += kai_view_eq(a.contents[i], b.contents[j]);
        assert_true(same < a.n);
        assert_true(same * 2 > a.n);
        drop(&b);
    }
    drop(&a);
    free(values);
    free(text);
}

static enum kai_err read_parts(const char *tmpl, uint64_t type, const char *values,
                               struct kai_why *why)
{
    struct kai_buf b;
    struct kai_list list;

    kai_buf_init(&b, 1u << 20);
    kai_put_array(&b, 3);
    kai_put_bin(&b, tmpl, strlen(tmpl));
    kai_put_uint(&b, type);
    kai_put_bin(&b, values, strlen(values));
    enum kai_err err = kai_list_read(&list, kai_buf_view(&b), true, why);
    kai_buf_free(&b);
    return err;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *tmpl;
        uint64_t type;
        const char *values;
        const char *code;
    } table[] = {
        {"{}", 3, "a.example\nb.example", NULL},
        {"{}", 3, "b.example\na.example", "list.order"},
        {"{}", 3, "a.example\na.example", "list.order"},
        {"{}", 3, "A.example", "list.value"},
        {"{}", 3, "a.example\n", "list.shape"},
        {"{}", 3, "\na.example", "list.value"},
        {"{}", 3, "a.example\n\nb.example", "list.value"},
        {"{}", 3, "", "list.shape"},
        {"{}", 1, "192.0.2.0/32", "list.value"},
        {"{}", 1, "192.0.2.1/24", "list.value"},
        {"{}", 0, "a.example", "list.type"},
        {"{}", 35, "a.example", "list.type"},
        {"[]", 3, "a.example", "list.template"},
        {" {}", 3, "a.example", "list.template"},
        {"{", 3, "a.example", "json.syntax"},
        {"", 3, "a.example", "json.syntax"},
        {"{\"id\":1}", 3, "a.example", "list.template"},
        {"{\"\\u0069d\":1}", 3, "a.example", "list.template"},
        {"{\"name\":1,\"name\":2}", 3, "a.example", "json.duplicate-key"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct kai_why why = {.code = NULL};
        enum kai_err err = read_parts(table[i].tmpl, table[i].type, table[i].values, &why);

        assert_int_equal(err == KAI_OK, table[i].code == NULL);
        if (table[i].code != NULL)
            assert_string_equal(why.code, table[i].code);
    }
}

static void test_prefixes_and_flips(void **state)
{
    char *values[] = {(char[]){"a.example"}, (char[]){"b.example"}, (char[]){"c.example"}};
    struct made m = write_all(values, 3, KAI_V_DOMAIN, SIZE_MAX);
    struct kai_view c = m.contents[0];
    struct kai_list list;
    unsigned refused = 0;
    (void)state;

    for (size_t cut = 0; cut < c.n; cut++) {
        uint8_t *p = malloc(cut + 1);

        memcpy(p, c.p, cut);
        assert_int_not_equal(kai_list_read(&list, kai_view_of(p, cut), false, NULL), KAI_OK);
        free(p);
    }
    for (size_t bit = 0; bit < 8 * c.n; bit++) {
        uint8_t *p = malloc(c.n);

        memcpy(p, c.p, c.n);
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused += kai_list_read(&list, kai_view_of(p, c.n), true, NULL) != KAI_OK;
        free(p);
    }
    assert_true(refused > 4 * c.n);
    drop(&m);
}

static void test_writer_refuses(void **state)
{
    static char big[KAI_VALUE_BYTES_MAX + 1];
    static const char *const bad[][2] = {{"b", "a"}, {"a", "a"}, {"ab", "a"}, {"a", ""}};
    struct made m = {.n = 0};
    struct kai_list_writer w;
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        kai_list_writer_init(&w, KAI_V_MUTEX, V("{}"), keep, &m);
        kai_list_writer_add(&w, V(bad[i][0]));
        kai_list_writer_add(&w, V(bad[i][1]));
        assert_int_equal(kai_list_writer_end(&w), KAI_EMALFORMED);
    }
    memset(big, 'a', sizeof big);
    kai_list_writer_init(&w, KAI_V_MUTEX, V("{}"), keep, &m);
    kai_list_writer_add(&w, kai_view_of(big, sizeof big));
    assert_int_equal(kai_list_writer_end(&w), KAI_EMALFORMED);
    assert_int_equal(m.n, 0);
    kai_list_writer_init(&w, KAI_V_MUTEX, V("{}"), keep, &m);
    assert_int_equal(kai_list_writer_end(&w), KAI_OK); /* Nothing makes nothing. */
    assert_int_equal(m.n, 0);
}

struct one {
    enum kai_vtype type;
    struct kai_view norm;
    unsigned n;
};

static bool is_one(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct one *o = ctx;

    assert_int_equal(type, o->type);
    assert_true(kai_view_eq(norm, o->norm));
    assert_int_equal(strength, KAI_ATOM_STRONG);
    o->n++;
    return true;
}

/* Every type's indicator is STIX, carries the label, and says its value again. */
static void test_stix(void **state)
{
    static const struct {
        enum kai_vtype type;
        const char *norm;
    } all[] = {
        {KAI_V_IPV4, "192.0.2.0/24"},
        {KAI_V_DOMAIN, "a.example"},
        {KAI_V_URL, "http://a.example/it's\"\\here"},
        {KAI_V_REGKEY, "HKLM\\Soft'ware\\\\x"},
        {KAI_V_MUTEX, "\xe5\x9b\x9e\xe8\xa6\xa7"},
        {KAI_V_ASN, "64496"},
        {KAI_V_CVE, "CVE-2021-44228"},
        {KAI_V_USER_AGENT, "Evil/1.0 (x)"},
        {KAI_V_HASH, "abcd"},
        {KAI_V_OTHER, "x"},
        {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
        {KAI_V_EMAIL, "a@a.example"},
        {KAI_V_CPE, "cpe:2.3:a:ex\\:ample:prod:1.0:*:*:*:*:*:*:*"},
    };
    uint8_t origin[KAI_ID_BYTES] = {1, 2, 3};
    struct kai_label label = {.tlp = KAI_TLP_AMBER_STRICT};
    char last[KAI_STIX_ID_CAP] = "";
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *value = strdup(all[i].norm);
        struct made m = write_all(&value, 1, all[i].type, SIZE_MAX);
        struct kai_list list;
        struct kai_stix_info info;
        struct kai_why why = {.code = NULL};
        struct kai_buf b;
        struct kai_buf again;
        struct one one = {.type = all[i].type, .norm = V(all[i].norm)};

        kai_buf_init(&b, 65536);
        kai_buf_init(&again, 65536);
        assert_int_equal(kai_list_read(&list, m.contents[0], true, &why), KAI_OK);
        assert_int_equal(kai_list_stix(&list, 1, 5, label, origin, &b), KAI_ENOTFOUND);
        assert_int_equal(kai_list_stix(&list, 0, 1767225600123, label, origin, &b), KAI_OK);
        if (kai_stix_check(kai_buf_view(&b), &info, &why) != KAI_OK)
            fail_msg("%.*s: %s %s", (int)b.len, (char *)b.p, why.code, why.arg[0]);
        assert_int_equal(info.label.tlp, KAI_TLP_AMBER_STRICT);
        assert_int_equal(info.created_ms, 1767225600123);
        assert_string_equal(info.name, "x");
        assert_string_not_equal(info.id, last);
        strcpy(last, info.id);
        assert_int_equal(kai_stix_values(kai_buf_view(&b), is_one, &one), KAI_OK);
        assert_int_equal(one.n, 1);
        /* Another edition has the same id, another origin has not. */
        assert_int_equal(kai_list_stix(&list, 0, 1, label, origin, &again), KAI_OK);
        assert_int_equal(kai_stix_check(kai_buf_view(&again), &info, &why), KAI_OK);
        assert_string_equal(info.id, last);
        origin[31] ^= 1;
        kai_buf_clear(&again);
        assert_int_equal(kai_list_stix(&list, 0, 1, label, origin, &again), KAI_OK);
        assert_int_equal(kai_stix_check(kai_buf_view(&again), &info, &why), KAI_OK);
        assert_string_not_equal(info.id, last);
        origin[31] ^= 1;
        kai_buf_free(&b);
        kai_buf_free(&again);
        drop(&m);
        free(value);
    }
}

static void test_value_id(void **state)
{
    uint8_t item[KAI_ID_BYTES];
    uint8_t a[KAI_ID_BYTES];
    uint8_t b[KAI_ID_BYTES];
    (void)state;

    memset(item, 7, sizeof item);
    kai_value_id(a, item, V("a"));
    kai_value_id(b, item, V("b"));
    assert_memory_equal(a, item, 16);
    assert_memory_not_equal(a + 16, b + 16, 16);
    item[31] ^= 1; /* The item's other half counts too. */
    kai_value_id(b, item, V("a"));
    assert_memory_equal(a, b, 16);
    assert_memory_not_equal(a + 16, b + 16, 16);
}

static void test_no_memory(void **state)
{
    size_t n = 0;
    char *text;
    char **values = sorted(5000, KAI_V_IPV4, &text);
    enum kai_err err;
    (void)state;

    do {
        struct made m = {.n = 0};
        struct kai_list_writer w;

        oom_arm(n);
        kai_list_writer_init(&w, KAI_V_IPV4, V("{}"), keep, &m);
        for (size_t i = 0; i < 5000; i++)
            kai_list_writer_add(&w, V(values[i]));
        err = kai_list_writer_end(&w);
        drop(&m);
    } while (oom_again(&n, err));
    assert_true(n > 5);
    free(values);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_cuts_are_stable),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_writer_refuses), cmocka_unit_test(test_stix),
        cmocka_unit_test(test_value_id),       cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
