/* rule: the item that says what an audience is called and who is in it. */
#include <assert.h>
#include <string.h>

#include "crypto/hash.h"
#include "log/body.h"
#include "log/signed_priv.h"
#include "wire/put.h"

#define ITEM_FIELDS    4u
#define BODY_FIELDS    8u
#define BODY_BYTES_MAX (KAI_RULE_IDS_MAX * KAI_ID_BYTES + 1024u) /* The rest, and room for X. */

enum id_kind { IDS_ORG = 1, IDS_NODE = 3, IDS_PERSON = 4 };

static bool id_kind_ok(uint64_t kind)
{
    return kind == IDS_ORG || kind == IDS_NODE || kind == IDS_PERSON;
}

static void body_write(struct kai_buf *out, const struct kai_rule *r)
{
    kai_put_array(out, BODY_FIELDS);
    kai_put_bin(out, r->aud_id, sizeof r->aud_id);
    kai_put_uint(out, r->ver);
    kai_put_str(out, r->name);
    kai_put_uint(out, r->id_kind);
    kai_put_bin(out, r->ids, r->n_ids * KAI_ID_BYTES);
    kai_put_uint(out, r->part);
    kai_put_uint(out, r->of);
    kai_put_no_ext(out);
}

void kai_rule_write(struct kai_buf *out, const struct kai_rule *r,
                    const uint8_t issuing_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;

    assert(r->n_ids <= KAI_RULE_IDS_MAX && id_kind_ok(r->id_kind) && r->name[0] != '\0');
    assert(r->ver >= 1 && r->part < r->of && r->of <= KAI_RULE_PARTS_MAX);
    kai_buf_init(&body, BODY_BYTES_MAX);
    body_write(&body, r);
    kai_put_array(out, ITEM_FIELDS);
    kai_put_uint(out, KAI_ITEM_RULE);
    kai_put_bin(out, r->signer_cert, sizeof r->signer_cert);
    kai_signed_write(out, &body, issuing_sk, KAI_SIG_RULE, nid);
    kai_buf_free(&body);
}

static enum kai_err item_read(uint8_t signer_cert[static KAI_ID_BYTES], struct kai_view *body,
                              struct kai_view *sig, struct kai_view item)
{
    struct kai_cur c;

    kai_cur_init(&c, item.p, item.n);
    kai_cur_tuple(&c, ITEM_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != KAI_ITEM_RULE)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_cur_copy(&c, signer_cert, KAI_ID_BYTES);
    kai_signed_read(&c, body, sig, BODY_BYTES_MAX);
    return kai_cur_end(&c);
}

static bool ascending(const uint8_t *ids, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (memcmp(ids + (i - 1) * KAI_ID_BYTES, ids + i * KAI_ID_BYTES, KAI_ID_BYTES) >= 0)
            return false;
    }
    return true;
}

static bool consistent(const struct kai_rule *r, struct kai_view name, struct kai_view ids)
{
    return r->ver >= 1 && name.n >= 1 && memchr(name.p, '\0', name.n) == NULL &&
           id_kind_ok(r->id_kind) && ids.n % KAI_ID_BYTES == 0 && ascending(r->ids, r->n_ids) &&
           r->part < r->of;
}

enum kai_err kai_rule_parse(struct kai_rule *r, struct kai_view item)
{
    struct kai_view body;
    struct kai_view sig;
    struct kai_cur c;

    *r = (struct kai_rule){0};
    enum kai_err err = item_read(r->signer_cert, &body, &sig, item);
    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, BODY_FIELDS);
    kai_cur_copy(&c, r->aud_id, sizeof r->aud_id);
    r->ver = kai_cur_uint(&c, INT64_MAX);
    struct kai_view name = kai_cur_str(&c, KAI_TEXT_BYTES_MAX);
    r->id_kind = kai_cur_uint(&c, INT64_MAX);
    struct kai_view ids = kai_cur_bin(&c, KAI_RULE_IDS_MAX * KAI_ID_BYTES);
    r->ids = ids.p;
    r->n_ids = ids.n / KAI_ID_BYTES;
    r->part = kai_cur_uint(&c, INT64_MAX);
    r->of = kai_cur_uint(&c, KAI_RULE_PARTS_MAX);
    kai_cur_ext(&c, NULL, NULL);
    err = kai_cur_end(&c);
    if (err == KAI_OK && !consistent(r, name, ids))
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        memcpy(r->name, name.p, name.n);
    return err;
}

enum kai_err kai_rule_verify(struct kai_view item, const uint8_t issuing_pk[static KAI_KEY_BYTES],
                             const uint8_t nid[static KAI_ID_BYTES])
{
    uint8_t signer_cert[KAI_ID_BYTES];
    struct kai_view body;
    struct kai_view sig;
    enum kai_err err = item_read(signer_cert, &body, &sig, item);

    if (err != KAI_OK)
        return err;
    return kai_verify(sig.p, issuing_pk, KAI_SIG_RULE, nid, body.p, body.n);
}

/* Whether b is the part that comes after a. */
static bool follows(const struct kai_rule *a, const struct kai_rule *b)
{
    if (memcmp(a->aud_id, b->aud_id, sizeof a->aud_id) != 0 || a->ver != b->ver ||
        strcmp(a->name, b->name) != 0 || a->id_kind != b->id_kind || a->of != b->of)
        return false;
    if (a->n_ids == 0 || b->n_ids == 0) /* Only a rule of one part may have no ids. */
        return false;
    return memcmp(a->ids + (a->n_ids - 1) * KAI_ID_BYTES, b->ids, KAI_ID_BYTES) < 0;
}

enum kai_err kai_rule_hash(uint8_t hash[static KAI_ID_BYTES], const struct kai_view *items,
                           size_t n)
{
    uint8_t leaves[KAI_RULE_PARTS_MAX][KAI_ID_BYTES];
    uint8_t root[KAI_ID_BYTES];
    struct kai_rule part[2]; /* By turns: this one and the one before. */

    if (n > KAI_RULE_PARTS_MAX)
        return KAI_ELIMIT;
    if (n == 0)
        return KAI_EMALFORMED;
    for (size_t i = 0; i < n; i++) {
        struct kai_rule *r = &part[i % 2];
        struct kai_view body;
        struct kai_view sig;
        enum kai_err err = kai_rule_parse(r, items[i]);

        if (err == KAI_OK)
            err = item_read(r->signer_cert, &body, &sig, items[i]);
        if (err != KAI_OK)
            return err;
        if (r->part != i || r->of != n || (i > 0 && !follows(&part[(i - 1) % 2], r)))
            return KAI_EMALFORMED;
        kai_hash(leaves[i], KAI_D_BODY, body.p, body.n);
    }
    kai_merkle_root(root, leaves, n);
    kai_hash(hash, KAI_D_RULE, root, sizeof root);
    return KAI_OK;
}
