/* gen: seeded test data. */
#include "gen/gen.h"

#include <inttypes.h>

#include "item/label.h"
#include "item/stix.h"

uint64_t gen_next(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void put_uuid(FILE *out, uint64_t *seed)
{
    uint64_t a = gen_next(seed);
    uint64_t b = gen_next(seed);

    (void)fprintf(out, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                  a >> 32, a >> 16 & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000,
                  b & 0xffffffffffff);
}

/* Pronounceable, of 6 to 15 letters, with a number that makes it the only one of its index. */
static void put_name(FILE *out, uint64_t index, uint64_t seed)
{
    static const char *const parts[] = {"ka",  "mo",  "re",  "ti",  "su",  "no",  "ga",  "lu",
                                        "shi", "wen", "dor", "pha", "vex", "qui", "bra", "zen"};
    uint64_t r = seed ^ index * 0xd1342543de82ef95u;
    uint64_t bits = gen_next(&r);

    for (unsigned i = 0; i < 2 + bits % 3; i++)
        (void)fputs(parts[bits >> (8 + 4 * i) & 15], out);
    (void)fprintf(out, "%" PRIx64, index);
    (void)fputs(bits >> 40 & 1   ? ".example"
                : bits >> 41 & 1 ? ".cdn.example"
                                 : ".net.example",
                out);
}

/* Odd multipliers permute the numbers below a power of two. */
static uint64_t permuted(uint64_t index, uint64_t seed, unsigned bits)
{
    return (index * 0x9e3779b1u + (seed | 1) * 0x85ebca77u) & ((1ull << bits) - 1);
}

static void put_ip4(FILE *out, uint64_t index, uint64_t seed, uint64_t n)
{
    bool few = n <= 1u << 17;
    uint64_t a =
        few ? 0xc6120000u | permuted(index, seed, 17) : 0x0a000000u | permuted(index, seed, 24);

    (void)fprintf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64, a >> 24, a >> 16 & 255,
                  a >> 8 & 255, a & 255);
}

static void put_hex(FILE *out, uint64_t index, uint64_t seed, unsigned words)
{
    uint64_t r = seed ^ index * 0xd1342543de82ef95u;

    for (unsigned i = 0; i < words; i++)
        (void)fprintf(out, "%08" PRIx64, gen_next(&r) >> 32);
}

/* False for a type that is not made here. */
static bool put_value(FILE *out, enum kai_vtype type, uint64_t index, uint64_t seed, uint64_t n)
{
    if (type == KAI_V_IPV4) {
        put_ip4(out, index, seed, n);
    } else if (type == KAI_V_IPV6) {
        uint64_t tail = permuted(index, seed, 31) | 1u << 31; /* No zero group to leave out. */

        (void)fprintf(out, "2001:db8:%" PRIx64 "::%" PRIx64 ":%" PRIx64, (seed & 0xfff) + 1,
                      tail >> 16, tail & 0xffff);
    } else if (type == KAI_V_DOMAIN) {
        put_name(out, index, seed);
    } else if (type == KAI_V_URL) {
        (void)fputs("http://", out);
        put_name(out, index, seed);
        (void)fprintf(out, "/gate/%" PRIx64 ".php?id=%" PRIu64, index * 7919, index);
    } else if (type == KAI_V_MD5 || type == KAI_V_SHA1 || type == KAI_V_SHA256) {
        put_hex(out, index, seed, type == KAI_V_MD5 ? 4 : type == KAI_V_SHA1 ? 5 : 8);
    } else {
        return false;
    }
    return true;
}

bool gen_list(FILE *out, uint64_t n, uint64_t seed, enum kai_vtype type)
{
    if (n > 1u << 24)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        if (!put_value(out, type, i, seed, n))
            return false;
        (void)fputc('\n', out);
    }
    return true;
}

struct maker {
    FILE *out;
    const struct gen_stix *what;
    uint64_t seed;
    uint64_t ms;
    char malware[80];
};

static void put_times(struct maker *m, bool valid_from)
{
    char time[KAI_STIX_TIME_CAP];

    m->ms += gen_next(&m->seed) % 9000;
    (void)kai_stix_time_text(time, m->ms);
    (void)fprintf(m->out, ", \"created\": \"%s\", \"modified\": \"%s\"", time, time);
    if (valid_from)
        (void)fprintf(m->out, ", \"valid_from\": \"%s\"", time);
}

static void put_marking(struct maker *m)
{
    if (m->what->tlp != 0)
        (void)fprintf(m->out, ", \"object_marking_refs\": [\"%s\"]", kai_tlp_marking(m->what->tlp));
}

static void put_indicator(struct maker *m, uint64_t index, char id[static 64])
{
    static const enum kai_vtype types[] = {KAI_V_DOMAIN, KAI_V_DOMAIN, KAI_V_DOMAIN, KAI_V_IPV4,
                                           KAI_V_URL,    KAI_V_SHA256, KAI_V_SHA256, KAI_V_DOMAIN};
    enum kai_vtype type = types[gen_next(&m->seed) % 8];
    FILE *text = fmemopen(id, 64, "w");

    (void)fputs("indicator--", text);
    put_uuid(text, &m->seed);
    (void)fclose(text);
    (void)fprintf(m->out, "{\"type\": \"indicator\", \"spec_version\": \"2.1\", \"id\": \"%s\"",
                  id);
    put_times(m, true);
    (void)fprintf(m->out, ", \"indicator_types\": [\"malicious-activity\"], \"pattern\": \"[%s='",
                  kai_vtype_path(type));
    (void)put_value(m->out, type, index, m->what->seed, m->what->n);
    (void)fputs("']\", \"pattern_type\": \"stix\", \"pattern_version\": \"2.1\"", m->out);
    put_marking(m);
    (void)fputc('}', m->out);
}

static void put_malware(struct maker *m)
{
    FILE *text = fmemopen(m->malware, sizeof m->malware, "w");

    (void)fputs("malware--", text);
    put_uuid(text, &m->seed);
    (void)fclose(text);
    (void)fprintf(m->out, "{\"type\": \"malware\", \"spec_version\": \"2.1\", \"id\": \"%s\"",
                  m->malware);
    put_times(m, false);
    (void)fputs(", \"name\": \"\xe5\x9b\x9e\xe8\xa6\xa7 sample\", \"is_family\": false", m->out);
    put_marking(m);
    (void)fputs("}", m->out);
}

static void put_relationship(struct maker *m, const char *source)
{
    (void)fputs(
        ", {\"type\": \"relationship\", \"spec_version\": \"2.1\", \"id\": \"relationship--",
        m->out);
    put_uuid(m->out, &m->seed);
    (void)fputc('"', m->out);
    put_times(m, false);
    (void)fprintf(m->out,
                  ", \"relationship_type\": \"indicates\", \"source_ref\": \"%s\", "
                  "\"target_ref\": \"%s\"",
                  source, m->malware);
    put_marking(m);
    (void)fputc('}', m->out);
}

void gen_stix(FILE *out, const struct gen_stix *what)
{
    struct maker m = {.out = out, .what = what, .seed = what->seed, .ms = 1706304501013u};
    char id[64];

    (void)fputs("{\"type\": \"bundle\", \"id\": \"bundle--", out);
    put_uuid(out, &m.seed);
    (void)fputs("\", \"objects\": [", out);
    if (what->graph)
        put_malware(&m);
    for (uint64_t i = 0; i < what->n; i++) {
        if (i > 0 || what->graph)
            (void)fputs(", ", out);
        put_indicator(&m, i, id);
        if (what->graph)
            put_relationship(&m, id);
    }
    (void)fputs("]}\n", out);
}
