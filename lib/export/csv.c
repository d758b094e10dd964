/* csv: a table for spreadsheets and scripts (RFC 4180), and the cells of any other. */
#include <string.h>

#include "export/form.h"
#include "item/label.h"
#include "text/time.h"

void kai_csv_cell(struct kai_buf *out, struct kai_view text)
{
    bool formula = text.n > 0 && memchr("=+-@\t\r", text.p[0], 6) != NULL;

    kai_buf_u8(out, '"');
    if (formula)
        kai_buf_u8(out, '\'');
    while (text.n > 0) { /* Up to a quote and with it; it stands twice. */
        const uint8_t *quote = memchr(text.p, '"', text.n);
        size_t n = quote == NULL ? text.n : (size_t)(quote - text.p) + 1;

        kai_buf_add(out, text.p, n);
        if (quote != NULL)
            kai_buf_u8(out, '"');
        text.p += n;
        text.n -= n;
    }
    kai_buf_u8(out, '"');
}

static enum kai_err begin(struct kai_export *e)
{
    kai_export_open(e, 0, "");
    kai_buf_text(kai_export_file(e, 0),
                 "value,type,label,pap,source,first_seen,valid_until,name,id\r\n");
    return KAI_OK;
}

static void cell(struct kai_buf *b, const char *text)
{
    kai_csv_cell(b, kai_view_of(text, strlen(text)));
    kai_buf_u8(b, ',');
}

static void time_cell(struct kai_buf *b, uint64_t ms)
{
    char text[KAI_TIME_CAP] = "";

    if (ms != 0)
        kai_time_print(ms, text);
    cell(b, text);
}

/* What stands behind the value. */
static void make_rest(struct kai_buf *b, const struct kai_export_record *r)
{
    kai_buf_u8(b, ',');
    cell(b, kai_vtype_name(r->type));
    cell(b, kai_tlp_name(r->tlp));
    cell(b, r->pap == KAI_PAP_NONE ? "" : kai_pap_name(r->pap));
    cell(b, r->origin_name);
    time_cell(b, r->first_seen_ms);
    time_cell(b, r->valid_until_ms);
    cell(b, r->name);
    kai_csv_cell(b, kai_view_of(r->id, strlen(r->id)));
    kai_buf_text(b, "\r\n");
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    struct kai_buf *b = kai_export_file(e, 0);

    if (e->rest.len == 0)
        make_rest(&e->rest, r);
    kai_csv_cell(b, r->value);
    kai_buf_add(b, e->rest.p, e->rest.len);
    return KAI_EXPORT_TAKEN;
}

const struct export_form kai_export_csv = {
    .name = "csv", .use = KAI_EXPORT_DETECT, .by_source = true, .begin = begin, .add = add};
