/* crowd: how many connections of the socket each user holds. Whoever may open it must not be able
 * to keep the node's administrator out: some are left for root and the node's own user. */
#ifndef KAI_NODE_CROWD_H
#define KAI_NODE_CROWD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#define KAI_CROWD_MAX      48u /* Of all others together, */
#define KAI_CROWD_USER_MAX 32u /* and of one of them. */

struct kai_crowd {
    pthread_mutex_t mu;
    struct kai_crowd_place {
        bool taken;
        uid_t uid;
    } place[KAI_CROWD_MAX];
};

void kai_crowd_init(struct kai_crowd *c);
void kai_crowd_free(struct kai_crowd *c);
/* Whether whoever is at the other end of fd is let in. *place: what to leave with; NULL: they are
 * not counted. */
bool kai_crowd_enter(struct kai_crowd *c, int fd, void **place);
void kai_crowd_leave(struct kai_crowd *c, void *place);

#endif
