/* chain: the versions of one object: which is current, and whether it was withdrawn.
 *
 * Both are asked for by readers of every clearance, and a version that one must not see may change
 * nothing of what they see: so each clearance has a chain of its own, over the versions up to it.
 * Most objects have one label, and chains that are alike are kept once. */
#include <string.h>

#include "query/index_priv.h"

#define CLEARANCES (KAI_LABELS - 1u)
#define RUN_BYTES  (1u + 8u + 1u + KAI_HALF_ID_BYTES)

struct chain {
    bool any;             /* A version is held. */
    uint64_t modified_ms; /* Of the current version. */
    bool revoked;
    uint8_t item[KAI_HALF_ID_BYTES];
};

static bool alike(const struct chain *a, const struct chain *b)
{
    return a->any == b->any && a->modified_ms == b->modified_ms && a->revoked == b->revoked &&
           memcmp(a->item, b->item, KAI_HALF_ID_BYTES) == 0;
}

/* Flag the rows of one item from one origin: one for each audience it is in. */
static enum kai_err mark_item(struct kai_ix *t, const uint8_t *item, const uint8_t *origin,
                              struct marks add)
{
    uint8_t from[KAI_ITEM_KEY_BYTES] = {0};
    MDB_cursor *c = NULL;
    MDB_val key = ix_val(from, sizeof from);
    MDB_val val;
    int rc;

    memcpy(from, item, KAI_HALF_ID_BYTES);
    t->err = kai_ix_err(mdb_cursor_open(t->txn, t->x->dbi[TABLE_ITEMS], &c));
    if (t->err != KAI_OK)
        return t->err;
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && key.mv_size == KAI_ITEM_KEY_BYTES &&
         memcmp(key.mv_data, item, KAI_HALF_ID_BYTES) == 0 && t->err == KAI_OK;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
        (void)kai_ix_mark_row(t, kai_get_u64((const uint8_t *)key.mv_data + KAI_HALF_ID_BYTES),
                              origin, 0, add);
    if (rc != 0 && rc != MDB_NOTFOUND && t->err == KAI_OK)
        t->err = kai_ix_err(rc);
    mdb_cursor_close(c);
    return t->err;
}

/* Runs of clearances that have the same chain, each from its first clearance on. */
static enum kai_err load(struct kai_ix *t, MDB_val key, struct chain out[static CLEARANCES])
{
    MDB_val val;
    enum kai_err err = kai_ix_err(mdb_get(t->txn, t->x->dbi[TABLE_CHAINS], &key, &val));

    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_OK : err;
    if (val.mv_size % RUN_BYTES != 0)
        return KAI_ECORRUPT;
    for (const uint8_t *p = val.mv_data, *end = p + val.mv_size; p < end; p += RUN_BYTES) {
        struct chain c = {.any = true, .modified_ms = kai_get_u64(p + 1), .revoked = p[9] != 0};

        memcpy(c.item, p + 10, KAI_HALF_ID_BYTES);
        for (size_t i = p[0]; i < CLEARANCES; i++)
            out[i] = c;
    }
    return KAI_OK;
}

static enum kai_err save(struct kai_ix *t, MDB_val key, const struct chain c[static CLEARANCES])
{
    uint8_t bytes[CLEARANCES * RUN_BYTES];
    uint8_t *p = bytes;

    for (size_t i = 0; i < CLEARANCES; i++) {
        if (!c[i].any || (i > 0 && alike(&c[i], &c[i - 1])))
            continue;
        p[0] = (uint8_t)i;
        kai_put_u64(p + 1, c[i].modified_ms);
        p[9] = c[i].revoked ? 1 : 0;
        memcpy(p + 10, c[i].item, KAI_HALF_ID_BYTES);
        p += RUN_BYTES;
    }
    return kai_ix_put(t, TABLE_CHAINS, key, ix_val(bytes, (size_t)(p - bytes)), 0);
}

/* What to flag of the version that was current so far. */
struct replaced {
    uint8_t item[KAI_HALF_ID_BYTES];
    struct marks add;
};

/* A version joins the chain of one clearance: settle who is current, and what is withdrawn. */
static void join(struct chain *c, const struct kai_row *row, bool revoked, uint8_t bit,
                 struct marks *own, struct replaced *old)
{
    bool same = c->any && memcmp(c->item, row->item_id, KAI_HALF_ID_BYTES) == 0;

    memcpy(old->item, c->item, KAI_HALF_ID_BYTES);
    if (c->any && revoked && !c->revoked)
        old->add.withdrawn |= bit;
    c->revoked = c->revoked || revoked;
    if (c->any && !same && row->modified_ms <= c->modified_ms) {
        own->superseded |= bit;
    } else if (!same) {
        if (c->any)
            old->add.superseded |= bit;
        c->any = true;
        c->modified_ms = row->modified_ms;
        memcpy(c->item, row->item_id, KAI_HALF_ID_BYTES);
    }
    if (c->revoked)
        own->withdrawn |= bit;
}

static enum kai_err join_all(struct kai_ix *t, struct chain c[static CLEARANCES],
                             const struct kai_row *row, bool revoked, struct marks *own)
{
    struct replaced old[CLEARANCES] = {0};

    for (size_t i = row->tlp - 1u; i < CLEARANCES; i++) {
        join(&c[i], row, revoked, (uint8_t)(1u << i), own, &old[i]);
        if (i > 0 && memcmp(old[i].item, old[i - 1].item, KAI_HALF_ID_BYTES) == 0) {
            /* The same rows: once is enough. */
            old[i].add.superseded |= old[i - 1].add.superseded;
            old[i].add.withdrawn |= old[i - 1].add.withdrawn;
            old[i - 1].add = (struct marks){0};
        }
    }
    for (size_t i = 0; i < CLEARANCES && t->err == KAI_OK; i++) {
        if ((old[i].add.superseded | old[i].add.withdrawn) != 0)
            (void)mark_item(t, old[i].item, row->origin, old[i].add);
    }
    return t->err;
}

enum kai_err kai_ix_chain(struct kai_ix *t, const struct kai_row *row, bool revoked,
                          struct marks *marks)
{
    uint8_t key_bytes[16 + KAI_HALF_ID_BYTES];
    MDB_val key = ix_val(key_bytes, sizeof key_bytes);
    struct chain c[CLEARANCES] = {0};

    *marks = (struct marks){0};
    if (row->modified_ms == 0) {
        if (revoked)
            marks->withdrawn = UINT8_MAX;
        return KAI_OK;
    }
    memcpy(key_bytes, row->stix_uuid, 16);
    memcpy(key_bytes + 16, row->origin, KAI_HALF_ID_BYTES);
    t->err = load(t, key, c);
    if (t->err == KAI_OK && join_all(t, c, row, revoked, marks) == KAI_OK)
        t->err = save(t, key, c);
    return t->err;
}
