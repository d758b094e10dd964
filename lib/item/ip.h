/* ip: addresses and blocks, from text and to text. */
#ifndef KAI_ITEM_IP_H
#define KAI_ITEM_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct kai_cidr {
    uint8_t addr[16]; /* IPv4 in the first 4; bits behind the prefix are zero. */
    uint8_t bits;     /* Prefix length: up to 32, up to 128. */
};

/* Four decimals without leading zeros (octal forms are ambiguous), and /0 to /32 if any. */
bool kai_ip4_parse(struct kai_cidr *out, struct kai_view text);
/* RFC 4291 text, and /0 to /128 if any; no zone. */
bool kai_ip6_parse(struct kai_cidr *out, struct kai_view text);

#define KAI_IP_TEXT_CAP 64u
/* Without a NUL; return the length. The prefix is written when it is shorter than the address. */
size_t kai_ip4_text(char out[static KAI_IP_TEXT_CAP], const struct kai_cidr *ip);
size_t kai_ip6_text(char out[static KAI_IP_TEXT_CAP], const struct kai_cidr *ip); /* RFC 5952. */

/* Clear the bits behind the prefix. n: 4 or 16 bytes. */
void kai_ip_mask(uint8_t *addr, size_t n, unsigned bits);

#endif
