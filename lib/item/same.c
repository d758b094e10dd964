/* same: whether two STIX texts say the same. */
#include "item/same.h"

#include "item/json.h"

bool kai_stix_same(struct kai_view a, struct kai_view b)
{
    json_t *left = NULL;
    json_t *right = NULL;
    bool same = kai_json_load(a, &left, NULL) == KAI_OK &&
                kai_json_load(b, &right, NULL) == KAI_OK && json_equal(left, right) == 1;

    json_decref(left);
    json_decref(right);
    return same;
}
