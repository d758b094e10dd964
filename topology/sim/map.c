/* map: numbers by id. Ids are hashes and keys, so their first bytes are as good as a hash. */
#include "topology/sim/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static struct sim_map_slot *find(const struct sim_map *m, const uint8_t *id)
{
    size_t i = (size_t)kai_get_u64(id) & (m->cap - 1);

    while (m->slot[i].used && memcmp(m->slot[i].id, id, KAI_ID_BYTES) != 0)
        i = (i + 1) & (m->cap - 1);
    return &m->slot[i];
}

size_t sim_map_get(const struct sim_map *m, const uint8_t id[static KAI_ID_BYTES])
{
    const struct sim_map_slot *s = m->cap > 0 ? find(m, id) : NULL;

    return s && s->used ? s->value : SIM_MAP_NONE;
}

static void grow(struct sim_map *m)
{
    struct sim_map old = *m;

    m->cap = old.cap ? 2 * old.cap : 64;
    m->slot = calloc(m->cap, sizeof *m->slot);
    if (!m->slot)
        abort();
    for (size_t i = 0; i < old.cap; i++)
        if (old.slot[i].used)
            *find(m, old.slot[i].id) = old.slot[i];
    free(old.slot);
}

void sim_map_put(struct sim_map *m, const uint8_t id[static KAI_ID_BYTES], size_t value)
{
    struct sim_map_slot *s;

    if (2 * (m->n + 1) > m->cap)
        grow(m);
    s = find(m, id);
    m->n += s->used ? 0u : 1u;
    memcpy(s->id, id, KAI_ID_BYTES);
    s->value = value;
    s->used = 1;
}

void sim_map_free(struct sim_map *m)
{
    free(m->slot);
    *m = (struct sim_map){0};
}
