/* call_act: what is done with items after they went out: reshare, withdraw, recall, receipts. */
#include <stdlib.h>
#include <string.h>

#include "node/acts.h"
#include "node/call.h"
#include "node/call_act.h"
#include "node/clerk.h"
#include "node/indexer.h"
#include "node/shown.h"
#include "policy/policy.h"
#include "query/acts.h"

enum kai_err kai_act_open(struct kai_call *call, struct kai_reader *r)
{
    enum kai_err err = kai_indexer_settle(call->core->indexer); /* What was just done counts. */

    if (err == KAI_OK)
        err = kai_reader_init(r, call->core, call->who->clearance, &call->audit);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(r);
    if (err != KAI_OK)
        kai_reader_free(r);
    return err;
}

enum kai_err kai_act_named(struct kai_call *call, const char *id, uint64_t unwanted,
                           struct kai_act_rows *rows)
{
    struct kai_reader r;
    enum kai_err err = kai_act_open(call, &r);

    if (err != KAI_OK)
        return err;
    err = kai_act_rows(&r, id, unwanted, rows, &call->why);
    kai_reader_free(&r);
    return err;
}

enum kai_err kai_act_target(struct kai_call *call, const char *name,
                            uint8_t aud_id[static KAI_ID_BYTES],
                            char shown[static KAI_TEXT_BYTES_MAX + 1], uint64_t *kind)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_aud_name *aud = NULL;
    enum kai_err err = kai_shown_find_aud(o, name, call->who->clearance, &aud, &call->why);

    if (err == KAI_OK) {
        const struct kai_audience *rec = kai_roster_audience(o->roster, aud->id);

        memcpy(aud_id, aud->id, KAI_ID_BYTES);
        kai_copy_text(shown, KAI_TEXT_BYTES_MAX + 1, aud->name[0] != '\0' ? aud->name : name);
        *kind = rec != NULL ? rec->rec.kind : 0;
    }
    kai_outlook_put(o);
    return err;
}

void kai_act_put_org(struct kai_jput *j, struct kai_call *call, const char *key,
                     const char *key_name, const uint8_t org_id[static KAI_ID_BYTES])
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_org *org = kai_roster_org(o->roster, org_id);

    kai_jput_hex(j, key, org_id, KAI_ID_BYTES);
    kai_jput_text(j, key_name, org != NULL ? org->name : NULL);
    kai_outlook_put(o);
}

enum kai_err kai_verb_reshare(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *to = kai_arg_need(call, "to", &err);
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    struct kai_act_shared done;
    struct kai_jput j;
    uint8_t target[KAI_ID_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint64_t kind;

    if (rows == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_target(call, to, target, name, &kind);
    if (err == KAI_OK)
        err = kai_act_named(call, id, KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN, rows);
    if (err == KAI_OK)
        err = kai_act_reshare(call->core, rows, target, name, &done, &call->why);
    free(rows);
    if (err != KAI_OK)
        return err;
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", done.row.item_id, KAI_ID_BYTES);
    kai_jput_text(&j, "label", kai_tlp_name(done.row.tlp));
    kai_act_put_org(&j, call, "origin", "origin_name", done.row.origin);
    kai_jput_text(&j, "audience", name);
    kai_jput_uint(&j, "entries", done.entries);
    kai_jput_bool(&j, "held", done.held);
    kai_jput_bool(&j, "released", done.released);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static enum kai_err put_done(struct kai_call *call, const struct kai_row *row, uint64_t n)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", row->item_id, KAI_ID_BYTES);
    kai_jput_text(&j, "label", kai_tlp_name(row->tlp));
    kai_jput_uint(&j, "audiences", n);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

/* A text that goes out with an act. */
static const char *reason_of(struct kai_call *call, const char *key, enum kai_err *err)
{
    const char *text = kai_arg_text(call, key, err);

    if (*err == KAI_OK && text != NULL && strlen(text) > KAI_TEXT_BYTES_MAX)
        *err = kai_why_set(&call->why, KAI_ELIMIT, "usage.argument", key, NULL, NULL);
    return text;
}

enum kai_err kai_verb_withdraw(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *reason = reason_of(call, "reason", &err);
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    uint64_t n = 0;

    if (rows == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_named(call, id, KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED,
                            rows);
    if (err == KAI_OK)
        err = kai_act_withdraw(call->core, rows, reason, &n, &call->why);
    if (err == KAI_OK)
        err = put_done(call, &rows->row[0], n);
    free(rows);
    return err;
}

/* "wrong", "mislabeled", "sensitive": a reason of its own; else it is said in words. */
static uint64_t reason_code(const char *text, const char **words)
{
    static const struct {
        const char *name;
        uint64_t code;
    } codes[] = {{"wrong", KAI_RECALL_WRONG},
                 {"mislabeled", KAI_RECALL_MISLABELED},
                 {"sensitive", KAI_RECALL_SENSITIVE}};

    *words = text;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (text != NULL && strcmp(text, codes[i].name) == 0) {
            *words = "";
            return codes[i].code;
        }
    }
    return KAI_RECALL_OTHER;
}

/* Whether an earlier row is of the same content of the same OBJ: it stands in several audiences. */
static bool seen_before(const struct kai_act_rows *rows, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (memcmp(rows->row[k].obj_hash, rows->row[i].obj_hash, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

static enum kai_err recall_rows(struct kai_call *call, const struct kai_act_rows *rows,
                                const char *reason, uint64_t *n)
{
    struct kai_reader r;
    const char *words;
    uint64_t code = reason_code(reason, &words);
    enum kai_err err = KAI_OK;
    bool ours = false;

    for (size_t i = 0; i < rows->n; i++)
        ours = ours || memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) == 0;
    if (!ours)
        return kai_act_source(call->core, &rows->row[0], KAI_POLICY_RECALL, 0, &call->why);
    err = kai_act_open(call, &r);
    if (err != KAI_OK)
        return err;
    for (size_t i = 0; i < rows->n && err == KAI_OK; i++) {
        struct kai_subject s;
        uint64_t places = 0;

        if (memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) != 0 ||
            seen_before(rows, i))
            continue;
        err = kai_subject_load(&r, &rows->row[i], false, &s);
        if (err == KAI_OK)
            err = kai_act_recall(call->core, &s, code, words, &places, &call->why);
        *n += places;
        kai_subject_free(&s);
    }
    kai_reader_free(&r);
    return err;
}

enum kai_err kai_verb_recall(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *reason = reason_of(call, "reason", &err);
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    uint64_t n = 0;

    if (err == KAI_OK && reason == NULL)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "reason", NULL, NULL);
    if (rows == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_named(call, id, 0, rows); /* Older versions too: they are held as well. */
    if (err == KAI_OK)
        err = recall_rows(call, rows, reason, &n);
    if (err == KAI_OK)
        err = put_done(call, &rows->row[0], n);
    free(rows);
    return err;
}

/* ---- receipts: one line for each organisation and batch. */
struct holder {
    struct kai_ix_receipt sum; /* Over its nodes, the most of each: they hold the same things. */
    uint64_t nodes;
};

#define HOLDERS_MAX 4096u

struct receipts {
    size_t n;
    struct holder *holder;
};

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool on_receipt(void *ctx, const struct kai_ix_receipt *receipt)
{
    struct receipts *all = ctx;
    size_t i = 0;

    while (i < all->n && memcmp(all->holder[i].sum.holder, receipt->holder, KAI_ID_BYTES) != 0)
        i++;
    if (i == HOLDERS_MAX)
        return false;
    struct holder *h = &all->holder[i];
    if (i == all->n) {
        *h = (struct holder){.sum = *receipt};
        all->n++;
    }
    h->nodes++;
    h->sum.held = most(h->sum.held, receipt->held);
    h->sum.read = most(h->sum.read, receipt->read);
    h->sum.acted = most(h->sum.acted, receipt->acted);
    h->sum.last_ms = most(h->sum.last_ms, receipt->last_ms);
    if (receipt->first_ms < h->sum.first_ms)
        h->sum.first_ms = receipt->first_ms;
    return true;
}

static void put_holders(struct kai_call *call, const struct kai_row *row, uint64_t contents,
                        const struct receipts *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct holder *h = &all->holder[i];
        struct kai_jput j;

        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_hex(&j, "id", row->item_id, KAI_ID_BYTES);
        kai_jput_hex(&j, "batch", row->obj_hash, KAI_ID_BYTES);
        kai_jput_uint(&j, "contents", contents);
        kai_act_put_org(&j, call, "holder", "holder_name", h->sum.holder);
        kai_jput_uint(&j, "nodes", h->nodes);
        kai_jput_uint(&j, "held", h->sum.held);
        kai_jput_uint(&j, "read", h->sum.read);
        kai_jput_uint(&j, "acted", h->sum.acted);
        kai_jput_time(&j, "first", h->sum.first_ms);
        kai_jput_time(&j, "last", h->sum.last_ms);
        kai_jput_end(&j);
        (void)kai_jput_line(&j); /* Sticks in the buffer. */
    }
}

static enum kai_err put_receipts(struct kai_call *call, const struct kai_act_rows *rows,
                                 size_t *lines)
{
    struct receipts all = {.holder = malloc(HOLDERS_MAX * sizeof *all.holder)};
    struct kai_reader r;

    if (all.holder == NULL)
        return KAI_ENOMEM;
    enum kai_err err = kai_act_open(call, &r);
    if (err != KAI_OK) {
        free(all.holder);
        return err;
    }
    for (size_t i = 0; i < rows->n && err == KAI_OK; i++) {
        struct kai_subject s;

        if (memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) != 0 ||
            seen_before(rows, i))
            continue;
        all.n = 0;
        err = kai_subject_load(&r, &rows->row[i], false, &s);
        if (err == KAI_OK)
            err = kai_ixsnap_receipts(r.rows, rows->row[i].obj_hash, on_receipt, &all);
        if (err == KAI_OK)
            put_holders(call, &rows->row[i], s.o.n, &all);
        kai_subject_free(&s);
        *lines += all.n;
    }
    kai_reader_free(&r);
    free(all.holder);
    return err;
}

/* A holder says that it acted on what these rows name: blocked it, searched for it. */
static enum kai_err note_acted(struct kai_call *call, const struct kai_act_rows *rows)
{
    uint64_t n = 0;

    for (size_t i = 0; i < rows->n; i++) {
        if (memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) == 0)
            continue;
        kai_clerk_note(call->core->clerk, &rows->row[i], KAI_RECEIPT_ACTED);
        n++;
    }
    if (n == 0)
        return kai_why_set(&call->why, KAI_EEXIST, "letter.own", call->core->org_name, NULL, NULL);
    return put_done(call, &rows->row[0], n);
}

enum kai_err kai_verb_receipts(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    bool acted = kai_arg_bool(call, "acted", &err);
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    size_t lines = 0;

    if (rows == NULL)
        err = KAI_ENOMEM;
    if (err == KAI_OK)
        err = kai_act_named(call, id, 0, rows);
    if (err == KAI_OK && acted) {
        err = note_acted(call, rows);
        free(rows);
        return err;
    }
    bool ours = false;
    for (size_t i = 0; err == KAI_OK && i < rows->n; i++)
        ours = ours || memcmp(rows->row[i].origin, call->core->self.org_id, KAI_ID_BYTES) == 0;
    if (err == KAI_OK && !ours)
        err = kai_act_source(call->core, &rows->row[0], KAI_POLICY_RECEIPTS, 0, &call->why);
    if (err == KAI_OK)
        err = put_receipts(call, rows, &lines);
    if (err == KAI_OK && lines == 0)
        call->status = 4;
    free(rows);
    return err;
}
