/* ownlog: the logs this node writes. */
#include "node/ownlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/actions.h"
#include "node/sure.h"

/* Names of values in the store: "own1:" and "own2:" audience -> live log, "inc1:" -> how many there
 * were, "bind:" log -> its BIND item. */
static void name_of(char key[static 64], const char *what, uint64_t kind,
                    const uint8_t id[static KAI_ID_BYTES])
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, id);
    (void)snprintf(key, 64, "%s%u:%s", what, (unsigned)kind, b32);
}

static char *key_path(const struct kai_core *c, char path[static KAI_PATH_BYTES_MAX],
                      const uint8_t log_pk[static KAI_KEY_BYTES])
{
    char hex[KAI_HEX_CAP(KAI_KEY_BYTES)];

    return kai_home_path(&c->home, path, "keys/logs/%s.key", kai_hex(hex, log_pk, KAI_KEY_BYTES));
}

static void drop_key(const struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    char path[KAI_PATH_BYTES_MAX];

    (void)unlink(key_path(c, path, log_pk)); /* Gone already is as good. */
}

static struct kai_view kv_get(struct kai_snap *s, const char *key)
{
    struct kai_view v;

    return kai_snap_kv(s, key, &v) == KAI_OK ? v : (struct kai_view){0};
}

static enum kai_err retire_row(struct kai_core *c, struct kai_log *log)
{
    char key[64];
    struct kai_tx *tx = kai_core_tx(c);

    if (tx == NULL)
        return c->tx_err;
    c->retired++;
    log->flags |= KAI_LOG_RETIRED;
    enum kai_err err = kai_tx_log(tx, log);
    name_of(key, "own", log->kind, log->aud_id);
    if (err == KAI_OK)
        err = kai_tx_kv(tx, key, (struct kai_view){0});
    drop_key(c, log->log_pk);
    return err;
}

enum kai_err kai_ownlog_retire(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_snap *s;
    struct kai_log log;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err != KAI_OK)
        return err;
    err = kai_snap_log(s, log_pk, &log);
    kai_snap_end(s);
    if (err == KAI_OK && (log.flags & KAI_LOG_OWN) != 0 && (log.flags & KAI_LOG_RETIRED) == 0)
        err = retire_row(c, &log);
    return err;
}

struct live {
    size_t n;
    struct kai_log log[2 * KAI_AUDIENCES_MAX];
};

static bool find_live(void *ctx, const struct kai_log *log)
{
    struct live *l = ctx;

    if ((log->flags & KAI_LOG_OWN) != 0 && (log->flags & KAI_LOG_RETIRED) == 0)
        l->log[l->n++] = *log;
    return l->n < sizeof l->log / sizeof l->log[0];
}

enum kai_err kai_ownlog_retire_all(struct kai_core *c)
{
    struct live *l = calloc(1, sizeof *l);
    struct kai_snap *s = NULL;
    enum kai_err err = l == NULL ? KAI_ENOMEM : kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_logs(s, find_live, l);
    kai_snap_end(s);
    for (size_t i = 0; err == KAI_OK && i < l->n; i++)
        err = retire_row(c, &l->log[i]);
    free(l);
    return err;
}

static enum kai_err load_live(struct kai_core *c, struct kai_snap *s, struct kai_own *o,
                              struct kai_view pk, uint64_t kind)
{
    char path[KAI_PATH_BYTES_MAX];
    char key[64];
    struct kai_log log;
    struct kai_entry head;

    if (pk.n != KAI_KEY_BYTES)
        return KAI_ENOTFOUND;
    enum kai_err err = kai_snap_log(s, pk.p, &log);
    if (err != KAI_OK)
        return err;
    if ((log.flags & (KAI_LOG_RETIRED | KAI_LOG_CLOSED | KAI_LOG_FORKED)) != 0)
        return KAI_ENOTFOUND;
    if (memcmp(log.author_node, c->self.node_id, KAI_ID_BYTES) != 0) { /* Of another node key. */
        err = retire_row(c, &log);
        return err != KAI_OK ? err : KAI_ENOTFOUND;
    }
    err = kai_keyfile_load(&kai_keyport_posix, key_path(c, path, pk.p), KAI_KEY_LOG, NULL, &o->keys,
                           NULL, NULL);
    if (err != KAI_OK) { /* Without its key it is dead: a new one begins. */
        enum kai_err retired = retire_row(c, &log);

        return retired != KAI_OK ? retired : KAI_ENOTFOUND;
    }
    kai_net_log_of(&o->log, &log);
    o->w.seq = log.head_seq;
    o->w.ts = log.head_ts;
    memcpy(o->w.prev, log.head, KAI_ID_BYTES);
    o->bind_due = true;
    if (log.head_seq > 0 && kai_snap_entry(s, pk.p, log.head_seq, &head) == KAI_OK)
        o->bind_due = memcmp(head.h.kid, o->w.kid, KAI_TAG_BYTES) != 0;
    name_of(key, "bind", kind, pk.p);
    struct kai_view bind = kv_get(s, key);
    kai_buf_add(&o->bind, bind.p, bind.n);
    return o->bind.err;
}

static void write_bind(struct kai_core *c, struct kai_own *o, struct kai_view previous)
{
    struct kai_bind b = {.incarnation = o->log.incarnation};

    memcpy(b.log_pk, o->log.log_pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, o->log.author_cert, KAI_ID_BYTES);
    memcpy(b.aud_id, o->log.aud_id, KAI_ID_BYTES);
    memcpy(b.salt, o->log.salt, sizeof b.salt);
    if (previous.n == KAI_KEY_BYTES) {
        b.has_previous = true;
        memcpy(b.previous, previous.p, KAI_KEY_BYTES);
    }
    kai_bind_write(&o->bind, &b, c->self.sign_sk, c->charter.nid);
}

/* A new log: key pair on disk first, then the row, so that no row is without its key. */
static enum kai_err make_new(struct kai_core *c, struct kai_snap *s, struct kai_own *o,
                             const uint8_t aud_id[static KAI_ID_BYTES], uint64_t kind,
                             struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char key[64];
    uint8_t be[8];
    struct kai_log row;
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = tx == NULL ? c->tx_err : kai_keys_new(&o->keys, KAI_KEY_LOG);

    if (err == KAI_OK)
        err = kai_keyfile_save(&kai_keyport_posix, key_path(c, path, o->keys->sign_pk), o->keys,
                               NULL, why);
    if (err != KAI_OK)
        return err;
    const struct kai_node *self = kai_roster_node(kai_net_roster(c->net), c->self.node_id);
    name_of(key, "inc", kind, aud_id);
    struct kai_view inc = kv_get(s, key);
    o->log = (struct kai_net_log){
        .kind = kind, .own = true, .incarnation = (inc.n == 40 ? kai_get_u64(inc.p) : 0) + 1};
    memcpy(o->log.log_pk, o->keys->sign_pk, KAI_KEY_BYTES);
    memcpy(o->log.aud_id, aud_id, KAI_ID_BYTES);
    memcpy(o->log.author_node, c->self.node_id, KAI_ID_BYTES);
    memcpy(o->log.author_cert, self != NULL ? self->cert : c->self.node_cert, KAI_ID_BYTES);
    randombytes_buf(o->log.salt, sizeof o->log.salt);
    o->bind_due = true;
    if (kind == KAI_LOG_DATA)
        write_bind(c, o,
                   inc.n == 40 ? kai_view_of(inc.p + 8, KAI_KEY_BYTES) : (struct kai_view){0});

    kai_log_of(&row, &o->log);
    row.first_seen_ms = kai_wall_ms();
    err = kai_tx_log(tx, &row);
    uint8_t count[40];
    kai_put_u64(be, o->log.incarnation);
    memcpy(count, be, 8);
    memcpy(count + 8, o->log.log_pk, KAI_KEY_BYTES);
    if (err == KAI_OK)
        err = kai_tx_kv(tx, key, kai_view_of(count, sizeof count));
    name_of(key, "own", kind, aud_id);
    if (err == KAI_OK)
        err = kai_tx_kv(tx, key, kai_view_of(o->log.log_pk, KAI_KEY_BYTES));
    name_of(key, "bind", kind, o->log.log_pk);
    if (err == KAI_OK && kind == KAI_LOG_DATA)
        err = kai_tx_kv(tx, key, kai_buf_view(&o->bind));
    return err;
}

enum kai_err kai_ownlog_open(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                             uint64_t kind, const struct kai_epoch *epoch, struct kai_own **out,
                             struct kai_why *why)
{
    char key[64];
    struct kai_snap *s = NULL;
    struct kai_own *o = calloc(1, sizeof *o);
    enum kai_err err = o == NULL ? KAI_ENOMEM : kai_sure_own(c, why);

    *out = NULL;
    if (err != KAI_OK) {
        free(o);
        return err;
    }
    kai_buf_init(&o->bind, KAI_CERT_BYTES_MAX);
    kai_core_commit(c); /* The snapshot below must see what this round has written. */
    err = kai_snap_begin(c->store, &s);
    if (err != KAI_OK)
        goto out;
    if (epoch != NULL) {
        memcpy(o->epoch_key, epoch->key, KAI_KEY_BYTES);
        memcpy(o->w.tag, epoch->tag, KAI_TAG_BYTES);
        memcpy(o->w.kid, epoch->commit, KAI_TAG_BYTES);
    }
    name_of(key, "own", kind, aud_id);
    err = load_live(c, s, o, kv_get(s, key), kind);
    if (err == KAI_ENOTFOUND)
        err = make_new(c, s, o, aud_id, kind, why);
    if (err != KAI_OK)
        goto out;
    o->retired = c->retired;
    o->w.nid = c->charter.nid;
    o->w.log_sk = o->keys->sign_sk;
    o->w.epoch_key = o->epoch_key;
    memcpy(o->w.log_pk, o->keys->sign_pk, KAI_KEY_BYTES);
    *out = o;
    o = NULL;
out:
    kai_snap_end(s);
    kai_own_free(o);
    return err;
}

void kai_own_free(struct kai_own *o)
{
    if (o == NULL)
        return;
    kai_keys_free(o->keys);
    kai_buf_free(&o->bind);
    sodium_memzero(o, sizeof *o);
    free(o);
}
