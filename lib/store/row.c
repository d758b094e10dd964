/* row: rows between structs and bytes. */
#include "store/row.h"

#include <string.h>

const char *const table_names[T_COUNT] = {"meta", "ctl",     "notes", "logs", "logno",
                                          "pos",  "entries", "forks", "kv"};

uint64_t row_sum_more(uint64_t sum, struct kai_view body)
{
    for (size_t i = 0; i < body.n; i++)
        sum = (sum ^ body.p[i]) * 0x100000001b3u;
    return sum;
}

uint64_t row_sum(enum table table, struct kai_view key, struct kai_view body)
{
    uint64_t sum = 0xcbf29ce484222325u + (uint64_t)table;

    return row_sum_more(row_sum_more(sum, key), body);
}

enum kai_err row_open(enum table table, struct kai_view key, struct kai_view row,
                      struct kai_view *body)
{
    *body = (struct kai_view){0};
    if (row.n < SUM_BYTES)
        return KAI_ECORRUPT;
    struct kai_view rest = {row.p + SUM_BYTES, row.n - SUM_BYTES};
    if (kai_get_u64(row.p) != row_sum(table, key, rest))
        return KAI_ECORRUPT;
    *body = rest;
    return KAI_OK;
}

static void row_seal(enum table table, struct kai_view key, uint8_t *row, size_t n)
{
    kai_put_u64(row, row_sum(table, key, kai_view_of(row + SUM_BYTES, n - SUM_BYTES)));
}

static struct kai_view name_view(const char *name)
{
    return kai_view_of(name, strlen(name));
}

void counters_write(uint8_t out[static COUNTERS_BYTES], const struct counters *c)
{
    kai_put_u64(out + 8, c->next_no);
    kai_put_u64(out + 16, c->logs);
    kai_put_u64(out + 24, c->entries);
    kai_put_u64(out + 32, c->next_pos);
    kai_put_u64(out + 40, c->last_visible);
    kai_put_u64(out + 48, c->staged);
    kai_put_u64(out + 56, c->txnid);
    row_seal(T_META, name_view("counters"), out, COUNTERS_BYTES);
}

enum kai_err counters_read(struct counters *c, struct kai_view row)
{
    struct kai_view b;

    if (row.n != COUNTERS_BYTES || row_open(T_META, name_view("counters"), row, &b) != KAI_OK)
        return KAI_ECORRUPT;
    c->next_no = kai_get_u64(b.p);
    c->logs = kai_get_u64(b.p + 8);
    c->entries = kai_get_u64(b.p + 16);
    c->next_pos = kai_get_u64(b.p + 24);
    c->last_visible = kai_get_u64(b.p + 32);
    c->staged = kai_get_u64(b.p + 40);
    c->txnid = kai_get_u64(b.p + 48);
    return KAI_OK;
}

void number_write(uint8_t out[static NUMBER_BYTES], const char *name, uint64_t v)
{
    kai_put_u64(out + SUM_BYTES, v);
    row_seal(T_META, name_view(name), out, NUMBER_BYTES);
}

enum kai_err number_read(uint64_t *v, const char *name, struct kai_view row)
{
    struct kai_view b;

    if (row.n != NUMBER_BYTES || row_open(T_META, name_view(name), row, &b) != KAI_OK)
        return KAI_ECORRUPT;
    *v = kai_get_u64(b.p);
    return KAI_OK;
}

/* The fields of a log row in their order on disk; the numbers first, then the byte strings. */
struct log_fields {
    uint64_t *u[13];
    uint8_t *b[7];
};

static struct log_fields fields_of(struct log_row *r)
{
    struct kai_log *l = &r->log;

    return (struct log_fields){.u = {&l->no, &l->kind, &l->incarnation, &l->head_seq, &l->head_ts,
                                     &l->floor, &l->flags, &l->first_seen_ms, &l->bytes,
                                     &r->staged_seq, &r->staged_ts, &r->staged_bytes,
                                     &r->staged_close},
                               .b = {l->aud_id, l->author_node, l->author_cert, l->salt, l->head,
                                     r->staged_hash, l->from_node}};
}

/* Version 1 ends before from_node. */
#define LOG_ROW_VERSION 2u
#define LOG_ROW_BYTES_1 (LOG_ROW_BYTES - KAI_ID_BYTES)

void log_row_write(uint8_t out[static LOG_ROW_BYTES], const struct log_row *r)
{
    struct log_row copy = *r;
    struct log_fields f = fields_of(&copy);
    uint8_t *p = out + SUM_BYTES;

    *p++ = LOG_ROW_VERSION;
    for (size_t i = 0; i < 13; i++, p += 8)
        kai_put_u64(p, *f.u[i]);
    for (size_t i = 0; i < 7; i++, p += KAI_ID_BYTES)
        memcpy(p, f.b[i], KAI_ID_BYTES);
    row_seal(T_LOGS, kai_view_of(r->log.log_pk, KAI_KEY_BYTES), out, LOG_ROW_BYTES);
}

enum kai_err log_row_read(struct log_row *r, struct kai_view key, struct kai_view row)
{
    struct log_fields f = fields_of(r);
    struct kai_view b;

    if (key.n != KAI_KEY_BYTES || (row.n != LOG_ROW_BYTES && row.n != LOG_ROW_BYTES_1) ||
        row_open(T_LOGS, key, row, &b) != KAI_OK ||
        b.p[0] != (row.n == LOG_ROW_BYTES ? LOG_ROW_VERSION : 1u))
        return KAI_ECORRUPT;

    const uint8_t *p = b.p + 1;
    for (size_t i = 0; i < 13; i++, p += 8)
        *f.u[i] = kai_get_u64(p);
    memset(r->log.from_node, 0, sizeof r->log.from_node);
    for (size_t i = 0; i < (row.n == LOG_ROW_BYTES ? 7u : 6u); i++, p += KAI_ID_BYTES)
        memcpy(f.b[i], p, KAI_ID_BYTES);
    memcpy(r->log.log_pk, key.p, KAI_KEY_BYTES);
    return KAI_OK;
}

void pos_key(uint8_t out[static POS_KEY_BYTES], uint64_t no, uint64_t seq)
{
    kai_put_u64(out, no);
    kai_put_u64(out + 8, seq);
}

void pos_row_write(uint8_t out[static POS_ROW_BYTES], const uint8_t key[static POS_KEY_BYTES],
                   const struct pos_row *r)
{
    kai_put_u64(out + SUM_BYTES, r->position);
    memcpy(out + SUM_BYTES + 8, r->hash, KAI_ID_BYTES);
    row_seal(T_POS, kai_view_of(key, POS_KEY_BYTES), out, POS_ROW_BYTES);
}

enum kai_err pos_row_read(struct pos_row *r, struct kai_view key, struct kai_view row)
{
    struct kai_view b;

    if (row.n != POS_ROW_BYTES || row_open(T_POS, key, row, &b) != KAI_OK)
        return KAI_ECORRUPT;
    r->position = kai_get_u64(b.p);
    memcpy(r->hash, b.p + 8, KAI_ID_BYTES);
    return KAI_OK;
}

void hashed_key(uint8_t out[static HASHED_KEY_BYTES], const struct kai_entry *e)
{
    memcpy(out, e->h.log_pk, KAI_KEY_BYTES);
    kai_put_u64(out + KAI_KEY_BYTES, e->h.seq);
    memcpy(out + KAI_KEY_BYTES + 8, e->hash, 16);
}

/* Where the parts of an entry row's head lie. */
enum { AT_SEEN = 1, AT_NO = 9, AT_HEAD_SUM = 17, AT_SUM = 25 };

static uint64_t head_sum(const uint8_t *key, const uint8_t *head)
{
    return row_sum(T_ENTRIES, kai_view_of(key, 8), kai_view_of(head, AT_HEAD_SUM));
}

static void head_write(uint8_t head[static ENTRY_HEAD_BYTES], uint64_t position,
                       const struct entry_row *r, struct kai_view tail)
{
    uint8_t key[8];

    kai_put_u64(key, position);
    head[0] = (uint8_t)r->kind;
    kai_put_u64(head + AT_SEEN, r->seen_ms);
    kai_put_u64(head + AT_NO, r->no);
    uint64_t sum = head_sum(key, head);
    kai_put_u64(head + AT_HEAD_SUM, sum);
    kai_put_u64(head + AT_SUM, row_sum_more(sum, tail));
}

void entry_row_write(struct kai_buf *out, uint64_t position, const struct entry_row *r)
{
    uint8_t *head = kai_buf_room(out, ENTRY_HEAD_BYTES);

    if (head == NULL)
        return;
    head_write(head, position, r, r->e.sig); /* The entry's hashes cover header and payload. */
    kai_entry_write(out, &r->e, r->e.payload.p != NULL);
}

void run_row_write(uint8_t out[static RUN_BYTES], uint64_t position, const struct entry_row *r)
{
    uint8_t *tail = out + ENTRY_HEAD_BYTES;

    kai_put_u64(tail, r->first_seq);
    kai_put_u64(tail + 8, r->n);
    head_write(out, position, r, kai_view_of(tail, 16));
}

enum kai_err entry_row_kind(enum entry_kind *kind, struct kai_view key, struct kai_view row)
{
    if (key.n != 8 || row.n < ENTRY_HEAD_BYTES || row.n > ENTRY_HEAD_BYTES + ELEMENT_BYTES_MAX ||
        kai_get_u64(row.p + AT_HEAD_SUM) != head_sum(key.p, row.p) || row.p[0] < ROW_ENTRY ||
        row.p[0] > ROW_RUN)
        return KAI_ECORRUPT;
    *kind = (enum entry_kind)row.p[0];
    return KAI_OK;
}

enum kai_err entry_row_read(struct entry_row *r, struct kai_view key, struct kai_view row)
{
    struct kai_view tail;
    struct kai_cur c;
    uint64_t sum;

    memset(r, 0, sizeof *r);
    if (entry_row_kind(&r->kind, key, row) != KAI_OK)
        return KAI_ECORRUPT;
    r->seen_ms = kai_get_u64(row.p + AT_SEEN);
    r->no = kai_get_u64(row.p + AT_NO);
    tail = kai_view_of(row.p + ENTRY_HEAD_BYTES, row.n - ENTRY_HEAD_BYTES);
    if (r->kind == ROW_RUN) {
        if (row.n != RUN_BYTES)
            return KAI_ECORRUPT;
        r->first_seq = kai_get_u64(tail.p);
        r->n = kai_get_u64(tail.p + 8);
    } else {
        kai_cur_init(&c, tail.p, tail.n);
        if (kai_entry_read(&r->e, &c) != KAI_OK || kai_cur_end(&c) != KAI_OK)
            return KAI_ECORRUPT;
        tail = r->e.sig;
    }
    sum = row_sum_more(kai_get_u64(row.p + AT_HEAD_SUM), tail);
    return kai_get_u64(row.p + AT_SUM) == sum ? KAI_OK : KAI_ECORRUPT;
}
