/* audiences: making audiences and changing who is in them (docs/protocol.md 3, 6). */
#ifndef KAI_NODE_AUDIENCES_H
#define KAI_NODE_AUDIENCES_H

#include "node/audience_kind.h"
#include "node/core.h"

#define KAI_AUD_NAMED_MAX  256u /* Members named in one request: what a command line is for. */
#define KAI_AUD_RELAYS_MAX 8u   /* What an AUDIENCE record has room for. */

struct kai_aud_spec {
    const char *name;   /* Create. */
    uint64_t kind;      /* Create: enum kai_aud_kind. */
    uint64_t label_max; /* Create; 0: the kind's own. */
    uint64_t history;   /* Create: days. */
    size_t n_members;
    uint8_t members[KAI_AUD_NAMED_MAX]
                   [KAI_ID_BYTES]; /* As kai_aud_kind_ids(); places of persons. */
    size_t n_stewards;
    uint8_t stewards[KAI_STEWARDS_MAX][KAI_ID_BYTES]; /* Organisations. */
    size_t n_relays;
    uint8_t relays[KAI_AUD_RELAYS_MAX][KAI_ID_BYTES]; /* Nodes. */
    size_t n_rule;                                    /* Create. */
    struct kai_attr rule[KAI_ATTRS_MAX];
};

/* Make an audience that we own: rule, AUDIENCE record, first epoch, and its name in its log. On the
 * caller's thread, which is not the owning one of a running loop. *id is set. Errors: KAI_EEXIST
 * (audience.exists), KAI_EMALFORMED, KAI_EDENIED, KAI_ENOTFOUND (key.no-issuing). */
KAI_MUST_USE enum kai_err kai_audience_create(struct kai_core *c, const struct kai_aud_spec *s,
                                              uint8_t id[static KAI_ID_BYTES], struct kai_why *why);
/* Add members, stewards and relays to an audience that we own, or take them out: a new version of
 * AUDIENCE and rule; whoever was taken out gets no later key. What is so already changes nothing.
 * A member that is taken out is no steward any more. Errors: as above, and KAI_EAGAIN
 * (audience.no-rule: the list of members is not here yet). */
KAI_MUST_USE enum kai_err kai_audience_change(struct kai_core *c,
                                              const uint8_t id[static KAI_ID_BYTES],
                                              const struct kai_aud_spec *s, bool remove,
                                              struct kai_why *why);
/* All that we own said anew, by a new issuing key and in a log of this node: what a lost node wrote
 * is passed on to nobody. What cannot be said now (audience.no-rule) is left out. */
KAI_MUST_USE enum kai_err kai_audiences_renew(struct kai_core *c, struct kai_why *why);
/* `public` and `all` of a network just founded. */
KAI_MUST_USE enum kai_err kai_audiences_begin(struct kai_core *c, struct kai_why *why);

/* Take a RULE item (from the projection or of our own) and keep it for the next start. Owning
 * thread. */
KAI_MUST_USE enum kai_err kai_audience_rule(struct kai_core *c, struct kai_view rule_item);
/* Feed what was kept. At start. */
KAI_MUST_USE enum kai_err kai_audience_rules_load(struct kai_core *c, struct kai_snap *s);

#endif
