/* letters: writing into other organisations' mailboxes. */
#include "node/letters.h"

#include <string.h>

#include "log/acts.h"
#include "node/post.h"

/* What leaves room in a payload for everything round a RESHARE in a report of it. */
#define REPORTED_BYTES_MAX (KAI_PAYLOAD_BYTES_MAX - 2048u)

static enum kai_err reachable(struct kai_core *c, const uint8_t org_id[static KAI_ID_BYTES],
                              struct kai_why *why)
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_org *org = kai_roster_org(o->roster, org_id);
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(o->roster, &nodes);
    char hex[KAI_HEX_CAP(8)];
    bool any = false;
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < n && !any; i++)
        any = org != NULL && nodes[i].active && nodes[i].org == org;
    if (memcmp(org_id, c->self.org_id, KAI_ID_BYTES) == 0)
        err = kai_why_set(why, KAI_EEXIST, "letter.own", c->org_name, NULL, NULL);
    else if (!any)
        err = kai_why_set(why, KAI_ENOTFOUND, "letter.nobody",
                          org != NULL ? org->name : kai_hex(hex, org_id, 8), NULL, NULL);
    kai_outlook_put(o);
    return err;
}

enum kai_err kai_letter_post(struct kai_core *c, const uint8_t org_id[static KAI_ID_BYTES],
                             const struct kai_view *items, size_t n, struct kai_why *why)
{
    uint8_t aud_id[KAI_ID_BYTES];
    enum kai_err err = reachable(c, org_id, why);

    if (err != KAI_OK)
        return err;
    kai_mailbox_id(aud_id, org_id);
    return kai_post_items(c, aud_id, KAI_POST_NOW, items, n, why);
}

enum kai_err kai_letter_violation(struct kai_core *c, const uint8_t org_id[static KAI_ID_BYTES],
                                  const char *code, const uint8_t obj_hash[static KAI_ID_BYTES],
                                  struct kai_view item, const uint8_t log_pk[static KAI_KEY_BYTES],
                                  uint64_t seq, struct kai_why *why)
{
    struct kai_violation v = {.seq = seq};
    struct kai_buf out;

    kai_copy_text(v.code, sizeof v.code, code);
    memcpy(v.obj_hash, obj_hash, KAI_ID_BYTES);
    memcpy(v.log_pk, log_pk, KAI_KEY_BYTES);
    if (item.n <= REPORTED_BYTES_MAX)
        v.reshare = item;
    kai_buf_init(&out, KAI_BODY_BYTES_MAX);
    kai_violation_write(&out, &v);
    struct kai_view letter = kai_buf_view(&out);
    enum kai_err err = out.err;
    if (err == KAI_OK)
        err = kai_letter_post(c, org_id, &letter, 1, why);
    if (err == KAI_ELIMIT && v.reshare.p != NULL) { /* It does not compress enough: without it. */
        v.reshare = (struct kai_view){0};
        kai_buf_clear(&out);
        kai_violation_write(&out, &v);
        letter = kai_buf_view(&out);
        err = kai_letter_post(c, org_id, &letter, 1, why);
    }
    kai_buf_free(&out);
    return err;
}
