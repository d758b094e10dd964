/* policy: the codes, and how labels compare. */
#include "policy/policy_int.h"

#include <string.h>

#include "base/check.h"

static const char *const codes[] = {
#define KAI_POLICY_CODE(id, code) code,
#include "policy/policy_codes.def"
#undef KAI_POLICY_CODE
};

const char *kai_policy_code(enum verdict v)
{
    return codes[v];
}

size_t kai_policy_codes(const char *const **first)
{
    *first = codes;
    return VERDICTS_N;
}

bool kai_policy_is_code(const char *code)
{
    for (size_t i = 0; code != NULL && i < VERDICTS_N; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

uint8_t kai_policy_label(uint64_t tlp)
{
    return tlp < KAI_POLICY_CLEAR || tlp > KAI_POLICY_RED ? KAI_POLICY_RED : (uint8_t)tlp;
}

uint8_t kai_policy_strictest(const uint8_t *tlp, size_t n)
{
    uint8_t max = n == 0 ? KAI_POLICY_RED : KAI_POLICY_CLEAR;

    for (size_t i = 0; i < n; i++)
        if (kai_policy_label(tlp[i]) > max)
            max = kai_policy_label(tlp[i]);
    return max;
}

const char *kai_policy_raise(uint8_t stands, uint8_t given)
{
    if (stands == KAI_POLICY_NONE && given == KAI_POLICY_NONE)
        return kai_policy_code(V_LABEL_MISSING);
    if (stands == KAI_POLICY_NONE || given == KAI_POLICY_NONE)
        return NULL;
    if (!KAI_CHECK(LABEL_RAISE, kai_policy_label(given) >= kai_policy_label(stands)))
        return kai_policy_code(V_LABEL_LOWER);
    return NULL;
}

uint8_t kai_policy_ceiling(uint64_t kind, uint64_t ceiling)
{
    uint8_t most = KAI_POLICY_STRICT;

    if (kind < KAI_POLICY_PUBLIC || kind > KAI_POLICY_MAILBOX)
        return 0;
    if (kind == KAI_POLICY_PUBLIC)
        most = KAI_POLICY_CLEAR;
    if (kind == KAI_POLICY_PERSONS)
        most = KAI_POLICY_RED;
    return ceiling < most ? (uint8_t)ceiling : most;
}

const char *kai_policy_carries(uint8_t tlp, uint64_t kind, uint64_t ceiling)
{
    uint8_t label = kai_policy_label(tlp);
    bool persons = kind == KAI_POLICY_PERSONS;

    if (tlp == KAI_POLICY_NONE)
        return kai_policy_code(V_LABEL_MISSING);
    if (!KAI_CHECK(LABEL_CEILING, label <= kai_policy_ceiling(kind, ceiling)))
        return kai_policy_code(label == KAI_POLICY_RED && !persons ? V_LABEL_RED : V_LABEL_CEILING);
    /* Only RED is sealed to persons: anything else their whole organisations would read. */
    if (!KAI_CHECK(PERSONS_RED_ONLY, !persons || label == KAI_POLICY_RED))
        return kai_policy_code(V_LABEL_PERSONS);
    return NULL;
}

const char *kai_policy_writes(uint64_t kind, bool member, bool may_publish)
{
    if (!KAI_CHECK(PUBLISH_CAPABILITY, may_publish))
        return kai_policy_code(V_PUBLISH_CAPABILITY);
    if (kind < KAI_POLICY_PUBLIC || kind > KAI_POLICY_MAILBOX)
        return kai_policy_code(V_AUDIENCE_KIND);
    if (!KAI_CHECK(PUBLISH_MEMBER, member || kind == KAI_POLICY_MAILBOX))
        return kai_policy_code(V_PUBLISH_NOT_MEMBER);
    return NULL;
}
