/* run_priv: what the two ways of running a query share. */
#ifndef KAI_QUERY_RUN_PRIV_H
#define KAI_QUERY_RUN_PRIV_H

#include "query/expr_priv.h"
#include "query/run.h"

struct run {
    const struct kai_query *q;
    struct kai_ixsnap *r;
    uint64_t now_ms;
    uint64_t limit;
    uint64_t hits;
    uint64_t work;
    kai_query_hit_fn *f;
    void *ctx;
    bool stop; /* The caller has enough, or the page is full. */
    enum kai_err err;
    char text[KAI_VALUE_BYTES_MAX];
};

/* Tell an answer; key (n = 0: none) is what matched, norm its value where the key cannot tell. */
void kai_run_tell(struct run *run, const struct kai_row *row, uint64_t index, struct kai_view key,
                  struct kai_view norm);
/* Terms among maybe that hold by the row's strings; run->err is set where they could not be read.
 */
uint64_t kai_run_text(struct run *run, const struct kai_row *row, uint64_t maybe);
/* What an object is, all its values heard: its strings are read only where they matter. */
enum verdict kai_run_judge(struct run *run, const struct kai_row *row, uint64_t yes,
                           uint64_t maybe);
bool kai_run_over(const struct run *run); /* Stopped, failed, or worked enough. */

/* scan.c: the answers of one row, behind *index (KAI_INDEX_WHOLE: all). False: ended early, and
 * *index is where. */
bool kai_scan_row(struct run *run, const struct kai_row *row, uint64_t *index);
/* Rows downwards. bytes of *at: row (8), index reached in it (8). */
void kai_scan(struct run *run, struct kai_query_at *at, bool *done);

/* drive.c: the segments of these value terms, one after the other. */
void kai_drive(struct run *run, uint64_t terms, struct kai_query_at *at, bool *done);

#endif
