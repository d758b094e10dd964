/* why: the reason for a refusal. */
#include "base/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum kai_err kai_why_set(struct kai_why *why, enum kai_err err, const char *code, const char *arg1,
                         const char *arg2, const char *arg3)
{
    const char *args[KAI_WHY_ARGS] = {arg1, arg2, arg3};

    if (why == NULL)
        return err;
    why->code = code;
    for (int i = 0; i < KAI_WHY_ARGS; i++)
        kai_copy_text(why->arg[i], sizeof why->arg[i], args[i] != NULL ? args[i] : "");
    return err;
}

void kai_why_at(struct kai_why *why, uint64_t line, const char *format, ...)
{
    va_list ap;

    if (why == NULL)
        return;
    why->line = line;
    va_start(ap, format);
    int n = vsnprintf(why->where, sizeof why->where, format, ap);
    va_end(ap);
    if (n < (int)sizeof why->where)
        return;
    size_t last = sizeof why->where - 2; /* Cut is fine, it is a hint; half a character is not. */
    while (last > 0 && ((uint8_t)why->where[last] & 0xc0) == 0x80)
        last--;
    why->where[last] = '\0';
}
