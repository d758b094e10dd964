/* test_readers: who has which place: users, groups and tokens, as kept and as found. */
#include "rig.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "node/api_listen.h"
#include "node/audiences.h"
#include "node/call.h"
#include "node/places.h"

/* ---- The table. */
static void fill(struct kai_places *p)
{
    static const char *const names[] = {"bob", "@analysts", "alice", "uid:1001"};

    memset(p, 0, sizeof *p);
    for (uint8_t i = 0; i < 4; i++) {
        struct kai_user_place u = {.clearance = (uint8_t)(i + 1), .role = (uint8_t)(i % 3 + 1)};
        struct kai_token t = {.clearance = (uint8_t)(i + 1), .role = 1, .added_ms = i};

        kai_copy_text(u.name, sizeof u.name, names[i]);
        kai_copy_text(t.name, sizeof t.name, names[i]);
        memset(t.hash, i, sizeof t.hash);
        t.not_after_ms = i == 3 ? 1000 : 0;
        MUST(kai_places_set_user(p, &u));
        MUST(kai_places_add_token(p, &t));
    }
}

static void the_table_is_kept_in_order(void **state)
{
    static struct kai_places p;
    struct kai_user_place again = {.name = "bob", .clearance = 5, .role = 3};
    struct kai_token token = {.name = "bob"};
    static const char *const order[] = {"@analysts", "alice", "bob", "uid:1001"};

    (void)state;
    fill(&p);
    MUST(kai_places_set_user(&p, &again)); /* A change, not one more. */
    assert_int_equal(kai_places_add_token(&p, &token), KAI_EEXIST);
    assert_int_equal(p.n_users, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(p.users[i].name, order[i]);
        assert_string_equal(p.tokens[i].name, order[i]);
    }
    assert_int_equal(p.users[2].role, 3);
    assert_int_equal(kai_places_remove_user(&p, "carol"), KAI_ENOTFOUND);
    assert_int_equal(kai_places_remove_token(&p, "carol"), KAI_ENOTFOUND);
    MUST(kai_places_remove_user(&p, "alice"));
    MUST(kai_places_remove_token(&p, "uid:1001"));
    assert_int_equal(p.n_users, 3);
    assert_string_equal(p.users[1].name, "bob");
    assert_int_equal(p.n_tokens, 3);
}

static void a_full_table_fits_its_value(void **state)
{
    static struct kai_places p;
    static struct kai_places back;
    struct kai_buf b;
    struct kai_user_place u = {.clearance = 5, .role = 3};
    struct kai_token t = {
        .clearance = 5, .role = 3, .added_ms = 1u << 31, .not_after_ms = 1u << 31};

    (void)state;
    for (unsigned i = 0; i < KAI_USERS_MAX; i++) {
        (void)snprintf(u.name, sizeof u.name, "%064u", i);
        MUST(kai_places_set_user(&p, &u));
    }
    for (unsigned i = 0; i < KAI_TOKENS_MAX; i++) {
        (void)snprintf(t.name, sizeof t.name, "%064u", i);
        MUST(kai_places_add_token(&p, &t));
    }
    kai_copy_text(u.name, sizeof u.name, "one too many");
    kai_copy_text(t.name, sizeof t.name, "one too many");
    assert_int_equal(kai_places_set_user(&p, &u), KAI_ELIMIT);
    assert_int_equal(kai_places_add_token(&p, &t), KAI_ELIMIT);
    kai_buf_init(&b, KAI_STORE_VALUE_BYTES_MAX);
    kai_places_write(&b, &p);
    MUST(b.err);
    MUST(kai_places_read(&back, kai_buf_view(&b)));
    assert_memory_equal(&p, &back, sizeof p);
    kai_buf_free(&b);
}

/* What is not exactly as we write it is nobody's place. */
static void damaged_bytes_give_nobody_a_place(void **state)
{
    static struct kai_places p;
    static struct kai_places back;
    static const struct kai_places none;
    struct kai_buf b;
    struct kai_buf again;
    size_t refused = 0;

    (void)state;
    fill(&p);
    kai_buf_init(&b, KAI_STORE_VALUE_BYTES_MAX);
    kai_buf_init(&again, KAI_STORE_VALUE_BYTES_MAX);
    kai_places_write(&b, &p);
    for (size_t n = 0; n < b.len; n++) {
        assert_int_equal(kai_places_read(&back, kai_view_of(b.p, n)), KAI_EMALFORMED);
        assert_memory_equal(&back, &none, sizeof none);
    }
    for (size_t i = 0; i < 8 * b.len; i++) {
        b.p[i / 8] = (uint8_t)(b.p[i / 8] ^ 1u << i % 8);
        if (kai_places_read(&back, kai_buf_view(&b)) == KAI_OK) {
            kai_buf_clear(&again);
            kai_places_write(&again, &back);
            assert_int_equal(again.len, b.len);
            assert_memory_equal(again.p, b.p, b.len);
        } else {
            refused++;
            assert_memory_equal(&back, &none, sizeof none);
        }
        b.p[i / 8] = (uint8_t)(b.p[i / 8] ^ 1u << i % 8);
    }
    assert_true(refused > 100);
    kai_buf_free(&b);
    kai_buf_free(&again);
}

/* ---- Tokens. */
static void made(struct rig *r, json_t *args, char token[static 64])
{
    struct kai_who admin;
    int http;

    kai_who_home(&admin);
    json_t *o = rig_ask(r, &admin, "token-add", args, &http);
    assert_int_equal(http, 200);
    kai_copy_text(token, 64, json_string_value(json_object_get(o, "token")));
    assert_int_equal(strlen(token), 52);
    json_decref(o);
}

static void a_token_opens_its_place_until_it_is_revoked(void **state)
{
    struct rig *r = *state;
    struct kai_who admin;
    struct kai_who w;
    char token[64];
    char other[64];
    int http;

    kai_who_home(&admin);
    made(r, json_pack("{s:s,s:s,s:s}", "name", "a", "clearance", "amber", "role", "reader"), token);
    made(r, json_pack("{s:s,s:s,s:s}", "name", "b", "clearance", "red", "role", "analyst"), other);
    MUST(kai_who_of_token(&w, r->core, token, &r->why));
    assert_int_equal(w.clearance, KAI_TLP_AMBER);
    assert_int_equal(w.role, KAI_ROLE_READER);
    assert_string_equal(w.name, "a");
    rig_again(r, false); /* Kept. */
    MUST(kai_who_of_token(&w, r->core, other, &r->why));
    assert_int_equal(w.role, KAI_ROLE_ANALYST);
    MUST(kai_who_of_token(&w, r->core, token, &r->why));
    MUST(kai_who_still(&w, r->core, &r->why));
    json_decref(rig_ask(r, &admin, "token-revoke", json_pack("{s:s}", "name", "a"), &http));
    assert_int_equal(http, 200);
    assert_int_equal(kai_who_of_token(&w, r->core, token, &r->why), KAI_EDENIED);
    assert_string_equal(r->why.code, "token.wrong");
    made(r, json_pack("{s:s,s:s,s:s}", "name", "a", "clearance", "amber", "role", "reader"), other);
    assert_int_equal(kai_who_of_token(&w, r->core, token, &r->why), KAI_EDENIED); /* Another one. */
}

static void what_began_ends_when_the_place_is_taken_away(void **state)
{
    struct rig *r = *state;
    struct kai_who admin;
    struct kai_who w;
    char token[64];
    int http;

    kai_who_home(&admin);
    made(r, json_pack("{s:s,s:s,s:s}", "name", "a", "clearance", "amber", "role", "reader"), token);
    MUST(kai_who_of_token(&w, r->core, token, &r->why));
    MUST(kai_who_still(&w, r->core, &r->why));
    json_decref(rig_ask(r, &admin, "token-revoke", json_pack("{s:s}", "name", "a"), &http));
    assert_int_equal(kai_who_still(&w, r->core, &r->why), KAI_EDENIED);
    assert_string_equal(r->why.code, "reader.changed");
}

static void wrong_tokens(void **state)
{
    struct rig *r = *state;
    struct kai_who w;
    char token[64];
    unsigned denied = 0;

    made(r,
         json_pack("{s:s,s:s,s:s,s:s}", "name", "a", "clearance", "amber", "role", "reader",
                   "expires", "2001-01-01"),
         token);
    assert_int_equal(kai_who_of_token(&w, r->core, NULL, &r->why), KAI_EDENIED);
    assert_string_equal(r->why.code, "token.missing");
    assert_int_equal(kai_who_of_token(&w, r->core, token, &r->why), KAI_EDENIED); /* Expired. */
    made(r, json_pack("{s:s,s:s,s:s}", "name", "b", "clearance", "amber", "role", "reader"), token);
    for (size_t i = 0; i < strlen(token); i++) { /* One digit is another. */
        char was = token[i];
        enum kai_err err;

        token[i] = was == 'a' ? 'q' : 'a';
        err = kai_who_of_token(&w, r->core, token, &r->why);
        assert_true(err == KAI_EDENIED || err == KAI_EAGAIN);
        denied += err == KAI_EDENIED;
        token[i] = was;
    }
    assert_true(denied <= KAI_WRONG_TOKENS_MINUTE_MAX);
    assert_string_equal(r->core->alarms[0].code, "alarm.tokens");
    MUST(kai_who_of_token(&w, r->core, token, &r->why)); /* Nobody locks others out. */
    assert_int_equal(kai_who_of_token(&w, r->core, "", &r->why), KAI_EAGAIN);
}

/* ---- Roles. */
static void each_verb_takes_its_role(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *verb;
        uint8_t role;
    } rows[] = {
        {"status", KAI_ROLE_READER},      {"peers", KAI_ROLE_READER},
        {"query", KAI_ROLE_READER},       {"get", KAI_ROLE_READER},
        {"explain", KAI_ROLE_READER},     {"org-list", KAI_ROLE_READER},
        {"publish", KAI_ROLE_ANALYST},    {"org-admit", KAI_ROLE_ADMIN},
        {"org-revoke", KAI_ROLE_ADMIN},   {"node-admit", KAI_ROLE_ADMIN},
        {"node-revoke", KAI_ROLE_ADMIN},  {"audience-create", KAI_ROLE_ADMIN},
        {"audience-add", KAI_ROLE_ADMIN}, {"user-set", KAI_ROLE_ADMIN},
        {"user-list", KAI_ROLE_ADMIN},    {"token-add", KAI_ROLE_ADMIN},
        {"token-list", KAI_ROLE_ADMIN},   {"token-revoke", KAI_ROLE_ADMIN},
        {"audit-show", KAI_ROLE_ADMIN},   {"audit-verify", KAI_ROLE_ADMIN},
        {"reindex", KAI_ROLE_ADMIN},      {"carry-pack", KAI_ROLE_ADMIN},
        {"carry-unpack", KAI_ROLE_ADMIN}, {"org-replace", KAI_ROLE_ADMIN},
        {"org-succeed", KAI_ROLE_ADMIN},  {"org-succeed-begin", KAI_ROLE_ADMIN},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (uint8_t role = KAI_ROLE_NONE; role <= KAI_ROLE_ADMIN; role++) {
            struct kai_who who = {.role = role, .clearance = KAI_TLP_RED, .name = "x"};
            struct kai_call call = {.core = r->core, .who = &who};

            if ((kai_call_may(&call, rows[i].verb) == KAI_OK) != (role >= rows[i].role))
                fail_msg("%s by %u", rows[i].verb, role);
            if (role < rows[i].role)
                assert_int_equal(strncmp(call.why.code, "role.", 5), 0);
        }
    }
}

/* ---- Users: each comes over a socket as itself. */
static void visit(const char *path, uid_t uid, gid_t gid)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char byte;

    (void)alarm(20);
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(uid) != 0 ||
        connect(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        _exit(1);
    _exit(read(fd, &byte, 1) == 0 ? 0 : 2); /* Until it was looked at. */
}

static enum kai_err visited_by(struct rig *r, uid_t uid, gid_t gid, struct kai_who *who)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int status;

    (void)snprintf(a.sun_path, sizeof a.sun_path, "%.60s/visit", r->dir);
    assert_int_equal(chmod(r->dir, 0711), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(chmod(a.sun_path, 0666), 0);
    assert_int_equal(listen(fd, 1), 0);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0)
        visit(a.sun_path, uid, gid);
    int in = accept(fd, NULL, NULL);
    assert_int_not_equal(in, -1);
    enum kai_err err = kai_who_of_socket(who, r->core, in, &r->why);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(a.sun_path), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return err;
}

static enum kai_err give(struct rig *r, const char *user, const char *clearance, const char *role)
{
    struct kai_who admin;
    int http;

    kai_who_home(&admin);
    json_decref(rig_ask(
        r, &admin, "user-set",
        json_pack("{s:s,s:s,s:s}", "user", user, "clearance", clearance, "role", role), &http));
    return http == 200 ? KAI_OK : KAI_ENOTFOUND;
}

static void a_user_is_who_the_socket_says(void **state)
{
    struct rig *r = *state;
    const struct passwd *nobody = getpwnam("nobody");
    struct kai_who w;
    int http;

    if (geteuid() != 0 || nobody == NULL) {
        skip();
        return;
    }
    uid_t uid = nobody->pw_uid;
    gid_t gid = nobody->pw_gid;
    char group[64];

    (void)snprintf(group, sizeof group, "@%s", getgrgid(gid)->gr_name);
    MUST(visited_by(r, 0, 0, &w));
    assert_int_equal(w.role, KAI_ROLE_ADMIN);
    assert_int_equal(w.clearance, KAI_TLP_RED);
    assert_int_equal(visited_by(r, uid, gid, &w), KAI_EDENIED);
    assert_string_equal(r->why.code, "reader.unknown");
    assert_string_equal(r->why.arg[0], "nobody");
    MUST(give(r, "nobody", "green", "analyst"));
    MUST(visited_by(r, uid, gid, &w));
    assert_int_equal(w.clearance, KAI_TLP_GREEN);
    assert_int_equal(w.role, KAI_ROLE_ANALYST);
    assert_string_equal(w.name, "nobody");
    MUST(give(r, group, "amber", "reader")); /* One place, not the best of two. */
    MUST(visited_by(r, uid, gid, &w));
    assert_int_equal(w.clearance, KAI_TLP_AMBER);
    assert_int_equal(w.role, KAI_ROLE_READER);
    MUST(give(r, group, "green", "reader"));
    MUST(visited_by(r, uid, gid, &w));
    assert_int_equal(w.role, KAI_ROLE_ANALYST);
    assert_int_equal(visited_by(r, 60123, 60123, &w), KAI_EDENIED); /* Without a name. */
    assert_string_equal(r->why.arg[0], "uid:60123");
    MUST(give(r, "uid:60123", "clear", "reader"));
    MUST(visited_by(r, 60123, 60123, &w));
    assert_int_equal(w.clearance, KAI_TLP_CLEAR);
    MUST(kai_who_still(&w, r->core, &r->why));
    struct kai_who admin;
    kai_who_home(&admin);
    json_decref(rig_ask(r, &admin, "user-remove", json_pack("{s:s}", "user", "uid:60123"), &http));
    assert_int_equal(kai_who_still(&w, r->core, &r->why), KAI_EDENIED);
}

static void a_place_is_for_somebody_who_is_there(void **state)
{
    struct rig *r = *state;

    assert_int_equal(give(r, "no-such-user", "green", "reader"), KAI_ENOTFOUND);
    assert_string_equal(r->why.code, "user.unknown");
    assert_int_equal(give(r, "@no-such-group", "green", "reader"), KAI_ENOTFOUND);
    assert_int_equal(give(r, "uid:12x", "green", "reader"), KAI_ENOTFOUND);
    assert_int_equal(give(r, "root", "green", "reader"), KAI_ENOTFOUND);
    assert_string_equal(r->why.code, "user.always-admin");
    assert_int_equal(give(r, "nobody", "purple", "reader"), KAI_ENOTFOUND);
    assert_string_equal(r->why.code, "usage.label");
    assert_int_equal(give(r, "nobody", "green", "king"), KAI_ENOTFOUND);
    assert_string_equal(r->why.code, "usage.role");
}

/* A user's number alone makes no admin. */
static void nobody_is_an_admin_by_itself(void **state)
{
    struct rig *r = *state;
    struct kai_who w = {.kind = KAI_WHO_USER,
                        .uid = geteuid() + 60123,
                        .role = KAI_ROLE_READER,
                        .clearance = KAI_TLP_CLEAR};

    assert_int_equal(kai_who_still(&w, r->core, &r->why), KAI_EDENIED);
}

/* ---- What a reader is shown of the node itself. */
static void what_is_for_red_does_not_exist(void **state)
{
    struct rig *r = *state;
    struct kai_aud_spec s = {.name = "incident", .kind = KAI_AUD_PERSONS};
    static const struct {
        uint8_t clearance;
        bool shown;
    } rows[] = {{KAI_TLP_CLEAR, false}, {KAI_TLP_AMBER_STRICT, false}, {KAI_TLP_RED, true}};
    uint8_t id[KAI_ID_BYTES];
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    int http;

    MUST(kai_audience_create(r->core, &s, id, &r->why));
    kai_core_alarm(r->core, "alarm.test", "incident");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_who w = {.role = KAI_ROLE_ADMIN, .clearance = rows[i].clearance, .name = "x"};
        const char *names[] = {"incident", kai_hex(hex, id, KAI_ID_BYTES)};

        for (size_t k = 0; k < 2; k++) {
            json_decref(
                rig_ask(r, &w, "audience-show", json_pack("{s:s}", "audience", names[k]), &http));
            assert_int_equal(http, rows[i].shown ? 200 : 404);
        }
        for (unsigned all = 0; all < 2; all++) {
            struct kai_call call = {
                .core = r->core, .who = &w, .args = json_pack("{s:b}", "all", all)};

            assert_int_equal(kai_call_run(&call, "audience-list"), 200);
            kai_buf_u8(&call.out, 0);
            assert_non_null(strstr((const char *)call.out.p, "\"all\""));
            if (all)
                assert_int_equal(strstr((const char *)call.out.p, "incident") != NULL,
                                 rows[i].shown);
            kai_call_free(&call);
        }
        json_t *o = rig_ask(r, &w, "status", NULL, &http);
        assert_int_equal(json_array_size(json_object_get(o, "alarms")), rows[i].shown);
        assert_int_equal(json_is_integer(json_object_get(o, "entries")), rows[i].shown);
        assert_int_equal(json_is_integer(json_object_get(o, "index_lag_ms")), rows[i].shown);
        json_decref(o);
    }
}

static size_t alarms_shown(struct rig *r, uint8_t clearance)
{
    struct kai_who w = {.role = KAI_ROLE_READER, .clearance = clearance, .name = "x"};
    int http;
    json_t *o = rig_ask(r, &w, "status", NULL, &http);
    size_t n = json_array_size(json_object_get(o, "alarms"));

    json_decref(o);
    return n;
}

/* One that is told alone, of what it is about: who is shown it. */
static void told_from(struct rig *r, const char *code, const char *about, uint8_t least)
{
    kai_core_alarm(r->core, code, about);
    for (uint8_t clearance = KAI_TLP_CLEAR; clearance <= KAI_TLP_RED; clearance++)
        assert_int_equal(alarms_shown(r, clearance), clearance >= least);
    kai_core_alarm_clear(r->core, code, about);
    assert_int_equal(alarms_shown(r, KAI_TLP_RED), 0);
}

static void an_alarm_tells_of_nothing_hidden(void **state)
{
    struct rig *r = *state;
    char name[KAI_TEXT_BYTES_MAX + 1]; /* As long as they can be. */
    struct kai_aud_spec red = {.name = name, .kind = KAI_AUD_PERSONS};
    struct kai_aud_spec amber = {
        .name = "circle", .kind = KAI_AUD_GROUP, .label_max = KAI_TLP_AMBER};
    uint8_t id[KAI_ID_BYTES];
    char hex[KAI_HEX_CAP(8)];

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    MUST(kai_audience_create(r->core, &red, id, &r->why));
    told_from(r, "alarm.test", name, KAI_TLP_RED);
    told_from(r, "alarm.test", kai_hex(hex, id, 8), KAI_TLP_RED); /* Its name has not come. */
    MUST(kai_audience_create(r->core, &amber, id, &r->why));
    told_from(r, "alarm.test", "circle", KAI_TLP_CLEAR);
    told_from(r, "audience.held", "circle", KAI_TLP_AMBER); /* That there is something. */
    told_from(r, "audience.held-forbidden", kai_hex(hex, id, 8), KAI_TLP_AMBER);
    told_from(r, "audience.held", "0123456789abcdef", KAI_TLP_RED); /* A mailbox. */
    told_from(r, "alarm.test", "", KAI_TLP_CLEAR);
}

/* ---- Doors. */
static void only_this_machine(void **state)
{
    static const struct {
        const char *host;
        bool ok;
    } hosts[] = {
        {"127.0.0.1", true},
        {"127.0.0.1:8080", true},
        {"localhost", true},
        {"LocalHost:1", true},
        {"[::1]:443", true},
        {"[::1]", true},
        {"evil.example", false},
        {"", false},
        {NULL, false},
        {"localhost.example", false},
        {"127.0.0.1.example:80", false},
        {"127.0.0.1:80@evil.example", false},
        {"localhost:80/evil", false},
        {"[::2]", false},
        {"0.0.0.0", false},
        {"192.0.2.1", false},
        {" localhost", false},
    };
    static const struct {
        const char *endpoint;
        bool ok;
    } endpoints[] = {
        {"tcp://127.0.0.1:0", true},
        {"tcp://[::1]:8080", true},
        {"tcp://localhost:1", true},
        {"tcp://0.0.0.0:0", false},
        {"tcp://192.0.2.1:80", false},
        {"tcp://[::]:80", false},
        {"tcp://host.example:1", false},
        {"tcp://127.0.0.1.example:1", false},
        {"tcp://*:1", false},
        {"tcp://127.0.0.2:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (kai_api_host_ok(hosts[i].host) != hosts[i].ok)
            fail_msg("host %s", hosts[i].host);
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct kai_config cfg = {0};
        struct kai_why why = {0};

        if (kai_api_loopback(endpoints[i].endpoint) != endpoints[i].ok)
            fail_msg("endpoint %s", endpoints[i].endpoint);
        if ((kai_config_set(&cfg, "api", endpoints[i].endpoint, &why) == KAI_OK) != endpoints[i].ok)
            fail_msg("api = %s", endpoints[i].endpoint);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_kept_in_order),
        cmocka_unit_test(a_full_table_fits_its_value),
        cmocka_unit_test(damaged_bytes_give_nobody_a_place),
        T(a_token_opens_its_place_until_it_is_revoked),
        T(what_began_ends_when_the_place_is_taken_away),
        T(wrong_tokens),
        T(each_verb_takes_its_role),
        T(a_user_is_who_the_socket_says),
        T(a_place_is_for_somebody_who_is_there),
        T(nobody_is_an_admin_by_itself),
        T(what_is_for_red_does_not_exist),
        T(an_alarm_tells_of_nothing_hidden),
        cmocka_unit_test(only_this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
