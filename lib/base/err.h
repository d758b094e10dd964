/* err: the one set of error codes, and what the caller is meant to do about each. */
#ifndef KAI_BASE_ERR_H
#define KAI_BASE_ERR_H

#define KAI_MUST_USE __attribute__((warn_unused_result))

#define KAI_ERR_MAP(X)                                                                             \
    X(KAI_OK, "ok")                                                                                \
    /* The fault of whoever sent it: drop it and count it against them. */                         \
    X(KAI_EMALFORMED, "malformed input")                                                           \
    X(KAI_ELIMIT, "over a limit")                                                                  \
    X(KAI_EAUTH, "signature, tag or commitment does not verify")                                   \
    X(KAI_EDENIED, "forbidden by an access rule")                                                  \
    /* An answer, not a failure. */                                                                \
    X(KAI_ENOTFOUND, "not found")                                                                  \
    X(KAI_EEXIST, "already there")                                                                 \
    X(KAI_EAGAIN, "cannot be judged yet")                                                          \
    X(KAI_EAMBIGUOUS, "more than one fits")                                                        \
    /* Ours: undo what was begun, report it, keep the node running. */                             \
    X(KAI_ENOMEM, "out of memory")                                                                 \
    X(KAI_EFULL, "store is full")                                                                  \
    X(KAI_EBUSY, "in use by another process")                                                      \
    X(KAI_EPERM, "permissions are unsafe or insufficient")                                         \
    X(KAI_EIO, "input/output error")                                                               \
    /* Ours and not safe to go on from: stop the node. */                                          \
    X(KAI_EVERSION, "written by a newer version")                                                  \
    X(KAI_ECORRUPT, "stored data is corrupt")

#define KAI_ERR_ENUM(code, text) code,
enum kai_err { KAI_ERR_MAP(KAI_ERR_ENUM) };
#undef KAI_ERR_ENUM

/* A lower-case phrase without a full stop; static storage, never NULL. */
const char *kai_err_text(enum kai_err err);

/* Say that a failure changes nothing here; a comment beside it says why. */
static inline void kai_ignore(enum kai_err err)
{
    (void)err;
}

#endif
