/* kairan-gen: test data on standard output. */
#include <stdlib.h>
#include <string.h>

#include "gen/gen.h"
#include "item/label.h"

static int usage(void)
{
    (void)fputs("usage: kairan-gen stix N SEED [--label L] [--graph]\n"
                "       kairan-gen list N SEED TYPE\n",
                stderr);
    return 2;
}

static int stix(int argc, char *argv[], struct gen_stix *what)
{
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--graph") == 0) {
            what->graph = true;
        } else if (strcmp(argv[i], "--label") == 0 && i + 1 < argc) {
            i++;
            if (!kai_tlp_parse(kai_view_of(argv[i], strlen(argv[i])), &what->tlp))
                return usage();
        } else {
            return usage();
        }
    }
    gen_stix(stdout, what);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc < 4)
        return usage();
    struct gen_stix what = {.n = strtoull(argv[2], NULL, 10), .seed = strtoull(argv[3], NULL, 10)};
    if (strcmp(argv[1], "stix") == 0) {
        if (stix(argc, argv, &what) != 0)
            return 2;
    } else if (strcmp(argv[1], "list") != 0 || argc != 5 ||
               !gen_list(stdout, what.n, what.seed,
                         kai_vtype_parse(kai_view_of(argv[4], strlen(argv[4]))))) {
        return usage();
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
