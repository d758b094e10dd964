/* policy: what an access rule allows. */
#include "policy/policy.h"

#include <stddef.h>

/* Numbers of docs/protocol.md 3 (audience kinds) and 5 (labels). */
enum { PUBLIC = 1, COMMUNITY, GROUP, CLIENTS, PROVIDERS, PERSONS, MAILBOX };
enum { CLEAR = 1, RED = 5 };

const char *kai_policy_publish(const struct kai_policy_publish *f)
{
    if (!f->may_publish)
        return "publish.capability";
    if (f->audience_kind < PUBLIC || f->audience_kind > MAILBOX)
        return "audience.kind";
    if (!f->member && f->audience_kind != MAILBOX)
        return "publish.not-member";
    if (f->tlp < CLEAR || f->tlp >= RED) /* What is no label counts as RED. */
        return f->audience_kind == PERSONS ? NULL : "label.red";
    if (f->tlp > f->ceiling)
        return "label.ceiling";
    return NULL;
}
