/* oracle: the rules of docs/access-rules.md as lines, and what reads the lines. */
#include "policy/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RULE ACT yes|no CONDITION...: the line holds when all its conditions do. word=SET: one of the
 * numbers in it (0-9, and ranges such as 2-5); word>word: a stricter label (6 is as strict as 5).
 */
static const char *const table[] = {
    "T1 raise yes given=0-6", /* What raises, or stays. */
    "T1 raise no label=1-6 given=1-6 label>given",
    "T2 raise no label=0 given=0",

    "P0 publish yes",
    "P1 publish no may=0",
    "P2 publish no kind=0",
    "P3 publish no member=0 kind=1-6",
    "P4 publish no label=0",
    "P5 publish no label>ceiling",
    "P5 publish no kind=1 label=2-6",
    "P5 publish no kind=2-57 label=5-6",
    "P6 publish no kind=6 label=0-4",
    "P7 publish no label=5-6 sealed=0",

    "A0 list yes",
    "A1 list no kind=0",
    "A2 list no label=0",
    "A3 list no label=5-6",
    "A4 list no label>ceiling",
    "A4 list no kind=1 label=2-6",
    "A4 list no kind=6",

    "F1 forward no kind=0",
    "F2 forward no active=0",
    "F3 forward no member=0 listed=0 kind=1-6",
    "F3 forward no member=0 listed=0 kind=7 relay=0",
    "F4 forward no member=0 listed=1 relay=0",
    "F5 forward yes matched=1",
    "F5 forward yes keys=1 offered=1",

    "S1 reshare no may=0",
    "S2 reshare no kind=0",
    "S3 reshare no member=0 kind=1-6",
    "S4 reshare no label=056",
    "S4 reshare no release=56",
    "S5 reshare no kind=6",
    "S5 reshare no release=0 label>ceiling",
    "S5 reshare no release=1-4 release>ceiling",
    "S5 reshare no kind=1 release=0 label=2-6",
    "S5 reshare no kind=1 release=2-6",
    "S6 reshare no recalled=1",
    "S7 reshare yes source=1",
    "S8 reshare no source=0 revoked=1 held=0",
    "S9 reshare no source=0 fromlisted=0",
    "S9 reshare no source=0 proven=0",
    "S9 reshare no source=0 from=06",
    "S9 reshare no source=0 from=1 label=2-6",
    "S10 reshare yes listed=1",
    "S10 reshare yes release=1-4 rellists=1",
    "S11 reshare yes release=0 label=1",
    "S11 reshare yes release=1",
    "S12 reshare yes inside=1 kind=1-467 release=0 label=2",
    "S12 reshare yes inside=1 kind=1-467 release=2",
    "S13 reshare yes own=1 kind=4 release=0 label=3",
    "S13 reshare yes own=1 kind=4 release=3",

    "O0 source yes",
    "O1 source no what=0",
    "O2 source no source=0",
    "O3 source no may=0",
    "O4 source no what=1 label=056",
    "O4 source no what=1 release=56",

    "X0 export yes",
    "X1 export no purpose=0",
    "X2 export no quarantined=1",
    "X3 export no clearance=06",
    "X3 export no label>clearance",
    "X3 export no label=0 clearance=0-4",
    "X4 export no label=056",
    "X5 export no recalled=1",
    "X6 export no purpose=124 exercise=1",
    "X7 export no purpose=12 withdrawn=1",
    "X7 export no purpose=12 expired=1",
    "X8 export no purpose=2 pap=3-5",
    "X8 export no purpose=14 pap=45",

    "L0 read yes",
    "L1 read no role=04",
    "L2 read no quarantined=1",
    "L3 read no clearance=06",
    "L3 read no label>clearance",
    "L3 read no label=0 clearance=0-4",
    "L4 read no sealed=1 content=1",

    "L5 role yes verb=1 role=1-3",
    "L5 role yes verb=2 role=23",
    "L5 role yes role=3",
};
#define LINES_N (sizeof table / sizeof table[0])

static const char *const acts[O_ACTS_N] = {"raise",  "publish", "list", "forward", "reshare",
                                           "source", "export",  "read", "role"};
static const char *const words[O_WORDS_N] = {
#define ORACLE_WORD(id, text) text,
    ORACLE_WORDS(ORACLE_WORD)
#undef ORACLE_WORD
};

struct condition {
    uint8_t word;
    uint8_t above; /* Another word, or O_WORDS_N: one of `set`. */
    uint8_t set;
};
static struct line {
    char rule[4];
    bool allows;
    uint8_t n;
    struct condition c[6];
} lines[O_ACTS_N][LINES_N];
static unsigned n_lines[O_ACTS_N];
static bool ready;

static void wrong(const char *line)
{
    (void)fprintf(stderr, "oracle: cannot read: %s\n", line);
    abort();
}

static uint8_t find(const char *const *names, uint8_t n, const char *text, size_t len,
                    const char *line)
{
    for (uint8_t i = 0; i < n; i++)
        if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0)
            return i;
    wrong(line);
    return 0;
}

static uint8_t read_set(const char *p, const char *line)
{
    unsigned set = 0;

    for (; *p != '\0'; p++) {
        unsigned from = (unsigned)(*p - '0'), to = from;

        if (p[1] == '-') {
            to = (unsigned)(p[2] - '0');
            p += 2;
        }
        if (from > 7 || to > 7 || from > to)
            wrong(line);
        for (unsigned i = from; i <= to; i++)
            set |= 1u << i;
    }
    return (uint8_t)set;
}

static void read_condition(struct condition *c, const char *p, const char *line)
{
    size_t len = strcspn(p, "=>");

    c->word = find(words, O_WORDS_N, p, len, line);
    c->above = O_WORDS_N;
    if (p[len] == '>')
        c->above = find(words, O_WORDS_N, p + len + 1, strlen(p + len + 1), line);
    else if (p[len] == '=')
        c->set = read_set(p + len + 1, line);
    else
        wrong(line);
}

static void read_table(void)
{
    for (size_t i = 0; i < LINES_N; i++) {
        char text[120], *rest = text, *rule, *act, *says, *p;
        struct line *l;

        (void)snprintf(text, sizeof text, "%s", table[i]);
        rule = strtok_r(NULL, " ", &rest);
        act = strtok_r(NULL, " ", &rest);
        says = strtok_r(NULL, " ", &rest);
        if (says == NULL || strlen(rule) >= sizeof l->rule)
            wrong(table[i]);
        uint8_t a = find(acts, O_ACTS_N, act, strlen(act), table[i]);
        l = &lines[a][n_lines[a]++];
        (void)snprintf(l->rule, sizeof l->rule, "%s", rule);
        l->allows = strcmp(says, "yes") == 0;
        if (!l->allows && strcmp(says, "no") != 0)
            wrong(table[i]);
        while ((p = strtok_r(NULL, " ", &rest)) != NULL) {
            if (l->n == sizeof l->c / sizeof l->c[0])
                wrong(table[i]);
            read_condition(&l->c[l->n++], p, table[i]);
        }
    }
    ready = true;
}

static unsigned strict(uint8_t label)
{
    return label > 5 ? 5 : label;
}

static bool holds(const struct line *l, const struct oracle_case *c)
{
    for (uint8_t i = 0; i < l->n; i++) {
        const struct condition *q = &l->c[i];

        if (q->above == O_WORDS_N ? (q->set >> c->v[q->word] & 1) == 0
                                  : strict(c->v[q->word]) <= strict(c->v[q->above]))
            return false;
    }
    return true;
}

bool oracle_allows(enum oracle_act act, const struct oracle_case *c, const char **rule)
{
    const char *by = NULL;

    if (!ready)
        read_table();
    for (unsigned i = 0; i < n_lines[act]; i++) {
        const struct line *l = &lines[act][i];

        if ((!l->allows || by == NULL) && holds(l, c)) {
            by = l->rule;
            if (!l->allows) {
                if (rule != NULL)
                    *rule = by;
                return false;
            }
        }
    }
    if (rule != NULL)
        *rule = by != NULL ? by : "no rule allows it";
    return by != NULL;
}

const char *oracle_rule(unsigned i)
{
    static char rule[8];

    if (i >= LINES_N)
        return NULL;
    (void)snprintf(rule, sizeof rule, "%.*s", (int)strcspn(table[i], " "), table[i]);
    return rule;
}
