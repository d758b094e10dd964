/* call_show: what is so: status, peers, the network, its organisations and nodes. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "node/call.h"
#include "node/hold.h"
#include "node/indexer.h"
#include "node/shown.h"
#include "node/stale.h"
#include "node/touched.h"
#include "policy/policy.h"

static void address_of(const struct kai_core *c,
                       char out[static KAI_ENDPOINT_BYTES_MAX + KAI_BASE32_KEY_CAP + 1])
{
    char key[KAI_BASE32_KEY_CAP];

    out[0] = '\0';
    if (c->endpoint[0] == '\0')
        return;
    kai_base32_key(key, c->node->curve_pk);
    (void)snprintf(out, KAI_ENDPOINT_BYTES_MAX + KAI_BASE32_KEY_CAP + 1, "%s/%s", c->endpoint, key);
}

struct gather {
    struct kai_call *call;
    struct kai_jput *j;
    const struct kai_outlook *o;
    size_t peers;
    uint64_t unsent;
    uint64_t now_ms;
    struct kai_net_counters counters;
};

static void count_peer(void *ctx, const struct kai_link_info *l)
{
    struct gather *g = ctx;

    g->peers += l->peer != NULL;
    g->unsent += l->unsent_frames;
}

static enum kai_err job_count(struct kai_core *c, void *arg)
{
    struct gather *g = arg;

    kai_net_links(c->net, count_peer, g);
    kai_net_counters(c->net, &g->counters);
    (void)kai_stale_tick(c, 0); /* So that its alarms say what the list says. */
    return KAI_OK;
}

/* What counts or measures entries of all labels, for those alone who are cleared for all: else it
 * would tell of what is not theirs. */
static void put_count(const struct kai_call *call, struct kai_jput *j, const char *key, uint64_t v)
{
    if (KAI_CHECK(READER_COUNT, call->who->clearance >= KAI_TLP_RED))
        kai_jput_uint(j, key, v);
    else
        kai_jput_null(j, key);
}

/* How many items whoever asks may see. */
static enum kai_err count_items(struct kai_call *call, uint64_t *n)
{
    struct kai_ixsnap *rows;
    enum kai_err err = kai_ixsnap_begin(call->core->index, call->who->clearance, &rows);

    *n = err == KAI_OK ? kai_ixsnap_rows(rows) : 0;
    if (err == KAI_OK)
        kai_ixsnap_end(rows);
    return err;
}

/* An alarm calls an audience whose name has not come by the beginning of its id. */
static bool is_about(const struct kai_aud_name *a, const char *about)
{
    char id[KAI_HEX_CAP(8)];

    return strcmp(a->name, about) == 0 || strcmp(kai_hex(id, a->id, 8), about) == 0;
}

/* Whether whoever may see this audience may also know that something waits to go out to it. */
static bool waiting_shown(const struct kai_outlook *o, const uint8_t aud_id[static KAI_ID_BYTES],
                          uint8_t clearance)
{
    const struct kai_audience *a = kai_roster_audience(o->roster, aud_id);

    return a != NULL && kai_policy_ceiling(a->rec.kind, a->rec.label_max) <= clearance;
}

/* An alarm may be about an audience: where that is hidden, so is the alarm. */
static bool alarm_shown(const struct kai_call *call, const struct kai_outlook *o,
                        const struct kai_alarm_row *alarm)
{
    uint8_t clearance = call->who->clearance;
    bool waits = strncmp(alarm->code, "audience.held", strlen("audience.held")) == 0;
    bool known = false;

    for (size_t i = 0; alarm->about[0] != '\0' && i < o->n_names; i++) {
        if (!is_about(&o->names[i], alarm->about))
            continue;
        if (!kai_shown_aud(o, o->names[i].id, clearance) ||
            (waits && !waiting_shown(o, o->names[i].id, clearance)))
            return false;
        known = true;
    }
    return known || !waits || clearance >= KAI_TLP_RED; /* Another is a mailbox: of any label. */
}

static void put_alarm(const struct kai_call *call, struct kai_jput *j,
                      const struct kai_alarm_row *alarm)
{
    struct kai_why why = {0};
    struct kai_buf text;

    kai_buf_init(&text, 4096);
    (void)kai_why_set(&why, KAI_OK, alarm->code, alarm->about,
                      alarm->whom[0] != '\0' ? alarm->whom : NULL, NULL);
    kai_jput_object(j, NULL);
    kai_jput_text(j, "code", alarm->code);
    kai_jput_time(j, "since", alarm->since_ms);
    kai_text_what(call->lang, &why, &text);
    kai_jput_view(j, "what", kai_buf_view(&text));
    kai_buf_clear(&text);
    kai_text_do(call->lang, &why, &text);
    kai_jput_view(j, "do", kai_buf_view(&text));
    kai_jput_end(j);
    kai_buf_free(&text);
}

/* touched_ms: since when that of our own is touched; 0: it is not. */
static void put_alarms(struct kai_call *call, struct kai_jput *j, const struct kai_outlook *o,
                       uint64_t touched_ms)
{
    const struct kai_alarm_row touched = {.code = "inventory.touched", .since_ms = touched_ms};
    struct kai_core *c = call->core;

    kai_jput_array(j, "alarms");
    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_alarms; i++)
        if (alarm_shown(call, o, &c->alarms[i]))
            put_alarm(call, j, &c->alarms[i]);
    (void)pthread_mutex_unlock(&c->mu);
    if (touched_ms != 0)
        put_alarm(call, j, &touched);
    kai_jput_end(j);
}

static const char *label_max_name(uint64_t v)
{
    return kai_tlp_name(v > KAI_TLP_RED ? KAI_TLP_NONE : (uint8_t)v);
}

/* Authorities of which nothing was heard for too long. */
static void put_stale(struct kai_jput *j, const struct kai_stale_names *names)
{
    kai_jput_array(j, "stale");
    for (size_t i = 0; i < names->n && i < KAI_STALE_SHOWN; i++)
        kai_jput_text(j, NULL, names->name[i]);
    kai_jput_end(j);
}

enum kai_err kai_verb_status(struct kai_call *call)
{
    struct kai_core *c = call->core;
    struct gather g = {.call = call};
    struct kai_stale_names stale;
    struct kai_store_usage u;
    struct kai_indexer_state p;
    struct kai_why unread = {0};
    uint64_t touched_ms;
    uint64_t items;
    char address[KAI_ENDPOINT_BYTES_MAX + KAI_BASE32_KEY_CAP + 1];
    struct kai_jput j;
    enum kai_err err = kai_store_usage(c->store, &u);

    if (err == KAI_OK)
        err = kai_core_run(c, job_count, &g);
    if (err == KAI_OK)
        err = count_items(call, &items);
    if (err != KAI_OK)
        return err;
    kai_indexer_state(c->indexer, &p);
    if (kai_touched_since(c, call->who, &touched_ms, &unread) != KAI_OK)
        touched_ms = 0; /* An inventory that cannot be read: `relevant` says so. */
    address_of(c, address);
    struct kai_outlook *o = kai_outlook_get(c);
    err = kai_stale_now(c, o->roster, &stale);
    if (err != KAI_OK) {
        kai_outlook_put(o);
        return err;
    }
    const struct kai_org *org = kai_roster_org(o->roster, c->self.org_id);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "network", c->charter.nid, KAI_ID_BYTES);
    kai_jput_text(&j, "network_name", o->charter.name);
    kai_jput_text(&j, "org", c->org_name);
    kai_jput_hex(&j, "org_id", c->self.org_id, KAI_ID_BYTES);
    kai_jput_hex(&j, "node", c->self.node_id, KAI_ID_BYTES);
    kai_jput_text(&j, "address", address[0] == '\0' ? NULL : address);
    kai_jput_text(&j, "api", c->api[0] == '\0' ? NULL : c->api);
    kai_jput_text(&j, "label_max", org != NULL ? label_max_name(org->label_max) : NULL);
    kai_jput_bool(&j, "running", c->loop != NULL);
    kai_jput_uint(&j, "peers", g.peers);
    put_count(call, &j, "logs", u.logs);
    put_count(call, &j, "entries", u.entries);
    kai_jput_uint(&j, "items", items);
    put_count(call, &j, "index_lag_ms", p.lag_ms);
    put_count(call, &j, "quarantined", p.quarantined);
    put_count(call, &j, "unsent", g.unsent + kai_hold_count(c));
    put_count(call, &j, "used_bytes", u.used_bytes);
    kai_jput_uint(&j, "map_bytes", u.map_bytes);
    kai_jput_hex(&j, "state", kai_roster_hash(o->roster), KAI_ID_BYTES);
    kai_jput_uint(&j, "uptime_ms", kai_wall_ms() - c->started_ms);
    put_count(call, &j, "bytes_in", g.counters.bytes_in);
    put_count(call, &j, "bytes_out", g.counters.bytes_out);
    put_count(call, &j, "entries_new", g.counters.entries_new);
    put_count(call, &j, "entries_twice", g.counters.pushes_twice);
    put_count(call, &j, "entries_refused", g.counters.entries_refused);
    put_count(call, &j, "entries_parked", g.counters.entries_parked);
    put_count(call, &j, "grafts", g.counters.grafts_out);
    put_count(call, &j, "prunes", g.counters.prunes_out);
    put_count(call, &j, "wants", g.counters.wants_out);
    put_count(call, &j, "visits", g.counters.visits);
    put_count(call, &j, "peer_memory_bytes", g.counters.memory_bytes);
    put_count(call, &j, "withheld", g.counters.withheld);
    put_stale(&j, &stale);
    put_alarms(call, &j, o, touched_ms);
    kai_jput_end(&j);
    kai_outlook_put(o);
    return kai_jput_line(&j);
}

/* Its name; of a mailbox, and where the name has not come, the beginning of its id. */
static const char *aud_label(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                             char id[static KAI_HEX_CAP(8)])
{
    const char *name = kai_keyring_name(c->ring, aud_id);

    return name[0] != '\0' ? name : kai_hex(id, aud_id, 8);
}

static void put_auds(const struct gather *g, struct kai_jput *j, const struct kai_link_info *l)
{
    char id[KAI_HEX_CAP(8)];

    kai_jput_array(j, "audiences");
    for (size_t i = 0; i < l->n_auds; i++)
        if (kai_shown_aud(g->o, l->auds[i], g->call->who->clearance))
            kai_jput_text(j, NULL, aud_label(g->call->core, l->auds[i], id));
    kai_jput_end(j);
}

static void put_peer(void *ctx, const struct kai_link_info *l)
{
    struct gather *g = ctx;
    struct kai_jput *j = g->j;
    struct kai_core *c = g->call->core;
    struct kai_dial at;
    bool known = l->peer != NULL && kai_net_addr_of(c->net, l->peer->curve_pk, &at);

    kai_jput_object(j, NULL);
    kai_jput_text(j, "org", l->peer != NULL ? l->peer->org->name : NULL);
    if (l->peer != NULL)
        kai_jput_hex(j, "node", l->peer->id, KAI_ID_BYTES);
    else
        kai_jput_null(j, "node");
    kai_jput_text(j, "endpoint", known ? at.endpoint : NULL);
    kai_jput_text(j, "direction", l->dialled ? "out" : "in");
    kai_jput_text(j, "state", l->state);
    kai_jput_time(j, "since", kai_wall_ms() - (g->now_ms - l->since_ms));
    if (l->rtt_ms >= 0) {
        char rtt[32];
        int n = snprintf(rtt, sizeof rtt, "%.3f", l->rtt_ms);

        kai_jput_raw(j, "rtt_ms", kai_view_of(rtt, (size_t)n));
    } else {
        kai_jput_null(j, "rtt_ms");
    }
    put_count(g->call, j, "in_bytes", l->in_bytes);
    put_count(g->call, j, "out_bytes", l->out_bytes);
    put_auds(g, j, l);
    kai_jput_end(j);
    (void)kai_jput_line(j); /* Sticks in the buffer. */
}

static enum kai_err job_peers(struct kai_core *c, void *arg)
{
    struct gather *g = arg;

    g->now_ms = kai_now_ms();
    kai_net_links(c->net, put_peer, g);
    return g->call->out.err;
}

enum kai_err kai_verb_peers(struct kai_call *call)
{
    struct kai_jput j;
    struct gather g = {.call = call, .j = &j};

    struct kai_outlook *o = kai_outlook_get(call->core);

    g.o = o;
    kai_jput_init(&j, &call->out);
    enum kai_err err = kai_core_run(call->core, job_peers, &g);
    kai_outlook_put(o);
    return err;
}

const char *kai_call_status(bool active, bool revoked, uint64_t not_after)
{
    if (revoked)
        return "revoked";
    if (not_after != 0 && not_after < kai_wall_ms())
        return "expired";
    return active ? "active" : "pending";
}

static const char *kind_of(const struct kai_org *o)
{
    if (!o->has_parent)
        return "founder";
    return (o->caps & KAI_CAP_PROVIDER) != 0 ? "provider" : "member";
}

/* A contractor's distance from the organisation that answers for it, and that one's name. */
static void put_tier(struct kai_jput *j, const struct kai_roster *r, const struct kai_org *o)
{
    uint64_t tier = 0;

    for (; o != NULL && o->has_parent && (o->caps & KAI_CAP_PROVIDER) != 0; tier++)
        o = kai_roster_org(r, o->parent);
    if (tier > 0)
        kai_jput_uint(j, "tier", tier);
    else
        kai_jput_null(j, "tier");
    kai_jput_text(j, "answered_by", tier > 0 && o != NULL ? o->name : NULL);
}

/* Who took it over, and whom it took over. */
static void put_heirs(struct kai_jput *j, const struct kai_roster *r, const struct kai_org *o)
{
    const struct kai_org *heir = kai_roster_heir(r, o);
    const struct kai_forerunner *f;
    size_t n = kai_roster_forerunners(r, o, &f);

    kai_jput_text(j, "followed_by", heir != NULL ? heir->name : NULL);
    kai_jput_array(j, "in_place_of");
    for (size_t i = 0; i < n; i++)
        kai_jput_text(j, NULL, f[i].org->name);
    kai_jput_end(j);
}

static void put_org(struct kai_jput *j, const struct kai_roster *r, const struct kai_org *o)
{
    const struct kai_org *parent = o->has_parent ? kai_roster_org(r, o->parent) : NULL;

    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", o->id, KAI_ID_BYTES);
    kai_jput_text(j, "name", o->name);
    kai_jput_text(j, "kind", kind_of(o));
    kai_jput_text(j, "parent", parent != NULL ? parent->name : NULL);
    if (o->has_parent)
        kai_jput_hex(j, "parent_id", o->parent, KAI_ID_BYTES);
    else
        kai_jput_null(j, "parent_id");
    put_tier(j, r, o);
    kai_jput_text(j, "status", kai_call_status(o->active, o->revoked, o->not_after));
    kai_jput_text(j, "label_max", label_max_name(o->label_max));
    kai_jput_uint(j, "may_admit", o->depth_left);
    if (o->not_after != 0)
        kai_jput_time(j, "expires", o->not_after);
    else
        kai_jput_null(j, "expires");
    kai_jput_array(j, "attrs");
    for (size_t i = 0; i < o->n_attrs; i++) {
        char text[sizeof o->attrs[i].key + sizeof o->attrs[i].value + 1];

        (void)snprintf(text, sizeof text, "%s=%s", o->attrs[i].key, o->attrs[i].value);
        kai_jput_text(j, NULL, text);
    }
    kai_jput_end(j);
    put_heirs(j, r, o);
    kai_jput_end(j);
    (void)kai_jput_line(j);
}

enum kai_err kai_verb_org_list(struct kai_call *call)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_org *orgs;
    size_t n = kai_roster_orgs(o->roster, &orgs);
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    for (size_t i = 0; i < n; i++)
        put_org(&j, o->roster, &orgs[i]);
    kai_outlook_put(o);
    return call->out.err;
}

static void put_node(struct kai_jput *j, const struct kai_core *c, const struct kai_node *n)
{
    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", n->id, KAI_ID_BYTES);
    kai_jput_text(j, "name", n->name);
    kai_jput_text(j, "org", n->org->name);
    kai_jput_text(j, "status", kai_call_status(n->active, n->revoked, n->not_after));
    kai_jput_bool(j, "this", memcmp(n->id, c->self.node_id, KAI_ID_BYTES) == 0);
    kai_jput_time(j, "expires", n->not_after);
    kai_jput_end(j);
    (void)kai_jput_line(j);
}

/* Nodes of one organisation, or of all. */
static void put_nodes(struct kai_call *call, struct kai_jput *j, const struct kai_roster *r,
                      const struct kai_org *org)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(r, &nodes);

    for (size_t i = 0; i < n; i++)
        if (org == NULL || nodes[i].org == org)
            put_node(j, call->core, &nodes[i]);
}

enum kai_err kai_verb_org_show(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "org", &err);
    const struct kai_org *org;
    struct kai_jput j;

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    err = kai_outlook_find_org(o, name, &org, &call->why);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        put_org(&j, o->roster, org);
        put_nodes(call, &j, o->roster, org);
    }
    kai_outlook_put(o);
    return err;
}

enum kai_err kai_verb_node_list(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    bool all = kai_arg_bool(call, "all", &err);
    struct kai_jput j;

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    kai_jput_init(&j, &call->out);
    put_nodes(call, &j, o->roster, all ? NULL : kai_roster_org(o->roster, call->core->self.org_id));
    kai_outlook_put(o);
    return call->out.err;
}
