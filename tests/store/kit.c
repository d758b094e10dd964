/* kit: temporary stores and made entries. */
#include "store/kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t kit_rand(struct kit_rand *r)
{
    uint64_t z = (r->s += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void kit_dir(char dir[static 64])
{
    const char *base = getenv("TMPDIR");

    if (base == NULL || strlen(base) > 32)
        base = "/tmp";
    snprintf(dir, 64, "%s/kairan-store-XXXXXX", base);
    assert_non_null(mkdtemp(dir));
}

void kit_dir_rm(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *f;
    char path[400];

    if (d == NULL)
        return;
    while ((f = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

enum kai_err kit_try(struct kai_store **s, const char *dir, struct kai_why *why)
{
    struct kai_store_options opt = {.map_bytes = 256u << 20};

    memset(why, 0, sizeof *why);
    return kai_store_open(s, dir, &opt, why);
}

struct kai_store *kit_open(const char *dir)
{
    struct kai_store *s;
    struct kai_why why;
    enum kai_err err = kit_try(&s, dir, &why);

    if (err != KAI_OK)
        print_error("open %s: %s, %s {%s} at %s\n", dir, kai_err_text(err),
                    why.code != NULL ? why.code : "", why.arg[0], why.where);
    assert_int_equal(err, KAI_OK);
    assert_non_null(s);
    return s;
}

struct kit_log kit_log(uint64_t seed)
{
    struct kit_rand r = {seed};
    struct kit_log l = {.seq = 0};

    for (size_t i = 0; i < sizeof l.pk; i++)
        l.pk[i] = (uint8_t)kit_rand(&r);
    return l;
}

void kit_typed(struct kit_entry *k, const struct kit_log *l, size_t payload_n, uint64_t ptype)
{
    static uint8_t payload[KAI_PAYLOAD_BYTES_MAX];
    uint8_t phash[KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    struct kit_rand r = {kai_get_u64(l->pk) ^ (l->seq + 1) * 0x10001u};
    struct kai_hdr h = {.seq = l->seq + 1, .ts = 1700000000000u + l->seq, .ptype = ptype};
    size_t hdr_n;

    assert_true(payload_n <= sizeof payload);
    for (size_t i = 0; i < payload_n; i += 8)
        kai_put_u64(payload + i, kit_rand(&r));
    for (size_t i = 0; i < sizeof sig; i += 8)
        kai_put_u64(sig + i, kit_rand(&r));
    kai_hash(phash, KAI_D_PAY, payload, payload_n);
    memcpy(h.log_pk, l->pk, sizeof h.log_pk);
    memcpy(h.prev, l->head, sizeof h.prev);
    h.psize = payload_n;
    memcpy(h.phash, phash, sizeof h.phash);

    kai_buf_init(&k->b, KAI_HDR_BYTES_MAX + KAI_SIG_BYTES + KAI_PAYLOAD_BYTES_MAX + 1);
    kai_hdr_write(&k->b, &h);
    hdr_n = k->b.len;
    kai_buf_add(&k->b, sig, sizeof sig);
    kai_buf_add(&k->b, payload, payload_n);
    kai_buf_u8(&k->b, 0); /* So that an empty payload has an address. */
    assert_int_equal(k->b.err, KAI_OK);
    assert_int_equal(kai_entry_init(&k->e, kai_view_of(k->b.p, hdr_n),
                                    kai_view_of(k->b.p + hdr_n, sizeof sig),
                                    kai_view_of(k->b.p + hdr_n + sizeof sig, payload_n)),
                     KAI_OK);
}

void kit_next(struct kit_entry *k, const struct kit_log *l, size_t payload_n)
{
    kit_typed(k, l, payload_n, KAI_PTYPE_SEALED);
}

void kit_moved(struct kit_log *l, const struct kit_entry *k)
{
    l->seq = k->e.h.seq;
    memcpy(l->head, k->e.hash, sizeof l->head);
}

void kit_free(struct kit_entry *k)
{
    kai_buf_free(&k->b);
}

bool kit_same(const struct kai_entry *a, const struct kai_entry *b)
{
    return kai_view_eq(a->hdr, b->hdr) && kai_view_eq(a->sig, b->sig) &&
           kai_view_eq(a->payload, b->payload) && memcmp(a->hash, b->hash, KAI_ID_BYTES) == 0 &&
           a->h.seq == b->h.seq && a->h.ts == b->h.ts;
}

void kit_add_log(struct kai_store *s, const struct kit_log *l, uint64_t flags)
{
    struct kai_log log = {.kind = KAI_LOG_DATA, .flags = flags, .first_seen_ms = 5};
    struct kai_tx *t;

    memcpy(log.log_pk, l->pk, sizeof log.log_pk);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_log(t, &log), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

void kit_append(struct kai_store *s, struct kit_log *l, size_t n, size_t payload_n)
{
    struct kai_tx *t;
    struct kit_entry k;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    for (size_t i = 0; i < n; i++) {
        kit_next(&k, l, payload_n);
        assert_int_equal(kai_tx_append(t, &k.e, 1000 + l->seq), KAI_OK);
        kit_moved(l, &k);
        kit_free(&k);
    }
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

void kit_stage(struct kai_store *s, struct kit_log *l, size_t n, size_t payload_n)
{
    struct kai_tx *t;
    struct kit_entry k;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    for (size_t i = 0; i < n; i++) {
        kit_next(&k, l, payload_n);
        assert_int_equal(kai_tx_stage(t, &k.e, 7), KAI_OK);
        kit_moved(l, &k);
        kit_free(&k);
    }
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

void kit_advance(struct kai_store *s, const struct kit_log *l, uint64_t to, enum kai_err want)
{
    struct kai_tx *t;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_advance(t, l->pk, to), want);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

void kit_expect(struct kai_snap *r, const struct kit_log *l, uint64_t seq, size_t payload_n)
{
    struct kit_log at = kit_log(0);
    struct kai_entry got;
    struct kai_entry before;
    struct kit_entry want;

    memcpy(at.pk, l->pk, sizeof at.pk);
    at.seq = seq - 1;
    memset(at.head, 0, sizeof at.head);
    if (seq > 1) {
        assert_int_equal(kai_snap_entry(r, l->pk, seq - 1, &before), KAI_OK);
        memcpy(at.head, before.hash, sizeof at.head);
    }
    assert_int_equal(kai_snap_entry(r, l->pk, seq, &got), KAI_OK);
    kit_next(&want, &at, payload_n);
    assert_true(kit_same(&got, &want.e));
    kit_free(&want);
}

struct dig {
    struct kai_hasher h;
    struct kai_snap *r;
    enum kai_err err;
};

/* Each entry by its number too, up to the head and not beyond. */
static enum kai_err dig_numbered(struct dig *d, const struct kai_log *log)
{
    struct kai_entry e;
    enum kai_err err = KAI_OK;

    for (uint64_t seq = 1; seq <= log->head_seq && err == KAI_OK; seq++) {
        err = kai_snap_entry_no(d->r, log->no, seq, &e);
        if (err == KAI_OK)
            kai_hash_add(&d->h, e.hash, sizeof e.hash);
    }
    if (err == KAI_OK && kai_snap_entry_no(d->r, log->no, log->head_seq + 1, &e) != KAI_ENOTFOUND)
        err = KAI_ECORRUPT;
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

static bool dig_log(void *ctx, const struct kai_log *log)
{
    struct dig *d = ctx;
    kai_hash_add(&d->h, log->log_pk, sizeof log->log_pk);
    kai_hash_add(&d->h, log->head, sizeof log->head);
    kai_hash_add(&d->h, log->salt, sizeof log->salt);
    kai_hash_u64(&d->h, log->no ^ log->flags << 8 ^ log->bytes << 16 ^ log->head_seq << 40);
    d->err = dig_numbered(d, log);
    return d->err == KAI_OK;
}

static bool dig_entry(void *ctx, const struct kai_entry *e)
{
    struct dig *d = ctx;

    kai_hash_add(&d->h, e->hdr.p, e->hdr.n);
    kai_hash_add(&d->h, e->sig.p, e->sig.n);
    if (e->payload.p != NULL)
        kai_hash_add(&d->h, e->payload.p, e->payload.n);
    return true;
}

static bool dig_arrival(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                        uint64_t seen_ms)
{
    struct dig *d = ctx;

    kai_hash_u64(&d->h, position);
    kai_hash_u64(&d->h, no);
    kai_hash_u64(&d->h, seen_ms);
    return dig_entry(ctx, e);
}

static bool dig_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                     struct kai_view note)
{
    struct dig *d = ctx;

    kai_hash_u64(&d->h, type);
    kai_hash_add(&d->h, who, KAI_ID_BYTES);
    kai_hash_add(&d->h, note.p, note.n);
    return true;
}

enum kai_err kit_digest(struct kai_store *s, const char *const *keys,
                        uint8_t out[static KAI_ID_BYTES])
{
    struct dig d = {.err = KAI_OK};
    struct kai_view v;
    enum kai_err err = kai_snap_begin(s, &d.r);

    if (err != KAI_OK)
        return err;
    kai_hash_begin(&d.h, "test");
    err = kai_snap_logs(d.r, dig_log, &d);
    if (err == KAI_OK)
        err = d.err;
    if (err == KAI_OK)
        err = kai_snap_arrivals(d.r, 0, dig_arrival, &d);
    if (err == KAI_OK)
        err = kai_snap_ctl(d.r, dig_entry, &d);
    if (err == KAI_OK)
        err = kai_snap_forks(d.r, dig_entry, &d);
    if (err == KAI_OK)
        err = kai_snap_notes(d.r, dig_note, &d);
    for (; *keys != NULL && err == KAI_OK; keys++) {
        err = kai_snap_kv(d.r, *keys, &v);
        kai_hash_u64(&d.h, err == KAI_OK ? v.n : UINT64_MAX);
        if (err == KAI_OK)
            kai_hash_add(&d.h, v.p, v.n);
        else if (err == KAI_ENOTFOUND)
            err = KAI_OK;
    }
    kai_hash_u64(&d.h, kai_snap_last_position(d.r));
    kai_hash_end(&d.h, out);
    kai_snap_end(d.r);
    return err;
}
