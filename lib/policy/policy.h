/* policy: what an access rule allows, and which rule forbids the rest. Pure: facts in, verdict out.
 * Everybody who publishes, forwards, receives, shows or exports an item asks here, and nothing else
 * decides. The rules in words: docs/access-rules.md.
 *
 * A verdict is NULL for allowed, or the stable code of the rule that forbids (policy_codes.def:
 * static storage, sentences in lib/text). Facts are numbers and bools that the caller has verified;
 * what it does not know it leaves false or 0, which never allows more. A label, audience kind, PAP,
 * role or act that is no known number counts as the strictest there is, or is refused. */
#ifndef KAI_POLICY_POLICY_H
#define KAI_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of docs/protocol.md 5 (labels; the same as enum kai_tlp and kai_pap of lib/item) and 3
 * (audience kinds; the same as enum kai_aud_kind of keys). A larger label is stricter. */
enum kai_policy_tlp {
    KAI_POLICY_NONE = 0,
    KAI_POLICY_CLEAR = 1,
    KAI_POLICY_GREEN = 2,
    KAI_POLICY_AMBER = 3,
    KAI_POLICY_STRICT = 4,
    KAI_POLICY_RED = 5,
};
enum kai_policy_kind {
    KAI_POLICY_PUBLIC = 1,
    KAI_POLICY_COMMUNITY = 2,
    KAI_POLICY_GROUP = 3,
    KAI_POLICY_CLIENTS = 4,
    KAI_POLICY_PROVIDERS = 5,
    KAI_POLICY_PERSONS = 6,
    KAI_POLICY_MAILBOX = 7,
};

/* ---- Labels. */

/* A label as it counts: 1..5, and RED for every number that is none, 0 included. */
uint8_t kai_policy_label(uint64_t tlp);
/* The strictest of n labels, as each counts; RED for none at all. */
uint8_t kai_policy_strictest(const uint8_t *tlp, size_t n);
/* May a label that stands on the object be replaced by another one? Raised, never lowered. stands
 * 0: none there. Codes: label.missing (neither gives one), label.lower. */
const char *kai_policy_raise(uint8_t stands, uint8_t given);
/* The highest label that an audience of this kind and recorded ceiling may carry: public never more
 * than CLEAR, persons RED, every other kind at most AMBER+STRICT. 0 for an unknown kind. */
uint8_t kai_policy_ceiling(uint64_t kind, uint64_t ceiling);

/* ---- publish: an origin writes into an audience. Asked by the publisher, and by every receiver of
 * the batch from its own roster. */
struct kai_policy_publish {
    uint8_t tlp;            /* The signed label; 0: the object has none. */
    uint64_t audience_kind; /* enum kai_policy_kind. */
    uint64_t ceiling;       /* Of the audience: TLP 1..5; of a mailbox AMBER+STRICT, or its owner's
                               label_max where that is lower. */
    bool member;            /* The origin's organisation is a member of the audience, or owns it. */
    bool may_publish;       /* Its node is active and has the capability. */
    bool sealed;            /* The contents carry the second seal (OBJ.seal is not nil). */
};
/* Codes: publish.capability, audience.kind, publish.not-member, label.missing, label.red (RED is
 * for persons), label.persons (an audience of persons carries nothing else), red.unsealed,
 * label.ceiling. */
const char *kai_policy_publish(const struct kai_policy_publish *f);

/* May a source list a further audience (`--also`) in what it signs? ceiling as above.
 * Codes: audience.kind, label.missing, label.red, label.persons, label.ceiling. */
const char *kai_policy_list(uint8_t tlp, uint64_t audience_kind, uint64_t ceiling);

/* ---- forward: we send entries of an audience to a peer. Decided by the sender from its own
 * roster; nothing a peer says can widen it. */
struct kai_policy_forward {
    uint64_t audience_kind;
    bool keys_only;    /* Only key logs (EPOCH entries) would go. */
    bool peer_active;  /* The peer's node and its organisation are active, by our own roster. */
    bool matched;      /* Both ends have shown the routing secret. Of a mailbox and of public, whose
                          routing secret is no secret: the audience is in use on this link. */
    bool offered;      /* One end named the audience to the other, sealed to it. */
    bool member;       /* The peer's node is a member: of a mailbox, a node of its owner. */
    bool relay_listed; /* The AUDIENCE that counts lists the peer's node as a relay. */
    bool relay_cap;    /* The peer's node has the capability relay. */
};
/* Codes: audience.kind, forward.inactive, forward.not-member, forward.relay (listed, or carrying
 * for a mailbox, without the capability), forward.unmatched. */
const char *kai_policy_forward(const struct kai_policy_forward *f);

/* ---- re-share, and accept: an organisation passes an item of another source on into a target
 * audience. The sharer asks before it writes; every receiver asks again with what it verified
 * itself, and quarantines what is forbidden. Several releases: ask once with each. Several items or
 * sources: ask for each, all must be allowed. */
struct kai_policy_reshare {
    uint8_t tlp;        /* Signed by the origin. */
    uint64_t from_kind; /* Kind of the audience in which the sharer got it. */
    bool from_listed;   /* The OBJ lists that audience. */
    bool from_proven;   /* The sharer's node was a member of it: proof verified; or it is public;
                           or it is the sharer's own mailbox. */
    uint64_t target_kind;
    uint64_t target_ceiling; /* As in kai_policy_publish. */
    bool target_listed;      /* The OBJ lists the target itself (--also). */
    bool target_of_sharer;   /* The target's owner is the sharer's organisation. */
    bool target_inside;      /* Every member of the target is known to be a member of `from`. */
    bool sharer_member;      /* The sharer's organisation is a member of the target, or owns it. */
    bool sharer_publishes;   /* Its node is active and has the capability publish. */
    bool sharer_is_origin;   /* Its organisation is the origin's. */
    uint8_t release_tlp;     /* A release of the origin covers the items: its label. 0: none. */
    bool release_lists;      /* That release lists the target. One without a list does not:
                                only the row of its label counts. */
    bool source_revoked;
    bool held_from_source; /* The asking node holds the item from the source's own log. */
    bool recalled;         /* The sharer knows of a recall. A receiver leaves it false: what was
                              recalled is hidden by the recall, and nobody broke a rule. */
};
/* Codes: publish.capability, audience.kind, reshare.red, label.persons, publish.not-member,
 * label.ceiling, item.recalled, reshare.source-revoked, reshare.from, reshare.strict,
 * reshare.amber, reshare.green, reshare.providers. */
const char *kai_policy_reshare(const struct kai_policy_reshare *f);

/* ---- What only the source may do: any active node of the origin's organisation that may publish.
 * Asked by who does it, and by every receiver of the act. */
enum kai_policy_origin_what {
    KAI_POLICY_RELEASE = 1,
    KAI_POLICY_RECALL = 2,
    KAI_POLICY_WITHDRAW = 3,
    KAI_POLICY_RECEIPTS = 4, /* Read who holds it, read it, acted on it. */
};
struct kai_policy_origin_act {
    uint64_t what;       /* enum kai_policy_origin_what. */
    uint8_t tlp;         /* Of the item. */
    uint8_t release_tlp; /* RELEASE: the label that it gives; 0: the label stays. */
    bool of_origin;      /* The actor's organisation is the item's origin. */
    bool may_publish;    /* The actor's node is active and has the capability. */
};
/* Codes: act.unknown, act.not-source, publish.capability, release.red (RED is released to nobody,
 * and nothing is released as RED). */
const char *kai_policy_origin_act(const struct kai_policy_origin_act *f);

/* ---- export: an item goes into a file for a sensor or a tool of one's own. No option overrides
 * a verdict. */
enum kai_policy_purpose {
    KAI_POLICY_DETECT = 1, /* Zeek, Suricata alerts, CSV. */
    KAI_POLICY_BLOCK = 2,  /* RPZ, drop rules, hosts. */
    KAI_POLICY_FILE = 3,   /* STIX, MISP: a file for people and tools, for no sensor. */
    KAI_POLICY_FEED = 4,   /* TAXII: whoever asks may act by itself, but also has to hear what is
                            * withdrawn. */
};
struct kai_policy_export {
    uint64_t purpose; /* enum kai_policy_purpose. */
    uint8_t tlp;
    uint8_t pap; /* 0 none, 1 CLEAR .. 4 RED; any other counts as RED. */
    uint8_t clearance;
    bool exercise;
    bool withdrawn;
    bool expired;
    bool recalled;
    bool quarantined;
};
/* Codes: export.purpose, read.quarantined, read.clearance, export.red, item.recalled; but for FILE
 * also export.exercise, export.pap-detect, export.pap-block; for DETECT and BLOCK also
 * item.withdrawn, item.expired. */
const char *kai_policy_export(const struct kai_policy_export *f);

/* ---- local read: a local user (Unix user or token) and an item, or a verb. */
enum kai_policy_role {
    KAI_POLICY_NOBODY = 0,
    KAI_POLICY_READER = 1,
    KAI_POLICY_ANALYST = 2,
    KAI_POLICY_ADMIN = 3,
};
struct kai_policy_read {
    uint8_t role;
    uint8_t clearance; /* TLP 1..5; 0 and any other: reads nothing. */
    uint8_t tlp;
    bool quarantined;
    bool sealed;        /* The contents carry the second seal. */
    bool wants_content; /* Not only label, origin and audience. */
};
/* Codes: role.none, read.quarantined, read.clearance, read.sealed. */
const char *kai_policy_read(const struct kai_policy_read *f);

/* What a verb does, and so which role it takes. */
enum kai_policy_verb {
    KAI_POLICY_LOOK = 1,   /* query, get, watch, hunt, explain, open, export, status: readers. */
    KAI_POLICY_SHARE = 2,  /* publish, reshare, release, recall, withdraw, receipts: analysts. */
    KAI_POLICY_MANAGE = 3, /* Members, audiences, users, tokens, audit log, store: admins. */
};
/* Codes: role.none, role.lower. An unknown verb takes an admin. */
const char *kai_policy_role(uint8_t role, uint64_t verb);

/* ---- All codes, sorted: the n of them. */
size_t kai_policy_codes(const char *const **first);
/* Whether a reason's code names an access rule (exit status 3) rather than a defect. */
bool kai_policy_is_code(const char *code);

#endif
