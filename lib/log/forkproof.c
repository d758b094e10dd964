/* forkproof: reads, writes and verifies the proof that a log forked. */
#include "log/forkproof.h"

#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"
#include "wire/put.h"

/* Less than 0: a stands first. 0: they are no fork of one log. */
static int order(const struct kai_entry *a, const struct kai_entry *b)
{
    if (a->h.seq != b->h.seq || memcmp(a->h.log_pk, b->h.log_pk, KAI_KEY_BYTES) != 0)
        return 0;
    return memcmp(a->hash, b->hash, KAI_ID_BYTES);
}

enum kai_err kai_forkproof_write(struct kai_buf *out, const struct kai_entry *a,
                                 const struct kai_entry *b)
{
    int first = order(a, b);
    const struct kai_entry *at[2] = {first < 0 ? a : b, first < 0 ? b : a};

    if (first == 0)
        return KAI_EMALFORMED;
    kai_put_array(out, 6);
    kai_put_uint(out, KAI_NOTE_FORKPROOF);
    for (size_t i = 0; i < 2; i++) {
        kai_put_view(out, at[i]->hdr);
        kai_put_view(out, at[i]->sig);
    }
    kai_put_no_ext(out);
    return out->err;
}

enum kai_err kai_forkproof_parse(struct kai_forkproof *p, struct kai_view note)
{
    struct kai_cur c;
    enum kai_err err = KAI_OK;

    memset(p, 0, sizeof *p);
    if (note.n > KAI_FORKPROOF_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, note.p, note.n);
    kai_cur_tuple(&c, 6);
    if (kai_cur_uint(&c, UINT16_MAX) != KAI_NOTE_FORKPROOF)
        kai_cur_fail(&c, KAI_EMALFORMED);
    for (size_t i = 0; i < 2 && err == KAI_OK; i++) {
        struct kai_view hdr = kai_cur_bin(&c, KAI_HDR_BYTES_MAX);
        struct kai_view sig = kai_view_of(kai_cur_bin_n(&c, KAI_SIG_BYTES), KAI_SIG_BYTES);
        err = kai_cur_ok(&c) ? kai_entry_init(&p->at[i], hdr, sig, (struct kai_view){0}) : c.err;
    }
    kai_cur_ext(&c, NULL, NULL);
    if (err == KAI_OK)
        err = kai_cur_end(&c);
    if (err == KAI_OK && order(&p->at[0], &p->at[1]) >= 0)
        err = KAI_EMALFORMED;
    return err;
}

enum kai_err kai_forkproof_verify(const struct kai_forkproof *p,
                                  const uint8_t nid[static KAI_ID_BYTES])
{
    enum kai_err err = kai_key_check(p->at[0].h.log_pk);

    for (size_t i = 0; i < 2 && err == KAI_OK; i++)
        err = kai_entry_verify(&p->at[i], nid);
    return KAI_CHECK(FORK_PROVEN, err == KAI_OK) ? KAI_OK : err;
}
