/* project_priv: what the parts of the projection share. */
#ifndef KAI_PROJECT_PROJECT_PRIV_H
#define KAI_PROJECT_PROJECT_PRIV_H

#include "item/label.h"
#include "log/acts.h"
#include "log/payload.h"
#include "policy/policy.h"
#include "project/project.h"
#include "query/acts.h"

#define SPAN_MAX 64u /* Entries from the first part of an object to its last. */

struct kai_projector {
    struct kai_project_port port;
    struct kai_packer *packer;
    struct kai_buf body;
    struct kai_buf scratch;
    struct kai_buf whole; /* An object put together from parts. */
    struct kai_project_sum sum;
    /* The entry being projected. */
    struct kai_ix *t;
    const struct kai_project_in *in;
    struct kai_project_aud aud; /* Of the log; kind 0: not known. */
    struct kai_project_node author;
    const char *no_author; /* Why there is none; NULL: there is. */
    uint64_t item;         /* Ordinals. */
    uint64_t content;
    uint64_t n_items;
    uint8_t ids[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES]; /* Of the contents of the item, */
    bool has_ids;                                   /* where its check made them. */
    struct kai_ix_bad about; /* What is known of the item, should it be quarantined. */
};

/* The OBJ whose contents are being put. */
struct batch {
    struct kai_obj obj;
    uint8_t hash[KAI_ID_BYTES];
    uint8_t origin[KAI_ID_BYTES];
    uint8_t via[KAI_ID_BYTES]; /* Zeros: nobody. */
    struct kai_label label;    /* Under which it is here: of the OBJ, or of a release, */
    bool relabelled;           /* which gives another than the OBJ's. */
};

/* Quarantine, count and tell. again: it may pass when something comes that is missing. */
void kai_project_refuse(struct kai_projector *p, const char *code, bool again);
/* Fill in what is known of a batch whose OBJ was read. origin: who signed it; NULL: not verified.
 */
void kai_project_about(struct kai_projector *p, const struct batch *b, const uint8_t *origin);
void kai_project_tell(struct kai_projector *p, enum kai_project_found_kind kind, uint64_t notice,
                      const uint8_t *obj_hash, const uint8_t *org_id);

/* obj.c. Errors: ours alone. */
enum kai_err kai_project_obj(struct kai_projector *p, struct kai_view item);
/* The node of a certificate, and the code of why it does not count; NULL: it does. */
const char *kai_project_node(const struct kai_projector *p, const uint8_t *cert,
                             struct kai_project_node *node);
bool kai_project_lists(const struct kai_obj *o, const uint8_t *aud_id);
/* Whether OBJ is signed by this node. */
bool kai_project_signed(const struct kai_projector *p, const struct kai_project_node *origin,
                        struct kai_view obj, struct kai_view sig);
/* Whether a refusal for this reason may be lifted by what comes later. */
bool kai_project_may_come(const char *code);
/* reshare.c */
enum kai_err kai_project_reshare(struct kai_projector *p, struct kai_view item);
/* act.c: a release or recall of whoever signed it. */
enum kai_err kai_project_release(struct kai_projector *p, struct kai_view item);
enum kai_err kai_project_recall(struct kai_projector *p, struct kai_view item);
/* The node whose word a release is, when it is the origin's for this batch. NULL: it counts. */
const char *kai_project_released(const struct kai_projector *p, const struct batch *b,
                                 struct kai_view item, struct kai_release *r);
/* letter.c */
enum kai_err kai_project_notice(struct kai_projector *p, struct kai_view item);
/* content.c: n contents of a batch that passed every check. */
enum kai_err kai_project_contents(struct kai_projector *p, const struct batch *b,
                                  struct kai_cur *contents, uint32_t n);
enum kai_err kai_project_sealed(struct kai_projector *p, const struct batch *b);
/* where: the entry and ordinals that the row names. id: of the object; NULL: not known yet. */
enum kai_err kai_project_stix(struct kai_projector *p, const struct batch *b,
                              struct kai_view object, const struct kai_row *where,
                              const uint8_t *id);
/* part.c */
enum kai_err kai_project_part(struct kai_projector *p, const struct batch *b,
                              const struct kai_content *c);

#endif
