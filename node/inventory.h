/* inventory: what the organisation has itself: products, addresses, domains; and whether an item
 * touches it. It stands in HOME/inventory, mode 0600, and never leaves the node. */
#ifndef KAI_NODE_INVENTORY_H
#define KAI_NODE_INVENTORY_H

#include "item/key.h"
#include "node/home.h"
#include "node/reader.h"

/* One thing of one's own: a value, or a product. */
struct kai_own {
    enum kai_vtype type; /* KAI_V_NONE: a product. */
    char *text;          /* The value in normal form; "VENDOR PRODUCT VERSION", or the CPE. */
    uint8_t key[KAI_VALUE_KEY_MAX];
    size_t key_n;
    char *cpe;     /* NULL: it is known by vendor and product alone. */
    char *vendor;  /* Folded for kai_search_json(). */
    char *product; /* Folded. */
    char *version; /* As it was given, may be NULL. */
};

/* Which file it is of: another one is another, and so is one that was written again. */
struct kai_inventory_file {
    uint64_t inode; /* 0: there is none. */
    uint64_t bytes;
    int64_t changed_s;
    int64_t changed_ns;
};

struct kai_inventory {
    struct kai_inventory_file file;
    struct kai_own *own; /* Values by their keys, then the products. */
    size_t n;
    size_t n_values;
    size_t cap;
};

void kai_inventory_free(struct kai_inventory *inv); /* Also of one that is all zeros. */

/* Read a file: JSON (an array of texts or objects), CSV with a header, or one thing a line; the
 * names of properties and columns are vendor, product, version, cpe, ip, domain, value. All of it,
 * or none. *inv begins as zeros; free it in any case.
 * Errors: KAI_EMALFORMED (inventory.form: what is wrong; inventory.value: the text), KAI_ELIMIT
 * (inventory.limit: how many), KAI_ENOMEM; *why has file and line. */
KAI_MUST_USE enum kai_err kai_inventory_read(struct kai_inventory *inv, struct kai_view file,
                                             const char *name, struct kai_why *why);

/* The file as it is now. */
struct kai_inventory_file kai_inventory_file(const struct kai_home *home);
bool kai_inventory_file_is(const struct kai_inventory_file *a, const struct kai_inventory_file *b);

/* What the home has, and of which file; nothing where it has none. Errors: as kai_inventory_read(),
 * KAI_EIO. */
KAI_MUST_USE enum kai_err kai_inventory_load(struct kai_inventory *inv, const struct kai_home *home,
                                             struct kai_why *why);
KAI_MUST_USE enum kai_err kai_inventory_save(const struct kai_inventory *inv,
                                             const struct kai_home *home, struct kai_why *why);

/* What of it an item touches. */
struct kai_touch {
    const struct kai_own *own;
    const char *by; /* "value", "cpe", "text" */
};
/* Whether a value is one of ours: an address or block that meets one, a name under one, or equal.
 */
const struct kai_own *kai_inventory_value(const struct kai_inventory *inv, struct kai_view key);
/* Whether a STIX object speaks of one of our products: by a CPE name in it (with the version range
 * beside it, where there is one), or, of a vulnerability, by vendor and product in its texts. */
bool kai_inventory_product(const struct kai_inventory *inv, struct kai_view object, bool texts,
                           struct kai_touch *out);

#endif
