/* csv_groups: values that share a label and a description, gathered into lists. Private to
 * lib/item.
 */
#ifndef KAI_ITEM_CSV_GROUPS_H
#define KAI_ITEM_CSV_GROUPS_H

#include "item/bag.h"
#include "item/importer.h"

struct kai_groups {
    struct importer *im;
    json_t *names; /* Label and template -> number. */
    struct kai_group_value {
        uint32_t group;
        uint32_t at; /* In the arena. */
        uint16_t n;
        uint8_t type;
    } * values;
    size_t n;
    size_t cap;
    struct kai_buf arena;
};

/* Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_groups_init(struct kai_groups *g, struct importer *im);
void kai_groups_free(struct kai_groups *g);
/* template_json is a list's (list.h). Hands out what there is when there is too much of it.
 * Errors: KAI_ENOMEM, what the sink returned. */
KAI_MUST_USE enum kai_err kai_groups_add(struct kai_groups *g, struct kai_label label,
                                         const char *template_json, enum kai_vtype type,
                                         struct kai_view norm);
/* Hand out what there is, group by group in the order in which they began. */
KAI_MUST_USE enum kai_err kai_groups_drain(struct kai_groups *g);

#endif
