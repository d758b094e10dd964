/* test_touched: what counts as looked at when the inventory changes, or a row is damaged. */
#include "rig.h"

#include <string.h>

#include "node/indexer.h"
#include "node/inventory.h"
#include "node/touched.h"

static void own(struct rig *r, const char *text)
{
    struct kai_inventory inv = {.n = 0};

    MUST(kai_inventory_read(&inv, kai_view_of(text, strlen(text)), "own", &r->why));
    MUST(kai_touched_replace(r->core, &inv, &r->why));
    kai_inventory_free(&inv);
}

static bool alarm(struct rig *r)
{
    struct kai_who who;
    uint64_t since_ms;

    kai_who_home(&who);
    MUST(kai_indexer_settle(r->core->indexer));
    MUST(kai_touched_since(r->core, &who, &since_ms, &r->why));
    return since_ms != 0;
}

/* An answer begins under one inventory and ends under another, of which it gave nothing. */
static void of_another_inventory_nothing_was_looked_at(void **state)
{
    struct rig *r = *state;
    struct kai_inventory begun = {.n = 0};
    struct kai_inventory now = {.n = 0};
    struct kai_touched_mark newest;

    own(r, "one.example\n");
    rig_publish(r, "a.one.example\na.two.example\n");
    assert_true(alarm(r));
    MUST(kai_touched_newest(r->core, &newest));
    MUST(kai_inventory_load(&begun, &r->core->home, &r->why));
    own(r, "two.example\n");
    MUST(kai_touched_looked(r->core, KAI_TLP_RED, &newest, &begun));
    assert_true(alarm(r));
    MUST(kai_inventory_load(&now, &r->core->home, &r->why));
    MUST(kai_touched_looked(r->core, KAI_TLP_RED, &newest, &now));
    assert_false(alarm(r));
    kai_inventory_free(&begun);
    kai_inventory_free(&now);
}

static void damage_hides_no_other_row(void **state)
{
    struct rig *r = *state;

    own(r, "own.example\n");
    rig_publish(r, "a.other.example\n");
    assert_false(alarm(r)); /* Row 1 is behind us. */
    rig_publish(r, "b.other.example\n");
    rig_publish(r, "a.own.example\n");
    MUST(kai_indexer_settle(r->core->indexer));
    rig_damage(r, 2);
    assert_true(alarm(r));
    rig_damage(r, 3); /* What touched, and cannot be read any more. */
    assert_false(alarm(r));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_another_inventory_nothing_was_looked_at, rig_start,
                                        rig_stop),
        cmocka_unit_test_setup_teardown(damage_hides_no_other_row, rig_start, rig_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
