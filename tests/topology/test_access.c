/* test_access: who may be told, who may tell, and what may stand in a log, by a stranger that holds
 * a node's keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "topology/judge.h"
#include "topology/sim/sim_int.h"

enum { PUBLIC, ALL, ODD }; /* Audiences of a network without a plan. */

struct stage {
    struct kai_sim *s;
    uint64_t link;
    struct kai_packer *packer;
};

/* A stranger that speaks as a node, with a link to another one on which it has shown the routing
 * secret that a third holds. */
static void speak(struct stage *x, size_t to, size_t as, size_t aud, size_t holder)
{
    struct kai_hello h;
    struct kai_buf b;

    x->link = kai_sim_raw_link(x->s, to, as, false);
    kai_sim_hello_as(x->s, as, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(x->s, to, x->link, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_true(kai_sim_raw_leak(x->s, to, x->link, aud, holder, h.nonce, false));
    kai_sim_run(x->s, 10);
}

/* Some nodes in a chain, all of which have heard of all; then every link is cut. */
static struct stage stage(size_t n_nodes)
{
    struct kai_sim_options o = {.seed = 31, .n_nodes = n_nodes, .latency_ms = 20, .no_dials = true};
    struct stage x = {.s = kai_sim_new(&o)};

    for (int round = 0; round < 2; round++)
        for (size_t i = 1; i < n_nodes; i++) {
            kai_sim_connect(x.s, i, i - 1);
            if (i > 1)
                kai_sim_connect(x.s, i, i - 2);
            kai_sim_run(x.s, 4000);
        }
    kai_sim_cut_all(x.s);
    kai_sim_run(x.s, 100);
    assert_int_equal(kai_packer_new(&x.packer), KAI_OK);
    return x;
}

static void leave(struct stage *x)
{
    assert_int_equal(kai_sim_violations(x->s), 0);
    kai_packer_free(x->packer);
    kai_sim_free(x->s);
}

static void push(struct stage *x, size_t to, const struct kai_entry *e)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_PUSH, 4);
    kai_put_uint(&b, 0);
    kai_put_view(&b, e->hdr);
    kai_put_view(&b, e->sig);
    kai_put_view(&b, e->payload);
    kai_sim_raw_frame(x->s, to, x->link, kai_buf_view(&b));
    kai_buf_free(&b);
    kai_sim_run(x->s, 100);
}

static struct kai_entry entry(struct stage *x, size_t node, size_t aud, uint64_t seq)
{
    struct kai_entry e;

    assert_true(kai_sim_entry(x->s, node, aud, 0, seq, &e));
    return e;
}

static uint64_t head_of(const struct kai_sim *s, size_t node, const uint8_t *log_pk)
{
    const struct sim_log *log = sim_disk_log(&s->node[node], log_pk);

    return log ? log->n : 0;
}

/* ---- To whom. */

/* Who holds a routing secret and is no member is matched, and gets nothing. */
static void test_leaked(void **state)
{
    struct stage x = stage(4);

    (void)state;
    kai_sim_publish(x.s, 1, ODD, 100);
    speak(&x, 1, 2, ODD, 1);
    kai_sim_publish(x.s, 1, ODD, 100);
    kai_sim_run(x.s, 15000);
    assert_int_equal(kai_sim_violations(x.s), 0);
    leave(&x);
}

/* Entries of data that a node said over a link; keys may go where one end named the audience. */
static size_t data_said(const struct stage *x)
{
    size_t n, k = 0;
    const struct kai_buf *sent = kai_sim_raw_sent(x->s, x->link, &n);
    struct kai_frame f;
    struct kai_hdr h;

    for (size_t i = 0; i < n; i++)
        k += kai_frame_parse(&f, kai_buf_view(&sent[i])) == KAI_OK && f.type == KAI_MSG_PUSH &&
             kai_hdr_parse(&h, f.hdr) == KAI_OK && h.ptype == KAI_PTYPE_SEALED;
    return k;
}

/* A member that has not shown the routing secret is offered the audience, and gets no data yet. */
static void test_unmatched(void **state)
{
    struct stage x = stage(4);

    (void)state;
    speak(&x, 1, 3, PUBLIC, 3);
    kai_sim_publish(x.s, 1, ODD, 100);
    kai_sim_run(x.s, 1000);
    assert_int_equal(data_said(&x), 0);
    kai_sim_publish(x.s, 1, PUBLIC, 100);
    kai_sim_run(x.s, 1000);
    assert_int_equal(data_said(&x), 2);
    leave(&x);
}

/* A node between two members hands on what they show: the same nonces on both sides make no token
 * of one link good on the other. */
static void test_between(void **state)
{
    struct stage x = stage(4);
    const struct kai_epoch *e;
    struct kai_hello h;
    struct kai_frame f;
    struct kai_hasher hash;
    struct kai_buf b;
    uint8_t token[16];
    const struct kai_buf *sent;
    size_t n;

    (void)state;
    x.link = kai_sim_raw_link(x.s, 1, 2, false);
    kai_sim_hello_as(x.s, 2, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(x.s, 1, x.link, kai_buf_view(&b));
    sent = kai_sim_raw_sent(x.s, x.link, &n);
    assert_int_equal(kai_frame_parse(&f, kai_buf_view(&sent[0])), KAI_OK);
    assert_int_equal(f.type, KAI_MSG_HELLO);
    /* What node 3, dialling node 2 with this nonce, would show there. */
    assert_true(kai_keyring_epochs(x.s->node[3].keyring, x.s->aud[ODD].id, &e) > 0);
    kai_kdf_begin(&hash, KAI_D_MATCH, e->route, 16);
    kai_hash_add(&hash, h.nonce, 32);
    kai_hash_add(&hash, f.hello.nonce, 32);
    kai_hash_add(&hash, x.s->node[3].curve_pk, KAI_KEY_BYTES);
    kai_hash_add(&hash, x.s->node[2].curve_pk, KAI_KEY_BYTES);
    kai_hash_u64(&hash, 1);
    kai_hash_end(&hash, token);
    kai_buf_clear(&b);
    kai_put_frame(&b, KAI_MSG_MATCH, 2);
    kai_put_uint(&b, 0);
    kai_put_array(&b, 1);
    kai_put_bin(&b, token, sizeof token);
    kai_sim_raw_frame(x.s, 1, x.link, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_null(kai_share_find(kai_sim_net(x.s, 1)->links[0], x.s->aud[ODD].id));
    leave(&x);
}

/* A link ends in the very step in which its peer's removal is heard. */
static void test_kick(void **state)
{
    struct stage x = stage(4);
    enum kai_bye why;

    (void)state;
    speak(&x, 0, 3, ALL, 3);
    assert_false(kai_sim_raw_dropped(x.s, x.link, &why));
    kai_sim_revoke(x.s, 3);
    assert_true(kai_sim_raw_dropped(x.s, x.link, &why));
    assert_int_equal(why, KAI_BYE_NOT_ADMITTED);
    leave(&x);
}

/* ---- From whom. */

/* A true entry of a member, brought by one who is none. */
static void test_sender(void **state)
{
    struct stage x = stage(4);
    struct kai_entry e;

    (void)state;
    kai_sim_publish(x.s, 3, ODD, 100);
    e = entry(&x, 3, ODD, 1);
    speak(&x, 1, 2, ODD, 1);
    push(&x, 1, &e);
    assert_int_equal(head_of(x.s, 1, e.h.log_pk), 0);
    leave(&x);
}

static void test_revoked_author(void **state)
{
    struct stage x = stage(4);
    struct kai_entry e;

    (void)state;
    kai_sim_publish(x.s, 3, PUBLIC, 100);
    speak(&x, 0, 2, PUBLIC, 2);
    e = entry(&x, 3, PUBLIC, 1);
    push(&x, 0, &e);
    assert_int_equal(head_of(x.s, 0, e.h.log_pk), 1);
    kai_sim_revoke(x.s, 3);
    e = entry(&x, 3, PUBLIC, 2);
    push(&x, 0, &e);
    assert_int_equal(head_of(x.s, 0, e.h.log_pk), 1);
    leave(&x);
}

/* ---- What. Entries made by the keys of node 1, of a log that only it can sign. */

struct pen {
    struct stage *x;
    size_t aud;
    uint8_t pk[KAI_KEY_BYTES], sk[64], prev[KAI_ID_BYTES];
    uint64_t seq, ts;
    uint8_t key[KAI_KEY_BYTES], kid[KAI_TAG_BYTES], tag[KAI_TAG_BYTES];
    struct kai_bind bind;
    const uint8_t *signer;
};

static void dip(struct pen *p, size_t epoch) /* 0: the newest. */
{
    const struct kai_epoch *e;
    size_t n = kai_keyring_epochs(p->x->s->node[1].keyring, p->x->s->aud[p->aud].id, &e);

    assert_true(n > epoch);
    memcpy(p->key, e[epoch].key, sizeof p->key);
    memcpy(p->kid, e[epoch].commit, sizeof p->kid);
    memcpy(p->tag, e[epoch].tag, sizeof p->tag);
}

static struct pen take_pen(struct stage *x, size_t aud)
{
    struct pen p = {.x = x, .aud = aud, .ts = SIM_WALL_MS + x->s->now};
    uint8_t seed[32];

    sim_fill(x->s, seed, sizeof seed);
    assert_int_equal(crypto_sign_seed_keypair(p.pk, p.sk, seed), 0);
    p.signer = x->s->node[1].sign.sk;
    p.bind.incarnation = 9;
    memcpy(p.bind.log_pk, p.pk, KAI_KEY_BYTES);
    memcpy(p.bind.node_cert, x->s->node[1].node_cert, KAI_ID_BYTES);
    memcpy(p.bind.aud_id, x->s->aud[aud].id, KAI_ID_BYTES);
    dip(&p, 0);
    return p;
}

/* Write the next entry, BIND or something else, and say it to node 0. */
static void write_entry(struct pen *p, bool bind)
{
    struct kai_log_writer w = {
        .nid = p->x->s->charter.nid, .log_sk = p->sk, .epoch_key = p->key, .seq = p->seq};
    struct kai_buf body, out;
    struct kai_entry e;

    memcpy(w.log_pk, p->pk, KAI_KEY_BYTES);
    memcpy(w.prev, p->prev, KAI_ID_BYTES);
    memcpy(w.kid, p->kid, KAI_TAG_BYTES);
    memcpy(w.tag, p->tag, KAI_TAG_BYTES);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    kai_body_begin(&body, 1);
    if (bind) {
        kai_bind_write(&body, &p->bind, p->signer, p->x->s->charter.nid);
    } else {
        kai_put_array(&body, 2);
        kai_put_uint(&body, 64);
        kai_put_bin(&body, "what", 4);
    }
    kai_body_end(&body);
    assert_int_equal(kai_log_append(&w, p->x->packer, &out, &e, kai_buf_view(&body), 0, p->ts,
                                    sim_fill, p->x->s),
                     KAI_OK);
    p->seq = w.seq;
    memcpy(p->prev, w.prev, KAI_ID_BYTES);
    push(p->x, 0, &e);
    kai_buf_free(&body);
    kai_buf_free(&out);
}

enum wrong {
    NOTHING,
    OTHER_LOG,
    OTHER_SIGNER,
    OTHER_TAG,
    OTHER_KID,
    BACK_IN_TIME,
    OTHER_PREV,
    NO_BIND_AGAIN,
    OTHER_BIND_AGAIN,
    WRONGS
};

/* How many entries node 0 takes of a log in which one thing is wrong. */
static uint64_t taken(enum wrong wrong)
{
    struct stage x = stage(3);
    uint64_t n;
    struct pen p;

    kai_sim_revoke(x.s, 2); /* So that the audience of all has two epochs, once both have heard. */
    kai_sim_run(x.s, 500);
    kai_sim_connect(x.s, 1, 0);
    kai_sim_run(x.s, 5000);
    kai_sim_cut_all(x.s);
    kai_sim_run(x.s, 100);
    p = take_pen(&x, ALL);
    speak(&x, 0, 1, ALL, 1);
    dip(&p, 1);
    p.bind.log_pk[0] ^= wrong == OTHER_LOG;
    p.signer = wrong == OTHER_SIGNER ? x.s->node[0].sign.sk : p.signer;
    p.tag[0] ^= wrong == OTHER_TAG;
    p.kid[0] ^= wrong == OTHER_KID;
    write_entry(&p, true);
    p.ts -= wrong == BACK_IN_TIME;
    p.prev[5] ^= wrong == OTHER_PREV;
    write_entry(&p, false);
    dip(&p, 0);
    p.bind.salt[3] ^= wrong == OTHER_BIND_AGAIN;
    write_entry(&p, wrong != NO_BIND_AGAIN);
    write_entry(&p, false);
    n = head_of(x.s, 0, p.pk);
    leave(&x);
    return n;
}

static void test_what(void **state)
{
    static const uint64_t most[WRONGS] = {[NOTHING] = 4,
                                          [BACK_IN_TIME] = 1,
                                          [OTHER_PREV] = 1,
                                          [NO_BIND_AGAIN] = 2,
                                          [OTHER_BIND_AGAIN] = 2};

    (void)state;
    for (enum wrong w = NOTHING; w < WRONGS; w++)
        if (taken(w) != most[w])
            fail_msg("wrong %d: not %d entries were taken", (int)w, (int)most[w]);
}

/* ---- A newcomer, to whom what came before is closed. */

static void group_plan(struct kai_sim_plan *p)
{
    *p = (struct kai_sim_plan){.n_orgs = 5, .n_auds = 1};
    for (size_t i = 1; i < p->n_orgs; i++)
        p->org[i].caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_OWNER;
    p->aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_GROUP, .owner = 1};
    kai_orgs_add(&p->aud[0].members, 1);
    kai_orgs_add(&p->aud[0].members, 2);
    kai_orgs_add(&p->aud[0].members, 4);
}

static struct kai_sim *group_stage(void)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = 6, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};

    group_plan(&p);
    return kai_sim_new(&o);
}

/* The same with a second steward, 2; what came before is open to a newcomer. */
static struct kai_sim *stewards_stage(uint64_t seed)
{
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = seed, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};

    group_plan(&p);
    p.aud[0].history = KAI_HISTORY_ALL;
    p.aud[0].stewards[p.aud[0].n_stewards++] = 1;
    p.aud[0].stewards[p.aud[0].n_stewards++] = 2;
    return kai_sim_new(&o);
}

/* It takes the log whole, and reads it and knows whose it is from where it may. */
static void test_closed(void **state)
{
    struct kai_sim *s = group_stage();
    struct kai_orgs members = {0};
    const struct sim_log *log;
    const uint8_t *pk;

    (void)state;
    kai_sim_connect(s, 2, 1);
    kai_sim_connect(s, 4, 1);
    kai_sim_run(s, 8000);
    for (int i = 0; i < 3; i++)
        kai_sim_publish(s, 2, 0, 100);
    pk = s->node[2].data[0].key.pk;
    for (size_t i = 1; i <= 3; i++)
        kai_orgs_add(&members, i);
    kai_sim_change(s, 0, &members); /* 4 goes, so that there is a new epoch; 3 comes. */
    kai_sim_run(s, 8000);
    kai_sim_connect(s, 3, 1);
    kai_sim_run(s, 8000);
    log = sim_disk_log(&s->node[3], pk);
    assert_non_null(log);
    assert_int_equal(log->n, 4);
    assert_int_equal(log->n_opened, 0);
    assert_true(kai_log_blind(&log->l));
    kai_sim_restart(s, 3); /* It is as blind after a start. */
    kai_sim_connect(s, 3, 1);
    kai_sim_run(s, 5000);
    assert_true(kai_sim_may_publish(s, 2, 0));
    kai_sim_publish(s, 2, 0, 100);
    kai_sim_run(s, 3000);
    log = sim_disk_log(&s->node[3], pk);
    assert_int_equal(log->n, 6);
    assert_int_equal(log->n_opened, 2); /* BIND again, and what is new. */
    assert_memory_equal(log->l.author_node, s->node[2].node_id, KAI_ID_BYTES);
    assert_int_equal(log->l.incarnation, s->node[2].data[0].incarnation);
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* A second steward adds the heir of a member, which so hears, in the order of logs, first of a list
 * in which it stands alone: it cannot say from it who the members are, and takes what the other
 * brings: the rest of the keys, the rule, the entries. */
static void test_added_alone(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) { /* In some of them that list comes first. */
        struct kai_sim *s = stewards_stage(seed);

        kai_sim_connect(s, 2, 1);
        kai_sim_connect(s, 4, 1);
        kai_sim_connect(s, 4, 2);
        kai_sim_run(s, 8000);
        kai_sim_publish(s, 2, 0, 100);
        kai_sim_run(s, 2000);
        kai_sim_stop(s, 1);
        kai_sim_connect(s, 0, 3); /* Which is none of it: it hears of the merger alone. */
        kai_sim_connect(s, 0, 4);
        kai_sim_merge(s, 4, 3);
        kai_sim_run(s, 60000);
        kai_sim_connect(s, 3, 4);
        kai_sim_run(s, 20000);
        assert_true(kai_sim_may_publish(s, 3, 0));
        const struct sim_log *log = sim_disk_log(&s->node[3], s->node[2].data[0].key.pk);
        if (!log || log->n_opened == 0)
            fail_msg("seed %llu: nothing is read", (unsigned long long)seed);
        assert_int_equal(kai_sim_violations(s), 0);
        kai_sim_free(s);
    }
}

/* What waits for a peer that does not read is not sent to it once it is out. */
static void test_retract(void **state)
{
    struct kai_sim *s = group_stage();
    struct stage x = {.s = s};
    struct kai_orgs members = {0};
    enum kai_bye why;

    (void)state;
    kai_sim_connect(s, 2, 1);
    kai_sim_connect(s, 4, 1);
    kai_sim_run(s, 8000);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    speak(&x, 1, 4, 0, 4);
    kai_sim_raw_block(s, x.link);
    kai_sim_publish(s, 1, 0, 100);
    kai_orgs_add(&members, 1);
    kai_orgs_add(&members, 2);
    assert_false(kai_sim_raw_dropped(s, x.link, &why));
    kai_sim_change(s, 0, &members);
    assert_true(kai_sim_raw_dropped(s, x.link, &why));
    assert_int_equal(why, KAI_BYE_NOT_SHARED);
    kai_sim_free(s);
}

/* More than seventy come one by one, to one sponsor. Its log of admissions is in what each shows,
 * as long as there is room; and the last one hears of the slots of all the others before its own.
 */
static void test_many_newcomers(void **state)
{
    enum { N = 72, OLD = 4 };
    struct kai_sim_plan *p = calloc(1, sizeof *p);
    struct kai_sim_options o = {.seed = 32, .plan = p, .introduced = true, .latency_ms = 5};
    struct kai_sim *s;

    (void)state;
    assert_non_null(p);
    p->n_orgs = N;
    p->n_auds = 1;
    p->aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    for (size_t i = OLD; i < N; i++)
        p->org[i].late = true;
    s = kai_sim_new(&o);
    free(p);
    kai_sim_run(s, 5000);
    for (size_t i = OLD; i < N; i++) {
        kai_sim_admit_late(s, i);
        kai_sim_run(s, 500);
    }
    kai_sim_run(s, 20000);
    for (size_t i = 0; i < N; i++)
        assert_true(kai_sim_may_publish(s, i, 0));
    kai_sim_restart(s, N - 1);
    kai_sim_run(s, 5000);
    assert_true(kai_sim_may_publish(s, N - 1, 0));
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaked),      cmocka_unit_test(test_unmatched),
        cmocka_unit_test(test_between),     cmocka_unit_test(test_kick),
        cmocka_unit_test(test_sender),      cmocka_unit_test(test_revoked_author),
        cmocka_unit_test(test_what),        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_retract),     cmocka_unit_test(test_many_newcomers),
        cmocka_unit_test(test_added_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
