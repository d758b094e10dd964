/* rig_index: the index of a home, beside one made again. */
#include <stdio.h>
#include <stdlib.h>

#include "node/indexer.h"
#include "node/rig.h"
#include "query/index.h"
#include "query/index_same.h"

void rig_index_again(struct rig *r)
{
    char dir[KAI_PATH_BYTES_MAX];
    char kept[KAI_PATH_BYTES_MAX + 8];
    char command[2 * KAI_PATH_BYTES_MAX + 32];

    MUST(kai_indexer_settle(r->core->indexer));
    kai_core_close(r->core);
    r->core = NULL;
    kai_home_path(&r->home, dir, "index");
    (void)snprintf(kept, sizeof kept, "%s.kept", dir);
    (void)snprintf(command, sizeof command, "cp -r %s %s", dir, kept);
    assert_int_equal(system(command), 0);
    MUST(kai_index_erase(dir));
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    MUST(kai_indexer_settle(r->core->indexer));
    kai_core_close(r->core);
    r->core = NULL;
    index_same(kept, dir);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
}
