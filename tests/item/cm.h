/* cm: cmocka with what it needs before it. */
#ifndef KAI_TESTS_ITEM_CM_H
#define KAI_TESTS_ITEM_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
