/* acts_fork: which logs forked, and where: what stands there is disputed; and which were ended by
 * the REVOKE of their author: what stands there is shown to nobody. */
#include "query/acts_priv.h"

static struct pack log_key(enum act_letter letter, uint64_t log_no)
{
    struct pack key = kai_pack_key(letter);

    kai_pack_u64(&key, log_no);
    return key;
}

static enum kai_err put(struct kai_ix *t, enum act_letter letter, uint64_t log_no,
                        uint64_t from_seq)
{
    struct pack key = log_key(letter, log_no);
    struct pack val = {.n = 0};
    struct kai_view none = {0};

    kai_pack_u64(&val, from_seq);
    return kai_acts_put(t, &key, &val, none);
}

static bool past(const struct kai_ixsnap *r, enum act_letter letter, uint64_t log_no, uint64_t seq)
{
    struct pack key = log_key(letter, log_no);
    struct unpack val;

    return kai_acts_get(r, &key, &val) == KAI_OK && seq >= kai_unpack_u64(&val);
}

enum kai_err kai_ix_disputed(struct kai_ix *t, uint64_t log_no, uint64_t from_seq)
{
    t->self.disputes = true;
    return put(t, ACT_FORK, log_no, from_seq);
}

bool kai_ix_any_fork(const struct kai_ixsnap *r)
{
    return kai_acts_any(r, ACT_FORK);
}

bool kai_ix_past_fork(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq)
{
    return past(r, ACT_FORK, log_no, seq);
}

enum kai_err kai_ix_ended(struct kai_ix *t, uint64_t log_no, uint64_t from_seq)
{
    t->self.ends = true;
    return put(t, ACT_END, log_no, from_seq);
}

bool kai_ix_any_end(const struct kai_ixsnap *r)
{
    return kai_acts_any(r, ACT_END);
}

static bool sum_up(void *ctx, struct unpack key, struct unpack val)
{
    uint64_t *sum = ctx;

    *sum = kai_ix_sum(*sum, key.rest.p, key.rest.n);
    *sum = kai_ix_sum(*sum, val.rest.p, val.rest.n);
    return true;
}

uint64_t kai_ixsnap_ends(struct kai_ixsnap *r)
{
    struct pack all = kai_pack_key(ACT_END);
    uint64_t sum = KAI_IX_SUM_BEGIN;

    return kai_acts_walk(r, &all, NULL, sum_up, &sum) == KAI_OK ? sum : 0;
}

bool kai_ix_past_end(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq)
{
    return past(r, ACT_END, log_no, seq);
}
