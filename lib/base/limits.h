/* limits: every bound in Kairan, with its reason. Whatever a peer can make grow takes its bound
 * from here; past it is KAI_ELIMIT, never a larger buffer. Sizes are in bytes, times in
 * milliseconds unless the name says otherwise. Section numbers are those of docs/protocol.md. */
#ifndef KAI_BASE_LIMITS_H
#define KAI_BASE_LIMITS_H

#include <assert.h>

/* Sizes of what everything is made of (section 2). */
#define KAI_ID_BYTES    32u /* BLAKE2b-256: every id and hash. */
#define KAI_KEY_BYTES   32u /* Ed25519 and X25519 public keys, epoch keys. */
#define KAI_SIG_BYTES   64u /* Ed25519. */
#define KAI_TAG_BYTES   16u /* tag and kid of a header: 128 bits do not collide by chance. */
#define KAI_NONCE_BYTES 24u /* XChaCha20-Poly1305: long enough to be random. */

/* Encoding (section 1). */
#define KAI_MP_DEPTH_MAX    6u     /* The deepest record, RESHARE, has 6. */
#define KAI_TEXT_BYTES_MAX  256u   /* A str: names and the like, for display only. */
#define KAI_FRAME_BYTES_MAX 65000u /* CURVE adds 33 bytes, and 65,504 is dropped (measured). */
#define KAI_ZMQ_MSG_BYTES_MAX                                                                      \
    65536u /* ZMQ_MAXMSGSIZE: bounds what an unknown peer can make us hold. */
#define KAI_INTRO_FRAME_BYTES_MAX                                                                  \
    49152u /* HELLO on the introduction socket: charter and 14 certificates. */
#define KAI_PAYLOAD_BYTES_MAX                                                                      \
    60000u /* Leaves room for header, signature and the frame around them. */
#define KAI_HDR_BYTES_MAX  512u
#define KAI_CERT_BYTES_MAX 1024u /* Payload of a control entry. */
#define KAI_BODY_BYTES_MAX                                                                         \
    1048576u                      /* Uncompressed body of an entry: what opening one may cost.     \
                                   */
#define KAI_PADDED_BYTES_MIN 256u /* A short payload does not tell its length. */

/* Items (section 5). */
#define KAI_BATCH_ITEMS_MAX         500u /* Items of one OBJ: bounds proofs and the work of a receiver. */
#define KAI_STIX_BYTES_MAX          1048576u /* One STIX object, its parts together. */
#define KAI_STIX_DEPTH_MAX          64u      /* jansson recurses; real objects stay under 10. */
#define KAI_STIX_REFS_MAX           100u     /* Objects under which one note is found. */
#define KAI_AUDIENCES_PER_OBJ_MAX   16u
#define KAI_VALUE_BYTES_MAX         4096u   /* One observable value, a URL at most. */
#define KAI_LIST_BYTES_MAX          131072u /* Content of one list: what reading one may cost. */
#define KAI_LIST_VALUES_MAX         16384u  /* Values of one list: each makes rows in the index. */
#define KAI_LIST_TEMPLATE_BYTES_MAX 4096u   /* What all values of a list share. */
#define KAI_RELEASES_PER_OBJ_MAX    64u /* Of one origin: each is read by every re-share's judge. */
#define KAI_LETTERS_PER_ORG_MAX     16384u /* Of one sender: it pushes out its own oldest alone. */
#define KAI_QUARANTINE_PER_LOG_MAX  1024u  /* Kept; the rest of that log's is only refused. */
#define KAI_REPORTS_MAX             4096u  /* Violations of which an origin is to be told. */
#define KAI_REPORTS_PER_DAY                                                                        \
    16u /* Of one sharer to one origin: it learns who and what, and is not buried in letters. */
#define KAI_WAITING_PER_LOG_MAX 64u /* Runs of entries without a key, then one for the rest. */
#define KAI_EXTRACT_SHOWN_BYTES (4u << 20)  /* Of values that --dry-run shows: who reads more? */
#define KAI_EXTRACT_LINE_BYTES  65536u      /* Of a text: longer ones are cut, at a blank. */
#define KAI_IMPORT_BYTES_MAX    0x7fffffffu /* A file to publish: offsets fit 31 bits. */
#define KAI_PICKED_BYTES_MAX                                                                       \
    (32u                                                                                           \
     << 20) /* Kept of it between two passes: a list of a million values; past that twice read. */
#define KAI_SEALED_BYTES_MAX                                                                       \
    (16u << 20) /* Of a file that is still being judged: past that sealing waits, so that nothing  \
                   that is refused takes room of the store. */
#define KAI_READINGS_BYTES_MAX                                                                     \
    (32u << 20) /* What one publication's contents say, until they are indexed: past that parsed   \
                   again. */
#define KAI_AHEAD_BYTES_MAX                                                                        \
    (8u << 20) /* Sealed entries on their way to the index, beside the store: past that read       \
                  there. */
#define KAI_RESHARE_RELEASES_MAX  8u /* That one RESHARE carries: one for each source, and more. */
#define KAI_RECEIPT_ROWS_MAX      512u   /* Batches in one receipt: fits a payload uncompressed. */
#define KAI_CODE_BYTES_MAX        64u    /* A stable reason code. */
#define KAI_RED_PERSONS_MAX       96u    /* Slots of a RED OBJ: with its largest content it fits. */
#define KAI_RED_CONTENT_BYTES_MAX 49184u /* A content sealed for persons: the largest part. */

/* Control plane (sections 3 and 4). */
#define KAI_CTL_ENTRIES_PER_KEY_MAX                                                                \
    4096u /* For life: a stolen key cannot fill every node's memory. */
#define KAI_CTL_ENTRIES_MAX                                                                        \
    131072u /* In all, 70 MB as they are mostly: 2,000 organisations with 60 certificates each. */
#define KAI_ORG_DEPTH_MAX          6u
#define KAI_PATH_CERTS_MAX         14u /* 2 for each of 6 organisations, the node, and one to spare. */
#define KAI_PATHS_PER_CERT_MAX     16u /* Beyond it admission from more sides changes nothing. */
#define KAI_CUTS_PER_REVOKE_MAX    16u /* What fits KAI_CERT_BYTES_MAX. */
#define KAI_CHARTER_BYTES_MAX      16384u
#define KAI_CHARTER_TEXT_BYTES_MAX 16384u
#define KAI_CHARTER_TEXTS_MAX      8u
#define KAI_CHARTER_VERSIONS_MAX   64u /* After the first: one a year is many. */
#define KAI_CHARTER_RIVALS_MAX     4u  /* Kept as evidence; one is enough to ask the founders. */
#define KAI_KEYDEATH_CUTS_MAX      8u  /* Lower ones: past it only a cut of all. */
#define KAI_CHECKPOINT_ROWS_MAX                                                                    \
    64u /* Open data logs of one node: one in each of its audiences.                               \
         */
#define KAI_CHECKPOINT_BYTES_MAX 3072u              /* All rows, and room for extensions. */
#define KAI_STALE_MS             (7ull * 86400000u) /* A word comes each day: some may be lost on the way. */
#define KAI_FOUNDERS_MAX         32u
#define KAI_SUCCESSOR_STEPS_MAX  8u /* Places go on so often; mergers of one place are rare. */
#define KAI_FORERUNNERS_MAX      64u /* Of one organisation: each makes every look at a list longer. */
#define KAI_ATTRS_MAX            8u
#define KAI_PROVIDER_TIERS_MAX   2u /* Contractors and theirs: beyond it nobody answers for them. */

/* Audiences (sections 6 and 9). */
#define KAI_AUDIENCES_MAX           64u   /* That one node is a member of. */
#define KAI_MEMBER_NODES_MAX        4096u /* Of one audience. */
#define KAI_SLOTS_PER_PART_MAX      640u  /* 56 bytes each: a part fits one payload. */
#define KAI_RELAY_SLOTS_MAX         32u
#define KAI_STEWARDS_MAX            8u
#define KAI_EPOCHS_PER_AUDIENCE_MAX 256u /* Seven years of monthly rotation, doubled. */
/* Their keys outlast them, to read what is old. One issuing key can have a member replaced, and so
 * an epoch minted, 4,096 times (KAI_CTL_ENTRIES_PER_KEY_MAX): those push out none of before. */
#define KAI_EPOCH_KEYS_PAST_MAX 8192u

#define KAI_EPOCH_PREDS_MAX 16u /* Heads that one EPOCH follows: stewards that acted at once. */
#define KAI_EPOCH_PARTS_MAX 7u  /* KAI_MEMBER_NODES_MAX members, KAI_SLOTS_PER_PART_MAX in each. */
#define KAI_EPOCH_STATEMENTS_MAX                                                                   \
    1024u                    /* The minting of one epoch, and each time members were added. */
#define KAI_REMOVALS_MAX 24u /* Hashes that one EPOCH answers: what its payload has room for. */
#define KAI_SELF_EPOCH_MS                                                                          \
    900000u /* Without a clean epoch of a steward a writer mints its own: it must not wait for     \
               one. */
/* What members minted so, in one audience: years of it by each, and in all the lists of 1,400 who
 * write to 1,400 with every steward gone. */
#define KAI_SELF_EPOCHS_MAX          32u
#define KAI_SELF_EPOCHS_BYTES_OF_ONE ((size_t)5 << 20) /* All of these, with 4,096 members. */
#define KAI_SELF_EPOCHS_BYTES_MAX    ((size_t)64 << 20)
#define KAI_HOLD_BYTES_MAX                                                                         \
    (64ull << 20) /* Of one audience, that wait in the store for a key: hours of much publishing.  \
                   */
#define KAI_HOLD_ENTRIES_MAX 8192u
#define KAI_MAILBOX_EPOCHS_MAX                                                                     \
    4096u /* Of one mailbox: one for each node that ever wrote, and room for new ones. */
#define KAI_REVOKE_PARTS_MAX 256u /* Control entries a key may write, by the cuts of one part. */

/* Links (section 7). */
#define KAI_LINKS_MAX           32u
#define KAI_LINKS_EASY          6u  /* From here on 2 links into an audience are enough. */
#define KAI_LINKS_MANY          16u /* From here on one is, beside one to a node before us. */
#define KAI_LINKS_SOFT          24u /* Beyond it only what would be cut off is linked: room for those. */
#define KAI_INTRODUCTIONS_MAX   16u
#define KAI_HANDLES_MAX         1024u /* 16 MATCH frames of 64 audiences. */
#define KAI_WANT_RANGES_MAX     512u
#define KAI_RB_ROUNDS_MAX       16u
#define KAI_RB_LEAF_ROWS        32u
#define KAI_RB_FANOUT           16u
#define KAI_IHAVE_IDS_MAX       128u
#define KAI_PEERS_PER_FRAME_MAX 8u
#define KAI_NOTES_PER_FRAME_MAX 8u
#define KAI_ADDR_NOTE_BYTES_MAX 2048u
#define KAI_NOTE_BYTES_MAX      KAI_CHARTER_BYTES_MAX /* The largest note. */
#define KAI_PEER_BYTES_MAX      (8u << 20)            /* All that one peer can make us hold. */
#define KAI_PEERS_BYTES_MAX     (64u << 20) /* What all peers together can make us hold. */
#define KAI_PARKED_MAX          4096u       /* Of all peers: each is looked at again and again. */
#define KAI_PARKED_PER_PEER_MAX 1000u       /* Entries whose certificate or key has not come yet. */
#define KAI_PARKED_BYTES_MAX    (1u << 20)  /* And their bytes, for one peer. */
#define KAI_CREDIT_BYTES        (1u << 20)  /* What a peer may have under way to us. */

/* What others may fill a store with in a day of this node's steady clock (section 12). Past it an
 * entry is not taken now; it is asked for again when the day is over. */
#define KAI_CARRY_FILES_MAX          4u         /* Carry files open at once. */
#define KAI_CARRY_VOLUME_BYTES_MIN   (1u << 20) /* Room for the addresses at its end. */
#define KAI_CARRY_ROWS_MAX           262144u    /* Heads in a receipt: all that a node may know. */
#define KAI_DAY_MS                   86400000u
#define KAI_AUTHOR_BYTES_A_DAY       (1ull << 30)  /* Where the author's ADMIT names no other. */
#define KAI_RELAY_LOG_BYTES_A_DAY    (16ull << 20) /* One log that we carry and cannot read. */
#define KAI_RELAY_LOG_ENTRIES_A_DAY  2000u
#define KAI_RELAY_PEER_BYTES_A_DAY   (256ull << 20) /* Of all such logs, from one peer. */
#define KAI_RELAY_PEER_ENTRIES_A_DAY 32000u
#define KAI_CLOSED_PEER_BYTES_A_DAY                                                                \
    (1ull << 30) /* Of our own audiences, before we can read it.                                   \
                  */
#define KAI_CLOSED_PEER_ENTRIES_A_DAY 1000000u
#define KAI_METERS_MAX                16384u /* Authors, logs and peers counted: 64 bytes each. */
#define KAI_MAILBOXES_MAX             256u   /* Of others, that a node carries letters for. */

/* Expiry of payloads (section 5). Nodes drop them later than they take headers alone, so that
 * clocks which differ by less make nobody ask in vain. */
#define KAI_EXPIRE_GRACE_MS     (2ull * KAI_DAY_MS)
#define KAI_EXPIRE_LEAST_MS     (30ull * KAI_DAY_MS) /* For authors whose clock is behind. */
#define KAI_EXPIRE_DAYS_DEFAULT 400u /* Thirteen months: a year's reports overlap. */
#define KAI_EXPIRE_DAYS_MAX     36500u

/* What `get` shows beside an item (docs/api.md). */
#define KAI_BESIDE_SHOWN_MAX 20u   /* Of each kind: what a person reads; the rest is counted. */
#define KAI_BESIDE_LOOKS_MAX 1000u /* Rows looked at for a kind: some ms, whoever refers to it. */

#define KAI_LOOKUP_VALUES_MAX 10000u /* Of one call: a page of a log, and 1 MiB of arguments. */

/* What an organisation has itself (node/inventory.h): read whole for each question. */
#define KAI_INVENTORY_MAX       20000u /* Each vulnerability is held against all products. */
#define KAI_INVENTORY_BYTES_MAX (8u << 20)
#define KAI_TOUCHED_MAX         256u /* Rows of a label, the newest: one that counts is an alarm. */

/* Local readers (docs/api.md). Both lists fit one named value of the store. */
#define KAI_USERS_MAX               256u
#define KAI_TOKENS_MAX              256u
#define KAI_WRONG_TOKENS_MINUTE_MAX 30u /* Past it a wrong one is answered with "later". */

/* Hunting for known values in logs (lib/hunt). */
#define KAI_HUNT_FILTER_BYTES_MAX                                                                  \
    (64u << 20)                            /* 31 million values; half of what a hunt may take.     \
                                            */
#define KAI_HUNT_PIECE_BYTES    (1u << 20) /* Read at a time; a longer line is cut, and its pieces */
#define KAI_HUNT_OVERLAP_BYTES  16384u /* have this in common: more than a disguised value has. */
#define KAI_HUNT_WINDOW_LOG_MAX 26     /* Of zstd: 64 MiB, the rest of what a hunt may take. */
#define KAI_HUNT_ASK_MAX        1000u  /* Values that one request asks about. */
#define KAI_HUNT_ITEMS_MAX      16u    /* Named for one value, the newest; `query` has them all. */

/* Streaming into a cluster (node/cli/stream_*.c). */
#define KAI_STREAM_BATCH_MAX                                                                       \
    256u /* Messages on their way at once: what a crash leaves in doubt.                           \
          */
#define KAI_STREAM_QUEUE_MAX   1024u /* Messages that wait; then the node waits. */
#define KAI_STREAM_QUEUE_BYTES (8u << 20)
#define KAI_STREAM_MSG_BYTES_MIN                                                                   \
    8192u /* Of what a stream takes: a message without its content still has three names, all of   \
             them escapes. */
#define KAI_STREAM_SERVERS_MAX 16u

/* TAXII (docs/taxii.md). */
#define KAI_TAXII_PAGE_MAX   1000u      /* Objects of one answer. */
#define KAI_TAXII_PAGE_BYTES (8u << 20) /* Past it an answer ends, whatever was asked for. */
#define KAI_TAXII_WORK_MAX   200000u    /* Rows looked at in one go: some tenths of a second. */
/* Goes for one answer that has nothing yet: there are clients that stay at an empty page for ever,
 * whatever it says of more. */
#define KAI_TAXII_GOES_MAX 10u
/* Rows looked at under one id or value, for its versions or whether it is known: anybody makes
 * more.
 */
#define KAI_TAXII_LOOKS_MAX 1024u
/* Rows, and values of lists, looked at for objects that are named: some seconds, and only then
 * where one has the id of a list's value. Past it the answer is 503. */
#define KAI_TAXII_NAMED_MAX 2000000u
/* Texts compared to find one object of a POST again: each may be KAI_STIX_BYTES_MAX. */
#define KAI_TAXII_TEXTS_MAX    8u
#define KAI_TAXII_COMPARED_MAX (64u << 20) /* Bytes of such texts, of one POST. */
/* All match[...] of a request. They stand in `next` too, and proxies cut addresses at 8 KiB. */
#define KAI_TAXII_MATCH_BYTES_MAX 2048u
#define KAI_TAXII_PARAMS_MAX      16u         /* Of an address: there are seven. */
#define KAI_TAXII_BODY_BYTES_MAX  (16u << 20) /* What one POST may make us hold. */
/* What we say that one may be: clients that fill it with small objects stay within the number below
 * (159 bytes each: a label alone takes 80), and the largest object there is fits. */
#define KAI_TAXII_CONTENT_MAX      ((1u << 20) + (64u << 10))
#define KAI_TAXII_OBJECTS_MAX      7000u       /* Of one POST: its status names each. */
#define KAI_TAXII_STATUS_BYTES_MAX (32u << 20) /* With what is wrong with each: 4.2 KB at most. */
#define KAI_TAXII_STATUSES_MAX     64u         /* Kept for who asks again; the oldest goes. */

/* A backup: a record holds an entry or a named value; what a passphrase's owner may make us read.
 */
#define KAI_BACKUP_RECORD_BYTES_MAX 70000u
#define KAI_BACKUP_PERSONS_MAX      1024u /* Key files of persons. */
#define KAI_BACKUP_AUDIT_BYTES_MAX  (UINT64_C(1) << 40)

/* Store (section 8). At a full map LMDB cannot even delete, so nothing gets there. */
#define KAI_STORE_FOREIGN_PERCENT 85u /* Of the map: past it no entries of others are taken. */
#define KAI_STORE_OWN_PERCENT     95u /* Past it none of our own. */
#define KAI_STORE_SMALL_PERCENT   97u /* Past it no control entry, note or value: only deletes. */
#define KAI_STORE_DISK_FREE_MIN   (256ull << 20) /* Under it no entries of others are taken. */
#define KAI_STORE_KEY_BYTES_MAX   64u            /* Of a named value of the node. */
#define KAI_STORE_VALUE_BYTES_MAX 65536u         /* A text of the charter and more. */

static_assert(KAI_PAYLOAD_BYTES_MAX + KAI_HDR_BYTES_MAX + KAI_SIG_BYTES + 64 <= KAI_FRAME_BYTES_MAX,
              "an entry of the largest size fits a frame");
static_assert(KAI_SLOTS_PER_PART_MAX * 56u + KAI_RELAY_SLOTS_MAX * 56u +
                      KAI_SLOTS_PER_PART_MAX * 32u + 1024u <=
                  KAI_PAYLOAD_BYTES_MAX,
              "an EPOCH part of the largest size fits a payload");

static_assert(KAI_SLOTS_PER_PART_MAX * 88u + KAI_RELAY_SLOTS_MAX * 56u +
                      (KAI_EPOCH_PREDS_MAX + KAI_REMOVALS_MAX) * 34u + 512u <=
                  KAI_PAYLOAD_BYTES_MAX,
              "and so does one that follows and answers as much as it may");

#endif
