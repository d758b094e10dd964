/* tcp: the TCP connection behind a socket of libzmq. */
#include "net/tcp.h"

#include <stddef.h>
#include <string.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define CURVE_MESSAGE_BYTES 33u /* Command name 8, nonce 8, tag 16, flags 1. */

static bool cookie_get(uint64_t *cookie, int fd)
{
    int type = 0;
    socklen_t n = sizeof type;

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_STREAM)
        return false;
    n = sizeof *cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &n) == 0 && n == sizeof *cookie;
}

bool kai_tcp_get(struct kai_tcp *tcp, int fd)
{
    tcp->fd = -1;
    tcp->cookie = 0;
    if (!cookie_get(&tcp->cookie, fd))
        return false;
    tcp->fd = fd;
    return true;
}

bool kai_tcp_same(const struct kai_tcp *tcp)
{
    uint64_t now;

    return tcp->fd >= 0 && cookie_get(&now, tcp->fd) && now == tcp->cookie;
}

void kai_tcp_cut(const struct kai_tcp *tcp)
{
    if (kai_tcp_same(tcp))
        (void)shutdown(tcp->fd, SHUT_RDWR);
}

bool kai_tcp_read_bytes(const struct kai_tcp *tcp, uint64_t *n)
{
    struct tcp_info info;
    socklen_t info_n = sizeof info;
    int unread = 0;

    memset(&info, 0, sizeof info);
    if (!kai_tcp_same(tcp) || getsockopt(tcp->fd, IPPROTO_TCP, TCP_INFO, &info, &info_n) != 0 ||
        info_n < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received ||
        ioctl(tcp->fd, SIOCINQ, &unread) != 0 || unread < 0)
        return false;
    /* What waits in the kernel is bounded by the kernel. */
    *n = (uint64_t)info.tcpi_bytes_received;
    if (*n < (uint64_t)(unsigned int)unread)
        return false;
    *n -= (uint64_t)(unsigned int)unread;
    return true;
}

uint64_t kai_tcp_frame_bytes(uint64_t n)
{
    n += CURVE_MESSAGE_BYTES;
    return n + (n > 255 ? 9u : 2u);
}
