/* value: normal forms. */
#include "item/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uninorm.h>

#include "item/ascii.h"
#include "item/host.h"
#include "item/ip.h"

struct out {
    char *p;
    size_t cap;
    size_t n;
};

static bool put(struct out *o, const void *p, size_t n)
{
    if (n > o->cap - o->n)
        return false;
    if (n > 0)
        memmove(o->p + o->n, p, n);
    o->n += n;
    return true;
}

/* Text as it is, in NFC. */
static bool norm_text(struct kai_view t, struct out *o)
{
    size_t i = 0;

    while (i < t.n && t.p[i] < 0x80)
        i++;
    if (i == t.n)
        return put(o, t.p, t.n);

    size_t n = o->cap;
    uint8_t *got = u8_normalize(UNINORM_NFC, t.p, t.n, (uint8_t *)o->p, &n);
    bool fits = got == (uint8_t *)o->p;
    if (fits)
        o->n = n;
    else if (got != NULL)
        free(got);
    return fits;
}

/* Hex digits only, n of them or any even number for 0, in lower or upper case. */
static bool norm_hex(struct kai_view t, size_t n, bool upper, struct out *o)
{
    if (t.n == 0 || t.n % 2 != 0 || (n != 0 && t.n != n))
        return false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = upper ? kai_ascii_upper(t.p[i]) : kai_ascii_lower(t.p[i]);

        if (kai_ascii_hex(c) < 0 || !put(o, &c, 1))
            return false;
    }
    return true;
}

static size_t hash_digits(enum kai_vtype type)
{
    static const uint8_t digits[KAI_VTYPE_MAX + 1] = {
        [KAI_V_MD5] = 32,    [KAI_V_SHA1] = 40,    [KAI_V_SHA224] = 56,  [KAI_V_SHA256] = 64,
        [KAI_V_SHA384] = 96, [KAI_V_SHA512] = 128, [KAI_V_IMPHASH] = 32,
    };

    return digits[type];
}

/* "T1" and 70 digits; older programs leave "T1" out. */
static bool norm_tlsh(struct kai_view t, struct out *o)
{
    if (t.n == 72 && kai_ascii_begins(t, "t1"))
        t = kai_view_from(t, 2);
    return put(o, "T1", 2) && norm_hex(t, 70, true, o);
}

/* "blocksize:base64:base64" */
static bool norm_ssdeep(struct kai_view t, struct out *o)
{
    size_t colon = kai_view_find(t, ':');
    unsigned colons = 0;

    if (colon == 0 || colon > 10)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];

        if (i < colon
                ? !kai_ascii_digit(c)
                : !kai_ascii_alpha(c) && !kai_ascii_digit(c) && c != '+' && c != '/' && c != ':')
            return false;
        colons += c == ':';
    }
    return colons == 2 && put(o, t.p, t.n);
}

#define EMAIL_LOCAL_MAX 65u

static bool norm_email(struct kai_view t, struct out *o)
{
    char domain[KAI_DOMAIN_CAP];
    size_t n;
    size_t at = t.n;

    while (at > 0 && t.p[at - 1] != '@')
        at--;
    if (at < 2)
        return false;
    for (size_t i = 0; i + 1 < at; i++)
        if (t.p[i] == ' ' || t.p[i] == '@')
            return false;
    if (!kai_domain_norm(kai_view_from(t, at), domain, &n))
        return false;
    /* The limit is one of the normal form, which can be the longer one. */
    return norm_text(kai_view_of(t.p, at), o) && o->n <= EMAIL_LOCAL_MAX + 1 && put(o, domain, n);
}

/* Six octets with colons or hyphens, or three groups with dots. */
static bool norm_mac(struct kai_view t, struct out *o)
{
    size_t group = t.n == 14 ? 4 : 2;
    uint8_t sign = t.n == 14 ? '.' : t.n == 17 ? t.p[2] : 0;
    size_t digits = 0;

    if (sign != '.' && sign != ':' && sign != '-')
        return false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = kai_ascii_lower(t.p[i]);

        if (i % (group + 1) == group) {
            if (c != sign)
                return false;
            continue;
        }
        if (kai_ascii_hex(c) < 0 || (digits > 0 && digits % 2 == 0 && !put(o, ":", 1)) ||
            !put(o, &c, 1))
            return false;
        digits++;
    }
    return digits == 12;
}

/* "AS64496" or "64496", up to 32 bits. */
static bool norm_asn(struct kai_view t, struct out *o)
{
    uint64_t v = 0;

    if (kai_ascii_begins(t, "as"))
        t = kai_view_from(t, 2);
    if (t.n == 0 || t.n > 10)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        if (!kai_ascii_digit(t.p[i]) || (t.p[i] == '0' && i == 0 && t.n > 1))
            return false;
        v = v * 10 + (uint64_t)(t.p[i] - '0');
    }
    return v <= UINT32_MAX && put(o, t.p, t.n);
}

/* ^CVE-[0-9]{4}-[0-9]{4,19}$ */
static bool norm_cve(struct kai_view t, struct out *o)
{
    if (t.n < 13 || t.n > 28 || !kai_ascii_begins(t, "cve-") || t.p[8] != '-')
        return false;
    for (size_t i = 4; i < t.n; i++)
        if (i != 8 && !kai_ascii_digit(t.p[i]))
            return false;
    return put(o, "CVE-", 4) && put(o, t.p + 4, t.n - 4);
}

/* CPE 2.3: "cpe:2.3:" and 11 fields, split at colons that are not escaped. */
static bool norm_cpe(struct kai_view t, struct out *o)
{
    unsigned fields = 1;
    bool empty = true;

    if (!kai_ascii_begins(t, "cpe:2.3:") || t.n < 10 || t.p[9] != ':' ||
        strchr("aoh*-", kai_ascii_lower(t.p[8])) == NULL)
        return false;
    for (size_t i = 8; i < t.n; i++) {
        if (t.p[i] == ':') {
            if (empty)
                return false;
            fields++;
            empty = true;
            continue;
        }
        empty = false;
        if (t.p[i] <= ' ' || t.p[i] >= 0x7f || (t.p[i] == '\\' && ++i == t.n))
            return false;
    }
    if (fields != 11 || empty)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = kai_ascii_lower(t.p[i]);

        if (!put(o, &c, 1))
            return false;
    }
    return true;
}

/* Hex with or without colons or blanks; other programs write decimals or words: as they are. */
static bool norm_serial(struct kai_view t, struct out *o)
{
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = kai_ascii_lower(t.p[i]);

        if (c == ':' || c == ' ')
            continue;
        if (kai_ascii_hex(c) < 0 || !put(o, &c, 1)) {
            o->n = 0;
            return norm_text(t, o);
        }
    }
    return o->n > 0;
}

static bool norm_hash(struct kai_view t, struct out *o)
{
    if (norm_hex(t, 0, false, o))
        return true;
    o->n = 0;
    return norm_text(t, o);
}

static bool norm_ip(enum kai_vtype type, struct kai_view t, struct out *o)
{
    char text[KAI_IP_TEXT_CAP];
    struct kai_cidr ip;

    if (type == KAI_V_IPV4)
        return kai_ip4_parse(&ip, t) && put(o, text, kai_ip4_text(text, &ip));
    return kai_ip6_parse(&ip, t) && put(o, text, kai_ip6_text(text, &ip));
}

static bool norm_domain(struct kai_view t, struct out *o)
{
    char text[KAI_DOMAIN_CAP];
    size_t n;

    return kai_domain_norm(t, text, &n) && put(o, text, n);
}

static bool norm_by_type(enum kai_vtype type, struct kai_view t, struct out *o)
{
    switch (type) {
    case KAI_V_NONE:
        return false;
    case KAI_V_IPV4:
    case KAI_V_IPV6:
        return norm_ip(type, t, o);
    case KAI_V_DOMAIN:
        return norm_domain(t, o);
    case KAI_V_URL:
    case KAI_V_ARTIFACT:
        return kai_url_norm(t, o->p, o->cap, &o->n);
    case KAI_V_EMAIL:
        return norm_email(t, o);
    case KAI_V_MD5:
    case KAI_V_SHA1:
    case KAI_V_SHA224:
    case KAI_V_SHA256:
    case KAI_V_SHA384:
    case KAI_V_SHA512:
    case KAI_V_IMPHASH:
        return norm_hex(t, hash_digits(type), false, o);
    case KAI_V_SSDEEP:
        return norm_ssdeep(t, o);
    case KAI_V_TLSH:
        return norm_tlsh(t, o);
    case KAI_V_HASH:
        return norm_hash(t, o);
    case KAI_V_MAC:
        return norm_mac(t, o);
    case KAI_V_X509_SERIAL:
        return norm_serial(t, o);
    case KAI_V_ASN:
        return norm_asn(t, o);
    case KAI_V_CPE:
        return norm_cpe(t, o);
    case KAI_V_CVE:
        return norm_cve(t, o);
    case KAI_V_FILE_NAME:
    case KAI_V_FILE_PATH:
    case KAI_V_MUTEX:
    case KAI_V_REGKEY:
    case KAI_V_USER_AGENT:
    case KAI_V_X509_SUBJECT:
    case KAI_V_X509_ISSUER:
    case KAI_V_USER_ACCOUNT:
    case KAI_V_PROCESS:
    case KAI_V_SOFTWARE:
    case KAI_V_EMAIL_SUBJECT:
    case KAI_V_EMAIL_MESSAGE_ID:
    case KAI_V_OTHER:
        return norm_text(t, o);
    }
    return false;
}

/* The code of a value that is not what its type says. */
static const char *code_of(enum kai_vtype type)
{
    static const char *const codes[KAI_VTYPE_MAX + 1] = {
        [KAI_V_IPV4] = "value.ipv4",     [KAI_V_IPV6] = "value.ipv6",
        [KAI_V_DOMAIN] = "value.domain", [KAI_V_URL] = "value.url",
        [KAI_V_ARTIFACT] = "value.url",  [KAI_V_EMAIL] = "value.email",
        [KAI_V_MAC] = "value.mac",       [KAI_V_ASN] = "value.asn",
        [KAI_V_CVE] = "value.cve",       [KAI_V_CPE] = "value.cpe",
        [KAI_V_MD5] = "value.hash",      [KAI_V_SHA1] = "value.hash",
        [KAI_V_SHA224] = "value.hash",   [KAI_V_SHA256] = "value.hash",
        [KAI_V_SHA384] = "value.hash",   [KAI_V_SHA512] = "value.hash",
        [KAI_V_IMPHASH] = "value.hash",  [KAI_V_SSDEEP] = "value.hash",
        [KAI_V_TLSH] = "value.hash",
    };

    return codes[type] != NULL ? codes[type] : "value.unknown";
}

static enum kai_err refuse(struct kai_why *why, enum kai_vtype type, struct kai_view t)
{
    char shown[KAI_WHY_ARG_BYTES];
    char digits[16] = "";
    const char *code = code_of(type);
    size_t n = t.n < sizeof shown - 1 ? t.n : sizeof shown - 1;

    if (why == NULL)
        return KAI_EMALFORMED;
    while (n > 0 && n < t.n && (t.p[n] & 0xc0) == 0x80) /* Not inside a letter. */
        n--;
    memcpy(shown, t.p, n);
    shown[n] = '\0';
    if (strcmp(code, "value.hash") != 0)
        return kai_why_set(why, KAI_EMALFORMED, code, shown, NULL, NULL);
    if (hash_digits(type) != 0)
        (void)snprintf(digits, sizeof digits, "%zu", hash_digits(type));
    return kai_why_set(why, KAI_EMALFORMED, code, kai_vtype_name(type), shown, digits);
}

static bool has_control(struct kai_view t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] < 0x20 || t.p[i] == 0x7f)
            return true;
    return false;
}

enum kai_err kai_value_norm(enum kai_vtype type, struct kai_view text, char *out, size_t cap,
                            size_t *n, struct kai_why *why)
{
    struct out o = {.p = out, .cap = cap < KAI_VALUE_BYTES_MAX ? cap : KAI_VALUE_BYTES_MAX};
    const char *name = kai_vtype_name(type);
    char bytes[24];
    char limit[24];

    *n = 0;
    type = kai_vtype_of((uint64_t)type);
    if (text.n == 0)
        return kai_why_set(why, KAI_EMALFORMED, "value.empty", name, NULL, NULL);
    if (text.n > o.cap) {
        (void)snprintf(bytes, sizeof bytes, "%zu", text.n);
        (void)snprintf(limit, sizeof limit, "%zu", o.cap);
        return kai_why_set(why, KAI_ELIMIT, "value.long", name, bytes, limit);
    }
    if (has_control(text))
        return kai_why_set(why, KAI_EMALFORMED, "value.control", name, NULL, NULL);
    if (!kai_utf8_ok(text.p, text.n))
        return kai_why_set(why, KAI_EMALFORMED, "value.utf8", name, NULL, NULL);
    if (!norm_by_type(type, text, &o) || o.n == 0)
        return refuse(why, type, text);
    *n = o.n;
    return KAI_OK;
}
