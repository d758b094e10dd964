/* seen: which objects a file had already, at eight bytes an object. A slot tells where the earlier
 * object stands in the file; the file itself says whether it is the same. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "item/ascii.h"
#include "item/importer.h"

#define OFFSET_BITS 31
#define OFFSET_MASK ((1ull << OFFSET_BITS) - 1)
#define FIRST_CAP   1024u

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

/* A version is (id, modified); what has no versions has no modified. */
static uint64_t hash_of(const json_t *o)
{
    struct kai_hasher h;
    uint8_t digest[KAI_ID_BYTES];
    const char *id = text_of(o, "id");

    kai_hash_begin(&h, KAI_D_ITEM);
    kai_hash_add(&h, id, strlen(id) + 1);
    kai_hash_add(&h, text_of(o, "modified"), strlen(text_of(o, "modified")));
    kai_hash_end(&h, digest);
    return kai_get_u64(digest);
}

/* The 33 bits that are kept decide where a slot is, so that growing needs nothing else. */
static size_t home(uint64_t slot, size_t cap)
{
    return (size_t)(slot >> OFFSET_BITS) & (cap - 1);
}

static void insert(uint64_t *slots, size_t cap, uint64_t slot)
{
    size_t i = home(slot, cap);

    while (slots[i] != 0)
        i = (i + 1) & (cap - 1);
    slots[i] = slot;
}

static bool make_room(struct kai_seen *seen)
{
    size_t cap = seen->cap == 0 ? FIRST_CAP : seen->cap * 2;
    uint64_t *slots;

    if (seen->cap > 0 && seen->n < seen->cap - seen->cap / 5)
        return true;
    slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < seen->cap; i++)
        if (seen->slots[i] != 0)
            insert(slots, cap, seen->slots[i]);
    free(seen->slots);
    seen->slots = slots;
    seen->cap = cap;
    return true;
}

/* Whether the object at an earlier place has the same id and version. */
static enum kai_err is_same(struct kai_view file, size_t at, const json_t *o, bool *same)
{
    struct kai_view rest = kai_view_from(file, at);
    struct kai_json_span span;
    json_t *earlier;
    enum kai_err err;

    *same = false;
    if (!kai_json_skip(rest, &span)) /* It did before. */
        return KAI_OK;
    err = kai_json_parse(kai_view_of(rest.p, span.n), &earlier, NULL);
    if (err != KAI_OK)
        return err;
    *same = strcmp(text_of(o, "id"), text_of(earlier, "id")) == 0 &&
            strcmp(text_of(o, "modified"), text_of(earlier, "modified")) == 0;
    json_decref(earlier);
    return KAI_OK;
}

enum kai_err kai_seen_ask(struct kai_seen *seen, struct kai_view file, size_t at, size_t n,
                          const json_t *o, enum kai_seen_answer *answer, size_t *first)
{
    uint64_t slot = (hash_of(o) & ~OFFSET_MASK) | (uint64_t)(at + 1);

    *answer = KAI_SEEN_NEW;
    if (!make_room(seen))
        return KAI_ENOMEM;
    for (size_t i = home(slot, seen->cap); seen->slots[i] != 0; i = (i + 1) & (seen->cap - 1)) {
        bool same;
        enum kai_err err;

        if ((seen->slots[i] ^ slot) >> OFFSET_BITS != 0)
            continue;
        *first = (size_t)(seen->slots[i] & OFFSET_MASK) - 1;
        if (memcmp(file.p + *first, file.p + at, n) == 0) { /* at is the later one: in bounds. */
            *answer = KAI_SEEN_SAME;
            return KAI_OK;
        }
        err = is_same(file, *first, o, &same);
        if (err != KAI_OK)
            return err;
        if (same) {
            *answer = KAI_SEEN_DIFFERENT;
            return KAI_OK;
        }
    }
    insert(seen->slots, seen->cap, slot);
    seen->n++;
    return KAI_OK;
}

void kai_seen_free(struct kai_seen *seen)
{
    free(seen->slots);
    *seen = (struct kai_seen){.n = 0};
}
