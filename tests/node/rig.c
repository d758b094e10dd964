/* rig: one home in a temporary folder, opened without a loop. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/start.h"
#include "node/audiences.h"
#include "node/found.h"
#include "node/publish.h"
#include "query/index_priv.h"

int rig_start(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct kai_found f = {
        .network = "net", .org = "org", .node = "node", .passphrase = "long enough to be one"};

    assert_non_null(r);
    MUST(kai_crypto_start());
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/kai-node-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    MUST(kai_home_find(&r->home, r->dir, &r->why));
    MUST(kai_found_network(&r->home, &f, &r->why));
    MUST(kai_core_open(&r->core, &r->home, &r->why));
    MUST(kai_audiences_begin(r->core, &r->why));
    MUST(kai_keyring_find(r->core->ring, "all", r->all));
    *state = r;
    return 0;
}

int rig_stop(void **state)
{
    struct rig *r = *state;
    char command[96];

    kai_core_close(r->core);
    (void)snprintf(command, sizeof command, "rm -r %s", r->dir);
    assert_int_equal(system(command), 0);
    free(r);
    return 0;
}

void rig_again(struct rig *r, bool killed)
{
    char path[KAI_PATH_BYTES_MAX];

    kai_core_close(r->core);
    if (killed) /* A killed node leaves no mark of a clean stop. */
        assert_int_equal(unlink(kai_home_path(&r->home, path, "store/clean")), 0);
    MUST(kai_core_open(&r->core, &r->home, &r->why));
}

json_t *rig_ask(struct rig *r, const struct kai_who *who, const char *verb, json_t *args, int *http)
{
    static struct kai_config cfg;
    struct kai_call call = {.core = r->core, .cfg = &cfg, .who = who, .args = args};

    *http = kai_call_run(&call, verb);
    json_t *o = json_loadb((const char *)call.out.p, call.out.len, JSON_DISABLE_EOF_CHECK, NULL);
    r->why = call.why;
    kai_call_free(&call);
    return o;
}

void rig_publish(struct rig *r, const char *text)
{
    struct kai_who who;
    struct kai_published done;
    struct kai_publish p = {.who = &who,
                            .file = kai_view_of(text, strlen(text)),
                            .name = "list",
                            .to = "all",
                            .label = {.tlp = KAI_TLP_GREEN}};

    kai_who_home(&who);
    MUST(kai_publish(r->core, &p, &done, &r->why));
    assert_int_equal(done.refused, 0);
}

void rig_damage(struct rig *r, uint64_t row_no)
{
    uint8_t key[8];
    uint8_t garbage = 0xc1; /* No msgpack. */
    struct kai_ix *t = NULL;

    kai_put_u64(key, row_no);
    MUST(kai_ix_begin(r->core->index, &t));
    MUST(kai_ix_put(t, TABLE_ROWS, ix_val(key, sizeof key), ix_val(&garbage, 1), 0));
    MUST(kai_ix_commit(t, kai_ixsnap_position(kai_ix_reads(t))));
}
