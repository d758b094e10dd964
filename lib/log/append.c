/* append: one more entry at the end of the own log. */
#include "log/append_priv.h"

#include <assert.h>
#include <string.h>

#include "crypto/seal.h"
#include "log/payload_priv.h"

/* Room for the whole entry at once, so that no view into out moves while it is made. */
static enum kai_err room(struct kai_buf *out, size_t payload_n)
{
    kai_buf_clear(out);
    (void)kai_buf_room(out, payload_n + KAI_HDR_BYTES_MAX + KAI_SIG_BYTES);
    out->len = 0;
    return out->err;
}

static struct kai_hdr next_hdr(const struct kai_log_writer *w, uint64_t ptype, uint64_t now_ms)
{
    struct kai_hdr h = {.seq = w->seq + 1, .ptype = ptype, .ts = now_ms > w->ts ? now_ms : w->ts};

    memcpy(h.log_pk, w->log_pk, sizeof h.log_pk);
    if (w->seq > 0)
        memcpy(h.prev, w->prev, sizeof h.prev);
    if (ptype != KAI_PTYPE_CONTROL) {
        memcpy(h.tag, w->tag, sizeof h.tag);
        memcpy(h.kid, w->kid, sizeof h.kid);
    }
    return h;
}

static enum kai_err finish(struct kai_log_writer *w, struct kai_buf *out, struct kai_entry *e,
                           struct kai_hdr *h)
{
    enum kai_err err = kai_entry_make(e, out, h, w->log_sk, w->nid, kai_buf_view(out));

    if (err != KAI_OK)
        return err;
    w->seq = h->seq;
    w->ts = h->ts;
    memcpy(w->prev, e->hash, sizeof w->prev);
    return KAI_OK;
}

enum kai_err kai_log_append_packed(struct kai_log_writer *w, struct kai_buf *out,
                                   struct kai_entry *e, struct kai_view packed, uint64_t ttl_s,
                                   uint64_t now_ms, kai_random_fn *random, void *random_ctx)
{
    uint8_t fresh[56];
    struct kai_hdr h = next_hdr(w, KAI_PTYPE_SEALED, now_ms);
    struct kai_seal_place at = {.nid = w->nid,
                                .log_pk = h.log_pk,
                                .seq = h.seq,
                                .prev = h.prev,
                                .tag = h.tag,
                                .kid = h.kid,
                                .ts = h.ts};

    if (packed.n > KAI_PACKED_BYTES_MAX)
        return KAI_ELIMIT;
    h.ttl_s = ttl_s;
    enum kai_err err = room(out, kai_payload_size(packed.n));
    if (err != KAI_OK)
        return err;
    random(random_ctx, fresh, sizeof fresh);
    err = kai_seal(out, w->epoch_key, &at, fresh, packed);
    sodium_memzero(fresh, sizeof fresh);
    if (err != KAI_OK)
        return err;
    return finish(w, out, e, &h);
}

enum kai_err kai_log_append(struct kai_log_writer *w, struct kai_packer *p, struct kai_buf *out,
                            struct kai_entry *e, struct kai_view body, uint64_t ttl_s,
                            uint64_t now_ms, kai_random_fn *random, void *random_ctx)
{
    kai_buf_clear(&p->packed);
    enum kai_err err = kai_pack(p, &p->packed, body);
    if (err != KAI_OK)
        return err;
    return kai_log_append_packed(w, out, e, kai_buf_view(&p->packed), ttl_s, now_ms, random,
                                 random_ctx);
}

enum kai_err kai_log_append_plain(struct kai_log_writer *w, struct kai_buf *out,
                                  struct kai_entry *e, uint64_t ptype, struct kai_view payload,
                                  uint64_t now_ms)
{
    struct kai_hdr h = next_hdr(w, ptype, now_ms);

    assert(ptype != KAI_PTYPE_SEALED && (ptype != KAI_PTYPE_CLOSE || payload.n == 0));
    if (payload.n > KAI_PAYLOAD_BYTES_MAX)
        return KAI_ELIMIT;
    enum kai_err err = room(out, payload.n);
    if (err != KAI_OK)
        return err;
    kai_buf_add(out, payload.p, payload.n);
    return finish(w, out, e, &h);
}
