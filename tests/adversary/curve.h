/* curve: the attacker on a real socket. The real program founds a network and admits everybody by
 * its ceremonies; its founder and an honest member run; the attacker has the homes of two other
 * members, really admitted, and speaks with their keys to the founder over ZeroMQ CURVE. */
#ifndef KAI_TESTS_CURVE_H
#define KAI_TESTS_CURVE_H

#include <sys/types.h>

#include <jansson.h>
#include <zmq.h>

#include "adversary/evil_frame.h"
#include "node/core.h"
#include "topology/net.h"

/* Body founds, runs, and is the victim; Honest runs; Alice and Carol are the attacker's. All are in
 * `all`, all but Carol in `ops`. Carol may admit: two, her node among them. */
enum { BODY, HONEST, ALICE, CAROL, HOMES };
enum { ALL, OPS, AUDS };

struct curve_home {
    const char *name;
    char dir[96];
    pid_t pid;             /* 0: does not run. */
    int says;              /* Its standard error, while it runs. */
    char endpoint[64];     /* Where it listens, from one run to the next. */
    int port[2];           /* Its ports, kept from others. */
    struct kai_keys *node; /* Of the attacker's: */
    struct kai_keys *issuing;
    uint8_t cert[KAI_ID_BYTES];
    uint8_t org_id[KAI_ID_BYTES];
};

struct curve {
    char dir[64];
    const char *program;
    struct curve_home home[HOMES];
    struct kai_core *core; /* Alice's home, opened when all is known. */
    uint8_t aud[AUDS][KAI_ID_BYTES];
    uint8_t body_curve[KAI_KEY_BYTES];
    uint8_t ops_log[KAI_KEY_BYTES]; /* Body's, in `ops`. */
    uint8_t all_log[KAI_KEY_BYTES]; /* And in `all`: a large one. */
    struct evil_hand hand;
    struct kai_buf bytes[8]; /* Of entries made, one after the other. */
    size_t n_bytes;
    void *zmq;
    unsigned serial;
};

struct curve_script {
    const char *name;
    const char *rule;
    const char *guards[3];
    bool (*run)(struct curve *w); /* Whether the honest side held. */
};
/* Each ends with an empty row. */
extern const struct curve_script curve_entries[];
extern const struct curve_script curve_links[];
extern const struct curve_script curve_plane[];

/* ---- The world. Failures end the program. */
void curve_build(struct curve *w, const char *program);
void curve_clear(struct curve *w);
/* Two ports side by side that nobody else is given until both sockets are closed; the lower number.
 */
unsigned curve_port_keep(int kept[static 2]);
/* Run the node of a home, with a guard taken out (NULL: none); ready when this returns. */
void curve_run(struct curve *w, size_t home, const char *guard);
void curve_stop(struct curve *w, size_t home);
/* A verb; the array of its lines, to be freed by the caller, unless NULL. Returns the exit status.
 */
int curve_call(struct curve *w, size_t home, json_t **rows, const char *const args[]);
/* A text of the last of them; NULL. */
const char *curve_text(const json_t *rows, const char *key);
/* A number of Body's `status`. */
uint64_t curve_status(struct curve *w, const char *key);
/* Whether Body finds this value. */
bool curve_finds(struct curve *w, const char *value);
/* A text of Body's about an organisation, copied: "" where it is not there. */
void curve_org(struct curve *w, const char *name, const char *key, char out[static 32]);
/* Whether Body runs, and Honest gets and acknowledges what it publishes. */
bool curve_served(struct curve *w);
void curve_file(struct curve *w, const char *text, char path[static 128]);

/* ---- A link. */
struct curve_link {
    struct curve *w;
    size_t as;
    void *sock;
    void *monitor;
    uint8_t nonce[32];
    uint8_t its_nonce[32];
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint64_t n_tokens;
    uint64_t sent; /* Flow bytes. */
    uint64_t got;
    bool up;      /* HELLO was heard. */
    bool cut;     /* The connection is gone, or never was. */
    uint64_t bye; /* The code that was said; 0 none. */
    size_t n_heard;
    struct kai_buf heard[256]; /* The last of them. */
};

/* Connect with the keys of a home, or with keys that nobody knows (CURVE_STRANGER). */
#define CURVE_STRANGER HOMES
struct curve_link *curve_open(struct curve *w, size_t as);
void curve_close(struct curve_link *l); /* NULL does nothing. */
/* The HELLO that is right for it. */
void curve_hello_of(struct curve_link *l, struct kai_hello *h);
void curve_hello(struct curve_link *l, const struct kai_hello *h);
/* Open, say the right HELLO, and hear the other. */
struct curve_link *curve_link_as(struct curve *w, size_t as);
void curve_say(struct curve_link *l, struct kai_buf *frame); /* Frees it. */
void curve_bytes(struct curve_link *l, const void *p, size_t n);
/* Hear what comes for as long as it takes the victim to answer a PING. False: it was cut. */
bool curve_sync(struct curve_link *l);
/* Hear until Body says that it holds the log up to seq. */
void curve_acknowledged(struct curve_link *l, const uint8_t *log_pk, uint64_t seq);
/* Whether it is cut, within five seconds (a bye code of 0: with any). */
bool curve_cut(struct curve_link *l, uint64_t bye);
/* Frames of a type that were heard; *last is the last of them. */
size_t curve_heard(const struct curve_link *l, uint64_t type, struct kai_frame *last);
bool curve_heard_log(const struct curve_link *l, const uint8_t *log_pk);
/* Show the token of an audience's newest epoch, which Alice knows; its handle. */
uint64_t curve_match(struct curve_link *l, size_t aud);
void curve_push(struct curve_link *l, uint64_t handle, const struct kai_entry *e);
/* Hear for one more turn of at most ms. */
bool curve_turn(struct curve_link *l, int ms);

/* ---- Logs. */
const struct kai_epoch *curve_epoch(struct curve *w, size_t aud);
struct kai_buf *curve_next(struct curve *w);
void curve_log(struct curve *w, struct evil_log *l, size_t author);
struct kai_entry curve_bind(struct curve *w, struct evil_log *l, size_t aud,
                            const struct kai_epoch *epoch);
struct kai_entry curve_item(struct curve *w, struct evil_log *l, const struct kai_epoch *epoch);
/* How many entries of a log Body gives a member of the audience, once all that was said to it
 * before has been dealt with. On a link of its own: others of Alice's end. */
size_t curve_held(struct curve *w, size_t aud, const uint8_t *log_pk);

#endif
