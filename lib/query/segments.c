/* segments: which keys of the index a value in an expression stands for. */
#include <stdlib.h>
#include <string.h>

#include "item/search.h"
#include "query/expr_priv.h"

static const enum kai_vtype hashes[] = {KAI_V_MD5,     KAI_V_SHA1,   KAI_V_SHA224, KAI_V_SHA256,
                                        KAI_V_SHA384,  KAI_V_SHA512, KAI_V_SSDEEP, KAI_V_TLSH,
                                        KAI_V_IMPHASH, KAI_V_HASH};

static const enum kai_vtype texts[] = {
    KAI_V_FILE_NAME,    KAI_V_FILE_PATH,   KAI_V_MUTEX,           KAI_V_REGKEY,
    KAI_V_USER_AGENT,   KAI_V_X509_SERIAL, KAI_V_X509_SUBJECT,    KAI_V_X509_ISSUER,
    KAI_V_USER_ACCOUNT, KAI_V_PROCESS,     KAI_V_SOFTWARE,        KAI_V_EMAIL_SUBJECT,
    KAI_V_ARTIFACT,     KAI_V_OTHER,       KAI_V_EMAIL_MESSAGE_ID};

static enum kai_err add(struct kai_query *q, struct kai_view lo, struct kai_view hi,
                        struct kai_view norm)
{
    struct segment *s;

    if (q->n_segs == SEGMENTS_MAX)
        return KAI_ELIMIT;
    if (q->n_segs == q->seg_cap) {
        size_t cap = q->seg_cap == 0 ? 16 : 2 * q->seg_cap;
        struct segment *seg = realloc(q->seg, cap * sizeof *seg);

        if (seg == NULL)
            return KAI_ENOMEM;
        q->seg = seg;
        q->seg_cap = cap;
    }
    s = &q->seg[q->n_segs];
    *s = (struct segment){.lo = q->bytes.len, .lo_n = lo.n, .hi_n = hi.n, .norm_n = norm.n};
    kai_buf_add(&q->bytes, lo.p, lo.n);
    s->hi = q->bytes.len;
    kai_buf_add(&q->bytes, hi.p, hi.n);
    s->norm = q->bytes.len;
    if (norm.n > 0)
        kai_buf_add(&q->bytes, norm.p, norm.n);
    if (q->bytes.err == KAI_OK)
        q->n_segs++;
    return q->bytes.err;
}

static enum kai_err add_exact(struct kai_query *q, enum kai_vtype type, struct kai_view norm)
{
    uint8_t key[KAI_VALUE_KEY_MAX];
    size_t n;
    enum kai_err err = kai_value_key(type, norm, key, &n);

    return err == KAI_OK ? add(q, kai_view_of(key, n), kai_view_of(key, n), norm) : err;
}

struct parents {
    struct kai_query *q;
    enum kai_err err;
};

static bool add_parent(void *ctx, struct kai_view key)
{
    struct parents *p = ctx;
    char text[KAI_VALUE_KEY_MAX];
    enum kai_vtype type;
    size_t n = 0;

    p->err = kai_key_value(key, &type, text, &n) ? add(p->q, key, key, kai_view_of(text, n))
                                                 : KAI_EMALFORMED;
    return p->err == KAI_OK;
}

/* What is inside first, then what is around it. */
static enum kai_err add_ip(struct kai_query *q, enum kai_vtype type, struct kai_view norm)
{
    uint8_t lo[KAI_VALUE_KEY_MAX];
    uint8_t hi[KAI_VALUE_KEY_MAX];
    struct kai_view none = {0};
    struct parents p = {.q = q};
    size_t n;
    enum kai_err err = kai_key_cidr_range(type, norm, lo, hi, &n);

    if (err == KAI_OK)
        err = add(q, kai_view_of(lo, n), kai_view_of(hi, n), none);
    if (err == KAI_OK)
        err = kai_key_cidr_parents(type, norm, add_parent, &p);
    return err == KAI_OK ? p.err : err;
}

static enum kai_err add_below(struct kai_query *q, struct kai_view norm)
{
    uint8_t lo[KAI_VALUE_KEY_MAX];
    uint8_t hi[KAI_VALUE_KEY_MAX + 1];
    struct kai_view none = {0};
    size_t n;
    enum kai_err err = kai_key_domain_prefix(norm, lo, &n);

    if (err != KAI_OK)
        return err;
    memcpy(hi, lo, n);
    hi[n] = 0xff; /* No name has this byte. */
    return add(q, kai_view_of(lo, n), kai_view_of(hi, n + 1), none);
}

/* The text as each of these types, where it is one. Errors: KAI_EMALFORMED (it is none). */
static enum kai_err add_types(struct kai_query *q, const enum kai_vtype *types, size_t n_types,
                              struct kai_view text)
{
    char norm[KAI_VALUE_BYTES_MAX];
    size_t before = q->n_segs;
    size_t n;

    for (size_t i = 0; i < n_types; i++) {
        enum kai_err err = kai_value_norm(types[i], text, norm, sizeof norm, &n, NULL);

        if (err == KAI_OK)
            err = add_exact(q, types[i], kai_view_of(norm, n));
        if (err == KAI_ENOMEM || err == KAI_ELIMIT)
            return err;
    }
    return q->n_segs > before ? KAI_OK : KAI_EMALFORMED;
}

static enum kai_err of_type(struct kai_query *q, enum kai_vtype type, struct kai_view text)
{
    return add_types(q, &type, 1, text);
}

static enum kai_err of_ip(struct kai_query *q, struct kai_view text)
{
    static const enum kai_vtype types[] = {KAI_V_IPV4, KAI_V_IPV6};
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;

    for (size_t i = 0; i < 2; i++) {
        if (kai_value_norm(types[i], text, norm, sizeof norm, &n, NULL) == KAI_OK)
            return add_ip(q, types[i], kai_view_of(norm, n));
    }
    return KAI_EMALFORMED;
}

static enum kai_err of_domain(struct kai_query *q, struct kai_view text)
{
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;

    if (text.n < 2 || text.p[0] != '*' || text.p[1] != '.')
        return of_type(q, KAI_V_DOMAIN, text);
    if (kai_value_norm(KAI_V_DOMAIN, kai_view_of(text.p + 2, text.n - 2), norm, sizeof norm, &n,
                       NULL) != KAI_OK)
        return KAI_EMALFORMED;
    return add_below(q, kai_view_of(norm, n));
}

/* What a bare word finds. Errors: KAI_ENOTFOUND (of no known shape). */
static enum kai_err of_guess(struct kai_query *q, struct kai_view text)
{
    static const enum kai_vtype names[] = {KAI_V_DOMAIN, KAI_V_FILE_NAME};
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    size_t n;
    enum kai_err err = kai_value_guess(text, &type, norm, sizeof norm, &n, NULL);
    struct kai_view v = kai_view_of(norm, n);

    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : KAI_ENOTFOUND;
    if (type == KAI_V_IPV4 || type == KAI_V_IPV6)
        return add_ip(q, type, v);
    if (type == KAI_V_DOMAIN) /* invoice.zip is both. */
        return add_types(q, names, 2, v);
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (hashes[i] == type)
            return add_types(q, hashes, sizeof hashes / sizeof hashes[0], v);
    }
    return add_exact(q, type, v);
}

static enum kai_err of_value(struct kai_query *q, struct kai_view text)
{
    enum kai_err err = of_guess(q, text);
    enum kai_err as_text;

    if (err != KAI_OK && err != KAI_ENOTFOUND)
        return err;
    as_text = add_types(q, texts, sizeof texts / sizeof texts[0], text);
    return as_text == KAI_EMALFORMED && err == KAI_OK ? KAI_OK : as_text;
}

static enum kai_err segments(struct kai_query *q, const char *prefix, struct kai_view text,
                             struct kai_view plain)
{
    if (strcmp(prefix, "") == 0)
        return of_guess(q, text);
    if (strcmp(prefix, "value") == 0)
        return of_value(q, text);
    if (strcmp(prefix, "ip") == 0)
        return of_ip(q, plain);
    if (strcmp(prefix, "domain") == 0)
        return of_domain(q, plain);
    if (strcmp(prefix, "url") == 0)
        return of_type(q, KAI_V_URL, plain);
    if (strcmp(prefix, "email") == 0)
        return of_type(q, KAI_V_EMAIL, plain);
    if (strcmp(prefix, "cve") == 0)
        return of_type(q, KAI_V_CVE, plain);
    return add_types(q, hashes, sizeof hashes / sizeof hashes[0], text);
}

static uint64_t bits(const enum kai_vtype *types, size_t n)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= UINT64_C(1) << types[i];
    return all;
}

static uint64_t types_of(const char *prefix)
{
    static const enum kai_vtype ips[] = {KAI_V_IPV4, KAI_V_IPV6};

    if (strcmp(prefix, "") == 0 || strcmp(prefix, "value") == 0)
        return UINT64_MAX;
    if (strcmp(prefix, "ip") == 0)
        return bits(ips, 2);
    if (strcmp(prefix, "hash") == 0)
        return bits(hashes, sizeof hashes / sizeof hashes[0]);
    return UINT64_C(1) << kai_vtype_parse(kai_view_of(prefix, strlen(prefix)));
}

/* "*.example.com", and no other star: the names under it stand side by side in the index. */
static bool is_below(const char *prefix, struct kai_view text)
{
    return (strcmp(prefix, "") == 0 || strcmp(prefix, "domain") == 0) && text.n > 2 &&
           text.p[0] == '*' && text.p[1] == '.' && memchr(text.p + 1, '*', text.n - 1) == NULL;
}

static enum kai_err glob(struct kai_query *q, struct term *t, const char *prefix,
                         struct kai_view text)
{
    enum kai_err err;

    t->kind = TERM_GLOB;
    t->types = types_of(prefix);
    t->pattern = q->bytes.len;
    err = kai_search_fold(text, &q->bytes);
    t->pattern_n = q->bytes.len - t->pattern;
    return err;
}

enum kai_err kai_segments_of(struct kai_query *q, struct term *t, const char *prefix,
                             struct kai_view text, bool bare)
{
    struct kai_buf plain;
    enum kai_err err;

    kai_buf_init(&plain, 4u * KAI_QUERY_BYTES_MAX);
    t->kind = TERM_VALUE;
    t->seg = q->n_segs;
    err = text.n == 0 ? KAI_EMALFORMED : kai_refang(text, &plain);
    struct kai_view v = kai_buf_view(&plain);
    if (err == KAI_OK && bare && v.n > 0 && memchr(v.p, '*', v.n) != NULL) {
        if (!is_below(prefix, v) || of_domain(q, v) != KAI_OK)
            err = glob(q, t, prefix, v);
    } else if (err == KAI_OK) {
        err = segments(q, prefix, text, v);
    }
    t->n_segs = q->n_segs - t->seg;
    kai_buf_free(&plain);
    return err;
}
