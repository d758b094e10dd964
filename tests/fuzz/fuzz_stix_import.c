/* fuzz_stix_import: a whole file of any kind. */
#include <stdlib.h>
#include <string.h>

#include "item/import.h"
#include "item/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum kai_err item(void *ctx, const struct kai_candidate *c)
{
    const struct kai_view *file = ctx;
    struct kai_stix_info info;
    struct kai_list list;

    if (c->label.tlp < KAI_TLP_GREEN || c->label.tlp > KAI_TLP_RED)
        abort();
    if (c->kind == KAI_CONTENT_LIST) {
        if (kai_list_read(&list, c->content, true, NULL) != KAI_OK)
            abort();
        return KAI_OK;
    }
    /* Made of another format, it stands nowhere in the file. */
    bool inside = c->content.p >= file->p && c->content.p + c->content.n <= file->p + file->n;
    if ((!inside && memcmp(c->content.p, "{\"type\":\"", 9) != 0) ||
        kai_stix_check(c->content, &info, NULL) != KAI_OK || info.label.tlp > c->label.tlp)
        abort();
    return KAI_OK;
}

static enum kai_err refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    if (why->code == NULL || id == NULL)
        abort();
    return KAI_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_view file = kai_view_of(data, size);
    struct kai_import_opts opts = {.label.tlp = KAI_TLP_GREEN, .skip_bad = true};
    struct kai_import_sink sink = {.ctx = &file, .item = item, .refuse = refuse};
    struct kai_import_sum sum;

    if (kai_import_scan(file, "f", &opts, &sink, &sum) != KAI_OK)
        abort();
    if (sum.items + sum.refused + sum.known + sum.doubles == 0)
        abort(); /* Every file is answered. */
    return 0;
}
