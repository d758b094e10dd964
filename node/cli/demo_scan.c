/* demo_scan: words looked for in all bytes of files. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/demo.h"

#define WORD_BYTES_MIN 6u
#define WORDS_MAX      8192u
#define BUCKETS        65536u
#define FOLDERS_MAX    64u

struct word {
    uint8_t *p;
    size_t n;
    size_t next; /* Of the words with the same first two bytes; 0: none. */
};

struct demo_words {
    size_t n; /* word[0] is not used. */
    struct word word[WORDS_MAX + 1];
    size_t first[BUCKETS];
};

struct demo_words *demo_words_new(void)
{
    return calloc(1, sizeof(struct demo_words));
}

void demo_words_free(struct demo_words *w)
{
    if (w == NULL)
        return;
    for (size_t i = 1; i <= w->n; i++)
        free(w->word[i].p);
    free(w);
}

size_t demo_words_n(const struct demo_words *w)
{
    return w->n;
}

static size_t bucket_of(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

void demo_words_add(struct demo_words *w, const void *p, size_t n)
{
    if (n < WORD_BYTES_MIN || w->n == WORDS_MAX)
        return;
    for (size_t i = 1; i <= w->n; i++)
        if (w->word[i].n == n && memcmp(w->word[i].p, p, n) == 0)
            return;
    struct word *word = &w->word[w->n + 1];
    word->p = malloc(n);
    if (word->p == NULL)
        return;
    memcpy(word->p, p, n);
    word->n = n;
    word->next = w->first[bucket_of(word->p)];
    w->first[bucket_of(word->p)] = ++w->n;
}

/* "type--UUID": the UUID's sixteen bytes as well. */
static void add_uuid(struct demo_words *w, const char *text)
{
    const char *p = strstr(text, "--");
    uint8_t bytes[16];
    char hex[33];
    size_t n = 0;

    if (p == NULL)
        return;
    for (p += 2; *p != '\0' && n < 32; p++)
        if (*p != '-')
            hex[n++] = *p;
    hex[n] = '\0';
    if (*p == '\0' && kai_unhex(bytes, sizeof bytes, hex, n))
        demo_words_add(w, bytes, sizeof bytes);
}

static void add_text(struct demo_words *w, const char *text, struct kai_view except)
{
    size_t n = strlen(text);

    if (except.n >= n && memmem(except.p, except.n, text, n) != NULL)
        return;
    demo_words_add(w, text, n);
    add_uuid(w, text);
    for (const char *q = strchr(text, '\''); q != NULL;) { /* Values within a pattern. */
        const char *end = strchr(q + 1, '\'');

        if (end == NULL)
            break;
        demo_words_add(w, q + 1, (size_t)(end - q - 1));
        q = strchr(end + 1, '\'');
    }
}

void demo_words_add_json(struct demo_words *w, struct kai_view file, struct kai_view except)
{
    json_t *root = json_loadb((const char *)file.p, file.n, 0, NULL);
    json_t *todo = json_array(); /* What is still to be looked at, instead of recursion. */
    const char *key;
    json_t *v;
    size_t i;

    (void)json_array_append_new(todo, root);
    while (json_array_size(todo) > 0) {
        json_t *at = json_incref(json_array_get(todo, json_array_size(todo) - 1));

        (void)json_array_remove(todo, json_array_size(todo) - 1);
        if (json_is_string(at))
            add_text(w, json_string_value(at), except);
        json_object_foreach(at, key, v)(void) json_array_append(todo, v);
        json_array_foreach(at, i, v)(void) json_array_append(todo, v);
        json_decref(at);
    }
    json_decref(todo);
}

static void scan_bytes(const struct demo_words *w, const uint8_t *p, size_t n, const char *name,
                       size_t *hits, char found[static 256])
{
    for (size_t i = 0; i + WORD_BYTES_MIN <= n; i++) {
        for (size_t k = w->first[bucket_of(p + i)]; k != 0; k = w->word[k].next) {
            const struct word *word = &w->word[k];

            if (word->n > n - i || memcmp(p + i, word->p, word->n) != 0)
                continue;
            if (++*hits == 1)
                (void)snprintf(found, 256, "%.120s: %.*s", name,
                               (int)(word->n < 128 ? word->n : 128), (const char *)word->p);
        }
    }
}

static bool scan_file(const struct demo_words *w, const char *path, size_t size, size_t *hits,
                      char found[static 256])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map =
        fd == -1 || size == 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (fd != -1)
        (void)close(fd);
    if (size == 0)
        return fd != -1;
    if (map == MAP_FAILED)
        return false;
    scan_bytes(w, map, size, path, hits, found);
    (void)munmap(map, size);
    return true;
}

struct folders {
    size_t n;
    char path[FOLDERS_MAX][KAI_PATH_BYTES_MAX];
};

/* One folder: its files are read, the folders in it are put on the list. -1: something could not be
 * read. */
static long long scan_folder(const struct demo_words *w, struct folders *todo, const char *dir,
                             const char *prefix, size_t *hits, char found[static 256])
{
    char path[KAI_PATH_BYTES_MAX];
    DIR *handle = opendir(dir);
    long long sum = 0;
    const struct dirent *e;

    if (handle == NULL)
        return -1;
    while (sum >= 0 && (e = readdir(handle)) != NULL) {
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        int len = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (len < 0 || (size_t)len >= sizeof path || lstat(path, &st) != 0) {
            sum = -1;
        } else if (S_ISDIR(st.st_mode) && todo->n < FOLDERS_MAX) {
            (void)memcpy(todo->path[todo->n++], path, (size_t)len + 1);
        } else if (S_ISDIR(st.st_mode)) {
            sum = -1;
        } else if (S_ISREG(st.st_mode) && strncmp(path, prefix, strlen(prefix)) == 0) {
            sum = scan_file(w, path, (size_t)st.st_size, hits, found) ? sum + st.st_size : -1;
        }
    }
    (void)closedir(handle);
    return sum;
}

long long demo_words_scan(struct demo_words *w, const char *dir, const char *prefix, size_t *hits,
                          char found[static 256])
{
    struct folders *todo = calloc(1, sizeof *todo);
    long long sum = 0;

    *hits = 0;
    found[0] = '\0';
    if (todo == NULL)
        return -1;
    (void)snprintf(todo->path[todo->n++], KAI_PATH_BYTES_MAX, "%s", dir);
    while (sum >= 0 && todo->n > 0) {
        char now[KAI_PATH_BYTES_MAX];

        (void)memcpy(now, todo->path[--todo->n], sizeof now);
        long long one = scan_folder(w, todo, now, prefix, hits, found);
        sum = one < 0 ? -1 : sum + one;
    }
    free(todo);
    return sum;
}
