/* child: a process that looks at what may end it, so that its death is an answer. */
#ifndef KAI_BASE_CHILD_H
#define KAI_BASE_CHILD_H

#include <sys/types.h>

/* First thing in a child whose parent waits for it: it dies of every signal that it could die of,
 * without a core file and with nothing to say on standard error, and with its parent: what it
 * inherited, a lock among it, would else outlive whoever took it. parent: the parent's getpid(). */
void kai_child_begin(pid_t parent);

#endif
