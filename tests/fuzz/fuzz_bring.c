/* fuzz_bring: a whole file of a format that is made into STIX objects or lists. One program for
 * each format: its seeds lead to its importer. */
#include <stdlib.h>
#include <string.h>

#include "item/import.h"
#include "item/list.h"

#ifndef EXTRACT
#define EXTRACT false /* Of a free text: its own program. */
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum kai_err item(void *ctx, const struct kai_candidate *c)
{
    struct kai_stix_info info;
    struct kai_list list;

    (void)ctx;
    if (c->label.tlp < KAI_TLP_GREEN || c->label.tlp > KAI_TLP_RED)
        abort();
    if (c->kind == KAI_CONTENT_LIST) {
        if (kai_list_read(&list, c->content, true, NULL) != KAI_OK)
            abort();
    } else if (kai_stix_check(c->content, &info, NULL) != KAI_OK || info.label.tlp > c->label.tlp ||
               strcmp(info.id, c->info->id) != 0) {
        abort();
    }
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
    struct kai_import_opts opts = {
        .label.tlp = KAI_TLP_GREEN, .skip_bad = true, .extract = EXTRACT};
    struct kai_import_sink sink = {.item = item, .refuse = refuse};
    struct kai_import_sum sum;

    if (kai_import_scan(kai_view_of(data, size), "f", &opts, &sink, &sum) != KAI_OK)
        abort();
    if (sum.items + sum.refused + sum.known + sum.doubles == 0)
        abort(); /* Every file is answered. */
    return 0;
}
