/* stix: a STIX 2.1 bundle of the objects' texts as they come, and the definitions of the TLP
 * markings that they name: what says its whole label itself can be published again and is the same.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "export/form.h"
#include "item/label.h"
#include "item/scoid.h"

#define MARKING   "marking-definition--"
#define MARKING_N (sizeof MARKING - 1)
#define ID_N      (MARKING_N + 36)
#define EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

/* The nine that everybody knows. A body is what their standard says, or for TLP 2.0 its word. */
static const struct {
    const char *id;
    const char *tlp1;
    const char *tlp2;
} TLPS[] = {
    {MARKING "613f2e26-407d-48c7-9eca-b8e91df99dc9", "white", NULL},
    {MARKING "34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", NULL},
    {MARKING "f88d31f6-486f-44da-b317-01333bde0b82", "amber", NULL},
    {MARKING "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", NULL},
    {MARKING "94868c89-83c2-464b-929b-a1a8aa3c8487", NULL, "clear"},
    {MARKING "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", NULL, "green"},
    {MARKING "55d920b0-5e8b-4f79-9ee9-91f868d9b421", NULL, "amber"},
    {MARKING "939a9414-2ddd-4d32-a0cd-375ea402b003", NULL, "amber+strict"},
    {MARKING "e828b379-4e03-4974-9ac4-e53a884c97c1", NULL, "red"},
};
#define TLPS_N (sizeof TLPS / sizeof TLPS[0])

struct bundle {
    bool any;
    bool used[TLPS_N];
};

static enum kai_err begin(struct kai_export *e)
{
    struct bundle *s = calloc(1, sizeof *s);

    if (s == NULL)
        return KAI_ENOMEM;
    e->state = s;
    kai_export_open(e, 0, "");
    kai_buf_text(kai_export_file(e, 0), "{\"type\":\"bundle\"");
    return KAI_OK;
}

/* Which of the nine stand in the object's text. One that stands in a description only is one
 * definition too many, and no harm. */
static void find_markings(struct bundle *s, struct kai_view object)
{
    const uint8_t *end = object.p + object.n;
    const uint8_t *at = object.p;

    while ((size_t)(end - at) >= ID_N &&
           (at = memchr(at, MARKING[0], (size_t)(end - at) - ID_N + 1)) != NULL) {
        bool here = at[1] == MARKING[1] && memcmp(at, MARKING, MARKING_N) == 0;

        for (size_t i = 0; here && i < TLPS_N; i++)
            s->used[i] = s->used[i] || memcmp(at, TLPS[i].id, ID_N) == 0;
        at++;
    }
}

static void put_comma(struct bundle *s, struct kai_buf *b)
{
    kai_buf_text(b, s->any ? ",\n" : ",\"objects\":[\n");
    s->any = true;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    struct bundle *s = e->state;
    struct kai_buf *b = kai_export_file(e, 0);

    if (r->object.n == 0)
        return KAI_EXPORT_TYPE;
    find_markings(s, r->object);
    put_comma(s, b);
    kai_buf_add(b, r->object.p, r->object.n);
    return KAI_EXPORT_TAKEN;
}

static void put_marking(struct kai_export *e, size_t i)
{
    struct kai_buf *b = kai_export_file(e, 0);

    kai_buf_printf(b, "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\",",
                   TLPS[i].id);
    if (TLPS[i].tlp1 != NULL)
        kai_buf_printf(b,
                       "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\","
                       "\"name\":\"TLP:%s\",\"definition\":{\"tlp\":\"%s\"}}",
                       i == 0   ? "WHITE"
                       : i == 1 ? "GREEN"
                       : i == 2 ? "AMBER"
                                : "RED",
                       TLPS[i].tlp1);
    else
        kai_buf_printf(b,
                       "\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"%s\",\"extensions\":{"
                       "\"" EXTENSION "\":{\"extension_type\":\"property-extension\","
                       "\"tlp_2_0\":\"%s\"}}}",
                       kai_tlp_name(kai_tlp_of_marking(TLPS[i].id)), TLPS[i].tlp2);
}

static void end(struct kai_export *e)
{
    struct bundle *s = e->state;
    uint8_t id[16];
    char text[KAI_UUID_CAP];

    for (size_t i = 0; i < TLPS_N; i++) {
        if (!s->used[i])
            continue;
        put_comma(s, kai_export_file(e, 0));
        put_marking(e, i);
    }
    /* The seed is at random, and told to nobody. */
    (void)crypto_generichash(id, sizeof id, e->opts.seed, sizeof e->opts.seed, NULL, 0);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    kai_buf_printf(kai_export_file(e, 0), "%s,\"id\":\"bundle--%s\"}\n", s->any ? "\n]" : "",
                   kai_uuid_text(text, id));
}

const struct export_form kai_export_stix = {.name = "stix",
                                            .use = KAI_EXPORT_FILE,
                                            .objects = true,
                                            .begin = begin,
                                            .add = add,
                                            .end = end,
                                            .free = free};
