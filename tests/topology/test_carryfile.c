/* test_carryfile: carry files between engines that no link joins: what goes in for whom, and what
 * is taken out again. */
#include "topology/carryfile_kit.h"

#include <string.h>

/* All plaintext of a file, by its addressee. */
static void reveal(struct kai_sim *s, size_t to, struct kai_view file, struct kai_buf *all)
{
    struct kai_view rest =
        kai_view_of(file.p + KAI_CARRY_HEAD_BYTES, file.n - KAI_CARRY_HEAD_BYTES);
    struct kai_view box;
    struct kai_carry_key k;
    struct kai_buf plain;

    kai_buf_init(all, KIT_FILE_MAX);
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

static void test_members_and_relay(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    struct kai_buf b, all;
    size_t opened, n;

    (void)state;
    kit_say(s, OWNER, GROUP);
    n = kit_held(s, OWNER, GROUP, &opened);
    assert_true(n >= 2);
    kit_bring(s, OWNER, SECOND, &t);
    assert_int_equal(t.info.refused + t.info.waiting, 0);
    assert_int_equal(kit_held(s, SECOND, GROUP, &opened), n);
    assert_int_equal(opened, n);

    /* A relay gets what it cannot read, and hands it on. */
    kit_bring(s, OWNER, RELAY, &t);
    assert_int_equal(kit_held(s, RELAY, GROUP, &opened), n);
    assert_int_equal(opened, 0);
    kit_bring(s, RELAY, THIRD, &t);
    assert_int_equal(kit_held(s, THIRD, GROUP, &opened), n);
    assert_int_equal(opened, n);

    /* Who is no member is not told so much as that there is something. */
    assert_int_equal(kit_make(s, OWNER, OUT, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    reveal(s, OUT, kai_buf_view(&b), &all);
    assert_false(holds(&all, s->node[OWNER].data[GROUP].key.pk, KAI_KEY_BYTES));
    assert_false(holds(&all, s->node[OWNER].keys[GROUP].key.pk, KAI_KEY_BYTES));
    assert_int_equal(kit_take(s, OUT, kai_buf_view(&b), &t), KAI_OK);
    assert_int_equal(kit_held(s, OUT, GROUP, &opened), 0);
    kai_buf_free(&all);
    kai_buf_free(&b);

    /* The same is there for a member: the search finds it. */
    assert_int_equal(kit_make(s, OWNER, SECOND, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
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
    struct kai_sim *s = kit_stage();
    struct kit_took t;
    size_t opened;

    (void)state;
    kit_say(s, THIRD, BOX);
    assert_true(kit_held(s, THIRD, BOX, &opened) >= 2);
    kit_bring(s, THIRD, OUT, &t); /* Carries for nobody. */
    assert_int_equal(kit_held(s, OUT, BOX, &opened), 0);
    kit_bring(s, THIRD, RELAY, &t);
    assert_true(kit_held(s, RELAY, BOX, &opened) >= 2);
    assert_int_equal(opened, 0);
    kit_bring(s, RELAY, OUT, &t);
    assert_int_equal(kit_held(s, OUT, BOX, &opened), 0);
    kit_bring(s, RELAY, SECOND, &t);
    assert_true(kit_held(s, SECOND, BOX, &opened) >= 2);
    assert_int_equal(opened, kit_held(s, SECOND, BOX, &opened));
    kai_sim_free(s);
}

/* What a receipt says is left out; what it says wrongly costs bytes alone. */
static void test_receipts(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kit_took t, r;
    struct kai_buf b;
    uint64_t whole;

    (void)state;
    kit_say(s, OWNER, GROUP);
    kit_bring(s, OWNER, SECOND, &t);
    whole = t.info.taken + t.info.held;
    assert_int_equal(kit_make(s, SECOND, OWNER, KAI_CARRY_RECEIPT, NULL, 0, &b), KAI_OK);
    assert_int_equal(kit_take(s, OWNER, kai_buf_view(&b), &r), KAI_OK);
    kai_buf_free(&b);
    assert_true(r.n_rows > 3);
    assert_in_range(r.info.heads, 1, r.n_rows);
    assert_true(kai_sim_counts(s).held > 0); /* OWNER, who wrote it, heard who holds it. */

    assert_int_equal(kit_make(s, OWNER, SECOND, KAI_CARRY_PACK, r.rows, r.n_rows, &b), KAI_OK);
    assert_int_equal(kit_take(s, SECOND, kai_buf_view(&b), &t), KAI_OK);
    kai_buf_free(&b);
    assert_int_equal(t.info.taken + t.info.held, 0);

    for (size_t i = 0; i < r.n_rows; i++)
        r.rows[i].same = false;
    assert_int_equal(kit_make(s, OWNER, SECOND, KAI_CARRY_PACK, r.rows, r.n_rows, &b), KAI_OK);
    assert_int_equal(kit_take(s, SECOND, kai_buf_view(&b), &t), KAI_OK);
    kai_buf_free(&b);
    assert_int_equal(t.info.held, whole);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_and_relay),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_receipts),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
