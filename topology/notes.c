/* notes: NOTES, a frame of notes that are about one audience, or the control plane
 * (docs/protocol.md 7). */
#include "log/forkproof.h"
#include "topology/judge.h"

/* [type, ...] */
static uint64_t type_of(struct kai_view note)
{
    struct kai_cur c;
    uint64_t type;

    kai_cur_init(&c, note.p, note.n);
    (void)kai_cur_array(&c, UINT16_MAX);
    type = kai_cur_uint(&c, UINT16_MAX);
    return kai_cur_ok(&c) ? type : 0;
}

void kai_notes_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n && !l->dead; i++) {
        struct kai_view note = kai_frame_note(f);
        uint64_t type = type_of(note);
        if (type == 0)
            kai_link_bye(n, l, KAI_BYE_MALFORMED);
        else if (type == KAI_NOTE_FORKPROOF && !s->ctl)
            kai_fork_note(n, l, s, note);
        else if ((type == KAI_REC_CHARTER || type == KAI_REC_KEYDEATH) && s->ctl)
            kai_control_note(n, l, type, note);
        else if (type == KAI_REC_CHECKPOINT && s->ctl)
            kai_heard_note(n, l, note);
        else /* Of a type or in a place that means nothing to us. */
            n->count.entries_refused++;
    }
}
