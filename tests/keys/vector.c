/* vector: lines of golden vectors, compared. */
#include "keys/vector.h"

#include <stdlib.h>
#include <string.h>

#include "keys/world.h"

static size_t missing;

void vector_check(FILE *f, const char *name, struct kai_view v)
{
    char line[8192];
    char *hex = malloc(KAI_HEX_CAP(v.n));

    kai_hex(hex, v.p, v.n);
    rewind(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char *space = strchr(line, ' ');

        if (line[0] == '#' || space == NULL || strncmp(line, name, (size_t)(space - line)) != 0 ||
            name[space - line] != '\0')
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(space + 1, hex) != 0)
            fail_msg("%s is now %s", name, hex);
        free(hex);
        return;
    }
    print_message("no vector: %s %s\n", name, hex);
    missing++;
    free(hex);
}

size_t vector_missing(void)
{
    return missing;
}
