/* test_codes: every reason that the sources give has its sentences, and gives what they ask for. */
#include <ctype.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/why.h"
#include "text/catalogue.h"

#define ROWS_MAX 1000
#define ARGS_N   6 /* why, err, code and its three arguments. */

static bool used[ROWS_MAX];
static size_t bad;
static size_t calls;

static const struct kai_text_reason *row_of(const char *code, size_t n, size_t *index)
{
    const struct kai_text_reason *r;

    for (size_t i = 0; (r = kai_text_reason_at(i)) != NULL; i++) {
        if (strlen(r->code) == n && memcmp(r->code, code, n) == 0) {
            *index = i;
            return r;
        }
    }
    return NULL;
}

/* Past a string or character literal that begins at p. */
static char *literal_end(char *p)
{
    char quote = *p++;

    for (; *p != '\0' && *p != quote; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return *p != '\0' ? p + 1 : p;
}

/* Overwrite comments with blanks. */
static void strip_comments(char *text)
{
    for (char *p = text; *p != '\0';) {
        if (*p == '"' || *p == '\'') {
            p = literal_end(p);
        } else if (p[0] == '/' && p[1] == '*') {
            char *end = strstr(p + 2, "*/");

            end = end != NULL ? end + 2 : p + strlen(p);
            memset(p, ' ', (size_t)(end - p));
            p = end;
        } else {
            p++;
        }
    }
}

/* Places of a sentence that are not in brackets: they must have a value. Bit i: {i}. */
static unsigned int needed(const char *text)
{
    unsigned int bits = 0;
    bool optional = false;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '[' || *p == ']')
            optional = *p == '[';
        else if (*p == '{' && !optional)
            bits |= 1u << (p[1] - '0');
    }
    return bits;
}

static void check_args(const char *file, const struct kai_text_reason *r, char *const args[ARGS_N])
{
    unsigned int bits =
        needed(r->what_en) | needed(r->what_ja) | needed(r->do_en) | needed(r->do_ja);

    for (int i = 1; i <= KAI_WHY_ARGS; i++) {
        if ((bits & 1u << i) != 0 && strcmp(args[2 + i], "NULL") == 0) {
            (void)fprintf(stderr, "%s: %s: its sentence needs {%d}\n", file, r->code, i);
            bad++;
        }
    }
}

/* Cut the arguments behind an opening bracket apart, in place; false when they are not ARGS_N. */
static bool split(char *p, char *args[ARGS_N])
{
    size_t n = 0;
    int depth = 0;

    args[n++] = p;
    while (*p != '\0' && !(depth == 0 && *p == ')')) {
        if (*p == '"' || *p == '\'') {
            p = literal_end(p);
            continue;
        }
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (*p == ',' && depth == 0) {
            if (n == ARGS_N)
                return false;
            *p = '\0';
            args[n++] = p + 1;
        }
        p++;
    }
    *p = '\0';
    for (size_t i = 0; i < n; i++)
        while (isspace((unsigned char)*args[i]))
            args[i]++;
    return n == ARGS_N;
}

static void check_call(const char *file, const char *call)
{
    char *copy = strndup(call, 4000);
    char *args[ARGS_N];

    assert_non_null(copy);
    if (split(copy, args)) {
        for (char *p = strchr(args[2], '"'); p != NULL;
             p = strchr(p, '"')) { /* One, or two of ?: */
            char *end = literal_end(p);
            size_t index;
            size_t n = (size_t)(end - p) - 2;
            const struct kai_text_reason *r = row_of(p + 1, n, &index);

            calls++;
            if (r != NULL) {
                check_args(file, r, args);
            } else {
                (void)fprintf(stderr, "%s: %.*s has no row in lib/text\n", file, (int)n, p + 1);
                bad++;
            }
            p = end;
        }
    }
    free(copy);
}

static bool names_a_file(const char *text, size_t n)
{
    static const char *const ends[] = {".key",  ".json", ".c",   ".h",   ".conf", ".sock",
                                       ".lock", ".mdb",  ".tmp", ".txt", ".pem",  ".new"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t m = strlen(ends[i]);

        if (n > m && memcmp(text + n - m, ends[i], m) == 0)
            return true;
    }
    return false;
}

/* Whether a text looks like a code or id of one of our subjects: it may be given through a
 * function. */
static bool like_a_code(const char *text, size_t n)
{
    const char *dot = memchr(text, '.', n);
    const struct kai_text_reason *r;
    const struct kai_text_phrase *p;

    for (size_t i = 0; i < n; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) &&
            text[i] != '.' && text[i] != '-')
            return false;
    if (dot == NULL || dot == text || dot == text + n - 1 || names_a_file(text, n))
        return false;
    for (size_t i = 0; (r = kai_text_reason_at(i)) != NULL; i++)
        if (strncmp(r->code, text, (size_t)(dot - text) + 1) == 0)
            return true;
    for (size_t i = 0; (p = kai_text_phrase_at(i)) != NULL; i++)
        if (strncmp(p->id, text, (size_t)(dot - text) + 1) == 0)
            return true;
    return false;
}

static bool is_phrase(const char *text, size_t n)
{
    const struct kai_text_phrase *p;

    for (size_t i = 0; (p = kai_text_phrase_at(i)) != NULL; i++)
        if (strlen(p->id) == n && memcmp(p->id, text, n) == 0)
            return true;
    return false;
}

static void check_literal(const char *file, const char *text, size_t n)
{
    size_t index;

    if (row_of(text, n, &index) != NULL) {
        used[index] = true;
    } else if (like_a_code(text, n) && !is_phrase(text, n)) {
        (void)fprintf(stderr, "%s: %.*s has no row in lib/text\n", file, (int)n, text);
        bad++;
    }
}

static void check_text(const char *file, char *text)
{
    strip_comments(text);
    for (char *p = text; (p = strstr(p, "kai_why_set(")) != NULL;) {
        p += strlen("kai_why_set(");
        check_call(file, p);
    }
    for (char *p = text; *p != '\0';) {
        if (*p == '"') {
            char *end = literal_end(p);

            if (end - p > 2)
                check_literal(file, p + 1, (size_t)(end - p) - 2);
            p = end;
        } else {
            p = *p == '\'' ? literal_end(p) : p + 1;
        }
    }
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    struct kai_buf b;
    uint8_t part[4096];
    size_t n;
    const char *name = path + strlen(KAI_SOURCES) + 1;
    size_t len = strlen(path);

    (void)st;
    (void)at;
    if (kind != FTW_F || len < 2 ||
        (strcmp(path + len - 2, ".c") != 0 && strcmp(path + len - 2, ".h") != 0))
        return 0;
    if (strncmp(name, "lib/text/catalogue", 18) == 0 || strncmp(name, "lib/text/phrases", 16) == 0)
        return 0;
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0; /* Gone meanwhile: an editor's file. */
    kai_buf_init(&b, 1u << 24);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        kai_buf_add(&b, part, n);
    (void)fclose(f);
    kai_buf_u8(&b, 0);
    if (b.err == KAI_OK)
        check_text(name, (char *)b.p);
    else
        bad++;
    kai_buf_free(&b);
    return 0;
}

static void test_sources(void **state)
{
    static const char *const rooms[] = {"lib", "keys", "topology", "node"};
    const struct kai_text_reason *r;

    (void)state;
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s", KAI_SOURCES, rooms[i]);
        assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
    }
    for (size_t i = 0; (r = kai_text_reason_at(i)) != NULL; i++)
        if (i < ROWS_MAX && !used[i])
            (void)fprintf(stderr, "warning: no source uses %s\n", r->code);
    assert_true(calls > 50); /* The calls were found. */
    assert_int_equal(bad, 0);
}

/* The check itself: what it must find, it finds. */
static void test_finds(void **state)
{
    char good[] = "f(); /* kai_why_set(w, e, \"stix.none\", 0, 0, 0) */\n"
                  "kai_why_set(w, g(a, b), \"json.depth\", name(\")\"), NULL, NULL);";
    char missing[] = "kai_why_set(w, e, \"stix.none\", a, b, c);";
    char either[] = "kai_why_set(w, e, x ? \"json.depth\" : \"none\", a, NULL, NULL);";
    char needs[] = "kai_why_set(w, e, \"json.depth\", NULL, NULL, NULL);";
    char wrapped[] = "refuse(p, \"stix.none\");";
    char file[] = "open(\"key.json\", \"stix.c\", \"example.com\", \"a.b c\");";

    (void)state;
    bad = 0;
    check_text("good", good);
    check_text("file", file);
    assert_int_equal(bad, 0);
    check_text("missing", missing);
    assert_int_equal(bad, 2); /* As a call and as a text. */
    check_text("either", either);
    assert_int_equal(bad, 3);
    check_text("needs", needs);
    assert_int_equal(bad, 4);
    check_text("wrapped", wrapped);
    assert_int_equal(bad, 5);
    bad = 0;
    calls = 0;
    memset(used, 0, sizeof used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
