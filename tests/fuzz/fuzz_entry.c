/* fuzz_entry: entries, bodies, items and packed bodies as anybody may send them. The first byte
 * says which of them the rest is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log/body.h"
#include "log/entry.h"
#include "log/expiry.h"
#include "log/forkproof.h"
#include "log/payload.h"

/* Aborts in every build type. */
#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a stranger's bytes may be answered with. */
static bool answer(enum kai_err err)
{
    return err == KAI_OK || err == KAI_EMALFORMED || err == KAI_ELIMIT || err == KAI_EAUTH;
}

static struct kai_buf again; /* What is written anew. */

static void entry(struct kai_view v)
{
    struct kai_entry e;
    struct kai_cur c;
    struct kai_hdr h;

    kai_cur_init(&c, v.p, v.n);
    if (kai_entry_read(&e, &c) != KAI_OK)
        return;
    kai_entry_write(&again, &e, true);
    MUST(again.len == (size_t)(c.p - v.p) && memcmp(again.p, v.p, again.len) == 0);
    kai_buf_clear(&again);
    kai_hdr_write(&again, &e.h);
    MUST(again.len <= e.hdr.n); /* Less where X held something. */
    MUST(kai_hdr_parse(&h, kai_buf_view(&again)) == KAI_OK);
    MUST(memcmp(again.p, e.hdr.p, again.len - 1) == 0);
    MUST(kai_entry_verify(&e, h.log_pk) == KAI_EAUTH); /* Nobody signs by chance. */
    uint64_t due = kai_payload_due(&h, h.kid, h.ts);   /* Nothing is dropped that others want. */
    MUST(due == UINT64_MAX ? !kai_payload_over(&h, h.kid, INT64_MAX)
                           : kai_payload_over(&h, h.kid, due - KAI_EXPIRE_GRACE_MS));
}

static void forkproof(struct kai_view v)
{
    struct kai_forkproof p;

    if (kai_forkproof_parse(&p, v) != KAI_OK)
        return;
    MUST(p.at[0].h.seq == p.at[1].h.seq && p.at[0].h.seq > 0);
    MUST(kai_forkproof_write(&again, &p.at[1], &p.at[0]) == KAI_OK);
    MUST(again.len <= v.n && memcmp(again.p, v.p, again.len - 1) == 0); /* All but X. */
    MUST(kai_forkproof_verify(&p, p.at[0].hash) == KAI_EAUTH);
}

static void obj(struct kai_view v)
{
    struct kai_obj o;
    struct kai_buf twice;

    if (kai_obj_parse(&o, v) != KAI_OK)
        return;
    kai_buf_clear(&again);
    kai_obj_write(&again, &o);
    MUST(again.err == KAI_OK && again.len <= v.n);
    MUST(kai_obj_parse(&o, kai_buf_view(&again)) == KAI_OK);
    kai_buf_init(&twice, KAI_BODY_BYTES_MAX);
    kai_obj_write(&twice, &o);
    MUST(kai_view_eq(kai_buf_view(&twice), kai_buf_view(&again)));
    kai_buf_free(&twice);
}

static void part(struct kai_view v)
{
    struct kai_part p;

    if (kai_part_parse(&p, v) != KAI_OK)
        return;
    MUST(p.offset + p.bytes.n <= p.total && p.total <= KAI_STIX_BYTES_MAX);
    kai_buf_clear(&again);
    kai_part_write(&again, &p);
    MUST(kai_view_eq(kai_buf_view(&again), v));
}

static void obj_item(struct kai_view v)
{
    static struct kai_content content[KAI_BATCH_ITEMS_MAX];
    struct kai_view o_bytes;
    struct kai_view sig;
    struct kai_cur c;
    struct kai_obj o;
    uint32_t n;

    if (kai_obj_item_parse(&o_bytes, &sig, &c, &n, v) != KAI_OK)
        return;
    for (uint32_t i = 0; i < n; i++)
        MUST(kai_content_read(&content[i], &c) == KAI_OK);
    MUST(kai_cur_end(&c) == KAI_OK);
    kai_buf_clear(&again);
    kai_obj_item_write(&again, o_bytes, sig.p, content, n);
    MUST(kai_view_eq(kai_buf_view(&again), v));
    for (uint32_t i = 0; i < n; i++)
        part(content[i].content);
    obj(o_bytes);
    if (kai_obj_parse(&o, o_bytes) == KAI_OK)
        MUST(answer(kai_obj_item_check(v, &o, NULL)));
}

static void rule(struct kai_view v)
{
    struct kai_rule r;
    uint8_t hash[KAI_ID_BYTES];

    if (kai_rule_parse(&r, v) != KAI_OK)
        return;
    MUST(r.n_ids <= KAI_RULE_IDS_MAX && r.part < r.of && r.of <= KAI_RULE_PARTS_MAX);
    MUST((kai_rule_hash(hash, &v, 1) == KAI_OK) == (r.of == 1));
}

static enum kai_err item(void *ctx, uint64_t type, struct kai_view v)
{
    struct kai_bind b;

    (void)ctx;
    if (type == KAI_ITEM_BIND && kai_bind_parse(&b, v) == KAI_OK)
        MUST(b.incarnation > 0 && kai_bind_verify(v, b.log_pk, b.salt) == KAI_EAUTH);
    if (type == KAI_ITEM_OBJ)
        obj_item(v);
    if (type == KAI_ITEM_RULE)
        rule(v);
    return KAI_OK;
}

static void packed(struct kai_view v)
{
    static struct kai_packer *p;
    struct kai_buf body;
    struct kai_buf back;

    if (p == NULL)
        MUST(kai_packer_new(&p) == KAI_OK);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&back, KAI_BODY_BYTES_MAX);
    if (kai_unpack(p, &body, v) == KAI_OK) {
        MUST(kai_pack(p, &again, kai_buf_view(&body)) == KAI_OK);
        MUST(kai_unpack(p, &back, kai_buf_view(&again)) == KAI_OK);
        MUST(kai_view_eq(kai_buf_view(&body), kai_buf_view(&back)));
        MUST(answer(kai_body_walk(kai_buf_view(&body), item, NULL)));
    }
    kai_buf_free(&body);
    kai_buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct kai_view v = kai_view_of(data + 1, size - 1);

    again.max = (size_t)1 << 22;
    kai_buf_clear(&again);
    switch (data[0] % 5) {
    case 0:
        entry(v);
        break;
    case 1:
        MUST(answer(kai_body_walk(v, item, NULL)));
        break;
    case 2: {
        uint8_t type = v.n > 1 ? v.p[1] : 0; /* An item is an array that begins with its type. */

        (void)item(NULL, type, v);
        break;
    }
    case 3:
        packed(v);
        break;
    default:
        forkproof(v);
        break;
    }
    return 0;
}
