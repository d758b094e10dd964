/* audiences: making audiences and changing who is in them. */
#include "node/audiences.h"

#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "node/audience_heir.h"
#include "node/post.h"
#include "node/steward.h"
#include "node/sure.h"
#include "policy/policy.h"

struct change {
    const struct kai_aud_spec *spec;
    bool remove;
    bool changed;
    uint64_t ceiling;
    struct kai_aud_rec rec;
    uint8_t id[KAI_ID_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint8_t *ids; /* Of the members, ascending. */
    size_t n_ids;
    size_t n_items;
    struct kai_buf items[KAI_RULE_PARTS_MAX];
    struct kai_why *why;
};

static uint64_t ids_kind(const struct change *ch)
{
    uint64_t kind = kai_aud_kind_ids(ch->rec.kind);

    return kind != 0 ? kind : KAI_ADMIT_ORG; /* A rule without a list only tells the name. */
}

static bool has_id(const uint8_t (*ids)[KAI_ID_BYTES], size_t n, const uint8_t *id)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(ids[i], id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

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
    struct kai_view views[KAI_RULE_PARTS_MAX];

    if (r == NULL || of > KAI_RULE_PARTS_MAX) {
        free(r);
        return r == NULL ? KAI_ENOMEM : KAI_ELIMIT;
    }
    if (ch->n_ids > 0)
        qsort(ch->ids, ch->n_ids, KAI_ID_BYTES, id_cmp);
    const struct kai_issuing *iss = kai_roster_issuing(kai_net_roster(c->net), c->issuing->sign_pk);
    enum kai_err err = iss == NULL ? KAI_ENOTFOUND : KAI_OK;
    for (size_t i = 0; err == KAI_OK && i < of; i++) {
        size_t at = i * KAI_RULE_IDS_MAX;

        *r = (struct kai_rule){.ver = ch->rec.ver, .id_kind = ids_kind(ch), .part = i, .of = of};
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
    enum kai_err err = kai_sure_issue(c, ch->why); /* Before the rule that counts is overwritten. */

    if (err == KAI_OK)
        err = write_rules(c, ch);

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

/* An owner that may not see the ceiling would be no member of its own audience. */
static enum kai_err check_ceiling(struct change *ch, const struct kai_org *self)
{
    const struct kai_aud_spec *s = ch->spec;
    uint64_t most = kai_aud_kind_ceiling(s->kind);
    bool fixed = s->kind == KAI_AUD_PUBLIC || s->kind == KAI_AUD_PERSONS;

    ch->ceiling = s->label_max != 0                  ? s->label_max
                  : !fixed && most > self->label_max ? self->label_max
                                                     : most;
    if (kai_policy_ceiling(s->kind, ch->ceiling) == ch->ceiling &&
        (ch->ceiling <= self->label_max || s->kind == KAI_AUD_PUBLIC) &&
        (!fixed || ch->ceiling == most))
        return KAI_OK;
    if (!fixed)
        most = kai_policy_ceiling(s->kind, KAI_TLP_RED);
    if (most > self->label_max && s->kind != KAI_AUD_PUBLIC)
        most = self->label_max;
    return kai_why_set(ch->why, KAI_EDENIED, "audience.ceiling", s->name,
                       kai_tlp_name((uint8_t)most), NULL);
}

static enum kai_err check_spec(struct kai_core *c, struct change *ch)
{
    const struct kai_aud_spec *s = ch->spec;
    uint8_t other[KAI_ID_BYTES];
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
    if (s->n_members > 0 && kai_aud_kind_ids(s->kind) == 0)
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.not-group", s->name, NULL, NULL);
    if (s->n_rule > 0 && s->kind != KAI_AUD_COMMUNITY)
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.not-community", s->name, NULL, NULL);
    return check_ceiling(ch, self);
}

static enum kai_err add_steward(struct change *ch, const uint8_t org[static KAI_ID_BYTES])
{
    if (has_id((const uint8_t(*)[KAI_ID_BYTES])ch->rec.stewards, ch->rec.n_stewards, org))
        return KAI_OK;
    if (ch->rec.n_stewards == KAI_STEWARDS_MAX)
        return kai_why_set(ch->why, KAI_ELIMIT, "audience.stewards", NULL, NULL, NULL);
    memcpy(ch->rec.stewards[ch->rec.n_stewards++], org, KAI_ID_BYTES);
    ch->changed = true;
    return KAI_OK;
}

static enum kai_err add_relay(struct change *ch, const uint8_t node[static KAI_ID_BYTES])
{
    if (has_id((const uint8_t(*)[KAI_ID_BYTES])ch->rec.relays, ch->rec.n_relays, node))
        return KAI_OK;
    if (ch->rec.n_relays == KAI_AUD_RELAYS_MAX)
        return kai_why_set(ch->why, KAI_ELIMIT, "audience.relays", NULL, NULL, NULL);
    memcpy(ch->rec.relays[ch->rec.n_relays++], node, KAI_ID_BYTES);
    ch->changed = true;
    return KAI_OK;
}

/* A relay carries what it cannot read: it needs the capability, and to be there. */
static enum kai_err check_relays(const struct kai_core *c, struct change *ch)
{
    for (size_t i = 0; i < ch->spec->n_relays; i++) {
        const struct kai_node *n = kai_roster_node(kai_net_roster(c->net), ch->spec->relays[i]);

        if (n == NULL || !n->active || (n->caps & KAI_CAP_RELAY) == 0)
            return kai_why_set(ch->why, KAI_EDENIED, "audience.relay", n == NULL ? "" : n->name,
                               NULL, NULL);
    }
    return KAI_OK;
}

/* The name of a community is written into it, which only its members can: no provider is one. */
static enum kai_err check_owner(const struct kai_core *c, struct change *ch)
{
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (ch->rec.kind != KAI_AUD_COMMUNITY || (self->caps & KAI_CAP_PROVIDER) == 0)
        return KAI_OK;
    return kai_why_set(ch->why, KAI_EDENIED, "audience.owner-out", ch->spec->name, NULL, NULL);
}

static enum kai_err job_create(struct kai_core *c, void *arg)
{
    struct change *ch = arg;
    const struct kai_aud_spec *s = ch->spec;
    enum kai_err err = check_spec(c, ch);

    if (err == KAI_OK)
        err = check_relays(c, ch);
    if (err != KAI_OK)
        return err;
    ch->rec = (struct kai_aud_rec){
        .ver = 1,
        .kind = s->kind,
        .rule_open = kai_aud_kind_ids(s->kind) == 0,
        .n_rule = s->n_rule,
        .label_max = ch->ceiling,
        .history = s->history,
    };
    randombytes_buf(ch->rec.nonce, sizeof ch->rec.nonce);
    memcpy(ch->rec.rule, s->rule, sizeof ch->rec.rule);
    err = check_owner(c, ch);
    if (err != KAI_OK)
        return err;
    kai_copy_text(ch->name, sizeof ch->name, s->name);
    kai_aud_id(ch->id, c->self.org_id, ch->rec.nonce);
    err = add_steward(ch, c->self.org_id); /* The owner keeps the keys, others beside it. */
    for (size_t i = 0; err == KAI_OK && i < s->n_stewards; i++)
        err = add_steward(ch, s->stewards[i]);
    for (size_t i = 0; err == KAI_OK && i < s->n_relays; i++)
        err = add_relay(ch, s->relays[i]);
    for (size_t i = 0; err == KAI_OK && s->kind == KAI_AUD_GROUP && i < ch->rec.n_stewards; i++)
        err = add_id(ch, ch->rec.stewards[i]);
    for (size_t i = 0; err == KAI_OK && i < s->n_members; i++)
        err = add_id(ch, s->members[i]);
    return err == KAI_OK ? issue(c, ch) : err;
}

/* ---- Changing. */
static bool drop(uint8_t (*ids)[KAI_ID_BYTES], size_t *n, const uint8_t *id)
{
    for (size_t i = 0; i < *n; i++) {
        if (memcmp(ids[i], id, KAI_ID_BYTES) == 0) {
            memmove(ids[i], ids[i + 1], (--*n - i) * KAI_ID_BYTES);
            return true;
        }
    }
    return false;
}

/* Who is in by the list that counts now. */
static enum kai_err load_members(struct kai_core *c, struct change *ch)
{
    const struct kai_org **orgs = NULL;
    const struct kai_person **persons = NULL;
    size_t n = 0;
    bool of_persons = kai_aud_kind_ids(ch->rec.kind) == KAI_ADMIT_PERSON;
    enum kai_err err = KAI_OK;

    if (ch->rec.rule_open)
        return KAI_OK;
    if (!kai_keyring_members_known(c->ring, ch->id))
        return kai_why_set(ch->why, KAI_EAGAIN, "audience.no-rule", ch->name, NULL, NULL);
    if (of_persons)
        err = kai_keyring_persons(c->ring, ch->id, &persons, &n);
    else
        err = kai_keyring_org_members(c->ring, ch->id, &orgs, &n);
    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        /* Of providers the owner is a member without standing in the list. */
        if (of_persons)
            err = add_id(ch, persons[i]->place);
        else if (ch->rec.kind == KAI_AUD_GROUP ||
                 memcmp(orgs[i]->id, c->self.org_id, KAI_ID_BYTES) != 0)
            err = add_id(ch, orgs[i]->id);
    }
    free(orgs);
    free(persons);
    return err;
}

static enum kai_err apply_add(struct change *ch)
{
    const struct kai_aud_spec *s = ch->spec;
    enum kai_err err = KAI_OK;
    size_t before = ch->n_ids;

    for (size_t i = 0; err == KAI_OK && i < s->n_members; i++)
        err = add_id(ch, s->members[i]);
    ch->changed = ch->changed || ch->n_ids != before;
    for (size_t i = 0; err == KAI_OK && i < s->n_stewards; i++)
        err = add_steward(ch, s->stewards[i]);
    for (size_t i = 0; err == KAI_OK && i < s->n_relays; i++)
        err = add_relay(ch, s->relays[i]);
    return err;
}

static enum kai_err drop_steward(const struct kai_core *c, struct change *ch, const uint8_t *org)
{
    if (memcmp(org, c->self.org_id, KAI_ID_BYTES) == 0) /* Somebody has to hand out the next key. */
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.owner-stays", ch->name, NULL, NULL);
    if (drop(ch->rec.stewards, &ch->rec.n_stewards, org))
        ch->changed = true;
    return KAI_OK;
}

/* Whoever stands in another's place is out only with that one. */
static enum kai_err check_heir(const struct kai_core *c, struct change *ch, const uint8_t *member)
{
    const struct kai_roster *r = kai_net_roster(c->net);
    const struct kai_org *org = kai_roster_org(r, member);
    uint8_t(*ids)[KAI_ID_BYTES] = (uint8_t(*)[KAI_ID_BYTES])ch->ids;
    const struct kai_org *old = kai_audience_in_place(r, org, ids, ch->n_ids);

    if (old == NULL)
        old = kai_audience_in_place(r, org, ch->rec.stewards, ch->rec.n_stewards);
    if (old == NULL && org == NULL)
        old = kai_audience_place_of(r, member, ids, ch->n_ids, &org);
    return old == NULL
               ? KAI_OK
               : kai_why_set(ch->why, KAI_EDENIED, "audience.in-place", org->name, old->name, NULL);
}

static enum kai_err apply_remove(const struct kai_core *c, struct change *ch)
{
    const struct kai_aud_spec *s = ch->spec;
    bool orgs = kai_aud_kind_ids(ch->rec.kind) == KAI_ADMIT_ORG;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < s->n_members; i++) {
        if (drop((uint8_t(*)[KAI_ID_BYTES])ch->ids, &ch->n_ids, s->members[i]))
            ch->changed = true;
        if (orgs)
            err = drop_steward(c, ch, s->members[i]);
    }
    for (size_t i = 0; err == KAI_OK && i < s->n_stewards; i++)
        err = drop_steward(c, ch, s->stewards[i]);
    for (size_t i = 0; err == KAI_OK && i < s->n_members; i++)
        err = check_heir(c, ch, s->members[i]);
    for (size_t i = 0; err == KAI_OK && i < s->n_stewards; i++)
        err = check_heir(c, ch, s->stewards[i]);
    for (size_t i = 0; i < s->n_relays; i++)
        if (drop(ch->rec.relays, &ch->rec.n_relays, s->relays[i]))
            ch->changed = true;
    return err;
}

static enum kai_err job_change(struct kai_core *c, void *arg)
{
    struct change *ch = arg;
    const struct kai_audience *aud = kai_roster_audience(kai_net_roster(c->net), ch->id);

    kai_copy_text(ch->name, sizeof ch->name, kai_keyring_name(c->ring, ch->id));
    if (c->issuing == NULL)
        return kai_why_set(ch->why, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL, NULL);
    if (aud == NULL || memcmp(aud->owner->id, c->self.org_id, KAI_ID_BYTES) != 0)
        return kai_why_set(ch->why, KAI_EDENIED, "audience.not-owner", ch->name, NULL, NULL);
    if (aud->rec.rule_open && ch->spec->n_members > 0)
        return kai_why_set(ch->why, KAI_EMALFORMED, "audience.not-group", ch->name, NULL, NULL);
    ch->rec = aud->rec;
    ch->rec.ver++;
    enum kai_err err = load_members(c, ch);
    if (err == KAI_OK && !ch->remove)
        err = check_relays(c, ch);
    if (err == KAI_OK)
        err = ch->remove ? apply_remove(c, ch) : apply_add(ch);
    return err == KAI_OK && ch->changed ? issue(c, ch) : err;
}

/* ---- Telling. */

/* The members find the rule in the audience's own log. A steward may be no member yet, and cannot
 * know whom to hand keys to: it gets the rule by letter. One that cannot be written to now finds it
 * in the log. */
static enum kai_err announce_rules(struct kai_core *c, struct change *ch)
{
    struct kai_view items[KAI_RULE_PARTS_MAX];

    for (size_t i = 0; i < ch->n_items; i++)
        items[i] = kai_buf_view(&ch->items[i]);
    enum kai_err err = kai_post_items(c, ch->id, KAI_POST_NOW, items, ch->n_items, ch->why);
    if (err == KAI_OK)
        kai_audience_tell_stewards(c, &ch->rec, items, ch->n_items);
    return err;
}

static void change_free(struct change *ch)
{
    for (size_t i = 0; i < ch->n_items; i++)
        kai_buf_free(&ch->items[i]);
    free(ch->ids);
    free(ch);
}

static struct change *change_new(const struct kai_aud_spec *s, struct kai_why *why)
{
    struct change *ch = calloc(1, sizeof *ch);

    if (ch != NULL) {
        ch->spec = s;
        ch->why = why;
    }
    return ch;
}

enum kai_err kai_audience_create(struct kai_core *c, const struct kai_aud_spec *s,
                                 uint8_t id[static KAI_ID_BYTES], struct kai_why *why)
{
    struct change *ch = change_new(s, why);

    if (ch == NULL)
        return KAI_ENOMEM;
    enum kai_err err = kai_core_run(c, job_create, ch);
    if (err == KAI_OK)
        err = announce_rules(c, ch);
    if (err == KAI_OK)
        memcpy(id, ch->id, KAI_ID_BYTES);
    change_free(ch);
    return err;
}

static enum kai_err change(struct kai_core *c, const uint8_t *id, const struct kai_aud_spec *s,
                           bool remove, bool renew, struct kai_why *why)
{
    struct change *ch = change_new(s, why);

    if (ch == NULL)
        return KAI_ENOMEM;
    memcpy(ch->id, id, KAI_ID_BYTES);
    ch->remove = remove;
    ch->changed = renew;
    enum kai_err err = kai_core_run(c, job_change, ch);
    if (err == KAI_OK && ch->changed)
        err = announce_rules(c, ch);
    change_free(ch);
    return err;
}

enum kai_err kai_audience_change(struct kai_core *c, const uint8_t id[static KAI_ID_BYTES],
                                 const struct kai_aud_spec *s, bool remove, struct kai_why *why)
{
    return change(c, id, s, remove, false, why);
}

enum kai_err kai_audiences_renew(struct kai_core *c, struct kai_why *why)
{
    struct kai_aud_spec *none = calloc(1, sizeof *none);
    struct kai_outlook *o = kai_outlook_get(c); /* As it is now: each change makes another. */
    const struct kai_audience *auds;
    size_t n = kai_roster_audiences(o->roster, &auds);
    enum kai_err err = none == NULL ? KAI_ENOMEM : KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        if (memcmp(auds[i].owner->id, c->self.org_id, KAI_ID_BYTES) != 0)
            continue;
        err = change(c, auds[i].id, none, false, true, why);
        if (err == KAI_EAGAIN)
            err = KAI_OK;
    }
    kai_outlook_put(o);
    free(none);
    return err;
}

enum kai_err kai_audiences_begin(struct kai_core *c, struct kai_why *why)
{
    static const char *const names[] = {"public", "all"};
    struct kai_aud_spec *s = calloc(1, sizeof *s);
    enum kai_err err = s == NULL ? KAI_ENOMEM : KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < 2; i++) {
        uint8_t id[KAI_ID_BYTES];

        s->name = names[i];
        s->kind = i == 0 ? KAI_AUD_PUBLIC : KAI_AUD_COMMUNITY;
        s->history = KAI_HISTORY_ALL;
        err = kai_audience_create(c, s, id, why);
    }
    free(s);
    return err;
}
