/* oom: makes the n-th allocation fail, jansson's too. Link with the wrap flags of CMakeLists.txt.
 */
#ifndef KAI_TESTS_ITEM_OOM_H
#define KAI_TESTS_ITEM_OOM_H

#include <stdbool.h>
#include <stddef.h>

void item_oom_arm(size_t n); /* From 0, counted from now. */
bool item_oom_disarm(void);  /* Whether it was reached. */

#endif
