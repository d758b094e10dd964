/* Key files: each step of the disk fails once, every byte is cut or changed, and no half file is
 * left. */
#include "keys/world.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/keyfile.h"
#include "keys/keyport.h"

static char folder[] = "/tmp/kairan-keys-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/node.key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static size_t files(void)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

static enum kai_err load(const char *passphrase, const char **code)
{
    struct kai_keys *k;
    struct kai_why why = {0};
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, path, KAI_KEY_NODE, passphrase, &k, NULL, &why);

    assert_true((err == KAI_OK) == (k != NULL));
    kai_keys_free(k);
    *code = why.code == NULL ? "" : why.code;
    return err;
}

static void round_trip(void **state)
{
    (void)state;
    static const enum kai_key_role roles[] = {KAI_KEY_ORG_ROOT, KAI_KEY_ISSUING, KAI_KEY_NODE,
                                              KAI_KEY_LOG, KAI_KEY_PERSON};

    for (size_t i = 0; i < 5; i++) {
        for (int sealed = 0; sealed < 2; sealed++) {
            struct kai_keys *a;
            struct kai_keys *b;
            struct kai_why why;
            bool was_sealed;
            struct stat st;

            MUST(kai_keys_new(&a, roles[i]));
            MUST(kai_keyfile_save(&kai_keyport_posix, path, a, sealed ? "correct horse" : NULL,
                                  &why));
            assert_int_equal(stat(path, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0600);
            assert_int_equal(files(), 1);
            assert_int_equal(kai_keyfile_save(&kai_keyport_posix, path, a, NULL, &why), KAI_EEXIST);
            assert_string_equal(why.code, "key.exists");
            assert_int_equal(files(), 1);
            MUST(kai_keyfile_load(&kai_keyport_posix, path, roles[i],
                                  sealed ? "correct horse" : NULL, &b, &was_sealed, &why));
            assert_int_equal(was_sealed, sealed);
            assert_memory_equal(a, b, sizeof *a);
            kai_keys_free(b);
            assert_int_equal(kai_keyfile_load(&kai_keyport_posix, path, roles[(i + 1) % 5], NULL,
                                              &b, NULL, &why),
                             KAI_EMALFORMED);
            kai_keys_free(a);
            assert_int_equal(unlink(path), 0);
        }
    }
}

static void passphrases(void **state)
{
    (void)state;
    struct kai_keys *a;
    const char *code;

    assert_int_equal(load(NULL, &code), KAI_ENOTFOUND);
    assert_string_equal(code, "key.missing");
    MUST(kai_keys_new(&a, KAI_KEY_NODE));
    MUST(kai_keyfile_save(&kai_keyport_posix, path, a, "right", NULL));
    assert_int_equal(load(NULL, &code), KAI_EAUTH);
    assert_string_equal(code, "key.passphrase-needed");
    assert_int_equal(load("wrong", &code), KAI_EAUTH);
    assert_string_equal(code, "key.passphrase");
    MUST(load("right", &code));
    kai_keys_free(a);
    assert_int_equal(unlink(path), 0);
}

static void unsafe_files(void **state)
{
    (void)state;
    struct kai_keys *a;
    const char *code;
    char other[80];

    MUST(kai_keys_new(&a, KAI_KEY_NODE));
    MUST(kai_keyfile_save(&kai_keyport_posix, path, a, NULL, NULL));
    for (unsigned bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(path, 0600 | bit), 0);
        assert_int_equal(load(NULL, &code), KAI_EPERM);
        assert_string_equal(code, "key.mode");
    }
    assert_int_equal(chmod(path, 0600), 0);
    (void)snprintf(other, sizeof other, "%s.real", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(load(NULL, &code), KAI_EPERM);
    assert_string_equal(code, "key.mode");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(load(NULL, &code), KAI_EPERM);
    assert_int_equal(unlink(path), 0);
    if (geteuid() == 0) {
        assert_int_equal(rename(other, path), 0);
        assert_int_equal(chown(path, 12345, 12345), 0);
        assert_int_equal(load(NULL, &code), KAI_EPERM);
        assert_string_equal(code, "key.owner");
        assert_int_equal(unlink(path), 0);
    } else {
        assert_int_equal(unlink(other), 0);
    }
    kai_keys_free(a);
}

static void put_file(const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void damaged(void **state)
{
    (void)state;
    for (int sealed = 0; sealed < 2; sealed++) {
        struct kai_keys *a;
        const char *code;
        uint8_t bytes[512];

        MUST(kai_keys_new(&a, KAI_KEY_NODE));
        MUST(kai_keyfile_save(&kai_keyport_posix, path, a, sealed ? "pass" : NULL, NULL));
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t n = fread(bytes, 1, sizeof bytes, f);
        assert_int_equal(fclose(f), 0);
        for (size_t i = 0; i < n; i++) {
            put_file(bytes, i);
            assert_int_equal(load("pass", &code), KAI_EMALFORMED);
            assert_string_equal(code, "key.corrupt");
        }
        for (size_t bit = 0; bit < 8 * n; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            put_file(bytes, n);
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            if (load("pass", &code) == KAI_OK)
                fail_msg("flip of bit %zu accepted", bit);
        }
        bytes[n] = 0;
        put_file(bytes, n + 1);
        assert_int_equal(load("pass", &code), KAI_EMALFORMED);
        bytes[8] = 2;
        put_file(bytes, n);
        assert_int_equal(load("pass", &code), KAI_EVERSION);
        assert_string_equal(code, "key.newer");
        kai_keys_free(a);
        assert_int_equal(unlink(path), 0);
    }
}

/* A port that does the first steps for real and fails one. */
struct failing {
    int left;
    int error;
    bool fired;
};

static bool fails(void *ctx)
{
    struct failing *f = ctx;

    if (f->left-- != 0)
        return false;
    f->fired = true;
    return true;
}

#define REAL kai_keyport_posix

static int t_create(void *c, const char *p)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.create(NULL, p);
}
static int t_open(void *c, const char *p)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.open(NULL, p);
}
static long t_write(void *c, int fd, const void *p, size_t n)
{
    /* Half is written before the disk is full. */
    return fails(c) ? -((struct failing *)c)->error : REAL.write(NULL, fd, p, n > 1 ? n / 2 : n);
}
static long t_read(void *c, int fd, void *p, size_t n)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.read(NULL, fd, p, n > 7 ? 7 : n);
}
static int t_stat(void *c, int fd, struct kai_keyport_stat *st)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.stat(NULL, fd, st);
}
static int t_sync(void *c, int fd)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.sync(NULL, fd);
}
static int t_close(void *c, int fd)
{
    int rc = REAL.close(NULL, fd);
    return fails(c) ? -((struct failing *)c)->error : rc;
}
static int t_link(void *c, const char *a, const char *b)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.link(NULL, a, b);
}
static int t_unlink(void *c, const char *p)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.unlink(NULL, p);
}
static int t_sync_folder(void *c, const char *p)
{
    return fails(c) ? -((struct failing *)c)->error : REAL.sync_folder(NULL, p);
}

static void each_step_fails(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum kai_err want;
        const char *code;
    } rows[] = {{EIO, KAI_EIO, "io.error"},
                {ENOSPC, KAI_EFULL, "disk.full"},
                {EACCES, KAI_EPERM, "io.error"}};
    struct kai_keys *a;

    MUST(kai_keys_new(&a, KAI_KEY_NODE));
    for (size_t r = 0; r < 3; r++) {
        bool fired = true;
        int n = 0;

        for (; fired; n++) {
            struct failing f = {.left = n, .error = rows[r].error};
            struct kai_keyport port = {&f,     t_create, t_open, t_write,  t_read,       t_stat,
                                       t_sync, t_close,  t_link, t_unlink, t_sync_folder};
            struct kai_why why = {0};
            enum kai_err err = kai_keyfile_save(&port, path, a, NULL, &why);

            fired = f.fired;
            if (!fired) {
                assert_int_equal(err, KAI_OK);
                break;
            }
            assert_int_equal(err, rows[r].want);
            assert_string_equal(why.code, rows[r].code);
            assert_int_equal(files(), 0);
        }
        assert_true(n > 8); /* Steps were reached. */
        fired = true;
        for (n = 0; fired; n++) {
            struct failing f = {.left = n, .error = rows[r].error};
            struct kai_keyport port = {&f,     t_create, t_open, t_write,  t_read,       t_stat,
                                       t_sync, t_close,  t_link, t_unlink, t_sync_folder};
            struct kai_keys *k;
            enum kai_err err = kai_keyfile_load(&port, path, KAI_KEY_NODE, NULL, &k, NULL, NULL);

            fired = f.fired;
            assert_true(err == KAI_OK ||
                        (fired && k == NULL)); /* close() may fail: nothing is lost. */
            kai_keys_free(k);
        }
        assert_true(n > 5);
        assert_int_equal(unlink(path), 0);
    }
    kai_keys_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),      cmocka_unit_test(passphrases),
        cmocka_unit_test(unsafe_files),    cmocka_unit_test(damaged),
        cmocka_unit_test(each_step_fails),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
