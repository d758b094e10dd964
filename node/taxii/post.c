/* post: the objects of an envelope are published into the collection's audience, each judged as
 * `publish` does: its label is the one that it carries. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "item/envelope.h"
#include "item/scoid.h"
#include "node/call_act.h"
#include "node/indexer.h"
#include "node/publish.h"
#include "node/taxii/known.h"
#include "node/taxii/parts.h"

#define BUNDLE      "{\"type\":\"bundle\",\"id\":\"bundle--%s\",\"objects\":["
#define MESSAGE_CAP 1024u

struct object {
    char *id;
    char *version;
    char *message; /* What is wrong with it, or is said of it; NULL: nothing. */
    bool failed;
};

struct post {
    struct kai_call *call;
    struct kai_reader r;
    const uint8_t *aud_id;
    uint64_t compared; /* Bytes, to find what is known. */
    uint8_t uuid[16];  /* Of the status, and of the bundle. */
    struct kai_buf bundle;
    size_t n;
    struct object *objects; /* Room for KAI_TAXII_OBJECTS_MAX. */
    size_t n_in;
    uint32_t *in; /* Which of them stand in the bundle. */
    enum kai_err err;
};

static void post_free(struct post *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->objects[i].id);
        free(p->objects[i].version);
        free(p->objects[i].message);
    }
    free(p->objects);
    free(p->in);
    kai_buf_free(&p->bundle);
}

static void new_uuid(uint8_t uuid[static 16])
{
    kai_random(NULL, uuid, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* ---- What came. */
static void say(struct post *p, struct object *o, const struct kai_why *why, bool failed)
{
    struct kai_buf text;

    kai_buf_init(&text, MESSAGE_CAP);
    kai_text_what(p->call->lang, why, &text);
    kai_buf_u8(&text, ' ');
    kai_text_do(p->call->lang, why, &text);
    kai_buf_u8(&text, 0);
    free(o->message);
    o->message = strdup(text.err == KAI_OK ? (const char *)text.p : why->code);
    o->failed = o->failed || failed;
    if (o->message == NULL)
        p->err = KAI_ENOMEM;
    kai_buf_free(&text);
}

/* What another organisation said does not go out in our name: its label and the proof of how it
 * came here would be lost. */
static void refuse_foreign(struct post *p, struct object *o, const struct kai_taxii_known *k)
{
    struct kai_why why = {.code = NULL};
    char id[KAI_HEX_CAP(KAI_ID_BYTES)];

    if (k->whose == KAI_TAXII_LOWER)
        (void)kai_why_set(&why, KAI_EDENIED, "label.lower", kai_tlp_name(k->row.tlp),
                          kai_tlp_name(k->tlp), o->id);
    else
        (void)kai_why_set(&why, KAI_EDENIED, "taxii.foreign",
                          kai_hex(id, k->row.item_id, KAI_ID_BYTES), NULL, NULL);
    say(p, o, &why, true);
}

/* What the collection has counts as done, also where others published it: a client that gives back
 * what it was given does not say it again. */
static enum kai_err put_in(struct post *p, struct object *o, const struct kai_enveloped *e)
{
    struct kai_taxii_known k;
    enum kai_err err = kai_taxii_known(&p->r, p->aud_id, e, &p->compared, &k);

    if (err != KAI_OK)
        return err;
    if (k.whose != KAI_TAXII_NEW) /* The answer tells that it is here. */
        kai_audit_read(p->r.audit, k.row.item_id, k.row.tlp);
    if (k.whose == KAI_TAXII_FOREIGN || k.whose == KAI_TAXII_LOWER)
        refuse_foreign(p, o, &k);
    if (k.whose != KAI_TAXII_NEW)
        return p->err;
    if (p->n_in > 0)
        kai_buf_u8(&p->bundle, ',');
    kai_buf_add(&p->bundle, e->text.p, e->text.n);
    p->in[p->n_in++] = (uint32_t)(p->n - 1);
    return p->bundle.err;
}

static enum kai_err take(void *ctx, const struct kai_enveloped *e)
{
    struct post *p = ctx;
    struct object *o = &p->objects[p->n];
    struct kai_why why = {.code = NULL};
    char limit[24];

    (void)snprintf(limit, sizeof limit, "%u", KAI_TAXII_OBJECTS_MAX);
    if (p->n == KAI_TAXII_OBJECTS_MAX)
        return kai_why_set(&p->call->why, KAI_ELIMIT, "taxii.objects", limit, NULL, NULL);
    *o = (struct object){.id = strdup(e->id), .version = strdup(e->version)};
    p->n++;
    if (o->id == NULL || o->version == NULL)
        return KAI_ENOMEM;
    if (!e->scans) {
        (void)kai_why_set(&why, KAI_EMALFORMED, "taxii.object", NULL, NULL, NULL);
        say(p, o, &why, true);
        return p->err;
    }
    return put_in(p, o, e);
}

static enum kai_err read_body(struct post *p, struct kai_view body)
{
    char id[KAI_UUID_CAP];
    enum kai_err err;

    p->objects = calloc(KAI_TAXII_OBJECTS_MAX, sizeof *p->objects);
    p->in = calloc(KAI_TAXII_OBJECTS_MAX, sizeof *p->in);
    if (p->objects == NULL || p->in == NULL)
        return KAI_ENOMEM;
    kai_buf_printf(&p->bundle, BUNDLE, kai_uuid_text(id, p->uuid));
    err = kai_act_open(p->call, &p->r);
    if (err != KAI_OK)
        return err;
    err = kai_envelope_scan(body, take, p);
    kai_reader_free(&p->r); /* What is published now is not to wait for a snapshot. */
    kai_buf_text(&p->bundle, "]}");
    if (err == KAI_EMALFORMED && p->call->why.code == NULL)
        return kai_why_set(&p->call->why, err, "taxii.body", NULL, NULL, NULL);
    return err == KAI_OK ? p->bundle.err : err;
}

/* ---- What is said of each. */
/* The object that a place such as "taxii: objects[17].pattern" is in; NULL: none. */
static struct object *object_at(struct post *p, const struct kai_why *why)
{
    const char *at = strstr(why->where, "objects[");
    unsigned long i = at == NULL ? ULONG_MAX : strtoul(at + strlen("objects["), NULL, 10);

    return i < p->n_in ? &p->objects[p->in[i]] : NULL;
}

static void on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct post *p = ctx;
    struct object *o = object_at(p, why);

    (void)id;
    if (o != NULL)
        say(p, o, why, true);
    else
        p->err = KAI_EMALFORMED; /* Nothing may count as done of which that is not known. */
}

static void on_warn(void *ctx, const struct kai_why *why, const char *id)
{
    struct post *p = ctx;
    struct object *o = object_at(p, why);

    (void)id;
    if (o != NULL)
        say(p, o, why, false);
}

static enum kai_err publish(struct post *p, const struct kai_taxii_collection *c)
{
    struct kai_published sum;
    struct kai_publish out = {.who = p->call->who,
                              .file = kai_buf_view(&p->bundle),
                              .name = "taxii",
                              .to = c->title,
                              .to_id = c->aud_id,
                              .skip_bad = true,
                              .refusals_max = UINT64_MAX,
                              .refuse = on_refuse,
                              .warn = on_warn,
                              .ctx = p};
    enum kai_err err = kai_publish(p->call->core, &out, &sum, &p->call->why);

    if (err == KAI_OK)
        err = p->err;
    return err == KAI_OK ? kai_indexer_settle(p->call->core->indexer) : err; /* Found at once. */
}

/* ---- The status. */
static void put_details(struct kai_jput *j, const struct post *p, bool failed, const char *now)
{
    kai_jput_array(j, failed ? "failures" : "successes");
    for (size_t i = 0; i < p->n; i++) {
        const struct object *o = &p->objects[i];

        if (o->failed != failed)
            continue;
        kai_jput_object(j, NULL);
        kai_jput_text(j, "id", o->id);
        kai_jput_text(j, "version", o->version[0] != '\0' ? o->version : now);
        if (o->message != NULL)
            kai_jput_text(j, "message", o->message);
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static enum kai_err put_status(const struct post *p, uint64_t now_us)
{
    char id[KAI_UUID_CAP];
    char now[KAI_TAXII_STAMP_CAP];
    struct kai_jput j;
    size_t failed = 0;

    for (size_t i = 0; i < p->n; i++)
        failed += p->objects[i].failed;
    (void)kai_taxii_stamp(now, now_us);
    kai_jput_init(&j, &p->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "id", kai_uuid_text(id, p->uuid));
    kai_jput_text(&j, "status", "complete");
    kai_jput_text(&j, "request_timestamp", now);
    kai_jput_uint(&j, "total_count", p->n);
    kai_jput_uint(&j, "success_count", p->n - failed);
    if (failed < p->n)
        put_details(&j, p, false, now);
    kai_jput_uint(&j, "failure_count", failed);
    if (failed > 0)
        put_details(&j, p, true, now);
    kai_jput_uint(&j, "pending_count", 0);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_taxii_post(struct kai_call *call, const struct kai_taxii_path *path,
                            const struct kai_taxii_request *q)
{
    struct kai_taxii_collection c;
    uint64_t now_us = kai_wall_us();
    struct post p = {.call = call, .aud_id = c.aud_id};
    enum kai_err err = kai_taxii_find(call, path, &c);

    if (err == KAI_OK && c.why_not != NULL)
        err = kai_why_set(&call->why, KAI_EDENIED, c.why_not, kai_tlp_name(KAI_TLP_CLEAR), c.title,
                          NULL);
    if (err != KAI_OK)
        return err;
    new_uuid(p.uuid);
    kai_buf_init(&p.bundle, KAI_TAXII_BODY_BYTES_MAX + 256);
    err = read_body(&p, q->body);
    if (err == KAI_OK && p.n_in > 0)
        err = publish(&p, &c);
    if (err == KAI_OK)
        err = put_status(&p, now_us);
    if (err == KAI_OK)
        err = kai_taxii_status_keep(call, p.uuid);
    post_free(&p);
    return err;
}
