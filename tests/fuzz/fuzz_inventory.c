/* fuzz_inventory: a file of what an organisation has, read, and held against an object. The first
 * byte says how many bytes of object stand before the file. */
#include <stdlib.h>
#include <string.h>

#include "node/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_inventory inv = {0};
    struct kai_why why = {.code = NULL};
    struct kai_touch touch = {.by = NULL};
    size_t n = size > 0 && data[0] < size ? data[0] : 0;
    struct kai_view file = kai_view_of(data + (size > 0), size > 0 ? size - 1 : 0);
    enum kai_err err;

    n = n < file.n ? n : file.n;
    err = kai_inventory_read(&inv, kai_view_of(file.p + n, file.n - n), "file", &why);
    if (err != KAI_OK && why.code == NULL)
        abort();
    if (err == KAI_OK) {
        (void)kai_inventory_product(&inv, kai_view_of(file.p, n), true, &touch);
        for (size_t i = 0; i < inv.n_values; i++) { /* Each is one of ours. */
            struct kai_view key = kai_view_of(inv.own[i].key, inv.own[i].key_n);

            if (inv.own[i].text == NULL || kai_inventory_value(&inv, key) == NULL)
                abort();
        }
    }
    kai_inventory_free(&inv);
    return 0;
}
