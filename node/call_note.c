/* call_note: what is said about an item to who has it: notes and sightings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "item/scoid.h"
#include "item/stix.h"
#include "node/acts.h"
#include "node/call.h"
#include "node/call_act.h"
#include "node/publish.h"
#include "text/time.h"

#define NOTE_TEXT_MAX 65536u /* A page or twenty: more is a report. */

/* What is spoken of. */
struct subject {
    struct kai_row row;
    char stix_id[KAI_STIX_ID_CAP];
    bool sightable;
};

struct first {
    uint64_t row_no;
    uint64_t index;
    bool any;
    struct kai_reader *r;
};

/* The newest version that is current; rows come in the order in which they arrived. */
static bool on_row(void *ctx, uint64_t row_no, uint64_t index)
{
    const uint64_t unwanted =
        KAI_ROW_GONE | KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED;
    struct first *f = ctx;
    struct kai_row row;

    if (kai_ixsnap_row(f->r->rows, row_no, &row) == KAI_OK && (row.flags & unwanted) == 0) {
        f->row_no = row_no;
        f->index = index;
        f->any = true;
    }
    return true;
}

static enum kai_err look_up(struct kai_reader *r, const char *id, struct first *f)
{
    const char *dashes = strstr(id, "--");
    uint8_t uuid[16];

    if (dashes != NULL && kai_uuid_parse(uuid, kai_view_of(dashes + 2, strlen(dashes + 2))))
        return kai_ixsnap_stix(r->rows, uuid, on_row, f);
    return kai_ixsnap_item(r->rows, id, strlen(id), on_row, f);
}

static enum kai_err read_subject(struct kai_call *call, struct kai_reader *r, const struct first *f,
                                 const char *id, struct subject *s)
{
    struct kai_stix_info info;
    struct kai_buf object;
    enum kai_err err = kai_ixsnap_row(r->rows, f->row_no, &s->row);

    if (err != KAI_OK)
        return err;
    if (s->row.kind == KAI_ROW_SEALED || (s->row.n_values > 0 && f->index == KAI_INDEX_WHOLE))
        return kai_why_set(&call->why, KAI_EMALFORMED, "note.whole", id, NULL, NULL);
    kai_buf_init(&object, 2 * KAI_STIX_BYTES_MAX);
    err = kai_reader_stix(r, &s->row, f->index, &object);
    if (err == KAI_OK)
        err = kai_stix_check(kai_buf_view(&object), &info, NULL);
    kai_buf_free(&object);
    if (err != KAI_OK)
        return kai_why_set(&call->why, err, "note.whole", id, NULL, NULL);
    kai_copy_text(s->stix_id, sizeof s->stix_id, info.id);
    s->sightable = info.class_of == KAI_STIX_SDO;
    return KAI_OK;
}

static enum kai_err find_subject(struct kai_call *call, const char *id, struct subject *s)
{
    struct kai_reader r;
    struct first f = {.r = &r};
    enum kai_err err = kai_act_open(call, &r);

    if (err != KAI_OK)
        return err;
    err = look_up(&r, id, &f);
    if (err == KAI_EAMBIGUOUS)
        err = kai_why_set(&call->why, err, "name.ambiguous", id, "2", NULL);
    else if (err == KAI_ENOTFOUND || err == KAI_EMALFORMED || (err == KAI_OK && !f.any))
        err = kai_why_set(&call->why, KAI_ENOTFOUND, "item.unknown", id, NULL, NULL);
    if (err == KAI_OK)
        err = read_subject(call, &r, &f, id, s);
    kai_reader_free(&r);
    return err;
}

/* What every object has: the caller goes on with what is its own, and ends it. */
static void begin_object(struct kai_jput *j, struct kai_buf *out, const char *type,
                         const struct subject *s, char stix_id[static KAI_STIX_ID_CAP])
{
    char uuid[KAI_UUID_CAP];
    char now[KAI_STIX_TIME_CAP];
    uint8_t random[16];

    randombytes_buf(random, sizeof random);
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40);
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
    (void)kai_uuid_text(uuid, random);
    (void)snprintf(stix_id, KAI_STIX_ID_CAP, "%s--%s", type, uuid);
    (void)kai_stix_time_text(now, kai_wall_ms());
    kai_jput_init(j, out);
    kai_jput_object(j, NULL);
    kai_jput_text(j, "type", type);
    kai_jput_text(j, "spec_version", "2.1");
    kai_jput_text(j, "id", stix_id);
    kai_jput_text(j, "created", now);
    kai_jput_text(j, "modified", now);
    kai_jput_array(j, "object_marking_refs");
    kai_jput_text(j, NULL, kai_tlp_marking(s->row.tlp));
    kai_jput_end(j);
}

struct refusal {
    struct kai_why why;
    bool any;
};

static void on_refusal(void *ctx, const struct kai_why *why, const char *id)
{
    struct refusal *r = ctx;

    (void)id;
    if (!r->any)
        r->why = *why;
    r->any = true;
}

static enum kai_err put_done(struct kai_call *call, const struct subject *s, struct kai_view object,
                             const char *stix_id, const struct kai_published *sum)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_aud_name *aud = kai_outlook_aud(o, s->row.aud_id);
    uint8_t item[KAI_ID_BYTES];
    struct kai_jput j;

    kai_item_id(item, KAI_CONTENT_STIX, object);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", item, KAI_ID_BYTES);
    kai_jput_text(&j, "stix_id", stix_id);
    kai_jput_text(&j, "about", s->stix_id);
    kai_jput_text(&j, "label", kai_tlp_name(s->row.tlp));
    kai_jput_text(&j, "audience", aud != NULL ? aud->name : NULL);
    kai_jput_uint(&j, "entries", sum->entries);
    kai_jput_uint(&j, "unsent", sum->unsent);
    kai_jput_end(&j);
    kai_outlook_put(o);
    return kai_jput_line(&j);
}

/* Into the audience where the item stands, under its label: who has it hears it, and nobody else.
 */
static enum kai_err say(struct kai_call *call, const struct subject *s, struct kai_view object,
                        const char *stix_id)
{
    struct refusal refused = {.any = false};
    char to[2 * KAI_ID_BYTES + 1];
    struct kai_published sum;
    struct kai_publish p = {.who = call->who,
                            .file = object,
                            .name = call->verb,
                            .to = kai_hex(to, s->row.aud_id, KAI_ID_BYTES),
                            .to_id = s->row.aud_id,
                            .refusals_max = KAI_REFUSALS_MAX,
                            .label = {.tlp = s->row.tlp,
                                      .pap = s->row.pap,
                                      .exercise = (s->row.flags & KAI_ROW_EXERCISE) != 0},
                            .refuse = on_refusal,
                            .ctx = &refused};
    enum kai_err err = kai_publish(call->core, &p, &sum, &call->why);

    if (err == KAI_OK && sum.refused > 0) {
        call->why = refused.why;
        return sum.only_rules ? KAI_EDENIED : KAI_EMALFORMED;
    }
    return err == KAI_OK ? put_done(call, s, object, stix_id, &sum) : err;
}

enum kai_err kai_verb_note(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *text = kai_arg_need(call, "text", &err);
    char stix_id[KAI_STIX_ID_CAP];
    struct subject s;
    struct kai_buf object;
    struct kai_jput j;

    if (err == KAI_OK && (text[0] == '\0' || strlen(text) > NOTE_TEXT_MAX))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "text", NULL, NULL);
    if (err == KAI_OK)
        err = find_subject(call, id, &s);
    if (err != KAI_OK)
        return err;
    kai_buf_init(&object, KAI_STIX_BYTES_MAX);
    begin_object(&j, &object, "note", &s, stix_id);
    kai_jput_text(&j, "content", text);
    kai_jput_array(&j, "object_refs");
    kai_jput_text(&j, NULL, s.stix_id);
    kai_jput_end(&j);
    kai_jput_end(&j);
    err = object.err;
    if (err == KAI_OK)
        err = say(call, &s, kai_buf_view(&object), stix_id);
    kai_buf_free(&object);
    return err;
}

/* When it was seen: now where nothing else is said. */
static uint64_t seen_at(struct kai_call *call, enum kai_err *err)
{
    const char *text = kai_arg_text(call, "at", err);
    uint64_t at = kai_wall_ms();
    uint64_t ago;

    if (*err != KAI_OK || text == NULL)
        return at;
    if (kai_duration_parse(text, &ago) && ago < at)
        at -= ago;
    else if (!kai_time_parse_loose(kai_view_of(text, strlen(text)), &at))
        *err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.time", text, NULL, NULL);
    return at;
}

#define SIGHTINGS_MAX 999999999u /* STIX 2.1, 5.2. */

enum kai_err kai_verb_sighting(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *where = kai_arg_text(call, "where", &err);
    uint64_t count = kai_arg_uint(call, "count", 1, &err);
    uint64_t at = seen_at(call, &err);
    char when[KAI_STIX_TIME_CAP];
    char stix_id[KAI_STIX_ID_CAP];
    struct subject s;
    struct kai_buf object;
    struct kai_jput j;

    if (err == KAI_OK && (count == 0 || count > SIGHTINGS_MAX))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "count", NULL, NULL);
    if (err == KAI_OK && where != NULL && strlen(where) > NOTE_TEXT_MAX)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "where", NULL, NULL);
    if (err == KAI_OK)
        err = find_subject(call, id, &s);
    if (err == KAI_OK && !s.sightable)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "note.sighting", s.stix_id, NULL, NULL);
    if (err != KAI_OK)
        return err;
    kai_buf_init(&object, KAI_STIX_BYTES_MAX);
    begin_object(&j, &object, "sighting", &s, stix_id);
    kai_jput_text(&j, "first_seen", kai_stix_time_text(when, at));
    kai_jput_text(&j, "last_seen", when);
    kai_jput_uint(&j, "count", count);
    kai_jput_text(&j, "sighting_of_ref", s.stix_id);
    if (where != NULL)
        kai_jput_text(&j, "description", where);
    kai_jput_end(&j);
    err = object.err;
    if (err == KAI_OK)
        err = say(call, &s, kai_buf_view(&object), stix_id);
    kai_buf_free(&object);
    return err;
}
