/* record: a row as the bytes that the store keeps. */
#include <string.h>

#include "query/index_priv.h"

/* 1 format, 1 kind, 1 flags, 1 tlp, 1 pap, 3 zero, uuid, four ids, eleven integers, type text. */
#define INTEGERS   11u
#define HEAD_BYTES (8u + 16u + 4u * KAI_ID_BYTES + 8u * INTEGERS)
#define FORMAT     1u

static_assert(HEAD_BYTES + KAI_ROW_TYPE_CAP <= KAI_RECORD_MAX, "a record of any row fits");

size_t kai_record_write(uint8_t out[static KAI_RECORD_MAX], const struct kai_row *row)
{
    const uint64_t v[INTEGERS] = {row->log_no,          row->seq,         row->item_ordinal,
                                  row->content_ordinal, row->parts,       row->first_seen_ms,
                                  row->created_ms,      row->modified_ms, row->valid_from_ms,
                                  row->valid_until_ms,  row->n_values};
    size_t type_n = strlen(row->type);
    uint8_t *p = out + 8;

    memset(out, 0, 8);
    out[0] = FORMAT;
    out[1] = (uint8_t)row->kind;
    out[KAI_RECORD_FLAGS_AT] = (uint8_t)row->flags;
    out[3] = row->tlp;
    out[4] = row->pap;
    memcpy(p, row->stix_uuid, 16);
    p += 16;
    memcpy(p, row->item_id, KAI_ID_BYTES);
    memcpy(p + KAI_ID_BYTES, row->origin, KAI_ID_BYTES);
    memcpy(p + 2 * KAI_ID_BYTES, row->aud_id, KAI_ID_BYTES);
    memcpy(p + 3 * KAI_ID_BYTES, row->obj_hash, KAI_ID_BYTES);
    p += 4 * KAI_ID_BYTES;
    for (size_t i = 0; i < INTEGERS; i++)
        kai_put_u64(p + 8 * i, v[i]);
    memcpy(p + 8u * INTEGERS, row->type, type_n);
    return HEAD_BYTES + type_n;
}

enum kai_err kai_record_read(struct kai_row *row, uint64_t no, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t *v[INTEGERS] = {&row->log_no,          &row->seq,         &row->item_ordinal,
                             &row->content_ordinal, &row->parts,       &row->first_seen_ms,
                             &row->created_ms,      &row->modified_ms, &row->valid_from_ms,
                             &row->valid_until_ms,  &row->n_values};

    if (n < HEAD_BYTES || n - HEAD_BYTES >= KAI_ROW_TYPE_CAP || p[0] != FORMAT)
        return KAI_ECORRUPT;
    row->no = no;
    row->kind = p[1];
    row->flags = p[KAI_RECORD_FLAGS_AT];
    row->tlp = p[3];
    row->pap = p[4];
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
    memcpy(row->type, p + 8u * INTEGERS, n - HEAD_BYTES);
    row->type[n - HEAD_BYTES] = '\0';
    return KAI_OK;
}
