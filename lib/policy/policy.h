/* policy: what an access rule allows, and which rule forbids the rest. Pure: facts in, verdict out.
 * Everybody who publishes, forwards, receives or shows an item asks here, and nothing else decides.
 *
 * A verdict is NULL for allowed, or the stable code of the rule that forbids. */
#ifndef KAI_POLICY_POLICY_H
#define KAI_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* What publishing depends on. */
struct kai_policy_publish {
    uint8_t tlp;            /* 1..5. */
    uint64_t audience_kind; /* enum kai_aud_kind's numbers. */
    uint64_t ceiling;       /* Of the audience: TLP 1..5. */
    bool member;            /* The origin is a member of the audience, or its owner. */
    bool may_publish;       /* Its node has the capability. */
};

/* Codes: publish.capability, publish.not-member, label.ceiling, label.red (RED is for persons),
 * audience.kind (no rule for this kind: nobody may). */
const char *kai_policy_publish(const struct kai_policy_publish *f);

#endif
