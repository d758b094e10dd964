/* found: ceremonies that make a home part of a network. */
#include "node/found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/roster.h"
#include "node/backup.h"
#include "node/chain.h"
#include "node/core.h"
#include "node/grant.h"

/* While a home is being made this file stands in it: what an interrupted attempt left may be
 * removed. */
#define MARK "making"

static const char *const key_names[] = {"org-root", "issuing", "node"};

static void remove_made(const struct kai_home *h)
{
    static const char *const stored[] = {"data.mdb",   "lock.mdb", "store.lock",     "clean",
                                         "making.mdb", "acked",    "making.mdb-lock"};
    char path[KAI_PATH_BYTES_MAX];

    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++)
        (void)unlink(kai_home_path(h, path, "store/%s", stored[i]));

    for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++)
        (void)unlink(kai_home_path(h, path, "keys/%s.key", key_names[i]));
    (void)unlink(kai_home_path(h, path, "request"));
}

static bool has_file(const struct kai_home *h, const char *name)
{
    char path[KAI_PATH_BYTES_MAX];

    return access(kai_home_path(h, path, "%s", name), F_OK) == 0;
}

enum kai_err kai_found_empty(const struct kai_home *h, struct kai_why *why)
{
    if (!has_file(h, MARK) && (has_file(h, "store/data.mdb") || has_file(h, "keys/node.key")))
        return kai_why_set(why, KAI_EEXIST, "home.exists", h->dir, NULL, NULL);
    return KAI_OK;
}

enum kai_err kai_found_begin(const struct kai_home *h, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    enum kai_err err = kai_found_empty(h, why);

    if (err == KAI_OK)
        err = kai_home_make(h, why);
    if (err != KAI_OK)
        return err;
    if (has_file(h, MARK))
        remove_made(h);
    return kai_file_write(kai_home_path(h, path, MARK), "", 0, 0600, why);
}

/* The mark goes last, and for good: a home that has it is taken for half made. */
enum kai_err kai_found_finish(const struct kai_home *h, enum kai_err err, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];

    if (err == KAI_OK)
        err = kai_file_remove(kai_home_path(h, path, MARK), why);
    if (err != KAI_OK) {
        remove_made(h);
        (void)unlink(kai_home_path(h, path, MARK));
    }
    return err;
}

static enum kai_err new_key(const struct kai_home *h, const char *name, enum kai_key_role role,
                            const char *passphrase, struct kai_keys **out, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    enum kai_err err = kai_keys_new(out, role);

    if (err == KAI_OK)
        err = kai_keyfile_save(&kai_keyport_posix, kai_home_path(h, path, "keys/%s.key", name),
                               *out, passphrase, why);
    return err;
}

static enum kai_err load_key(const struct kai_home *h, const char *name, enum kai_key_role role,
                             const char *passphrase, struct kai_keys **out, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, kai_home_path(h, path, "keys/%s.key", name), role,
                         passphrase, out, NULL, why);

    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, err, "admission.no-request", h->dir, NULL, NULL);
    return err;
}

static enum kai_err store_texts(struct kai_tx *tx, const struct kai_charter_text *texts, size_t n)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        uint8_t hash[KAI_ID_BYTES];
        char b32[KAI_BASE32_KEY_CAP];
        char key[64];

        kai_charter_text_hash(hash, texts[i].text);
        kai_base32_key(b32, hash);
        (void)snprintf(key, sizeof key, "text:%s", b32);
        err = kai_tx_kv(tx, key, texts[i].text);
    }
    return err;
}

static enum kai_err make_store(const struct kai_home *h, struct kai_store **s, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_store_options opt = {0};

    return kai_store_open(s, kai_home_path(h, path, "store"), &opt, why);
}

static enum kai_err close_store(struct kai_store *s, enum kai_err err)
{
    if (s != NULL && err == KAI_OK)
        err = kai_store_mark_clean(s);
    kai_store_close(s);
    return err;
}

struct trio {
    struct kai_keys *root;
    struct kai_keys *issuing;
    struct kai_keys *node;
};

static void trio_free(struct trio *k)
{
    kai_keys_free(k->root);
    kai_keys_free(k->issuing);
    kai_keys_free(k->node);
}

static enum kai_err found_store(const struct kai_home *h, const struct kai_found *f,
                                const struct trio *k, struct kai_why *why)
{
    struct kai_buf record;
    struct kai_charter charter;
    struct kai_chain ch = {0};
    struct kai_store *s = NULL;
    struct kai_grant g = kai_grant_founder();

    kai_buf_init(&record, KAI_CHARTER_BYTES_MAX);
    enum kai_err err = kai_charter_make(&record, f->network, f->org, k->root->sign_pk,
                                        k->root->sign_sk, f->texts, f->n_texts);
    if (err == KAI_OK)
        err = kai_charter_parse(&charter, kai_buf_view(&record));
    if (err == KAI_OK)
        err = kai_ctl_new(&ch.ctl, &charter);
    if (err == KAI_OK)
        err = make_store(h, &s, why);
    if (err == KAI_OK)
        err = kai_tx_begin(s, &ch.tx);
    if (err == KAI_OK) {
        ch.nid = charter.nid;
        err = kai_chain_own(&ch, k->root, k->issuing, k->node, f->org, f->node, &g);
    }
    if (err == KAI_OK)
        err = store_texts(ch.tx, f->texts, f->n_texts);
    if (err == KAI_OK)
        err = kai_tx_kv(ch.tx, "charter", kai_buf_view(&record));
    if (err == KAI_OK) {
        err = kai_tx_commit(ch.tx);
        ch.tx = NULL;
    }
    kai_tx_abort(ch.tx);
    kai_ctl_free(ch.ctl);
    kai_buf_free(&record);
    return close_store(s, err);
}

enum kai_err kai_found_network(const struct kai_home *h, const struct kai_found *f,
                               struct kai_why *why)
{
    struct trio k = {0};
    enum kai_err err = kai_found_begin(h, why);

    if (err != KAI_OK)
        return err;
    err = new_key(h, "org-root", KAI_KEY_ORG_ROOT, f->passphrase, &k.root, why);
    if (err == KAI_OK)
        err = new_key(h, "issuing", KAI_KEY_ISSUING, NULL, &k.issuing, why);
    if (err == KAI_OK)
        err = new_key(h, "node", KAI_KEY_NODE, NULL, &k.node, why);
    if (err == KAI_OK)
        err = found_store(h, f, &k, why);
    trio_free(&k);
    return kai_found_finish(h, err, why);
}

static enum kai_err write_request(const struct kai_home *h, uint64_t kind, const char *name,
                                  const struct kai_keys *k, const uint8_t *org_id,
                                  struct kai_buf *request, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];

    kai_join_write(request, kind, name, k, org_id);
    if (request->err != KAI_OK)
        return request->err;
    return kai_file_write(kai_home_path(h, path, "request"), request->p, request->len, 0600, why);
}

/* The request that was made before, when its name, kind and organisation are the same. */
static enum kai_err same_request(const struct kai_home *h, uint64_t kind, const char *name,
                                 const uint8_t *org_id, struct kai_buf *request,
                                 struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char bytes[KAI_REQUEST_BYTES_MAX + 1];
    size_t n;
    struct kai_join r;
    enum kai_err err = kai_file_read(kai_home_path(h, path, "request"), bytes, sizeof bytes, &n);

    if (err == KAI_OK)
        err = kai_join_parse(&r, kai_view_of(bytes, n), why);
    if (err == KAI_OK && (r.kind != kind || strcmp(r.proof.name, name) != 0))
        err = kai_why_set(why, KAI_EEXIST, "request.other", h->dir, r.proof.name, NULL);
    if (err == KAI_OK && org_id != NULL && memcmp(r.proof.of_org, org_id, KAI_ID_BYTES) != 0)
        err = kai_why_set(why, KAI_EEXIST, "request.other-home", h->dir, NULL, NULL);
    if (err == KAI_OK)
        kai_buf_add(request, bytes, n);
    return err == KAI_OK ? request->err : err;
}

/* The node of a backup is gone with its key: another one asks in its place. */
static enum kai_err restored_request(const struct kai_home *h, const char *name,
                                     const uint8_t *org_id, struct kai_buf *request,
                                     struct kai_why *why)
{
    struct trio k = {0};
    enum kai_err err = has_file(h, "keys/node.key")
                           ? load_key(h, "node", KAI_KEY_NODE, NULL, &k.node, why)
                           : new_key(h, "node", KAI_KEY_NODE, NULL, &k.node, why);

    if (err == KAI_OK)
        err = write_request(h, KAI_ADMIT_NODE, name, k.node, org_id, request, why);
    trio_free(&k);
    return err;
}

enum kai_err kai_found_request(const struct kai_home *h, uint64_t kind, const char *name,
                               const uint8_t *org_id, const char *passphrase,
                               struct kai_buf *request, struct kai_why *why)
{
    struct kai_backup_info was;
    bool restored = kai_restored_info(h, &was) == KAI_OK;
    struct trio k = {0};

    if (restored && kind != KAI_ADMIT_NODE)
        return kai_why_set(why, KAI_EEXIST, "home.exists", h->dir, NULL, NULL);
    if (restored && (org_id == NULL || memcmp(was.org_id, org_id, KAI_ID_BYTES) != 0))
        return kai_why_set(why, KAI_EMALFORMED, "restore.other-org", h->dir, was.org, NULL);
    if (has_file(h, "request") && !has_file(h, MARK) &&
        (restored || !has_file(h, "store/data.mdb")))
        return same_request(h, kind, name, org_id, request, why);
    if (restored)
        return restored_request(h, name, org_id, request, why);
    enum kai_err err = kai_found_begin(h, why);
    if (err != KAI_OK)
        return err;
    if (kind == KAI_ADMIT_ORG) {
        err = new_key(h, "org-root", KAI_KEY_ORG_ROOT, passphrase, &k.root, why);
        if (err == KAI_OK)
            err = new_key(h, "issuing", KAI_KEY_ISSUING, NULL, &k.issuing, why);
    }
    if (err == KAI_OK)
        err = new_key(h, "node", KAI_KEY_NODE, NULL, &k.node, why);
    if (err == KAI_OK)
        err = write_request(h, kind, name, kind == KAI_ADMIT_ORG ? k.root : k.node, org_id, request,
                            why);
    trio_free(&k);
    return kai_found_finish(h, err, why);
}

/* Take every entry of the admission; *admit is the certificate that is ours. */
static enum kai_err take_entries(struct kai_chain *ch, const struct kai_admission *adm,
                                 const uint8_t pk[static KAI_KEY_BYTES], uint64_t kind,
                                 struct kai_admit *ours, bool *found)
{
    struct kai_cur cur = adm->entries;

    *found = false;
    for (uint32_t i = 0; i < adm->n_entries; i++) {
        struct kai_entry e;
        struct kai_admit a;
        struct kai_view body;
        uint64_t type;
        enum kai_err err = kai_entry_read(&e, &cur);

        if (err == KAI_OK)
            err = kai_ctl_add(ch->ctl, &e);
        if (err == KAI_OK)
            err = kai_tx_ctl(ch->tx, &e);
        if (err == KAI_EEXIST) /* A restored home holds most of them. */
            err = KAI_OK;
        if (err == KAI_OK)
            err = kai_rec_parse(&type, &body, e.payload);
        if (err != KAI_OK)
            return err;
        if (type == KAI_REC_ADMIT && kai_admit_parse(&a, body) == KAI_OK && a.kind == kind &&
            memcmp(a.sign_pk, pk, KAI_KEY_BYTES) == 0) {
            *ours = a;
            *found = true;
        }
    }
    return KAI_OK;
}

static enum kai_err take_charters(struct kai_chain *ch, const struct kai_admission *adm)
{
    struct kai_cur cur = adm->later;
    enum kai_err err = KAI_OK;

    for (uint32_t i = 0; err == KAI_OK && i < adm->n_later; i++) {
        struct kai_view record = kai_cur_bin(&cur, KAI_CHARTER_BYTES_MAX);
        uint8_t hash[KAI_ID_BYTES];

        kai_charter_record_hash(hash, record);
        err = kai_ctl_charter_add(ch->ctl, record);
        if (err == KAI_OK)
            err = kai_tx_note(ch->tx, KAI_REC_CHARTER, hash, record);
        if (err == KAI_EEXIST) /* A restored home holds it. */
            err = KAI_OK;
    }
    return err;
}

static enum kai_err take_addrs(struct kai_chain *ch, const struct kai_admission *adm)
{
    struct kai_roster *r;
    enum kai_err err = kai_roster_build(&r, ch->ctl);

    if (err != KAI_OK)
        return err;
    for (size_t i = 0; err == KAI_OK && i < adm->n_addrs; i++) {
        struct kai_addr a;

        if (kai_addr_parse(&a, adm->addrs[i]) != KAI_OK)
            continue; /* One bad address is no reason to refuse an admission. */
        const struct kai_node *n = kai_roster_node_by_cert(r, a.node_cert);
        if (n != NULL && kai_addr_verify(adm->addrs[i], n->sign_pk, ch->nid) == KAI_OK)
            err = kai_tx_note(ch->tx, KAI_REC_ADDR, n->id, adm->addrs[i]);
    }
    kai_roster_unref(r);
    return err;
}

/* What the store holds already. Of a home that was not restored: a join that was cut off after its
 * commit, and *joined. */
static enum kai_err load_held(const struct kai_home *h, struct kai_store *s, struct kai_ctl *ctl,
                              bool *joined)
{
    struct kai_backup_info was;
    struct kai_snap *snap = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(s, &snap);

    *joined = false;
    if (err == KAI_OK && kai_snap_kv(snap, "charter", &v) == KAI_OK) {
        *joined = kai_restored_info(h, &was) != KAI_OK;
        if (!*joined && memcmp(was.nid, kai_ctl_charter(ctl)->nid, KAI_ID_BYTES) != 0)
            err = KAI_EDENIED;
        if (!*joined && err == KAI_OK)
            err = kai_core_control(ctl, snap);
    }
    kai_snap_end(snap);
    return err;
}

static enum kai_err join_store(const struct kai_home *h, uint64_t kind,
                               const struct kai_admission *adm, const struct trio *k,
                               struct kai_why *why)
{
    struct kai_chain ch = {.nid = adm->charter.nid};
    struct kai_store *s = NULL;
    struct kai_admit ours;
    bool found = false;
    const struct kai_keys *subject = kind == KAI_ADMIT_ORG ? k->root : k->node;
    enum kai_err err = kai_ctl_new(&ch.ctl, &adm->first);

    if (err == KAI_OK)
        err = make_store(h, &s, why);
    bool joined = false;
    if (err == KAI_OK)
        err = load_held(h, s, ch.ctl, &joined);
    if (err == KAI_EDENIED)
        (void)kai_why_set(why, err, "admission.other", NULL, NULL, NULL);
    if (joined) {
        kai_ctl_free(ch.ctl);
        return close_store(s, err);
    }
    if (err == KAI_OK)
        err = kai_tx_begin(s, &ch.tx);
    if (err == KAI_OK)
        err = take_charters(&ch, adm);
    if (err == KAI_OK)
        err = take_entries(&ch, adm, subject->sign_pk, kind, &ours, &found);
    if (err == KAI_OK && !found)
        err = kai_why_set(why, KAI_EDENIED, "admission.other", NULL, NULL, NULL);
    if (err == KAI_OK && kind == KAI_ADMIT_ORG) {
        struct kai_grant g = kai_grant_of(&ours);

        err = kai_chain_own(&ch, k->root, k->issuing, k->node, ours.name, ours.name, &g);
    }
    if (err == KAI_OK)
        err = take_addrs(&ch, adm);
    if (err == KAI_OK)
        err = store_texts(ch.tx, adm->texts, adm->n_texts);
    if (err == KAI_OK)
        err = kai_tx_kv(ch.tx, "charter", adm->charter_record);
    if (err == KAI_OK) {
        err = kai_tx_commit(ch.tx);
        ch.tx = NULL;
    }
    kai_tx_abort(ch.tx);
    kai_ctl_free(ch.ctl);
    return close_store(s, err);
}

enum kai_err kai_found_join(const struct kai_home *h, uint64_t kind, struct kai_view admission,
                            const char *passphrase, struct kai_charter *charter,
                            struct kai_why *why)
{
    struct trio k = {0};
    struct kai_admission *adm = malloc(sizeof *adm);
    enum kai_err err = adm == NULL ? KAI_ENOMEM : kai_home_check(h, why);
    char path[KAI_PATH_BYTES_MAX];

    if (err == KAI_ENOTFOUND)
        err = kai_why_set(why, err, "admission.no-request", h->dir, NULL, NULL);
    if (err == KAI_OK && has_file(h, "joined"))
        err = kai_why_set(why, KAI_EEXIST, "home.exists", h->dir, NULL, NULL);
    if (err == KAI_OK)
        err = kai_admission_parse(adm, admission, why);
    if (err == KAI_OK)
        err = load_key(h, "node", KAI_KEY_NODE, NULL, &k.node, why);
    if (err == KAI_OK && kind == KAI_ADMIT_ORG)
        err = load_key(h, "org-root", KAI_KEY_ORG_ROOT, passphrase, &k.root, why);
    if (err == KAI_OK && kind == KAI_ADMIT_ORG)
        err = load_key(h, "issuing", KAI_KEY_ISSUING, NULL, &k.issuing, why);
    if (err == KAI_OK)
        err = join_store(h, kind, adm, &k, why);
    if (err == KAI_OK)
        err = kai_file_write(kai_home_path(h, path, "joined"), "", 0, 0644, why);
    if (err == KAI_OK)
        *charter = adm->charter;
    trio_free(&k);
    free(adm);
    return err;
}
