/* ctl: the set of control entries a node holds: who admitted, removed and named whom.
 *
 * Holds whole entries, verified, each log a contiguous prefix (at a fork both branches, the two
 * smallest hashes). Order of arrival and duplicates of entries change nothing. No input/output: the
 * caller stores what kai_ctl_add() took, and feeds it back at start. One thread. */
#ifndef KAI_KEYS_CTL_H
#define KAI_KEYS_CTL_H

#include "base/err.h"
#include "keys/charter.h"
#include "log/entry.h"

struct kai_ctl;

/* charter: version 1, copied. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_new(struct kai_ctl **out, const struct kai_charter *charter);
void kai_ctl_free(struct kai_ctl *c);
/* Who holds this set: what those wrote who stand above this node key is taken also when
 * KAI_CTL_ENTRIES_MAX are held. The same holds of founders and of organisations that they admitted:
 * so whoever fills the set can still be put out. */
void kai_ctl_own(struct kai_ctl *c, const uint8_t node_pk[static KAI_KEY_BYTES]);
/* The version that counts: the last one held. */
const struct kai_charter *kai_ctl_charter(const struct kai_ctl *c);
/* Add a version after the one that counts (copied). No set: of two that follow one version the
 * first stays, so whoever keeps them gives them back before anything from outside. Errors:
 * KAI_EDENIED (a rival: rightly signed, but another that is held follows the same version; told
 * once of each), KAI_EEXIST (held, or a rival told before), KAI_EAGAIN (the version before is not
 * held), KAI_ELIMIT (more than KAI_CHARTER_VERSIONS_MAX, or a rival past KAI_CHARTER_RIVALS_MAX),
 * KAI_EMALFORMED, KAI_EAUTH (too few of those who must have signed it), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_charter_add(struct kai_ctl *c, struct kai_view record);
/* The type under which a rival is stored: on no wire, above what a note's type can be. */
#define KAI_NOTE_RIVAL 65537u
/* What kai_ctl_charter_add() would say, with nothing changed. */
KAI_MUST_USE enum kai_err kai_ctl_charter_check(const struct kai_ctl *c, struct kai_view record);
/* The version that one follows, be it a draft. Errors: KAI_EAGAIN, KAI_EMALFORMED, KAI_ELIMIT,
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_charter_before(const struct kai_ctl *c, struct kai_view record,
                                                 struct kai_charter *prev);
/* Those held, in an order in which they can be added. The view is valid until the next add. */
size_t kai_ctl_charters(const struct kai_ctl *c);
struct kai_view kai_ctl_charter_at(const struct kai_ctl *c, size_t i);

/* Add a KEYDEATH (copied). Of one key and signer the first stays until the root names a strictly
 * lower cut, KAI_KEYDEATH_CUTS_MAX times; past that only a cut of all does. Errors: KAI_EEXIST
 * (held, or one that says as much), KAI_ELIMIT (cut too often), KAI_EAGAIN (the key is not known:
 * its certificate may come), KAI_EDENIED (the signer is neither the key nor its organisation's
 * root, as far as known), KAI_EMALFORMED, KAI_EAUTH, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_death_add(struct kai_ctl *c, struct kai_view note);
KAI_MUST_USE enum kai_err kai_ctl_death_check(const struct kai_ctl *c, struct kai_view note);
/* Those that count. The view is valid until the next add. */
size_t kai_ctl_deaths(const struct kai_ctl *c);
struct kai_view kai_ctl_death_at(const struct kai_ctl *c, size_t i);

/* Add an entry (copied). The log's key must be known: a founder's root key, or the sign_pk of an
 * ADMIT held. Errors: KAI_EEXIST (held already), KAI_EAGAIN (its predecessor or its key's
 * certificate is not held: ask for it, or keep it parked), KAI_ELIMIT (too big; or the third branch
 * of a fork, or past what a key may write: nobody keeps it, and an honest peer may not know yet; or
 * more than KAI_CTL_ENTRIES_MAX in all),
 * KAI_EMALFORMED, KAI_EAUTH, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_add(struct kai_ctl *c, const struct kai_entry *e);
/* The same; where sets are shared *c is another one afterwards. */
KAI_MUST_USE enum kai_err kai_ctl_put(struct kai_ctl **c, const struct kai_entry *e);
/* What kai_ctl_add() would say (but for KAI_ENOMEM), with nothing changed: an entry of our own is
 * stored before it is added, for what is added may be heard by peers. */
KAI_MUST_USE enum kai_err kai_ctl_check(struct kai_ctl *c, const struct kai_entry *e);

/* One row per head of a log (two at a fork), in order of (log_pk, seq, hash). */
struct kai_head {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
    uint8_t hash[KAI_ID_BYTES];
};
size_t kai_ctl_heads(const struct kai_ctl *c,
                     const struct kai_head **rows); /* Valid until the next add. */
/* The highest head of one log: where its owner appends. KAI_ENOTFOUND: empty log. */
KAI_MUST_USE enum kai_err kai_ctl_head(const struct kai_ctl *c,
                                       const uint8_t log_pk[static KAI_KEY_BYTES],
                                       struct kai_head *head);
/* Entries of a log with from <= seq <= to, by (seq, hash). Views stay valid until the next add: a
 * fork may drop some. f returns false to stop. */
typedef bool kai_ctl_fn(void *ctx, const struct kai_entry *e);
void kai_ctl_each(const struct kai_ctl *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                  uint64_t from, uint64_t to, kai_ctl_fn *f, void *ctx);
/* One entry by its hash (a certificate id); NULL when not held. Valid until the next add. */
const struct kai_entry *kai_ctl_find(const struct kai_ctl *c,
                                     const uint8_t hash[static KAI_ID_BYTES]);
/* Hash over all heads: equal sets have equal fingerprints. */
void kai_ctl_fingerprint(const struct kai_ctl *c, uint8_t fp[static KAI_ID_BYTES]);
size_t kai_ctl_count(const struct kai_ctl *c);

/* From now on (until told off) those who kai_ctl_put() the same entries share one set: for the
 * simulator alone, in which several threads may do so at once. kai_ctl_free() gives one reference
 * back; a shared set takes no kai_ctl_add(). */
void kai_ctl_memo(bool on);
struct kai_ctl *kai_ctl_ref(struct kai_ctl *c);

#endif
