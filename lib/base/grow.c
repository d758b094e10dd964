/* grow: the array is moved by realloc(); what is new in it is made zero. */
#include "base/grow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 4u

void *kai_grow(void *p, size_t *cap, size_t need, size_t most, size_t size)
{
    size_t more = *cap ? *cap : FIRST;
    unsigned char *grown;

    if (need > most)
        return NULL;
    if (need <= *cap)
        return p;
    while (more < need)
        more = more > most / 2 ? most : 2 * more;
    more = more > most ? most : more;
    grown = more <= SIZE_MAX / size ? realloc(p, more * size) : NULL;
    if (!grown)
        return NULL;
    memset(grown + *cap * size, 0, (more - *cap) * size);
    *cap = more;
    return grown;
}
