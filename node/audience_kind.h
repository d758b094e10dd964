/* audience_kind: what the kinds of audiences are called, and how their members are named
 * (docs/protocol.md 3). */
#ifndef KAI_NODE_AUDIENCE_KIND_H
#define KAI_NODE_AUDIENCE_KIND_H

#include <stdbool.h>
#include <stdint.h>

/* Names of kinds: "group" <-> KAI_AUD_GROUP; NULL / 0 when there is none, or none that anybody
 * makes: a mailbox is there by itself. */
const char *kai_aud_kind_name(uint64_t kind);
uint64_t kai_aud_kind_parse(const char *name);
/* The highest label of an audience of this kind, unless a lower one is asked for. */
uint64_t kai_aud_kind_ceiling(uint64_t kind);

/* What a list of members consists of: KAI_ADMIT_ORG, KAI_ADMIT_PERSON; 0: there is no list, who is
 * in follows from the kind or from an open rule. */
uint64_t kai_aud_kind_ids(uint64_t kind);

#endif
