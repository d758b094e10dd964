/* revoke: REVOKE, the end of a certificate and of what its key signed past its cuts. */
#include <string.h>

#include "keys/record_int.h"

#define X_PART     1u
#define PART_BYTES 8u
#define REASON_MAX 65535u
#define INT_MAX_63 ((uint64_t)INT64_MAX)

static void put_part(struct kai_buf *out, const struct kai_revoke *r)
{
    struct kai_buf x;

    if (r->of <= 1) {
        kai_put_no_ext(out);
        return;
    }
    kai_buf_init(&x, PART_BYTES);
    kai_put_array(&x, 2);
    kai_put_uint(&x, r->part);
    kai_put_uint(&x, r->of);
    kai_put_map(out, 1);
    kai_put_uint(out, X_PART);
    kai_put_view(out, kai_buf_view(&x));
    if (x.err != KAI_OK && out->err == KAI_OK)
        out->err = x.err;
    kai_buf_free(&x);
}

void kai_revoke_write(struct kai_buf *out, const struct kai_revoke *r)
{
    kai_put_array(out, 5);
    kai_put_bin(out, r->target, KAI_ID_BYTES);
    kai_put_uint(out, r->reason);
    kai_put_array(out, (uint32_t)r->n_cuts);
    for (size_t i = 0; i < r->n_cuts; i++) {
        kai_put_array(out, 3);
        kai_put_bin(out, r->cuts[i].log_pk, KAI_KEY_BYTES);
        kai_put_uint(out, r->cuts[i].seq);
        kai_put_bin(out, r->cuts[i].head, KAI_ID_BYTES);
    }
    kai_put_array(out, (uint32_t)r->n_marks);
    for (size_t i = 0; i < r->n_marks; i++) {
        kai_put_array(out, 2);
        kai_put_bin(out, r->marks[i].blind, sizeof r->marks[i].blind);
        kai_put_bin(out, r->marks[i].blindhead, sizeof r->marks[i].blindhead);
    }
    put_part(out, r);
}

static bool ext(void *ctx, uint64_t key, struct kai_view value)
{
    struct kai_revoke *r = ctx;
    struct kai_cur c;

    if (key != X_PART)
        return false;
    kai_cur_init(&c, value.p, value.n);
    kai_cur_tuple(&c, 2);
    r->part = kai_cur_uint(&c, KAI_REVOKE_PARTS_MAX - 1);
    r->of = kai_cur_uint(&c, KAI_REVOKE_PARTS_MAX);
    /* One part alone is written without X 1: one form for one meaning. */
    return kai_cur_end(&c) == KAI_OK && r->of >= 2 && r->part < r->of;
}

static void read_cut(struct kai_cur *c, struct kai_cut *cut)
{
    kai_cur_tuple(c, 3);
    kai_cur_copy(c, cut->log_pk, KAI_KEY_BYTES);
    cut->seq = kai_cur_uint(c, INT_MAX_63);
    kai_cur_copy(c, cut->head, KAI_ID_BYTES);
    static const uint8_t zeros[KAI_ID_BYTES];
    if (cut->seq == 0 && memcmp(cut->head, zeros, sizeof zeros) != 0)
        kai_cur_fail(c, KAI_EMALFORMED);
}

enum kai_err kai_revoke_parse(struct kai_revoke *r, struct kai_view body)
{
    struct kai_cur c;

    memset(r, 0, sizeof *r);
    r->of = 1;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 5);
    kai_cur_copy(&c, r->target, KAI_ID_BYTES);
    r->reason = kai_cur_uint(&c, REASON_MAX);
    r->n_cuts = kai_cur_array(&c, KAI_CUTS_PER_REVOKE_MAX);
    for (size_t i = 0; i < r->n_cuts; i++)
        read_cut(&c, &r->cuts[i]);
    r->n_marks = kai_cur_array(&c, KAI_CUTS_PER_REVOKE_MAX);
    for (size_t i = 0; i < r->n_marks; i++) {
        kai_cur_tuple(&c, 2);
        kai_cur_copy(&c, r->marks[i].blind, sizeof r->marks[i].blind);
        kai_cur_copy(&c, r->marks[i].blindhead, sizeof r->marks[i].blindhead);
        if (i > 0 &&
            memcmp(r->marks[i - 1].blind, r->marks[i].blind, sizeof r->marks[i].blind) >= 0)
            kai_cur_fail(&c, KAI_EMALFORMED); /* Ascending: one mark of a log, one form. */
    }
    kai_cur_ext(&c, ext, r);
    return kai_cur_end(&c);
}
