/* loop: the thread of `kairan run` that owns the engine, the transport and all writing. */
#ifndef KAI_NODE_LOOP_H
#define KAI_NODE_LOOP_H

#include "node/config.h"
#include "node/core.h"

struct kai_loop;

/* Bind, and take over c->loop. cfg is kept by the caller for the loop's life. *why on failure. */
KAI_MUST_USE enum kai_err kai_loop_new(struct kai_loop **out, struct kai_core *c,
                                       const struct kai_config *cfg, struct kai_why *why);
/* Run until kai_loop_stop() (from a signal handler or another thread). */
KAI_MUST_USE enum kai_err kai_loop_serve(struct kai_loop *l);
void kai_loop_stop(struct kai_loop *l);           /* Async-signal-safe. */
bool kai_loop_stopping(const struct kai_loop *l); /* Any thread. */
/* Stop the API while its requests are still served. */
struct kai_api;
void kai_loop_drain(struct kai_loop *l, struct kai_api *api);
void kai_loop_free(struct kai_loop *l); /* NULL does nothing. */

/* A job from another thread: kai_core_run() comes here. */
KAI_MUST_USE enum kai_err kai_loop_run(struct kai_loop *l, kai_job_fn *f, void *arg);

/* For the engine's actions. */
bool kai_loop_send(struct kai_loop *l, uint64_t link, struct kai_view frame);
void kai_loop_drop(struct kai_loop *l, uint64_t link, enum kai_bye why);
void kai_loop_ingest(struct kai_loop *l, uint64_t link, const struct kai_net_log *log,
                     const struct kai_entry *e);
void kai_loop_dirty(
    struct kai_loop *l); /* Roster or keys changed: refresh the outlook after this round. */
void kai_loop_announce(
    struct kai_loop *l); /* Sign this node's address anew, at once. NULL does nothing. */
void kai_loop_stop_soon(struct kai_loop *l); /* When what waits has gone out. */

#endif
