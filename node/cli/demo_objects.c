/* demo_objects: the objects of a STIX file, by their bytes. */
#include <jansson.h>
#include <string.h>

#include "node/cli/demo_data.h"

struct kai_view demo_data(const char *name)
{
    for (size_t i = 0; i < demo_files_n; i++)
        if (strcmp(demo_files[i].name, name) == 0)
            return kai_view_of(demo_files[i].p, demo_files[i].n);
    return kai_view_of(NULL, 0);
}

/* Behind the string that begins at i. */
static size_t skip_string(struct kai_view f, size_t i)
{
    for (i++; i < f.n && f.p[i] != '"'; i++)
        if (f.p[i] == '\\')
            i++;
    return i + 1;
}

/* Behind the value in braces or brackets that begins at i. */
static size_t skip_nested(struct kai_view f, size_t i)
{
    size_t depth = 0;

    while (i < f.n) {
        if (f.p[i] == '"') {
            i = skip_string(f, i);
            continue;
        }
        if (f.p[i] == '{' || f.p[i] == '[')
            depth++;
        else if (f.p[i] == '}' || f.p[i] == ']')
            depth--;
        i++;
        if (depth == 0)
            break;
    }
    return i < f.n ? i : f.n;
}

/* Where the array of the key "objects" of the outermost object begins; f.n where there is none. */
static size_t find_objects(struct kai_view f)
{
    static const char key[] = "\"objects\"";
    size_t i = 0;

    while (i < f.n && f.p[i] != '{')
        i++;
    for (i++; i < f.n;) {
        if (f.p[i] == '"') {
            bool found = f.n - i >= sizeof key - 1 && memcmp(f.p + i, key, sizeof key - 1) == 0;

            i = skip_string(f, i);
            while (found && i < f.n && f.p[i] != '[')
                i++;
            if (found)
                return i;
        } else if (f.p[i] == '{' || f.p[i] == '[') {
            i = skip_nested(f, i);
        } else {
            i++;
        }
    }
    return f.n;
}

static void take(struct demo_object *o, struct kai_view bytes)
{
    json_t *v = json_loadb((const char *)bytes.p, bytes.n, 0, NULL);
    const char *id = json_string_value(json_object_get(v, "id"));

    o->bytes = bytes;
    kai_copy_text(o->id, sizeof o->id, id != NULL ? id : "");
    json_decref(v);
}

size_t demo_objects(struct kai_view file, struct demo_object *out, size_t max, size_t *all)
{
    size_t i = find_objects(file);
    size_t n = 0;

    *all = 0;
    for (i++; i < file.n && file.p[i] != ']';) {
        if (file.p[i] != '{') {
            i++;
            continue;
        }
        size_t end = skip_nested(file, i);
        if (n < max)
            take(&out[n++], kai_view_of(file.p + i, end - i));
        ++*all;
        i = end;
    }
    return n;
}
