/* status: what became of a POST, kept for who made it. HOME/taxii/UUID (0600): a line that names
 * them, of a token by its hash as well, since another one may have its name later; and the
 * resource.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "item/scoid.h"
#include "node/taxii/parts.h"

#define FOLDER  "taxii"
#define KEY_CAP (KAI_WHO_TEXT_CAP + KAI_HEX_CAP(KAI_ID_BYTES))

static size_t key_of(const struct kai_who *who, char out[static KEY_CAP])
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    char name[KAI_WHO_TEXT_CAP];

    kai_who_text(who, name);
    return (size_t)snprintf(out, KEY_CAP, "%s %s", name,
                            who->kind == KAI_WHO_TOKEN ? kai_hex(hex, who->token, KAI_ID_BYTES)
                                                       : "");
}

/* What a node that was killed left behind of a file that it wrote: nobody else writes here. */
static bool is_left(const char *name)
{
    uint8_t uuid[16];
    size_t n = KAI_UUID_CAP - 1;

    return strlen(name) > n && strncmp(name + n, ".tmp.", 5) == 0 &&
           kai_uuid_parse(uuid, kai_view_of(name, n));
}

static char *path_of(const struct kai_call *call, char path[static KAI_PATH_BYTES_MAX],
                     const uint8_t uuid[static 16])
{
    char name[KAI_UUID_CAP];

    return kai_home_path(&call->core->home, path, FOLDER "/%s", kai_uuid_text(name, uuid));
}

/* Which file of the folder is the oldest, and how many there are; what is none of ours stays. */
static size_t find_oldest(DIR *d, char oldest[static KAI_UUID_CAP])
{
    struct timespec least = {0};
    const struct dirent *e;
    uint8_t uuid[16];
    struct stat st;
    size_t n = 0;

    while ((e = readdir(d)) != NULL) {
        if (is_left(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
        if (!kai_uuid_parse(uuid, kai_view_of(e->d_name, strlen(e->d_name))) ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (n++ == 0 || st.st_mtim.tv_sec < least.tv_sec ||
            (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec)) {
            least = st.st_mtim;
            kai_copy_text(oldest, KAI_UUID_CAP, e->d_name);
        }
    }
    return n;
}

/* Room for one more. */
static void drop_old(const struct kai_call *call)
{
    char path[KAI_PATH_BYTES_MAX];
    char oldest[KAI_UUID_CAP];
    DIR *d = opendir(kai_home_path(&call->core->home, path, FOLDER));

    while (d != NULL && find_oldest(d, oldest) >= KAI_TAXII_STATUSES_MAX &&
           unlinkat(dirfd(d), oldest, 0) == 0)
        rewinddir(d);
    if (d != NULL)
        (void)closedir(d);
}

enum kai_err kai_taxii_status_keep(struct kai_call *call, const uint8_t uuid[static 16])
{
    static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    char path[KAI_PATH_BYTES_MAX];
    char key[KEY_CAP];
    struct kai_buf b;

    if (mkdir(kai_home_path(&call->core->home, path, FOLDER), 0700) != 0 && errno != EEXIST)
        return kai_why_set(&call->why, errno == ENOSPC ? KAI_EFULL : KAI_EIO,
                           errno == ENOSPC ? "disk.full" : "io.error", path, strerror(errno), NULL);
    kai_buf_init(&b, KAI_TAXII_STATUS_BYTES_MAX + KEY_CAP);
    kai_buf_add(&b, key, key_of(call->who, key));
    kai_buf_u8(&b, '\n');
    kai_buf_add(&b, call->out.p, call->out.len);
    enum kai_err err = b.err;
    (void)pthread_mutex_lock(&mu);
    if (err == KAI_OK) {
        drop_old(call);
        err = kai_file_write(path_of(call, path, uuid), b.p, b.len, 0600, &call->why);
    }
    (void)pthread_mutex_unlock(&mu);
    kai_buf_free(&b);
    return err;
}

enum kai_err kai_taxii_status_show(struct kai_call *call, const uint8_t uuid[static 16])
{
    const size_t cap = KAI_TAXII_STATUS_BYTES_MAX + KEY_CAP + 1;
    char path[KAI_PATH_BYTES_MAX];
    char key[KEY_CAP];
    char *text = malloc(cap);
    size_t n = 0;
    enum kai_err err =
        text == NULL ? KAI_ENOMEM : kai_file_read(path_of(call, path, uuid), text, cap, &n);

    size_t key_n = key_of(call->who, key);
    bool theirs =
        err == KAI_OK && n > key_n && strncmp(text, key, key_n) == 0 && text[key_n] == '\n';
    if (theirs)
        kai_buf_add(&call->out, text + key_n + 1, n - key_n - 1);
    else if (err == KAI_OK || err == KAI_ENOTFOUND)
        err = kai_why_set(&call->why, KAI_ENOTFOUND, "taxii.missing", NULL, NULL, NULL);
    free(text);
    return err;
}
