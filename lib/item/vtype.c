/* vtype: the names of value types, and where a pattern looks for them. */
#include "item/value.h"

#include "item/ascii.h"

/* The order is that of the numbers. */
static const struct {
    const char *name;
    const char *path;
} TYPES[KAI_VTYPE_MAX + 1] = {
    [KAI_V_NONE] = {"", NULL},
    [KAI_V_IPV4] = {"ipv4-addr", "ipv4-addr:value"},
    [KAI_V_IPV6] = {"ipv6-addr", "ipv6-addr:value"},
    [KAI_V_DOMAIN] = {"domain-name", "domain-name:value"},
    [KAI_V_URL] = {"url", "url:value"},
    [KAI_V_EMAIL] = {"email-addr", "email-addr:value"},
    [KAI_V_MD5] = {"md5", "file:hashes.MD5"},
    [KAI_V_SHA1] = {"sha1", "file:hashes.'SHA-1'"},
    [KAI_V_SHA224] = {"sha224", "file:hashes.'SHA-224'"},
    [KAI_V_SHA256] = {"sha256", "file:hashes.'SHA-256'"},
    [KAI_V_SHA384] = {"sha384", "file:hashes.'SHA-384'"},
    [KAI_V_SHA512] = {"sha512", "file:hashes.'SHA-512'"},
    [KAI_V_SSDEEP] = {"ssdeep", "file:hashes.SSDEEP"},
    [KAI_V_TLSH] = {"tlsh", "file:hashes.TLSH"},
    [KAI_V_IMPHASH] = {"imphash", "file:hashes.IMPHASH"},
    [KAI_V_HASH] = {"hash", "x-kairan-hash:value"},
    [KAI_V_FILE_NAME] = {"file-name", "file:name"},
    [KAI_V_FILE_PATH] = {"file-path", "directory:path"},
    [KAI_V_MAC] = {"mac-addr", "mac-addr:value"},
    [KAI_V_MUTEX] = {"mutex", "mutex:name"},
    [KAI_V_REGKEY] = {"windows-registry-key", "windows-registry-key:key"},
    [KAI_V_USER_AGENT] = {"user-agent", "network-traffic:extensions.'http-request-ext'."
                                        "request_header.'User-Agent'"},
    [KAI_V_X509_SERIAL] = {"x509-serial", "x509-certificate:serial_number"},
    [KAI_V_X509_SUBJECT] = {"x509-subject", "x509-certificate:subject"},
    [KAI_V_X509_ISSUER] = {"x509-issuer", "x509-certificate:issuer"},
    [KAI_V_ASN] = {"autonomous-system", "autonomous-system:number"},
    [KAI_V_USER_ACCOUNT] = {"user-account", "user-account:account_login"},
    [KAI_V_PROCESS] = {"process", "process:command_line"},
    [KAI_V_SOFTWARE] = {"software", "software:name"},
    [KAI_V_CPE] = {"cpe", "software:cpe"},
    [KAI_V_CVE] = {"vulnerability", "vulnerability:name"},
    [KAI_V_EMAIL_SUBJECT] = {"email-subject", "email-message:subject"},
    [KAI_V_EMAIL_MESSAGE_ID] = {"email-message-id", "email-message:message_id"},
    [KAI_V_ARTIFACT] = {"artifact", "artifact:url"},
    [KAI_V_OTHER] = {"other", "x-kairan-value:value"},
};

static const struct {
    const char *name;
    enum kai_vtype type;
} ALIASES[] = {
    {"ip", KAI_V_IPV4},
    {"ipv4", KAI_V_IPV4},
    {"ipv6", KAI_V_IPV6},
    {"domain", KAI_V_DOMAIN},
    {"hostname", KAI_V_DOMAIN},
    {"uri", KAI_V_URL},
    {"email", KAI_V_EMAIL},
    {"hash-md5", KAI_V_MD5},
    {"sha-1", KAI_V_SHA1},
    {"hash-sha1", KAI_V_SHA1},
    {"sha-224", KAI_V_SHA224},
    {"sha-256", KAI_V_SHA256},
    {"hash-sha256", KAI_V_SHA256},
    {"sha-384", KAI_V_SHA384},
    {"sha-512", KAI_V_SHA512},
    {"filename", KAI_V_FILE_NAME},
    {"file", KAI_V_FILE_NAME},
    {"path", KAI_V_FILE_PATH},
    {"directory", KAI_V_FILE_PATH},
    {"mac", KAI_V_MAC},
    {"regkey", KAI_V_REGKEY},
    {"registry", KAI_V_REGKEY},
    {"ua", KAI_V_USER_AGENT},
    {"asn", KAI_V_ASN},
    {"as", KAI_V_ASN},
    {"account", KAI_V_USER_ACCOUNT},
    {"command-line", KAI_V_PROCESS},
    {"cve", KAI_V_CVE},
    {"subject", KAI_V_EMAIL_SUBJECT},
    {"message-id", KAI_V_EMAIL_MESSAGE_ID},
};

enum kai_vtype kai_vtype_of(uint64_t v)
{
    return v >= KAI_V_IPV4 && v <= KAI_VTYPE_MAX ? (enum kai_vtype)v : KAI_V_NONE;
}

const char *kai_vtype_name(enum kai_vtype type)
{
    return TYPES[kai_vtype_of((uint64_t)type)].name;
}

const char *kai_vtype_path(enum kai_vtype type)
{
    return TYPES[kai_vtype_of((uint64_t)type)].path;
}

enum kai_vtype kai_vtype_parse(struct kai_view name)
{
    for (size_t i = 1; i <= KAI_VTYPE_MAX; i++)
        if (kai_ascii_is(name, TYPES[i].name))
            return kai_vtype_of(i);
    for (size_t i = 0; i < sizeof ALIASES / sizeof ALIASES[0]; i++)
        if (kai_ascii_is(name, ALIASES[i].name))
            return ALIASES[i].type;
    return KAI_V_NONE;
}
