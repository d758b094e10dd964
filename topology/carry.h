/* carry: a carry file in the place of a connection (docs/protocol.md 7, carried in a file): what
 * may go into it is decided as for a link, and what comes out of it is judged as if a link had
 * brought it. A struct kai_carry belongs to one engine, must be closed before it, and is not there
 * for other threads. */
/* Reasons (sentences in lib/text): carry.damaged, carry.for-another, carry.kind, carry.sender (its
 * maker is not admitted, or no longer), carry.stranger (nothing here says who its maker is),
 * carry.self, carry.inactive (1: the node), carry.busy, carry.ended. */
#ifndef KAI_TOPOLOGY_CARRY_H
#define KAI_TOPOLOGY_CARRY_H

#include "topology/carryfile.h"
#include "topology/frame.h"
#include "topology/net.h"

struct kai_carry;

/* Open a file that was made for us, given its first KAI_CARRY_HEAD_BYTES. Errors: KAI_EMALFORMED
 * (carry.damaged), KAI_ENOTFOUND (carry.for-another), KAI_EBUSY (carry.busy), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_carry_open(struct kai_carry **out, struct kai_net *n,
                                         struct kai_view head, uint64_t now_ms, uint64_t wall_ms,
                                         struct kai_why *why);
/* Take the next chunk. Its entries were handed to act.ingest and so on when it returns, as those of
 * a frame. Errors: KAI_EMALFORMED (carry.damaged), KAI_EDENIED (carry.sender), KAI_EAGAIN
 * (carry.stranger), KAI_EBUSY (carry.ended), KAI_ENOMEM. After an error the file is only closed. */
KAI_MUST_USE enum kai_err kai_carry_feed(struct kai_carry *f, struct kai_view box, uint64_t now_ms,
                                         uint64_t wall_ms, struct kai_why *why);
/* *idle: all that it brought is durable or refused. Errors: as of kai_carry_feed(), where one of
 * these ended it. */
KAI_MUST_USE enum kai_err kai_carry_idle(const struct kai_carry *f, bool *idle,
                                         struct kai_why *why);
void kai_carry_again(struct kai_carry *f); /* From the first chunk once more. */
void kai_carry_close(struct kai_carry *f); /* NULL does nothing. */

struct kai_carry_info {
    uint64_t kind; /* enum kai_carry_kind; 0: not known yet. */
    uint8_t node[KAI_ID_BYTES];
    uint64_t volume;
    uint64_t made_ms;
    bool ended;       /* Its last chunk was read, or written. */
    bool more;        /* Another volume follows. */
    bool full;        /* Nothing of others is taken: the store is full. */
    uint64_t taken;   /* Of one that is made: entries that go into it. */
    uint64_t keys;    /* EPOCHs among them: once they are durable, more can be judged. */
    uint64_t heads;   /* Frames of a receipt, each of which was compared with all of ours. */
    uint64_t held;    /* Were here already. */
    uint64_t refused; /* Never to be taken, as things are. Of the last pass, as what follows. */
    uint64_t over;    /* Too much for today. */
    uint64_t waiting; /* For an entry, key or certificate that is not here. */
};
void kai_carry_info(const struct kai_carry *f, struct kai_carry_info *out);

/* The heads that a receipt names, of the control plane and of audiences that its maker has shown to
 * be in; seq 0: a text of the charter that it lacks. Borrowed. */
struct kai_carry_row {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
    bool same; /* The entry there is the one that we hold. */
};
const struct kai_carry_row *kai_carry_rows(const struct kai_carry *f, size_t *n);

/* Make a file for a node. rows: of its receipt, those of it that we hold too are left out; copied.
 * sign_sk is kept by the caller. Errors: KAI_EDENIED (carry.inactive, carry.self), KAI_EBUSY,
 * KAI_ENOMEM. */
struct kai_carry_pack {
    uint8_t node[KAI_ID_BYTES];
    uint64_t kind;
    const uint8_t *sign_sk;
    uint64_t volume_bytes; /* 0: one volume. */
    const struct kai_carry_row *rows;
    size_t n_rows;
};
KAI_MUST_USE enum kai_err kai_carry_pack(struct kai_carry **out, struct kai_net *n,
                                         const struct kai_carry_pack *p, uint64_t now_ms,
                                         uint64_t wall_ms, struct kai_why *why);
/* Append the next bytes, at most about 256 KiB; *volume: a volume is whole with them; *end: there
 * is nothing more. Rights are asked anew each time. Errors: KAI_EDENIED (carry.inactive),
 * KAI_EBUSY (carry.ended), KAI_ENOMEM, what out->err says. */
KAI_MUST_USE enum kai_err kai_carry_more(struct kai_carry *f, struct kai_buf *out, bool *volume,
                                         bool *end, uint64_t now_ms, uint64_t wall_ms,
                                         struct kai_why *why);

#endif
