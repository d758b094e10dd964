/* list_stix: the STIX indicator of one value of a list. */
#include <string.h>

#include "item/ascii.h"
#include "item/json.h"
#include "item/list.h"
#include "item/scoid.h"
#include "item/stix.h"

/* Names the indicators that Kairan makes of lists; made once at random. */
static const uint8_t LIST_NAMESPACE[16] = {0x6f, 0x0c, 0x1e, 0x7d, 0x2b, 0x5a, 0x4c, 0x43,
                                           0x9d, 0x3e, 0x81, 0x57, 0xc2, 0xe4, 0x0a, 0x96};

/* hex(origin org id) ":" type ":" value */
void kai_list_uuid(uint8_t out[static 16], enum kai_vtype vtype, struct kai_view norm,
                   const uint8_t origin[static KAI_ID_BYTES])
{
    char name[KAI_HEX_CAP(KAI_ID_BYTES) + 64 + KAI_VALUE_BYTES_MAX];
    const char *type = kai_vtype_name(vtype);
    size_t n = strlen(kai_hex(name, origin, KAI_ID_BYTES));

    name[n++] = ':';
    memcpy(name + n, type, strlen(type));
    n += strlen(type);
    name[n++] = ':';
    memcpy(name + n, norm.p, norm.n);
    kai_uuid5(out, LIST_NAMESPACE, name, n + norm.n);
}

/* Text inside a JSON string. A normal form has no control characters. */
static void put_json(struct kai_buf *out, const void *text, size_t n)
{
    const uint8_t *p = text;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '"' || p[i] == '\\')
            kai_buf_u8(out, '\\');
        kai_buf_u8(out, p[i]);
    }
}

/* A pattern's backslashes are doubled once for the pattern and again for JSON. */
static void put_pattern(struct kai_buf *out, enum kai_vtype type, struct kai_view norm)
{
    const char *path = kai_vtype_path(type);

    kai_buf_u8(out, '[');
    put_json(out, path, strlen(path));
    kai_buf_text(out, " = ");
    if (type == KAI_V_ASN) {
        kai_buf_add(out, norm.p, norm.n);
    } else {
        kai_buf_u8(out, '\'');
        for (size_t i = 0; i < norm.n; i++) {
            if (norm.p[i] == '\'' || norm.p[i] == '\\')
                put_json(out, "\\", 1);
            put_json(out, norm.p + i, 1);
        }
        kai_buf_u8(out, '\'');
    }
    kai_buf_u8(out, ']');
}

enum kai_err kai_list_stix_of(const struct kai_list *list, struct kai_view norm,
                              uint64_t created_ms, struct kai_label label,
                              const uint8_t origin_org_id[static KAI_ID_BYTES], struct kai_buf *out)
{
    char time[KAI_STIX_TIME_CAP];
    char id[KAI_UUID_CAP];
    uint8_t uuid[16];
    struct kai_view t = list->template_json;
    const char *marking = kai_tlp_marking(label.tlp);
    uint64_t lines = 0;

    if (norm.n == 0 || norm.n > KAI_VALUE_BYTES_MAX)
        return KAI_ENOTFOUND;
    kai_list_uuid(uuid, list->type, norm, origin_org_id);
    (void)kai_stix_time_text(time, created_ms);
    kai_buf_text(out, "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--");
    kai_buf_text(out, kai_uuid_text(id, uuid));
    kai_buf_text(out, "\",\"created\":\"");
    kai_buf_text(out, time);
    kai_buf_text(out, "\",\"modified\":\"");
    kai_buf_text(out, time);
    kai_buf_text(out, "\",\"pattern\":\"");
    put_pattern(out, list->type, norm);
    kai_buf_text(out, "\",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\",\"valid_from\":\"");
    kai_buf_text(out, time);
    kai_buf_u8(out, '"');
    if (marking != NULL) {
        kai_buf_text(out, ",\"object_marking_refs\":[\"");
        kai_buf_text(out, marking);
        kai_buf_text(out, "\"]");
    }
    /* The template is an object (kai_list_read() looked): its members, unless it has none. */
    if (t.n > 2) {
        struct kai_view inner = kai_view_of(t.p + 1, t.n - 2);

        if (kai_json_blank(inner, &lines) < inner.n) {
            kai_buf_u8(out, ',');
            kai_buf_add(out, inner.p, inner.n);
        }
    }
    kai_buf_u8(out, '}');
    return out->err;
}

enum kai_err kai_list_stix(const struct kai_list *list, uint32_t index, uint64_t created_ms,
                           struct kai_label label, const uint8_t origin_org_id[static KAI_ID_BYTES],
                           struct kai_buf *out)
{
    struct kai_view norm;

    if (!kai_list_at(list, NULL, index, &norm))
        return KAI_ENOTFOUND;
    return kai_list_stix_of(list, norm, created_ms, label, origin_org_id, out);
}
