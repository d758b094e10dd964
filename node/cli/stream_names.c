/* stream_names: addresses of servers, and names of streams and subjects. */
#include <string.h>

#include "node/cli/stream_cluster.h"

bool kai_cluster_name_ok(const char *name, bool dots)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t max = dots ? KAI_CLUSTER_SUBJECT_MAX : KAI_CLUSTER_NAME_MAX;
    size_t n = 0;

    if (strlen(name) > max)
        return false;
    for (;;) {
        size_t part = strspn(name + n, plain);

        n += part;
        if (part == 0)
            return false;
        if (name[n] == '\0')
            return true;
        if (!dots || name[n++] != '.')
            return false;
    }
}

static bool is_loopback(const char *host, size_t n)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && memcmp(names[i], host, n) == 0)
            return true;
    return false;
}

bool kai_cluster_url_ok(const char *url)
{
    bool tls = strncmp(url, "tls://", 6) == 0;
    const char *host;
    size_t n;

    if (!tls && strncmp(url, "nats://", 7) != 0)
        return false;
    host = url + (tls ? 6 : 7);
    n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (n == 0 || strlen(host) > 260 || host[n] != ':' || strpbrk(host, "@/?# ") != NULL)
        return false;
    size_t digits = strspn(host + n + 1, "0123456789");
    return digits > 0 && digits <= 5 && host[n + 1 + digits] == '\0' &&
           (tls || is_loopback(host, n));
}
