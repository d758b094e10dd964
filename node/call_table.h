/* call_table: what verbs the API has, and what each takes. Whatever tells, runs or describes a verb
 * reads this table: an argument that it does not list for a verb is not there for it. */
#ifndef KAI_NODE_CALL_TABLE_H
#define KAI_NODE_CALL_TABLE_H

#include "node/call.h"
#include "policy/policy.h"

enum kai_call_how {
    KAI_CALL_FILE = 1,  /* Its body is a file, and the arguments stand in the address. */
    KAI_CALL_BYTES = 2, /* It may answer bytes that are no lines. */
    KAI_CALL_LIVES = 4, /* Its answer need not end. */
    KAI_CALL_FINDS = 8, /* It answers from the index, which has to hold what its caller wrote. */
};

struct kai_call_verb {
    const char *name;
    kai_verb_fn *f;
    enum kai_policy_verb takes; /* What it does, and so which role. */
    unsigned how;               /* enum kai_call_how. */
    const char *args;           /* Names with a space between; '*' behind one that is needed. */
    const char *says;           /* What it does, one sentence. */
};

/* All n of them. */
const struct kai_call_verb *kai_call_verbs(size_t *n);
/* NULL: there is none of that name. */
const struct kai_call_verb *kai_call_verb(const char *name);
/* The lowest role (enum kai_role) that may run it. */
uint8_t kai_call_role(const struct kai_call_verb *v);

enum kai_arg_type {
    KAI_ARG_TEXT,
    KAI_ARG_UINT,
    KAI_ARG_BOOL,
    KAI_ARG_TEXTS, /* An array of texts. */
    KAI_ARG_LIST,  /* An array; of what, the verb knows. */
};

/* A name means the same for every verb that has it. */
struct kai_call_arg {
    const char *name;
    enum kai_arg_type type;
    const char *says; /* What it is, no sentence. */
};

/* The next argument of a verb, from *at, which begins as 0. False at the end. */
bool kai_call_arg_next(const struct kai_call_verb *v, size_t *at, const struct kai_call_arg **arg,
                       bool *needed);
bool kai_call_takes(const struct kai_call_verb *v, const char *key);

#endif
