/* fuzz_text: text from outside is unpacked or refused, and shown without commanding a terminal. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/armor.h"
#include "text/clean.h"
#include "text/json.h"
#include "text/table.h"
#include "text/time.h"
#include "text/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX 3000u

/* Aborts in every build type. */
#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            (void)fprintf(stderr, "%d: %s\n", __LINE__, #x);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What unpacks can be packed and unpacked again. */
static void armor(struct kai_view in)
{
    struct kai_buf bytes;
    struct kai_buf text;
    struct kai_buf again;

    kai_buf_init(&bytes, BYTES_MAX);
    kai_buf_init(&text, 4 * BYTES_MAX);
    kai_buf_init(&again, BYTES_MAX);
    if (kai_unarmor(in, KAI_ARMOR_REQUEST, BYTES_MAX, &bytes, NULL) == KAI_OK) {
        kai_armor(KAI_ARMOR_REQUEST, NULL, 0, kai_buf_view(&bytes), &text);
        MUST(text.err == KAI_OK);
        MUST(kai_unarmor(kai_buf_view(&text), KAI_ARMOR_REQUEST, BYTES_MAX, &again, NULL) ==
             KAI_OK);
        MUST(kai_view_eq(kai_buf_view(&bytes), kai_buf_view(&again)));
    } else {
        MUST(bytes.len == 0);
    }
    kai_buf_free(&bytes);
    kai_buf_free(&text);
    kai_buf_free(&again);
}

static void shown(struct kai_view v, char line_feeds)
{
    MUST(kai_utf8_ok(v.p, v.n));
    for (size_t i = 0; i < v.n; i++)
        MUST((v.p[i] >= 0x20 && v.p[i] != 0x7f) || (line_feeds && v.p[i] == '\n'));
}

static void show(struct kai_view in)
{
    struct kai_table *t = kai_table_new();
    struct kai_buf out;
    struct kai_jput j;

    kai_buf_init(&out, 64 * in.n + 1000);
    kai_clean(&out, in);
    shown(kai_buf_view(&out), 0);
    for (size_t columns = 0; columns < 8 && out.len > 0; columns++) {
        struct kai_view cut = {.p = out.p, .n = kai_width_cut(kai_buf_view(&out), columns)};

        MUST(cut.n <= out.len && kai_utf8_ok(cut.p, cut.n));
        MUST(cut.n == 0 || kai_width(cut) <= columns);
    }
    kai_buf_clear(&out);
    kai_jput_init(&j, &out);
    kai_jput_view(&j, NULL, in);
    MUST(kai_jput_line(&j) == KAI_OK);
    shown(kai_view_of(out.p, out.len - 1), 0);
    kai_buf_clear(&out);
    MUST(t != NULL);
    kai_table_column(t, "A", KAI_ALIGN_RIGHT);
    kai_table_column(t, "B", KAI_ALIGN_LEFT);
    kai_table_cell_view(t, in);
    kai_table_cell(t, "end");
    MUST(kai_table_print(t, 12, &out) == KAI_OK);
    shown(kai_buf_view(&out), 1);
    kai_table_free(t);
    kai_buf_free(&out);
}

static void parse(struct kai_view in)
{
    static const uint8_t hash[KAI_ID_BYTES];
    char *text = malloc(in.n + 1);
    char printed[KAI_TIME_CAP];
    uint64_t v;
    uint64_t again;

    MUST(text != NULL);
    if (in.n > 0)
        memcpy(text, in.p, in.n);
    text[in.n] = '\0';
    (void)kai_duration_parse(text, &v);
    (void)kai_size_parse(text, &v);
    if (kai_words_check(text, hash, NULL) == KAI_OK)
        MUST(in.n >= 8 * 3);
    if (kai_time_parse(in, &v)) {
        kai_time_print(v, printed);
        MUST(kai_time_parse(kai_view_of(printed, strlen(printed)), &again) && again == v);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kai_view in = {.p = data, .n = size};

    armor(in);
    show(in);
    parse(in);
    return 0;
}
