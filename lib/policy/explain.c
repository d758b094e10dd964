/* explain: from verdicts to statements. */
#include "policy/explain.h"

#include <assert.h>
#include <string.h>

#define PAP_AMBER 3u
#define PAP_RED   4u

struct out {
    struct kai_explain_line *lines;
    size_t n;
};

static void say(struct out *o, enum kai_explain_sort sort, const char *id)
{
    assert(o->n < KAI_EXPLAIN_LINES_MAX);
    o->lines[o->n++] = (struct kai_explain_line){.sort = sort, .id = id};
}

static const char *sensor(const struct kai_explain *f, enum kai_policy_purpose purpose)
{
    struct kai_policy_export e = {
        .purpose = purpose,
        .tlp = f->tlp,
        .pap = f->pap,
        .clearance = f->clearance,
        .exercise = f->exercise,
        .withdrawn = f->withdrawn,
        .expired = f->expired,
        .recalled = f->recalled,
    };

    return kai_policy_export(&e);
}

static bool is(const char *code, const char *which)
{
    return code != NULL && strcmp(code, which) == 0;
}

static void notes(struct out *o, const struct kai_explain *f)
{
    if (f->exercise)
        say(o, KAI_EXPLAIN_NOTE, "explain.note.exercise");
    if (f->recalled)
        say(o, KAI_EXPLAIN_NOTE, "explain.note.recalled");
    if (f->withdrawn)
        say(o, KAI_EXPLAIN_NOTE, "explain.note.withdrawn");
    if (f->expired)
        say(o, KAI_EXPLAIN_NOTE, "explain.note.expired");
    if (f->passed_on)
        say(o, KAI_EXPLAIN_NOTE, "explain.note.passed-on");
}

/* To whom it may go, by its label. */
static void may_pass(struct out *o, const struct kai_explain *f, uint8_t label)
{
    static const char *const read[] = {NULL,
                                       "explain.may.read-clear",
                                       "explain.may.read-green",
                                       "explain.may.read-amber",
                                       "explain.may.read-strict",
                                       "explain.may.read-red"};
    static const char *const pass[] = {
        NULL, "explain.may.pass-clear", "explain.may.pass-green", "explain.may.pass-amber", NULL,
        NULL};

    say(o, KAI_EXPLAIN_MAY, read[label]);
    if (f->recalled)
        return;
    if (pass[label] != NULL)
        say(o, KAI_EXPLAIN_MAY, pass[label]);
    if (f->ours)
        say(o, KAI_EXPLAIN_MAY,
            label == KAI_POLICY_RED ? "explain.may.source-red" : "explain.may.source");
    else if (label != KAI_POLICY_CLEAR && label != KAI_POLICY_RED)
        say(o, KAI_EXPLAIN_MAY, "explain.may.ask");
}

/* What may be done with it, by its PAP and its state. */
static void may_use(struct out *o, const struct kai_explain *f, uint8_t label)
{
    if (sensor(f, KAI_POLICY_DETECT) == NULL)
        say(o, KAI_EXPLAIN_MAY, "explain.may.detect");
    if (sensor(f, KAI_POLICY_BLOCK) == NULL)
        say(o, KAI_EXPLAIN_MAY, "explain.may.block");
    if (label == KAI_POLICY_RED || f->recalled)
        return;
    if (f->pap >= PAP_RED)
        say(o, KAI_EXPLAIN_MAY, "explain.may.look");
    else if (f->pap == PAP_AMBER)
        say(o, KAI_EXPLAIN_MAY, "explain.may.passive");
}

static void must_not(struct out *o, const struct kai_explain *f, uint8_t label)
{
    static const char *const pass[] = {NULL,
                                       NULL,
                                       "explain.not.pass-green",
                                       "explain.not.pass-amber",
                                       "explain.not.pass-strict",
                                       "explain.not.pass-red"};
    const char *detect = sensor(f, KAI_POLICY_DETECT);
    const char *block = sensor(f, KAI_POLICY_BLOCK);

    if (f->recalled)
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.recalled");
    if (pass[label] != NULL)
        say(o, KAI_EXPLAIN_MUST_NOT, pass[label]);
    if (is(detect, "export.red"))
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.export-red");
    else if (is(detect, "export.exercise"))
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.sensor-exercise");
    else if (is(detect, "item.withdrawn") || is(detect, "item.expired"))
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.sensor-stale");
    else if (is(detect, "export.pap-detect"))
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.pap-red");
    else if (is(block, "export.pap-block"))
        say(o, KAI_EXPLAIN_MUST_NOT, "explain.not.pap-amber");
}

static void in_short(struct out *o, const struct kai_explain *f, uint8_t label)
{
    static const char *const by_label[] = {NULL,
                                           "explain.short.clear",
                                           "explain.short.green",
                                           "explain.short.amber",
                                           "explain.short.strict",
                                           "explain.short.red"};

    if (f->recalled) {
        say(o, KAI_EXPLAIN_SHORT, "explain.short.recalled");
        return;
    }
    say(o, KAI_EXPLAIN_SHORT, by_label[label]);
    if (f->exercise)
        say(o, KAI_EXPLAIN_SHORT, "explain.short.exercise");
    if (f->withdrawn)
        say(o, KAI_EXPLAIN_SHORT, "explain.short.withdrawn");
    else if (f->expired)
        say(o, KAI_EXPLAIN_SHORT, "explain.short.expired");
    if (label == KAI_POLICY_RED)
        return;
    if (f->pap >= PAP_RED)
        say(o, KAI_EXPLAIN_SHORT, "explain.short.pap-red");
    else if (f->pap == PAP_AMBER)
        say(o, KAI_EXPLAIN_SHORT, "explain.short.pap-amber");
}

size_t kai_explain(const struct kai_explain *f, struct kai_explain_line lines[static 24])
{
    struct kai_policy_read read = {.role = f->role, .clearance = f->clearance, .tlp = f->tlp};
    struct out o = {.lines = lines};
    uint8_t label = kai_policy_label(f->tlp);

    if (kai_policy_read(&read) != NULL) {
        say(&o, KAI_EXPLAIN_NOTE, "explain.note.not-yours");
        return o.n;
    }
    notes(&o, f);
    may_pass(&o, f, label);
    may_use(&o, f, label);
    if (label != KAI_POLICY_RED && kai_policy_role(f->role, KAI_POLICY_SHARE) != NULL)
        say(&o, KAI_EXPLAIN_MUST_NOT, "explain.not.role");
    must_not(&o, f, label);
    in_short(&o, f, label);
    return o.n;
}
