/* oracle: docs/access-rules.md, read a second time.
 *
 * Written from that page alone: its numbered rules stand as lines of a table, and an act is allowed
 * when some line says so and none forbids it. It shares nothing with lib/policy and includes none
 * of it. Used by tests/policy over every combination of facts, and for a simulator: fill a case
 * with what the script knows of the parties (never with what a node under test computed), and ask
 * about each send:
 *
 *     struct oracle_case c = {{0}};
 *     c.v[O_KIND] = 3, c.v[O_ACTIVE] = 1, c.v[O_MEMBER] = script says so, c.v[O_MATCHED] = 1;
 *     if (!oracle_allows(O_ACT_FORWARD, &c, &rule)) fail("%s", rule);
 */
#ifndef TESTS_POLICY_ORACLE_H
#define TESTS_POLICY_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum oracle_act {
    O_ACT_RAISE,
    O_ACT_PUBLISH,
    O_ACT_LIST,
    O_ACT_FORWARD,
    O_ACT_RESHARE,
    O_ACT_SOURCE,
    O_ACT_EXPORT,
    O_ACT_READ,
    O_ACT_ROLE,
    O_ACTS_N
};

/* The words of the rules. Labels: 0 none, 1 CLEAR .. 5 RED, 6 any number that is none. Kinds: 1
 * public .. 7 mailbox, 0 any other. PAP: 0 none, 1 CLEAR .. 4 RED, 5 any other. The rest 0 or 1 but
 * where said. */
#define ORACLE_WORDS(X)                                                                            \
    X(LABEL, "label")     /* Signed. */                                                            \
    X(GIVEN, "given")     /* --label. */                                                           \
    X(KIND, "kind")       /* Of the audience, of the target. */                                    \
    X(CEILING, "ceiling") /* Its label. */                                                         \
    X(MAY, "may")         /* The node is active and may publish. */                                \
    X(MEMBER, "member")   /* Of the audience or target; of publish, reshare: or its owner. */      \
    X(SEALED, "sealed")   /* Has the second seal. */                                               \
    X(ACTIVE, "active")   /* The peer. */                                                          \
    X(LISTED, "listed")   /* forward: as relay. reshare: the source lists the target. */           \
    X(RELAY, "relay")     /* The peer has the right to relay. */                                   \
    X(MATCHED, "matched") /* Both showed a key. */                                                 \
    X(OFFERED, "offered") /* One named the audience to the other. */                               \
    X(KEYS, "keys")       /* Only key logs would go. */                                            \
    X(FROM, "from")       /* Kind of the audience it came in. */                                   \
    X(FROMLISTED, "fromlisted")                                                                    \
    X(PROVEN, "proven")                                                                            \
    X(OWN, "own") /* The sharer owns the target. */                                                \
    X(INSIDE, "inside")                                                                            \
    X(SOURCE, "source")     /* Who acts is of the origin. */                                       \
    X(RELEASE, "release")   /* Label of a release that covers it; 0 none. */                       \
    X(RELLISTS, "rellists") /* It lists the target. */                                             \
    X(REVOKED, "revoked")   /* The source. */                                                      \
    X(HELD, "held")         /* From the source's own log. */                                       \
    X(RECALLED, "recalled")                                                                        \
    X(WHAT, "what")       /* source: 1 release 2 recall 3 withdraw 4 receipts, 0 any other. */     \
    X(PURPOSE, "purpose") /* 1 detect 2 block 3 file 4 feed, 0 any other. */                       \
    X(PAP, "pap")                                                                                  \
    X(CLEARANCE, "clearance")                                                                      \
    X(EXERCISE, "exercise")                                                                        \
    X(WITHDRAWN, "withdrawn")                                                                      \
    X(EXPIRED, "expired")                                                                          \
    X(QUARANTINED, "quarantined")                                                                  \
    X(CONTENT, "content") /* Asks for the content. */                                              \
    X(ROLE, "role")       /* 0 none, 1 reader, 2 analyst, 3 admin, 4 any other. */                 \
    X(VERB, "verb")       /* 1 look, 2 share, 3 manage, 0 any other. */

enum oracle_word {
#define ORACLE_WORD(id, text) O_##id,
    ORACLE_WORDS(ORACLE_WORD)
#undef ORACLE_WORD
        O_WORDS_N
};

struct oracle_case {
    uint8_t v[O_WORDS_N]; /* Each below 8. */
};

/* *rule, when not NULL, is set to the number of the rule that forbids ("F3"), or that allows. */
bool oracle_allows(enum oracle_act act, const struct oracle_case *c, const char **rule);

/* The lines of the table, for the test that finds each rule of the page in it: the i-th line's rule
 * number, NULL past the last. */
const char *oracle_rule(unsigned i);

#endif
