/* judge: who may have what, from whom it is taken, and what may stand in a log: the questions that
 * the parts of the engine ask. */
#ifndef KAI_TOPOLOGY_JUDGE_H
#define KAI_TOPOLOGY_JUDGE_H

#include "topology/state.h"

/* rights.c: to whom, from whom. */
bool kai_may_send_keys(const struct kai_net *n, const struct kai_link *l,
                       const struct kai_share *s);
bool kai_may_send_data(const struct kai_net *n, const struct kai_link *l,
                       const struct kai_share *s);
bool kai_may_offer(const struct kai_net *n, const struct kai_link *l,
                   const uint8_t aud_id[static KAI_ID_BYTES]);
bool kai_may_receive(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                     const uint8_t log_pk[static KAI_KEY_BYTES]);
/* What a link may hear of an audience, asked once for many logs. */
struct kai_sight {
    const struct kai_link *l;
    bool mail, keys, data;
    bool letters;     /* Of everybody. */
    bool own_letters; /* That it wrote or brought. */
};
void kai_sight(struct kai_sight *out, const struct kai_net *n, const struct kai_link *l,
               const struct kai_share *s);
bool kai_sight_log(struct kai_net *n, const struct kai_sight *v, struct kai_nlog *log);
/* Whether this link may hear of this log now; visible: and there is something of it that stands. */
bool kai_log_heard(struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                   struct kai_nlog *log);
bool kai_log_visible(struct kai_net *n, const struct kai_link *l, const struct kai_share *s,
                     struct kai_nlog *log);
bool kai_may_author(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                    const struct kai_node *node);
bool kai_author_fits(struct kai_net *n, struct kai_nlog *log);
bool kai_log_blind(const struct kai_net_log *l);
uint64_t kai_log_read_to(const struct kai_net *n, const struct kai_nlog *log);
void kai_log_read_by(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                     uint64_t seq);
void kai_log_held(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log, uint64_t seq);

/* mail.c: mailboxes. */
void kai_mail_renewed(struct kai_net *n, const struct kai_roster *before);
/* NULL: it is none of an active organisation. */
const struct kai_mailbox *kai_mail_find(const struct kai_net *n,
                                        const uint8_t aud_id[static KAI_ID_BYTES]);
bool kai_mail_ours(const struct kai_net *n, const struct kai_mailbox *m);
bool kai_mail_carries(const struct kai_node *node);
void kai_mail_link(struct kai_net *n, struct kai_link *l);
void kai_mail_recognise(struct kai_net *n, struct kai_link *l);
bool kai_mail_waits(const struct kai_net *n, const struct kai_org *org);

/* quota.c */
bool kai_quota_over(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                    const struct kai_net_log *is, uint64_t bytes);
void kai_quota_charge(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                      uint64_t bytes);
void kai_quota_forged(struct kai_net *n, const struct kai_nlog *log, uint64_t bytes);
void kai_quota_tick(struct kai_net *n);

/* accept.c */
/* What a first entry must be; *log is filled in but for who brought it. */
enum kai_verdict kai_accept_first(struct kai_net *n, struct kai_share *s, const struct kai_entry *e,
                                  struct kai_net_log *log);
/* *is: what is known of the log; a BIND that opens may tell more. */
enum kai_verdict kai_accept_next(struct kai_net *n, struct kai_share *s, struct kai_nlog *log,
                                 const struct kai_entry *e, struct kai_net_log *is);

/* blind.c: logs whose author is not known. */
/* Open what should be a BIND of this log; *author and *bind are filled in. KAI_TAKE: it is one, and
 * its author may be one. KAI_PARK: his certificate has not come, or he is no member. */
enum kai_verdict kai_bind_judge(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                                const struct kai_epoch *epoch, const struct kai_entry *e,
                                struct kai_bind *bind, const struct kai_node **author);
void kai_bind_tell(struct kai_net_log *log, const struct kai_bind *bind,
                   const struct kai_node *author);
/* An entry that cannot be opened: is all that can be checked as it should be? */
enum kai_verdict kai_blind_judge(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                                 const struct kai_epoch *epoch, const struct kai_entry *e);
bool kai_tag_fits(const uint8_t *tag, const struct kai_entry *e);
void kai_blind_unfit(struct kai_net *n, struct kai_nlog *log);
void kai_blind_learn(struct kai_net *n); /* Keys came: perhaps for BINDs that are held. */
void kai_blind_landed(struct kai_net *n, struct kai_nlog *log, const struct kai_entry *e);

#endif
