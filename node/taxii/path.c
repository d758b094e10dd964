/* path: what an address below /taxii2 names. */
#include "node/taxii/path.h"

#include <string.h>

#include "item/scoid.h"

#define PARTS_MAX 6u /* kairan collections UUID objects ID versions */

bool kai_taxii_object_id(struct kai_view id, size_t *type_n, uint8_t uuid[static 16])
{
    const size_t tail = KAI_UUID_CAP - 1 + 2; /* "--" and the UUID. */

    if (id.n <= tail || id.n >= KAI_STIX_ID_CAP)
        return false;
    *type_n = id.n - tail;
    return memcmp(id.p + *type_n, "--", 2) == 0 &&
           kai_uuid_parse(uuid, kai_view_of(id.p + *type_n + 2, tail - 2));
}

static bool is(struct kai_view part, const char *text)
{
    return kai_view_eq(part, kai_view_of(text, strlen(text)));
}

/* What stands between slashes; more than there may be: one too many. */
static size_t split(const char *url, struct kai_view parts[static PARTS_MAX])
{
    size_t n = 0;

    while (*url != '\0') {
        size_t len = strcspn(url, "/");

        if (n == PARTS_MAX)
            return PARTS_MAX + 1;
        parts[n++] = kai_view_of(url, len);
        url += len + (url[len] == '/');
    }
    return n;
}

static void below_collection(struct kai_taxii_path *out, const struct kai_view *parts, size_t n)
{
    if (!kai_uuid_parse(out->uuid, parts[2]))
        return;
    if (n == 3)
        out->what = KAI_TAXII_COLLECTION;
    else if (n == 4 && is(parts[3], "manifest"))
        out->what = KAI_TAXII_MANIFEST;
    else if (n == 4 && is(parts[3], "objects"))
        out->what = KAI_TAXII_OBJECTS;
    else if (n >= 5 && is(parts[3], "objects") && parts[4].n > 0 &&
             (n == 5 || is(parts[5], "versions")))
        out->what = n == 5 ? KAI_TAXII_OBJECT : KAI_TAXII_VERSIONS;
    if (n >= 5 && parts[4].n < sizeof out->object)
        memcpy(out->object, parts[4].p, parts[4].n);
}

bool kai_taxii_path(struct kai_taxii_path *out, const char *url)
{
    static const char base[] = KAI_TAXII_BASE;
    struct kai_view parts[PARTS_MAX];
    size_t base_n = sizeof base - 1;

    *out = (struct kai_taxii_path){.what = KAI_TAXII_NOTHING};
    if (strncmp(url, base, base_n - 1) != 0 || (url[base_n - 1] != '/' && url[base_n - 1] != '\0'))
        return false;
    size_t n = url[base_n - 1] == '\0' ? 0 : split(url + base_n, parts);
    if (n > PARTS_MAX || (n > 0 && !is(parts[0], "kairan")))
        return true;
    if (n == 0)
        out->what = KAI_TAXII_DISCOVERY;
    else if (n == 1)
        out->what = KAI_TAXII_API_ROOT;
    else if (n == 3 && is(parts[1], "status") && kai_uuid_parse(out->uuid, parts[2]))
        out->what = KAI_TAXII_STATUS;
    else if (n == 2 && is(parts[1], "collections"))
        out->what = KAI_TAXII_COLLECTIONS;
    else if (n >= 3 && is(parts[1], "collections"))
        below_collection(out, parts, n);
    return true;
}
