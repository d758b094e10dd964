/* project_priv: what the parts of the projection share. */
#ifndef KAI_PROJECT_PROJECT_PRIV_H
#define KAI_PROJECT_PROJECT_PRIV_H

#include "item/label.h"
#include "log/payload.h"
#include "project/project.h"

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
    uint64_t item; /* Ordinals. */
    uint64_t content;
    uint64_t n_items;
};

/* The OBJ whose contents are being put. */
struct batch {
    struct kai_obj obj;
    uint8_t hash[KAI_ID_BYTES];
    uint8_t origin[KAI_ID_BYTES];
};

void kai_project_refuse(struct kai_projector *p, const char *code);
/* obj.c. Errors: ours alone. */
enum kai_err kai_project_obj(struct kai_projector *p, struct kai_view item);
/* content.c */
enum kai_err kai_project_content(struct kai_projector *p, const struct batch *b,
                                 const struct kai_content *c);
enum kai_err kai_project_sealed(struct kai_projector *p, const struct batch *b);
/* where: the entry and ordinals that the row names. */
enum kai_err kai_project_stix(struct kai_projector *p, const struct batch *b,
                              struct kai_view object, const struct kai_row *where);
/* part.c */
enum kai_err kai_project_part(struct kai_projector *p, const struct batch *b,
                              const struct kai_content *c);

#endif
