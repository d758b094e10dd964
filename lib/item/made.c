/* made: checking and handing out objects that an importer wrote. */
#include "item/made.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "item/ascii.h"
#include "item/scoid.h"
#include "item/stix_json.h"

#define FIRST_CAP 256u

/* Names the objects that are made of other formats; made once at random. */
static const uint8_t MADE_NAMESPACE[16] = {0x1b, 0x95, 0x3e, 0xc8, 0x40, 0xd7, 0x4f, 0x0a,
                                           0xb2, 0x6c, 0x77, 0x19, 0xe5, 0x8a, 0x33, 0xd4};

void kai_made_init(struct kai_made *m, struct importer *im)
{
    *m = (struct kai_made){.im = im};
    kai_buf_init(&m->text, 4 * KAI_STIX_BYTES_MAX); /* Larger ones are told by their size. */
}

void kai_made_free(struct kai_made *m)
{
    kai_buf_free(&m->text);
    free(m->slots);
    m->slots = NULL;
}

char *kai_made_id(char out[static KAI_STIX_ID_CAP], const char *type, const char *source,
                  const char *name)
{
    char text[KAI_UUID_CAP];
    uint8_t hash[KAI_ID_BYTES];
    uint8_t uuid[16];
    struct kai_hasher h;
    size_t n = strlen(type);

    /* A name may be of any length: its hash stands for it. */
    kai_hash_begin(&h, KAI_D_ITEM);
    kai_hash_add(&h, type, n + 1);
    kai_hash_add(&h, source, strlen(source) + 1);
    kai_hash_add(&h, name, strlen(name));
    kai_hash_end(&h, hash);
    kai_uuid5(uuid, MADE_NAMESPACE, hash, sizeof hash);
    memcpy(out, type, n);
    memcpy(out + n, "--", 2);
    memcpy(out + n + 2, kai_uuid_text(text, uuid), KAI_UUID_CAP);
    return out;
}

json_t *kai_made_object(const char *type, const char *id, uint64_t created_ms, uint64_t modified_ms)
{
    char created[KAI_STIX_TIME_CAP];
    char modified[KAI_STIX_TIME_CAP];

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", type, "spec_version", "2.1", "id", id,
                     "created", kai_stix_time_text(created, created_ms), "modified",
                     kai_stix_time_text(modified, modified_ms));
}

bool kai_made_mark(json_t *o, uint8_t tlp)
{
    const char *marking = kai_tlp_marking(tlp);

    return marking == NULL ||
           json_object_set_new(o, "object_marking_refs", json_pack("[s]", marking)) == 0;
}

static int two_digits(const char *at)
{
    return kai_ascii_digit((uint8_t)at[0]) && kai_ascii_digit((uint8_t)at[1])
               ? (at[0] - '0') * 10 + at[1] - '0'
               : -1;
}

bool kai_made_time(const char *text, int64_t *ms)
{
    size_t n = strlen(text);
    char utc[48];
    int hours;
    int minutes;

    if (n < 8 || n >= sizeof utc)
        return false;
    if (kai_stix_time(kai_view_of(text, n), ms))
        return true;
    hours = two_digits(text + n - 5);
    minutes = two_digits(text + n - 2);
    if ((text[n - 6] != '+' && text[n - 6] != '-') || text[n - 3] != ':' || hours < 0 ||
        hours > 23 || minutes < 0 || minutes > 59)
        return false;
    memcpy(utc, text, n - 6);
    utc[n - 6] = 'Z';
    if (!kai_stix_time(kai_view_of(utc, n - 5), ms))
        return false;
    *ms -= (text[n - 6] == '+' ? 1 : -1) * ((int64_t)hours * 60 + minutes) * 60000;
    return true;
}

void kai_pattern_literal(struct kai_buf *out, struct kai_view text)
{
    kai_buf_u8(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'' || text.p[i] == '\\')
            kai_buf_u8(out, '\\');
        kai_buf_u8(out, text.p[i]);
    }
    kai_buf_u8(out, '\'');
}

enum kai_err kai_made_parse(struct importer *im, json_t **out)
{
    struct kai_why why = {.code = NULL};
    enum kai_err err = kai_json_load_max(im->file, KAI_MADE_JSON_BYTES_MAX, "file.size", out, &why);

    if (err == KAI_EMALFORMED || err == KAI_ELIMIT)
        err = kai_importer_refuse(im, &why, "", "");
    return err;
}

/* ---- Doubles. */
static uint64_t hash_text(const char *a, const char *b, size_t n)
{
    struct kai_hasher h;
    uint8_t digest[KAI_ID_BYTES];
    uint64_t v;

    kai_hash_begin(&h, KAI_D_ITEM);
    kai_hash_add(&h, a, strlen(a) + 1);
    kai_hash_add(&h, b, n);
    kai_hash_end(&h, digest);
    v = kai_get_u64(digest);
    return v == 0 ? 1 : v;
}

static enum kai_err make_room(struct kai_made *m)
{
    size_t cap = m->cap == 0 ? FIRST_CAP : m->cap * 2;

    if (m->cap > 0 && m->n < m->cap - m->cap / 4)
        return KAI_OK;
    void *p = calloc(cap, sizeof *m->slots);
    if (p == NULL)
        return KAI_ENOMEM;
    struct kai_made old = *m;
    m->slots = p;
    m->cap = cap;
    for (size_t i = 0; i < old.cap; i++) {
        size_t at = old.slots[i].version & (cap - 1);

        while (old.slots[i].version != 0 && m->slots[at].version != 0)
            at = (at + 1) & (cap - 1);
        if (old.slots[i].version != 0)
            m->slots[at] = old.slots[i];
    }
    free(old.slots);
    return KAI_OK;
}

/* Whether this file made the version before, and then whether with this text. */
static enum kai_err ask_doubles(struct kai_made *m, const json_t *o, bool *had, bool *same)
{
    const char *id = json_string_value(json_object_get(o, "id"));
    const char *modified = json_string_value(json_object_get(o, "modified"));
    uint64_t version =
        hash_text(id, modified == NULL ? "" : modified, modified == NULL ? 0 : strlen(modified));
    uint64_t text = hash_text("", (const char *)m->text.p, m->text.len);
    enum kai_err err = make_room(m);
    size_t i;

    if (err != KAI_OK)
        return err;
    for (i = version & (m->cap - 1); m->slots[i].version != 0; i = (i + 1) & (m->cap - 1))
        if (m->slots[i].version == version) {
            *had = true;
            *same = m->slots[i].text == text;
            return KAI_OK;
        }
    *had = *same = false;
    m->slots[i].version = version;
    m->slots[i].text = text;
    m->n++;
    return KAI_OK;
}

/* ---- One object. */
static enum kai_err hand_out(struct kai_made *m, const struct kai_stix_info *info,
                             struct kai_label own, const char *path, uint64_t line, bool *ok)
{
    struct kai_why why = {.line = line};
    struct kai_candidate c = {
        .kind = KAI_CONTENT_STIX,
        .content = kai_buf_view(&m->text),
        .line = line,
        .path = path,
        .info = info,
        .n = 1,
    };

    if (kai_importer_label(m->im, info, own, &c.label, &why) != KAI_OK) {
        *ok = false;
        return kai_importer_refuse(m->im, &why, path, info->id);
    }
    return kai_importer_give(m->im, &c);
}

static enum kai_err judge(struct kai_made *m, const json_t *o, struct kai_label own,
                          const char *path, uint64_t line, bool *ok)
{
    struct kai_why why = {.line = line};
    struct kai_stix_info info;
    bool had;
    bool same;
    enum kai_err err = kai_stix_check_json(o, &info, &why);

    if (err == KAI_OK && m->text.len > KAI_STIX_BYTES_MAX) {
        char bytes[24];
        char limit[24];

        (void)snprintf(bytes, sizeof bytes, "%zu", m->text.len);
        (void)snprintf(limit, sizeof limit, "%u", KAI_STIX_BYTES_MAX);
        err = kai_why_set(&why, KAI_ELIMIT, "stix.size", bytes, limit, NULL);
    }
    if (err == KAI_OK && info.tlp_definition) {
        m->im->sum.known++;
        return KAI_OK;
    }
    if (err == KAI_OK) {
        err = ask_doubles(m, o, &had, &same);
        if (err == KAI_OK && had && same) {
            m->im->sum.doubles++;
            return KAI_OK;
        }
        if (err == KAI_OK && had)
            err = kai_why_set(&why, KAI_EMALFORMED, "stix.duplicate", info.id, NULL, NULL);
    }
    if (err == KAI_OK)
        return hand_out(m, &info, own, path, line, ok);
    *ok = false;
    return err == KAI_ENOMEM ? err : kai_importer_refuse(m->im, &why, path, info.id);
}

enum kai_err kai_made_give(struct kai_made *m, json_t *o, struct kai_label own, const char *path,
                           uint64_t line, bool *ok)
{
    enum kai_err err;

    *ok = true;
    if (o == NULL)
        return KAI_ENOMEM;
    kai_buf_clear(&m->text);
    err = kai_json_dump(&m->text, o);
    if (err == KAI_ELIMIT) {
        struct kai_why why = {.line = line};
        char limit[24];

        (void)snprintf(limit, sizeof limit, "%u", KAI_STIX_BYTES_MAX);
        (void)kai_why_set(&why, err, "stix.size", "> 4 MiB", limit, NULL);
        *ok = false;
        err = kai_importer_refuse(m->im, &why, path, "");
    } else if (err == KAI_OK) {
        err = judge(m, o, own, path, line, ok);
    }
    json_decref(o);
    return err;
}
