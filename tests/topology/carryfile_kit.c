/* carryfile_kit: what the tests of carry files share. */
#include "topology/carryfile_kit.h"

#include <string.h>

struct kai_sim *kit_stage(void)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = 7, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s;

    p = (struct kai_sim_plan){.n_orgs = 5, .n_further = 1, .n_auds = 2};
    for (size_t i = 1; i < p.n_orgs; i++)
        p.org[i].caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_OWNER;
    p.aud[GROUP] = (struct kai_sim_aud){
        .kind = KAI_AUD_GROUP, .owner = OWNER, .n_relays = 1, .relays = {RELAY}};
    for (size_t i = OWNER; i <= THIRD; i++)
        kai_orgs_add(&p.aud[GROUP].members, i);
    p.aud[BOX] = (struct kai_sim_aud){.kind = KAI_AUD_MAILBOX, .owner = SECOND};
    s = kai_sim_new(&o);
    kai_sim_run(s, 8000);
    return s;
}

const uint8_t *kit_nid(struct kai_sim *s)
{
    return kai_ctl_charter(s->node[0].ctl)->nid;
}

size_t kit_held(const struct kai_sim *s, size_t node, size_t aud, size_t *opened)
{
    const struct sim_node *n = &s->node[node];
    size_t k = 0;

    *opened = 0;
    for (size_t i = 0; i < n->n_logs; i++)
        if (n->log[i].l.kind == 1 &&
            memcmp(n->log[i].l.aud_id, s->aud[aud].id, KAI_ID_BYTES) == 0) {
            k += n->log[i].n;
            *opened += n->log[i].n_opened;
        }
    return k;
}

void kit_say(struct kai_sim *s, size_t node, size_t aud)
{
    assert_true(kai_sim_may_publish(s, node, aud));
    kai_sim_publish(s, node, aud, 300);
    kai_sim_run(s, 2000);
}

enum kai_err kit_make(struct kai_sim *s, size_t from, size_t to, uint64_t kind,
                      const struct kai_carry_row *rows, size_t n_rows, struct kai_buf *out)
{
    struct kai_carry_pack p = {
        .kind = kind, .sign_sk = s->node[from].sign.sk, .rows = rows, .n_rows = n_rows};
    struct kai_why why = {0};
    struct kai_carry *f;
    bool volume = false, end = false;
    enum kai_err err;

    kai_buf_init(out, KIT_FILE_MAX);
    memcpy(p.node, s->node[to].node_id, KAI_ID_BYTES);
    err = kai_carry_pack(&f, kai_sim_net(s, from), &p, s->now, SIM_WALL_MS + s->now, &why);
    while (err == KAI_OK && !end)
        err = kai_carry_more(f, out, &volume, &end, s->now, SIM_WALL_MS + s->now, &why);
    kai_carry_close(f);
    return err;
}

enum kai_err kit_take(struct kai_sim *s, size_t to, struct kai_view file, struct kit_took *t)
{
    struct kai_view rest = file, box;
    struct kai_why why = {0};
    struct kai_carry *f;
    bool idle = false;
    enum kai_err err;

    *t = (struct kit_took){0};
    if (file.n > KAI_CARRY_HEAD_BYTES)
        file.n = KAI_CARRY_HEAD_BYTES;
    err = kai_carry_open(&f, kai_sim_net(s, to), file, s->now, SIM_WALL_MS + s->now, &why);
    rest = kai_view_of(rest.p + file.n, rest.n - file.n);
    while (err == KAI_OK && !t->info.ended) {
        err = kai_chunk_cut(&rest, &box);
        if (err == KAI_OK)
            err = kai_carry_feed(f, box, s->now, SIM_WALL_MS + s->now, &why);
        for (idle = false; err == KAI_OK && !idle;) {
            kai_sim_run(s, 100);
            err = kai_carry_idle(f, &idle, &why);
        }
        if (f)
            kai_carry_info(f, &t->info);
    }
    if (f) {
        const struct kai_carry_row *rows = kai_carry_rows(f, &t->n_rows);
        assert_true(t->n_rows < 256);
        if (t->n_rows > 0)
            memcpy(t->rows, rows, t->n_rows * sizeof *rows);
    }
    t->code = why.code ? why.code : "";
    kai_carry_close(f);
    kai_sim_run(s, 1000);
    return err;
}

void kit_bring(struct kai_sim *s, size_t from, size_t to, struct kit_took *t)
{
    struct kai_buf b;

    assert_int_equal(kit_make(s, from, to, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    assert_int_equal(kit_take(s, to, kai_buf_view(&b), t), KAI_OK);
    kai_buf_free(&b);
}
