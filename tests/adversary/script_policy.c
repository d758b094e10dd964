/* script_policy: what somebody would like to do with an item, asked of lib/policy with the facts as
 * every honest node gathers them: a widened list, a re-share too far, an act that is another's, a
 * reader without the clearance. */
#include "adversary/evil.h"
#include "node/persons.h"
#include "policy/policy.h"

#define CLEAR  KAI_POLICY_CLEAR
#define GREEN  KAI_POLICY_GREEN
#define AMBER  KAI_POLICY_AMBER
#define STRICT KAI_POLICY_STRICT
#define RED    KAI_POLICY_RED

/* One attack each: all the facts but one are as they should be. */
#define ATTACK(name, ask, facts, ...)                                                              \
    static bool name(void)                                                                         \
    {                                                                                              \
        const struct facts f = {__VA_ARGS__};                                                      \
        return HELD(ask(&f) != NULL);                                                              \
    }
#define PUBLISHES(name, ...) ATTACK(name, kai_policy_publish, kai_policy_publish, __VA_ARGS__)
#define SHARES(name, ...)                                                                          \
    ATTACK(name, kai_policy_reshare, kai_policy_reshare, .sharer_member = true,                    \
           .sharer_publishes = true, __VA_ARGS__)
#define ACTS(name, ...)    ATTACK(name, kai_policy_origin_act, kai_policy_origin_act, __VA_ARGS__)
#define EXPORTS(name, ...) ATTACK(name, kai_policy_export, kai_policy_export, __VA_ARGS__)
#define READS(name, ...)   ATTACK(name, kai_policy_read, kai_policy_read, __VA_ARGS__)

/* ---- Publishing. */
PUBLISHES(over_the_ceiling, AMBER, KAI_POLICY_COMMUNITY, GREEN, true, true, false)
PUBLISHES(amber_among_persons, AMBER, KAI_POLICY_PERSONS, RED, true, true, true)
PUBLISHES(red_in_the_open, RED, KAI_POLICY_PERSONS, RED, true, true, false)
PUBLISHES(may_not_write, CLEAR, KAI_POLICY_PUBLIC, CLEAR, true, false, false)
PUBLISHES(writes_from_outside, GREEN, KAI_POLICY_GROUP, STRICT, false, true, false)

static bool lowers_a_label(void)
{
    return HELD(kai_policy_raise(AMBER, GREEN) != NULL);
}

/* ---- Passing on. */
SHARES(amber_to_a_group, .tlp = AMBER, .from_kind = KAI_POLICY_GROUP, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_GROUP, .target_ceiling = STRICT)
SHARES(strict_to_a_group, .tlp = STRICT, .from_kind = KAI_POLICY_GROUP, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_GROUP, .target_ceiling = STRICT)
SHARES(green_outside, .tlp = GREEN, .from_kind = KAI_POLICY_COMMUNITY, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_COMMUNITY, .target_ceiling = GREEN)
SHARES(green_to_a_provider, .tlp = GREEN, .from_kind = KAI_POLICY_COMMUNITY, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_PROVIDERS, .target_ceiling = AMBER,
       .target_inside = true)
SHARES(red_to_anybody, .tlp = RED, .from_kind = KAI_POLICY_PERSONS, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_PERSONS, .target_ceiling = RED,
       .target_listed = true)
SHARES(recalled, .tlp = CLEAR, .from_kind = KAI_POLICY_COMMUNITY, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_PUBLIC, .target_ceiling = CLEAR,
       .recalled = true)
SHARES(of_the_revoked, .tlp = CLEAR, .from_kind = KAI_POLICY_COMMUNITY, .from_listed = true,
       .from_proven = true, .target_kind = KAI_POLICY_PUBLIC, .target_ceiling = CLEAR,
       .source_revoked = true)
SHARES(widened_list, .tlp = GREEN, .from_kind = KAI_POLICY_COMMUNITY, .from_proven = true,
       .target_kind = KAI_POLICY_COMMUNITY, .target_ceiling = GREEN, .target_inside = true)
SHARES(never_a_member, .tlp = GREEN, .from_kind = KAI_POLICY_COMMUNITY, .from_listed = true,
       .target_kind = KAI_POLICY_COMMUNITY, .target_ceiling = GREEN, .target_inside = true)

/* ---- The source's word. */
ACTS(anothers_release, .what = KAI_POLICY_RELEASE, .tlp = AMBER, .release_tlp = CLEAR,
     .may_publish = true)
ACTS(silenced_node, .what = KAI_POLICY_RECALL, .tlp = AMBER, .of_origin = true)
ACTS(releases_red, .what = KAI_POLICY_RELEASE, .tlp = RED, .release_tlp = GREEN, .of_origin = true,
     .may_publish = true)

/* ---- Peers. */
static bool inactive_peer(void)
{
    const struct kai_policy_forward f = {
        .audience_kind = KAI_POLICY_GROUP, .matched = true, .member = true};

    return HELD(kai_policy_forward(&f) != NULL);
}

/* ---- Files for sensors. */
EXPORTS(exercise_to_sensor, .purpose = KAI_POLICY_DETECT, .tlp = GREEN, .clearance = RED,
        .exercise = true)
EXPORTS(withdrawn_to_sensor, .purpose = KAI_POLICY_DETECT, .tlp = GREEN, .clearance = RED,
        .withdrawn = true)
EXPORTS(block_on_amber_pap, .purpose = KAI_POLICY_BLOCK, .tlp = GREEN, .pap = 3, .clearance = RED)
EXPORTS(red_to_file, .purpose = KAI_POLICY_FILE, .tlp = RED, .clearance = RED)
EXPORTS(recalled_to_file, .purpose = KAI_POLICY_FILE, .tlp = GREEN, .clearance = RED,
        .recalled = true)

/* ---- Local users. */
READS(without_clearance, .role = KAI_POLICY_READER, .clearance = GREEN, .tlp = AMBER)
READS(without_role, .role = KAI_POLICY_NOBODY, .clearance = RED, .tlp = CLEAR)
READS(quarantined, .role = KAI_POLICY_ADMIN, .clearance = RED, .tlp = CLEAR, .quarantined = true)
READS(node_opens_red, .role = KAI_POLICY_ADMIN, .clearance = RED, .tlp = RED, .sealed = true,
      .wants_content = true)

static bool reader_publishes(void)
{
    return HELD(kai_policy_role(KAI_POLICY_READER, KAI_POLICY_SHARE) != NULL);
}

/* An expert who was lent until yesterday. */
static bool expired_person(void)
{
    const struct kai_person p = {.attested = true, .active = true, .not_after = 1000};

    return HELD(kai_person_current(&p, 999)) && HELD(!kai_person_current(&p, 2000));
}

const struct evil_script evil_policy[] = {
    {"over-the-ceiling",
     "an audience carries nothing above its ceiling",
     {"LABEL_CEILING"},
     over_the_ceiling},
    {"amber-among-persons",
     "what is not sealed goes into no audience of persons",
     {"PERSONS_RED_ONLY"},
     amber_among_persons},
    {"red-in-the-open", "RED without the second seal is refused", {"RED_SEALED"}, red_in_the_open},
    {"may-not-write",
     "who writes is active and may publish",
     {"PUBLISH_CAPABILITY"},
     may_not_write},
    {"writes-from-outside",
     "who writes into an audience is a member of it or owns it",
     {"PUBLISH_MEMBER"},
     writes_from_outside},
    {"lowers-a-label", "a label is raised, never lowered", {"LABEL_RAISE"}, lowers_a_label},
    {"amber-to-a-group",
     "AMBER is passed on to one's own clients only",
     {"RESHARE_AMBER"},
     amber_to_a_group},
    {"strict-to-a-group",
     "AMBER+STRICT is passed on only where its source lists the target",
     {"RESHARE_STRICT"},
     strict_to_a_group},
    {"green-outside", "GREEN stays inside its community", {"RESHARE_GREEN"}, green_outside},
    {"green-to-a-provider",
     "a provider gets only what the source addresses to it",
     {"RESHARE_PROVIDERS"},
     green_to_a_provider},
    {"red-to-anybody", "RED is passed on to nobody", {"RESHARE_RED"}, red_to_anybody},
    {"recalled", "what was recalled is not passed on", {"RESHARE_RECALLED"}, recalled},
    {"of-the-revoked",
     "of a revoked source counts only what came from its own log",
     {"RESHARE_REVOKED"},
     of_the_revoked},
    {"widened-list",
     "what is passed on came from an audience that its source listed",
     {"RESHARE_FROM_LISTED"},
     widened_list},
    {"never-a-member",
     "who passes on proves to have been a member there",
     {"RESHARE_FROM_PROVEN"},
     never_a_member},
    {"anothers-release",
     "only the source releases, recalls, withdraws",
     {"ORIGIN_ONLY"},
     anothers_release},
    {"silenced-node",
     "the source's word needs an active node that may publish",
     {"ORIGIN_CAPABILITY"},
     silenced_node},
    {"releases-red", "RED is released to nobody", {"RELEASE_RED"}, releases_red},
    {"inactive-peer", "nothing goes to a peer that is not active", {"PEER_ACTIVE"}, inactive_peer},
    {"exercise-to-sensor",
     "no sensor gets an exercise item",
     {"EXPORT_EXERCISE"},
     exercise_to_sensor},
    {"withdrawn-to-sensor",
     "no sensor gets what is withdrawn or has expired",
     {"EXPORT_CURRENT"},
     withdrawn_to_sensor},
    {"block-on-amber-pap",
     "a sensor gets only what the PAP lets it do",
     {"EXPORT_PAP"},
     block_on_amber_pap},
    {"red-to-file", "RED goes into no file", {"EXPORT_RED"}, red_to_file},
    {"recalled-to-file",
     "what was recalled goes into no file",
     {"EXPORT_RECALLED"},
     recalled_to_file},
    {"without-clearance",
     "a local user reads nothing above the clearance",
     {"READ_CLEARANCE"},
     without_clearance},
    {"without-role", "who has no role reads nothing", {"READ_ROLE"}, without_role},
    {"quarantined", "what broke a rule is shown to nobody", {"READ_QUARANTINED"}, quarantined},
    {"node-opens-red", "what is sealed to persons no node shows", {"READ_SEALED"}, node_opens_red},
    {"expired-person",
     "nothing is sealed to a person whose place has ended",
     {"PERSON_CURRENT"},
     expired_person},
    {"reader-publishes",
     "a verb runs only for a caller whose role covers it",
     {"ROLE"},
     reader_publishes},
    {0}};
