/* acts_gone: entries whose payload was deleted: their rows are left in place, and found by nobody.
 */
#include "query/acts_priv.h"

static struct pack gone_key(uint64_t log_no, uint64_t seq)
{
    struct pack key = kai_pack_key(ACT_GONE);

    kai_pack_u64(&key, log_no);
    kai_pack_u64(&key, seq);
    return key;
}

enum kai_err kai_ix_gone(struct kai_ix *t, uint64_t log_no, uint64_t seq)
{
    struct pack key = gone_key(log_no, seq);
    struct pack val = {.n = 0};
    struct kai_view none = {0};

    t->self.gone = true;
    return kai_acts_put(t, &key, &val, none);
}

bool kai_ix_any_gone(const struct kai_ixsnap *r)
{
    return kai_acts_any(r, ACT_GONE);
}

bool kai_ix_is_gone(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq)
{
    struct pack key = gone_key(log_no, seq);
    struct unpack val;

    return kai_acts_get(r, &key, &val) == KAI_OK;
}
