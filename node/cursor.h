/* cursor: where one page of an answer ended, as a text with which another call goes on there, also
 * after a restart and whatever has come meanwhile.
 *
 * It carries the expression and the time that durations in it are of, sealed (sealed_place.h): its
 * place counts what is hidden. It gives no rights: who comes with it is shown what they may see. It
 * holds as long as the index does: one that was made anew numbers its rows anew. */
#ifndef KAI_NODE_CURSOR_H
#define KAI_NODE_CURSOR_H

#include "base/why.h"
#include "node/sealed_place.h"
#include "query/run.h"

#define KAI_CURSOR_HEAD_BYTES 11u /* Version, the time, bytes of the place (2). */
#define KAI_CURSOR_BYTES_MAX  (KAI_CURSOR_HEAD_BYTES + KAI_QUERY_AT_MAX + KAI_QUERY_BYTES_MAX)
#define KAI_CURSOR_TEXT_MAX   KAI_PLACE_TEXT_CAP(KAI_CURSOR_BYTES_MAX) /* With its NUL. */

struct kai_cursor {
    uint64_t asked_ms;   /* When the first page was asked for. */
    struct kai_buf expr; /* With its NUL. */
    struct kai_query_at at;
};

void kai_cursor_init(struct kai_cursor *c);
void kai_cursor_free(struct kai_cursor *c);
/* Errors: KAI_EMALFORMED (query.after, query.after-gone), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_cursor_read(struct kai_cursor *c, const struct kai_core *core,
                                          const char *text, struct kai_why *why);
/* Append its text. Errors: KAI_ENOMEM, what out->err says. */
KAI_MUST_USE enum kai_err kai_cursor_write(const struct kai_cursor *c, const struct kai_core *core,
                                           struct kai_buf *out);

/* What is sealed. Errors: KAI_EMALFORMED, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_cursor_parse(struct kai_cursor *c, struct kai_view bytes);
/* Failures stick in out. */
void kai_cursor_put(const struct kai_cursor *c, struct kai_buf *out);

#endif
