/* fuzz_acts: release, recall, re-share, notices and RED as anybody may send them. The first byte
 * says which of them the rest is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "log/acts.h"
#include "log/red.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t ZEROS[64];

static void release(struct kai_view v)
{
    struct kai_release r;

    if (kai_release_parse(&r, v) != KAI_OK)
        return;
    MUST(r.any || r.has_label || r.n_auds > 0);
    MUST(r.n_auds <= KAI_AUDIENCES_PER_OBJ_MAX && r.indexes.n <= KAI_BATCH_ITEMS_MAX);
    MUST(!r.has_label || (r.tlp >= 1 && r.tlp <= 5 && r.pap <= 4));
    MUST(kai_act_verify(v, r.origin_cert, r.obj_hash) == KAI_EAUTH); /* Nobody signs by chance. */
}

static void recall(struct kai_view v)
{
    struct kai_recall r;

    if (kai_recall_parse(&r, v) == KAI_OK)
        MUST(memchr(r.text, 0, sizeof r.text) != NULL);
}

static void reshare(struct kai_view v)
{
    struct kai_reshare r;
    struct kai_content c;
    struct kai_obj o;

    if (kai_reshare_parse(&r, v) != KAI_OK) {
        MUST(kai_content_read(&c, &r.contents) != KAI_OK);
        return;
    }
    struct kai_cur cur = r.contents;
    for (uint32_t i = 0; i < r.n_contents; i++)
        MUST(kai_content_read(&c, &cur) == KAI_OK && c.has_path);
    for (size_t i = 0; i < r.n_releases; i++)
        release(r.release[i]);
    if (kai_obj_parse(&o, r.obj) == KAI_OK) {
        enum kai_err err = kai_reshare_check(&r, &o);

        MUST(err == KAI_OK || err == KAI_EAUTH || err == KAI_EMALFORMED);
    }
}

static void notice(struct kai_view v)
{
    struct kai_view body;
    struct kai_receipt r;
    struct kai_receipt_row row;
    struct kai_request request;
    struct kai_refusal refusal;
    struct kai_violation violation;
    struct kai_sighting sighting;
    struct kai_contribution contribution;
    uint64_t kind;

    if (kai_notice_parse(&kind, &body, v) != KAI_OK)
        return;
    /* Each parser sees each body: a kind that lies is no other error. */
    if (kai_receipt_parse(&r, body) == KAI_OK) {
        for (uint32_t i = 0; i < r.n; i++)
            MUST(kai_receipt_row(&row, &r.rows) == KAI_OK && row.held <= KAI_BATCH_ITEMS_MAX);
    }
    if (kai_request_parse(&request, body) == KAI_OK)
        MUST(strlen(request.reason) <= KAI_TEXT_BYTES_MAX);
    if (kai_refusal_parse(&refusal, body) == KAI_OK)
        MUST(strlen(refusal.reason) <= KAI_TEXT_BYTES_MAX);
    if (kai_violation_parse(&violation, body) == KAI_OK && violation.reshare.p != NULL)
        reshare(violation.reshare);
    kai_ignore(kai_sighting_parse(&sighting, body)); /* Any numbers will do. */
    if (kai_contribution_parse(&contribution, body) == KAI_OK)
        MUST(strlen(contribution.wish) <= KAI_TEXT_BYTES_MAX);
}

static void obj_item(struct kai_view v)
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_view sealed[KAI_BATCH_ITEMS_MAX];
    static struct kai_red_content plain[KAI_BATCH_ITEMS_MAX];
    struct kai_red_reader who = {ZEROS, ZEROS, ZEROS + 32};
    struct kai_content c;
    struct kai_cur cur;
    struct kai_obj o;
    struct kai_buf out;
    uint32_t n;

    if (kai_obj_item_parse(&obj, &sig, &cur, &n, v) != KAI_OK)
        return;
    for (uint32_t i = 0; i < n; i++) {
        MUST(kai_content_read(&c, &cur) == KAI_OK);
        sealed[i] = c.content;
        struct kai_content found;
        if (kai_obj_item_content(&found, v, c.index) == KAI_OK)
            MUST(found.has_path && found.index == c.index);
    }
    if (kai_obj_parse(&o, obj) != KAI_OK)
        return;
    enum kai_err err = kai_red_item_check(v, &o);
    MUST(err == KAI_OK || err == KAI_EMALFORMED || err == KAI_ELIMIT);
    kai_buf_init(&out, KAI_BODY_BYTES_MAX);
    MUST(kai_red_open(&out, plain, &who, obj, sealed, n) != KAI_OK);
    MUST(out.len == 0);
    kai_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct kai_view v = kai_view_of(data + 1, size - 1);

    switch (data[0] % 5) {
    case 0:
        release(v);
        break;
    case 1:
        recall(v);
        break;
    case 2:
        reshare(v);
        break;
    case 3:
        notice(v);
        break;
    default:
        obj_item(v);
        break;
    }
    return 0;
}
