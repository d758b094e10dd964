/* naive: which known values a line holds, the long way. */
#ifndef KAI_TESTS_NAIVE_H
#define KAI_TESTS_NAIVE_H

#include "hunt/filter.h"

struct known {
    enum kai_vtype type;
    char norm[128];
};

/* Set found[i] for each value that is in the line. Addresses, names, URLs, e-mail, MD5 to SHA-512,
 * MAC, AS and CVE numbers; no disguises. */
void naive_find(struct kai_view line, const struct known *known, size_t n, bool *found);

#endif
