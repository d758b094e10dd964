/* places: what the users of this machine and the holders of tokens may see and do. */
#include "node/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "node/core.h"
#include "wire/cur.h"
#include "wire/put.h"

#define KEY     "readers"
#define VERSION 1u

void kai_places_write(struct kai_buf *out, const struct kai_places *p)
{
    kai_put_array(out, 3);
    kai_put_uint(out, VERSION);
    kai_put_array(out, (uint32_t)p->n_users);
    for (size_t i = 0; i < p->n_users; i++) {
        kai_put_array(out, 3);
        kai_put_str(out, p->users[i].name);
        kai_put_uint(out, p->users[i].clearance);
        kai_put_uint(out, p->users[i].role);
    }
    kai_put_array(out, (uint32_t)p->n_tokens);
    for (size_t i = 0; i < p->n_tokens; i++) {
        kai_put_array(out, 6);
        kai_put_str(out, p->tokens[i].name);
        kai_put_bin(out, p->tokens[i].hash, KAI_ID_BYTES);
        kai_put_uint(out, p->tokens[i].clearance);
        kai_put_uint(out, p->tokens[i].role);
        kai_put_uint(out, p->tokens[i].added_ms);
        kai_put_uint(out, p->tokens[i].not_after_ms);
    }
}

/* Names stand in order, none twice: what was before, "" for the first. */
static void in_order(struct kai_cur *c, const char *before, const char *name)
{
    if (strcmp(before, name) >= 0)
        kai_cur_fail(c, KAI_EMALFORMED);
}

enum kai_err kai_places_read(struct kai_places *p, struct kai_view bytes)
{
    struct kai_cur c;

    memset(p, 0, sizeof *p);
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 3);
    if (kai_cur_uint(&c, INT64_MAX) != VERSION)
        kai_cur_fail(&c, KAI_EMALFORMED);
    p->n_users = kai_cur_array(&c, KAI_USERS_MAX);
    for (size_t i = 0; i < p->n_users; i++) {
        struct kai_user_place *u = &p->users[i];

        kai_cur_tuple(&c, 3);
        kai_cur_text(&c, u->name, sizeof u->name);
        u->clearance = (uint8_t)kai_cur_uint(&c, KAI_TLP_RED);
        u->role = (uint8_t)kai_cur_uint(&c, KAI_ROLE_ADMIN);
        in_order(&c, i == 0 ? "" : u[-1].name, u->name);
    }
    p->n_tokens = kai_cur_array(&c, KAI_TOKENS_MAX);
    for (size_t i = 0; i < p->n_tokens; i++) {
        struct kai_token *t = &p->tokens[i];

        kai_cur_tuple(&c, 6);
        kai_cur_text(&c, t->name, sizeof t->name);
        kai_cur_copy(&c, t->hash, KAI_ID_BYTES);
        t->clearance = (uint8_t)kai_cur_uint(&c, KAI_TLP_RED);
        t->role = (uint8_t)kai_cur_uint(&c, KAI_ROLE_ADMIN);
        t->added_ms = kai_cur_uint(&c, INT64_MAX);
        t->not_after_ms = kai_cur_uint(&c, INT64_MAX);
        in_order(&c, i == 0 ? "" : t[-1].name, t->name);
    }
    enum kai_err err = kai_cur_end(&c);
    if (err != KAI_OK) /* Half of them would be another set than anybody wrote. */
        memset(p, 0, sizeof *p);
    return err == KAI_OK ? KAI_OK : KAI_EMALFORMED;
}

enum kai_err kai_places_load(struct kai_places *p, struct kai_store *s)
{
    struct kai_snap *snap;
    struct kai_view bytes;
    enum kai_err err = kai_snap_begin(s, &snap);

    memset(p, 0, sizeof *p);
    if (err != KAI_OK)
        return err;
    err = kai_snap_kv(snap, KEY, &bytes);
    if (err == KAI_OK && kai_places_read(p, bytes) != KAI_OK)
        err = KAI_ECORRUPT;
    kai_snap_end(snap);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

/* Where name stands, or would: *there says which. The element begins with its name. */
static size_t place_of(const void *rows, size_t n, size_t size, const char *name, bool *there)
{
    const char *p = rows;
    size_t i = 0;

    while (i < n && strcmp(p + i * size, name) < 0)
        i++;
    *there = i < n && strcmp(p + i * size, name) == 0;
    return i;
}

enum kai_err kai_places_set_user(struct kai_places *p, const struct kai_user_place *u)
{
    bool there;
    size_t i = place_of(p->users, p->n_users, sizeof *u, u->name, &there);

    if (!there && p->n_users == KAI_USERS_MAX)
        return KAI_ELIMIT;
    if (!there)
        memmove(&p->users[i + 1], &p->users[i], (p->n_users++ - i) * sizeof *u);
    p->users[i] = *u;
    return KAI_OK;
}

enum kai_err kai_places_add_token(struct kai_places *p, const struct kai_token *t)
{
    bool there;
    size_t i = place_of(p->tokens, p->n_tokens, sizeof *t, t->name, &there);

    if (there)
        return KAI_EEXIST;
    if (p->n_tokens == KAI_TOKENS_MAX)
        return KAI_ELIMIT;
    memmove(&p->tokens[i + 1], &p->tokens[i], (p->n_tokens++ - i) * sizeof *t);
    p->tokens[i] = *t;
    return KAI_OK;
}

enum kai_err kai_places_remove_user(struct kai_places *p, const char *name)
{
    bool there;
    size_t i = place_of(p->users, p->n_users, sizeof p->users[0], name, &there);

    if (!there)
        return KAI_ENOTFOUND;
    memmove(&p->users[i], &p->users[i + 1], (--p->n_users - i) * sizeof p->users[0]);
    return KAI_OK;
}

enum kai_err kai_places_remove_token(struct kai_places *p, const char *name)
{
    bool there;
    size_t i = place_of(p->tokens, p->n_tokens, sizeof p->tokens[0], name, &there);

    if (!there)
        return KAI_ENOTFOUND;
    memmove(&p->tokens[i], &p->tokens[i + 1], (--p->n_tokens - i) * sizeof p->tokens[0]);
    return KAI_OK;
}

static enum kai_err job_put(struct kai_core *c, void *arg)
{
    struct kai_tx *tx = kai_core_tx(c);
    const struct kai_buf *bytes = arg;

    return tx == NULL ? c->tx_err : kai_tx_kv(tx, KEY, kai_buf_view(bytes));
}

/* Two changes at once: neither is lost. */
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

enum kai_err kai_places_change(struct kai_core *c, kai_places_fn *f, void *ctx)
{
    struct kai_places *p = malloc(sizeof *p);
    struct kai_buf bytes;
    enum kai_err err;

    if (p == NULL)
        return KAI_ENOMEM;
    kai_buf_init(&bytes, KAI_STORE_VALUE_BYTES_MAX);
    (void)pthread_mutex_lock(&changing);
    err = kai_places_load(p, c->store);
    if (err == KAI_OK)
        err = f(p, ctx);
    if (err == KAI_OK) {
        kai_places_write(&bytes, p);
        err = bytes.err;
    }
    if (err == KAI_OK)
        err = kai_core_run(c, job_put, &bytes);
    (void)pthread_mutex_unlock(&changing);
    kai_buf_free(&bytes);
    free(p);
    return err;
}

bool kai_token_hash(uint8_t hash[static KAI_ID_BYTES], const char *text)
{
    uint8_t secret[KAI_KEY_BYTES];

    if (!kai_unbase32_key(secret, text, strlen(text)))
        return false;
    kai_hash(hash, KAI_D_TOKEN, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return true;
}

const struct kai_token *kai_places_token(const struct kai_places *p,
                                         const uint8_t hash[static KAI_ID_BYTES], uint64_t now_ms)
{
    const struct kai_token *found = NULL;

    for (size_t i = 0; i < p->n_tokens; i++)
        if (KAI_CHECK(TOKEN, sodium_memcmp(p->tokens[i].hash, hash, KAI_ID_BYTES) == 0))
            found = &p->tokens[i];
    if (found != NULL &&
        !KAI_CHECK(TOKEN_EXPIRY, found->not_after_ms == 0 || now_ms <= found->not_after_ms))
        return NULL;
    return found;
}
