/* call_publish: a file goes out. */
#include <string.h>

#include "item/list.h"
#include "node/call.h"
#include "node/publish.h"

/* One line about an object: {key: {file line path id reason code do}}. */
static void put_line(struct kai_call *call, const char *key, const struct kai_why *why,
                     const char *id)
{
    struct kai_buf text;
    struct kai_jput j;
    const char *colon = strstr(why->where, ": ");
    size_t file_n = colon != NULL ? (size_t)(colon - why->where) : strlen(why->where);

    kai_buf_init(&text, 4096);
    kai_text_what(call->lang, why, &text);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_object(&j, key);
    kai_jput_view(&j, "file", kai_view_of(why->where, file_n));
    if (why->line > 0)
        kai_jput_uint(&j, "line", why->line);
    else
        kai_jput_null(&j, "line");
    kai_jput_text(&j, "path", colon != NULL ? colon + 2 : NULL);
    kai_jput_text(&j, "id", id != NULL && id[0] != '\0' ? id : NULL);
    kai_jput_view(&j, "reason", kai_buf_view(&text));
    kai_jput_text(&j, "code", why->code);
    kai_buf_clear(&text);
    kai_text_do(call->lang, why, &text);
    kai_jput_view(&j, "do", kai_buf_view(&text));
    kai_jput_end(&j);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
    kai_buf_free(&text);
}

void kai_call_refusal(void *ctx, const struct kai_why *why, const char *id)
{
    put_line(ctx, "refused", why, id);
}

void kai_call_warning(void *ctx, const struct kai_why *why, const char *id)
{
    put_line(ctx, "warned", why, id);
}

static void put_note(void *ctx, const struct kai_why *why)
{
    put_line(ctx, "noted", why, "");
}

/* A person judges what a text was taken for. */
static enum kai_err put_found(void *ctx, struct kai_view content)
{
    struct kai_call *call = ctx;
    struct kai_list list;
    struct kai_view v;
    struct kai_jput j;
    size_t at = 0;
    enum kai_err err = kai_list_read(&list, content, false, NULL);

    while (err == KAI_OK && call->out.len < KAI_EXTRACT_SHOWN_BYTES &&
           kai_list_next(&list, &at, &v)) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_object(&j, "found");
        kai_jput_text(&j, "type", kai_vtype_name(list.type));
        kai_jput_view(&j, "value", v);
        kai_jput_end(&j);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    return err;
}

static enum kai_err read_label(struct kai_call *call, struct kai_label *l)
{
    enum kai_err err = KAI_OK;
    const char *label = kai_arg_text(call, "label", &err);
    const char *pap = kai_arg_text(call, "pap", &err);

    *l = (struct kai_label){.exercise = kai_arg_bool(call, "exercise", &err)};
    if (err != KAI_OK)
        return err;
    if (label != NULL && !kai_tlp_parse(kai_view_of(label, strlen(label)), &l->tlp))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    if (pap != NULL && !kai_pap_parse(kai_view_of(pap, strlen(pap)), &l->pap))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.pap", pap, NULL, NULL);
    return KAI_OK;
}

static enum kai_err put_sum(struct kai_call *call, const struct kai_publish *p,
                            const struct kai_published *sum)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "accepted", sum->accepted);
    kai_jput_uint(&j, "skipped", sum->skipped);
    kai_jput_uint(&j, "refused", sum->refused);
    kai_jput_uint(&j, "warned", sum->warned);
    kai_jput_uint(&j, "entries", sum->entries);
    kai_jput_uint(&j, "durable_ms", sum->durable_ms);
    kai_jput_uint(&j, "held_by", sum->held_by);
    kai_jput_uint(&j, "unsent", sum->unsent);
    kai_jput_bool(&j, "dry_run", p->dry_run);
    kai_jput_end(&j);
    if (sum->refused > 0 && !(p->skip_bad && sum->accepted + sum->skipped > 0))
        call->status = sum->only_rules ? 3 : 1;
    else if (!p->dry_run && sum->held_by < p->wait)
        call->status = 1;
    return kai_jput_line(&j);
}

enum kai_err kai_verb_publish(struct kai_call *call)
{
    struct kai_publish p = {.who = call->who,
                            .file = call->body,
                            .refusals_max = KAI_REFUSALS_MAX,
                            .refuse = kai_call_refusal,
                            .warn = kai_call_warning,
                            .note = put_note,
                            .take = put_found,
                            .ctx = call};
    struct kai_published sum;
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_text(call, "name", &err);

    p.name = name != NULL ? name : "-";
    p.through = kai_arg_text(call, "through", &err);
    p.wish = kai_arg_text(call, "wish", &err);
    p.to = p.through != NULL ? p.through : kai_arg_need(call, "to", &err);
    if (err == KAI_OK && p.wish != NULL && strlen(p.wish) > KAI_TEXT_BYTES_MAX)
        err = kai_why_set(&call->why, KAI_ELIMIT, "usage.argument", "wish", NULL, NULL);
    p.skip_bad = kai_arg_bool(call, "skip_bad", &err);
    p.dry_run = kai_arg_bool(call, "dry_run", &err);
    p.extract = kai_arg_bool(call, "extract", &err);
    p.wait = kai_arg_uint(call, "wait", 0, &err);
    p.timeout_ms = kai_arg_uint(call, "timeout_ms", 30000, &err);
    while (err == KAI_OK && (p.also[p.n_also] = kai_arg_item(call, "also", p.n_also, &err)) != NULL)
        if (++p.n_also == sizeof p.also / sizeof p.also[0])
            return kai_why_set(&call->why, KAI_ELIMIT, "usage.argument", "also", NULL, NULL);
    if (err == KAI_OK)
        err = read_label(call, &p.label);
    if (err == KAI_OK)
        err = kai_publish(call->core, &p, &sum, &call->why);
    return err == KAI_OK ? put_sum(call, &p, &sum) : err;
}
