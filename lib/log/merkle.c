/* merkle: hash trees over salted items. */
#include "log/merkle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

void kai_item_id(uint8_t id[static KAI_ID_BYTES], uint64_t kind, struct kai_view content)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_ITEM);
    kai_hash_u64(&h, kind);
    kai_hash_add(&h, content.p, content.n);
    kai_hash_end(&h, id);
}

void kai_item_leaf(uint8_t leaf[static KAI_ID_BYTES], const uint8_t salt[static 16],
                   const uint8_t item_id[static KAI_ID_BYTES])
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_LEAF);
    kai_hash_add(&h, salt, 16);
    kai_hash_add(&h, item_id, KAI_ID_BYTES);
    kai_hash_end(&h, leaf);
}

static void join(uint8_t up[static KAI_ID_BYTES], const uint8_t left[static KAI_ID_BYTES],
                 const uint8_t right[static KAI_ID_BYTES])
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_MNODE);
    kai_hash_add(&h, left, KAI_ID_BYTES);
    kai_hash_add(&h, right, KAI_ID_BYTES);
    kai_hash_end(&h, up);
}

/* Replace a level of n nodes by the one above it; returns how many that has. */
static size_t level_up(uint8_t (*nodes)[KAI_ID_BYTES], size_t n)
{
    for (size_t i = 0; i < n / 2; i++)
        join(nodes[i], nodes[2 * i], nodes[2 * i + 1]);
    if (n % 2 != 0 && n > 1)
        memcpy(nodes[n / 2], nodes[n - 1], KAI_ID_BYTES);
    return n / 2 + n % 2;
}

void kai_merkle_root(uint8_t root[static KAI_ID_BYTES], uint8_t (*leaves)[KAI_ID_BYTES], size_t n)
{
    assert(n >= 1 && n <= KAI_MERKLE_LEAVES_MAX);
    while (n > 1)
        n = level_up(leaves, n);
    memcpy(root, leaves[0], KAI_ID_BYTES);
}

enum kai_err kai_merkle_path(struct kai_merkle_path *path, const uint8_t (*leaves)[KAI_ID_BYTES],
                             size_t n, size_t i)
{
    assert(n >= 1 && n <= KAI_MERKLE_LEAVES_MAX && i < n);
    uint8_t(*nodes)[KAI_ID_BYTES] = malloc(n * sizeof *nodes);

    path->n = 0;
    if (nodes == NULL)
        return KAI_ENOMEM;
    memcpy(nodes, leaves, n * sizeof *nodes);
    while (n > 1) {
        size_t beside = i ^ 1;

        if (beside < n)
            memcpy(path->hash[path->n++], nodes[beside], KAI_ID_BYTES);
        n = level_up(nodes, n);
        i /= 2;
    }
    free(nodes);
    return KAI_OK;
}

enum kai_err kai_merkle_check(const uint8_t root[static KAI_ID_BYTES],
                              const uint8_t leaf[static KAI_ID_BYTES], size_t n, size_t i,
                              const struct kai_merkle_path *path)
{
    uint8_t at[KAI_ID_BYTES];
    size_t used = 0;

    if (n == 0 || n > KAI_MERKLE_LEAVES_MAX || i >= n)
        return KAI_EAUTH;
    memcpy(at, leaf, sizeof at);
    for (; n > 1; n = n / 2 + n % 2, i /= 2) {
        if ((i ^ 1) >= n)
            continue; /* The odd one goes up as it is. */
        if (used == path->n)
            return KAI_EAUTH;
        const uint8_t *beside = path->hash[used++];
        if (i % 2 == 0)
            join(at, at, beside);
        else
            join(at, beside, at);
    }
    return used == path->n && memcmp(at, root, sizeof at) == 0 ? KAI_OK : KAI_EAUTH;
}
