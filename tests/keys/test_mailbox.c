/* Mailboxes: anybody writes, the owner alone reads, and no writer reads another's letter. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/epoch.h"
#include "log/payload.h"

static void who_reads_and_writes(const struct orgs *t, size_t owner, size_t writer,
                                 const uint8_t *box)
{
    struct kai_keyring *ow = orgs_ring(t, owner);
    struct kai_keyring *w = orgs_ring(t, writer);
    struct kai_duty d;

    assert_ptr_equal(kai_keyring_mailbox_owner(w, box), orgs_org(t, owner));
    assert_null(kai_keyring_mailbox_owner(w, t->o[owner].org.id));
    assert_int_equal(kai_keyring_ceiling(w, box), 4);
    assert_true(kai_keyring_eligible(w, box, orgs_node(t, owner)));
    assert_false(kai_keyring_eligible(w, box, orgs_node(t, writer)));
    assert_true(kai_keyring_author(w, box, orgs_node(t, writer)));
    assert_false(kai_keyring_author(ow, box, orgs_node(t, owner)));
    assert_int_equal(kai_keyring_want(ow, box, 1, &d), KAI_ENOTFOUND);
    kai_keyring_free(ow);
    kai_keyring_free(w);
}

static void minted_when_wanted(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_duty d;
    struct kai_epoch a, b, got;
    uint8_t box[KAI_ID_BYTES];

    orgs_start(&t, 1);
    size_t owner = orgs_add(&t, 0, NULL);
    size_t writer = orgs_add(&t, 0, NULL);
    size_t other = orgs_add(&t, 0, NULL);
    orgs_refresh(&t);
    kai_mailbox_id(box, t.o[owner].org.id);
    struct kai_keyring *ow = orgs_ring(&t, owner);
    struct kai_keyring *w = orgs_ring(&t, writer);
    struct kai_keyring *x = orgs_ring(&t, other);
    who_reads_and_writes(&t, owner, writer, box);
    assert_int_equal(kai_keyring_write_epoch(w, box, &a), KAI_ENOTFOUND);
    MUST(kai_keyring_want(w, box, 1, &d));
    assert_true(d.own && d.new_epoch && d.add_to == NULL);
    assert_int_equal(d.n_members, 1);
    MUST(orgs_mint(&t, w, &d));
    free(d.members);
    MUST(kai_keyring_want(x, box, 1, &d));
    MUST(orgs_mint(&t, x, &d));
    free(d.members);
    assert_int_equal(t.n_heard, 2);
    uint64_t version = kai_keyring_version(w);
    assert_int_equal(orgs_hear(&t, w, 0), KAI_ENOTFOUND); /* The other's letter. */
    assert_true(kai_keyring_version(w) > version);
    assert_int_equal(orgs_hear(&t, x, 0), KAI_ENOTFOUND);
    MUST(orgs_hear(&t, ow, 0));
    MUST(orgs_hear(&t, ow, 0)); /* Heard twice: nothing new. */
    MUST(kai_keyring_write_epoch(w, box, &a));
    MUST(kai_keyring_write_epoch(x, box, &b));
    assert_int_equal(kai_keyring_want(w, box, 1, &d), KAI_ENOTFOUND); /* It has one. */
    assert_memory_not_equal(a.key, b.key, KAI_KEY_BYTES);
    assert_memory_equal(a.tag, b.tag, KAI_TAG_BYTES);
    assert_memory_equal(a.route, b.route, KAI_KEY_BYTES);
    uint8_t route[KAI_KEY_BYTES], tag[KAI_TAG_BYTES];
    kai_mailbox_route(route, tag, t.w.charter.nid, box);
    assert_memory_equal(a.route, route, KAI_KEY_BYTES);
    assert_memory_equal(a.tag, tag, KAI_TAG_BYTES);
    /* What one wrote the other does not even know the key of. */
    assert_non_null(kai_keyring_kid(ow, box, a.commit));
    assert_non_null(kai_keyring_kid(ow, box, b.commit));
    assert_null(kai_keyring_kid(w, box, b.commit));
    assert_null(kai_keyring_kid(x, box, a.commit));
    assert_true(kai_keyring_may_write(w, box, a.commit));
    assert_false(kai_keyring_may_write(w, box, b.commit));
    /* BIND names the writer; nobody of the owner passes for it. */
    assert_true(kai_keyring_may_use(ow, box, a.commit, orgs_node(&t, writer)));
    assert_false(kai_keyring_may_use(ow, box, a.commit, orgs_node(&t, owner)));
    assert_int_equal(kai_keyring_write_epoch(ow, box, &got), KAI_ENOTFOUND);
    /* Others carry letters unread, the owner must be able to open them. */
    uint8_t kid[KAI_TAG_BYTES] = {1};
    assert_true(kai_keyring_kid_held(x, box, kid));
    assert_false(kai_keyring_kid_held(ow, box, kid));
    assert_true(kai_keyring_kid_held(ow, box, a.commit));
    assert_int_equal(kai_keyring_clear_epoch(w, box, &got), KAI_OK);
    const uint8_t(*mine)[KAI_ID_BYTES];
    assert_int_equal(kai_keyring_audiences(ow, &mine), 0);
    kai_keyring_free(ow);
    kai_keyring_free(w);
    kai_keyring_free(x);
    orgs_stop(&t);
}

/* A letter, sealed under the one's epoch: opened by the owner, not by another writer whose keyring
 * heard everything. */
static void no_writer_opens_anothers_letter(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_duty d;
    struct kai_epoch key, mine;
    uint8_t box[KAI_ID_BYTES];
    struct kai_buf out, opened, scratch;
    struct kai_packer *packer;
    struct kai_entry e;
    struct tsub log;

    orgs_start(&t, 2);
    size_t owner = orgs_add(&t, 0, NULL);
    size_t other = orgs_add(&t, 0, NULL);
    orgs_refresh(&t);
    kai_mailbox_id(box, t.o[owner].org.id);
    struct kai_keyring *ring[3] = {orgs_ring(&t, 0), orgs_ring(&t, owner), orgs_ring(&t, other)};
    for (size_t i = 0; i < 3; i += 2) {
        MUST(kai_keyring_want(ring[i], box, 1, &d));
        MUST(orgs_mint(&t, ring[i], &d));
        free(d.members);
    }
    for (size_t i = 0; i < 3; i++)
        (void)!orgs_hear(&t, ring[i], 0);
    MUST(kai_keyring_write_epoch(ring[0], box, &key));
    MUST(kai_keyring_write_epoch(ring[2], box, &mine));
    world_key(&t.w, &log);
    struct kai_log_writer w = {.nid = t.w.charter.nid, .log_sk = log.log.sk, .epoch_key = key.key};
    memcpy(w.log_pk, log.log.pk, KAI_KEY_BYTES);
    memcpy(w.tag, key.tag, KAI_TAG_BYTES);
    memcpy(w.kid, key.commit, KAI_TAG_BYTES);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    kai_buf_init(&opened, KAI_BODY_BYTES_MAX);
    kai_buf_init(&scratch, KAI_BODY_BYTES_MAX);
    MUST(kai_packer_new(&packer));
    static const uint8_t body[] = "a letter";
    MUST(kai_log_append(&w, packer, &out, &e, kai_view_of(body, sizeof body), 0, 1, world_fill,
                        &t.w));
    struct kai_seal_place at = {.nid = t.w.charter.nid,
                                .log_pk = e.h.log_pk,
                                .seq = e.h.seq,
                                .prev = e.h.prev,
                                .tag = e.h.tag,
                                .kid = e.h.kid,
                                .ts = e.h.ts};
    const struct kai_epoch *k = kai_keyring_tag(ring[1], e.h.tag, e.h.kid);
    assert_non_null(k);
    MUST(kai_payload_open(packer, &opened, &scratch, k->key, &at, e.payload));
    assert_int_equal(opened.len, sizeof body);
    assert_null(kai_keyring_tag(ring[2], e.h.tag, e.h.kid));
    kai_buf_clear(&opened);
    assert_int_equal(kai_payload_open(packer, &opened, &scratch, mine.key, &at, e.payload),
                     KAI_EAUTH);
    kai_packer_free(packer);
    kai_buf_free(&out);
    kai_buf_free(&opened);
    kai_buf_free(&scratch);
    for (size_t i = 0; i < 3; i++)
        kai_keyring_free(ring[i]);
    orgs_stop(&t);
}

static void anew_when_its_readers_change(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_duty d;
    struct kai_epoch first, second, third;
    struct tsub more;
    uint8_t box[KAI_ID_BYTES];

    orgs_start(&t, 3);
    size_t owner = orgs_add(&t, 0, NULL);
    world_key(&t.w, &more);
    orgs_refresh(&t);
    kai_mailbox_id(box, t.o[owner].org.id);
    struct kai_keyring *w = orgs_ring(&t, 0);
    MUST(kai_keyring_want(w, box, 1, &d));
    MUST(orgs_mint(&t, w, &d));
    free(d.members);
    MUST(orgs_hear(&t, w, 0));
    MUST(kai_keyring_write_epoch(w, box, &first));
    world_admit(&t.w, &t.o[owner].issuing.log, &more, KAI_ADMIT_NODE, NULL);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(w, t.r));
    assert_int_equal(kai_keyring_write_epoch(w, box, &second), KAI_ENOTFOUND);
    assert_false(kai_keyring_may_write(w, box, first.commit));
    t.ts = 2000;
    MUST(kai_keyring_want(w, box, 2, &d));
    assert_int_equal(d.n_members, 2);
    MUST(orgs_mint(&t, w, &d));
    free(d.members);
    MUST(orgs_hear(&t, w, 1));
    MUST(kai_keyring_write_epoch(w, box, &second));
    assert_memory_not_equal(first.key, second.key, KAI_KEY_BYTES);
    /* The new node reads what is written from now on. */
    struct kai_keyring *n = orgs_ring_of(&t, &more, owner);
    assert_int_equal(orgs_hear(&t, n, 0), KAI_ENOTFOUND);
    assert_null(kai_keyring_kid(n, box, first.commit));
    assert_non_null(kai_keyring_kid(n, box, second.commit));
    kai_keyring_free(n);
    /* And when it is out nothing more is written that it could read. */
    world_remove(&t.w, &t.o[owner].issuing.log, more.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(w, t.r));
    MUST(kai_keyring_write_epoch(w, box, &third)); /* The first lists just who reads now. */
    assert_memory_equal(first.key, third.key, KAI_KEY_BYTES);
    assert_false(kai_keyring_may_write(w, box, second.commit));
    /* An organisation that is out has no mailbox any more. */
    world_remove(&t.w, &t.o[0].issuing.log, t.o[owner].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(w, t.r));
    assert_null(kai_keyring_mailbox_owner(w, box));
    assert_int_equal(kai_keyring_write_epoch(w, box, &third), KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_want(w, box, 3, &d), KAI_ENOTFOUND);
    kai_keyring_free(w);
    orgs_stop(&t);
}

/* The keys of a restarted node come from the entries it stored, in any order. */
static void known_again_after_a_start(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_duty d;
    struct kai_epoch first, again;
    uint8_t box[KAI_ID_BYTES];

    orgs_start(&t, 4);
    size_t owner = orgs_add(&t, 0, NULL);
    orgs_refresh(&t);
    kai_mailbox_id(box, t.o[owner].org.id);
    struct kai_keyring *w = orgs_ring(&t, 0);
    MUST(kai_keyring_want(w, box, 1, &d));
    MUST(orgs_mint(&t, w, &d));
    free(d.members);
    MUST(orgs_hear(&t, w, 0));
    MUST(kai_keyring_write_epoch(w, box, &first));
    kai_keyring_free(w);
    w = orgs_ring(&t, 0);
    MUST(orgs_hear(&t, w, 0));
    MUST(kai_keyring_write_epoch(w, box, &again));
    assert_memory_equal(&first, &again, sizeof first);
    kai_keyring_free(w);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minted_when_wanted),
        cmocka_unit_test(no_writer_opens_anothers_letter),
        cmocka_unit_test(anew_when_its_readers_change),
        cmocka_unit_test(known_again_after_a_start),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
