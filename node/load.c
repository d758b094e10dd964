/* load: control entries and epochs of a store, at a start and for a backup. */
#include <string.h>

#include "node/core.h"
#include "node/noted.h"

struct load {
    struct kai_ctl *ctl;
    struct kai_keyring *ring;
    struct kai_snap *snap;
    enum kai_err err;
};

static bool load_ctl(void *ctx, const struct kai_entry *e)
{
    struct load *l = ctx;
    enum kai_err err = kai_ctl_add(l->ctl, e);

    /* By (log_pk, seq) an entry can come before its key's certificate: those are offered again. */
    if (err == KAI_EAGAIN)
        l->err = KAI_EAGAIN;
    else if (err != KAI_OK && err != KAI_EEXIST)
        l->err = err;
    return err != KAI_ENOMEM;
}

/* Until no more of them can be placed. */
static enum kai_err load_entries(struct kai_ctl *ctl, struct kai_snap *snap)
{
    for (size_t before = SIZE_MAX; kai_ctl_count(ctl) != before;) {
        struct load l = {.ctl = ctl, .err = KAI_OK};

        before = kai_ctl_count(ctl);
        enum kai_err err = kai_snap_ctl(snap, load_ctl, &l);
        if (err != KAI_OK)
            return err;
        if (l.err == KAI_OK)
            return KAI_OK;
        if (l.err != KAI_EAGAIN)
            return l.err;
    }
    return KAI_OK;
}

enum kai_err kai_core_control(struct kai_ctl *ctl, struct kai_snap *snap)
{
    enum kai_err err = kai_noted_charters(ctl, snap);

    if (err == KAI_OK)
        err = load_entries(ctl, snap);
    return err == KAI_OK ? kai_noted_deaths(ctl, snap) : err;
}

static bool load_epoch(void *ctx, const struct kai_log *log)
{
    struct load *l = ctx;

    if (log->kind != KAI_LOG_KEY)
        return true;
    for (uint64_t seq = 1; seq <= log->head_seq; seq++) {
        struct kai_entry e;
        uint8_t aud[KAI_ID_BYTES];

        l->err = kai_snap_entry(l->snap, log->log_pk, seq, &e);
        if (l->err == KAI_ENOTFOUND) /* Pruned. */
            continue;
        if (l->err != KAI_OK)
            return false;
        if (e.h.ptype != KAI_PTYPE_EPOCH)
            continue;
        /* What it says of this epoch is judged anew: the roster may have changed since. */
        enum kai_err err = kai_keyring_epoch(l->ring, &e, aud);
        if (err == KAI_ENOMEM) {
            l->err = err;
            return false;
        }
    }
    l->err = KAI_OK;
    return true;
}

static bool load_spare(void *ctx, const char *key, struct kai_view value)
{
    struct load *l = ctx;
    uint8_t commit[KAI_ID_BYTES];
    size_t n = sizeof KAI_SPARE_KEY - 1;

    if (strncmp(key, KAI_SPARE_KEY, n) == 0 && value.n == KAI_KEY_BYTES &&
        kai_unbase32_key(commit, key + n, strlen(key + n)))
        l->err = kai_keyring_spare(l->ring, commit, value.p);
    return l->err == KAI_OK;
}

enum kai_err kai_core_epochs(struct kai_keyring *ring, struct kai_snap *snap)
{
    struct load l = {.ring = ring, .snap = snap};
    enum kai_err err = kai_snap_kvs(snap, load_spare, &l);

    if (err == KAI_OK && l.err == KAI_OK)
        err = kai_snap_logs(snap, load_epoch, &l);
    return err != KAI_OK ? err : l.err;
}
