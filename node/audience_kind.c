/* audience_kind: what the kinds of audiences are called. */
#include "node/audience_kind.h"

#include <string.h>

#include "item/label.h"
#include "keys/record.h"

static const struct {
    uint64_t kind;
    const char *name;
    uint64_t label_max;
    uint64_t ids;
    bool makeable;
} kinds[] = {
    {KAI_AUD_PUBLIC, "public", KAI_TLP_CLEAR, 0, true},
    {KAI_AUD_COMMUNITY, "community", KAI_TLP_GREEN, 0, true},
    {KAI_AUD_GROUP, "group", KAI_TLP_AMBER_STRICT, KAI_ADMIT_ORG, true},
    {KAI_AUD_CLIENTS, "clients", KAI_TLP_AMBER, 0, true},
    {KAI_AUD_PROVIDERS, "providers", KAI_TLP_AMBER, KAI_ADMIT_ORG, true},
    {KAI_AUD_PERSONS, "persons", KAI_TLP_RED, KAI_ADMIT_PERSON, true},
    {KAI_AUD_MAILBOX, "mailbox", KAI_TLP_AMBER_STRICT, 0, false},
};
#define KINDS_N (sizeof kinds / sizeof kinds[0])

const char *kai_aud_kind_name(uint64_t kind)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return NULL;
}

uint64_t kai_aud_kind_parse(const char *name)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (strcmp(kinds[i].name, name) == 0 && kinds[i].makeable)
            return kinds[i].kind;
    return 0;
}

uint64_t kai_aud_kind_ceiling(uint64_t kind)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].kind == kind)
            return kinds[i].label_max;
    return 0;
}

uint64_t kai_aud_kind_ids(uint64_t kind)
{
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].kind == kind)
            return kinds[i].ids;
    return 0;
}
