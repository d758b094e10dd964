/* ctl_charter: versions of the charter after the first, as a line: only what follows the last one
 * goes on it. Whoever founded an older version can sign another successor of that at any time, so
 * no number and no hash may decide between two: what is held stays. The other is a rival. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
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

static bool is_rival(const struct kai_ctl *c, const uint8_t *hash)
{
    for (size_t i = 0; i < c->n_rivals; i++) {
        if (memcmp(c->rival[i], hash, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
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

static enum kai_err append(struct kai_ctl *c, const struct kai_charter *ch, struct kai_view record)
{
    uint8_t *copy = malloc(record.n);
    struct kai_ctl_charter *grown = realloc(c->later, (c->n_later + 1) * sizeof *grown);

    if (grown != NULL)
        c->later = grown;
    if (copy == NULL || grown == NULL) {
        free(copy);
        return KAI_ENOMEM;
    }
    memcpy(copy, record.p, record.n);
    struct kai_ctl_charter *at = &c->later[c->n_later++];
    *at = (struct kai_ctl_charter){.n = record.n, .bytes = copy};
    memcpy(at->hash, ch->hash, KAI_ID_BYTES);
    c->charter = *ch;
    c->heads->fp_fresh = false;
    return KAI_OK;
}

/* All that can be said against it. two: the one before, and this. A rival is verified only where it
 * is to be remembered: there is no end of them. */
static enum kai_err judge(const struct kai_ctl *c, struct kai_view record,
                          struct kai_charter two[2])
{
    struct kai_view body;
    struct kai_cur sigs;
    enum kai_err err = kai_charter_read(&two[1], record, &body, &sigs);

    if (err == KAI_OK && two[1].ver < 2)
        err = KAI_EMALFORMED;
    if (err == KAI_OK && (find(c, two[1].hash) != NULL || is_rival(c, two[1].hash)))
        err = KAI_EEXIST;
    if (err == KAI_OK)
        err = load(&two[0], c, two[1].prev);
    if (err != KAI_OK)
        return err;
    bool last = memcmp(two[0].hash, c->charter.hash, KAI_ID_BYTES) == 0;
    if (last ? c->n_later >= KAI_CHARTER_VERSIONS_MAX : c->n_rivals >= KAI_CHARTER_RIVALS_MAX)
        return KAI_ELIMIT;
    err = kai_amend_parse(&two[1], record, &two[0]);
    if (err == KAI_OK && !KAI_CHECK(CHARTER_LINE, last))
        err = KAI_EDENIED;
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
        err = append(c, &two[1], record);
    else if (err == KAI_EDENIED)
        memcpy(c->rival[c->n_rivals++], two[1].hash, KAI_ID_BYTES);
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
