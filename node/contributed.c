/* contributed: the way back to who gave what we published. */
#include "node/contributed.h"

#include <string.h>

#include "crypto/hash.h"

#define ROW_BYTES  (4 * KAI_ID_BYTES + 8)
#define KEY_CAP    64u
#define SECRET_KEY "contributed/secret"

static void key_of(char key[static KEY_CAP], bool by_given, const uint8_t id[static KAI_ID_BYTES])
{
    char hex[KAI_HEX_CAP(16)]; /* Half of the id: a key has room for no more. */

    kai_copy_text(key, KEY_CAP, by_given ? "contributed/given/" : "contributed/made/");
    kai_copy_text(key + strlen(key), KEY_CAP - strlen(key), kai_hex(hex, id, 16));
}

struct put {
    const struct kai_contributed *m;
};

static enum kai_err job_put(struct kai_core *c, void *arg)
{
    const struct kai_contributed *m = ((struct put *)arg)->m;
    const uint8_t *const parts[] = {m->item_id, m->from, m->given_item, m->given_obj};
    struct kai_tx *tx = kai_core_tx(c);
    uint8_t row[ROW_BYTES];
    char key[KEY_CAP];
    enum kai_err err = tx == NULL ? c->tx_err : KAI_OK;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        memcpy(row + i * KAI_ID_BYTES, parts[i], KAI_ID_BYTES);
    kai_put_u64(row + 4 * KAI_ID_BYTES, m->given_index);
    for (int by_given = 0; by_given < 2 && err == KAI_OK; by_given++) {
        key_of(key, by_given != 0, by_given != 0 ? m->given_item : m->item_id);
        err = kai_tx_kv(tx, key, kai_view_of(row, sizeof row));
    }
    return err;
}

enum kai_err kai_contributed_put(struct kai_core *c, const struct kai_contributed *m)
{
    struct put p = {.m = m};

    return kai_core_run(c, job_put, &p);
}

enum kai_err kai_contributed_find(struct kai_core *c, bool by_given,
                                  const uint8_t item_id[static KAI_ID_BYTES],
                                  struct kai_contributed *out)
{
    uint8_t *const parts[] = {out->item_id, out->from, out->given_item, out->given_obj};
    struct kai_snap *s = NULL;
    struct kai_view v;
    char key[KEY_CAP];
    enum kai_err err = kai_snap_begin(c->store, &s);

    key_of(key, by_given, item_id);
    if (err == KAI_OK)
        err = kai_snap_kv(s, key, &v);
    if (err == KAI_OK && v.n != ROW_BYTES)
        err = KAI_ECORRUPT;
    if (err == KAI_OK) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            memcpy(parts[i], v.p + i * KAI_ID_BYTES, KAI_ID_BYTES);
        out->given_index = kai_get_u64(v.p + 4 * KAI_ID_BYTES);
        if (memcmp(by_given ? out->given_item : out->item_id, item_id, KAI_ID_BYTES) != 0)
            err = KAI_ENOTFOUND;
    }
    kai_snap_end(s);
    return err;
}

struct secret {
    uint8_t bytes[KAI_KEY_BYTES];
};

static enum kai_err job_secret(struct kai_core *c, void *arg)
{
    struct secret *sec = arg;
    struct kai_tx *tx = kai_core_tx(c);

    if (tx == NULL)
        return c->tx_err;
    kai_random(NULL, sec->bytes, sizeof sec->bytes);
    return kai_tx_kv(tx, SECRET_KEY, kai_view_of(sec->bytes, sizeof sec->bytes));
}

static enum kai_err secret_get(struct kai_core *c, struct secret *sec)
{
    struct kai_snap *s = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, SECRET_KEY, &v);
    if (err == KAI_OK && v.n != sizeof sec->bytes)
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        memcpy(sec->bytes, v.p, sizeof sec->bytes);
    kai_snap_end(s);
    return err == KAI_ENOTFOUND ? kai_core_run(c, job_secret, sec) : err;
}

enum kai_err kai_contributed_uuid(struct kai_core *c, const uint8_t from[static KAI_ID_BYTES],
                                  const uint8_t stix_uuid[static 16], uint8_t uuid[static 16])
{
    struct kai_hasher h;
    struct secret sec;
    enum kai_err err = secret_get(c, &sec);

    if (err != KAI_OK)
        return err;
    kai_kdf_begin(&h, KAI_D_CONTRIBUTED, sec.bytes, 16);
    kai_hash_add(&h, from, KAI_ID_BYTES);
    kai_hash_add(&h, stix_uuid, 16);
    kai_hash_end(&h, uuid);
    sodium_memzero(&sec, sizeof sec);
    return KAI_OK;
}
