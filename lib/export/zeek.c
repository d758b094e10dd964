/* zeek: a file of the Intel framework, as Zeek's Input framework reads it.
 *
 *     #fields indicator indicator_type meta.source meta.desc meta.url meta.do_notice
 *
 * One tab between fields and no quotes. \xHH is decoded, so every backslash is written as \x5c, and
 * control characters and a # that would begin a comment likewise. "-" and "(empty)" alone are no
 * text there but "unset". */
#include <string.h>

#include "export/form.h"

#define WORDS_CAP 257u

static enum kai_err begin(struct kai_export *e)
{
    kai_export_open(e, 0, "");
    kai_buf_text(kai_export_file(e, 0), "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc"
                                        "\tmeta.url\tmeta.do_notice\n");
    return KAI_OK;
}

/* With the tabs around it. */
static const char *type_of(enum kai_vtype type)
{
    switch (type) {
    case KAI_V_IPV4:
    case KAI_V_IPV6:
        return "\tIntel::ADDR\t";
    case KAI_V_DOMAIN:
        return "\tIntel::DOMAIN\t";
    case KAI_V_URL:
        return "\tIntel::URL\t";
    case KAI_V_EMAIL:
        return "\tIntel::EMAIL\t";
    case KAI_V_MD5:
    case KAI_V_SHA1:
    case KAI_V_SHA224:
    case KAI_V_SHA256:
    case KAI_V_SHA384:
    case KAI_V_SHA512:
        return "\tIntel::FILE_HASH\t";
    case KAI_V_FILE_NAME:
        return "\tIntel::FILE_NAME\t";
    case KAI_V_USER_ACCOUNT:
        return "\tIntel::USER_NAME\t";
    case KAI_V_USER_AGENT:
        return "\tIntel::SOFTWARE\t";
    case KAI_V_NONE:
    case KAI_V_SSDEEP:
    case KAI_V_TLSH:
    case KAI_V_IMPHASH:
    case KAI_V_HASH:
    case KAI_V_FILE_PATH:
    case KAI_V_MAC:
    case KAI_V_MUTEX:
    case KAI_V_REGKEY:
    case KAI_V_X509_SERIAL:
    case KAI_V_X509_SUBJECT:
    case KAI_V_X509_ISSUER:
    case KAI_V_ASN:
    case KAI_V_PROCESS:
    case KAI_V_SOFTWARE:
    case KAI_V_CPE:
    case KAI_V_CVE:
    case KAI_V_EMAIL_SUBJECT:
    case KAI_V_EMAIL_MESSAGE_ID:
    case KAI_V_ARTIFACT:
    case KAI_V_OTHER:
        return NULL;
    }
    return NULL;
}

static bool takes(enum kai_vtype type)
{
    return type_of(type) != NULL;
}

static bool is(struct kai_view v, const char *text)
{
    return kai_view_eq(v, kai_view_of(text, strlen(text)));
}

static bool unset(struct kai_view v)
{
    return v.n == 0 || is(v, "-") || is(v, "(empty)");
}

static void put(struct kai_buf *b, struct kai_view v)
{
    bool comment = v.n > 0 && v.p[0] == '#';
    size_t from = 0;

    for (size_t i = comment ? 0 : kai_plain_run(v.p, v.n); i < v.n; i++) {
        uint8_t c = v.p[i];

        if (c >= 0x20 && c != 0x7f && c != '\\' && !(c == '#' && i == 0))
            continue;
        kai_buf_add(b, v.p + from, i - from);
        kai_buf_printf(b, "\\x%02x", c);
        from = i + 1;
    }
    if (v.n > from)
        kai_buf_add(b, v.p + from, v.n - from);
}

/* Source and description: the rest of a line. */
static void make_rest(struct kai_buf *b, const struct kai_export_record *r)
{
    char words[2][WORDS_CAP]; /* Not values: what does not fit is cut. */

    kai_copy_text(words[0], sizeof words[0], r->origin_name);
    kai_copy_text(words[1], sizeof words[1], r->name);
    struct kai_view source = kai_view_of(words[0], strlen(words[0]));
    struct kai_view desc = kai_view_of(words[1], strlen(words[1]));
    put(b, unset(source) ? kai_view_of(r->origin, strlen(r->origin)) : source);
    kai_buf_u8(b, '\t');
    put(b, unset(desc) ? kai_view_of("-", 1) : desc);
    kai_buf_text(b, "\t-\tF\n");
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    const char *type = type_of(r->type);
    struct kai_view value = r->value;

    if ((r->type == KAI_V_IPV4 || r->type == KAI_V_IPV6) && memchr(value.p, '/', value.n) != NULL)
        type = "\tIntel::SUBNET\t";
    if (r->type == KAI_V_URL) { /* As the scripts see it: host and path. */
        const uint8_t *at = memchr(value.p, ':', value.n);

        if (at == NULL || value.n - (size_t)(at - value.p) < 4 || memcmp(at, "://", 3) != 0)
            return KAI_EXPORT_SHAPE; /* urn: and the like are never seen in traffic. */
        value.n -= (size_t)(at - value.p) + 3;
        value.p = at + 3;
    }
    if (unset(value))
        return KAI_EXPORT_SHAPE;
    if (e->rest.len == 0)
        make_rest(&e->rest, r);
    struct kai_buf *b = kai_export_file(e, 0);
    put(b, value);
    kai_buf_add(b, type, strlen(type));
    kai_buf_add(b, e->rest.p, e->rest.len);
    return KAI_EXPORT_TAKEN;
}

const struct export_form kai_export_zeek = {.name = "zeek",
                                            .use = KAI_EXPORT_DETECT,
                                            .by_source = true,
                                            .begin = begin,
                                            .takes = takes,
                                            .add = add};
