/* call_inventory: what the organisation has itself. */
#include <string.h>

#include "node/call.h"
#include "node/inventory.h"
#include "node/touched.h"

static enum kai_err put_counts(struct kai_call *call, const struct kai_inventory *inv)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "values", inv->n_values);
    kai_jput_uint(&j, "products", inv->n - inv->n_values);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_verb_inventory_import(struct kai_call *call)
{
    struct kai_inventory inv = {0};
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_text(call, "name", &err);

    if (err == KAI_OK && call->body.n > KAI_INVENTORY_BYTES_MAX)
        err = kai_why_set(&call->why, KAI_ELIMIT, "inventory.limit", "20000", NULL, NULL);
    if (err == KAI_OK)
        err = kai_inventory_read(&inv, call->body, name != NULL ? name : "-", &call->why);
    if (err == KAI_OK)
        err = kai_touched_replace(call->core, &inv, &call->why);
    if (err == KAI_OK)
        err = put_counts(call, &inv);
    kai_inventory_free(&inv);
    return err;
}

enum kai_err kai_verb_inventory_list(struct kai_call *call)
{
    struct kai_inventory inv = {0};
    enum kai_err err = kai_inventory_load(&inv, &call->core->home, &call->why);

    for (size_t i = 0; err == KAI_OK && i < inv.n; i++) {
        const struct kai_own *own = &inv.own[i];
        struct kai_jput j;

        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "kind", own->type != KAI_V_NONE ? kai_vtype_name(own->type) : "product");
        kai_jput_text(&j, "text", own->text);
        kai_jput_text(&j, "cpe", own->cpe);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    if (err == KAI_OK && inv.n == 0)
        call->status = 4;
    kai_inventory_free(&inv);
    return err;
}
