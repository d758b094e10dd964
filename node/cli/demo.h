/* demo: five organisations on one machine, and what is claimed of them, each claim checked.
 *
 * Every organisation is what a user would have: a home of its own and a process of this program,
 * driven by its command line; its local API is asked directly only where many things are asked, or
 * the time of an answer counts. */
#ifndef KAI_NODE_CLI_DEMO_H
#define KAI_NODE_CLI_DEMO_H

#include "base/limits.h"
#include "node/cli/cli.h"
#include "node/cli/demo_data.h"
#include "node/cli/demo_proc.h"
#include "node/cli/demo_relay.h"

/* A sponsor before those whom it admits. The last is admitted by nobody. */
enum demo_who { DEMO_BODY, DEMO_PREF, DEMO_ISAC, DEMO_TOWN, DEMO_FIRM, DEMO_STRANGER };
#define DEMO_ORGS        5u
#define DEMO_NODES       6u
#define DEMO_THINGS_MAX  16u
#define DEMO_OBJECTS_MAX 100u /* Of one file are compared byte for byte. */

struct demo_node {
    enum demo_who who;
    const char *tag;  /* Its folder: "body". */
    const char *name; /* Of the organisation, in the reader's language. */
    char home[KAI_PATH_BYTES_MAX / 2];
    bool listens;                 /* The town only dials out. */
    pid_t pid;                    /* 0: not running. */
    char log[KAI_PATH_BYTES_MAX]; /* Its standard error; a new one for each start. */
    unsigned starts;
    void *curl;        /* Its connection to the local API. */
    char address[256]; /* Where it is reached, through the relay, and its key; "" for the town. */
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
    char dir[128]; /* Of all homes; removed at the end unless kept. */
    char exe[KAI_PATH_BYTES_MAX];
    const char *lang; /* "en", "ja" */
    char passphrase[65];
    struct demo_node nodes[DEMO_NODES];
    struct demo_relay *relay;
    const struct demo_node *removed; /* From the network; NULL: nobody yet. */
    char network_id[KAI_HEX_CAP(KAI_ID_BYTES)];
    double began_ms;
    size_t n_claims;
    size_t n_failed;
    size_t n_things;
    struct demo_thing things[DEMO_THINGS_MAX];
};

/* ---- Saying (demo_tell.c). */
const char *demo_text(const struct demo *d, const char *id);
/* A step begins: a line on standard error, and with a table of claims below it on standard output.
 */
void demo_step(const struct demo *d, const char *id);
/* A claim that was checked. */
struct demo_claim {
    const char *name; /* Stable; of its text in the catalogue as well: "demo.claim.NAME". */
    const char *org;  /* Whom it is about, NULL: all. */
    bool ok;
    double ms;        /* How long what is claimed took; negative: nothing that has a length. */
    const char *seen; /* NULL, or what was seen. Shown where it does not hold. */
    const char *a1;   /* {1} {2} {3} of its text. */
    const char *a2;
    const char *a3;
};
/* Print it; returns c->ok. */
bool demo_claim(struct demo *d, const struct demo_claim *c);
struct demo_thing *demo_thing_add(struct demo *d, const char *what, enum demo_who by,
                                  const char *to, const char *label);
/* The table of who holds what, and the sum. Returns the exit status. */
int demo_tell_end(struct demo *d);
void demo_tell_keep(const struct demo *d, pid_t relay);

/* ---- Nodes and their answers (demo_node.c). */
/* Start `run` in a node's home, and wait until it answers. dial: an address, or NULL. */
bool demo_node_start(struct demo *d, struct demo_node *n, const char *dial);
/* Ask it to end (SIGTERM). Returns how long that took in ms, negative where it failed or had to be
 * killed. */
double demo_node_stop(struct demo *d, struct demo_node *n);
void demo_node_kill(struct demo *d, struct demo_node *n); /* kill -9 */
/* Run a verb on a node's home to its end. argv without the program's name, --home and --lang, NULL
 * after the last. False where it did not end with exit status 0. p holds what it printed; the
 * caller's to demo_proc_free(), in either case. */
bool demo_ask(const struct demo *d, const struct demo_node *n, struct demo_proc *p,
              const char *const argv[]);
/* The same, begun only. */
bool demo_begin(const struct demo *d, const struct demo_node *n, struct demo_proc *p,
                const char *const argv[]);
/* The i-th line of what it printed as JSON, and the last; NULL where it is none. The caller's to
 * json_decref(). */
json_t *demo_line(const struct demo_proc *p, size_t i);
json_t *demo_last(const struct demo_proc *p);
/* The first line of a node's standard error that holds needle. */
bool demo_log_line(const struct demo_node *n, const char *needle, char *out, size_t cap);

/* ---- Its local API, asked within this process (demo_api.c). */
/* One call: the answer's bytes in out, which was initialised before. The HTTP status, -1 where
 * there was no answer. */
long demo_api(struct demo_node *n, const char *verb, const json_t *args, struct kai_buf *out);
void demo_api_end(struct demo_node *n);
/* An answer's lines as an array, NULL where it is an error; the caller's. Takes args over. */
json_t *demo_api_lines(struct demo_node *n, const char *verb, json_t *args);
/* `status`, NULL where it does not answer; the caller's. One number of it, negative where there is
 * none. */
json_t *demo_status(struct demo_node *n);
long long demo_status_int(struct demo_node *n, const char *key);

/* ---- How a publication spreads (demo_spread.c). */
struct demo_spread {
    const char *const *argv; /* publish ..., with --json. */
    bool to[DEMO_ORGS];      /* Who is to hold it, besides who publishes. */
    /* What came of it: */
    double publish_ms;            /* Until the command ended. */
    double durable_ms[DEMO_ORGS]; /* From its start until the node held all of it durably; negative:
                                     not within the time. */
    double searchable_ms[DEMO_ORGS]; /* Until its queries find it. */
    long long accepted, skipped, refused, entries,
        held_by;     /* The command's sum, -1 where there was none. */
    long long grown; /* Entries that the publisher's node has more than before. */
    char seen[512];  /* All that it printed. */
};
/* Publish, and look on. False where the command failed. */
bool demo_spread(struct demo *d, struct demo_node *by, struct demo_spread *s);
/* Wait until each of these organisations' nodes holds as many entries. */
bool demo_agree(struct demo *d, const bool who[static DEMO_ORGS], double deadline_ms);
/* Wait until the nodes have said what they say by themselves, such as receipts: before entries are
 * counted. */
void demo_quiet(struct demo *d);

/* ---- What a node holds (demo_share.c). */
/* How many of these objects a node gives back byte for byte: what `get ID --format stix` prints.
 * seen: the first that it does not. */
size_t demo_compare(struct demo_node *node, const struct demo_object *objects, size_t n,
                    char seen[static 256]);
/* Write a file that is built in to the demo's folder; its path. */
bool demo_write(const struct demo *d, const char *name, char path[static KAI_PATH_BYTES_MAX]);

/* ---- Looking for words where none may be (demo_scan.c). */
struct demo_words; /* Byte strings to look for. */
struct demo_words *demo_words_new(void);
void demo_words_free(struct demo_words *w);
/* Strings shorter than 6 bytes are left out: chance would find them. */
void demo_words_add(struct demo_words *w, const void *p, size_t n);
/* All strings of a JSON file, and the UUIDs of ids as bytes, but for those that also stand in
 * except. */
void demo_words_add_json(struct demo_words *w, struct kai_view file, struct kai_view except);
size_t demo_words_n(const struct demo_words *w);
/* Read all files of a folder, and those in folders inside it, whose path begins with prefix: how
 * many bytes that was, negative where one could not be read. *hits: how many places; found: the
 * first of them, "file: word". */
long long demo_words_scan(struct demo_words *w, const char *dir, const char *prefix, size_t *hits,
                          char found[static 256]);

/* ---- Audiences, and who is in none of them (demo_audience.c). */
#define DEMO_MEMBERS_MAX 4u
struct demo_audience {
    const char *name;
    const char *kind;
    const char *label;
    enum demo_who by;
    const char *members[DEMO_MEMBERS_MAX + 1]; /* Organisations or persons; NULL after the last. */
    const char *relay;                         /* A node; NULL: none. */
    /* What came of it: */
    double ms;
    char seen[512];
};
bool demo_audience_make(struct demo *d, struct demo_audience *a);
/* Wait until a node can name it, which only its key lets it. */
bool demo_audience_known(struct demo *d, enum demo_who who, const char *name);
/* All that a command printed. */
void demo_seen(const struct demo_proc *p, char seen[static 512]);

/* Something that not everybody may know. */
struct demo_secret {
    const char *file;     /* Built in; written to the demo's folder. */
    const char *id;       /* Of its first object. */
    const char *query;    /* Finds it where it is. */
    const char *audience; /* Its name; NULL: no secret. */
};
/* Run a verb, again while it only lacks what is still on its way: a key, a name, a release. At most
 * ms. */
bool demo_until(const struct demo *d, enum demo_who who, const char *const argv[], double ms,
                char seen[static 512]);
/* Whether a node's query finds something; asked again for at most ms. */
bool demo_finds(struct demo_node *n, const char *query, double ms);
/* get, query and audience list show nothing of it. */
bool demo_finds_nothing(const struct demo *d, const struct demo_node *n,
                        const struct demo_secret *s, char seen[static 512]);
/* All its words but for those that everybody may know; *able: they are found where they are. NULL:
 * no memory. */
struct demo_words *demo_words_secret(const struct demo *d, const struct demo_secret *s, bool *able);
/* Claim that a node's home holds none of the words: {1} MB, {2} words. */
bool demo_claim_dark(struct demo *d, const char *claim, const struct demo_node *n,
                     struct demo_words *w, bool able);

/* ---- The acts. Each makes its claims. False: what follows would make no sense. */
bool demo_found(struct demo *d); /* demo_found.c */
bool demo_share(struct demo *d); /* demo_share.c */
bool demo_share_file(struct demo *d, const char *path);
bool demo_group(struct demo *d);    /* demo_group.c */
bool demo_stranger(struct demo *d); /* demo_stranger.c */
bool demo_crash(struct demo *d);    /* demo_crash.c */
bool demo_wire(struct demo *d);     /* demo_stranger.c */
bool demo_rules(struct demo *d);    /* demo_rules.c */
bool demo_red(struct demo *d);      /* demo_red.c */
bool demo_removal(struct demo *d);  /* demo_removal.c */

#endif
