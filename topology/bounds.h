/* bounds: how long, how often and how much, where only the engine needs to know it; what others can
 * notice stands in lib/base/limits.h. docs/protocol.md 9 has a table of what a peer can grow. */
#ifndef KAI_TOPOLOGY_BOUNDS_H
#define KAI_TOPOLOGY_BOUNDS_H

/* Times in ms. */
#define KAI_HELLO_MS        5000u
#define KAI_PING_MS         20000u
#define KAI_PING_FIRST_MS   3000u /* What was lost of the first words is said again soon. */
#define KAI_PINGS_MISSED    3u
#define KAI_DRAIN_MS        1000u
#define KAI_RB_IDLE_MS      10000u  /* A session that hears nothing for so long has stalled. */
#define KAI_RB_EVERY_MS     600000u /* +-30 %. */
#define KAI_RB_BURST        8u      /* Sessions of an audience that a peer may start at once. */
#define KAI_RB_SPACE_MS     2000u   /* And then one in this time. */
#define KAI_RB_SESSION_MS   60000u
#define KAI_RB_BYTES_MAX    (4u << 20) /* Of a session, both ways. */
#define KAI_RB_ANSWER_MAX   (1u << 20) /* Rows in one answer; then a question about the rest. */
#define KAI_RB_LISTEN_MS    2000u /* The dialler starts; the listener only when it hears nothing. */
#define KAI_FETCH_MS        10000u     /* Without progress. */
#define KAI_LACKS_MS        600000u    /* Not asked again who lacks what has not expired. */
#define KAI_FETCH_MOST_MS   50000u     /* More for a peer that is busy with others. */
#define KAI_EXPIRY_GRACE_MS 172800000u /* 48 h after a certificate's end (section 4). */
#define KAI_IHAVE_MS        1u         /* A synced commit and what it took in are told at once; */
#define KAI_IHAVE_NEWS_MS   50u /* who gets only word of it is told at once, then so often. */
#define KAI_PARK_MS         600000u

/* Bounds of what one link holds; together under KAI_PEER_BYTES_MAX. */
#define KAI_OUT_LIVE_MAX        (1u << 20) /* Then pushes are left to reconciliation. */
#define KAI_OUT_MAX             (4u << 20)
#define KAI_FREE_BYTES_A_MS     128u  /* Of frames without credit; 1 MiB at once. */
#define KAI_SERVE_MAX           1024u /* Ranges asked for and not yet served. */
#define KAI_FETCHES_MAX         4096u /* Logs being fetched, all links together. */
#define KAI_FETCHES_OF_LINK_MAX 1024u /* As many as a peer keeps for us. */
#define KAI_FORKED_MAX          256u  /* Proofs noted as shown on a link. */
#define KAI_SHARES_MAX          256u  /* Of a link: KAI_AUDIENCES_MAX matched, the rest offered. */
#define KAI_MATCH_LOOK_MS       100u  /* Between one look at a peer's new tokens and the next. */
#define KAI_MATCH_BURST_MS      900u  /* Ten of them at once: links that come up do not wait. */
#define KAI_KNOWN_SLOTS         256u
#define KAI_BOOK_MAX            4096u
#define KAI_EARLY_MAX                                                                              \
    256u /* Addresses of nodes not known yet: what a newcomer is told at once.                     \
          */
#define KAI_HEARD_MAX                                                                              \
    4096u /* Nodes whose CHECKPOINT is kept: as many as one audience may have; 12 MiB at most. */
#define KAI_BOOK_LIFE_MS     (31ull * KAI_DAY_MS) /* Of an address, whatever it says itself. */
#define KAI_PUSH_PAYLOAD_MAX 32768u

#endif
