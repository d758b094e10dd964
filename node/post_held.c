/* post_held: sends what waits for a key when nobody writes. */
#include "node/post.h"

static enum kai_err job_ready(struct kai_core *c, void *arg)
{
    struct kai_epoch epoch;
    const uint8_t *aud_id = arg;
    const struct kai_node *me = kai_roster_node(kai_net_roster(c->net), c->self.node_id);
    enum kai_err err = kai_keyring_write_epoch(c->ring, aud_id, &epoch);

    sodium_memzero(&epoch, sizeof epoch);
    return err == KAI_OK && (me == NULL || !kai_keyring_author(c->ring, aud_id, me)) ? KAI_EDENIED
                                                                                     : err;
}

enum kai_err kai_post_held(struct kai_core *c)
{
    uint8_t ids[KAI_AUDIENCES_MAX][KAI_ID_BYTES];
    size_t n = kai_hold_audiences(c, ids);

    for (size_t i = 0; i < n; i++) {
        struct kai_why why = {0};
        enum kai_err err = kai_core_run(c, job_ready, ids[i]);

        if (err == KAI_OK)
            err = kai_post_items(c, ids[i], KAI_POST_NOW, NULL, 0, &why);
        if (err == KAI_ENOMEM || err == KAI_EIO || err == KAI_ECORRUPT)
            return err;
    }
    return KAI_OK;
}
