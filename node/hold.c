/* hold: what was published to an audience that has no key to write it under. */
#include "node/hold_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/domains.h"
#include "node/loop.h"
#include "node/steward.h"
#include "wire/put.h"

/* Names of values in the store: "hold:" audience -> how it stands, and with ":" seq -> an entry. */
#define AUD_NAME_BYTES 16u
#define FIELDS         7u
#define GRACE_MS       60000u

static void name_of(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES])
{
    char hex[KAI_HEX_CAP(AUD_NAME_BYTES)];

    (void)snprintf(key, 64, "hold:%s", kai_hex(hex, aud_id, AUD_NAME_BYTES));
}

void kai_hold_row_name(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES], uint64_t seq)
{
    char hex[KAI_HEX_CAP(AUD_NAME_BYTES)];

    (void)snprintf(key, 64, "hold:%s:%016llx", kai_hex(hex, aud_id, AUD_NAME_BYTES),
                   (unsigned long long)seq);
}

/* ---- What is known of it. */
static struct kai_hold *find(const struct kai_core *c, const uint8_t *aud_id)
{
    for (size_t i = 0; i < c->n_holds; i++)
        if (memcmp(c->holds[i].aud_id, aud_id, KAI_ID_BYTES) == 0)
            return &c->holds[i];
    return NULL;
}

bool kai_hold_get(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                  struct kai_hold *out)
{
    (void)pthread_mutex_lock(&c->mu);
    const struct kai_hold *h = find(c, aud_id);
    *out = h != NULL ? *h : (struct kai_hold){.first = 1, .next = 1};
    (void)pthread_mutex_unlock(&c->mu);
    memcpy(out->aud_id, aud_id, KAI_ID_BYTES);
    return h != NULL;
}

size_t kai_hold_audiences(struct kai_core *c, uint8_t ids[static KAI_AUDIENCES_MAX][KAI_ID_BYTES])
{
    size_t n = 0;

    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_holds; i++)
        if (c->holds[i].n > 0)
            memcpy(ids[n++], c->holds[i].aud_id, KAI_ID_BYTES);
    (void)pthread_mutex_unlock(&c->mu);
    return n;
}

uint64_t kai_hold_count(struct kai_core *c)
{
    uint64_t n = 0;

    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_holds; i++)
        n += c->holds[i].n;
    (void)pthread_mutex_unlock(&c->mu);
    return n;
}

/* Whose key it waits for: the organisations of the stewards, as many as there is room for. */
static void whose(const struct kai_core *c, const struct kai_hold *h, char *out, size_t cap)
{
    const struct kai_roster *r = kai_net_roster(c->net);
    const struct kai_audience *a = kai_roster_audience(r, h->aud_id);
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; a != NULL && i < a->rec.n_stewards; i++) {
        const struct kai_org *o = kai_roster_org(r, a->rec.stewards[i]);

        if (o == NULL || len + strlen(o->name) + 3 > cap)
            continue;
        len += (size_t)snprintf(out + len, cap - len, "%s%s", len == 0 ? "" : ", ", o->name);
    }
}

/* Its alarm: while something waits. An audience keeps its id where its name has not come. */
static void tell(struct kai_core *c, const struct kai_hold *h)
{
    char id[KAI_HEX_CAP(8)];
    char about[KAI_ALARM_TEXT_CAP];
    char stewards[KAI_ALARM_TEXT_CAP];
    const char *name = kai_keyring_name(c->ring, h->aud_id);

    kai_copy_text(about, sizeof about, name[0] != '\0' ? name : kai_hex(id, h->aud_id, 8));
    whose(c, h, stewards, sizeof stewards);
    if (h->n > 0)
        kai_core_alarm_since(c, "audience.held", about, stewards, h->since_ms);
    if (h->n == 0) {
        kai_core_alarm_clear(c, "audience.held", about);
        kai_core_alarm_clear(c, "audience.held-forbidden", about);
    }
}

/* Its row, or one where nothing waits any more; NULL: as many audiences wait as we can be in. */
static struct kai_hold *place_of(const struct kai_core *c, const uint8_t *aud_id)
{
    struct kai_hold *at = find(c, aud_id);

    for (size_t i = 0; at == NULL && i < KAI_AUDIENCES_MAX; i++)
        if (i >= c->n_holds || c->holds[i].n == 0)
            at = &c->holds[i];
    return at;
}

void kai_hold_now(struct kai_core *c, const struct kai_hold *h)
{
    (void)pthread_mutex_lock(&c->mu);
    struct kai_hold *at = place_of(c, h->aud_id);
    if (at != NULL) { /* kai_hold_open() has seen to it. */
        *at = *h;
        if (at == &c->holds[c->n_holds])
            c->n_holds++;
    }
    (void)pthread_cond_broadcast(&c->held_cond);
    (void)pthread_mutex_unlock(&c->mu);
    tell(c, h);
}

/* ---- In the store. */
static enum kai_err write_state(struct kai_tx *tx, const struct kai_hold *h)
{
    struct kai_buf b;
    char key[64];

    name_of(key, h->aud_id);
    if (h->n == 0)
        return kai_tx_kv(tx, key, (struct kai_view){0});
    kai_buf_init(&b, KAI_CERT_BYTES_MAX);
    kai_put_array(&b, FIELDS);
    kai_put_uint(&b, h->first);
    kai_put_uint(&b, h->next);
    kai_put_uint(&b, h->n);
    kai_put_uint(&b, h->bytes);
    kai_put_uint(&b, h->since_ms);
    kai_put_bin(&b, h->eph_pk, sizeof h->eph_pk);
    kai_put_bin(&b, h->slot, sizeof h->slot);
    enum kai_err err = b.err == KAI_OK ? kai_tx_kv(tx, key, kai_buf_view(&b)) : b.err;
    kai_buf_free(&b);
    return err;
}

static enum kai_err read_state(struct kai_hold *h, struct kai_view v)
{
    struct kai_cur c;

    kai_cur_init(&c, v.p, v.n);
    kai_cur_tuple(&c, FIELDS);
    h->first = kai_cur_uint(&c, INT64_MAX);
    h->next = kai_cur_uint(&c, INT64_MAX);
    h->n = kai_cur_uint(&c, KAI_HOLD_ENTRIES_MAX);
    h->bytes = kai_cur_uint(&c, KAI_HOLD_BYTES_MAX);
    h->since_ms = kai_cur_uint(&c, INT64_MAX);
    kai_cur_copy(&c, h->eph_pk, sizeof h->eph_pk);
    kai_cur_copy(&c, h->slot, sizeof h->slot);
    if (h->first == 0 || h->first > h->next)
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c) == KAI_OK ? KAI_OK : KAI_ECORRUPT;
}

/* ---- Its key. */
static struct kai_slot_ctx slot_ctx(const uint8_t *nid, const struct kai_hold *h)
{
    static const uint8_t none[KAI_ID_BYTES]; /* It is committed to nothing: nobody else opens it. */

    return (struct kai_slot_ctx){.domain = KAI_D_HWRAP,
                                 .nid = nid,
                                 .aud_id = h->aud_id,
                                 .commit = none,
                                 .eph_pk = h->eph_pk};
}

static enum kai_err wrap_key(const struct kai_core *c, struct kai_hold *h, const uint8_t *key)
{
    uint8_t eph_sk[KAI_KEY_BYTES];

    randombytes_buf(eph_sk, sizeof eph_sk);
    enum kai_err err = crypto_scalarmult_base(h->eph_pk, eph_sk) == 0 ? KAI_OK : KAI_EAUTH;
    struct kai_slot_ctx ctx = slot_ctx(c->charter.nid, h);
    if (err == KAI_OK)
        err = kai_slot_make(h->slot, &ctx, eph_sk, c->self.kx_pk, key);
    sodium_memzero(eph_sk, sizeof eph_sk);
    return err;
}

static enum kai_err make_key(const struct kai_core *c, struct kai_hold *h)
{
    uint8_t key[KAI_KEY_BYTES];

    randombytes_buf(key, sizeof key);
    enum kai_err err = wrap_key(c, h, key);
    sodium_memzero(key, sizeof key);
    return err;
}

static enum kai_err open_key(const uint8_t *nid, const struct kai_self *self,
                             const struct kai_hold *h, uint8_t key[static KAI_KEY_BYTES])
{
    struct kai_slot_ctx ctx = slot_ctx(nid, h);
    enum kai_err err = kai_slot_open(key, &ctx, self->kx_sk, self->kx_pk, h->slot, 1);

    return err == KAI_OK || err == KAI_ENOMEM ? err : KAI_ECORRUPT;
}

enum kai_err kai_hold_key(const struct kai_core *c, const struct kai_hold *h,
                          uint8_t key[static KAI_KEY_BYTES])
{
    return open_key(c->charter.nid, &c->self, h, key);
}

/* ---- A backup, and the home that is made of it. */
static void spare_name(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES])
{
    char hex[KAI_HEX_CAP(AUD_NAME_BYTES)];

    (void)snprintf(key, 64, "hold-key:%s", kai_hex(hex, aud_id, AUD_NAME_BYTES));
}

enum kai_err kai_hold_spare(struct kai_snap *s, const uint8_t nid[static KAI_ID_BYTES],
                            const struct kai_self *self, const uint8_t aud_id[static KAI_ID_BYTES],
                            char name[static 64], uint8_t key[static KAI_KEY_BYTES])
{
    struct kai_hold h = {0};
    struct kai_view v;

    memcpy(h.aud_id, aud_id, KAI_ID_BYTES);
    name_of(name, aud_id);
    enum kai_err err = kai_snap_kv(s, name, &v);
    if (err == KAI_OK)
        err = read_state(&h, v);
    spare_name(name, aud_id);
    return err == KAI_OK ? open_key(nid, self, &h, key) : err;
}

/* Another node kept it: its key came with the backup, and is wrapped for us now. */
static enum kai_err take_spare(struct kai_core *c, struct kai_snap *s, struct kai_hold *h)
{
    struct kai_view v;
    char name[64];

    spare_name(name, h->aud_id);
    enum kai_err err = kai_snap_kv(s, name, &v);
    if (err == KAI_ENOTFOUND)
        return KAI_OK;
    if (err == KAI_OK && v.n != KAI_KEY_BYTES)
        err = KAI_ECORRUPT;
    struct kai_tx *tx = err == KAI_OK ? kai_core_tx(c) : NULL;
    if (err == KAI_OK && tx == NULL)
        err = c->tx_err;
    if (err == KAI_OK)
        err = wrap_key(c, h, v.p);
    if (err == KAI_OK)
        err = write_state(tx, h);
    return err == KAI_OK ? kai_tx_kv(tx, name, (struct kai_view){0}) : err;
}

/* ---- At a start. */
static bool row_there(struct kai_snap *s, const struct kai_hold *h, uint64_t seq)
{
    struct kai_view v;
    char key[64];

    kai_hold_row_name(key, h->aud_id, seq);
    return kai_snap_kv(s, key, &v) == KAI_OK;
}

/* What a request that was never answered had put there already. */
static enum kai_err load_one(struct kai_core *c, struct kai_snap *s, const uint8_t *aud_id)
{
    struct kai_hold h = {.first = 1, .next = 1};
    struct kai_view v;
    char key[64];
    uint64_t last;

    memcpy(h.aud_id, aud_id, KAI_ID_BYTES);
    name_of(key, aud_id);
    enum kai_err err = kai_snap_kv(s, key, &v);
    if (err == KAI_OK)
        err = read_state(&h, v);
    if (err == KAI_OK)
        err = take_spare(c, s, &h);
    else if (err == KAI_ENOTFOUND)
        err = KAI_OK;
    if (err != KAI_OK)
        return err;
    for (last = h.next; row_there(s, &h, last);)
        last++;
    if (last > h.next) {
        struct kai_tx *tx = kai_core_tx(c);

        err = tx == NULL ? c->tx_err : kai_hold_drop(tx, &h, last - 1);
    }
    if (err == KAI_OK && h.n > 0)
        kai_hold_now(c, &h);
    return err;
}

enum kai_err kai_hold_load(struct kai_core *c)
{
    const struct kai_audience *auds;
    struct kai_snap *s = NULL;

    c->holds = calloc(KAI_AUDIENCES_MAX, sizeof *c->holds);
    enum kai_err err = c->holds == NULL ? KAI_ENOMEM : kai_snap_begin(c->store, &s);
    if (err != KAI_OK)
        return err;
    size_t n = kai_roster_audiences(kai_net_roster(c->net), &auds);
    for (size_t i = 0; i < n && err == KAI_OK; i++)
        err = load_one(c, s, auds[i].id);
    kai_snap_end(s);
    return err;
}

void kai_hold_free(struct kai_core *c)
{
    free(c->holds);
    c->holds = NULL;
    c->n_holds = 0;
}

/* ---- Writing. */
enum kai_err kai_hold_open(struct kai_core *c, struct kai_hold *h, struct kai_own **out)
{
    struct kai_store_usage u;
    struct kai_own *o = calloc(1, sizeof *o);
    enum kai_err err = o == NULL ? KAI_ENOMEM : kai_store_usage(c->store, &u);

    *out = NULL;
    if (err == KAI_OK && (u.refuse_foreign || place_of(c, h->aud_id) == NULL))
        err = KAI_EFULL; /* What is left is for what can be sent. */
    if (err == KAI_OK && h->n == 0) {
        h->since_ms = kai_wall_ms();
        err = make_key(c, h);
    }
    if (err == KAI_OK)
        err = kai_hold_key(c, h, o->epoch_key);
    if (err == KAI_OK)
        err = kai_keys_new(&o->keys, KAI_KEY_LOG); /* Of no log that anybody will see. */
    if (err != KAI_OK) {
        kai_own_free(o);
        return err;
    }
    o->w.nid = c->charter.nid;
    o->w.log_sk = o->keys->sign_sk;
    o->w.epoch_key = o->epoch_key;
    o->w.seq = h->next - 1;
    memcpy(o->w.log_pk, o->keys->sign_pk, KAI_KEY_BYTES);
    if (o->w.seq > 0) /* Each request is a log of its own, which has no beginning. */
        memcpy(o->w.prev, o->w.log_pk, KAI_ID_BYTES);
    *out = o;
    return KAI_OK;
}

enum kai_err kai_hold_put(struct kai_tx *tx, const struct kai_hold *h, const struct kai_entry *e)
{
    struct kai_buf b;
    char key[64];

    kai_hold_row_name(key, h->aud_id, e->h.seq);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_entry_write(&b, e, true);
    enum kai_err err = b.err == KAI_OK ? kai_tx_kv(tx, key, kai_buf_view(&b)) : b.err;
    kai_buf_free(&b);
    return err;
}

enum kai_err kai_hold_drop(struct kai_tx *tx, const struct kai_hold *h, uint64_t last)
{
    enum kai_err err = KAI_OK;
    char key[64];

    for (uint64_t seq = h->next; seq <= last && err == KAI_OK; seq++) {
        kai_hold_row_name(key, h->aud_id, seq);
        err = kai_tx_kv(tx, key, (struct kai_view){0});
    }
    return err;
}

enum kai_err kai_hold_keep(struct kai_tx *tx, const struct kai_hold *h)
{
    return write_state(tx, h);
}

/* ---- Sending. */
enum kai_err kai_hold_sent(struct kai_tx *tx, struct kai_hold *h, uint64_t seq, size_t row_bytes)
{
    char key[64];

    kai_hold_row_name(key, h->aud_id, seq);
    if (seq == h->first)
        h->first++;
    h->n--;
    h->bytes -= h->n == 0 || row_bytes > h->bytes ? h->bytes : row_bytes;
    return kai_tx_kv(tx, key, (struct kai_view){0});
}

bool kai_hold_wait(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES], uint64_t seq,
                   uint64_t deadline_ms, uint8_t log_pk[static KAI_KEY_BYTES], uint64_t *last)
{
    const struct kai_hold *h;
    bool sent;

    (void)pthread_mutex_lock(&c->mu);
    for (;;) {
        struct timespec t;

        h = find(c, aud_id);
        sent = h != NULL && (h->n == 0 || h->first > seq) && h->sent_seq > 0;
        if (sent || kai_now_ms() >= deadline_ms || c->loop == NULL || kai_loop_stopping(c->loop))
            break; /* Without a loop nobody sends. */
        (void)clock_gettime(CLOCK_REALTIME, &t);
        uint64_t ns = (uint64_t)t.tv_nsec + 200000000;
        t.tv_sec += (time_t)(ns / 1000000000);
        t.tv_nsec = (long)(ns % 1000000000);
        (void)pthread_cond_timedwait(&c->held_cond, &c->mu, &t);
    }
    if (sent) {
        memcpy(log_pk, h->sent_log, KAI_KEY_BYTES);
        *last = h->sent_seq;
    }
    (void)pthread_mutex_unlock(&c->mu);
    return sent;
}

/* ---- A key of our own. */
static void want(struct kai_core *c, const struct kai_hold *h, uint64_t wall_ms)
{
    struct kai_duty d = {0};
    uint64_t since = h->since_ms;
    uint64_t earliest = c->started_ms + GRACE_MS;

    if (since + KAI_SELF_EPOCH_MS < earliest)
        since = earliest - KAI_SELF_EPOCH_MS;
    kai_keyring_lacks_since(c->ring, h->aud_id, since);
    if (kai_keyring_want(c->ring, h->aud_id, wall_ms, &d) == KAI_OK) {
        if (kai_steward_do(c, &d) != KAI_OK) /* Asked again in a second. */
            kai_core_alarm(c, "steward.failed", kai_keyring_name(c->ring, h->aud_id));
        free(d.members);
    }
    tell(c, h); /* Stewards may have changed. */
}

void kai_hold_tick(struct kai_core *c, uint64_t wall_ms)
{
    for (size_t i = 0; i < c->n_holds; i++) {
        struct kai_hold h = c->holds[i]; /* Minting commits, and what is sent then changes it. */

        if (h.n > 0)
            want(c, &h, wall_ms);
    }
}
