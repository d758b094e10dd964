/* fuzz_netfile: descriptions of networks: read or refused in a line that is there; what was read
 * expands to a network that holds together, twice to the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/netfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts in every build type. */
#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            (void)fprintf(stderr, "%d: %s\n", __LINE__, #x);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define ORGS_MAX 1500u /* Larger ones are no other, and slow. */
#define AUDS_MAX 300u

static bool small(const struct kai_netfile *f)
{
    uint64_t orgs = 0;
    uint64_t auds = 0;

    for (size_t i = 0; i < f->n_groups; i++)
        orgs += f->group[i].count;
    for (size_t i = 0; i < f->n_auds; i++)
        auds +=
            f->aud[i].select == KAI_NETFILE_EACH ? f->group[f->aud[i].each].count : f->aud[i].count;
    return orgs <= ORGS_MAX && auds <= AUDS_MAX;
}

static void check(const struct kai_network *net)
{
    for (size_t i = 0; i < net->n_orgs; i++) {
        MUST(net->org[i].parent < i || i == 0);
        MUST(net->org[i].further + net->org[i].n_further <= net->n_nodes);
    }
    for (size_t i = 0; i < net->n_nodes; i++)
        MUST(net->node[i].org < net->n_orgs && net->node[i].class < net->file.n_classes);
    for (size_t i = 0; i < net->n_auds; i++) {
        const struct kai_network_aud *a = &net->aud[i];

        MUST(a->n_members > 0 && a->members + a->n_members <= net->n_members);
        for (size_t k = 0; k < a->n_members; k++)
            MUST(net->member[a->members + k] < net->n_orgs);
        for (size_t k = 0; k < a->n_stewards; k++)
            MUST(a->stewards[k] < net->n_orgs);
        for (size_t k = 0; k < a->n_relays; k++)
            MUST(a->relays[k] < net->n_nodes && !net->node[a->relays[k]].dial_out);
    }
    MUST(kai_network_path_of(net, 0, net->n_nodes - 1).latency_ms > 0);
}

static void expand(const struct kai_netfile *f, uint64_t num, uint64_t den)
{
    struct kai_network *net = NULL;
    struct kai_network *again = NULL;

    MUST(kai_netfile_expand(&net, f, num, num, den) == KAI_OK);
    MUST(kai_netfile_expand(&again, f, num, num, den) == KAI_OK);
    check(net);
    MUST(net->n_members == again->n_members && net->n_nodes == again->n_nodes);
    MUST(net->n_members == 0 ||
         memcmp(net->member, again->member, net->n_members * sizeof *net->member) == 0);
    kai_network_free(net);
    kai_network_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kai_netfile f;
    struct kai_netfile_error e = {0};
    struct kai_view text = {.p = data, .n = size};
    size_t lines = 1;
    enum kai_err err = kai_netfile_parse(&f, text, &e);

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n' ? 1 : 0;
    if (err != KAI_OK) {
        MUST(err == KAI_EMALFORMED || err == KAI_ELIMIT);
        MUST(e.line >= 1 && e.line <= lines && e.text[0] != '\0');
        MUST(kai_utf8_ok((const uint8_t *)e.text, strlen(e.text)));
    } else if (small(&f)) {
        expand(&f, 1, 1);
        expand(&f, 1, 7);
    }
    return 0;
}
