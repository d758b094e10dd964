/* checkpoint: reads, writes and verifies CHECKPOINT. */
#include "keys/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/record_int.h"

static_assert(KAI_CHECKPOINT_ROWS_MAX * 37u + 128u + KAI_SIG_BYTES <= KAI_CHECKPOINT_BYTES_MAX,
              "a CHECKPOINT with all its rows fits");

void kai_mark_blind(uint8_t blind[static 16], const uint8_t salt[static 32],
                    const uint8_t log_pk[static KAI_KEY_BYTES])
{
    kai_kdf(blind, 16, KAI_D_BLIND, salt, log_pk, KAI_KEY_BYTES);
}

void kai_mark_of(struct kai_mark *out, const uint8_t salt[static 32],
                 const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                 const uint8_t head[static KAI_ID_BYTES])
{
    struct kai_hasher h;

    kai_mark_blind(out->blind, salt, log_pk);
    kai_kdf_begin(&h, KAI_D_BLINDHEAD, salt, sizeof out->blindhead);
    kai_hash_add(&h, log_pk, KAI_KEY_BYTES);
    kai_hash_u64(&h, seq);
    kai_hash_add(&h, head, KAI_ID_BYTES);
    kai_hash_end(&h, out->blindhead);
}

static int by_blind(const void *a, const void *b)
{
    return memcmp(((const struct kai_mark *)a)->blind, ((const struct kai_mark *)b)->blind, 16);
}

void kai_marks_sort(struct kai_mark *rows, size_t n)
{
    if (n > 0)
        qsort(rows, n, sizeof *rows, by_blind);
}

const struct kai_mark *kai_marks_find(const struct kai_mark *rows, size_t n,
                                      const uint8_t blind[static 16])
{
    struct kai_mark key = {0};

    memcpy(key.blind, blind, sizeof key.blind);
    return n == 0 ? NULL : bsearch(&key, rows, n, sizeof *rows, by_blind);
}

static void write_body(struct kai_buf *out, const struct kai_checkpoint *p)
{
    kai_put_array(out, 3);
    kai_put_uint(out, p->counter);
    kai_put_array(out, (uint32_t)p->n);
    for (size_t i = 0; i < p->n; i++) {
        kai_put_array(out, 2);
        kai_put_bin(out, p->rows[i].blind, sizeof p->rows[i].blind);
        kai_put_bin(out, p->rows[i].blindhead, sizeof p->rows[i].blindhead);
    }
    kai_put_no_ext(out);
}

void kai_checkpoint_write(struct kai_buf *out, const struct kai_checkpoint *p,
                          const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    kai_buf_init(&body, KAI_CHECKPOINT_BYTES_MAX);
    write_body(&body, p);
    if (body.err != KAI_OK) {
        if (out->err == KAI_OK)
            out->err = body.err;
    } else {
        kai_sign(sig, node_sk, KAI_SIG_CHECKPOINT, nid, body.p, body.len);
        kai_put_array(out, 4);
        kai_put_uint(out, KAI_REC_CHECKPOINT);
        kai_put_view(out, kai_buf_view(&body));
        kai_put_bin(out, p->node_cert, KAI_ID_BYTES);
        kai_put_bin(out, sig, sizeof sig);
    }
    kai_buf_free(&body);
}

static enum kai_err split(struct kai_view *body, const uint8_t **cert, const uint8_t **sig,
                          struct kai_view note)
{
    struct kai_cur c;

    if (note.n > KAI_CHECKPOINT_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, note.p, note.n);
    kai_cur_tuple(&c, 4);
    if (kai_cur_uint(&c, UINT16_MAX) != KAI_REC_CHECKPOINT)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *body = kai_cur_bin(&c, KAI_CHECKPOINT_BYTES_MAX);
    *cert = kai_cur_bin_n(&c, KAI_ID_BYTES);
    *sig = kai_cur_bin_n(&c, KAI_SIG_BYTES);
    return kai_cur_end(&c);
}

enum kai_err kai_checkpoint_parse(struct kai_checkpoint *p, struct kai_view note)
{
    struct kai_view body;
    const uint8_t *cert;
    const uint8_t *sig;
    struct kai_cur c;
    enum kai_err err = split(&body, &cert, &sig, note);

    memset(p, 0, sizeof *p);
    if (err != KAI_OK)
        return err;
    memcpy(p->node_cert, cert, KAI_ID_BYTES);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 3);
    p->counter = kai_cur_uint(&c, (uint64_t)INT64_MAX);
    p->n = kai_cur_array(&c, KAI_CHECKPOINT_ROWS_MAX);
    for (size_t i = 0; i < p->n; i++) {
        kai_cur_tuple(&c, 2);
        kai_cur_copy(&c, p->rows[i].blind, sizeof p->rows[i].blind);
        kai_cur_copy(&c, p->rows[i].blindhead, sizeof p->rows[i].blindhead);
        /* One form for one set; and no log with two heads to choose from. */
        if (i > 0 && by_blind(&p->rows[i - 1], &p->rows[i]) >= 0)
            kai_cur_fail(&c, KAI_EMALFORMED);
    }
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

enum kai_err kai_checkpoint_verify(struct kai_view note,
                                   const uint8_t node_pk[static KAI_KEY_BYTES],
                                   const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_view body;
    const uint8_t *cert;
    const uint8_t *sig;
    enum kai_err err = split(&body, &cert, &sig, note);

    if (err == KAI_OK)
        err = kai_verify(sig, node_pk, KAI_SIG_CHECKPOINT, nid, body.p, body.n);
    return KAI_CHECK(CHECKPOINT_SIGNATURE, err == KAI_OK) ? KAI_OK : err;
}
