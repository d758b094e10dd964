/* core: one open home. */
#include "node/core.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "item/label.h"
#include "node/actions.h"
#include "node/audiences.h"
#include "node/audit.h"
#include "node/backup.h"
#include "node/clerk.h"
#include "node/config.h"
#include "node/forks.h"
#include "node/held.h"
#include "node/hold.h"
#include "node/indexer.h"
#include "node/kept.h"
#include "node/loop.h"
#include "node/ownlog.h"
#include "node/post.h"
#include "node/stale.h"
#include "node/sure.h"
#include "node/touched.h"

static uint64_t clock_ms(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t); /* Fails on a bad id only. */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t kai_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t kai_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t kai_wall_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool kai_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, uint64_t until_ms)
{
    struct timespec t = {.tv_sec = (time_t)(until_ms / 1000),
                         .tv_nsec = (long)(until_ms % 1000 * 1000000)};

    return pthread_cond_clockwait(cond, mu, CLOCK_MONOTONIC, &t) == 0;
}

void kai_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

/* End at once, as at a loss of power: what is on the disk is what counts. */
static void die(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
    _exit(1);
}

struct kai_tx *kai_core_tx(struct kai_core *c)
{
    if (c->tx == NULL && c->tx_err == KAI_OK)
        c->tx_err = kai_tx_begin(c->store, &c->tx);
    return c->tx;
}

static enum kai_err commit(struct kai_core *c)
{
    enum kai_err err = c->tx_err;

    kai_snap_end(c->serve);
    c->serve = NULL;
    if (c->tx != NULL) {
        enum kai_err committed = kai_tx_commit(c->tx);

        c->tx = NULL;
        if (err == KAI_OK)
            err = committed;
    }
    c->tx_err = KAI_OK;
    if (err == KAI_EIO || err == KAI_ECORRUPT) {
        /* After a failed sync nobody knows what is on the disk: start again from what is there. */
        die("kairan: the store cannot be written; stopping\n");
    }
    /* What is called may ask for more: those wait for the next commit. */
    size_t n = c->n_after;
    struct kai_after *list = c->after;
    if (n > 0) {
        c->after = NULL;
        c->n_after = c->cap_after = 0;
        for (size_t i = 0; i < n; i++)
            list[i].f(list[i].arg, err);
        free(list);
        kai_indexer_wake(c->indexer);
    }
    return err;
}

void kai_core_commit(struct kai_core *c)
{
    (void)commit(c); /* Told to those who wait. */
}

void kai_core_after(struct kai_core *c, kai_after_fn *f, void *arg)
{
    if (c->n_after == c->cap_after) {
        size_t cap = c->cap_after == 0 ? 64 : 2 * c->cap_after;
        struct kai_after *grown = realloc(c->after, cap * sizeof *grown);

        if (grown == NULL) { /* Nobody may be left waiting, or told that what is there is not. */
            f(arg, commit(c));
            return;
        }
        c->after = grown;
        c->cap_after = cap;
    }
    c->after[c->n_after++] = (struct kai_after){.f = f, .arg = arg};
}

void kai_core_wake(struct kai_core *c)
{
    uint64_t one = 1;

    (void)pthread_mutex_lock(&c->mu);
    if (c->wake_fd != -1)
        (void)!write(c->wake_fd, &one, sizeof one);
    (void)pthread_mutex_unlock(&c->mu);
}

struct direct {
    bool done;
    enum kai_err err;
};

static void direct_done(void *arg, enum kai_err err)
{
    struct direct *d = arg;

    d->done = true;
    d->err = err;
}

enum kai_err kai_core_run(struct kai_core *c, kai_job_fn *f, void *arg)
{
    struct direct d = {0};

    if (c->loop != NULL && !pthread_equal(pthread_self(), c->owner))
        return kai_loop_run(c->loop, f, arg);
    (void)kai_indexer_rules(c->indexer);
    enum kai_err err = f(c, arg);
    kai_core_after(c, direct_done, &d);
    kai_core_commit(c);
    while (c->n_after > 0 || c->tx != NULL) /* What the job's effects asked for in turn. */
        kai_core_commit(c);
    kai_core_refresh(c);
    return err != KAI_OK ? err : d.err;
}

static enum kai_err load_keys(struct kai_core *c, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_backup_info was;
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, kai_home_path(&c->home, path, "keys/node.key"),
                         KAI_KEY_NODE, NULL, &c->node, NULL, why);

    kai_why_at(why, 0, "%s", path);
    if (err == KAI_ENOTFOUND && kai_restored_info(&c->home, &was) == KAI_OK)
        return kai_why_set(why, err, "home.restored", c->home.dir, was.org, NULL);
    if (err != KAI_OK)
        return err;
    err = kai_keyfile_load(&kai_keyport_posix, kai_home_path(&c->home, path, "keys/issuing.key"),
                           KAI_KEY_ISSUING, NULL, &c->issuing, NULL, why);
    if (err == KAI_ENOTFOUND) /* Further nodes of an organisation have none. */
        return KAI_OK;
    kai_why_at(why, 0, "%s", path);
    return err;
}

static enum kai_err load_charter(struct kai_core *c, struct kai_snap *snap, struct kai_why *why)
{
    struct kai_view v;
    enum kai_err err = kai_snap_kv(snap, "charter", &v);

    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, err, "home.no-network", c->home.dir, NULL, NULL);
    if (err != KAI_OK)
        return err;
    kai_buf_init(&c->charter_record, KAI_CHARTER_BYTES_MAX);
    kai_buf_add(&c->charter_record, v.p, v.n);
    if (c->charter_record.err != KAI_OK)
        return c->charter_record.err;
    err = kai_charter_parse(&c->charter, v);
    return err == KAI_OK ? KAI_OK : KAI_ECORRUPT;
}

/* Who we are in the network, by the certificate of our node key. */
static enum kai_err find_self(struct kai_core *c, struct kai_why *why)
{
    struct kai_backup_info was;
    struct kai_roster *r;
    enum kai_err err = kai_roster_build(&r, c->ctl);

    if (err != KAI_OK)
        return err;
    kai_hash(c->self.node_id, KAI_D_NODE, c->node->sign_pk, KAI_KEY_BYTES);
    const struct kai_node *n = kai_roster_node(r, c->self.node_id);
    if (n == NULL) {
        bool restored = kai_restored_info(&c->home, &was) == KAI_OK;

        err = kai_why_set(why, KAI_ENOTFOUND, restored ? "home.restored" : "home.not-admitted",
                          c->home.dir, restored ? was.org : NULL, NULL);
    } else {
        c->self.further = c->issuing == NULL;
        memcpy(c->self.node_cert, n->cert, KAI_ID_BYTES);
        memcpy(c->self.org_id, n->org->id, KAI_ID_BYTES);
        memcpy(c->org_name, n->org->name, sizeof c->org_name);
        memcpy(c->self.sign_pk, c->node->sign_pk, KAI_KEY_BYTES);
        memcpy(c->self.sign_sk, c->node->sign_sk, sizeof c->self.sign_sk);
        memcpy(c->self.kx_pk, c->node->kx_pk, KAI_KEY_BYTES);
        memcpy(c->self.kx_sk, c->node->kx_sk, KAI_KEY_BYTES);
    }
    kai_roster_unref(r);
    return err;
}

static bool tell_log(void *ctx, const struct kai_log *log)
{
    struct kai_core *c = ctx;
    struct kai_net_log n;

    kai_net_log_of(&n, log);
    kai_net_on_log(c->net, &n);
    return true;
}

static bool tell_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                      struct kai_view note)
{
    struct kai_core *c = ctx;

    (void)who;
    if (type == KAI_REC_ADDR)
        kai_net_on_addr(c->net, note);
    if (type == KAI_REC_CHECKPOINT)
        kai_net_on_checkpoint(c->net, note);
    return true;
}

static enum kai_err start_engine(struct kai_core *c)
{
    struct kai_net_options opt = {
        .self = c->self,
        .ctl = c->ctl,
        .keyring = c->ring,
        .charter_record = kai_buf_view(&c->charter_record),
        .now_ms = kai_now_ms(),
    };

    memcpy(opt.curve_pk, c->node->curve_pk, KAI_KEY_BYTES);
    randombytes_buf(opt.boot_id, sizeof opt.boot_id);
    kai_actions_fill(c, &opt.act);
    enum kai_err err = kai_net_new(&c->net, &opt);
    sodium_memzero(&opt, sizeof opt);
    return err;
}

static enum kai_err load_state(struct kai_core *c, struct kai_why *why)
{
    enum kai_err err = kai_snap_begin(c->store, &c->serve);

    if (err == KAI_OK)
        err = load_charter(c, c->serve, why);
    if (err == KAI_OK)
        err = kai_ctl_new(&c->ctl, &c->charter);
    if (err == KAI_OK)
        kai_ctl_own(c->ctl, c->node->sign_pk);
    if (err == KAI_OK)
        err = kai_core_control(c->ctl, c->serve);
    if (err == KAI_OK)
        err = find_self(c, why);
    if (err == KAI_OK)
        err = kai_keyring_new(&c->ring, &c->self);
    if (err == KAI_OK)
        err = start_engine(c); /* Builds the roster, and hands it to the keyring. */
    if (err == KAI_OK)
        err = kai_audience_rules_load(c, c->serve);
    if (err == KAI_OK)
        err = kai_core_epochs(c->ring, c->serve);
    if (err == KAI_OK)
        err = kai_snap_logs(c->serve, tell_log, c);
    if (err == KAI_OK)
        err = kai_forks_load(c, c->serve);
    if (err == KAI_OK)
        err = kai_snap_notes(c->serve, tell_note, c);
    if (err == KAI_OK)
        err = kai_kept_load(c, c->serve);
    if (err == KAI_OK)
        kai_net_on_keyring(c->net, kai_now_ms());
    kai_snap_end(c->serve);
    c->serve = NULL;
    return err;
}

static void boot_id_text(char out[static 64])
{
    size_t n;

    if (kai_file_read("/proc/sys/kernel/random/boot_id", out, 64, &n) != KAI_OK)
        out[0] = '\0'; /* Unknown: the index counts as one of another boot. */
    out[strcspn(out, "\n")] = '\0';
}

/* A store that was put back alone knows less than its index: what comes to stand in those places
 * now would never be looked at. */
static enum kai_err index_ahead(struct kai_core *c, bool *ahead)
{
    struct kai_ixsnap *rows = NULL;
    struct kai_snap *s = NULL;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &rows);
    *ahead = err == KAI_OK && kai_ixsnap_position(rows) > kai_snap_last_position(s);
    kai_ixsnap_end(rows);
    kai_snap_end(s);
    return err;
}

static enum kai_err open_believed(struct kai_core *c, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char boot[64];
    bool rebuild;
    bool ahead = false;

    boot_id_text(boot);
    (void)kai_home_path(&c->home, path, "index");
    enum kai_err err = kai_index_open(&c->index, path, 0, boot, &rebuild, why);
    if (err == KAI_OK)
        err = index_ahead(c, &ahead);
    if (err != KAI_OK || !ahead)
        return err;
    kai_index_close(c->index);
    c->index = NULL;
    err = kai_index_erase(path);
    return err == KAI_OK ? kai_index_open(&c->index, path, 0, boot, &rebuild, why) : err;
}

static enum kai_err open_index(struct kai_core *c, struct kai_why *why)
{
    uint8_t fresh[KAI_HALF_ID_BYTES + KAI_KEY_BYTES];
    enum kai_err err = open_believed(c, why);

    randombytes_buf(fresh, sizeof fresh);
    if (err == KAI_OK)
        err = kai_index_id(c->index, fresh, c->index_id);
    if (err == KAI_OK)
        err = kai_index_key(c->index, fresh + KAI_HALF_ID_BYTES, c->index_key);
    sodium_memzero(fresh, sizeof fresh);
    return err;
}

static enum kai_err open_stores(struct kai_core *c, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_store_options opt = {.must_exist = true};
    enum kai_err err = kai_store_open(&c->store, kai_home_path(&c->home, path, "store"), &opt, why);

    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, err, "home.no-network", c->home.dir, NULL, NULL);
    if (err != KAI_OK)
        return err;
    return open_index(c, why);
}

static enum kai_err load_settings(struct kai_core *c, struct kai_why *why)
{
    struct kai_config cfg;
    enum kai_err err = kai_config_load(&cfg, &c->home, why);

    c->expire_s = cfg.expire_days * (KAI_DAY_MS / 1000);
    c->keep_ms = cfg.keep_days * KAI_DAY_MS;
    c->warn_block = cfg.warn_block;
    return err;
}

enum kai_err kai_core_open(struct kai_core **out, const struct kai_home *home, struct kai_why *why)
{
    struct kai_core *c = sodium_malloc(sizeof *c); /* Guarded: it holds the node's keys. */

    *out = NULL;
    if (c == NULL)
        return KAI_ENOMEM;
    memset(c, 0, sizeof *c);
    c->home = *home;
    c->owner = pthread_self();
    c->wake_fd = -1;
    c->started_ms = kai_wall_ms();
    (void)pthread_mutex_init(&c->mu, NULL); /* Cannot fail on Linux. */
    (void)pthread_cond_init(&c->held_cond, NULL);
    (void)pthread_cond_init(&c->busy_cond, NULL);

    enum kai_err err = kai_home_check(home, why);
    if (err == KAI_OK)
        err = load_settings(c, why);
    if (err == KAI_OK)
        err = load_keys(c, why);
    if (err == KAI_OK)
        err = open_stores(c, why);
    if (err == KAI_OK)
        err = load_state(c, why);
    if (err == KAI_OK)
        err = kai_sure_begin(c);
    if (err == KAI_OK)
        err = kai_stale_begin(c);
    if (err == KAI_OK)
        err = kai_hold_load(c);
    if (err == KAI_OK)
        err = kai_touched_new(&c->touched);
    if (err == KAI_OK) {
        kai_core_refresh(c);
        kai_core_commit(c);
        /* Later ones fall back on the one before; at first there is none. */
        err = c->outlook != NULL ? kai_audit_open(c) : KAI_ENOMEM;
    }
    if (err == KAI_OK)
        err = kai_clerk_new(&c->clerk, c);
    if (err == KAI_OK)
        err = kai_indexer_start(&c->indexer, c);
    if (err == KAI_OK && kai_indexer_rules(c->indexer)) { /* A kill kept them from it. */
        kai_core_commit(c);
        kai_core_refresh(c);
    }
    if (err != KAI_OK) {
        if (why != NULL && why->code == NULL)
            (void)kai_why_set(why, err, "node.open", kai_err_text(err), home->dir, NULL);
        kai_core_close(c);
        return err;
    }
    if (why != NULL)
        *why = (struct kai_why){0}; /* The places that were looked at are no news. */
    *out = c;
    return KAI_OK;
}

void kai_core_close(struct kai_core *c)
{
    if (c == NULL)
        return;
    bool opened = c->indexer != NULL;
    struct kai_indexer *indexer = c->indexer;
    c->indexer = NULL;
    kai_indexer_stop(indexer);
    kai_clerk_free(c->clerk);
    kai_touched_free(c->touched);
    if (c->store != NULL && c->ctl != NULL)
        while (c->tx != NULL || c->n_after > 0)
            kai_core_commit(c);
    opened = kai_audit_close(c) && opened;
    kai_net_free(c->net);
    kai_keyring_free(c->ring);
    kai_ctl_free(c->ctl);
    kai_index_close(c->index);
    kai_snap_end(c->serve);
    if (opened)
        kai_ignore(kai_store_mark_clean(c->store)); /* Else the next start opens new logs: safe. */
    kai_store_close(c->store);
    kai_outlook_put(c->outlook);
    kai_held_free(c);
    kai_hold_free(c);
    free(c->busy);
    kai_keys_free(c->node);
    kai_keys_free(c->issuing);
    kai_buf_free(&c->charter_record);
    free(c->after);
    (void)pthread_mutex_destroy(&c->mu);
    (void)pthread_cond_destroy(&c->held_cond);
    (void)pthread_cond_destroy(&c->busy_cond);
    sodium_free(c); /* Wipes. */
}
