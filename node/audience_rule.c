/* audience_rule: names and members of audiences, kept for the next start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"

#define PARTS_MAX 16u

static void rule_key(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES], uint64_t part)
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, aud_id);
    (void)snprintf(key, 64, "rule:%s:%u", b32, (unsigned)(part % PARTS_MAX));
}

enum kai_err kai_audience_rule(struct kai_core *c, struct kai_view rule_item)
{
    struct kai_rule *r = malloc(sizeof *r);
    char key[64];
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = r == NULL ? KAI_ENOMEM : kai_rule_parse(r, rule_item);

    if (err == KAI_OK)
        err = tx == NULL ? c->tx_err : kai_keyring_rule(c->ring, rule_item);
    if (err == KAI_OK || err == KAI_EAGAIN) { /* Kept either way: its AUDIENCE may be on the way. */
        rule_key(key, r->aud_id, r->part);
        enum kai_err kept = kai_tx_kv(tx, key, rule_item);

        err = kept != KAI_OK ? kept : err;
    }
    free(r);
    return err;
}

enum kai_err kai_audience_rules_load(struct kai_core *c, struct kai_snap *s)
{
    const struct kai_audience *auds;
    size_t n = kai_roster_audiences(kai_net_roster(c->net), &auds);

    for (size_t i = 0; i < n; i++) {
        for (uint64_t part = 0; part < PARTS_MAX; part++) {
            char key[64];
            struct kai_view item;

            rule_key(key, auds[i].id, part);
            if (kai_snap_kv(s, key, &item) != KAI_OK)
                break;
            if (kai_keyring_rule(c->ring, item) == KAI_ENOMEM)
                return KAI_ENOMEM;
        }
    }
    return KAI_OK;
}
