/* alloc: the linker sends every call of our own code to malloc and its kin here. */
#include <stdlib.h>

#include "calls.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return call_fails(CALL_ALLOC, "malloc") ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return call_fails(CALL_ALLOC, "calloc") ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return call_fails(CALL_ALLOC, "realloc") ? NULL : __real_realloc(p, n);
}
