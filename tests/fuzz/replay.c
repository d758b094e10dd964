/* replay: runs a fuzz target over the files of a folder, where libFuzzer is not linked. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX (1u << 22)

static int replay(const char *path)
{
    static uint8_t whole[FILE_BYTES_MAX];
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        return -1;
    }
    size_t n = fread(whole, 1, sizeof whole, f);
    (void)fclose(f);
    uint8_t *exact = malloc(n + 1); /* So that a sanitizer sees a read past the end. */
    if (exact == NULL)
        return -1;
    memcpy(exact + 1, whole, n);
    (void)LLVMFuzzerTestOneInput(exact + 1, n);
    free(exact);
    return 0;
}

int main(int argc, char *argv[])
{
    size_t n = 0;
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;

    if (d == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[PATH_MAX];

        if (e->d_name[0] == '.')
            continue;
        int len = snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        if (len < 0 || (size_t)len >= sizeof path || replay(path) != 0)
            return 1;
        n++;
    }
    (void)closedir(d);
    printf("%zu inputs\n", n);
    return n > 0 ? 0 : 1; /* An empty folder tests nothing. */
}
