/* share_util: several organisations, audiences of every kind, and acts between them, as one
 * receiver's projection meets them. */
#ifndef KAI_TESTS_SHARE_UTIL_H
#define KAI_TESTS_SHARE_UTIL_H

#include "log/acts.h"
#include "policy/policy.h"
#include "query/acts.h"
#include "query/project_util.h"

/* Organisations and their nodes are told apart by one byte; so are audiences and certificates. */
enum who { SOURCE = 1, SHARER = 2, OTHER = 3, SELF = 4, WHO_N };
enum aud {
    FROM = 1,  /* A group of SOURCE. */
    CLIENTS,   /* Of SHARER. */
    CLIENTS_3, /* Of OTHER. */
    COMMUNITY, /* FROM and SMALL are inside it. */
    SMALL,     /* A group inside COMMUNITY. */
    WIDE,      /* A group that is not. */
    DARK,      /* A group whose rule is not known here. */
    PROVIDERS,
    PUBLIC,
    BOX_SHARER,
    BOX_SELF,
    BOX_OTHER,
    AUD_N
};

struct share {
    struct fixture *f;
    struct {
        uint8_t pk[32];
        uint8_t sk[64];
        bool unknown;
        bool revoked; /* Not attested. */
        bool inactive;
        bool mute; /* May not publish. */
    } node[WHO_N];
    uint64_t ceiling[AUD_N]; /* 0: the kind's own. */
    uint64_t kind[AUD_N];    /* 0: as the table says. */
    enum kai_err proof;      /* What a proof amounts to. */
    size_t found[8];         /* By kind. */
    uint8_t target[32];
    uint8_t self_org[32];
    uint8_t author_cert[32];
    struct {
        enum who author;
        enum aud aud;
    } sent[ENTRIES_MAX]; /* Where each entry stands. */
};

/* A re-share as it is put together; what stands here is what is right, until a test spoils it. */
struct draft {
    uint8_t tlp;
    enum aud listed[3]; /* 0: none. */
    enum aud from;
    enum who origin; /* Who signs the OBJ, */
    enum who signer; /* with whose key, */
    enum who sharer; /* and who passes it on, */
    enum who author; /* in whose log. */
    enum who sharer_signer;
    enum aud target;
    bool no_proof;
    uint32_t n; /* Contents 0..n-1 of three. */
    bool red_seal;
    size_t n_releases;
    struct kai_buf release[4];
    void (*spoil)(struct kai_reshare *r, struct kai_content *c); /* Before the sharer signs. */
    void (*spoil_obj)(struct kai_buf *obj);                      /* After the origin signed. */
};

int share_set_up(void **state);
int share_tear_down(void **state);
void cert_of(uint8_t cert[static 32], enum who who);
void org_of(uint8_t org[static 32], enum who who);
void aud_of(uint8_t id[static 32], enum aud aud);
/* The three contents; always the same. */
struct kai_view content_of(struct share *s, size_t i);
/* AMBER from FROM to CLIENTS, by SHARER. */
struct draft draft_of(void);
/* The batch that every draft of this label and list is of: its hash. */
void obj_of(struct share *s, const struct draft *d, struct kai_buf *obj, uint8_t hash[static 32],
            struct kai_content c[static 3]);
/* One item in a log of author in the target, projected. */
void send_item(struct share *s, enum who author, enum aud target, struct kai_view item);
void send_reshare(struct share *s, struct draft *d);
/* The batch itself, in a log of its origin. */
void send_obj(struct share *s, const struct draft *d, enum aud target);
void release_of(struct share *s, struct kai_buf *out, const struct draft *d, enum who by,
                const struct kai_release *like);
void send_recall(struct share *s, const struct draft *d, enum who by, uint64_t reason,
                 struct kai_indexes which);
/* The same, but in the log of another. */
void carry_recall(struct share *s, const struct draft *d, enum who by, enum who author,
                  uint64_t reason, struct kai_indexes which);
/* Everything that was sent, judged again, into x. */
void again(struct share *s, struct kai_index *x);

#define SHARED(name) cmocka_unit_test_setup_teardown(name, share_set_up, share_tear_down)

#endif
