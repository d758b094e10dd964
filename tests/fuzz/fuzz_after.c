/* fuzz_after: what a page's place is read from, once it is open: written again it is the same. */
#include <stdlib.h>
#include <string.h>

#include "node/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_cursor c;
    struct kai_buf b;

    kai_cursor_init(&c);
    kai_buf_init(&b, KAI_CURSOR_BYTES_MAX);
    enum kai_err err = kai_cursor_parse(&c, kai_view_of(data, size));
    if (err == KAI_OK) {
        kai_cursor_put(&c, &b);
        if (b.err != KAI_OK || !kai_view_eq(kai_buf_view(&b), kai_view_of(data, size)))
            abort();
    }
    kai_buf_free(&b);
    kai_cursor_free(&c);
    if (err != KAI_OK && err != KAI_EMALFORMED && err != KAI_ENOMEM)
        abort();
    return 0;
}
