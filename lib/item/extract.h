/* extract: the indicators in a line of free text: reports, e-mails, chats. Private to lib/item.
 *
 * Found wherever they stand, disguised or not: addresses, blocks, names under a top-level domain
 * that exists, URLs, e-mail addresses, hashes (MD5, SHA-1, SHA-2, TLSH) and CVE numbers. Letters
 * beyond ASCII end a value, as Japanese sentences have no blanks; names of such letters are found
 * as A-labels only. One value is told for what stands at one place: of a URL, not its host as well.
 */
#ifndef KAI_ITEM_EXTRACT_H
#define KAI_ITEM_EXTRACT_H

#include "base/buf.h"
#include "item/fit.h"
#include "item/label.h"
#include "item/value.h"

/* Why something that looks like an indicator is none. */
enum kai_left {
    KAI_LEFT_RANGE,  /* Private, reserved, or of the own machine. */
    KAI_LEFT_SUFFIX, /* Under no top-level domain that there is, or nothing but a public suffix. */
    KAI_LEFT_FILE,   /* A file's name, where no dot of it is disguised. */
    KAI_LEFT_JOINED, /* Two sentences without a blank between them, likewise. */
    KAI_LEFT_EMPTY,  /* The hash of an empty file, or one digit over and over. */
    KAI_LEFT_N
};

struct kai_extract {
    struct kai_fit fit;
    void *ctx;
    /* norm: a normal form, valid during the call. Anything but KAI_OK stops, and is returned. */
    enum kai_err (*found)(void *ctx, enum kai_vtype type, struct kai_view norm);
    void (*left)(void *ctx, enum kai_left left, struct kai_view text);
    struct kai_buf plain; /* The line without its disguise. */
    struct kai_buf marks; /* What of that was in disguise: kai_refang_marked(). */
    bool no_mail;         /* What looks like e-mail addresses are ids of messages. */
    char norm[KAI_VALUE_BYTES_MAX];
};

/* ctx, found and left are set by the caller. Errors: KAI_EIO (kai_fit_init()). */
KAI_MUST_USE enum kai_err kai_extract_init(struct kai_extract *x);
void kai_extract_free(struct kai_extract *x);

/* A line of at most KAI_EXTRACT_LINE_BYTES, UTF-8. Errors: KAI_ENOMEM, what found returned. */
KAI_MUST_USE enum kai_err kai_extract_line(struct kai_extract *x, struct kai_view line);

#endif
