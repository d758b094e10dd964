/* test_cross: every combination of facts, asked of lib/policy and of the oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "item/label.h"
#include "keys/record.h"
#include "policy/oracle.h"
#include "policy/policy.h"

_Static_assert(KAI_POLICY_CLEAR == (int)KAI_TLP_CLEAR && KAI_POLICY_RED == (int)KAI_TLP_RED &&
                   KAI_POLICY_STRICT == (int)KAI_TLP_AMBER_STRICT &&
                   KAI_POLICY_AMBER == (int)KAI_TLP_AMBER && KAI_POLICY_GREEN == (int)KAI_TLP_GREEN,
               "labels have one number");
_Static_assert(KAI_POLICY_PUBLIC == (int)KAI_AUD_PUBLIC &&
                   KAI_POLICY_COMMUNITY == (int)KAI_AUD_COMMUNITY &&
                   KAI_POLICY_GROUP == (int)KAI_AUD_GROUP &&
                   KAI_POLICY_CLIENTS == (int)KAI_AUD_CLIENTS &&
                   KAI_POLICY_PROVIDERS == (int)KAI_AUD_PROVIDERS &&
                   KAI_POLICY_PERSONS == (int)KAI_AUD_PERSONS &&
                   KAI_POLICY_MAILBOX == (int)KAI_AUD_MAILBOX,
               "kinds have one number");

/* A word of the act and how many values it takes, from 0. */
struct span {
    enum oracle_word word;
    uint8_t n;
};
#define FLAG(w)                                                                                    \
    {                                                                                              \
        O_##w, 2                                                                                   \
    }
#define LABEL(w)                                                                                   \
    {                                                                                              \
        O_##w, 7                                                                                   \
    }

typedef const char *ask_fn(const struct oracle_case *c);

/* What the word's value is in the facts. */
static uint8_t tlp(uint8_t label)
{
    return label == 6 ? 9 : label;
}
static uint64_t kind_of(uint8_t kind)
{
    return kind == 0 ? 8 : kind;
}

static const char *ask_raise(const struct oracle_case *c)
{
    return kai_policy_raise(tlp(c->v[O_LABEL]), tlp(c->v[O_GIVEN]));
}

static const char *ask_publish(const struct oracle_case *c)
{
    struct kai_policy_publish f = {
        .tlp = tlp(c->v[O_LABEL]),
        .audience_kind = kind_of(c->v[O_KIND]),
        .ceiling = c->v[O_CEILING],
        .member = c->v[O_MEMBER],
        .may_publish = c->v[O_MAY],
        .sealed = c->v[O_SEALED],
    };

    return kai_policy_publish(&f);
}

static const char *ask_list(const struct oracle_case *c)
{
    return kai_policy_list(tlp(c->v[O_LABEL]), kind_of(c->v[O_KIND]), c->v[O_CEILING]);
}

static const char *ask_forward(const struct oracle_case *c)
{
    struct kai_policy_forward f = {
        .audience_kind = kind_of(c->v[O_KIND]),
        .keys_only = c->v[O_KEYS],
        .peer_active = c->v[O_ACTIVE],
        .matched = c->v[O_MATCHED],
        .offered = c->v[O_OFFERED],
        .member = c->v[O_MEMBER],
        .relay_listed = c->v[O_LISTED],
        .relay_cap = c->v[O_RELAY],
    };

    return kai_policy_forward(&f);
}

static const char *ask_reshare(const struct oracle_case *c)
{
    struct kai_policy_reshare f = {
        .tlp = tlp(c->v[O_LABEL]),
        .from_kind = kind_of(c->v[O_FROM]),
        .from_listed = c->v[O_FROMLISTED],
        .from_proven = c->v[O_PROVEN],
        .target_kind = kind_of(c->v[O_KIND]),
        .target_ceiling = c->v[O_CEILING],
        .target_listed = c->v[O_LISTED],
        .target_of_sharer = c->v[O_OWN],
        .target_inside = c->v[O_INSIDE],
        .sharer_member = c->v[O_MEMBER],
        .sharer_publishes = c->v[O_MAY],
        .sharer_is_origin = c->v[O_SOURCE],
        .release_tlp = tlp(c->v[O_RELEASE]),
        .release_lists = c->v[O_RELLISTS],
        .source_revoked = c->v[O_REVOKED],
        .held_from_source = c->v[O_HELD],
        .recalled = c->v[O_RECALLED],
    };

    return kai_policy_reshare(&f);
}

static const char *ask_source(const struct oracle_case *c)
{
    struct kai_policy_origin_act f = {
        .what = c->v[O_WHAT] == 0 ? 9 : c->v[O_WHAT],
        .tlp = tlp(c->v[O_LABEL]),
        .release_tlp = tlp(c->v[O_RELEASE]),
        .of_origin = c->v[O_SOURCE],
        .may_publish = c->v[O_MAY],
    };

    return kai_policy_origin_act(&f);
}

static const char *ask_export(const struct oracle_case *c)
{
    struct kai_policy_export f = {
        .purpose = c->v[O_PURPOSE] == 0 ? 5 : c->v[O_PURPOSE],
        .tlp = tlp(c->v[O_LABEL]),
        .pap = c->v[O_PAP] == 5 ? 200 : c->v[O_PAP],
        .clearance = tlp(c->v[O_CLEARANCE]),
        .exercise = c->v[O_EXERCISE],
        .withdrawn = c->v[O_WITHDRAWN],
        .expired = c->v[O_EXPIRED],
        .recalled = c->v[O_RECALLED],
        .quarantined = c->v[O_QUARANTINED],
    };

    return kai_policy_export(&f);
}

static const char *ask_read(const struct oracle_case *c)
{
    struct kai_policy_read f = {
        .role = c->v[O_ROLE],
        .clearance = tlp(c->v[O_CLEARANCE]),
        .tlp = tlp(c->v[O_LABEL]),
        .quarantined = c->v[O_QUARANTINED],
        .sealed = c->v[O_SEALED],
        .wants_content = c->v[O_CONTENT],
    };

    return kai_policy_read(&f);
}

static const char *ask_role(const struct oracle_case *c)
{
    return kai_policy_role(c->v[O_ROLE], c->v[O_VERB] == 0 ? 4 : c->v[O_VERB]);
}

/* ---- The walk over all combinations. */

static struct {
    size_t cases[O_ACTS_N];
    size_t allowed[O_ACTS_N];
    size_t codes[64]; /* How often each verdict was given. */
} seen;
static int failed;

static void count(enum oracle_act act, const char *no)
{
    const char *const *codes;
    size_t n = kai_policy_codes(&codes);

    seen.cases[act]++;
    seen.allowed[act] += no == NULL;
    for (size_t i = 0; no != NULL && i < n; i++)
        if (codes[i] == no) { /* The very string: a code from elsewhere is none. */
            seen.codes[i]++;
            return;
        }
    if (no != NULL && failed++ < 10)
        print_error("%s is not in policy_codes.def\n", no);
}

static void differ(const struct oracle_case *c, const struct span *s, size_t n, const char *no,
                   const char *rule)
{
    if (failed++ >= 10)
        return;
    for (size_t i = 0; i < n; i++)
        print_error("%s=%u ",
                    (const char *[]){
#define ORACLE_WORD(id, text) text,
                        ORACLE_WORDS(ORACLE_WORD)
#undef ORACLE_WORD
                    }[s[i].word],
                    c->v[s[i].word]);
    print_error("\n  policy: %s; rules: %s\n", no == NULL ? "allowed" : no, rule);
}

static bool next(struct oracle_case *c, const struct span *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (++c->v[s[i].word] < s[i].n)
            return true;
        c->v[s[i].word] = 0;
    }
    return false;
}

static void walk(enum oracle_act act, ask_fn *ask, const struct span *s, size_t n)
{
    struct oracle_case c = {{0}};
    size_t all = 1;

    for (size_t k = 0; k < n; k++)
        all *= s[k].n;
    do {
        const char *rule;
        const char *no = ask(&c);

        if ((no == NULL) != oracle_allows(act, &c, &rule))
            differ(&c, s, n, no, rule);
        count(act, no);
    } while (next(&c, s, n));
    assert_int_equal(seen.cases[act], all);
    assert_true(seen.allowed[act] > 0 && seen.allowed[act] < all);
    assert_int_equal(failed, 0);
}

static const struct act {
    enum oracle_act act;
    ask_fn *ask;
    size_t n;
    struct span s[20];
} acts[] = {
    {O_ACT_RAISE, ask_raise, 2, {LABEL(LABEL), LABEL(GIVEN)}},
    {O_ACT_PUBLISH,
     ask_publish,
     6,
     {LABEL(LABEL), {O_KIND, 8}, {O_CEILING, 7}, FLAG(MEMBER), FLAG(MAY), FLAG(SEALED)}},
    {O_ACT_LIST, ask_list, 3, {LABEL(LABEL), {O_KIND, 8}, {O_CEILING, 7}}},
    {O_ACT_FORWARD,
     ask_forward,
     8,
     {{O_KIND, 8},
      FLAG(ACTIVE),
      FLAG(MEMBER),
      FLAG(LISTED),
      FLAG(RELAY),
      FLAG(MATCHED),
      FLAG(OFFERED),
      FLAG(KEYS)}},
    {O_ACT_RESHARE,
     ask_reshare,
     17,
     {LABEL(LABEL),
      LABEL(RELEASE),
      {O_FROM, 8},
      {O_KIND, 8},
      {O_CEILING, 6},
      FLAG(FROMLISTED),
      FLAG(PROVEN),
      FLAG(LISTED),
      FLAG(OWN),
      FLAG(INSIDE),
      FLAG(MEMBER),
      FLAG(MAY),
      FLAG(SOURCE),
      FLAG(RELLISTS),
      FLAG(REVOKED),
      FLAG(HELD),
      FLAG(RECALLED)}},
    {O_ACT_SOURCE,
     ask_source,
     5,
     {{O_WHAT, 5}, LABEL(LABEL), LABEL(RELEASE), FLAG(SOURCE), FLAG(MAY)}},
    {O_ACT_EXPORT,
     ask_export,
     9,
     {{O_PURPOSE, 5},
      LABEL(LABEL),
      {O_PAP, 6},
      LABEL(CLEARANCE),
      FLAG(EXERCISE),
      FLAG(WITHDRAWN),
      FLAG(EXPIRED),
      FLAG(RECALLED),
      FLAG(QUARANTINED)}},
    {O_ACT_READ,
     ask_read,
     6,
     {{O_ROLE, 5}, LABEL(CLEARANCE), LABEL(LABEL), FLAG(QUARANTINED), FLAG(SEALED), FLAG(CONTENT)}},
    {O_ACT_ROLE, ask_role, 2, {{O_ROLE, 5}, {O_VERB, 4}}},
};
#define ACTS_N (sizeof acts / sizeof acts[0])

static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACTS_N; i++)
        walk(acts[i].act, acts[i].ask, acts[i].s, acts[i].n);
}

#ifdef KAIRAN_MUTANTS
/* Whether some combination tells the rules of the page and the code apart. */
static bool differs(const struct act *a)
{
    struct oracle_case c = {{0}};

    do {
        if ((a->ask(&c) == NULL) != oracle_allows(a->act, &c, NULL))
            return true;
    } while (next(&c, a->s, a->n));
    return false;
}

/* With any one guard of lib/policy taken out, something is allowed that no rule allows. */
static void test_guards(void **state)
{
    static const struct {
        const char *guard;
        enum oracle_act act;
    } rows[] = {
        {"LABEL_RAISE", O_ACT_RAISE},
        {"LABEL_CEILING", O_ACT_PUBLISH},
        {"PERSONS_RED_ONLY", O_ACT_PUBLISH},
        {"PUBLISH_CAPABILITY", O_ACT_PUBLISH},
        {"PUBLISH_MEMBER", O_ACT_PUBLISH},
        {"RED_SEALED", O_ACT_PUBLISH},
        {"PEER_ACTIVE", O_ACT_FORWARD},
        {"PEER_MEMBER", O_ACT_FORWARD},
        {"PEER_MATCHED", O_ACT_FORWARD},
        {"RELAY_CAPABILITY", O_ACT_FORWARD},
        {"RESHARE_FROM_LISTED", O_ACT_RESHARE},
        {"RESHARE_FROM_PROVEN", O_ACT_RESHARE},
        {"RESHARE_PROVIDERS", O_ACT_RESHARE},
        {"RESHARE_GREEN", O_ACT_RESHARE},
        {"RESHARE_AMBER", O_ACT_RESHARE},
        {"RESHARE_STRICT", O_ACT_RESHARE},
        {"RESHARE_RED", O_ACT_RESHARE},
        {"RESHARE_RECALLED", O_ACT_RESHARE},
        {"RESHARE_REVOKED", O_ACT_RESHARE},
        {"ORIGIN_ONLY", O_ACT_SOURCE},
        {"ORIGIN_CAPABILITY", O_ACT_SOURCE},
        {"RELEASE_RED", O_ACT_SOURCE},
        {"EXPORT_EXERCISE", O_ACT_EXPORT},
        {"EXPORT_CURRENT", O_ACT_EXPORT},
        {"EXPORT_PAP", O_ACT_EXPORT},
        {"EXPORT_RED", O_ACT_EXPORT},
        {"EXPORT_RECALLED", O_ACT_EXPORT},
        {"READ_QUARANTINED", O_ACT_READ},
        {"READ_CLEARANCE", O_ACT_READ},
        {"READ_ROLE", O_ACT_READ},
        {"READ_SEALED", O_ACT_READ},
        {"ROLE", O_ACT_ROLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(kai_check_disable(rows[i].guard));
        if (!differs(&acts[rows[i].act])) {
            print_error("%s: taken out, nothing changes\n", rows[i].guard);
            failed++;
        }
    }
    assert_true(kai_check_disable(NULL));
    assert_int_equal(failed, 0);
}
#endif

/* A code that nothing gives is a rule that nothing keeps. */
static void test_every_code(void **state)
{
    const char *const *codes;
    size_t n = kai_policy_codes(&codes);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        if (seen.codes[i] == 0)
            print_error("%s: never given\n", codes[i]);
        assert_true(seen.codes[i] > 0);
    }
    for (int a = 0; a < O_ACTS_N; a++)
        print_message("%zu combinations, %zu allowed\n", seen.cases[a], seen.allowed[a]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_every_code),
#ifdef KAIRAN_MUTANTS
        cmocka_unit_test(test_guards),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
