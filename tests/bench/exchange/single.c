/* single: publishes a file into the home of a stopped node, each content as an entry of its own.
 *
 * single HOME AUDIENCE FILE: what N calls of `kairan publish` would leave, without their N waits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/exchange/made.h"
#include "crypto/start.h"
#include "item/import.h"
#include "node/post.h"

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    (void)n_items;
    return kai_post_entry(ctx, e);
}

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    return kai_batch_add(ctx, c->kind, c->content);
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    fprintf(stderr, "single: refused %s: %s\n", id, why->code);
    return KAI_EMALFORMED;
}

static void publish(struct kai_core *c, const char *to, struct kai_view file)
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_node *self = kai_roster_node(o->roster, c->self.node_id);
    const struct kai_aud_name *aud;
    struct kai_batch *batch = NULL;
    struct kai_post *post = NULL;
    struct kai_batch_options opt = {.obj = {.tlp = KAI_TLP_GREEN, .n_auds = 1},
                                    .node_sk = c->self.sign_sk,
                                    .now_ms = kai_wall_ms(),
                                    .items_max = 1,
                                    .random = kai_random,
                                    .emit = emit};
    struct kai_import_opts how = {.label = {.tlp = KAI_TLP_GREEN}};
    struct kai_import_sink sink = {.item = on_item, .refuse = on_refuse};
    struct kai_why why = {0};
    uint64_t last;
    uint64_t n;

    MUST(self != NULL && kai_outlook_find_aud(o, to, &aud, &why) == KAI_OK);
    memcpy(opt.obj.aud[0], aud->id, KAI_ID_BYTES);
    memcpy(opt.obj.origin_cert, self->cert, KAI_ID_BYTES);
    MUST(kai_post_lock(c, aud->id) == KAI_OK);
    MUST(kai_post_begin(c, aud->id, KAI_POST_NOW, &post, &why) == KAI_OK);
    opt.emit_ctx = post;
    MUST(kai_batch_new(&batch, kai_post_writer(post), &opt) == KAI_OK);
    sink.ctx = batch;
    MUST(kai_import_scan(file, "single", &how, &sink, NULL) == KAI_OK);
    MUST(kai_batch_flush(batch) == KAI_OK);
    MUST(kai_post_commit(post, &last, &n) == KAI_OK);
    kai_batch_free(batch);
    kai_post_end(post);
    kai_post_unlock(c, aud->id);
    kai_outlook_put(o);
    printf("{\"entries\":%llu}\n", (unsigned long long)n);
}

int main(int argc, char *argv[])
{
    struct kai_home home;
    struct kai_core *c;
    struct kai_why why = {0};
    struct stat st;
    int fd = argc == 4 ? open(argv[3], O_RDONLY) : -1;

    if (argc != 4) {
        fputs("usage: single HOME AUDIENCE FILE\n", stderr);
        return 2;
    }
    MUST(kai_crypto_start() == KAI_OK);
    MUST(fd != -1 && fstat(fd, &st) == 0 && st.st_size > 0);
    void *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    MUST(file != MAP_FAILED);
    MUST(kai_home_find(&home, argv[1], &why) == KAI_OK && kai_core_open(&c, &home, &why) == KAI_OK);
    publish(c, argv[2], kai_view_of(file, (size_t)st.st_size));
    kai_core_close(c);
    (void)munmap(file, (size_t)st.st_size);
    (void)close(fd);
    return 0;
}
