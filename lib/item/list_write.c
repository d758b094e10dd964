/* list_write: cuts a run of values into contents.
 *
 * A content must fit the sealed payload of one entry, compressed. How well text compresses is not
 * known beforehand, so each byte is charged what it costs at worst: hex digits half, what addresses
 * are made of a little less, names two thirds, any other text all of it. */
#include "item/list.h"

#include <string.h>

#include "wire/put.h"

/* A full content weighs this. */
#define FULL (1u << 24)
/* What compressed values may take: a payload without its seal, the item's frame and its proof. */
#define PAYLOAD_ROOM 56000u
/* The rest of KAI_LIST_BYTES_MAX is the template and the heads. */
#define VALUES_ROOM     (KAI_LIST_BYTES_MAX - KAI_LIST_TEMPLATE_BYTES_MAX - 16u)
#define CUT_FROM_VALUES 2000u /* A content that is too small costs a signature of its own. */

/* Compressed size of a byte, in sixteenths, at worst. */
static uint64_t byte_cost(enum kai_vtype type)
{
    switch (type) {
    case KAI_V_IPV4:
    case KAI_V_ASN:
    case KAI_V_CVE:
        return 7;
    case KAI_V_IPV6:
    case KAI_V_MD5:
    case KAI_V_SHA1:
    case KAI_V_SHA224:
    case KAI_V_SHA256:
    case KAI_V_SHA384:
    case KAI_V_SHA512:
    case KAI_V_TLSH:
    case KAI_V_IMPHASH:
    case KAI_V_MAC:
        return 9;
    case KAI_V_DOMAIN:
        return 11;
    case KAI_V_NONE:
    case KAI_V_URL:
    case KAI_V_EMAIL:
    case KAI_V_SSDEEP:
    case KAI_V_HASH:
    case KAI_V_FILE_NAME:
    case KAI_V_FILE_PATH:
    case KAI_V_MUTEX:
    case KAI_V_REGKEY:
    case KAI_V_USER_AGENT:
    case KAI_V_X509_SERIAL:
    case KAI_V_X509_SUBJECT:
    case KAI_V_X509_ISSUER:
    case KAI_V_USER_ACCOUNT:
    case KAI_V_PROCESS:
    case KAI_V_SOFTWARE:
    case KAI_V_CPE:
    case KAI_V_EMAIL_SUBJECT:
    case KAI_V_EMAIL_MESSAGE_ID:
    case KAI_V_ARTIFACT:
    case KAI_V_OTHER:
        return 16;
    }
    return 16;
}

/* The share of a content that a value takes, of FULL: by count, by bytes, by compressed bytes. */
static uint64_t weight(enum kai_vtype type, size_t bytes)
{
    uint64_t by_count = FULL / KAI_LIST_VALUES_MAX;
    uint64_t by_bytes = (uint64_t)bytes * FULL / VALUES_ROOM;
    uint64_t by_cost = (uint64_t)bytes * byte_cost(type) * FULL / (16u * PAYLOAD_ROOM);
    uint64_t most = by_count > by_bytes ? by_count : by_bytes;

    return 1 + (most > by_cost ? most : by_cost);
}

/* Not for security: whoever shapes values to move cuts moves his own. */
static uint32_t cut_hash(struct kai_view v)
{
    uint64_t h = 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < v.n; i++)
        h = (h ^ v.p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return (uint32_t)(h >> 32);
}

void kai_list_writer_init(struct kai_list_writer *w, enum kai_vtype type,
                          struct kai_view template_json, kai_list_out_fn *out, void *ctx)
{
    *w = (struct kai_list_writer){
        .type = type, .template_json = template_json, .out = out, .ctx = ctx, .err = KAI_OK};
    kai_buf_init(&w->values, KAI_LIST_BYTES_MAX);
    kai_buf_init(&w->content, KAI_LIST_BYTES_MAX);
    if (template_json.n > KAI_LIST_TEMPLATE_BYTES_MAX || kai_vtype_of((uint64_t)type) == KAI_V_NONE)
        w->err = KAI_EMALFORMED;
    if (template_json.n == 0)
        w->template_json = kai_view_of("{}", 2);
}

void kai_list_put(struct kai_buf *out, struct kai_view template_json, enum kai_vtype type,
                  struct kai_view values)
{
    kai_put_array(out, 3);
    kai_put_view(out, template_json);
    kai_put_uint(out, (uint64_t)type);
    kai_put_view(out, values);
}

static void flush(struct kai_list_writer *w)
{
    if (w->n == 0 || w->err != KAI_OK)
        return;
    kai_buf_clear(&w->content);
    kai_list_put(&w->content, w->template_json, w->type, kai_buf_view(&w->values));
    w->err = w->values.err != KAI_OK ? w->values.err : w->content.err;
    if (w->err == KAI_OK)
        w->err = w->out(w->ctx, kai_buf_view(&w->content), w->n);
    kai_buf_clear(&w->values);
    w->n = 0;
    w->weight = 0;
}

/* Whether v comes after the last value. */
static bool is_ascending(const struct kai_list_writer *w, struct kai_view v)
{
    size_t n = w->values.len - w->last_at;
    int d;

    if (w->n == 0)
        return true;
    d = memcmp(w->values.p + w->last_at, v.p, n < v.n ? n : v.n);
    return d < 0 || (d == 0 && n < v.n);
}

void kai_list_writer_add(struct kai_list_writer *w, struct kai_view norm)
{
    uint64_t more = weight(w->type, norm.n + 1);

    if (w->err == KAI_OK)
        w->err = w->values.err;
    if (w->err != KAI_OK)
        return;
    if (norm.n == 0 || norm.n > KAI_VALUE_BYTES_MAX || !is_ascending(w, norm)) {
        w->err = KAI_EMALFORMED;
        return;
    }
    /* The value at a cut begins the next content. */
    bool may_cut = w->n >= CUT_FROM_VALUES || w->weight >= FULL / 2;
    if (w->weight + more > FULL ||
        (may_cut && (uint64_t)cut_hash(norm) * (FULL / 4) < (more << 32)))
        flush(w);
    if (w->n > 0)
        kai_buf_u8(&w->values, '\n');
    w->last_at = w->values.len;
    kai_buf_add(&w->values, norm.p, norm.n);
    w->weight += more;
    w->n++;
}

enum kai_err kai_list_writer_end(struct kai_list_writer *w)
{
    enum kai_err err;

    flush(w);
    err = w->err;
    kai_buf_free(&w->values);
    kai_buf_free(&w->content);
    return err;
}
