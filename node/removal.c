/* removal: what happens when somebody is taken out, and what to do next. */
#include "node/removal.h"

#define ORG      (1u << KAI_ADMIT_ORG)
#define ISSUING  (1u << KAI_ADMIT_ISSUING)
#define NODE     (1u << KAI_ADMIT_NODE)
#define PERSON   (1u << KAI_ADMIT_PERSON)
#define LEFT     (1u << KAI_REVOKE_LEFT)
#define THEFT    (1u << KAI_REVOKE_COMPROMISE)
#define LOST     (1u << KAI_REVOKE_LOST)
#define RULES    (1u << KAI_REVOKE_RULES)
#define EVERY    (LEFT | THEFT | LOST | RULES)
#define PEACEFUL (LEFT | LOST | RULES)

static const struct {
    unsigned kinds;
    unsigned reasons;
    bool next; /* Something to do; else something that happens. */
    const char *id;
} rows[] = {
    {ORG | NODE, EVERY, false, "removal.links"},
    {ORG | NODE, EVERY, false, "removal.keys"},
    {ORG | NODE, EVERY, false, "removal.past"},
    {NODE, LOST | THEFT, false, "removal.marks"},
    {ORG, PEACEFUL, false, "removal.children-stay"},
    {ORG, THEFT, false, "removal.org-void"},
    {ISSUING, EVERY, false, "removal.issuing-cut"},
    {ISSUING, EVERY, false, "removal.issuing-new"},
    {PERSON, EVERY, false, "removal.person-seal"},
    {PERSON, EVERY, false, "removal.person-past"},
    {ORG, EVERY, true, "removal.do-other-sponsor"},
    {ORG, LEFT | RULES, true, "removal.do-owned"},
    {ORG, LOST, true, "removal.do-readmit"},
    {ORG, THEFT, true, "removal.do-telephone"},
    {ORG, THEFT, true, "removal.do-children"},
    {ORG | NODE, THEFT, true, "removal.do-inspect"},
    {NODE, LEFT, true, "removal.do-wipe"},
    {NODE, LOST, true, "removal.do-new-node"},
    {NODE, LOST | THEFT, true, "removal.do-issuing"},
    {NODE, LOST | THEFT, true, "removal.do-persons"},
    {ISSUING, EVERY, true, "removal.do-look"},
    {ISSUING, EVERY, true, "removal.do-machine"},
    {PERSON, LEFT | RULES, true, "removal.do-audiences"},
    {PERSON, LOST, true, "removal.do-new-key"},
    {PERSON, THEFT, true, "removal.do-tell-sources"},
    {PERSON, THEFT, true, "removal.do-new-key"},
};

static void put_some(const struct kai_call *call, struct kai_jput *j, uint64_t kind,
                     uint64_t reason, const char *who, bool next)
{
    struct kai_buf text;

    kai_buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((rows[i].kinds >> kind & 1) == 0 || (rows[i].reasons >> reason & 1) == 0 ||
            rows[i].next != next)
            continue;
        kai_buf_clear(&text);
        kai_text_fill(call->lang, rows[i].id, who, NULL, NULL, &text);
        kai_jput_view(j, NULL, kai_buf_view(&text));
    }
    kai_buf_free(&text);
}

void kai_removal_put(const struct kai_call *call, struct kai_jput *j, uint64_t kind,
                     uint64_t reason, const char *who)
{
    kai_jput_array(j, "now");
    put_some(call, j, kind, reason, who, false);
    kai_jput_end(j);
    kai_jput_array(j, "next");
    put_some(call, j, kind, reason, who, true);
    kai_jput_end(j);
}
