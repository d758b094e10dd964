/* model_rows: random rows, in an array and in an index. */
#ifndef KAI_TESTS_MODEL_ROWS_H
#define KAI_TESTS_MODEL_ROWS_H

#include "query/query_util.h"

#define ROWS   300u
#define VALUES 12u
#define NOW    UINT64_C(2000000000000)
#define UNITS  (ROWS * VALUES)

struct value {
    enum kai_vtype type;
    char text[64];
};

struct model_row {
    struct kai_row row;
    size_t n;
    struct value v[VALUES];
    bool list;
    bool revoked;
};

extern struct model_row rows[ROWS];
extern size_t n_rows;

void make_value(uint64_t *s, enum kai_vtype type, struct value *v);
/* Rows anew, put into x; flags in the array are what the index should say. */
void model_fill(struct kai_index *x, uint64_t *s);
/* The same rows in the same order, those above a label left out. */
void model_fill_up_to(struct kai_index *x, uint8_t tlp);

#endif
