/* filter: what a request for objects asks for. */
#include "node/taxii/filter.h"

#include <string.h>

#include "node/taxii/stamp.h"

static const char *const fields[KAI_TAXII_FIELDS] = {
    [KAI_TAXII_ID] = "match[id]",
    [KAI_TAXII_TYPE] = "match[type]",
    [KAI_TAXII_VERSION] = "match[version]",
    [KAI_TAXII_SPEC] = "match[spec_version]",
};

void kai_taxii_filter_init(struct kai_taxii_filter *f)
{
    memset(f, 0, sizeof *f);
    f->limit = KAI_TAXII_PAGE_MAX;
}

bool kai_taxii_word(const char *match, size_t *at, struct kai_view *word)
{
    if (*at > 0 && match[*at - 1] == '\0') /* Behind the last. */
        return false;
    size_t n = strcspn(match + *at, ",");
    *word = kai_view_of(match + *at, n);
    *at += n + 1;
    return match[0] != '\0';
}

bool kai_taxii_fits(const struct kai_taxii_filter *f, enum kai_taxii_field field,
                    struct kai_view value)
{
    struct kai_view word;

    if (f->match[field][0] == '\0')
        return true;
    for (size_t at = 0; kai_taxii_word(f->match[field], &at, &word);)
        if (kai_view_eq(word, value))
            return true;
    return false;
}

/* "first", "last", "all", or when the version was made. */
static bool is_version(struct kai_view word)
{
    uint64_t us;

    return kai_view_eq(word, kai_view_of("first", 5)) ||
           kai_view_eq(word, kai_view_of("last", 4)) || kai_view_eq(word, kai_view_of("all", 3)) ||
           kai_taxii_stamp_parse(word, &us);
}

static bool take_match(struct kai_taxii_filter *f, enum kai_taxii_field field, struct kai_view v)
{
    struct kai_view word;
    size_t sum = v.n;

    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        sum += strlen(f->match[i]);
    if (v.n == 0 || sum > KAI_TAXII_MATCH_BYTES_MAX || memchr(v.p, '\0', v.n) != NULL)
        return false;
    memcpy(f->match[field], v.p, v.n);
    f->match[field][v.n] = '\0';
    for (size_t at = 0; kai_taxii_word(f->match[field], &at, &word);)
        if (word.n == 0 || (field == KAI_TAXII_VERSION && !is_version(word)))
            return false;
    return true;
}

/* Less is given than was asked for where that is too much. */
static bool take_limit(struct kai_taxii_filter *f, struct kai_view v)
{
    uint64_t n = 0;

    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
        n = n > KAI_TAXII_PAGE_MAX ? n : n * 10 + (uint64_t)(v.p[i] - '0');
    }
    f->limit = n < KAI_TAXII_PAGE_MAX ? n : KAI_TAXII_PAGE_MAX;
    return n > 0;
}

enum kai_err kai_taxii_filter_take(struct kai_taxii_filter *f, const char *key, const char *value,
                                   struct kai_why *why)
{
    struct kai_view v = value == NULL ? (struct kai_view){0} : kai_view_of(value, strlen(value));
    size_t field = 0;
    bool good = false;

    while (field < KAI_TAXII_FIELDS && strcmp(key, fields[field]) != 0)
        field++;
    bool after = strcmp(key, "added_after") == 0;
    bool limit = strcmp(key, "limit") == 0;
    if (field == KAI_TAXII_FIELDS && !after && !limit && strncmp(key, "match[", 6) != 0)
        return KAI_OK;
    unsigned bit = 1u << (after ? KAI_TAXII_FIELDS : limit ? KAI_TAXII_FIELDS + 1u : field);
    if ((f->given & bit) == 0) { /* Twice is neither the one nor the other. */
        f->given |= bit;
        good = after                      ? kai_taxii_stamp_parse(v, &f->after_us)
               : limit                    ? take_limit(f, v)
               : field < KAI_TAXII_FIELDS ? take_match(f, (enum kai_taxii_field)field, v)
                                          : false;
    }
    return good ? KAI_OK
                : kai_why_set(why, KAI_EMALFORMED, "taxii.param", key, value != NULL ? value : "",
                              NULL);
}

bool kai_taxii_filter_restore(struct kai_taxii_filter *f, const struct kai_view *match)
{
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        f->match[i][0] = '\0';
    for (size_t i = 0; i < KAI_TAXII_FIELDS; i++)
        if (match[i].n > 0 && !take_match(f, (enum kai_taxii_field)i, match[i]))
            return false;
    return true;
}
