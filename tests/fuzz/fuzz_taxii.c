/* fuzz_taxii: what a TAXII client sends. The first byte says which: a header, an address, a
 * parameter, a `next`, a body. */
#include <stdlib.h>
#include <string.h>

#include "item/envelope.h"
#include "node/taxii/cursor.h"
#include "node/taxii/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static struct kai_view whole;

static enum kai_err inside(void *ctx, const struct kai_enveloped *o)
{
    size_t *n = ctx;

    must(o->text.n >= 2 && o->text.p >= whole.p && o->text.p + o->text.n <= whole.p + whole.n);
    must(o->text.p[0] == '{' && strlen(o->id) < sizeof o->id);
    return ++*n > 1000 ? KAI_ELIMIT : KAI_OK;
}

/* What is taken from an address comes back out of the `next` that is made of it. */
static void parameter(const char *text)
{
    static const char *const keys[] = {"match[id]",           "match[type]", "match[version]",
                                       "match[spec_version]", "added_after", "limit"};
    static struct kai_taxii_filter f;
    static struct kai_taxii_filter g;
    struct kai_taxii_path p = {.what = KAI_TAXII_OBJECTS};
    struct kai_buf b;

    kai_taxii_filter_init(&f);
    kai_taxii_filter_init(&g);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (kai_taxii_filter_take(&f, keys[i], text, NULL) != KAI_OK)
            kai_taxii_filter_init(&f);
    kai_buf_init(&b, KAI_TAXII_NEXT_BYTES_MAX);
    kai_taxii_next_put(&b, &p, &f, 7);
    must(b.err == KAI_OK && kai_taxii_next_parse(kai_buf_view(&b), &p, &g) == KAI_OK);
    must(g.after_us == 7 && g.limit == f.limit && memcmp(g.match, f.match, sizeof g.match) == 0);
    kai_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kai_taxii_filter f;
    struct kai_taxii_path p = {.what = KAI_TAXII_OBJECTS};
    size_t n = size > 0 ? size - 1 : 0;
    char *text = malloc(n + 1);

    must(text != NULL);
    if (n > 0)
        memcpy(text, data + 1, n);
    text[n] = '\0';
    switch (size > 0 ? data[0] % 5 : 0) {
    case 0:
        (void)kai_taxii_accepted(text);
        (void)kai_taxii_postable(text);
        break;
    case 1:
        (void)kai_taxii_path(&p, text);
        break;
    case 2:
        parameter(text);
        break;
    case 3:
        kai_taxii_filter_init(&f);
        kai_ignore(kai_taxii_next_parse(kai_view_of(text, n), &p, &f));
        break;
    default:
        whole = kai_view_of(text, n);
        n = 0;
        kai_ignore(kai_envelope_scan(whole, inside, &n));
    }
    free(text);
    return 0;
}
