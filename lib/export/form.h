/* form: what the forms share. Private to lib/export. */
#ifndef KAI_EXPORT_FORM_H
#define KAI_EXPORT_FORM_H

#include <string.h>

#include "export/export.h"
#include "item/stix.h"

#define EXPORT_GROUP        32u         /* Values that are added in one go. */
#define EXPORT_BLOCK_BYTES  (64u << 10) /* What the sink gets in one piece. */
#define EXPORT_SECRET_BYTES 192u        /* What XXH3 takes by default. */

struct export_form {
    const char *name;
    enum kai_export_use use;
    bool folder;
    bool objects;
    bool by_source; /* The same value of two sources is two lines. */
    /* Each may leave out what it does not need. They append to kai_export_file(). */
    enum kai_err (*begin)(struct kai_export *e);
    bool (*takes)(enum kai_vtype type); /* Without it: all. */
    enum kai_export_left (*add)(struct kai_export *e, const struct kai_export_record *r);
    /* After at most EXPORT_GROUP of them, of one item and type, whose values stand until then. */
    void (*group)(struct kai_export *e);
    void (*end)(struct kai_export *e); /* The files are closed after it, by number. */
    void (*free)(void *state);
};
extern const struct export_form kai_export_zeek, kai_export_suricata, kai_export_rpz,
    kai_export_hosts, kai_export_csv, kai_export_stix, kai_export_misp;

/* Values that are in the file, by a keyed hash of 64 bits. */
struct export_seen {
    uint64_t *slots; /* 0: free. */
    size_t n;
    size_t cap; /* A power of two. */
};

struct kai_export {
    const struct export_form *form;
    struct kai_export_sink sink;
    struct kai_export_opts opts;
    uint8_t secret[EXPORT_SECRET_BYTES];
    struct {
        bool open;
        struct kai_buf b; /* What the sink has not got yet. */
    } files[KAI_EXPORT_FILES_MAX];
    struct export_seen seen;
    struct export_doubtful {
        bool is; /* An object was written, and it is not known yet whether it is there twice: */
        uint64_t hash;
        size_t len; /* what its file's buffer had before it. */
    } doubtful;
    uint64_t count[KAI_EXPORT_LEFT_N];
    struct kai_buf
        item;        /* What the last record had beside its value (and its type), as one text, */
    uint64_t source; /* the hash of its source, */
    struct kai_buf rest; /* and what the form made of it: most have the same. Empty: make it. */
    void *state;         /* The form's own. */
    enum kai_err err;
};

/* Open a file; its buffer is kai_export_file()'s. The first failure sticks in e. */
void kai_export_open(struct kai_export *e, unsigned file, const char *name);
void kai_export_close(struct kai_export *e, unsigned file);
void kai_export_hand_on(struct kai_export *e, unsigned file); /* Give the sink what is there. */
/* Where to append; handed on when it is large enough. */
static inline struct kai_buf *kai_export_file(struct kai_export *e, unsigned file)
{
    if (e->files[file].b.len >= EXPORT_BLOCK_BYTES)
        kai_export_hand_on(e, file);
    return &e->files[file].b;
}

/* Copy p[n] to to; returns where the next goes. */
static inline uint8_t *kai_export_put(uint8_t *to, const void *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* A keyed hash of parts: begin with 0. */
uint64_t kai_export_hash(const struct kai_export *e, uint64_t before, const void *p, size_t n);
/* Whether hash was there already; else it is from now on. */
bool kai_export_seen(struct kai_export *e, uint64_t hash);

#endif
