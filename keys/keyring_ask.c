/* keyring_ask: what a keyring answers. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/check.h"
#include "crypto/seal.h"
#include "keys/keyring_int.h"

#define PREFIX_DIGITS_MIN 4u

const char *kai_keyring_name(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);

    return a == NULL ? "" : a->name;
}

static bool starts_with(const uint8_t *id, const char *prefix)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    size_t n = strlen(prefix);

    kai_hex(hex, id, KAI_ID_BYTES);
    return n >= PREFIX_DIGITS_MIN && n < sizeof hex && memcmp(hex, prefix, n) == 0;
}

enum kai_err kai_keyring_find(const struct kai_keyring *k, const char *name,
                              uint8_t aud_id[static KAI_ID_BYTES])
{
    const struct kai_aud *found = NULL;
    size_t hits = 0;

    for (size_t i = 0; name[0] != '\0' && i < k->n_auds; i++) {
        if (k->auds[i].rec != NULL && strcmp(k->auds[i].name, name) == 0) {
            found = &k->auds[i];
            hits++;
        }
    }
    for (size_t i = 0; found == NULL && i < k->n_auds; i++)
        hits += starts_with(k->auds[i].id, name);
    for (size_t i = 0; found == NULL && hits == 1 && i < k->n_auds; i++)
        found = starts_with(k->auds[i].id, name) ? &k->auds[i] : NULL;
    if (hits != 1)
        return hits == 0 ? KAI_ENOTFOUND : KAI_EAMBIGUOUS;
    memcpy(aud_id, found->id, KAI_ID_BYTES);
    return KAI_OK;
}

size_t kai_keyring_audiences(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES])
{
    *ids = (const uint8_t(*)[KAI_ID_BYTES])k->mine;
    return k->n_mine;
}

size_t kai_keyring_relayed(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES])
{
    *ids = (const uint8_t(*)[KAI_ID_BYTES])k->relayed;
    return k->n_relayed;
}

size_t kai_keyring_epochs(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_epoch **first)
{
    size_t n = 0;

    *first = NULL;
    for (size_t i = 0; i < k->n_table; i++) {
        if (memcmp(k->table[i].aud_id, aud_id, KAI_ID_BYTES) != 0)
            continue;
        if (n++ == 0)
            *first = &k->table[i];
    }
    return n;
}

const struct kai_epoch *kai_keyring_kid(const struct kai_keyring *k,
                                        const uint8_t aud_id[static KAI_ID_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES])
{
    const struct kai_epoch *e;
    size_t n = kai_keyring_epochs(k, aud_id, &e);

    for (size_t i = 0; i < n; i++) {
        if (memcmp(e[i].commit, kid, KAI_TAG_BYTES) == 0)
            return &e[i];
    }
    return NULL;
}

const struct kai_epoch *kai_keyring_tag(const struct kai_keyring *k,
                                        const uint8_t tag[static KAI_TAG_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES])
{
    for (size_t i = 0; i < k->n_table; i++) {
        const struct kai_epoch *e = &k->table[i];

        if (memcmp(e->commit, kid, KAI_TAG_BYTES) == 0 && memcmp(e->tag, tag, KAI_TAG_BYTES) == 0)
            return e;
    }
    return NULL;
}

/* Where anybody can work out the key there is one epoch, and it is always clean. */
static const struct kai_epoch *public_epoch(const struct kai_keyring *k, const struct kai_aud *a)
{
    const struct kai_epoch *e = NULL;

    return a->rec->rec.kind == KAI_AUD_PUBLIC && kai_keyring_epochs(k, a->id, &e) > 0 ? e : NULL;
}

static enum kai_err give(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_known *best, struct kai_epoch *out)
{
    const struct kai_epoch *e = public_epoch(k, a);

    if (e == NULL && best != NULL)
        e = kai_ring_epoch(k, a->id, best->commit);
    if (e == NULL)
        return a->n_keys == 0 ? KAI_ENOTFOUND : KAI_EAGAIN;
    *out = *e;
    return KAI_OK;
}

enum kai_err kai_keyring_write_epoch(const struct kai_keyring *k,
                                     const uint8_t aud_id[static KAI_ID_BYTES],
                                     struct kai_epoch *out)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_epoch *box = kai_ring_box_own(k, aud_id);

    if (box != NULL) {
        *out = *box;
        return KAI_OK;
    }
    if (a == NULL || a->rec == NULL)
        return KAI_ENOTFOUND;
    return give(k, a, a->best != NULL ? a->best : a->own, out);
}

enum kai_err kai_keyring_clear_epoch(const struct kai_keyring *k,
                                     const uint8_t aud_id[static KAI_ID_BYTES],
                                     struct kai_epoch *out)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    enum kai_err err = kai_keyring_write_epoch(k, aud_id, out);

    return err == KAI_EAGAIN && a != NULL && a->newest != NULL ? give(k, a, a->newest, out) : err;
}

static bool may_write(const struct kai_keyring *k, const uint8_t *aud_id, const uint8_t *kid,
                      bool clear)
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_epoch *box = kai_ring_box_own(k, aud_id);

    if (box != NULL)
        return memcmp(box->commit, kid, KAI_TAG_BYTES) == 0;
    if (a == NULL || a->rec == NULL)
        return false;
    if (a->rec->rec.kind == KAI_AUD_PUBLIC)
        return kai_keyring_kid(k, aud_id, kid) != NULL;
    for (size_t i = 0; i < a->n_known; i++) {
        const struct kai_known *e = a->known[i];
        bool usable = e->clean || (clear && e->complete && e->has_key);

        if (usable && memcmp(e->commit, kid, KAI_TAG_BYTES) == 0)
            return true;
    }
    return false;
}

bool kai_keyring_may_write(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES])
{
    return may_write(k, aud_id, kid, false);
}

bool kai_keyring_may_clear(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES])
{
    return may_write(k, aud_id, kid, true);
}

bool kai_keyring_kid_held(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const uint8_t kid[static KAI_TAG_BYTES])
{
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_org *owner = kai_keyring_mailbox_owner(k, aud_id);

    if (kai_keyring_kid(k, aud_id, kid) != NULL)
        return true;
    if (owner != NULL) /* Letters for others are carried unread; those for us have to open. */
        return memcmp(owner->id, k->self->org_id, KAI_ID_BYTES) != 0;
    for (size_t i = 0; a != NULL && i < a->n_known; i++) {
        if (memcmp(a->known[i]->commit, kid, KAI_TAG_BYTES) == 0)
            return true;
    }
    return false;
}

static bool minted_it(const struct kai_keyring *k, const struct kai_known *e,
                      const struct kai_node *n)
{
    for (size_t i = 0; i < e->n_said; i++) {
        if (kai_roster_node_by_cert(k->roster, e->said[i].minter_cert) == n)
            return true;
    }
    return false;
}

bool kai_keyring_may_use(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                         const uint8_t kid[static KAI_TAG_BYTES], const struct kai_node *n)
{
    const struct kai_epoch *e = kai_keyring_kid(k, aud_id, kid);
    const struct kai_aud *a = kai_ring_aud(k, aud_id);
    const struct kai_org *owner = kai_keyring_mailbox_owner(k, aud_id);

    if (e == NULL || a == NULL || n == NULL)
        return false;
    if (owner != NULL)
        return KAI_CHECK(LETTER_WRITER, n->org != owner);
    const struct kai_known *known = e->has_writer ? kai_ring_known(a, e->commit) : NULL;
    return KAI_CHECK(EPOCH_WRITER, !e->has_writer || (known != NULL && minted_it(k, known, n)));
}

enum kai_err kai_keyring_keys(const struct kai_keyring *k, struct kai_epoch **out, size_t *n)
{
    *n = 0;
    *out = sodium_malloc((k->n_table + 1) * sizeof **out);
    if (*out == NULL)
        return KAI_ENOMEM;
    if (k->n_table > 0)
        memcpy(*out, k->table, k->n_table * sizeof **out);
    *n = k->n_table;
    return KAI_OK;
}

enum kai_err kai_keyring_open_slot(const struct kai_keyring *k,
                                   uint8_t secret[static KAI_KEY_BYTES],
                                   const struct kai_slot_ctx *ctx, const uint8_t *slots, size_t n)
{
    return kai_slot_open(secret, ctx, k->self->kx_sk, k->self->kx_pk, slots, n);
}

uint64_t kai_keyring_version(const struct kai_keyring *k)
{
    return k->version;
}
