/* call_audit: who read what: audit show, audit verify. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/audit.h"
#include "node/call.h"
#include "text/time.h"

#define CHUNK_BYTES (1u << 18)

struct show {
    int fd;
    uint64_t at;
    uint64_t size; /* What stood there when it was asked for. */
    uint64_t line;
    uint64_t since_ms;
    struct kai_buf *out;
};

static void show_free(void *ctx)
{
    struct show *s = ctx;

    if (s->fd != -1)
        (void)close(s->fd);
    free(s);
}

/* A line as it stands; of one that none of ours can be only its place: what stands in it is
 * somebody's doing. */
static bool put(void *ctx, struct kai_view line, uint64_t at, bool whole)
{
    struct show *s = ctx;
    json_t *o = whole && line.n <= KAI_AUDIT_LINE_BYTES_MAX
                    ? json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, NULL)
                    : NULL;
    const char *time = json_string_value(json_object_get(o, "time"));
    uint64_t ms = 0;
    bool good = time != NULL && kai_time_parse(kai_view_of(time, strlen(time)), &ms);
    struct kai_jput j;

    s->line++;
    s->at = at + line.n + whole;
    if (good && ms >= s->since_ms) {
        kai_jput_init(&j, s->out);
        kai_jput_raw(&j, NULL, line);
        (void)kai_jput_line(&j); /* Sticks in the buffer. */
    } else if (!good) {
        kai_jput_init(&j, s->out);
        kai_jput_object(&j, NULL);
        kai_jput_null(&j, "n");
        kai_jput_uint(&j, "damaged_line", s->line);
        kai_jput_end(&j);
        (void)kai_jput_line(&j);
    }
    json_decref(o);
    return s->out->len < CHUNK_BYTES;
}

static enum kai_err show_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct show *s = ctx;
    uint64_t from = s->at;
    enum kai_err err = KAI_OK;

    (void)why;
    s->out = out;
    if (s->fd != -1)
        err = kai_audit_scan(s->fd, s->at, s->size, put, s);
    *end = s->at >= s->size || s->at == from;
    return err;
}

enum kai_err kai_verb_audit_show(struct kai_call *call)
{
    struct show *s = calloc(1, sizeof *s);
    struct kai_audit_at head;
    enum kai_err err = KAI_OK;
    const char *since = kai_arg_text(call, "since", &err);
    uint64_t ms;

    if (s == NULL)
        return KAI_ENOMEM;
    s->fd = -1;
    if (err == KAI_OK && since != NULL) {
        uint64_t now = kai_wall_ms();

        if (kai_duration_parse(since, &ms))
            s->since_ms = ms < now ? now - ms : 0;
        else if (!kai_time_parse_loose(kai_view_of(since, strlen(since)), &s->since_ms))
            err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.time", since, NULL, NULL);
    }
    if (err == KAI_OK)
        err = kai_audit_reader(call->core, &s->fd, &s->size, &head, &call->why);
    if (err != KAI_OK) {
        show_free(s);
        return err;
    }
    call->stream = (struct kai_stream){.next = show_next, .free = show_free, .ctx = s};
    return KAI_OK;
}

enum kai_err kai_verb_audit_verify(struct kai_call *call)
{
    struct kai_jput j;
    uint64_t lines;
    enum kai_err err = kai_audit_verify(call->core, &lines, &call->why);

    if (err != KAI_OK)
        return err;
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "lines", lines);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}
