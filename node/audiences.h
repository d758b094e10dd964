/* audiences: making audiences and changing who is in them (docs/protocol.md 3, 6). */
#ifndef KAI_NODE_AUDIENCES_H
#define KAI_NODE_AUDIENCES_H

#include "node/core.h"

struct kai_aud_spec {
    const char *name;
    uint64_t kind;      /* enum kai_aud_kind: public, community, group. */
    uint64_t label_max; /* 0: the kind's own. */
    uint64_t history;   /* Days. */
    size_t n_members;
    const struct kai_org *members[64];
    size_t n_stewards;
    const struct kai_org *stewards[KAI_STEWARDS_MAX];
    size_t n_rule;
    struct kai_attr rule[KAI_ATTRS_MAX];
};

/* Make an audience that we own: rule, AUDIENCE record, first epoch, and its name in its log. On the
 * caller's thread, which is not the owning one of a running loop. *id is set. Errors: KAI_EEXIST
 * (audience.exists), KAI_EMALFORMED, KAI_EDENIED, KAI_ENOTFOUND (key.no-issuing). */
KAI_MUST_USE enum kai_err kai_audience_create(struct kai_core *c, const struct kai_aud_spec *s,
                                              uint8_t id[static KAI_ID_BYTES], struct kai_why *why);
/* Add members to a group that we own. Those who are members already change nothing. */
KAI_MUST_USE enum kai_err kai_audience_add(struct kai_core *c,
                                           const uint8_t id[static KAI_ID_BYTES],
                                           const struct kai_org *const *members, size_t n,
                                           struct kai_why *why);
/* `public` and `all` of a network just founded. */
KAI_MUST_USE enum kai_err kai_audiences_begin(struct kai_core *c, struct kai_why *why);

/* Take a RULE item (from the projection or of our own) and keep it for the next start. Owning
 * thread. */
KAI_MUST_USE enum kai_err kai_audience_rule(struct kai_core *c, struct kai_view rule_item);
/* Feed what was kept. At start. */
KAI_MUST_USE enum kai_err kai_audience_rules_load(struct kai_core *c, struct kai_snap *s);

/* Names of kinds: "group" <-> KAI_AUD_GROUP; NULL / 0 when there is none. */
const char *kai_aud_kind_name(uint64_t kind);
uint64_t kai_aud_kind_parse(const char *name);

#endif
