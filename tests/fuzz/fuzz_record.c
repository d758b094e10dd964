/* Everything in keys/ that reads bytes of others: the first byte says which parser gets the rest.
 * What is accepted must be the same after writing it again. */
#include <stdlib.h>
#include <string.h>

#include "keys/amend.h"
#include "keys/ceremony.h"
#include "keys/checkpoint.h"
#include "keys/epoch.h"
#include "keys/keydeath.h"
#include "keys/keyform.h"
#include "keys/record_int.h"

#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x))                                                                                  \
            abort();                                                                               \
    } while (0)

static void recode_admit(struct kai_view v)
{
    struct kai_admit a;
    struct kai_admit b;
    struct kai_buf out;

    (void)(kai_admit_parse(&a, v) == KAI_OK);
    if (kai_admit_read(&a, v) != KAI_OK)
        return;
    kai_buf_init(&out, 1 << 16);
    kai_admit_write(&out, &a);
    MUST(out.err == KAI_OK && out.len <= v.n);
    MUST(kai_admit_read(&b, kai_buf_view(&out)) == KAI_OK);
    MUST(memcmp(&a, &b, sizeof a) == 0);
    kai_buf_free(&out);
}

static void recode_revoke(struct kai_view v)
{
    struct kai_revoke a;
    struct kai_revoke b;
    struct kai_buf out;

    if (kai_revoke_parse(&a, v) != KAI_OK)
        return;
    kai_buf_init(&out, 1 << 16);
    kai_revoke_write(&out, &a);
    MUST(out.err == KAI_OK && out.len <= v.n);
    MUST(kai_revoke_parse(&b, kai_buf_view(&out)) == KAI_OK);
    MUST(memcmp(&a, &b, sizeof a) == 0);
    kai_buf_free(&out);
}

static void recode_audience(struct kai_view v)
{
    struct kai_aud_rec a;
    struct kai_aud_rec b;
    struct kai_buf out;

    if (kai_aud_rec_parse(&a, v) != KAI_OK)
        return;
    kai_buf_init(&out, 1 << 16);
    kai_aud_rec_write(&out, &a);
    MUST(out.err == KAI_OK && out.len <= v.n);
    MUST(kai_aud_rec_parse(&b, kai_buf_view(&out)) == KAI_OK);
    MUST(memcmp(&a, &b, sizeof a) == 0);
    kai_buf_free(&out);
}

static void recode_epoch(struct kai_view v)
{
    static struct kai_epoch_part a;
    struct kai_buf out;
    uint8_t aud[KAI_ID_BYTES];

    (void)(kai_epoch_audience(aud, v) == KAI_OK);
    if (kai_epoch_parse(&a, v) != KAI_OK)
        return;
    kai_buf_init(&out, 1 << 17);
    kai_epoch_write(&out, &a);
    MUST(out.err == KAI_OK && out.len <= v.n);
    MUST(memcmp(out.p, v.p, out.len - 1) == 0); /* All but X. */
    kai_buf_free(&out);
}

/* As if the version before were the one that it names. */
static void amendment(struct kai_view v)
{
    static struct kai_charter c, prev;
    struct kai_amend_votes votes;
    struct kai_view body;
    struct kai_cur sigs;
    struct kai_buf out;

    if (kai_charter_read(&c, v, &body, &sigs) != KAI_OK)
        return;
    kai_buf_init(&out, KAI_CHARTER_BYTES_MAX);
    kai_charter_body_write(&out, &c);
    MUST(out.err == KAI_OK && out.len <= body.n);
    kai_buf_free(&out);
    prev.ver = c.ver - 1;
    prev.threshold = 1;
    memcpy(prev.hash, c.prev, KAI_ID_BYTES);
    (void)(kai_amend_check(&c, v, &prev, &votes) == KAI_OK);
    MUST(kai_amend_parse(&c, v, &prev) != KAI_OK); /* No founder of nothing has signed. */
}

static void recode_successor(struct kai_view v)
{
    struct kai_successor x;
    struct kai_buf out;

    if (kai_successor_parse(&x, v) != KAI_OK)
        return;
    kai_buf_init(&out, v.n + 16);
    kai_successor_write(&out, &x);
    MUST(out.err == KAI_OK && out.len <= v.n);
    kai_buf_free(&out);
}

static void keydeath(struct kai_view v)
{
    struct kai_keydeath d;

    if (kai_keydeath_parse(&d, v) != KAI_OK)
        return;
    MUST(!d.has_cut || memcmp(d.key, d.signer, KAI_KEY_BYTES) != 0);
    MUST(kai_keydeath_verify(v, d.hash) != KAI_OK); /* Nobody signs by chance. */
}

static void checkpoint(struct kai_view v)
{
    struct kai_checkpoint p;
    uint8_t key[64] = {0};
    struct kai_checkpoint q;
    struct kai_buf out;

    if (kai_checkpoint_parse(&p, v) != KAI_OK)
        return;
    kai_buf_init(&out, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&out, &p, key, key);
    MUST(out.err == KAI_OK && out.len <= v.n);
    MUST(kai_checkpoint_parse(&q, kai_buf_view(&out)) == KAI_OK);
    MUST(memcmp(&p, &q, sizeof p) == 0);
    kai_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kai_charter charter;
    static struct kai_admission admission;
    struct kai_join request;
    struct kai_addr addr;
    struct kai_keys keys;
    struct kai_view body;
    uint64_t type;
    bool sealed = false;
    const char *code;

    if (size == 0)
        return 0;
    struct kai_view v = kai_view_of(data + 1, size - 1);
    switch (data[0] % 13) {
    case 0:
        recode_admit(v);
        break;
    case 1:
        recode_revoke(v);
        break;
    case 2:
        recode_audience(v);
        break;
    case 3:
        (void)(kai_addr_parse(&addr, v) == KAI_OK);
        break;
    case 4:
        (void)(kai_charter_parse(&charter, v) == KAI_OK);
        break;
    case 5:
        (void)(kai_rec_parse(&type, &body, v) == KAI_OK);
        break;
    case 6:
        recode_epoch(v);
        break;
    case 7:
        (void)(kai_join_parse(&request, v, NULL) == KAI_OK);
        (void)(kai_admission_parse(&admission, v, NULL) == KAI_OK);
        break;
    case 8:
        (void)(kai_keyform_read(&keys, v, KAI_KEY_NODE, NULL, &sealed, &code) == KAI_OK);
        break;
    case 9:
        amendment(v);
        break;
    case 10:
        keydeath(v);
        break;
    case 11:
        recode_successor(v);
        break;
    default:
        checkpoint(v);
        break;
    }
    return 0;
}
