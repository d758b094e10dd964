/* taxii_util: requests of TAXII to a rig, and rows in its index that others made. */
#include "taxii_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/acts.h"
#include "node/indexer.h"
#include "node/publish.h"
#include "node/taxii/taxii.h"

struct kai_who taxii_who;

int taxii_start(void **state)
{
    kai_who_home(&taxii_who);
    return rig_start(state);
}

/* ---- Asking. */
/* What comes; the caller frees it. params: "key", "value", ..., NULL; or NULL. */
char *taxii_text(struct kai_buf *out)
{
    kai_buf_u8(out, 0);
    assert_int_equal(out->err, KAI_OK);
    char *text = strdup((const char *)out->p);
    assert_non_null(text);
    return text;
}

char *taxii_ask(struct rig *r, const char *method, const char *path, const char *const *params,
                const char *body, int *status)
{
    static struct kai_config cfg;
    struct kai_call call = {.core = r->core, .cfg = &cfg, .who = &taxii_who};
    struct kai_taxii_reply reply;
    struct kai_taxii_request q = {.method = method,
                                  .content_type = "application/taxii+json;version=2.1",
                                  .body = kai_view_of(body, strlen(body))};
    char url[512];

    (void)snprintf(url, sizeof url, "/taxii2/kairan/%s", path);
    q.url = url;
    for (size_t i = 0; params != NULL && params[i] != NULL; i += 2) {
        q.params[q.n_params].key = params[i];
        q.params[q.n_params++].value = params[i + 1];
    }
    call.body = q.body;
    MUST(kai_indexer_settle(r->core->indexer));
    kai_taxii_run(&call, &q, &reply);
    *status = reply.status;
    char *text = call.out.len > 0 ? taxii_text(&call.out) : strdup("");
    kai_call_free(&call);
    return text;
}

/* The path of something in the collection `all`. */
const char *taxii_in_all(struct rig *r, const char *rest)
{
    static char path[512];
    int status;
    char *text = taxii_ask(r, "GET", "collections/", NULL, "", &status);
    json_t *o = json_loads(text, 0, NULL);
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(o, "collections"), i, c)
    {
        if (strcmp(json_string_value(json_object_get(c, "title")), "all") == 0)
            (void)snprintf(path, sizeof path, "collections/%s/%s",
                           json_string_value(json_object_get(c, "id")), rest);
    }
    json_decref(o);
    free(text);
    return path;
}

char *taxii_get(struct rig *r, const char *rest, const char *key, const char *value)
{
    const char *params[] = {key, value, NULL};
    int status;
    char *text = taxii_ask(r, "GET", taxii_in_all(r, rest), params, "", &status);

    if (status != 200)
        fail_msg("%s: %d %s", rest, status, text);
    return text;
}

/* Whether the answer has a text. */
bool taxii_has(struct rig *r, const char *rest, const char *what)
{
    char *text = taxii_get(r, rest, NULL, NULL);
    bool is = strstr(text, what) != NULL;

    free(text);
    return is;
}

/* POST one object; how many failures, and whether they have this text. */
void taxii_post(struct rig *r, const char *body, json_int_t failures, const char *what)
{
    int status;
    char *text = taxii_ask(r, "POST", taxii_in_all(r, "objects/"), NULL, body, &status);
    json_t *o = json_loads(text, 0, NULL);

    if (status != 202 || json_integer_value(json_object_get(o, "failure_count")) != failures ||
        strstr(text, what) == NULL)
        fail_msg("%d: %s, and not: %s", status, text, what);
    json_decref(o);
    free(text);
}

/* All that a verb answers. */
char *taxii_verb(struct rig *r, const char *name, json_t *args)
{
    static struct kai_config cfg;
    struct kai_call call = {.core = r->core, .cfg = &cfg, .who = &taxii_who, .args = args};
    struct kai_buf out;
    bool end = false;

    kai_buf_init(&out, 64u << 20);
    assert_int_equal(kai_call_run(&call, name), 200);
    while (!end)
        MUST(kai_call_next(&call, &out, &end));
    kai_call_free(&call);
    char *text = taxii_text(&out);
    kai_buf_free(&out);
    return text;
}

/* ---- Making. */
void taxii_publish(struct rig *r, const char *text, const char *to, struct kai_label label)
{
    struct kai_published done;
    struct kai_publish p = {.who = &taxii_who,
                            .file = kai_view_of(text, strlen(text)),
                            .name = "file",
                            .to = to,
                            .label = label};

    MUST(kai_publish(r->core, &p, &done, &r->why));
    assert_true(done.refused == 0 && done.accepted == 1);
    MUST(kai_indexer_settle(r->core->indexer));
}

struct kai_row taxii_row_of(struct rig *r, const char *id)
{
    static struct kai_act_rows rows;
    struct kai_audit_batch none = {0};
    struct kai_reader reader;

    MUST(kai_indexer_settle(r->core->indexer));
    MUST(kai_reader_init(&reader, r->core, KAI_TLP_RED, &none));
    MUST(kai_reader_begin(&reader));
    MUST(kai_act_rows(&reader, id, 0, &rows, &r->why));
    kai_reader_free(&reader);
    kai_audit_batch_free(&none);
    return rows.row[0];
}

/* What another organisation said, as far as the index knows: n rows, whose contents are others. */
void taxii_claim(struct rig *r, const struct kai_row *like, unsigned n)
{
    struct kai_ixsnap *snap;
    struct kai_ix *t;

    MUST(kai_ixsnap_begin(r->core->index, KAI_TLP_RED, &snap));
    uint64_t position = kai_ixsnap_position(snap);
    kai_ixsnap_end(snap);
    MUST(kai_ix_begin(r->core->index, &t));
    for (unsigned i = 0; i < n; i++) {
        struct kai_row row = *like;

        row.item_id[0] ^= (uint8_t)i;
        row.item_id[1] ^= (uint8_t)(i >> 8);
        MUST(kai_ix_row(t, &row, false));
    }
    MUST(kai_ix_commit(t, position));
}

struct kai_row taxii_others(struct rig *r, const char *id)
{
    struct kai_row row = taxii_row_of(r, id);

    memset(row.origin, 0x77, KAI_ID_BYTES);
    row.flags = 0;
    return row;
}
