/* obj: what an origin signs about a batch. */
#include <assert.h>

#include "crypto/hash.h"
#include "log/body.h"
#include "log/label_priv.h"
#include "wire/put.h"

#define OBJ_FIELDS    9u
#define LABEL_FIELDS  3u
#define TLP_MAX       5u
#define PAP_MAX       4u
#define FLAG_EXERCISE 1u

void kai_log_label_put(struct kai_buf *out, uint8_t tlp, uint8_t pap, bool exercise)
{
    assert(tlp >= 1 && tlp <= TLP_MAX && pap <= PAP_MAX);
    kai_put_array(out, LABEL_FIELDS);
    kai_put_uint(out, tlp);
    if (pap != 0)
        kai_put_uint(out, pap);
    else
        kai_put_nil(out);
    kai_put_uint(out, exercise ? FLAG_EXERCISE : 0);
}

void kai_log_label_read(struct kai_cur *c, uint8_t *tlp, uint8_t *pap, bool *exercise)
{
    kai_cur_tuple(c, LABEL_FIELDS);
    uint64_t t = kai_cur_uint(c, INT64_MAX);
    *tlp = (uint8_t)(t >= 1 && t <= TLP_MAX ? t : TLP_MAX);
    *pap = 0;
    if (!kai_cur_nil(c)) {
        uint64_t p = kai_cur_uint(c, INT64_MAX);

        *pap = (uint8_t)(p >= 1 && p <= PAP_MAX ? p : PAP_MAX);
    }
    *exercise = (kai_cur_uint(c, INT64_MAX) & FLAG_EXERCISE) != 0;
}

void kai_obj_write(struct kai_buf *out, const struct kai_obj *o)
{
    assert(o->n_auds <= KAI_AUDIENCES_PER_OBJ_MAX);
    kai_put_array(out, OBJ_FIELDS);
    kai_log_label_put(out, o->tlp, o->pap, o->exercise);
    kai_put_array(out, (uint32_t)o->n_auds);
    for (size_t i = 0; i < o->n_auds; i++)
        kai_put_bin(out, o->aud[i], KAI_ID_BYTES);
    kai_put_bin(out, o->origin_cert, sizeof o->origin_cert);
    kai_put_uint(out, o->created);
    if (o->valid_until != 0)
        kai_put_uint(out, o->valid_until);
    else
        kai_put_nil(out);
    kai_put_bin(out, o->root, sizeof o->root);
    kai_put_uint(out, o->n);
    if (o->seal.p != NULL)
        kai_put_view(out, o->seal);
    else
        kai_put_nil(out);
    kai_put_no_ext(out);
}

enum kai_err kai_obj_parse(struct kai_obj *o, struct kai_view obj)
{
    struct kai_cur c;

    *o = (struct kai_obj){0};
    if (obj.n > KAI_PAYLOAD_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, obj.p, obj.n);
    kai_cur_tuple(&c, OBJ_FIELDS);
    kai_log_label_read(&c, &o->tlp, &o->pap, &o->exercise);
    o->n_auds = kai_cur_array(&c, KAI_AUDIENCES_PER_OBJ_MAX);
    for (size_t i = 0; i < o->n_auds; i++)
        kai_cur_copy(&c, o->aud[i], KAI_ID_BYTES);
    kai_cur_copy(&c, o->origin_cert, sizeof o->origin_cert);
    o->created = kai_cur_uint(&c, INT64_MAX);
    if (!kai_cur_nil(&c)) {
        o->valid_until = kai_cur_uint(&c, INT64_MAX);
        if (o->valid_until == 0) /* Which is written as nil. */
            kai_cur_fail(&c, KAI_EMALFORMED);
    }
    kai_cur_copy(&c, o->root, sizeof o->root);
    o->n = kai_cur_uint(&c, KAI_BATCH_ITEMS_MAX);
    if (o->n == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    if (!kai_cur_nil(&c))
        o->seal = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

void kai_obj_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view obj)
{
    kai_hash(hash, KAI_D_OBJ, obj.p, obj.n);
}
