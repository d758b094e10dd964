/* call_reader: who may read here: user set, list, remove; token add, list, revoke. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "node/call.h"
#include "node/places.h"

/* "clearance" and "role": both are needed, so that nobody gets more than was meant. */
static enum kai_err place_args(struct kai_call *call, uint8_t *clearance, uint8_t *role)
{
    enum kai_err err = KAI_OK;
    const char *label = kai_arg_need(call, "clearance", &err);
    const char *name = kai_arg_need(call, "role", &err);

    if (err != KAI_OK)
        return err;
    if (!kai_tlp_parse(kai_view_of(label, strlen(label)), clearance))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    if (!kai_role_parse(name, role))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.role", name, NULL, NULL);
    return KAI_OK;
}

/* A change of the table, and its error in words. */
static enum kai_err change(struct kai_call *call, kai_places_fn *f, void *ctx, const char *name,
                           const char *unknown)
{
    enum kai_err err = kai_places_change(call->core, f, ctx);

    switch (err) { /* Of what is not listed kai_call_run() says what it knows. */
    case KAI_ENOTFOUND:
        return kai_why_set(&call->why, err, unknown, name, NULL, NULL);
    case KAI_EEXIST:
        return kai_why_set(&call->why, err, "token.exists", name, NULL, NULL);
    case KAI_ELIMIT:
        return kai_why_set(&call->why, err, "reader.limit", name, NULL, NULL);
    case KAI_OK:
    case KAI_EMALFORMED:
    case KAI_EAUTH:
    case KAI_EDENIED:
    case KAI_EAGAIN:
    case KAI_EAMBIGUOUS:
    case KAI_ENOMEM:
    case KAI_EFULL:
    case KAI_EBUSY:
    case KAI_EPERM:
    case KAI_EIO:
    case KAI_EVERSION:
    case KAI_ECORRUPT:
        break;
    }
    return err;
}

static void put_place(struct kai_jput *j, uint8_t clearance, uint8_t role)
{
    kai_jput_text(j, "clearance", kai_tlp_name(clearance));
    kai_jput_text(j, "role", kai_role_name(role));
}

/* ---- Users. */
static enum kai_err put_user(struct kai_call *call, const struct kai_user_place *u)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "user", u->name);
    put_place(&j, u->clearance, u->role);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

/* "uid:1001": a user without a name, as one in a container is. */
static bool is_number(const char *name)
{
    const char *digits = name + 4;

    return strncmp(name, "uid:", 4) == 0 && digits[0] != '\0' && strlen(digits) < 11 &&
           strspn(digits, "0123456789") == strlen(digits);
}

/* A place given to a misspelt name would wait for whoever gets that name one day. */
static enum kai_err known_here(struct kai_call *call, const char *name)
{
    char buf[16384];
    struct passwd p;
    struct passwd *user = NULL;
    struct group g;
    struct group *group = NULL;

    if (name[0] == '@')
        (void)getgrnam_r(name + 1, &g, buf, sizeof buf, &group);
    else
        (void)getpwnam_r(name, &p, buf, sizeof buf, &user);
    if (strlen(name) >= KAI_WHO_NAME_CAP || (user == NULL && group == NULL && !is_number(name)))
        return kai_why_set(&call->why, KAI_ENOTFOUND, "user.unknown", name, NULL, NULL);
    if (user != NULL && (user->pw_uid == 0 || user->pw_uid == geteuid()))
        return kai_why_set(&call->why, KAI_EEXIST, "user.always-admin", name, NULL, NULL);
    return KAI_OK;
}

static enum kai_err job_set(struct kai_places *p, void *ctx)
{
    return kai_places_set_user(p, ctx);
}

enum kai_err kai_verb_user_set(struct kai_call *call)
{
    struct kai_user_place u = {0};
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "user", &err);

    if (err == KAI_OK)
        err = place_args(call, &u.clearance, &u.role);
    if (err == KAI_OK)
        err = known_here(call, name);
    if (err != KAI_OK)
        return err;
    kai_copy_text(u.name, sizeof u.name, name);
    err = change(call, job_set, &u, name, "user.unknown");
    return err == KAI_OK ? put_user(call, &u) : err;
}

static enum kai_err job_remove(struct kai_places *p, void *ctx)
{
    return kai_places_remove_user(p, ctx);
}

static enum kai_err put_removed(struct kai_call *call, const char *key, const char *name)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, key, name);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_verb_user_remove(struct kai_call *call)
{
    char name[KAI_WHO_NAME_CAP];
    enum kai_err err = KAI_OK;
    const char *given = kai_arg_need(call, "user", &err);

    if (err != KAI_OK)
        return err;
    kai_copy_text(name, sizeof name, given);
    err = change(call, job_remove, name, given, "user.no-place");
    return err == KAI_OK ? put_removed(call, "removed", name) : err;
}

static enum kai_err load(struct kai_call *call, struct kai_places **out)
{
    struct kai_places *p = malloc(sizeof *p);
    enum kai_err err = p == NULL ? KAI_ENOMEM : kai_places_load(p, call->core->store);

    *out = p;
    return err;
}

enum kai_err kai_verb_user_list(struct kai_call *call)
{
    struct kai_places *p;
    enum kai_err err = load(call, &p);

    for (size_t i = 0; err == KAI_OK && i < p->n_users; i++)
        err = put_user(call, &p->users[i]);
    free(p);
    return err;
}

/* ---- Tokens. */
static bool name_ok(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n < KAI_WHO_NAME_CAP &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

/* secret: NULL but in the one answer in which it is told. */
static enum kai_err put_token(struct kai_call *call, const struct kai_token *t, const char *secret)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "name", t->name);
    put_place(&j, t->clearance, t->role);
    kai_jput_time(&j, "added", t->added_ms);
    if (t->not_after_ms != 0)
        kai_jput_time(&j, "expires", t->not_after_ms);
    else
        kai_jput_null(&j, "expires");
    kai_jput_bool(&j, "expired", t->not_after_ms != 0 && t->not_after_ms < kai_wall_ms());
    if (secret != NULL)
        kai_jput_text(&j, "token", secret);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static enum kai_err job_add(struct kai_places *p, void *ctx)
{
    return kai_places_add_token(p, ctx);
}

enum kai_err kai_verb_token_add(struct kai_call *call)
{
    struct kai_token t = {.added_ms = kai_wall_ms()};
    uint8_t secret[KAI_KEY_BYTES];
    char text[KAI_BASE32_KEY_CAP];
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "name", &err);

    if (err == KAI_OK && !name_ok(name))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "token.name", name, NULL, NULL);
    if (err == KAI_OK)
        err = place_args(call, &t.clearance, &t.role);
    if (err == KAI_OK)
        kai_arg_until(call, "expires", &t.not_after_ms, &err);
    if (err != KAI_OK)
        return err;
    kai_copy_text(t.name, sizeof t.name, name);
    kai_random(NULL, secret, sizeof secret);
    kai_base32_key(text, secret);
    bool is = kai_token_hash(t.hash, text);
    err = is ? change(call, job_add, &t, name, "token.unknown") : KAI_EIO;
    if (err == KAI_OK)
        err = put_token(call, &t, text);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    return err;
}

static enum kai_err job_revoke(struct kai_places *p, void *ctx)
{
    return kai_places_remove_token(p, ctx);
}

enum kai_err kai_verb_token_revoke(struct kai_call *call)
{
    char name[KAI_WHO_NAME_CAP];
    enum kai_err err = KAI_OK;
    const char *given = kai_arg_need(call, "name", &err);

    if (err != KAI_OK)
        return err;
    kai_copy_text(name, sizeof name, given);
    err = change(call, job_revoke, name, given, "token.unknown");
    return err == KAI_OK ? put_removed(call, "revoked", name) : err;
}

enum kai_err kai_verb_token_list(struct kai_call *call)
{
    struct kai_places *p;
    enum kai_err err = load(call, &p);

    for (size_t i = 0; err == KAI_OK && i < p->n_tokens; i++)
        err = put_token(call, &p->tokens[i], NULL);
    free(p);
    return err;
}
