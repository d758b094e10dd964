/* stix_refs: which objects one object speaks of, where that is worth finding the other way round.
 */
#include <string.h>

#include "item/stix_json.h"

struct refs {
    kai_stix_ref_fn *f;
    void *ctx;
};

static bool give(const struct refs *r, enum kai_stix_role role, const json_t *v)
{
    uint8_t uuid[16];

    return !kai_stix_ref(v, NULL, uuid) || r->f(r->ctx, role, uuid);
}

void kai_stix_kept_refs(const struct kai_stix_kept *k, kai_stix_ref_fn *f, void *ctx)
{
    const char *type = json_string_value(json_object_get(k->o, "type"));
    struct refs r = {.f = f, .ctx = ctx};
    const json_t *list = json_object_get(k->o, "object_refs");

    if (type == NULL)
        return;
    if (strcmp(type, "relationship") == 0) {
        if (give(&r, KAI_STIX_IS_SOURCE, json_object_get(k->o, "source_ref")))
            (void)give(&r, KAI_STIX_IS_TARGET, json_object_get(k->o, "target_ref"));
    } else if (strcmp(type, "sighting") == 0) {
        (void)give(&r, KAI_STIX_IS_SIGHTED, json_object_get(k->o, "sighting_of_ref"));
    } else if (strcmp(type, "note") == 0 || strcmp(type, "opinion") == 0) {
        for (size_t i = 0; i < json_array_size(list) && i < KAI_STIX_REFS_MAX; i++) {
            if (!give(&r, KAI_STIX_IS_NOTED, json_array_get(list, i)))
                return;
        }
    }
}
