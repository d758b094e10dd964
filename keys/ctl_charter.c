/* ctl_charter: versions of the charter after the first, as a set: the highest one counts, of two
 * with one number that with the smaller hash. No version is ever dropped for another, so nobody is
 * led back. */
#include <stdlib.h>
#include <string.h>

#include "keys/amend.h"
#include "keys/ctl_int.h"

static struct kai_ctl_charter *find(const struct kai_ctl *c, const uint8_t *hash)
{
    for (size_t i = 0; i < c->n_later; i++) {
        if (memcmp(c->later[i].hash, hash, KAI_ID_BYTES) == 0)
            return &c->later[i];
    }
    return NULL;
}

static bool stands_before(const struct kai_ctl_charter *x, const struct kai_charter *ch)
{
    if (x->ver != ch->ver)
        return x->ver < ch->ver;
    return memcmp(x->hash, ch->hash, KAI_ID_BYTES) < 0;
}

/* The version with this hash. Errors: KAI_EAGAIN (it is not held). */
static enum kai_err load(struct kai_charter *out, const struct kai_ctl *c, const uint8_t *hash)
{
    const struct kai_ctl_charter *x = find(c, hash);
    struct kai_view body;
    struct kai_cur sigs;

    if (memcmp(c->first.hash, hash, KAI_ID_BYTES) == 0) {
        *out = c->first;
        return KAI_OK;
    }
    if (x == NULL)
        return KAI_EAGAIN;
    enum kai_err err = kai_charter_read(out, kai_view_of(x->bytes, x->n), &body, &sigs);
    memcpy(out->nid, c->first.nid, KAI_ID_BYTES);
    return err;
}

/* Its place among the others, by (ver, hash). */
static enum kai_err insert(struct kai_ctl *c, const struct kai_charter *ch, struct kai_view record)
{
    uint8_t *copy = malloc(record.n);
    struct kai_ctl_charter *grown = realloc(c->later, (c->n_later + 1) * sizeof *grown);
    size_t at = 0;

    if (grown != NULL)
        c->later = grown;
    if (copy == NULL || grown == NULL) {
        free(copy);
        return KAI_ENOMEM;
    }
    memcpy(copy, record.p, record.n);
    while (at < c->n_later && stands_before(&c->later[at], ch))
        at++;
    memmove(c->later + at + 1, c->later + at, (c->n_later - at) * sizeof *c->later);
    c->later[at] = (struct kai_ctl_charter){.ver = ch->ver, .n = record.n, .bytes = copy};
    memcpy(c->later[at].hash, ch->hash, KAI_ID_BYTES);
    c->n_later++;
    c->heads->fp_fresh = false;
    return KAI_OK;
}

/* All that can be said against it. two: the one before, and this. */
static enum kai_err judge(const struct kai_ctl *c, struct kai_view record,
                          struct kai_charter two[2])
{
    struct kai_view body;
    struct kai_cur sigs;
    enum kai_err err = kai_charter_read(&two[1], record, &body, &sigs);

    if (err == KAI_OK && two[1].ver < 2)
        err = KAI_EMALFORMED;
    if (err == KAI_OK && find(c, two[1].hash) != NULL)
        err = KAI_EEXIST;
    if (err == KAI_OK)
        err = load(&two[0], c, two[1].prev);
    if (err == KAI_OK && c->n_later >= KAI_CHARTER_VERSIONS_MAX)
        err = KAI_ELIMIT;
    if (err == KAI_OK)
        err = kai_amend_parse(&two[1], record, &two[0]);
    return err;
}

enum kai_err kai_ctl_charter_before(const struct kai_ctl *c, struct kai_view record,
                                    struct kai_charter *prev)
{
    struct kai_charter *ch = malloc(sizeof *ch);
    struct kai_view body;
    struct kai_cur sigs;
    enum kai_err err = ch == NULL ? KAI_ENOMEM : kai_charter_read(ch, record, &body, &sigs);

    if (err == KAI_OK)
        err = ch->ver < 2 ? KAI_EMALFORMED : load(prev, c, ch->prev);
    free(ch);
    return err;
}

enum kai_err kai_ctl_charter_check(const struct kai_ctl *c, struct kai_view record)
{
    struct kai_charter *two = calloc(2, sizeof *two);
    enum kai_err err = two == NULL ? KAI_ENOMEM : judge(c, record, two);

    free(two);
    return err;
}

enum kai_err kai_ctl_charter_add(struct kai_ctl *c, struct kai_view record)
{
    struct kai_charter *two = calloc(2, sizeof *two);
    enum kai_err err = two == NULL ? KAI_ENOMEM : judge(c, record, two);

    for (size_t i = 0; err == KAI_OK && i < two[1].n_founders; i++)
        err = kai_ctl_founder(c, two[1].founders[i].root_pk);
    if (err == KAI_OK)
        err = insert(c, &two[1], record);
    if (err == KAI_OK &&
        (two[1].ver > c->charter.ver ||
         (two[1].ver == c->charter.ver && memcmp(two[1].hash, c->charter.hash, KAI_ID_BYTES) < 0)))
        c->charter = two[1];
    free(two);
    return err;
}

size_t kai_ctl_charters(const struct kai_ctl *c)
{
    return c->n_later;
}

struct kai_view kai_ctl_charter_at(const struct kai_ctl *c, size_t i)
{
    return kai_view_of(c->later[i].bytes, c->later[i].n);
}

const struct kai_charter *kai_ctl_charter(const struct kai_ctl *c)
{
    return &c->charter;
}

void kai_ctl_charters_free(struct kai_ctl *c)
{
    for (size_t i = 0; i < c->n_later; i++)
        free(c->later[i].bytes);
    free(c->later);
}
