/* test_steward: a steward whose epochs are none that it can take in itself. */
#include <string.h>

#include "keys/keyring_int.h"
#include "node/rig.h"
#include "node/steward.h"

/* A further audience of ours. */
static enum kai_err job_audience(struct kai_core *c, void *arg)
{
    struct kai_aud_rec rec = {.nonce = {3},
                              .kind = KAI_AUD_COMMUNITY,
                              .ver = 1,
                              .rule_open = true,
                              .n_stewards = 1,
                              .label_max = KAI_TLP_GREEN};
    struct kai_why why = {0};
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];

    memcpy(rec.stewards[0], c->self.org_id, KAI_ID_BYTES);
    kai_aud_id(arg, c->self.org_id, rec.nonce);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &rec);
    enum kai_err err = kai_core_issue(c, KAI_REC_AUDIENCE, kai_buf_view(&body), hash, &why);
    kai_buf_free(&body);
    return err;
}

static enum kai_err job_tick(struct kai_core *c, void *arg)
{
    uint64_t now = kai_now_ms();

    *(bool *)arg = kai_steward_tick(c, now) > now;
    return KAI_OK;
}

struct minted {
    const uint8_t *aud_id;
    uint64_t n;
};

static bool count(void *ctx, const struct kai_log *log)
{
    struct minted *m = ctx;

    if (log->kind == KAI_LOG_KEY && memcmp(log->aud_id, m->aud_id, KAI_ID_BYTES) == 0)
        m->n += log->head_seq;
    return true;
}

/* After some more looks, each of which waits then. */
static uint64_t minted(struct rig *r, const uint8_t *aud_id)
{
    struct minted m = {.aud_id = aud_id};
    struct kai_snap *s;
    bool later;

    for (int i = 0; i < 3; i++) {
        MUST(kai_core_run(r->core, job_tick, &later));
        assert_true(later);
    }
    MUST(kai_snap_begin(r->core->store, &s));
    MUST(kai_snap_logs(s, count, &m));
    kai_snap_end(s);
    return m.n;
}

static size_t alarms(const struct rig *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->core->n_alarms; i++)
        n += strcmp(r->core->alarms[i].code, "steward.failed") == 0;
    return n;
}

/* What is owed stays owed; it is not minted again and again. */
static void not_learned(void **state)
{
    struct rig *r = *state;
    struct kai_core *c = r->core;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch e;

    c->ring->self->node_cert[0] ^= 1; /* Names a minter of whom nobody has heard. */
    MUST(kai_core_run(c, job_audience, aud));
    assert_int_equal(minted(r, aud), 1);
    assert_int_equal(alarms(r), 1);
    assert_int_equal(kai_keyring_write_epoch(c->ring, aud, &e), KAI_ENOTFOUND);
    c->ring->self->node_cert[0] ^= 1;
    assert_int_equal(minted(r, aud), 1);
    kai_keyring_pause(c->ring, aud, kai_wall_ms() - 900000u); /* A quarter of an hour later. */
    assert_int_equal(minted(r, aud), 2);
    MUST(kai_keyring_write_epoch(c->ring, aud, &e));
    assert_int_equal(alarms(r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(not_learned, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
