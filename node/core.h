/* core: one open home: its keys, stores, roster and engine, and the one thread that changes them.
 *
 * `kairan run` opens it with a loop (loop.h); a verb on a stopped node opens it by itself. Either
 * way all changes are jobs: functions that run on the owning thread between two commits, and are
 * answered after the commit, when what they did is durable. Other threads only read: the stores'
 * snapshots, and the view (kai_view_get) of roster and keys. */
#ifndef KAI_NODE_CORE_H
#define KAI_NODE_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "keys/charter.h"
#include "keys/keyfile.h"
#include "node/home.h"
#include "project/project.h"
#include "query/index.h"
#include "store/store.h"
#include "topology/net.h"

struct kai_audit;
struct kai_clerk;
struct kai_indexer;
struct kai_touched;
struct kai_loop;

/* What other threads may see of roster and keys: immutable, counted. */
struct kai_outlook {
    atomic_uint refs;
    uint64_t number;            /* From 1, one more with each change. */
    struct kai_charter charter; /* The version that counts. */
    struct kai_roster *roster;
    struct kai_epoch *epochs; /* Guarded memory. */
    size_t n_epochs;
    size_t n_names;
    struct kai_aud_name {
        uint8_t id[KAI_ID_BYTES];
        char name[KAI_TEXT_BYTES_MAX + 1];
        bool member;                      /* We are one. */
        bool members_known;               /* Its rule is here, or it needs none. */
        size_t n_members;                 /* Organisations, active ones. */
        uint8_t (*members)[KAI_ID_BYTES]; /* Ascending. */
    } * names;                            /* Of every audience of the roster, by id. */
    size_t n_boxes;
    struct kai_aud_box { /* Mailboxes. */
        uint8_t id[KAI_ID_BYTES];
        const struct kai_org *owner;
    } * boxes; /* By id. */
    size_t n_forks;
    struct kai_fork_at { /* Logs that are frozen, or that a REVOKE ended, and from where. */
        uint8_t log_pk[KAI_KEY_BYTES];
        uint64_t seq;
        bool ended;
    } * forks;
};

#define KAI_ALARM_TEXT_CAP                                                                         \
    (KAI_TEXT_BYTES_MAX + 1u) /* A name whole: by it alarms are told apart. */
struct kai_alarm_row {
    char code[48];
    uint64_t since_ms;
    char about[KAI_ALARM_TEXT_CAP]; /* Name of a node, audience or log; "" = nobody. */
    char whom[KAI_ALARM_TEXT_CAP];  /* Who could help; "" = nobody. */
};
#define KAI_ALARMS_MAX 64u

struct kai_wrote { /* How far the index has to be for who wrote something here (wrote.h). */
    uint8_t kind;
    uid_t uid;
    uint8_t token[KAI_ID_BYTES];
    uint64_t position;
};
#define KAI_WROTE_MAX 64u /* More who write within a moment: the first of them may wait. */
#define KAI_WROTE_WAIT_MS                                                                          \
    5000u /* The index follows within a second; a file of millions, later.                         \
           */

/* Runs on the owning thread after the commit that followed the job. err: KAI_OK = durable. */
typedef void kai_after_fn(void *arg, enum kai_err err);

struct kai_after {
    kai_after_fn *f;
    void *arg;
};

struct kai_core {
    struct kai_home home;
    struct kai_keys *node;    /* Node key. */
    struct kai_keys *issuing; /* NULL: the organisation's issuing key is on another machine. */
    struct kai_store *store;
    struct kai_index *index;
    uint8_t index_id[KAI_HALF_ID_BYTES];
    uint8_t index_key[KAI_KEY_BYTES]; /* See sealed_place.h. */
    struct kai_charter charter;       /* Version 1; the one that counts is in the outlook. */
    struct kai_buf charter_record;
    struct kai_ctl *ctl;
    struct kai_keyring *ring;
    struct kai_net *net;
    struct kai_self self;
    char org_name[KAI_TEXT_BYTES_MAX + 1];

    struct kai_tx *tx; /* Open since the first change after the last commit; NULL else. */
    enum kai_err tx_err;
    struct kai_after *after;
    size_t n_after;
    size_t cap_after;
    struct kai_snap *serve; /* For kai_net's read action; ended after each round. */

    struct kai_indexer *indexer;
    struct kai_clerk *clerk;
    struct kai_audit *audit;
    struct kai_touched *touched;
    struct kai_loop *
        loop; /* NULL: no loop, jobs run at once. Set before and cleared after other threads ask. */
    pthread_t owner;

    pthread_mutex_t mu; /* Guards what follows. */
    pthread_cond_t held_cond;
    int wake_fd; /* Wakes the loop; -1 = none runs. */
    struct kai_outlook *outlook;
    struct kai_held *held; /* Who acknowledged what; see held.c. */
    size_t n_held;
    struct kai_alarm_row alarms[KAI_ALARMS_MAX];
    size_t n_alarms;
    struct kai_wrote wrote[KAI_WROTE_MAX]; /* Who wrote last is last. */
    size_t n_wrote;
    struct kai_hold *holds; /* What waits for a key; see hold.h. Room for KAI_AUDIENCES_MAX. */
    size_t n_holds;
    struct kai_busy *busy; /* Audiences that somebody writes to; see post.c. */
    size_t n_busy;
    pthread_cond_t busy_cond;

    /* Whether it may go on where it stopped (sure.c). Owning thread. */
    bool unsure; /* Others may know more of our control logs. */
    bool twin;   /* The home runs on another machine as well: nothing is appended. */
    bool leapt;
    bool said_sure; /* By an administrator, to this start. */
    int64_t clock_gap_ms;
    uint64_t asked_since_ms;
    uint64_t addr_least; /* Counter of our next address, at least. */
    uint64_t retired;    /* How often an own log was given up. */

    uint64_t heartbeat_ms; /* Steady: since then no CHECKPOINT was said here; 0: not looked yet. */
    uint64_t expire_s;     /* What this node publishes is kept by others so long; 0: for ever. */
    uint64_t keep_ms;      /* And here so much longer. */
    bool warn_block;       /* What is on a warninglist is refused, not only told. */
    uint64_t started_ms;
    char endpoint[KAI_ENDPOINT_BYTES_MAX];
    char intro[KAI_ENDPOINT_BYTES_MAX];
    char api[KAI_ENDPOINT_BYTES_MAX]; /* Of the API on loopback; "" = none. */
};

uint64_t kai_now_ms(void);  /* Steady clock. */
uint64_t kai_wall_ms(void); /* Unix time. */
uint64_t kai_wall_us(void); /* The same in microseconds. */
/* Wait until it is signalled, or kai_now_ms() is until_ms: then false. Not by the clock on the
 * wall: when that is set back by years, so would the end of the wait be. */
bool kai_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, uint64_t until_ms);
void kai_random(void *ctx, void *out, size_t n); /* For every kai_random_fn. */

/* Open a home that belongs to a network: check, keys, stores, roster, keyring, engine. Starts the
 * indexer's thread. *why on failure. */
KAI_MUST_USE enum kai_err kai_core_open(struct kai_core **out, const struct kai_home *home,
                                        struct kai_why *why);
/* Commit, stop the indexer, mark the stop clean, close. NULL does nothing. */
void kai_core_close(struct kai_core *c);

/* Parts of opening: the control plane (charter versions, entries, KEYDEATHs) and the epochs of a
 * store, fed to a set and a keyring.
 * Under KAI_SPARE_KEY and a commitment stand epoch keys that a backup brought along. */
#define KAI_SPARE_KEY "epoch:"
KAI_MUST_USE enum kai_err kai_core_control(struct kai_ctl *ctl, struct kai_snap *snap);
KAI_MUST_USE enum kai_err kai_core_epochs(struct kai_keyring *ring, struct kai_snap *snap);

/* The open transaction, begun when there is none. NULL when it cannot be: tx_err says why, and the
 * next commit tells everybody who waits. Owning thread. */
struct kai_tx *kai_core_tx(struct kai_core *c);
/* Call f after the next commit. Owning thread. */
void kai_core_after(struct kai_core *c, kai_after_fn *f, void *arg);
/* Commit what is open and call what waits. An input/output error ends the process: nothing may be
 * acknowledged after a failed sync. Owning thread. */
void kai_core_commit(struct kai_core *c);

/* Make the loop look round, if one runs. Any thread. */
void kai_core_wake(struct kai_core *c);

/* A job: f runs on the owning thread; the call returns when what it did is committed. f's own
 * result, or the commit's. */
typedef enum kai_err kai_job_fn(struct kai_core *c, void *arg);
KAI_MUST_USE enum kai_err kai_core_run(struct kai_core *c, kai_job_fn *f, void *arg);

/* The current outlook, referenced; any thread. */
struct kai_outlook *kai_outlook_get(struct kai_core *c);
void kai_outlook_put(struct kai_outlook *o);
/* Whether what is projected by one would be projected alike by the other: roster, keys, members. */
bool kai_outlook_alike(const struct kai_outlook *a, const struct kai_outlook *b);
/* Make it anew from keyring and roster. Owning thread. */
void kai_core_refresh(struct kai_core *c);
const struct kai_epoch *kai_outlook_epoch(const struct kai_outlook *o,
                                          const uint8_t aud_id[static KAI_ID_BYTES],
                                          const uint8_t kid[static KAI_TAG_BYTES]);
const struct kai_aud_name *kai_outlook_aud(const struct kai_outlook *o,
                                           const uint8_t aud_id[static KAI_ID_BYTES]);
/* What the projection and lib/policy ask of an audience or mailbox. Errors: KAI_ENOTFOUND. */
KAI_MUST_USE enum kai_err kai_outlook_facts(const struct kai_outlook *o,
                                            const uint8_t aud_id[static KAI_ID_BYTES],
                                            struct kai_project_aud *out);
/* Whether every member of inner is known to be a member of outer. */
enum kai_project_inside kai_outlook_inside(const struct kai_outlook *o,
                                           const uint8_t inner[static KAI_ID_BYTES],
                                           const uint8_t outer[static KAI_ID_BYTES]);
/* Organisation by name or unique id prefix; audience likewise. Errors: KAI_ENOTFOUND
 * (name.unknown), KAI_EAMBIGUOUS (name.ambiguous). */
KAI_MUST_USE enum kai_err kai_outlook_find_org(const struct kai_outlook *o, const char *name,
                                               const struct kai_org **out, struct kai_why *why);
KAI_MUST_USE enum kai_err kai_outlook_find_aud(const struct kai_outlook *o, const char *name,
                                               const struct kai_aud_name **out,
                                               struct kai_why *why);
KAI_MUST_USE enum kai_err kai_outlook_find_node(const struct kai_outlook *o, const char *name,
                                                const struct kai_node **out, struct kai_why *why);

/* Raise or clear an alarm that `status` shows. Any thread. */
void kai_core_alarm(struct kai_core *c, const char *code, const char *about);
/* The same with who could help, and since when it is so. Raised already: whom is as said last. */
void kai_core_alarm_since(struct kai_core *c, const char *code, const char *about, const char *whom,
                          uint64_t since_ms);
void kai_core_alarm_clear(struct kai_core *c, const char *code, const char *about);

/* Add a control record signed by the issuing key. *hash is its entry hash. Owning thread (inside a
 * job). Errors: KAI_ENOTFOUND (key.no-issuing), KAI_ENOMEM, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_core_issue(struct kai_core *c, uint64_t rec_type,
                                         struct kai_view body, uint8_t hash[static KAI_ID_BYTES],
                                         struct kai_why *why);

#endif
