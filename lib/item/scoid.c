/* scoid: deterministic ids of cyber-observable objects (STIX 2.1, 2.9). */
#include "item/scoid.h"

#include <string.h>

#include "item/jcs.h"
#include "item/json.h"

static const struct {
    const char *type;
    const char *properties[8];
} CONTRIBUTING[] = {
    {"artifact", {"hashes", "payload_bin"}},
    {"autonomous-system", {"number"}},
    {"directory", {"path"}},
    {"domain-name", {"value"}},
    {"email-addr", {"value"}},
    {"email-message", {"from_ref", "subject", "body"}},
    {"file", {"hashes", "name", "extensions", "parent_directory_ref"}},
    {"ipv4-addr", {"value"}},
    {"ipv6-addr", {"value"}},
    {"mac-addr", {"value"}},
    {"mutex", {"name"}},
    {"network-traffic",
     {"start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"}},
    {"software", {"name", "cpe", "swid", "vendor", "version"}},
    {"url", {"value"}},
    {"user-account", {"account_type", "user_id", "account_login"}},
    {"windows-registry-key", {"key", "values"}},
    {"x509-certificate", {"hashes", "serial_number"}},
};

/* The namespace of STIX 2.1; no other ids may use it. */
static const uint8_t SCO_NAMESPACE[16] = {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c,
                                          0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7};

/* Only one hash counts: the first of these, else the one with the smallest name. */
static json_t *one_hash(json_t *hashes)
{
    static const char *const order[] = {"MD5", "SHA-1", "SHA-256", "SHA-512"};
    const char *best = NULL;
    const char *key;
    json_t *v;

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (best == NULL && json_object_get(hashes, order[i]) != NULL)
            best = order[i];
    if (best == NULL) {
        json_object_foreach(hashes, key, v)
        {
            if (best == NULL || strcmp(key, best) < 0)
                best = key;
        }
    }
    return best == NULL ? NULL : json_pack("{s:O}", best, json_object_get(hashes, best));
}

/* The object of the contributing properties that are present; NULL without memory. */
static json_t *contribution(const json_t *o, size_t rule)
{
    json_t *out = json_object();

    for (size_t i = 0; i < 8 && CONTRIBUTING[rule].properties[i] != NULL; i++) {
        const char *key = CONTRIBUTING[rule].properties[i];
        json_t *v = json_object_get(o, key);

        if (v == NULL)
            continue;
        v = strcmp(key, "hashes") == 0 && json_object_size(v) > 0 ? one_hash(v) : json_incref(v);
        if (json_object_set_new(out, key, v) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static enum kai_err make_id(const json_t *o, size_t rule, char *out)
{
    char uuid_text[KAI_UUID_CAP];
    uint8_t uuid[16];
    struct kai_buf name;
    json_t *part = contribution(o, rule);
    enum kai_err err = KAI_ENOMEM;

    if (part == NULL)
        return KAI_ENOMEM;
    kai_buf_init(&name, 2 * KAI_STIX_BYTES_MAX);
    if (json_object_size(part) == 0)
        err = KAI_ENOTFOUND;
    else
        err = kai_jcs(part, &name);
    if (err == KAI_OK) {
        size_t n = strlen(CONTRIBUTING[rule].type);

        kai_uuid5(uuid, SCO_NAMESPACE, name.p, name.len);
        memcpy(out, CONTRIBUTING[rule].type, n);
        memcpy(out + n, "--", 2);
        memcpy(out + n + 2, kai_uuid_text(uuid_text, uuid), KAI_UUID_CAP);
    }
    kai_buf_free(&name);
    json_decref(part);
    return err;
}

enum kai_err kai_sco_id(struct kai_view object, char out[static KAI_STIX_ID_CAP])
{
    json_t *o;
    enum kai_err err = kai_json_load(object, &o, NULL);

    out[0] = '\0';
    if (err != KAI_OK)
        return err == KAI_ELIMIT ? KAI_EMALFORMED : err;
    const char *type = json_string_value(json_object_get(o, "type"));
    err = type == NULL ? KAI_EMALFORMED : KAI_ENOTFOUND;
    for (size_t i = 0; type != NULL && i < sizeof CONTRIBUTING / sizeof CONTRIBUTING[0]; i++)
        if (strcmp(type, CONTRIBUTING[i].type) == 0)
            err = make_id(o, i, out);
    json_decref(o);
    return err;
}
