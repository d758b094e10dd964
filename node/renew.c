/* renew: certificates of our own nodes live as long as their organisation does. */
#include "node/renew.h"

#include <string.h>

#include "node/grant.h"

#define LOOK_MS 5000u
#define DAY_MS  (24ull * 60 * 60 * 1000)

/* Until when a node of ours may be given a certificate now. */
static uint64_t limit(const struct kai_org *self)
{
    uint64_t usual = kai_grant_member().not_after;

    return self->not_after != 0 && self->not_after < usual ? self->not_after : usual;
}

static bool due(const struct kai_node *n, const struct kai_org *self, uint64_t until,
                uint64_t wall_ms)
{
    return n->org == self && n->active && n->not_after != 0 &&
           n->not_after < wall_ms + KAI_RENEW_MS && until > n->not_after + DAY_MS;
}

/* The same keys, and the proof that came with them. */
static enum kai_err renew(struct kai_core *c, const struct kai_node *n, uint64_t until)
{
    const struct kai_entry *e = kai_ctl_find(c->ctl, n->cert);
    struct kai_admit old;
    struct kai_admit a;
    struct kai_view body;
    struct kai_buf out;
    uint8_t hash[KAI_ID_BYTES];
    uint64_t type;

    if (e == NULL || kai_rec_parse(&type, &body, e->payload) != KAI_OK ||
        kai_admit_parse(&old, body) != KAI_OK)
        return KAI_ENOTFOUND;
    struct kai_grant g = kai_grant_of(&old);
    g.not_after = until;
    kai_grant_request(&a, &g, &old);
    a.has_replaces = memcmp(e->h.log_pk, c->issuing->sign_pk, KAI_KEY_BYTES) == 0;
    memcpy(a.replaces, n->cert, KAI_ID_BYTES);
    kai_buf_init(&out, KAI_CERT_BYTES_MAX);
    kai_admit_write(&out, &a);
    enum kai_err err = out.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&out), hash, NULL);
    kai_buf_free(&out);
    return err;
}

uint64_t kai_renew_tick(struct kai_core *c, uint64_t now_ms)
{
    struct kai_roster *r = kai_roster_ref(kai_net_roster(c->net)); /* Issuing makes a new one. */
    const struct kai_org *self = kai_roster_org(r, c->self.org_id);
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(r, &nodes);
    uint64_t wall = kai_wall_ms();
    enum kai_err err = KAI_OK;

    if (c->issuing == NULL || self == NULL || !self->active)
        n = 0;
    for (size_t i = 0; i < n && err == KAI_OK; i++)
        if (due(&nodes[i], self, limit(self), wall))
            err = renew(c, &nodes[i], limit(self));
    if (err != KAI_OK)
        kai_core_alarm(c, "renew.failed", c->org_name);
    else
        kai_core_alarm_clear(c, "renew.failed", c->org_name);
    kai_roster_unref(r);
    return now_ms + LOOK_MS;
}
