/* policy_share: what goes from one organisation to another: publish, forward, re-share, and what
 * only the source may do. */
#include "base/check.h"
#include "policy/policy_int.h"

const char *kai_policy_publish(const struct kai_policy_publish *f)
{
    const char *no = kai_policy_writes(f->audience_kind, f->member, f->may_publish);

    if (no == NULL)
        no = kai_policy_carries(f->tlp, f->audience_kind, f->ceiling);
    if (no != NULL)
        return no;
    if (!KAI_CHECK(RED_SEALED, kai_policy_label(f->tlp) != KAI_POLICY_RED || f->sealed))
        return kai_policy_code(V_RED_UNSEALED);
    return NULL;
}

const char *kai_policy_list(uint8_t tlp, uint64_t audience_kind, uint64_t ceiling)
{
    if (kai_policy_ceiling(audience_kind, KAI_POLICY_RED) == 0)
        return kai_policy_code(V_AUDIENCE_KIND);
    if (tlp != KAI_POLICY_NONE && kai_policy_label(tlp) == KAI_POLICY_RED)
        return kai_policy_code(V_LABEL_RED); /* Nobody passes RED on: there is nothing to list. */
    return kai_policy_carries(tlp, audience_kind, ceiling);
}

const char *kai_policy_forward(const struct kai_policy_forward *f)
{
    bool carrier = f->relay_listed || (f->audience_kind == KAI_POLICY_MAILBOX && f->relay_cap);

    if (kai_policy_ceiling(f->audience_kind, KAI_POLICY_RED) == 0)
        return kai_policy_code(V_AUDIENCE_KIND);
    if (!KAI_CHECK(PEER_ACTIVE, f->peer_active))
        return kai_policy_code(V_FORWARD_INACTIVE);
    if (!KAI_CHECK(PEER_MEMBER, f->member || carrier))
        return kai_policy_code(V_FORWARD_NOT_MEMBER);
    if (!KAI_CHECK(RELAY_CAPABILITY, f->member || !carrier || f->relay_cap))
        return kai_policy_code(V_FORWARD_RELAY);
    if (!KAI_CHECK(PEER_MATCHED, f->matched || (f->keys_only && f->offered)))
        return kai_policy_code(V_FORWARD_UNMATCHED);
    return NULL;
}

/* Where the sharer got it: an audience that the source listed and that could carry the label. In a
 * public one everybody is a member, which proves nothing about what was never public. */
static const char *came_rightly(const struct kai_policy_reshare *f)
{
    bool carried = kai_policy_carries(f->tlp, f->from_kind, KAI_POLICY_RED) == NULL;

    if (!KAI_CHECK(RESHARE_FROM_LISTED, f->from_listed))
        return kai_policy_code(V_RESHARE_FROM);
    if (!KAI_CHECK(RESHARE_FROM_PROVEN, f->from_proven && carried))
        return kai_policy_code(V_RESHARE_FROM);
    return NULL;
}

/* Where its label lets it go, when the source has not named the target. */
static const char *goes_rightly(const struct kai_policy_reshare *f, uint8_t label)
{
    bool clients = f->target_kind == KAI_POLICY_CLIENTS && f->target_of_sharer;

    if (label == KAI_POLICY_CLEAR)
        return NULL;
    if (!KAI_CHECK(RESHARE_PROVIDERS, f->target_kind != KAI_POLICY_PROVIDERS))
        return kai_policy_code(V_RESHARE_PROVIDERS);
    if (label == KAI_POLICY_GREEN)
        return KAI_CHECK(RESHARE_GREEN, f->target_inside) ? NULL : kai_policy_code(V_RESHARE_GREEN);
    if (label == KAI_POLICY_AMBER)
        return KAI_CHECK(RESHARE_AMBER, clients) ? NULL : kai_policy_code(V_RESHARE_AMBER);
    return KAI_CHECK(RESHARE_STRICT, false) ? NULL : kai_policy_code(V_RESHARE_STRICT);
}

const char *kai_policy_reshare(const struct kai_policy_reshare *f)
{
    uint8_t label = kai_policy_label(f->release_tlp != 0 ? f->release_tlp : f->tlp);
    const char *no = kai_policy_writes(f->target_kind, f->sharer_member, f->sharer_publishes);

    if (no != NULL)
        return no;
    if (!KAI_CHECK(RESHARE_RED,
                   kai_policy_label(f->tlp) != KAI_POLICY_RED && label != KAI_POLICY_RED))
        return kai_policy_code(V_RESHARE_RED);
    no = kai_policy_carries(label, f->target_kind, f->target_ceiling);
    if (no != NULL)
        return no;
    if (!KAI_CHECK(RESHARE_RECALLED, !f->recalled))
        return kai_policy_code(V_ITEM_RECALLED);
    if (f->sharer_is_origin)
        return NULL; /* It could publish it there, or release it. */
    if (!KAI_CHECK(RESHARE_REVOKED, !f->source_revoked || f->held_from_source))
        return kai_policy_code(V_RESHARE_SOURCE_REVOKED);
    no = came_rightly(f);
    if (no != NULL)
        return no;
    if (f->target_listed || (f->release_tlp != 0 && f->release_lists))
        return NULL;
    return goes_rightly(f, label);
}

const char *kai_policy_origin_act(const struct kai_policy_origin_act *f)
{
    uint8_t released = f->release_tlp != KAI_POLICY_NONE ? f->release_tlp : f->tlp;
    bool red =
        kai_policy_label(f->tlp) == KAI_POLICY_RED || kai_policy_label(released) == KAI_POLICY_RED;

    if (f->what < KAI_POLICY_RELEASE || f->what > KAI_POLICY_RECEIPTS)
        return kai_policy_code(V_ACT_UNKNOWN);
    if (!KAI_CHECK(ORIGIN_ONLY, f->of_origin))
        return kai_policy_code(V_ACT_NOT_SOURCE);
    if (!KAI_CHECK(ORIGIN_CAPABILITY, f->may_publish))
        return kai_policy_code(V_PUBLISH_CAPABILITY);
    if (!KAI_CHECK(RELEASE_RED, f->what != KAI_POLICY_RELEASE || !red))
        return kai_policy_code(V_RELEASE_RED);
    return NULL;
}
