/* rig: one home in a temporary folder, opened without a loop; its network has the first audiences.
 */
#ifndef KAI_TESTS_NODE_RIG_H
#define KAI_TESTS_NODE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/call.h"

#define MUST(x) assert_int_equal(x, KAI_OK)

struct rig {
    char dir[64];
    struct kai_home home;
    struct kai_core *core;
    struct kai_why why;
    uint8_t all[KAI_ID_BYTES]; /* The audience `all`. */
};

/* For cmocka's setup and teardown: *state is the rig. */
int rig_start(void **state);
int rig_stop(void **state);
/* Close and open again, as a node that was stopped; or as one that was killed. */
void rig_again(struct rig *r, bool killed);
/* One verb; its first line, which the caller frees. r->why: why not. args is consumed. */
json_t *rig_ask(struct rig *r, const struct kai_who *who, const char *verb, json_t *args,
                int *http);
/* The index says what one made again from the store says (rig_index.c). */
void rig_index_again(struct rig *r);
/* Publishes a list, GREEN, to `all`; nothing of it is refused. */
void rig_publish(struct rig *r, const char *text);
/* A row of the index can be read no more. */
void rig_damage(struct rig *r, uint64_t row_no);

#endif
