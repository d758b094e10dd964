/* dialer: makes the connections that the configuration names, tried again every 2 s, and those that
 * the engine chooses, which tries others when one fails (topology/overlay.c). A dial that is
 * refused for an unknown key tries the introduction socket. */
#ifndef KAI_NODE_DIALER_H
#define KAI_NODE_DIALER_H

#include "node/config.h"
#include "node/core.h"
#include "node/net/transport.h"

struct kai_dialer;

KAI_MUST_USE enum kai_err kai_dialer_new(struct kai_dialer **out, struct kai_core *c,
                                         struct kai_transport *t, const struct kai_config *cfg);
void kai_dialer_free(struct kai_dialer *d);

/* Start what is due. Returns when to call again. */
uint64_t kai_dialer_tick(struct kai_dialer *d, uint64_t now_ms);

/* What became of a dial or link. True when the link is an introduction, which the dialer handles by
 * itself. */
bool kai_dialer_up(struct kai_dialer *d, uint64_t link, const uint8_t peer[static KAI_KEY_BYTES],
                   bool dialled, uint64_t now_ms);
bool kai_dialer_frame(struct kai_dialer *d, uint64_t link, struct kai_view frame, uint64_t now_ms);
bool kai_dialer_down(struct kai_dialer *d, uint64_t link, uint64_t now_ms);
void kai_dialer_failed(struct kai_dialer *d, uint64_t dial, const struct kai_why *why,
                       uint64_t now_ms);
/* The engine ended a link: whom not to try again at once. */
void kai_dialer_dropped(struct kai_dialer *d, uint64_t link, enum kai_bye why, uint64_t now_ms);

#endif
