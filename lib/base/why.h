/* why: the reason for a refusal, in a form that a program can switch on and a person can read.
 *
 * Modules name a reason by a stable code ("stix.id") and give the values that its sentence needs;
 * the sentences, in English and Japanese, stand in lib/text. A code never changes its meaning. */
#ifndef KAI_BASE_WHY_H
#define KAI_BASE_WHY_H

#include <stdint.h>

#include "base/err.h"

#define KAI_WHY_ARGS        3
#define KAI_WHY_ARG_BYTES   160 /* A value longer than this is cut, at a UTF-8 boundary. */
#define KAI_WHY_WHERE_BYTES 320 /* A file name, or a JSON path such as objects[17].pattern. */

struct kai_why {
    const char *code;                          /* Static storage; NULL: nothing to say. */
    char where[KAI_WHY_WHERE_BYTES];           /* "" when there is no place to name. */
    uint64_t line;                             /* From 1; 0 when there is no line. */
    char arg[KAI_WHY_ARGS][KAI_WHY_ARG_BYTES]; /* What {1} {2} {3} stand for. */
};

/* Fill *why and return err, so that a refusal is one statement:
 *     return kai_why_set(why, KAI_EMALFORMED, "stix.id", id, NULL, NULL);
 * why may be NULL. An argument may be NULL, which leaves it empty; where and line are kept. */
enum kai_err kai_why_set(struct kai_why *why, enum kai_err err, const char *code, const char *arg1,
                         const char *arg2, const char *arg3);

/* Write where, as printf does. Cut where it does not fit. why may be NULL. */
void kai_why_at(struct kai_why *why, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
