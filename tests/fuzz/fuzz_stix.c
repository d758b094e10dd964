/* fuzz_stix: one STIX object: checked, read, compacted, named. */
#include <stdlib.h>

#include "item/scoid.h"
#include "item/stix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    char again[KAI_VALUE_BYTES_MAX];
    size_t n;

    (void)ctx;
    (void)strength;
    /* What is handed out is in normal form. */
    if (kai_value_norm(type, norm, again, sizeof again, &n, NULL) != KAI_OK ||
        !kai_view_eq(norm, kai_view_of(again, n)))
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_view object = kai_view_of(data, size);
    struct kai_stix_info info;
    struct kai_stix_info again;
    struct kai_why why = {.code = NULL};
    struct kai_buf b;
    char id[KAI_STIX_ID_CAP];
    enum kai_err err = kai_stix_check(object, &info, &why);

    if ((err == KAI_OK) != (why.code == NULL) && err != KAI_ENOMEM)
        abort();
    kai_buf_init(&b, size);
    if (err == KAI_OK) {
        /* Compacted it says the same. */
        if (kai_stix_compact(object, &b) != KAI_OK ||
            kai_stix_check(kai_buf_view(&b), &again, NULL) != KAI_OK ||
            info.label.tlp != again.label.tlp || info.modified_ms != again.modified_ms)
            abort();
    }
    kai_buf_free(&b);
    (void)!kai_stix_values(object, take, NULL);
    (void)!kai_sco_id(object, id);
    return 0;
}
