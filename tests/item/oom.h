/* oom: makes the n-th allocation fail, jansson's too. Link with the wrap flags of CMakeLists.txt.
 */
#ifndef KAI_TESTS_ITEM_OOM_H
#define KAI_TESTS_ITEM_OOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

void item_oom_arm(size_t n); /* From 0, counted from now. */
bool item_oom_disarm(void);  /* Whether it was reached. */

/* Disarms, and fails the test unless what gave err said KAI_ENOMEM if the *n-th was reached, else
 * KAI_OK. Whether to try it again with the next one: *n is that one's number, else how many there
 * were. do { item_oom_arm(n); err = ...; } while (item_oom_again(&n, err)); */
bool item_oom_again(size_t *n, enum kai_err err);

#endif
