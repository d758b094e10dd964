/* test_aside: a list that is read with help comes out as it does without. */
#include "crypto/hash.h"
#include "item/cm.h"
#include "item/import.h"

#define FILE_CAP (24u << 20)

/* All that an importer told, in order: contents by their bytes, refusals and notes by code, line
 * and arguments. */
struct told {
    struct kai_hasher all;
    uint64_t items;
    uint64_t values;
    uint64_t refused;
    uint64_t first_line; /* Of a refusal. */
};

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    struct told *t = ctx;

    kai_hash_add(&t->all, c->content.p, c->content.n);
    t->items++;
    t->values += c->n;
    return KAI_OK;
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct told *t = ctx;

    (void)id;
    kai_hash_add(&t->all, why->code, strlen(why->code));
    kai_hash_add(&t->all, &why->line, sizeof why->line);
    kai_hash_add(&t->all, why->arg[0], strlen(why->arg[0]));
    t->first_line = t->refused++ == 0 ? why->line : t->first_line;
    return KAI_OK;
}

/* ---- Who helps: at once, or when he is waited for, or never. */
struct later {
    void (*f)(void *arg);
    void *arg;
};
static struct later last;
static unsigned begun;

static void *begin_now(void (*f)(void *arg), void *arg)
{
    begun++;
    f(arg);
    return &last;
}

static void *begin_later(void (*f)(void *arg), void *arg)
{
    begun++;
    last = (struct later){.f = f, .arg = arg};
    return &last;
}

static void *begin_never(void (*f)(void *arg), void *arg)
{
    (void)f;
    (void)arg;
    begun++;
    return NULL;
}

static void end_now(void *which)
{
    assert_ptr_equal(which, &last);
}

static void end_later(void *which)
{
    assert_ptr_equal(which, &last);
    last.f(last.arg);
}

static const struct kai_aside helpers[] = {
    {begin_now, end_now}, {begin_later, end_later}, {begin_never, end_now}};

static void scan(struct kai_view file, const struct kai_aside *aside, struct told *t,
                 uint8_t sum[static KAI_ID_BYTES], uint64_t *doubles)
{
    const struct kai_import_opts opts = {
        .label = {.tlp = KAI_TLP_GREEN}, .skip_bad = true, .aside = aside};
    const struct kai_import_sink sink = {.ctx = t, .item = on_item, .refuse = on_refuse};
    struct kai_import_sum s;

    *t = (struct told){.items = 0};
    kai_hash_begin(&t->all, KAI_D_ITEM);
    assert_int_equal(kai_import_scan(file, "list", &opts, &sink, &s), KAI_OK);
    kai_hash_end(&t->all, sum);
    *doubles = s.doubles;
}

static void same(struct kai_buf *file, unsigned begun_least, struct told *alone)
{
    uint8_t want[KAI_ID_BYTES];
    uint64_t doubles;

    assert_int_equal(file->err, KAI_OK);
    scan(kai_buf_view(file), NULL, alone, want, &doubles);
    for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
        struct told t;
        uint8_t got[KAI_ID_BYTES];
        uint64_t also;

        begun = 0;
        scan(kai_buf_view(file), &helpers[i], &t, got, &also);
        assert_true(begun >= begun_least);
        assert_int_equal(t.items, alone->items);
        assert_int_equal(t.values, alone->values);
        assert_int_equal(t.refused, alone->refused);
        assert_int_equal(t.first_line, alone->first_line);
        assert_int_equal(also, doubles);
        assert_memory_equal(got, want, sizeof want);
    }
    kai_buf_free(file);
}

static void line(struct kai_buf *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void line(struct kai_buf *file, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    kai_buf_text(file, text);
}

/* Values of each kind: in the file as they are, refanged, some twice, comments and blank lines. */
static void mixed(struct kai_buf *file, unsigned n, unsigned bad_each)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned a = i * 2654435761u;

        if (bad_each > 0 && i % bad_each == bad_each - 1)
            line(file, "no value at all %u\n", i);
        switch (i % 6) {
        case 0:
            line(file, "%u.%u.%u.%u\r\n", a & 255, a >> 8 & 255, a >> 16 & 255, a >> 24);
            break;
        case 1:
            line(file, "hxxp://evil%u[.]example/%u\n", a % 5000, a);
            break;
        case 2:
            line(file, "A%x.B%u.Example\n", a % 100000, i % 77);
            break;
        case 3:
            line(file, "%08x%056u\n", a, i);
            break;
        case 4:
            line(file, "# %u\n\n", i);
            break;
        default:
            line(file, "10.%u.0.0/16\n", i % 256);
        }
    }
}

static void test_mixed(void **state)
{
    struct kai_buf file;
    struct told t;

    (void)state;
    kai_buf_init(&file, FILE_CAP);
    mixed(&file, 200000, 0);
    same(&file, 2, &t);
    assert_int_equal(t.refused, 0);
    assert_true(t.values > 50000);
}

static void test_refused(void **state)
{
    static const unsigned each[] = {1, 1000, 50000};
    struct told t;

    (void)state;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        struct kai_buf file;

        kai_buf_init(&file, FILE_CAP);
        mixed(&file, 120000, each[i]);
        same(&file, 1, &t);
        assert_int_equal(t.refused, 120000 / each[i]);
    }
}

/* A window of a million values ends inside a piece: as without help. */
static void test_windows(void **state)
{
    struct kai_buf file;
    struct told t;

    (void)state;
    kai_buf_init(&file, FILE_CAP);
    for (unsigned i = 0; i < 1300000; i++)
        line(&file, "%u.%u.%u.%u\n", i * 7 % 13 + 1, i >> 16, i >> 8 & 255, i & 255);
    same(&file, 5, &t);
    assert_int_equal(t.values, 1300000);
}

/* What fits a piece, and one that ends in a line without an end. */
static void test_short(void **state)
{
    struct kai_buf file;
    struct told t;

    (void)state;
    kai_buf_init(&file, FILE_CAP);
    mixed(&file, 100, 7);
    same(&file, 0, &t);
    kai_buf_init(&file, FILE_CAP);
    line(&file, "1.2.3.4\n");
    for (unsigned i = 0; i < 1100000; i++)
        kai_buf_u8(&file, i % 100 == 0 ? '\n' : ' ');
    kai_buf_text(&file, "5.6.7.8");
    same(&file, 1, &t);
    assert_int_equal(t.values, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
