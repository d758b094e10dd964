/* words: values that have no shape of their own: whole words and whole fields. */
#include "hunt/scan_priv.h"

static bool is_separator(uint8_t c)
{
    return kai_hunt_hard(c) || strchr("',;|()[]{}=", c) != NULL;
}

static bool is_field_end(uint8_t c)
{
    return c == '"' || c == '\t';
}

/* Whether it is its own normal form: ASCII without controls. */
static bool is_plain(struct kai_view v)
{
    bool plain = true;

    for (size_t i = 0; i < v.n; i++)
        plain = plain && v.p[i] >= ' ' && v.p[i] < 0x7f;
    return plain;
}

static bool is_serial(struct kai_view v)
{
    bool colon = false;

    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] != ':' && kai_ascii_hex(v.p[i]) < 0)
            return false;
        colon = colon || v.p[i] == ':';
    }
    return colon;
}

static void probe_as(struct kai_hunt_scanner *s, enum kai_vtype type, struct kai_view v)
{
    enum kai_hunt_class cls = kai_hunt_class_of(type);
    size_t n;

    if (kai_value_norm(type, v, s->norm, sizeof s->norm, &n, NULL) == KAI_OK)
        kai_hunt_probe(s, cls, kai_view_of(s->norm, n), v);
}

/* One text, and without what a sentence puts behind it. */
static void probe_text(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_view v = kai_hunt_part(s, begin, end);

    if (v.n < KAI_HUNT_TEXT_MIN || v.n > KAI_VALUE_BYTES_MAX || kai_hunt_cut(s, begin, end))
        return;
    if (s->wants[KAI_HUNT_TEXT]) {
        if (kai_ascii_begins(v, "cpe:2.3:"))
            probe_as(s, KAI_V_CPE, v);
        else if (is_plain(v))
            kai_hunt_probe(s, KAI_HUNT_TEXT, v, v);
        else
            probe_as(s, KAI_V_OTHER, v);
    }
    if (s->any_hex)
        probe_as(s, is_serial(v) ? KAI_V_X509_SERIAL : KAI_V_HASH, v);
}

/* And the name at the end of a path. */
static void probe_word(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    size_t name = end;
    size_t less = end;

    probe_text(s, begin, end);
    while (name > begin && s->t.p[name - 1] != '/' && s->t.p[name - 1] != '\\')
        name--;
    if (name > begin)
        probe_text(s, name, end);
    while (less > begin && strchr(".,;:!?", s->t.p[less - 1]) != NULL)
        less--;
    if (less < end) {
        probe_text(s, begin, less);
        if (name > begin && name < less)
            probe_text(s, name, less);
    }
}

static void split(struct kai_hunt_scanner *s, size_t begin, size_t end, bool ends(uint8_t c),
                  void each(struct kai_hunt_scanner *s, size_t begin, size_t end))
{
    while (begin < end) {
        size_t at = begin;

        while (at < end && !ends(s->t.p[at]))
            at++;
        if (at > begin)
            each(s, begin, at);
        begin = at + 1;
    }
}

/* What stands between blanks, and its parts. */
static void hard_word(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    size_t at = begin;

    probe_word(s, begin, end);
    while (at < end && !is_separator(s->t.p[at]))
        at++;
    if (at < end)
        split(s, begin, end, is_separator, probe_word);
}

/* A whole field with blanks in it; without, it is a word. */
static void field(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    if (memchr(s->t.p + begin, ' ', end - begin) != NULL)
        probe_text(s, begin, end);
}

void kai_hunt_words(struct kai_hunt_scanner *s)
{
    split(s, 0, s->t.n, kai_hunt_hard, hard_word);
    split(s, 0, s->t.n, is_field_end, field);
}
