/* fuzz_pattern: the grammar of STIX patterns. */
#include <stdlib.h>

#include "item/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    char again[KAI_VALUE_BYTES_MAX];
    size_t n;

    (void)strength;
    ++*(size_t *)ctx;
    if (kai_value_norm(type, norm, again, sizeof again, &n, NULL) != KAI_OK ||
        !kai_view_eq(norm, kai_view_of(again, n)))
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_view pattern = kai_view_of(data, size);
    struct kai_why why = {.code = NULL};
    size_t n = 0;
    enum kai_err err = kai_pattern_check(pattern, &why);

    if ((err == KAI_OK) != (why.code == NULL) || kai_pattern_atoms(pattern, take, &n) != err ||
        (err != KAI_OK && n > 0))
        abort();
    return 0;
}
