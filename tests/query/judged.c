/* judged: an importer's sink. */
#include "query/judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "item/import.h"
#include "item/label.h"
#include "log/merkle.h"

void judged_init(struct judged *j)
{
    *j = (struct judged){.n = 0};
    kai_readings_init(&j->readings);
    kai_buf_init(&j->contents, 64u << 20);
}

void judged_free(struct judged *j)
{
    kai_readings_free(&j->readings);
    kai_buf_free(&j->contents);
}

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    struct judged *j = ctx;
    struct judged_item item = {.kind = c->kind, .n = c->content.n};

    kai_item_id(item.id, c->kind, c->content);
    kai_readings_add(&j->readings, item.id, c);
    kai_readings_add(&j->readings, item.id, c); /* Again changes nothing. */
    kai_buf_add(&j->contents, &item, sizeof item);
    kai_buf_add(&j->contents, c->content.p, c->content.n);
    j->n++;
    j->parsed += c->kind == KAI_CONTENT_LIST || c->kept != NULL;
    return j->contents.err;
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    fail_msg("%s is refused: %s %s", id, why->code, why->arg[0]);
    return KAI_EMALFORMED;
}

void judged_file(struct judged *j, struct kai_view file)
{
    struct kai_import_opts opts = {.label = {.tlp = KAI_TLP_AMBER_STRICT}};
    struct kai_import_sink sink = {.ctx = j, .item = on_item, .refuse = on_refuse};

    assert_int_equal(kai_import_scan(file, "file", &opts, &sink, NULL), KAI_OK);
}

bool judged_next(const struct judged *j, size_t *at, struct judged_item *item,
                 struct kai_view *content)
{
    if (*at == j->contents.len)
        return false;
    memcpy(item, j->contents.p + *at, sizeof *item);
    *content = kai_view_of(j->contents.p + *at + sizeof *item, item->n);
    *at += sizeof *item + item->n;
    return true;
}

void judged_add_id(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES])
{
    struct kai_candidate c = {.kind = KAI_CONTENT_LIST};

    kai_readings_add(r, id, &c);
}
