/* vectors: reader of tests/vectors. */
#include "unit/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

FILE *vectors_open(const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", KAI_VECTORS, name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail_msg("%s: cannot be opened", path);
    return f;
}

bool vectors_next(FILE *f, struct vector *v)
{
    v->n = 0;
    for (;;) {
        assert_true(v->n < VECTOR_FIELDS_MAX);
        char *line = v->line[v->n];

        if (fgets(line, VECTOR_LINE_MAX, f) == NULL)
            return v->n > 0;
        char *end = strchr(line, '\n');
        assert_non_null(end); /* Longer than a line may be, or the file is cut. */
        *end = '\0';
        if (*line == '#')
            continue;
        if (*line == '\0') {
            if (v->n > 0)
                return true;
            continue;
        }
        char *eq = strstr(line, " =");
        assert_non_null(eq);
        *eq = '\0';
        v->value[v->n++] = eq[2] == ' ' ? eq + 3 : eq + 2;
    }
}

const char *vector_text(const struct vector *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->line[i], name) == 0)
            return v->value[i];
    fail_msg("no field %s", name);
    return NULL;
}

uint64_t vector_number(const struct vector *v, const char *name)
{
    return strtoull(vector_text(v, name), NULL, 10);
}

size_t vector_bytes(const struct vector *v, const char *name, uint8_t *out, size_t cap)
{
    const char *text = vector_text(v, name);
    size_t n = strlen(text) / 2;

    assert_true(n <= cap);
    if (!kai_unhex(out, n, text, strlen(text)))
        fail_msg("%s is not hex", name);
    return n;
}

void vector_fixed(const struct vector *v, const char *name, uint8_t *out, size_t n)
{
    if (vector_bytes(v, name, out, n) != n)
        fail_msg("%s is not %zu bytes", name, n);
}
