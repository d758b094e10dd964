/* grow: arrays that are as large as what they hold asks for, up to a limit. */
#ifndef KAI_BASE_GROW_H
#define KAI_BASE_GROW_H

#include <stddef.h>

/* Room for need elements of size bytes each in the array at p (NULL: none yet), which has *cap of
 * them: doubled until it is enough, and zeroes where it is new. Returns the array, which may have
 * moved; NULL if need is over most or there is no memory, and p stands as it was. It is released
 * with free(). */
void *kai_grow(void *p, size_t *cap, size_t need, size_t most, size_t size);

#endif
