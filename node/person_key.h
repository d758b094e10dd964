/* person_key: a person's own key: made, kept and opened by the person alone, under a passphrase
 * (docs/protocol.md 2). Only the command line calls this: no node ever opens such a key. */
#ifndef KAI_NODE_PERSON_KEY_H
#define KAI_NODE_PERSON_KEY_H

#include "base/buf.h"
#include "keys/keyfile.h"
#include "node/home.h"

/* HOME/keys/persons/NAME.key. Errors: KAI_EMALFORMED (person.name: it is to be the name of a
 * file). */
KAI_MUST_USE enum kai_err kai_person_key_path(const struct kai_home *h, const char *name,
                                              char path[static KAI_PATH_BYTES_MAX],
                                              struct kai_why *why);
/* Make the key, or open the one that is there, and append the request for a place. The home need
 * not belong to a network. Errors: those of the name and of key files. */
KAI_MUST_USE enum kai_err kai_person_key_request(const struct kai_home *h, const char *name,
                                                 const char *passphrase, struct kai_buf *request,
                                                 struct kai_why *why);
/* The only name that has a key in this home. Errors: KAI_ENOTFOUND (person.no-key), KAI_EAMBIGUOUS
 * (person.which). */
KAI_MUST_USE enum kai_err kai_person_key_only(const struct kai_home *h,
                                              char name[static KAI_TEXT_BYTES_MAX + 1],
                                              struct kai_why *why);

#endif
