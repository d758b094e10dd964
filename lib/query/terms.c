/* terms: what one word of an expression means. */
#include <string.h>

#include "item/label.h"
#include "item/search.h"
#include "query/expr_priv.h"
#include "text/time.h"

#define DAY_MS UINT64_C(86400000)

enum form { FORM_VALUE, FORM_TYPE, FORM_LABEL, FORM_NAME, FORM_TIME, FORM_WISH, FORM_TEXT };

static const struct prefix {
    const char *name;
    enum form form;
    enum term_kind kind;
} prefixes[] = {
    {"value", FORM_VALUE, TERM_VALUE},
    {"ip", FORM_VALUE, TERM_VALUE},
    {"domain", FORM_VALUE, TERM_VALUE},
    {"url", FORM_VALUE, TERM_VALUE},
    {"hash", FORM_VALUE, TERM_VALUE},
    {"email", FORM_VALUE, TERM_VALUE},
    {"cve", FORM_VALUE, TERM_VALUE},
    {"type", FORM_TYPE, TERM_TYPE},
    {"label", FORM_LABEL, TERM_LABEL},
    {"pap", FORM_LABEL, TERM_PAP},
    {"by", FORM_NAME, TERM_BY},
    {"audience", FORM_NAME, TERM_AUDIENCE},
    {"since", FORM_TIME, TERM_SEEN},
    {"until", FORM_TIME, TERM_SEEN},
    {"seen", FORM_TIME, TERM_SEEN},
    {"exercise", FORM_WISH, TERM_EXERCISE},
    {"withdrawn", FORM_WISH, TERM_WITHDRAWN},
    {"recalled", FORM_WISH, TERM_RECALLED},
    {"expired", FORM_WISH, TERM_EXPIRED},
    {"superseded", FORM_WISH, TERM_SUPERSEDED},
    {"text", FORM_TEXT, TERM_TEXT},
};

struct maker {
    struct kai_query *q;
    struct term *t;
    const struct prefix *prefix;
    const char *text; /* Behind the colon. */
    size_t n;
    bool bare; /* Nothing of the word was quoted. */
    const struct kai_query_names *names;
    uint64_t now_ms;
    struct kai_why *why;
};

static enum kai_err bad_value(const struct maker *m)
{
    const char *name = m->prefix != NULL ? m->prefix->name : "text";

    return kai_why_set(m->why, KAI_EMALFORMED, "query.value", name, m->text, NULL);
}

static enum kai_err make_value(struct maker *m)
{
    enum kai_err err =
        kai_segments_of(m->q, m->t, m->prefix->name, kai_view_of(m->text, m->n), m->bare);

    if (err == KAI_ENOMEM)
        return err;
    return err == KAI_OK ? KAI_OK : bad_value(m);
}

static enum kai_err make_type(struct maker *m)
{
    if (m->n == 0 || m->n >= sizeof m->t->text)
        return bad_value(m);
    for (size_t i = 0; i < m->n; i++) {
        char c = m->text[i];

        m->t->text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    m->t->text[m->n] = '\0';
    m->t->vtype = kai_vtype_parse(kai_view_of(m->text, m->n));
    return KAI_OK;
}

static enum kai_err make_label(struct maker *m)
{
    bool pap = m->t->kind == TERM_PAP;
    size_t skip = 0;
    uint8_t v = 0;
    struct kai_view name;

    if (m->n > 2 && (m->text[0] == '<' || m->text[0] == '>') && m->text[1] == '=')
        skip = 2;
    name = kai_view_of(m->text + skip, m->n - skip);
    if (!(pap ? kai_pap_parse(name, &v) : kai_tlp_parse(name, &v)))
        return bad_value(m);
    m->t->from = skip > 0 && m->text[0] == '<' ? 0 : v;
    m->t->to = skip > 0 && m->text[0] == '>' ? UINT8_MAX : v;
    return KAI_OK;
}

static enum kai_err make_name(struct maker *m)
{
    bool by = m->t->kind == TERM_BY;
    kai_query_name_fn *f = m->names == NULL ? NULL : by ? m->names->org : m->names->audience;
    enum kai_err err;

    if (m->n == 0 || f == NULL)
        return bad_value(m);
    err = f(m->names->ctx, m->text, m->t->id, m->why);
    if (err != KAI_OK && (m->why == NULL || m->why->code == NULL))
        return kai_why_set(m->why, err, "query.value", m->prefix->name, m->text, NULL);
    return err;
}

/* An instant, the instant a duration ago, or a day: then *day_ms is its length. */
static bool read_time(struct maker *m, uint64_t *at, uint64_t *day_ms)
{
    struct kai_view v = kai_view_of(m->text, m->n);

    *day_ms = 0;
    if (kai_time_parse_loose(v, at)) {
        *day_ms = memchr(v.p, 'T', v.n) == NULL ? DAY_MS : 0;
        return true;
    }
    if (strlen(m->text) != m->n || !kai_duration_parse(m->text, at))
        return false;
    *at = *at < m->now_ms ? m->now_ms - *at : 0;
    return true;
}

static enum kai_err make_time(struct maker *m)
{
    uint64_t at;
    uint64_t day_ms;

    if (!read_time(m, &at, &day_ms))
        return bad_value(m);
    m->t->from = at;
    m->t->to = UINT64_MAX;
    if (strcmp(m->prefix->name, "until") == 0) {
        m->t->from = 0;
        m->t->to = at;
    } else if (strcmp(m->prefix->name, "seen") == 0 && day_ms > 0) {
        m->t->to = at + day_ms;
    }
    return KAI_OK;
}

static enum kai_err make_wish(struct maker *m)
{
    static const char *const words[] = {"no", "yes", "any"};
    size_t i = 0;

    while (i < 3 && strcmp(words[i], m->text) != 0)
        i++;
    if (i == 3)
        return bad_value(m);
    m->t->wish = (enum wish)i;
    m->q->any_recalled = m->q->any_recalled || m->t->kind == TERM_RECALLED;
    m->q->any_withdrawn = m->q->any_withdrawn || m->t->kind == TERM_WITHDRAWN;
    m->q->any_expired = m->q->any_expired || m->t->kind == TERM_EXPIRED;
    m->q->any_superseded = m->q->any_superseded || m->t->kind == TERM_SUPERSEDED;
    return KAI_OK;
}

static enum kai_err make_text(struct maker *m)
{
    enum kai_err err;

    if (m->n == 0)
        return bad_value(m);
    if (m->names == NULL || m->names->text == NULL)
        return kai_why_set(m->why, KAI_EMALFORMED, "query.text", m->text, NULL, NULL);
    m->q->text = m->names->text;
    m->q->text_ctx = m->names->ctx;
    m->t->kind = TERM_TEXT;
    m->t->types = UINT64_MAX;
    m->t->pattern = m->q->bytes.len;
    err = kai_search_fold(kai_view_of(m->text, m->n), &m->q->bytes);
    m->t->pattern_n = m->q->bytes.len - m->t->pattern;
    m->q->text_terms |= UINT64_C(1) << m->q->n_terms;
    return err;
}

static enum kai_err make(struct maker *m)
{
    m->t->kind = m->prefix->kind;
    switch (m->prefix->form) {
    case FORM_VALUE:
        return make_value(m);
    case FORM_TYPE:
        return make_type(m);
    case FORM_LABEL:
        return make_label(m);
    case FORM_NAME:
        return make_name(m);
    case FORM_TIME:
        return make_time(m);
    case FORM_WISH:
        return make_wish(m);
    case FORM_TEXT:
        return make_text(m);
    }
    return KAI_EMALFORMED;
}

static bool all_letters(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < 'a' || p[i] > 'z') && (p[i] < 'A' || p[i] > 'Z'))
            return false;
    }
    return n > 0;
}

/* A bare word. What looks like a prefix that we do not know is told as such. */
static enum kai_err make_bare(struct maker *m, const struct token *word)
{
    const char *colon = memchr(word->text, ':', word->bare_n);
    enum kai_err err = kai_segments_of(m->q, m->t, "", kai_view_of(word->text, word->n), m->bare);

    if (err == KAI_OK || err == KAI_ENOMEM)
        return err;
    if (colon != NULL && all_letters(word->text, (size_t)(colon - word->text))) {
        char prefix[KAI_WHY_ARG_BYTES];
        size_t n = (size_t)(colon - word->text);

        n = n < sizeof prefix ? n : sizeof prefix - 1;
        memcpy(prefix, word->text, n);
        prefix[n] = '\0';
        return kai_why_set(m->why, KAI_EMALFORMED, "query.term", prefix, NULL, NULL);
    }
    m->text = word->text;
    m->n = word->n;
    return make_text(m);
}

static const struct prefix *prefix_of(const struct token *word)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t n = strlen(prefixes[i].name);

        if (n < word->bare_n && word->text[n] == ':' &&
            memcmp(word->text, prefixes[i].name, n) == 0)
            return &prefixes[i];
    }
    return NULL;
}

enum kai_err kai_term_make(struct kai_query *q, const struct token *word,
                           const struct kai_query_names *names, uint64_t now_ms,
                           struct kai_why *why)
{
    struct maker m = {
        .q = q, .bare = word->bare_n == word->n, .names = names, .now_ms = now_ms, .why = why};
    enum kai_err err;

    m.t = &q->term[q->n_terms];
    memset(m.t, 0, sizeof *m.t);
    kai_why_at(why, 0, "%zu", word->column);
    m.prefix = prefix_of(word);
    if (m.prefix == NULL) {
        err = make_bare(&m, word);
    } else {
        size_t skip = strlen(m.prefix->name) + 1;

        m.text = word->text + skip;
        m.n = word->n - skip;
        err = make(&m);
    }
    if (err != KAI_OK)
        return err;
    if (m.t->kind == TERM_VALUE)
        q->value_terms |= UINT64_C(1) << q->n_terms;
    q->n_terms++;
    return KAI_OK;
}
