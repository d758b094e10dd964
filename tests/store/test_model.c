/* test_model: random appends, stages, advances and aborts, against a model in memory. */
#include "store/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGS         4u
#define ENTRIES_MAX  400u
#define ARRIVALS_MAX (LOGS * ENTRIES_MAX)

struct model_log {
    struct kit_log at;   /* Last entry made: staged or appended. */
    struct kit_log head; /* Last visible one. */
    size_t size[ENTRIES_MAX + 1];
    uint8_t hash[ENTRIES_MAX + 1][KAI_ID_BYTES];
};

struct model {
    struct model_log log[LOGS];
    uint8_t order_log[ARRIVALS_MAX];
    uint16_t order_seq[ARRIVALS_MAX];
    size_t order_n;
    uint64_t kv; /* Counter under "n". */
};

static void appear(struct model *m, size_t i, uint64_t seq)
{
    m->order_log[m->order_n] = (uint8_t)i;
    m->order_seq[m->order_n++] = (uint16_t)seq;
}

static void made(struct model_log *l, const struct kit_entry *k)
{
    kit_moved(&l->at, k);
    l->size[l->at.seq] = k->e.payload.n;
    memcpy(l->hash[l->at.seq], k->e.hash, KAI_ID_BYTES);
}

static void step(struct model *m, struct kai_tx *t, struct kit_rand *r)
{
    size_t i = kit_rand(r) % LOGS;
    struct model_log *l = &m->log[i];
    bool staged = l->at.seq > l->head.seq;
    size_t n = kit_rand(r) % 8 == 0 ? 5000 + kit_rand(r) % 50000 : kit_rand(r) % 900;
    struct kit_entry k;
    uint8_t text[8];
    uint64_t to;

    switch (kit_rand(r) % 8) {
    case 0:
    case 1:
    case 2:
        if (l->at.seq == ENTRIES_MAX)
            break;
        kit_next(&k, &l->at, n);
        if (staged) {
            assert_int_equal(kai_tx_append(t, &k.e, 1), KAI_EAGAIN);
        } else {
            assert_int_equal(kai_tx_append(t, &k.e, 1), KAI_OK);
            made(l, &k);
            l->head = l->at;
            appear(m, i, l->at.seq);
        }
        kit_free(&k);
        break;
    case 3:
    case 4:
        if (l->at.seq == ENTRIES_MAX)
            break;
        kit_next(&k, &l->at, n);
        assert_int_equal(kai_tx_stage(t, &k.e, 1), KAI_OK);
        assert_int_equal(kai_tx_stage(t, &k.e, 1), KAI_EEXIST);
        made(l, &k);
        kit_free(&k);
        break;
    case 5:
        if (!staged) {
            assert_int_equal(kai_tx_advance(t, l->at.pk, l->at.seq), KAI_EEXIST);
            break;
        }
        to = l->head.seq + 1 + kit_rand(r) % (l->at.seq - l->head.seq);
        assert_int_equal(kai_tx_advance(t, l->at.pk, to), KAI_OK);
        while (l->head.seq < to)
            appear(m, i, ++l->head.seq);
        memcpy(l->head.head, l->hash[to], KAI_ID_BYTES);
        break;
    case 6:
        if (kit_rand(r) % 3 != 0)
            break;
        assert_int_equal(kai_tx_unstage(t, l->at.pk), KAI_OK);
        l->at = l->head;
        break;
    default:
        kai_put_u64(text, ++m->kv);
        assert_int_equal(kai_tx_kv(t, "n", kai_view_of(text, sizeof text)), KAI_OK);
    }
}

struct follow {
    const struct model *m;
    size_t next;
    uint64_t position;
    uint64_t positions[ARRIVALS_MAX];
};

static bool arrived(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                    uint64_t seen_ms)
{
    struct follow *f = ctx;

    (void)seen_ms;
    assert_true(f->next < f->m->order_n);
    assert_true(position > f->position);
    f->position = position;
    size_t i = f->m->order_log[f->next];
    uint64_t seq = f->m->order_seq[f->next];
    f->positions[f->next++] = position;
    assert_int_equal(no, i + 1);
    assert_int_equal(e->h.seq, seq);
    assert_memory_equal(e->hash, f->m->log[i].hash[seq], KAI_ID_BYTES);
    assert_int_equal(e->payload.n, f->m->log[i].size[seq]);
    return true;
}

static void compare(struct kai_store *s, const struct model *m, struct kit_rand *r)
{
    static struct follow f;
    static struct follow part;
    struct kai_snap *snap;
    struct kai_entry e;
    struct kai_log log;
    struct kai_view v;

    f = (struct follow){.m = m};
    assert_int_equal(kai_snap_begin(s, &snap), KAI_OK);
    for (size_t i = 0; i < LOGS; i++) {
        const struct model_log *l = &m->log[i];
        uint64_t bytes = 0;

        for (uint64_t seq = 1; seq <= l->head.seq; seq++) {
            assert_int_equal(kai_snap_entry(snap, l->at.pk, seq, &e), KAI_OK);
            assert_memory_equal(e.hash, l->hash[seq], KAI_ID_BYTES);
            bytes += e.hdr.n + e.sig.n + e.payload.n;
        }
        assert_int_equal(kai_snap_entry(snap, l->at.pk, l->head.seq + 1, &e), KAI_ENOTFOUND);
        assert_int_equal(kai_snap_log(snap, l->at.pk, &log), KAI_OK);
        assert_int_equal(log.head_seq, l->head.seq);
        assert_memory_equal(log.head, l->head.head, KAI_ID_BYTES);
        assert_int_equal(log.bytes, bytes);
    }
    assert_int_equal(kai_snap_arrivals(snap, 0, arrived, &f), KAI_OK);
    assert_int_equal(f.next, m->order_n);
    assert_int_equal(kai_snap_last_position(snap), f.position);
    if (m->order_n > 0) { /* From anywhere, the rest and nothing else. */
        part = (struct follow){.m = m, .next = kit_rand(r) % m->order_n};
        assert_int_equal(kai_snap_arrivals(snap, f.positions[part.next], arrived, &part), KAI_OK);
        assert_int_equal(part.next, m->order_n);
    }
    enum kai_err err = kai_snap_kv(snap, "n", &v);
    assert_int_equal(err, m->kv == 0 ? KAI_ENOTFOUND : KAI_OK);
    if (err == KAI_OK)
        assert_int_equal(kai_get_u64(v.p), m->kv);
    kai_snap_end(snap);
}

static void run(uint64_t seed)
{
    static struct model m;
    static struct model before;
    struct kit_rand r = {seed};
    char dir[64];
    struct kai_tx *t;

    memset(&m, 0, sizeof m);
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    for (size_t i = 0; i < LOGS; i++) {
        m.log[i].at = kit_log(seed * 100 + i);
        m.log[i].head = m.log[i].at;
        kit_add_log(s, &m.log[i].at, i == 0 ? KAI_LOG_OWN : 0);
    }
    for (size_t round = 0; round < 40; round++) {
        before = m;
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        for (uint64_t n = kit_rand(&r) % 30; n > 0; n--)
            step(&m, t, &r);
        if (kit_rand(&r) % 4 == 0) {
            kai_tx_abort(t);
            m = before;
        } else {
            assert_int_equal(kai_tx_commit(t), KAI_OK);
        }
        if (kit_rand(&r) % 8 == 0) {
            if (kit_rand(&r) % 2 == 0)
                assert_int_equal(kai_store_mark_clean(s), KAI_OK);
            kai_store_close(s);
            s = kit_open(dir);
            for (size_t i = 0; i < LOGS; i++)
                m.log[i].at = m.log[i].head; /* What was staged is gone. */
        }
        if (round % 8 == 7)
            compare(s, &m, &r);
    }
    kai_store_close(s);
    kit_dir_rm(dir);
}

static void test_model(void **state)
{
    const char *seed = getenv("KAIRAN_SEED");

    (void)state;
    if (seed != NULL) {
        run(strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t i = 1; i <= 12; i++) {
        print_message("KAIRAN_SEED=%ju\n", (uintmax_t)i);
        run(i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
