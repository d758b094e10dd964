/* indexer_priv: what the parts of the indexer share. Everything here is on its thread. */
#ifndef KAI_NODE_INDEXER_PRIV_H
#define KAI_NODE_INDEXER_PRIV_H

#include "node/expire.h"
#include "node/indexer.h"
#include "project/project.h"
#include "query/acts.h"

#define BATCH_ENTRIES_MAX 256u
#define BATCH_WALKED_MAX  4096u /* With those that are not projected. */
#define BATCH_BYTES_MAX   (4u << 20)
#define FOUND_MAX         256u  /* A full batch is enough of it: more than this ends it. */
#define RELEASED_BYTES    8192u /* A bit for each beginning, of two bytes, of an OBJ's hash. */

struct kai_found_rule;
struct kai_rule_list { /* In the order in which they were found. */
    struct kai_found_rule *first;
    struct kai_found_rule *last;
};

struct kai_ahead_entry;
struct kai_ahead {  /* indexer_ahead.c; guarded. */
    const void *of; /* Whose entries; NULL: nobody's. */
    uint64_t turn;  /* How many there were. */
    struct kai_ahead_entry *first;
    struct kai_ahead_entry *last;
    size_t n;
    size_t bytes;
    bool closed; /* No more of them. */
    bool waited; /* The indexer waits for the next one. */
};

struct kai_indexer {
    struct kai_core *c;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t work; /* Something may have arrived. */
    pthread_cond_t done; /* The position moved. */
    bool woken;
    bool stop;
    enum kai_err err; /* It stopped by itself. */
    struct kai_indexer_state state;
    size_t n_settling; /* Who waits for it; guarded. */
    uint64_t settled;  /* The outlook by which everything was judged; guarded, as those above. */
    const struct kai_ix_report *told; /* Reports to be noted as made; theirs who waits for it. */
    size_t n_told;
    struct kai_projector *projector;
    struct kai_outlook *o; /* During a batch. */
    struct kai_ix *ix;
    uint64_t position;
    size_t n;
    size_t bytes;
    size_t walked;
    enum kai_err batch_err;
    struct kai_snap *snap;
    struct kai_log log;                        /* The last one looked up. */
    struct kai_project_found found[FOUND_MAX]; /* To be told of after the commit. */
    size_t n_found;
    const char *alarms[KAI_ALARMS_MAX]; /* To be raised after it; codes, each once. */
    size_t n_alarms;
    size_t letters;
    /* indexer_rule.c: RULEs by number, which stand in the index until they are kept. */
    struct kai_rule_list batch_rules; /* Found in the batch, */
    struct kai_rule_list rules;       /* and committed; guarded. */
    uint64_t rule_no;                 /* Of the last one found. */
    uint64_t rules_handed;            /* To this one they are in the transaction; owning thread. */
    bool rules_lost;                  /* One could not be kept; owning thread. */
    uint64_t rules_kept;              /* To this one they are committed; guarded. */
    uint64_t rules_forgetting;
    uint64_t rules_forgotten; /* To this one the index has none any more. */
    uint64_t forks_told;      /* The outlook whose forks the index knows, */
    bool forks_whole;         /* all of them. */
    /* What waits is judged anew when roster, keys or releases change: a pass over all of it, in
     * batches. */
    uint64_t judged;  /* The outlook at the beginning of the last whole pass. */
    uint64_t passing; /* And of the one under way; 0: none is. */
    /* Releases that came since a pass began: of which OBJs. What else waits is not judged for them:
     * anybody can write releases of what there is not. */
    bool again;
    uint8_t released[RELEASED_BYTES];
    bool narrow;                     /* The pass under way is over those alone: */
    uint8_t judging[RELEASED_BYTES]; /* as released was when it began. */
    bool at_bad;                     /* It is through with what waited for a key. */
    struct kai_ix_place from;        /* Behind this it goes on. */
    /* expire.c: the pass under way goes on at gone_from; 0: none is, the next one begins then. */
    uint64_t gone_from;
    uint64_t gone_next_ms;
    uint64_t gone_seen;     /* kai_expiry_seen() up to there. */
    uint64_t start_wall_ms; /* Both clocks at the first pass; 0: there was none. */
    uint64_t start_ms;
    struct kai_expire_place gone[KAI_EXPIRE_BATCH];
    size_t n_gone;
    bool gone_ready;               /* Guarded: the list is the owning thread's. */
    struct kai_readings *readings; /* indexer_reading.c; guarded, as is */
    bool readings_over;            /* that their publication ended. */
    struct kai_readings *reading;  /* Those of the batch. */
    bool reading_over;
    struct kai_buf said; /* Of the one found last. */
    struct kai_ahead ahead;
    struct kai_buf ahead_done; /* What was projected of it, */
    struct kai_log ahead_log;  /* and whose log it is. */
    uint64_t ahead_turn;       /* Whose it is. */
    bool ahead_stands;         /* All of it is visible: it is being committed. */
};

/* Project one entry into the open transaction; a failure of ours stands in batch_err. */
void kai_indexer_project(struct kai_indexer *x, uint64_t log_no, const struct kai_entry *e,
                         uint64_t seen_ms);
bool kai_indexer_room(const struct kai_indexer *x); /* For more of it in this batch. */
const struct kai_log *kai_indexer_log(struct kai_indexer *x, uint64_t no);

/* One transaction of the index, from one snapshot of the store and one outlook. */
typedef enum kai_err kai_indexer_fill_fn(struct kai_indexer *x);
KAI_MUST_USE enum kai_err kai_indexer_batch(struct kai_indexer *x, kai_indexer_fill_fn *fill);

/* indexer_rule.c: what waits since before this start; one more, in a batch; after a batch; those
 * that are kept are over. */
KAI_MUST_USE enum kai_err kai_indexer_rules_load(struct kai_indexer *x, struct kai_ixsnap *s);
void kai_indexer_rule(struct kai_indexer *x, struct kai_view item);
void kai_indexer_rules_hand(struct kai_indexer *x, bool committed);
KAI_MUST_USE enum kai_err kai_indexer_rules_forget(struct kai_indexer *x);
void kai_indexer_rules_free(struct kai_indexer *x);

/* indexer_reading.c: which there are, before the snapshot; the port; all of it is indexed. */
void kai_indexer_readings_begin(struct kai_indexer *x);
bool kai_indexer_reading(void *ctx, const uint8_t item_id[static KAI_ID_BYTES],
                         struct kai_reading *out);
void kai_indexer_readings_used(struct kai_indexer *x);
void kai_indexer_readings_free(struct kai_indexer *x);

/* indexer_ahead.c: whether enough is there to begin (under the lock); project what is on its way,
 * until it is visible or something else is due. Errors: those of the commit alone. */
bool kai_indexer_ahead_due(const struct kai_indexer *x);
KAI_MUST_USE enum kai_err kai_indexer_run_ahead(struct kai_indexer *x);
void kai_indexer_ahead_free(struct kai_indexer *x);

/* forks.c: tell the index which logs are frozen, where that has changed. */
KAI_MUST_USE enum kai_err kai_indexer_forks(struct kai_indexer *x);

/* expire.c: a batch of payloads whose time is over, where a pass is due. *more: it is not over. */
KAI_MUST_USE enum kai_err kai_indexer_expire(struct kai_indexer *x, bool *more);

/* rejudge.c. A release of this OBJ came. */
void kai_indexer_released(struct kai_indexer *x, const uint8_t obj_hash[static KAI_ID_BYTES]);
/* A batch of what waits, where it is due. *more: the pass is not over. */
KAI_MUST_USE enum kai_err kai_indexer_rejudge(struct kai_indexer *x, bool *more);

#endif
