/* data: reading test files. */
#include "item/data.h"

#include <stdio.h>
#include <stdlib.h>

static struct kai_view read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = NULL;
    size_t n = 0;
    size_t got = 0;

    if (f == NULL)
        return kai_view_of(NULL, 0);
    do {
        n += got;
        uint8_t *more = realloc(p, n + (1u << 20));

        if (more == NULL)
            abort();
        p = more;
        got = fread(p + n, 1, 1u << 20, f);
    } while (got > 0);
    (void)fclose(f);
    uint8_t *exact = realloc(p, n > 0 ? n : 1); /* So that a sanitizer sees a read past it. */
    return kai_view_of(exact != NULL ? exact : p, n);
}

struct kai_view data_sample(const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", KAI_SAMPLES, name);
    struct kai_view v = read_whole(path);
    if (v.p == NULL) {
        perror(path);
        abort();
    }
    return v;
}

struct kai_view data_real(const char *name)
{
    char path[4096];
    const char *folder = getenv("KAIRAN_DATA");

    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : KAI_DATA, name);
    struct kai_view v = read_whole(path);
    if (v.p == NULL)
        printf("skipped: no %s in the data folder\n", name);
    return v;
}

void data_free(struct kai_view v)
{
    free((void *)(uintptr_t)v.p);
}
