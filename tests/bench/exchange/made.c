/* made: import, batch, sign and seal, as a publisher does, with keys of its own. */
#include "bench/exchange/made.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/start.h"
#include "item/import.h"

#define BYTES_MAX ((size_t)4 << 30)

struct making {
    struct made *m;
    struct kai_batch *batch;
};

static void fresh(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct made *m = ctx;

    (void)n_items;
    if (m->n == m->cap) {
        m->cap = m->cap == 0 ? 1024 : 2 * m->cap;
        m->e = realloc(m->e, m->cap * sizeof *m->e);
        MUST(m->e != NULL);
    }
    m->e[m->n].at = m->bytes.len;
    m->e[m->n].hdr_n = e->hdr.n;
    m->e[m->n].payload_n = e->payload.n;
    m->n++;
    kai_buf_add(&m->bytes, e->hdr.p, e->hdr.n);
    kai_buf_add(&m->bytes, e->sig.p, e->sig.n);
    kai_buf_add(&m->bytes, e->payload.p, e->payload.n);
    return m->bytes.err;
}

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    struct making *k = ctx;

    k->m->items++;
    k->m->values += c->n;
    return kai_batch_add(k->batch, c->kind, c->content);
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    fprintf(stderr, "made: refused %s: %s\n", id, why->code);
    return KAI_EMALFORMED;
}

void made_from_file(struct made *m, const char *path, size_t items_max)
{
    uint8_t node_sk[64];
    uint8_t log_sk[64];
    struct kai_log_writer w = {.ts = 1700000000000};
    struct kai_batch_options opt = {.obj = {.tlp = KAI_TLP_GREEN, .n_auds = 1},
                                    .node_sk = node_sk,
                                    .now_ms = 1700000000000,
                                    .items_max = items_max,
                                    .random = fresh,
                                    .emit = emit,
                                    .emit_ctx = m};
    struct making k = {.m = m};
    struct kai_import_opts how = {.label = {.tlp = KAI_TLP_GREEN}};
    struct kai_import_sink sink = {.ctx = &k, .item = on_item, .refuse = on_refuse};
    struct stat st;
    int fd = open(path, O_RDONLY);

    MUST(kai_crypto_start() == KAI_OK);
    *m = (struct made){0};
    kai_buf_init(&m->bytes, BYTES_MAX);
    randombytes_buf(m->nid, sizeof m->nid);
    randombytes_buf(m->epoch_key, sizeof m->epoch_key);
    (void)crypto_sign_keypair(m->node_pk, node_sk);
    (void)crypto_sign_keypair(w.log_pk, log_sk);
    w.nid = m->nid;
    w.log_sk = log_sk;
    w.epoch_key = m->epoch_key;
    MUST(fd != -1 && fstat(fd, &st) == 0 && st.st_size > 0);
    void *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    MUST(file != MAP_FAILED);
    MUST(kai_batch_new(&k.batch, &w, &opt) == KAI_OK);
    MUST(kai_import_scan(kai_view_of(file, (size_t)st.st_size), path, &how, &sink, NULL) == KAI_OK);
    MUST(kai_batch_flush(k.batch) == KAI_OK);
    kai_batch_free(k.batch);
    (void)munmap(file, (size_t)st.st_size);
    (void)close(fd);
}

void made_free(struct made *m)
{
    kai_buf_free(&m->bytes);
    free(m->e);
}

void made_entry(const struct made *m, size_t i, struct kai_entry *e)
{
    const uint8_t *p = m->bytes.p + m->e[i].at;
    struct kai_view hdr = kai_view_of(p, m->e[i].hdr_n);
    struct kai_view sig = kai_view_of(p + hdr.n, KAI_SIG_BYTES);

    MUST(kai_entry_init(e, hdr, sig, kai_view_of(sig.p + sig.n, m->e[i].payload_n)) == KAI_OK);
}
