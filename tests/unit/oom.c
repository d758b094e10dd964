/* oom: what the linker puts in the place of malloc(), calloc() and realloc(). */
#include "unit/oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool armed;
static size_t fail_at;
static size_t count;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void oom_arm(size_t n)
{
    fail_at = n;
    count = 0;
    armed = true;
}

bool oom_disarm(void)
{
    armed = false;
    return count > fail_at;
}

size_t oom_count(void)
{
    return count;
}

bool oom_again(size_t *n, enum kai_err err)
{
    bool fired = oom_disarm();

    if (err != (fired ? KAI_ENOMEM : KAI_OK))
        fail_msg("allocation %zu: %s", *n, kai_err_text(err));
    *n += fired;
    return fired;
}

static bool fires(void)
{
    return armed && count++ == fail_at;
}

void *__wrap_malloc(size_t n)
{
    return fires() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fires() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fires() ? NULL : __real_realloc(p, n);
}
