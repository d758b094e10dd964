/* recover: an organisation whose node with the issuing key is gone. */
#include "node/recover.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/reissue.h"
#include "keys/roster.h"
#include "node/chain.h"
#include "node/core.h"

#define OLD_KEYS_MAX 64u

struct recover {
    const struct kai_home *home;
    struct kai_recovered *out;
    struct kai_why *why;
    struct kai_keys *root;
    struct kai_keys *issuing;
    struct kai_keys *node;
    struct kai_store *store;
    struct kai_chain ch;
    struct kai_charter charter;
    struct kai_roster *roster;
    size_t n_old;
    uint8_t old[OLD_KEYS_MAX][KAI_KEY_BYTES];
    struct kai_admit terms; /* Of the newest. */
    enum kai_err err;
};

static enum kai_err fresh_key(struct recover *x, const char *name, enum kai_key_role role,
                              struct kai_keys **out)
{
    char path[KAI_PATH_BYTES_MAX];

    (void)kai_home_path(x->home, path, "keys/%s.key", name);
    if (access(path, F_OK) == 0) /* Of an attempt that was cut off. */
        return kai_keyfile_load(&kai_keyport_posix, path, role, NULL, out, NULL, x->why);
    enum kai_err err = kai_keys_new(out, role);
    return err == KAI_OK ? kai_keyfile_save(&kai_keyport_posix, path, *out, NULL, x->why) : err;
}

static enum kai_err load_keys(struct recover *x, const char *passphrase)
{
    char path[KAI_PATH_BYTES_MAX];
    uint8_t org_id[KAI_ID_BYTES];
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, kai_home_path(x->home, path, "keys/org-root.key"),
                         KAI_KEY_ORG_ROOT, passphrase, &x->root, NULL, x->why);

    if (err != KAI_OK)
        return err;
    kai_hash(org_id, KAI_D_ORG, x->root->sign_pk, KAI_KEY_BYTES);
    if (memcmp(org_id, x->out->was.org_id, KAI_ID_BYTES) != 0)
        return kai_why_set(x->why, KAI_EMALFORMED, "recover.other-root", path, x->out->was.org,
                           NULL);
    err = fresh_key(x, "issuing", KAI_KEY_ISSUING, &x->issuing);
    return err == KAI_OK ? fresh_key(x, "node", KAI_KEY_NODE, &x->node) : err;
}

static enum kai_err load_set(struct recover *x)
{
    struct kai_snap *s = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(x->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, "charter", &v);
    if (err == KAI_OK)
        err = kai_charter_parse(&x->charter, v);
    if (err == KAI_OK)
        err = kai_ctl_new(&x->ch.ctl, &x->charter);
    if (err == KAI_OK)
        kai_ctl_own(x->ch.ctl, x->node->sign_pk);
    if (err == KAI_OK)
        err = kai_core_control(x->ch.ctl, s);
    kai_snap_end(s);
    if (err == KAI_OK)
        err = kai_roster_build(&x->roster, x->ch.ctl);
    x->ch.nid = x->charter.nid;
    return err;
}

/* Each issuing key that the root ever admitted. */
static bool find_old(void *ctx, const struct kai_entry *e)
{
    struct recover *x = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) != KAI_OK || type != KAI_REC_ADMIT ||
        kai_admit_parse(&a, body) != KAI_OK || a.kind != KAI_ADMIT_ISSUING)
        return true;
    if (x->n_old == OLD_KEYS_MAX) {
        x->err = KAI_ELIMIT;
        return false;
    }
    memcpy(x->old[x->n_old++], a.sign_pk, KAI_KEY_BYTES);
    x->terms = a;
    return true;
}

/* What the backup knows stands; whoever found the disk adds nothing. */
static enum kai_err revoke_issuing(struct recover *x, const struct kai_issuing *k)
{
    struct kai_revoke rec = {.reason = KAI_REVOKE_LOST, .of = 1, .n_cuts = 1};
    struct kai_buf body;
    enum kai_err err = kai_cut_now(&rec.cuts[0], x->ch.ctl, k->pk);

    memcpy(rec.target, k->cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &rec);
    if (err == KAI_OK || err == KAI_ENOTFOUND)
        err = body.err;
    if (err == KAI_OK)
        err = kai_chain_add(&x->ch, x->root, KAI_REC_REVOKE, kai_buf_view(&body));
    kai_buf_free(&body);
    return err;
}

/* Each that still counts: one that was stolen keeps the cut that it has. */
static enum kai_err revoke_old(struct recover *x)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < x->n_old; i++) {
        const struct kai_issuing *k = kai_roster_issuing(x->roster, x->old[i]);

        if (k == NULL || !k->active)
            continue;
        err = revoke_issuing(x, k);
        x->out->revoked += err == KAI_OK;
    }
    return err;
}

static enum kai_err sign(struct recover *x, const char *name)
{
    struct kai_grant g = kai_grant_of(&x->terms);
    enum kai_err err = kai_chain_own(&x->ch, x->root, x->issuing, x->node, x->terms.name, name, &g);

    return err == KAI_OK ? revoke_old(x) : err;
}

static enum kai_err make(struct recover *x, const char *name)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_store_options opt = {.must_exist = true};
    enum kai_err err =
        kai_store_open(&x->store, kai_home_path(x->home, path, "store"), &opt, x->why);

    if (err == KAI_OK)
        err = load_set(x);
    if (err == KAI_OK)
        kai_ctl_each(x->ch.ctl, x->root->sign_pk, 1, UINT64_MAX, find_old, x);
    if (err == KAI_OK)
        err = x->err;
    if (err == KAI_OK && x->n_old == 0)
        err = kai_why_set(x->why, KAI_EMALFORMED, "recover.other-root", x->home->dir,
                          x->out->was.org, NULL);
    uint8_t node_id[KAI_ID_BYTES];
    kai_hash(node_id, KAI_D_NODE, x->node->sign_pk, KAI_KEY_BYTES);
    bool done = err == KAI_OK && kai_roster_node(x->roster, node_id) != NULL;
    if (err == KAI_OK && !done)
        err = kai_tx_begin(x->store, &x->ch.tx);
    if (err == KAI_OK && !done)
        err = sign(x, name != NULL ? name : x->out->was.node);
    if (err == KAI_OK && !done) {
        err = kai_tx_commit(x->ch.tx);
        x->ch.tx = NULL;
    }
    kai_tx_abort(x->ch.tx);
    kai_store_close(x->store); /* Without the mark of a clean stop: it is a copy. */
    return err;
}

enum kai_err kai_recover_done(const struct kai_home *home, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];

    return kai_file_write(kai_home_path(home, path, "joined"), "", 0, 0644, why);
}

enum kai_err kai_recover_check(const struct kai_home *home, struct kai_why *why)
{
    struct kai_backup_info was;
    enum kai_err err = kai_restored_info(home, &was);

    return err == KAI_ENOTFOUND
               ? kai_why_set(why, err, "recover.not-restored", home->dir, NULL, NULL)
               : err;
}

enum kai_err kai_recover(const struct kai_home *home, const char *name, const char *passphrase,
                         struct kai_recovered *out, struct kai_why *why)
{
    struct recover *x = calloc(1, sizeof *x);

    *out = (struct kai_recovered){0};
    if (x == NULL)
        return KAI_ENOMEM;
    *x = (struct recover){.home = home, .out = out, .why = why};
    enum kai_err err = kai_recover_check(home, why);
    if (err == KAI_OK)
        err = kai_restored_info(home, &out->was);
    if (err == KAI_OK)
        err = load_keys(x, passphrase);
    if (err == KAI_OK)
        err = make(x, name);
    if (err != KAI_OK && why != NULL && why->code == NULL)
        (void)kai_why_set(why, err, "backup.restore", home->dir, kai_err_text(err), NULL);
    kai_roster_unref(x->roster);
    kai_ctl_free(x->ch.ctl);
    kai_keys_free(x->root);
    kai_keys_free(x->issuing);
    kai_keys_free(x->node);
    free(x);
    return err;
}
