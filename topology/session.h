/* session: when two nodes reconcile an audience, and how much a peer may ask of us in doing so. */
#ifndef KAI_TOPOLOGY_SESSION_H
#define KAI_TOPOLOGY_SESSION_H

#include "topology/state.h"

void kai_rb_begin(const struct kai_net *n, struct kai_rb_side *side);
/* Counts bytes of a frame in either direction. False: the session has had all it may have. */
bool kai_rb_pay(struct kai_rb_side *side, size_t bytes);
/* The session that a frame belongs to; NULL: to none, or past a limit, which the peer was told. */
struct kai_rb_side *kai_rb_admit(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                                 const struct kai_frame *f);
/* What f asked has been answered: is the session over? */
void kai_rb_answered(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                     struct kai_rb_side *side, const struct kai_frame *f);

#endif
