/* ceremony: requests and admissions, as bytes. */
#include "keys/ceremony.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/ctl_int.h"
#include "keys/record_int.h"

#define VERSION           1u
#define SUITE             1u
#define X_CHARTERS        1u
#define ADDRS_MAX         4u
#define ENTRIES_MAX       65536u
#define SUM_ELEMENT_BYTES (2 + KAI_ID_BYTES) /* A bin of 32. */

void kai_ceremony_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view bytes)
{
    kai_hash(hash, KAI_D_WORDS, bytes.p, bytes.n);
}

/* Both messages end with a sum of all before it: mail programs break bytes, and a name or address
 * that arrives changed would else be compared over the telephone for nothing. */
static void put_sum(struct kai_buf *out, size_t start)
{
    uint8_t sum[KAI_ID_BYTES];

    if (out->err != KAI_OK)
        return;
    kai_hash(sum, KAI_D_WORDS, out->p + start, out->len - start);
    kai_put_bin(out, sum, sizeof sum);
}

static bool sum_ok(struct kai_view bytes)
{
    uint8_t sum[KAI_ID_BYTES];

    if (bytes.n < SUM_ELEMENT_BYTES)
        return false;
    kai_hash(sum, KAI_D_WORDS, bytes.p, bytes.n - SUM_ELEMENT_BYTES);
    return memcmp(sum, bytes.p + bytes.n - KAI_ID_BYTES, sizeof sum) == 0;
}

void kai_join_write(struct kai_buf *out, uint64_t kind, const char *name,
                    const struct kai_keys *keys, const uint8_t *org_id)
{
    struct kai_admit a = {.kind = kind};
    size_t start = out->len;

    memcpy(a.sign_pk, keys->sign_pk, KAI_KEY_BYTES);
    a.has_kx = kind == KAI_ADMIT_NODE || kind == KAI_ADMIT_PERSON;
    a.has_curve = kind == KAI_ADMIT_NODE;
    if (a.has_kx)
        memcpy(a.kx_pk, keys->kx_pk, KAI_KEY_BYTES);
    if (a.has_curve)
        memcpy(a.curve_pk, keys->curve_pk, KAI_KEY_BYTES);
    kai_admit_set_org(&a, org_id);
    kai_admit_prove(&a, keys->sign_sk);
    kai_put_array(out, 11);
    kai_put_uint(out, VERSION);
    kai_put_uint(out, kind);
    kai_put_uint(out, SUITE);
    kai_put_bin(out, a.sign_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a.has_kx, a.kx_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a.has_curve, a.curve_pk, KAI_KEY_BYTES);
    kai_rec_put_maybe(out, a.has_of_org, a.of_org, KAI_ID_BYTES);
    kai_put_str(out, name);
    kai_put_bin(out, a.pop, KAI_SIG_BYTES);
    kai_put_no_ext(out);
    put_sum(out, start);
}

static enum kai_err refuse(struct kai_why *why, enum kai_err err, const char *code)
{
    return kai_why_set(why, err, code, NULL, NULL, NULL);
}

enum kai_err kai_join_parse(struct kai_join *r, struct kai_view bytes, struct kai_why *why)
{
    struct kai_cur c;
    struct kai_admit *a = &r->proof;
    struct kai_buf body;
    struct kai_admit checked;

    memset(r, 0, sizeof *r);
    if (bytes.n > KAI_REQUEST_BYTES_MAX)
        return refuse(why, KAI_ELIMIT, "request.malformed");
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 11);
    if (kai_cur_uint(&c, INT16_MAX) != VERSION && kai_cur_ok(&c))
        return refuse(why, KAI_EVERSION, "request.newer");
    r->kind = kai_cur_uint(&c, KAI_ADMIT_PERSON);
    a->kind = r->kind;
    if (kai_cur_uint(&c, SUITE) != SUITE || r->kind == 0 || r->kind == KAI_ADMIT_ISSUING)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_cur_copy(&c, a->sign_pk, KAI_KEY_BYTES);
    a->has_kx = kai_rec_maybe(&c, a->kx_pk, KAI_KEY_BYTES);
    a->has_curve = kai_rec_maybe(&c, a->curve_pk, KAI_KEY_BYTES);
    a->has_of_org = kai_rec_maybe(&c, a->of_org, KAI_ID_BYTES);
    kai_rec_text(&c, a->name, sizeof a->name);
    kai_cur_copy(&c, a->pop, KAI_SIG_BYTES);
    kai_cur_ext(&c, NULL, NULL);
    (void)kai_cur_bin_n(&c, KAI_ID_BYTES);
    if (a->has_kx != (r->kind != KAI_ADMIT_ORG) || a->has_curve != (r->kind == KAI_ADMIT_NODE) ||
        a->name[0] == '\0')
        kai_cur_fail(&c, KAI_EMALFORMED);
    enum kai_err err = kai_cur_end(&c);
    if (err == KAI_OK && !sum_ok(bytes))
        err = KAI_EAUTH;
    if (err != KAI_OK)
        return refuse(why, err, "request.malformed");
    /* The proof is checked as that of the certificate it will stand in. */
    a->label_max = 1;
    kai_buf_init(&body, KAI_REQUEST_BYTES_MAX);
    kai_admit_write(&body, a);
    err = body.err;
    if (err == KAI_OK)
        err = kai_admit_parse(&checked, kai_buf_view(&body));
    kai_buf_free(&body);
    a->label_max = 0;
    return err == KAI_OK ? KAI_OK : refuse(why, err, "request.proof");
}

/* How much of each log the admission needs: up to the certificate that leads on. */
struct need {
    uint64_t upto; /* Sequence number; 0 = none of it. */
    bool written;
};

/* All lines upwards: the logs that hold a certificate, then those that hold their keys', and so on.
 */
static void mark_lines(struct need *needs, const struct kai_ctl *ctl)
{
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < ctl->n; i++) {
            const struct kai_ctl_entry *e = ctl->by_hash[i];

            if (e->type != KAI_REC_ADMIT || needs[kai_ctl_log_at(ctl, e->subject)].upto == 0)
                continue;
            struct need *up = &needs[kai_ctl_log_at(ctl, e->log->pk)];
            if (up->upto < e->e.h.seq) {
                up->upto = e->e.h.seq;
                more = true;
            }
        }
    }
}

static void need_entry(struct need *needs, const struct kai_ctl *ctl, const struct kai_ctl_entry *e)
{
    struct need *need = &needs[kai_ctl_log_at(ctl, e->log->pk)];

    if (need->upto < e->e.h.seq)
        need->upto = e->e.h.seq;
}

/* An address is worth nothing without the certificate of its node, which need not stand in a log on
 * the way down: its issuing key may have been replaced since. */
static void need_addr(struct need *needs, const struct kai_ctl *ctl, struct kai_view note)
{
    struct kai_addr a;
    const struct kai_ctl_entry *e =
        kai_addr_parse(&a, note) == KAI_OK ? kai_ctl_entry(ctl, a.node_cert) : NULL;

    if (e != NULL && e->type == KAI_REC_ADMIT)
        need_entry(needs, ctl, e);
}

static size_t count_entries(const struct need *needs, const struct kai_ctl *ctl)
{
    size_t n = 0;

    for (size_t i = 0; i < ctl->n_logs; i++)
        n += needs[i].upto == 0 ? 0 : kai_ctl_row_at(ctl->logs[i], needs[i].upto + 1, NULL);
    return n;
}

static bool admitted(const struct need *needs, const struct kai_ctl *ctl,
                     const struct kai_ctl_log *l)
{
    if (l->founder)
        return true;
    for (size_t i = 0; i < ctl->n; i++) {
        const struct kai_ctl_entry *e = ctl->by_hash[i];
        const struct need *up = &needs[kai_ctl_log_at(ctl, e->log->pk)];

        if (e->type == KAI_REC_ADMIT && memcmp(e->subject, l->pk, KAI_KEY_BYTES) == 0 &&
            up->written && e->e.h.seq <= up->upto)
            return true;
    }
    return false;
}

/* From the top down, so that a reader knows each log's key when its entries come. */
static void put_logs(struct kai_buf *out, struct need *needs, const struct kai_ctl *ctl)
{
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < ctl->n_logs; i++) {
            const struct kai_ctl_log *l = ctl->logs[i];

            if (needs[i].upto == 0 || needs[i].written || !admitted(needs, ctl, l))
                continue;
            size_t n = kai_ctl_row_at(l, needs[i].upto + 1, NULL);
            for (size_t k = 0; k < n; k++)
                kai_entry_write(out, &l->rows[k]->e, true);
            needs[i].written = true;
            more = true;
        }
    }
}

/* X 1, critical: who does not know who founds would not know whom it is admitted by. */
static void put_later(struct kai_buf *out, const struct kai_ctl *ctl)
{
    size_t n = kai_ctl_charters(ctl);
    struct kai_buf x;

    if (n == 0) {
        kai_put_no_ext(out);
        return;
    }
    kai_buf_init(&x, KAI_ADMISSION_BYTES_MAX);
    kai_put_array(&x, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_put_view(&x, kai_ctl_charter_at(ctl, i));
    kai_put_map(out, 1);
    kai_put_uint(out, X_CHARTERS);
    kai_put_view(out, kai_buf_view(&x));
    if (x.err != KAI_OK && out->err == KAI_OK)
        out->err = x.err;
    kai_buf_free(&x);
}

enum kai_err kai_admission_write(struct kai_buf *out, const struct kai_ctl *ctl,
                                 struct kai_view charter_record,
                                 const struct kai_charter_text *texts, size_t n_texts,
                                 const uint8_t cert[static KAI_ID_BYTES],
                                 const struct kai_view *addrs, size_t n_addrs)
{
    const struct kai_ctl_entry *e = kai_ctl_entry(ctl, cert);
    size_t start = out->len;

    if (e == NULL || e->type != KAI_REC_ADMIT)
        return KAI_ENOTFOUND;
    if (n_addrs > ADDRS_MAX || n_texts > KAI_CHARTER_TEXTS_MAX)
        return KAI_ELIMIT;
    struct need *needs = calloc(ctl->n_logs, sizeof *needs);
    if (needs == NULL)
        return KAI_ENOMEM;
    need_entry(needs, ctl, e);
    for (size_t i = 0; i < n_addrs; i++)
        need_addr(needs, ctl, addrs[i]);
    mark_lines(needs, ctl);
    kai_put_array(out, 7);
    kai_put_uint(out, VERSION);
    kai_put_view(out, charter_record);
    kai_put_array(out, (uint32_t)n_texts);
    for (size_t i = 0; i < n_texts; i++) {
        kai_put_array(out, 2);
        kai_put_str(out, texts[i].lang);
        kai_put_view(out, texts[i].text);
    }
    kai_put_array(out, (uint32_t)count_entries(needs, ctl));
    put_logs(out, needs, ctl);
    kai_put_array(out, (uint32_t)n_addrs);
    for (size_t i = 0; i < n_addrs; i++)
        kai_put_view(out, addrs[i]);
    put_later(out, ctl);
    put_sum(out, start);
    free(needs);
    if (out->err == KAI_OK && out->len - start > KAI_ADMISSION_BYTES_MAX)
        out->err = KAI_ELIMIT;
    return out->err;
}

/* Each text must be one that the founders signed for, in the charter's order. */
static enum kai_err read_texts(struct kai_admission *a, struct kai_cur *c)
{
    uint8_t hash[KAI_ID_BYTES];
    size_t n = kai_cur_array(c, KAI_CHARTER_TEXTS_MAX);

    if (n > a->charter.n_texts)
        return KAI_EMALFORMED;
    for (size_t i = 0; i < n && kai_cur_ok(c); i++) {
        char lang[sizeof a->charter.texts[0].lang];

        kai_cur_tuple(c, 2);
        kai_rec_text(c, lang, sizeof lang);
        struct kai_view text = kai_cur_bin(c, KAI_CHARTER_TEXT_BYTES_MAX);
        if (!kai_cur_ok(c))
            break;
        kai_charter_text_hash(hash, text);
        if (strcmp(lang, a->charter.texts[i].lang) != 0 ||
            memcmp(hash, a->charter.texts[i].hash, KAI_ID_BYTES) != 0)
            return KAI_EAUTH;
        a->texts[i].lang = a->charter.texts[i].lang;
        a->texts[i].text = text;
    }
    a->n_texts = n;
    return c->err;
}

static bool read_later(void *ctx, uint64_t key, struct kai_view value)
{
    struct kai_admission *a = ctx;
    struct kai_cur c;

    if (key != X_CHARTERS)
        return false;
    kai_cur_init(&c, value.p, value.n);
    a->n_later = kai_cur_array(&c, KAI_CHARTER_VERSIONS_MAX);
    a->later = c;
    for (uint32_t i = 0; i < a->n_later; i++)
        (void)kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX);
    return kai_cur_end(&c) == KAI_OK && a->n_later > 0;
}

static enum kai_err read_rest(struct kai_admission *a, struct kai_cur *c)
{
    struct kai_entry e;
    enum kai_err err = KAI_OK;

    a->n_entries = kai_cur_array(c, ENTRIES_MAX);
    a->entries = *c;
    for (uint32_t i = 0; err == KAI_OK && i < a->n_entries && kai_cur_ok(c); i++)
        err = kai_entry_read(&e, c);
    if (err != KAI_OK)
        return err;
    a->n_addrs = kai_cur_array(c, ADDRS_MAX);
    for (size_t i = 0; i < a->n_addrs; i++)
        a->addrs[i] = kai_cur_bin(c, KAI_ADDR_BYTES_MAX);
    kai_cur_ext(c, read_later, a);
    (void)kai_cur_bin_n(c, KAI_ID_BYTES);
    return kai_cur_end(c);
}

/* Later versions of the charter: the one that counts takes the first one's place. */
static enum kai_err apply_later(struct kai_admission *a)
{
    struct kai_cur c = a->later;
    struct kai_ctl *ctl;
    enum kai_err err = kai_ctl_new(&ctl, &a->first);

    if (err != KAI_OK)
        return err;
    for (uint32_t i = 0; err == KAI_OK && i < a->n_later; i++)
        err = kai_ctl_charter_add(ctl, kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX));
    a->charter = *kai_ctl_charter(ctl);
    kai_ctl_free(ctl);
    return err;
}

enum kai_err kai_admission_parse(struct kai_admission *a, struct kai_view bytes,
                                 struct kai_why *why)
{
    struct kai_cur c;

    memset(a, 0, sizeof *a);
    if (bytes.n > KAI_ADMISSION_BYTES_MAX)
        return refuse(why, KAI_ELIMIT, "admission.malformed");
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 7);
    if (kai_cur_uint(&c, INT16_MAX) != VERSION && kai_cur_ok(&c))
        return refuse(why, KAI_EVERSION, "admission.newer");
    a->charter_record = kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX);
    if (!kai_cur_ok(&c))
        return refuse(why, c.err, "admission.malformed");
    if (!sum_ok(bytes))
        return refuse(why, KAI_EAUTH, "admission.malformed");
    enum kai_err err = kai_charter_parse(&a->first, a->charter_record);
    if (err != KAI_OK)
        return refuse(why, err, "admission.charter");
    struct kai_cur texts = c; /* They are those of the version that counts, which comes last. */
    (void)kai_cur_any(&c);
    err = read_rest(a, &c);
    if (err != KAI_OK)
        return refuse(why, err, "admission.malformed");
    err = apply_later(a);
    if (err != KAI_OK)
        return refuse(why, err, "admission.charter");
    err = read_texts(a, &texts);
    return err == KAI_OK ? KAI_OK : refuse(why, err, "admission.texts");
}
