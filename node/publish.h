/* publish: from a file in memory to entries of our own log (docs/architecture: the way of a
 * record).
 *
 * Whole or not at all: every object is judged first; one refusal refuses the file, unless skip_bad.
 * What is held already is skipped. */
#ifndef KAI_NODE_PUBLISH_H
#define KAI_NODE_PUBLISH_H

#include "item/label.h"
#include "node/core.h"
#include "node/who.h"

struct kai_publish {
    const struct kai_who *who; /* Publishes nothing above its clearance. */
    struct kai_view file;      /* Nobody writes to it meanwhile. */
    const char *name;          /* Of the file, for messages. */
    const char *to;            /* Audience. */
    const uint8_t *to_id;      /* The same by its id alone; NULL: by to. */
    /* Instead of to: an organisation into whose mailbox it goes, to be published under its name
     * where it will. */
    const char *through;
    const char *wish; /* Told along with it; NULL: none. */
    size_t n_also;
    const char *also[KAI_AUDIENCES_PER_OBJ_MAX - 1];
    struct kai_label label; /* tlp 0: each object its own. */
    bool skip_bad;
    bool dry_run;
    bool extract;  /* The file is a free text: the indicators in it. */
    uint64_t wait; /* Organisations that must hold it. */
    uint64_t timeout_ms;
    uint64_t refusals_max; /* How many are told. */
    /* A refusal. */
    void (*refuse)(void *ctx, const struct kai_why *why, const char *id);
    /* A value on a warninglist that goes out all the same (warn.listed); at most as often. */
    void (*warn)(void *ctx, const struct kai_why *why, const char *id);
    /* What was left out of the file without being a refusal; what another organisation published
     * elsewhere (warn.theirs). */
    void (*note)(void *ctx, const struct kai_why *why);
    /* With dry_run and extract: each list that would be new. Anything but KAI_OK stops. */
    enum kai_err (*take)(void *ctx, struct kai_view content);
    void *ctx;
};
#define KAI_REFUSALS_MAX 100u /* Enough for a person. */

struct kai_published {
    uint64_t accepted; /* Objects, and values of lists. */
    uint64_t skipped;
    uint64_t refused;
    uint64_t warned; /* Values on a warninglist. */
    bool only_rules; /* Every refusal was one of an access rule. */
    uint64_t entries;
    uint64_t durable_ms;
    uint64_t held_by;
    uint64_t unsent; /* Of the entries: durable here, waiting for a key (hold.h). */
};

/* On any thread but the owning one of a running loop. KAI_OK also where objects were refused: see
 * out->refused. Errors: KAI_ENOTFOUND and KAI_EAMBIGUOUS (audience), KAI_EDENIED, KAI_EAGAIN,
 * KAI_EFULL, ... with *why. */
KAI_MUST_USE enum kai_err kai_publish(struct kai_core *c, const struct kai_publish *p,
                                      struct kai_published *out, struct kai_why *why);

#endif
