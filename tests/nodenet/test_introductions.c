/* test_introductions: strangers on the introduction socket. */
#include <string.h>

#include "nodenet/net_rig.h"

#define ANY "tcp://127.0.0.1:0"

static struct rig a, b, c;
static struct rig *abc[] = {&a, &b, &c};
static uint8_t frame[KAI_FRAME_BYTES_MAX];

static int start(void **state)
{
    (void)state;
    rig_start(&a, ANY);
    rig_start(&b, NULL);
    rig_start(&c, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&a);
    rig_stop(&b);
    rig_stop(&c);
    return 0;
}

static uint64_t intro_dial(struct rig *from)
{
    struct kai_why why = {0};
    uint64_t dial;

    assert_int_equal(
        kai_transport_dial_intro(from->t, kai_transport_intro_endpoint(a.t), a.pk, &dial, &why),
        KAI_OK);
    return dial;
}

static uint64_t intro_up(struct rig *from)
{
    size_t had = from->up_n;
    uint64_t link = intro_dial(from);

    assert_true(rig_until(abc, 3, &from->up_n, had + 1, 3000));
    assert_true(kai_transport_is_intro(from->t, link));
    return link;
}

static void test_answer_and_close(void **state)
{
    uint64_t link = intro_up(&b);

    (void)state;
    a.intro_reply = "welcome";
    a.intro_go_on = true;
    rig_send(&b, link, "who are you", 11);
    assert_true(rig_until(abc, 3, &b.frame_n, 1, 1000));
    assert_memory_equal(b.last, "welcome", 7);
    assert_memory_equal(a.intro_peer, b.pk, 32);
    a.intro_reply = "done";
    a.intro_go_on = false;
    rig_send(&b, link, "more", 4);
    assert_true(rig_until(abc, 3, &b.frame_n, 2, 1000)); /* The last answer arrives... */
    assert_memory_equal(b.last, "done", 4);
    rig_send(&b, link, "yet more", 8);
    assert_true(rig_until(abc, 3, &b.down_n, 1, 3000)); /* ...then the end, */
    assert_int_equal(a.intro_n, 2);                     /* and nothing after it is read. */
    assert_int_equal(a.up_n + a.frame_n + a.down_n, 0); /* A stranger is never a link. */
}

static void test_silence(void **state)
{
    uint64_t link = intro_up(&b);

    (void)state;
    rig_send(&b, link, "hello", 5);
    assert_true(rig_until(abc, 3, &b.down_n, 1, 1000));
    assert_int_equal(a.intro_n, 1);
    assert_int_equal(b.frame_n, 0);
}

static void test_frames_are_counted(void **state)
{
    uint64_t link = intro_up(&b);

    (void)state;
    a.intro_go_on = true;
    for (size_t i = 0; i < 5; i++)
        rig_send(&b, link, "hello", 5);
    assert_true(rig_until(abc, 3, &b.down_n, 1, 1000));
    assert_int_equal(a.intro_n, 4);
}

static void test_frames_are_bounded(void **state)
{
    uint64_t link = intro_up(&b);

    (void)state;
    a.intro_go_on = true;
    rig_send(&b, link, frame, KAI_INTRO_FRAME_BYTES_MAX);
    assert_true(rig_until(abc, 3, &a.intro_n, 1, 1000));
    assert_int_equal(a.last_n, KAI_INTRO_FRAME_BYTES_MAX);
    rig_send(&b, link, frame, KAI_INTRO_FRAME_BYTES_MAX + 1);
    assert_true(rig_until(abc, 3, &b.down_n, 1, 1000));
    assert_int_equal(a.intro_n, 1);
}

static void test_sixteen_at_once(void **state)
{
    uint64_t links[KAI_INTRODUCTIONS_MAX];

    (void)state;
    a.intro_go_on = true;
    for (size_t i = 0; i < KAI_INTRODUCTIONS_MAX; i++) {
        links[i] = intro_up(&b);
        rig_send(&b, links[i], "hello", 5);
    }
    assert_true(rig_until(abc, 3, &a.intro_n, KAI_INTRODUCTIONS_MAX, 2000));
    (void)intro_dial(&c);
    assert_true(rig_until(abc, 3, &c.failed_n, 1, 3000));
    assert_string_equal(c.failed_code, "peer.refused");
    kai_transport_drop(b.t, links[3]);
    rig_for(abc, 3, 100);
    rig_send(&c, intro_up(&c), "me now", 6);
    assert_true(rig_until(abc, 3, &a.intro_n, KAI_INTRODUCTIONS_MAX + 1, 1000));
}

static void test_life_is_short(void **state)
{
    uint64_t begin = rig_now_us(), link = intro_up(&b);

    (void)state;
    a.intro_go_on = true;
    rig_send(&b, link, "hello", 5);
    (void)intro_up(&c); /* And one that says nothing at all. */
    assert_true(rig_until(abc, 3, &b.down_n, 1, 11000));
    assert_true(rig_now_us() - begin > 9000000u);
    assert_true(rig_until(abc, 3, &c.down_n, 1, 1500));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_answer_and_close),   TEST(test_silence),         TEST(test_frames_are_counted),
        TEST(test_frames_are_bounded), TEST(test_sixteen_at_once), TEST(test_life_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
