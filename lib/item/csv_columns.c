/* csv_columns: names of columns and of types, as they are met. */
#include "item/csv_columns.h"

#include <string.h>

#include "item/ascii.h"

#define PLAIN_CAP 40u

static const struct {
    const char *name;
    enum kai_csv_use use;
} NAMES[] = {
    {"value", KAI_CSV_VALUE},
    {"ioc", KAI_CSV_VALUE},
    {"iocvalue", KAI_CSV_VALUE},
    {"indicator", KAI_CSV_VALUE},
    {"indicatorvalue", KAI_CSV_VALUE},
    {"observable", KAI_CSV_VALUE},
    {"type", KAI_CSV_TYPE},
    {"ioctype", KAI_CSV_TYPE},
    {"entitytype", KAI_CSV_TYPE},
    {"indicatortype", KAI_CSV_TYPE},
    {"valuetype", KAI_CSV_TYPE},
    {"observabletype", KAI_CSV_TYPE},
    {"tlp", KAI_CSV_LABEL},
    {"trafficlightprotocollevel", KAI_CSV_LABEL},
    {"tlplevel", KAI_CSV_LABEL},
    {"label", KAI_CSV_MARK},
    {"description", KAI_CSV_TEXT},
    {"comment", KAI_CSV_TEXT},
    {"note", KAI_CSV_TEXT},
    {"notes", KAI_CSV_TEXT},
    {"toids", KAI_CSV_DETECT},
    {"id", KAI_CSV_NOTHING},
    {"no", KAI_CSV_NOTHING},
    {"no.", KAI_CSV_NOTHING},
    {"uuid", KAI_CSV_NOTHING},
    {"iocid", KAI_CSV_NOTHING},
    {"eventid", KAI_CSV_NOTHING},
    {"objectuuid", KAI_CSV_NOTHING},
    {"lastonline", KAI_CSV_NOTHING},
    /* As offices in Japan head them. */
    {"値", KAI_CSV_VALUE},
    {"インジケータ", KAI_CSV_VALUE},
    {"インジケーター", KAI_CSV_VALUE},
    {"インディケータ", KAI_CSV_VALUE},
    {"種別", KAI_CSV_TYPE},
    {"種類", KAI_CSV_TYPE},
    {"タイプ", KAI_CSV_TYPE},
    {"説明", KAI_CSV_TEXT},
    {"概要", KAI_CSV_TEXT},
    {"備考", KAI_CSV_TEXT},
    {"コメント", KAI_CSV_TEXT},
    {"番号", KAI_CSV_NOTHING},
    {"日時", KAI_CSV_NOTHING},
    {"日付", KAI_CSV_NOTHING},
};

static const struct {
    const char *name;
    struct kai_csv_type type;
} TYPES[] = {
    {"ip", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipaddress", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipv4", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipv6", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipv4addr", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipv6addr", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipdst", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipsrc", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ip:port", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"cidr", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"hash", {KAI_CSV_HASHES, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"filehash", {KAI_CSV_HASHES, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"file", {KAI_CSV_FILE, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"filehashmd5", {KAI_CSV_TYPED, KAI_V_MD5, KAI_CSV_WHOLE}},
    {"filehashsha1", {KAI_CSV_TYPED, KAI_V_SHA1, KAI_CSV_WHOLE}},
    {"filehashsha256", {KAI_CSV_TYPED, KAI_V_SHA256, KAI_CSV_WHOLE}},
    {"md5hash", {KAI_CSV_TYPED, KAI_V_MD5, KAI_CSV_WHOLE}},
    {"sha1hash", {KAI_CSV_TYPED, KAI_V_SHA1, KAI_CSV_WHOLE}},
    {"sha256hash", {KAI_CSV_TYPED, KAI_V_SHA256, KAI_CSV_WHOLE}},
    {"fqdn", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"domainname", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"host", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"emailaddress", {KAI_CSV_TYPED, KAI_V_EMAIL, KAI_CSV_WHOLE}},
    {"emailaddr", {KAI_CSV_TYPED, KAI_V_EMAIL, KAI_CSV_WHOLE}},
    {"filename", {KAI_CSV_TYPED, KAI_V_FILE_NAME, KAI_CSV_WHOLE}},
    {"filepath", {KAI_CSV_TYPED, KAI_V_FILE_PATH, KAI_CSV_WHOLE}},
    {"dstip", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"srcip", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"cveid", {KAI_CSV_TYPED, KAI_V_CVE, KAI_CSV_WHOLE}},
    {"filehashsha512", {KAI_CSV_TYPED, KAI_V_SHA512, KAI_CSV_WHOLE}},
    {"filehashimphash", {KAI_CSV_TYPED, KAI_V_IMPHASH, KAI_CSV_WHOLE}},
    {"filehashpehash", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"sha512hash", {KAI_CSV_TYPED, KAI_V_SHA512, KAI_CSV_WHOLE}},
    {"sslcertfingerprint", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"ja3", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"ja3md5", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"ipv4address", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ipv6address", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"registrykey", {KAI_CSV_TYPED, KAI_V_REGKEY, KAI_CSV_WHOLE}},
    {"useragent", {KAI_CSV_TYPED, KAI_V_USER_AGENT, KAI_CSV_WHOLE}},
    {"bitcoinaddress", {KAI_CSV_TYPED, KAI_V_OTHER, KAI_CSV_WHOLE}},
    /* MISP's. */
    {"link", {KAI_CSV_TYPED, KAI_V_URL, KAI_CSV_WHOLE}},
    {"btc", {KAI_CSV_TYPED, KAI_V_OTHER, KAI_CSV_WHOLE}},
    {"emailsrc", {KAI_CSV_TYPED, KAI_V_EMAIL, KAI_CSV_WHOLE}},
    {"emaildst", {KAI_CSV_TYPED, KAI_V_EMAIL, KAI_CSV_WHOLE}},
    {"ja3fingerprintmd5", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"x509fingerprintmd5", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"x509fingerprintsha1", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"x509fingerprintsha256", {KAI_CSV_TYPED, KAI_V_HASH, KAI_CSV_WHOLE}},
    {"ipdst|port", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_FIRST}},
    {"ipsrc|port", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_FIRST}},
    {"hostname|port", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_FIRST}},
    {"domain|ip", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_FIRST}},
    {"filename|md5", {KAI_CSV_TYPED, KAI_V_MD5, KAI_CSV_SECOND}},
    {"filename|sha1", {KAI_CSV_TYPED, KAI_V_SHA1, KAI_CSV_SECOND}},
    {"filename|sha256", {KAI_CSV_TYPED, KAI_V_SHA256, KAI_CSV_SECOND}},
    {"filename|sha512", {KAI_CSV_TYPED, KAI_V_SHA512, KAI_CSV_SECOND}},
    {"malwaresample", {KAI_CSV_TYPED, KAI_V_MD5, KAI_CSV_SECOND}},
    /* As offices in Japan write them. */
    {"IPアドレス", {KAI_CSV_ADDRESS, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ドメイン", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"ドメイン名", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"ホスト名", {KAI_CSV_TYPED, KAI_V_DOMAIN, KAI_CSV_WHOLE}},
    {"メールアドレス", {KAI_CSV_TYPED, KAI_V_EMAIL, KAI_CSV_WHOLE}},
    {"ハッシュ", {KAI_CSV_HASHES, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ハッシュ値", {KAI_CSV_HASHES, KAI_V_NONE, KAI_CSV_WHOLE}},
    {"ファイル名", {KAI_CSV_TYPED, KAI_V_FILE_NAME, KAI_CSV_WHOLE}},
};

/* Columns by whose name alone a value stands there. */
static const char *const VALUES[] = {
    "domain",     "domainname",     "fqdn",         "hostname",   "host",       "ip",
    "ipaddress",  "ipv4",           "ipv6",         "url",        "md5",        "sha1",
    "sha256",     "sha512",         "hash",         "filehash",   "md5hash",    "sha1hash",
    "sha256hash", "email",          "emailaddress", "cve",        "sha512hash", "dstip",
    "srcip",      "cveid",          "ja3md5",       "IPアドレス", "ドメイン",   "ドメイン名",
    "ホスト名",   "メールアドレス", "ハッシュ",     "ハッシュ値",
};

/* Lower case, without blanks, hyphens and underscores. */
static struct kai_view plain(struct kai_view text, char out[static PLAIN_CAP])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n < PLAIN_CAP; i++)
        if (text.p[i] != ' ' && text.p[i] != '_' && text.p[i] != '-')
            out[n++] = (char)kai_ascii_lower(text.p[i]);
    return kai_view_of(out, n);
}

static bool has(struct kai_view v, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= v.n; i++)
        if (memcmp(v.p + i, word, strlen(word)) == 0)
            return true;
    return false;
}

bool kai_csv_type(struct kai_view text, struct kai_csv_type *type)
{
    char buf[PLAIN_CAP];
    struct kai_view v = plain(text, buf);

    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (kai_ascii_is(v, TYPES[i].name)) {
            *type = TYPES[i].type;
            return true;
        }
    *type = (struct kai_csv_type){.kind = KAI_CSV_TYPED, .vtype = kai_vtype_parse(text)};
    if (type->vtype == KAI_V_NONE)
        type->vtype = kai_vtype_parse(v);
    return type->vtype != KAI_V_NONE;
}

static bool is_hash(const struct kai_csv_type *t)
{
    return t->kind == KAI_CSV_HASHES ||
           (t->kind == KAI_CSV_TYPED && t->vtype >= KAI_V_MD5 && t->vtype <= KAI_V_SHA512);
}

static struct kai_csv_column column(struct kai_view name)
{
    struct kai_csv_column c = {.use = KAI_CSV_CONTEXT};
    char buf[PLAIN_CAP];
    struct kai_view v = plain(name, buf);
    size_t n = name.n < sizeof c.name - 1 ? name.n : sizeof c.name - 1;

    while (n > 0 && n < name.n && (name.p[n] & 0xc0) == 0x80)
        n--;
    for (size_t i = 0; kai_utf8_ok(name.p, n) && i < n; i++)
        c.name[i] = name.p[i] < 0x20 || name.p[i] == 0x7f ? ' ' : (char)name.p[i];
    if (has(v, "date") || has(v, "seen") || has(v, "time"))
        c.use = KAI_CSV_NOTHING;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (kai_ascii_is(v, NAMES[i].name))
            c.use = NAMES[i].use;
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
        if (kai_ascii_is(v, VALUES[i]) && kai_csv_type(name, &c.type))
            c.use = KAI_CSV_VALUE;
    return c;
}

bool kai_csv_columns(const struct kai_view *names, size_t n,
                     struct kai_csv_column columns[static KAI_CSV_COLUMNS_MAX])
{
    bool generic = false;
    bool any = false;
    bool typed = false;

    if (n < 2 || n > KAI_CSV_COLUMNS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        columns[i] = column(names[i]);
        bool is_value = columns[i].use == KAI_CSV_VALUE;

        if (is_value && generic && columns[i].type.kind == KAI_CSV_ANY)
            return false; /* Two of them: nobody knows which the type is of. */
        generic = generic || (is_value && columns[i].type.kind == KAI_CSV_ANY);
        any = any || is_value;
        typed = typed || columns[i].use == KAI_CSV_TYPE;
    }
    /* Beside a value of any type, hashes are those of the same file; what else is, is about it. */
    for (size_t i = 0; generic && i < n; i++)
        if (columns[i].use == KAI_CSV_VALUE && columns[i].type.kind != KAI_CSV_ANY &&
            !is_hash(&columns[i].type))
            columns[i].use = KAI_CSV_CONTEXT;
    for (size_t i = 0; !generic && typed && i < n; i++)
        if (columns[i].use == KAI_CSV_TYPE)
            columns[i].use = KAI_CSV_CONTEXT;
    return any;
}
