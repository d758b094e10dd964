/* hosts: a hosts file: "0.0.0.0 name". Names alone: it knows neither addresses nor what is under a
 * name. */
#include <string.h>

#include "export/form.h"

#define LINE_BYTES_MAX 253u /* A name. */

static enum kai_err begin(struct kai_export *e)
{
    kai_export_open(e, 0, "");
    kai_buf_text(kai_export_file(e, 0), "# Made by kairan export: it is written anew each time.\n");
    return KAI_OK;
}

static bool takes(enum kai_vtype type)
{
    return type == KAI_V_DOMAIN;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    if (r->value.n > LINE_BYTES_MAX)
        return KAI_EXPORT_LONG;
    if (memchr(r->value.p, '.', r->value.n) == NULL) /* localhost, and names of the own network. */
        return KAI_EXPORT_SHAPE;
    struct kai_buf *b = kai_export_file(e, 0);
    kai_buf_text(b, "0.0.0.0 ");
    kai_buf_add(b, r->value.p, r->value.n);
    kai_buf_u8(b, '\n');
    return KAI_EXPORT_TAKEN;
}

const struct export_form kai_export_hosts = {
    .name = "hosts", .use = KAI_EXPORT_BLOCK, .begin = begin, .takes = takes, .add = add};
