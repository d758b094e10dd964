/* values: made-up values for benches. */
#include "bench/values.h"

#include <stdio.h>

uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

enum kai_vtype value(uint64_t i, char *out, size_t cap)
{
    uint64_t a = mix(i);

    if (i % 4 < 2) {
        (void)snprintf(out, cap, "%u.%u.%u.%u", (unsigned)(a & 255), (unsigned)(a >> 8 & 255),
                       (unsigned)(a >> 16 & 255), (unsigned)(a >> 24 & 255));
        return KAI_V_IPV4;
    }
    if (i % 4 == 2) {
        (void)snprintf(out, cap, "h%llx.z%llu.example", (unsigned long long)(a & 0xffffffff),
                       (unsigned long long)(i % 5003));
        return KAI_V_DOMAIN;
    }
    (void)snprintf(out, cap, "%016llx%016llx%016llx%016llx", (unsigned long long)a,
                   (unsigned long long)mix(a), (unsigned long long)mix(a + 1),
                   (unsigned long long)mix(a + 2));
    return KAI_V_SHA256;
}
