/* rpz: a response policy zone: names, all under them, and addresses that answers hold, are answered
 * with NXDOMAIN.
 *
 * Names are relative to the zone, so none ends in a dot; they are A-labels already. A name with the
 * zone's own behind it has to stay within 253 bytes, or the whole zone fails. A name that ends like
 * a trigger (rpz-ip, ...) would be read as one. */
#include <string.h>

#include "export/form.h"
#include "item/ip.h"

#define ZONE_NAME_MAX 30u                         /* Longest name of a zone for which this holds. */
#define NAME_MAX      (253u - ZONE_NAME_MAX - 3u) /* With "*." before it, and a dot behind. */

static enum kai_err begin(struct kai_export *e)
{
    kai_export_open(e, 0, "");
    kai_buf_printf(kai_export_file(e, 0),
                   "$TTL 300\n@ SOA localhost. root.localhost. ( %u 3600 900 604800 300 )\n"
                   "  NS localhost.\n",
                   e->opts.serial);
    return KAI_OK;
}

uint32_t kai_export_serial(struct kai_view head, uint64_t now_ms)
{
    static const char before[] = "root.localhost. ( ";
    uint32_t now = (uint32_t)(now_ms / 1000);
    uint32_t old = 0;
    size_t n = sizeof before - 1;

    for (size_t i = 0; i + n < head.n; i++) {
        if (memcmp(head.p + i, before, n) != 0)
            continue;
        for (i += n; i < head.n && head.p[i] >= '0' && head.p[i] <= '9'; i++)
            old = old * 10 + (uint32_t)(head.p[i] - '0');
        return (int32_t)(now - old) > 0 ? now : old + 1;
    }
    return now;
}

static bool is_trigger(struct kai_view name)
{
    static const char *const triggers[] = {"rpz-ip", "rpz-nsip", "rpz-nsdname", "rpz-client-ip"};
    size_t at = name.n;

    while (at > 0 && name.p[at - 1] != '.')
        at--;
    struct kai_view last = kai_view_of(name.p + at, name.n - at);
    if (last.n < 4 || memcmp(last.p, "rpz-", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++)
        if (kai_view_eq(last, kai_view_of(triggers[i], strlen(triggers[i]))))
            return true;
    return false;
}

static enum kai_export_left add_name(struct kai_export *e, struct kai_view name)
{
    static const char deny[] = " CNAME .\n", below[] = "*.";
    struct kai_buf *b = kai_export_file(e, 0);

    if (name.n > NAME_MAX)
        return KAI_EXPORT_LONG;
    if (is_trigger(name))
        return KAI_EXPORT_SHAPE;
    uint8_t *to = kai_buf_room(b, 2 * (name.n + sizeof deny - 1) + sizeof below - 1);

    if (to == NULL)
        return KAI_EXPORT_TAKEN; /* The failure is the export's. */
    to = kai_export_put(to, name.p, name.n);
    to = kai_export_put(to, deny, sizeof deny - 1);
    to = kai_export_put(to, below, sizeof below - 1);
    to = kai_export_put(to, name.p, name.n);
    (void)kai_export_put(to, deny, sizeof deny - 1);
    return KAI_EXPORT_TAKEN;
}

static void add_ip4(struct kai_buf *b, const struct kai_cidr *ip)
{
    struct kai_cidr turned = {.addr = {ip->addr[3], ip->addr[2], ip->addr[1], ip->addr[0]},
                              .bits = 32};
    static const char deny[] = ".rpz-ip CNAME .\n";
    size_t room = 3 + KAI_IP_TEXT_CAP + sizeof deny - 1;
    uint8_t *begin = kai_buf_room(b, room);
    uint8_t *to = begin;

    if (to == NULL)
        return;
    if (ip->bits >= 10)
        *to++ = (uint8_t)('0' + ip->bits / 10);
    *to++ = (uint8_t)('0' + ip->bits % 10);
    *to++ = '.';
    to += kai_ip4_text((char *)to, &turned);
    to = kai_export_put(to, deny, sizeof deny - 1);
    b->len -= room - (size_t)(to - begin); /* What it did not take. */
}

/* Words from the last to the first; zz stands for the longest run of two zeros or more, of equals
 * for the one that is written first: BIND takes no other form. */
static void add_ip6(struct kai_buf *b, const struct kai_cidr *ip)
{
    unsigned w[8];
    size_t best = 8, best_n = 1;

    for (size_t i = 0; i < 8; i++)
        w[7 - i] = (unsigned)ip->addr[2 * i] << 8 | ip->addr[2 * i + 1];
    for (size_t i = 0; i < 8; i++) {
        size_t n = 0;

        while (i + n < 8 && w[i + n] == 0)
            n++;
        if (n > best_n) {
            best = i;
            best_n = n;
        }
    }
    kai_buf_printf(b, "%u", ip->bits);
    for (size_t i = 0; i < 8; i++) {
        if (i == best) {
            kai_buf_text(b, ".zz");
            i += best_n - 1;
        } else {
            kai_buf_printf(b, ".%x", w[i]);
        }
    }
    kai_buf_text(b, ".rpz-ip CNAME .\n");
}

static bool takes(enum kai_vtype type)
{
    return type == KAI_V_DOMAIN || type == KAI_V_IPV4 || type == KAI_V_IPV6;
}

static enum kai_export_left add(struct kai_export *e, const struct kai_export_record *r)
{
    struct kai_cidr ip;

    if (r->type == KAI_V_DOMAIN)
        return add_name(e, r->value);
    bool ok = r->type == KAI_V_IPV4 ? kai_ip4_parse(&ip, r->value) : kai_ip6_parse(&ip, r->value);
    if (!ok || ip.bits == 0) /* All of the Internet is no address, and BIND takes none such. */
        return KAI_EXPORT_SHAPE;
    if (r->type == KAI_V_IPV4)
        add_ip4(kai_export_file(e, 0), &ip);
    else
        add_ip6(kai_export_file(e, 0), &ip);
    return KAI_EXPORT_TAKEN;
}

const struct export_form kai_export_rpz = {
    .name = "rpz", .use = KAI_EXPORT_BLOCK, .begin = begin, .takes = takes, .add = add};
