/* pattern_path: which value an object path of a pattern or a property of an SCO holds. Private to
 * lib/item. */
#ifndef KAI_ITEM_PATTERN_PATH_H
#define KAI_ITEM_PATTERN_PATH_H

#include <stdbool.h>

#include "item/pattern.h"
#include "item/value.h"

#define KAI_PATH_CAP 192u

/* An object path in plain form: "file:hashes.SHA-256", quotes and list indexes left out. */
struct kai_path {
    char text[KAI_PATH_CAP];
    size_t n;
    bool too_long; /* Then it is none that is known. */
};

enum kai_path_use {
    KAI_PATH_USE_NONE = 0, /* Not indexed; beside an atom it narrows it. */
    KAI_PATH_USE_VALUE,
    KAI_PATH_USE_SIDE,    /* A value that says nothing by itself (the address of a domain), and
                           * that narrows nothing. */
    KAI_PATH_USE_NEUTRAL, /* Says what is clear anyway: dst_ref.type = 'ipv4-addr'. */
};

void kai_path_add(struct kai_path *path, const void *text, size_t n);
enum kai_path_use kai_path_lookup(const struct kai_path *path, enum kai_vtype *type);

/* The hex digits that a hash has by the name at the path's end: "MD5", "sha256", "SHA-512"; 0 where
 * the path names no such hash. */
size_t kai_path_hash_digits(const struct kai_path *path);

/* The type of a hash by its name; KAI_V_HASH for an unknown one. */
enum kai_vtype kai_hash_type(struct kai_view name);

/* As kai_value_norm(), but an address under a name's path or the other way round is taken for what
 * it is, and a value is never refused aloud. False: no normal form. */
bool kai_value_settle(enum kai_vtype *type, struct kai_view text, char *out, size_t cap, size_t *n);

#endif
