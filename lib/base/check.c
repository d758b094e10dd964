/* check: which guard is taken out; only in the build that tests/adversary runs. */
#include "base/check.h"

#ifdef KAIRAN_MUTANTS
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
} rows[] = {
#define KAI_CHECK_ROW(name, text) {#name, text},
#include "base/checks.def"
#undef KAI_CHECK_ROW
};

enum { UNSET = -2, NONE = -1 };
static atomic_int off = UNSET;

bool kai_check_disable(const char *name)
{
    if (name == NULL || name[0] == '\0') {
        atomic_store(&off, NONE);
        return true;
    }
    for (int i = 0; i < (int)KAI_CHECKS_N; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            atomic_store(&off, i);
            return true;
        }
    }
    return false;
}

bool kai_check_off(enum kai_check_id id)
{
    if (atomic_load(&off) == UNSET && !kai_check_disable(getenv("KAIRAN_CHECK_OFF")))
        abort(); /* A test that names no guard would pass for the wrong reason. */
    return atomic_load(&off) == (int)id;
}

const char *kai_check_name(enum kai_check_id id)
{
    return rows[id].name;
}

const char *kai_check_text(enum kai_check_id id)
{
    return rows[id].text;
}
#endif
