/* stream_place: how far a stream has come, in a file. */
#include "node/cli/stream_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

#include "base/bytes.h"
#include "node/home.h"
#include "node/sealed_place.h"

#define FILE_BYTES_MAX 4096u

static_assert(KAI_PLACE_TEXT_CAP(16u) <= KAI_STREAM_AT_CAP, "a place fits");

/* Beside the file, which every write replaces. The descriptor is given back by the end of the
 * process. */
static enum kai_err lock(const char *path, struct kai_why *why)
{
    char name[KAI_PATH_BYTES_MAX];
    int n = snprintf(name, sizeof name, "%s.lock", path);
    int fd = n > 0 && (size_t)n < sizeof name
                 ? open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                 : -1;

    if (fd < 0)
        return kai_why_set(why, KAI_EIO, "file.write", path, strerror(errno), NULL);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return KAI_OK;
    (void)close(fd);
    return kai_why_set(why, KAI_EBUSY, "stream.busy", path, NULL, NULL);
}

static bool read_text(const json_t *o, const char *key, char *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(o, key));

    if (text == NULL || strlen(text) >= cap)
        return false;
    kai_copy_text(out, cap, text);
    return true;
}

enum kai_err kai_stream_place_open(struct kai_stream_place *p, const char *path,
                                   struct kai_why *why)
{
    char text[FILE_BYTES_MAX];
    size_t n;
    enum kai_err err = lock(path, why);

    *p = (struct kai_stream_place){.asks = false};
    if (err != KAI_OK)
        return err;
    err = kai_file_read(path, text, sizeof text, &n);
    if (err == KAI_ENOTFOUND)
        return KAI_OK;
    if (err != KAI_OK && err != KAI_ELIMIT)
        return kai_why_set(why, err, "file.read", path, kai_err_text(err), NULL);
    json_t *o = err == KAI_OK ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *seq = json_object_get(o, "seq");
    const json_t *created = json_object_get(o, "created");
    bool good = read_text(o, "at", p->at, sizeof p->at) &&
                read_text(o, "what", p->what, sizeof p->what) &&
                read_text(o, "last", p->last, sizeof p->last) && json_is_integer(seq) &&
                json_integer_value(seq) >= 0 && json_is_integer(created) &&
                json_is_boolean(json_object_get(o, "asks"));

    p->seq = (uint64_t)json_integer_value(seq);
    p->created_ns = json_integer_value(created);
    p->asks = json_is_true(json_object_get(o, "asks"));
    json_decref(o);
    return good ? KAI_OK : kai_why_set(why, KAI_EMALFORMED, "stream.place", path, NULL, NULL);
}

enum kai_err kai_stream_place_write(const struct kai_stream_place *p, const char *path,
                                    struct kai_why *why)
{
    json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:b, s:s}", "at", p->at, "created",
                          (json_int_t)p->created_ns, "seq", (json_int_t)p->seq, "last", p->last,
                          "asks", (int)p->asks, "what", p->what);
    char text[FILE_BYTES_MAX];
    size_t n = o == NULL ? 0 : json_dumpb(o, text, sizeof text - 1, JSON_COMPACT);

    json_decref(o);
    if (n == 0 || n >= sizeof text)
        return KAI_ENOMEM;
    text[n] = '\n';
    return kai_file_write(path, text, n + 1, 0600, why);
}
