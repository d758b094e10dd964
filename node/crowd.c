/* crowd: how many connections of the socket each user holds. */
#include "node/crowd.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void kai_crowd_init(struct kai_crowd *c)
{
    memset(c->place, 0, sizeof c->place);
    (void)pthread_mutex_init(&c->mu, NULL);
}

void kai_crowd_free(struct kai_crowd *c)
{
    (void)pthread_mutex_destroy(&c->mu);
}

/* NULL: there is none for this user. */
static struct kai_crowd_place *find(struct kai_crowd *c, uid_t uid)
{
    struct kai_crowd_place *found = NULL;
    unsigned own = 0;

    for (unsigned i = 0; i < KAI_CROWD_MAX; i++) {
        own += c->place[i].taken && c->place[i].uid == uid;
        if (!c->place[i].taken)
            found = &c->place[i];
    }
    return own < KAI_CROWD_USER_MAX ? found : NULL;
}

bool kai_crowd_enter(struct kai_crowd *c, int fd, void **place)
{
    struct ucred cred;
    socklen_t n = sizeof cred;

    *place = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
        return false;
    if (cred.uid == 0 || cred.uid == geteuid())
        return true;
    (void)pthread_mutex_lock(&c->mu);
    struct kai_crowd_place *p = find(c, cred.uid);
    if (p != NULL)
        *p = (struct kai_crowd_place){.taken = true, .uid = cred.uid};
    (void)pthread_mutex_unlock(&c->mu);
    *place = p;
    return p != NULL;
}

void kai_crowd_leave(struct kai_crowd *c, void *place)
{
    struct kai_crowd_place *p = place;

    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&c->mu);
    p->taken = false;
    (void)pthread_mutex_unlock(&c->mu);
}
