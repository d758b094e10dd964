/* audience: AUDIENCE, who may read what, as its owner sets it. */
#include <string.h>

#include "crypto/hash.h"
#include "keys/record_int.h"

#define KIND_MAX   255u
#define RELAYS_MAX 8u
#define BIN8       0xc4u
#define INT_MAX_63 ((uint64_t)INT64_MAX)

static void put_ids(struct kai_buf *out, const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    kai_put_array(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_put_bin(out, ids[i], KAI_ID_BYTES);
}

void kai_aud_rec_write(struct kai_buf *out, const struct kai_aud_rec *a)
{
    kai_put_array(out, 9);
    kai_put_bin(out, a->nonce, sizeof a->nonce);
    kai_put_uint(out, a->ver);
    kai_put_uint(out, a->kind);
    if (a->rule_open)
        kai_rec_put_attrs(out, a->rule, a->n_rule);
    else
        kai_put_bin(out, a->rule_hash, KAI_ID_BYTES);
    put_ids(out, a->stewards, a->n_stewards);
    put_ids(out, a->relays, a->n_relays);
    kai_put_uint(out, a->label_max);
    kai_put_uint(out, a->history);
    kai_put_no_ext(out);
}

static size_t read_ids(struct kai_cur *c, uint8_t (*ids)[KAI_ID_BYTES], uint32_t max)
{
    size_t n = kai_cur_array(c, max);

    for (size_t i = 0; i < n; i++)
        kai_cur_copy(c, ids[i], KAI_ID_BYTES);
    return kai_cur_ok(c) ? n : 0;
}

enum kai_err kai_aud_rec_parse(struct kai_aud_rec *a, struct kai_view body)
{
    struct kai_cur c;

    memset(a, 0, sizeof *a);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 9);
    kai_cur_copy(&c, a->nonce, sizeof a->nonce);
    a->ver = kai_cur_uint(&c, INT_MAX_63);
    a->kind = kai_cur_uint(&c, KIND_MAX);
    a->rule_open = !(kai_cur_ok(&c) && c.p < c.end && *c.p == BIN8);
    if (a->rule_open)
        a->n_rule = kai_rec_attrs(&c, a->rule);
    else
        kai_cur_copy(&c, a->rule_hash, KAI_ID_BYTES);
    a->n_stewards = read_ids(&c, a->stewards, KAI_STEWARDS_MAX);
    a->n_relays = read_ids(&c, a->relays, RELAYS_MAX);
    a->label_max = kai_cur_uint(&c, 5);
    a->history = kai_cur_uint(&c, KAI_HISTORY_ALL);
    kai_cur_ext(&c, NULL, NULL);
    if (a->label_max == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

void kai_aud_id(uint8_t id[static KAI_ID_BYTES], const uint8_t owner[static KAI_ID_BYTES],
                const uint8_t nonce[static 16])
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_AUD);
    kai_hash_add(&h, owner, KAI_ID_BYTES);
    kai_hash_add(&h, nonce, 16);
    kai_hash_end(&h, id);
}
