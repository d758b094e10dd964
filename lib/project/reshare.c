/* reshare: may what somebody else signed be in this audience: every receiver asks for itself
 * (docs/protocol.md 5; the rule is kai_policy_reshare()). */
#include <string.h>

#include "base/check.h"
#include "project/project_priv.h"

struct shared {
    struct kai_projector *p;
    struct kai_reshare r;
    struct batch b;
    struct kai_project_node sharer;
    struct kai_project_node origin;
    struct kai_policy_reshare facts;
    uint64_t index[KAI_BATCH_ITEMS_MAX]; /* Of each content in its OBJ, */
    bool held[KAI_BATCH_ITEMS_MAX];      /* whether we have it from the source's own log, */
    bool allowed[KAI_BATCH_ITEMS_MAX];   /* and whether it may be here. */
    bool is_source;                      /* b.origin signed: the sharer's act can be shown. */
    bool unknown;                        /* Something that would decide is not known here yet. */
};

/* Who shares, what, and who signed that. */
static const char *check_signed(struct shared *s, struct kai_view item)
{
    struct kai_projector *p = s->p;
    const char *code = p->no_author;

    if (code == NULL)
        code = kai_project_node(p, s->r.sharer_cert, &s->sharer);
    if (code != NULL)
        return code;
    if (!KAI_CHECK(RESHARE_SHARER, memcmp(s->sharer.org_id, p->author.org_id, KAI_ID_BYTES) == 0))
        return "project.sharer";
    if (kai_act_verify(item, s->sharer.sign_pk, p->in->nid) != KAI_OK)
        return "project.signature";
    code = kai_project_node(p, s->b.obj.origin_cert, &s->origin);
    if (code != NULL)
        return code;
    if (!kai_project_signed(p, &s->origin, s->r.obj, s->r.sig))
        return "project.signature";
    memcpy(s->b.origin, s->origin.org_id, KAI_ID_BYTES);
    memcpy(s->b.via, s->sharer.org_id, KAI_ID_BYTES);
    kai_project_about(p, &s->b, s->b.origin);
    s->is_source = true;
    if (kai_reshare_check(&s->r, &s->b.obj) != KAI_OK)
        return "project.merkle";
    return NULL;
}

static enum kai_err read_indexes(struct shared *s)
{
    struct kai_cur c = s->r.contents;
    struct kai_content content;
    enum kai_err err = s->r.n_contents <= KAI_BATCH_ITEMS_MAX ? KAI_OK : KAI_ELIMIT;

    for (uint32_t i = 0; i < s->r.n_contents && err == KAI_OK; i++) {
        err = kai_content_read(&content, &c);
        s->index[i] = content.kind == KAI_CONTENT_PART ? 0 : content.index; /* One object. */
    }
    return err;
}

static bool held_row(void *ctx, const struct kai_row *row)
{
    static const uint8_t nobody[KAI_ID_BYTES];
    struct shared *s = ctx;

    if (memcmp(row->via, nobody, KAI_ID_BYTES) != 0 ||
        memcmp(row->origin, s->b.origin, KAI_ID_BYTES) != 0)
        return true;
    for (uint32_t i = 0; i < s->r.n_contents; i++)
        s->held[i] = s->held[i] || s->index[i] == row->obj_index;
    return true;
}

/* Whether we have every content from the source's own log. */
static enum kai_err find_held(struct shared *s)
{
    struct kai_ixsnap *r = kai_ix_reads(s->p->t);
    enum kai_err err = r == NULL ? KAI_EIO : kai_ixsnap_obj(r, s->b.hash, held_row, s);

    s->facts.held_from_source = err == KAI_OK && s->r.n_contents > 0;
    for (uint32_t i = 0; i < s->r.n_contents; i++)
        s->facts.held_from_source = s->facts.held_from_source && s->held[i];
    return err;
}

/* That the sharer's node was in the audience it names. */
static bool proven(struct shared *s, const struct kai_project_aud *from)
{
    const struct kai_project_port *port = &s->p->port;
    enum kai_err err;

    if (from->kind == KAI_POLICY_PUBLIC)
        return true;
    if (from->kind == KAI_POLICY_MAILBOX)
        return memcmp(from->owner, s->sharer.org_id, KAI_ID_BYTES) == 0;
    if (s->r.proof.p == NULL)
        return false;
    err = port->proof(port->ctx, s->r.proof, s->r.from_aud, &s->sharer);
    s->unknown = s->unknown || err == KAI_EAGAIN;
    return err == KAI_OK;
}

static bool inside(struct shared *s)
{
    const struct kai_project_port *port = &s->p->port;
    enum kai_project_inside in = port->inside(port->ctx, s->p->in->aud_id, s->r.from_aud);

    s->unknown = s->unknown || in == KAI_PROJECT_UNKNOWN;
    return in == KAI_PROJECT_INSIDE;
}

static enum kai_err gather(struct shared *s)
{
    const struct kai_project_port *port = &s->p->port;
    const struct kai_project_aud *to = &s->p->aud;
    struct kai_project_aud from = {0};

    if (port->audience(port->ctx, s->r.from_aud, &from) != KAI_OK) {
        from = (struct kai_project_aud){0};
        s->unknown = true;
    }
    s->unknown = s->unknown || to->kind == 0;
    s->facts = (struct kai_policy_reshare){
        .tlp = s->b.obj.tlp,
        .from_kind = from.kind,
        .from_listed = kai_project_lists(&s->b.obj, s->r.from_aud),
        .from_proven = proven(s, &from),
        .target_kind = to->kind,
        .target_ceiling = to->ceiling,
        .target_listed = kai_project_lists(&s->b.obj, s->p->in->aud_id),
        .target_of_sharer = memcmp(to->owner, s->sharer.org_id, KAI_ID_BYTES) == 0,
        .target_inside = inside(s),
        .sharer_member = true, /* Asked when its log was taken. */
        .sharer_publishes = s->sharer.publishes,
        .sharer_is_origin = memcmp(s->sharer.org_id, s->b.origin, KAI_ID_BYTES) == 0,
        .source_revoked = !s->origin.active,
    };
    return s->facts.source_revoked ? find_held(s) : KAI_OK;
}

/* Let through what this release of the origin lets through. */
static void try_release(struct shared *s, struct kai_view item)
{
    struct kai_policy_reshare f = s->facts;
    struct kai_release r;
    struct kai_label label;
    const char *code = kai_project_released(s->p, &s->b, item, &r);
    bool any = false;

    if (code != NULL) {
        s->unknown = s->unknown || strcmp(code, "project.cert") == 0;
        return;
    }
    label = (struct kai_label){.tlp = s->b.obj.tlp, .pap = s->b.obj.pap};
    if (r.has_label)
        label = (struct kai_label){.tlp = r.tlp, .pap = r.pap, .exercise = r.exercise};
    label.exercise = label.exercise || s->b.obj.exercise; /* It does not become real. */
    f.release_tlp = label.tlp;
    for (uint32_t i = 0; i < s->r.n_contents; i++) {
        f.release_lists = kai_release_lists(&r, s->index[i], s->p->in->aud_id);
        if (s->allowed[i] || !kai_indexes_have(&r.indexes, s->index[i]) ||
            (r.n_auds > 0 && !f.release_lists) || /* A list is for those in it alone. */
            kai_policy_reshare(&f) != NULL)
            continue;
        s->allowed[i] = true;
        any = true;
    }
    if (any) /* One label for what stands in one act: the strictest. */
        s->b.label = kai_label_stricter(s->b.label, label);
    s->b.relabelled = s->b.relabelled || (any && r.has_label);
}

static bool all_allowed(const struct shared *s)
{
    for (uint32_t i = 0; i < s->r.n_contents; i++) {
        if (!s->allowed[i])
            return false;
    }
    return true;
}

static bool on_release(void *ctx, const struct kai_ix_act *a, struct kai_view item)
{
    struct shared *s = ctx;

    (void)a;
    try_release(s, item);
    return !all_allowed(s);
}

/* *code: of the rule that forbids; NULL: it may be here, under b.label. Errors: ours alone. */
static enum kai_err judge(struct shared *s, const char **code)
{
    struct kai_ixsnap *r;
    enum kai_err err = gather(s);

    if (err != KAI_OK)
        return err;
    *code = kai_policy_reshare(&s->facts);
    s->b.label =
        (struct kai_label){.tlp = s->b.obj.tlp, .pap = s->b.obj.pap, .exercise = s->b.obj.exercise};
    if (*code == NULL)
        return KAI_OK;
    s->b.label = (struct kai_label){.tlp = KAI_TLP_CLEAR};
    for (size_t i = 0; i < s->r.n_releases; i++)
        try_release(s, s->r.release[i]);
    r = kai_ix_reads(s->p->t);
    if (r == NULL)
        return KAI_EIO;
    if (!all_allowed(s))
        err = kai_ixsnap_releases(r, s->b.hash, s->b.origin, on_release, s);
    if (err == KAI_OK && s->r.n_contents > 0 && all_allowed(s))
        *code = NULL;
    return err;
}

/* The origin is told, once, and nobody else: up to so many a day, and the rest is counted in the
 * quarantine alone. */
static enum kai_err report(struct shared *s, const char *code)
{
    struct kai_projector *p = s->p;
    struct kai_ix_report v = {
        .seq = p->in->entry->h.seq, .at = p->about.at, .seen_ms = p->in->seen_ms};
    enum kai_err err;

    memcpy(v.log_pk, p->in->entry->h.log_pk, KAI_KEY_BYTES);
    memcpy(v.obj_hash, s->b.hash, KAI_ID_BYTES);
    memcpy(v.origin, s->b.origin, KAI_ID_BYTES);
    memcpy(v.sharer, s->sharer.org_id, KAI_ID_BYTES);
    memcpy(v.aud_id, p->in->aud_id, KAI_ID_BYTES);
    kai_copy_text(v.code, sizeof v.code, code);
    if (memcmp(v.sharer, p->in->self_org, KAI_ID_BYTES) == 0 ||
        memcmp(v.origin, p->in->self_org, KAI_ID_BYTES) == 0)
        return KAI_OK; /* Our own act, or our own item: whoever runs this node sees it here. */
    err = kai_ix_report(p->t, &v);
    if (err == KAI_OK)
        kai_project_tell(p, KAI_FOUND_REPORT, 0, v.obj_hash, v.origin);
    return err == KAI_EEXIST || err == KAI_ELIMIT ? KAI_OK : err;
}

enum kai_err kai_project_reshare(struct kai_projector *p, struct kai_view item)
{
    struct shared s = {.p = p};
    struct kai_cur contents;
    const char *code = NULL;
    enum kai_err err = KAI_OK;

    if (kai_reshare_parse(&s.r, item) != KAI_OK || kai_obj_parse(&s.b.obj, s.r.obj) != KAI_OK ||
        read_indexes(&s) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    kai_obj_hash(s.b.hash, s.r.obj);
    kai_project_about(p, &s.b, NULL);
    code = check_signed(&s, item);
    if (code == NULL)
        err = judge(&s, &code);
    if (err != KAI_OK)
        return err;
    if (code == NULL) {
        contents = s.r.contents;
        return kai_project_contents(p, &s.b, &contents, s.r.n_contents);
    }
    kai_project_refuse(p, code, s.unknown || kai_project_may_come(code));
    return s.is_source && !s.unknown ? report(&s, code) : KAI_OK;
}
