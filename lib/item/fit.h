/* fit: which values may stand in no sensor's file, whoever says that they are bad: one wrong line
 * there cuts an organisation off. In a text they are hardly meant as indicators, either. */
#ifndef KAI_ITEM_FIT_H
#define KAI_ITEM_FIT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "item/value.h"

enum kai_unfit {
    KAI_FIT = 0,
    KAI_UNFIT_RANGE,  /* Private, loopback, link-local, multicast, reserved, or a block with such
                         addresses in it; also as the host of a URL. */
    KAI_UNFIT_SUFFIX, /* A top-level domain or public suffix, with all under it. */
    KAI_UNFIT_EMPTY,  /* The hash of an empty file. */
    KAI_UNFIT_OWN,    /* What the configuration says is one's own. */
};
#define KAI_UNFIT_N 5u
/* "range", "suffix", ...: static storage. */
const char *kai_unfit_name(enum kai_unfit unfit);

#define KAI_FIT_OWN_MAX 32u
struct kai_fit {
    const void *psl; /* Of libpsl, for the life of the process. */
    size_t n_own;
    struct {
        enum kai_vtype type; /* KAI_V_DOMAIN (with all under it), or an address or block. */
        size_t n;
        char text[254]; /* Normal form. */
    } own[KAI_FIT_OWN_MAX];
};

/* Errors: KAI_EIO (libpsl was built without its list). */
KAI_MUST_USE enum kai_err kai_fit_init(struct kai_fit *f);
/* A name or block of one's own. Errors: KAI_EMALFORMED (neither), KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_fit_own(struct kai_fit *f, const char *text);
/* norm: a normal form. */
enum kai_unfit kai_fit_judge(const struct kai_fit *f, enum kai_vtype type, struct kai_view norm);
/* Whether a name (of a domain, an e-mail address, the host of a URL) has dots and ends in a
 * top-level domain that exists; addresses do. norm: a normal form. */
bool kai_fit_suffix(const struct kai_fit *f, enum kai_vtype type, struct kai_view norm);

#endif
