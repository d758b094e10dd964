/* monitor: reads the events of a socket's connections. */
#ifndef KAI_NODE_NET_MONITOR_H
#define KAI_NODE_NET_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

struct kai_monitor_event {
    uint16_t event; /* ZMQ_EVENT_... */
    uint32_t value; /* A descriptor, an errno, a ZAP status or a ZMQ_PROTOCOL_ERROR_... */
};

/* The next event, if there is one. Never waits. */
bool kai_monitor_next(void *monitor, struct kai_monitor_event *ev);

#endif
