/* rules: what the reader of a row may and must not do with it, in words. */
#include "node/rules.h"

#include <stdio.h>
#include <string.h>

#include "node/shown.h"
#include "policy/explain.h"

static bool expired(const struct kai_row *row, uint64_t now_ms)
{
    return row->valid_until_ms != 0 && row->valid_until_ms <= now_ms;
}

const char *kai_rules_export(const struct kai_row *row, uint64_t purpose, uint8_t clearance,
                             uint64_t now_ms)
{
    struct kai_policy_export f = {
        .purpose = purpose,
        .tlp = row->tlp,
        .pap = row->pap,
        .clearance = clearance,
        .exercise = (row->flags & KAI_ROW_EXERCISE) != 0,
        .withdrawn = (row->flags & (KAI_ROW_WITHDRAWN | KAI_ROW_SUPERSEDED)) != 0,
        .expired = expired(row, now_ms),
        .recalled = (row->flags & KAI_ROW_RECALLED) != 0,
    };

    return kai_policy_export(&f);
}

/* Of what is no indicator nothing goes to a sensor: that something was observed is no reason. */
bool kai_rules_exportable(const struct kai_row *row, uint8_t clearance, uint64_t now_ms)
{
    return strcmp(row->type, "indicator") == 0 &&
           kai_rules_export(row, KAI_POLICY_DETECT, clearance, now_ms) == NULL;
}

struct words {
    enum kai_lang lang;
    const char *label;
    const char *audience; /* NULL: its name is not known or not shown. */
    const char *origin;
    struct kai_buf text;
};

static void names(struct words *w, const struct kai_reader *r, const struct kai_row *row)
{
    const struct kai_org *origin = kai_roster_org(r->o->roster, row->origin);
    const struct kai_aud_name *aud = kai_outlook_aud(r->o, row->aud_id);

    w->label = kai_tlp_name(kai_policy_label(row->tlp));
    w->origin = origin != NULL ? origin->name : NULL;
    if (aud != NULL && aud->name[0] != '\0' && kai_shown_aud(r->o, aud->id, r->clearance))
        w->audience = aud->name;
}

static struct kai_view sentence(struct words *w, const char *id)
{
    kai_buf_clear(&w->text);
    kai_text_fill(w->lang, id, w->label, w->audience, w->origin, &w->text);
    return kai_buf_view(&w->text);
}

/* One list of the statements of a sort: whole, or only their ids. */
static void put_sort(struct kai_jput *j, struct words *w, const char *key,
                     enum kai_explain_sort sort, const struct kai_explain_line *lines, size_t n,
                     bool full)
{
    kai_jput_array(j, key);
    for (size_t i = 0; i < n; i++) {
        if (lines[i].sort != sort)
            continue;
        if (!full) {
            kai_jput_text(j, NULL, lines[i].id);
            continue;
        }
        kai_jput_object(j, NULL);
        kai_jput_text(j, "id", lines[i].id);
        kai_jput_view(j, "text", sentence(w, lines[i].id));
        kai_jput_end(j);
    }
    kai_jput_end(j);
}

static void put_short(struct kai_jput *j, struct words *w, const struct kai_explain_line *lines,
                      size_t n)
{
    kai_buf_clear(&w->text);
    for (size_t i = 0; i < n; i++) {
        if (lines[i].sort != KAI_EXPLAIN_SHORT)
            continue;
        if (w->text.len > 0 && w->lang == KAI_LANG_EN)
            kai_buf_u8(&w->text, ' ');
        kai_text_fill(w->lang, lines[i].id, w->label, w->audience, w->origin, &w->text);
    }
    kai_jput_view(j, "text", kai_buf_view(&w->text));
}

void kai_rules_put(struct kai_jput *j, const struct kai_reader *r, const struct kai_row *row,
                   const struct kai_who *who, enum kai_lang lang, bool full)
{
    static const uint8_t nobody[KAI_ID_BYTES];
    struct kai_explain f = {
        .tlp = row->tlp,
        .pap = row->pap,
        .role = who->role,
        .clearance = r->clearance,
        .exercise = (row->flags & KAI_ROW_EXERCISE) != 0,
        .withdrawn = (row->flags & KAI_ROW_WITHDRAWN) != 0,
        .expired = expired(row, kai_wall_ms()),
        .recalled = (row->flags & KAI_ROW_RECALLED) != 0,
        .passed_on = memcmp(row->via, nobody, KAI_ID_BYTES) != 0,
        .ours = memcmp(row->origin, r->c->self.org_id, KAI_ID_BYTES) == 0,
    };
    struct kai_explain_line lines[KAI_EXPLAIN_LINES_MAX];
    size_t n = kai_explain(&f, lines);
    struct words w = {.lang = lang};

    names(&w, r, row);
    kai_buf_init(&w.text, 8192);
    if (!full)
        kai_jput_object(j, "rules");
    else
        put_sort(j, &w, "notes", KAI_EXPLAIN_NOTE, lines, n, full);
    put_sort(j, &w, "may", KAI_EXPLAIN_MAY, lines, n, full);
    put_sort(j, &w, "must_not", KAI_EXPLAIN_MUST_NOT, lines, n, full);
    if (!full) {
        put_short(j, &w, lines, n);
        kai_jput_end(j);
    }
    kai_buf_free(&w.text);
}

void kai_rules_put_charter(struct kai_jput *j, const struct kai_reader *r, enum kai_lang lang)
{
    const struct kai_charter *c = &r->c->charter;
    struct kai_view text = {0};

    for (size_t i = 0; i < c->n_texts; i++) {
        char b32[KAI_BASE32_KEY_CAP];
        char key[64];
        struct kai_view v;
        bool wanted = strcmp(c->texts[i].lang, lang == KAI_LANG_JA ? "ja" : "en") == 0;

        if (text.n > 0 && !wanted)
            continue;
        kai_base32_key(b32, c->texts[i].hash);
        (void)snprintf(key, sizeof key, "text:%s", b32);
        if (kai_snap_kv(r->snap, key, &v) == KAI_OK)
            text = v;
    }
    if (text.n > 0)
        kai_jput_view(j, "charter", text);
    else
        kai_jput_null(j, "charter");
}
