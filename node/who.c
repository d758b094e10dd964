/* who: on whose behalf a request is made. */
#include "node/who.h"

#include <string.h>

static const char *const role_names[] = {
    [KAI_ROLE_READER] = "reader",
    [KAI_ROLE_ANALYST] = "analyst",
    [KAI_ROLE_ADMIN] = "admin",
};

const char *kai_role_name(uint8_t role)
{
    return role >= KAI_ROLE_READER && role <= KAI_ROLE_ADMIN ? role_names[role] : "";
}

bool kai_role_parse(const char *text, uint8_t *role)
{
    for (uint8_t r = KAI_ROLE_READER; r <= KAI_ROLE_ADMIN; r++) {
        if (strcmp(text, role_names[r]) != 0)
            continue;
        *role = r;
        return true;
    }
    return false;
}

void kai_who_home(struct kai_who *out)
{
    *out = (struct kai_who){.kind = KAI_WHO_HOME,
                            .role = KAI_ROLE_ADMIN,
                            .clearance = KAI_TLP_RED,
                            .uid = (uid_t)-1,
                            .name = "home"};
}
