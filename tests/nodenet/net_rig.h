/* net_rig: transports in this process, what happened to them, and a hostile TCP client. */
#ifndef KAI_TESTS_NET_RIG_H
#define KAI_TESTS_NET_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/transport.h"

#define RIG_KEYS 24

struct rig {
    struct kai_transport *t;
    uint8_t pk[32];
    uint8_t sk[32];
    uint8_t admitted[RIG_KEYS][32]; /* Whom admits() lets in. */
    size_t admitted_n;
    bool admit_all;
    /* What has been reported. */
    size_t up_n, down_n, frame_n, writable_n, failed_n, intro_n;
    uint64_t bytes_n;
    uint64_t refused_n;
    uint64_t up_link, down_link, frame_link, failed_dial;
    bool up_dialled;
    uint8_t up_peer[32], intro_peer[32];
    char failed_code[64];
    uint8_t last[KAI_FRAME_BYTES_MAX];
    size_t last_n;
    /* What to do. */
    bool echo;
    const uint8_t *suspect; /* Of this peer no more than suspect_max bytes on one link are taken, */
    uint64_t suspect_max;   /* and nothing is sent back. */
    uint64_t suspect_link, suspect_n, suspect_cuts;
    bool intro_go_on;
    const char *intro_reply;
    uint64_t drop_on_frame; /* Drop this link when a frame of it comes. */
};

uint64_t rig_now_us(void);
/* A node with a fresh key. listen: NULL does not. Fails the test when it cannot. */
void rig_start(struct rig *r, const char *listen);
enum kai_err rig_try(struct rig *r, const char *listen, const char *intro, struct kai_why *why);
void rig_stop(struct rig *r);
void rig_admit(struct rig *r, const struct rig *whom);
/* One pass of each loop; waits up to ms for something to happen. */
void rig_turn(struct rig **rigs, size_t n, int ms);
/* Passes until *counter >= want; false after ms milliseconds. */
bool rig_until(struct rig **rigs, size_t n, const size_t *counter, size_t want, int ms);
void rig_for(struct rig **rigs, size_t n, int ms);
uint64_t rig_dial(struct rig *from, const struct rig *to);
/* Dial and wait until a listened link stands at `to` too (a first frame of 5 bytes makes it). */
uint64_t rig_connect(struct rig *from, struct rig *to);
void rig_send(struct rig *from, uint64_t link, const void *p, size_t n);

int tcp_client(const char *endpoint); /* A plain TCP connection. */
uint16_t endpoint_port(const char *endpoint);
size_t rss_kib(void);

#endif
