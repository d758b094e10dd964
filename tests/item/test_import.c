/* test_import: whole files. */
#include "gen/gen.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/import.h"
#include "item/list.h"
#include "unit/oom.h"

#define U1     "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define U2     "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd30"
#define RED    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define GREEN  "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define BUNDLE "{\"type\":\"bundle\",\"id\":\"bundle--" U1 "\",\"objects\":["
#define TOOL(uuid, more)                                                                           \
    "{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--" uuid                             \
    "\",\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\",\"name\":"      \
    "\"t\"" more "}"
#define OTHER "marking-definition--" U2
#define DEFINED(type, definition)                                                                  \
    "{\"type\":\"marking-definition\",\"id\":\"" OTHER "\",\"spec_version\":\"2.1\",\"created\":"  \
    "\"2022-10-01T00:00:00.000Z\",\"definition_type\":\"" type "\",\"definition\":{" definition    \
    "}}"
#define PARTLY(id) ",\"granular_markings\":[{\"selectors\":[\"name\"],\"marking_ref\":\"" id "\"}]"
#define MARKED(id) ",\"object_marking_refs\":[\"" id "\"]"

struct seen {
    char text[4096]; /* What came, in order: "+path TLP n" and "-code line where". */
    uint64_t values;
    struct kai_view file;
    size_t after; /* STIX contents come in the order of the file. */
    uint32_t content_max;
    bool quiet;
    bool blind; /* Looks at nothing, and so allocates nothing. */
    enum kai_err answer;
};

static void say(struct seen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct seen *s, const char *format, ...)
{
    size_t n = strlen(s->text);
    va_list ap;

    if (s->quiet)
        return;
    va_start(ap, format);
    (void)vsnprintf(s->text + n, sizeof s->text - n, format, ap);
    va_end(ap);
}

static enum kai_err item(void *ctx, const struct kai_candidate *c)
{
    struct seen *s = ctx;
    struct kai_why why = {.code = NULL};

    if (s->blind)
        return KAI_OK;
    s->values += c->n;
    if (c->content.n > s->content_max)
        s->content_max = (uint32_t)c->content.n;
    if (c->kind == KAI_CONTENT_STIX) {
        struct kai_stix_info info;

        assert_true(c->content.p >= s->file.p + s->after); /* The file's own bytes. */
        s->after = (size_t)(c->content.p - s->file.p) + c->content.n;
        assert_true(s->after <= s->file.n);
        assert_true(c->content.p[0] == '{' && c->content.p[c->content.n - 1] == '}');
        assert_int_equal(kai_stix_check(c->content, &info, &why), KAI_OK);
        assert_string_equal(info.id, c->info->id);
        say(s, "+%s %s\n", c->path, kai_tlp_name(c->label.tlp));
    } else {
        struct kai_list list;

        assert_int_equal(kai_list_read(&list, c->content, true, &why), KAI_OK);
        assert_int_equal(list.n, c->n);
        assert_int_equal(list.type, c->type);
        say(s, "+%s %u %s\n", kai_vtype_name(c->type), c->n, kai_tlp_name(c->label.tlp));
    }
    return s->answer;
}

static enum kai_err refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct seen *s = ctx;

    assert_non_null(why->code);
    assert_non_null(id);
    say(s, "-%s %llu %s\n", why->code, (unsigned long long)why->line, why->where);
    return KAI_OK;
}

static enum kai_err scan(struct kai_view file, const struct kai_import_opts *opts, struct seen *s,
                         struct kai_import_sum *sum)
{
    struct kai_import_sink sink = {.ctx = s, .item = item, .refuse = refuse};

    s->file = file;
    return kai_import_scan(file, "f", opts, &sink, sum);
}

static const struct {
    const char *file;
    uint8_t tlp;
    const char *want;
} TABLE[] = {
    {"", 2, "-file.empty 0 f\n"},
    {" \n\t\n", 2, "-file.empty 0 f\n"},
    {"# only words\n", 2, "-file.empty 0 f\n"},
    {"\xff\xfe{\x20", 2, "-file.format 0 f\n"},
    {"\xef\xbb\xbf{}", 2, "-json.bom 0 f\n"},
    {"[{}]", 2, "-file.format 0 f\n"},
    {"{\"Event\":{}}", 2, "-misp.event 0 f: Event\n"},
    {"{\"a\":1}", 2, "-file.format 0 f\n"},
    {"{\"a\":}", 2, "-json.syntax 1 f\n"},
    /* An envelope of TAXII, as a client saves it. */
    {"{\"more\":false,\"objects\":[" TOOL(U1, "") "]}", 2, "+objects[0] TLP:GREEN\n"},
    {"{\"objects\":[" TOOL(U1, "") ",{}],\"next\":\"x\"}", 2,
     "+objects[0] TLP:GREEN\n-stix.required 1 f: objects[1].type\n"},
    {"{\"objects\":{}}", 2, "-file.format 0 f\n"},
    {TOOL(U1, ""), 2, "+ TLP:GREEN\n"},
    {TOOL(U1, ""), 0, "-label.missing 1 f\n"},
    {TOOL(U1, MARKED(RED)), 0, "+ TLP:RED\n"},
    {TOOL(U1, MARKED(RED)), 2, "-label.lower 1 f\n"},
    {TOOL(U1, MARKED(GREEN)), 4, "+ TLP:AMBER+STRICT\n"},
    {TOOL(U1, "") " x", 2, "+ TLP:GREEN\n-json.syntax 1 f\n"},
    {BUNDLE "]}", 2, "-file.empty 0 f\n"},
    {"{\"type\":\"bundle\",\"id\":\"bundle--" U1 "\"}", 2, "-file.empty 0 f\n"},
    {BUNDLE TOOL(U1, "") ",\n" TOOL(U2, "") "]}\n", 2,
     "+objects[0] TLP:GREEN\n+objects[1] TLP:GREEN\n"},
    {"{\"objects\":[" TOOL(U1, "") "],\"id\":\"bundle--" U1 "\",\"type\":\"bundle\"}", 2,
     "+objects[0] TLP:GREEN\n"},
    {"{\"type\":\"bundle\",\"id\":\"bundle\",\"objects\":[" TOOL(U1, "") "]}", 2,
     "-stix.id 1 f: id\n+objects[0] TLP:GREEN\n"},
    {"{\"type\":\"bundle\",\"id\":\"bundle--" U1
     "\",\"spec_version\":\"2.0\",\"objects\":[" TOOL(U1, "") "]}",
     2, "+objects[0] TLP:GREEN\n"},
    {"{\"type\":\"bundle\",\"type\":\"bundle\"}", 2, "-json.duplicate-key 1 f\n"},
    /* One bad object among good ones: the rest is judged. */
    {BUNDLE TOOL(U1, "") ",\n{\"type\":\"tool\"},\n" TOOL(U2, "") "]}", 2,
     "+objects[0] TLP:GREEN\n-stix.required 2 f: objects[1].id\n+objects[2] TLP:GREEN\n"},
    {BUNDLE TOOL(U1, "") ",\n{\"a\":\n1,,}," TOOL(U2, "") "]}", 2,
     "+objects[0] TLP:GREEN\n-json.syntax 3 f: objects[1]\n+objects[2] TLP:GREEN\n"},
    {BUNDLE TOOL(U1, "") ",\n{\"a\":[}," TOOL(U2, "") "]}", 2,
     "+objects[0] TLP:GREEN\n-json.syntax 2 f: objects[1]\n"},
    {BUNDLE TOOL(U1, "") " " TOOL(U2, "") "]}", 2,
     "+objects[0] TLP:GREEN\n-json.syntax 1 f: objects[0]\n"},
    {BUNDLE TOOL(U1, "") ",]}", 2, "+objects[0] TLP:GREEN\n-json.syntax 1 f: objects[1]\n"},
    {BUNDLE "5]}", 2, "-json.syntax 1 f: objects[0]\n"},
    {BUNDLE TOOL(U1, "") "]} x", 2, "+objects[0] TLP:GREEN\n-json.syntax 1 f\n"},
    {BUNDLE TOOL(U1, ""), 2, "+objects[0] TLP:GREEN\n-json.syntax 1 f: objects[0]\n"},
    /* Twice the same is once; twice different is refused. */
    {BUNDLE TOOL(U1, "") "," TOOL(U1, "") "]}", 2, "+objects[0] TLP:GREEN\n"},
    {BUNDLE TOOL(U1, "") ",\n" TOOL(U1, ",\"x\":1") "]}", 2,
     "+objects[0] TLP:GREEN\n-stix.duplicate 2 f: objects[1]\n"},
    {BUNDLE TOOL(U1, MARKED(RED)) "," TOOL(U2, "") "]}", 0,
     "+objects[0] TLP:RED\n-label.missing 1 f: objects[1]\n"},
    {BUNDLE "{\"type\":\"marking-definition\",\"id\":\"" RED
            "\",\"spec_version\":\"2.1\",\"created\":"
            "\"2022-10-01T00:00:00.000Z\",\"definition\":{}}," TOOL(U1, "") "]}",
     2, "+objects[1] TLP:GREEN\n"},
    {BUNDLE
     "{\"type\":\"marking-definition\",\"id\":\"marking-definition--" U1
     "\",\"spec_version\":\"2.1\",\"created\":\"2022-10-01T00:00:00.000Z\",\"definition_type\":"
     "\"tlp\",\"definition\":{\"tlp\":\"white\"}}]}",
     2, "-label.unknown 1 f: objects[0]\n"},
    /* A marking beside the known one: it may be another system's label, unless it is said what it
       is. */
    {BUNDLE TOOL(U1, MARKED(GREEN "\",\"" OTHER)) "," DEFINED("tlp", "\"tlp\":\"red\"") "]}", 0,
     "-label.unknown 1 f: objects[0]\n-label.unknown 1 f: objects[1]\n"},
    {BUNDLE TOOL(U1, MARKED(GREEN "\",\"" OTHER)) "," DEFINED("tlp", "\"tlp\":\"red\"") "]}", 3,
     "-label.unknown 1 f: objects[0]\n-label.unknown 1 f: objects[1]\n"},
    {BUNDLE DEFINED("statement",
                    "\"statement\":\"TLP:SECRET\"") "," TOOL(U1, PARTLY(OTHER) MARKED(GREEN)) "]}",
     0, "-label.unknown 1 f: objects[0]\n-label.unknown 1 f: objects[1]\n"},
    {BUNDLE TOOL(U1, MARKED(GREEN "\",\"" OTHER)) "," DEFINED("statement",
                                                              "\"statement\":\"(c) us\"") "]}",
     0, "+objects[0] TLP:GREEN\n-label.missing 1 f: objects[1]\n"},
    {BUNDLE DEFINED("statement", "\"statement\":\"For you only (TLP:AMBER)\"") "," TOOL(
         U1, MARKED(GREEN "\",\"" OTHER)) "," TOOL(U2, PARTLY(OTHER)) "]}",
     2, "+objects[0] TLP:GREEN\n-label.lower 1 f: objects[1]\n-label.lower 1 f: objects[2]\n"},
    {BUNDLE TOOL(U1, MARKED(GREEN "\",\"" OTHER)) "," TOOL(U2, MARKED(OTHER)) "," DEFINED(
         "statement", "\"statement\":\"For you only (TLP:AMBER)\"") "]}",
     0, "+objects[0] TLP:AMBER\n-label.missing 1 f: objects[1]\n-label.missing 1 f: objects[2]\n"},
    {BUNDLE TOOL(U1, MARKED(GREEN "\",\"" OTHER)) "]}", 0, "-label.marking 1 f: objects[0]\n"},
    {TOOL(U1, MARKED(GREEN) PARTLY(OTHER)), 0, "-label.marking 1 f\n"},
    {TOOL(U1, MARKED(GREEN "\",\"" OTHER)), 2, "+ TLP:GREEN\n"},
    {TOOL(U1, MARKED(OTHER)), 0, "-label.missing 1 f\n"},
    {TOOL(U1, MARKED(OTHER)), 2, "+ TLP:GREEN\n"},
    /* What people write among the labels, where it should be a marking. */
    {TOOL(U1, MARKED(GREEN) ",\"labels\":[\"x\",\"tlp:red\"]"), 0, "+ TLP:RED\n"},
    {TOOL(U1, MARKED(GREEN) ",\"labels\":[\"TLP:CLEAR\"]"), 0, "+ TLP:GREEN\n"},
    {TOOL(U1, ",\"labels\":[\"TLP:AMBER+STRICT\"]"), 0, "+ TLP:AMBER+STRICT\n"},
    {TOOL(U1, ",\"labels\":[\"tlp:amber\"]"), 2, "-label.lower 1 f\n"},
    {TOOL(U1, MARKED(GREEN) ",\"labels\":[\"tlp:ex:chr\"]"), 3, "-label.unknown 1 f\n"},
    /* Lists. */
    {"192.0.2.1\n192.0.2.1\n192.0.2.10\n192.0.2.9\n", 2, "+ipv4-addr 3 TLP:GREEN\n"},
    {"192.0.2.1\n", 0, "-label.missing 0 f\n"},
    {"\xef\xbb\xbf# c\r\n192.0.2.1\t5\r\n\r\n evil[.]example:443 # c\r\nhxxp://a[.]example/x y\n"
     "2001:db8::1\n198.51.100.0/24",
     3,
     "+ipv4-addr 2 TLP:AMBER\n+ipv6-addr 1 TLP:AMBER\n+domain-name 1 TLP:AMBER\n+url 1 "
     "TLP:AMBER\n"},
    {"192.0.2.1\nnonsense\n192.0.2.300\nb.example\n\xff\n", 2,
     "-list.line 2 f\n-list.line 3 f\n-value.utf8 5 f\n+ipv4-addr 1 TLP:GREEN\n"
     "+domain-name 1 TLP:GREEN\n"},
    /* Their remarks name a label. */
    {"# TLP:\n# RED\n192.0.2.1\n", 4, "-label.lower 1 f\n"},
    {"192.0.2.1\n192.0.2.2\tx (tlp:amber)\n", 2, "-label.lower 2 f\n"},
    {"192.0.2.1\n** TLP:AMBER **\n", 2, "-label.lower 2 f\n"},
    {"TLP:AMBER\n\n192.0.2.1\n", 3, "-list.line 1 f\n+ipv4-addr 1 TLP:AMBER\n"},
    {"; PAP:RED\nb.example\n", 2, "-label.lower 1 f\n"},
    {"# TLP:AMBER\n192.0.2.1\nhttp://tlp.red/\n", 3, "+ipv4-addr 1 TLP:AMBER\n+url 1 TLP:AMBER\n"},
    {"# Traffic Light Protocol: RED\n0.0.0.0 a.example\n", 2, "-label.lower 1 f\n"},
    {"0.0.0.0 b.example\n0.0.0.0 a.example ; # tlp:red\n", 2, "-label.lower 2 f\n"},
    {"0.0.0.0 tlp.red.example\n", 2, "+domain-name 1 TLP:GREEN\n"},
    {"a\nb\nc\nd\ne\nf\ng\nh\n192.0.2.1\n", 2, "-file.format 0 f\n"},
    {"a,b\nc,d\ne,f\ng,h\ni,j\nk,l\nm,n\no,p\n", 2, "-csv.header 1 f\n"},
};

static void test_table(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct seen s = {.quiet = false};
        struct kai_import_opts opts = {.label.tlp = TABLE[i].tlp, .skip_bad = true};

        assert_int_equal(scan(V(TABLE[i].file), &opts, &s, NULL), KAI_OK);
        if (strcmp(s.text, TABLE[i].want) != 0)
            fail_msg("%s\n got: %s\nwant: %s", TABLE[i].file, s.text, TABLE[i].want);
    }
}

static void test_binary(void **state)
{
    static const uint8_t zip[] = {'P', 'K', 3, 4, 0, 0, 1};
    struct seen s = {.quiet = false};
    struct kai_import_opts opts = {.label.tlp = 2};
    (void)state;

    assert_int_equal(scan(kai_view_of(zip, sizeof zip), &opts, &s, NULL), KAI_OK);
    assert_string_equal(s.text, "-file.format 0 f\n");
}

static void test_all_or_nothing(void **state)
{
    static const char file[] = BUNDLE TOOL(U1, "") ",{\"type\":\"tool\"}," TOOL(U2, "") "]}";
    struct seen s = {.quiet = false};
    struct kai_import_opts opts = {.label.tlp = 2};
    struct kai_import_sum sum;
    (void)state;

    assert_int_equal(scan(V(file), &opts, &s, &sum), KAI_OK);
    assert_string_equal(s.text, "+objects[0] TLP:GREEN\n-stix.required 1 f: objects[1].id\n");
    assert_int_equal(sum.refused, 1);
    /* What the sink says is returned at once. */
    s = (struct seen){.answer = KAI_EFULL};
    assert_int_equal(scan(V(file), &opts, &s, &sum), KAI_EFULL);
    assert_string_equal(s.text, "+objects[0] TLP:GREEN\n");
    assert_int_equal(sum.items, 0);
    /* Options are part of the label. */
    opts.label.pap = KAI_PAP_AMBER;
    opts.label.exercise = true;
    opts.template_json = V("{\"name\":\"x\"}");
    s = (struct seen){.quiet = false};
    assert_int_equal(scan(V("192.0.2.1"), &opts, &s, &sum), KAI_OK);
    assert_string_equal(s.text, "+ipv4-addr 1 TLP:GREEN\n");
    opts.template_json = V("{\"id\":\"x\"}");
    s = (struct seen){.quiet = false};
    assert_int_equal(scan(V("192.0.2.1"), &opts, &s, &sum), KAI_OK);
    assert_string_equal(s.text, "-list.template 0 f\n");
}

static void test_every_type(void **state)
{
    struct kai_view file = data_sample("every-type.json");
    struct seen s = {.quiet = true};
    struct kai_import_opts opts = {.label.tlp = 0};
    struct kai_import_sum sum;
    (void)state;

    assert_int_equal(scan(file, &opts, &s, &sum), KAI_OK);
    assert_int_equal(sum.items, 44);
    assert_int_equal(sum.refused, 0);
    data_free(file);
}

static struct kai_view generated(uint64_t n, enum kai_vtype list_type)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    struct gen_stix what = {.n = n, .seed = 9, .tlp = KAI_TLP_AMBER, .graph = true};

    if (list_type == KAI_V_NONE)
        gen_stix(f, &what);
    else
        assert_true(gen_list(f, n, 9, list_type));
    (void)fclose(f);
    return kai_view_of(text, size);
}

static void test_generated(void **state)
{
    static const enum kai_vtype types[] = {KAI_V_IPV4, KAI_V_IPV6, KAI_V_DOMAIN, KAI_V_URL,
                                           KAI_V_MD5,  KAI_V_SHA1, KAI_V_SHA256};
    struct kai_import_opts opts = {.label.tlp = 0};
    struct kai_import_sum sum;
    struct seen s = {.quiet = true};
    struct kai_view file = generated(1000, KAI_V_NONE);
    (void)state;

    assert_int_equal(scan(file, &opts, &s, &sum), KAI_OK);
    assert_int_equal(sum.items, 2001);
    assert_int_equal(sum.refused, 0);
    data_free(file);
    opts.label.tlp = 2;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        s = (struct seen){.quiet = true};
        file = generated(20000, types[i]);
        assert_int_equal(scan(file, &opts, &s, &sum), KAI_OK);
        assert_int_equal(sum.values, 20000);
        assert_int_equal(sum.refused + sum.doubles, 0);
        data_free(file);
    }
    /* More than one window. */
    s = (struct seen){.quiet = true};
    file = generated(1200000, KAI_V_IPV4);
    assert_int_equal(scan(file, &opts, &s, &sum), KAI_OK);
    assert_int_equal(sum.values, 1200000);
    data_free(file);
}

/* However a bundle is cut off, it is refused and nothing is read past the end. */
static void test_prefixes_and_flips(void **state)
{
    static const char file[] = BUNDLE TOOL(U1, MARKED(RED)) ",\n" TOOL(U2, "") "]}";
    static const char list[] = "192.0.2.1\nevil[.]example:80\n[2001:db8::1]:5\nx\n";
    struct kai_import_opts opts = {.label.tlp = 5, .skip_bad = true};
    struct kai_import_sum sum;
    (void)state;

    for (size_t cut = 0; cut < sizeof file; cut++) {
        uint8_t *p = malloc(cut + 1);
        struct seen s = {.quiet = true};

        memcpy(p, file, cut);
        assert_int_equal(scan(kai_view_of(p, cut), &opts, &s, &sum), KAI_OK);
        assert_int_equal(sum.refused == 0, cut == sizeof file - 1);
        for (size_t bit = 0; cut == sizeof file - 1 && bit < 8 * cut; bit++) {
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            s = (struct seen){.quiet = true};
            assert_int_equal(scan(kai_view_of(p, cut), &opts, &s, &sum), KAI_OK);
            assert_true(sum.items + sum.refused > 0);
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(p);
    }
    for (size_t cut = 0; cut < sizeof list; cut++) {
        uint8_t *p = malloc(cut + 1);
        struct seen s = {.quiet = true};

        memcpy(p, list, cut);
        assert_int_equal(scan(kai_view_of(p, cut), &opts, &s, &sum), KAI_OK);
        for (size_t bit = 0; bit < 8 * cut; bit++) {
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(scan(kai_view_of(p, cut), &opts, &s, &sum), KAI_OK);
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(p);
    }
}

static void test_no_memory(void **state)
{
    static const char *const files[] = {
        BUNDLE TOOL(U1, "") "," TOOL(U1, "") "," TOOL(U1, ",\"x\":1") "]}",
        "192.0.2.1\nevil[.]example\nEVIL.example\n",
    };
    struct kai_import_opts opts = {.label.tlp = 2, .skip_bad = true};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        enum kai_err err;
        size_t n = 0;

        do {
            struct seen s = {.quiet = true, .blind = true, .file = V(files[i])};
            struct kai_import_sink sink = {.ctx = &s, .item = item, .refuse = refuse};

            oom_arm(n);
            err = kai_import_scan(V(files[i]), "f", &opts, &sink, NULL);
        } while (oom_again(&n, err));
        assert_true(n > 3);
    }
}

static void test_real(void **state)
{
    static const struct {
        const char *name;
        uint8_t tlp;
        uint64_t values;
        uint64_t refused;
        uint64_t known;
        uint64_t doubles;
    } files[] = {
        {"stix21/amnesty-pegasus.json", 2, 3099, 0, 0, 0},
        {"stix21/oasis-poisonivy.json", 2, 155, 0, 0, 0},
        {"stix21/attack-enterprise-subset.json", 2, 21541, 0, 0, 0},
        {"stix21/oasis-sighting-observed-data.json", 2, 8, 0, 0, 0},
        {"stix21/oasis-granular-markings.json", 5, 4, 0, 0, 0},
        {"stix21/oasis-granular-markings.json", 2, 1, 3, 0, 0}, /* RED parts. */
        {"stix21/tlp-marking-definitions.json", 0, 0, 0, 9, 0},
        {"csv/volexity-evilbamboo.csv", 2, 243, 0, 0, 0},
        {"lists/ipsum-ips.txt", 2, 120430, 0, 0, 0},
        {"lists/maltrail-domains.txt", 2, 150000, 0, 0, 0},
        {"lists/maltrail-mixed-cobaltstrike.txt", 2, 11312, 0, 0, 3389},
        {"text/unit42-defanged-iocs.txt", 2, 145, 1, 0, 1},
    };
    unsigned skipped = 0;
    (void)state;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct kai_view file = data_real(files[i].name);
        struct kai_import_opts opts = {.label.tlp = files[i].tlp, .skip_bad = true};
        struct kai_import_sum sum;
        struct seen s = {.quiet = true};

        if (file.p == NULL) {
            skipped++;
            continue;
        }
        assert_int_equal(scan(file, &opts, &s, &sum), KAI_OK);
        if (sum.values != files[i].values || sum.refused != files[i].refused ||
            sum.known != files[i].known || sum.doubles != files[i].doubles)
            fail_msg("%s: %llu values, %llu refused, %llu known, %llu doubles", files[i].name,
                     (unsigned long long)sum.values, (unsigned long long)sum.refused,
                     (unsigned long long)sum.known, (unsigned long long)sum.doubles);
        data_free(file);
    }
    printf("real files: %zu read, %u skipped\n", sizeof files / sizeof files[0] - skipped, skipped);
    if (skipped > 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),          cmocka_unit_test(test_binary),
        cmocka_unit_test(test_all_or_nothing), cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_generated),      cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
