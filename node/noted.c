/* noted: feeds stored notes to the set of control entries. */
#include "node/noted.h"

#include "keys/record.h"

struct load {
    struct kai_ctl *ctl;
    enum kai_err err;
};

static bool load_charter(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                         struct kai_view note)
{
    struct load *l = ctx;

    (void)who;
    if (type != KAI_REC_CHARTER)
        return true;
    enum kai_err err = kai_ctl_charter_add(l->ctl, note);
    if (err != KAI_OK &&
        err != KAI_EEXIST) /* KAI_EAGAIN: the one before comes later in the walk. */
        l->err = err;
    return err != KAI_ENOMEM;
}

/* Behind the line, so that each is a rival again and none is told twice. */
static bool load_rival(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                       struct kai_view note)
{
    struct load *l = ctx;

    (void)who;
    if (type == KAI_NOTE_RIVAL && kai_ctl_charter_add(l->ctl, note) == KAI_ENOMEM)
        l->err = KAI_ENOMEM;
    return l->err == KAI_OK;
}

static enum kai_err load_rivals(struct kai_ctl *ctl, struct kai_snap *snap)
{
    struct load l = {.ctl = ctl};
    enum kai_err err = kai_snap_notes(snap, load_rival, &l);

    return err == KAI_OK ? l.err : err;
}

/* They stand by hash: again and again, until no more of them can be placed. */
enum kai_err kai_noted_charters(struct kai_ctl *ctl, struct kai_snap *snap)
{
    for (size_t before = SIZE_MAX; kai_ctl_charters(ctl) != before;) {
        struct load l = {.ctl = ctl};

        before = kai_ctl_charters(ctl);
        enum kai_err err = kai_snap_notes(snap, load_charter, &l);
        if (err != KAI_OK)
            return err;
        if (l.err != KAI_OK && l.err != KAI_EAGAIN)
            return l.err == KAI_ENOMEM ? l.err : KAI_ECORRUPT;
    }
    return load_rivals(ctl, snap);
}

static bool load_death(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                       struct kai_view note)
{
    struct load *l = ctx;

    (void)who;
    /* One that is no news beside another, or whose key was dropped since, does no harm. */
    if (type == KAI_REC_KEYDEATH && kai_ctl_death_add(l->ctl, note) == KAI_ENOMEM)
        l->err = KAI_ENOMEM;
    return l->err == KAI_OK;
}

enum kai_err kai_noted_deaths(struct kai_ctl *ctl, struct kai_snap *snap)
{
    struct load l = {.ctl = ctl};
    enum kai_err err = kai_snap_notes(snap, load_death, &l);

    return err == KAI_OK ? l.err : err;
}
