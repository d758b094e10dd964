/* successor: SUCCESSOR, who stands in the places of an organisation that merged into another. */
#include <string.h>

#include "keys/record_int.h"

#define INT_MAX_63 ((uint64_t)INT64_MAX)

void kai_successor_write(struct kai_buf *out, const struct kai_successor *s)
{
    kai_put_array(out, 4);
    kai_put_bin(out, s->old_org, KAI_ID_BYTES);
    kai_put_bin(out, s->new_org, KAI_ID_BYTES);
    kai_put_uint(out, s->cut);
    kai_put_no_ext(out);
}

enum kai_err kai_successor_parse(struct kai_successor *s, struct kai_view body)
{
    struct kai_cur c;

    memset(s, 0, sizeof *s);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 4);
    kai_cur_copy(&c, s->old_org, KAI_ID_BYTES);
    kai_cur_copy(&c, s->new_org, KAI_ID_BYTES);
    s->cut = kai_cur_uint(&c, INT_MAX_63);
    kai_cur_ext(&c, NULL, NULL);
    if (memcmp(s->old_org, s->new_org, KAI_ID_BYTES) == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}
