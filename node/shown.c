/* shown: what of the node's own facts a reader is shown. */
#include "node/shown.h"

#include "base/check.h"
#include "node/finder.h"
#include "policy/policy.h"

bool kai_shown_aud(const struct kai_outlook *o, const uint8_t aud_id[static KAI_ID_BYTES],
                   uint8_t clearance)
{
    const struct kai_audience *a = kai_roster_audience(o->roster, aud_id);
    uint8_t ceiling =
        a == NULL ? KAI_POLICY_RED : kai_policy_ceiling(a->rec.kind, a->rec.label_max);

    return KAI_CHECK(READER_AUDIENCE, clearance >= KAI_POLICY_RED || (ceiling != KAI_POLICY_NONE &&
                                                                      ceiling != KAI_POLICY_RED));
}

enum kai_err kai_shown_find_aud(const struct kai_outlook *o, const char *name, uint8_t clearance,
                                const struct kai_aud_name **out, struct kai_why *why)
{
    struct kai_finder f = {0};
    const void *found;

    for (size_t i = 0; i < o->n_names; i++)
        if (kai_shown_aud(o, o->names[i].id, clearance))
            kai_finder_consider(&f, &o->names[i], o->names[i].name, o->names[i].id, name);
    enum kai_err err = kai_finder_decide(&f, name, &found, why);
    *out = found;
    return err;
}

enum kai_err kai_shown_aud_by_id(const struct kai_outlook *o,
                                 const uint8_t aud_id[static KAI_ID_BYTES], uint8_t clearance,
                                 const struct kai_aud_name **out, struct kai_why *why)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];

    *out = kai_outlook_aud(o, aud_id);
    if (*out != NULL && kai_shown_aud(o, aud_id, clearance))
        return KAI_OK;
    *out = NULL;
    return kai_why_set(why, KAI_ENOTFOUND, "name.unknown", kai_hex(hex, aud_id, KAI_ID_BYTES), NULL,
                       NULL);
}
