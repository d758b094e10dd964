/* sweep: every prefix and every flipped bit of something that is accepted as it is. */
#include "log/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void sweep(const char *name, struct kai_view v, accept_fn *accept, size_t free_at, size_t free_n)
{
    uint8_t *copy = malloc(v.n + 1);

    assert_non_null(copy);
    memcpy(copy, v.p, v.n);
    copy[v.n] = 0;
    assert_int_equal(accept(kai_view_of(copy, v.n)), KAI_OK);
    assert_int_equal(accept(kai_view_of(copy, v.n + 1)), KAI_EMALFORMED);
    for (size_t n = 0; n < v.n; n++) {
        uint8_t *exact = malloc(n + 1); /* So that a sanitizer sees a read past the end. */

        assert_non_null(exact);
        memcpy(exact + 1, copy, n);
        if (accept(kai_view_of(exact + 1, n)) != KAI_EMALFORMED)
            fail_msg("%s: prefix of %zu", name, n);
        free(exact);
    }
    for (size_t i = 0; i < v.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (i >= free_at && i < free_at + free_n)
                continue;
            copy[i] ^= (uint8_t)(1u << bit);
            enum kai_err err = accept(kai_view_of(copy, v.n));
            copy[i] ^= (uint8_t)(1u << bit);
            if (err != KAI_EMALFORMED && err != KAI_ELIMIT && err != KAI_EAUTH &&
                err != KAI_ENOTFOUND)
                fail_msg("%s: byte %zu bit %u: %s", name, i, bit, kai_err_text(err));
        }
    }
    free(copy);
}
