/* warnlists: the warninglists of a home: every *.json in HOME/warninglists, in the order of the
 * names. They are read when they are asked for, so a new file counts from the next command on. */
#ifndef KAI_NODE_WARNLISTS_H
#define KAI_NODE_WARNLISTS_H

#include "item/import.h"
#include "item/warn.h"
#include "node/home.h"

/* *out is the caller's to free (kai_warn_free()); NULL where the folder is missing or empty.
 * Errors: KAI_EIO (file.read), KAI_EMALFORMED and KAI_ELIMIT (those of warn.h; where is the file),
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_warnlists_load(const struct kai_home *h, struct kai_warn **out,
                                             struct kai_why *why);

/* Each value of what is to be published that is on a list, until f says false. why->code is
 * warn.listed, its place the candidate's in file. Errors: those of kai_stix_values() and
 * kai_list_read(). */
typedef bool kai_warnlists_fn(void *ctx, const struct kai_why *why);
KAI_MUST_USE enum kai_err kai_warnlists_ask(const struct kai_warn *w, const char *file,
                                            const struct kai_candidate *cand, kai_warnlists_fn *f,
                                            void *ctx);

#endif
