/* scenarios_store: the durable store and the index. */
#include <string.h>

#include "store/kit.h"
#include "sweep.h"

static const char *const keys[] = {"k", "gone", "other", NULL};

static struct kit_log log_of(uint64_t seed, struct kai_store *s)
{
    struct kit_log l = kit_log(seed);
    struct kai_snap *r;
    struct kai_log log;

    GOOD(kai_snap_begin(s, &r));
    if (kai_snap_log(r, l.pk, &log) == KAI_OK) {
        l.seq = log.head_seq;
        memcpy(l.head, log.head, sizeof l.head);
    }
    kai_snap_end(r);
    return l;
}

static enum kai_err open_it(struct stage *x)
{
    struct kai_store_options opt = {.map_bytes = 64u << 20};

    return kai_store_open(&x->store, x->dir, &opt, &x->why);
}

static void begin(struct stage *x)
{
    GOOD(open_it(x));
}

static void end(struct stage *x)
{
    kai_store_close(x->store);
}

/* Two logs with entries, and something staged that nobody acknowledged. */
static void base(struct stage *x)
{
    struct kit_log a = kit_log(1);
    struct kit_log b = kit_log(2);
    struct kit_entry k;
    struct kai_tx *t;

    begin(x);
    kit_add_log(x->store, &a, KAI_LOG_OWN);
    kit_add_log(x->store, &b, 0);
    kit_append(x->store, &a, 3, 800);
    kit_append(x->store, &b, 3, 9000);
    kit_next(&k, &a, 5000);
    GOOD(kai_tx_begin(x->store, &t));
    GOOD(kai_tx_kv(t, "k", kai_view_of("value", 5)));
    GOOD(kai_tx_kv(t, "gone", kai_view_of("soon", 4)));
    GOOD(kai_tx_stage(t, &k.e, 1));
    GOOD(kai_tx_commit(t));
    kit_free(&k);
    kai_store_close(x->store);
}

static void base_clean(struct stage *x)
{
    base(x);
    begin(x);
    GOOD(kai_store_mark_clean(x->store));
    kai_store_close(x->store);
}

static void look(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    begin(x);
    GOOD(kit_digest(x->store, keys, out));
    /* And it can be written again. */
    struct kit_log l = kit_log(3);
    kit_add_log(x->store, &l, 0);
    kit_append(x->store, &l, 1, 100);
    kai_store_close(x->store);
    begin(x);
    kai_store_close(x->store);
}

/* Entries are made without faults; the transaction is under them. */
static struct kit_entry made[12];
static size_t made_n;

static void make_entries(struct stage *x, uint64_t seed, size_t n, size_t payload)
{
    struct kit_log l;

    begin(x);
    l = log_of(seed, x->store);
    for (made_n = 0; made_n < n; made_n++) {
        kit_next(&made[made_n], &l, payload + made_n * 100);
        kit_moved(&l, &made[made_n]);
    }
}

static void begin_group(struct stage *x)
{
    make_entries(x, 2, 6, 500);
}

static void begin_large(struct stage *x)
{
    make_entries(x, 2, 4, 50000);
}

static void begin_own(struct stage *x)
{
    make_entries(x, 1, 5, 7000);
}

static enum kai_err act_append(struct stage *x)
{
    struct kai_tx *t;
    enum kai_err err = kai_tx_begin(x->store, &t);

    for (size_t i = 0; i < made_n && err == KAI_OK; i++)
        (void)kai_tx_append(t, &made[i].e, 7);
    return err == KAI_OK ? kai_tx_commit(t) : err;
}

static enum kai_err act_publish(struct stage *x)
{
    struct kai_tx *t;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < made_n && err == KAI_OK; i++) {
        err = kai_tx_begin(x->store, &t);
        if (err == KAI_OK) {
            (void)kai_tx_stage(t, &made[i].e, 7);
            if (i + 1 == made_n)
                (void)kai_tx_advance(t, made[i].e.h.log_pk, made[i].e.h.seq);
            err = kai_tx_commit(t);
        }
    }
    return err;
}

static enum kai_err act_small(struct stage *x)
{
    static const uint8_t who[KAI_ID_BYTES] = {1};
    struct kai_tx *t;
    enum kai_err err = kai_tx_begin(x->store, &t);

    if (err != KAI_OK)
        return err;
    (void)kai_tx_kv(t, "other", kai_view_of("new", 3));
    (void)kai_tx_kv(t, "gone", (struct kai_view){0});
    (void)kai_tx_ctl(t, &made[0].e);
    (void)kai_tx_fork(t, made[1].e.hdr, made[1].e.sig);
    (void)kai_tx_note(t, 3, who, kai_view_of("note", 4));
    return kai_tx_commit(t);
}

static enum kai_err act_stop(struct stage *x)
{
    enum kai_err err = kai_store_mark_clean(x->store);

    kai_store_close(x->store);
    x->store = NULL;
    return err;
}

/* ---- The index: what is lost there is made again, so that only who opens it can be wrong. */
static char index_dir[80];

static enum kai_err open_index(struct stage *x, const char *boot, bool *rebuild)
{
    (void)snprintf(index_dir, sizeof index_dir, "%s/index", x->dir);
    return kai_index_open(&x->index, index_dir, UINT64_C(64) << 20, boot, rebuild, &x->why);
}

static void begin_index(struct stage *x)
{
    bool rebuild;

    GOOD(open_index(x, "boot", &rebuild));
}

static enum kai_err add_rows(struct stage *x, uint8_t from, uint8_t n)
{
    struct kai_ix *t;
    enum kai_err err = kai_ix_begin(x->index, &t);

    if (err != KAI_OK)
        return err;
    for (uint8_t i = from; i < from + n; i++) {
        struct kai_row row = {.kind = 1,
                              .type = "indicator",
                              .parts = 1,
                              .log_no = 1,
                              .seq = i,
                              .tlp = 2,
                              .first_seen_ms = 1000};

        memset(row.item_id, i, sizeof row.item_id);
        memset(row.stix_uuid, i, sizeof row.stix_uuid);
        (void)kai_ix_row(t, &row, false);
        (void)kai_ix_value(t, row.no, KAI_V_DOMAIN, kai_view_of("www.example", 11), 0);
    }
    return kai_ix_commit(t, from + n);
}

static void base_index(struct stage *x)
{
    begin_index(x);
    GOOD(add_rows(x, 1, 20));
    kai_index_close(x->index);
}

static enum kai_err act_open_index(struct stage *x)
{
    bool rebuild;

    return open_index(x, "boot", &rebuild);
}

static enum kai_err act_other_boot(struct stage *x)
{
    bool rebuild;
    enum kai_err err = open_index(x, "after", &rebuild);

    return err == KAI_OK ? add_rows(x, 30, 5) : err;
}

static enum kai_err act_rows(struct stage *x)
{
    return add_rows(x, 30, 40);
}

static enum kai_err act_close_index(struct stage *x)
{
    kai_index_close(x->index);
    x->index = NULL;
    return KAI_OK;
}

static enum kai_err act_erase(struct stage *x)
{
    (void)snprintf(index_dir, sizeof index_dir, "%s/index", x->dir);
    return kai_index_erase(index_dir);
}

static void end_index(struct stage *x)
{
    kai_index_close(x->index);
}

/* Whatever stands there opens, agrees with itself, and takes rows. */
static void look_index(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    struct kai_ixsnap *r;
    bool rebuild;
    struct kai_row row;

    GOOD(open_index(x, "boot", &rebuild));
    GOOD(kai_ixsnap_begin(x->index, 5, &r));
    CHECK(!rebuild || kai_ixsnap_last(r) == 0);
    for (uint64_t no = 1; no <= kai_ixsnap_last(r); no++) {
        GOOD(kai_ixsnap_row(r, no, &row));
        CHECK(row.item_id[0] == (uint8_t)row.seq);
    }
    CHECK(kai_ixsnap_rows(r) == kai_ixsnap_last(r));
    kai_ixsnap_end(r);
    GOOD(add_rows(x, 200, 5));
    kai_index_close(x->index);
    memset(out, 0, KAI_ID_BYTES);
}

const struct scenario store_scenarios[] = {
    {"store: make", NULL, NULL, open_it, end, look},
    {"store: open after a clean stop", base_clean, NULL, open_it, end, look},
    {"store: open after a crash", base, NULL, open_it, end, look},
    {"store: group commit", base, begin_group, act_append, end, look},
    {"store: large entries", base, begin_large, act_append, end, look},
    {"store: publish, staged", base, begin_own, act_publish, end, look},
    {"store: small tables", base, begin_group, act_small, end, look},
    {"store: clean stop", base, begin, act_stop, NULL, look},
    {"index: make", NULL, NULL, act_open_index, end_index, look_index},
    {"index: open", base_index, NULL, act_open_index, end_index, look_index},
    {"index: open after the machine", base_index, NULL, act_other_boot, end_index, look_index},
    {"index: add rows", base_index, begin_index, act_rows, end_index, look_index},
    {"index: close", base_index, begin_index, act_close_index, NULL, look_index},
    {"index: erase", base_index, NULL, act_erase, NULL, look_index},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
