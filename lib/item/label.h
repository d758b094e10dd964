/* label: who may see an item (TLP 2.0), what may be done with it (PAP), and whether it is an
 * exercise. Numbers are those of docs/protocol.md 5. */
#ifndef KAI_ITEM_LABEL_H
#define KAI_ITEM_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum kai_tlp {
    KAI_TLP_NONE = 0,
    KAI_TLP_CLEAR = 1,
    KAI_TLP_GREEN = 2,
    KAI_TLP_AMBER = 3,
    KAI_TLP_AMBER_STRICT = 4,
    KAI_TLP_RED = 5,
};

enum kai_pap {
    KAI_PAP_NONE = 0,
    KAI_PAP_CLEAR = 1,
    KAI_PAP_GREEN = 2,
    KAI_PAP_AMBER = 3,
    KAI_PAP_RED = 4,
};

struct kai_label {
    uint8_t tlp; /* enum kai_tlp: a larger number is stricter. */
    uint8_t pap; /* enum kai_pap, likewise. */
    bool exercise;
};

/* "TLP:AMBER+STRICT", "amber+strict", "tlp:white" (CLEAR): any case, prefix or not. False: no such
 * label, and *tlp is untouched. */
bool kai_tlp_parse(struct kai_view text, uint8_t *tlp);
/* "TLP:AMBER+STRICT"; "" for 0, "TLP:?" for a number that is none. Static storage. */
const char *kai_tlp_name(uint8_t tlp);

/* "PAP:AMBER", "amber": any case, prefix or not ("white" is CLEAR). */
bool kai_pap_parse(struct kai_view text, uint8_t *pap);
const char *kai_pap_name(uint8_t pap);

/* The TLP that a marking-definition id stands for: the four ids of TLP 1 and the five of TLP 2.0.
 * The id alone decides. KAI_TLP_NONE for any other id. */
uint8_t kai_tlp_of_marking(const char *id);
/* The id of the TLP 2.0 marking definition; NULL for a number that is no label. */
const char *kai_tlp_marking(uint8_t tlp);

/* The stricter of each part; an exercise when either is. */
struct kai_label kai_label_stricter(struct kai_label a, struct kai_label b);

#endif
