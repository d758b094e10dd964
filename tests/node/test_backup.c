/* test_backup: files that were put together wrongly by somebody who knows the passphrase: each is
 * refused by name, and nothing of a home is left. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/amend.h"
#include "keys/keydeath.h"
#include "node/backup_file.h"
#include "node/backup_record.h"
#include "node/post.h"
#include "node/recover.h"

#define PASS        "long enough to be one"
#define RECORDS_MAX 256u

struct file {
    struct rig *r;
    size_t n;
    struct kai_buf rec[RECORDS_MAX];
    char path[96];
    char home[96];
    struct kai_why why;
};

static void add(struct file *f, size_t at, struct kai_view bytes)
{
    assert_true(f->n < RECORDS_MAX);
    memmove(f->rec + at + 1, f->rec + at, (f->n++ - at) * sizeof f->rec[0]);
    kai_buf_init(&f->rec[at], KAI_BACKUP_RECORD_BYTES_MAX);
    kai_buf_add(&f->rec[at], bytes.p, bytes.n);
    MUST(f->rec[at].err);
}

static void add_record(struct file *f, size_t at, const struct kai_bak_record *r)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_BACKUP_RECORD_BYTES_MAX);
    kai_bak_write(&b, r);
    add(f, at, kai_buf_view(&b));
    kai_buf_free(&b);
}

static void drop(struct file *f, size_t at)
{
    kai_buf_free(&f->rec[at]);
    memmove(f->rec + at, f->rec + at + 1, (--f->n - at) * sizeof f->rec[0]);
}

/* The first record of a type, from a place on; what it says. */
static size_t find(const struct file *f, enum kai_bak_type type, size_t from,
                   struct kai_bak_record *r)
{
    for (size_t i = from; i < f->n; i++) {
        MUST(kai_bak_parse(r, kai_buf_view(&f->rec[i])));
        if (r->type == type)
            return i;
    }
    fail();
    return 0;
}

/* All records of a true backup, but END. */
static void load(struct file *f, struct rig *r)
{
    struct kai_backup_info info;
    struct kai_bakr *in = NULL;
    struct kai_view rec;
    enum kai_err err;

    *f = (struct file){.r = r};
    (void)snprintf(f->path, sizeof f->path, "%s.backup", r->dir);
    (void)snprintf(f->home, sizeof f->home, "%s.again", r->dir);
    MUST(kai_backup_make(&r->home, f->path, PASS, NULL, NULL, &info, &f->why));
    assert_true(info.root && info.issuing && info.entries > 0);
    MUST(kai_bakr_open(&in, f->path, &f->why));
    MUST(kai_bakr_unseal(in, PASS, &f->why));
    while ((err = kai_bakr_next(in, &rec, &f->why)) == KAI_OK)
        add(f, f->n, rec);
    assert_int_equal(err, KAI_ENOTFOUND);
    kai_bakr_free(in);
    assert_int_equal(unlink(f->path), 0);
    drop(f, f->n - 1);
}

/* Written out with a true END, and restored. */
static enum kai_err restore(struct file *f, bool with_end)
{
    struct kai_bakw *w = NULL;
    struct kai_hasher h;
    uint8_t sum[KAI_ID_BYTES];
    struct kai_home home;
    struct kai_backup_info info;
    struct kai_buf end;
    char path[KAI_PATH_BYTES_MAX];
    char command[160];

    MUST(kai_bakw_open(&w, f->path, PASS, &f->why));
    kai_hash_begin(&h, KAI_D_BACKUP);
    for (size_t i = 0; i < f->n; i++) {
        kai_hash_add(&h, f->rec[i].p, f->rec[i].len);
        kai_bakw_put(w, kai_buf_view(&f->rec[i]));
    }
    kai_hash_end(&h, sum);
    kai_buf_init(&end, 128);
    kai_bak_write(&end, &(struct kai_bak_record){.type = KAI_BAK_END, .n = f->n, .sum = sum});
    if (with_end)
        kai_bakw_put(w, kai_buf_view(&end));
    MUST(kai_bakw_finish(w, &f->why));
    kai_bakw_free(w);
    kai_buf_free(&end);
    f->why = (struct kai_why){0};
    MUST(kai_home_find(&home, f->home, &f->why));
    enum kai_err err = kai_backup_restore(&home, f->path, PASS, NULL, NULL, &info, &f->why);
    assert_int_equal(unlink(f->path), 0);
    if (err != KAI_OK) { /* Whatever went wrong: nothing is there, and the home can be made. */
        static const char *const none[] = {"store/data.mdb", "keys/org-root.key", "restored",
                                           "making", "kairan.conf"};

        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
            assert_int_not_equal(access(kai_home_path(&home, path, "%s", none[i]), F_OK), 0);
    }
    (void)snprintf(command, sizeof command, "rm -rf %s", f->home);
    assert_int_equal(system(command), 0);
    return err;
}

static void refused(struct file *f, const char *which)
{
    enum kai_err err = restore(f, true);

    if (err == KAI_OK || f->why.code == NULL)
        fail_msg("%s was taken", which);
    assert_string_equal(f->why.code, "backup.record");
    for (size_t i = 0; i < f->n; i++)
        kai_buf_free(&f->rec[i]);
    f->n = 0;
}

static void backup_of_a_true_home(void **state)
{
    struct rig *r = *state;
    struct file f;

    load(&f, r);
    MUST(restore(&f, true));
    assert_int_equal(restore(&f, false), KAI_EMALFORMED);
    assert_string_equal(f.why.arg[2], "end");
    refused((add(&f, 1, kai_buf_view(&f.rec[0])), &f), "a second head");
}

static void backup_of_wrong_order(void **state)
{
    struct rig *r = *state;
    struct file f;
    struct kai_bak_record a;
    struct kai_buf swap;

    load(&f, r);
    drop(&f, 0);
    refused(&f, "no head");

    load(&f, r);
    size_t at = find(&f, KAI_BAK_ENTRY, 0, &a);
    drop(&f, at);
    refused(&f, "a log without its first entry");

    load(&f, r);
    at = find(&f, KAI_BAK_LOG, 0, &a);
    swap = f.rec[at];
    f.rec[at] = f.rec[at + 1];
    f.rec[at + 1] = swap;
    refused(&f, "an entry before its log");

    load(&f, r);
    at = find(&f, KAI_BAK_ENTRY, 0, &a);
    add(&f, at, kai_buf_view(&f.rec[at]));
    refused(&f, "an entry twice");

    load(&f, r);
    for (at = find(&f, KAI_BAK_KV, 0, &a); strcmp(a.name, "charter") != 0;)
        at = find(&f, KAI_BAK_KV, at + 1, &a);
    drop(&f, at);
    refused(&f, "no charter");
}

static void backup_of_forged_entries(void **state)
{
    static const enum kai_bak_type types[] = {KAI_BAK_CONTROL, KAI_BAK_ENTRY};
    struct rig *r = *state;
    struct file f;
    struct kai_bak_record a;
    uint8_t sig[KAI_SIG_BYTES];

    for (size_t i = 0; i < 2; i++) {
        load(&f, r);
        size_t at = find(&f, types[i], 0, &a);
        memcpy(sig, a.e.sig.p, sizeof sig);
        sig[40] ^= 1;
        a.e.sig = kai_view_of(sig, sizeof sig);
        add_record(&f, at, &a);
        drop(&f, at + 1);
        refused(&f, "a forged entry");
    }
    load(&f, r);
    for (size_t n = 0; n < 40; n++) { /* Any byte of any record. */
        size_t at = randombytes_uniform((uint32_t)f.n);
        size_t byte = randombytes_uniform((uint32_t)f.rec[at].len);

        f.rec[at].p[byte] ^= (uint8_t)(1u << n % 8);
        (void)restore(&f, true); /* Some are free text; none may harm. */
        f.rec[at].p[byte] ^= (uint8_t)(1u << n % 8);
    }
    add(&f, 1, kai_view_of("\x9f", 1));
    refused(&f, "garbage");
}

static void backup_of_foreign_files(void **state)
{
    static const char *const names[] = {"keys/node.key",         "keys/issuing.key",  "../escape",
                                        "keys/persons/../x.key", "keys/persons/.key", "/etc/passwd",
                                        "keys/logs/a.key",       "store/data.mdb"};
    struct rig *r = *state;
    struct file f;
    struct kai_bak_record a = {.type = KAI_BAK_FILE};
    struct kai_keys *k = NULL;
    char path[KAI_PATH_BYTES_MAX];
    char bytes[512];
    size_t n;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        load(&f, r);
        kai_copy_text(a.name, sizeof a.name, names[i]);
        a.size = 1;
        a.bytes = kai_view_of("x", 1);
        add_record(&f, f.n, &a);
        refused(&f, names[i]);
    }
    /* A key that no passphrase seals: somebody else's, who would then sign for us. */
    MUST(kai_keys_new(&k, KAI_KEY_PERSON));
    MUST(kai_keyfile_save(&kai_keyport_posix, kai_home_path(&r->home, path, "keys/x.key"), k, NULL,
                          NULL));
    MUST(kai_file_read(path, bytes, sizeof bytes, &n));
    kai_keys_free(k);
    load(&f, r);
    kai_copy_text(a.name, sizeof a.name, "keys/persons/x.key");
    a.size = n;
    a.bytes = kai_view_of(bytes, n);
    add_record(&f, f.n, &a);
    refused(&f, "a key that is not sealed");

    load(&f, r);
    kai_copy_text(a.name, sizeof a.name, "kairan.conf");
    a.size = KAI_BACKUP_AUDIT_BYTES_MAX;
    add_record(&f, f.n, &a);
    refused(&f, "a file without its end");

    load(&f, r);
    add_record(&f, f.n,
               &(struct kai_bak_record){.type = KAI_BAK_KV, .name = "own1:x", .bytes = a.bytes});
    refused(&f, "a log of the old node");

    load(&f, r);
    add_record(&f, f.n,
               &(struct kai_bak_record){.type = KAI_BAK_KV, .name = "anchors", .bytes = a.bytes});
    refused(&f, "links of the old node");
}

/* ---- What no log holds: a version of the charter and its rival, a dead key, both headers of a
 * fork. */
static struct kai_buf rival;

static void note_rival(struct kai_core *c, struct kai_tx *tx, const struct kai_keys *root)
{
    struct kai_charter other = c->charter;
    struct kai_buf draft;
    uint8_t hash[KAI_ID_BYTES];

    kai_buf_init(&draft, KAI_FRAME_BYTES_MAX);
    kai_buf_init(&rival, KAI_FRAME_BYTES_MAX);
    kai_copy_text(other.name, sizeof other.name, "rival");
    MUST(kai_amend_write(&draft, &other, &c->charter));
    MUST(kai_amend_sign(&rival, kai_buf_view(&draft), &c->charter, root->sign_pk, root->sign_sk));
    kai_charter_record_hash(hash, kai_buf_view(&rival));
    MUST(kai_tx_note(tx, KAI_NOTE_RIVAL, hash, kai_buf_view(&rival)));
    kai_buf_free(&draft);
}

static enum kai_err job_note(struct kai_core *c, void *arg)
{
    struct kai_tx *tx = kai_core_tx(c);
    struct rig *r = arg;
    char path[KAI_PATH_BYTES_MAX];
    struct kai_charter two = c->charter;
    struct kai_keydeath d = {0};
    struct kai_keys *root = NULL;
    struct kai_keys *k = NULL;
    struct kai_buf b[4];
    uint8_t hash[KAI_ID_BYTES];

    for (size_t i = 0; i < 4; i++)
        kai_buf_init(&b[i], KAI_FRAME_BYTES_MAX);
    MUST(kai_keyfile_load(&kai_keyport_posix, kai_home_path(&r->home, path, "keys/org-root.key"),
                          KAI_KEY_ORG_ROOT, PASS, &root, NULL, &r->why));
    MUST(kai_amend_write(&b[0], &two, &c->charter));
    MUST(kai_amend_sign(&b[1], kai_buf_view(&b[0]), &c->charter, root->sign_pk, root->sign_sk));
    kai_charter_record_hash(hash, kai_buf_view(&b[1]));
    MUST(kai_tx_note(tx, KAI_REC_CHARTER, hash, kai_buf_view(&b[1])));
    note_rival(c, tx, root);

    MUST(kai_keys_new(&k, KAI_KEY_LOG));
    memcpy(d.key, k->sign_pk, KAI_KEY_BYTES);
    memcpy(d.signer, k->sign_pk, KAI_KEY_BYTES);
    kai_keydeath_write(&b[2], &d, k->sign_sk, c->charter.nid);
    MUST(kai_keydeath_parse(&d, kai_buf_view(&b[2])));
    kai_keydeath_place(hash, &d);
    MUST(kai_tx_note(tx, KAI_REC_KEYDEATH, hash, kai_buf_view(&b[2])));

    for (uint64_t i = 0; i < 2; i++) {
        struct kai_hdr h = {.seq = 1, .ptype = KAI_PTYPE_CLOSE, .ts = 1 + i};
        struct kai_entry e;

        memcpy(h.log_pk, k->sign_pk, KAI_KEY_BYTES);
        kai_buf_clear(&b[3]);
        MUST(kai_entry_make(&e, &b[3], &h, k->sign_sk, c->charter.nid, kai_view_of("", 0)));
        MUST(kai_tx_fork(tx, e.hdr, e.sig));
    }
    for (size_t i = 0; i < 4; i++)
        kai_buf_free(&b[i]);
    kai_keys_free(root);
    kai_keys_free(k);
    return KAI_OK;
}

struct noted {
    size_t charters, deaths, forks;
    struct kai_hasher sum;
    uint8_t hash[KAI_ID_BYTES];
};

static bool sum_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                     struct kai_view note)
{
    struct noted *t = ctx;

    t->charters += type == KAI_REC_CHARTER;
    t->deaths += type == KAI_REC_KEYDEATH;
    kai_hash_add(&t->sum, who, KAI_ID_BYTES);
    kai_hash_add(&t->sum, note.p, note.n);
    return true;
}

static bool sum_fork(void *ctx, const struct kai_entry *e)
{
    struct noted *t = ctx;

    t->forks++;
    kai_hash_add(&t->sum, e->hdr.p, e->hdr.n);
    kai_hash_add(&t->sum, e->sig.p, e->sig.n);
    return true;
}

static void noted_in(const struct kai_home *home, struct noted *t)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_store *store = NULL;
    struct kai_snap *s = NULL;

    *t = (struct noted){0};
    kai_hash_begin(&t->sum, KAI_D_BACKUP);
    MUST(kai_store_view(&store, kai_home_path(home, path, "store"), NULL));
    MUST(kai_snap_begin(store, &s));
    MUST(kai_snap_notes(s, sum_note, t));
    MUST(kai_snap_forks(s, sum_fork, t));
    kai_snap_end(s);
    kai_store_close(store);
    kai_hash_end(&t->sum, t->hash);
}

static void backup_of_what_is_noted(void **state)
{
    struct rig *r = *state;
    struct kai_home home;
    struct kai_backup_info info;
    struct kai_recovered done;
    struct noted before;
    struct noted after;
    char file[96];
    char dir[96];
    char command[320];

    MUST(kai_core_open(&r->core, &r->home, &r->why));
    MUST(kai_core_run(r->core, job_note, r));
    kai_core_close(r->core);
    r->core = NULL;
    noted_in(&r->home, &before);
    assert_int_equal(before.charters, 1);
    assert_int_equal(before.deaths, 1);
    assert_int_equal(before.forks, 2);
    (void)snprintf(file, sizeof file, "%s.backup", r->dir);
    (void)snprintf(dir, sizeof dir, "%s.again", r->dir);
    MUST(kai_backup_make(&r->home, file, PASS, NULL, NULL, &info, &r->why));
    MUST(kai_home_find(&home, dir, &r->why));
    MUST(kai_backup_restore(&home, file, PASS, NULL, NULL, &info, &r->why));
    noted_in(&home, &after);
    assert_int_equal(after.forks, 2);
    assert_memory_equal(before.hash, after.hash, KAI_ID_BYTES);
    MUST(kai_recover(&home, "another", PASS, &done, &r->why));
    MUST(kai_recover_done(&home, &r->why));
    MUST(kai_core_open(&r->core, &home, &r->why));
    assert_int_equal(kai_ctl_charter(r->core->ctl)->ver, 2);
    assert_string_not_equal(kai_ctl_charter(r->core->ctl)->name, "rival");
    assert_int_equal(kai_ctl_charter_add(r->core->ctl, kai_buf_view(&rival)), KAI_EEXIST);
    kai_buf_free(&rival);
    kai_core_close(r->core);
    r->core = NULL;
    (void)snprintf(command, sizeof command, "rm -r %s %s", file, dir);
    assert_int_equal(system(command), 0);
}

/* What the lost node could read the restored home can, and it appends to none of its logs. */
static int start_with_entries(void **state)
{
    const struct kai_view item = kai_view_of("\x92\xcc\x40\xc0", 4); /* Of a type to come. */

    (void)rig_start(state);
    struct rig *r = *state;
    MUST(kai_post_items(r->core, r->all, KAI_POST_NOW, &item, 1, &r->why));
    kai_core_close(r->core); /* One store in a process. */
    r->core = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(backup_of_a_true_home, start_with_entries, rig_stop),
        cmocka_unit_test_setup_teardown(backup_of_wrong_order, start_with_entries, rig_stop),
        cmocka_unit_test_setup_teardown(backup_of_forged_entries, start_with_entries, rig_stop),
        cmocka_unit_test_setup_teardown(backup_of_foreign_files, start_with_entries, rig_stop),
        cmocka_unit_test_setup_teardown(backup_of_what_is_noted, start_with_entries, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
