/* reissue: what an issuing key has said that still counts. */
#include "keys/reissue.h"

#include <string.h>

#include "keys/ctl_int.h"
#include "keys/record_int.h"
#include "keys/roster_int.h"

static const struct kai_roster_cert *find_cert(const struct kai_roster *r, const uint8_t *hash)
{
    size_t lo = 0;
    size_t hi = r->n_certs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(r->certs[mid].hash, hash);

        if (cmp == 0)
            return &r->certs[mid];
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* A certificate that is ACTIVE, or only not so because its organisation is out. */
static bool admit_lives(const struct kai_roster *r, const struct kai_ctl_entry *e)
{
    const struct kai_roster_cert *c = find_cert(r, e->e.hash);

    return c != NULL && c->attested && !c->revoked && !c->replaced;
}

static bool audience_counts(const struct kai_roster *r, const struct kai_ctl_entry *e)
{
    const struct kai_audience *a;
    size_t n = kai_roster_audiences(r, &a);

    for (size_t i = 0; i < n; i++) {
        if (memcmp(a[i].entry, e->e.hash, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

/* The entries that a cut leaves: its head and what that stands on. */
static bool under(const struct kai_ctl_entry *head, const struct kai_ctl_entry *e)
{
    while (head != NULL && head->e.h.seq > e->e.h.seq)
        head = head->parent;
    return head == e;
}

enum kai_err kai_reissue_list(const struct kai_ctl *ctl, const struct kai_roster *r,
                              const uint8_t cert[static KAI_ID_BYTES], const struct kai_cut *upto,
                              kai_reissue_fn *f, void *ctx)
{
    const struct kai_issuing *key = kai_roster_issuing(r, cert);
    const struct kai_ctl_entry *head = NULL;

    if (key == NULL || memcmp(key->cert, cert, KAI_ID_BYTES) != 0)
        return KAI_ENOTFOUND;
    const struct kai_ctl_log *l = kai_ctl_log(ctl, key->pk);
    if (upto != NULL && upto->seq > 0) {
        head = kai_ctl_entry(ctl, upto->head);
        if (head == NULL || head->log != l || head->e.h.seq != upto->seq)
            return KAI_ENOTFOUND;
    }
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        const struct kai_ctl_entry *e = l->rows[i];

        if (upto != NULL && !under(head, e))
            continue;
        bool lives = e->type == KAI_REC_ADMIT      ? admit_lives(r, e)
                     : e->type == KAI_REC_AUDIENCE ? audience_counts(r, e)
                                                   : false;
        if (lives && !f(ctx, e->type, &e->e))
            break;
    }
    return KAI_OK;
}

enum kai_err kai_reissue_admit(struct kai_buf *out, const struct kai_entry *admit)
{
    uint64_t type;
    struct kai_view body;
    struct kai_admit a;
    enum kai_err err = kai_rec_parse(&type, &body, admit->payload);

    if (err == KAI_OK && type != KAI_REC_ADMIT)
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = kai_admit_read(&a, body);
    if (err != KAI_OK)
        return err;
    a.serial++;
    a.has_replaces = false;
    memset(a.replaces, 0, sizeof a.replaces);
    kai_admit_write(out, &a);
    return out->err;
}

enum kai_err kai_cut_now(struct kai_cut *cut, const struct kai_ctl *ctl,
                         const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_head head;
    enum kai_err err = kai_ctl_head(ctl, log_pk, &head);

    memset(cut, 0, sizeof *cut);
    memcpy(cut->log_pk, log_pk, KAI_KEY_BYTES);
    if (err != KAI_OK)
        return err;
    cut->seq = head.seq;
    memcpy(cut->head, head.hash, KAI_ID_BYTES);
    return KAI_OK;
}
