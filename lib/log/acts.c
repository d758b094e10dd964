/* acts: RELEASE and RECALL, and the frame they share with RESHARE. */
#include "log/acts.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "log/acts_priv.h"
#include "log/label_priv.h"
#include "log/signed_priv.h"
#include "wire/put.h"

#define ITEM_FIELDS    3u
#define RELEASE_FIELDS 7u
#define RECALL_FIELDS  7u
#define BODY_BYTES_MAX 4096u /* Indexes 1.5 KiB, audiences 0.5 KiB, the rest and room for X. */

bool kai_indexes_have(const struct kai_indexes *x, uint64_t index)
{
    if (x->n == 0)
        return true;
    for (size_t i = 0; i < x->n; i++) {
        if (x->at[i] == index)
            return true;
    }
    return false;
}

void kai_indexes_put(struct kai_buf *out, const struct kai_indexes *x)
{
    if (x->n == 0) {
        kai_put_nil(out);
        return;
    }
    assert(x->n <= KAI_BATCH_ITEMS_MAX);
    kai_put_array(out, (uint32_t)x->n);
    for (size_t i = 0; i < x->n; i++) {
        assert(x->at[i] < KAI_BATCH_ITEMS_MAX && (i == 0 || x->at[i - 1] < x->at[i]));
        kai_put_uint(out, x->at[i]);
    }
}

void kai_indexes_read(struct kai_cur *c, struct kai_indexes *x)
{
    x->n = 0;
    if (kai_cur_nil(c))
        return;
    uint32_t n = kai_cur_array(c, KAI_BATCH_ITEMS_MAX);
    if (n == 0)
        kai_cur_fail(c, KAI_EMALFORMED);
    for (uint32_t i = 0; i < n && kai_cur_ok(c); i++) {
        x->at[i] = (uint16_t)kai_cur_uint(c, KAI_BATCH_ITEMS_MAX - 1);
        if (i > 0 && x->at[i] <= x->at[i - 1])
            kai_cur_fail(c, KAI_EMALFORMED);
    }
    if (kai_cur_ok(c))
        x->n = n;
}

void kai_ids_put(struct kai_buf *out, const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    kai_put_array(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_put_bin(out, ids[i], KAI_ID_BYTES);
}

size_t kai_ids_read(struct kai_cur *c, uint8_t (*ids)[KAI_ID_BYTES], uint32_t max)
{
    uint32_t n = kai_cur_array(c, max);

    for (uint32_t i = 0; i < n; i++)
        kai_cur_copy(c, ids[i], KAI_ID_BYTES);
    return kai_cur_ok(c) ? n : 0;
}

static enum kai_sig_type sig_type(uint64_t item_type)
{
    return item_type == KAI_ITEM_RELEASE  ? KAI_SIG_RELEASE
           : item_type == KAI_ITEM_RECALL ? KAI_SIG_RECALL
                                          : KAI_SIG_RESHARE;
}

static size_t body_max(uint64_t item_type)
{
    return item_type == KAI_ITEM_RESHARE ? KAI_BODY_BYTES_MAX : BODY_BYTES_MAX;
}

void kai_act_write(struct kai_buf *out, enum kai_item_type type, const struct kai_buf *body,
                   const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    kai_put_array(out, ITEM_FIELDS);
    kai_put_uint(out, type);
    kai_signed_write(out, body, node_sk, sig_type(type), nid);
}

static enum kai_err item_read(uint64_t *type, struct kai_view *body, struct kai_view *sig,
                              struct kai_view item)
{
    struct kai_cur c;

    *body = *sig = (struct kai_view){0};
    kai_cur_init(&c, item.p, item.n);
    kai_cur_tuple(&c, ITEM_FIELDS);
    *type = kai_cur_uint(&c, INT64_MAX);
    if (*type != KAI_ITEM_RELEASE && *type != KAI_ITEM_RECALL && *type != KAI_ITEM_RESHARE)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_signed_read(&c, body, sig, body_max(*type));
    return kai_cur_end(&c);
}

enum kai_err kai_act_body(struct kai_view *body, enum kai_item_type type, struct kai_view item)
{
    struct kai_view sig;
    uint64_t found;
    enum kai_err err = item_read(&found, body, &sig, item);

    return err == KAI_OK && found != type ? KAI_EMALFORMED : err;
}

enum kai_err kai_act_verify(struct kai_view item, const uint8_t node_pk[static KAI_KEY_BYTES],
                            const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_view body;
    struct kai_view sig;
    uint64_t type;
    enum kai_err err = item_read(&type, &body, &sig, item);

    if (err != KAI_OK)
        return err;
    err = kai_verify(sig.p, node_pk, sig_type(type), nid, body.p, body.n);
    return KAI_CHECK(ACT_SIGNATURE, err == KAI_OK) ? KAI_OK : err;
}

void kai_release_write(struct kai_buf *out, const struct kai_release *r,
                       const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;

    assert(r->any || r->has_label || r->n_auds > 0);
    kai_buf_init(&body, BODY_BYTES_MAX);
    kai_put_array(&body, RELEASE_FIELDS);
    kai_put_bin(&body, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_put(&body, &r->indexes);
    if (r->has_label)
        kai_log_label_put(&body, r->tlp, r->pap, r->exercise);
    else
        kai_put_nil(&body);
    if (r->any)
        kai_put_nil(&body);
    else
        kai_ids_put(&body, r->aud, r->n_auds);
    kai_put_bin(&body, r->origin_cert, sizeof r->origin_cert);
    kai_put_uint(&body, r->created);
    kai_put_no_ext(&body);
    kai_act_write(out, KAI_ITEM_RELEASE, &body, node_sk, nid);
    kai_buf_free(&body);
}

enum kai_err kai_release_parse(struct kai_release *r, struct kai_view item)
{
    struct kai_view body;
    struct kai_cur c;
    enum kai_err err = kai_act_body(&body, KAI_ITEM_RELEASE, item);

    *r = (struct kai_release){0};
    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, RELEASE_FIELDS);
    kai_cur_copy(&c, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_read(&c, &r->indexes);
    r->has_label = !kai_cur_nil(&c);
    if (r->has_label)
        kai_log_label_read(&c, &r->tlp, &r->pap, &r->exercise);
    r->any = kai_cur_nil(&c);
    if (!r->any)
        r->n_auds = kai_ids_read(&c, r->aud, KAI_AUDIENCES_PER_OBJ_MAX);
    if (!r->any && !r->has_label && r->n_auds == 0)
        kai_cur_fail(&c, KAI_EMALFORMED); /* Releases nothing. */
    kai_cur_copy(&c, r->origin_cert, sizeof r->origin_cert);
    r->created = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

bool kai_release_lists(const struct kai_release *r, uint64_t index,
                       const uint8_t aud_id[static KAI_ID_BYTES])
{
    if (!kai_indexes_have(&r->indexes, index))
        return false;
    for (size_t i = 0; i < r->n_auds; i++) {
        if (memcmp(r->aud[i], aud_id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

void kai_recall_write(struct kai_buf *out, const struct kai_recall *r,
                      const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;

    kai_buf_init(&body, BODY_BYTES_MAX);
    kai_put_array(&body, RECALL_FIELDS);
    kai_put_bin(&body, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_put(&body, &r->indexes);
    kai_put_uint(&body, r->reason);
    kai_put_str(&body, r->text);
    kai_put_bin(&body, r->origin_cert, sizeof r->origin_cert);
    kai_put_uint(&body, r->created);
    kai_put_no_ext(&body);
    kai_act_write(out, KAI_ITEM_RECALL, &body, node_sk, nid);
    kai_buf_free(&body);
}

enum kai_err kai_recall_parse(struct kai_recall *r, struct kai_view item)
{
    struct kai_view body;
    struct kai_cur c;
    enum kai_err err = kai_act_body(&body, KAI_ITEM_RECALL, item);

    *r = (struct kai_recall){0};
    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, RECALL_FIELDS);
    kai_cur_copy(&c, r->obj_hash, sizeof r->obj_hash);
    kai_indexes_read(&c, &r->indexes);
    r->reason = kai_cur_uint(&c, INT64_MAX);
    kai_cur_text(&c, r->text, sizeof r->text);
    kai_cur_copy(&c, r->origin_cert, sizeof r->origin_cert);
    r->created = kai_cur_uint(&c, INT64_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}
