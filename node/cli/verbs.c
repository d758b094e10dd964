/* verbs: the table of all commands. */
#include "node/cli/cli.h"

const struct kai_verb kai_verbs[] = {
    {"network create", "--name NAME --org NAME [--node NAME] [--charter FILE]...",
     "--name= --org= --node= --charter= --passphrase-file=", 0, 0, kai_cmd_network_create,
     "help.network-create"},
    {"network show", "", "", 0, 0, kai_cmd_network_show, "help.network-show"},
    {"org request", "--name NAME --out FILE", "--name= --out= --passphrase-file=", 0, 0,
     kai_cmd_org_request, "help.org-request"},
    {"org admit",
     "REQUEST --out FILE [--clearance LABEL] [--may-admit DEPTH] [--max-children N] [--expires "
     "DATE] [--attr KEY=VALUE]... "
     "[--fingerprint \"WORDS\"]",
     "--out= --clearance= --may-admit= --max-children= --expires= --attr= --fingerprint=", 1, 1,
     kai_cmd_org_admit, "help.org-admit"},
    {"org join", "ADMISSION [--fingerprint \"WORDS\"]", "--fingerprint= --passphrase-file=", 1, 1,
     kai_cmd_org_join, "help.org-join"},
    {"org list", "", "", 0, 0, kai_cmd_org_list, "help.org-list"},
    {"org show", "ORGANISATION", "", 1, 1, kai_cmd_org_show, "help.org-show"},
    {"org revoke", "ORGANISATION [--reason left|compromise|lost|rules]", "--reason=", 1, 1,
     kai_cmd_org_revoke, "help.org-revoke"},
    {"node request", "--name NAME --out FILE", "--name= --out=", 0, 0, kai_cmd_node_request,
     "help.node-request"},
    {"node admit", "REQUEST --out FILE [--fingerprint \"WORDS\"]", "--out= --fingerprint=", 1, 1,
     kai_cmd_node_admit, "help.node-admit"},
    {"node join", "ADMISSION [--fingerprint \"WORDS\"]", "--fingerprint=", 1, 1, kai_cmd_node_join,
     "help.node-join"},
    {"node list", "[--all]", "--all", 0, 0, kai_cmd_node_list, "help.node-list"},
    {"node revoke", "NODE [--reason left|compromise|lost|rules]", "--reason=", 1, 1,
     kai_cmd_node_revoke, "help.node-revoke"},
    {"run",
     "[--listen tcp://HOST:PORT] [--listen-intro tcp://HOST:PORT] [--advertise tcp://HOST:PORT] "
     "[--dial tcp://HOST:PORT/NODEKEY]... [--api PATH]",
     "--listen= --listen-intro= --advertise= --dial= --api=", 0, 0, kai_cmd_run, "help.run"},
    {"status", "", "", 0, 0, kai_cmd_status, "help.status"},
    {"peers", "", "", 0, 0, kai_cmd_peers, "help.peers"},
    {"audience create",
     "NAME --kind public|community|group [--label CEILING] [--member ORG]... [--steward ORG]... "
     "[--history none|Nd|all] [--rule KEY=VALUE]...",
     "--kind= --label= --member= --steward= --history= --rule=", 1, 1, kai_cmd_audience_create,
     "help.audience-create"},
    {"audience add", "AUDIENCE --member ORG...", "--member=", 1, 1, kai_cmd_audience_add,
     "help.audience-add"},
    {"audience list", "[--all]", "--all", 0, 0, kai_cmd_audience_list, "help.audience-list"},
    {"audience show", "AUDIENCE", "", 1, 1, kai_cmd_audience_show, "help.audience-show"},
    {"publish",
     "FILE... --to AUDIENCE [--also AUDIENCE]... [--label LABEL] [--pap PAP] [--exercise] "
     "[--skip-bad] [--wait N [--timeout 30s]] "
     "[--dry-run]",
     "--to= --also= --label= --pap= --exercise --skip-bad --wait= --timeout= --dry-run", 1, 1000000,
     kai_cmd_publish, "help.publish"},
    {"query", "[EXPRESSION] [--format table|json|stix|csv] [--limit N]", "--format= --limit=", 0,
     64, kai_cmd_query, "help.query"},
    {"get", "ID [--format json|stix]", "--format=", 1, 1, kai_cmd_get, "help.get"},
    {"watch", "[EXPRESSION]", "", 0, 64, kai_cmd_watch, "help.watch"},
    {"reindex", "", "", 0, 0, kai_cmd_reindex, "help.reindex"},
    {"demo", "[FILE...] [--keep]", "--keep", 0, 64, kai_cmd_demo, "help.demo"},
    {"help", "[COMMAND]", "", 0, 2, kai_cmd_help, "help.help"},
    {"version", "", "", 0, 0, kai_cmd_version, "help.version"},
};
const size_t kai_verbs_n = sizeof kai_verbs / sizeof kai_verbs[0];
