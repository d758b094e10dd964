/* memo: remembers signatures and keys that were found good. */
#include "crypto/memo.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/sign.h"

#define SLOTS (KAI_MEMO_BYTES / KAI_ID_BYTES) /* A newer one takes an older one's place. */

#define LOCKS 256u /* Held for 32 bytes at a time. */

static uint8_t (*table)[KAI_ID_BYTES];
static atomic_flag locks[LOCKS]; /* Clear is all zeros. */

static size_t take(const uint8_t *id)
{
    size_t slot = kai_get_u64(id) % SLOTS;

    while (atomic_flag_test_and_set_explicit(&locks[slot % LOCKS], memory_order_acquire))
        ;
    return slot;
}

static void release(size_t slot)
{
    atomic_flag_clear_explicit(&locks[slot % LOCKS], memory_order_release);
}

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
    size_t slot = take(id);
    bool has = memcmp(table[slot], id, KAI_ID_BYTES) == 0;

    release(slot);
    return has;
}

void kai_memo_add(const uint8_t id[static KAI_ID_BYTES])
{
    size_t slot = take(id);

    memcpy(table[slot], id, KAI_ID_BYTES);
    release(slot);
}
