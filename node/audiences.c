/* audiences: making audiences and changing who is in them. */
#include "node/audiences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "node/post.h"
#include "node/steward.h"

static const struct {
    uint64_t kind;
    const char *name;
    uint64_t label_max;
    bool makeable; /* Those of the other kinds come with the rules that they need. */
} kinds[] = {
    {KAI_AUD_PUBLIC, "public", KAI_TLP_CLEAR, true},
    {KAI_AUD_COMMUNITY, "community", KAI_TLP_GREEN, true},
    {KAI_AUD_GROUP, "group", KAI_TLP_AMBER_STRICT, true},
    {KAI_AUD_CLIENTS, "clients", KAI_TLP_AMBER, false},
    {KAI_AUD_PROVIDERS, "providers", KAI_TLP_AMBER, false},
    {KAI_AUD_PERSONS, "persons", KAI_TLP_RED, false},
    {KAI_AUD_MAILBOX, "mailbox", KAI_TLP_AMBER_STRICT, false},
};
#define KINDS_N (sizeof kinds / sizeof kinds[0])

const char *kai_aud_kind_name(uint64_t kind)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return NULL;
}

uint64_t kai_aud_kind_parse(const char *name)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (strcmp(kinds[i].name, name) == 0 && kinds[i].makeable)
            return kinds[i].kind;
    return 0;
}

static uint64_t ceiling_of(uint64_t kind)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].kind == kind)
            return kinds[i].label_max;
    return 0;
}

/* ---- Rules kept for the next start. */
static void rule_key(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES], uint64_t part)
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, aud_id);
    (void)snprintf(key, 64, "rule:%s:%u", b32, (unsigned)(part & 15));
}

enum kai_err kai_audience_rule(struct kai_core *c, struct kai_view rule_item)
{
    struct kai_rule *r = malloc(sizeof *r);
    char key[64];
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = r == NULL ? KAI_ENOMEM : kai_rule_parse(r, rule_item);

    if (err == KAI_OK)
        err = tx == NULL ? c->tx_err : kai_keyring_rule(c->ring, rule_item);
    if (err == KAI_OK || err == KAI_EAGAIN) { /* Kept either way: its AUDIENCE may be on the way. */
        rule_key(key, r->aud_id, r->part);
        enum kai_err kept = kai_tx_kv(tx, key, rule_item);

        err = kept != KAI_OK ? kept : err;
    }
    free(r);
    return err;
}

enum kai_err kai_audience_rules_load(struct kai_core *c, struct kai_snap *s)
{
    const struct kai_audience *auds;
    size_t n = kai_roster_audiences(kai_net_roster(c->net), &auds);

    for (size_t i = 0; i < n; i++) {
        for (uint64_t part = 0; part < 16; part++) {
            char key[64];
            struct kai_view item;

            rule_key(key, auds[i].id, part);
            if (kai_snap_kv(s, key, &item) != KAI_OK)
                break;
            if (kai_keyring_rule(c->ring, item) == KAI_ENOMEM)
                return KAI_ENOMEM;
        }
    }
    return KAI_OK;
}

/* ---- Making and changing. */
struct change {
    const struct kai_aud_spec *spec; /* Create. */
    uint64_t ceiling;
    struct kai_aud_rec rec;
    uint8_t id[KAI_ID_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint8_t *ids; /* Of the members, ascending. */
    size_t n_ids;
    size_t n_items;
    struct kai_buf items[16];
    struct kai_why *why;
};

static int id_cmp(const void *a, const void *b)
{
    return memcmp(a, b, KAI_ID_BYTES);
}

static enum kai_err add_id(struct change *ch, const uint8_t id[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < ch->n_ids; i++)
        if (memcmp(ch->ids + i * KAI_ID_BYTES, id, KAI_ID_BYTES) == 0)
            return KAI_OK;
    uint8_t *grown = realloc(ch->ids, (ch->n_ids + 1) * KAI_ID_BYTES);
    if (grown == NULL)
        return KAI_ENOMEM;
    ch->ids = grown;
    memcpy(ch->ids + ch->n_ids++ * KAI_ID_BYTES, id, KAI_ID_BYTES);
    return KAI_OK;
}

static enum kai_err write_rules(struct kai_core *c, struct change *ch)
{
    size_t of = ch->n_ids == 0 ? 1 : (ch->n_ids + KAI_RULE_IDS_MAX - 1) / KAI_RULE_IDS_MAX;
    struct kai_rule *r = malloc(sizeof *r);
    struct kai_view views[16];

    if (r == NULL || of > 16) {
        free(r);
        return r == NULL ? KAI_ENOMEM : KAI_ELIMIT;
    }
    if (ch->n_ids > 0)
        qsort(ch->ids, ch->n_ids, KAI_ID_BYTES, id_cmp);
    const struct kai_issuing *iss = kai_roster_issuing(kai_net_roster(c->net), c->issuing->sign_pk);
    enum kai_err err = iss == NULL ? KAI_ENOTFOUND : KAI_OK;
    for (size_t i = 0; err == KAI_OK && i < of; i++) {
        size_t at = i * KAI_RULE_IDS_MAX;

        *r = (struct kai_rule){.ver = ch->rec.ver, .id_kind = 1, .part = i, .of = of};
        memcpy(r->signer_cert, iss->cert, KAI_ID_BYTES);
        memcpy(r->aud_id, ch->id, KAI_ID_BYTES);
        memcpy(r->name, ch->name, sizeof r->name);
        r->ids = ch->n_ids == 0 ? NULL : ch->ids + at * KAI_ID_BYTES;
        r->n_ids = ch->n_ids - at < KAI_RULE_IDS_MAX ? ch->n_ids - at : KAI_RULE_IDS_MAX;
        kai_buf_init(&ch->items[i], KAI_PAYLOAD_BYTES_MAX);
        kai_rule_write(&ch->items[i], r, c->issuing->sign_sk, c->charter.nid);
        err = ch->items[i].err;
        views[i] = kai_buf_view(&ch->items[i]);
        ch->n_items++;
    }
    free(r);
    if (err == KAI_OK && !ch->rec.rule_open)
        err = kai_rule_hash(ch->rec.rule_hash, views, of);
    return err;
}

/* Rules first, then the record that names them, then keys for whoever has none. */
static enum kai_err issue(struct kai_core *c, struct change *ch)
{
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];
    enum kai_err err = write_rules(c, ch);

    for (size_t i = 0; err == KAI_OK && i < ch->n_items; i++) {
        err = kai_audience_rule(c, kai_buf_view(&ch->items[i]));
        if (err == KAI_EAGAIN)
            err = KAI_OK;
    }
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    if (err == KAI_OK) {
        kai_aud_rec_write(&body, &ch->rec);
        err = body.err;
    }
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_AUDIENCE, kai_buf_view(&body), hash, ch->why);
    kai_buf_free(&body);
    if (err != KAI_OK)
        return err;
    (void)kai_net_on_tick(c->net, kai_now_ms(), kai_wall_ms());
    for (size_t i = 0; i < ch->n_items; i++) /* Now that the record is there. */
        kai_ignore(kai_keyring_rule(c->ring, kai_buf_view(&ch->items[i])));
    (void)kai_steward_tick(c, kai_now_ms());
    kai_net_on_keyring(c->net, kai_now_ms());
    return KAI_OK;
}

static enum kai_err check_spec(struct kai_core *c, struct change *ch)
{
    const struct kai_aud_spec *s = ch->spec;
    uint8_t other[KAI_ID_BYTES];
    uint64_t most = ceiling_of(s->kind);
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (c->issuing == NULL)
        return kai_why_set(ch->why, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL, NULL);
    if (s->name[0] == '\0' || strlen(s->name) > KAI_TEXT_BYTES_MAX)
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.name", s->name, NULL, NULL);
    if (kai_keyring_find(c->ring, s->name, other) == KAI_OK &&
        strcmp(kai_keyring_name(c->ring, other), s->name) == 0)
        return kai_why_set(ch->why, KAI_EEXIST, "audience.exists", s->name, NULL, NULL);
    if (self == NULL || !self->active || (self->caps & KAI_CAP_OWNER) == 0)
        return kai_why_set(ch->why, KAI_EDENIED, "audience.caps", s->name, NULL, NULL);
    if (s->kind == KAI_AUD_PUBLIC ? s->label_max > most : s->label_max > self->label_max)
        return kai_why_set(
            ch->why, KAI_EDENIED, "audience.ceiling", s->name,
            kai_tlp_name((uint8_t)(s->kind == KAI_AUD_PUBLIC ? most : self->label_max)), NULL);
    /* An owner that may not see the ceiling would be no member of its own audience. */
    ch->ceiling = s->label_max != 0        ? s->label_max
                  : most < self->label_max ? most
                                           : self->label_max;
    return KAI_OK;
}

static enum kai_err add_steward(struct change *ch, const uint8_t org[static KAI_ID_BYTES])
{
    if (ch->rec.n_stewards == KAI_STEWARDS_MAX)
        return kai_why_set(ch->why, KAI_ELIMIT, "audience.stewards", NULL, NULL, NULL);
    memcpy(ch->rec.stewards[ch->rec.n_stewards++], org, KAI_ID_BYTES);
    return KAI_OK;
}

static enum kai_err job_create(struct kai_core *c, void *arg)
{
    struct change *ch = arg;
    const struct kai_aud_spec *s = ch->spec;
    enum kai_err err = check_spec(c, ch);

    if (err != KAI_OK)
        return err;
    ch->rec = (struct kai_aud_rec){
        .ver = 1,
        .kind = s->kind,
        .rule_open = s->kind != KAI_AUD_GROUP,
        .n_rule = s->n_rule,
        .label_max = ch->ceiling,
        .history = s->history,
    };
    randombytes_buf(ch->rec.nonce, sizeof ch->rec.nonce);
    memcpy(ch->rec.rule, s->rule, sizeof ch->rec.rule);
    kai_copy_text(ch->name, sizeof ch->name, s->name);
    kai_aud_id(ch->id, c->self.org_id, ch->rec.nonce);
    err = add_steward(ch, c->self.org_id); /* The owner keeps the keys, others beside it. */
    for (size_t i = 0; err == KAI_OK && i < s->n_stewards; i++)
        if (memcmp(s->stewards[i]->id, c->self.org_id, KAI_ID_BYTES) != 0)
            err = add_steward(ch, s->stewards[i]->id);
    if (s->kind == KAI_AUD_GROUP) {
        for (size_t i = 0; err == KAI_OK && i < ch->rec.n_stewards; i++)
            err = add_id(ch, ch->rec.stewards[i]);
        for (size_t i = 0; err == KAI_OK && i < s->n_members; i++)
            err = add_id(ch, s->members[i]->id);
    }
    return err == KAI_OK ? issue(c, ch) : err;
}

static enum kai_err announce_rules(struct kai_core *c, struct change *ch)
{
    struct kai_view items[16];

    for (size_t i = 0; i < ch->n_items; i++)
        items[i] = kai_buf_view(&ch->items[i]);
    return kai_post_items(c, ch->id, items, ch->n_items, ch->why);
}

static void change_free(struct change *ch)
{
    for (size_t i = 0; i < ch->n_items; i++)
        kai_buf_free(&ch->items[i]);
    free(ch->ids);
    free(ch);
}

enum kai_err kai_audience_create(struct kai_core *c, const struct kai_aud_spec *s,
                                 uint8_t id[static KAI_ID_BYTES], struct kai_why *why)
{
    struct change *ch = calloc(1, sizeof *ch);

    if (ch == NULL)
        return KAI_ENOMEM;
    ch->spec = s;
    ch->why = why;
    enum kai_err err = kai_core_run(c, job_create, ch);
    if (err == KAI_OK)
        err = announce_rules(c, ch);
    if (err == KAI_OK)
        memcpy(id, ch->id, KAI_ID_BYTES);
    change_free(ch);
    return err;
}

struct add {
    struct change *ch;
    const struct kai_org *const *members;
    size_t n;
    bool changed;
};

static enum kai_err job_add(struct kai_core *c, void *arg)
{
    struct add *a = arg;
    struct change *ch = a->ch;
    const struct kai_audience *aud = kai_roster_audience(kai_net_roster(c->net), ch->id);
    const struct kai_org *orgs;
    size_t n = kai_roster_orgs(kai_net_roster(c->net), &orgs);
    enum kai_err err = KAI_OK;

    if (c->issuing == NULL)
        return kai_why_set(ch->why, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL, NULL);
    if (aud == NULL || memcmp(aud->owner->id, c->self.org_id, KAI_ID_BYTES) != 0)
        return kai_why_set(ch->why, KAI_EDENIED, "audience.not-owner",
                           kai_keyring_name(c->ring, ch->id), NULL, NULL);
    if (aud->rec.kind != KAI_AUD_GROUP)
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.not-group",
                           kai_keyring_name(c->ring, ch->id), NULL, NULL);
    ch->rec = aud->rec;
    ch->rec.ver++;
    kai_copy_text(ch->name, sizeof ch->name, kai_keyring_name(c->ring, ch->id));
    for (size_t i = 0; err == KAI_OK && i < n; i++)
        if (kai_keyring_org_member(c->ring, ch->id, &orgs[i]))
            err = add_id(ch, orgs[i].id);
    size_t before = ch->n_ids;
    for (size_t i = 0; err == KAI_OK && i < a->n; i++)
        err = add_id(ch, a->members[i]->id);
    a->changed = ch->n_ids != before;
    return err == KAI_OK && a->changed ? issue(c, ch) : err;
}

enum kai_err kai_audience_add(struct kai_core *c, const uint8_t id[static KAI_ID_BYTES],
                              const struct kai_org *const *members, size_t n, struct kai_why *why)
{
    struct change *ch = calloc(1, sizeof *ch);
    struct add a = {.ch = ch, .members = members, .n = n};

    if (ch == NULL)
        return KAI_ENOMEM;
    memcpy(ch->id, id, KAI_ID_BYTES);
    ch->why = why;
    enum kai_err err = kai_core_run(c, job_add, &a);
    if (err == KAI_OK && a.changed)
        err = announce_rules(c, ch);
    change_free(ch);
    return err;
}

enum kai_err kai_audiences_begin(struct kai_core *c, struct kai_why *why)
{
    const struct kai_aud_spec specs[] = {
        {.name = "public", .kind = KAI_AUD_PUBLIC, .history = KAI_HISTORY_ALL},
        {.name = "all", .kind = KAI_AUD_COMMUNITY, .history = KAI_HISTORY_ALL},
    };
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < 2; i++) {
        uint8_t id[KAI_ID_BYTES];

        err = kai_audience_create(c, &specs[i], id, why);
    }
    return err;
}
