/* resources: what there is: the server, its API root, the collections. */
#include <string.h>

#include "item/scoid.h"
#include "node/taxii/media.h"
#include "node/taxii/parts.h"

/* Where the client found us, so that it comes back the same way: as the configuration says, else by
 * the name it called. */
static void put_root(struct kai_buf *out, const struct kai_call *call, const char *host)
{
    const char *base = call->cfg->taxii_url;
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    bool named = host != NULL && host[0] != '\0' && host[strspn(host, safe)] == '\0';

    if (base[0] != '\0') {
        kai_buf_text(out, base);
    } else {
        kai_buf_text(out, named ? "http://" : "");
        kai_buf_text(out, named ? host : "");
        kai_buf_text(out, KAI_TAXII_BASE);
    }
    kai_buf_text(out, KAI_TAXII_ROOT);
}

enum kai_err kai_taxii_discovery(struct kai_call *call, const struct kai_taxii_request *q)
{
    struct kai_buf root;
    struct kai_jput j;

    kai_buf_init(&root, 4096);
    put_root(&root, call, q->host);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "title", call->core->org_name);
    kai_jput_text(&j, "description", "Kairan: threat indicators shared between organisations");
    kai_jput_view(&j, "default", kai_buf_view(&root));
    kai_jput_array(&j, "api_roots");
    kai_jput_view(&j, NULL, kai_buf_view(&root));
    kai_jput_end(&j);
    kai_jput_end(&j);
    enum kai_err err = root.err;
    kai_buf_free(&root);
    return err == KAI_OK ? kai_jput_line(&j) : err;
}

enum kai_err kai_taxii_api_root(struct kai_call *call)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "title", call->core->org_name);
    kai_jput_text(&j, "description", "One collection for each audience of this node");
    kai_jput_array(&j, "versions");
    kai_jput_text(&j, NULL, KAI_TAXII_MEDIA);
    kai_jput_end(&j);
    kai_jput_uint(&j, "max_content_length", KAI_TAXII_CONTENT_MAX);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

struct listing {
    struct kai_jput j;
    bool any;
};

static void put_collection(struct kai_jput *j, const struct kai_taxii_collection *c)
{
    char id[KAI_UUID_CAP];

    kai_jput_object(j, NULL);
    kai_jput_text(j, "id", kai_uuid_text(id, c->uuid));
    kai_jput_text(j, "title", c->title);
    kai_jput_bool(j, "can_read", true);
    kai_jput_bool(j, "can_write", c->why_not == NULL);
    kai_jput_array(j, "media_types");
    kai_jput_text(j, NULL, KAI_STIX_MEDIA);
    kai_jput_end(j);
    kai_jput_end(j);
}

static bool list_one(void *ctx, const struct kai_taxii_collection *c)
{
    struct listing *l = ctx;

    if (!l->any)
        kai_jput_array(&l->j, "collections");
    l->any = true;
    put_collection(&l->j, c);
    return true;
}

enum kai_err kai_taxii_list(struct kai_call *call)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    struct listing l = {.any = false};

    kai_jput_init(&l.j, &call->out);
    kai_jput_object(&l.j, NULL);
    kai_taxii_collections(o, call->core, call->who, list_one, &l);
    kai_outlook_put(o);
    if (l.any)
        kai_jput_end(&l.j);
    kai_jput_end(&l.j);
    return kai_jput_line(&l.j);
}

enum kai_err kai_taxii_find(struct kai_call *call, const struct kai_taxii_path *p,
                            struct kai_taxii_collection *out)
{
    struct kai_outlook *o = kai_outlook_get(call->core);
    bool found = kai_taxii_collection(o, call->core, call->who, p->uuid, out);

    kai_outlook_put(o);
    return found ? KAI_OK
                 : kai_why_set(&call->why, KAI_ENOTFOUND, "taxii.missing", NULL, NULL, NULL);
}

enum kai_err kai_taxii_show(struct kai_call *call, const struct kai_taxii_path *p)
{
    struct kai_taxii_collection c;
    struct kai_jput j;
    enum kai_err err = kai_taxii_find(call, p, &c);

    if (err != KAI_OK)
        return err;
    kai_jput_init(&j, &call->out);
    put_collection(&j, &c);
    return kai_jput_line(&j);
}
