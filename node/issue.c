/* issue: control entries that this organisation signs. */
#include "node/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/sure.h"

#define NO_MEMORY "kairan: no memory for what was signed; stopping\n"

struct done {
    enum kai_err err;
};

static void on_done(void *arg, enum kai_err err)
{
    struct done *d = arg;

    d->err = err;
}

static void last_key(char key[static 64], const uint8_t pk[static KAI_KEY_BYTES])
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, pk);
    (void)snprintf(key, 64, "issued:%s", b32);
}

enum kai_err kai_issued_note(struct kai_tx *tx, const struct kai_entry *e)
{
    char key[64];

    last_key(key, e->h.log_pk);
    return kai_tx_kv(tx, key, kai_view_of(e->hash, KAI_ID_BYTES));
}

/* Durable before it is in the set that peers are served from: a key that forgets what it signed
 * forks its log. */
static enum kai_err store(struct kai_core *c, const struct kai_entry *e)
{
    struct done d = {KAI_OK};
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = tx == NULL ? c->tx_err : kai_tx_ctl(tx, e);

    if (err == KAI_OK)
        err = kai_issued_note(tx, e);
    kai_core_after(c, on_done, &d);
    kai_core_commit(c);
    return err != KAI_OK ? err : d.err;
}

enum kai_err kai_issue_take(struct kai_core *c, const struct kai_entry *e)
{
    enum kai_err err = kai_ctl_check(c->ctl, e);

    if (err == KAI_OK)
        err = store(c, e);
    if (err != KAI_OK)
        return err;
    err = kai_net_on_own_ctl(c->net, e, kai_now_ms());
    if (err != KAI_OK) { /* On the disk and not here: the next one would stand in its place. */
        (void)!write(STDERR_FILENO, NO_MEMORY, sizeof NO_MEMORY - 1);
        _exit(1);
    }
    return KAI_OK;
}

void kai_issue_next(const struct kai_core *c, const uint8_t pk[static KAI_KEY_BYTES],
                    struct kai_hdr *h)
{
    struct kai_head head;

    *h = (struct kai_hdr){.seq = 1, .ptype = KAI_PTYPE_CONTROL, .ts = kai_wall_ms()};
    memcpy(h->log_pk, pk, KAI_KEY_BYTES);
    if (kai_ctl_head(c->ctl, pk, &head) != KAI_OK)
        return;
    const struct kai_entry *last = kai_ctl_find(c->ctl, head.hash);

    h->seq = head.seq + 1;
    memcpy(h->prev, head.hash, KAI_ID_BYTES);
    if (last != NULL && last->h.ts > h->ts) /* The clock was set back: the log's time is not. */
        h->ts = last->h.ts;
}

enum kai_err kai_issue_as(struct kai_core *c, const struct kai_keys *k, uint64_t rec_type,
                          struct kai_view body, uint8_t hash[static KAI_ID_BYTES],
                          struct kai_why *why)
{
    struct kai_buf payload;
    struct kai_buf bytes;
    struct kai_entry e;
    struct kai_hdr h;

    enum kai_err err = kai_sure_issue(c, why);
    if (err != KAI_OK)
        return err;
    kai_issue_next(c, k->sign_pk, &h);
    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_buf_init(&bytes, KAI_CERT_BYTES_MAX + 1024);
    kai_rec_write(&payload, rec_type, body);
    err = payload.err;
    if (err == KAI_OK)
        err = kai_entry_make(&e, &bytes, &h, k->sign_sk, c->charter.nid, kai_buf_view(&payload));
    if (err == KAI_OK)
        err = kai_issue_take(c, &e);
    if (err == KAI_OK)
        memcpy(hash, e.hash, KAI_ID_BYTES);
    kai_buf_free(&payload);
    kai_buf_free(&bytes);
    if (err != KAI_OK && why != NULL && why->code == NULL)
        (void)kai_why_set(why, err, "record.refused", kai_err_text(err), NULL, NULL);
    return err;
}

enum kai_err kai_core_issue(struct kai_core *c, uint64_t rec_type, struct kai_view body,
                            uint8_t hash[static KAI_ID_BYTES], struct kai_why *why)
{
    if (c->issuing == NULL)
        return kai_why_set(why, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL, NULL);
    return kai_issue_as(c, c->issuing, rec_type, body, hash, why);
}

enum kai_err kai_issued_last(struct kai_core *c, const uint8_t pk[static KAI_KEY_BYTES],
                             struct kai_cut *last)
{
    char key[64];
    struct kai_snap *s;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(c->store, &s);

    *last = (struct kai_cut){0};
    memcpy(last->log_pk, pk, KAI_KEY_BYTES);
    if (err != KAI_OK)
        return err;
    last_key(key, pk);
    err = kai_snap_kv(s, key, &v);
    const struct kai_entry *e =
        err == KAI_OK && v.n == KAI_ID_BYTES ? kai_ctl_find(c->ctl, v.p) : NULL;
    if (e != NULL) {
        last->seq = e->h.seq;
        memcpy(last->head, e->hash, KAI_ID_BYTES);
    }
    kai_snap_end(s);
    return e != NULL ? KAI_OK : KAI_ENOTFOUND;
}
