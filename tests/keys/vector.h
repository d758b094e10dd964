/* vector: golden vectors of the control plane, lines "name hex". */
#ifndef KAI_TESTS_KEYS_VECTOR_H
#define KAI_TESTS_KEYS_VECTOR_H

#include <stdio.h>

#include "base/bytes.h"

/* The line of this name says v. A missing one is printed, to be looked at and added. */
void vector_check(FILE *f, const char *name, struct kai_view v);
size_t vector_missing(void); /* How many were. */

#endif
