/* who: on whose behalf a request is made. */
#include "node/who.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "node/core.h"
#include "node/places.h"

#define GROUPS_MAX 1024

static const char *const role_names[] = {
    [KAI_ROLE_READER] = "reader",
    [KAI_ROLE_ANALYST] = "analyst",
    [KAI_ROLE_ADMIN] = "admin",
};

const char *kai_role_name(uint8_t role)
{
    return role >= KAI_ROLE_READER && role <= KAI_ROLE_ADMIN ? role_names[role] : "";
}

bool kai_role_parse(const char *text, uint8_t *role)
{
    for (uint8_t r = KAI_ROLE_READER; r <= KAI_ROLE_ADMIN; r++) {
        if (strcmp(text, role_names[r]) != 0)
            continue;
        *role = r;
        return true;
    }
    return false;
}

void kai_who_text(const struct kai_who *w, char out[static KAI_WHO_TEXT_CAP])
{
    static const char *const kinds[] = {
        [KAI_WHO_HOME] = "home", [KAI_WHO_USER] = "user", [KAI_WHO_TOKEN] = "token"};

    (void)snprintf(out, KAI_WHO_TEXT_CAP, "%s:%s", kinds[w->kind], w->name);
}

/* The user's name and first group; "uid:1001" and none where the machine knows no such user. */
static void name_user(uid_t uid, char name[static KAI_WHO_NAME_CAP], gid_t *gid)
{
    char buf[16384];
    struct passwd p;
    struct passwd *found = NULL;

    *gid = (gid_t)-1;
    if (getpwuid_r(uid, &p, buf, sizeof buf, &found) == 0 && found != NULL &&
        strlen(found->pw_name) < KAI_WHO_NAME_CAP) {
        kai_copy_text(name, KAI_WHO_NAME_CAP, found->pw_name);
        *gid = found->pw_gid;
    } else {
        (void)snprintf(name, KAI_WHO_NAME_CAP, "uid:%lu", (unsigned long)uid);
    }
}

void kai_who_home(struct kai_who *out)
{
    gid_t gid;

    *out = (struct kai_who){
        .kind = KAI_WHO_HOME, .role = KAI_ROLE_ADMIN, .clearance = KAI_TLP_RED, .uid = getuid()};
    name_user(out->uid, out->name, &gid);
}

/* Whether a row of the table is for this user: its name, or a group that it is in. */
static bool is_for(const char *row, const char *name, const gid_t *groups, int n)
{
    char buf[16384];
    struct group g;
    struct group *found = NULL;

    if (row[0] != '@')
        return strcmp(row, name) == 0;
    if (getgrnam_r(row + 1, &g, buf, sizeof buf, &found) != 0 || found == NULL)
        return false;
    for (int i = 0; i < n; i++)
        if (groups[i] == found->gr_gid)
            return true;
    return false;
}

/* The best of the places that are for this user: the highest clearance, and of equals the highest
 * role. One place, never the clearance of one with the role of another. */
static void find_place(struct kai_who *w, gid_t gid, const struct kai_places *p)
{
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;

    if (gid == (gid_t)-1 || getgrouplist(w->name, gid, groups, &n) < 0)
        n = gid == (gid_t)-1 ? 0 : n < GROUPS_MAX ? n : GROUPS_MAX;
    for (size_t i = 0; i < p->n_users; i++) {
        const struct kai_user_place *u = &p->users[i];

        if (!is_for(u->name, w->name, groups, n))
            continue;
        if (u->clearance > w->clearance || (u->clearance == w->clearance && u->role > w->role)) {
            w->clearance = u->clearance;
            w->role = u->role;
        }
    }
}

static enum kai_err load(struct kai_places **out, struct kai_core *c, struct kai_why *why)
{
    struct kai_places *p = malloc(sizeof *p);
    enum kai_err err = p == NULL ? KAI_ENOMEM : kai_places_load(p, c->store);

    *out = p;
    return err == KAI_OK ? KAI_OK
                         : kai_why_set(why, err, "reader.table", kai_err_text(err), NULL, NULL);
}

static enum kai_err of_uid(struct kai_who *out, struct kai_core *c, uid_t uid, struct kai_why *why)
{
    struct kai_places *p = NULL;
    enum kai_err err = KAI_OK;
    gid_t gid;

    *out = (struct kai_who){.kind = KAI_WHO_USER, .uid = uid};
    name_user(uid, out->name, &gid);
    if (KAI_CHECK(READER_ADMIN, uid == 0 || uid == geteuid())) {
        out->role = KAI_ROLE_ADMIN;
        out->clearance = KAI_TLP_RED;
        return KAI_OK;
    }
    err = load(&p, c, why);
    if (err == KAI_OK)
        find_place(out, gid, p);
    free(p);
    if (err == KAI_OK && out->role == KAI_ROLE_NONE)
        err = kai_why_set(why, KAI_EDENIED, "reader.unknown", out->name, NULL, NULL);
    return err;
}

enum kai_err kai_who_of_socket(struct kai_who *out, struct kai_core *c, int fd, struct kai_why *why)
{
    struct ucred cred;
    socklen_t n = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0 || n != sizeof cred)
        return kai_why_set(why, KAI_EIO, "io.error", "SO_PEERCRED", strerror(errno), NULL);
    return of_uid(out, c, cred.uid, why);
}

/* Counts a wrong token. False: too many came in this minute. */
static bool wrong_again(struct kai_core *c)
{
    static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t minute;
    static unsigned n;
    uint64_t now = kai_now_ms() / 60000;

    (void)pthread_mutex_lock(&mu);
    if (now != minute)
        n = 0;
    minute = now;
    bool many = n >= KAI_WRONG_TOKENS_MINUTE_MAX;
    n += !many;
    (void)pthread_mutex_unlock(&mu);
    if (many)
        kai_core_alarm(c, "alarm.tokens", "");
    return !many;
}

static enum kai_err of_hash(struct kai_who *out, struct kai_core *c,
                            const uint8_t hash[static KAI_ID_BYTES], struct kai_why *why)
{
    struct kai_places *p = NULL;
    enum kai_err err = load(&p, c, why);
    const struct kai_token *t = err == KAI_OK ? kai_places_token(p, hash, kai_wall_ms()) : NULL;

    if (err == KAI_OK && t == NULL)
        err = KAI_ENOTFOUND;
    if (t != NULL) {
        *out = (struct kai_who){
            .kind = KAI_WHO_TOKEN, .role = t->role, .clearance = t->clearance, .uid = (uid_t)-1};
        kai_copy_text(out->name, sizeof out->name, t->name);
        memcpy(out->token, hash, KAI_ID_BYTES);
    }
    free(p);
    return err;
}

enum kai_err kai_who_of_token(struct kai_who *out, struct kai_core *c, const char *token,
                              struct kai_why *why)
{
    uint8_t hash[KAI_ID_BYTES];
    enum kai_err err = KAI_ENOTFOUND;

    *out = (struct kai_who){.kind = KAI_WHO_TOKEN, .uid = (uid_t)-1};
    if (token == NULL)
        return kai_why_set(why, KAI_EDENIED, "token.missing", NULL, NULL, NULL);
    if (kai_token_hash(hash, token))
        err = of_hash(out, c, hash, why);
    if (err != KAI_ENOTFOUND)
        return err;
    return wrong_again(c) ? kai_why_set(why, KAI_EDENIED, "token.wrong", NULL, NULL, NULL)
                          : kai_why_set(why, KAI_EAGAIN, "token.too-many", NULL, NULL, NULL);
}

enum kai_err kai_who_still(const struct kai_who *w, struct kai_core *c, struct kai_why *why)
{
    struct kai_who now = *w;
    enum kai_err err = w->kind == KAI_WHO_USER    ? of_uid(&now, c, w->uid, why)
                       : w->kind == KAI_WHO_TOKEN ? of_hash(&now, c, w->token, why)
                                                  : KAI_OK;

    if (err != KAI_OK && err != KAI_EDENIED && err != KAI_ENOTFOUND)
        return err;
    if (!KAI_CHECK(READER_STILL,
                   err == KAI_OK && now.clearance >= w->clearance && now.role >= w->role))
        return kai_why_set(why, KAI_EDENIED, "reader.changed", w->name, NULL, NULL);
    return KAI_OK;
}
