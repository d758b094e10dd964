/* fuzz_stix_list: the content of a list, and a word that may be a value. */
#include <stdlib.h>

#include "item/key.h"
#include "item/list.h"
#include "item/stix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_list(const struct kai_list *list)
{
    static const uint8_t origin[KAI_ID_BYTES];
    struct kai_label label = {.tlp = KAI_TLP_GREEN};
    struct kai_stix_info info;
    struct kai_view v;
    struct kai_buf b;
    size_t at = 0;

    kai_buf_init(&b, 1u << 16);
    for (uint32_t i = 0; kai_list_next(list, &at, &v); i++) {
        uint8_t key[KAI_VALUE_KEY_MAX];
        uint32_t index = UINT32_MAX;
        size_t n;

        if (!kai_list_find(list, v, &index) || index != i ||
            kai_value_key(list->type, v, key, &n) != KAI_OK)
            abort();
        if (i > 0)
            continue;
        /* A template may make it no STIX, but it is always JSON of one object. */
        if (kai_list_stix(list, i, 0, label, origin, &b) != KAI_OK)
            abort();
        (void)!kai_stix_check(kai_buf_view(&b), &info, NULL);
    }
    kai_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_list list;
    char norm[KAI_VALUE_BYTES_MAX];
    char again[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    size_t n;
    size_t m;

    if (kai_list_read(&list, kai_view_of(data, size), true, NULL) == KAI_OK)
        use_list(&list);
    if (kai_value_guess(kai_view_of(data, size), &type, norm, sizeof norm, &n, NULL) == KAI_OK &&
        (kai_value_norm(type, kai_view_of(norm, n), again, sizeof again, &m, NULL) != KAI_OK ||
         !kai_view_eq(kai_view_of(norm, n), kai_view_of(again, m))))
        abort();
    return 0;
}
