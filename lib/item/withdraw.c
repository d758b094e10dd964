/* withdraw: the version that takes an object back. */
#include "item/withdraw.h"

#include <stdlib.h>

#include "item/stix_json.h"

static enum kai_err take_back(json_t *o, uint64_t now_ms, struct kai_why *why)
{
    char text[KAI_STIX_TIME_CAP];
    struct kai_stix_info info;
    enum kai_err err = kai_stix_check_json(o, &info, why);

    if (err != KAI_OK)
        return err;
    if (info.class_of != KAI_STIX_SDO && info.class_of != KAI_STIX_SRO)
        return kai_why_set(why, KAI_EDENIED, "share.no-version", info.type, NULL, NULL);
    if (now_ms <= info.modified_ms)
        now_ms = info.modified_ms + 1;
    json_t *when = json_string(kai_stix_time_text(text, now_ms));
    if (when == NULL || json_object_set_new(o, "modified", when) != 0 ||
        json_object_set_new(o, "revoked", json_true()) != 0)
        return KAI_ENOMEM;
    return KAI_OK;
}

enum kai_err kai_stix_withdraw(struct kai_buf *out, struct kai_view object, uint64_t now_ms,
                               struct kai_why *why)
{
    json_t *o = NULL;
    enum kai_err err = kai_json_load(object, &o, why);

    if (err == KAI_OK)
        err = take_back(o, now_ms, why);
    if (err == KAI_OK)
        err = kai_json_dump(out, o);
    json_decref(o);
    return err;
}
