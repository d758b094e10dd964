/* acts_fork: which logs forked, and where: what stands there is disputed. */
#include "query/acts_priv.h"

static struct pack fork_key(uint64_t log_no)
{
    struct pack key = kai_pack_key(ACT_FORK);

    kai_pack_u64(&key, log_no);
    return key;
}

enum kai_err kai_ix_disputed(struct kai_ix *t, uint64_t log_no, uint64_t from_seq)
{
    struct pack key = fork_key(log_no);
    struct pack val = {.n = 0};
    struct kai_view none = {0};

    kai_pack_u64(&val, from_seq);
    t->self.disputes = true;
    return kai_acts_put(t, &key, &val, none);
}

bool kai_ix_any_fork(const struct kai_ixsnap *r)
{
    return kai_acts_any(r, ACT_FORK);
}

bool kai_ix_past_fork(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq)
{
    struct pack key = fork_key(log_no);
    struct unpack val;

    return kai_acts_get(r, &key, &val) == KAI_OK && seq >= kai_unpack_u64(&val);
}
