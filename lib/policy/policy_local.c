/* policy_local: what a local user may see, do and take out. */
#include "base/check.h"
#include "policy/policy_int.h"

/* What a PAP counts as: 0 none, else 1..4; an unknown one is RED. */
static uint8_t pap_of(uint8_t pap)
{
    return pap > 4 ? 4 : pap;
}

/* Whether it is there for this reader at all. */
static const char *seen(uint8_t clearance, uint8_t tlp, bool quarantined)
{
    bool cleared = clearance >= KAI_POLICY_CLEAR && clearance <= KAI_POLICY_RED &&
                   kai_policy_label(tlp) <= clearance;

    if (!KAI_CHECK(READ_QUARANTINED, !quarantined))
        return kai_policy_code(V_READ_QUARANTINED);
    if (!KAI_CHECK(READ_CLEARANCE, cleared))
        return kai_policy_code(V_READ_CLEARANCE);
    return NULL;
}

/* Alerts and drop rules of one's own: what they hold acts by itself. So may what reads a feed,
 * which must be told that something is withdrawn. */
static const char *to_sensor(const struct kai_policy_export *f)
{
    bool block = f->purpose == KAI_POLICY_BLOCK;

    if (!KAI_CHECK(EXPORT_EXERCISE, !f->exercise))
        return kai_policy_code(V_EXPORT_EXERCISE);
    if (f->purpose != KAI_POLICY_FEED && !KAI_CHECK(EXPORT_CURRENT, !f->withdrawn && !f->expired))
        return kai_policy_code(f->withdrawn ? V_ITEM_WITHDRAWN : V_ITEM_EXPIRED);
    if (!KAI_CHECK(EXPORT_PAP, pap_of(f->pap) <= (block ? 2 : 3)))
        return kai_policy_code(block ? V_EXPORT_PAP_BLOCK : V_EXPORT_PAP_DETECT);
    return NULL;
}

const char *kai_policy_export(const struct kai_policy_export *f)
{
    const char *no;

    if (f->purpose < KAI_POLICY_DETECT || f->purpose > KAI_POLICY_FEED)
        return kai_policy_code(V_EXPORT_PURPOSE);
    no = seen(f->clearance, f->tlp, f->quarantined);
    if (no != NULL)
        return no;
    if (!KAI_CHECK(EXPORT_RED, kai_policy_label(f->tlp) != KAI_POLICY_RED))
        return kai_policy_code(V_EXPORT_RED);
    if (!KAI_CHECK(EXPORT_RECALLED, !f->recalled))
        return kai_policy_code(V_ITEM_RECALLED);
    return f->purpose == KAI_POLICY_FILE ? NULL : to_sensor(f);
}

const char *kai_policy_read(const struct kai_policy_read *f)
{
    const char *no;

    if (!KAI_CHECK(READ_ROLE, f->role >= KAI_POLICY_READER && f->role <= KAI_POLICY_ADMIN))
        return kai_policy_code(V_ROLE_NONE);
    no = seen(f->clearance, f->tlp, f->quarantined);
    if (no != NULL)
        return no;
    if (!KAI_CHECK(READ_SEALED, !f->sealed || !f->wants_content))
        return kai_policy_code(V_READ_SEALED);
    return NULL;
}

const char *kai_policy_role(uint8_t role, uint64_t verb)
{
    uint8_t needed = verb == KAI_POLICY_LOOK    ? KAI_POLICY_READER
                     : verb == KAI_POLICY_SHARE ? KAI_POLICY_ANALYST
                                                : KAI_POLICY_ADMIN;

    if (role < KAI_POLICY_READER || role > KAI_POLICY_ADMIN)
        return kai_policy_code(V_ROLE_NONE);
    if (!KAI_CHECK(ROLE, role >= needed))
        return kai_policy_code(V_ROLE_LOWER);
    return NULL;
}
