/* record: a row as the bytes that the store keeps. */
#include <string.h>

#include "query/index_priv.h"

/* 1 format, 1 kind, 1 flags, 1 tlp, 1 pap, 1 superseded, 1 withdrawn, 1 whether via stands, uuid,
 * four ids, twelve integers, via, type text, 8 sum over the row's number and all of it: a label
 * that rotted must not be one. */
#define INTEGERS   12u
#define HEAD_BYTES (8u + 16u + 4u * KAI_ID_BYTES + 8u * INTEGERS)
#define FORMAT     3u
/* What each reader sees for themselves stands in the marks. */
#define MARKED ((uint64_t)(KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN))

#define SUM_BYTES 8u

static_assert(HEAD_BYTES + KAI_ID_BYTES + KAI_ROW_TYPE_CAP + SUM_BYTES <= KAI_RECORD_MAX,
              "a record of any row fits");

static uint64_t sum_of(uint64_t no, const uint8_t *p, size_t n)
{
    uint8_t number[8];

    kai_put_u64(number, no);
    return kai_ix_sum(kai_ix_sum(KAI_IX_SUM_BEGIN, number, sizeof number), p, n);
}

static bool via_anyone(const struct kai_row *row)
{
    static const uint8_t nobody[KAI_ID_BYTES];

    return memcmp(row->via, nobody, KAI_ID_BYTES) != 0;
}

size_t kai_record_write(uint8_t out[static KAI_RECORD_MAX], const struct kai_row *row,
                        struct marks marks)
{
    const uint64_t v[INTEGERS] = {row->log_no,          row->seq,         row->item_ordinal,
                                  row->content_ordinal, row->parts,       row->first_seen_ms,
                                  row->created_ms,      row->modified_ms, row->valid_from_ms,
                                  row->valid_until_ms,  row->n_values,    row->obj_index};
    size_t type_n = strlen(row->type);
    uint8_t *p = out + 8;

    out[0] = FORMAT;
    out[1] = (uint8_t)row->kind;
    out[2] = (uint8_t)(row->flags & ~MARKED);
    out[3] = row->tlp;
    out[4] = row->pap;
    out[5] = marks.superseded;
    out[6] = marks.withdrawn;
    out[7] = via_anyone(row) ? 1 : 0;
    memcpy(p, row->stix_uuid, 16);
    p += 16;
    memcpy(p, row->item_id, KAI_ID_BYTES);
    memcpy(p + KAI_ID_BYTES, row->origin, KAI_ID_BYTES);
    memcpy(p + 2 * KAI_ID_BYTES, row->aud_id, KAI_ID_BYTES);
    memcpy(p + 3 * KAI_ID_BYTES, row->obj_hash, KAI_ID_BYTES);
    p += 4 * KAI_ID_BYTES;
    for (size_t i = 0; i < INTEGERS; i++)
        kai_put_u64(p + 8 * i, v[i]);
    p += 8u * INTEGERS;
    if (out[7] != 0) {
        memcpy(p, row->via, KAI_ID_BYTES);
        p += KAI_ID_BYTES;
    }
    memcpy(p, row->type, type_n);
    p += type_n;
    kai_put_u64(p, sum_of(row->no, out, (size_t)(p - out)));
    return (size_t)(p - out) + SUM_BYTES;
}

enum kai_err kai_record_read(struct kai_row *row, struct marks *marks, uint64_t no,
                             const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t head = HEAD_BYTES;
    uint64_t *v[INTEGERS] = {&row->log_no,          &row->seq,         &row->item_ordinal,
                             &row->content_ordinal, &row->parts,       &row->first_seen_ms,
                             &row->created_ms,      &row->modified_ms, &row->valid_from_ms,
                             &row->valid_until_ms,  &row->n_values,    &row->obj_index};

    if (n < HEAD_BYTES + SUM_BYTES || p[0] != FORMAT)
        return KAI_ECORRUPT;
    n -= SUM_BYTES;
    if (kai_get_u64(p + n) != sum_of(no, p, n))
        return KAI_ECORRUPT;
    head += p[7] != 0 ? KAI_ID_BYTES : 0;
    if (n < head || n - head >= KAI_ROW_TYPE_CAP)
        return KAI_ECORRUPT;
    row->no = no;
    row->kind = p[1];
    row->flags = p[2];
    row->tlp = p[3];
    row->pap = p[4];
    *marks = (struct marks){.superseded = p[5], .withdrawn = p[6]};
    memset(row->via, 0, KAI_ID_BYTES);
    if (p[7] != 0)
        memcpy(row->via, p + HEAD_BYTES, KAI_ID_BYTES);
    p += 8;
    memcpy(row->stix_uuid, p, 16);
    p += 16;
    memcpy(row->item_id, p, KAI_ID_BYTES);
    memcpy(row->origin, p + KAI_ID_BYTES, KAI_ID_BYTES);
    memcpy(row->aud_id, p + 2 * KAI_ID_BYTES, KAI_ID_BYTES);
    memcpy(row->obj_hash, p + 3 * KAI_ID_BYTES, KAI_ID_BYTES);
    p += 4 * KAI_ID_BYTES;
    for (size_t i = 0; i < INTEGERS; i++)
        *v[i] = kai_get_u64(p + 8 * i);
    memcpy(row->type, (const uint8_t *)bytes + head, n - head);
    row->type[n - head] = '\0';
    return KAI_OK;
}
