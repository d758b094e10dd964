/* check: a guard that an attack must not get past, by name.
 *
 * `if (!KAI_CHECK(NAME, condition)) refuse` is `if (!(condition)) refuse` in every build but the
 * one for tests/adversary (KAIRAN_MUTANTS), where the environment variable KAIRAN_CHECK_OFF names
 * one guard that lets everything through: so each attack shows which guard stops it, and each guard
 * that it is needed. Names and what they stop stand in checks.def. */
#ifndef KAI_BASE_CHECK_H
#define KAI_BASE_CHECK_H

#include <stdbool.h>

enum kai_check_id {
#define KAI_CHECK_ROW(name, text) KAI_CHECK_##name,
#include "base/checks.def"
#undef KAI_CHECK_ROW
    KAI_CHECKS_N
};

#ifdef KAIRAN_MUTANTS
bool kai_check_off(enum kai_check_id id);
const char *kai_check_name(enum kai_check_id id); /* "HDR_SIGNATURE" */
const char *kai_check_text(enum kai_check_id id);
/* Disable one by name in this process; NULL or "": none. False: there is none of that name. */
bool kai_check_disable(const char *name);
#define KAI_CHECK(name, condition) (kai_check_off(KAI_CHECK_##name) || (condition))
#else
#define KAI_CHECK(name, condition) (condition)
#endif

#endif
