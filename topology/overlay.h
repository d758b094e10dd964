/* overlay: addresses, which of our audiences they serve, whom to link to. A part of state.h, which
 * includes it. */
#ifndef KAI_TOPOLOGY_OVERLAY_H
#define KAI_TOPOLOGY_OVERLAY_H

#include <assert.h>

#include "topology/frame.h"
#include "topology/kept.h"
#include "topology/net.h"

struct kai_link;

#define KAI_COVER_MAX   192u /* Own audiences, those relayed, the own mailbox. */
#define KAI_COVER_WORDS (KAI_COVER_MAX / 64)
struct kai_cover { /* Which of our audiences somebody is in: bits by place in kai_overlay.aud. */
    uint64_t bits[KAI_COVER_WORDS];
    uint64_t seen; /* As of this version of the overlay's audiences. */
};

struct kai_place { /* An address of the peer book; the rest of it stands in the note. */
    uint8_t node[KAI_ID_BYTES];
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint64_t counter;
    uint64_t not_after;  /* Wall clock. */
    uint64_t paid_ms;    /* How far its author has used up what it may say. */
    uint64_t retry_ms;   /* No dial before. */
    uint64_t dialled_ms; /* A dial is under way since then; 0: none. */
    struct kai_cover in;
    struct kai_kept *note;
    uint32_t net;      /* Of its address, to spread links over networks; 0: this machine. */
    uint16_t failures; /* One after the other. */
    uint16_t anchor;   /* Place among the long-lived links of before the last start; 0: none. */
    bool late;         /* Not yet passed on, for what its author has used up. */
    bool listens;
    bool busy;   /* Not dialled before retry_ms as it had a link too many: visits wait less. */
    bool keep;   /* Configured: whoever runs the node wants this link. */
    bool chance; /* Dialled to look at it, or to ask it: no link for long. */
};

struct kai_cover_aud { /* What the overlay wants for one of our audiences. */
    uint8_t id[KAI_ID_BYTES];
    size_t members;  /* Others, as far as the book knows them. */
    size_t dialable; /* Of these. */
    size_t want;     /* Links. */
    uint64_t rank;   /* Ours among the dialable ones. */
    bool root;       /* Nobody who can be dialled ranks below us. */
};

struct kai_ask { /* An AUDIENCE about which a steward is to be asked. */
    uint64_t id; /* First 8 bytes of its hash. */
    uint64_t next_ms;
    unsigned times; /* It was asked about. */
    bool old;       /* It was there when we began. */
};

#define KAI_VISITS_MAX     4096u /* AUDIENCEs remembered. */
#define KAI_VISITS_DIALLED 8u    /* At once, of stewards that are dialled for it, */
#define KAI_VISITS_LINKED  24u   /* and of such as are linked: longer, and at no cost. */
#define KAI_VISITS_AT_ONCE (KAI_VISITS_DIALLED + KAI_VISITS_LINKED)
static_assert(KAI_VISITS_MAX * sizeof(uint64_t) == KAI_VISITS_BYTES_MAX, "what is handed out");
struct kai_overlay {
    uint64_t version; /* Of aud: bits of kai_cover are places in it. */
    uint64_t keyring_seen, refresh_ms;
    size_t n;
    struct kai_cover_aud *aud; /* KAI_COVER_MAX. */
    bool book_changed;
    size_t dialable;    /* Others that can be dialled, in all the book. */
    size_t n_dials;     /* Under way, or over since the last look. */
    uint64_t dial_ms;   /* Nothing to choose before, unless links or addresses change. */
    uint64_t spare_ms;  /* No link is offered before. */
    uint64_t tidy_ms;   /* Surplus links are looked at again. */
    uint64_t audit_ms;  /* Somebody at random is dialled. */
    unsigned n_anchors; /* Told of, since the start. */
    uint64_t back_ms;   /* Those that were gone for long are not all tried again before. */
    bool lacking;       /* Some audience has fewer links than it wants. */
    bool relaxed;       /* And the cap is why. */
    /* visit.c */
    size_t n_asks, cap_asks;
    struct kai_ask *ask; /* By id; KAI_VISITS_MAX at most. */
    uint64_t *asked;     /* For kai_net_visits(). */
    uint64_t visit_ms;   /* No visit before; 0: nothing to ask. */
    uint64_t visit_seen; /* As of this version of the keyring. */
    struct kai_standing {
        size_t places; /* Organisations in whose places ours stands. */
        uint64_t caps, label_max;
        bool active;
    } standing; /* Of this node, as of then: what makes it a member without a word of an AUDIENCE.
                 */
    bool started;
    struct kai_visit {
        bool on, dialled;
        uint8_t node[KAI_ID_BYTES];
        uint64_t ask; /* About which AUDIENCE, as kai_ask.id. */
        uint64_t until_ms;
    } visit[KAI_VISITS_AT_ONCE];
};

/* book.c */
void kai_book_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
/* An address that came early, once more. */
void kai_book_take(struct kai_net *n, struct kai_view note);
void kai_book_send_all(struct kai_net *n, struct kai_link *l);
void kai_book_tick(struct kai_net *n);
void kai_book_free(struct kai_net *n);
struct kai_place *kai_book_find(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES]);
struct kai_place *kai_book_find_key(const struct kai_net *n,
                                    const uint8_t curve_pk[static KAI_KEY_BYTES]);
/* Its node, where the address is not over, and is an active node's with this key; else NULL. */
const struct kai_node *kai_book_node(const struct kai_net *n, const struct kai_place *p);
bool kai_book_good(const struct kai_net *n, const struct kai_place *p);
bool kai_book_fill(const struct kai_place *p, struct kai_dial *out);

/* early.c */
void kai_early_keep(struct kai_net *n, struct kai_view note);
void kai_early_retry(struct kai_net *n); /* The roster is another one. */
void kai_early_free(struct kai_net *n);

/* overlay.c */
KAI_MUST_USE enum kai_err kai_overlay_new(struct kai_net *n);
void kai_overlay_free(struct kai_net *n);
void kai_overlay_tick(struct kai_net *n);
void kai_overlay_changed(struct kai_net *n); /* Links or addresses are others than before. */
/* The link has come to MATCH: is there room for it? */
void kai_overlay_linked(struct kai_net *n, struct kai_link *l);
void kai_overlay_ended(struct kai_net *n, const struct kai_link *l, enum kai_bye why);
bool kai_overlay_linked_to(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES]);
/* Whether anything rests on the link: an audience that would have too few without it, or whoever
 * runs the node wants it. */
bool kai_overlay_needs(const struct kai_net *n, struct kai_link *l);
/* Whether it counts: a link from its first word on, and no guest; and how many such there are. */
bool kai_overlay_stands(const struct kai_link *l);
size_t kai_overlay_links(const struct kai_net *n);

/* stay.c */
void kai_stay_tick(struct kai_net *n);
void kai_overlay_spared(struct kai_net *n, struct kai_link *l); /* The peer can do without it. */

/* cover.c: which audiences links and addresses serve. */
void kai_cover_refresh(struct kai_net *n);
const struct kai_cover *kai_cover_place(const struct kai_net *n, struct kai_place *p);
const struct kai_cover *kai_cover_link(const struct kai_net *n, struct kai_link *l);
static inline bool kai_cover_has(const struct kai_cover *c, size_t aud)
{
    return (c->bits[aud / 64] >> (aud % 64) & 1u) != 0;
}
static inline size_t kai_cover_count(const struct kai_cover *c)
{
    size_t k = 0;

    for (size_t i = 0; i < KAI_COVER_WORDS; i++)
        k += (size_t)__builtin_popcountll(c->bits[i]);
    return k;
}
/* The order of nodes in an audience, the same for everybody: each wants a link to one before it. */
uint64_t kai_cover_rank(const uint8_t aud_id[static KAI_ID_BYTES],
                        const uint8_t node[static KAI_ID_BYTES]);
/* How many could take the peer's place, in that audience of ours where it is the fewest. */
size_t kai_cover_others(const struct kai_net *n, const struct kai_cover *c);

/* visit.c: am I a member of an audience whose members I do not know? */
void kai_visit_tick(struct kai_net *n);
/* Whom to dial for it; NULL: nobody now. */
struct kai_place *kai_visit_next(struct kai_net *n);
void kai_visit_linked(struct kai_net *n, struct kai_link *l);
void kai_visit_gone(struct kai_net *n, const struct kai_link *l); /* Its end. */

#endif
