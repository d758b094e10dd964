/* entries: what a home's store holds, one line an entry: log, seq, hash; or, asked for "notes", one
 * line a note: type, whose, bytes. Also of a running node: it reads beside it. For tests that look
 * for two entries with one (log, seq), or wait until a note is here. */
#include <stdio.h>
#include <string.h>

#include "store/store.h"

static void print(const char *kind, const struct kai_entry *e)
{
    char pk[KAI_HEX_CAP(KAI_KEY_BYTES)];
    char hash[KAI_HEX_CAP(KAI_ID_BYTES)];

    (void)printf("%s %s %llu %s\n", kind, kai_hex(pk, e->h.log_pk, KAI_KEY_BYTES),
                 (unsigned long long)e->h.seq, kai_hex(hash, e->hash, KAI_ID_BYTES));
}

static bool on_arrival(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                       uint64_t seen_ms)
{
    (void)ctx;
    (void)position;
    (void)log_no;
    (void)seen_ms;
    print("data", e);
    return true;
}

static bool on_control(void *ctx, const struct kai_entry *e)
{
    (void)ctx;
    print("control", e);
    return true;
}

static bool on_fork(void *ctx, const struct kai_entry *e)
{
    (void)ctx;
    print("fork", e);
    return true;
}

static bool on_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                    struct kai_view note)
{
    char id[KAI_HEX_CAP(KAI_ID_BYTES)];

    (void)ctx;
    (void)printf("%llu %s %zu\n", (unsigned long long)type, kai_hex(id, who, KAI_ID_BYTES), note.n);
    return true;
}

static enum kai_err entries(struct kai_snap *snap)
{
    enum kai_err err = kai_snap_arrivals(snap, 1, on_arrival, NULL);

    if (err == KAI_OK)
        err = kai_snap_ctl(snap, on_control, NULL);
    if (err == KAI_OK)
        err = kai_snap_forks(snap, on_fork, NULL);
    return err;
}

int main(int argc, char **argv)
{
    struct kai_why why = {0};
    struct kai_store *s = NULL;
    struct kai_snap *snap = NULL;

    bool notes = argc == 3 && strcmp(argv[2], "notes") == 0;

    if (argc != 2 && !notes)
        return 2;
    enum kai_err err = kai_store_view(&s, argv[1], &why);
    if (err == KAI_OK)
        err = kai_snap_begin(s, &snap);
    if (err == KAI_OK && notes)
        err = kai_snap_notes(snap, on_note, NULL);
    else if (err == KAI_OK)
        err = entries(snap);
    if (err != KAI_OK)
        (void)fprintf(stderr, "%s: %s %s\n", argv[1], kai_err_text(err),
                      why.code != NULL ? why.code : "");
    kai_snap_end(snap);
    kai_store_close(s);
    return err == KAI_OK ? 0 : 1;
}
