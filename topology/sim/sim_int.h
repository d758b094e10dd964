/* sim_int: what the parts of the simulator share. */
#ifndef KAI_TOPOLOGY_SIM_INT_H
#define KAI_TOPOLOGY_SIM_INT_H

#include "log/batch.h"
#include "topology/sim/sim.h"
#include "wire/put.h"

#define SIM_WALL_MS  1893456000000ull /* The virtual clock's start, for certificates. */
#define SIM_RAW_KEEP 64u

struct sim_key { /* An Ed25519 key and where its log stands. */
    uint8_t pk[KAI_KEY_BYTES];
    uint8_t sk[64];
    uint64_t seq;
    uint8_t prev[KAI_ID_BYTES];
};

struct sim_entry {
    struct kai_entry e; /* Into bytes. */
    uint8_t *bytes;
};

struct sim_log {
    struct kai_net_log l;
    size_t n, cap;
    struct sim_entry *entry;
};

struct sim_own { /* An own data or key log of a node. */
    bool open;
    struct sim_key key;
    uint8_t bound_kid[KAI_TAG_BYTES];
    uint8_t salt[32];
    uint64_t incarnation;
};

struct sim_node {
    struct kai_sim *sim;
    size_t index;
    bool admitted, up, revoked;
    struct sim_key root, issuing, sign;
    uint8_t kx_sk[32], kx_pk[32], curve_pk[32];
    uint8_t org_id[32], org_cert[32], issuing_cert[32], node_id[32], node_cert[32];
    struct kai_ctl *ctl;
    struct kai_keyring *keyring;
    struct kai_net *net;
    uint64_t boot;
    uint64_t tick_ms;
    size_t n_ctl, cap_ctl;
    struct sim_entry *ctl_entry; /* Durable. */
    size_t n_logs, cap_logs;
    struct sim_log *log; /* Durable. */
    struct sim_own data[KAI_SIM_AUDS], keys[KAI_SIM_AUDS];
    struct kai_view text;
};

enum sim_what { SIM_FRAME, SIM_STORED, SIM_CTL_STORED, SIM_WRITABLE, SIM_DOWN };
struct sim_event {
    uint64_t at, no;
    enum sim_what what;
    size_t node;
    uint64_t boot; /* Of the node; an event for an earlier one is void. */
    uint64_t link;
    struct kai_net_log log;
    struct sim_entry entry;
    struct kai_view frame; /* Owned. */
};

struct sim_conn {
    uint64_t link;
    size_t a, b; /* a dialled. */
    bool up;
    bool raw; /* b is a stranger. */
    uint64_t last_ms[2];
    bool blocked;
    bool dropped;
    enum kai_bye why;
    size_t n_sent;
    struct kai_buf sent[SIM_RAW_KEEP];
};

struct sim_aud {
    uint8_t id[KAI_ID_BYTES];
};
struct sim_truth { /* Which audience a log is of. */
    uint8_t log_pk[KAI_KEY_BYTES];
    size_t aud;
};

struct kai_sim {
    struct kai_sim_options o;
    uint64_t rng;
    uint64_t now, next_no, next_link, dial_ms;
    struct kai_charter charter;
    struct kai_buf charter_record;
    struct sim_node node[KAI_SIM_NODES];
    struct sim_aud aud[KAI_SIM_AUDS];
    size_t n_auds;
    size_t n_events, cap_events;
    struct sim_event *event; /* A heap. */
    size_t n_conns, cap_conns;
    struct sim_conn **conn;
    size_t n_truth, cap_truth;
    struct sim_truth *truth;
    uint32_t side;
    struct sim_entry revoke[KAI_SIM_NODES];
    uint64_t violations;
    uint64_t hash;
    size_t memory_most;
    struct kai_sim_counters count;
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
struct sim_entry sim_copy(const struct kai_entry *e);
void sim_event_add(struct kai_sim *s, struct sim_event e);
void *sim_grow(void *p, size_t n, size_t *cap, size_t size);

/* world.c */
void sim_world_make(struct kai_sim *s);
void sim_world_admit(struct kai_sim *s, size_t node); /* And hand it its chain. */
struct sim_entry sim_world_revoke(struct kai_sim *s, size_t node);

/* disk.c */
void sim_node_start(struct kai_sim *s, size_t node);
void sim_node_stop(struct kai_sim *s, size_t node);
void sim_node_free(struct sim_node *n);
void sim_disk_ctl(struct sim_node *n, struct sim_entry e);
struct sim_log *sim_disk_log(struct sim_node *n, const uint8_t *log_pk);
void sim_disk_append(struct sim_node *n, const struct kai_net_log *l, struct sim_entry e);
void sim_node_duties(struct kai_sim *s, size_t node);

/* wire.c */
bool sim_wire_send(struct sim_node *n, uint64_t link, struct kai_view frame);
void sim_wire_drop(struct sim_node *n, uint64_t link, enum kai_bye why);
void sim_wire_dials(struct kai_sim *s);
void sim_wire_frame(struct kai_sim *s, struct sim_event *e);
void sim_wire_cut(struct kai_sim *s, struct sim_conn *c);
struct sim_conn *sim_wire_conn(struct kai_sim *s, uint64_t link);

/* oracle.c */
void sim_oracle_frame(struct kai_sim *s, const struct sim_node *from, const struct sim_conn *c,
                      struct kai_view frame);

#endif
