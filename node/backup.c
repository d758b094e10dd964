/* backup: writing one. */
#include "node/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/keyform.h"
#include "node/backup_file.h"
#include "node/backup_record.h"
#include "node/core.h"
#include "node/hold.h"
#include "wire/cur.h"

#define FILE_PART_BYTES 32768u

struct make {
    const struct kai_home *home;
    struct kai_bakw *w;
    struct kai_buf buf;
    struct kai_hasher sum;
    uint64_t n;
    uint64_t told_n;
    struct kai_backup_info *info;
    kai_backup_fn *progress;
    void *ctx;
    uint64_t total; /* Entries, for the progress. */
    struct kai_snap *snap;
    uint64_t log_no; /* The log that was written last; logs_said: which were. */
    uint8_t *logs_said;
    size_t logs_cap;
    enum kai_err err;
    struct kai_why *why;
};

static bool put(struct make *m, const struct kai_bak_record *r)
{
    kai_buf_clear(&m->buf);
    kai_bak_write(&m->buf, r);
    if (m->err == KAI_OK)
        m->err = m->buf.err;
    if (m->err == KAI_OK) {
        kai_hash_add(&m->sum, m->buf.p, m->buf.len);
        m->n++;
        kai_bakw_put(m->w, kai_buf_view(&m->buf));
        m->err = kai_bakw_err(m->w);
    }
    return m->err == KAI_OK;
}

/* ---- Tables of the store. */
static bool put_control(void *ctx, const struct kai_entry *e)
{
    struct make *m = ctx;

    m->info->control++;
    return put(m, &(struct kai_bak_record){.type = KAI_BAK_CONTROL, .e = *e});
}

static bool put_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                     struct kai_view note)
{
    return put(ctx, &(struct kai_bak_record){
                        .type = KAI_BAK_NOTE, .note_type = type, .who = who, .bytes = note});
}

static bool put_fork(void *ctx, const struct kai_entry *e)
{
    return put(ctx, &(struct kai_bak_record){.type = KAI_BAK_FORK, .e = *e});
}

static bool put_kv(void *ctx, const char *key, struct kai_view value)
{
    struct kai_bak_record r = {.type = KAI_BAK_KV, .bytes = value};

    if (!kai_bak_kv_ok(key))
        return true;
    if (value.p == NULL)
        r.bytes.p = (const uint8_t *)"";
    kai_copy_text(r.name, sizeof r.name, key);
    return put(ctx, &r);
}

/* The log's row before its first entry. */
static bool say_log(struct make *m, uint64_t no)
{
    struct kai_bak_record r = {.type = KAI_BAK_LOG};

    if (no / 8 >= m->logs_cap) {
        size_t cap = (size_t)(no / 8 + 1) * 2;
        uint8_t *grown = realloc(m->logs_said, cap);

        if (grown == NULL) {
            m->err = KAI_ENOMEM;
            return false;
        }
        memset(grown + m->logs_cap, 0, cap - m->logs_cap);
        m->logs_said = grown;
        m->logs_cap = cap;
    }
    if ((m->logs_said[no / 8] & (1u << (no % 8))) != 0)
        return true;
    m->logs_said[no / 8] |= (uint8_t)(1u << (no % 8));
    m->err = kai_snap_log_no(m->snap, no, &r.log);
    m->info->logs++;
    return m->err == KAI_OK && put(m, &r);
}

static bool put_entry(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                      uint64_t seen_ms)
{
    struct make *m = ctx;

    (void)position;
    m->info->entries++;
    if (m->progress != NULL && m->info->entries % 256 == 0)
        m->progress(m->ctx, m->info->entries, m->total);
    return say_log(m, log_no) &&
           put(m, &(struct kai_bak_record){.type = KAI_BAK_ENTRY, .e = *e, .seen_ms = seen_ms});
}

static enum kai_err put_store(struct make *m)
{
    enum kai_err err = kai_snap_ctl(m->snap, put_control, m);

    if (err == KAI_OK && m->err == KAI_OK)
        err = kai_snap_notes(m->snap, put_note, m);
    if (err == KAI_OK && m->err == KAI_OK)
        err = kai_snap_forks(m->snap, put_fork, m);
    if (err == KAI_OK && m->err == KAI_OK)
        err = kai_snap_kvs(m->snap, put_kv, m);
    if (err == KAI_OK && m->err == KAI_OK)
        err = kai_snap_arrivals(m->snap, 1, put_entry, m);
    return m->err != KAI_OK ? m->err : err;
}

/* ---- Epoch keys: what the node key opened, which is not in the backup. */
struct rings {
    struct kai_charter charter;
    struct kai_keys *node;
    struct kai_ctl *ctl;
    struct kai_roster *roster;
    struct kai_keyring *ring;
    struct kai_self *self;
    struct kai_epoch *keys;
    size_t n_keys;
};

static void rings_free(struct rings *r)
{
    sodium_free(r->keys); /* Wipes, as the next two. */
    sodium_free(r->self);
    kai_keys_free(r->node);
    kai_keyring_free(r->ring);
    kai_roster_unref(r->roster);
    kai_ctl_free(r->ctl);
}

static enum kai_err rings_open(struct rings *r, struct make *m)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_view v;
    enum kai_err err = kai_snap_kv(m->snap, "charter", &v);

    if (err == KAI_OK)
        err = kai_charter_parse(&r->charter, v);
    if (err != KAI_OK)
        return kai_why_set(m->why, err, "home.no-network", m->home->dir, NULL, NULL);
    err = kai_keyfile_load(&kai_keyport_posix, kai_home_path(m->home, path, "keys/node.key"),
                           KAI_KEY_NODE, NULL, &r->node, NULL, m->why);
    if (err == KAI_OK)
        err = kai_ctl_new(&r->ctl, &r->charter);
    if (err == KAI_OK)
        kai_ctl_own(r->ctl, r->node->sign_pk);
    if (err == KAI_OK)
        err = kai_core_control(r->ctl, m->snap);
    if (err == KAI_OK)
        err = kai_roster_build(&r->roster, r->ctl);
    return err;
}

static enum kai_err rings_keys(struct rings *r, struct make *m)
{
    r->self = sodium_malloc(sizeof *r->self);
    if (r->self == NULL)
        return KAI_ENOMEM;
    memset(r->self, 0, sizeof *r->self);
    memcpy(r->self->node_id, m->info->node_id, KAI_ID_BYTES);
    memcpy(r->self->org_id, m->info->org_id, KAI_ID_BYTES);
    memcpy(r->self->sign_pk, r->node->sign_pk, KAI_KEY_BYTES);
    memcpy(r->self->kx_pk, r->node->kx_pk, KAI_KEY_BYTES);
    memcpy(r->self->kx_sk, r->node->kx_sk, KAI_KEY_BYTES);
    enum kai_err err = kai_keyring_new(&r->ring, r->self);
    if (err == KAI_OK)
        err = kai_keyring_roster(r->ring, r->roster);
    if (err == KAI_OK)
        err = kai_core_epochs(r->ring, m->snap);
    if (err == KAI_OK)
        err = kai_keyring_keys(r->ring, &r->keys, &r->n_keys);
    return err;
}

static enum kai_err put_keys(struct make *m, const struct rings *r)
{
    for (size_t i = 0; m->err == KAI_OK && i < r->n_keys; i++) {
        struct kai_bak_record rec = {.type = KAI_BAK_KV,
                                     .bytes = kai_view_of(r->keys[i].key, KAI_KEY_BYTES)};
        char b32[KAI_BASE32_KEY_CAP];

        if (r->keys[i].route_only)
            continue;
        kai_base32_key(b32, r->keys[i].commit);
        (void)snprintf(rec.name, sizeof rec.name, KAI_SPARE_KEY "%s", b32);
        (void)put(m, &rec);
    }
    return m->err;
}

/* And the keys of what waits for an audience's key, which were wrapped for it. */
static enum kai_err put_holds(struct make *m, const struct rings *r)
{
    const struct kai_audience *auds;
    size_t n = kai_roster_audiences(r->roster, &auds);
    uint8_t key[KAI_KEY_BYTES];

    for (size_t i = 0; m->err == KAI_OK && i < n; i++) {
        struct kai_bak_record rec = {.type = KAI_BAK_KV, .bytes = kai_view_of(key, sizeof key)};
        enum kai_err err =
            kai_hold_spare(m->snap, r->charter.nid, r->self, auds[i].id, rec.name, key);

        if (err == KAI_OK)
            (void)put(m, &rec);
        else if (err != KAI_ENOTFOUND)
            m->err = err;
    }
    sodium_memzero(key, sizeof key);
    return m->err;
}

static enum kai_err fill_info(struct make *m, const struct rings *r)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_backup_info *h = m->info;

    kai_hash(h->node_id, KAI_D_NODE, r->node->sign_pk, KAI_KEY_BYTES);
    const struct kai_node *n = kai_roster_node(r->roster, h->node_id);
    if (n == NULL)
        return kai_why_set(m->why, KAI_ENOTFOUND, "home.not-admitted", m->home->dir, NULL, NULL);
    h->made_ms = kai_wall_ms();
    memcpy(h->nid, r->charter.nid, KAI_ID_BYTES);
    kai_copy_text(h->network, sizeof h->network, r->charter.name);
    memcpy(h->org_id, n->org->id, KAI_ID_BYTES);
    kai_copy_text(h->org, sizeof h->org, n->org->name);
    kai_copy_text(h->node, sizeof h->node, n->name);
    h->issuing = access(kai_home_path(m->home, path, "keys/%s.key", "issuing"), F_OK) == 0;
    return KAI_OK;
}

/* ---- Files. */
static enum kai_err read_failed(struct make *m, const char *path)
{
    return kai_why_set(m->why, KAI_EIO, "file.read", path, strerror(errno), NULL);
}

/* The first `most` bytes, or what there is of them. */
static enum kai_err put_file(struct make *m, const char *name, uint64_t most)
{
    char path[KAI_PATH_BYTES_MAX];
    uint8_t part[FILE_PART_BYTES];
    struct kai_bak_record r = {.type = KAI_BAK_FILE};
    struct stat st;
    int fd = open(kai_home_path(m->home, path, "%s", name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum kai_err err = KAI_OK;

    if (fd == -1)
        return errno == ENOENT ? KAI_ENOTFOUND : read_failed(m, path);
    kai_copy_text(r.name, sizeof r.name, name);
    if (fstat(fd, &st) != 0)
        err = read_failed(m, path);
    r.size = err == KAI_OK && (uint64_t)st.st_size < most ? (uint64_t)st.st_size : most;
    do {
        uint64_t left = r.size - r.offset;
        ssize_t n = err != KAI_OK ? -1
                                  : pread(fd, part, left < sizeof part ? (size_t)left : sizeof part,
                                          (off_t)r.offset);

        if (n < 0 || (n == 0 && left > 0)) {
            err = err != KAI_OK ? err : read_failed(m, path);
            break;
        }
        r.bytes = kai_view_of(part, (size_t)n);
        (void)put(m, &r);
        r.offset += (uint64_t)n;
    } while (m->err == KAI_OK && r.offset < r.size);
    (void)close(fd);
    return err != KAI_OK ? err : m->err;
}

/* A key goes in as it is, and only where a passphrase seals it. */
static enum kai_err put_key(struct make *m, const char *name, enum kai_key_role role, bool *is_in)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_keys *k = NULL;
    bool sealed = false;
    struct kai_why why = {0};

    *is_in = false;
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, kai_home_path(m->home, path, "%s", name), role, NULL,
                         &k, &sealed, &why);
    kai_keys_free(k);
    if (err == KAI_ENOTFOUND)
        return KAI_OK;
    if (!sealed && err != KAI_OK) {
        if (m->why != NULL)
            *m->why = why;
        return err;
    }
    if (!sealed) {
        m->info->unsealed++;
        return KAI_OK;
    }
    *is_in = true;
    return put_file(m, name, KAI_KEYFORM_BYTES_MAX);
}

static enum kai_err put_persons(struct make *m)
{
    char path[KAI_PATH_BYTES_MAX];
    char name[KAI_TEXT_BYTES_MAX + 1];
    enum kai_err err = KAI_OK;
    DIR *d = opendir(kai_home_path(m->home, path, "keys/persons"));
    const struct dirent *e;

    if (d == NULL)
        return errno == ENOENT ? KAI_OK : read_failed(m, path);
    while (err == KAI_OK && (e = readdir(d)) != NULL) {
        bool is_in = false;
        int n = snprintf(name, sizeof name, "keys/persons/%s", e->d_name);

        if (n > 0 && (size_t)n < sizeof name && kai_bak_file_ok(name) &&
            m->info->persons < KAI_BACKUP_PERSONS_MAX)
            err = put_key(m, name, KAI_KEY_PERSON, &is_in);
        m->info->persons += is_in;
    }
    (void)closedir(d);
    return err;
}

/* As far as the snapshot knows it: what came later is not in the store either. */
static uint64_t audit_bytes(struct make *m)
{
    struct kai_view v;
    struct kai_cur cur;

    if (kai_snap_kv(m->snap, "audit-head", &v) != KAI_OK)
        return 0;
    kai_cur_init(&cur, v.p, v.n);
    kai_cur_tuple(&cur, 3);
    (void)kai_cur_uint(&cur, INT64_MAX);
    (void)kai_cur_bin_n(&cur, KAI_ID_BYTES);
    uint64_t n = kai_cur_uint(&cur, KAI_BACKUP_AUDIT_BYTES_MAX);
    return kai_cur_end(&cur) == KAI_OK ? n : 0;
}

static enum kai_err put_files(struct make *m)
{
    enum kai_err err = put_file(m, "kairan.conf", KAI_BACKUP_AUDIT_BYTES_MAX);
    uint64_t n = audit_bytes(m);

    if ((err == KAI_OK || err == KAI_ENOTFOUND) && n > 0)
        err = put_file(m, KAI_BAK_AUDIT, n);
    if (err == KAI_OK || err == KAI_ENOTFOUND)
        err = put_key(m, "keys/org-root.key", KAI_KEY_ORG_ROOT, &m->info->root);
    return err == KAI_OK ? put_persons(m) : err;
}

/* ---- All of it. */
static enum kai_err put_all(struct make *m)
{
    struct rings r = {0};
    uint8_t sum[KAI_ID_BYTES];
    enum kai_err err = rings_open(&r, m);

    if (err == KAI_OK)
        err = fill_info(m, &r);
    if (err == KAI_OK)
        err = rings_keys(&r, m);
    if (err == KAI_OK && !put(m, &(struct kai_bak_record){.type = KAI_BAK_HEAD, .head = *m->info}))
        err = m->err;
    if (err == KAI_OK)
        err = put_store(m);
    if (err == KAI_OK)
        err = put_keys(m, &r);
    if (err == KAI_OK)
        err = put_holds(m, &r);
    if (err == KAI_OK)
        err = put_files(m);
    kai_hash_end(&m->sum, sum);
    if (err == KAI_OK &&
        !put(m, &(struct kai_bak_record){.type = KAI_BAK_END, .n = m->n, .sum = sum}))
        err = m->err;
    rings_free(&r);
    return err;
}

enum kai_err kai_backup_make(const struct kai_home *home, const char *path, const char *passphrase,
                             kai_backup_fn *progress, void *ctx, struct kai_backup_info *info,
                             struct kai_why *why)
{
    char dir[KAI_PATH_BYTES_MAX];
    struct make m = {.home = home, .info = info, .progress = progress, .ctx = ctx, .why = why};
    struct kai_store_usage u = {0};
    struct kai_store *s = NULL;
    enum kai_err err = kai_home_check(home, why);

    *info = (struct kai_backup_info){0};
    kai_buf_init(&m.buf, KAI_BACKUP_RECORD_BYTES_MAX);
    kai_hash_begin(&m.sum, KAI_D_BACKUP);
    if (err == KAI_OK)
        err = kai_store_view(&s, kai_home_path(home, dir, "store"), why);
    if (err == KAI_OK)
        err = kai_store_usage(s, &u);
    m.total = u.entries;
    if (err == KAI_OK)
        err = kai_snap_begin(s, &m.snap);
    if (err == KAI_OK)
        err = kai_bakw_open(&m.w, path, passphrase, why);
    if (err == KAI_OK)
        err = put_all(&m);
    if (m.w != NULL && (err == KAI_OK || kai_bakw_err(m.w) != KAI_OK))
        err = kai_bakw_finish(m.w, why); /* After a failed write it says which. */
    if (err != KAI_OK && why != NULL && why->code == NULL)
        (void)kai_why_set(why, err, "backup.write", path, kai_err_text(err), NULL);
    kai_bakw_free(m.w);
    kai_snap_end(m.snap);
    kai_store_close(s);
    kai_buf_free(&m.buf);
    free(m.logs_said);
    return err;
}
