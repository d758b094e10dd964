/* misp: a feed: one event for each source and label, manifest.json and hashes.csv.
 *
 * A label goes as a tag of the event (tlp:amber+strict), PAP as one of the attribute. to_ids says
 * whether a sensor may be given the value. Events, and attributes in them, have ids made of what
 * they are, so that an importer knows them again. At most OPEN_MAX events are written at a time;
 * where there are more, the one begun first is closed, and what still comes for it goes into a
 * further part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "export/form.h"
#include "export/md5.h"
#include "item/label.h"
#include "item/scoid.h"
#include "text/json.h"
#include "text/time.h"

enum { HASHES = 0, MANIFEST = 1, FIRST_EVENT = 2 };
#define OPEN_MAX     (KAI_EXPORT_FILES_MAX - FIRST_EVENT)
#define ORIGIN_CAP   (2 * KAI_ID_BYTES + 1)
#define MANIFEST_MAX (64u << 20) /* 100,000 events and more. */

/* Names events and attributes; made once at random. */
static const uint8_t NAMESPACE[16] = {0x1d, 0x94, 0x6e, 0x0b, 0xa7, 0x38, 0x4f, 0x52,
                                      0xb1, 0x6c, 0x7e, 0xd0, 0x29, 0xf3, 0x85, 0x4a};

struct event {
    bool open;
    char origin[ORIGIN_CAP];
    uint8_t tlp;
    uint8_t uuid[16];
    uint64_t begun;              /* Number of the event, in the order in which they began. */
    uint64_t n;                  /* Attributes. */
    char line[KAI_UUID_CAP + 1]; /* ",UUID\n" */
};

struct feed {
    struct event events[OPEN_MAX];
    uint64_t begun;
    struct kai_buf manifest;              /* Members of the object so far. */
    unsigned slot;                        /* The event of the item at hand, */
    struct kai_view values[EXPORT_GROUP]; /* and what hashes.csv has yet to get of it. */
    size_t n_values;
};

static enum kai_err begin(struct kai_export *e)
{
    struct feed *s = calloc(1, sizeof *s);

    if (s == NULL)
        return KAI_ENOMEM;
    kai_buf_init(&s->manifest, MANIFEST_MAX);
    e->state = s;
    kai_export_open(e, HASHES, "hashes.csv");
    return KAI_OK;
}

/* What stands between an attribute's id and its value. */
#define MIDDLE(type, category)                                                                     \
    {                                                                                              \
        "\",\"type\":\"" type "\",\"category\":\"" category "\",\"value\":",                       \
            sizeof "\",\"type\":\"" type "\",\"category\":\"" category "\",\"value\":" - 1         \
    }
#define NETWORK(type) MIDDLE(type, "Network activity")
#define PAYLOAD(type) MIDDLE(type, "Payload delivery")
static const struct middle {
    const char *text; /* NULL: MISP has no such type. */
    size_t n;
} middles[KAI_VTYPE_MAX + 1] = {
    [KAI_V_IPV4] = NETWORK("ip-dst"),
    [KAI_V_IPV6] = NETWORK("ip-dst"),
    [KAI_V_DOMAIN] = NETWORK("domain"),
    [KAI_V_URL] = NETWORK("url"),
    [KAI_V_USER_AGENT] = NETWORK("user-agent"),
    [KAI_V_ASN] = NETWORK("AS"),
    [KAI_V_MAC] = NETWORK("mac-address"),
    [KAI_V_EMAIL] = PAYLOAD("email"),
    [KAI_V_EMAIL_SUBJECT] = PAYLOAD("email-subject"),
    [KAI_V_MD5] = PAYLOAD("md5"),
    [KAI_V_SHA1] = PAYLOAD("sha1"),
    [KAI_V_SHA224] = PAYLOAD("sha224"),
    [KAI_V_SHA256] = PAYLOAD("sha256"),
    [KAI_V_SHA384] = PAYLOAD("sha384"),
    [KAI_V_SHA512] = PAYLOAD("sha512"),
    [KAI_V_SSDEEP] = PAYLOAD("ssdeep"),
    [KAI_V_TLSH] = PAYLOAD("tlsh"),
    [KAI_V_IMPHASH] = PAYLOAD("imphash"),
    [KAI_V_FILE_NAME] = PAYLOAD("filename"),
    [KAI_V_MUTEX] = MIDDLE("mutex", "Artifacts dropped"),
    [KAI_V_REGKEY] = MIDDLE("regkey", "Persistence mechanism"),
    [KAI_V_CVE] = MIDDLE("vulnerability", "External analysis"),
};

static void put_number(struct kai_jput *j, const char *key, uint64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    kai_jput_text(j, key, text); /* Numbers are texts, as MISP writes them. */
}

static void put_tag(struct kai_jput *j, const char *name)
{
    kai_jput_object(j, NULL);
    kai_jput_text(j, "name", name);
    kai_jput_end(j);
}

/* "tlp:amber+strict", of "TLP:AMBER+STRICT". */
static void put_tlp(struct kai_jput *j, uint8_t tlp)
{
    char tag[24];
    size_t n = 0;

    for (const char *p = kai_tlp_name(tlp); *p != '\0' && n + 1 < sizeof tag; p++)
        tag[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    tag[n] = '\0';
    put_tag(j, tag);
}

/* What the event and its line of the manifest share. */
static void put_event(struct kai_jput *j, struct kai_export *e, const struct kai_export_record *r,
                      uint64_t part)
{
    char date[KAI_TIME_CAP];
    char info[512];
    char uuid[KAI_UUID_CAP];
    uint8_t org[16];

    kai_time_print(e->opts.now_ms, date);
    date[10] = '\0';
    (void)snprintf(info, sizeof info,
                   part == 1 ? "%.300s, %s, by Kairan" : "%.300s, %s, by Kairan (%llu)",
                   r->origin_name, kai_tlp_name(r->tlp), (unsigned long long)part);
    kai_uuid5(org, NAMESPACE, r->origin, strlen(r->origin));
    kai_jput_text(j, "info", info);
    kai_jput_text(j, "date", date);
    kai_jput_text(j, "threat_level_id", "4");
    kai_jput_text(j, "analysis", "2");
    put_number(j, "timestamp", e->opts.now_ms / 1000);
    kai_jput_object(j, "Orgc");
    kai_jput_text(j, "name", r->origin_name);
    kai_jput_text(j, "uuid", kai_uuid_text(uuid, org));
    kai_jput_end(j);
    kai_jput_array(j, "Tag");
    put_tlp(j, r->tlp);
    kai_jput_end(j);
}

/* The object is open yet: attributes follow. */
static void open_event(struct kai_export *e, unsigned slot, const struct kai_export_record *r,
                       uint64_t part)
{
    struct feed *s = e->state;
    struct event *v = &s->events[slot];
    char name[ORIGIN_CAP + 64];
    char uuid[KAI_UUID_CAP];
    char file[KAI_UUID_CAP + 8];
    struct kai_jput j;
    struct kai_buf head;

    *v = (struct event){.open = true, .tlp = r->tlp, .begun = s->begun++};
    (void)snprintf(v->origin, sizeof v->origin, "%s", r->origin);
    (void)snprintf(name, sizeof name, "%s:%u:%llu", v->origin, r->tlp, (unsigned long long)part);
    kai_uuid5(v->uuid, NAMESPACE, name, strlen(name));
    (void)kai_uuid_text(uuid, v->uuid);
    (void)snprintf(file, sizeof file, "%s.json", uuid);
    v->line[0] = ',';
    memcpy(v->line + 1, uuid, KAI_UUID_CAP - 1);
    v->line[KAI_UUID_CAP] = '\n';
    kai_export_open(e, FIRST_EVENT + slot, file);
    kai_buf_init(&head, 65536);
    kai_jput_init(&j, &head);
    kai_jput_object(&j, NULL);
    put_event(&j, e, r, part);
    kai_jput_end(&j);
    if (head.err == KAI_OK) { /* Its members, without the braces. */
        kai_buf_printf(&s->manifest, "%s\"%s\":", s->manifest.len > 0 ? ",\n" : "", uuid);
        kai_buf_add(&s->manifest, head.p, head.len);
        struct kai_buf *b = kai_export_file(e, FIRST_EVENT + slot);
        kai_buf_printf(
            b, "{\"Event\":{\"uuid\":\"%s\",\"published\":true,\"publish_timestamp\":\"%llu\",",
            uuid, (unsigned long long)(e->opts.now_ms / 1000));
        kai_buf_add(b, head.p + 1, head.len - 2);
        kai_buf_text(b, ",\"Attribute\":[");
    } else if (e->err == KAI_OK) {
        e->err = head.err;
    }
    kai_buf_free(&head);
}

static void close_event(struct kai_export *e, unsigned slot)
{
    struct feed *s = e->state;

    kai_buf_text(kai_export_file(e, FIRST_EVENT + slot), "\n]}}\n");
    kai_export_close(e, FIRST_EVENT + slot);
    s->events[slot].open = false;
}

/* The event of the record's source and label, made where there is none. */
static unsigned event_of(struct kai_export *e, const struct kai_export_record *r)
{
    struct feed *s = e->state;
    unsigned oldest = 0;
    uint64_t part = 1;

    for (unsigned i = 0; i < OPEN_MAX; i++) {
        struct event *v = &s->events[i];

        if (v->open && v->tlp == r->tlp && strcmp(v->origin, r->origin) == 0)
            return i;
        if (!v->open && s->events[oldest].open)
            oldest = i;
        else if (v->open && s->events[oldest].open && v->begun < s->events[oldest].begun)
            oldest = i;
    }
    if (s->events[oldest].open)
        close_event(e, oldest);
    if (s->begun >= OPEN_MAX) { /* It may have been closed before. */
        uint64_t h = kai_export_hash(e, 1 + r->tlp, r->origin, strlen(r->origin));

        for (part = 1; kai_export_seen(e, h + part) && e->err == KAI_OK; part++)
            ;
    } else {
        (void)kai_export_seen(e, kai_export_hash(e, 1 + r->tlp, r->origin, strlen(r->origin)) + 1);
    }
    open_event(e, oldest, r, part);
    return oldest;
}

static void put_hashes(struct kai_export *e)
{
    struct feed *s = e->state;
    const struct event *v = &s->events[s->slot];
    size_t line = 2 * KAI_MD5_BYTES + sizeof v->line;
    uint8_t *to = kai_buf_room(kai_export_file(e, HASHES), s->n_values * line);
    uint8_t md5[EXPORT_GROUP][KAI_MD5_BYTES];

    kai_md5(md5, s->values, s->n_values);
    for (size_t i = 0; i < s->n_values && to != NULL; i++, to += line) {
        (void)kai_hex((char *)to, md5[i], sizeof md5[i]);
        memcpy(to + 2 * KAI_MD5_BYTES, v->line, sizeof v->line); /* Over the NUL. */
    }
    s->n_values = 0;
}

/* Members of an attribute that all values of an item share. */
static void make_rest(struct kai_buf *b, const struct kai_export_record *r)
{
    struct kai_jput j;

    kai_jput_init(&j, b);
    kai_jput_object(&j, NULL);
    kai_jput_bool(&j, "to_ids", r->detect);
    put_number(&j, "timestamp", r->first_seen_ms / 1000);
    kai_jput_text(&j, "comment", r->name);
    if (r->pap != KAI_PAP_NONE || r->exercise) {
        kai_jput_array(&j, "Tag");
        if (r->pap != KAI_PAP_NONE)
            put_tag(&j, kai_pap_name(r->pap));
        if (r->exercise)
            put_tag(&j, "kairan:exercise");
        kai_jput_end(&j);
    }
    kai_jput_end(&j);
    if (b->len > 0)
        b->p[0] = ','; /* Other members stand before it. */
}

/* An id of the event, the type and the value, in the shape of version 4. */
static void attribute_uuid(char out[static KAI_UUID_CAP], const struct event *v,
                           enum kai_vtype type, struct kai_view value)
{
    uint8_t key[crypto_shorthash_KEYBYTES];
    uint8_t uuid[2 * crypto_shorthash_BYTES];

    memcpy(key, v->uuid, sizeof key);
    key[0] ^= (uint8_t)type;
    (void)crypto_shorthash(uuid, value.p, value.n, key);
    key[15] ^= 0xff;
    (void)crypto_shorthash(uuid + crypto_shorthash_BYTES, value.p, value.n, key);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    (void)kai_uuid_text(out, uuid);
}

/* An attribute up to its value, and room for n bytes more; NULL on failure. */
static uint8_t *put_head(struct kai_buf *b, struct event *v, const struct kai_export_record *r,
                         size_t n)
{
    static const char first[] = ",\n{\"uuid\":\"";
    const struct middle *m = &middles[kai_vtype_of((uint64_t)r->type)];
    size_t skip = v->n++ > 0 ? 0 : 1; /* No comma before the first. */
    uint8_t *to = kai_buf_room(b, sizeof first - 1 - skip + KAI_UUID_CAP - 1 + m->n + n);

    if (to == NULL)
        return NULL;
    to = kai_export_put(to, first + skip, sizeof first - 1 - skip);
    attribute_uuid((char *)to, v, r->type, r->value);
    return kai_export_put(to + KAI_UUID_CAP - 1, m->text, m->n); /* Over its NUL. */
}

/* In one go where the value is written as it stands: there are millions. */
static void put_attribute(struct kai_export *e, struct kai_buf *b, struct event *v,
                          const struct kai_export_record *r)
{
    struct kai_view value = r->value;
    struct kai_view rest = kai_buf_view(&e->rest);
    struct kai_jput j;

    if (kai_plain_run(value.p, value.n) < value.n) {
        (void)put_head(b, v, r, 0);
        kai_jput_init(&j, b);
        kai_jput_view(&j, NULL, value);
        kai_buf_add(b, rest.p, rest.n);
        return;
    }
    uint8_t *to = put_head(b, v, r, value.n + 2 + rest.n);
    if (to == NULL)
        return;
    *to++ = '"';
    to = kai_export_put(to, value.p, value.n);
    *to++ = '"';
    (void)kai_export_put(to, rest.p, rest.n);
}

static bool takes(enum kai_vtype type)
{
    return middles[kai_vtype_of((uint64_t)type)].text != NULL;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    struct feed *s = e->state;

    if (e->rest.len == 0) {
        make_rest(&e->rest, r);
        s->slot = event_of(e, r);
    }
    put_attribute(e, kai_export_file(e, FIRST_EVENT + s->slot), &s->events[s->slot], r);
    s->values[s->n_values++] = r->value;
    return KAI_EXPORT_TAKEN;
}

/* The manifest is closed last: what it names is there. */
static void end(struct kai_export *e)
{
    struct feed *s = e->state;

    for (unsigned i = 0; i < OPEN_MAX; i++)
        if (s->events[i].open)
            close_event(e, i);
    kai_export_close(e, HASHES);
    kai_export_open(e, MANIFEST, "manifest.json");
    struct kai_buf *b = kai_export_file(e, MANIFEST);
    b->max = MANIFEST_MAX + 16;
    kai_buf_u8(b, '{');
    kai_buf_add(b, s->manifest.p, s->manifest.len);
    kai_buf_text(b, "}\n");
    if (s->manifest.err != KAI_OK && e->err == KAI_OK)
        e->err = s->manifest.err;
}

static void free_feed(void *state)
{
    struct feed *s = state;

    if (s != NULL)
        kai_buf_free(&s->manifest);
    free(s);
}

const struct export_form kai_export_misp = {.name = "misp",
                                            .use = KAI_EXPORT_FILE,
                                            .folder = true,
                                            .by_source = true,
                                            .begin = begin,
                                            .takes = takes,
                                            .add = add,
                                            .group = put_hashes,
                                            .end = end,
                                            .free = free_feed};
