/* aside: runs a part of the work of a thread on another one (item/import.h). */
#ifndef KAI_NODE_ASIDE_H
#define KAI_NODE_ASIDE_H

#include "item/import.h"

extern const struct kai_aside kai_aside_threads; /* A thread for each. */

#endif
