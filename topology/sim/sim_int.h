/* sim_int: what the parts of the simulator share. */
#ifndef KAI_TOPOLOGY_SIM_INT_H
#define KAI_TOPOLOGY_SIM_INT_H

#include <pthread.h>

#include "log/batch.h"
#include "topology/sim/map.h"
#include "topology/sim/sim.h"
#include "wire/put.h"

#define SIM_WALL_MS    1893456000000ull /* The virtual clock's start, for certificates. */
#define SIM_RAW_KEEP   64u
#define SIM_LINKS      (2 * KAI_LINKS_MAX) /* Connections of a node at once: as an engine takes. */
#define SIM_NOBODY     SIZE_MAX
#define SIM_WORKERS    8u
#define SIM_HASH_FIRST 0xcbf29ce484222325ull /* FNV-1a. */
#define SIM_HASH_PRIME 0x100000001b3ull

struct sim_key { /* An Ed25519 key and where its log stands. */
    uint8_t pk[KAI_KEY_BYTES];
    uint8_t sk[64];
    uint64_t seq;
    uint8_t prev[KAI_ID_BYTES];
};

/* Every entry there ever was stands once in a library that lives as long as the simulation. */
struct sim_entry {
    struct kai_entry e; /* Into bytes. */
    struct sim_entry *next;
    size_t author;        /* Node that wrote it for its own audience, or SIM_NOBODY. */
    uint64_t at;          /* When. */
    size_t no;            /* Of its library. */
    size_t aud;           /* Where it is tracked. */
    uint32_t *seen_ms;    /* By node, where it is tracked. */
    bool opens, has_rule; /* It opened, under this key; a RULE stands in it. */
    uint8_t key[KAI_KEY_BYTES];
    uint8_t bytes[];
};

struct sim_log {
    struct kai_net_log l;
    size_t n, cap, cap_opened;
    struct sim_entry **entry;
    bool *opened; /* Read by this node. */
    size_t n_opened;
};

struct sim_own { /* An own data or key log of a node. */
    bool open;
    struct sim_key key;
    uint8_t bound_kid[KAI_TAG_BYTES];
    uint8_t ruled_kid[KAI_TAG_BYTES]; /* Epoch under which the owner's RULE was said last. */
    uint64_t ruled_ver;
    uint8_t salt[32];
    uint64_t incarnation;
};

struct sim_org {
    size_t parent;
    bool admitted, revoked, water;
    uint64_t at; /* When it was admitted. */
    uint64_t caps, label_max, max_children;
    struct sim_key root, issuing, person;
    uint8_t person_kx[KAI_KEY_BYTES];
    uint8_t id[KAI_ID_BYTES], cert[KAI_ID_BYTES], issuing_cert[KAI_ID_BYTES];
    uint8_t person_id[KAI_ID_BYTES];
    const struct sim_entry *revoke;
    size_t heir; /* Who takes its places; SIM_NOBODY. */
    const struct sim_entry *gives, *takes;
    bool took; /* The places of another. */
};

/* What one thread of a run has for itself, and what it leaves for the end of the window: none of
 * it decides what happens. */
struct sim_worker {
    const struct kai_sim *sim;
    struct kai_packer *packer;
    struct kai_buf opened, scratch;
    size_t n_out, cap_out;
    struct sim_event **out; /* For other nodes. */
    size_t n_held, cap_held;
    struct sim_held { /* What an engine said that another node holds. */
        size_t node;
        uint8_t log_pk[KAI_KEY_BYTES];
        uint64_t seq;
    } * held;
    size_t n_drops, cap_drops;
    struct sim_conn **drop;
    struct kai_sim_counters count;
    size_t memory_most;
};

struct sim_node {
    struct kai_sim *sim;
    size_t index, org;
    uint64_t now; /* Its clock within a window; see sim_now(). */
    uint64_t rng, hash, next_no;
    struct sim_worker *worker; /* Who runs it, or did last. */
    size_t n_events, cap_events;
    struct sim_event **event; /* A heap. */
    uint64_t tick_ms;         /* When the engine wants to be called. */
    size_t visits_n;          /* Of kai_net_visits(), as of the last stop. */
    uint8_t *visits;
    bool dials;                 /* A link has ended: it dials at the end of the window. */
    bool admitted, up, revoked; /* Or its organisation was. */
    bool dial_out;
    struct sim_key sign;
    uint8_t kx_sk[32], kx_pk[32], curve_pk[32];
    uint8_t node_id[32], node_cert[32];
    uint64_t caps;
    const struct sim_entry *revoke; /* Of this node alone. */
    struct kai_ctl *ctl;
    struct kai_keyring *keyring;
    struct kai_net *net;
    uint64_t boot;
    bool unread; /* New keys or entries: read again at the end of the step. */
    size_t n_links;
    uint64_t links[SIM_LINKS];
    size_t n_ctl, cap_ctl;
    struct sim_entry **ctl_entry; /* Durable. */
    uint64_t *ctl_has;            /* Bits by sim_entry.no. */
    size_t cap_has;
    size_t n_logs, cap_logs;
    struct sim_log *log; /* Durable. */
    struct sim_map log_map;
    struct sim_own *data, *keys; /* By audience. */
    bool *heard_of;              /* Whose addresses it has, by node: durable. */
    size_t n_charters, cap_charters;
    struct kai_buf *charter; /* Versions after the first, and dead keys: durable. */
    size_t n_forks, cap_forks;
    struct sim_fork { /* Proofs: durable. */
        struct kai_entry *a, *b;
    } * fork;
    struct kai_view text;
    uint64_t intro_ms, intro_wait_ms; /* No introduction before; how long the next wait is. */
    bool duty;                        /* Something happened that may be its to answer. */
    uint64_t duty_wall_ms;            /* Else it is asked then. */
};

enum sim_what { SIM_FRAME, SIM_STORED, SIM_CTL_STORED, SIM_WRITABLE, SIM_DOWN };
struct sim_event {
    uint64_t at, no; /* no: of the node whose doing it is. */
    size_t by;       /* That node, or SIM_NOBODY. */
    enum sim_what what;
    size_t node;
    uint64_t boot; /* Of the node; an event for an earlier one is void. */
    uint64_t link;
    struct kai_net_log *log; /* Owned; NULL. */
    struct sim_entry *entry;
    size_t n; /* Of the frame. */
    uint8_t frame[];
};

struct sim_conn {
    uint64_t link;
    size_t a, b; /* a dialled. */
    bool up;
    bool left[2]; /* That end has dropped it, and the other has yet to hear. */
    bool raw;     /* b is a stranger. */
    uint64_t last_ms[2];
    bool blocked;
    bool dropped;
    enum kai_bye why;
    size_t n_sent;
    struct kai_buf *sent; /* SIM_RAW_KEEP, where raw. */
};

/* One state of an audience, as its owner said it. */
struct sim_version {
    struct sim_entry *e; /* NULL: a mailbox, which nobody says anything about. */
    struct kai_orgs members;
    size_t n_relays;
    size_t relays[KAI_SIM_RELAYS];
    struct kai_buf rule; /* RULE item; empty where there is none. */
    uint64_t at;
};
struct sim_aud {
    struct kai_sim_aud is;
    uint8_t id[KAI_ID_BYTES];
    uint8_t nonce[16];
    size_t n_versions, cap_versions;
    struct sim_version *version;
};

struct sim_secret { /* An entry, and a former member that its author knew to be none. */
    const struct sim_entry *e;
    size_t aud, from;
};

struct sim_truth { /* Which audience a log is of, and who writes it. */
    size_t aud, author;
    uint64_t kind;
};

struct kai_sim {
    struct kai_sim_options o;
    bool planned; /* By a plan of the caller. */
    uint64_t rng;
    uint64_t now, slept_ms, next_no, dial_ms;
    uint64_t expire_s; /* What is written from now on; 0: for ever. */
    struct kai_charter charter;
    struct kai_buf charter_record;
    size_t n_orgs, n_nodes, n_auds;
    struct sim_org org[KAI_SIM_ORGS];
    struct sim_node node[KAI_SIM_NODES];
    struct sim_aud aud[KAI_SIM_AUDS];
    uint64_t next_ms[KAI_SIM_NODES]; /* When something happens at a node; UINT64_MAX. */
    size_t due[KAI_SIM_NODES];       /* Nodes at which something happens in this window. */
    size_t n_due;
    bool in_window;
    uint64_t until;    /* Its end. */
    uint64_t least_ms; /* No frame comes sooner than so long after it was sent. */
    size_t n_workers;
    struct sim_worker worker[SIM_WORKERS]; /* The first is the caller's own thread. */
    struct sim_crew *crew;                 /* The others; NULL. */
    pthread_mutex_t lock;                  /* Of the library, truth, secrets, tracks and alarms. */
    size_t order[KAI_SIM_NODES];           /* Nodes by id. */
    size_t n_library;
    bool shared;           /* Sets of control entries are (kai_ctl_memo()). */
    struct sim_node *like; /* Whose set the next one may share. */
    size_t n_tracks, cap_tracks;
    struct sim_entry **track;
    struct sim_entry *library;
    struct sim_map by_hash;
    size_t n_conns, cap_conns, n_raw;
    struct sim_conn **conn;
    size_t n_truth, cap_truth;
    struct sim_truth *truth;
    size_t n_secrets, cap_secrets;
    struct sim_secret *secret;
    struct sim_map by_log;
    struct sim_map node_by_id, node_by_curve;
    struct kai_buf *addr; /* ADDR note of each node. */
    bool side[KAI_SIM_NODES];
    uint64_t merged_ms; /* When an organisation got an heir last; 0: none has one. */
    uint64_t violations;
    uint64_t hash;
    struct kai_sim_counters count; /* Beside those of the workers. */
    kai_sim_tap_fn *tap;
    void *tap_ctx;
    size_t tap_node;
    struct {
        const char *code;
        uint64_t n;
    } alarm[16];
};

#define SIM_MUST(x) ((x) ? (void)0 : sim_die(#x, __FILE__, __LINE__))
_Noreturn void sim_die(const char *what, const char *file, int line);

/* sim.c */
uint64_t sim_random(struct kai_sim *s);
void sim_fill(void *sim, void *out, size_t n);
bool sim_chance(struct kai_sim *s, unsigned of_1000);
void sim_trace(struct kai_sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* In the library; now: when, if it is new there. */
struct sim_entry *sim_keep(struct kai_sim *s, const struct kai_entry *e, uint64_t now);
void *sim_grow(void *p, size_t n, size_t *cap, size_t size);
/* The same for what is by one node's doing: its own dice, its own part of the trace. */
uint64_t sim_node_random(struct sim_node *n);
void sim_node_fill(void *node, void *out, size_t k);
bool sim_node_chance(struct sim_node *n, unsigned of_1000);
void sim_say(struct sim_node *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* clock.c: windows of the least latency, in which nodes know nothing of each other. */
/* A copy of *e, by n's doing (NULL: nobody's), with so many bytes of a frame. */
void sim_event_add(struct kai_sim *s, struct sim_node *by, const struct sim_event *e,
                   struct kai_view frame);
void sim_poke(struct kai_sim *s, size_t node); /* Something happened there: call it now. */
void sim_node_run(struct sim_node *n, struct sim_worker *w); /* To the end of the window. */
void sim_clock_free(struct kai_sim *s);

/* crew.c: further threads. Each node that is due is run by one of them. */
struct sim_crew *sim_crew_new(struct kai_sim *s, size_t n);
void sim_crew_run(struct sim_crew *c);
void sim_crew_free(struct sim_crew *c);

/* world.c */
void sim_world_make(struct kai_sim *s, const struct kai_sim_plan *plan);
/* An ADMIT by the issuing key of an organisation, whatever it says. */
struct sim_entry *sim_world_say(struct kai_sim *s, size_t by, const struct kai_admit *a);
void sim_world_org(struct kai_sim *s, size_t org); /* Admit it, and its nodes. */
const struct sim_entry *sim_world_revoke(struct kai_sim *s, size_t org);
const struct sim_entry *sim_world_revoke_node(struct kai_sim *s, size_t node);
struct sim_entry *sim_world_record(struct kai_sim *s, struct sim_key *k, uint64_t type,
                                   const struct kai_buf *body);
/* audience.c: the owner's next word on an audience. */
void sim_world_audience(struct kai_sim *s, size_t aud, const struct kai_orgs *members);
struct kai_view sim_world_addr(struct kai_sim *s, size_t node);
void sim_world_hears_of(struct kai_sim *s, size_t node, size_t of);
/* What comes with the admission of a node: some addresses, and what names them. */
void sim_world_addresses(struct kai_sim *s, size_t node);

/* disk.c */
void sim_node_start(struct kai_sim *s, size_t node);
void sim_node_stop(struct kai_sim *s, size_t node);
void sim_node_free(struct sim_node *n);
void sim_disk_ctl(struct sim_node *n, struct sim_entry *e);
struct sim_log *sim_disk_log(const struct sim_node *n, const uint8_t *log_pk);
void sim_disk_append(struct sim_node *n, const struct kai_net_log *l, struct sim_entry *e);
/* A control entry that this organisation made: to the disk of its first node and its engine. */
void sim_own_ctl(struct kai_sim *s, size_t org, struct sim_entry *e);

static inline uint64_t sim_wall(const struct kai_sim *s)
{
    return SIM_WALL_MS + s->now + s->slept_ms;
}

/* The time at a node: within a window its own, else that of all. */
static inline uint64_t sim_now(const struct sim_node *n)
{
    return n->now > n->sim->now ? n->now : n->sim->now;
}

static inline uint64_t sim_node_wall(const struct sim_node *n)
{
    return SIM_WALL_MS + sim_now(n) + n->sim->slept_ms;
}

/* write.c: what a node writes itself. */
void sim_node_duties(struct sim_node *n);
void sim_own_rule(struct kai_sim *s, size_t aud); /* The owner learns its own RULE. */

/* track.c */
void sim_track(struct kai_sim *s, struct sim_entry *e, size_t aud, size_t author);
/* Those from the i'th on are of one window: put them in an order that no thread decides. */
void sim_track_settle(struct kai_sim *s, size_t i);
/* prime.c: give members what they would have heard in a long life. */
void sim_prime(struct kai_sim *s);
void sim_visited(struct kai_sim *s,
                 size_t node); /* It has asked about all audiences of the start. */

/* read.c: what a node can read of what it holds. */
void sim_node_read(struct sim_node *n);
/* Whether an entry opens with this key; w->opened is its body then. */
bool sim_opens(struct sim_worker *w, const struct kai_entry *e, const uint8_t *key);

/* wire.c */
bool sim_wire_send(struct sim_node *n, uint64_t link, struct kai_view frame);
void sim_wire_drop(struct sim_node *n, uint64_t link, enum kai_bye why);
void sim_wire_dropped(struct kai_sim *s, struct sim_conn *c); /* At the window's end. */
void sim_wire_cut(struct kai_sim *s, struct sim_conn *c);
struct sim_conn *sim_wire_conn(struct kai_sim *s, uint64_t link);
struct sim_conn *sim_wire_new(struct kai_sim *s, size_t a, size_t b, bool raw);
bool sim_wire_linked(const struct kai_sim *s, size_t a, size_t b);

/* dial.c */
void sim_dials(struct kai_sim *s);
void sim_dial_now(struct kai_sim *s, size_t node);

/* oracle.c */
void sim_oracle_frame(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                      struct kai_view frame);
/* Whether node `of` is a member of the audience, as far as node `by` has heard; NULL: by the last
 * word of everybody. */
bool sim_oracle_member(const struct kai_sim *s, const struct sim_node *by, size_t of, size_t aud);
bool sim_oracle_removed(const struct sim_node *by, const struct sim_node *of);
void sim_oracle_written(struct kai_sim *s, const struct sim_node *by, size_t aud,
                        const struct sim_entry *e);

#endif
