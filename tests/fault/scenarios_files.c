/* scenarios_files: key files, the home, other files that are written whole, and ceremonies. */
#include <string.h>

#include "crypto/hash.h"
#include "keys/ceremony.h"
#include "node/audiences.h"
#include "node/found.h"
#include "node/person_key.h"
#include "sweep.h"

static const char passphrase[] = "long enough to be one";

static char *path_in(const struct stage *x, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", x->dir, name);
    return path;
}

static void hash_file(uint8_t out[static KAI_ID_BYTES], const char *path)
{
    static char bytes[2u << 20];
    size_t n;
    enum kai_err err = kai_file_read(path, bytes, sizeof bytes, &n);

    CHECK(err == KAI_OK || err == KAI_ENOTFOUND);
    kai_hash(out, "test", bytes, err == KAI_OK ? n : 0);
}

/* ---- Key files. */
static struct kai_keys *fresh;

static void begin_key(struct stage *x)
{
    (void)x;
    GOOD(kai_keys_new(&fresh, KAI_KEY_NODE));
}

static enum kai_err act_save(struct stage *x)
{
    return kai_keyfile_save(&kai_keyport_posix, path_in(x, "node.key"), fresh, NULL, &x->why);
}

static enum kai_err act_save_sealed(struct stage *x)
{
    return kai_keyfile_save(&kai_keyport_posix, path_in(x, "node.key"), fresh, passphrase, &x->why);
}

static void base_key(struct stage *x)
{
    begin_key(x);
    GOOD(act_save(x));
}

static enum kai_err act_load(struct stage *x)
{
    struct kai_keys *k;
    enum kai_err err = kai_keyfile_load(&kai_keyport_posix, path_in(x, "node.key"), KAI_KEY_NODE,
                                        NULL, &k, NULL, &x->why);

    if (err == KAI_OK)
        kai_keys_free(k);
    return err;
}

/* A key that is there is whole; one that is not can be made. */
static void look_key_with(struct stage *x, uint8_t out[static KAI_ID_BYTES], const char *pass)
{
    struct kai_keys *k;
    enum kai_err err = kai_keyfile_load(&kai_keyport_posix, path_in(x, "node.key"), KAI_KEY_NODE,
                                        pass, &k, NULL, &x->why);

    memset(out, err == KAI_OK, KAI_ID_BYTES);
    if (err == KAI_OK)
        return;
    CHECK(err == KAI_ENOTFOUND);
    begin_key(x);
    GOOD(act_save(x));
    GOOD(act_load(x));
}

static void look_key(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    look_key_with(x, out, NULL);
}

static void look_sealed(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    look_key_with(x, out, passphrase);
}

/* ---- Files written whole. */
static uint8_t large[600000];

static enum kai_err act_file(struct stage *x)
{
    return kai_file_write(path_in(x, "file"), "new words\n", 10, 0600, &x->why);
}

static enum kai_err act_large_file(struct stage *x)
{
    memset(large, 7, sizeof large);
    return kai_file_write(path_in(x, "file"), large, sizeof large, 0600, &x->why);
}

static void base_file(struct stage *x)
{
    GOOD(kai_file_write(path_in(x, "file"), "old\n", 4, 0600, &x->why));
}

static enum kai_err act_read_file(struct stage *x)
{
    char bytes[64];
    size_t n;

    return kai_file_read(path_in(x, "file"), bytes, sizeof bytes, &n);
}

static void look_file(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    hash_file(out, path_in(x, "file"));
    GOOD(act_file(x)); /* Nothing that was left behind is in the way. */
}

/* ---- Homes. */
static void begin_home(struct stage *x)
{
    GOOD(kai_home_find(&x->rig.home, path_in(x, "above/home"), &x->why));
}

static enum kai_err act_home(struct stage *x)
{
    return kai_home_make(&x->rig.home, &x->why);
}

static void base_home(struct stage *x)
{
    begin_home(x);
    GOOD(act_home(x));
}

static enum kai_err act_home_check(struct stage *x)
{
    return kai_home_check(&x->rig.home, &x->why);
}

static void look_home(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    begin_home(x);
    GOOD(act_home(x)); /* Again, over what an earlier attempt left. */
    GOOD(act_home_check(x));
    memset(out, 0, KAI_ID_BYTES);
}

/* ---- Ceremonies. */
static enum kai_err act_found(struct stage *x)
{
    struct kai_found f = {.network = "net", .org = "org", .node = "node", .passphrase = passphrase};

    return kai_found_network(&x->rig.home, &f, &x->why);
}

/* A network or none; where there is none, it can be founded. Never a home that is neither. */
static void look_found(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    begin_home(x);
    enum kai_err err = act_found(x);
    CHECK(err == KAI_OK || err == KAI_EEXIST);
    memset(out, err == KAI_EEXIST, KAI_ID_BYTES);
    GOOD(kai_core_open(&x->rig.core, &x->rig.home, &x->why));
    kai_core_close(x->rig.core);
}

static enum kai_err request(struct stage *x, uint64_t kind)
{
    static const uint8_t org_id[KAI_ID_BYTES] = {7};
    struct kai_buf bytes;

    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    enum kai_err err =
        kai_found_request(&x->rig.home, kind, "other", kind == KAI_ADMIT_NODE ? org_id : NULL,
                          passphrase, &bytes, &x->why);
    kai_buf_free(&bytes);
    return err;
}

static enum kai_err act_request_org(struct stage *x)
{
    return request(x, KAI_ADMIT_ORG);
}

static enum kai_err act_request_node(struct stage *x)
{
    return request(x, KAI_ADMIT_NODE);
}

/* Asking again gives the same request, or the first. */
static void look_request(struct stage *x, uint8_t out[static KAI_ID_BYTES], uint64_t kind)
{
    uint8_t again[KAI_ID_BYTES];
    uint8_t first[KAI_ID_BYTES];

    begin_home(x);
    memset(out, access(path_in(x, "above/home/request"), F_OK) == 0, KAI_ID_BYTES);
    GOOD(request(x, kind));
    hash_file(first, path_in(x, "above/home/request"));
    GOOD(request(x, kind));
    hash_file(again, path_in(x, "above/home/request"));
    CHECK(memcmp(first, again, sizeof first) == 0);
}

static void look_request_org(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    look_request(x, out, KAI_ADMIT_ORG);
}

static void look_request_node(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    look_request(x, out, KAI_ADMIT_NODE);
}

static enum kai_err act_person_key(struct stage *x)
{
    struct kai_buf bytes;

    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    enum kai_err err = kai_person_key_request(&x->rig.home, "alice", passphrase, &bytes, &x->why);
    kai_buf_free(&bytes);
    return err;
}

static void look_person_key(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    begin_home(x);
    GOOD(act_person_key(x));
    memset(out, 0, KAI_ID_BYTES);
}

/* ---- Joining: an admission by a home that was founded beside ours. */
static void begin_join(struct stage *x)
{
    static char bytes[1u << 20];
    size_t n;
    struct kai_buf *admission = malloc(sizeof *admission);

    begin_home(x);
    CHECK(admission != NULL);
    GOOD(kai_file_read(path_in(x, "admission"), bytes, sizeof bytes, &n));
    kai_buf_init(admission, KAI_ADMISSION_BYTES_MAX);
    kai_buf_add(admission, bytes, n);
    x->more = admission;
}

static void base_join(struct stage *x)
{
    struct rig sponsor = {0};
    struct kai_who admin;
    char hex[2 * KAI_REQUEST_BYTES_MAX + 1];
    struct kai_buf bytes;
    struct kai_buf admission;
    int http;
    struct kai_found f = {.network = "net", .org = "org", .node = "node", .passphrase = passphrase};

    begin_home(x);
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    GOOD(
        kai_found_request(&x->rig.home, KAI_ADMIT_ORG, "other", NULL, passphrase, &bytes, &x->why));
    for (size_t i = 0; i < bytes.len; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes.p[i]);
    GOOD(kai_home_find(&sponsor.home, path_in(x, "sponsor"), &x->why));
    GOOD(kai_found_network(&sponsor.home, &f, &x->why));
    GOOD(kai_core_open(&sponsor.core, &sponsor.home, &x->why));
    GOOD(kai_audiences_begin(sponsor.core, &x->why));
    kai_who_home(&admin);
    json_t *o = rig_ask(&sponsor, &admin, "org-admit", json_pack("{s:s}", "request", hex), &http);
    const char *text = json_string_value(json_object_get(o, "admission"));
    CHECK(http == 200 && text != NULL);
    kai_buf_init(&admission, KAI_ADMISSION_BYTES_MAX);
    for (const char *p = text; p[0] != '\0'; p += 2) {
        char byte[3] = {p[0], p[1], '\0'};
        kai_buf_u8(&admission, (uint8_t)strtoul(byte, NULL, 16));
    }
    GOOD(kai_file_write(path_in(x, "admission"), admission.p, admission.len, 0600, &x->why));
    json_decref(o);
    kai_core_close(sponsor.core);
}

static enum kai_err act_join(struct stage *x)
{
    struct kai_charter charter;
    struct kai_buf *admission = x->more;

    return kai_found_join(&x->rig.home, KAI_ADMIT_ORG, kai_buf_view(admission), passphrase,
                          &charter, &x->why);
}

/* Joined or not; where not, the same admission is good for another try. */
static void look_join(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    begin_join(x);
    enum kai_err err = kai_core_open(&x->rig.core, &x->rig.home, &x->why);
    memset(out, err == KAI_OK, KAI_ID_BYTES);
    if (err != KAI_OK) {
        GOOD(act_join(x));
        GOOD(kai_core_open(&x->rig.core, &x->rig.home, &x->why));
    }
    kai_core_close(x->rig.core);
}

const struct scenario file_scenarios[] = {
    {"key: save", NULL, begin_key, act_save, NULL, look_key},
    {"key: save under a passphrase", NULL, begin_key, act_save_sealed, NULL, look_sealed},
    {"key: load", base_key, NULL, act_load, NULL, look_key},
    {"file: write", NULL, NULL, act_file, NULL, look_file},
    {"file: replace", base_file, NULL, act_file, NULL, look_file},
    {"file: replace by a large one", base_file, NULL, act_large_file, NULL, look_file},
    {"file: read", base_file, NULL, act_read_file, NULL, look_file},
    {"home: make", NULL, begin_home, act_home, NULL, look_home},
    {"home: make again", base_home, begin_home, act_home, NULL, look_home},
    {"home: check", base_home, begin_home, act_home_check, NULL, look_home},
    {"ceremony: found a network", NULL, begin_home, act_found, NULL, look_found},
    {"ceremony: request of a node", NULL, begin_home, act_request_node, NULL, look_request_node},
    {"ceremony: request of an org", NULL, begin_home, act_request_org, NULL, look_request_org},
    {"ceremony: join", base_join, begin_join, act_join, NULL, look_join},
    {"ceremony: person's key", base_home, begin_home, act_person_key, NULL, look_person_key},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
