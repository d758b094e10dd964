/* roster_box: mailboxes: one for every active organisation, which any other may write to
 * (docs/protocol.md 6). All of it can be worked out by every member of the network. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/keyring_int.h"
#include "keys/roster_int.h"

void kai_mailbox_id(uint8_t aud_id[static KAI_ID_BYTES], const uint8_t org_id[static KAI_ID_BYTES])
{
    kai_hash(aud_id, KAI_D_MAILBOX, org_id, KAI_ID_BYTES);
}

void kai_mailbox_route(uint8_t route[static KAI_KEY_BYTES], uint8_t tag[static KAI_TAG_BYTES],
                       const uint8_t nid[static KAI_ID_BYTES],
                       const uint8_t aud_id[static KAI_ID_BYTES])
{
    struct kai_epoch e;
    struct kai_hasher h;

    memcpy(e.aud_id, aud_id, KAI_ID_BYTES);
    kai_hash_begin(&h, KAI_D_MAILROUTE);
    kai_hash_add(&h, nid, KAI_ID_BYTES);
    kai_hash_add(&h, aud_id, KAI_ID_BYTES);
    kai_hash_end(&h, e.route);
    kai_epoch_tag(&e);
    memcpy(route, e.route, KAI_KEY_BYTES);
    memcpy(tag, e.tag, KAI_TAG_BYTES);
}

static int box_cmp(const void *x, const void *y)
{
    return kai_id_cmp(x, y);
}

static_assert(offsetof(struct kai_mailbox, id) == 0, "mailboxes begin with their id");

enum kai_err kai_roster_view_boxes(struct kai_roster *r)
{
    r->boxes = calloc(r->n_orgs + 1, sizeof *r->boxes);
    if (r->boxes == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < r->n_orgs; i++) {
        struct kai_mailbox *b = &r->boxes[r->n_boxes];

        kai_mailbox_id(r->orgs[i].mailbox, r->orgs[i].id);
        if (!r->orgs[i].active)
            continue;
        memcpy(b->id, r->orgs[i].mailbox, KAI_ID_BYTES);
        b->org = &r->orgs[i];
        kai_mailbox_route(b->route, b->tag, r->nid, b->id);
        r->n_boxes++;
    }
    if (r->n_boxes > 0)
        qsort(r->boxes, r->n_boxes, sizeof *r->boxes, box_cmp);
    return KAI_OK;
}

size_t kai_roster_mailboxes(const struct kai_roster *r, const struct kai_mailbox **first)
{
    *first = r->boxes;
    return r->n_boxes;
}

const struct kai_mailbox *kai_roster_mailbox(const struct kai_roster *r,
                                             const uint8_t id[static KAI_ID_BYTES])
{
    return r->n_boxes == 0 ? NULL : bsearch(id, r->boxes, r->n_boxes, sizeof *r->boxes, box_cmp);
}
