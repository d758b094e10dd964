/* merge: one organisation takes another's places, by the word of both. */
#include "topology/sim/sim_int.h"

#include <string.h>

static struct sim_entry *say(struct kai_sim *s, size_t by, struct sim_key *key,
                             const struct kai_successor *rec)
{
    struct sim_entry *e;
    struct kai_buf body;

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_successor_write(&body, rec);
    e = sim_world_record(s, key, KAI_REC_SUCCESSOR, &body);
    kai_buf_free(&body);
    sim_own_ctl(s, by, e);
    return e;
}

void kai_sim_merge(struct kai_sim *s, size_t old, size_t heir)
{
    struct sim_org *o = &s->org[old];
    struct kai_successor rec = {.cut = o->root.seq};

    SIM_MUST(o->heir == SIM_NOBODY && old != heir);
    sim_trace(s, "merge %zu into %zu", old, heir);
    memcpy(rec.old_org, o->id, KAI_ID_BYTES);
    memcpy(rec.new_org, s->org[heir].id, KAI_ID_BYTES);
    o->heir = heir;
    o->gives = say(s, old, &o->root, &rec);
    o->takes = say(s, heir, &s->org[heir].issuing, &rec);
    s->org[heir].took = true;
    s->merged_ms = s->now;
    s->count.mergers++;
}
