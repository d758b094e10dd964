/* call_table: what verbs the API has, and what each takes. */
#include "node/call_table.h"

#include <string.h>

#define LOOK   KAI_POLICY_LOOK
#define SHARE  KAI_POLICY_SHARE
#define MANAGE KAI_POLICY_MANAGE
#define FILE_  KAI_CALL_FILE
#define BYTES  KAI_CALL_BYTES
#define LIVES  KAI_CALL_LIVES
#define FINDS  KAI_CALL_FINDS

static const struct kai_call_verb verbs[] = {
    {"status", kai_verb_status, LOOK, 0, "", "Tell how this node is, and what is wrong."},
    {"peers", kai_verb_peers, LOOK, 0, "", "List the links of this node."},
    {"network-show", kai_verb_network_show, LOOK, 0, "", "Show the network and its charter."},
    {"network-amend", kai_verb_network_amend, MANAGE, 0, "name threshold add drop langs texts",
     "Draft the next version of the charter."},
    {"network-review", kai_verb_network_review, MANAGE, 0, "record*",
     "Tell what a draft of the charter changes, and who has signed it."},
    {"network-apply", kai_verb_network_apply, MANAGE, 0, "record* texts",
     "Put a version of the charter into effect."},
    {"org-list", kai_verb_org_list, LOOK, 0, "", "List organisations."},
    {"org-show", kai_verb_org_show, LOOK, 0, "org*", "Show an organisation and its nodes."},
    {"org-admit", kai_verb_org_admit, MANAGE, 0,
     "request* clearance may_admit max_children expires provider attrs", "Admit an organisation."},
    {"org-revoke", kai_verb_org_revoke, MANAGE, 0, "org* reason keep", "Remove an organisation."},
    {"org-replace", kai_verb_org_replace, MANAGE, 0,
     "org* clearance may_admit max_children expires attrs request",
     "Renew an organisation, or change its terms."},
    {"org-succeed-begin", kai_verb_org_succeed_begin, MANAGE, 0, "old* new*",
     "Tell what is to be signed so that one organisation takes another's places over."},
    {"org-succeed", kai_verb_org_succeed, MANAGE, 0, "old* new* entry",
     "Give this organisation's word that one takes another's places over."},
    {"node-list", kai_verb_node_list, LOOK, 0, "all", "List nodes."},
    {"node-admit", kai_verb_node_admit, MANAGE, 0, "request*",
     "Admit a further node of this organisation."},
    {"node-revoke", kai_verb_node_revoke, MANAGE, 0, "node* reason", "Remove a node."},
    {"audience-create", kai_verb_audience_create, MANAGE, 0,
     "name* kind* label members stewards relays history rule", "Make an audience."},
    {"audience-add", kai_verb_audience_add, MANAGE, 0, "audience* members stewards relays",
     "Add members, stewards or relays to an audience."},
    {"audience-remove", kai_verb_audience_remove, MANAGE, 0, "audience* members stewards relays",
     "Remove members, stewards or relays from an audience."},
    {"audience-list", kai_verb_audience_list, LOOK, 0, "all", "List audiences."},
    {"audience-show", kai_verb_audience_show, LOOK, 0, "audience*",
     "Show an audience, and what this node holds of it."},
    {"publish", kai_verb_publish, SHARE, FILE_,
     "name to through wish also label pap exercise skip_bad dry_run extract wait timeout_ms",
     "Publish a file: `to` an audience, or `through` an organisation."},
    {"reshare", kai_verb_reshare, SHARE, 0, "id* to*",
     "Pass an item on into a further audience, as far as the rules allow."},
    {"release-request", kai_verb_release_request, SHARE, 0, "id* to* reason",
     "Ask the source of an item to let it go into an audience."},
    {"release-list", kai_verb_release_list, SHARE, 0, "open",
     "List requests for releases, one's own and those of others."},
    {"release-grant", kai_verb_release_grant, SHARE, 0, "id* to label any",
     "Let an item of this organisation go into a further audience."},
    {"release-refuse", kai_verb_release_refuse, SHARE, 0, "request* reason",
     "Refuse a request for a release."},
    {"withdraw", kai_verb_withdraw, SHARE, 0, "id* reason",
     "Take an item of this organisation back by a new version."},
    {"recall", kai_verb_recall, SHARE, 0, "id* reason",
     "Ask all holders to delete an item of this organisation."},
    {"note", kai_verb_note, SHARE, 0, "id* text*", "Add a note to an item."},
    {"sighting", kai_verb_sighting, SHARE, 0, "id* count at where", "Say that an item was seen."},
    {"receipts", kai_verb_receipts, SHARE, 0, "id* acted",
     "List who holds and has read an item of this organisation."},
    {"contribution-list", kai_verb_contribution_list, SHARE, 0, "",
     "List what others gave to be published under this organisation's name."},
    {"contribution-publish", kai_verb_contribution_publish, SHARE, 0, "id* to* keep label",
     "Publish a contribution under this organisation's name."},
    {"query", kai_verb_query, LOOK, FINDS, "expr limit settle after",
     "List the items that fit an expression."},
    {"get", kai_verb_get, LOOK, BYTES | FINDS, "id* format",
     "Show one item, with all that is known."},
    {"lookup", kai_verb_lookup, LOOK, FINDS, "values*", "Tell which of many values are known."},
    {"explain", kai_verb_explain, LOOK, FINDS, "id*",
     "Say what its reader may and must not do with an item."},
    {"export", kai_verb_export, LOOK, LIVES | FINDS, "format* expr follow",
     "Give what the rules let go into a file of a format."},
    {"watch", kai_verb_watch, LOOK, LIVES, "expr relevant", "Tell items as they arrive."},
    {"stream", kai_verb_stream, LOOK, LIVES, "expr clearance* from settle",
     "Tell what is current, what arrives, and what is withdrawn or recalled."},
    {"hunt-filter", kai_verb_hunt_filter, LOOK, 0, "types since",
     "Give a Bloom filter of all known values."},
    {"hunt-resolve", kai_verb_hunt_resolve, LOOK, FINDS, "values* types since",
     "Tell which of the values that passed the filter are known."},
    {"inventory-import", kai_verb_inventory_import, MANAGE, FILE_, "name",
     "Replace the inventory of this organisation."},
    {"inventory-list", kai_verb_inventory_list, MANAGE, 0, "", "List the inventory."},
    {"relevant", kai_verb_relevant, SHARE, FINDS, "expr limit settle",
     "List the items that touch the inventory."},
    {"person-add", kai_verb_person_add, MANAGE, 0, "request* clearance expires open_name",
     "Give a person a place in this organisation."},
    {"person-list", kai_verb_person_list, LOOK, 0, "all", "List persons."},
    {"person-revoke", kai_verb_person_revoke, MANAGE, 0, "person* reason", "Remove a person."},
    {"red-begin", kai_verb_red_begin, SHARE, 0, "to* kind_only",
     "Give the command line what it needs to seal to persons."},
    {"red-publish", kai_verb_red_publish, SHARE, FILE_, "to* persons* wait timeout_ms",
     "Publish what the command line has sealed to persons."},
    {"red-get", kai_verb_red_get, LOOK, FINDS, "id*", "Give a sealed item as it was sealed."},
    {"issuing-begin", kai_verb_issuing_begin, MANAGE, 0, "trusted",
     "Tell what the root key has to sign for a new issuing key."},
    {"issuing-replace", kai_verb_issuing_replace, MANAGE, 0, "admit* revoke*",
     "Put a new issuing key in the old one's place."},
    {"carry-pack", kai_verb_carry_pack, MANAGE, FILE_, "for* max_bytes name",
     "Make a file of what another node may have."},
    {"carry-unpack", kai_verb_carry_unpack, MANAGE, FILE_, "receipt name",
     "Take what a carry file holds."},
    {"keydeath-use", kai_verb_keydeath_use, MANAGE, 0, "note*", "End a key for ever."},
    {"reindex", kai_verb_reindex, MANAGE, 0, "", "Make the index anew; on a stopped node only."},
    {"user-set", kai_verb_user_set, MANAGE, 0, "user* clearance* role*", "Give a user a place."},
    {"user-list", kai_verb_user_list, MANAGE, 0, "", "List the places of users."},
    {"user-remove", kai_verb_user_remove, MANAGE, 0, "user*", "Take a user's place away."},
    {"token-add", kai_verb_token_add, MANAGE, 0, "name* clearance* role* expires",
     "Make a token for a program; its secret is told this once."},
    {"token-list", kai_verb_token_list, MANAGE, 0, "", "List tokens, without their secrets."},
    {"token-revoke", kai_verb_token_revoke, MANAGE, 0, "name*", "End a token."},
    {"audit-show", kai_verb_audit_show, MANAGE, 0, "since", "Show the audit log."},
    {"audit-verify", kai_verb_audit_verify, MANAGE, 0, "", "Verify the audit log."},
};

static const struct kai_call_arg arguments[] = {
    {"acted", KAI_ARG_BOOL, "say to the source that it was acted on here"},
    {"add", KAI_ARG_TEXTS, "organisations that become founders"},
    {"admit", KAI_ARG_TEXT, "hex of an entry of the root's log"},
    {"after", KAI_ARG_TEXT, "give pages: \"\" for the first, then what the page before ended with"},
    {"all", KAI_ARG_BOOL, "also those that are not one's own"},
    {"also", KAI_ARG_TEXTS, "further audiences into which members may pass it on"},
    {"any", KAI_ARG_BOOL, "into any audience that `label` allows"},
    {"at", KAI_ARG_TEXT, "a time, or a duration ago"},
    {"attrs", KAI_ARG_TEXTS, "attributes, each KEY=VALUE"},
    {"audience", KAI_ARG_TEXT, "name, or the beginning of its id"},
    {"clearance", KAI_ARG_TEXT, "the strictest label that may be read, such as TLP:AMBER"},
    {"count", KAI_ARG_UINT, "how often; 1 if not given"},
    {"drop", KAI_ARG_TEXTS, "organisations that are founders no more"},
    {"dry_run", KAI_ARG_BOOL, "tell what would be done, and do nothing"},
    {"entry", KAI_ARG_TEXT, "hex of an entry of the root's log"},
    {"exercise", KAI_ARG_BOOL, "it belongs to an exercise"},
    {"expires", KAI_ARG_TEXT, "a time, or a duration from now such as 90d"},
    {"expr", KAI_ARG_TEXT, "a query expression"},
    {"extract", KAI_ARG_BOOL, "the file is a free text: take the indicators out of it"},
    {"follow", KAI_ARG_BOOL, "go on, and give all again when something changed"},
    {"for", KAI_ARG_TEXT, "a node, or an organisation that has one"},
    {"format", KAI_ARG_TEXT, "export: zeek, suricata, rpz, hosts, csv, stix, misp; get: stix"},
    {"from", KAI_ARG_TEXT, "a place of an earlier answer, or begin"},
    {"history", KAI_ARG_TEXT, "what late joiners may read: none, 30d, all"},
    {"id", KAI_ARG_TEXT, "an item, or the beginning of its id; also a STIX id"},
    {"keep", KAI_ARG_TEXTS, "what is to stay: names"},
    {"kind", KAI_ARG_TEXT, "public, community, group, clients, providers, persons"},
    {"kind_only", KAI_ARG_BOOL, "only tell of which kind the audience is"},
    {"label", KAI_ARG_TEXT, "a TLP 2.0 label, such as TLP:GREEN"},
    {"langs", KAI_ARG_TEXTS, "language of each of `texts`"},
    {"limit", KAI_ARG_UINT, "at most so many items"},
    {"max_bytes", KAI_ARG_UINT, "of a volume"},
    {"max_children", KAI_ARG_UINT, "how many organisations it may admit"},
    {"may_admit", KAI_ARG_UINT, "how many tiers below it may be admitted"},
    {"members", KAI_ARG_TEXTS, "organisations; of an audience of persons, persons"},
    {"name", KAI_ARG_TEXT, "a name; of what a body holds, the name of the file"},
    {"new", KAI_ARG_TEXT, "the organisation that takes over"},
    {"node", KAI_ARG_TEXT, "name, or the beginning of its id"},
    {"note", KAI_ARG_TEXT, "hex of the note that ends the key"},
    {"old", KAI_ARG_TEXT, "the organisation whose places are taken over"},
    {"open", KAI_ARG_BOOL, "only those without an answer"},
    {"open_name", KAI_ARG_BOOL, "tell the network the name"},
    {"org", KAI_ARG_TEXT, "name, or the beginning of its id"},
    {"pap", KAI_ARG_TEXT, "a PAP label, such as PAP:AMBER"},
    {"person", KAI_ARG_TEXT, "name or id"},
    {"persons", KAI_ARG_TEXTS, "ids of those that it was sealed to"},
    {"provider", KAI_ARG_BOOL, "it is a contractor"},
    {"reason", KAI_ARG_TEXT, "why"},
    {"receipt", KAI_ARG_BOOL, "give a receipt as well"},
    {"record", KAI_ARG_TEXT, "hex of a draft of the charter"},
    {"relays", KAI_ARG_TEXTS, "nodes that carry what they cannot read"},
    {"relevant", KAI_ARG_BOOL, "only what touches the inventory; takes the role analyst"},
    {"request", KAI_ARG_TEXT, "hex of a REQUEST; of a release, its number such as r12"},
    {"revoke", KAI_ARG_TEXT, "hex of an entry of the root's log"},
    {"role", KAI_ARG_TEXT, "reader, analyst, admin"},
    {"rule", KAI_ARG_TEXTS, "attributes that members have, each KEY=VALUE"},
    {"settle", KAI_ARG_BOOL, "first wait until all that is durable is indexed"},
    {"since", KAI_ARG_TEXT, "a time, or a duration ago"},
    {"skip_bad", KAI_ARG_BOOL, "leave out what is refused, and publish the rest"},
    {"stewards", KAI_ARG_TEXTS, "organisations that may change the audience"},
    {"text", KAI_ARG_TEXT, "the note"},
    {"texts", KAI_ARG_TEXTS, "of the charter"},
    {"threshold", KAI_ARG_UINT, "how many founders have to sign"},
    {"through", KAI_ARG_TEXT, "an organisation that is to publish it under its own name"},
    {"timeout_ms", KAI_ARG_UINT, "how long to `wait`; 30000 if not given"},
    {"to", KAI_ARG_TEXT, "an audience"},
    {"trusted", KAI_ARG_UINT, "number of the last entry of the issuing key that counts"},
    {"types", KAI_ARG_TEXTS, "types of values"},
    {"user", KAI_ARG_TEXT, "a name, @GROUP, or uid:NUMBER"},
    {"values", KAI_ARG_LIST, "lookup: texts; hunt-resolve: each [class, normal form]"},
    {"wait", KAI_ARG_UINT, "answer when so many other organisations hold it"},
    {"where", KAI_ARG_TEXT, "where it was seen, in words"},
    {"wish", KAI_ARG_TEXT, "the audience that it is meant for"},
};

const struct kai_call_verb *kai_call_verbs(size_t *n)
{
    *n = sizeof verbs / sizeof verbs[0];
    return verbs;
}

const struct kai_call_verb *kai_call_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

uint8_t kai_call_role(const struct kai_call_verb *v)
{
    return v->takes == KAI_POLICY_SHARE  ? KAI_ROLE_ANALYST
           : v->takes == KAI_POLICY_LOOK ? KAI_ROLE_READER
                                         : KAI_ROLE_ADMIN;
}

static const struct kai_call_arg *argument(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
        if (strncmp(arguments[i].name, name, n) == 0 && arguments[i].name[n] == '\0')
            return &arguments[i];
    return NULL;
}

bool kai_call_arg_next(const struct kai_call_verb *v, size_t *at, const struct kai_call_arg **arg,
                       bool *needed)
{
    const char *name = v->args + *at;
    size_t n = strcspn(name, " *");

    if (n == 0)
        return false;
    *arg = argument(name, n);
    *needed = name[n] == '*';
    *at += n + *needed;
    *at += v->args[*at] == ' ';
    return *arg != NULL;
}

bool kai_call_takes(const struct kai_call_verb *v, const char *key)
{
    const struct kai_call_arg *arg;
    bool needed;

    for (size_t at = 0; kai_call_arg_next(v, &at, &arg, &needed);)
        if (strcmp(arg->name, key) == 0)
            return true;
    return false;
}
