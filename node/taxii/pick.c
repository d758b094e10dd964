/* pick: which objects of a collection a request asks for. */
#include "node/taxii/pick.h"

#include <string.h>

#include "log/body.h"
#include "node/taxii/stamp.h"
#include "node/taxii/versions.h"

#define IDS_MAX   64u /* match[id] has no room for more. */
#define UUID_MADE 5u  /* Version of the UUIDs that values of lists have. */

struct id {
    struct kai_view type;
    uint8_t uuid[16];
};

struct picker {
    struct kai_reader *r;
    const uint8_t *aud_id;
    const struct kai_taxii_filter *f;
    uint64_t now_ms;
    struct kai_taxii_picks *out;
    size_t room; /* The limit, and one to see whether there is more. */
    bool all;    /* match[version]. */
    bool first;
    bool last;
    size_t n_ids;
    struct id ids[IDS_MAX];
    const struct id *at; /* The one that is looked for. */
    uint64_t work;
    uint64_t looks; /* At other versions, of what is named. */
    bool much;      /* Named objects would take more than there may be. */
    enum kai_err err;
};

/* ---- What there is. */
static bool is_there(const struct picker *p, const struct kai_row *row)
{
    return memcmp(row->aud_id, p->aud_id, KAI_ID_BYTES) == 0 &&
           kai_taxii_leaves(row, p->r->clearance, p->now_ms);
}

static bool type_wanted(const struct picker *p, const struct kai_row *row)
{
    const char *match = p->f->match[KAI_TAXII_TYPE];
    struct kai_view word;

    for (size_t at = 0; kai_taxii_word(match, &at, &word);)
        if (kai_taxii_is_type(row, word))
            return true;
    return match[0] == '\0';
}

/* False: it does not exist for this reader, or p->err says why. */
static bool load(struct picker *p, uint64_t no, struct kai_row *row, uint64_t *us)
{
    p->err = kai_ixsnap_sound_row(p->r->rows, no, row);
    if (p->err == KAI_OK && is_there(p, row))
        p->err = kai_ixsnap_added_us(p->r->rows, no, us);
    else if (p->err == KAI_OK)
        return false;
    if (p->err == KAI_ENOTFOUND) { /* Its record knows better than the key, or is damaged. */
        p->err = KAI_OK;
        return false;
    }
    return p->err == KAI_OK;
}

static bool is_named(const struct picker *p, const struct kai_row *row, uint64_t us)
{
    const char *match = p->f->match[KAI_TAXII_VERSION];
    uint64_t version = kai_taxii_version_us(row, us);
    struct kai_view word;
    uint64_t named;

    /* A version that is not when it was added is known to the millisecond. */
    for (size_t at = 0; kai_taxii_word(match, &at, &word);)
        if (kai_taxii_stamp_parse(word, &named) &&
            (version == us ? named == us : named / 1000 == version / 1000))
            return true;
    return false;
}

/* key: of a list's value. */
static bool version_wanted(struct picker *p, const struct kai_row *row, uint64_t us,
                           struct kai_view key)
{
    struct kai_taxii_version v = {
        .r = p->r, .aud_id = p->aud_id, .now_ms = p->now_ms, .row = row, .us = us, .key = key};
    uint64_t *looks = p->n_ids > 0 ? &p->looks : &p->work;
    bool is = p->all || is_named(p, row, us);

    if (!is && p->looks >= KAI_TAXII_WORK_MAX) /* Rather too many than none: others make them. */
        return p->first || p->last;
    if (!is && p->last)
        p->err = kai_taxii_newest(&v, &is, looks);
    if (!is && p->first && p->err == KAI_OK)
        p->err = kai_taxii_oldest(&v, &is, looks);
    return is && p->err == KAI_OK;
}

/* ---- Picking. */
/* Of what is named there is no place to go on from. False: it is too much. */
static bool named_work(struct picker *p)
{
    p->much = p->work >= KAI_TAXII_NAMED_MAX;
    p->work++;
    return !p->much;
}

/* Those that were added first stay; the same one is picked once. */
static void keep(struct picker *p, const struct kai_row *row, uint64_t index, uint64_t us)
{
    struct kai_taxii_picks *o = p->out;
    size_t at = o->n;

    while (at > 0 && o->pick[at - 1].us >= us)
        at--;
    if (at == p->room || (at < o->n && o->pick[at].us == us))
        return;
    size_t n = o->n < p->room ? o->n : p->room - 1;
    memmove(o->pick + at + 1, o->pick + at, (n - at) * sizeof o->pick[0]);
    o->pick[at] = (struct kai_taxii_pick){.row_no = row->no, .index = index, .us = us};
    o->n = n + 1;
}

static void exists(struct picker *p, const struct kai_row *row)
{
    if (!p->out->exists || row->tlp > p->out->exists_tlp) {
        memcpy(p->out->exists_id, row->item_id, KAI_ID_BYTES);
        p->out->exists_tlp = row->tlp;
    }
    p->out->exists = true;
}

/* The values of a list, or the one that is looked for. */
static void consider_list(struct picker *p, const struct kai_row *row, uint64_t us)
{
    struct kai_rowkeys keys;
    char text[KAI_VALUE_BYTES_MAX];
    uint8_t uuid[16];
    enum kai_vtype type;
    size_t n;

    p->err = kai_ixsnap_keys(p->r->rows, row, &keys);
    while (p->err == KAI_OK && kai_rowkeys_next(&keys)) {
        struct kai_view key = kai_view_of(keys.key, keys.key_n);

        if (p->n_ids == 0 && (p->out->n == p->room || p->work >= KAI_TAXII_WORK_MAX))
            return;
        if (p->n_ids == 0 && us + keys.index <= p->f->after_us)
            continue;
        if (p->n_ids > 0 && !named_work(p))
            return;
        p->work += p->n_ids == 0;
        p->out->reached_us = us + keys.index;
        if (p->n_ids > 0) {
            size_t i = 0;

            if (!kai_rowkeys_value(&keys, &type, text, &n))
                continue;
            kai_list_uuid(uuid, type, kai_view_of(text, n), row->origin);
            while (i < p->n_ids && memcmp(p->ids[i].uuid, uuid, sizeof uuid) != 0)
                i++;
            if (i == p->n_ids || !kai_view_eq(p->ids[i].type, kai_view_of("indicator", 9)))
                continue;
            exists(p, row);
        }
        if (us + keys.index > p->f->after_us && version_wanted(p, row, us + keys.index, key))
            keep(p, row, keys.index, us + keys.index);
    }
}

static bool on_list(void *ctx, const struct kai_row *row, uint64_t us)
{
    struct picker *p = ctx;

    if (named_work(p) && is_there(p, row))
        consider_list(p, row, us);
    return p->err == KAI_OK && !p->much;
}

static bool on_added(void *ctx, const struct kai_row *row, uint64_t us)
{
    struct picker *p = ctx;
    uint64_t last = us + (row->n_values > 0 ? row->n_values - 1 : 0);

    if (last <= p->f->after_us)
        return true;
    p->work++;
    if (is_there(p, row) && type_wanted(p, row)) {
        if (row->kind == KAI_CONTENT_LIST)
            consider_list(p, row, us);
        else if (version_wanted(p, row, us, (struct kai_view){0}))
            keep(p, row, 0, us);
    }
    if (p->err != KAI_OK || p->out->n == p->room)
        return false;
    p->out->more = p->work >= KAI_TAXII_WORK_MAX;
    if (!p->out->more)
        p->out->reached_us = last;
    return !p->out->more;
}

static bool on_named(void *ctx, uint64_t row_no, uint64_t index)
{
    struct picker *p = ctx;
    struct kai_row row;
    uint64_t us = 0;

    (void)index;
    if (!named_work(p))
        return false;
    if (!load(p, row_no, &row, &us) || row.kind != KAI_CONTENT_STIX ||
        !kai_taxii_is_type(&row, p->at->type))
        return p->err == KAI_OK;
    exists(p, &row);
    if (us > p->f->after_us && type_wanted(p, &row) &&
        version_wanted(p, &row, us, (struct kai_view){0}))
        keep(p, &row, 0, us);
    return p->err == KAI_OK;
}

/* ---- What is asked for. */
static void want_versions(struct picker *p, const struct kai_taxii_path *path)
{
    const char *match = p->f->match[KAI_TAXII_VERSION];
    struct kai_view word;

    p->all = path->what == KAI_TAXII_VERSIONS;
    p->last = match[0] == '\0';
    for (size_t at = 0; kai_taxii_word(match, &at, &word);) {
        p->all = p->all || kai_view_eq(word, kai_view_of("all", 3));
        p->first = p->first || kai_view_eq(word, kai_view_of("first", 5));
        p->last = p->last || kai_view_eq(word, kai_view_of("last", 4));
    }
}

static void want_id(struct picker *p, struct kai_view id)
{
    struct id *to = &p->ids[p->n_ids];
    size_t type_n;

    if (p->n_ids == IDS_MAX || !kai_taxii_object_id(id, &type_n, to->uuid))
        return;
    to->type = kai_view_of(id.p, type_n);
    for (size_t i = 0; i < p->n_ids; i++) /* Said again, it would be looked for again. */
        if (memcmp(p->ids[i].uuid, to->uuid, sizeof to->uuid) == 0 &&
            kai_view_eq(p->ids[i].type, to->type))
            return;
    p->n_ids++;
}

static enum kai_err find_named(struct picker *p)
{
    enum kai_err err = KAI_OK;
    bool made = false;

    for (size_t i = 0; i < p->n_ids && err == KAI_OK && !p->much; i++) {
        p->at = &p->ids[i];
        made = made || p->at->uuid[6] >> 4 == UUID_MADE;
        err = kai_ixsnap_stix_down(p->r->rows, p->at->uuid, on_named, p);
        if (err == KAI_OK)
            err = p->err;
    }
    if (err == KAI_OK && !p->much && made &&
        kai_taxii_fits(p->f, KAI_TAXII_TYPE, kai_view_of("indicator", 9)))
        err = kai_ixsnap_added(p->r->rows, p->aud_id, true, 0, on_list, p);
    return err;
}

enum kai_err kai_taxii_pick(struct kai_reader *r, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_taxii_path *path, const struct kai_taxii_filter *f,
                            uint64_t now_ms, struct kai_taxii_picks *out)
{
    struct picker p = {
        .r = r, .aud_id = aud_id, .f = f, .now_ms = now_ms, .out = out, .room = f->limit + 1};
    struct kai_view object = kai_view_of(path->object, strlen(path->object));
    bool named = path->what == KAI_TAXII_OBJECT || path->what == KAI_TAXII_VERSIONS;
    struct kai_view word;
    enum kai_err err = KAI_OK;

    out->n = 0;
    out->more = out->exists = false;
    out->exists_tlp = 0;
    out->reached_us = f->after_us;
    want_versions(&p, path);
    if (named)
        want_id(&p, object);
    for (size_t at = 0; !named && kai_taxii_word(f->match[KAI_TAXII_ID], &at, &word);)
        want_id(&p, word);
    if (p.n_ids > 0)
        err = find_named(&p);
    else if (!named && f->match[KAI_TAXII_ID][0] == '\0')
        err = kai_ixsnap_added(r->rows, aud_id, false, f->after_us, on_added, &p);
    if (err == KAI_OK)
        err = p.err;
    if (err == KAI_OK && p.much)
        err = KAI_ELIMIT;
    if (out->n == p.room) {
        out->n--;
        out->more = true;
        out->reached_us = out->pick[out->n - 1].us;
    }
    if (!kai_taxii_fits(f, KAI_TAXII_SPEC, kai_view_of("2.1", 3)) ||
        (named && !kai_taxii_fits(f, KAI_TAXII_ID, object))) {
        out->n = 0; /* We have no other. */
        out->more = false;
    }
    return err;
}
