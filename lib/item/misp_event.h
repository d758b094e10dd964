/* misp_event: an event while it is read. Private to lib/item. */
#ifndef KAI_ITEM_MISP_EVENT_H
#define KAI_ITEM_MISP_EVENT_H

#include "item/misp.h"

#define KAI_MISP_PATH_CAP 256u

struct kai_misp_reading {
    struct kai_made *m;
    const json_t *e;
    const char *path;
    const char *uuid;
    struct kai_label label; /* Of its tags. */
    struct kai_label all;   /* The strictest of it and of its attributes. */
    uint64_t created_ms;
    uint64_t ms; /* Its timestamp. */
    char author[KAI_STIX_ID_CAP];
    json_t *labels;
    json_t *refs;
    json_t *context;
    json_t *unknown; /* Types that MISP does not have: how often. */
    size_t bytes;    /* Of refs and context. */
    unsigned reports;
};

/* An attribute or object that is being read. */
struct kai_misp_attribute {
    const json_t *o;
    const char *path;
    const struct kai_misp_type *type; /* NULL: a whole object. */
    struct kai_label label;
    json_t *labels;
};

/* Hand out what a part, or the event, becomes. Errors: KAI_ENOMEM, what the sink returned. */
KAI_MUST_USE enum kai_err kai_misp_give_indicator(struct kai_misp_reading *ev,
                                                  const struct kai_misp_attribute *p,
                                                  struct kai_view pattern, const char *pattern_type,
                                                  const char *name);
KAI_MUST_USE enum kai_err kai_misp_give_vulnerability(struct kai_misp_reading *ev,
                                                      const struct kai_misp_attribute *p,
                                                      const char *value);
/* What has no pattern, or is no sign by its to_ids, waits for the report. */
KAI_MUST_USE enum kai_err kai_misp_add_context(struct kai_misp_reading *ev,
                                               const struct kai_misp_attribute *p,
                                               const char *value);
/* What has gathered since the last report. */
KAI_MUST_USE enum kai_err kai_misp_give_report(struct kai_misp_reading *ev);
KAI_MUST_USE enum kai_err kai_misp_give_author(struct kai_misp_reading *ev);

KAI_MUST_USE enum kai_err kai_misp_refuse(struct kai_misp_reading *ev, struct kai_why *why,
                                          const char *path);
KAI_MUST_USE enum kai_err kai_misp_refuse_event(struct kai_misp_reading *ev, const char *what);

#endif
