/* key: the key under which a store finds a value, and the ranges that answer "in this block" and
 * "under this domain". Keys are compared as bytes. Byte 0 is the type. */
#ifndef KAI_ITEM_KEY_H
#define KAI_ITEM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "item/value.h"

#define KAI_VALUE_KEY_MAX 400u /* Bytes; LMDB takes 511, and a store adds an id behind it. */

/* IPv4: address, prefix length. IPv6 likewise. Domain: labels from the right, each with a dot
 * behind it, so that a domain's key is the prefix of the keys of its subdomains and of no others.
 * Any other type: the text; over 381 bytes its first 350 and its hash.
 * Errors: KAI_EMALFORMED (norm is no normal form of the type). */
KAI_MUST_USE enum kai_err kai_value_key(enum kai_vtype type, struct kai_view norm,
                                        uint8_t out[static KAI_VALUE_KEY_MAX], size_t *n);

/* The key's value again where the key tells it whole; false for a hashed one. norm has room for
 * KAI_VALUE_KEY_MAX bytes. */
bool kai_key_value(struct kai_view key, enum kai_vtype *type, char *norm, size_t *n);

/* The first and last key, both included, of all blocks and addresses inside an address or block.
 * type is KAI_V_IPV4 or KAI_V_IPV6; *n is the length of both. Errors: KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_key_cidr_range(enum kai_vtype type, struct kai_view norm,
                                             uint8_t lo[static KAI_VALUE_KEY_MAX],
                                             uint8_t hi[static KAI_VALUE_KEY_MAX], size_t *n);

/* Call f with the key of every block with a shorter prefix that contains it, the smallest block
 * first, down to /0. f returns false to stop. Errors: KAI_EMALFORMED. */
typedef bool kai_key_fn(void *ctx, struct kai_view key);
KAI_MUST_USE enum kai_err kai_key_cidr_parents(enum kai_vtype type, struct kai_view norm,
                                               kai_key_fn *f, void *ctx);

/* What the keys of a domain and of all its subdomains begin with. Errors: KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_key_domain_prefix(struct kai_view norm,
                                                uint8_t out[static KAI_VALUE_KEY_MAX], size_t *n);

#endif
