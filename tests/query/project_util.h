/* project_util: an author, an index and a projection between them. */
#ifndef KAI_TESTS_PROJECT_UTIL_H
#define KAI_TESTS_PROJECT_UTIL_H

#include "log/log_util.h"
#include "project/fetch.h"
#include "project/project.h"
#include "query/query_util.h"

#define ENTRIES_MAX 64u
#define CODES_MAX   64u
struct fixture {
    struct world wd;
    struct tmp tmp;
    struct kai_index *x;
    struct kai_projector *p;
    struct kai_packer *packer;
    /* What was emitted. */
    struct kai_buf bytes[ENTRIES_MAX];
    size_t n;
    uint64_t gone_seq; /* Whose payload has expired; 0: of none. */
    /* What was told. */
    const char *code[CODES_MAX];
    size_t n_codes;
    size_t n_rows;
    size_t n_binds;
    size_t n_rules;
    struct kai_readings *readings; /* NULL: nobody has read anything before. */
    struct kai_buf said;
    size_t n_read;            /* How often one was found. */
    struct kai_project_in in; /* A template; entry is set for each. */
    struct kai_project_aud aud;
};

extern const uint8_t their_cert[32]; /* Of another organisation. */
extern const uint8_t dead_cert[32];  /* Of ours, and revoked. */
extern const uint8_t no_cert[32];    /* Nobody knows it. */

/* A batch made by hand: the OBJ over all contents, then items with some of them, with paths. */
struct hand {
    struct kai_content c[32];
    uint8_t leaf[32][KAI_ID_BYTES];
    uint32_t n;
    struct kai_buf obj;
    uint8_t sig[KAI_SIG_BYTES];
};

int set_up(void **state);
int tear_down(void **state);
enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items);
struct kai_entry entry_at(struct fixture *f, size_t i);
/* Project entries from..n in one transaction. */
void project(struct fixture *f, size_t from);
/* Seal a body, emit its entry, project it. */
void project_body(struct fixture *f, struct kai_view body);
void publish(struct fixture *f, struct kai_batch_options opt, uint64_t kind,
             const char *const *contents, size_t n);
/* How many rows there are; *last is the newest (NULL: not wanted). */
uint64_t rows_of(struct fixture *f, struct kai_row *last);
struct kai_fetch_source source_of(struct fixture *f);
/* One refusal was told, with this code; forget it. */
void expect_code(struct fixture *f, const char *code);
/* What looks like a second seal, and like a content under it; no key is behind either. */
struct kai_view red_seal(void);
struct kai_content red_content(uint64_t index);
/* Fill in indexes, salts, paths, OBJ and SIG. h->obj is the caller's to free. */
void hand_sign(struct fixture *f, struct hand *h, uint8_t tlp);
/* An entry with these contents, projected. */
void hand_send(struct fixture *f, struct hand *h, const struct kai_content *c, uint32_t n);

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
