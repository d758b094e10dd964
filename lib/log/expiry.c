/* expiry: when a payload may be gone. */
#include "log/expiry.h"

#include <string.h>

#include "log/body.h"

/* The first entry under an epoch is a BIND: who cannot open it knows it by its kid. */
static bool kept(const struct kai_hdr *h, const uint8_t *prev_kid)
{
    return h->ptype != KAI_PTYPE_SEALED || h->ttl_s == 0 || h->ttl_s > INT64_MAX / 2000 ||
           prev_kid == NULL || memcmp(prev_kid, h->kid, KAI_TAG_BYTES) != 0;
}

/* No ts is above INT64_MAX, and no ttl that counts above half of it: sums never wrap round. */
bool kai_payload_over(const struct kai_hdr *h, const uint8_t *prev_kid, uint64_t wall_ms)
{
    return !kept(h, prev_kid) && wall_ms >= h->ts + h->ttl_s * 1000;
}

uint64_t kai_payload_due(const struct kai_hdr *h, const uint8_t *prev_kid, uint64_t seen_ms)
{
    if (kept(h, prev_kid) || seen_ms > INT64_MAX)
        return UINT64_MAX;
    uint64_t ttl = h->ttl_s * 1000;
    uint64_t least = seen_ms + (ttl < KAI_EXPIRE_LEAST_MS ? ttl : KAI_EXPIRE_LEAST_MS);
    uint64_t end = h->ts + ttl;

    return (end > least ? end : least) + KAI_EXPIRE_GRACE_MS;
}

void kai_expiry_heard(struct kai_expiry_others *o, const uint8_t org[static KAI_ID_BYTES],
                      uint64_t ts)
{
    struct kai_expiry_word *first = &o->newest[0], *second = &o->newest[1];
    bool is_first = first->ts != 0 && memcmp(first->org, org, KAI_ID_BYTES) == 0;
    struct kai_expiry_word *w = is_first || ts > first->ts ? first : second;

    if (ts <= w->ts)
        return;
    if (w == first && !is_first)
        *second = *first;
    w->ts = ts;
    memcpy(w->org, org, KAI_ID_BYTES);
}

uint64_t kai_expiry_now(const struct kai_expiry_others *o, uint64_t wall_ms, uint64_t ran_ms)
{
    uint64_t others = o->newest[1].ts != 0 ? o->newest[1].ts : o->newest[0].ts;
    uint64_t limit = others < ran_ms ? others : ran_ms;

    if (others == 0)
        return 0;
    return limit > wall_ms || wall_ms - limit <= KAI_EXPIRE_GRACE_MS ? wall_ms
                                                                     : limit + KAI_EXPIRE_GRACE_MS;
}

uint64_t kai_expiry_seen(uint64_t *latest, uint64_t now_ms, uint64_t seen_ms, uint64_t ts)
{
    if (seen_ms > *latest && seen_ms <= now_ms)
        *latest = seen_ms;
    if (ts > *latest && ts <= now_ms)
        *latest = ts;
    return seen_ms > *latest ? seen_ms : *latest;
}

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    uint64_t *ttl = ctx;

    (void)item;
    if (type != KAI_ITEM_OBJ && type != KAI_ITEM_RESHARE && type != KAI_ITEM_NOTICE)
        *ttl = 0;
    return KAI_OK;
}

uint64_t kai_body_ttl(struct kai_view body, uint64_t expire_s)
{
    uint64_t ttl = expire_s;

    return kai_body_walk(body, on_item, &ttl) == KAI_OK ? ttl : 0;
}
