/* model_rows: random rows, in an array and in an index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/model_rows.h"

struct model_row rows[ROWS];
size_t n_rows;

void make_value(uint64_t *s, enum kai_vtype type, struct value *v)
{
    static const char *const labels[] = {"a", "b", "www", "mail"};
    static const char *const zones[] = {"example.com", "example.org", "xample.com", "a.example.com",
                                        "com"};
    static const unsigned bits[] = {8, 16, 24, 25, 28, 30, 32, 32, 32};
    size_t cap = sizeof v->text;

    v->type = type;
    if (type == KAI_V_IPV4) {
        unsigned b = bits[rnd_below(s, 9)];
        uint32_t a = 0xc0000200u | (uint32_t)rnd_below(s, 64);

        if (rnd_below(s, 3) == 0)
            a = 0xc6336400u | (uint32_t)rnd_below(s, 256);
        a &= 0xffffffffu << (32 - b);
        (void)snprintf(v->text, cap, b == 32 ? "%u.%u.%u.%u" : "%u.%u.%u.%u/%u", a >> 24,
                       a >> 16 & 255, a >> 8 & 255, a & 255, b);
    } else if (type == KAI_V_IPV6) {
        static const char *const six[] = {"2001:db8::1",   "2001:db8::2",     "2001:db8::/32",
                                          "2001:db8::/64", "2001:db8:1::/48", "2001:db8:1::5"};
        (void)snprintf(v->text, cap, "%s", six[rnd_below(s, 6)]);
    } else if (type == KAI_V_DOMAIN) {
        const char *zone = zones[rnd_below(s, 5)];

        if (rnd_below(s, 2) == 0 && strcmp(zone, "com") != 0)
            (void)snprintf(v->text, cap, "%s", zone);
        else
            (void)snprintf(v->text, cap, "%s.%s", labels[rnd_below(s, 4)], zone);
    } else {
        (void)snprintf(v->text, cap, "http://example.com/%u", (unsigned)rnd_below(s, 8));
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct value *)a)->text, ((const struct value *)b)->text);
}

static void make_row(uint64_t *s, struct model_row *m, unsigned i)
{
    static const enum kai_vtype types[] = {KAI_V_IPV4, KAI_V_IPV4, KAI_V_DOMAIN, KAI_V_URL,
                                           KAI_V_IPV6};
    enum kai_vtype type = types[rnd_below(s, 5)];
    size_t want = rnd_below(s, VALUES + 1);
    uint8_t item;

    m->list = rnd_below(s, 3) == 0;
    if (m->list && want == 0)
        want = 1;
    m->n = 0;
    for (size_t j = 0; j < want; j++)
        make_value(s, m->list ? type : types[rnd_below(s, 5)], &m->v[m->n++]);
    if (m->list) { /* No value twice. */
        size_t n = 0;

        qsort(m->v, m->n, sizeof m->v[0], by_text);
        for (size_t j = 0; j < m->n; j++) {
            if (n == 0 || strcmp(m->v[n - 1].text, m->v[j].text) != 0)
                m->v[n++] = m->v[j];
        }
        m->n = n;
    }
    /* A content has one id, one STIX id and one time of modification. */
    item = (uint8_t)rnd_below(s, 250);
    m->row = stix_row(item, (uint8_t)(1 + rnd_below(s, 3)), (uint8_t)(1 + rnd_below(s, 2)),
                      (uint8_t)(1 + item % 60), item / 60);
    if (m->list) {
        m->row.kind = 2;
        m->row.item_id[15] = 0xff; /* No object has the id of a list. */
        memset(m->row.stix_uuid, 0, 16);
        m->row.modified_ms = 0;
        m->row.n_values = m->n;
    } else if (rnd_below(s, 3) == 0) {
        (void)snprintf(m->row.type, sizeof m->row.type, "malware");
    }
    m->row.tlp = (uint8_t)(1 + rnd_below(s, 5));
    m->row.pap = (uint8_t)rnd_below(s, 4);
    m->row.first_seen_ms = NOW - 1000 * (ROWS - i);
    m->row.valid_until_ms = rnd_below(s, 5) == 0 ? NOW - 5 : rnd_below(s, 2) * (NOW + 5);
    if (rnd_below(s, 6) == 0)
        m->row.flags = KAI_ROW_EXERCISE;
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 16) == 0; /* Of one repeated byte. */
}

/* What chain.c should do, told once more: whom the newcomer meets in its chain. */
static void model_chain(struct model_row *m, bool revoked)
{
    static struct {
        bool there, revoked;
        uint64_t modified;
        uint8_t item[32];
    } chain[256][8];
    size_t u = m->row.stix_uuid[0];
    size_t o = m->row.origin[0];

    if (n_rows == 0)
        memset(chain, 0, sizeof chain);
    if (m->row.modified_ms == 0) {
        m->row.flags |= revoked ? KAI_ROW_WITHDRAWN : 0;
        return;
    }
    if (!chain[u][o].there) {
        chain[u][o].there = true;
        chain[u][o].modified = m->row.modified_ms;
        memcpy(chain[u][o].item, m->row.item_id, 32);
    }
    for (size_t i = 0; i < n_rows; i++) {
        struct kai_row *r = &rows[i].row;

        if (!same(r->origin, m->row.origin) || !same(r->item_id, chain[u][o].item))
            continue;
        if (revoked)
            r->flags |= KAI_ROW_WITHDRAWN;
        if (m->row.modified_ms > chain[u][o].modified && !same(m->row.item_id, r->item_id))
            r->flags |= KAI_ROW_SUPERSEDED;
    }
    chain[u][o].revoked |= revoked;
    if (m->row.modified_ms > chain[u][o].modified && !same(m->row.item_id, chain[u][o].item)) {
        chain[u][o].modified = m->row.modified_ms;
        memcpy(chain[u][o].item, m->row.item_id, 32);
    } else if (!same(m->row.item_id, chain[u][o].item)) {
        m->row.flags |= KAI_ROW_SUPERSEDED;
    }
    m->row.flags |= chain[u][o].revoked ? KAI_ROW_WITHDRAWN : 0;
}

static bool model_has(const struct kai_row *row)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (same(rows[i].row.item_id, row->item_id) && same(rows[i].row.origin, row->origin) &&
            same(rows[i].row.aud_id, row->aud_id) && rows[i].row.tlp <= row->tlp)
            return true;
    }
    return false;
}

static void put_values(struct kai_ix *t, const struct model_row *m, uint64_t no)
{
    for (size_t j = 0; j < m->n; j++)
        assert_int_equal(kai_ix_value(t, no, m->v[j].type,
                                      kai_view_of(m->v[j].text, strlen(m->v[j].text)),
                                      m->list ? j : 0),
                         KAI_OK);
}

void model_fill_up_to(struct kai_index *x, uint8_t tlp)
{
    struct kai_ix *t = NULL;

    assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
    for (size_t i = 0; i < n_rows; i++) {
        struct kai_row put = rows[i].row;

        put.flags &= KAI_ROW_EXERCISE;
        if (put.tlp > tlp)
            continue;
        assert_int_equal(kai_ix_row(t, &put, rows[i].revoked), KAI_OK);
        put_values(t, &rows[i], put.no);
    }
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
}

void model_fill(struct kai_index *x, uint64_t *s)
{
    struct kai_ix *t = NULL;
    uint64_t position = 0;

    n_rows = 0;
    assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
    for (unsigned i = 0; i < ROWS; i++) {
        struct model_row *m = &rows[n_rows];
        bool revoked;
        struct kai_row put;

        make_row(s, m, i);
        revoked = !m->list && m->row.item_id[0] % 12 == 0;
        put = m->row;
        if (model_has(&m->row)) {
            assert_int_equal(kai_ix_row(t, &put, revoked), KAI_EEXIST);
            continue;
        }
        model_chain(m, revoked);
        assert_int_equal(kai_ix_row(t, &put, revoked), KAI_OK);
        m->row.no = put.no;
        assert_int_equal(put.no, n_rows + 1);
        put_values(t, m, put.no);
        m->revoked = revoked;
        n_rows++;
        if (rnd_below(s, 20) == 0) {
            assert_int_equal(kai_ix_commit(t, ++position), KAI_OK);
            assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
        }
    }
    assert_int_equal(kai_ix_commit(t, ++position), KAI_OK);
}
