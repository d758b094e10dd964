/* keyfile: secret keys on disk, whole or not at all. */
#include "keys/keyfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/bytes.h"
#include "keys/keyform.h"
#include "keys/keyport.h"

#define PATH_BYTES_MAX      4096u
#define SUFFIX_RANDOM_BYTES 8u
#define GROUP_OR_OTHER      077u

enum kai_err kai_keys_new(struct kai_keys **out, enum kai_key_role role)
{
    struct kai_keys *k = sodium_malloc(sizeof *k);

    *out = NULL;
    if (k == NULL)
        return KAI_ENOMEM;
    memset(k, 0, sizeof *k);
    k->role = role;
    (void)crypto_sign_keypair(k->sign_pk, k->sign_sk);
    if (role == KAI_KEY_NODE || role == KAI_KEY_PERSON) {
        randombytes_buf(k->kx_sk, sizeof k->kx_sk);
        (void)crypto_scalarmult_base(k->kx_pk, k->kx_sk);
    }
    if (role == KAI_KEY_NODE) {
        randombytes_buf(k->curve_sk, sizeof k->curve_sk);
        (void)crypto_scalarmult_base(k->curve_pk, k->curve_sk);
    }
    *out = k;
    return KAI_OK;
}

void kai_keys_free(struct kai_keys *k)
{
    sodium_free(k); /* Wipes; NULL does nothing. */
}

static enum kai_err refuse(struct kai_why *why, const char *path, long errno_neg)
{
    const char *text = strerror((int)-errno_neg);

    kai_why_at(why, 0, "%s", path);
    switch (-errno_neg) {
    case EEXIST:
        return kai_why_set(why, KAI_EEXIST, "key.exists", path, NULL, NULL);
    case ENOENT:
        return kai_why_set(why, KAI_ENOTFOUND, "key.missing", path, NULL, NULL);
    case ENOSPC:
    case EDQUOT:
        return kai_why_set(why, KAI_EFULL, "disk.full", path, NULL, NULL);
    case ELOOP: /* A symbolic link: whoever can set it chooses the file. */
        return kai_why_set(why, KAI_EPERM, "key.mode", path, NULL, NULL);
    case EACCES:
    case EPERM:
        return kai_why_set(why, KAI_EPERM, "io.error", path, text, NULL);
    default:
        return kai_why_set(why, KAI_EIO, "io.error", path, text, NULL);
    }
}

static long write_whole(const struct kai_keyport *port, int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        long done = port->write(port->ctx, fd, p, n);

        if (done == -EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? done : -EIO;
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

/* The folder of path, into out[PATH_BYTES_MAX]. */
static void folder_of(char *out, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        memcpy(out, ".", 2);
        return;
    }
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(out, path, n);
    out[n] = '\0';
}

static long write_temp(const struct kai_keyport *port, const char *temp, const uint8_t *p, size_t n)
{
    int fd = port->create(port->ctx, temp);

    if (fd < 0)
        return fd;
    long rc = write_whole(port, fd, p, n);
    if (rc == 0)
        rc = port->sync(port->ctx, fd);
    int closed = port->close(port->ctx, fd);
    if (rc == 0)
        rc = closed;
    if (rc != 0)
        (void)port->unlink(port->ctx, temp); /* The first failure is what counts. */
    return rc;
}

/* link() and not rename(): it refuses to replace a key that is there. */
static long publish(const struct kai_keyport *port, const char *temp, const char *path)
{
    char folder[PATH_BYTES_MAX];
    long rc = port->link(port->ctx, temp, path);
    bool linked = rc == 0;

    int gone = port->unlink(port->ctx, temp);
    if (rc == 0)
        rc = gone;
    folder_of(folder, path);
    if (rc == 0)
        rc = port->sync_folder(port->ctx, folder);
    if (rc != 0 && linked)
        (void)port->unlink(port->ctx, path);
    if (gone != 0)
        (void)port->unlink(port->ctx, temp); /* Once more: it may have been a passing error. */
    return rc;
}

enum kai_err kai_keyfile_save(const struct kai_keyport *port, const char *path,
                              const struct kai_keys *k, const char *passphrase, struct kai_why *why)
{
    uint8_t bytes[KAI_KEYFORM_BYTES_MAX];
    uint8_t suffix[SUFFIX_RANDOM_BYTES];
    char temp[PATH_BYTES_MAX];
    char hex[KAI_HEX_CAP(SUFFIX_RANDOM_BYTES)];
    size_t n = 0;
    size_t path_n = strlen(path);

    if (path_n + sizeof hex + 5 > sizeof temp)
        return refuse(why, path, -ENAMETOOLONG);
    enum kai_err err = kai_keyform_write(bytes, &n, k, passphrase);
    if (err != KAI_OK)
        return err;
    randombytes_buf(suffix, sizeof suffix);
    memcpy(temp, path, path_n);
    memcpy(temp + path_n, ".new-", 5);
    memcpy(temp + path_n + 5, kai_hex(hex, suffix, sizeof suffix), sizeof hex);
    long rc = write_temp(port, temp, bytes, n);
    if (rc == 0)
        rc = publish(port, temp, path);
    sodium_memzero(bytes, sizeof bytes);
    return rc == 0 ? KAI_OK : refuse(why, path, rc);
}

static enum kai_err check(const struct kai_keyport *port, int fd, const char *path,
                          struct kai_why *why)
{
    struct kai_keyport_stat st;
    int rc = port->stat(port->ctx, fd, &st);

    if (rc != 0)
        return refuse(why, path, rc);
    kai_why_at(why, 0, "%s", path);
    if (!st.regular || (st.mode & GROUP_OR_OTHER) != 0)
        return kai_why_set(why, KAI_EPERM, "key.mode", path, NULL, NULL);
    if (!st.ours)
        return kai_why_set(why, KAI_EPERM, "key.owner", path, NULL, NULL);
    if (st.size > KAI_KEYFORM_BYTES_MAX)
        return kai_why_set(why, KAI_EMALFORMED, "key.corrupt", path, NULL, NULL);
    return KAI_OK;
}

/* Up to KAI_KEYFORM_BYTES_MAX + 1 bytes: one more than any key file has. */
static long read_whole(const struct kai_keyport *port, int fd, uint8_t *p)
{
    size_t n = 0;

    while (n <= KAI_KEYFORM_BYTES_MAX) {
        long done = port->read(port->ctx, fd, p + n, KAI_KEYFORM_BYTES_MAX + 1 - n);

        if (done == -EINTR)
            continue;
        if (done < 0)
            return done;
        if (done == 0)
            break;
        n += (size_t)done;
    }
    return (long)n;
}

enum kai_err kai_keyfile_load(const struct kai_keyport *port, const char *path,
                              enum kai_key_role role, const char *passphrase, struct kai_keys **out,
                              bool *sealed, struct kai_why *why)
{
    uint8_t bytes[KAI_KEYFORM_BYTES_MAX + 1];
    struct kai_keys *k = NULL;
    const char *code = NULL;
    bool is_sealed = false;
    long n;

    *out = NULL;
    if (sealed != NULL)
        *sealed = false;
    int fd = port->open(port->ctx, path);
    if (fd < 0)
        return refuse(why, path, fd);
    enum kai_err err = check(port, fd, path, why);
    if (err != KAI_OK)
        goto out;
    n = read_whole(port, fd, bytes);
    if (n < 0) {
        err = refuse(why, path, n);
        goto out;
    }
    err = KAI_ENOMEM;
    k = sodium_malloc(sizeof *k);
    if (k == NULL)
        goto out;
    memset(k, 0, sizeof *k);
    err = kai_keyform_read(k, kai_view_of(bytes, (size_t)n), role, passphrase, &is_sealed, &code);
    if (sealed != NULL)
        *sealed = is_sealed;
    if (err != KAI_OK && err != KAI_ENOMEM) {
        (void)kai_why_set(why, err, code, path, NULL, NULL);
        goto out;
    }
    if (err == KAI_OK) {
        *out = k;
        k = NULL; /* The caller's now. */
    }
out:
    sodium_free(k);
    sodium_memzero(bytes, sizeof bytes);
    (void)port->close(port->ctx, fd); /* Read only: nothing to lose. */
    return err;
}
