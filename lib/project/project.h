/* project: the step from one data entry to what can be asked for (docs/protocol.md 5): open,
 * check, and put into the index. Everything in an entry may be hostile: what fails a check is
 * quarantined (query/acts.h) and told, and the rest goes on.
 *
 * Which access rule holds is decided by lib/policy alone; its codes are reasons here as well.
 * Reason codes of refusals besides: project.payload (does not open, or is no body); project.bind
 * (BIND is not alone, of another log or audience, or not signed by its node); project.author (whose
 * log this is is not known yet); project.cert (a certificate is not known); project.revoked (a
 * certificate that does not count); project.obj, project.act (malformed); project.audience (the
 * log's audience is not in OBJ's list); project.origin (the origin is not the organisation of the
 * log's author); project.sharer (who re-shares is not of the organisation of the log's author);
 * project.signature; project.merkle (contents are not those that were signed); project.list,
 * project.part (malformed contents); project.stix (kept, but found by its type and id only: not
 * quarantined). */
#ifndef KAI_PROJECT_PROJECT_H
#define KAI_PROJECT_PROJECT_H

#include "item/reading.h"
#include "log/body.h"
#include "log/entry.h"
#include "query/index.h"

struct kai_project_node {
    uint8_t sign_pk[KAI_KEY_BYTES]; /* Has passed kai_key_check(). */
    uint8_t org_id[KAI_ID_BYTES];
    uint8_t node_id[KAI_ID_BYTES];
    bool usable;    /* Attested: what it signed while it was active counts. */
    bool active;    /* It and its organisation, now. */
    bool publishes; /* Has the capability. */
};

struct kai_project_aud {
    uint64_t kind;               /* enum kai_policy_kind. */
    uint64_t ceiling;            /* TLP 1..5; of a mailbox AMBER+STRICT or its owner's label_max. */
    uint8_t owner[KAI_ID_BYTES]; /* Organisation. */
};

enum kai_project_inside { KAI_PROJECT_UNKNOWN, KAI_PROJECT_OUTSIDE, KAI_PROJECT_INSIDE };

struct kai_project_refusal {
    const char *code;
    uint64_t log_no;
    uint64_t seq;
    uint64_t item_ordinal;
    uint64_t content_ordinal;
    bool again; /* It may pass when something comes that is missing. */
};

/* What was put beside the rows (query/acts.h), for those who act on it after the commit. */
enum kai_project_found_kind {
    KAI_FOUND_RELEASE = 1, /* New, verified. */
    KAI_FOUND_RECALL,
    KAI_FOUND_LETTER, /* To us, or by us to others. */
    KAI_FOUND_REPORT, /* The origin is to be told of a violation. */
};
struct kai_project_found {
    enum kai_project_found_kind kind;
    uint64_t notice; /* Of a letter: enum kai_notice_kind, or unknown. */
    uint8_t obj_hash[KAI_ID_BYTES];
    uint8_t org_id[KAI_ID_BYTES]; /* Origin; of a letter its sender. */
};

/* What the projection asks and tells; ctx goes to each. bind, rule, row and found may be NULL. */
struct kai_project_port {
    void *ctx;
    /* The node that a certificate admits. Errors: KAI_ENOTFOUND. */
    enum kai_err (*resolve)(void *ctx, const uint8_t cert[static KAI_ID_BYTES],
                            struct kai_project_node *out);
    /* An audience, or the mailbox of an organisation. Errors: KAI_ENOTFOUND. */
    enum kai_err (*audience)(void *ctx, const uint8_t aud_id[static KAI_ID_BYTES],
                             struct kai_project_aud *out);
    /* Whether every member of inner is known to be a member of outer. */
    enum kai_project_inside (*inside)(void *ctx, const uint8_t inner[static KAI_ID_BYTES],
                                      const uint8_t outer[static KAI_ID_BYTES]);
    /* Whether this proof shows that the node was in the audience. KAI_OK: it does. KAI_EAGAIN: what
     * it names is not known yet. Anything else: it does not. */
    enum kai_err (*proof)(void *ctx, struct kai_view proof,
                          const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_project_node *node);
    /* What a content says, where somebody has read the same bytes; NULL: nobody ever has. */
    bool (*reading)(void *ctx, const uint8_t item_id[static KAI_ID_BYTES], struct kai_reading *out);
    void (*bind)(void *ctx, const struct kai_bind *bind); /* Verified. */
    /* As it came: its signature and its audience's owner are the caller's to check. */
    void (*rule)(void *ctx, const struct kai_rule *rule, struct kai_view item);
    void (*refused)(void *ctx, const struct kai_project_refusal *refusal);
    void (*row)(void *ctx, const struct kai_row *row); /* Put; to be seen after the commit. */
    void (*found)(void *ctx, const struct kai_project_found *found);
};

struct kai_project_in {
    const struct kai_entry *entry; /* Verified, with its payload. */
    const uint8_t *nid;            /* KAI_ID_BYTES each: */
    const uint8_t *aud_id;         /* Of the log. */
    const uint8_t *epoch_key;      /* That the entry's kid names. NULL: not held, it waits. */
    const uint8_t *author_cert;    /* From BIND; NULL: not known yet. */
    const uint8_t *self_org;       /* Ours: letters to its mailbox are read, and what it wrote. */
    uint64_t log_no;
    uint64_t seen_ms;
};

struct kai_project_sum {
    uint64_t rows;
    uint64_t values;
    uint64_t held; /* Was there already. */
    uint64_t refused;
    uint64_t skipped; /* Of a kind that is not read. */
};

struct kai_projector; /* One thread. From new to free. */

/* Errors: KAI_ENOMEM. port is copied. */
KAI_MUST_USE enum kai_err kai_projector_new(struct kai_projector **out,
                                            const struct kai_project_port *port);
void kai_projector_free(struct kai_projector *p); /* NULL does nothing. */
struct kai_project_sum kai_projector_sum(const struct kai_projector *p);

/* Project one sealed entry into t. Any other ptype does nothing. The same entry again changes
 * nothing, or judges anew what failed before: by what is known now. An entry without a key is noted
 * as waiting (kai_ix_wait()), unless it is a letter of others to others. Errors: ours alone
 * (KAI_ENOMEM, and what the index returns); a bad entry is KAI_OK. */
KAI_MUST_USE enum kai_err kai_project_entry(struct kai_projector *p, struct kai_ix *t,
                                            const struct kai_project_in *in);

#endif
