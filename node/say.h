/* say: lines on standard error for whoever watches a node: one event, one line, with the time. Any
 * thread. */
#ifndef KAI_NODE_SAY_H
#define KAI_NODE_SAY_H

#include "base/why.h"
#include "text/catalogue.h"

void kai_say_lang(enum kai_lang lang); /* Before threads begin. */
/* A text of the catalogue with its arguments. */
void kai_say(const char *id, const char *arg1, const char *arg2, const char *arg3);
/* A refusal: what, where and what to do. */
void kai_say_why(const struct kai_why *why);

#endif
