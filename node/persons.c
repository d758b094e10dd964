/* persons: the people of an organisation. */
#include "node/persons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "item/label.h"
#include "node/finder.h"
#include "node/grant.h"
#include "node/stale.h"

#define SALT_BYTES KAI_KEY_BYTES

/* What is kept of a name: salt, then the name. The certificate has K(salt, name): who guesses the
 * name cannot try the guess. */
static void name_key(char key[static 64], const uint8_t id[static KAI_ID_BYTES])
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, id);
    (void)snprintf(key, 64, "person:%s", b32);
}

static enum kai_err keep_name(struct kai_core *c, const uint8_t id[static KAI_ID_BYTES],
                              const uint8_t salt[static SALT_BYTES], const char *name)
{
    uint8_t value[SALT_BYTES + KAI_TEXT_BYTES_MAX];
    char key[64];
    size_t n = strlen(name);
    struct kai_tx *tx = kai_core_tx(c);

    if (tx == NULL)
        return c->tx_err;
    memcpy(value, salt, SALT_BYTES);
    memcpy(value + SALT_BYTES, name, n);
    name_key(key, id);
    return kai_tx_kv(tx, key, kai_view_of(value, SALT_BYTES + n));
}

const char *kai_person_name(struct kai_snap *s, const struct kai_person *p,
                            char out[static KAI_TEXT_BYTES_MAX + 1])
{
    char key[64];
    struct kai_view v;

    kai_copy_text(out, KAI_TEXT_BYTES_MAX + 1, p->name_hashed ? "" : p->name);
    name_key(key, p->id);
    if (out[0] == '\0' && kai_snap_kv(s, key, &v) == KAI_OK && v.n > SALT_BYTES &&
        v.n <= SALT_BYTES + KAI_TEXT_BYTES_MAX) {
        memcpy(out, v.p + SALT_BYTES, v.n - SALT_BYTES);
        out[v.n - SALT_BYTES] = '\0';
    }
    return out;
}

enum kai_err kai_person_find(const struct kai_roster *r, struct kai_snap *s,
                             const struct kai_org *own, const char *text,
                             const struct kai_person **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const struct kai_person *p;
    const struct kai_person *last = NULL;
    const void *found;
    size_t n = kai_roster_persons(r, &p);

    for (size_t i = 0; i < n; i++) {
        char name[KAI_TEXT_BYTES_MAX + 1];
        bool same = last != NULL && memcmp(last->id, p[i].id, KAI_ID_BYTES) == 0;

        if ((own != NULL && p[i].org != own) || same)
            continue;
        kai_finder_consider(&f, &p[i], kai_person_name(s, &p[i], name), p[i].id, text);
        last = &p[i];
    }
    enum kai_err err = kai_finder_decide(&f, text, &found, why);
    *out = found;
    return err;
}

/* Among the active places of an organisation, or of all (NULL). */
static enum kai_err find_place(const struct kai_roster *r, struct kai_snap *s,
                               const struct kai_org *org, const char *text,
                               const struct kai_person **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const struct kai_person *p;
    const void *found;
    size_t n = kai_roster_persons(r, &p);

    for (size_t i = 0; i < n; i++) {
        char name[KAI_TEXT_BYTES_MAX + 1];

        if (p[i].active && (org == NULL || p[i].org == org))
            kai_finder_consider(&f, &p[i], kai_person_name(s, &p[i], name), p[i].id, text);
    }
    enum kai_err err = kai_finder_decide(&f, text, &found, why);
    *out = found;
    return err;
}

/* The organisation after the last @; KAI_ENOTFOUND: there is none of that name. */
static enum kai_err org_after_at(const struct kai_roster *r, const char *text, size_t *before,
                                 const struct kai_org **org, struct kai_why *why)
{
    struct kai_finder f = {0};
    const struct kai_org *orgs;
    const void *found;
    const char *at = strrchr(text, '@');
    size_t n = kai_roster_orgs(r, &orgs);

    if (at == NULL)
        return KAI_ENOTFOUND;
    for (size_t i = 0; i < n; i++)
        kai_finder_consider(&f, &orgs[i], orgs[i].name, orgs[i].id, at + 1);
    enum kai_err err = kai_finder_decide(&f, at + 1, &found, why);
    *before = (size_t)(at - text);
    *org = found;
    return err;
}

enum kai_err kai_person_place(const struct kai_roster *r, struct kai_snap *s,
                              const struct kai_org *own, const char *text,
                              const struct kai_person **out, struct kai_why *why)
{
    const struct kai_org *org;
    size_t before;
    enum kai_err err = own == NULL ? KAI_ENOTFOUND : find_place(r, s, own, text, out, why);

    if (err != KAI_ENOTFOUND)
        return err;
    /* Before the whole text is tried: whoever names a person "Ana@Town" is not Town. */
    err = org_after_at(r, text, &before, &org, why);
    if (err == KAI_OK) {
        char name[KAI_TEXT_BYTES_MAX + 1];

        if (before >= sizeof name)
            return kai_why_set(why, KAI_ENOTFOUND, "name.unknown", text, NULL, NULL);
        memcpy(name, text, before);
        name[before] = '\0';
        return find_place(r, s, org, name, out, why);
    }
    return err == KAI_ENOTFOUND ? find_place(r, s, NULL, text, out, why) : err;
}

bool kai_person_current(const struct kai_person *p, uint64_t now_ms)
{
    return KAI_CHECK(PERSON_CURRENT,
                     p->active && !p->revoked && (p->not_after == 0 || p->not_after > now_ms));
}

/* The place that this person has with us; NULL. */
static const struct kai_person *own_place(const struct kai_core *c,
                                          const uint8_t id[static KAI_ID_BYTES])
{
    const struct kai_person *p;
    size_t n = kai_roster_person(kai_net_roster(c->net), id, &p);

    for (size_t i = 0; i < n; i++)
        if (memcmp(p[i].org->id, c->self.org_id, KAI_ID_BYTES) == 0 && p[i].active)
            return &p[i];
    return NULL;
}

static enum kai_err make_grant(const struct kai_core *c, const struct kai_person_spec *s,
                               struct kai_grant *g, struct kai_why *why)
{
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (self == NULL || !self->active)
        return kai_why_set(why, KAI_EDENIED, "node.not-active", c->home.dir, NULL, NULL);
    *g = (struct kai_grant){
        .caps = self->caps & KAI_CAP_PROVIDER, /* Inherited; a person needs no capability. */
        .label_max = s->label_max != 0 ? s->label_max : self->label_max,
        .not_after = s->not_after != 0 ? s->not_after : kai_grant_member().not_after,
    };
    if (g->label_max > self->label_max)
        return kai_why_set(why, KAI_EDENIED, "admit.clearance",
                           kai_tlp_name((uint8_t)self->label_max), NULL, NULL);
    if (g->not_after <= kai_wall_ms())
        return kai_why_set(why, KAI_EMALFORMED, "person.expired", s->request->proof.name, NULL,
                           NULL);
    if (self->not_after != 0 && g->not_after > self->not_after)
        g->not_after = self->not_after;
    return KAI_OK;
}

enum kai_err kai_person_admit(struct kai_core *c, const struct kai_person_spec *s,
                              uint8_t cert[static KAI_ID_BYTES], struct kai_why *why)
{
    const char *name = s->request->proof.name;
    uint8_t salt[SALT_BYTES];
    uint8_t id[KAI_ID_BYTES];
    struct kai_grant g;
    struct kai_admit a;
    struct kai_buf body;
    enum kai_err err = make_grant(c, s, &g, why);

    if (err != KAI_OK)
        return err;
    kai_hash(id, KAI_D_PERSON, s->request->proof.sign_pk, KAI_KEY_BYTES);
    const struct kai_person *held = own_place(c, id);
    if (held != NULL && kai_person_current(held, kai_wall_ms()) && s->label_max == 0 &&
        s->not_after == 0) {
        memcpy(cert, held->cert, KAI_ID_BYTES);
        return KAI_OK;
    }
    err = kai_stale_refuse(c, why);
    if (err != KAI_OK)
        return err;
    kai_grant_request(&a, &g, &s->request->proof);
    if (held != NULL) { /* No second place beside the first. */
        a.has_replaces = true;
        memcpy(a.replaces, held->cert, KAI_ID_BYTES);
    }
    kai_random(NULL, salt, sizeof salt);
    a.name_hashed = !s->open_name;
    if (a.name_hashed)
        kai_kdf(a.name_hash, KAI_ID_BYTES, KAI_D_PNAME, salt, name, strlen(name));
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &a);
    err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&body), cert, why);
    kai_buf_free(&body);
    return err == KAI_OK ? keep_name(c, id, salt, name) : err;
}
