/* api_listen: the doors of the local API. */
#include "node/api_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"

#define SCHEME_N   6u /* "tcp://" */
#define BACKLOG    64
#define GROUP_NAME "kairan"

/* The length of a name of this machine at the start of text, which ends there or goes on with a
 * port; 0: it is none. *v6: its address. */
static size_t own_name(const char *text, bool *v6)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);

        *v6 = i == 1;
        if (strncasecmp(text, names[i], n) == 0 && (text[n] == '\0' || text[n] == ':'))
            return n;
    }
    return 0;
}

bool kai_api_loopback(const char *endpoint)
{
    bool v6;

    return KAI_CHECK(API_LOOPBACK, own_name(endpoint + SCHEME_N, &v6) > 0);
}

bool kai_api_host_ok(const char *host)
{
    bool v6;
    size_t n = host == NULL ? 0 : own_name(host, &v6);

    return KAI_CHECK(API_HOST, n > 0 && strspn(host + n, ":0123456789") == strlen(host + n));
}

/* The group `kairan`, where the machine has one, may ask the node; nobody else but its own user and
 * root. What each is shown is another matter: who.h. */
static void share_with_group(const char *path)
{
    char buf[4096];
    struct group g;
    struct group *found = NULL;

    if (getgrnam_r(GROUP_NAME, &g, buf, sizeof buf, &found) != 0 || found == NULL)
        return;
    if (chown(path, (uid_t)-1, found->gr_gid) ==
        0) /* Else not a member of it: the socket stays ours alone. */
        (void)chmod(path, 0660);
}

static int failed(int fd, const char *what, struct kai_why *why)
{
    (void)kai_why_set(why, KAI_EIO, "api.socket", what, strerror(errno), NULL);
    if (fd != -1)
        (void)close(fd);
    return -1;
}

int kai_api_listen_unix(const char *path, struct kai_why *why)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        return failed(fd, path, why);
    memcpy(a.sun_path, path, strlen(path) + 1);
    (void)unlink(path);          /* The store's lock says that no other node is there. */
    mode_t before = umask(0177); /* Not even the group that we happen to have. */
    int rc = bind(fd, (const struct sockaddr *)&a, sizeof a);
    (void)umask(before);
    if (rc != 0 || listen(fd, BACKLOG) != 0)
        return failed(fd, path, why);
    share_with_group(path);
    return fd;
}

/* An address of loopback and no other, whatever a name might resolve to. */
static socklen_t address_of(const char *endpoint, struct sockaddr_storage *a)
{
    struct sockaddr_in *in = (struct sockaddr_in *)a;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)a;
    bool v6 = false;
    size_t n = own_name(endpoint + SCHEME_N, &v6);
    uint16_t port = htons((uint16_t)strtoul(endpoint + SCHEME_N + n + 1, NULL, 10));

    memset(a, 0, sizeof *a);
    if (v6) {
        in6->sin6_family = AF_INET6;
        in6->sin6_addr = in6addr_loopback;
        in6->sin6_port = port;
        return sizeof *in6;
    }
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in->sin_port = port;
    return sizeof *in;
}

int kai_api_listen_tcp(const char *endpoint, char actual[static KAI_ENDPOINT_BYTES_MAX],
                       struct kai_why *why)
{
    struct sockaddr_storage a;
    socklen_t n = address_of(endpoint, &a);
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&a, n) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return failed(fd, endpoint, why);
    unsigned port = ntohs(a.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&a)->sin6_port
                                                  : ((const struct sockaddr_in *)&a)->sin_port);
    (void)snprintf(actual, KAI_ENDPOINT_BYTES_MAX, "tcp://%s:%u",
                   a.ss_family == AF_INET6 ? "[::1]" : "127.0.0.1", port);
    return fd;
}
