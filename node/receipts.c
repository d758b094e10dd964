/* receipts: what sources are told about their contents. */
#include "node/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "log/acts.h"
#include "node/letters.h"

#define SETTLE_MS 2000u /* Nothing new for so long: what came together has come. */
#define PATIENCE_MS                                                                                \
    15000u /* Or it goes on coming, and the first receipt need not wait for ever.                  \
            */
#define RETRY_MS    60000u
#define DIRTY_MAX   65536u /* Batches of which sources are to be told. */
#define SOURCES_MAX 4096u
#define NOTES_MAX   4096u
#define BITS_BYTES  ((KAI_BATCH_ITEMS_MAX + 7) / 8)
#define KEPT_MAX    (KAI_STORE_VALUE_BYTES_MAX / (2 * KAI_ID_BYTES))
#define KEPT_KEY    "receipts/dirty"
#define KEY_CAP     64u

struct note {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint8_t origin[KAI_ID_BYTES];
    uint64_t first; /* Indexes of the OBJ. */
    uint64_t n;
    enum kai_receipt_what what;
};

struct dirty {
    uint8_t origin[KAI_ID_BYTES];
    uint8_t obj_hash[KAI_ID_BYTES];
};

struct source {
    uint8_t id[KAI_ID_BYTES];
    uint64_t since_ms; /* The oldest thing it has not been told of; 0: none. */
    uint64_t last_ms;  /* The last thing. */
    uint64_t next_ms;  /* Not before; 0: never told. */
};

struct kai_receipts {
    struct kai_core *c;
    pthread_mutex_t mu; /* Guards the notes. */
    struct note *notes;
    size_t n_notes;
    struct dirty *dirty;
    size_t n_dirty;
    struct source *sources;
    size_t n_sources;
    size_t recent;    /* The source that was looked up last. */
    bool kept;        /* The store has a list of an earlier stop. */
    uint64_t told_ms; /* The period that the next receipt speaks of begins here. */
};

static void bits_key(char key[static KEY_CAP], const uint8_t obj_hash[static KAI_ID_BYTES])
{
    char hex[KAI_HEX_CAP(16)]; /* Half of it: a key has room for no more. */

    kai_copy_text(key, KEY_CAP, "receipts/");
    kai_copy_text(key + strlen(key), KEY_CAP - strlen(key), kai_hex(hex, obj_hash, 16));
}

/* ---- What is to be told. */
static struct source *source_of(struct kai_receipts *r, const uint8_t id[static KAI_ID_BYTES])
{
    if (r->recent < r->n_sources && memcmp(r->sources[r->recent].id, id, KAI_ID_BYTES) == 0)
        return &r->sources[r->recent];
    for (size_t i = 0; i < r->n_sources; i++) {
        if (memcmp(r->sources[i].id, id, KAI_ID_BYTES) == 0) {
            r->recent = i;
            return &r->sources[i];
        }
    }
    if (r->n_sources == SOURCES_MAX)
        return NULL;
    struct source *s = &r->sources[r->n_sources++];
    *s = (struct source){0};
    memcpy(s->id, id, KAI_ID_BYTES);
    return s;
}

static bool dirty_add(struct kai_receipts *r, const uint8_t origin[static KAI_ID_BYTES],
                      const uint8_t obj_hash[static KAI_ID_BYTES], uint64_t now_ms)
{
    struct source *s = source_of(r, origin);
    struct dirty *last = r->n_dirty > 0 ? &r->dirty[r->n_dirty - 1] : NULL;

    if (s == NULL)
        return true; /* More sources than there are organisations: the rest is told nothing. */
    if (s->since_ms == 0)
        s->since_ms = now_ms;
    s->last_ms = now_ms;
    if (last != NULL && memcmp(last->obj_hash, obj_hash, KAI_ID_BYTES) == 0)
        return true; /* The rows of a batch come one after the other. */
    if (r->n_dirty == DIRTY_MAX)
        return false;
    memcpy(r->dirty[r->n_dirty].origin, origin, KAI_ID_BYTES);
    memcpy(r->dirty[r->n_dirty].obj_hash, obj_hash, KAI_ID_BYTES);
    r->n_dirty++;
    return true;
}

/* What anybody may read is nobody's to keep count of. */
static bool is_public(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_audience *a = kai_roster_audience(o->roster, aud_id);
    bool yes = a != NULL && a->rec.kind == KAI_AUD_PUBLIC;

    kai_outlook_put(o);
    return yes;
}

static bool is_told(struct kai_receipts *r, const struct kai_row *row)
{
    return memcmp(row->origin, r->c->self.org_id, KAI_ID_BYTES) != 0 &&
           !is_public(r->c, row->aud_id);
}

bool kai_receipts_saw(struct kai_receipts *r, const struct kai_row *row, uint64_t now_ms)
{
    return !is_told(r, row) || dirty_add(r, row->origin, row->obj_hash, now_ms);
}

bool kai_receipts_idle(const struct kai_receipts *r)
{
    return r->n_dirty == 0;
}

/* ---- Notes: kept in the store, a bit for each content. */
void kai_receipts_note(struct kai_receipts *r, const struct kai_row *row,
                       enum kai_receipt_what what)
{
    if (!is_told(r, row))
        return;
    (void)pthread_mutex_lock(&r->mu);
    if (r->n_notes < NOTES_MAX) {
        struct note *n = &r->notes[r->n_notes++];

        *n = (struct note){.first = row->parts > 1 ? 0 : row->obj_index,
                           .n = row->parts > 1 ? row->parts : 1,
                           .what = what};
        memcpy(n->obj_hash, row->obj_hash, KAI_ID_BYTES);
        memcpy(n->origin, row->origin, KAI_ID_BYTES);
    }
    (void)pthread_mutex_unlock(&r->mu);
}

static enum kai_err bits_get(struct kai_core *c, const uint8_t obj_hash[static KAI_ID_BYTES],
                             uint8_t bits[static 2 * BITS_BYTES])
{
    struct kai_snap *s = NULL;
    struct kai_view v = {0};
    char key[KEY_CAP];
    enum kai_err err = kai_snap_begin(c->store, &s);

    memset(bits, 0, 2 * BITS_BYTES);
    bits_key(key, obj_hash);
    if (err == KAI_OK)
        err = kai_snap_kv(s, key, &v);
    if (err == KAI_OK && v.n == 2 * BITS_BYTES)
        memcpy(bits, v.p, v.n);
    kai_snap_end(s);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

struct taken {
    struct note *notes;
    size_t n;
};

/* Every note in one transaction; those of one batch come in any order. */
static enum kai_err job_notes(struct kai_core *c, void *arg)
{
    const struct taken *t = arg;
    struct kai_tx *tx = kai_core_tx(c);
    uint8_t bits[2 * BITS_BYTES];
    char key[KEY_CAP];
    enum kai_err err = tx == NULL ? c->tx_err : KAI_OK;

    for (size_t i = 0; i < t->n && err == KAI_OK; i++) {
        bool known = false;

        for (size_t k = 0; k < i && !known; k++)
            known = memcmp(t->notes[k].obj_hash, t->notes[i].obj_hash, KAI_ID_BYTES) == 0;
        if (known)
            continue;
        err = bits_get(c, t->notes[i].obj_hash, bits);
        for (size_t k = i; k < t->n && err == KAI_OK; k++) {
            const struct note *n = &t->notes[k];

            if (memcmp(n->obj_hash, t->notes[i].obj_hash, KAI_ID_BYTES) != 0)
                continue;
            for (uint64_t b = n->first; b < n->first + n->n && b < KAI_BATCH_ITEMS_MAX; b++)
                bits[n->what * BITS_BYTES + b / 8] |= (uint8_t)(1u << b % 8);
        }
        bits_key(key, t->notes[i].obj_hash);
        if (err == KAI_OK)
            err = kai_tx_kv(tx, key, kai_view_of(bits, sizeof bits));
    }
    return err;
}

static enum kai_err notes_keep(struct kai_receipts *r, uint64_t now_ms)
{
    struct taken t = {.notes = malloc(NOTES_MAX * sizeof *t.notes)};

    if (t.notes == NULL)
        return KAI_ENOMEM;
    (void)pthread_mutex_lock(&r->mu);
    t.n = r->n_notes;
    memcpy(t.notes, r->notes, t.n * sizeof *t.notes);
    r->n_notes = 0;
    (void)pthread_mutex_unlock(&r->mu);
    enum kai_err err = t.n == 0 ? KAI_OK : kai_core_run(r->c, job_notes, &t);
    for (size_t i = 0; i < t.n && err == KAI_OK; i++)
        (void)dirty_add(r, t.notes[i].origin, t.notes[i].obj_hash, now_ms);
    free(t.notes);
    return err;
}

/* ---- Sending. */
struct counting {
    const uint8_t *origin;
    uint8_t bits[BITS_BYTES];
};

static bool count_row(void *ctx, const struct kai_row *row)
{
    struct counting *c = ctx;
    uint64_t first = row->parts > 1 ? 0 : row->obj_index;
    uint64_t n = row->parts > 1 ? row->parts : 1;

    if (memcmp(row->origin, c->origin, KAI_ID_BYTES) != 0 || (row->flags & KAI_ROW_RECALLED) != 0)
        return true;
    for (uint64_t b = first; b < first + n && b < KAI_BATCH_ITEMS_MAX; b++)
        c->bits[b / 8] |= (uint8_t)(1u << b % 8);
    return true;
}

static uint64_t bits_count(const uint8_t *bits)
{
    uint64_t n = 0;

    for (size_t i = 0; i < BITS_BYTES; i++) {
        for (unsigned b = bits[i]; b != 0; b &= b - 1)
            n++;
    }
    return n;
}

static enum kai_err row_make(struct kai_receipts *r, struct kai_ixsnap *rows, const struct dirty *d,
                             struct kai_receipt_row *out)
{
    struct counting c = {.origin = d->origin};
    uint8_t bits[2 * BITS_BYTES];
    enum kai_err err = kai_ixsnap_obj(rows, d->obj_hash, count_row, &c);

    if (err == KAI_OK)
        err = bits_get(r->c, d->obj_hash, bits);
    if (err != KAI_OK)
        return err;
    memcpy(out->obj_hash, d->obj_hash, KAI_ID_BYTES);
    out->held = bits_count(c.bits);
    out->read = bits_count(bits + KAI_RECEIPT_READ * BITS_BYTES);
    out->acted = bits_count(bits + KAI_RECEIPT_ACTED * BITS_BYTES);
    return KAI_OK;
}

static enum kai_err receipt_send(struct kai_receipts *r, const struct source *s,
                                 const struct kai_receipt_row *rows, uint32_t n)
{
    struct kai_buf item;
    struct kai_why why = {0};

    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_receipt_write(&item, r->told_ms, kai_wall_ms(), rows, n);
    struct kai_view v = kai_buf_view(&item);
    enum kai_err err = item.err != KAI_OK ? item.err : kai_letter_post(r->c, s->id, &v, 1, &why);
    kai_buf_free(&item);
    return err;
}

static int dirty_cmp(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct dirty));
}

static void dirty_drop(struct kai_receipts *r, const struct source *s)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_dirty; i++) {
        if (memcmp(r->dirty[i].origin, s->id, KAI_ID_BYTES) != 0)
            r->dirty[n++] = r->dirty[i];
    }
    r->n_dirty = n;
}

/* All that this source is to be told of, KAI_RECEIPT_ROWS_MAX batches in a letter. */
static enum kai_err tell(struct kai_receipts *r, const struct source *s)
{
    struct kai_receipt_row *rows = malloc(KAI_RECEIPT_ROWS_MAX * sizeof *rows);
    struct kai_ixsnap *ix = NULL;
    const struct dirty *before = NULL;
    uint32_t n = 0;
    enum kai_err err = rows == NULL ? KAI_ENOMEM : kai_ixsnap_begin(r->c->index, KAI_TLP_RED, &ix);

    qsort(r->dirty, r->n_dirty, sizeof *r->dirty, dirty_cmp);
    for (size_t i = 0; i < r->n_dirty && err == KAI_OK; i++) {
        const struct dirty *d = &r->dirty[i];

        if (memcmp(d->origin, s->id, KAI_ID_BYTES) != 0 ||
            (before != NULL && memcmp(before, d, sizeof *d) == 0))
            continue;
        before = d;
        err = row_make(r, ix, d, &rows[n]);
        if (err == KAI_OK && ++n == KAI_RECEIPT_ROWS_MAX) {
            err = receipt_send(r, s, rows, n);
            n = 0;
        }
    }
    kai_ixsnap_end(ix);
    if (err == KAI_OK && n > 0)
        err = receipt_send(r, s, rows, n);
    free(rows);
    return err;
}

static bool is_due(const struct source *s, uint64_t now_ms)
{
    if (s->since_ms == 0 || now_ms < s->next_ms)
        return false;
    return now_ms >= s->last_ms + SETTLE_MS || now_ms >= s->since_ms + PATIENCE_MS;
}

enum kai_err kai_receipts_tick(struct kai_receipts *r, uint64_t now_ms)
{
    enum kai_err err = notes_keep(r, now_ms);

    for (size_t i = 0; i < r->n_sources && err == KAI_OK; i++) {
        struct source *s = &r->sources[i];

        if (!is_due(s, now_ms))
            continue;
        enum kai_err told = tell(r, s);
        if (told == KAI_OK || told == KAI_ENOTFOUND) { /* Told, or there is nobody to tell. */
            dirty_drop(r, s);
            s->since_ms = 0;
            s->next_ms = now_ms + KAI_RECEIPT_MS;
            r->told_ms = kai_wall_ms();
        } else if (told == KAI_ENOMEM || told == KAI_EIO || told == KAI_ECORRUPT) {
            err = told;
        } else {
            s->next_ms = now_ms + RETRY_MS;
        }
    }
    return err;
}

/* ---- Across a stop. */
static enum kai_err job_kept(struct kai_core *c, void *arg)
{
    const struct kai_receipts *r = arg;
    struct kai_tx *tx = kai_core_tx(c);
    size_t n = r->n_dirty < KEPT_MAX ? r->n_dirty : KEPT_MAX;

    if (tx == NULL)
        return c->tx_err;
    return kai_tx_kv(tx, KEPT_KEY,
                     n == 0 ? (struct kai_view){0} : kai_view_of(r->dirty, n * sizeof *r->dirty));
}

static enum kai_err kept_load(struct kai_receipts *r)
{
    struct kai_snap *s = NULL;
    struct kai_view v = {0};
    enum kai_err err = kai_snap_begin(r->c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, KEPT_KEY, &v);
    r->kept = err == KAI_OK;
    for (size_t at = 0; err == KAI_OK && at + sizeof(struct dirty) <= v.n;
         at += sizeof(struct dirty))
        (void)dirty_add(r, v.p + at, v.p + at + KAI_ID_BYTES, kai_now_ms());
    kai_snap_end(s);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

enum kai_err kai_receipts_new(struct kai_receipts **out, struct kai_core *c)
{
    struct kai_receipts *r = calloc(1, sizeof *r);

    *out = NULL;
    if (r == NULL)
        return KAI_ENOMEM;
    r->c = c;
    r->told_ms = kai_wall_ms();
    (void)pthread_mutex_init(&r->mu, NULL);
    r->notes = calloc(NOTES_MAX, sizeof *r->notes);
    r->dirty = calloc(DIRTY_MAX, sizeof *r->dirty);
    r->sources = calloc(SOURCES_MAX, sizeof *r->sources);
    enum kai_err err =
        r->notes == NULL || r->dirty == NULL || r->sources == NULL ? KAI_ENOMEM : kept_load(r);
    if (err != KAI_OK) {
        r->n_dirty = 0;
        kai_receipts_free(r);
        return err;
    }
    *out = r;
    return KAI_OK;
}

void kai_receipts_free(struct kai_receipts *r)
{
    if (r == NULL)
        return;
    if (r->dirty != NULL && r->notes != NULL && r->sources != NULL) {
        kai_ignore(notes_keep(r, kai_now_ms())); /* Told later, or never: a source can wait. */
        if (r->n_dirty > 0 || r->kept)
            kai_ignore(kai_core_run(r->c, job_kept, r));
    }
    (void)pthread_mutex_destroy(&r->mu);
    free(r->notes);
    free(r->dirty);
    free(r->sources);
    free(r);
}
