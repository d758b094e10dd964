/* query_util: a temporary index, and a seeded source of numbers. */
#include "query/query_util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void tmp_make(struct tmp *t)
{
    (void)snprintf(t->dir, sizeof t->dir, "/tmp/kairan-query-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    (void)snprintf(t->index, sizeof t->index, "%s/index", t->dir);
}

void tmp_remove(struct tmp *t)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "lock", "state", "added"};
    char path[128];

    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", t->index, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(t->index);
    assert_int_equal(rmdir(t->dir), 0);
}

struct kai_index *tmp_open(const struct tmp *t, const char *boot_id, bool want_rebuild)
{
    struct kai_index *x = NULL;
    struct kai_why why = {0};
    bool rebuild = !want_rebuild;

    assert_int_equal(kai_index_open(&x, t->index, UINT64_C(1) << 30, boot_id, &rebuild, &why),
                     KAI_OK);
    assert_int_equal(rebuild, want_rebuild);
    return x;
}

int indexed_start(void **state)
{
    struct indexed *f = calloc(1, sizeof *f);

    tmp_make(&f->tmp);
    f->x = tmp_open(&f->tmp, "boot-1", true);
    *state = f;
    return 0;
}

int indexed_stop(void **state)
{
    struct indexed *f = *state;

    kai_index_close(f->x);
    tmp_remove(&f->tmp);
    free(f);
    return 0;
}

struct kai_ix *begin(struct kai_index *x)
{
    struct kai_ix *t = NULL;

    assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
    return t;
}

struct kai_ixsnap *look(struct kai_index *x, uint8_t clearance)
{
    struct kai_ixsnap *r = NULL;

    assert_int_equal(kai_ixsnap_begin(x, clearance, &r), KAI_OK);
    return r;
}

uint64_t rnd(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t rnd_below(uint64_t *seed, uint64_t n)
{
    return rnd(seed) % n;
}

struct kai_row stix_row(uint8_t item, uint8_t origin, uint8_t aud, uint8_t uuid,
                        uint64_t modified_ms)
{
    struct kai_row row = {.kind = 1,
                          .type = "indicator",
                          .parts = 1,
                          .log_no = 1,
                          .seq = 2,
                          .tlp = 2,
                          .first_seen_ms = 1000,
                          .modified_ms = modified_ms};

    memset(row.item_id, item, sizeof row.item_id);
    memset(row.origin, origin, sizeof row.origin);
    memset(row.aud_id, aud, sizeof row.aud_id);
    memset(row.stix_uuid, uuid, sizeof row.stix_uuid);
    return row;
}

/* "o7" is the organisation whose id is all sevens; likewise audiences. */
static enum kai_err name(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                         struct kai_why *why)
{
    (void)ctx;
    (void)why;
    if (text[0] != 'o' || text[1] < '0' || text[1] > '9' || text[2] != '\0')
        return KAI_ENOTFOUND;
    memset(id, text[1] - '0', KAI_ID_BYTES);
    return KAI_OK;
}

static const char *const some_texts[TEXTS] = {"{\"name\":\"Red Fox\",\"x_b\":[\"on \\u0041lpha\"]}",
                                              "{\"name\":\"ALPHA \xc3\x89t\xc3\xa9\"}",
                                              "{\"alpha\":\"blue\",\"d\":\"a \\\"fox\\\"\"}", "{}"};

static enum kai_err text_of(void *ctx, const struct kai_row *row, struct kai_view *json)
{
    const char *text = some_texts[row->item_id[0] % TEXTS];

    (void)ctx;
    *json = kai_view_of(text, strlen(text));
    return KAI_OK;
}

struct kai_query *query_of(const char *text, uint64_t now_ms)
{
    static const struct kai_query_names names = {.org = name, .audience = name, .text = text_of};
    struct kai_query *q = NULL;
    struct kai_why why = {0};
    enum kai_err err = kai_query_parse(&q, kai_view_of(text, strlen(text)), &names, now_ms, &why);

    if (err != KAI_OK)
        print_error("%s: %s %s %s at %s\n", text, kai_err_text(err), why.code, why.arg[0],
                    why.where);
    assert_int_equal(err, KAI_OK);
    return q;
}
