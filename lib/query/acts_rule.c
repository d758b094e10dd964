/* acts_rule: RULEs that were read here and are not known to be kept elsewhere. */
#include "query/acts_priv.h"

static struct pack rule_key(uint64_t no)
{
    struct pack key = kai_pack_key(ACT_RULE);

    kai_pack_u64(&key, no);
    return key;
}

enum kai_err kai_ix_rule(struct kai_ix *t, uint64_t no, struct kai_view item)
{
    struct pack key = rule_key(no);
    struct pack head = {.n = 0};

    return kai_acts_put(t, &key, &head, item);
}

static bool first_rule(void *ctx, struct unpack key, struct unpack val)
{
    uint64_t *no = ctx;

    (void)val;
    *no = kai_unpack_u64(&key);
    return false;
}

enum kai_err kai_ix_rules_forget(struct kai_ix *t, uint64_t last)
{
    struct pack all = kai_pack_key(ACT_RULE);

    while (t->err == KAI_OK) {
        uint64_t no = UINT64_MAX;

        t->err = kai_acts_walk(&t->self, &all, NULL, first_rule, &no);
        if (no > last || t->err != KAI_OK)
            break;
        struct pack key = rule_key(no);
        (void)kai_acts_del(t, &key);
    }
    return t->err;
}

struct rules {
    kai_ix_rule_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_rule(void *ctx, struct unpack key, struct unpack val)
{
    struct rules *s = ctx;
    uint64_t no = kai_unpack_u64(&key);

    s->corrupt = key.bad;
    return !s->corrupt && s->f(s->ctx, no, val.rest);
}

enum kai_err kai_ixsnap_rules(struct kai_ixsnap *r, kai_ix_rule_fn *f, void *ctx)
{
    struct rules s = {.f = f, .ctx = ctx};
    struct pack all = kai_pack_key(ACT_RULE);
    enum kai_err err = KAI_OK;

    if (kai_ix_sees(r, KAI_LABELS - 1u)) /* The names of audiences for RED are RED. */
        err = kai_acts_walk(r, &all, NULL, hand_rule, &s);
    return s.corrupt ? KAI_ECORRUPT : err;
}
