/* acts_bad: what was quarantined, and what waits for a key. */
#include <string.h>

#include "query/acts_priv.h"

static struct pack entry_key(uint64_t log_no)
{
    struct pack key = kai_pack_key(ACT_BAD);

    kai_pack_u64(&key, log_no);
    return key;
}

static bool read_bad(struct unpack *val, struct kai_ix_bad *out)
{
    uint8_t head[2];

    kai_unpack_bytes(val, head, sizeof head);
    out->tlp = head[0];
    out->again = head[1] != 0;
    out->first_seen_ms = kai_unpack_u64(val);
    kai_unpack_bytes(val, out->code, sizeof out->code);
    out->code[sizeof out->code - 1] = '\0';
    kai_unpack_bytes(val, out->aud_id, KAI_ID_BYTES);
    kai_unpack_bytes(val, out->obj_hash, KAI_ID_BYTES);
    kai_unpack_bytes(val, out->origin, KAI_ID_BYTES);
    kai_unpack_bytes(val, out->sharer, KAI_ID_BYTES);
    return !val->bad;
}

/* When it was first seen; 0: it is not held. */
static uint64_t held_since(struct kai_ix *t, const struct pack *key)
{
    struct kai_ix_bad old;
    struct unpack val;

    if (kai_acts_get(&t->self, key, &val) != KAI_OK || !read_bad(&val, &old))
        return 0;
    return old.first_seen_ms;
}

enum kai_err kai_ix_bad(struct kai_ix *t, const struct kai_ix_bad *bad)
{
    struct pack all = kai_pack_key(ACT_BAD);
    struct pack log = entry_key(bad->at.log_no);
    struct pack key = kai_pack_key(ACT_BAD);
    struct pack head = {.bytes = {bad->tlp, bad->again ? 1 : 0}, .n = 2};
    struct kai_view none = {0};
    char code[KAI_IX_CODE_CAP] = {0};
    uint64_t since;
    enum kai_err err;

    if (t->err != KAI_OK)
        return t->err;
    kai_pack_place(&key, &bad->at);
    kai_pack_u64(&key, bad->content_ordinal);
    since = held_since(t, &key);
    if (since == 0) {
        err = kai_acts_count_add(t, &log, KAI_QUARANTINE_PER_LOG_MAX);
        if (err != KAI_OK)
            return err;
        (void)kai_acts_count_add(t, &all, UINT64_MAX);
    }
    kai_copy_text(code, sizeof code, bad->code);
    kai_pack_u64(&head, since != 0 ? since : bad->first_seen_ms);
    kai_pack_bytes(&head, code, sizeof code);
    kai_pack_bytes(&head, bad->aud_id, KAI_ID_BYTES);
    kai_pack_bytes(&head, bad->obj_hash, KAI_ID_BYTES);
    kai_pack_bytes(&head, bad->origin, KAI_ID_BYTES);
    kai_pack_bytes(&head, bad->sharer, KAI_ID_BYTES);
    return kai_acts_put(t, &key, &head, none);
}

static bool first_rest(void *ctx, struct unpack key, struct unpack val)
{
    struct pack *out = ctx;

    (void)val;
    if (key.rest.n == 16)
        kai_pack_bytes(out, key.rest.p, key.rest.n);
    return false;
}

enum kai_err kai_ix_bad_forget(struct kai_ix *t, uint64_t log_no, uint64_t seq)
{
    struct pack all = kai_pack_key(ACT_BAD);
    struct pack log = entry_key(log_no);
    struct pack prefix = log;

    kai_pack_u64(&prefix, seq);
    while (t->err == KAI_OK) {
        struct pack key = prefix;

        t->err = kai_acts_walk(&t->self, &prefix, NULL, first_rest, &key);
        if (t->err != KAI_OK || key.n == prefix.n)
            break;
        (void)kai_acts_del(t, &key);
        (void)kai_acts_count_sub(t, &log);
        (void)kai_acts_count_sub(t, &all);
    }
    return t->err;
}

struct bads {
    struct kai_ixsnap *r;
    kai_ix_bad_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_bad(void *ctx, struct unpack key, struct unpack val)
{
    struct bads *s = ctx;
    struct kai_ix_bad bad;

    kai_unpack_place(&key, &bad.at);
    bad.content_ordinal = kai_unpack_u64(&key);
    s->corrupt = !read_bad(&val, &bad) || key.bad;
    if (s->corrupt)
        return false;
    return !kai_ix_sees(s->r, bad.tlp) || s->f(s->ctx, &bad);
}

enum kai_err kai_ixsnap_bad(struct kai_ixsnap *r, kai_ix_bad_fn *f, void *ctx)
{
    struct pack all = kai_pack_key(ACT_BAD);
    struct bads s = {.r = r, .f = f, .ctx = ctx};
    enum kai_err err = kai_acts_walk(r, &all, NULL, hand_bad, &s);

    return s.corrupt ? KAI_ECORRUPT : err;
}

static bool count_one(void *ctx, const struct kai_ix_bad *bad)
{
    uint64_t *n = ctx;

    (void)bad;
    (*n)++;
    return true;
}

uint64_t kai_ixsnap_bad_count(struct kai_ixsnap *r)
{
    struct pack all = kai_pack_key(ACT_BAD);
    uint64_t n = 0;

    if (kai_ix_sees(r, KAI_LABELS - 1u)) /* Sees them all. */
        return kai_acts_count(r, &all);
    return kai_ixsnap_bad(r, count_one, &n) == KAI_OK ? n : 0;
}

/* ---- Waiting. */
static struct pack run_key(uint64_t log_no, uint64_t first_seq)
{
    struct pack key = kai_pack_key(ACT_WAITING);

    kai_pack_u64(&key, log_no);
    kai_pack_u64(&key, first_seq);
    return key;
}

static bool read_run(struct unpack *key, struct unpack *val, struct kai_ix_waiting *out)
{
    out->first_seq = kai_unpack_u64(key);
    out->last_seq = kai_unpack_u64(val);
    kai_unpack_bytes(val, out->kid, KAI_TAG_BYTES);
    return !key->bad && !val->bad;
}

static enum kai_err put_run(struct kai_ix *t, const struct kai_ix_waiting *run)
{
    struct pack key = run_key(run->log_no, run->first_seq);
    struct pack head = {.n = 0};
    struct kai_view none = {0};

    kai_pack_u64(&head, run->last_seq);
    kai_pack_bytes(&head, run->kid, KAI_TAG_BYTES);
    return kai_acts_put(t, &key, &head, none);
}

/* The runs of one log: whether one has the entry, and the last one before it. */
struct place_of {
    uint64_t seq;
    bool held;
    unsigned n;
    struct kai_ix_waiting last;
};

static bool look_at_run(void *ctx, struct unpack key, struct unpack val)
{
    struct place_of *p = ctx;
    struct kai_ix_waiting run = {.log_no = p->last.log_no};

    if (!read_run(&key, &val, &run))
        return false;
    p->held = p->held || (run.first_seq <= p->seq && p->seq <= run.last_seq);
    p->n++;
    if (run.last_seq < p->seq)
        p->last = run;
    return !p->held;
}

enum kai_err kai_ix_wait(struct kai_ix *t, uint64_t log_no, uint64_t seq,
                         const uint8_t kid[static KAI_TAG_BYTES])
{
    struct pack prefix = kai_pack_key(ACT_WAITING);
    struct place_of p = {.seq = seq, .last.log_no = log_no};
    struct kai_ix_waiting run = {.log_no = log_no, .first_seq = seq, .last_seq = seq};
    bool same;
    bool next;

    if (t->err != KAI_OK)
        return t->err;
    kai_pack_u64(&prefix, log_no);
    memcpy(run.kid, kid, KAI_TAG_BYTES);
    t->err = kai_acts_walk(&t->self, &prefix, NULL, look_at_run, &p);
    if (t->err != KAI_OK || p.held)
        return t->err;
    same = memcmp(p.last.kid, kid, KAI_TAG_BYTES) == 0;
    next = seq == p.last.last_seq + 1;
    if (p.last.last_seq != 0 && ((same && next) || p.n >= KAI_WAITING_PER_LOG_MAX)) {
        run = p.last;
        run.last_seq = seq;
        if (!same)
            memset(run.kid, 0, KAI_TAG_BYTES);
    }
    return put_run(t, &run);
}

enum kai_err kai_ix_waited(struct kai_ix *t, const struct kai_ix_waiting *run, uint64_t seq)
{
    struct pack key = run_key(run->log_no, run->first_seq);
    struct kai_ix_waiting rest = *run;

    if (kai_acts_del(t, &key) != KAI_OK || seq >= run->last_seq)
        return t->err;
    rest.first_seq = seq + 1;
    return put_run(t, &rest);
}

struct runs {
    kai_ix_waiting_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_run(void *ctx, struct unpack key, struct unpack val)
{
    struct runs *s = ctx;
    struct kai_ix_waiting run = {.log_no = kai_unpack_u64(&key)};

    s->corrupt = !read_run(&key, &val, &run);
    return !s->corrupt && s->f(s->ctx, &run);
}

enum kai_err kai_ixsnap_waiting(struct kai_ixsnap *r, kai_ix_waiting_fn *f, void *ctx)
{
    struct pack all = kai_pack_key(ACT_WAITING);
    struct runs s = {.f = f, .ctx = ctx};
    enum kai_err err = kai_acts_walk(r, &all, NULL, hand_run, &s);

    return s.corrupt ? KAI_ECORRUPT : err;
}
