/* fuzz_query: an expression, and where a page ended, as anybody may send them, asked of a small
 * index. The first byte says how many bytes of place stand before the expression. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "query/index.h"
#include "query/run.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

#define ROWS 40u
#define NOW  UINT64_C(1769904000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kai_ixsnap *snapshot;

static void add(struct kai_ix *t, uint8_t i)
{
    static const char *const urls[] = {"http://example.com/a", "http://example.org/"};
    struct kai_row row = {.kind = i % 3 == 0 ? 2 : 1,
                          .type = "indicator",
                          .parts = 1,
                          .tlp = (uint8_t)(1 + i % 5),
                          .first_seen_ms = NOW - 1000u * (ROWS - i),
                          .n_values = i % 3 == 0 ? 2 : 0};

    row.item_id[0] = i;
    row.origin[0] = i % 4;
    MUST(kai_ix_row(t, &row, false) == KAI_OK);
    for (uint64_t j = 0; j < 2; j++) {
        char text[32];
        int n = snprintf(text, sizeof text, j == 0 ? "192.0.2.%u" : "198.51.%u.0/24", i);
        uint64_t index = row.n_values > 0 ? j : 0;

        if (i % 2 == 0)
            MUST(kai_ix_value(t, row.no, KAI_V_IPV4, kai_view_of(text, (size_t)n), index) ==
                 KAI_OK);
        else
            MUST(kai_ix_value(t, row.no, KAI_V_URL, kai_view_of(urls[j], strlen(urls[j])), index) ==
                 KAI_OK);
    }
}

static void set_up(void)
{
    static char dir[] = "/tmp/kairan-fuzz-XXXXXX";
    struct kai_index *x = NULL;
    struct kai_ix *t = NULL;
    char path[64];
    bool rebuild;

    MUST(mkdtemp(dir) != NULL);
    MUST(kai_index_open(&x, dir, UINT64_C(1) << 24, "boot", &rebuild, NULL) == KAI_OK);
    MUST(kai_ix_begin(x, &t) == KAI_OK);
    for (uint8_t i = 0; i < ROWS; i++)
        add(t, i);
    MUST(kai_ix_commit(t, 1) == KAI_OK && kai_ixsnap_begin(x, 5, &snapshot) == KAI_OK);
    /* It stays open until the end of the process; its files need not. */
    static const char *const names[] = {"data.mdb", "lock.mdb", "lock", "state", "added"};
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        MUST(unlink(path) == 0);
    }
    MUST(rmdir(dir) == 0);
}

static enum kai_err text_of(void *ctx, const struct kai_row *row, struct kai_view *json)
{
    static const char some[] = "{\"name\":\"Red \\u0046ox\",\"d\":[\"\xc3\x89\"]}";

    (void)ctx;
    *json = kai_view_of(some, sizeof some - 1);
    return row->item_id[0] % 3 == 0 ? KAI_ENOTFOUND : KAI_OK;
}

static enum kai_err name(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                         struct kai_why *why)
{
    (void)ctx;
    (void)why;
    memset(id, 0, KAI_ID_BYTES);
    id[0] = (uint8_t)text[0] % 4;
    return KAI_OK;
}

struct seen {
    size_t n;
    uint8_t value[ROWS + 1][3];
};

static bool once(void *ctx, const struct kai_query_hit *hit)
{
    struct seen *s = ctx;
    uint64_t slot = hit->index == KAI_INDEX_WHOLE ? 2 : hit->index;

    MUST(hit->row->no >= 1 && hit->row->no <= ROWS && slot < 3);
    MUST(s->value[hit->row->no][slot]++ == 0);
    s->n++;
    return true;
}

static size_t all_pages(const struct kai_query *q, struct kai_query_at at, uint64_t limit)
{
    struct seen s = {0};
    bool done = false;

    for (unsigned pages = 0; !done; pages++) {
        MUST(pages < 8 * ROWS);
        enum kai_err err = kai_query_run(q, snapshot, NOW, limit, &at, &done, once, &s);

        if (err == KAI_EMALFORMED && pages == 0)
            return 0;
        MUST(err == KAI_OK);
    }
    return s.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kai_query_names names = {.org = name, .audience = name, .text = text_of};
    static const struct kai_query_at start;
    struct kai_query_at at = {0};
    struct kai_query *q = NULL;
    struct kai_why why = {0};

    if (snapshot == NULL)
        set_up();
    if (size == 0)
        return 0;
    at.n = data[0] < size ? data[0] : 0;
    memcpy(at.bytes, data + 1, at.n);
    enum kai_err err =
        kai_query_parse(&q, kai_view_of(data + 1 + at.n, size - 1 - at.n), &names, NOW, &why);
    if (err != KAI_OK) {
        MUST(q == NULL && why.code != NULL);
        MUST(err == KAI_EMALFORMED || err == KAI_ELIMIT);
        return 0;
    }
    size_t n = all_pages(q, start, UINT64_MAX);
    MUST(all_pages(q, start, 1) == n);
    (void)all_pages(q, at, 3);
    kai_query_free(q);
    return 0;
}
