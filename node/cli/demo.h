/* demo: five organisations on one machine, and what is claimed of them, each claim checked.
 *
 * Every organisation is what a user would have: a home of its own and a process of this program, driven by its command
 * line. The demo knows nothing of the inside of a node, but for reading `status` often where it takes times. */
#ifndef KAI_NODE_CLI_DEMO_H
#define KAI_NODE_CLI_DEMO_H

#include "node/cli/cli.h"
#include "node/cli/demo_proc.h"
#include "node/cli/demo_relay.h"

/* In the order of the roster's tree. The last is admitted by nobody. */
enum demo_who { DEMO_BODY, DEMO_PREF, DEMO_TOWN, DEMO_ISAC, DEMO_FIRM, DEMO_STRANGER };
#define DEMO_ORGS 5u
#define DEMO_NODES 6u
#define DEMO_THINGS_MAX 16u

struct demo_node {
    enum demo_who who;
    const char *tag;          /* Its folder: "body". */
    const char *name;         /* Of the organisation, in the reader's language. */
    char home[KAI_PATH_BYTES_MAX / 2];
    bool listens;             /* The town only dials out. */
    struct demo_node_run {
        pid_t pid;            /* 0: not running. */
        char log[KAI_PATH_BYTES_MAX]; /* Its standard error; a new one for each start. */
    } run;
    unsigned starts;
    char address[256];        /* Where it is reached, through the relay, and its key; "" for the town. */
};

/* Something that was published, and who was seen to hold it. */
struct demo_thing {
    char what[160];
    const char *by;
    const char *to;
    const char *label;
    bool holds[DEMO_ORGS];
};

struct demo {
    struct kai_cli *cli;
    bool keep;
    char dir[KAI_PATH_BYTES_MAX / 4]; /* Of all homes; removed at the end unless kept. */
    char exe[KAI_PATH_BYTES_MAX];
    const char *lang;         /* "en", "ja" */
    struct demo_node nodes[DEMO_NODES];
    struct demo_relay *relay;
    char network_id[KAI_HEX_CAP(KAI_ID_BYTES)];
    double began_ms;
    size_t n_claims;
    size_t n_failed;
    size_t n_things;
    struct demo_thing things[DEMO_THINGS_MAX];
};

/* ---- Saying (demo_tell.c). */
/* A step begins: a line on standard error. */
void demo_step(const struct demo *d, const char *id, const char *a1, const char *a2);
/* A claim was checked. name: its stable name, and of its text in the catalogue ("demo.claim.NAME"), whose {1} {2} {3} are filled in;
 * ms: how long what is claimed took, negative for none. detail: NULL, or what was seen, shown where the claim does not hold. */
void demo_claim(struct demo *d, const char *name, bool ok, double ms, const char *detail, const char *a1, const char *a2, const char *a3);
/* The same for one organisation among several: who stands in the detail. */
void demo_tell_things(const struct demo *d);
int demo_tell_end(struct demo *d);
void demo_tell_keep(const struct demo *d);
struct demo_thing *demo_thing_add(struct demo *d, const char *what, enum demo_who by, const char *to, const char *label);
const char *demo_text(const struct demo *d, const char *id);

/* ---- Nodes and their answers (demo_node.c). */
/* Start `run` in a node's home, and wait until it answers. dials: addresses, NULL after the last. */
bool demo_node_start(struct demo *d, struct demo_node *n, const char *const dials[]);
/* Ask it to end (SIGTERM), or kill -9 it. Returns how long that took in ms, negative where it had to be killed or failed. */
double demo_node_stop(struct demo_node *n);
void demo_node_kill(struct demo_node *n);
/* One number of `status --json`, negative where the node does not answer. Asked within this process: cheap enough to poll. */
json_t *demo_status(const struct demo *d, const struct demo_node *n);
long long demo_status_int(const struct demo *d, const struct demo_node *n, const char *key);
/* Run a verb of a node to its end. argv without the program's name, --home and --lang, NULL after the last. False where it did not end
 * with exit status 0; p holds what it printed, and is the caller's to demo_proc_free(). */
bool demo_ask(const struct demo *d, const struct demo_node *n, struct demo_proc *p, const char *const argv[]);
/* The same, begun only. */
bool demo_begin(const struct demo *d, const struct demo_node *n, struct demo_proc *p, const char *const argv[]);
/* The first line of what it printed as JSON, NULL where it is none. The caller's to json_decref(). */
json_t *demo_first(const struct demo_proc *p);
/* The last. */
json_t *demo_last(const struct demo_proc *p);

/* ---- The acts (demo_found.c, demo_share.c, demo_group.c, demo_fail.c). Each makes its claims; false: the rest makes no sense. */
bool demo_found(struct demo *d);
bool demo_share_bundle(struct demo *d);
bool demo_share_clear(struct demo *d);
bool demo_share_list(struct demo *d);
bool demo_share_file(struct demo *d, const char *path);
bool demo_again(struct demo *d);
bool demo_group(struct demo *d);
bool demo_stranger(struct demo *d);
bool demo_crash(struct demo *d);
bool demo_wire(struct demo *d);

#endif
