/* restore: a backup back into an empty home. Read twice: all of it is checked before anything is
 * made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/keyform.h"
#include "node/backup_file.h"
#include "node/backup_record.h"
#include "node/core.h"
#include "node/found.h"

#define RESTORED       "restored" /* The HEAD record, until the home has joined. */
#define TX_BYTES       (4u << 20)
#define CONF_BYTES_MAX 65536u
#define MADE_MAX       (KAI_BACKUP_PERSONS_MAX + 8u)

struct restore {
    const struct kai_home *home;
    const char *path;
    struct kai_bakr *r;
    struct kai_backup_info *info;
    kai_backup_fn *progress;
    void *ctx;
    struct kai_why *why;
    struct kai_hasher sum;
    uint64_t n;
    bool ended;
    /* The file under way: its records follow one another. */
    char name[sizeof((struct kai_bak_record *)0)->name];
    uint64_t file_at;
    uint64_t file_size;
    struct kai_buf whole; /* Of a small one. */
    int fd;               /* Of the audit log; -1. */
    /* The second time. */
    bool make;
    struct kai_store *store;
    struct kai_tx *tx;
    size_t tx_bytes;
    struct kai_buf head;
    size_t n_made;
    char (*made)[KAI_TEXT_BYTES_MAX + 1]; /* Files, to be taken back on a failure. */
};

static enum kai_err refuse(struct restore *x, enum kai_err err, const char *which)
{
    char at[24];

    (void)snprintf(at, sizeof at, "%llu", (unsigned long long)x->n);
    return kai_why_set(x->why, err, "backup.record", x->path, at, which);
}

static enum kai_err io_failed(struct restore *x, const char *path)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return kai_why_set(x->why, KAI_EFULL, "disk.full", path, NULL, NULL);
    return kai_why_set(x->why, KAI_EIO, "io.error", path, strerror(errno), NULL);
}

/* ---- Files. */
static bool is_small(const char *name)
{
    return strcmp(name, KAI_BAK_AUDIT) != 0;
}

static enum kai_err check_key(struct restore *x)
{
    bool root = strcmp(x->name, "keys/org-root.key") == 0;
    struct kai_keys *k = sodium_malloc(sizeof *k);
    const char *code = NULL;
    bool sealed = false;

    if (k == NULL)
        return KAI_ENOMEM;
    memset(k, 0, sizeof *k);
    enum kai_err err = kai_keyform_read(
        k, kai_buf_view(&x->whole), root ? KAI_KEY_ORG_ROOT : KAI_KEY_PERSON, NULL, &sealed, &code);
    sodium_free(k);
    if (!sealed || err != KAI_EAUTH)
        return refuse(x, KAI_EMALFORMED, x->name);
    x->info->root = x->info->root || root;
    x->info->persons += !root;
    return KAI_OK;
}

static void note_made(struct restore *x)
{
    if (x->n_made < MADE_MAX)
        kai_copy_text(x->made[x->n_made++], sizeof x->made[0], x->name);
}

/* A file that is there already stays: a configuration for the new machine, a person's own key. */
static enum kai_err make_small(struct restore *x)
{
    char path[KAI_PATH_BYTES_MAX];

    if (access(kai_home_path(x->home, path, "%s", x->name), F_OK) == 0)
        return KAI_OK;
    note_made(x);
    return kai_file_write(path, x->whole.p, x->whole.len, 0600, x->why);
}

static enum kai_err write_audit(struct restore *x, const struct kai_bak_record *r)
{
    char path[KAI_PATH_BYTES_MAX];

    (void)kai_home_path(x->home, path, "%s", x->name);
    if (x->fd == -1) {
        note_made(x);
        x->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (x->fd == -1)
        return io_failed(x, path);
    errno = ENOSPC; /* What a short write means. */
    if (pwrite(x->fd, r->bytes.p, r->bytes.n, (off_t)r->offset) != (ssize_t)r->bytes.n)
        return io_failed(x, path);
    if (r->offset + r->bytes.n < r->size)
        return KAI_OK;
    bool durable = fsync(x->fd) == 0;
    (void)close(x->fd);
    x->fd = -1;
    return durable ? KAI_OK : io_failed(x, path);
}

static enum kai_err take_file(struct restore *x, const struct kai_bak_record *r)
{
    enum kai_err err = KAI_OK;

    if (r->offset == 0 && x->file_at == x->file_size) {
        kai_copy_text(x->name, sizeof x->name, r->name);
        x->file_at = 0;
        x->file_size = r->size;
        kai_buf_clear(&x->whole);
    }
    if (!kai_bak_file_ok(r->name) || strcmp(r->name, x->name) != 0 || r->size != x->file_size ||
        r->offset != x->file_at || r->bytes.n > r->size - r->offset ||
        (r->bytes.n == 0 && r->size > 0) || (is_small(r->name) && r->size > CONF_BYTES_MAX))
        return refuse(x, KAI_EMALFORMED, r->name);
    x->file_at += r->bytes.n;
    if (!is_small(r->name))
        return x->make ? write_audit(x, r) : KAI_OK;
    kai_buf_add(&x->whole, r->bytes.p, r->bytes.n);
    if (x->whole.err != KAI_OK || x->file_at < x->file_size)
        return x->whole.err;
    if (kai_bak_file_is_key(x->name))
        err = check_key(x);
    return err == KAI_OK && x->make ? make_small(x) : err;
}

/* ---- The store. */
static enum kai_err check_entry(struct restore *x, const struct kai_entry *e)
{
    enum kai_err err = kai_key_check(e->h.log_pk);

    if (err == KAI_OK)
        err = kai_entry_verify(e, x->info->nid);
    return err == KAI_OK ? KAI_OK : refuse(x, KAI_EAUTH, "entry");
}

static enum kai_err commit(struct restore *x, bool again)
{
    enum kai_err err = kai_tx_commit(x->tx);

    x->tx = NULL;
    x->tx_bytes = 0;
    return err == KAI_OK && again ? kai_tx_begin(x->store, &x->tx) : err;
}

static enum kai_err put_entry(struct restore *x, const struct kai_bak_record *r)
{
    enum kai_err err = kai_tx_append(x->tx, &r->e, r->seen_ms);

    if (err == KAI_EEXIST || err == KAI_EAGAIN || err == KAI_EMALFORMED || err == KAI_ENOTFOUND)
        return refuse(x, KAI_EMALFORMED, "order");
    return err;
}

/* The old logs are foreign here: their author is a node that is gone. */
static enum kai_err put_store(struct restore *x, const struct kai_bak_record *r)
{
    struct kai_log log = r->log;

    switch (r->type) {
    case KAI_BAK_CONTROL:
        return kai_tx_ctl(x->tx, &r->e);
    case KAI_BAK_NOTE:
        return kai_tx_note(x->tx, r->note_type, r->who, r->bytes);
    case KAI_BAK_FORK:
        return kai_tx_fork(x->tx, r->e.hdr, r->e.sig);
    case KAI_BAK_LOG:
        return kai_tx_log(x->tx, &log);
    case KAI_BAK_ENTRY:
        return put_entry(x, r);
    case KAI_BAK_KV:
        return kai_tx_kv(x->tx, r->name, r->bytes);
    case KAI_BAK_HEAD:
    case KAI_BAK_FILE:
    case KAI_BAK_END:
        break;
    }
    return KAI_OK;
}

/* ---- One record. */
static enum kai_err count(struct restore *x, const struct kai_bak_record *r)
{
    uint8_t sum[KAI_ID_BYTES];

    switch (r->type) {
    case KAI_BAK_HEAD:
        *x->info = r->head;
        return x->n == 1 ? KAI_OK : refuse(x, KAI_EMALFORMED, "head");
    case KAI_BAK_CONTROL:
        x->info->control++;
        return check_entry(x, &r->e);
    case KAI_BAK_ENTRY:
        x->info->entries++;
        return check_entry(x, &r->e);
    case KAI_BAK_FORK:
        return check_entry(x, &r->e);
    case KAI_BAK_LOG:
        x->info->logs++;
        return KAI_OK;
    case KAI_BAK_KV:
        return kai_bak_kv_ok(r->name) ? KAI_OK : refuse(x, KAI_EMALFORMED, r->name);
    case KAI_BAK_END:
        kai_hash_end(&x->sum, sum);
        x->ended = true;
        return x->file_at == x->file_size && r->n == x->n - 1 &&
                       memcmp(sum, r->sum, sizeof sum) == 0
                   ? KAI_OK
                   : refuse(x, KAI_EMALFORMED, "sum");
    case KAI_BAK_NOTE:
    case KAI_BAK_FILE:
        break;
    }
    return KAI_OK;
}

static enum kai_err take_record(struct restore *x, struct kai_view bytes)
{
    struct kai_bak_record r;
    enum kai_err err = KAI_OK;

    x->n++;
    if (x->ended || kai_bak_parse(&r, bytes) != KAI_OK || (x->n == 1 && r.type != KAI_BAK_HEAD))
        return refuse(x, KAI_EMALFORMED, "form");
    if (!x->make) { /* The second time it is the same file: nothing to say twice. */
        err = count(x, &r);
        if (err == KAI_OK && r.type != KAI_BAK_END)
            kai_hash_add(&x->sum, bytes.p, bytes.n);
    } else if (r.type == KAI_BAK_HEAD) {
        kai_buf_add(&x->head, bytes.p, bytes.n);
        err = x->head.err;
    }
    if (err == KAI_OK && r.type == KAI_BAK_FILE)
        return take_file(x, &r);
    if (err == KAI_OK && x->make)
        err = put_store(x, &r);
    x->tx_bytes += bytes.n;
    return err == KAI_OK && x->make && x->tx_bytes > TX_BYTES ? commit(x, true) : err;
}

static enum kai_err pass(struct restore *x)
{
    struct kai_view record;
    enum kai_err err = KAI_OK;
    uint64_t total = 2 * kai_bakr_total(x->r);

    kai_hash_begin(&x->sum, KAI_D_BACKUP);
    x->n = x->file_at = x->file_size = 0;
    x->ended = false;
    while (err == KAI_OK) {
        err = kai_bakr_next(x->r, &record, x->why);
        if (err == KAI_OK)
            err = take_record(x, record);
        if (x->progress != NULL)
            x->progress(x->ctx, kai_bakr_done(x->r) + (x->make ? total / 2 : 0), total);
    }
    if (err == KAI_ENOTFOUND && !x->ended && !x->make)
        return refuse(x, KAI_EMALFORMED, "end");
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

/* What is there now can be opened: the control entries lead from the charter on. */
static enum kai_err check_made(struct restore *x)
{
    struct kai_charter charter;
    struct kai_snap *s = NULL;
    struct kai_ctl *ctl = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(x->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, "charter", &v);
    if (err == KAI_OK)
        err = kai_charter_parse(&charter, v);
    if (err == KAI_OK && memcmp(charter.nid, x->info->nid, KAI_ID_BYTES) != 0)
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = kai_ctl_new(&ctl, &charter);
    if (err == KAI_OK)
        err = kai_core_control(ctl, s);
    kai_ctl_free(ctl);
    kai_snap_end(s);
    return err == KAI_OK || err == KAI_ENOMEM ? err : refuse(x, KAI_EMALFORMED, "control");
}

static enum kai_err make_home(struct restore *x)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_store_options opt = {0};
    enum kai_err err = kai_bakr_rewind(x->r, x->why);

    x->make = true;
    if (err == KAI_OK)
        err = kai_store_open(&x->store, kai_home_path(x->home, path, "store"), &opt, x->why);
    if (err == KAI_OK)
        err = kai_tx_begin(x->store, &x->tx);
    if (err == KAI_OK)
        err = pass(x);
    if (err == KAI_OK)
        err = commit(x, false);
    if (err == KAI_OK)
        err = check_made(x);
    kai_tx_abort(x->tx);
    kai_store_close(x->store); /* Without the mark of a clean stop: it is a copy. */
    if (err == KAI_OK)
        err = kai_file_write(kai_home_path(x->home, path, "%s", RESTORED), x->head.p, x->head.len,
                             0600, x->why);
    for (size_t i = 0; err != KAI_OK && i < x->n_made; i++)
        (void)unlink(kai_home_path(x->home, path, "%s", x->made[i]));
    return err;
}

enum kai_err kai_backup_check(const struct kai_home *home, const char *path, struct kai_why *why)
{
    struct kai_bakr *r = NULL;
    enum kai_err err = kai_found_empty(home, why);

    if (err == KAI_OK)
        err = kai_bakr_open(&r, path, why);
    kai_bakr_free(r);
    return err;
}

enum kai_err kai_backup_restore(const struct kai_home *home, const char *path,
                                const char *passphrase, kai_backup_fn *progress, void *ctx,
                                struct kai_backup_info *info, struct kai_why *why)
{
    struct restore x = {.home = home,
                        .path = path,
                        .info = info,
                        .progress = progress,
                        .ctx = ctx,
                        .why = why,
                        .fd = -1,
                        .made = calloc(MADE_MAX, sizeof *x.made)};
    enum kai_err err = x.made == NULL ? KAI_ENOMEM : kai_found_empty(home, why);

    *info = (struct kai_backup_info){0};
    kai_buf_init(&x.whole, CONF_BYTES_MAX);
    kai_buf_init(&x.head, KAI_BACKUP_RECORD_BYTES_MAX);
    if (err == KAI_OK)
        err = kai_bakr_open(&x.r, path, why);
    if (err == KAI_OK)
        err = kai_bakr_unseal(x.r, passphrase, why);
    if (err == KAI_OK)
        err = pass(&x);
    if (err == KAI_OK) {
        err = kai_found_begin(home, why);
        if (err == KAI_OK)
            err = kai_found_finish(home, make_home(&x), why);
    }
    if (err != KAI_OK && why != NULL && why->code == NULL)
        (void)kai_why_set(why, err, err == KAI_EFULL ? "disk.full" : "backup.restore", home->dir,
                          kai_err_text(err), NULL);
    if (x.fd != -1)
        (void)close(x.fd);
    kai_bakr_free(x.r);
    kai_buf_free(&x.whole);
    kai_buf_free(&x.head);
    free(x.made);
    return err;
}

enum kai_err kai_restored_info(const struct kai_home *home, struct kai_backup_info *info)
{
    char path[KAI_PATH_BYTES_MAX];
    char bytes[2048];
    size_t n;
    struct kai_bak_record r;
    enum kai_err err =
        kai_file_read(kai_home_path(home, path, "%s", RESTORED), bytes, sizeof bytes, &n);

    if (err != KAI_OK)
        return err;
    err = kai_bak_parse(&r, kai_view_of(bytes, n));
    if (err != KAI_OK || r.type != KAI_BAK_HEAD)
        return KAI_ECORRUPT;
    *info = r.head;
    return access(kai_home_path(home, path, "%s", "joined"), F_OK) == 0 ? KAI_ENOTFOUND : KAI_OK;
}
