/* test_carryfile: carry files between engines that no link joins: what goes in for whom, what is
 * taken out again, and files that harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/checkpoint.h"
#include "topology/carry.h"
#include "topology/judge.h"
#include "topology/sim/sim_int.h"
#include "unit/vectors.h"

enum { FOUNDER, OWNER, SECOND, THIRD, OUT, RELAY }; /* Nodes; the relay is the founder's. */
enum { GROUP, BOX };                                /* Audiences; the mailbox is SECOND's. */

#define FILE_MAX (8u << 20)

static struct kai_sim *stage(void)
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

static size_t held(const struct kai_sim *s, size_t node, size_t aud, size_t *opened)
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

static void say(struct kai_sim *s, size_t node, size_t aud)
{
    assert_true(kai_sim_may_publish(s, node, aud));
    kai_sim_publish(s, node, aud, 300);
    kai_sim_run(s, 2000);
}

/* ---- Files. */

static enum kai_err make(struct kai_sim *s, size_t from, size_t to, uint64_t kind,
                         const struct kai_carry_row *rows, size_t n_rows, struct kai_buf *out)
{
    struct kai_carry_pack p = {
        .kind = kind, .sign_sk = s->node[from].sign.sk, .rows = rows, .n_rows = n_rows};
    struct kai_why why = {0};
    struct kai_carry *f;
    bool volume = false, end = false;
    enum kai_err err;

    kai_buf_init(out, FILE_MAX);
    memcpy(p.node, s->node[to].node_id, KAI_ID_BYTES);
    err = kai_carry_pack(&f, kai_sim_net(s, from), &p, s->now, SIM_WALL_MS + s->now, &why);
    while (err == KAI_OK && !end)
        err = kai_carry_more(f, out, &volume, &end, s->now, SIM_WALL_MS + s->now, &why);
    kai_carry_close(f);
    return err;
}

struct took {
    struct kai_carry_info info;
    const char *code;
    struct kai_carry_row rows[256];
    size_t n_rows;
};

static enum kai_err take(struct kai_sim *s, size_t to, struct kai_view file, struct took *t)
{
    struct kai_view rest = file, box;
    struct kai_why why = {0};
    struct kai_carry *f;
    bool idle = false;
    enum kai_err err;

    *t = (struct took){0};
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

static void bring(struct kai_sim *s, size_t from, size_t to, struct took *t)
{
    struct kai_buf b;

    assert_int_equal(make(s, from, to, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    assert_int_equal(take(s, to, kai_buf_view(&b), t), KAI_OK);
    kai_buf_free(&b);
}

/* All plaintext of a file, by its addressee. */
static void reveal(struct kai_sim *s, size_t to, struct kai_view file, struct kai_buf *all)
{
    struct kai_view rest =
        kai_view_of(file.p + KAI_CARRY_HEAD_BYTES, file.n - KAI_CARRY_HEAD_BYTES);
    struct kai_view box;
    struct kai_carry_key k;
    struct kai_buf plain;

    kai_buf_init(all, FILE_MAX);
    kai_buf_init(&plain, KAI_FRAME_BYTES_MAX);
    assert_int_equal(kai_carry_head_open(&k, s->node[to].keyring,
                                         kai_ctl_charter(s->node[to].ctl)->nid,
                                         kai_view_of(file.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_OK);
    while (rest.n > 0) {
        assert_int_equal(kai_chunk_cut(&rest, &box), KAI_OK);
        assert_int_equal(kai_chunk_open(&plain, &k, box), KAI_OK);
        kai_buf_add(all, plain.p, plain.len);
    }
    assert_true(k.ended);
    kai_buf_free(&plain);
}

static bool holds(const struct kai_buf *b, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + n <= b->len; i++)
        if (memcmp(b->p + i, p, n) == 0)
            return true;
    return false;
}

/* ---- Who gets what. */

static void test_members_and_relay(void **state)
{
    struct kai_sim *s = stage();
    struct took t;
    struct kai_buf b, all;
    size_t opened, n;

    (void)state;
    say(s, OWNER, GROUP);
    n = held(s, OWNER, GROUP, &opened);
    assert_true(n >= 2);
    bring(s, OWNER, SECOND, &t);
    assert_int_equal(t.info.refused + t.info.waiting, 0);
    assert_int_equal(held(s, SECOND, GROUP, &opened), n);
    assert_int_equal(opened, n);

    /* A relay gets what it cannot read, and hands it on. */
    bring(s, OWNER, RELAY, &t);
    assert_int_equal(held(s, RELAY, GROUP, &opened), n);
    assert_int_equal(opened, 0);
    bring(s, RELAY, THIRD, &t);
    assert_int_equal(held(s, THIRD, GROUP, &opened), n);
    assert_int_equal(opened, n);

    /* Who is no member is not told so much as that there is something. */
    assert_int_equal(make(s, OWNER, OUT, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    reveal(s, OUT, kai_buf_view(&b), &all);
    assert_false(holds(&all, s->node[OWNER].data[GROUP].key.pk, KAI_KEY_BYTES));
    assert_false(holds(&all, s->node[OWNER].keys[GROUP].key.pk, KAI_KEY_BYTES));
    assert_int_equal(take(s, OUT, kai_buf_view(&b), &t), KAI_OK);
    assert_int_equal(held(s, OUT, GROUP, &opened), 0);
    kai_buf_free(&all);
    kai_buf_free(&b);

    /* The same is there for a member: the search finds it. */
    assert_int_equal(make(s, OWNER, SECOND, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    reveal(s, SECOND, kai_buf_view(&b), &all);
    assert_true(holds(&all, s->node[OWNER].data[GROUP].key.pk, KAI_KEY_BYTES));
    assert_true(holds(&all, s->node[OWNER].keys[GROUP].key.pk, KAI_KEY_BYTES));
    kai_buf_free(&all);
    kai_buf_free(&b);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

static void test_letters(void **state)
{
    struct kai_sim *s = stage();
    struct took t;
    size_t opened;

    (void)state;
    say(s, THIRD, BOX);
    assert_true(held(s, THIRD, BOX, &opened) >= 2);
    bring(s, THIRD, OUT, &t); /* Carries for nobody. */
    assert_int_equal(held(s, OUT, BOX, &opened), 0);
    bring(s, THIRD, RELAY, &t);
    assert_true(held(s, RELAY, BOX, &opened) >= 2);
    assert_int_equal(opened, 0);
    bring(s, RELAY, OUT, &t);
    assert_int_equal(held(s, OUT, BOX, &opened), 0);
    bring(s, RELAY, SECOND, &t);
    assert_true(held(s, SECOND, BOX, &opened) >= 2);
    assert_int_equal(opened, held(s, SECOND, BOX, &opened));
    kai_sim_free(s);
}

/* What a receipt says is left out; what it says wrongly costs bytes alone. */
static void test_receipts(void **state)
{
    struct kai_sim *s = stage();
    struct took t, r;
    struct kai_buf b;
    uint64_t whole;

    (void)state;
    say(s, OWNER, GROUP);
    bring(s, OWNER, SECOND, &t);
    whole = t.info.taken + t.info.held;
    assert_int_equal(make(s, SECOND, OWNER, KAI_CARRY_RECEIPT, NULL, 0, &b), KAI_OK);
    assert_int_equal(take(s, OWNER, kai_buf_view(&b), &r), KAI_OK);
    kai_buf_free(&b);
    assert_true(r.n_rows > 3);
    assert_in_range(r.info.heads, 1, r.n_rows);
    assert_true(kai_sim_counts(s).held > 0); /* OWNER, who wrote it, heard who holds it. */

    assert_int_equal(make(s, OWNER, SECOND, KAI_CARRY_PACK, r.rows, r.n_rows, &b), KAI_OK);
    assert_int_equal(take(s, SECOND, kai_buf_view(&b), &t), KAI_OK);
    kai_buf_free(&b);
    assert_int_equal(t.info.taken + t.info.held, 0);

    for (size_t i = 0; i < r.n_rows; i++)
        r.rows[i].same = false;
    assert_int_equal(make(s, OWNER, SECOND, KAI_CARRY_PACK, r.rows, r.n_rows, &b), KAI_OK);
    assert_int_equal(take(s, SECOND, kai_buf_view(&b), &t), KAI_OK);
    kai_buf_free(&b);
    assert_int_equal(t.info.held, whole);
    kai_sim_free(s);
}

/* ---- Files that harm: made by hand, by a node that is admitted. */

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

static const uint8_t *nid_of(struct kai_sim *s)
{
    return kai_ctl_charter(s->node[0].ctl)->nid;
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
    kai_buf_init(&h->out, FILE_MAX);
    kai_buf_init(&h->plain, KAI_FRAME_BYTES_MAX);
    assert_int_equal(
        kai_carry_head_make(&h->out, &h->k, nid_of(s), s->node[to].kx_pk, random_of, NULL), KAI_OK);
    h->from = (struct kai_carry_record){.kind = KAI_CARRY_PACK, .volume = 1};
    memcpy(h->from.sender_cert, n->node_cert, KAI_ID_BYTES);
    memcpy(h->from.sender_pk, n->sign.pk, KAI_KEY_BYTES);
    memcpy(h->from.to, s->node[to].node_id, KAI_ID_BYTES);
    memcpy(h->from.eph_pk, h->k.eph_pk, KAI_KEY_BYTES);
    memcpy(h->from.commit, h->k.commit, KAI_ID_BYTES);
}

static void hand_from(struct hand *h, size_t signer)
{
    kai_carry_put_from(&h->plain, &h->from, nid_of(h->s), h->s->node[signer].sign.sk);
    hand_chunk(h, false);
}

static enum kai_err hand_take(struct hand *h, size_t to, struct took *t)
{
    enum kai_err err = take(h->s, to, kai_buf_view(&h->out), t);

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
    struct kai_sim *s = stage();
    struct took t;
    struct hand h;

    (void)state;
    say(s, OWNER, GROUP);
    bring(s, OWNER, SECOND, &t);
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
    struct kai_sim *s = stage();
    struct took t;
    struct hand h;
    size_t opened, before;

    (void)state;
    say(s, OWNER, GROUP);
    /* SECOND has the keys: what is refused below is not refused for the lack of them. */
    bring(s, OWNER, SECOND, &t);
    say(s, OWNER, GROUP);
    before = held(s, SECOND, GROUP, &opened);

    hand_begin(&h, s, OUT, SECOND); /* True entries, from one that has shown no secret. */
    hand_from(&h, OUT);
    hand_share(&h, OUT);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 0);
    assert_int_equal(held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OUT, SECOND); /* One to whom the secret has leaked is no member either. */
    hand_from(&h, OUT);
    hand_share(&h, OWNER);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 0);
    assert_true(t.info.refused > 0);
    assert_int_equal(held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OWNER, SECOND); /* A forged signature ends it, as it ends a link. */
    hand_from(&h, OWNER);
    hand_share(&h, OWNER);
    hand_entries(&h, true);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_EMALFORMED);
    assert_string_equal(t.code, "carry.damaged");
    assert_int_equal(held(s, SECOND, GROUP, &opened), before);

    hand_begin(&h, s, OWNER, SECOND);
    hand_from(&h, OWNER);
    hand_share(&h, OWNER);
    hand_entries(&h, false);
    kai_carry_put_end(&h.plain, false);
    hand_chunk(&h, true);
    assert_int_equal(hand_take(&h, SECOND, &t), KAI_OK);
    assert_int_equal(t.info.taken, 1); /* The same, true. */
    assert_int_equal(held(s, SECOND, GROUP, &opened), before + 1);
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
    struct kai_sim *s = stage();
    struct took t;
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
    struct kai_sim *s = stage();
    struct kai_checkpoint p = {.counter = 7};
    struct took t;
    struct hand h;
    struct kai_buf b;

    (void)state;
    memcpy(p.node_cert, s->node[FOUNDER].node_cert, KAI_ID_BYTES);
    kai_buf_init(&b, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&b, &p, s->node[FOUNDER].sign.sk, s->charter.nid);
    kai_net_on_own_checkpoint(kai_sim_net(s, FOUNDER), kai_buf_view(&b), s->now);
    bring(s, FOUNDER, SECOND, &t);
    assert_non_null(kai_heard_find(kai_sim_net(s, SECOND), s->node[FOUNDER].node_id));
    bring(s, SECOND, THIRD, &t);
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
    struct kai_sim *s = stage();
    struct took t;
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

/* Every byte of the head, chunks changed, moved, left out, and cut off. */
static void test_bytes(void **state)
{
    struct kai_sim *s = stage();
    struct kai_buf b, plain;
    struct kai_carry_key k;
    struct kai_view rest, box, first, second;

    (void)state;
    assert_int_equal(make(s, OWNER, SECOND, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    kai_buf_init(&plain, KAI_FRAME_BYTES_MAX);
    for (size_t i = 0; i < KAI_CARRY_HEAD_BYTES; i++) {
        b.p[i] ^= 0x10;
        assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, nid_of(s),
                                             kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                         KAI_EMALFORMED);
        b.p[i] ^= 0x10;
        assert_int_equal(
            kai_carry_head_open(&k, s->node[SECOND].keyring, nid_of(s), kai_view_of(b.p, i)),
            KAI_EMALFORMED);
    }
    assert_int_equal(kai_carry_head_open(&k, s->node[THIRD].keyring, nid_of(s),
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, KAI_NID_NONE,
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, nid_of(s),
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_OK);
    rest = kai_view_of(b.p + KAI_CARRY_HEAD_BYTES, b.len - KAI_CARRY_HEAD_BYTES);
    for (size_t n = 0; n < 300; n++) {
        struct kai_view part = kai_view_of(rest.p, n);
        if (kai_chunk_cut(&part, &box) == KAI_OK)
            break;
        assert_true(part.n == n);
    }
    assert_int_equal(kai_chunk_cut(&rest, &first), KAI_OK);
    assert_int_equal(kai_chunk_cut(&rest, &second), KAI_OK);
    assert_int_equal(kai_chunk_open(&plain, &k, second), KAI_EAUTH); /* Not its turn. */
    for (size_t i = 0; i < first.n; i += 3) {
        uint8_t *copy = malloc(first.n);
        assert_non_null(copy);
        memcpy(copy, first.p, first.n);
        copy[i] ^= 1;
        assert_int_equal(kai_chunk_open(&plain, &k, kai_view_of(copy, first.n)), KAI_EAUTH);
        free(copy);
    }
    assert_int_equal(kai_chunk_open(&plain, &k, first), KAI_OK);
    assert_int_equal(kai_chunk_open(&plain, &k, first), KAI_EAUTH);
    assert_int_equal(kai_chunk_open(&plain, &k, second), KAI_OK);
    kai_buf_free(&plain);
    kai_buf_free(&b);
    kai_sim_free(s);
}

struct given { /* What would be drawn: the key, then the secret of eph_pk. */
    const uint8_t *bytes[2];
    size_t n;
};

static void random_given(void *ctx, void *out, size_t n)
{
    struct given *g = ctx;

    assert_true(n == 32 && g->n < 2);
    memcpy(out, g->bytes[g->n++], n);
}

/* The same bytes as another implementation makes and reads. */
static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("carry.txt");
    struct kai_carry_key made = {0}, read = {0};
    struct kai_keyring *ring = NULL;
    struct kai_buf out, plain;
    size_t rows = 0;

    (void)state;
    kai_buf_init(&out, 4096);
    kai_buf_init(&plain, KAI_FRAME_BYTES_MAX);
    for (; vectors_next(f, &v); rows++) {
        uint8_t nid[32], secret[32], eph_sk[32], nonce[24], head[KAI_CARRY_HEAD_BYTES], pt[256];
        uint8_t chunk[512];
        struct kai_self self = {0};
        struct given g = {.bytes = {secret, eph_sk}};
        size_t n = vector_bytes(&v, "pt", pt, sizeof pt);
        struct kai_view rest = {.p = chunk, .n = vector_bytes(&v, "chunk", chunk, sizeof chunk)};
        struct kai_view box;

        vector_fixed(&v, "nid", nid, 32);
        vector_fixed(&v, "secret", secret, 32);
        vector_fixed(&v, "eph_sk", eph_sk, 32);
        vector_fixed(&v, "kx_sk", self.kx_sk, 32);
        vector_fixed(&v, "kx_pk", self.kx_pk, 32);
        vector_fixed(&v, "nonce", nonce, 24);
        vector_fixed(&v, "head", head, sizeof head);
        if (rows == 0) {
            assert_int_equal(kai_carry_head_make(&out, &made, nid, self.kx_pk, random_given, &g),
                             KAI_OK);
            assert_int_equal(out.len, sizeof head);
            assert_memory_equal(out.p, head, sizeof head);
            assert_int_equal(kai_keyring_new(&ring, &self), KAI_OK);
            assert_int_equal(kai_carry_head_open(&read, ring, nid, kai_view_of(head, sizeof head)),
                             KAI_OK);
        }
        kai_buf_clear(&out);
        assert_int_equal(kai_chunk_seal(&out, &made, kai_view_of(pt, n), rows == 1, nonce), KAI_OK);
        assert_int_equal(out.len, rest.n);
        assert_memory_equal(out.p, chunk, rest.n);
        assert_int_equal(kai_chunk_cut(&rest, &box), KAI_OK);
        assert_int_equal(kai_chunk_open(&plain, &read, box), KAI_OK);
        assert_int_equal(plain.len, n);
        assert_memory_equal(plain.p, pt, n);
        assert_int_equal(read.ended, rows == 1);
    }
    (void)fclose(f);
    assert_int_equal(rows, 2);
    kai_keyring_free(ring);
    kai_buf_free(&out);
    kai_buf_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_and_relay),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_what_a_link_would_refuse),
        cmocka_unit_test(test_who_made_it),
        cmocka_unit_test(test_odd_records),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_vectors),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
