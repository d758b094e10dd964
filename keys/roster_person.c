/* roster_person: the places of persons. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/record_int.h"
#include "keys/roster_int.h"

/* A path to a person, and what it is sorted by. */
struct place {
    uint8_t id[KAI_ID_BYTES];
    const struct kai_org *org;
    const struct kai_path *path;
    const uint8_t *cert;
};

static bool same_place(const struct place *a, const struct place *b)
{
    return a->org == b->org && memcmp(a->id, b->id, KAI_ID_BYTES) == 0;
}

/* By id and organisation, and of one place the certificate first by which it is shown. */
static int place_cmp(const void *x, const void *y)
{
    const struct place *a = x;
    const struct place *b = y;
    int cmp = memcmp(a->id, b->id, KAI_ID_BYTES);

    if (cmp == 0)
        cmp = memcmp(a->org->id, b->org->id, KAI_ID_BYTES);
    if (cmp == 0)
        cmp = kai_build_standing_cmp(a->path, b->path);
    if (cmp != 0)
        return cmp;
    if (a->path->not_after != b->path->not_after)
        return a->path->not_after > b->path->not_after ? -1 : 1;
    if (a->path->label_max != b->path->label_max)
        return a->path->label_max > b->path->label_max ? -1 : 1;
    return memcmp(b->cert, a->cert, KAI_ID_BYTES);
}

void kai_place_id(uint8_t place[static KAI_ID_BYTES], const uint8_t person[static KAI_ID_BYTES],
                  const uint8_t org[static KAI_ID_BYTES])
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_PLACE);
    kai_hash_add(&h, person, KAI_ID_BYTES);
    kai_hash_add(&h, org, KAI_ID_BYTES);
    kai_hash_end(&h, place);
}

static void fill_person(struct kai_person *x, const struct kai_build *b, const struct place *at)
{
    const struct kai_path *p = at->path;
    struct kai_admit a;

    memcpy(x->id, at->id, KAI_ID_BYTES);
    memcpy(x->cert, at->cert, KAI_ID_BYTES);
    x->org = at->org;
    kai_place_id(x->place, x->id, x->org->id);
    x->attested = p->attested;
    x->active = p->active;
    x->revoked = !p->active && kai_build_hit(b, p);
    x->label_max = p->label_max;
    x->not_after = p->not_after;
    if (kai_admit_read(&a, b->certs[p->cert].e->body) != KAI_OK)
        return; /* Parsed when it was taken in. */
    memcpy(x->sign_pk, a.sign_pk, KAI_KEY_BYTES);
    memcpy(x->kx_pk, a.kx_pk, KAI_KEY_BYTES);
    x->name_hashed = a.name_hashed;
    memcpy(x->name, a.name, sizeof x->name);
    memcpy(x->name_hash, a.name_hash, KAI_ID_BYTES);
}

enum kai_err kai_roster_view_persons(struct kai_roster *r, const struct kai_build *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++)
        n += b->paths[i].kind == KAI_ADMIT_PERSON;
    struct place *places = calloc(n + 1, sizeof *places);
    r->persons = calloc(n + 1, sizeof *r->persons);
    if (places == NULL || r->persons == NULL) {
        free(places);
        return KAI_ENOMEM;
    }
    n = 0;
    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind != KAI_ADMIT_PERSON)
            continue;
        kai_hash(places[n].id, KAI_D_PERSON, b->ctl->logs[p->key]->pk, KAI_KEY_BYTES);
        places[n].org = kai_build_org(r, b, p);
        places[n].path = p;
        places[n++].cert = b->certs[p->cert].e->e.hash;
    }
    if (n > 0)
        qsort(places, n, sizeof *places, place_cmp);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !same_place(&places[i], &places[i - 1]))
            fill_person(&r->persons[r->n_persons++], b, &places[i]);
    }
    free(places);
    return KAI_OK;
}

/* The first row that is not before (id, org); org NULL: before all of that id. */
static size_t person_at(const struct kai_roster *r, const uint8_t *id, const uint8_t *org)
{
    size_t lo = 0;
    size_t hi = r->n_persons;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(r->persons[mid].id, id);

        if (cmp == 0 && org != NULL)
            cmp = memcmp(r->persons[mid].org->id, org, KAI_ID_BYTES);
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct kai_person *kai_roster_place(const struct kai_roster *r, const uint8_t *id,
                                          const uint8_t *org)
{
    size_t at = person_at(r, id, org);

    return at < r->n_persons && memcmp(r->persons[at].id, id, KAI_ID_BYTES) == 0 &&
                   memcmp(r->persons[at].org->id, org, KAI_ID_BYTES) == 0
               ? &r->persons[at]
               : NULL;
}

size_t kai_roster_persons(const struct kai_roster *r, const struct kai_person **first)
{
    *first = r->persons;
    return r->n_persons;
}

size_t kai_roster_person(const struct kai_roster *r, const uint8_t id[static KAI_ID_BYTES],
                         const struct kai_person **first)
{
    size_t at = person_at(r, id, NULL);
    size_t n = 0;

    while (at + n < r->n_persons && memcmp(r->persons[at + n].id, id, KAI_ID_BYTES) == 0)
        n++;
    *first = n > 0 ? &r->persons[at] : NULL;
    return n;
}
