/* policy_int: what the files of lib/policy share. */
#ifndef KAI_POLICY_POLICY_INT_H
#define KAI_POLICY_POLICY_INT_H

#include "policy/policy.h"

/* A verdict can only be a code of policy_codes.def. */
enum verdict {
#define KAI_POLICY_CODE(id, code) V_##id,
#include "policy/policy_codes.def"
#undef KAI_POLICY_CODE
    VERDICTS_N
};
const char *kai_policy_code(enum verdict v);

/* An audience and what would be in it: the same question for publish, for a listed audience and for
 * the target of a re-share. NULL: it may carry the label. */
const char *kai_policy_carries(uint8_t tlp, uint64_t kind, uint64_t ceiling);
/* Who may write into an audience, whatever the label. */
const char *kai_policy_writes(uint64_t kind, bool member, bool may_publish);

#endif
