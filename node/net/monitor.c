/* monitor: reads the events of a socket's connections. */
#include "net/monitor.h"

#include <string.h>

#include <zmq.h>

bool kai_monitor_next(void *monitor, struct kai_monitor_event *ev)
{
    zmq_msg_t msg;
    bool ok, more;

    (void)zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) < 0) {
        (void)zmq_msg_close(&msg);
        return false;
    }
    ok = zmq_msg_size(&msg) == 6;
    if (ok) {
        memcpy(&ev->event, zmq_msg_data(&msg), 2);
        memcpy(&ev->value, (const uint8_t *)zmq_msg_data(&msg) + 2, 4);
    } else {
        memset(ev, 0, sizeof *ev);
    }
    more = zmq_msg_more(&msg) != 0;
    while (more && zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0)
        more = zmq_msg_more(&msg) != 0; /* The address: not needed. */
    (void)zmq_msg_close(&msg);
    return true;
}
