/* endpoint: where a node listens or is dialled, as text and as fields. */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SCHEME "tcp://"

static bool port_parse(uint16_t *port, const char *text)
{
    uint32_t v = 0;
    size_t n = 0;

    for (; text[n] != '\0'; n++) {
        if (n == 5 || text[n] < '0' || text[n] > '9')
            return false;
        v = v * 10u + (uint32_t)(text[n] - '0');
    }
    if (n == 0 || v > 65535u || (n > 1 && text[0] == '0'))
        return false;
    *port = (uint16_t)v;
    return true;
}

static bool name_ok(const char *host)
{
    size_t n = strlen(host);
    bool letter = false;

    if (n == 0 || n > 253 || host[0] == '-' || host[0] == '.')
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = host[i];
        bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        letter = letter || alpha;
        if (!alpha && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
            return false;
    }
    return letter; /* Digits and dots alone are a wrong address, not a name. */
}

static bool host_classify(struct kai_endpoint *e, bool bracketed)
{
    uint8_t addr[16];

    if (bracketed) {
        e->numeric = inet_pton(AF_INET6, e->host, addr) == 1;
        e->ipv6 = e->numeric;
        return e->numeric;
    }
    e->numeric = inet_pton(AF_INET, e->host, addr) == 1;
    return e->numeric || strcmp(e->host, "*") == 0 || name_ok(e->host);
}

bool kai_endpoint_parse(struct kai_endpoint *e, const char *text)
{
    const char *host, *end;
    size_t n;
    bool bracketed;

    memset(e, 0, sizeof *e);
    if (text == NULL || strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return false;
    host = text + strlen(SCHEME);
    bracketed = *host == '[';
    if (bracketed)
        host++;
    end = strchr(host, bracketed ? ']' : ':');
    if (end == NULL)
        return false;
    n = (size_t)(end - host);
    if (n == 0 || n >= sizeof e->host)
        return false;
    memcpy(e->host, host, n);
    e->host[n] = '\0';
    if (bracketed)
        end++;
    return *end == ':' && port_parse(&e->port, end + 1) && host_classify(e, bracketed);
}

const char *kai_endpoint_text(char out[static KAI_ENDPOINT_CAP], const struct kai_endpoint *e)
{
    const char *open = e->ipv6 ? "[" : "", *close = e->ipv6 ? "]" : "";

    if (e->port == 0)
        (void)snprintf(out, KAI_ENDPOINT_CAP, SCHEME "%s%s%s:*", open, e->host, close);
    else
        (void)snprintf(out, KAI_ENDPOINT_CAP, SCHEME "%s%s%s:%u", open, e->host, close,
                       (unsigned int)e->port);
    return out;
}

static bool any_address(const struct kai_endpoint *e)
{
    static const uint8_t zeros[16];
    uint8_t addr[16] = {0};

    if (strcmp(e->host, "*") == 0)
        return true;
    if (!e->numeric || inet_pton(e->ipv6 ? AF_INET6 : AF_INET, e->host, addr) != 1)
        return false;
    return memcmp(addr, zeros, e->ipv6 ? 16 : 4) == 0;
}

bool kai_endpoint_dialable(const struct kai_endpoint *e)
{
    return e->port != 0 && !any_address(e);
}

void kai_endpoint_to_self(struct kai_endpoint *e)
{
    if (!any_address(e))
        return;
    (void)snprintf(e->host, sizeof e->host, "%s", e->ipv6 ? "::1" : "127.0.0.1");
    e->numeric = true;
}
