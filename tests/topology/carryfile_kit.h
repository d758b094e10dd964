/* carryfile_kit: five organisations that no link joins, and the carry files that pass between their
 * engines. */
#ifndef TESTS_TOPOLOGY_CARRYFILE_KIT_H
#define TESTS_TOPOLOGY_CARRYFILE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "topology/carry.h"
#include "topology/sim/sim_int.h"

enum { FOUNDER, OWNER, SECOND, THIRD, OUT, RELAY }; /* Nodes; the relay is the founder's. */
enum { GROUP, BOX };                                /* Audiences; the mailbox is SECOND's. */

#define KIT_FILE_MAX (8u << 20)

/* OWNER, SECOND and THIRD are GROUP's members, RELAY is its relay. End it with kai_sim_free(). */
struct kai_sim *kit_stage(void);
const uint8_t *kit_nid(struct kai_sim *s); /* 32 bytes, of the charter. */

/* Entries of an audience's data logs that a node holds; *opened of which it has read. */
size_t kit_held(const struct kai_sim *s, size_t node, size_t aud, size_t *opened);
void kit_say(struct kai_sim *s, size_t node, size_t aud); /* An entry of 300 bytes. */

/* A whole file of this kind that one node makes for another; rows: what a receipt said, or none.
 * Initialises out, which the caller frees also where it fails. Errors: those of kai_carry_pack()
 * and kai_carry_more(). */
enum kai_err kit_make(struct kai_sim *s, size_t from, size_t to, uint64_t kind,
                      const struct kai_carry_row *rows, size_t n_rows, struct kai_buf *out);

/* What taking a file in came to. */
struct kit_took {
    struct kai_carry_info info;
    const char *code; /* Why it was refused, or "". */
    struct kai_carry_row rows[256];
    size_t n_rows;
};

/* A node takes a whole file in. Errors: those of kai_carry_open(), _feed() and _idle(), and of a
 * chunk that cannot be cut. */
enum kai_err kit_take(struct kai_sim *s, size_t to, struct kai_view file, struct kit_took *t);
void kit_bring(struct kai_sim *s, size_t from, size_t to,
               struct kit_took *t); /* Both; both succeed. */

#endif
