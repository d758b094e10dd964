/* oom: makes the n-th allocation fail, jansson's too, and counts them. Link with OOM_WRAP of
 * CMakeLists.txt. */
#ifndef KAI_TESTS_UNIT_OOM_H
#define KAI_TESTS_UNIT_OOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

void oom_arm(size_t n); /* The n-th from now fails, from 0; SIZE_MAX: none, only count. */
bool oom_disarm(void);  /* Whether it was reached. */
size_t oom_count(void); /* Allocations since it was armed. */

/* Disarms, and fails the test unless what gave err said KAI_ENOMEM if the *n-th was reached, else
 * KAI_OK. Whether to try it again with the next one: *n is that one's number, else how many there
 * were. do { oom_arm(n); err = ...; } while (oom_again(&n, err)); */
bool oom_again(size_t *n, enum kai_err err);

#endif
