/* domains: every context in which Kairan hashes, derives or signs (docs/protocol.md 2). A new use
 * gets a new line, so that bytes made for one purpose are never valid for another. */
#ifndef KAI_CRYPTO_DOMAINS_H
#define KAI_CRYPTO_DOMAINS_H

/* Hashes: H(domain, x). */
#define KAI_D_CHARTER   "kairan1.charter" /* Network id: of the first charter's body. */
#define KAI_D_TEXT      "kairan1.text"    /* A text of the charter. */
#define KAI_D_BODY      "kairan1.body"    /* What a signature is over. */
#define KAI_D_ORG       "kairan1.org"
#define KAI_D_NODE      "kairan1.node"
#define KAI_D_PERSON    "kairan1.person"
#define KAI_D_PLACE     "kairan1.place" /* Of a person in an organisation. */
#define KAI_D_AUD       "kairan1.aud"
#define KAI_D_MAILBOX   "kairan1.mailbox"
#define KAI_D_ITEM      "kairan1.item"
#define KAI_D_VALUE     "kairan1.value" /* The second half of the id of one value of a list. */
#define KAI_D_HDR       "kairan1.hdr"   /* Entry hash. */
#define KAI_D_PAY       "kairan1.pay"
#define KAI_D_OBJ       "kairan1.obj"
#define KAI_D_OBJCTX    "kairan1.objctx"
#define KAI_D_LEAF      "kairan1.leaf"
#define KAI_D_MNODE     "kairan1.mnode"
#define KAI_D_MLEAF     "kairan1.mleaf"
#define KAI_D_RULE      "kairan1.rule"
#define KAI_D_EK        "kairan1.ek" /* Commitment to an epoch key. */
#define KAI_D_PUBLIC    "kairan1.public"
#define KAI_D_MAILROUTE "kairan1.mailroute"
#define KAI_D_WORDS     "kairan1.words" /* The words read over the telephone. */
#define KAI_D_ARMOR     "kairan1.armor" /* Checksum of a mailable text. */
#define KAI_D_MEMO      "kairan1.memo"  /* What a simulator found good; on no wire and no disk. */
#define KAI_D_TOKEN     "kairan1.token" /* What a node keeps of a token of its API. */
#define KAI_D_CARRY     "kairan1.carry" /* Commitment to the key of a carry file. */
#define KAI_D_CARRYSUM  "kairan1.carrysum" /* Its head is whole. */
#define KAI_D_AUDIT     "kairan1.audit"    /* A line of the audit log, with the line before. */
#define KAI_D_BACKUP    "kairan1.backup"   /* Key and sums of a backup. */
#define KAI_D_HEADS     "kairan1.heads"    /* What a node holds of an audience, to compare. */
#define KAI_D_BOOK      "kairan1.book"     /* An address in the sum of a book. */
#define KAI_D_TAXII     "kairan1.taxii"    /* An address of TAXII, in what a page of it says. */
#define KAI_D_STATE                                                                                \
    "kairan1.state" /* State hash of a roster; fingerprint of the control plane.                   \
                     */

/* Keyed: K(key, domain, x, n). */
#define KAI_D_BLIND       "kairan1.blind"
#define KAI_D_BLINDHEAD   "kairan1.blindhead"
#define KAI_D_TAG         "kairan1.tag"
#define KAI_D_ROUTE       "kairan1.route"
#define KAI_D_MK          "kairan1.mk"
#define KAI_D_R           "kairan1.r"
#define KAI_D_COMMIT      "kairan1.commit"
#define KAI_D_WRAP        "kairan1.wrap"   /* A slot for a member. */
#define KAI_D_RWRAP       "kairan1.rwrap"  /* A slot for a relay. */
#define KAI_D_PWRAP       "kairan1.pwrap"  /* A slot for a person. */
#define KAI_D_OWRAP       "kairan1.owrap"  /* An audience id in an OFFER. */
#define KAI_D_CWRAP       "kairan1.cwrap"  /* The key of a carry file. */
#define KAI_D_CHUNK       "kairan1.chunk"  /* The key of one chunk of it. */
#define KAI_D_CMATCH      "kairan1.cmatch" /* A token of an audience in it. */
#define KAI_D_HWRAP       "kairan1.hwrap"  /* The key of what waits in this node's own store. */
#define KAI_D_PLACE       "kairan1.place"  /* The node's own key for places that go out. */
#define KAI_D_LIST        "kairan1.list"
#define KAI_D_MSALT       "kairan1.msalt"
#define KAI_D_MATCH       "kairan1.match"
#define KAI_D_RANGE       "kairan1.range" /* Fingerprint of a range in reconciliation. */
#define KAI_D_RMARK       "kairan1.rmark" /* Mark of a head in reconciliation. */
#define KAI_D_RED         "kairan1.red"
#define KAI_D_REDCOMMIT   "kairan1.redcommit" /* Commitment to the key of a RED OBJ. */
#define KAI_D_REDSALT     "kairan1.redsalt"   /* Salts of a RED OBJ, from a secret of its person. */
#define KAI_D_SALT        "kairan1.salt"  /* Salts of a batch, from one secret of its publisher. */
#define KAI_D_PNAME       "kairan1.pname" /* A person's name in a certificate, salted. */
#define KAI_D_CONTRIBUTED "kairan1.contributed" /* Ids of what is published for another one. */
#define KAI_D_FILE        "kairan1.file"        /* Key that seals a key file. */

/* What a signature is for: SIG(sk, type, body). */
enum kai_sig_type {
    KAI_SIG_CHARTER = 0x01, /* The network id is zeros for charter version 1. */
    KAI_SIG_KEYDEATH = 0x04,
    KAI_SIG_CHECKPOINT = 0x05,
    KAI_SIG_ADDR = 0x08,
    KAI_SIG_HDR = 0x20,
    KAI_SIG_BIND = 0x21,
    KAI_SIG_OBJ = 0x22,
    KAI_SIG_RELEASE = 0x23,
    KAI_SIG_RECALL = 0x24,
    KAI_SIG_RESHARE = 0x25,
    KAI_SIG_EPOCH = 0x26,
    KAI_SIG_RULE = 0x27,
    KAI_SIG_POP = 0x28,   /* Proof of possession of a key in a request; network id zeros. */
    KAI_SIG_CARRY = 0x29, /* Who made a carry file, and for whom. */
};

#endif
