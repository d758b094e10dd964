/* audience_rule: names and members of audiences, kept for the next start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"

#define PARTS_MAX 16u
/* So many versions are kept: one that nobody's AUDIENCE names, or one that is heard again late,
 * must not take the place of the one that counts. */
#define SLOTS 4u

static void rule_key(char key[static 64], const uint8_t aud_id[static KAI_ID_BYTES], uint64_t slot,
                     uint64_t part)
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, aud_id);
    (void)snprintf(key, 64, "rule:%s:%u", b32,
                   (unsigned)(slot % SLOTS * PARTS_MAX + part % PARTS_MAX));
}

/* Whether a rule of this version stands there that need not be kept for anything newer. */
static bool held_better(struct kai_core *c, const char *key, uint64_t ver, bool known)
{
    struct kai_rule *r = malloc(sizeof *r);
    struct kai_snap *s = NULL;
    struct kai_view v;
    bool better = r != NULL && kai_snap_begin(c->store, &s) == KAI_OK &&
                  kai_snap_kv(s, key, &v) == KAI_OK && kai_rule_parse(r, v) == KAI_OK && known &&
                  r->ver >= ver;

    kai_snap_end(s);
    free(r);
    return better;
}

enum kai_err kai_audience_rule(struct kai_core *c, struct kai_view rule_item)
{
    struct kai_rule *r = malloc(sizeof *r);
    char key[64];
    bool known = false;
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = r == NULL ? KAI_ENOMEM : kai_rule_parse(r, rule_item);

    if (err == KAI_OK) {
        known = kai_keyring_members_known(c->ring, r->aud_id);
        err = tx == NULL ? c->tx_err : kai_keyring_rule(c->ring, rule_item);
    }
    if (err == KAI_OK || err == KAI_EAGAIN) { /* Kept either way: its AUDIENCE may be on the way. */
        rule_key(key, r->aud_id, r->ver, r->part);
        enum kai_err kept =
            held_better(c, key, r->ver, known) ? KAI_OK : kai_tx_kv(tx, key, rule_item);

        err = kept != KAI_OK ? kept : err;
    }
    free(r);
    return err;
}

enum kai_err kai_audience_rules_load(struct kai_core *c, struct kai_snap *s)
{
    const struct kai_audience *auds;
    size_t n = kai_roster_audiences(kai_net_roster(c->net), &auds);

    for (size_t i = 0; i < n * SLOTS; i++) {
        for (uint64_t part = 0; part < PARTS_MAX; part++) {
            char key[64];
            struct kai_view item;

            rule_key(key, auds[i / SLOTS].id, i % SLOTS, part);
            if (kai_snap_kv(s, key, &item) != KAI_OK)
                break;
            if (kai_keyring_rule(c->ring, item) == KAI_ENOMEM)
                return KAI_ENOMEM;
        }
    }
    return KAI_OK;
}
