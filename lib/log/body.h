/* body: what stands inside a data entry: [1, [item...], X] (docs/protocol.md 5).
 *
 * Item types: 1 BIND, 2 OBJ, 3 RELEASE, 4 RECALL, 7 RESHARE, 8 NOTICE, 9 RULE. An unknown type is
 * kept and passed on, not read. */
#ifndef KAI_LOG_BODY_H
#define KAI_LOG_BODY_H

#include "base/buf.h"
#include "base/err.h"
#include "log/merkle.h"
#include "wire/cur.h"

enum kai_item_type {
    KAI_ITEM_BIND = 1,
    KAI_ITEM_OBJ = 2,
    KAI_ITEM_RELEASE = 3,
    KAI_ITEM_RECALL = 4,
    KAI_ITEM_RESHARE = 7,
    KAI_ITEM_NOTICE = 8,
    KAI_ITEM_RULE = 9,
};

enum kai_content_kind {
    KAI_CONTENT_STIX = 1, /* One STIX object, its source's bytes. */
    KAI_CONTENT_LIST = 2, /* lib/item/list.h. */
    KAI_CONTENT_ATTACHMENT = 3,
    KAI_CONTENT_PART =
        5, /* Of a STIX object too big for one payload: consecutive indexes of one OBJ. */
    KAI_CONTENT_SEALED = 6, /* For persons: lib/log/red.h. */
};

/* Begin and end a body that holds n items, each appended in between by a kai_*_write(). */
void kai_body_begin(struct kai_buf *out, uint32_t n_items);
void kai_body_end(struct kai_buf *out);

/* Walk the items of a body: each item's bytes and type. f returns KAI_OK to go on.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, what f returns. */
typedef enum kai_err kai_body_fn(void *ctx, uint64_t type, struct kai_view item);
KAI_MUST_USE enum kai_err kai_body_walk(struct kai_view body, kai_body_fn *f, void *ctx);

/* BIND item [1, body bin, SIG 0x21 over body by the node key]; body = [log_pk, node cert, aud_id,
 * incarnation, previous log or nil, salt32, X]: says, inside the encryption, whose log this is. */
struct kai_bind {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint8_t node_cert[KAI_ID_BYTES];
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t incarnation; /* From 1, counted by the node for each audience. */
    bool has_previous;
    uint8_t previous[KAI_KEY_BYTES];
    uint8_t salt[32]; /* Of the blinded names that CHECKPOINT and REVOKE use for this log. */
};
/* A failure stands in out->err. */
void kai_bind_write(struct kai_buf *out, const struct kai_bind *b, const uint8_t node_sk[static 64],
                    const uint8_t nid[static KAI_ID_BYTES]);
/* Does not verify the signature. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_bind_parse(struct kai_bind *b, struct kai_view item);
/* Errors: KAI_EMALFORMED, KAI_EAUTH. node_pk is the sign_pk of the certificate named. */
KAI_MUST_USE enum kai_err kai_bind_verify(struct kai_view item,
                                          const uint8_t node_pk[static KAI_KEY_BYTES],
                                          const uint8_t nid[static KAI_ID_BYTES]);

/* OBJ = [[tlp, pap or nil, flags], [aud_id...], origin cert, created, valid_until or nil,
 * merkle_root, n, seal or nil, X]: what the origin signs about a batch. Bytes are signed and hashed
 * as received. */
struct kai_obj {
    uint8_t tlp; /* 1..5; any other value that arrives counts as 5. */
    uint8_t pap; /* 0 none, else 1..4; any other value that arrives counts as 4. */
    bool exercise;
    size_t n_auds; /* 0 = nobody. */
    uint8_t aud[KAI_AUDIENCES_PER_OBJ_MAX][KAI_ID_BYTES];
    uint8_t origin_cert[KAI_ID_BYTES];
    uint64_t created;     /* ms since 1970. */
    uint64_t valid_until; /* ms since 1970; 0 = nil. */
    uint8_t root[KAI_ID_BYTES];
    uint64_t n;           /* Leaves. */
    struct kai_view seal; /* RED: a bin; p == NULL = nil. */
};
/* Unknown bits of flags are tolerated and dropped; o->seal points into obj.
 * Errors of parse: KAI_EMALFORMED, KAI_ELIMIT. */
void kai_obj_write(struct kai_buf *out, const struct kai_obj *o);
KAI_MUST_USE enum kai_err kai_obj_parse(struct kai_obj *o, struct kai_view obj);
/* H("kairan1.obj", OBJ bytes): names the batch in RELEASE, RECALL, receipts. */
void kai_obj_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view obj);

/* One content of an OBJ item: [index, kind, content bin, salt16, path or nil]. */
struct kai_content {
    uint64_t index;
    uint64_t kind; /* enum kai_content_kind, or unknown. */
    struct kai_view content;
    uint8_t salt[16];
    bool has_path;
    struct kai_merkle_path path;
};

/* A part of a STIX object too big for one payload: content = [total, offset, bytes bin]. The cut
 * is fixed: offset = index x KAI_PART_BYTES, every part but the last is full, and the OBJ holds
 * these parts and nothing else; so parts can be put together in one way only. */
#define KAI_PART_BYTES 49152u /* With OBJ, path and padding it fits a payload uncompressed. */
struct kai_part {
    uint64_t total;  /* Bytes of the whole object, at most KAI_STIX_BYTES_MAX. */
    uint64_t offset; /* Of this part in it. */
    struct kai_view bytes;
};
void kai_part_write(struct kai_buf *out, const struct kai_part *p);
/* Errors: KAI_EMALFORMED (also a cut other than the one above), KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_part_parse(struct kai_part *p, struct kai_view content);

/* OBJ item [2, OBJ bin, SIG, [content...]]; SIG 0x22 over OBJ. Write the item with n contents. */
void kai_obj_item_write(struct kai_buf *out, struct kai_view obj,
                        const uint8_t sig[static KAI_SIG_BYTES], const struct kai_content *c,
                        uint32_t n);

/* Parse the item. *contents is positioned at the contents, *n_contents says how many follow; read
 * each with kai_content_read(). Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_obj_item_parse(struct kai_view *obj, struct kai_view *sig,
                                             struct kai_cur *contents, uint32_t *n_contents,
                                             struct kai_view item);
KAI_MUST_USE enum kai_err kai_content_read(struct kai_content *out, struct kai_cur *c);

/* Check that the contents of an OBJ item are leaves of its OBJ: all n in order without paths, or
 * each with its path, indexes ascending. Says nothing about SIG, nor about sealed (RED) contents,
 * whose leaves only a person can compute. ids: room for KAI_BATCH_ITEMS_MAX, where on KAI_OK the id
 * of each content stands, in their order; or NULL. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH.
 */
KAI_MUST_USE enum kai_err kai_obj_item_check(struct kai_view item, const struct kai_obj *o,
                                             uint8_t (*ids)[KAI_ID_BYTES]);

/* RULE item [9, signer's issuing cert, body bin, SIG 0x27 over body]; body = [aud_id, ver, name,
 * kind of ids (1 org, 3 node, 4 person), ids bin, part i, of n, X]. The audience's name and
 * members, as its owner sets them. Ids stand one after the other in one bin, ascending, none twice,
 * also from one part to the next. */
#define KAI_RULE_IDS_MAX   1024u /* In one part: 32 KiB, so that a part fits one payload. */
#define KAI_RULE_PARTS_MAX 16u   /* 16,384 ids: four times the members of an audience. */
struct kai_rule {
    uint8_t signer_cert[KAI_ID_BYTES];
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t ver;
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint64_t id_kind;
    const uint8_t *ids; /* n_ids x KAI_ID_BYTES; borrowed. */
    size_t n_ids;
    uint64_t part; /* From 0. */
    uint64_t of;
};
void kai_rule_write(struct kai_buf *out, const struct kai_rule *r,
                    const uint8_t issuing_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
/* r->ids points into item. Does not verify the signature. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_rule_parse(struct kai_rule *r, struct kai_view item);
KAI_MUST_USE enum kai_err kai_rule_verify(struct kai_view item,
                                          const uint8_t issuing_pk[static KAI_KEY_BYTES],
                                          const uint8_t nid[static KAI_ID_BYTES]);
/* The rule hash that AUDIENCE names: H("kairan1.rule", Merkle root), the leaf of a part being
 * H("kairan1.body", its body). items are all parts in order, of one audience, version, name and
 * kind; anything else is KAI_EMALFORMED. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_rule_hash(uint8_t hash[static KAI_ID_BYTES],
                                        const struct kai_view *items, size_t n);

#endif
