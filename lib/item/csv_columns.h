/* csv_columns: what the columns of a CSV file are, by the names in its first line. Private to
 * lib/item. */
#ifndef KAI_ITEM_CSV_COLUMNS_H
#define KAI_ITEM_CSV_COLUMNS_H

#include "item/value.h"

#define KAI_CSV_COLUMNS_MAX 256u

enum kai_csv_use {
    KAI_CSV_NOTHING, /* Dates and numbers of rows: they would make each line a list of its own. */
    KAI_CSV_CONTEXT, /* Goes into the description. */
    KAI_CSV_TEXT,    /* The description itself. */
    KAI_CSV_VALUE,
    KAI_CSV_TYPE,   /* Of the value. */
    KAI_CSV_LABEL,  /* TLP. */
    KAI_CSV_MARK,   /* TLP where it says so ("TLP:AMBER", as kairan export has it), else context. */
    KAI_CSV_DETECT, /* MISP's to_ids: rows of which it says no are context. */
};

/* What a value must be. */
enum kai_csv_kind {
    KAI_CSV_ANY = 0, /* By its shape. */
    KAI_CSV_TYPED,   /* vtype. */
    KAI_CSV_ADDRESS, /* Of either family; a port behind it is dropped. */
    KAI_CSV_HASHES,  /* One or more, by their lengths. */
    KAI_CSV_FILE,    /* Hashes, or the name of a file. */
};

/* Of a composite value, "ip|port" or "filename|sha256", the part that counts. */
enum kai_csv_part {
    KAI_CSV_WHOLE = 0,
    KAI_CSV_FIRST,
    KAI_CSV_SECOND,
};

struct kai_csv_type {
    enum kai_csv_kind kind;
    enum kai_vtype vtype;
    enum kai_csv_part part;
};

struct kai_csv_column {
    enum kai_csv_use use;
    struct kai_csv_type type; /* Of a value. */
    char name[64];            /* As the file writes it, cut. */
};

/* Whether the names are those of a file with values; then columns says what each is. */
bool kai_csv_columns(const struct kai_view *names, size_t n,
                     struct kai_csv_column columns[static KAI_CSV_COLUMNS_MAX]);

/* What a cell of the type column, or a column's name, says. False: unknown. */
bool kai_csv_type(struct kai_view text, struct kai_csv_type *type);

#endif
