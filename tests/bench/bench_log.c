/* bench_log: how many STIX objects a second one core packs and seals, and verifies and opens.
 *
 *     bench_log [COUNT [ITEMS]] indicators of its own making, at most ITEMS an entry
 *     bench_log -f FILE         a file with one object a line */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/sign.h"
#include "log/log_util.h"

static double now_s(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(enum kai_err err, const char *what)
{
    if (err == KAI_OK)
        return;
    fprintf(stderr, "bench_log: %s: %s\n", what, kai_err_text(err));
    exit(1);
}

struct sink {
    const struct world *wd;
    size_t items;
};

static enum kai_err item(void *ctx, uint64_t type, struct kai_view it)
{
    struct sink *s = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur c;
    struct kai_obj o;
    uint32_t n;

    if (type != KAI_ITEM_OBJ)
        return KAI_EMALFORMED;
    must(kai_obj_item_parse(&obj, &sig, &c, &n, it), "item");
    must(kai_obj_parse(&o, obj), "obj");
    must(kai_verify(sig.p, s->wd->node_pk, KAI_SIG_OBJ, s->wd->nid, obj.p, obj.n), "obj signature");
    must(kai_obj_item_check(it, &o, NULL), "leaves");
    s->items += n;
    return KAI_OK;
}

static void receive(const struct world *wd, const struct tape *t, struct sink *s)
{
    struct kai_packer *p;
    struct kai_buf body;
    struct kai_buf scratch;
    struct kai_cur c;

    must(kai_packer_new(&p), "packer");
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&scratch, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_init(&c, t->bytes.p, t->bytes.len);
    for (size_t i = 0; i < t->n; i++) {
        struct kai_entry e;

        must(kai_entry_read(&e, &c), "entry");
        must(kai_entry_verify(&e, wd->nid), "entry signature");
        struct kai_seal_place at = world_place(wd, &e.h);
        kai_buf_clear(&body);
        must(kai_payload_open(p, &body, &scratch, wd->epoch_key, &at, e.payload), "open");
        must(kai_body_walk(kai_buf_view(&body), item, s), "body");
    }
    kai_buf_free(&body);
    kai_buf_free(&scratch);
    kai_packer_free(p);
}

static size_t fill(struct kai_buf *lines, int argc, char *argv[])
{
    struct rng r = {7};
    char text[2048];
    size_t n = 0;

    if (argc > 2 && strcmp(argv[1], "-f") == 0) {
        FILE *f = fopen(argv[2], "r");
        char *line = NULL;
        size_t cap = 0;
        ssize_t len;

        if (f == NULL)
            must(KAI_EIO, argv[2]);
        for (; (len = getline(&line, &cap, f)) > 0; n++)
            kai_buf_add(lines, line, (size_t)len);
        free(line);
        (void)fclose(f);
        return n;
    }
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    for (; n < count; n++) {
        kai_buf_add(lines, text, stix_make(&r, text, sizeof text));
        kai_buf_u8(lines, '\n');
    }
    return n;
}

int main(int argc, char *argv[])
{
    static struct world wd;
    struct tape t;
    struct kai_buf lines;
    struct kai_batch *b;

    world_init(&wd, 1);
    tape_init(&t);
    kai_buf_init(&lines, (size_t)1 << 30);
    size_t n = fill(&lines, argc, argv);
    must(lines.err, "input");
    struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
    size_t items = argc > 2 && argv[1][0] != '-' ? strtoul(argv[2], NULL, 10) : 0;
    if (items >= 1 && items <= KAI_BATCH_ITEMS_MAX)
        opt.items_max = items;

    double t0 = now_s();
    must(kai_batch_new(&b, &wd.w, &opt), "batch");
    for (const uint8_t *p = lines.p, *end = p + lines.len; p < end;) {
        const uint8_t *eol = memchr(p, '\n', (size_t)(end - p));
        size_t len = eol != NULL ? (size_t)(eol - p) : (size_t)(end - p);

        must(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(p, len)), "add");
        p += len + 1;
    }
    must(kai_batch_flush(b), "flush");
    double t1 = now_s();
    kai_batch_free(b);
    struct sink s = {.wd = &wd};
    double t2 = now_s();
    receive(&wd, &t, &s);
    double t3 = now_s();

    printf("objects %zu, JSON %zu bytes; entries %zu, payloads %zu bytes (%.3f of the JSON)\n", n,
           lines.len, t.n, t.payload_sum, (double)t.payload_sum / (double)lines.len);
    printf("payload filled %.3f of the most, %.1f objects an entry\n",
           (double)t.payload_sum / (double)t.n / KAI_PAYLOAD_BYTES_MAX, (double)n / (double)t.n);
    printf("pack and seal   %9.0f objects/s (CPU)\n", (double)n / (t1 - t0));
    printf("verify and open %9.0f objects/s (CPU)\n", (double)n / (t3 - t2));
    tape_free(&t);
    kai_buf_free(&lines);
    return 0;
}
