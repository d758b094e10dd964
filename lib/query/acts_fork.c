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

static bool one_is_enough(void *ctx, struct unpack key, struct unpack val)
{
    bool *any = ctx;

    (void)key;
    (void)val;
    *any = true;
    return false;
}

bool kai_ix_any_fork(const struct kai_ixsnap *r)
{
    struct pack all = kai_pack_key(ACT_FORK);
    bool any = false;

    return kai_acts_walk(r, &all, NULL, one_is_enough, &any) != KAI_OK || any;
}

bool kai_ix_past_fork(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq)
{
    struct pack key = fork_key(log_no);
    struct unpack val;

    return kai_acts_get(r, &key, &val) == KAI_OK && seq >= kai_unpack_u64(&val);
}
