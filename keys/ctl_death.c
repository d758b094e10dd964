/* ctl_death: which keys are dead. Of one key and signer the first stays until a strictly lower cut:
 * each that takes another's place is told to everybody, so there must be an end of them. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "keys/ctl_int.h"
#include "keys/keydeath.h"
#include "keys/record_int.h"

static uint64_t reach(const struct kai_keydeath *d)
{
    return d->has_cut ? d->cut.seq : UINT64_MAX;
}

/* Its place, by (key, signer). */
static size_t place(const struct kai_ctl *c, const struct kai_keydeath *d)
{
    size_t at = 0;

    while (at < c->n_deaths) {
        int cmp = memcmp(c->deaths[at].d.key, d->key, KAI_KEY_BYTES);

        if (cmp == 0)
            cmp = memcmp(c->deaths[at].d.signer, d->signer, KAI_KEY_BYTES);
        if (cmp >= 0)
            break;
        at++;
    }
    return at;
}

static bool at_place(const struct kai_ctl *c, size_t at, const struct kai_keydeath *d)
{
    return at < c->n_deaths && memcmp(c->deaths[at].d.key, d->key, KAI_KEY_BYTES) == 0 &&
           memcmp(c->deaths[at].d.signer, d->signer, KAI_KEY_BYTES) == 0;
}

/* Whether the signer is the root of an organisation of which the key is, by the key's own word. */
static bool root_of(const struct kai_ctl *c, const struct kai_keydeath *d)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct kai_ctl_entry *e = c->by_hash[i];
        struct kai_admit a;

        if (e->type == KAI_REC_ADMIT && memcmp(e->subject, d->key, KAI_KEY_BYTES) == 0 &&
            kai_admit_read(&a, e->body) == KAI_OK && a.has_of_org &&
            kai_admit_is_of(a.kind, a.of_org, d->signer))
            return true;
    }
    return false;
}

static enum kai_err judge(const struct kai_ctl *c, struct kai_view note, struct kai_keydeath *d)
{
    enum kai_err err = kai_keydeath_parse(d, note);

    if (err != KAI_OK)
        return err;
    size_t at = place(c, d);
    if (at_place(c, at, d)) {
        if (reach(&c->deaths[at].d) <= reach(d))
            return KAI_EEXIST;
        if (c->deaths[at].cuts >= KAI_KEYDEATH_CUTS_MAX && reach(d) > 0)
            return KAI_ELIMIT;
    }
    if (kai_ctl_log(c, d->key) == NULL)
        return KAI_EAGAIN;
    err = kai_keydeath_verify(note, c->charter.nid);
    if (err != KAI_OK)
        return err;
    bool may = memcmp(d->key, d->signer, KAI_KEY_BYTES) == 0 || root_of(c, d);
    return KAI_CHECK(KEYDEATH_SIGNER, may) ? KAI_OK : KAI_EDENIED;
}

enum kai_err kai_ctl_death_check(const struct kai_ctl *c, struct kai_view note)
{
    struct kai_keydeath d;

    return judge(c, note, &d);
}

enum kai_err kai_ctl_death_add(struct kai_ctl *c, struct kai_view note)
{
    struct kai_keydeath d;
    enum kai_err err = judge(c, note, &d);

    if (err != KAI_OK)
        return err;
    size_t at = place(c, &d);
    size_t cuts = 0;
    uint8_t *copy = malloc(note.n);
    if (copy == NULL)
        return KAI_ENOMEM;
    if (at_place(c, at, &d)) {
        cuts = c->deaths[at].cuts + 1;
        free(c->deaths[at].bytes);
    } else {
        void *grown = realloc(c->deaths, (c->n_deaths + 1) * sizeof *c->deaths);

        if (grown == NULL) {
            free(copy);
            return KAI_ENOMEM;
        }
        c->deaths = grown;
        memmove(c->deaths + at + 1, c->deaths + at, (c->n_deaths - at) * sizeof *c->deaths);
        c->n_deaths++;
    }
    memcpy(copy, note.p, note.n);
    c->deaths[at] = (struct kai_ctl_death){.d = d, .cuts = cuts, .n = note.n, .bytes = copy};
    c->heads->fp_fresh = false;
    return KAI_OK;
}

size_t kai_ctl_deaths(const struct kai_ctl *c)
{
    return c->n_deaths;
}

struct kai_view kai_ctl_death_at(const struct kai_ctl *c, size_t i)
{
    return kai_view_of(c->deaths[i].bytes, c->deaths[i].n);
}

void kai_ctl_deaths_free(struct kai_ctl *c)
{
    for (size_t i = 0; i < c->n_deaths; i++)
        free(c->deaths[i].bytes);
    free(c->deaths);
}
