/* suricata: lists and the rules that load them.
 *
 * A dataset file has one value a line and nothing else: no comment, no blank line. Texts are base64
 * of the raw bytes (names in lower case: rules turn what they compare into it); a line over 1,023
 * bytes would be cut into two wrong values. Blocks of addresses go into the reputation list: a
 * dataset of type ip takes single addresses. Rules are written for lists that hold something; their
 * numbers, of the range for local rules, never change. */
#include <stdlib.h>
#include <string.h>

#include "export/form.h"

#define TEXT_BYTES_MAX 765u    /* Of base64: 1,020 digits. */
#define REPUTATION     "1,100" /* Category of kairan-categories.txt, score of 127. */

enum list { NAMES, AGENTS, ADDRESSES, MD5, SHA1, SHA256, LISTS_N };
enum { IPREP = LISTS_N, CATEGORIES, IPREP_RULES, RULES };

struct suricata {
    uint64_t n[LISTS_N];
    uint64_t n_iprep;
};

static const char *const LIST_NAMES[LISTS_N] = {"kairan-domain.lst", "kairan-user-agent.lst",
                                                "kairan-ip.lst",     "kairan-md5.lst",
                                                "kairan-sha1.lst",   "kairan-sha256.lst"};

#define TEXT_SET(name)                                                                             \
    "dataset:isset," name ",type string,load " name ".lst,memcap 256mb,hashsize #N; "
#define ADDRESS_SET "dataset:isset,kairan-ip,type ip,load kairan-ip.lst,memcap 256mb,hashsize #N; "

/* #N is the size of the hash table, where it has one. */
static const struct {
    enum list list;
    const char *rule;
} RULE_TEXTS[] = {
    {NAMES, "alert dns any any -> any any (msg:\"Kairan name asked for\"; dns.query; "
            "to_lowercase; " TEXT_SET("kairan-domain") "sid:1271001; rev:1;)\n"},
    {NAMES, "alert tls any any -> any any (msg:\"Kairan name of a TLS server\"; tls.sni; "
            "to_lowercase; " TEXT_SET("kairan-domain") "sid:1271002; rev:1;)\n"},
    {NAMES, "alert http any any -> any any (msg:\"Kairan host of HTTP\"; http.host; " TEXT_SET(
                "kairan-domain") "sid:1271003; rev:1;)\n"},
    {AGENTS, "alert http any any -> any any (msg:\"Kairan user agent\"; http.user_agent; " TEXT_SET(
                 "kairan-user-agent") "sid:1271004; rev:1;)\n"},
    {ADDRESSES,
     "alert ip any any -> any any (msg:\"Kairan address of a destination\"; ip.dst; " ADDRESS_SET
     "sid:1271005; rev:1;)\n"},
    {ADDRESSES,
     "alert ip any any -> any any (msg:\"Kairan address of a source\"; ip.src; " ADDRESS_SET
     "sid:1271006; rev:1;)\n"},
    {MD5, "alert http any any -> any any (msg:\"Kairan MD5 of a file\"; filemd5:kairan-md5.lst; "
          "sid:1271007; rev:1;)\n"},
    {SHA1, "alert http any any -> any any (msg:\"Kairan SHA-1 of a file\"; "
           "filesha1:kairan-sha1.lst; sid:1271008; rev:1;)\n"},
    {SHA256, "alert http any any -> any any (msg:\"Kairan SHA-256 of a file\"; "
             "filesha256:kairan-sha256.lst; sid:1271009; rev:1;)\n"},
};

static enum kai_err begin(struct kai_export *e)
{
    e->state = calloc(1, sizeof(struct suricata));
    if (e->state == NULL)
        return KAI_ENOMEM;
    for (unsigned i = 0; i < LISTS_N; i++)
        kai_export_open(e, i, LIST_NAMES[i]);
    kai_export_open(e, IPREP, "kairan-iprep.lst");
    return KAI_OK;
}

static void count(struct kai_export *e, enum list list)
{
    struct suricata *s = e->state;

    s->n[list]++;
}

static void put_line(struct kai_export *e, enum list list, struct kai_view text)
{
    uint8_t *to = kai_buf_room(kai_export_file(e, list), text.n + 1);

    if (to != NULL) {
        memcpy(to, text.p, text.n);
        to[text.n] = '\n';
    }
    count(e, list);
}

/* RFC 4648. libsodium's hides from the clock what it is given, which is no secret here, and would
 * take a quarter of the whole export for that. */
static void put_base64(uint8_t *out, struct kai_view in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < in.n; i += 3) {
        size_t n = in.n - i < 3 ? in.n - i : 3;
        uint32_t w = (uint32_t)in.p[i] << 16;

        w |= n > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
        w |= n > 2 ? in.p[i + 2] : 0;
        *out++ = (uint8_t)digits[w >> 18];
        *out++ = (uint8_t)digits[w >> 12 & 63];
        *out++ = n > 1 ? (uint8_t)digits[w >> 6 & 63] : '=';
        *out++ = n > 2 ? (uint8_t)digits[w & 63] : '=';
    }
}

static enum kai_export_left put_text(struct kai_export *e, enum list list, struct kai_view text)
{
    size_t n = (text.n + 2) / 3 * 4;

    if (text.n > TEXT_BYTES_MAX)
        return KAI_EXPORT_LONG;
    uint8_t *to = kai_buf_room(kai_export_file(e, list), n + 1);
    if (to != NULL) {
        put_base64(to, text);
        to[n] = '\n';
    }
    count(e, list);
    return KAI_EXPORT_TAKEN;
}

static enum kai_export_left put_address(struct kai_export *e, struct kai_view ip)
{
    struct suricata *s = e->state;
    static const char behind[] = "," REPUTATION "\n";
    uint8_t *to = kai_buf_room(kai_export_file(e, IPREP), ip.n + sizeof behind - 1);

    if (to != NULL) {
        memcpy(to, ip.p, ip.n);
        memcpy(to + ip.n, behind, sizeof behind - 1);
    }
    s->n_iprep++;
    if (memchr(ip.p, '/', ip.n) == NULL)
        put_line(e, ADDRESSES, ip);
    return KAI_EXPORT_TAKEN;
}

static bool takes(enum kai_vtype type)
{
    return type == KAI_V_IPV4 || type == KAI_V_IPV6 || type == KAI_V_DOMAIN ||
           type == KAI_V_USER_AGENT || type == KAI_V_MD5 || type == KAI_V_SHA1 ||
           type == KAI_V_SHA256;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    if (r->type == KAI_V_IPV4 || r->type == KAI_V_IPV6)
        return put_address(e, r->value);
    if (r->type == KAI_V_DOMAIN)
        return put_text(e, NAMES, r->value);
    if (r->type == KAI_V_USER_AGENT)
        return put_text(e, AGENTS, r->value);
    put_line(e, r->type == KAI_V_MD5 ? MD5 : r->type == KAI_V_SHA1 ? SHA1 : SHA256, r->value);
    return KAI_EXPORT_TAKEN;
}

/* A power of two, so that the rule's text seldom changes. */
static unsigned long long table_size(uint64_t n)
{
    unsigned long long size = 4096;

    while (size < n)
        size *= 2;
    return size;
}

static void end(struct kai_export *e)
{
    const struct suricata *s = e->state;

    kai_export_open(e, CATEGORIES, "kairan-categories.txt");
    kai_buf_text(kai_export_file(e, CATEGORIES), "1,Kairan,Addresses and blocks from Kairan\n");
    kai_export_open(e, IPREP_RULES, "kairan-iprep.rules");
    if (s->n_iprep > 0)
        kai_buf_text(kai_export_file(e, IPREP_RULES),
                     "alert ip any any -> any any (msg:\"Kairan reputation of a destination\"; "
                     "iprep:dst,Kairan,>,30; sid:1271010; rev:1;)\n"
                     "alert ip any any -> any any (msg:\"Kairan reputation of a source\"; "
                     "iprep:src,Kairan,>,30; sid:1271011; rev:1;)\n");
    kai_export_open(e, RULES, "kairan.rules");
    for (size_t i = 0; i < sizeof RULE_TEXTS / sizeof RULE_TEXTS[0]; i++) {
        uint64_t n = s->n[RULE_TEXTS[i].list];
        const char *rule = RULE_TEXTS[i].rule;
        const char *size = strchr(rule, '#');

        if (n == 0)
            continue;
        kai_buf_add(kai_export_file(e, RULES), rule,
                    size != NULL ? (size_t)(size - rule) : strlen(rule));
        if (size != NULL) {
            kai_buf_printf(kai_export_file(e, RULES), "%llu", table_size(n));
            kai_buf_text(kai_export_file(e, RULES), size + 2);
        }
    }
}

const struct export_form kai_export_suricata = {.name = "suricata",
                                                .use = KAI_EXPORT_DETECT,
                                                .folder = true,
                                                .begin = begin,
                                                .takes = takes,
                                                .add = add,
                                                .end = end,
                                                .free = free};
