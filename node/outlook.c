/* outlook: what other threads may see of roster and keys, and names of things. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core.h"
#include "node/finder.h"
#include "node/forks.h"
#include "node/indexer.h"

struct kai_outlook *kai_outlook_get(struct kai_core *c)
{
    (void)pthread_mutex_lock(&c->mu);
    struct kai_outlook *o = c->outlook;
    atomic_fetch_add(&o->refs, 1);
    (void)pthread_mutex_unlock(&c->mu);
    return o;
}

void kai_outlook_put(struct kai_outlook *o)
{
    if (o == NULL || atomic_fetch_sub(&o->refs, 1) != 1)
        return;
    kai_roster_unref(o->roster);
    sodium_free(o->epochs); /* Wipes. */
    for (size_t i = 0; i < o->n_names; i++)
        free(o->names[i].members);
    free(o->names);
    free(o->boxes);
    free(o->forks);
    free(o);
}

static enum kai_err fill_members(struct kai_core *c, struct kai_aud_name *a)
{
    const struct kai_org **orgs;
    enum kai_err err = kai_keyring_org_members(c->ring, a->id, &orgs, &a->n_members);

    if (err != KAI_OK)
        return err;
    a->members = calloc(a->n_members + 1, sizeof *a->members);
    for (size_t i = 0; a->members != NULL && i < a->n_members; i++)
        memcpy(a->members[i], orgs[i]->id, KAI_ID_BYTES);
    free(orgs);
    return a->members == NULL ? KAI_ENOMEM : KAI_OK;
}

static enum kai_err fill_names(struct kai_core *c, struct kai_outlook *o)
{
    const struct kai_audience *auds;
    const struct kai_node *self = kai_roster_node(o->roster, c->self.node_id);
    size_t n = kai_roster_audiences(o->roster, &auds);
    enum kai_err err = KAI_OK;

    o->names = calloc(n == 0 ? 1 : n, sizeof *o->names);
    if (o->names == NULL)
        return KAI_ENOMEM;
    o->n_names = n;
    for (size_t i = 0; i < n && err == KAI_OK; i++) {
        struct kai_aud_name *a = &o->names[i];

        memcpy(a->id, auds[i].id, KAI_ID_BYTES);
        kai_copy_text(a->name, sizeof a->name, kai_keyring_name(c->ring, auds[i].id));
        a->member = self != NULL && kai_keyring_eligible(c->ring, auds[i].id, self);
        a->members_known = kai_keyring_members_known(c->ring, auds[i].id);
        err = fill_members(c, a);
    }
    return err;
}

static int box_cmp(const void *x, const void *y)
{
    const struct kai_aud_box *a = x;
    const struct kai_aud_box *b = y;

    return memcmp(a->id, b->id, KAI_ID_BYTES);
}

static enum kai_err fill_boxes(struct kai_outlook *o)
{
    const struct kai_org *orgs;
    size_t n = kai_roster_orgs(o->roster, &orgs);

    o->boxes = calloc(n == 0 ? 1 : n, sizeof *o->boxes);
    if (o->boxes == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        kai_mailbox_id(o->boxes[i].id, orgs[i].id);
        o->boxes[i].owner = &orgs[i];
    }
    o->n_boxes = n;
    qsort(o->boxes, n, sizeof *o->boxes, box_cmp);
    return KAI_OK;
}

/* A member without a key waits for a steward: `status` says for which audience. */
static void tell_waiting(struct kai_core *c, const struct kai_outlook *o)
{
    for (size_t i = 0; i < o->n_names; i++) {
        const struct kai_aud_name *a = &o->names[i];
        char id[KAI_HEX_CAP(8)];
        const char *about = a->name[0] != '\0' ? a->name : kai_hex(id, a->id, 8);
        bool has = !a->member;

        for (size_t k = 0; k < o->n_epochs && !has; k++)
            has = memcmp(o->epochs[k].aud_id, a->id, KAI_ID_BYTES) == 0;
        if (!has) {
            kai_core_alarm(c, "audience.no-key", about);
        } else { /* It may have got its name since. */
            kai_core_alarm_clear(c, "audience.no-key", about);
            kai_core_alarm_clear(c, "audience.no-key", kai_hex(id, a->id, 8));
        }
    }
}

/* An audience of ours whose keys hang on one organisation. */
static void tell_alone(struct kai_core *c, const struct kai_outlook *o)
{
    for (size_t i = 0; i < o->n_names; i++) {
        const struct kai_aud_name *a = &o->names[i];
        const struct kai_audience *rec = kai_roster_audience(o->roster, a->id);

        if (memcmp(rec->owner->id, c->self.org_id, KAI_ID_BYTES) != 0 || a->name[0] == '\0')
            continue;
        if (rec->rec.n_stewards == 1 && rec->rec.kind != KAI_AUD_PUBLIC && a->n_members > 1)
            kai_core_alarm(c, "audience.one-steward", a->name);
        else
            kai_core_alarm_clear(c, "audience.one-steward", a->name);
    }
}

void kai_core_refresh(struct kai_core *c)
{
    struct kai_outlook *o = calloc(1, sizeof *o);
    struct kai_outlook *old = NULL;

    if (o == NULL)
        return; /* The old one stays; the next change tries again. */
    atomic_init(&o->refs, 1);
    o->charter = *kai_ctl_charter(c->ctl);
    o->roster = kai_roster_ref(kai_net_roster(c->net));
    if (kai_keyring_keys(c->ring, &o->epochs, &o->n_epochs) != KAI_OK ||
        fill_names(c, o) != KAI_OK || fill_boxes(o) != KAI_OK || kai_forks_fill(c, o) != KAI_OK) {
        kai_outlook_put(o);
        return;
    }
    tell_waiting(c, o);
    tell_alone(c, o);
    (void)pthread_mutex_lock(&c->mu);
    old = c->outlook;
    o->number = old == NULL ? 1 : old->number + 1;
    c->outlook = o;
    (void)pthread_mutex_unlock(&c->mu);
    kai_outlook_put(old);
    kai_indexer_wake(c->indexer); /* What could not be judged before may be now. */
}

static bool names_alike(const struct kai_aud_name *a, const struct kai_aud_name *b)
{
    return memcmp(a->id, b->id, KAI_ID_BYTES) == 0 && a->member == b->member &&
           a->members_known == b->members_known && a->n_members == b->n_members &&
           (a->n_members == 0 ||
            memcmp(a->members, b->members, a->n_members * sizeof a->members[0]) == 0);
}

bool kai_outlook_alike(const struct kai_outlook *a, const struct kai_outlook *b)
{
    bool alike = a->roster == b->roster && a->n_epochs == b->n_epochs && a->n_names == b->n_names;

    for (size_t i = 0; alike && i < a->n_epochs; i++) /* Padding too: then it is read again. */
        alike = memcmp(&a->epochs[i], &b->epochs[i], sizeof a->epochs[i]) == 0;
    for (size_t i = 0; alike && i < a->n_names; i++)
        alike = names_alike(&a->names[i], &b->names[i]);
    return alike;
}

const struct kai_epoch *kai_outlook_epoch(const struct kai_outlook *o,
                                          const uint8_t aud_id[static KAI_ID_BYTES],
                                          const uint8_t kid[static KAI_TAG_BYTES])
{
    for (size_t i = 0; i < o->n_epochs; i++)
        if (memcmp(o->epochs[i].commit, kid, KAI_TAG_BYTES) == 0 &&
            memcmp(o->epochs[i].aud_id, aud_id, KAI_ID_BYTES) == 0)
            return &o->epochs[i];
    return NULL;
}

const struct kai_aud_name *kai_outlook_aud(const struct kai_outlook *o,
                                           const uint8_t aud_id[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < o->n_names; i++)
        if (memcmp(o->names[i].id, aud_id, KAI_ID_BYTES) == 0)
            return &o->names[i];
    return NULL;
}

enum kai_err kai_outlook_find_org(const struct kai_outlook *o, const char *name,
                                  const struct kai_org **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const struct kai_org *orgs;
    const void *found;
    size_t n = kai_roster_orgs(o->roster, &orgs);

    for (size_t i = 0; i < n; i++)
        kai_finder_consider(&f, &orgs[i], orgs[i].name, orgs[i].id, name);
    enum kai_err err = kai_finder_decide(&f, name, &found, why);
    *out = found;
    return err;
}

enum kai_err kai_outlook_find_aud(const struct kai_outlook *o, const char *name,
                                  const struct kai_aud_name **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const void *found;

    for (size_t i = 0; i < o->n_names; i++)
        kai_finder_consider(&f, &o->names[i], o->names[i].name, o->names[i].id, name);
    enum kai_err err = kai_finder_decide(&f, name, &found, why);
    *out = found;
    return err;
}

enum kai_err kai_outlook_find_node(const struct kai_outlook *o, const char *name,
                                   const struct kai_node **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const struct kai_node *nodes;
    const void *found;
    size_t n = kai_roster_nodes(o->roster, &nodes);

    for (size_t i = 0; i < n; i++)
        kai_finder_consider(&f, &nodes[i], nodes[i].name, nodes[i].id, name);
    enum kai_err err = kai_finder_decide(&f, name, &found, why);
    *out = found;
    return err;
}

static struct kai_alarm_row *find_alarm(struct kai_core *c, const char *code, const char *about)
{
    for (size_t i = 0; i < c->n_alarms; i++)
        if (strcmp(c->alarms[i].code, code) == 0 && strcmp(c->alarms[i].about, about) == 0)
            return &c->alarms[i];
    return NULL;
}

void kai_core_alarm_since(struct kai_core *c, const char *code, const char *about, const char *whom,
                          uint64_t since_ms)
{
    (void)pthread_mutex_lock(&c->mu);
    struct kai_alarm_row *a = find_alarm(c, code, about);
    if (a == NULL) {
        if (c->n_alarms == KAI_ALARMS_MAX) /* The oldest makes room. */
            memmove(c->alarms, c->alarms + 1, --c->n_alarms * sizeof c->alarms[0]);
        a = &c->alarms[c->n_alarms++];
        kai_copy_text(a->code, sizeof a->code, code);
        kai_copy_text(a->about, sizeof a->about, about);
        a->since_ms = since_ms;
    }
    kai_copy_text(a->whom, sizeof a->whom, whom);
    (void)pthread_mutex_unlock(&c->mu);
}

void kai_core_alarm(struct kai_core *c, const char *code, const char *about)
{
    kai_core_alarm_since(c, code, about, "", kai_wall_ms());
}

void kai_core_alarm_clear(struct kai_core *c, const char *code, const char *about)
{
    (void)pthread_mutex_lock(&c->mu);
    struct kai_alarm_row *a = find_alarm(c, code, about);
    if (a != NULL)
        *a = c->alarms[--c->n_alarms];
    (void)pthread_mutex_unlock(&c->mu);
}
