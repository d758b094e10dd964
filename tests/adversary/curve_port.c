/* curve_port: a free port of loopback and the one after it (where newcomers are heard), kept for
 * one home. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adversary/curve.h"

#define TRIES 100u

/* Bound and not listened to: the system hands it to nobody else while the node is down, and the
 * node may listen. 0: any. */
static int bound(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    EVIL_MUST(s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    if (bind(s, (const struct sockaddr *)&at, sizeof at) == 0)
        return s;
    (void)close(s);
    return -1;
}

static unsigned number_of(int s)
{
    struct sockaddr_in at;
    socklen_t n = sizeof at;

    EVIL_MUST(getsockname(s, (struct sockaddr *)&at, &n) == 0);
    return ntohs(at.sin_port);
}

unsigned curve_port_keep(int kept[static 2])
{
    for (unsigned i = 0; i < TRIES; i++) {
        kept[0] = bound(0);
        EVIL_MUST(kept[0] >= 0);
        unsigned port = number_of(kept[0]);
        kept[1] = port < UINT16_MAX ? bound(port + 1) : -1;
        if (kept[1] >= 0)
            return port;
        (void)close(kept[0]);
    }
    (void)fprintf(stderr, "no two free ports side by side\n");
    abort();
}
