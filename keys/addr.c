/* addr: ADDR, the note that says where a node is reached. */
#include <string.h>

#include "crypto/sign.h"
#include "keys/record_int.h"

#define INT_MAX_63    ((uint64_t)INT64_MAX)
#define REACH_LISTENS 1u
#define REACH_DIALS   2u

static void write_body(struct kai_buf *out, const struct kai_addr *a)
{
    kai_put_array(out, 6);
    kai_put_uint(out, a->counter);
    kai_put_array(out, (uint32_t)a->n);
    for (size_t i = 0; i < a->n; i++) {
        kai_put_array(out, 2);
        kai_put_str(out, a->at[i].endpoint);
        if (a->at[i].intro[0] != '\0')
            kai_put_str(out, a->at[i].intro);
        else
            kai_put_nil(out);
    }
    kai_put_bin(out, a->curve_pk, KAI_KEY_BYTES);
    kai_put_uint(out, a->listens ? REACH_LISTENS : REACH_DIALS);
    kai_put_uint(out, a->not_after);
    kai_put_no_ext(out);
}

void kai_addr_write(struct kai_buf *out, const struct kai_addr *a, const uint8_t node_sk[static 64],
                    const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    kai_buf_init(&body, KAI_ADDR_BYTES_MAX);
    write_body(&body, a);
    if (body.err != KAI_OK) {
        if (out->err == KAI_OK)
            out->err = body.err;
    } else {
        kai_sign(sig, node_sk, KAI_SIG_ADDR, nid, body.p, body.len);
        kai_put_array(out, 4);
        kai_put_uint(out, KAI_REC_ADDR);
        kai_put_view(out, kai_buf_view(&body));
        kai_put_bin(out, a->node_cert, KAI_ID_BYTES);
        kai_put_bin(out, sig, sizeof sig);
    }
    kai_buf_free(&body);
}

static enum kai_err split(struct kai_view *body, struct kai_view *cert, struct kai_view *sig,
                          struct kai_view note)
{
    struct kai_cur c;

    if (note.n > KAI_ADDR_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, note.p, note.n);
    kai_cur_tuple(&c, 4);
    if (kai_cur_uint(&c, UINT16_MAX) != KAI_REC_ADDR)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *body = kai_cur_bin(&c, KAI_ADDR_BYTES_MAX);
    *cert = kai_view_of(kai_cur_bin_n(&c, KAI_ID_BYTES), KAI_ID_BYTES);
    *sig = kai_view_of(kai_cur_bin_n(&c, KAI_SIG_BYTES), KAI_SIG_BYTES);
    return kai_cur_end(&c);
}

enum kai_err kai_addr_parse(struct kai_addr *a, struct kai_view note)
{
    struct kai_view body;
    struct kai_view cert;
    struct kai_view sig;
    struct kai_cur c;
    enum kai_err err = split(&body, &cert, &sig, note);

    memset(a, 0, sizeof *a);
    if (err != KAI_OK)
        return err;
    memcpy(a->node_cert, cert.p, KAI_ID_BYTES);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 6);
    a->counter = kai_cur_uint(&c, INT_MAX_63);
    a->n = kai_cur_array(&c, KAI_ADDR_ENDPOINTS_MAX);
    for (size_t i = 0; i < a->n; i++) {
        kai_cur_tuple(&c, 2);
        kai_rec_text(&c, a->at[i].endpoint, sizeof a->at[i].endpoint);
        bool intro = !kai_cur_nil(&c);
        if (intro)
            kai_rec_text(&c, a->at[i].intro, sizeof a->at[i].intro);
        /* An empty text would be nil in a second form. */
        if (a->at[i].endpoint[0] == '\0' || (intro && a->at[i].intro[0] == '\0'))
            kai_cur_fail(&c, KAI_EMALFORMED);
    }
    kai_cur_copy(&c, a->curve_pk, KAI_KEY_BYTES);
    uint64_t reach = kai_cur_uint(&c, REACH_DIALS);
    a->listens = reach == REACH_LISTENS;
    a->not_after = kai_cur_uint(&c, INT_MAX_63);
    kai_cur_ext(&c, NULL, NULL);
    if (reach == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

enum kai_err kai_addr_verify(struct kai_view note, const uint8_t node_pk[static KAI_KEY_BYTES],
                             const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_view body;
    struct kai_view cert;
    struct kai_view sig;
    enum kai_err err = split(&body, &cert, &sig, note);

    if (err != KAI_OK)
        return err;
    return kai_verify(sig.p, node_pk, KAI_SIG_ADDR, nid, body.p, body.n);
}
