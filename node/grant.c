/* grant: what an ADMIT gives. */
#include "node/grant.h"

#include <string.h>

#include <sodium.h>

#include "item/label.h"
#include "node/core.h"

#define DAY_MS           (24ull * 60 * 60 * 1000)
#define LIFE_DAYS        1826u /* Five years. */
#define CHILDREN_FOUNDER 4096u
#define CHILDREN_MEMBER  256u /* Nodes, persons and organisations that one organisation admits. */
#define QUOTA_BYTES      (1ull << 30) /* A day (docs/protocol.md 9). */

struct kai_grant kai_grant_founder(void)
{
    return (struct kai_grant){
        .caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_RELAY | KAI_CAP_OWNER,
        .depth_left = KAI_ORG_DEPTH_MAX - 1,
        .max_children = CHILDREN_FOUNDER,
        .label_max = KAI_TLP_RED,
        .quota = QUOTA_BYTES,
        .not_after = kai_wall_ms() + LIFE_DAYS * DAY_MS,
    };
}

struct kai_grant kai_grant_member(void)
{
    struct kai_grant g = kai_grant_founder();

    g.depth_left = 0;
    g.max_children = CHILDREN_MEMBER;
    g.label_max = KAI_TLP_AMBER_STRICT;
    return g;
}

struct kai_grant kai_grant_of(const struct kai_admit *a)
{
    struct kai_grant g = {
        .caps = a->caps,
        .depth_left = a->depth_left,
        .max_children = a->max_children,
        .label_max = a->label_max,
        .quota = a->quota,
        .not_after = a->not_after,
    };
    return g; /* Attributes belong to the organisation, not to its keys. */
}

static void fill(struct kai_admit *a, const struct kai_grant *g, uint64_t kind)
{
    *a = (struct kai_admit){
        .kind = kind,
        .caps = g->caps,
        .depth_left = g->depth_left,
        .max_children = g->max_children,
        .label_max = g->label_max,
        .quota = g->quota,
        .not_before = kai_wall_ms(),
        .not_after = g->not_after,
        .serial = (((uint64_t)randombytes_random() << 32) | randombytes_random()) >>
                  1, /* No two ADMITs are the same. */
        .n_attrs = g->n_attrs,
    };
    memcpy(a->attrs, g->attrs, sizeof a->attrs);
}

void kai_grant_admit(struct kai_admit *a, const struct kai_grant *g, uint64_t kind,
                     const char *name, const struct kai_keys *subject, const uint8_t *org_id)
{
    fill(a, g, kind);
    kai_copy_text(a->name, sizeof a->name, name);
    memcpy(a->sign_pk, subject->sign_pk, KAI_KEY_BYTES);
    a->has_kx = kind == KAI_ADMIT_NODE || kind == KAI_ADMIT_PERSON;
    a->has_curve = kind == KAI_ADMIT_NODE;
    if (a->has_kx)
        memcpy(a->kx_pk, subject->kx_pk, KAI_KEY_BYTES);
    if (a->has_curve)
        memcpy(a->curve_pk, subject->curve_pk, KAI_KEY_BYTES);
    kai_admit_set_org(a, org_id);
    kai_admit_prove(a, subject->sign_sk);
}

void kai_grant_request(struct kai_admit *a, const struct kai_grant *g,
                       const struct kai_admit *proof)
{
    fill(a, g, proof->kind);
    memcpy(a->name, proof->name, sizeof a->name);
    memcpy(a->sign_pk, proof->sign_pk, KAI_KEY_BYTES);
    a->has_kx = proof->has_kx;
    a->has_curve = proof->has_curve;
    memcpy(a->kx_pk, proof->kx_pk, KAI_KEY_BYTES);
    memcpy(a->curve_pk, proof->curve_pk, KAI_KEY_BYTES);
    kai_admit_set_org(a, proof->has_of_org ? proof->of_org : NULL);
    memcpy(a->pop, proof->pop, KAI_SIG_BYTES);
}
