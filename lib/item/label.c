/* label: TLP and PAP. */
#include "item/label.h"

#include <string.h>

#include "item/ascii.h"

static const struct {
    const char *name;
    uint8_t tlp;
} TLP[] = {
    {"TLP:CLEAR", KAI_TLP_CLEAR}, {"TLP:GREEN", KAI_TLP_GREEN},
    {"TLP:AMBER", KAI_TLP_AMBER}, {"TLP:AMBER+STRICT", KAI_TLP_AMBER_STRICT},
    {"TLP:RED", KAI_TLP_RED},     {"TLP:WHITE", KAI_TLP_CLEAR}, /* The name that TLP 1 gave it. */
};

static const struct {
    const char *name;
    uint8_t pap;
} PAP[] = {
    {"PAP:CLEAR", KAI_PAP_CLEAR}, {"PAP:GREEN", KAI_PAP_GREEN}, {"PAP:AMBER", KAI_PAP_AMBER},
    {"PAP:RED", KAI_PAP_RED},     {"PAP:WHITE", KAI_PAP_CLEAR},
};

/* TLP 2.0 first, in the order of the numbers, then TLP 1. */
static const struct {
    const char *id;
    uint8_t tlp;
} MARKINGS[] = {
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", KAI_TLP_CLEAR},
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", KAI_TLP_GREEN},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", KAI_TLP_AMBER},
    {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", KAI_TLP_AMBER_STRICT},
    {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", KAI_TLP_RED},
    {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", KAI_TLP_CLEAR},
    {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", KAI_TLP_GREEN},
    {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", KAI_TLP_AMBER},
    {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", KAI_TLP_RED},
};

#define N_OF(a) (sizeof(a) / sizeof(a)[0])
#define PREFIX  4u /* "TLP:" */

static bool is_named(struct kai_view text, const char *name)
{
    return kai_ascii_is(text, name) || kai_ascii_is(text, name + PREFIX);
}

bool kai_tlp_parse(struct kai_view text, uint8_t *tlp)
{
    for (size_t i = 0; i < N_OF(TLP); i++)
        if (is_named(text, TLP[i].name)) {
            *tlp = TLP[i].tlp;
            return true;
        }
    return false;
}

const char *kai_tlp_name(uint8_t tlp)
{
    if (tlp == KAI_TLP_NONE)
        return "";
    return tlp <= KAI_TLP_RED ? TLP[tlp - 1].name : "TLP:?";
}

bool kai_pap_parse(struct kai_view text, uint8_t *pap)
{
    for (size_t i = 0; i < N_OF(PAP); i++)
        if (is_named(text, PAP[i].name)) {
            *pap = PAP[i].pap;
            return true;
        }
    return false;
}

const char *kai_pap_name(uint8_t pap)
{
    if (pap == KAI_PAP_NONE)
        return "";
    return pap <= KAI_PAP_RED ? PAP[pap - 1].name : "PAP:?";
}

uint8_t kai_tlp_of_marking(const char *id)
{
    /* A UUID's letters may come in either case; the type's may not, but nothing is lost here. */
    struct kai_view text = kai_view_of(id, strlen(id));

    for (size_t i = 0; i < N_OF(MARKINGS); i++)
        if (kai_ascii_is(text, MARKINGS[i].id))
            return MARKINGS[i].tlp;
    return KAI_TLP_NONE;
}

const char *kai_tlp_marking(uint8_t tlp)
{
    return tlp >= KAI_TLP_CLEAR && tlp <= KAI_TLP_RED ? MARKINGS[tlp - 1].id : NULL;
}

struct kai_label kai_label_stricter(struct kai_label a, struct kai_label b)
{
    return (struct kai_label){
        .tlp = a.tlp > b.tlp ? a.tlp : b.tlp,
        .pap = a.pap > b.pap ? a.pap : b.pap,
        .exercise = a.exercise || b.exercise,
    };
}
