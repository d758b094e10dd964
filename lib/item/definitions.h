/* definitions: what a bundle says of the markings of its objects that are no known TLP. Private to
 * lib/item.
 *
 * A marking that nobody knows may be another system's TLP, and an unknown label counts as RED: that
 * it is none (a statement) is believed where the bundle has its definition. */
#ifndef KAI_ITEM_DEFINITIONS_H
#define KAI_ITEM_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"
#include "item/said.h"

struct kai_definition {
    uint8_t uuid[16];
    bool tlp;             /* It calls itself TLP. */
    struct kai_said said; /* By its statement. */
};

struct kai_definitions {
    bool read; /* The bundle has been gone through. */
    size_t n;
    size_t cap;
    struct kai_definition *d;
};

/* Whether the markings of an object let its TLP be known. file: the bundle, read when the first
 * unknown marking is met. labelled: whoever publishes it gave a label, which is enough for what has
 * no definition. *said: a label that statements among its markings name beside its TLP or the one
 * that was given; zeros for none. Errors: KAI_EMALFORMED (label.unknown, label.marking),
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_definitions_check(struct kai_definitions *defs, struct kai_view file,
                                                const json_t *o, bool labelled,
                                                struct kai_label *said, struct kai_why *why);
void kai_definitions_free(struct kai_definitions *defs);

#endif
