/* persons: the people of an organisation: their places in the network, and their names, which only
 * the home that gave the place keeps (docs/protocol.md 3). */
#ifndef KAI_NODE_PERSONS_H
#define KAI_NODE_PERSONS_H

#include "keys/ceremony.h"
#include "node/core.h"

struct kai_person_spec {
    const struct kai_join *request;
    bool open_name;     /* The name stands in the certificate; else a salted hash of it. */
    uint64_t label_max; /* 0: what the organisation has. */
    uint64_t not_after; /* ms since 1970; 0: that of the organisation, at most five years. */
};

/* Give a person a place in our organisation. A place that is held stays as it is, unless it has
 * expired or the terms are named: then the new one replaces it. On the owning thread (inside a
 * job). *cert is the certificate of the place. Errors: KAI_ENOTFOUND (key.no-issuing), KAI_EDENIED
 * (node.not-active, admit.clearance), KAI_EMALFORMED (person.expired). */
KAI_MUST_USE enum kai_err kai_person_admit(struct kai_core *c, const struct kai_person_spec *s,
                                           uint8_t cert[static KAI_ID_BYTES], struct kai_why *why);

/* The name of a person as this home knows it: out of the certificate, or kept when the place was
 * given; "" where it is not known. Returns out. */
const char *kai_person_name(struct kai_snap *s, const struct kai_person *p,
                            char out[static KAI_TEXT_BYTES_MAX + 1]);
/* By name or unique id prefix. own: only places in this organisation, which may be NULL for all; of
 * one person any place is given then. Errors: KAI_ENOTFOUND (name.unknown), KAI_EAMBIGUOUS
 * (name.ambiguous). */
KAI_MUST_USE enum kai_err kai_person_find(const struct kai_roster *r, struct kai_snap *s,
                                          const struct kai_org *own, const char *text,
                                          const struct kai_person **out, struct kai_why *why);
/* The one ACTIVE place that is meant by PERSON, which is a name or a unique id prefix, or by
 * PERSON@ORG. A place in own goes before others, which may be of the same person: any organisation
 * may give one to a key whose request it saw. Errors: KAI_ENOTFOUND (name.unknown), KAI_EAMBIGUOUS
 * (name.ambiguous: several persons, or places in several other organisations). */
KAI_MUST_USE enum kai_err kai_person_place(const struct kai_roster *r, struct kai_snap *s,
                                           const struct kai_org *own, const char *text,
                                           const struct kai_person **out, struct kai_why *why);
/* Whether a place may be sealed to at this time: active, and not expired. */
bool kai_person_current(const struct kai_person *p, uint64_t now_ms);

#endif
