/* pattern_path: what an object path stands for. */
#include "item/pattern_path.h"

#include <string.h>

#include "item/ascii.h"

static const struct {
    const char *path;
    enum kai_vtype type;
} PATHS[] = {
    {"ipv4-addr:value", KAI_V_IPV4},
    {"ipv4addr:value", KAI_V_IPV4},
    {"ipv6-addr:value", KAI_V_IPV6},
    {"ipv6addr:value", KAI_V_IPV6},
    {"domain-name:value", KAI_V_DOMAIN},
    {"url:value", KAI_V_URL},
    {"email-addr:value", KAI_V_EMAIL},
    {"emailaddr:value", KAI_V_EMAIL},
    {"email-message:from_ref.value", KAI_V_EMAIL},
    {"email-message:sender_ref.value", KAI_V_EMAIL},
    {"email-message:to_refs.value", KAI_V_EMAIL},
    {"email-message:cc_refs.value", KAI_V_EMAIL},
    {"email-message:bcc_refs.value", KAI_V_EMAIL},
    {"email-message:subject", KAI_V_EMAIL_SUBJECT},
    {"email-message:message_id", KAI_V_EMAIL_MESSAGE_ID},
    {"email-message:body_multipart.body_raw_ref.name", KAI_V_FILE_NAME},
    {"file:name", KAI_V_FILE_NAME},
    {"file:parent_directory_ref.path", KAI_V_FILE_PATH},
    {"directory:path", KAI_V_FILE_PATH},
    {"network-traffic:src_ref.value", KAI_V_IPV4},
    {"network-traffic:dst_ref.value", KAI_V_IPV4},
    {"network-traffic:extensions.http-request-ext.request_header.user-agent", KAI_V_USER_AGENT},
    {"network-traffic:extensions.http-request-ext.request_value", KAI_V_OTHER},
    {"mac-addr:value", KAI_V_MAC},
    {"mutex:name", KAI_V_MUTEX},
    {"windows-registry-key:key", KAI_V_REGKEY},
    {"win-registry-key:key", KAI_V_REGKEY},
    {"windows-registry-key:values.data", KAI_V_OTHER},
    {"windows-registry-key:values.name", KAI_V_OTHER},
    {"x509-certificate:serial_number", KAI_V_X509_SERIAL},
    {"x509-certificate:subject", KAI_V_X509_SUBJECT},
    {"x509-certificate:issuer", KAI_V_X509_ISSUER},
    {"autonomous-system:number", KAI_V_ASN},
    {"user-account:account_login", KAI_V_USER_ACCOUNT},
    {"user-account:user_id", KAI_V_USER_ACCOUNT},
    {"process:command_line", KAI_V_PROCESS},
    {"process:name", KAI_V_FILE_NAME},
    {"software:cpe", KAI_V_CPE},
    {"software:name", KAI_V_SOFTWARE},
    {"artifact:url", KAI_V_ARTIFACT},
    {"vulnerability:name", KAI_V_CVE},
    {"x-kairan-hash:value", KAI_V_HASH},
    {"x-kairan-value:value", KAI_V_OTHER},
};

static const struct {
    const char *name;
    enum kai_vtype type;
    uint8_t digits; /* 0: of no fixed length, or not checked by the reference validator. */
} HASHES[] = {
    {"md5", KAI_V_MD5, 32},         {"sha-1", KAI_V_SHA1, 40},     {"sha1", KAI_V_SHA1, 40},
    {"sha-224", KAI_V_SHA224, 56},  {"sha224", KAI_V_SHA224, 56},  {"sha-256", KAI_V_SHA256, 64},
    {"sha256", KAI_V_SHA256, 64},   {"sha-384", KAI_V_SHA384, 96}, {"sha384", KAI_V_SHA384, 96},
    {"sha-512", KAI_V_SHA512, 128}, {"sha512", KAI_V_SHA512, 128}, {"ssdeep", KAI_V_SSDEEP, 0},
    {"tlsh", KAI_V_TLSH, 0},        {"imphash", KAI_V_IMPHASH, 0},
};

void kai_path_add(struct kai_path *path, const void *text, size_t n)
{
    if (n > sizeof path->text - path->n) {
        path->too_long = true;
        return;
    }
    memcpy(path->text + path->n, text, n);
    path->n += n;
}

/* The part of "file:hashes.NAME" that is NAME; empty for other paths. */
static struct kai_view hash_name(const struct kai_path *path)
{
    static const char *const heads[] = {"file:hashes.", "artifact:hashes.",
                                        "x509-certificate:hashes."};
    struct kai_view v = kai_view_of(path->text, path->n);

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (kai_ascii_begins(v, heads[i]))
            return kai_view_from(v, strlen(heads[i]));
    return kai_view_of(path->text, 0);
}

enum kai_vtype kai_hash_type(struct kai_view name)
{
    for (size_t i = 0; i < sizeof HASHES / sizeof HASHES[0]; i++)
        if (kai_ascii_is(name, HASHES[i].name))
            return HASHES[i].type;
    return KAI_V_HASH;
}

enum kai_path_use kai_path_lookup(const struct kai_path *path, enum kai_vtype *type)
{
    struct kai_view v = kai_view_of(path->text, path->n);
    struct kai_view hash = hash_name(path);

    *type = KAI_V_NONE;
    if (path->too_long)
        return KAI_PATH_USE_NONE;
    if (hash.n > 0) {
        *type = kai_hash_type(hash);
        return KAI_PATH_USE_VALUE;
    }
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
        if (kai_ascii_is(v, PATHS[i].path)) {
            *type = PATHS[i].type;
            return KAI_PATH_USE_VALUE;
        }
    if (kai_ascii_is(v, "domain-name:resolves_to_refs.value")) {
        *type = KAI_V_IPV4;
        return KAI_PATH_USE_SIDE;
    }
    if (v.n > 9 && kai_ascii_is(kai_view_from(v, v.n - 9), "_ref.type"))
        return KAI_PATH_USE_NEUTRAL;
    return KAI_PATH_USE_NONE;
}

size_t kai_path_hash_digits(const struct kai_path *path)
{
    size_t at = path->n;
    struct kai_view v = kai_view_of(path->text, path->n);

    while (at > 0 && v.p[at - 1] != '.')
        at--;
    if (path->too_long || at < 8 || !kai_ascii_is(kai_view_of(v.p + at - 7, 7), "hashes."))
        return 0;
    for (size_t i = 0; i < sizeof HASHES / sizeof HASHES[0]; i++)
        if (kai_ascii_is(kai_view_from(v, at), HASHES[i].name))
            return HASHES[i].digits;
    return 0;
}

bool kai_value_settle(enum kai_vtype *type, struct kai_view text, char *out, size_t cap, size_t *n)
{
    static const enum kai_vtype hosts[] = {KAI_V_IPV4, KAI_V_IPV6, KAI_V_DOMAIN};

    if (kai_value_norm(*type, text, out, cap, n, NULL) == KAI_OK)
        return true;
    if (*type != KAI_V_IPV4 && *type != KAI_V_IPV6 && *type != KAI_V_DOMAIN)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (kai_value_norm(hosts[i], text, out, cap, n, NULL) == KAI_OK) {
            *type = hosts[i];
            return true;
        }
    return false;
}
