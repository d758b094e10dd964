/* vectors: reads tests/vectors: blocks of "name = value", a blank line between them. */
#ifndef KAI_TESTS_UNIT_VECTORS_H
#define KAI_TESTS_UNIT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VECTOR_FIELDS_MAX 24
#define VECTOR_LINE_MAX   8192

struct vector {
    size_t n;
    char line[VECTOR_FIELDS_MAX][VECTOR_LINE_MAX]; /* "name\0value" */
    const char *value[VECTOR_FIELDS_MAX];
};

FILE *vectors_open(const char *name); /* Fails the test when it is not there. */
/* The next block; false at the end. */
bool vectors_next(FILE *f, struct vector *v);
/* A field's text; the test fails when there is none. */
const char *vector_text(const struct vector *v, const char *name);
uint64_t vector_number(const struct vector *v, const char *name);
/* A field's bytes into out[cap]; returns how many. */
size_t vector_bytes(const struct vector *v, const char *name, uint8_t *out, size_t cap);
/* The same for a field of exactly n bytes. */
void vector_fixed(const struct vector *v, const char *name, uint8_t *out, size_t n);

#endif
