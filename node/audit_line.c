/* audit_line: the chain of the audit log. */
#include "node/audit_line.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "item/label.h"
#include "text/json.h"

#define HEX (2u * KAI_ID_BYTES)

/* `,"prev":"HEX","hash":"HEX"}` ends each line: fixed places, so that no parser is asked. */
#define PREV   ",\"prev\":\""
#define HASH   "\",\"hash\":\""
#define END    "\"}"
#define TAIL_N (sizeof PREV - 1 + HEX + sizeof HASH - 1 + HEX + sizeof END - 1)

/* Over the hash before, and the line up to the quote that closes prev. */
static void hash_of(uint8_t out[static KAI_ID_BYTES], const uint8_t prev[static KAI_ID_BYTES],
                    const void *p, size_t n)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_AUDIT);
    kai_hash_add(&h, prev, KAI_ID_BYTES);
    kai_hash_add(&h, p, n);
    kai_hash_end(&h, out);
}

void kai_audit_line_write(struct kai_buf *out, struct kai_audit_at *at,
                          const struct kai_audit_fact *f)
{
    struct kai_jput j;
    struct kai_audit_at next = {.n = at->n + 1};
    size_t start = out->len;

    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "n", next.n);
    kai_jput_time(&j, "time", f->time_ms);
    kai_jput_text(&j, "who", f->who);
    kai_jput_text(&j, "verb", f->verb);
    kai_jput_hex(&j, "item", f->item, KAI_ID_BYTES);
    kai_jput_text(&j, "label", kai_tlp_name(f->tlp));
    kai_jput_hex(&j, "prev", at->hash, KAI_ID_BYTES);
    if (out->err != KAI_OK)
        return;
    hash_of(next.hash, at->hash, out->p + start, out->len - start);
    kai_jput_hex(&j, "hash", next.hash, KAI_ID_BYTES);
    kai_jput_end(&j);
    if (kai_jput_line(&j) == KAI_OK)
        *at = next;
}

/* Takes text at *p where it stands there. */
static bool take(const char **p, const char *text)
{
    size_t n = strlen(text);
    bool is = memcmp(*p, text, n) == 0;

    *p += n;
    return is;
}

static bool take_hash(const char **p, uint8_t out[static KAI_ID_BYTES])
{
    char again[KAI_HEX_CAP(KAI_ID_BYTES)];
    bool is = kai_unhex(out, KAI_ID_BYTES, *p, HEX) &&
              memcmp(kai_hex(again, out, KAI_ID_BYTES), *p, HEX) == 0; /* Lower case. */

    *p += HEX;
    return is;
}

const char *kai_audit_line_check(struct kai_audit_at *at, struct kai_view line)
{
    struct kai_audit_at next = {.n = at->n + 1};
    uint8_t prev[KAI_ID_BYTES];
    uint8_t said[KAI_ID_BYTES];
    char head[32];
    int head_n = snprintf(head, sizeof head, "{\"n\":%llu,", (unsigned long long)next.n);

    if (line.n > KAI_AUDIT_LINE_BYTES_MAX || line.n < TAIL_N + (size_t)head_n)
        return "audit.form";
    const char *p = (const char *)line.p + line.n - TAIL_N;
    if (!take(&p, PREV) || !take_hash(&p, prev) || !take(&p, HASH) || !take_hash(&p, said) ||
        !take(&p, END) || memchr(line.p, '\n', line.n) != NULL)
        return "audit.form";
    hash_of(next.hash, at->hash, line.p, line.n - HEX - (sizeof HASH - 1) - (sizeof END - 1) + 1);
    bool follows =
        memcmp(line.p, head, (size_t)head_n) == 0 && memcmp(prev, at->hash, KAI_ID_BYTES) == 0;
    if (!KAI_CHECK(AUDIT_CHAIN, follows && memcmp(said, next.hash, KAI_ID_BYTES) == 0))
        return follows ? "audit.altered" : "audit.gap";
    *at = next;
    return NULL;
}
