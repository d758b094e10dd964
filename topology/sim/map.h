/* map: numbers by id, for the simulator. */
#ifndef KAI_TOPOLOGY_SIM_MAP_H
#define KAI_TOPOLOGY_SIM_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define SIM_MAP_NONE SIZE_MAX

struct sim_map { /* All zeros: empty. */
    size_t n, cap;
    struct sim_map_slot {
        uint8_t id[KAI_ID_BYTES];
        size_t value;
        int used;
    } * slot;
};
/* SIM_MAP_NONE: not there. */
size_t sim_map_get(const struct sim_map *m, const uint8_t id[static KAI_ID_BYTES]);
void sim_map_put(struct sim_map *m, const uint8_t id[static KAI_ID_BYTES], size_t value);
void sim_map_free(struct sim_map *m);

#endif
