/* memo: remembers signatures and keys that were found good. */
#include "crypto/memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/sign.h"

#define SLOTS (1u << 18) /* 8 MiB; a newer one takes the place of an older one. */

static uint8_t (*table)[KAI_ID_BYTES];

void kai_verify_memo(bool on)
{
    if (on == (table != NULL))
        return;
    free(table);
    table = on ? calloc(SLOTS, sizeof *table) : NULL;
}

bool kai_memo_on(void)
{
    return table != NULL;
}

bool kai_memo_has(const uint8_t id[static KAI_ID_BYTES])
{
    return memcmp(table[kai_get_u64(id) % SLOTS], id, KAI_ID_BYTES) == 0;
}

void kai_memo_add(const uint8_t id[static KAI_ID_BYTES])
{
    memcpy(table[kai_get_u64(id) % SLOTS], id, KAI_ID_BYTES);
}
