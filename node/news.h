/* news: whether anything that a reader may see has come, or has changed. What is hidden from them
 * is no news: who is told that something came would learn of it. */
#ifndef KAI_NODE_NEWS_H
#define KAI_NODE_NEWS_H

#include "node/reader.h"

/* Up to where somebody has looked. */
struct kai_news {
    uint64_t position; /* Of the index, */
    uint64_t row;
    uint64_t change;
    uint64_t ends; /* kai_ixsnap_ends(): what the whole network knows. */
};

/* All that is in the snapshot is old. */
void kai_news_none(struct kai_news *n, struct kai_ixsnap *r);
/* Whether there are news for r, which is not begun; from then on they are old. Not among them: what
 * was deleted because of its age. Errors: as kai_reader_begin(), KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_news_look(struct kai_news *n, struct kai_reader *r, bool *any);

#endif
