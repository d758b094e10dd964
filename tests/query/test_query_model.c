/* Random rows and expressions: the index and the plain array must give the same answers. */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/model_rows.h"

/* ---- Making expressions, with what they mean. */
enum node_kind { NODE_TERM, NODE_AND, NODE_OR, NODE_NOT };
struct node {
    enum node_kind kind;
    int a, b;
    char prefix[16];
    char text[80];
};
static struct node node[128];
static int n_nodes;
static bool speaks[3]; /* Of withdrawn, expired, superseded. */

static int make_node(uint64_t *s, int depth)
{
    static const char *const others[][2] = {
        {"type", "malware"},   {"type", "indicator"}, {"type", "ipv4-addr"},
        {"label", "green"},    {"label", "<=green"},  {"label", ">=amber"},
        {"pap", ">=green"},    {"by", "o1"},          {"by", "o2"},
        {"audience", "o1"},    {"exercise", "yes"},   {"exercise", "no"},
        {"withdrawn", "yes"},  {"withdrawn", "any"},  {"expired", "any"},
        {"expired", "yes"},    {"superseded", "any"}, {"since", "100s"},
        {"until", "50s"},      {"seen", "150s"},      {"type", "domain-name"},
        {"exercise", "any"},   {"text", "fox"},       {"text", "alpha"},
        {"text", "\xc3\xa9T"}, {"text", "blue"},      {"text", "EXAMPLE.c"},
        {"value", "*.c*m"},    {"value", "192.*2*"},  {"domain", "*a*.com"},
        {"url", "*/5"},        {"ip", "2001*"},       {"domain", "w*.example.*"}};
    int me = n_nodes++;
    struct node *n = &node[me];
    uint64_t what = depth == 0 ? 0 : rnd_below(s, 6);

    memset(n, 0, sizeof *n);
    if (what >= 3 && n_nodes < 60) {
        int a = make_node(s, depth - 1);
        int b = what == 3 ? -1 : make_node(s, depth - 1);

        n = &node[me];
        n->kind = what == 3 ? NODE_NOT : what == 4 ? NODE_OR : NODE_AND;
        n->a = a;
        n->b = b;
        return me;
    }
    if (rnd_below(s, 3) > 0) {
        static const enum kai_vtype types[] = {KAI_V_IPV4, KAI_V_DOMAIN, KAI_V_URL, KAI_V_IPV6};
        static const char *const prefix[] = {"ip", "domain", "url", "ip"};
        size_t i = rnd_below(s, 4);
        struct value v;

        make_value(s, types[i], &v);
        (void)snprintf(n->prefix, sizeof n->prefix, "%s", prefix[i]);
        (void)snprintf(n->text, sizeof n->text, "%s%s",
                       i == 1 && rnd_below(s, 2) == 0 && strchr(v.text, '.') ? "*." : "", v.text);
    } else {
        size_t i = rnd_below(s, sizeof others / sizeof others[0]);

        (void)snprintf(n->prefix, sizeof n->prefix, "%s", others[i][0]);
        (void)snprintf(n->text, sizeof n->text, "%s", others[i][1]);
        speaks[0] |= strcmp(n->prefix, "withdrawn") == 0;
        speaks[1] |= strcmp(n->prefix, "expired") == 0;
        speaks[2] |= strcmp(n->prefix, "superseded") == 0;
    }
    return me;
}

static void print_node(int i, char *out, size_t cap)
{
    const struct node *n = &node[i];
    size_t at = strlen(out);

    if (n->kind == NODE_TERM) {
        (void)snprintf(out + at, cap - at, "%s:%s", n->prefix, n->text);
        return;
    }
    (void)snprintf(out + at, cap - at, n->kind == NODE_NOT ? "NOT (" : "(");
    print_node(n->a, out, cap);
    at = strlen(out);
    if (n->kind != NODE_NOT) {
        (void)snprintf(out + at, cap - at, n->kind == NODE_OR ? " OR " : " ");
        print_node(n->b, out, cap);
        at = strlen(out);
    }
    (void)snprintf(out + at, cap - at, ")");
}

/* Bits of an address, most significant first, and how many count. */
static bool bits_of(const char *text, uint8_t out[16], unsigned *n, int *family)
{
    char host[64];
    const char *slash = strchr(text, '/');

    (void)snprintf(host, sizeof host, "%.*s",
                   slash != NULL ? (int)(slash - text) : (int)strlen(text), text);
    memset(out, 0, 16);
    *family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    *n = slash != NULL ? (unsigned)strtoul(slash + 1, NULL, 10) : *family == AF_INET ? 32 : 128;
    return inet_pton(*family, host, out) == 1;
}

static bool ip_meets(const char *a, const char *b)
{
    uint8_t x[16];
    uint8_t y[16];
    unsigned n;
    unsigned m;
    int f;
    int g;

    if (!bits_of(a, x, &n, &f) || !bits_of(b, y, &m, &g) || f != g)
        return false;
    for (unsigned i = 0; i < n && i < m; i++) {
        if ((x[i / 8] ^ y[i / 8]) >> (7 - i % 8) & 1)
            return false;
    }
    return true;
}

static bool value_fits(const struct node *n, const struct value *v)
{
    bool is_ip = v->type == KAI_V_IPV4 || v->type == KAI_V_IPV6;
    size_t a = strlen(v->text);
    size_t b = strlen(n->text);

    if (strcmp(n->prefix, "text") == 0)
        return strcasestr(v->text, n->text) != NULL;
    if (strchr(n->text, '*') != NULL &&
        (n->text[0] != '*' || n->text[1] != '.' || strchr(n->text + 1, '*') != NULL))
        return fnmatch(n->text, v->text, 0) == 0 &&
               (n->prefix[0] == 'v' || (n->prefix[0] == 'i' && is_ip) ||
                strncmp(kai_vtype_name(v->type), n->prefix, strlen(n->prefix)) == 0);
    if (strcmp(n->prefix, "ip") == 0)
        return is_ip && ip_meets(n->text, v->text);
    if (strcmp(n->prefix, "url") == 0)
        return v->type == KAI_V_URL && strcmp(v->text, n->text) == 0;
    if (strcmp(n->prefix, "type") == 0)
        return strcmp(kai_vtype_name(v->type), n->text) == 0;
    if (strcmp(n->prefix, "domain") != 0 || v->type != KAI_V_DOMAIN)
        return false;
    if (n->text[0] != '*')
        return strcmp(v->text, n->text) == 0;
    return strcmp(v->text, n->text + 2) == 0 ||
           (a > b - 1 && strcmp(v->text + a - (b - 1), n->text + 1) == 0);
}

/* The same as some_texts[], said in another way. */
static bool text_fits(const char *text, const struct kai_row *r)
{
    unsigned i = r->item_id[0] % TEXTS;

    if (strcmp(text, "fox") == 0)
        return i == 0 || i == 2;
    if (strcmp(text, "alpha") == 0)
        return i == 0 || i == 1;
    if (strcmp(text, "blue") == 0)
        return i == 2;
    return text[0] == '\xc3' && i == 1;
}

static bool row_fits(const struct node *n, const struct kai_row *r)
{
    bool yes = strcmp(n->text, "yes") == 0;
    bool any = strcmp(n->text, "any") == 0;

    if (strcmp(n->prefix, "type") == 0)
        return strcmp(n->text, r->type) == 0;
    if (strcmp(n->prefix, "text") == 0)
        return text_fits(n->text, r);
    if (strcmp(n->prefix, "label") == 0)
        return n->text[0] == 'g' ? r->tlp == 2 : n->text[0] == '<' ? r->tlp <= 2 : r->tlp >= 3;
    if (strcmp(n->prefix, "pap") == 0)
        return r->pap >= 2;
    if (strcmp(n->prefix, "by") == 0)
        return r->origin[0] == n->text[1] - '0';
    if (strcmp(n->prefix, "audience") == 0)
        return r->aud_id[0] == n->text[1] - '0';
    if (strcmp(n->prefix, "exercise") == 0)
        return any || yes == ((r->flags & KAI_ROW_EXERCISE) != 0);
    if (strcmp(n->prefix, "withdrawn") == 0)
        return any || yes == ((r->flags & KAI_ROW_WITHDRAWN) != 0);
    if (strcmp(n->prefix, "superseded") == 0)
        return any || yes == ((r->flags & KAI_ROW_SUPERSEDED) != 0);
    if (strcmp(n->prefix, "expired") == 0)
        return any || yes == (r->valid_until_ms != 0 && r->valid_until_ms <= NOW);
    if (strcmp(n->prefix, "since") == 0)
        return r->first_seen_ms >= NOW - 100000;
    if (strcmp(n->prefix, "seen") == 0)
        return r->first_seen_ms >= NOW - 150000;
    if (strcmp(n->prefix, "until") == 0)
        return r->first_seen_ms < NOW - 50000;
    return false;
}

/* unit: a value of a list, or -1: the object with all its values. */
static bool model_fits(int i, const struct model_row *m, int unit)
{
    const struct node *n = &node[i];

    switch (n->kind) {
    case NODE_AND:
        return model_fits(n->a, m, unit) && model_fits(n->b, m, unit);
    case NODE_OR:
        return model_fits(n->a, m, unit) || model_fits(n->b, m, unit);
    case NODE_NOT:
        return !model_fits(n->a, m, unit);
    case NODE_TERM:
        if (row_fits(n, &m->row))
            return true;
        for (size_t j = 0; j < m->n; j++) {
            if ((unit < 0 || (size_t)unit == j) && value_fits(n, &m->v[j]))
                return true;
        }
        return false;
    }
    return false;
}

static bool model_current(const struct kai_row *r)
{
    return (speaks[0] || (r->flags & KAI_ROW_WITHDRAWN) == 0) &&
           (speaks[1] || r->valid_until_ms == 0 || r->valid_until_ms > NOW) &&
           (speaks[2] || (r->flags & KAI_ROW_SUPERSEDED) == 0);
}

/* ---- Comparing. */
struct got {
    uint64_t row[UNITS];
    uint64_t index[UNITS];
    size_t n;
    uint8_t hit[ROWS][VALUES];
};

static bool on_hit(void *ctx, const struct kai_query_hit *hit)
{
    struct got *g = ctx;
    const struct model_row *m = &rows[hit->row->no - 1];

    assert_true(g->n < UNITS);
    g->row[g->n] = hit->row->no;
    g->index[g->n++] = hit->index;
    if (hit->index == KAI_INDEX_WHOLE) {
        assert_true(m->list);
        for (size_t j = 0; j < m->n; j++)
            assert_int_equal(g->hit[hit->row->no - 1][j]++, 0);
    } else {
        assert_true(hit->index < VALUES);
        assert_int_equal(g->hit[hit->row->no - 1][hit->index]++, 0);
    }
    if (hit->type != KAI_V_NONE) { /* What it says matched is one of its values. */
        bool found = false;

        for (size_t j = 0; j < m->n; j++)
            found |= m->v[j].type == hit->type && (!m->list || hit->index == j) &&
                     hit->value.n == strlen(m->v[j].text) &&
                     memcmp(hit->value.p, m->v[j].text, hit->value.n) == 0;
        assert_true(found);
    }
    return true;
}

static void run_all(const struct kai_query *q, struct kai_ixsnap *r, uint64_t limit, struct got *g)
{
    struct kai_query_at at = {0};
    bool done = false;

    memset(g, 0, sizeof *g);
    for (unsigned pages = 0; !done; pages++) {
        assert_true(pages < 2 * UNITS);
        assert_int_equal(kai_query_run(q, r, NOW, limit, &at, &done, on_hit, g), KAI_OK);
    }
}

static void check_expression(struct kai_ixsnap *r, const char *text, uint64_t *s, size_t *answers)
{
    static struct got got;
    static struct got paged;
    static struct got watched;
    struct kai_query *q = query_of(text, NOW);

    run_all(q, r, UINT64_MAX, &got);
    for (size_t i = 0; i < n_rows; i++) {
        const struct model_row *m = &rows[i];

        for (int j = 0; j < (m->list ? (int)m->n : 1); j++) {
            bool want = model_current(&m->row) && model_fits(0, m, m->list ? j : -1);

            if (want != (got.hit[i][j] == 1))
                fail_msg("%s: row %zu value %d: want %d", text, i + 1, j, want);
        }
    }
    run_all(q, r, 1 + rnd_below(s, 7), &paged);
    assert_int_equal(got.n, paged.n);
    assert_memory_equal(got.row, paged.row, got.n * sizeof got.row[0]);
    assert_memory_equal(got.index, paged.index, got.n * sizeof got.index[0]);
    memset(&watched, 0, sizeof watched);
    for (size_t i = 0; i < n_rows; i++) {
        struct kai_row row;

        assert_int_equal(kai_ixsnap_row(r, i + 1, &row), KAI_OK);
        assert_int_equal(kai_query_match_row(q, r, &row, NOW, on_hit, &watched), KAI_OK);
    }
    assert_memory_equal(got.hit, watched.hit, sizeof got.hit);
    *answers += got.n;
    kai_query_free(q);
}

/* `./dev test` takes seconds; an argument says how many expressions there are to be (the program's
 * own run of 100,000: test_query_model 100000). */
#define PER_ROUND 250u
static uint64_t rounds = 12;

static bool gather_key(void *ctx, struct kai_view key)
{
    struct kai_buf *b = ctx;
    char text[KAI_VALUE_KEY_MAX];
    enum kai_vtype type;
    size_t n;

    assert_true(kai_key_value(key, &type, text, &n));
    kai_buf_add(b, text, n);
    kai_buf_u8(b, ' ');
    return true;
}

/* The blocks around an address, by a plain search: the smallest first. */
static void check_around(struct kai_ixsnap *r, uint64_t *s)
{
    struct kai_buf got;
    struct kai_buf want;
    uint8_t key[KAI_VALUE_KEY_MAX];
    uint8_t bits[16];
    struct value v;
    unsigned n;
    int family;
    size_t k;

    kai_buf_init(&got, 1u << 20);
    kai_buf_init(&want, 1u << 20);
    make_value(s, rnd_below(s, 3) == 0 ? KAI_V_IPV6 : KAI_V_IPV4, &v);
    assert_true(bits_of(v.text, bits, &n, &family));
    assert_int_equal(kai_value_key(v.type, kai_view_of(v.text, strlen(v.text)), key, &k), KAI_OK);
    assert_int_equal(kai_ixsnap_around(r, kai_view_of(key, k), gather_key, &got), KAI_OK);
    for (int len = (int)n; len >= 0; len--) {
        bool any = false;

        for (size_t i = 0; i < n_rows && !any; i++) {
            for (size_t j = 0; j < rows[i].n && !any; j++) {
                const struct value *held = &rows[i].v[j];
                unsigned m;
                int f;

                any = held->type == v.type && bits_of(held->text, bits, &m, &f) && (int)m == len &&
                      ip_meets(held->text, v.text);
                if (any)
                    kai_buf_printf(&want, "%s ", held->text);
            }
        }
    }
    if (got.len != want.len || memcmp(got.p, want.p, got.len) != 0)
        fail_msg("%s: %.*s, not %.*s", v.text, (int)got.len, (char *)got.p, (int)want.len,
                 (char *)want.p);
    kai_buf_free(&got);
    kai_buf_free(&want);
}

static void test_model(void **state)
{
    size_t answers = 0;

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t s = round * 77 + 1;
        struct kai_ixsnap *r = NULL;
        struct kai_index *x;
        struct tmp tmp;

        tmp_make(&tmp);
        x = tmp_open(&tmp, "boot", true);
        model_fill(x, &s);
        assert_int_equal(kai_ixsnap_begin(x, 5, &r), KAI_OK);
        assert_int_equal(kai_ixsnap_rows(r), n_rows);
        for (size_t i = 0; i < n_rows; i++) {
            struct kai_row row;

            assert_int_equal(kai_ixsnap_row(r, i + 1, &row), KAI_OK);
            assert_int_equal(row.flags, rows[i].row.flags);
        }
        for (unsigned i = 0; i < PER_ROUND; i++)
            check_around(r, &s);
        for (unsigned i = 0; i < PER_ROUND; i++) {
            char text[8192] = "";

            n_nodes = 0;
            memset(speaks, 0, sizeof speaks);
            (void)make_node(&s, (int)rnd_below(&s, 5));
            print_node(0, text, sizeof text);
            if (strlen(text) <= KAI_QUERY_BYTES_MAX)
                check_expression(r, text, &s, &answers);
        }
        kai_ixsnap_end(r);
        kai_index_close(x);
        tmp_remove(&tmp);
    }
    assert_true(answers > 10000);
}

/* ---- What a reader is not cleared for does not exist: they see what they would see if this node
 * had never held it. */
struct pair {
    struct kai_ixsnap *all;  /* Everything is held, and hidden from this reader. */
    struct kai_ixsnap *only; /* Nothing else is held. */
    uint64_t no[ROWS + 1];   /* Of a row of only, in all. */
    size_t n;
};

struct told {
    uint64_t row[UNITS];
    uint64_t index[UNITS];
    size_t n;
};

static bool tell(void *ctx, const struct kai_query_hit *hit)
{
    struct told *t = ctx;

    assert_true(t->n < UNITS);
    t->row[t->n] = hit->row->no;
    t->index[t->n++] = hit->index;
    return true;
}

static bool tell_no(void *ctx, uint64_t row_no, uint64_t index)
{
    struct kai_row row = {.no = row_no};
    struct kai_query_hit hit = {.row = &row, .index = index};

    return tell(ctx, &hit);
}

static void same_told(const struct pair *p, const struct told *all, const struct told *only,
                      const char *text)
{
    if (all->n != only->n)
        fail_msg("%s: %zu, not %zu", text, all->n, only->n);
    for (size_t i = 0; i < only->n; i++)
        assert_true(all->row[i] == p->no[only->row[i]] && all->index[i] == only->index[i]);
}

/* Page by page, with the same ends. */
static void same_answers(const struct pair *p, const char *text, uint64_t limit)
{
    static struct told all;
    static struct told only;
    struct kai_query *q = query_of(text, NOW);
    struct kai_query_at at[2] = {0};
    bool done[2] = {false, false};

    while (!done[1]) {
        all.n = only.n = 0;
        assert_int_equal(kai_query_run(q, p->all, NOW, limit, &at[0], &done[0], tell, &all),
                         KAI_OK);
        assert_int_equal(kai_query_run(q, p->only, NOW, limit, &at[1], &done[1], tell, &only),
                         KAI_OK);
        assert_int_equal(done[0], done[1]);
        same_told(p, &all, &only, text);
    }
    for (size_t i = 1; i <= p->n; i++) {
        struct kai_row row;

        all.n = only.n = 0;
        assert_int_equal(kai_ixsnap_row(p->all, p->no[i], &row), KAI_OK);
        assert_int_equal(kai_query_match_row(q, p->all, &row, NOW, tell, &all), KAI_OK);
        assert_int_equal(kai_ixsnap_row(p->only, i, &row), KAI_OK);
        assert_int_equal(kai_query_match_row(q, p->only, &row, NOW, tell, &only), KAI_OK);
        same_told(p, &all, &only, text);
    }
    kai_query_free(q);
}

/* Counts, rows and their flags, and what ids lead to. */
static void same_rows(struct pair *p, uint8_t clearance)
{
    static struct told all;
    static struct told only;

    assert_int_equal(kai_ixsnap_rows(p->all), kai_ixsnap_rows(p->only));
    assert_int_equal(kai_ixsnap_values(p->all), kai_ixsnap_values(p->only));
    p->n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        struct kai_row a;
        struct kai_row b;
        char hex[65];
        size_t digits = 4;

        (void)kai_hex(hex, rows[i].row.item_id, KAI_ID_BYTES);
        if (rows[i].row.tlp > clearance) {
            assert_int_equal(kai_ixsnap_row(p->all, i + 1, &a), KAI_ENOTFOUND);
        } else {
            p->no[++p->n] = i + 1;
            assert_int_equal(kai_ixsnap_row(p->all, i + 1, &a), KAI_OK);
            assert_int_equal(kai_ixsnap_row(p->only, p->n, &b), KAI_OK);
            assert_int_equal(a.flags, b.flags);
        }
        all.n = only.n = 0;
        assert_int_equal(kai_ixsnap_item(p->all, hex, digits, tell_no, &all),
                         kai_ixsnap_item(p->only, hex, digits, tell_no, &only));
        assert_int_equal(all.n, only.n);
        all.n = only.n = 0;
        assert_int_equal(kai_ixsnap_stix(p->all, rows[i].row.stix_uuid, tell_no, &all),
                         kai_ixsnap_stix(p->only, rows[i].row.stix_uuid, tell_no, &only));
        assert_int_equal(all.n, only.n);
        assert_int_equal(
            kai_ixsnap_has(p->all, rows[i].row.item_id, rows[i].row.origin, rows[i].row.aud_id, 5),
            kai_ixsnap_has(p->only, rows[i].row.item_id, rows[i].row.origin, rows[i].row.aud_id,
                           5));
    }
    assert_int_equal(p->n, kai_ixsnap_rows(p->only));
}

static void sweep(struct kai_index *x, uint8_t clearance, uint64_t *s)
{
    static struct pair p;
    struct kai_index *y;
    struct tmp tmp;

    tmp_make(&tmp);
    y = tmp_open(&tmp, "boot", true);
    model_fill_up_to(y, clearance);
    assert_int_equal(kai_ixsnap_begin(x, clearance, &p.all), KAI_OK);
    assert_int_equal(kai_ixsnap_begin(y, 5, &p.only), KAI_OK);
    same_rows(&p, clearance);
    for (unsigned i = 0; i < 60; i++) {
        char text[8192] = "";

        n_nodes = 0;
        (void)make_node(s, (int)rnd_below(s, 5));
        print_node(0, text, sizeof text);
        if (strlen(text) <= KAI_QUERY_BYTES_MAX)
            same_answers(&p, text, 1 + rnd_below(s, 9));
    }
    kai_ixsnap_end(p.all);
    kai_ixsnap_end(p.only);
    kai_index_close(y);
    tmp_remove(&tmp);
}

static void test_clearance(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 4; round++) {
        uint64_t s = round * 91 + 5;
        struct kai_index *x;
        struct tmp tmp;

        tmp_make(&tmp);
        x = tmp_open(&tmp, "boot", true);
        model_fill(x, &s);
        for (uint8_t clearance = 0; clearance <= 5; clearance++)
            sweep(x, clearance, &s);
        kai_index_close(x);
        tmp_remove(&tmp);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        rounds = (strtoull(argv[1], NULL, 10) + PER_ROUND - 1) / PER_ROUND;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model),
                                       cmocka_unit_test(test_clearance)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
