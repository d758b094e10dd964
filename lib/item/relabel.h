/* relabel: an object's text with what its signed label adds to the words in it. */
#ifndef KAI_ITEM_RELABEL_H
#define KAI_ITEM_RELABEL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "item/label.h"

/* Append the object for a tool that knows nothing of signed labels: where its own markings are
 * weaker it gets the TLP 2.0 marking of the label, and where its type has `labels`, these get the
 * PAP
 * ("PAP:AMBER") and "kairan:exercise". Where the label adds nothing: its bytes.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_stix_relabel(struct kai_buf *out, struct kai_view object,
                                           struct kai_label label);

#endif
