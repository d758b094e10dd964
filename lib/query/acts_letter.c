/* acts_letter: letters to us and from us, and violations of which an origin is to be told. */
#include <string.h>

#include "item/label.h"
#include "query/acts_priv.h"

/* A mailbox's ceiling: what is written there may be as strict as this. */
#define LETTER_LABEL KAI_TLP_AMBER_STRICT

static struct pack number_key(uint64_t no)
{
    struct pack key = kai_pack_key(ACT_LETTER);

    kai_pack_u64(&key, no);
    return key;
}

static struct pack place_key(const struct kai_ix_place *at)
{
    struct pack key = kai_pack_key(ACT_PLACE);

    kai_pack_place(&key, at);
    return key;
}

/* Counted for each sender: nobody pushes out what others wrote. */
static struct pack sender_key(const uint8_t *sender)
{
    struct pack key = kai_pack_key(ACT_SENT);

    kai_pack_bytes(&key, sender, KAI_ID_BYTES);
    return key;
}

static bool read_letter(struct unpack *val, struct kai_ix_letter *l)
{
    uint8_t ours;

    kai_unpack_bytes(val, &ours, 1);
    l->ours = ours != 0;
    l->kind = kai_unpack_u64(val);
    kai_unpack_bytes(val, l->sender, KAI_ID_BYTES);
    kai_unpack_bytes(val, l->sender_node, KAI_ID_BYTES);
    kai_unpack_bytes(val, l->aud_id, KAI_ID_BYTES);
    kai_unpack_bytes(val, l->obj_hash, KAI_ID_BYTES);
    kai_unpack_place(val, &l->at);
    l->seen_ms = kai_unpack_u64(val);
    return !val->bad;
}

static bool first_key(void *ctx, struct unpack key, struct unpack val)
{
    struct unpack *out = ctx;

    (void)val;
    *out = key;
    return false;
}

static enum kai_err forget_oldest(struct kai_ix *t, const struct pack *sender)
{
    struct unpack found = {0};
    struct unpack val;
    struct kai_ix_letter l;
    struct pack sent = *sender;
    struct pack key;
    struct pack place;

    t->err = kai_acts_walk(&t->self, sender, NULL, first_key, &found);
    if (t->err != KAI_OK || found.rest.n != 8)
        return t->err;
    l.no = kai_unpack_u64(&found);
    kai_pack_u64(&sent, l.no);
    key = number_key(l.no);
    if (kai_acts_get(&t->self, &key, &val) == KAI_OK && read_letter(&val, &l)) {
        place = place_key(&l.at);
        (void)kai_acts_del(t, &place);
    }
    (void)kai_acts_del(t, &key);
    (void)kai_acts_del(t, &sent);
    return t->err == KAI_OK ? kai_acts_count_sub(t, sender) : t->err;
}

enum kai_err kai_ix_letter(struct kai_ix *t, struct kai_ix_letter *l, struct kai_view body)
{
    struct pack all = kai_pack_key(ACT_LETTER);
    struct pack place = place_key(&l->at);
    struct pack sender = sender_key(l->sender);
    struct pack head = {.bytes = {l->ours ? 1 : 0}, .n = 1};
    struct pack empty = {.n = 0};
    struct kai_view none = {0};
    struct pack sent = sender;
    struct pack key;
    struct unpack val;
    enum kai_err err;

    if (t->err != KAI_OK)
        return t->err;
    if (kai_acts_get(&t->self, &place, &val) == KAI_OK)
        return KAI_EEXIST;
    if (kai_acts_count(&t->self, &sender) >= KAI_LETTERS_PER_ORG_MAX &&
        forget_oldest(t, &sender) != KAI_OK)
        return t->err;
    err = kai_acts_count_add(t, &sender, KAI_LETTERS_PER_ORG_MAX);
    if (err != KAI_OK)
        return err;
    (void)kai_acts_count_add(t, &all, UINT64_MAX);
    l->no = kai_acts_count(&t->self, &all);
    key = number_key(l->no);
    kai_pack_u64(&head, l->kind);
    kai_pack_bytes(&head, l->sender, KAI_ID_BYTES);
    kai_pack_bytes(&head, l->sender_node, KAI_ID_BYTES);
    kai_pack_bytes(&head, l->aud_id, KAI_ID_BYTES);
    kai_pack_bytes(&head, l->obj_hash, KAI_ID_BYTES);
    kai_pack_place(&head, &l->at);
    kai_pack_u64(&head, l->seen_ms);
    kai_pack_u64(&sent, l->no);
    (void)kai_acts_put(t, &place, &empty, none);
    (void)kai_acts_put(t, &sent, &empty, none);
    return kai_acts_put(t, &key, &head, body);
}

struct letters {
    kai_ix_letter_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_letter(void *ctx, struct unpack key, struct unpack val)
{
    struct letters *s = ctx;
    struct kai_ix_letter l = {.no = kai_unpack_u64(&key)};

    s->corrupt = key.bad || !read_letter(&val, &l);
    return !s->corrupt && s->f(s->ctx, &l, val.rest);
}

enum kai_err kai_ixsnap_letters(struct kai_ixsnap *r, uint64_t from, kai_ix_letter_fn *f, void *ctx)
{
    struct pack all = kai_pack_key(ACT_LETTER);
    struct pack start = number_key(from);
    struct letters s = {.f = f, .ctx = ctx};
    enum kai_err err = KAI_OK;

    if (kai_ix_sees(r, LETTER_LABEL))
        err = kai_acts_walk(r, &all, &start, hand_letter, &s);
    return s.corrupt ? KAI_ECORRUPT : err;
}

enum kai_err kai_ixsnap_letter(struct kai_ixsnap *r, uint64_t no, struct kai_ix_letter *l,
                               struct kai_view *body)
{
    struct pack key = number_key(no);
    struct unpack val;
    enum kai_err err = KAI_ENOTFOUND;

    if (kai_ix_sees(r, LETTER_LABEL))
        err = kai_acts_get(r, &key, &val);
    if (err != KAI_OK)
        return err;
    l->no = no;
    if (!read_letter(&val, l))
        return KAI_ECORRUPT;
    *body = val.rest;
    return KAI_OK;
}

/* ---- Reports. */
static struct pack report_key(enum act_letter letter, const uint8_t *log_pk, uint64_t seq)
{
    struct pack key = kai_pack_key(letter);

    kai_pack_bytes(&key, log_pk, KAI_KEY_BYTES);
    kai_pack_u64(&key, seq);
    return key;
}

#define DAY_MS 86400000u

struct day {
    struct pack key;
    uint64_t day;
    uint64_t n;
};

static struct day day_of(const struct kai_ixsnap *r, const uint8_t *sharer, const uint8_t *origin)
{
    struct day d = {.key = kai_pack_key(ACT_DAY)};
    struct unpack val;

    kai_pack_bytes(&d.key, sharer, KAI_ID_BYTES);
    kai_pack_bytes(&d.key, origin, KAI_ID_BYTES);
    if (kai_acts_get(r, &d.key, &val) == KAI_OK) {
        d.day = kai_unpack_u64(&val);
        d.n = kai_unpack_u64(&val);
    }
    return d;
}

static enum kai_err day_put(struct kai_ix *t, const struct day *d)
{
    struct pack val = {.n = 0};
    struct kai_view none = {0};

    kai_pack_u64(&val, d->day);
    kai_pack_u64(&val, d->n);
    return kai_acts_put(t, &d->key, &val, none);
}

enum kai_err kai_ix_report(struct kai_ix *t, const struct kai_ix_report *report)
{
    struct pack all = kai_pack_key(ACT_REPORT);
    struct pack key = report_key(ACT_REPORT, report->log_pk, report->seq);
    struct pack done = report_key(ACT_REPORTED, report->log_pk, report->seq);
    struct pack head = {.n = 0};
    struct kai_view none = {0};
    struct unpack val;
    char code[KAI_IX_CODE_CAP] = {0};
    struct day today;
    enum kai_err err;

    if (t->err != KAI_OK)
        return t->err;
    kai_pack_bytes(&key, report->obj_hash, KAI_ID_BYTES);
    kai_pack_bytes(&done, report->obj_hash, KAI_ID_BYTES);
    if (kai_acts_get(&t->self, &key, &val) == KAI_OK ||
        kai_acts_get(&t->self, &done, &val) == KAI_OK)
        return KAI_EEXIST;
    today = day_of(&t->self, report->sharer, report->origin);
    if (report->seen_ms / DAY_MS > today.day) { /* What is judged anew is not of an earlier day. */
        today.day = report->seen_ms / DAY_MS;
        today.n = 0;
    }
    if (today.n >= KAI_REPORTS_PER_DAY)
        return KAI_ELIMIT;
    err = kai_acts_count_add(t, &all, KAI_REPORTS_MAX);
    if (err != KAI_OK)
        return err;
    today.n++;
    (void)day_put(t, &today);
    kai_copy_text(code, sizeof code, report->code);
    kai_pack_bytes(&head, report->origin, KAI_ID_BYTES);
    kai_pack_bytes(&head, report->sharer, KAI_ID_BYTES);
    kai_pack_bytes(&head, report->aud_id, KAI_ID_BYTES);
    kai_pack_bytes(&head, code, sizeof code);
    kai_pack_place(&head, &report->at);
    return kai_acts_put(t, &key, &head, none);
}

static enum kai_err forget_report(struct kai_ix *t, const struct pack *key)
{
    struct pack all = kai_pack_key(ACT_REPORT);
    struct unpack val;

    if (kai_acts_get(&t->self, key, &val) != KAI_OK || kai_acts_del(t, key) != KAI_OK)
        return t->err;
    return kai_acts_count_sub(t, &all);
}

enum kai_err kai_ix_reported(struct kai_ix *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                             uint64_t seq, const uint8_t obj_hash[static KAI_ID_BYTES])
{
    struct pack key = report_key(ACT_REPORT, log_pk, seq);
    struct pack done = report_key(ACT_REPORTED, log_pk, seq);
    struct pack empty = {.n = 0};
    struct kai_view none = {0};

    if (t->err != KAI_OK)
        return t->err;
    kai_pack_bytes(&key, obj_hash, KAI_ID_BYTES);
    kai_pack_bytes(&done, obj_hash, KAI_ID_BYTES);
    if (forget_report(t, &key) != KAI_OK)
        return t->err;
    return kai_acts_put(t, &done, &empty, none);
}

/* It was counted, and will be again. */
static void uncount(struct kai_ix *t, const struct pack *key)
{
    uint8_t origin[KAI_ID_BYTES];
    uint8_t sharer[KAI_ID_BYTES];
    struct unpack val;
    struct day d;

    if (kai_acts_get(&t->self, key, &val) != KAI_OK)
        return;
    kai_unpack_bytes(&val, origin, sizeof origin);
    kai_unpack_bytes(&val, sharer, sizeof sharer);
    d = day_of(&t->self, sharer, origin);
    if (d.n > 0)
        d.n--;
    (void)day_put(t, &d);
}

enum kai_err kai_ix_report_forget(struct kai_ix *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                                  uint64_t seq)
{
    struct pack prefix = report_key(ACT_REPORT, log_pk, seq);

    while (t->err == KAI_OK) {
        struct unpack found = {0};
        struct pack key = prefix;
        uint8_t obj_hash[KAI_ID_BYTES];

        t->err = kai_acts_walk(&t->self, &prefix, NULL, first_key, &found);
        if (t->err != KAI_OK || found.rest.n != KAI_ID_BYTES)
            break;
        kai_unpack_bytes(&found, obj_hash, KAI_ID_BYTES);
        kai_pack_bytes(&key, obj_hash, KAI_ID_BYTES);
        uncount(t, &key);
        (void)forget_report(t, &key);
    }
    return t->err;
}

struct reports {
    kai_ix_report_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_report(void *ctx, struct unpack key, struct unpack val)
{
    struct reports *s = ctx;
    struct kai_ix_report report = {0};

    kai_unpack_bytes(&key, report.log_pk, KAI_KEY_BYTES);
    report.seq = kai_unpack_u64(&key);
    kai_unpack_bytes(&key, report.obj_hash, KAI_ID_BYTES);
    kai_unpack_bytes(&val, report.origin, KAI_ID_BYTES);
    kai_unpack_bytes(&val, report.sharer, KAI_ID_BYTES);
    kai_unpack_bytes(&val, report.aud_id, KAI_ID_BYTES);
    kai_unpack_bytes(&val, report.code, sizeof report.code);
    report.code[sizeof report.code - 1] = '\0';
    kai_unpack_place(&val, &report.at);
    s->corrupt = key.bad || val.bad;
    return !s->corrupt && s->f(s->ctx, &report);
}

enum kai_err kai_ixsnap_reports_due(struct kai_ixsnap *r, kai_ix_report_fn *f, void *ctx)
{
    struct pack all = kai_pack_key(ACT_REPORT);
    struct reports s = {.f = f, .ctx = ctx};
    enum kai_err err = KAI_OK;

    if (kai_ix_sees(r, LETTER_LABEL))
        err = kai_acts_walk(r, &all, NULL, hand_report, &s);
    return s.corrupt ? KAI_ECORRUPT : err;
}
