/* netfile: reads the description of a network, statement by statement. */
#include "topology/sim/netfile.h"

#include <string.h>

#include "topology/sim/netfile_int.h"

#define CLASS_AT(field) offsetof(struct kai_netfile_class, field)
static const struct netfile_key class_keys[] = {
    {"median", MS, CLASS_AT(median_ms), 1, 10000, "1ms to 10000ms"},
    {"spread", PERCENT, CLASS_AT(spread_10k), 0, 40000, "0% to 400%"},
    {"loss", PERCENT, CLASS_AT(loss_10k), 0, 5000, "0% to 50%"},
    {"bandwidth", KBIT, CLASS_AT(kbit), 1, 100000000, "1kbit to 100000mbit"},
};

#define GROUP_AT(field) offsetof(struct kai_netfile_group, field)
static const struct netfile_key group_keys[] = {
    {"count", NUMBER, GROUP_AT(count), 1, KAI_NETWORK_ORGS_MAX, "1 to 131072"},
    {"fixed", FLAG, GROUP_AT(fixed), 0, 0, NULL},
    {"parent", GROUP, GROUP_AT(parent), 0, 0, NULL},
    {"by", WEIGHTS, 0, 0, 1000000, "one weight of 0 to 1000000 for each parent, as in 3,1,2"},
    {"line", CLASS, GROUP_AT(class), 0, 0, NULL},
    {"dial-out", PERCENT, GROUP_AT(dial_out_10k), 0, 10000, "0% to 100%"},
    {"nodes", RANGE, GROUP_AT(nodes), 1, 8, "1 to 8, or a range as in 1-3"},
    {"relays", NUMBER, GROUP_AT(relays), 0, 4, "0 to 4"},
    {"sectors", RANGE, GROUP_AT(sectors), 0, KAI_NETFILE_SECTORS_MAX,
     "at most as many as the sectors line says, or a range as in 1-2"},
    {"publish", RATE, GROUP_AT(publish_mday), 0, 1000000000, "a rate as in 0.5/day or 2/hour"},
    {"churn", PERCENT, GROUP_AT(churn_10k), 0, 10000, "0% to 100% (of the nodes, an hour)"},
    {"down", SECONDS, GROUP_AT(down_s), 1, 2592000, "1s to 720h"},
};

#define AUD_AT(field) offsetof(struct kai_netfile_aud, field)
static const struct netfile_key aud_keys[] = {
    {"kind", KIND, AUD_AT(kind), 0, 0, "public, community, group, clients, providers or persons"},
    {"members", GROUPS, AUD_AT(groups), 0, 0, "all, or groups as in prefecture,town"},
    {"each", GROUP, AUD_AT(each), 0, 0, NULL},
    {"per-sector", FLAG, AUD_AT(select), 0, 0, NULL},
    {"random", NUMBER, AUD_AT(count), 1, KAI_NETWORK_AUDS_MAX, "1 to 65536"},
    {"size", RANGE, AUD_AT(size), 2, 4096, "2 to 4096, or a range as in 3-60"},
    {"owner", GROUP, AUD_AT(owner), 0, 0, NULL},
    {"stewards", NUMBER, AUD_AT(stewards), 1, KAI_NETWORK_STEWARDS, "1 to 4"},
    {"relays", NUMBER, AUD_AT(relays), 0, KAI_NETWORK_RELAYS, "0 to 4"},
    {"from", GROUP, AUD_AT(from), 0, 0, NULL},
    {"if-few", FLAG, AUD_AT(few), 0, 0, NULL},
    {"fixed", FLAG, AUD_AT(fixed), 0, 0, NULL},
};

static const struct netfile_key *key_of(const struct netfile_key *keys, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* The keys of a line from its third word on, into the struct that they are of. */
static enum kai_err fields(struct netfile_parser *p, const struct netfile_key *keys, size_t n_keys,
                           void *into)
{
    p->seen = 0;
    for (size_t i = 2; i < p->n; i++) {
        const struct netfile_key *k = key_of(keys, n_keys, p->token[i]);
        enum kai_err err;

        if (k == NULL)
            return netfile_refuse(
                p, KAI_EMALFORMED,
                "\"%.40s\" means nothing in a line of %s: see topology/networks/README.md",
                p->token[i], p->token[0]);
        if (p->seen & UINT64_C(1) << (k - keys))
            return netfile_refuse(p, KAI_EMALFORMED, "%s stands twice: leave one out", k->name);
        p->seen |= UINT64_C(1) << (k - keys);
        if (k->type != FLAG && ++i == p->n)
            return netfile_refuse(p, KAI_EMALFORMED, "%s has no value: write %s after it", k->name,
                                  k->form != NULL ? k->form : "a name");
        err = netfile_value(p, k, p->token[i], into);
        if (err != KAI_OK)
            return err;
    }
    return KAI_OK;
}
#define FIELDS(p, keys, into) fields(p, keys, sizeof(keys) / sizeof *(keys), into)

static bool has(const struct netfile_parser *p, const struct netfile_key *keys, size_t n,
                const char *name)
{
    const struct netfile_key *k = key_of(keys, n, name);

    return (p->seen & UINT64_C(1) << (k - keys)) != 0;
}
#define HAS(p, keys, name) has(p, keys, sizeof(keys) / sizeof *(keys), name)

static enum kai_err name_of(const struct netfile_parser *p, char name[KAI_NETFILE_NAME_MAX + 1])
{
    const char *text = p->n > 1 ? p->token[1] : "";
    size_t n = strlen(text);

    if (n == 0 || n > KAI_NETFILE_NAME_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != n || strcmp(text, "all") == 0)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "%s needs a name: 1 to 31 of a-z, 0-9 and -, and not \"all\"",
                              p->token[0]);
    memcpy(name, text, n + 1);
    return KAI_OK;
}

static enum kai_err too_many(const struct netfile_parser *p, unsigned max)
{
    return netfile_refuse(p, KAI_ELIMIT, "more than %u lines of %s: put some together", max,
                          p->token[0]);
}

static enum kai_err twice(const struct netfile_parser *p)
{
    return netfile_refuse(p, KAI_EMALFORMED, "a second %s \"%s\": give it a name of its own",
                          p->token[0], p->token[1]);
}

static enum kai_err latency(struct netfile_parser *p)
{
    struct kai_netfile *f = p->f;
    struct kai_netfile_class *c = &f->class[f->n_classes];
    uint64_t same;
    enum kai_err err;

    if (f->n_classes == KAI_NETFILE_CLASSES)
        return too_many(p, KAI_NETFILE_CLASSES);
    *c = (struct kai_netfile_class){.kbit = 100000};
    err = name_of(p, c->name);
    if (err == KAI_OK)
        err = FIELDS(p, class_keys, c);
    if (err != KAI_OK)
        return err;
    if (netfile_class(f, c->name, &same))
        return twice(p);
    if (!HAS(p, class_keys, "median"))
        return netfile_refuse(p, KAI_EMALFORMED, "no median: write one, as in median 12ms");
    f->n_classes++;
    return KAI_OK;
}

static enum kai_err check_group(const struct netfile_parser *p, const struct kai_netfile_group *g)
{
    const struct kai_netfile *f = p->f;
    bool parent = HAS(p, group_keys, "parent");

    if (f->n_classes == 0)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "no class of lines yet: write a latency line above");
    if (f->n_groups == 0 && (parent || g->count != 1 || g->n_by > 0))
        return netfile_refuse(p, KAI_EMALFORMED,
                              "the first group is the founder: write count 1 and no parent");
    if (f->n_groups > 0 && !parent)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "no parent: name the group that admits these, as in parent %s",
                              f->group[0].name);
    if (g->n_by > 0) {
        uint64_t sum = 0;

        for (size_t i = 0; i < g->n_by; i++)
            sum += g->by[i];
        if (g->n_by != f->group[g->parent].count || sum == 0)
            return netfile_refuse(
                p, KAI_EMALFORMED,
                "by has %zu weights: write one for each of the %llu of %s, not all 0", g->n_by,
                (unsigned long long)f->group[g->parent].count, f->group[g->parent].name);
    }
    if (g->sectors[1] > f->n_sectors)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "there are %llu sectors: write fewer here, or more above",
                              (unsigned long long)f->n_sectors);
    if (g->churn_10k > 0 && g->down_s == 0)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "churn without down: say how long a node is away, as in down 10min");
    return KAI_OK;
}

static enum kai_err orgs(struct netfile_parser *p)
{
    struct kai_netfile *f = p->f;
    struct kai_netfile_group *g = &f->group[f->n_groups];
    uint64_t all = 0;
    uint64_t same;
    enum kai_err err;

    if (f->n_groups == KAI_NETFILE_GROUPS)
        return too_many(p, KAI_NETFILE_GROUPS);
    *g = (struct kai_netfile_group){.count = 1, .nodes = {1, 1}};
    err = name_of(p, g->name);
    if (err == KAI_OK)
        err = FIELDS(p, group_keys, g);
    if (err == KAI_OK)
        err = check_group(p, g);
    if (err != KAI_OK)
        return err;
    if (netfile_group(f, g->name, &same))
        return twice(p);
    for (size_t i = 0; i <= f->n_groups; i++)
        all += f->group[i].count;
    if (all > KAI_NETWORK_ORGS_MAX)
        return netfile_refuse(p, KAI_ELIMIT, "more than %u organisations in all: write fewer",
                              KAI_NETWORK_ORGS_MAX);
    if (f->n_groups++ == 0)
        g->fixed = 1;
    return KAI_OK;
}

static enum kai_err check_aud(const struct netfile_parser *p, struct kai_netfile_aud *a)
{
    bool each = HAS(p, aud_keys, "each");
    bool sector = HAS(p, aud_keys, "per-sector");
    bool some = HAS(p, aud_keys, "random");

    if (!HAS(p, aud_keys, "kind"))
        return netfile_refuse(p, KAI_EMALFORMED, "no kind: write one, as in kind group");
    if (!HAS(p, aud_keys, "members"))
        return netfile_refuse(p, KAI_EMALFORMED, "no members: write groups, or members all");
    if (each + sector + some > 1)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "each, per-sector and random: only one of them fits a line");
    if (some != HAS(p, aud_keys, "size"))
        return netfile_refuse(p, KAI_EMALFORMED,
                              "random and size: write both or none, as in random 300 size 3-60");
    if (sector && p->f->n_sectors == 0)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "no sectors: say how many there are in a sectors line above");
    if (each && HAS(p, aud_keys, "owner"))
        return netfile_refuse(p, KAI_EMALFORMED, "each names the owners: leave owner out");
    if (a->kind == KAI_AUD_CLIENTS && !each)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "clients are those of one organisation: write each and its group");
    if ((a->relays > 0) != HAS(p, aud_keys, "from") || (a->few && a->relays == 0))
        return netfile_refuse(p, KAI_EMALFORMED,
                              "relays: write how many and from which group, as in relays 1 from %s",
                              p->f->group[0].name);
    a->select = each     ? KAI_NETFILE_EACH
                : sector ? KAI_NETFILE_SECTORS
                : some   ? KAI_NETFILE_RANDOM
                         : KAI_NETFILE_ALL;
    return KAI_OK;
}

static enum kai_err audience(struct netfile_parser *p)
{
    struct kai_netfile *f = p->f;
    struct kai_netfile_aud *a = &f->aud[f->n_auds];
    enum kai_err err;

    if (f->n_auds == KAI_NETFILE_AUDS)
        return too_many(p, KAI_NETFILE_AUDS);
    *a = (struct kai_netfile_aud){.owner = KAI_NETFILE_GROUPS, .stewards = 1};
    err = name_of(p, a->name);
    if (err == KAI_OK)
        err = FIELDS(p, aud_keys, a);
    if (err == KAI_OK)
        err = check_aud(p, a);
    if (err != KAI_OK)
        return err;
    for (size_t i = 0; i < f->n_auds; i++)
        if (strcmp(f->aud[i].name, a->name) == 0)
            return twice(p);
    f->n_auds++;
    return KAI_OK;
}

static enum kai_err sectors(struct netfile_parser *p)
{
    uint64_t n;

    if (p->f->n_sectors > 0 || p->f->n_groups > 0)
        return netfile_refuse(p, KAI_EMALFORMED,
                              "sectors stands once, above all orgs lines: move it there");
    if (p->n != 2 || !netfile_number(p->token[1], &n) || n < 1 || n > KAI_NETFILE_SECTORS_MAX)
        return netfile_refuse(p, KAI_EMALFORMED, "sectors: write one number, 1 to %u",
                              KAI_NETFILE_SECTORS_MAX);
    p->f->n_sectors = n;
    return KAI_OK;
}

static enum kai_err statement(struct netfile_parser *p)
{
    static const struct {
        const char *name;
        enum kai_err (*read)(struct netfile_parser *p);
    } statements[] = {
        {"sectors", sectors}, {"latency", latency}, {"orgs", orgs}, {"audience", audience}};

    if (!p->begun) {
        if (p->n != 2 || strcmp(p->token[0], "kairan-network") != 0 ||
            strcmp(p->token[1], "1") != 0)
            return netfile_refuse(p, KAI_EMALFORMED,
                                  "not a description of a network: begin with kairan-network 1");
        p->begun = true;
        return KAI_OK;
    }
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (strcmp(p->token[0], statements[i].name) == 0)
            return statements[i].read(p);
    return netfile_refuse(p, KAI_EMALFORMED,
                          "no statement \"%.40s\": write sectors, latency, orgs or audience",
                          p->token[0]);
}

/* One line, of which a NUL takes the place of the end and of a comment. */
static enum kai_err line_of(struct netfile_parser *p, char *text)
{
    static const char blanks[] = " \t\r";

    p->n = 0;
    for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
        if (p->n == NETFILE_TOKENS)
            return netfile_refuse(p, KAI_ELIMIT, "more than %u words: leave some out",
                                  NETFILE_TOKENS);
        p->token[p->n++] = text;
        for (; *text != '\0' && strchr(blanks, *text) == NULL; text++)
            if (*text < 0x21 || *text > 0x7e)
                return netfile_refuse(p, KAI_EMALFORMED,
                                      "a byte that is not ASCII text: only comments may have it");
        if (*text != '\0')
            *text++ = '\0';
    }
    return p->n > 0 ? statement(p) : KAI_OK;
}

static enum kai_err lines(struct netfile_parser *p, struct kai_view text)
{
    char line[KAI_NETFILE_LINE_MAX + 1];
    enum kai_err err = KAI_OK;

    for (size_t at = 0; at < text.n && err == KAI_OK;) {
        const uint8_t *from = text.p + at;
        const uint8_t *feed = memchr(from, '\n', text.n - at);
        size_t n = feed != NULL ? (size_t)(feed - from) : text.n - at;
        const uint8_t *comment = n > 0 ? memchr(from, '#', n) : NULL;
        size_t said = comment != NULL ? (size_t)(comment - from) : n;

        p->line++;
        at += n + 1;
        if (n > KAI_NETFILE_LINE_MAX)
            return netfile_refuse(p, KAI_ELIMIT, "a line of %zu bytes: write at most %u", n,
                                  KAI_NETFILE_LINE_MAX);
        if (said > 0 && memchr(from, '\0', said) != NULL)
            return netfile_refuse(p, KAI_EMALFORMED, "a NUL byte: this is not a text file");
        if (said > 0)
            memcpy(line, from, said);
        line[said] = '\0';
        err = line_of(p, line);
    }
    return err;
}

enum kai_err kai_netfile_parse(struct kai_netfile *f, struct kai_view text,
                               struct kai_netfile_error *e)
{
    struct netfile_parser p = {.f = f, .e = e, .line = 1};
    enum kai_err err;

    memset(f, 0, sizeof *f);
    if (text.n > KAI_NETFILE_BYTES_MAX)
        return netfile_refuse(&p, KAI_ELIMIT, "a file of %zu bytes: write at most %u", text.n,
                              KAI_NETFILE_BYTES_MAX);
    p.line = 0;
    err = lines(&p, text);
    if (err != KAI_OK)
        return err;
    p.line = p.line > 0 ? p.line : 1;
    if (f->n_groups == 0)
        return netfile_refuse(&p, KAI_EMALFORMED,
                              "the file ends with nobody in it: write an orgs line");
    if (f->n_auds == 0)
        return netfile_refuse(&p, KAI_EMALFORMED, "the file ends without an audience: write one");
    return KAI_OK;
}
