/* oom: makes the n-th allocation fail, and counts them. Link with OOM_WRAP of CMakeLists.txt. */
#ifndef KAI_TESTS_UNIT_OOM_H
#define KAI_TESTS_UNIT_OOM_H

#include <stdbool.h>
#include <stddef.h>

void oom_arm(size_t n); /* The n-th from now fails, from 0; SIZE_MAX: none, only count. */
bool oom_disarm(void);  /* Whether it was reached. */
size_t oom_count(void); /* Allocations since it was armed. */

#endif
