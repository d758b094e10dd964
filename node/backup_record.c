/* backup_record: the records inside a backup. */
#include "node/backup_record.h"

#include <string.h>

#include "wire/put.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX)

static const uint32_t arity[] = {
    [KAI_BAK_HEAD] = 9, [KAI_BAK_CONTROL] = 2, [KAI_BAK_NOTE] = 4,
    [KAI_BAK_FORK] = 3, [KAI_BAK_LOG] = 10,    [KAI_BAK_ENTRY] = 3,
    [KAI_BAK_KV] = 3,   [KAI_BAK_FILE] = 5,    [KAI_BAK_END] = 3,
};

bool kai_bak_file_is_key(const char *name)
{
    return strncmp(name, "keys/", 5) == 0;
}

bool kai_bak_file_ok(const char *name)
{
    static const char folder[] = "keys/persons/";
    size_t n = strlen(name);

    if (strcmp(name, "kairan.conf") == 0 || strcmp(name, KAI_BAK_AUDIT) == 0 ||
        strcmp(name, "keys/org-root.key") == 0)
        return true;
    if (n > KAI_TEXT_BYTES_MAX || n < sizeof folder + 4 ||
        strncmp(name, folder, sizeof folder - 1) != 0 || strcmp(name + n - 4, ".key") != 0)
        return false;
    name += sizeof folder - 1;
    if (name[0] == '.')
        return false;
    for (; *name != '\0'; name++)
        if (*name == '/' || (unsigned char)*name < ' ')
            return false;
    return true;
}

bool kai_bak_kv_ok(const char *key)
{
    static const char *const begins[] = {
        "own1:",   "own2:", "inc1:",  "inc2:",  "bind1:",    "bind2:",  "addr-counter",
        "issued:", "twin",  "unsure", "clerk/", "receipts/", "anchors", "visits"};

    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(key, begins[i], strlen(begins[i])) == 0)
            return false;
    return true;
}

static void parse_head(struct kai_cur *c, struct kai_backup_info *h)
{
    h->made_ms = kai_cur_uint(c, NUMBER_MAX);
    kai_cur_copy(c, h->nid, KAI_ID_BYTES);
    kai_cur_text(c, h->network, sizeof h->network);
    kai_cur_copy(c, h->org_id, KAI_ID_BYTES);
    kai_cur_text(c, h->org, sizeof h->org);
    kai_cur_copy(c, h->node_id, KAI_ID_BYTES);
    kai_cur_text(c, h->node, sizeof h->node);
    h->issuing = kai_cur_bool(c);
}

static void parse_log(struct kai_cur *c, struct kai_log *l)
{
    kai_cur_copy(c, l->log_pk, KAI_KEY_BYTES);
    l->kind = kai_cur_uint(c, KAI_LOG_KEY);
    kai_cur_copy(c, l->aud_id, KAI_ID_BYTES);
    kai_cur_copy(c, l->author_node, KAI_ID_BYTES);
    kai_cur_copy(c, l->author_cert, KAI_ID_BYTES);
    l->incarnation = kai_cur_uint(c, NUMBER_MAX);
    kai_cur_copy(c, l->salt, sizeof l->salt);
    l->flags = kai_cur_bool(c) ? KAI_LOG_FORKED : 0;
    l->first_seen_ms = kai_cur_uint(c, NUMBER_MAX);
    if (l->kind == 0)
        kai_cur_fail(c, KAI_EMALFORMED);
}

static enum kai_err parse_entry(struct kai_cur *c, struct kai_entry *e)
{
    enum kai_err err = kai_entry_read(e, c);

    if (err != KAI_OK)
        kai_cur_fail(c, err);
    return err;
}

static enum kai_err parse_fork(struct kai_cur *c, struct kai_entry *e)
{
    struct kai_view hdr = kai_cur_bin(c, KAI_HDR_BYTES_MAX);
    struct kai_view sig = kai_view_of(kai_cur_bin_n(c, KAI_SIG_BYTES), KAI_SIG_BYTES);

    return kai_cur_ok(c) ? kai_entry_init(e, hdr, sig, (struct kai_view){0}) : KAI_EMALFORMED;
}

enum kai_err kai_bak_parse(struct kai_bak_record *r, struct kai_view bytes)
{
    struct kai_cur c;
    enum kai_err err = KAI_OK;

    memset(r, 0, sizeof *r);
    kai_cur_init(&c, bytes.p, bytes.n);
    uint32_t n = kai_cur_array(&c, 10);
    uint64_t type = kai_cur_uint(&c, KAI_BAK_END);
    if (!kai_cur_ok(&c) || arity[type] != n)
        return KAI_EMALFORMED;
    r->type = (enum kai_bak_type)type;
    switch (r->type) {
    case KAI_BAK_HEAD:
        parse_head(&c, &r->head);
        break;
    case KAI_BAK_CONTROL:
        err = parse_entry(&c, &r->e);
        break;
    case KAI_BAK_NOTE:
        r->note_type = kai_cur_uint(&c, NUMBER_MAX);
        r->who = kai_cur_bin_n(&c, KAI_ID_BYTES);
        r->bytes = kai_cur_bin(&c, KAI_FRAME_BYTES_MAX);
        break;
    case KAI_BAK_FORK:
        err = parse_fork(&c, &r->e);
        break;
    case KAI_BAK_LOG:
        parse_log(&c, &r->log);
        break;
    case KAI_BAK_ENTRY:
        r->seen_ms = kai_cur_uint(&c, NUMBER_MAX);
        err = parse_entry(&c, &r->e);
        break;
    case KAI_BAK_KV:
        kai_cur_text(&c, r->name, KAI_STORE_KEY_BYTES_MAX + 1);
        r->bytes = kai_cur_bin(&c, KAI_STORE_VALUE_BYTES_MAX);
        break;
    case KAI_BAK_FILE:
        kai_cur_text(&c, r->name, sizeof r->name);
        r->size = kai_cur_uint(&c, KAI_BACKUP_AUDIT_BYTES_MAX);
        r->offset = kai_cur_uint(&c, KAI_BACKUP_AUDIT_BYTES_MAX);
        r->bytes = kai_cur_bin(&c, KAI_BACKUP_RECORD_BYTES_MAX);
        break;
    case KAI_BAK_END:
        r->n = kai_cur_uint(&c, NUMBER_MAX);
        r->sum = kai_cur_bin_n(&c, KAI_ID_BYTES);
        break;
    }
    return err != KAI_OK ? err : kai_cur_end(&c);
}

static void write_head(struct kai_buf *b, const struct kai_backup_info *h)
{
    kai_put_uint(b, h->made_ms);
    kai_put_bin(b, h->nid, KAI_ID_BYTES);
    kai_put_str(b, h->network);
    kai_put_bin(b, h->org_id, KAI_ID_BYTES);
    kai_put_str(b, h->org);
    kai_put_bin(b, h->node_id, KAI_ID_BYTES);
    kai_put_str(b, h->node);
    kai_put_bool(b, h->issuing);
}

static void write_log(struct kai_buf *b, const struct kai_log *l)
{
    kai_put_bin(b, l->log_pk, KAI_KEY_BYTES);
    kai_put_uint(b, l->kind);
    kai_put_bin(b, l->aud_id, KAI_ID_BYTES);
    kai_put_bin(b, l->author_node, KAI_ID_BYTES);
    kai_put_bin(b, l->author_cert, KAI_ID_BYTES);
    kai_put_uint(b, l->incarnation);
    kai_put_bin(b, l->salt, sizeof l->salt);
    kai_put_bool(b, (l->flags & KAI_LOG_FORKED) != 0);
    kai_put_uint(b, l->first_seen_ms);
}

void kai_bak_write(struct kai_buf *b, const struct kai_bak_record *r)
{
    kai_put_array(b, arity[r->type]);
    kai_put_uint(b, r->type);
    switch (r->type) {
    case KAI_BAK_HEAD:
        write_head(b, &r->head);
        break;
    case KAI_BAK_CONTROL:
        kai_entry_write(b, &r->e, true);
        break;
    case KAI_BAK_NOTE:
        kai_put_uint(b, r->note_type);
        kai_put_bin(b, r->who, KAI_ID_BYTES);
        kai_put_view(b, r->bytes);
        break;
    case KAI_BAK_FORK:
        kai_put_view(b, r->e.hdr);
        kai_put_view(b, r->e.sig);
        break;
    case KAI_BAK_LOG:
        write_log(b, &r->log);
        break;
    case KAI_BAK_ENTRY:
        kai_put_uint(b, r->seen_ms);
        kai_entry_write(b, &r->e, r->e.payload.p != NULL);
        break;
    case KAI_BAK_KV:
        kai_put_str(b, r->name);
        kai_put_view(b, r->bytes);
        break;
    case KAI_BAK_FILE:
        kai_put_str(b, r->name);
        kai_put_uint(b, r->size);
        kai_put_uint(b, r->offset);
        kai_put_view(b, r->bytes);
        break;
    case KAI_BAK_END:
        kai_put_uint(b, r->n);
        kai_put_bin(b, r->sum, KAI_ID_BYTES);
        break;
    }
}
