/* test_carryfile_harm: carry files that harm, made by hand by a node that is admitted. */
#include "topology/carryfile_kit.h"

#include <string.h>

#include "crypto/hash.h"
#include "keys/checkpoint.h"
#include "topology/judge.h"

struct hand {
    struct kai_sim *s;
    struct kai_carry_key k;
    struct kai_carry_record from;
    struct kai_buf out, plain;
};

static void random_of(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

static void hand_chunk(struct hand *h, bool last)
{
    uint8_t nonce[KAI_NONCE_BYTES];

    randombytes_buf(nonce, sizeof nonce);
    assert_int_equal(kai_chunk_seal(&h->out, &h->k, kai_buf_view(&h->plain), last, nonce), KAI_OK);
    kai_buf_clear(&h->plain);
}

static void hand_begin(struct hand *h, struct kai_sim *s, size_t from, size_t to)
{
    const struct sim_node *n = &s->node[from];

    *h = (struct hand){.s = s};
    kai_buf_init(&h->out, KIT_FILE_MAX);
    kai_buf_init(&h->plain, KAI_FRAME_BYTES_MAX);
    assert_int_equal(
        kai_carry_head_make(&h->out, &h->k, kit_nid(s), s->node[to].kx_pk, random_of, NULL),
        KAI_OK);
    h->from = (struct kai_carry_record){.kind = KAI_CARRY_PACK, .volume = 1};
    memcpy(h->from.sender_cert, n->node_cert, KAI_ID_BYTES);
    memcpy(h->from.sender_pk, n->sign.pk, KAI_KEY_BYTES);
    memcpy(h->from.to, s->node[to].node_id, KAI_ID_BYTES);
    memcpy(h->from.eph_pk, h->k.eph_pk, KAI_KEY_BYTES);
    memcpy(h->from.commit, h->k.commit, KAI_ID_BYTES);
}

static void hand_from(struct hand *h, size_t signer)
{
    kai_carry_put_from(&h->plain, &h->from, kit_nid(h->s), h->s->node[signer].sign.sk);
    hand_chunk(h, false);
}

static enum kai_err hand_take(struct hand *h, size_t to, struct kit_took *t)
{
    enum kai_err err = kit_take(h->s, to, kai_buf_view(&h->out), t);

    kai_buf_free(&h->out);
    kai_buf_free(&h->plain);
    return err;
}

/* Entries of a log of OWNER, as one frame on handle 1; flip: one byte of the last header. */
static void hand_entries(struct hand *h, bool flip)
{
    struct kai_entry e;
    uint8_t hdr[KAI_HDR_BYTES_MAX];
    uint32_t n = 0;

    while (kai_sim_entry(h->s, OWNER, GROUP, 0, n + 1, &e))
        n++;
    assert_true(n > 1);
    kai_put_frame(&h->plain, KAI_MSG_ENTRIES, 3);
    kai_put_uint(&h->plain, 1);
    kai_put_array(&h->plain, n);
    for (uint32_t i = 1; i <= n; i++) {
        assert_true(kai_sim_entry(h->s, OWNER, GROUP, 0, i, &e));
        memcpy(hdr, e.hdr.p, e.hdr.n);
        kai_put_array(&h->plain, 3);
        kai_put_bin(&h->plain, hdr, e.hdr.n);
        memcpy(hdr, e.sig.p, e.sig.n);
        hdr[40] ^= flip && i == n ? 1 : 0;
        kai_put_bin(&h->plain, hdr, e.sig.n);
        kai_put_view(&h->plain, e.payload);
    }
    kai_put_bool(&h->plain, false);
    hand_chunk(h, false);
}

static void hand_share(struct hand *h, size_t holder)
{
    struct kai_carry_record r = {.handle = 1, .n_tokens = 1};
    const struct kai_epoch *e;

    memcpy(r.aud_id, h->s->aud[GROUP].id, KAI_ID_BYTES);
    if (kai_keyring_epochs(h->s->node[holder].keyring, r.aud_id, &e) > 0) {
        struct kai_hasher k;
        kai_kdf_begin(&k, KAI_D_CMATCH, e->route, 16);
        kai_hash_add(&k, h->k.commit, KAI_ID_BYTES);
        kai_hash_end(&k, r.tokens[0]);
    }
    kai_carry_put_share(&h->plain, &r);
    hand_chunk(h, false);
}

static void hand_head(struct hand *h, const uint8_t *log_pk, uint64_t seq)
{
    struct kai_rb_row row = {.seq = seq, .log_n = KAI_KEY_BYTES};

    memcpy(row.log_pk, log_pk, KAI_KEY_BYTES);
    kai_put_frame(&h->plain, KAI_MSG_RB, 5);
    kai_put_uint(&h->plain, 1);
    kai_put_uint(&h->plain, 0);
    kai_put_bool(&h->plain, false);
    kai_put_bin(&h->plain, "", 0);
    kai_put_array(&h->plain, 1);
    kai_put_array(&h->plain, 3);
    kai_put_bin(&h->plain, "", 0);
    kai_put_uint(&h->plain, KAI_RB_REPLY);
    kai_put_array(&h->plain, 1);
    kai_put_row(&h->plain, &row);
    hand_chunk(h, false);
}

/* A member whose receipt names more of our log than we hold: we were rolled back, and end it. From
 * one that has shown no secret it is not heard. Texts of the charter are asked for. */
static void test_ahead(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    struct hand h;

    (void)state;
    kit_say(s, OWNER, GROUP);
    kit_bring(s, OWNER, SECOND, &t);
    for (int shown = 0; shown < 2; shown++) {
        hand_begin(&h, s, SECOND, OWNER);
        h.from.kind = KAI_CARRY_RECEIPT;
        hand_from(&h, SECOND);
        hand_share(&h, shown ? SECOND : OUT);
        hand_head(&h, s->node[OWNER].data[GROUP].key.pk, 50);
        kai_put_frame(&h.plain, KAI_MSG_WANT, 2);
        kai_put_uint(&h.plain, KAI_HANDLE_CONTROL);
        kai_put_array(&h.plain, 1);
        kai_put_want(&h.plain, &(struct kai_want){.payload = true});
        hand_chunk(&h, false);
        kai_carry_put_end(&h.plain, false);
        hand_chunk(&h, true);
        assert_int_equal(hand_take(&h, OWNER, &t), KAI_OK);
        assert_int_equal(kai_sim_alarms(s, "own.ahead"), shown);
        assert_int_equal(t.n_rows, shown + 1);
        assert_int_equal(t.info.heads, 1);
        assert_int_equal(t.rows[shown].seq, 0);
    }
    kai_sim_free(s);
}

static void test_what_a_link_would_refuse(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    struct hand h;
    size_t opened, before;

    (void)state;
    kit_say(s, OWNER, GROUP);
    /* SECOND has the keys: what is refused below is not refused for the lack of them. */
    kit_bring(s, OWNER, SECOND, &t);
    kit_say(s, OWNER, GROUP);
    before = kit_held(s, SECOND, GROUP, &opened);

    hand_begin(&h, s, OUT, SECOND); /* True entries, from one that has shown no secret. */
    hand_from(&h, OUT);
    hand_share(&h, OUT);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 0);
    assert_int_equal(kit_held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OUT, SECOND); /* One to whom the secret has leaked is no member either. */
    hand_from(&h, OUT);
    hand_share(&h, OWNER);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 0);
    assert_true(t.info.refused > 0);
    assert_int_equal(kit_held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OWNER, SECOND); /* A forged signature ends it, as it ends a link. */
    hand_from(&h, OWNER);
    hand_share(&h, OWNER);
    hand_entries(&h, true);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_EMALFORMED);
    assert_string_equal(t.code, "carry.damaged");
    assert_int_equal(kit_held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OWNER, SECOND);
    hand_from(&h, OWNER);
    hand_share(&h, OWNER);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 1); /* The same, true. */
    assert_int_equal(kit_held(s, SECOND, GROUP, &opened), before + 1);
    kai_sim_free(s);
}

/* Each returns what is wrong with it. */
static const char *shape(struct hand *h, unsigned which, size_t *signer)
{
    *signer = OWNER;
    switch (which) {
    case 0:
        *signer = OUT; /* Somebody else's signature. */
        return "carry.damaged";
    case 1:
        *signer = OUT; /* Its own, under another's certificate. */
        memcpy(h->from.sender_pk, h->s->node[OUT].sign.pk, KAI_KEY_BYTES);
        return "carry.sender";
    case 2:
        memcpy(h->from.to, h->s->node[THIRD].node_id, KAI_ID_BYTES);
        return "carry.damaged";
    case 3:
        h->from.commit[3] ^= 1; /* Of another file. */
        return "carry.damaged";
    case 4:
        h->from.kind = 3;
        return "carry.damaged";
    default:
        memset(h->from.sender_pk, 0, KAI_KEY_BYTES);
        return "carry.damaged";
    }
}

static void test_who_made_it(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    struct hand h;

    (void)state;
    for (unsigned which = 0; which < 6; which++) {
        size_t signer;
        hand_begin(&h, s, OWNER, SECOND);
        const char *code = shape(&h, which, &signer);
        hand_from(&h, signer);
        kai_carry_put_end(&h.plain, false);
        hand_chunk(&h, true);
        assert_int_not_equal(hand_take(&h, SECOND, &t), KAI_OK);
        assert_string_equal(t.code, code);
    }
    kai_sim_free(s);
}

static void put_odd(struct kai_buf *b, unsigned which)
{
    static const uint64_t types[] = {KAI_MSG_PING, KAI_MSG_BYE, KAI_MSG_WANT, 0x43, 0x3f, 0x41};

    if (which < 2) {
        kai_put_number(b, (enum kai_msg)types[which], 1);
    } else if (which == 5) { /* A handle past the next one. */
        struct kai_carry_record r = {.handle = 9, .aud_id = {1}};
        kai_carry_put_share(b, &r);
    } else {
        kai_put_array(b, 3);
        kai_put_uint(b, types[which]);
        kai_put_uint(b, 1);
        kai_put_array(b, 0);
    }
}

/* Where no wire is nobody would hear of those above. Who made up what stands in a file is not read
 * on. */
static void test_checkpoints(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kai_checkpoint p = {.counter = 7};
    struct kit_took t;
    struct hand h;
    struct kai_buf b;

    (void)state;
    memcpy(p.node_cert, s->node[FOUNDER].node_cert, KAI_ID_BYTES);
    kai_buf_init(&b, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&b, &p, s->node[FOUNDER].sign.sk, s->charter.nid);
    kai_net_on_own_checkpoint(kai_sim_net(s, FOUNDER), kai_buf_view(&b), s->now);
    kit_bring(s, FOUNDER, SECOND, &t);
    assert_non_null(kai_heard_find(kai_sim_net(s, SECOND), s->node[FOUNDER].node_id));
    kit_bring(s, SECOND, THIRD, &t);
    assert_non_null(kai_heard_find(kai_sim_net(s, THIRD), s->node[FOUNDER].node_id));
    for (uint32_t way = 1; way <= 3; way++) { /* Forged, about an audience, as it should be. */
        hand_begin(&h, s, OWNER, OUT);
        hand_from(&h, OWNER);
        b.p[b.len - 1] ^= way == 1;
        kai_put_frame(&h.plain, KAI_MSG_NOTES, 2);
        kai_put_uint(&h.plain, way == 2 ? 1 : KAI_HANDLE_CONTROL);
        kai_put_array(&h.plain, 1);
        kai_put_view(&h.plain, kai_buf_view(&b));
        b.p[b.len - 1] ^= way == 1;
        hand_chunk(&h, false);
        kai_carry_put_end(&h.plain, false);
        hand_chunk(&h, true);
        assert_int_equal(hand_take(&h, OUT, &t), way < 3 ? KAI_EMALFORMED : KAI_OK);
        assert_string_equal(t.code, way < 3 ? "carry.damaged" : "");
        const void *is = kai_heard_find(kai_sim_net(s, OUT), s->node[FOUNDER].node_id);
        assert_int_equal(is != NULL, way == 3);
    }
    kai_buf_free(&b);
    kai_sim_free(s);
}

/* What a file cannot hold ends it. */
static void test_odd_records(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    struct hand h;

    (void)state;
    for (unsigned which = 0; which < 9; which++) {
        hand_begin(&h, s, OWNER, SECOND);
        if (which != 6) /* Nobody says who made it. */
            hand_from(&h, OWNER);
        if (which < 6) {
            put_odd(&h.plain, which);
            hand_chunk(&h, false);
        }
        if (which == 7)
            hand_from(&h, OWNER); /* Twice. */
        kai_carry_put_end(&h.plain, false);
        hand_chunk(&h, which != 8); /* An end that is not the last. */
        assert_int_equal(hand_take(&h, SECOND, &t), KAI_EMALFORMED);
        assert_string_equal(t.code, "carry.damaged");
    }
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_link_would_refuse),
        cmocka_unit_test(test_who_made_it),
        cmocka_unit_test(test_odd_records),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_ahead),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
