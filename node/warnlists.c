/* warnlists: reading HOME/warninglists. */
#include "node/warnlists.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "item/list.h"
#include "item/stix.h"

static int is_list(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".json") == 0;
}

static enum kai_err load_one(struct kai_warn *w, const char *path, struct kai_why *why)
{
    struct stat st;
    size_t cap;
    size_t n = 0;

    if (stat(path, &st) != 0)
        return kai_why_set(why, KAI_EIO, "file.read", path, strerror(errno), NULL);
    cap = (size_t)st.st_size < KAI_WARN_FILE_BYTES_MAX ? (size_t)st.st_size + 2
                                                       : KAI_WARN_FILE_BYTES_MAX + 2;
    char *text = malloc(cap);
    if (text == NULL)
        return KAI_ENOMEM;
    enum kai_err err = kai_file_read(path, text, cap, &n);
    if (err == KAI_OK)
        err = kai_warn_add(w, kai_view_of(text, n), why);
    else if (err == KAI_ELIMIT)
        err = kai_why_set(why, err, "file.too-large", path, NULL, NULL);
    else if (err != KAI_ENOMEM)
        err = kai_why_set(why, KAI_EIO, "file.read", path, kai_err_text(err), NULL);
    kai_why_at(why, why->line, "%s", path);
    free(text);
    return err;
}

enum kai_err kai_warnlists_load(const struct kai_home *h, struct kai_warn **out,
                                struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct dirent **names = NULL;
    struct kai_warn *w = NULL;
    enum kai_err err = KAI_OK;
    int n = scandir(kai_home_path(h, path, "warninglists"), &names, is_list, alphasort);

    *out = NULL;
    if (n < 0)
        return errno == ENOENT
                   ? KAI_OK
                   : kai_why_set(why, KAI_EIO, "file.read", path, strerror(errno), NULL);
    if (n > 0)
        err = kai_warn_new(&w);
    for (int i = 0; i < n; i++) {
        if (err == KAI_OK)
            err = load_one(w, kai_home_path(h, path, "warninglists/%s", names[i]->d_name), why);
        free(names[i]);
    }
    free(names);
    if (err == KAI_OK)
        *out = w;
    else
        kai_warn_free(w);
    return err;
}

/* ---- What is to be published. */
struct asked {
    const struct kai_warn *w;
    const char *file;
    const struct kai_candidate *cand;
    kai_warnlists_fn *f;
    void *ctx;
};

static bool ask_value(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct asked *a = ctx;
    const char *list = strength == KAI_ATOM_STRONG ? kai_warn_find(a->w, type, norm) : NULL;
    struct kai_why why = {0};
    char value[KAI_WHY_ARG_BYTES];
    size_t n = norm.n < sizeof value - 1 ? norm.n : sizeof value - 1;

    if (list == NULL)
        return true;
    memcpy(value, norm.p, n); /* kai_why_set() would cut at a character, too. */
    while (n > 0 && n < norm.n && (norm.p[n] & 0xc0) == 0x80)
        n--;
    value[n] = '\0';
    kai_why_at(&why, a->cand->line, a->cand->path[0] != '\0' ? "%s: %s" : "%s", a->file,
               a->cand->path);
    (void)kai_why_set(&why, KAI_EMALFORMED, "warn.listed", value, list, NULL);
    return a->f(a->ctx, &why);
}

enum kai_err kai_warnlists_ask(const struct kai_warn *w, const char *file,
                               const struct kai_candidate *cand, kai_warnlists_fn *f, void *ctx)
{
    struct asked a = {.w = w, .file = file, .cand = cand, .f = f, .ctx = ctx};
    struct kai_list list;
    struct kai_view v;
    size_t at = 0;

    if (cand->kind == KAI_CONTENT_STIX)
        return cand->kept != NULL ? kai_stix_kept_values(cand->kept, ask_value, &a)
                                  : kai_stix_values(cand->content, ask_value, &a);
    enum kai_err err = kai_list_read(&list, cand->content, false, NULL);
    while (err == KAI_OK && kai_list_next(&list, &at, &v) &&
           ask_value(&a, list.type, v, KAI_ATOM_STRONG)) {
    }
    return err;
}
