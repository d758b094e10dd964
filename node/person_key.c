/* person_key: a person's own key. */
#include "node/person_key.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "keys/ceremony.h"

#define SUFFIX         ".key"
#define FILE_NAME_MAX  255u /* Of common file systems. */
#define NAME_BYTES_MAX (FILE_NAME_MAX - (sizeof SUFFIX - 1))

enum kai_err kai_person_key_path(const struct kai_home *h, const char *name,
                                 char path[static KAI_PATH_BYTES_MAX], struct kai_why *why)
{
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
        strlen(name) > NAME_BYTES_MAX)
        return kai_why_set(why, KAI_EMALFORMED, "person.name", name, NULL, NULL);
    (void)kai_home_path(h, path, "keys/persons/%s" SUFFIX, name);
    return KAI_OK;
}

enum kai_err kai_person_key_request(const struct kai_home *h, const char *name,
                                    const char *passphrase, struct kai_buf *request,
                                    struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_keys *k = NULL;
    enum kai_err err = kai_home_make(h, why);

    if (err == KAI_OK)
        err = kai_person_key_path(h, name, path, why);
    if (err != KAI_OK)
        return err;
    if (access(path, F_OK) == 0) {
        err = kai_keyfile_load(&kai_keyport_posix, path, KAI_KEY_PERSON, passphrase, &k, NULL, why);
    } else {
        err = kai_keys_new(&k, KAI_KEY_PERSON);
        if (err == KAI_OK)
            err = kai_keyfile_save(&kai_keyport_posix, path, k, passphrase, why);
    }
    if (err == KAI_OK) {
        kai_join_write(request, KAI_ADMIT_PERSON, name, k, NULL);
        err = request->err;
    }
    kai_keys_free(k);
    return err;
}

enum kai_err kai_person_key_only(const struct kai_home *h, char name[static KAI_TEXT_BYTES_MAX + 1],
                                 struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    size_t found = 0;
    DIR *dir = opendir(kai_home_path(h, path, "keys/persons"));

    for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);

        if (n < sizeof SUFFIX || n - (sizeof SUFFIX - 1) > KAI_TEXT_BYTES_MAX ||
            strcmp(e->d_name + n - (sizeof SUFFIX - 1), SUFFIX) != 0)
            continue;
        memcpy(name, e->d_name, n - (sizeof SUFFIX - 1));
        name[n - (sizeof SUFFIX - 1)] = '\0';
        found++;
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (found == 1)
        return KAI_OK;
    return found == 0 ? kai_why_set(why, KAI_ENOTFOUND, "person.no-key", path, NULL, NULL)
                      : kai_why_set(why, KAI_EAMBIGUOUS, "person.which", path, NULL, NULL);
}
