/* small: writing control entries, notes, proofs of forks and named values. */
#include <string.h>

#include "store/store_priv.h"

/* Put sum || body, or delete where there is none. */
static enum kai_err put_summed(struct kai_tx *t, enum table table, struct kai_view key,
                               struct kai_view body)
{
    struct kai_buf *b = &t->s->row;
    uint8_t sum[SUM_BYTES];

    if (t->t.err != KAI_OK)
        return t->t.err;
    if (body.p == NULL) {
        t->wrote = true;
        (void)txn_del(&t->t, t->s->dbi[table], key); /* Gone already is gone. */
        return t->t.err;
    }
    if (tx_room(t, body.n, KAI_STORE_SMALL_PERCENT) != KAI_OK)
        return t->t.err;
    kai_put_u64(sum, row_sum(table, key, body));
    kai_buf_clear(b);
    kai_buf_add(b, sum, sizeof sum);
    kai_buf_add(b, body.p, body.n);
    if (b->err != KAI_OK)
        return txn_fail(&t->t, b->err);
    return tx_put(t, table, key, kai_buf_view(b), 0);
}

static enum kai_err put_element(struct kai_tx *t, enum table table, const struct kai_entry *e)
{
    struct kai_buf b;
    uint8_t key[HASHED_KEY_BYTES];

    kai_buf_init(&b, ELEMENT_BYTES_MAX);
    kai_entry_write(&b, e, e->payload.p != NULL);
    hashed_key(key, e);
    enum kai_err err = b.err != KAI_OK
                           ? txn_fail(&t->t, b.err)
                           : put_summed(t, table, kai_view_of(key, sizeof key), kai_buf_view(&b));
    kai_buf_free(&b);
    return err;
}

enum kai_err kai_tx_ctl(struct kai_tx *t, const struct kai_entry *e)
{
    return put_element(t, T_CTL, e);
}

enum kai_err kai_tx_ctl_del(struct kai_tx *t, const struct kai_entry *e)
{
    uint8_t key[HASHED_KEY_BYTES];

    hashed_key(key, e);
    return put_summed(t, T_CTL, kai_view_of(key, sizeof key), (struct kai_view){0});
}

enum kai_err kai_tx_note(struct kai_tx *t, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                         struct kai_view note)
{
    uint8_t key[8 + KAI_ID_BYTES];

    if (note.n > KAI_FRAME_BYTES_MAX)
        return txn_fail(&t->t, KAI_ELIMIT);
    kai_put_u64(key, type);
    memcpy(key + 8, who, KAI_ID_BYTES);
    return put_summed(t, T_NOTES, kai_view_of(key, sizeof key), note);
}

enum kai_err kai_tx_fork(struct kai_tx *t, struct kai_view hdr, struct kai_view sig)
{
    struct kai_entry e;
    enum kai_err err = kai_entry_init(&e, hdr, sig, (struct kai_view){0});

    return err == KAI_OK ? put_element(t, T_FORKS, &e) : txn_fail(&t->t, err);
}

enum kai_err kai_tx_kv(struct kai_tx *t, const char *key, struct kai_view value)
{
    size_t n = strlen(key);

    if (n == 0 || n > KAI_STORE_KEY_BYTES_MAX || value.n > KAI_STORE_VALUE_BYTES_MAX)
        return txn_fail(&t->t, KAI_ELIMIT);
    return put_summed(t, T_KV, kai_view_of(key, n), value);
}
